//! The suite for authors: the example passes, and each planted fault fails the rule that it breaks.

use latchkey_connectors::{
    conformance::{Subject, Verdict, test},
    program::ProgramSettings,
};

use crate::program_bench::{Target, group};

async fn verdicts(settings: ProgramSettings, only: Option<&str>) -> Vec<Verdict> {
    let only = only.map(str::to_owned);
    let subject = Subject { settings, entitlements: [group("one"), group("two")], tag: "test-1".to_owned(), only };
    test(&subject, |verdict| println!("{verdict:?}")).await.unwrap()
}

#[tokio::test]
async fn the_example_keeps_every_rule_and_nothing_stays_granted() {
    let target = Target::new();
    let verdicts = verdicts(target.example(), None).await;
    let broken: Vec<_> = verdicts.iter().filter(|verdict| verdict.broken.is_some()).collect();
    assert!(broken.is_empty(), "{broken:?}");
    assert_eq!(verdicts.len(), 20);
    let held: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(&target.file).unwrap()).unwrap();
    assert_eq!((&held["groups"]["one"], &held["groups"]["two"]), (&serde_json::json!([]), &serde_json::json!([])));
    assert!(held["accounts"].as_object().unwrap().values().all(|account| account["state"] == "disabled"), "{held}");
}

#[tokio::test]
async fn each_planted_fault_breaks_its_rule() {
    for (fault, rule) in [
        ("exits", "check"),
        ("wrong-id", "check"),
        ("needs_human", "check"),
        ("trips-over-fields", "later-versions"),
        ("invents-people", "absent"),
        ("create-disabled", "create"),
        ("create-makes-another", "create-again"),
        ("finds-by-name", "find"),
        ("finds-everybody", "stranger"),
        ("disabling-removes", "state"),
        ("name-is-cleaned", "odd-names"),
        ("grant-always-made", "grant"),
        ("remove-does-nothing", "remove"),
        ("remove-empties", "others"),
        ("find-shows-nothing", "asked-about"),
        ("makes-groups", "missing-entitlement"),
        ("grants-to-nobody", "missing-account"),
        ("adopts-anybody", "adopt"),
        ("offers-nothing-and-does-it", "adopt"),
        ("lists-the-enabled", "accounts"),
        ("lists-one-page", "accounts"),
        ("lists-twice", "accounts"),
        ("lists-nobodys-holders", "holders"),
        ("forgets", "restart"),
        ("create-in-two-steps", "lost-answer"),
    ] {
        let target = Target::new();
        let verdicts = verdicts(target.faulty(fault), Some(rule)).await;
        let [verdict] = verdicts.as_slice() else { panic!("{fault}: {verdicts:?}") };
        assert_eq!(verdict.rule, rule);
        let broken = verdict.broken.as_deref().unwrap_or_else(|| panic!("{fault} went through {rule}"));
        assert!(broken.len() > 20, "{fault}: {broken}");
    }
}

#[tokio::test]
async fn a_program_without_the_calls_that_it_need_not_have_keeps_every_rule() {
    let target = Target::new();
    let verdicts = verdicts(target.faulty("first-protocol"), None).await;
    assert!(verdicts.iter().all(|verdict| verdict.broken.is_none()), "{verdicts:?}");
    assert_eq!(verdicts.len(), 20);
}

#[tokio::test]
async fn a_program_that_cannot_be_greeted_is_tested_no_further() {
    let target = Target::new();
    let verdicts = verdicts(target.faulty("exits"), None).await;
    assert_eq!(verdicts.len(), 1);
    assert!(verdicts[0].broken.as_deref().is_some_and(|broken| broken.contains("no module called thing")));
}
