//! The connector of programs: the example by the contract of all connectors, and programs that break the protocol.

use std::{collections::BTreeSet, fs, path::Path, time::Duration};

use async_trait::async_trait;
use latchkey_connectors::{
    CallError, Change, ConnectionSettings, Connector, EntitlementKind, EntitlementRef, build, program::ProgramSettings,
};
use serde_json::{Value, json};

use crate::{
    contract::{Bench, Probe, keeps_the_contract, needs_human, refused, retry_later, spec},
    contract_listing::{can_be_listed, says_that_it_cannot_be_listed},
    program_bench::{Target, group},
    servers::PLANTED,
};

/// The file, read and written here.
struct File<'a>(&'a Path);

impl File<'_> {
    fn held(&self) -> Value {
        serde_json::from_str(&fs::read_to_string(self.0).unwrap()).unwrap()
    }

    fn change(&self, change: impl FnOnce(&mut Value)) {
        let mut held = self.held();
        change(&mut held);
        fs::write(self.0, held.to_string()).unwrap();
    }
}

#[async_trait]
impl Probe for File<'_> {
    async fn members(&self, native: &str) -> BTreeSet<String> {
        let held = self.held();
        held["groups"][native].as_array().unwrap().iter().filter_map(|one| one.as_str().map(str::to_owned)).collect()
    }
    async fn accounts(&self, name: &str) -> Vec<String> {
        let held = self.held();
        let accounts = held["accounts"].as_object().cloned().unwrap_or_default();
        accounts.into_iter().filter(|(_, account)| account["name"] == name).map(|(native_id, _)| native_id).collect()
    }
    async fn add_stranger(&self, name: &str) -> String {
        let native_id = format!("s-{name}");
        self.change(|held| held["accounts"][&native_id] = json!({ "name": name, "state": "enabled" }));
        native_id
    }
    async fn add_member(&self, native_id: &str, native: &str) {
        self.change(|held| held["groups"][native].as_array_mut().unwrap().push(native_id.into()));
    }
    async fn delete(&self, native_id: &str) {
        self.change(|held| {
            held["accounts"].as_object_mut().unwrap().remove(native_id);
        });
    }
    async fn dump(&self, native_id: &str) -> String {
        serde_json::to_string_pretty(&self.held()["accounts"][native_id]).unwrap()
    }
    async fn nest(&self, native: &str) -> BTreeSet<String> {
        self.change(|held| held["groups"][native].as_array_mut().unwrap().push(json!({ "group": "a group" })));
        BTreeSet::from(["a group".to_owned()])
    }
    async fn rest(&self, native_id: &str) -> String {
        let mut account = self.held()["accounts"][native_id].clone();
        account.as_object_mut().unwrap().remove("external_id");
        account.to_string()
    }
}

fn connector(settings: ProgramSettings) -> Box<dyn Connector> {
    build(ConnectionSettings::Program(settings)).unwrap()
}

#[tokio::test]
async fn promise_09_the_example_keeps_the_contract() {
    let target = Target::new();
    let connector = connector(target.example());
    let bench = Bench {
        connector: connector.as_ref(),
        probe: &File(&target.file),
        entitlements: [group("one"), group("two, \"and\" it's \\ (#3)")],
        missing: group("no such group"),
        foreign: Some(EntitlementKind::DatabaseRole),
        tag: "",
        pages: 1,
    };
    keeps_the_contract(&bench).await;
    can_be_listed(&bench).await;
}

#[tokio::test]
async fn promise_09_a_program_of_the_first_protocol_says_that_it_cannot_be_listed() {
    let target = Target::new();
    let connector = connector(target.faulty("first-protocol"));
    let bench = Bench {
        connector: connector.as_ref(),
        probe: &File(&target.file),
        entitlements: [group("one"), group("two")],
        missing: group("no such group"),
        foreign: None,
        tag: "",
        pages: 1,
    };
    says_that_it_cannot_be_listed(&bench).await;
}

#[tokio::test]
async fn a_program_that_breaks_off_is_a_lost_answer() {
    for (fault, words) in [
        ("exits-when-asked", "ended (exit status: 1). Its last words: \"can't go on with (hidden)\""),
        ("half-a-line", "in the middle of its answer"),
        ("nonsense", "is not JSON"),
        ("too-long", "longer than 4096 bytes"),
        ("wrong-id", "for the call 3, and 2 was asked"),
        ("closes", "closed its output"),
    ] {
        let target = Target::new();
        let mut settings = target.faulty(fault);
        settings.max_message_bytes = 4096;
        let connector = connector(target.with_secret(settings));
        let said = retry_later(connector.check().await);
        assert!(said.contains(words) && !said.contains(PLANTED), "{fault}: {said}");
        // Started anew by the next call, which fails at something else than the start.
        let account = connector.create(&spec("E1", "mara")).await.unwrap();
        assert_eq!(connector.grant(&account.native_id, &group("one")).await.unwrap(), Change::Made, "{fault}");
    }
}

#[tokio::test]
async fn a_program_that_keeps_failing_is_left_alone_for_a_while() {
    let target = Target::new();
    let connector = connector(target.faulty("exits"));
    let said = retry_later(connector.check().await);
    assert!(said.contains("did not start") && said.contains("no module called thing"), "{said}");
    retry_later(connector.check().await);
    match connector.check().await {
        Err(CallError::RetryLater { words, after: Some(after) }) => {
            assert!(words.contains("2 times in a row") && after <= Duration::from_secs(1), "{words}");
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn what_was_done_before_it_died_is_found_by_the_next_attempt() {
    let target = Target::new();
    let connector = connector(target.faulty("dies-after"));
    let account = connector.create(&spec("E1", "mara")).await.unwrap().native_id;
    let one = group("one");
    assert!(retry_later(connector.grant(&account, &one).await).contains("exit status: 9"));
    let seen = connector.read(&account, std::slice::from_ref(&one)).await.unwrap().unwrap();
    assert_eq!(seen.held, BTreeSet::from(["one".to_owned()]));
    assert_eq!(connector.grant(&account, &one).await.unwrap(), Change::AlreadySo);
}

#[tokio::test]
async fn a_program_that_hangs_is_ended_with_all_that_it_started() {
    let target = Target::new();
    let mut settings = target.faulty("hangs");
    settings.timeout_seconds = 2;
    let connector = connector(settings);
    let account = connector.create(&spec("E1", "mara")).await.unwrap().native_id;
    assert!(retry_later(connector.check().await).contains("within 2 seconds"));
    let pids = fs::read_to_string(target.beside("pids")).unwrap();
    assert_eq!(pids.split_whitespace().count(), 2);
    for pid in pids.split_whitespace() {
        target.until_gone(pid).await;
    }
    assert!(connector.read(&account, &[]).await.unwrap().is_some(), "the next call works");
}

#[tokio::test]
async fn dropping_the_connector_ends_the_program() {
    let target = Target::new();
    let connector = connector(target.example());
    connector.check().await.unwrap();
    let pid = target.running().expect("it is kept between calls");
    connector.check().await.unwrap();
    assert_eq!(target.running().as_ref(), Some(&pid), "the same process");
    drop(connector);
    target.until_gone(&pid).await;
}

#[tokio::test]
async fn what_the_program_answers_is_passed_on_in_clean_words() {
    let target = Target::new();
    let ask = async |fault: &str| connector(target.with_secret(target.faulty(fault))).check().await;
    let words = "No, because of (hidden).";
    assert_eq!(refused(ask("refused").await), words);
    assert_eq!(needs_human(ask("needs_human").await), words);
    match ask("retry_later").await {
        Err(CallError::RetryLater { words: said, after }) => {
            assert_eq!((said.as_str(), after), (words, Some(Duration::from_secs(30))));
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn what_is_no_such_program_needs_a_human() {
    let target = Target::new();
    let of = |command: &[&str]| connector(ProgramSettings::new(command.iter().map(ToString::to_string).collect()));
    assert!(needs_human(of(&["/opt/no/such/thing"]).check().await).contains("no such file"));
    let plain = target.beside("plain");
    fs::write(&plain, "#!/bin/sh\n").unwrap();
    assert!(needs_human(of(&[plain.to_str().unwrap()]).check().await).contains("may not execute"));
    assert!(needs_human(connector(target.faulty("old")).check().await).contains("version 2"));
    let said = needs_human(connector(target.faulty("prints")).check().await);
    assert!(said.contains("doesn't speak Latchkey's protocol"), "{said}");
    let mut settings = target.example();
    settings.secrets.insert("token_file".into(), "/no/such/token".into());
    assert!(needs_human(connector(settings).check().await).contains("/no/such/token"));
    let mut settings = target.example();
    settings.max_message_bytes = 4096;
    let small = connector(settings);
    let many: Vec<EntitlementRef> = (0..100).map(|n| group(&format!("{n}{}", "x".repeat(100)))).collect();
    assert!(needs_human(small.read("u1", &many).await).contains("max_message_bytes"));
    assert!(small.check().await.is_ok(), "nothing was sent, and nothing is broken");
}

#[tokio::test]
async fn the_environment_is_clean_and_secrets_come_by_the_first_message() {
    let target = Target::new();
    let mut settings = target.faulty("environment");
    settings.env = vec!["CARGO_PKG_NAME".into(), "NOT_SET_ANYWHERE".into()];
    let words = connector(settings).check().await.unwrap().words;
    for name in ["CARGO_PKG_NAME", "LANG", "PATH", " in /"] {
        assert!(words.contains(name), "{words}");
    }
    assert!(!words.contains("HOME") && !words.contains("CARGO_MANIFEST_DIR") && !words.contains("NOT_SET"), "{words}");

    let connector = connector(target.with_secret(target.faulty("secrets")));
    connector.check().await.unwrap();
    connector.check().await.unwrap();
    fs::write(target.beside("token"), "another-s3cret\n").unwrap();
    connector.check().await.unwrap();
    let told = fs::read_to_string(target.beside("secrets")).unwrap();
    let told: Vec<Value> = told.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(
        told,
        [json!({ "token": PLANTED }), json!({ "token": "another-s3cret" })],
        "a changed secret starts it anew"
    );
}

#[tokio::test]
async fn promise_11_a_flood_of_words_is_bounded_and_holds_no_secret() {
    let target = Target::new();
    let (log, _guard) = crate::program_bench::log();
    let connector = connector(target.with_secret(target.faulty("floods")));
    let health = connector.check().await.unwrap();
    assert_eq!(health.words, "Said enough about (hidden).");
    // The last lines are read after the answer.
    tokio::time::sleep(Duration::from_millis(500)).await;
    let log = log.lock().unwrap().clone();
    assert!(log.iter().any(|line| line.contains("noise with (hidden)")), "{log:?}");
    assert!(!log.iter().any(|line| line.contains(PLANTED)));
    assert!((50..200).contains(&log.len()), "{}", log.len());
}

#[tokio::test]
async fn calls_at_the_same_time_take_turns() {
    let target = Target::new();
    let connector = connector(target.example());
    let account = connector.create(&spec("E1", "mara")).await.unwrap().native_id;
    let one = group("one");
    let (a, b, c) = tokio::join!(connector.read(&account, &[]), connector.check(), connector.grant(&account, &one));
    assert!(a.unwrap().is_some() && b.is_ok() && c.is_ok());
}

#[tokio::test]
async fn who_waits_too_long_for_a_turn_does_not_end_the_program() {
    let target = Target::new();
    let mut settings = target.faulty("slow");
    settings.timeout_seconds = 4;
    let connector = connector(settings);
    connector.create(&spec("E1", "mara")).await.unwrap();
    let pid = target.running().unwrap();
    let (a, b) = tokio::join!(connector.check(), connector.check());
    assert!(a.is_ok(), "{a:?}");
    assert!(retry_later(b).contains("busy"));
    assert_eq!(target.running().unwrap(), pid);
}
