//! The service against the connector that the portal uses, and by hand.

use std::sync::Arc;

use axum::{
    body::Body,
    http::{Request, StatusCode, header},
};
use chrono::TimeDelta;
use latchkey_connectors::{
    AccountSpec, AccountState, CallError, Change, ConnectionSettings, Connector, EntitlementKind, EntitlementRef,
    Lookup, build, scim::ScimSettings,
};
use latchkey_domain::clock::{Clock, ManualClock, SystemClock};
use serde_json::{Value, json};
use tower::ServiceExt;

use super::*;

const TOKEN: &str = "a-token-for-tests-0123456789";

fn open(folder: &std::path::Path, address: &str, clock: Arc<dyn Clock>) -> Scim {
    let tenant = Tenant {
        key: "crm".to_owned(),
        name: "Customer book".to_owned(),
        token: Secret::new(TOKEN),
        groups: vec!["CRM Readers".to_owned(), "CRM Exporters".to_owned()],
    };
    Scim::open(ScimOptions {
        address: address.parse().unwrap(),
        company: "Brinewell".to_owned(),
        tenants: vec![tenant],
        file: folder.join("scim.json"),
        clock,
    })
    .unwrap()
}

async fn served(folder: &std::path::Path, clock: Arc<dyn Clock>) -> (Scim, Box<dyn Connector>) {
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = format!("http://localhost:{}", listener.local_addr().unwrap().port());
    let scim = open(folder, &address, clock);
    let router = scim.router(Router::new());
    tokio::spawn(async move { axum::serve(listener, router).await });
    let settings = ScimSettings::new(&format!("{address}/crm/scim/v2"), latchkey_connectors::Secret::new(TOKEN));
    (scim, build(ConnectionSettings::Scim(settings)).unwrap())
}

fn ann() -> AccountSpec {
    AccountSpec {
        external_id: "E0001".to_owned(),
        name: "ann.berg".to_owned(),
        native_id: None,
        display_name: "Ann Berg".to_owned(),
        given_name: "Ann".to_owned(),
        family_name: "Berg".to_owned(),
        email: Some("ann.berg@brinewell.test".to_owned()),
    }
}

#[tokio::test]
async fn the_portals_connector_makes_an_account_gives_and_takes() {
    let folder = tempfile::tempdir().unwrap();
    let (_scim, connector) = served(folder.path(), Arc::new(SystemClock)).await;
    connector.check().await.unwrap();
    let readers = EntitlementRef::new(EntitlementKind::AppRole, "CRM Readers");
    let asked = [readers.clone()];
    assert_eq!(connector.find(&ann(), &asked).await.unwrap(), Lookup::Absent);
    let made = connector.create(&ann()).await.unwrap();
    assert_eq!(connector.grant(&made.native_id, &readers).await.unwrap(), Change::Made);
    assert_eq!(connector.grant(&made.native_id, &readers).await.unwrap(), Change::AlreadySo);
    let seen = connector.read(&made.native_id, &asked).await.unwrap().unwrap();
    assert_eq!((seen.held.len(), seen.external_id.as_deref(), seen.state), (1, Some("E0001"), AccountState::Enabled));
    assert_eq!(connector.set_state(&made.native_id, AccountState::Disabled).await.unwrap(), Change::Made);
    assert_eq!(connector.remove(&made.native_id, &readers).await.unwrap(), Change::Made);
    let Lookup::Ours(seen) = connector.find(&ann(), &asked).await.unwrap() else { panic!("not found") };
    assert_eq!((seen.held.len(), seen.state), (0, AccountState::Disabled));
    let missing = EntitlementRef::new(EntitlementKind::AppRole, "CRM Nobody");
    assert!(matches!(connector.grant(&made.native_id, &missing).await, Err(CallError::NeedsHuman { .. })));
}

#[tokio::test]
async fn a_stranger_of_the_same_name_is_a_stranger() {
    let folder = tempfile::tempdir().unwrap();
    let (_scim, connector) = served(folder.path(), Arc::new(SystemClock)).await;
    connector.create(&AccountSpec { external_id: "E0999".to_owned(), ..ann() }).await.unwrap();
    assert!(matches!(connector.find(&ann(), &[]).await.unwrap(), Lookup::Stranger { .. }));
}

#[tokio::test]
async fn a_busy_group_is_tried_again_later() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Arc::new(ManualClock::new(SystemClock.now()));
    let (scim, connector) = served(folder.path(), clock.clone()).await;
    let until = clock.now() + TimeDelta::hours(1);
    scim.busy(
        "crm",
        Busy { group: "CRM Exporters".to_owned(), until, words: "The group is being reindexed.".to_owned() },
    )
    .unwrap();
    let made = connector.create(&ann()).await.unwrap();
    let exporters = EntitlementRef::new(EntitlementKind::AppRole, "CRM Exporters");
    match connector.grant(&made.native_id, &exporters).await {
        Err(CallError::RetryLater { words, after: Some(_) }) => assert!(words.contains("being reindexed"), "{words}"),
        other => panic!("{other:?}"),
    }
    clock.advance(TimeDelta::hours(2));
    assert_eq!(connector.grant(&made.native_id, &exporters).await.unwrap(), Change::Made);
}

#[tokio::test]
async fn what_it_holds_is_there_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let (_scim, connector) = served(folder.path(), Arc::new(SystemClock)).await;
    let made = connector.create(&ann()).await.unwrap();
    let (_again, connector) = served(folder.path(), Arc::new(SystemClock)).await;
    assert!(connector.read(&made.native_id, &[]).await.unwrap().is_some());
}

async fn ask(
    scim: &Scim,
    method: &str,
    path: &str,
    token: &str,
    body: Option<Value>,
) -> (StatusCode, Value, Option<String>) {
    let mut request = Request::builder().method(method).uri(path).header(header::HOST, "localhost:7402");
    if !token.is_empty() {
        request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
    }
    let body = match body {
        Some(body) => {
            request = request.header(header::CONTENT_TYPE, "application/scim+json");
            Body::from(body.to_string())
        }
        None => Body::empty(),
    };
    let response = scim.router(Router::new()).oneshot(request.body(body).unwrap()).await.unwrap();
    let (status, tag) =
        (response.status(), response.headers().get(header::ETAG).map(|tag| tag.to_str().unwrap().to_owned()));
    let bytes = axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap();
    (status, serde_json::from_slice(&bytes).unwrap_or_default(), tag)
}

#[tokio::test]
async fn only_the_applications_own_token_opens_it() {
    let folder = tempfile::tempdir().unwrap();
    let scim = open(folder.path(), "http://localhost:7402", Arc::new(SystemClock));
    for token in ["", "wrong"] {
        assert_eq!(ask(&scim, "GET", "/crm/scim/v2/Users", token, None).await.0, StatusCode::UNAUTHORIZED);
    }
    assert_eq!(ask(&scim, "GET", "/none/scim/v2/Users", TOKEN, None).await.0, StatusCode::NOT_FOUND);
    assert_eq!(ask(&scim, "GET", "/crm/scim/v2/Users", TOKEN, None).await.0, StatusCode::OK);
    assert_eq!(ask(&scim, "GET", "/crm/scim/v2/ServiceProviderConfig", "", None).await.1["patch"]["supported"], true);
}

#[tokio::test]
async fn messages_are_those_of_the_rfc() {
    let folder = tempfile::tempdir().unwrap();
    let scim = open(folder.path(), "http://localhost:7402", Arc::new(SystemClock));
    let users = "/crm/scim/v2/Users";
    let (status, made, tag) =
        ask(&scim, "POST", users, TOKEN, Some(json!({ "userName": "ann", "externalId": "E1" }))).await;
    assert_eq!((status, tag.as_deref(), &made["active"]), (StatusCode::CREATED, Some("W/\"1\""), &json!(true)));
    let (status, problem, _) = ask(&scim, "POST", users, TOKEN, Some(json!({ "userName": "ANN" }))).await;
    assert_eq!((status, problem["scimType"].as_str()), (StatusCode::CONFLICT, Some("uniqueness")));
    let one = format!("{users}/{}", made["id"].as_str().unwrap());
    let (_, put, tag) = ask(&scim, "PUT", &one, TOKEN, Some(json!({ "userName": "ann", "displayName": "Ann" }))).await;
    assert_eq!(
        (put["displayName"].as_str(), put.get("externalId"), tag.as_deref()),
        (Some("Ann"), None, Some("W/\"2\""))
    );
    let (_, list, _) =
        ask(&scim, "GET", &format!("{users}?filter=userName%20eq%20%22ann%22&count=1"), TOKEN, None).await;
    assert_eq!((&list["totalResults"], &list["Resources"][0]["id"]), (&json!(1), &made["id"]));
    let (status, problem, _) = ask(&scim, "GET", &format!("{users}?filter=userName%20co%20%22a%22"), TOKEN, None).await;
    assert_eq!((status, problem["scimType"].as_str()), (StatusCode::BAD_REQUEST, Some("invalidFilter")));
    let groups = "/crm/scim/v2/Groups";
    let wrong = json!({ "displayName": "G", "members": [{ "value": "nobody" }] });
    assert_eq!(ask(&scim, "POST", groups, TOKEN, Some(wrong)).await.0, StatusCode::BAD_REQUEST);
    let (_, group, _) =
        ask(&scim, "POST", groups, TOKEN, Some(json!({ "displayName": "G", "members": [{ "value": made["id"] }] })))
            .await;
    assert_eq!(ask(&scim, "DELETE", &one, TOKEN, None).await.0, StatusCode::NO_CONTENT);
    let (_, group, _) = ask(&scim, "GET", &format!("{groups}/{}", group["id"].as_str().unwrap()), TOKEN, None).await;
    assert_eq!(group["members"], json!([]));
    assert_eq!(ask(&scim, "GET", &one, TOKEN, None).await.0, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn the_page_shows_who_is_in_which_group() {
    let folder = tempfile::tempdir().unwrap();
    let scim = open(folder.path(), "http://localhost:7402", Arc::new(SystemClock));
    ask(&scim, "POST", "/crm/scim/v2/Users", TOKEN, Some(json!({ "userName": "<ann>", "displayName": "Ann & Co" })))
        .await;
    let request = |host: &str| Request::builder().uri("/crm").header(header::HOST, host).body(Body::empty()).unwrap();
    let response = scim.router(Router::new()).oneshot(request("localhost:7402")).await.unwrap();
    assert!(response.headers()[header::CONTENT_SECURITY_POLICY].to_str().unwrap().starts_with("default-src 'none'"));
    let page = axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap();
    let page = String::from_utf8_lossy(&page);
    assert!(page.contains("CRM Readers") && page.contains("&lt;ann&gt;") && page.contains("Ann &amp; Co"), "{page}");
    let elsewhere = scim.router(Router::new()).oneshot(request("evil.example")).await.unwrap();
    assert_eq!(elsewhere.status(), StatusCode::NOT_FOUND);
}
