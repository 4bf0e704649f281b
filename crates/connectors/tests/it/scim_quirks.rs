//! Each named quirk, against the shape of a service that has it.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
};

use latchkey_connectors::{
    AccountState, Change, ConnectionSettings, EntitlementKind, EntitlementRef, Holder, build,
    scim::{Quirk, ScimSettings},
};
use serde_json::{Value, json};

use crate::{
    contract::{needs_human, refused, spec},
    scim_scripted::{Asked, Page, Service, answer, error, list, with_headers},
};

fn staff() -> EntitlementRef {
    EntitlementRef::new(EntitlementKind::Group, "staff")
}

/// The user `u1` and the group `staff` with the member `u0`; `patch` says what a PATCH of the group does.
async fn with_patch(
    patch: impl Fn(&Value, &mut Vec<String>) -> Page + Send + Sync + 'static,
) -> (Service, Arc<Mutex<Vec<String>>>) {
    let members = Arc::new(Mutex::new(vec!["u0".to_owned()]));
    let held = members.clone();
    let answers = move |asked: &Asked| {
        let mut members = held.lock().unwrap();
        match asked.line().as_str() {
            "GET Users/u1" => answer(200, &json!({ "id": "u1", "userName": "mara", "active": true })),
            "GET Groups" => list(1, &[json!({ "id": "g1", "displayName": "staff" })]),
            "GET Groups/g1" => {
                let members: Vec<Value> = members.iter().map(|id| json!({ "value": id })).collect();
                answer(200, &json!({ "id": "g1", "displayName": "staff", "members": members }))
            }
            "PATCH Groups/g1" => patch(asked.operation(), &mut members),
            other => panic!("asked for {other}"),
        }
    };
    (Service::start(answers).await, members)
}

/// The member that an operation's value names.
fn named(operation: &Value) -> String {
    operation["value"][0]["value"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn capital_ops() {
    let (service, members) = with_patch(|operation, members| {
        match operation["op"].as_str().unwrap() {
            "Add" => members.push(named(operation)),
            "Remove" => members.retain(|id| operation["path"] != json!(format!("members[value eq \"{id}\"]"))),
            other => return error(400, "invalidSyntax", &format!("{other} is none of Add, Remove, Replace")),
        }
        with_headers(204, &[], "")
    })
    .await;
    assert!(refused(service.connector().grant("u1", &staff()).await).contains("none of Add"));
    let connector = service.with_quirk(Quirk::CapitalOps);
    assert_eq!(connector.grant("u1", &staff()).await.unwrap(), Change::Made);
    assert_eq!(connector.remove("u1", &staff()).await.unwrap(), Change::Made);
    assert_eq!(*members.lock().unwrap(), ["u0"]);
}

#[tokio::test]
async fn remove_by_value() {
    let (service, members) = with_patch(|operation, members| {
        match (operation["op"].as_str().unwrap(), operation["path"].as_str().unwrap()) {
            ("add", "members") => members.push(named(operation)),
            ("remove", "members") => members.retain(|id| *id != named(operation)),
            (_, path) => return error(400, "invalidPath", &format!("{path} is not supported")),
        }
        with_headers(204, &[], "")
    })
    .await;
    let connector = service.connector();
    assert_eq!(connector.grant("u1", &staff()).await.unwrap(), Change::Made);
    assert!(refused(connector.remove("u1", &staff()).await).contains("is not supported"));
    assert_eq!(service.with_quirk(Quirk::RemoveByValue).remove("u1", &staff()).await.unwrap(), Change::Made);
    assert_eq!(*members.lock().unwrap(), ["u0"], "the others stay");
}

#[tokio::test]
async fn active_as_text() {
    let user = Arc::new(Mutex::new(json!({})));
    let held = user.clone();
    let service = Service::start(move |asked| {
        let mut user = held.lock().unwrap();
        match asked.line().as_str() {
            "GET Users" => list(0, &[]),
            "POST Users" => {
                *user = asked.body.clone();
                user["id"] = json!("u1");
                answer(201, &user)
            }
            "GET Users/u1" => answer(200, &user),
            "PATCH Users/u1" if asked.operation()["value"].is_string() => {
                user["active"] = asked.operation()["value"].clone();
                answer(200, &user)
            }
            "PATCH Users/u1" => error(400, "invalidValue", "active is a string"),
            other => panic!("asked for {other}"),
        }
    })
    .await;
    let connector = service.with_quirk(Quirk::ActiveAsText);
    assert_eq!(connector.create(&spec("E1", "mara")).await.unwrap().state, AccountState::Enabled);
    assert_eq!(user.lock().unwrap()["active"], "True");
    assert!(refused(service.connector().set_state("u1", AccountState::Disabled).await).contains("active is a string"));
    assert_eq!(connector.set_state("u1", AccountState::Disabled).await.unwrap(), Change::Made);
    assert_eq!(user.lock().unwrap()["active"], "False");
    assert_eq!(connector.read("u1", &[]).await.unwrap().unwrap().state, AccountState::Disabled);
}

/// Shaped as AWS IAM Identity Center's pages show it: groups with an empty list of members, filters of `eq` and `and` alone.
async fn empty_lists() -> (Service, Arc<Mutex<BTreeSet<String>>>) {
    let members = Arc::new(Mutex::new(BTreeSet::from(["u2".to_owned()])));
    let held = members.clone();
    let group = || json!({ "id": "g1", "displayName": "staff", "members": [] });
    let service = Service::start(move |asked| {
        let mut members = held.lock().unwrap();
        match asked.line().as_str() {
            "GET Users" => list(3, &["u1", "u2", "u3"].map(|id| json!({ "id": id, "userName": id }))),
            "GET Groups" if asked.query["filter"] == "displayName eq \"staff\"" => list(1, &[group()]),
            "GET Groups" => {
                let inside =
                    members.iter().any(|id| asked.query["filter"] == format!("id eq \"g1\" and members eq \"{id}\""));
                list(usize::from(inside), if inside { std::slice::from_ref(&GROUP) } else { &[] })
            }
            "GET Groups/g1" => answer(200, &group()),
            "PATCH Groups/g1" => {
                match asked.operation()["op"].as_str().unwrap() {
                    "add" => members.insert(named(asked.operation())),
                    _ => members.remove("u1"),
                };
                with_headers(204, &[], "")
            }
            path => answer(200, &json!({ "id": path.trim_start_matches("GET Users/"), "userName": "mara" })),
        }
    })
    .await;
    (service, members)
}

static GROUP: std::sync::LazyLock<Value> =
    std::sync::LazyLock::new(|| json!({ "id": "g1", "displayName": "staff", "members": [] }));

#[tokio::test]
async fn members_by_filter() {
    let (service, members) = empty_lists().await;
    let connector = service.with_quirk(Quirk::MembersByFilter);
    let held = async || connector.read("u1", &[staff()]).await.unwrap().unwrap().held.len();
    assert_eq!(held().await, 0);
    assert_eq!(connector.grant("u1", &staff()).await.unwrap(), Change::Made);
    assert_eq!(connector.grant("u1", &staff()).await.unwrap(), Change::AlreadySo);
    assert_eq!(held().await, 1);
    let holders = connector.holders(&staff(), &|_| {}).await.unwrap();
    assert_eq!(holders, ["u1", "u2"].map(|id| Holder::Account(id.to_owned())));
    assert_eq!(connector.remove("u1", &staff()).await.unwrap(), Change::Made);
    assert_eq!(connector.remove("u1", &staff()).await.unwrap(), Change::AlreadySo);
    assert_eq!(*members.lock().unwrap(), BTreeSet::from(["u2".to_owned()]));
    // A service that can't do it says so, and nobody is thought to be outside.
    let service = Service::start(|asked| match asked.line().as_str() {
        "GET Users/u1" => answer(200, &json!({ "id": "u1", "userName": "mara" })),
        "GET Groups/g1" => answer(200, &GROUP),
        _ if asked.query["filter"].starts_with("displayName") => list(1, std::slice::from_ref(&GROUP)),
        _ => error(400, "invalidFilter", "No"),
    })
    .await;
    let connector = service.with_quirk(Quirk::MembersByFilter);
    assert!(needs_human(connector.read("u1", &[staff()]).await).contains("members-by-filter"));
}

/// A list by cursor, of which each page has three lines (RFC 9865); without a cursor it shows the first alone, and no total.
fn by_cursor(asked: &Asked) -> Page {
    let user = |number: usize| json!({ "id": format!("u{number}"), "userName": format!("user{number}") });
    let Some(cursor) = asked.query.get("cursor") else {
        return answer(200, &json!({ "totalResults": 3, "Resources": (1..=3).map(user).collect::<Vec<_>>() }));
    };
    let start = if cursor.is_empty() { 1 } else { cursor.trim_start_matches("after=").parse::<usize>().unwrap() + 1 };
    let page: Vec<Value> = (start..=8).take(3).map(user).collect();
    let mut body = json!({ "itemsPerPage": page.len(), "Resources": page });
    if start + 2 < 8 {
        body["nextCursor"] = json!(format!("after={}", start + 2));
    }
    answer(200, &body)
}

#[tokio::test]
async fn cursor_pages() {
    let service = Service::start(by_cursor).await;
    assert_eq!(
        service.connector().accounts(&|_| {}).await.unwrap().len(),
        3,
        "what it shows to those who don't ask by cursor"
    );
    let told = Mutex::new(Vec::new());
    let connector = service.with_quirk(Quirk::CursorPages);
    let all = connector.accounts(&|lines| told.lock().unwrap().push(lines)).await.unwrap();
    assert_eq!((all.len(), told.into_inner().unwrap()), (8, vec![3, 6, 8]));
    // One that says so needs no quirk.
    let service = Service::offering(json!({ "pagination": { "cursor": true } }), by_cursor).await;
    assert_eq!(service.connector().accounts(&|_| {}).await.unwrap().len(), 8);
    // A cursor that doesn't move is no list.
    let service = Service::start(|_| {
        answer(200, &json!({ "nextCursor": "same", "Resources": [{ "id": "u1", "userName": "user1" }] }))
    })
    .await;
    let connector = service.with_quirk(Quirk::CursorPages);
    assert!(needs_human(connector.accounts(&|_| {}).await).contains("doesn't page"));
}

#[tokio::test]
async fn no_versions() {
    let user = Arc::new(Mutex::new(json!({ "id": "u1", "userName": "mara", "active": true, "title": "Captain" })));
    let held = user.clone();
    let offer = json!({ "patch": { "supported": false }, "etag": { "supported": false } });
    let service = Service::offering(offer, move |asked| match asked.line().as_str() {
        "GET Users" => list(0, &[]),
        "GET Users/u1" => answer(200, &held.lock().unwrap()),
        "PUT Users/u1" => {
            assert_eq!(asked.header("if-match"), None);
            *held.lock().unwrap() = asked.body.clone();
            answer(200, &asked.body)
        }
        other => panic!("asked for {other}"),
    })
    .await;
    let connector = service.connector();
    assert!(needs_human(connector.check().await).contains("no-versions"));
    assert!(needs_human(connector.set_state("u1", AccountState::Disabled).await).contains("no-versions"));
    let connector = service.with_quirk(Quirk::NoVersions);
    assert!(connector.check().await.unwrap().words.contains("can undo"));
    assert_eq!(connector.set_state("u1", AccountState::Disabled).await.unwrap(), Change::Made);
    let after = user.lock().unwrap().clone();
    assert_eq!((&after["active"], &after["title"]), (&json!(false), &json!("Captain")), "the rest stays");
}

#[test]
fn quirks_go_by_their_names_and_unknown_ones_are_refused() {
    let read = |quirks: &str| {
        let text = format!(
            "kind = \"scim\"\nbase_url = \"https://app.example.test\"\ntoken_env = \"X\"\nquirks = [{quirks}]\n"
        );
        toml::from_str::<ConnectionSettings>(&text).map_err(|error| error.to_string())
    };
    let all = "\"capital-ops\", \"remove-by-value\", \"active-as-text\", \"members-by-filter\", \"cursor-pages\", \"no-versions\"";
    let ConnectionSettings::Scim(ScimSettings { quirks, .. }) = read(all).unwrap() else { panic!("not SCIM") };
    assert_eq!(quirks.len(), 6);
    assert!(build(read(all).unwrap()).is_ok());
    assert!(read("\"fast\"").unwrap_err().contains("fast"));
}
