//! Applying `wishes.toml`: who answers, the plan, and every mistake by file and line.

mod files_support;

use files_support::{apply, catalog, everything, four_people, mistakes};
use latchkey_service::{apply_catalog::wish_titles as titles, catalog::load, plan::Outcome};
use latchkey_store::wishes;
use latchkey_testkit::{World, both_databases};

const WISHES: &str = r#"approvers = ["person:E2", "manager"]
fallback = "security"
answer_within = "3d"
answer_within_counts = "business"
"#;

/// The small catalog with this file.
fn with(text: &str) -> Vec<(String, String)> {
    let mut files = catalog(&[]);
    files.push(("wishes.toml".to_owned(), text.to_owned()));
    files
}

both_databases! {
    async fn who_answers_comes_changes_and_goes_and_stays_on_record(world: World) {
        four_people(&world).await;
        let plan = apply(&world, &with(WISHES)).await.unwrap();
        assert_eq!(plan.lines(titles::ANSWERED_BY), ["answered by person:E2, manager, within 3 days"]);
        assert_eq!(apply(&world, &with(WISHES)).await.unwrap().outcome, Outcome::NothingToDo);
        assert!(load(&mut world.db.read().await.unwrap()).await.unwrap().answers_wishes);
        let other = WISHES.replace("\"person:E2\", ", "");
        let plan = apply(&world, &with(&other)).await.unwrap();
        assert_eq!(plan.lines(titles::ANSWERED_BY), ["answered by manager, within 3 days"]);
        let rule = wishes::rule(&mut world.db.read().await.unwrap()).await.unwrap().unwrap();
        assert_eq!(
            rule.body,
            r#"{"approvers":"manager","fallback":"security","deadline":{"after":"3d","counts":"business","then":"remind"}}"#
        );
        let plan = apply(&world, &catalog(&[])).await.unwrap();
        assert_eq!(plan.count(titles::NOT_ANSWERED), 1);
        assert_eq!(world.number("select count(*) from wish_rule").await, 2);
        assert_eq!(world.number("select count(*) from wish_rule where valid_to is null").await, 0);
        assert_eq!((world.events("wish_rule_applied").await, world.events("wish_rule_retired").await), (2, 1));
        assert!(!load(&mut world.db.read().await.unwrap()).await.unwrap().answers_wishes);
    }

    async fn promise_10_mistakes_are_named_and_nothing_is_written(world: World) {
        four_people(&world).await;
        apply(&world, &catalog(&[])).await.unwrap();
        let before = everything(&world).await;
        for (from, to, expected) in [
            ("\"manager\"", "\"owner\"", "wishes.toml:1:27: wishes: approvers is \"owner\", and what is wished for has no role yet; expected manager, managers-manager, security, group:KEY or person:EXTERNAL-ID"),
            ("person:E2", "person:E9", "wishes.toml:1:14: approvers names \"E9\", whom nobody knows; expected the external id of somebody who works here"),
            ("person:E2", "group:desk", "wishes.toml:1:14: \"desk\" isn't a group of groups.toml; expected one that exists"),
            ("\"security\"", "\"manager\"", "wishes.toml:1:13: wishes: it falls back to itself, \"manager\"; expected a fallback that names somebody else, or none"),
        ] {
            let said = mistakes(apply(&world, &with(&WISHES.replacen(from, to, 1))).await);
            assert_eq!(said, [expected], "{to}");
        }
        let said = mistakes(apply(&world, &with("approvers = \"manager\"\n")).await);
        assert_eq!(said.len(), 1, "{said:?}");
        assert!(said[0].contains("answer_within"), "{said:?}");
        assert_eq!(everything(&world).await, before);
    }
}
