//! What a service says that it can do, versions, and limits on how often one may ask.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use latchkey_connectors::{AccountState, CallError, Change, EntitlementKind, EntitlementRef, Lookup};
use serde_json::{Value, json};

use crate::{
    contract::{needs_human, ours, retry_later, spec},
    scim_scripted::{Asked, Page, Service, answer, error, list, with_headers},
};

fn staff() -> EntitlementRef {
    EntitlementRef::new(EntitlementKind::Group, "staff")
}

/// A group and a user that can only be replaced, each under its version. Somebody else adds a member before each of the first `others` PUTs.
async fn replacing(others: usize) -> (Service, Arc<Mutex<Vec<String>>>) {
    let members = Arc::new(Mutex::new(vec!["u0".to_owned()]));
    let (held, version, left) = (members.clone(), AtomicUsize::new(1), AtomicUsize::new(others));
    let offer = json!({ "patch": { "supported": false }, "etag": { "supported": true } });
    let answers = move |asked: &Asked| -> Page {
        let mut members = held.lock().unwrap();
        let etag = || format!("W/\"{}\"", version.load(Ordering::Relaxed));
        let group = |members: &[String]| {
            let members: Vec<Value> = members.iter().map(|id| json!({ "value": id })).collect();
            json!({ "id": "g1", "displayName": "staff", "members": members })
        };
        match asked.line().as_str() {
            "GET Users/u1" => answer(200, &json!({ "id": "u1", "userName": "mara", "active": true })),
            "GET Groups" => list(1, &[json!({ "id": "g1", "displayName": "staff" })]),
            "GET Groups/g1" => with_headers(200, &[("etag", &etag())], &group(&members).to_string()),
            "PUT Groups/g1" => {
                if left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok() {
                    let other = format!("other{}", members.len());
                    members.push(other);
                    version.fetch_add(1, Ordering::Relaxed);
                }
                if asked.header("if-match") != Some(&etag()) {
                    return error(412, "", "The resource has changed");
                }
                let put = asked.body["members"].as_array().unwrap();
                *members = put.iter().map(|member| member["value"].as_str().unwrap().to_owned()).collect();
                version.fetch_add(1, Ordering::Relaxed);
                with_headers(204, &[], "")
            }
            other => panic!("asked for {other}"),
        }
    };
    (Service::offering(offer, answers).await, members)
}

#[tokio::test]
async fn a_service_that_says_it_has_no_patch_is_not_asked_for_it() {
    let (service, members) = replacing(0).await;
    let connector = service.connector();
    assert_eq!(connector.grant("u1", &staff()).await.unwrap(), Change::Made);
    assert_eq!(*members.lock().unwrap(), ["u0", "u1"]);
    assert!(service.asked().iter().all(|asked| asked.method != "PATCH"));
}

#[tokio::test]
async fn what_somebody_else_changed_meanwhile_is_read_again_once_and_kept() {
    let (service, members) = replacing(1).await;
    assert_eq!(service.connector().grant("u1", &staff()).await.unwrap(), Change::Made);
    assert_eq!(*members.lock().unwrap(), ["u0", "other1", "u1"], "theirs and ours");
    assert_eq!(service.asked().iter().filter(|asked| asked.method == "PUT").count(), 2);

    let (service, members) = replacing(9).await;
    assert!(retry_later(service.connector().grant("u1", &staff()).await).contains("has changed"));
    assert_eq!(service.asked().iter().filter(|asked| asked.method == "PUT").count(), 2, "not for ever");
    assert!(!members.lock().unwrap().contains(&"u1".to_owned()));
}

#[tokio::test]
async fn a_service_without_filters_is_looked_through_in_the_pages_that_it_takes() {
    let offer = json!({ "filter": { "supported": false, "maxResults": 3 } });
    let service = Service::offering(offer, |asked| {
        assert!(!asked.query.contains_key("filter") && asked.query["count"] == "3");
        let user = |number: usize| {
            let mut user = json!({ "id": format!("u{number}"), "userName": format!("user{number}") });
            if number == 5 {
                user["externalId"] = json!("E5");
            }
            user
        };
        list(8, &(asked.number("startIndex")..=8).take(3).map(user).collect::<Vec<_>>())
    })
    .await;
    let found = service.connector().find(&spec("E7", "USER7"), &[]).await.unwrap();
    assert!(matches!(found, Lookup::Stranger { .. }), "{found:?}");
    // Ours is ours by its id, whatever its name has become, and whoever has the name now.
    for name in ["user7", "nobody"] {
        assert_eq!(ours(service.connector().find(&spec("E5", name), &[]).await.unwrap()).name, "user5");
    }
    service.asked();
    assert_eq!(service.connector().find(&spec("E9", "nobody"), &[]).await.unwrap(), Lookup::Absent);
    assert_eq!(service.asked().len(), 3, "each page once");
    assert_eq!(service.connector().accounts(&|_| {}).await.unwrap().len(), 8);
}

#[tokio::test]
async fn whose_an_account_is_is_not_overwritten_by_who_was_slower() {
    let user = Arc::new(Mutex::new((json!({ "id": "u1", "userName": "mara" }), 1)));
    let (held, quicker) = (user.clone(), AtomicUsize::new(1));
    let service = Service::start(move |asked| {
        let mut user = held.lock().unwrap();
        match asked.line().as_str() {
            "GET Users/u1" => with_headers(200, &[("etag", &format!("\"{}\"", user.1))], &user.0.to_string()),
            "GET Users" => list(0, &[]),
            "PATCH Users/u1" => {
                if quicker.swap(0, Ordering::Relaxed) == 1 {
                    *user = (json!({ "id": "u1", "userName": "mara", "externalId": "E2" }), 2);
                }
                if asked.header("if-match") != Some(&format!("\"{}\"", user.1)) {
                    return error(412, "", "Changed");
                }
                panic!("overwritten");
            }
            other => panic!("asked for {other}"),
        }
    })
    .await;
    assert!(needs_human(service.connector().adopt("u1", "E1").await).contains("carries externalId E2"));
    assert_eq!(user.lock().unwrap().0["externalId"], "E2");
}

/// A list of two pages, with a limit before the second one.
async fn limited(pause: &'static str, times: usize) -> Service {
    let left = AtomicUsize::new(times);
    Service::start(move |asked| {
        let start = asked.number("startIndex");
        if start > 1 && left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok() {
            return with_headers(429, &[("retry-after", pause)], "");
        }
        let user = |number: usize| json!({ "id": format!("u{number}"), "userName": format!("user{number}") });
        list(8, &(start..=8).take(4).map(user).collect::<Vec<_>>())
    })
    .await
}

#[tokio::test]
async fn a_list_waits_where_it_is_told_to_and_goes_on() {
    let service = limited("1", 2).await;
    let begun = std::time::Instant::now();
    assert_eq!(service.connector().accounts(&|_| {}).await.unwrap().len(), 8);
    assert!(begun.elapsed() >= Duration::from_secs(2));
    assert_eq!(service.asked().len(), 4, "what was read isn't read again");
    // What takes too long is for the next attempt.
    match limited("600", 1).await.connector().accounts(&|_| {}).await {
        Err(CallError::RetryLater { after, .. }) => assert_eq!(after, Some(Duration::from_secs(600))),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_date_is_a_pause_too_and_other_calls_are_told_of_it() {
    let service = Service::start(|_| {
        let headers = [("retry-after", "Sun, 06 Nov 1994 08:50:37 GMT"), ("date", "Sun, 06 Nov 1994 08:49:37 GMT")];
        with_headers(503, &headers, "")
    })
    .await;
    match service.connector().set_state("u1", AccountState::Disabled).await {
        Err(CallError::RetryLater { after, .. }) => assert_eq!(after, Some(Duration::from_secs(60))),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn an_answer_to_a_patch_need_not_have_a_body_and_active_may_be_a_word() {
    // As recorded: 204 without a body (RFC 7644, 3.5.2), and "False" as Microsoft's reference code writes it.
    let state = Arc::new(Mutex::new("True"));
    let held = state.clone();
    let service = Service::start(move |asked| {
        let mut state = held.lock().unwrap();
        match asked.line().as_str() {
            "GET Users/u1" => answer(200, &json!({ "id": "u1", "userName": "mara", "active": *state })),
            "PATCH Users/u1" => {
                assert_eq!(*asked.operation(), json!({ "op": "replace", "path": "active", "value": false }));
                *state = "False";
                with_headers(204, &[], "")
            }
            other => panic!("asked for {other}"),
        }
    })
    .await;
    let connector = service.connector();
    assert_eq!(connector.read("u1", &[]).await.unwrap().unwrap().state, AccountState::Enabled);
    assert_eq!(connector.set_state("u1", AccountState::Disabled).await.unwrap(), Change::Made);
    assert_eq!(connector.read("u1", &[]).await.unwrap().unwrap().state, AccountState::Disabled);
    assert_eq!(connector.set_state("u1", AccountState::Disabled).await.unwrap(), Change::AlreadySo);
}
