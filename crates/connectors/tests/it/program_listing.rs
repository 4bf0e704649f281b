//! Lists that programs give: page by page, with faults in between, and not at all.

use std::{collections::BTreeSet, fs, sync::Mutex};

use latchkey_connectors::{Change, ConnectionSettings, Connector, Holder, build, program::ProgramSettings};
use serde_json::{Value, json};

use crate::{
    contract::{needs_human, refused, retry_later, spec},
    program_bench::{Target, group},
};

fn connector(settings: ProgramSettings) -> Box<dyn Connector> {
    build(ConnectionSettings::Program(settings)).unwrap()
}

/// A target with as many accounts, all in the group `one`, which has another group in it.
fn filled(accounts: usize) -> Target {
    let target = Target::new();
    let mut held: Value = serde_json::from_str(&fs::read_to_string(&target.file).unwrap()).unwrap();
    held["last"] = json!(accounts);
    for number in 1..=accounts {
        let native_id = format!("u{number}");
        held["accounts"][&native_id] =
            json!({ "name": format!("user{number}"), "external_id": format!("E{number}"), "state": "enabled" });
        held["groups"]["one"].as_array_mut().unwrap().push(json!(native_id));
    }
    held["groups"]["one"].as_array_mut().unwrap().push(json!({ "group": "two" }));
    fs::write(&target.file, held.to_string()).unwrap();
    target
}

#[tokio::test]
async fn a_list_of_many_pages_is_whole() {
    let target = filled(1_234);
    let connector = connector(target.example());
    let told = Mutex::new(Vec::new());
    let all = connector.accounts(&|lines| told.lock().unwrap().push(lines)).await.unwrap();
    assert_eq!(all.iter().map(|line| &line.native_id).collect::<BTreeSet<_>>().len(), 1_234);
    assert_eq!(std::mem::take(&mut *told.lock().unwrap()), [500, 1_000, 1_234]);
    let holders = connector.holders(&group("one"), &|lines| told.lock().unwrap().push(lines)).await.unwrap();
    assert_eq!(holders.len(), 1_235);
    assert_eq!(holders.iter().filter(|one| **one == Holder::Nested("two".to_owned())).count(), 1);
    assert_eq!(told.into_inner().unwrap(), [500, 1_000, 1_235]);
    assert_eq!(connector.holders(&group("two"), &|_| {}).await.unwrap(), []);
    assert!(needs_human(connector.holders(&group("three"), &|_| {}).await).contains("does not exist"));
}

#[tokio::test]
async fn other_calls_get_their_turn_between_pages() {
    let target = filled(300);
    let connector = connector(target.faulty("small-pages"));
    let list = connector.accounts(&|_| {});
    let change = async {
        for number in 0..5 {
            connector.create(&spec(&format!("N{number}"), &format!("new{number}"))).await.unwrap();
        }
    };
    let (all, ()) = tokio::join!(list, change);
    assert!(all.unwrap().len() >= 300);
}

#[tokio::test]
async fn a_list_that_breaks_off_is_no_list() {
    let target = filled(10);
    let ended = connector(target.faulty("dies-between-pages"));
    assert!(retry_later(ended.accounts(&|_| {}).await).contains("exit status: 9"));
    assert_eq!(ended.accounts(&|_| {}).await.unwrap().len(), 10, "the next attempt is whole");
    let words = retry_later(connector(target.faulty("same-cursor")).accounts(&|_| {}).await);
    assert!(words.contains("cursor"), "{words}");
    let mut settings = target.faulty("pages-hang");
    settings.timeout_seconds = 1;
    let hangs = connector(settings);
    let words = retry_later(hangs.accounts(&|_| {}).await);
    assert!(words.contains("in time") || words.contains("within"), "{words}");
    assert!(hangs.check().await.is_ok(), "the next call starts it anew");
}

#[tokio::test]
async fn a_program_of_before_says_what_it_cannot_do() {
    let target = filled(2);
    let connector = connector(target.faulty("first-protocol"));
    assert!(refused(connector.accounts(&|_| {}).await).contains("\"accounts\""));
    assert!(refused(connector.holders(&group("one"), &|_| {}).await).contains("\"holders\""));
    assert!(needs_human(connector.adopt("u1", "E9").await).contains("by hand"));
    assert!(connector.check().await.is_ok(), "and goes on");
}

#[tokio::test]
async fn adopting_changes_the_external_id_alone() {
    let target = Target::new();
    let before = json!({ "name": "mara", "state": "disabled", "display_name": "Mara", "badge": 7 });
    let mut held: Value = serde_json::from_str(&fs::read_to_string(&target.file).unwrap()).unwrap();
    held["accounts"] = json!({ "s1": before, "s2": { "name": "other", "external_id": "E2" } });
    fs::write(&target.file, held.to_string()).unwrap();
    let connector = connector(target.example());
    assert!(needs_human(connector.adopt("s1", "E2").await).contains("other carries"));
    assert_eq!(connector.adopt("s1", "E1").await.unwrap(), Change::Made);
    assert_eq!(connector.adopt("s1", "E1").await.unwrap(), Change::AlreadySo);
    assert!(needs_human(connector.adopt("s1", "E3").await).contains("E1"));
    retry_later(connector.adopt("s9", "E3").await);
    let mut after: Value = serde_json::from_str(&fs::read_to_string(&target.file).unwrap()).unwrap();
    assert_eq!(after["accounts"]["s1"]["external_id"], "E1");
    after["accounts"]["s1"].as_object_mut().unwrap().remove("external_id");
    assert_eq!(after["accounts"]["s1"], before);
}
