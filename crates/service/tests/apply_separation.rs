//! Applying `separation.toml`: versions, owners, retiring, the plan, and every mistake by file and line.

#![expect(clippy::unwrap_used, reason = "a test ends where something unexpected happens")]

mod files_support;

use chrono::TimeDelta;
use files_support::{apply, catalog, everything, four_people, import, line, mistakes, person};
use latchkey_domain::actor::Actor;
use latchkey_service::{
    apply_catalog::{apply_catalog, separation_titles as titles},
    plan::Outcome,
    replay,
};
use latchkey_store::{catalog::roles, separation::rules};
use latchkey_testkit::{Person, Role, World, both_databases};

const SEPARATION: &str = r#"[[rule]]
key = "books-and-payroll"
name = "Books and payroll"
description = "Whoever keeps the books doesn't see what people earn."
owner = "E3"
outcome = "block"
sides = [
  { name = "Keeping the books", members = ["role:bookkeeper"] },
  { name = "Seeing salaries", members = ["finance/payroll-read"] },
]
"#;

/// The small catalog with this file of rules.
fn with(text: &str) -> Vec<(String, String)> {
    let mut files = catalog(&[]);
    files.push(("separation.toml".to_owned(), text.to_owned()));
    files
}

async fn hold(world: &World, who: Person, key: &str) {
    let mut read = world.db.read().await.unwrap();
    let row = roles::by_key(&mut read, key).await.unwrap().unwrap();
    drop(read);
    world.grant(who, Role { id: row.role_id.into(), version: row.id.into() }, None).await;
}

both_databases! {
    async fn rules_come_change_and_go_and_stay_on_record(world: World) {
        four_people(&world).await;
        apply(&world, &catalog(&[])).await.unwrap();
        for key in ["bookkeeper", "payroll-reader"] {
            hold(&world, person(&world, "E4").await, key).await;
        }
        // A dry run says what would be and how many are in conflict, and writes nothing.
        let before = everything(&world).await;
        let files = with(SEPARATION);
        let plan = apply_catalog(&world.db, &*world.clock, &Actor::Host, "catalog", &files, true).await.unwrap();
        assert_eq!(plan.lines(titles::NEW_RULES), ["Books and payroll (books-and-payroll): 1 person is in conflict by it today"]);
        assert_eq!(everything(&world).await, before);

        apply(&world, &files).await.unwrap();
        assert_eq!(apply(&world, &files).await.unwrap().outcome, Outcome::NothingToDo);
        world.advance(TimeDelta::hours(1));
        let softer = SEPARATION.replace("outcome = \"block\"", "outcome = \"approval\"\napprover = \"person:E1\"");
        let plan = apply(&world, &with(&softer)).await.unwrap();
        assert_eq!(
            plan.lines(titles::CHANGED_RULES),
            ["Books and payroll (books-and-payroll): outcome, approver; 1 person is in conflict by it today"]
        );
        world.advance(TimeDelta::hours(1));
        let plan = apply(&world, &with(&softer.replace("\"E3\"", "\"E2\""))).await.unwrap();
        assert_eq!(plan.lines(titles::RULE_OWNERS), ["Books and payroll: Cy Moss -> Bo Lind"]);
        let narrower = softer.replace("\"E3\"", "\"E2\"").replace("finance/payroll-read", "finance/ledger-read");
        world.advance(TimeDelta::hours(1));
        let plan = apply(&world, &with(&narrower)).await.unwrap();
        assert_eq!(
            plan.lines(titles::CHANGED_RULES),
            ["Books and payroll (books-and-payroll): sides; 1 person is in conflict by it today"]
        );
        // The bookkeeper's own entitlement is the other side now.
        assert_eq!(plan.lines(titles::ROLES_IN_CONFLICT), ["Bookkeeper: Books and payroll"]);

        world.advance(TimeDelta::hours(1));
        let plan = apply(&world, &catalog(&[])).await.unwrap();
        assert_eq!(plan.lines(titles::RETIRED_RULES), ["Books and payroll (books-and-payroll)"]);
        let mut read = world.db.read().await.unwrap();
        assert!(rules::members(&mut read).await.unwrap().is_empty());
        drop(read);
        world.advance(TimeDelta::hours(1));
        apply(&world, &files).await.unwrap();
        assert_eq!(
            world.texts("select cast(version as text) from separation_rule_version order by version").await,
            ["1", "2", "3", "4"],
            "closed and succeeded, never overwritten"
        );
        assert_eq!(world.number("select count(*) from separation_rule_version where valid_to is null").await, 1);
        let mut read = world.db.read().await.unwrap();
        let told = replay::from_log(&mut read, None).await.unwrap();
        let is = replay::from_tables(&mut read).await.unwrap();
        assert_eq!((&told.separation, &told.owners), (&is.separation, &is.owners));
    }

    async fn promise_10_mistakes_in_rules_are_named_and_nothing_is_written(world: World) {
        four_people(&world).await;
        apply(&world, &catalog(&[])).await.unwrap();
        let before = everything(&world).await;
        for (from, to, expected) in [
            (
                "role:bookkeeper",
                "role:bookeeper",
                "separation.toml:8:44: rule \"books-and-payroll\": \"role:bookeeper\" names a role that no file has; expected for example bookkeeper or payroll-reader",
            ),
            (
                "finance/payroll-read",
                "finance/payrol-read",
                "separation.toml:9:42: rule \"books-and-payroll\": \"finance/payrol-read\" isn't an entitlement of that system; expected for example payroll-read or ledger-read",
            ),
            (
                "finance/payroll-read",
                "payroll-read",
                "separation.toml:9:42: rule \"books-and-payroll\", sides: members has \"payroll-read\"; expected a role such as \"role:invoice-clerk\", or an entitlement such as \"finance/invoice-entry\"",
            ),
            (
                "finance/payroll-read",
                "role:bookkeeper",
                "separation.toml:9:42: rule \"books-and-payroll\", sides: members has \"role:bookkeeper\", which another side has as well; expected each role and entitlement on one side only",
            ),
            (
                "  { name = \"Seeing salaries\", members = [\"finance/payroll-read\"] },\n",
                "",
                "separation.toml:7:9: rule \"books-and-payroll\": sides has 1 entry; expected 2 to 6: what is kept apart",
            ),
            (
                "\"block\"",
                "\"warn\"",
                "separation.toml:6:11: rule \"books-and-payroll\": outcome is \"warn\"; expected block or approval",
            ),
            (
                "\"block\"",
                "\"approval\"",
                "separation.toml:6:11: rule \"books-and-payroll\": outcome is \"approval\", and approver is missing; expected approver = \"person:\" with an external id, such as \"person:E0031\"",
            ),
            (
                "\"block\"",
                "\"block\"\napprover = \"person:E1\"",
                "separation.toml:7:12: rule \"books-and-payroll\": approver names somebody although outcome is \"block\"; expected outcome = \"approval\", or no approver",
            ),
            (
                "\"block\"",
                "\"approval\"\napprover = \"E1\"",
                "separation.toml:7:12: rule \"books-and-payroll\": approver is \"E1\"; expected \"person:\" with an external id, such as \"person:E0031\"",
            ),
            (
                "\"block\"",
                "\"approval\"\napprover = \"person:E77\"",
                "separation.toml:7:12: approver names \"E77\", whom nobody knows; expected the external id of somebody who works here",
            ),
            (
                "owner = \"E3\"",
                "owner = \"E9\"",
                "separation.toml:5:9: owner names \"E9\", whom nobody knows; expected the external id of somebody who works here",
            ),
            (
                "owner = \"E3\"",
                "owner = \"E3\"\ncolour = \"red\"",
                "separation.toml:6:1: rule \"books-and-payroll\": \"colour\" isn't known here; expected key, name, description, owner, outcome, approver or sides",
            ),
            (
                "[[rule]]",
                "[[rules]]",
                "separation.toml:1:3: \"rules\" isn't known here; expected rule",
            ),
        ] {
            let said = mistakes(apply(&world, &with(&SEPARATION.replacen(from, to, 1))).await);
            assert_eq!(said, [expected], "{to}");
        }
        let twice = format!("{SEPARATION}\n{SEPARATION}");
        let said = mistakes(apply(&world, &with(&twice)).await);
        assert_eq!(said.len(), 2, "{said:?}");
        assert!(said[0].contains("the rule's key is \"books-and-payroll\", as at separation.toml:2"), "{said:?}");
        assert_eq!(everything(&world).await, before);
    }

    /// Files that still name somebody who has left are refused, for rules as for roles.
    async fn promise_07_a_rule_of_somebody_who_left_is_refused(world: World) {
        four_people(&world).await;
        apply(&world, &with(SEPARATION)).await.unwrap();
        let lines = [line("E1", "Ann Berg", ""), line("E2", "Bo Lind", "E1"), line("E4", "Di Nash", "E1")];
        import(&world, &lines.each_ref().map(String::as_str)).await.unwrap();
        let left = world.number("select count(*) from identity where status = 'terminated'").await;
        if left == 0 {
            // Who isn't in the file any more is left alone; they leave by their status.
            let gone = line("E3", "Cy Moss", "E1").replace(",active,", ",terminated,").replace("2020-01-06,,", "2020-01-06,2027-02-26,");
            import(&world, &[&lines[0], &lines[1], &lines[2], &gone].map(String::as_str)).await.unwrap();
        }
        assert_eq!(
            world.texts("select i.display_name from separation_ownership o join identity i on i.id = o.owner_id where o.valid_to is null").await,
            ["Ann Berg"]
        );
        let said = mistakes(apply(&world, &with(SEPARATION)).await);
        assert!(said.iter().any(|m| m.starts_with("separation.toml:5:9: owner names \"E3\", Cy Moss, who has left; Ann Berg (E1) owns it now")), "{said:?}");
    }
}
