//! Lists of SCIM services, with the manners that real ones have: short pages, no pages, lists that change, members of several kinds.

use std::{
    collections::BTreeSet,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use latchkey_connectors::{
    AccountState, CallError, Change, ConnectionSettings, Connector, EntitlementKind, EntitlementRef, Holder, Secret,
    build, scim::ScimSettings,
};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::{
    contract::{needs_human, retry_later},
    scim_scripted::{Service, answer, error, list},
};

fn staff() -> EntitlementRef {
    EntitlementRef::new(EntitlementKind::Group, "staff")
}

fn user(number: usize) -> Value {
    json!({ "id": format!("u{number}"), "userName": format!("user{number}"), "active": number.is_multiple_of(2) })
}

/// How the list got on.
async fn accounts(connector: &dyn Connector) -> (Result<usize, CallError>, Vec<usize>) {
    let told = Mutex::new(Vec::new());
    let all = connector.accounts(&|lines| told.lock().unwrap().push(lines)).await;
    let distinct = all.map(|all| all.iter().map(|line| line.native_id.clone()).collect::<BTreeSet<_>>().len());
    (distinct, told.into_inner().unwrap())
}

#[tokio::test]
async fn a_service_that_sends_fewer_than_it_was_asked_for_is_read_to_the_end() {
    let service = Service::start(|asked| {
        let (start, count) = (asked.number("startIndex"), asked.number("count").min(7));
        list(23, &(start..=23).take(count).map(user).collect::<Vec<_>>())
    })
    .await;
    let (all, told) = accounts(service.connector().as_ref()).await;
    assert_eq!(all.unwrap(), 23);
    assert_eq!(told, [7, 14, 21, 23]);
    let asked = service.asked();
    assert!(asked.iter().all(|asked| asked.headers["authorization"] == "Bearer t0ken-of-the-test"));
    let starts: Vec<usize> = asked.iter().map(|asked| asked.number("startIndex")).collect();
    assert_eq!(starts, [1, 8, 15, 22]);
    let all = service.connector().accounts(&|_| {}).await.unwrap();
    let of = |id: &str| all.iter().find(|line| line.native_id == id).unwrap().state;
    assert_eq!((of("u2"), of("u3")), (AccountState::Enabled, AccountState::Disabled));
}

#[tokio::test]
async fn a_service_without_pages_is_read_at_once() {
    let service = Service::start(|_| list(450, &(1..=450).map(user).collect::<Vec<_>>())).await;
    let (all, told) = accounts(service.connector().as_ref()).await;
    assert_eq!((all.unwrap(), told), (450, vec![450]));
    assert_eq!(service.asked().len(), 1);
}

#[tokio::test]
async fn a_service_that_shows_the_same_page_again_is_not_believed() {
    let service = Service::start(|_| list(450, &(1..=200).map(user).collect::<Vec<_>>())).await;
    let words = needs_human(accounts(service.connector().as_ref()).await.0);
    assert!(words.contains("doesn't page"), "{words}");
    assert_eq!(service.asked().len(), 2);
}

#[tokio::test]
async fn a_service_that_shows_fewer_than_it_has_is_not_believed() {
    let service = Service::start(|asked| {
        let start = asked.number("startIndex");
        list(250, &(start..=230).take(200).map(user).collect::<Vec<_>>())
    })
    .await;
    let words = needs_human(accounts(service.connector().as_ref()).await.0);
    assert!(words.contains("250") && words.contains("230"), "{words}");
}

#[tokio::test]
async fn a_list_that_loses_a_line_while_it_is_read_is_read_again() {
    // After the first page a user of it goes away, and user 201 moves to where nobody looks again.
    let asked_so_far = AtomicUsize::new(0);
    let service = Service::start(move |asked| {
        let gone = asked_so_far.fetch_add(1, Ordering::Relaxed) > 0;
        let all: Vec<Value> = (1..=300).filter(|number| !(gone && *number == 5)).map(user).collect();
        let start = asked.number("startIndex");
        list(all.len(), &all.into_iter().skip(start - 1).take(200).collect::<Vec<_>>())
    })
    .await;
    let (all, _) = accounts(service.connector().as_ref()).await;
    assert_eq!(all.unwrap(), 299);
    assert_eq!(service.asked().len(), 4);

    // One that never rests is left for later.
    let asked_so_far = AtomicUsize::new(0);
    let service = Service::start(move |asked| {
        let left = 400 - asked_so_far.fetch_add(1, Ordering::Relaxed);
        let start = asked.number("startIndex");
        list(left, &(start..=left).take(200).map(user).collect::<Vec<_>>())
    })
    .await;
    assert!(retry_later(accounts(service.connector().as_ref()).await.0).contains("changed each time"));
}

#[tokio::test]
async fn a_failure_between_two_pages_is_the_lists_own() {
    let service = Service::start(|asked| match asked.number("startIndex") {
        1 => list(300, &(1..=200).map(user).collect::<Vec<_>>()),
        _ => error(503, "", "Down for a moment"),
    })
    .await;
    assert!(retry_later(accounts(service.connector().as_ref()).await.0).contains("Down for a moment"));
}

#[tokio::test]
async fn half_an_answer_is_no_page() {
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let base_url = format!("http://127.0.0.1:{}", listener.local_addr().unwrap().port());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut asked = [0; 4096];
            let _ = stream.read(&mut asked).await;
            let begun = "HTTP/1.1 200 OK\r\ncontent-type: application/scim+json\r\ncontent-length: 500\r\n\r\n{\"totalResults\": 1,";
            let _ = stream.write_all(begun.as_bytes()).await;
        }
    });
    let settings = ScimSettings::new(&base_url, Secret::new("t0ken-of-the-test"));
    let connector = build(ConnectionSettings::Scim(settings)).unwrap();
    retry_later(connector.accounts(&|_| {}).await);
    retry_later(connector.check().await);
}

/// A service with the group `staff`, shown as given; others are `Inner` and `Other`.
async fn with_group(shown: Value) -> Service {
    Service::start(move |asked| match asked.path.as_str() {
        "Groups/g1" => answer(200, &shown),
        "Groups" if asked.query.contains_key("filter") => list(1, &[json!({ "id": "g1", "displayName": "staff" })]),
        "Groups" => {
            let group = |id: &str, name: &str| json!({ "id": id, "displayName": name });
            list(3, &[group("g1", "staff"), group("g2", "Inner"), group("g3", "Other")])
        }
        other => panic!("asked for {other}"),
    })
    .await
}

async fn holders(service: &Service) -> Vec<Holder> {
    service.connector().holders(&staff(), &|_| {}).await.unwrap()
}

fn account(id: &str) -> Holder {
    Holder::Account(id.to_owned())
}

#[tokio::test]
async fn groups_inside_a_group_are_told_from_users_and_called_by_their_names() {
    let nested = Holder::Nested("Inner".to_owned());
    for (how, members) in [
        ("type", json!([{ "value": "u1", "type": "User" }, { "value": "g2", "type": "Group" }])),
        ("address", json!([{ "value": "u1", "$ref": "../Users/u1" }, { "value": "g2", "$ref": "../Groups/g2" }])),
        ("neither", json!([{ "value": "u1" }, { "value": "g2" }])),
    ] {
        let service = with_group(json!({ "id": "g1", "displayName": "staff", "members": members })).await;
        assert_eq!(holders(&service).await, [account("u1"), nested.clone()], "{how}");
    }
    // Where every member is said to be a user, nothing else is asked.
    let members = json!([{ "value": "u1", "type": "User" }, { "value": "u2", "type": "user" }]);
    let service = with_group(json!({ "id": "g1", "displayName": "staff", "members": members })).await;
    assert_eq!(holders(&service).await, [account("u1"), account("u2")]);
    assert_eq!(service.asked().len(), 2);
    // A group that the list doesn't show keeps its id.
    let members = json!([{ "value": "g9", "type": "Group" }]);
    let service = with_group(json!({ "id": "g1", "displayName": "staff", "members": members })).await;
    assert_eq!(holders(&service).await, [Holder::Nested("g9".to_owned())]);
}

/// A service whose groups never show their members, and whose users say which groups they are in.
async fn by_user(filters: bool, says: bool) -> Service {
    Service::start(move |asked| match asked.path.as_str() {
        "Groups/g1" => answer(200, &json!({ "id": "g1", "displayName": "staff" })),
        "Groups" => list(1, &[json!({ "id": "g1", "displayName": "staff" })]),
        "Users" if asked.query.contains_key("filter") && !filters => error(400, "invalidFilter", "No filters"),
        "Users" => {
            assert_eq!(asked.query["filter"], "groups.value eq \"g1\"");
            let mut users: Vec<Value> = (1..=9).map(user).collect();
            for (number, user) in users.iter_mut().enumerate().filter(|_| says) {
                let kind = if number == 4 { "indirect" } else { "direct" };
                let group = if number % 2 == 0 { "g1" } else { "g7" };
                user["groups"] = json!([{ "value": group, "type": kind }]);
            }
            let (start, count) = (asked.number("startIndex"), 4);
            list(9, &users.into_iter().skip(start - 1).take(count).collect::<Vec<_>>())
        }
        path => {
            let mut shown = user(path.trim_start_matches("Users/u").parse().unwrap());
            if says {
                shown["groups"] = json!([{ "value": "g1" }]);
            }
            answer(200, &shown)
        }
    })
    .await
}

#[tokio::test]
async fn members_that_a_group_does_not_show_are_found_by_their_own_word() {
    let service = by_user(true, true).await;
    // The filter is ignored, which doesn't matter; who has it by way of another group isn't in it directly.
    assert_eq!(holders(&service).await, ["u1", "u3", "u7", "u9"].map(account));
    let connector = service.connector();
    assert_eq!(connector.read("u1", &[staff()]).await.unwrap().unwrap().held, BTreeSet::from(["staff".to_owned()]));
    service.asked();
    assert_eq!(connector.grant("u1", &staff()).await.unwrap(), Change::AlreadySo);
    assert!(service.asked().iter().all(|asked| asked.method == "GET"));
    // Nobody says so, or can be asked: then nobody is in it.
    assert_eq!(holders(&by_user(true, false).await).await, []);
    assert_eq!(holders(&by_user(false, true).await).await, []);
}

#[tokio::test]
async fn adopting_changes_one_attribute_and_is_read_back() {
    let patched = std::sync::Arc::new(Mutex::new(json!({ "id": "u1", "userName": "mara" })));
    let held = patched.clone();
    let service = Service::start(move |asked| {
        let mut user = held.lock().unwrap();
        match asked.line().as_str() {
            "GET Users/u1" => answer(200, &user),
            "PATCH Users/u1" => {
                let operation = &asked.body["Operations"][0];
                assert_eq!((&operation["path"], &operation["value"]), (&json!("externalId"), &json!("E1")));
                if user.get("stubborn").is_none() {
                    user["externalId"] = json!("E1");
                }
                answer(200, &user)
            }
            "GET Users" => list(0, &[]),
            other => panic!("asked for {other}"),
        }
    })
    .await;
    let connector = service.connector();
    assert_eq!(connector.adopt("u1", "E1").await.unwrap(), Change::Made);
    assert_eq!(connector.adopt("u1", "E1").await.unwrap(), Change::AlreadySo);
    assert!(needs_human(connector.adopt("u1", "E2").await).contains("E1"));
    *patched.lock().unwrap() = json!({ "id": "u1", "userName": "mara", "stubborn": true });
    assert!(needs_human(connector.adopt("u1", "E1").await).contains("no effect"));
}

#[tokio::test]
async fn an_external_id_is_written_to_one_user_alone() {
    let service = Service::start(|asked| match asked.line().as_str() {
        "GET Users/u1" => answer(200, &json!({ "id": "u1", "userName": "mara" })),
        "GET Users" => list(1, &[json!({ "id": "u2", "userName": "other", "externalId": "E1" })]),
        other => panic!("asked for {other}"),
    })
    .await;
    assert!(needs_human(service.connector().adopt("u1", "E1").await).contains("other carries"));
}

#[test]
fn a_page_has_a_size_that_services_take() {
    for page_size in [0, 1001] {
        let settings = ScimSettings { page_size, ..ScimSettings::new("https://app.example.test", Secret::new("x")) };
        let error = build(ConnectionSettings::Scim(settings)).err().unwrap();
        assert_eq!(error.setting, "page_size");
    }
}
