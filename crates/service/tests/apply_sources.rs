//! Applying `sources.toml`: the plan, what is kept, and every mistake by file and line.

mod files_support;

use files_support::{apply, catalog, everything, four_people, mistakes};
use latchkey_service::{apply_catalog::source_titles as titles, catalog::load, plan::Outcome};
use latchkey_testkit::{World, both_databases};

const SOURCES: &str = r#"[[source]]
key = "on-call"
name = "On-call schedule"
silent_after = "30m"
when_silent = "end"
fallback = "Ask for the role as usual."

[[source.rule]]
name = "Shift"
on = "shift"
roles = ["bookkeeper"]
when = 'person.department == "Finance"'
max = "12h"
reference = "SHIFT-[0-9]+"

[[source.rule]]
name = "Tickets"
on = "ticket"
roles = ["payroll-reader"]
max = "7d"
reference = "OPS-[0-9]+"
ends_requested = true
"#;

fn with(text: &str) -> Vec<(String, String)> {
    let mut files = catalog(&[]);
    files.push(("sources.toml".to_owned(), text.to_owned()));
    files
}

both_databases! {
    async fn a_source_comes_changes_goes_and_comes_back_and_stays_on_record(world: World) {
        four_people(&world).await;
        let plan = apply(&world, &with(SOURCES)).await.unwrap();
        assert_eq!(
            plan.lines(titles::NEW_SOURCES),
            ["On-call schedule (on-call): Shift opens bookkeeper for 12 hours at most; Tickets opens payroll-reader for 7 days at most"]
        );
        assert_eq!(apply(&world, &with(SOURCES)).await.unwrap().outcome, Outcome::NothingToDo);
        let plan = apply(&world, &with(&SOURCES.replace("12h", "8h"))).await.unwrap();
        assert_eq!((plan.count(titles::CHANGED_SOURCES), plan.count(titles::NEW_SOURCES)), (1, 0));
        let sources = load(&mut world.db.read().await.unwrap()).await.unwrap().sources;
        assert_eq!((sources.len(), sources[0].source.rules[0].max.to_string().as_str()), (1, "8h"));
        let plan = apply(&world, &catalog(&[])).await.unwrap();
        assert_eq!(plan.lines(titles::RETIRED_SOURCES), ["On-call schedule (on-call)"]);
        assert!(load(&mut world.db.read().await.unwrap()).await.unwrap().sources.is_empty());
        let plan = apply(&world, &with(&SOURCES.replace("12h", "8h"))).await.unwrap();
        assert_eq!(plan.count(titles::NEW_SOURCES), 1);
        assert_eq!(world.number("select count(*) from call_source").await, 1);
        assert_eq!(world.number("select count(*) from call_source_version").await, 3);
        assert_eq!(world.number("select count(*) from call_source_version where valid_to is null").await, 1);
        assert_eq!((world.events("call_source_applied").await, world.events("call_source_retired").await), (3, 1));
    }

    async fn promise_10_mistakes_in_sources_are_named_and_nothing_is_written(world: World) {
        four_people(&world).await;
        apply(&world, &catalog(&[])).await.unwrap();
        let before = everything(&world).await;
        for (from, to, expected) in [
            ("\"bookkeeper\"", "\"bokkeeper\"", "sources.toml:11:10: source \"on-call\": roles names \"bokkeeper\", a role that no file has; expected for example bookkeeper"),
            ("person.department ==", "person.departmnt ==", "sources.toml:12:8: rule of source \"on-call\": when is"),
            ("person.department == \"Finance\"", "request.hours < 3", "sources.toml:12:8: rule of source \"on-call\": when looks at the request, and a call makes none; expected a condition over person and role"),
            ("\"7d\"", "\"8d\"", "sources.toml:20:7: rule of source \"on-call\": max is 8d; expected at most 7d"),
            ("OPS-[0-9]+", "OPS-[0-9", "sources.toml:21:13: rule of source \"on-call\": reference isn't a regular expression; expected a regular expression"),
            ("reference = \"OPS-[0-9]+\"\n", "", "sources.toml:18:6: rule of source \"on-call\": on is \"ticket\", and reference is missing"),
            ("reference = \"SHIFT-[0-9]+\"\n", "", "\"Shift\" has no reference, and the source has shifts and tickets"),
            ("\"30m\"", "\"5m\"", "sources.toml:4:16: source \"on-call\": silent_after is \"5m\"; expected whole minutes or hours"),
            ("fallback = \"Ask for the role as usual.\"\n", "", "source \"on-call\": fallback is missing"),
            ("silent_after = \"30m\"\n", "", "source \"on-call\": silent_after is missing"),
            ("when_silent = \"end\"", "when_silent = \"stop\"", "sources.toml:5:15: source \"on-call\": when_silent is \"stop\"; expected end or keep"),
            ("on = \"shift\"", "on = \"day\"", "expected shift or ticket"),
            ("ends_requested = true", "ends_all = true", "\"ends_all\" isn't known here"),
        ] {
            let said = mistakes(apply(&world, &with(&SOURCES.replacen(from, to, 1))).await);
            assert_eq!(said.len(), 1, "{said:?}");
            assert!(said[0].contains(expected), "{said:?}\nexpected {expected}");
        }
        let twice = format!("{SOURCES}{SOURCES}");
        assert_eq!(mistakes(apply(&world, &with(&twice)).await).len(), 2, "its key and its name");
        // What lets people look after Latchkey itself is no program's to give.
        let mut files = with(SOURCES);
        for (path, text) in &mut files {
            if path == "roles/finance.toml" {
                *text = text.replacen("finance/ledger-read", "latchkey/administrator", 1);
            }
        }
        let said = mistakes(apply(&world, &files).await);
        assert!(said.iter().any(|line| line.contains("lets people look after Latchkey itself")), "{said:?}");
        assert_eq!(everything(&world).await, before);
    }
}
