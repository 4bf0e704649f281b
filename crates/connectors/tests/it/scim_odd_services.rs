//! The SCIM connector against a service with the manners that real ones have: no PATCH, no filters, short pages, limits, detours.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, Method, Response, Uri},
};
use latchkey_connectors::{
    AccountState, CallError, Change, ConnectionSettings, Connector, EntitlementKind, EntitlementRef, Lookup, Secret,
    build, scim::ScimSettings,
};
use serde_json::{Value, json};

use crate::contract::{needs_human, ours, refused, retry_later, spec};

type Page = Response<axum::body::Body>;

/// What this service does unlike others.
#[derive(Default, Clone)]
struct Manners {
    no_patch: bool,
    no_etag: bool,
    ignores_filters: bool,
    refuses_filters: bool,
    page: usize,
    /// Says that a name is taken without ever showing by whom.
    hides_users: bool,
}

#[derive(Default)]
struct Service {
    manners: Manners,
    resources: BTreeMap<String, Value>,
    /// Answers that come before any other.
    scripted: VecDeque<Page>,
    /// Every request: method, path with query, If-Match.
    log: Vec<(String, String, Option<String>)>,
    /// Somebody else changes the group between a read and the next PUT, once.
    interfere: bool,
}

type Shared = Arc<Mutex<Service>>;

fn page(status: u16, body: &Value) -> Page {
    Response::builder()
        .status(status)
        .header("content-type", "application/scim+json")
        .body(body.to_string().into())
        .unwrap()
}

fn error(status: u16, kind: &str, detail: &str) -> Page {
    page(
        status,
        &json!({ "schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"], "scimType": kind, "detail": detail }),
    )
}

async fn serve(State(service): State<Shared>, method: Method, uri: Uri, headers: HeaderMap, body: Bytes) -> Page {
    let mut service = service.lock().unwrap();
    let if_match = headers.get("if-match").map(|value| value.to_str().unwrap().to_owned());
    service.log.push((method.to_string(), uri.to_string(), if_match.clone()));
    if let Some(scripted) = service.scripted.pop_front() {
        return scripted;
    }
    assert_eq!(headers["authorization"], "Bearer t0ken-of-the-test");
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    let path = uri.path().trim_start_matches("/base/").to_owned();
    let manners = service.manners.clone();
    match (method.as_str(), path.split_once('/')) {
        ("GET", None) if path == "ServiceProviderConfig" => {
            let etag = json!({ "supported": !manners.no_etag });
            page(200, &json!({ "patch": { "supported": !manners.no_patch }, "etag": etag }))
        }
        ("GET", None) => list(&service, &path, uri.query().unwrap_or_default()),
        ("POST", None) => {
            let taken = service.resources.values().any(|other| other["userName"] == body["userName"]);
            if taken {
                return error(409, "uniqueness", "userName is taken");
            }
            let id = format!("{path}-{}", service.resources.len() + 1);
            let mut resource = body;
            resource["id"] = json!(id);
            resource["meta"] = json!({ "version": "W/\"1\"" });
            service.resources.insert(format!("{path}/{id}"), resource.clone());
            page(201, &resource)
        }
        ("PATCH", _) if manners.no_patch => error(501, "", "PATCH is not implemented"),
        ("PUT", Some(_)) => {
            if std::mem::take(&mut service.interfere) {
                let resource = service.resources.get_mut(&path).unwrap();
                resource["meta"]["version"] = json!("W/\"somebody else's\"");
            }
            let version = service.resources[&path]["meta"]["version"].clone();
            if if_match.is_none() || if_match.as_deref() != version.as_str() {
                return error(412, "", "The resource has changed");
            }
            let mut resource = body;
            resource["meta"] = json!({ "version": format!("{}+", version.as_str().unwrap()) });
            service.resources.insert(path, resource.clone());
            page(200, &resource)
        }
        ("GET", Some(_)) => match service.resources.get(&path) {
            None => error(404, "", "Not here"),
            Some(resource) => {
                let mut shown = resource.clone();
                if manners.no_etag {
                    shown.as_object_mut().unwrap().remove("meta");
                }
                page(200, &shown)
            }
        },
        _ => error(405, "", "Not this way"),
    }
}

fn list(service: &Service, resource: &str, query: &str) -> Page {
    let query: BTreeMap<String, String> = url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    let filter = query.get("filter");
    if filter.is_some() && service.manners.refuses_filters {
        return error(400, "invalidFilter", "Filters are not supported");
    }
    let matches = |resource: &Value| match filter.filter(|_| !service.manners.ignores_filters) {
        None => true,
        Some(filter) => {
            let mut parts = filter.splitn(3, ' ');
            let (name, _, value) = (parts.next().unwrap(), parts.next(), parts.next().unwrap());
            resource[name] == serde_json::from_str::<Value>(value).unwrap()
        }
    };
    let hidden = service.manners.hides_users && resource == "Users";
    let all: Vec<&Value> = service
        .resources
        .iter()
        .filter(|(path, value)| path.starts_with(resource) && matches(value) && !hidden)
        .map(|(_, value)| value)
        .collect();
    let start: usize = query.get("startIndex").map_or(1, |start| start.parse().unwrap());
    let count: usize = query.get("count").map_or(100, |count| count.parse().unwrap());
    let count = if service.manners.page == 0 { count } else { count.min(service.manners.page) };
    let page_of: Vec<&Value> = all.iter().skip(start - 1).take(count).copied().collect();
    page(
        200,
        &json!({ "totalResults": all.len(), "startIndex": start, "itemsPerPage": page_of.len(), "Resources": page_of }),
    )
}

/// Starts a service with two groups, `staff` with one member and `many` last of 30.
async fn start(manners: Manners) -> (Shared, Box<dyn Connector>) {
    let mut service = Service { manners, ..Service::default() };
    for number in 0..30 {
        let id = format!("g{number:02}");
        let name = if number == 29 { "staff".to_owned() } else { format!("group {number}") };
        let members = json!([{ "value": "u-other" }]);
        let group = json!({ "id": id, "displayName": name, "members": members, "meta": { "version": "W/\"1\"" } });
        service.resources.insert(format!("Groups/{id}"), group);
    }
    let service = Arc::new(Mutex::new(service));
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let router = Router::new().fallback(serve).with_state(service.clone());
    tokio::spawn(async move { axum::serve(listener, router).await });
    let settings = ScimSettings::new(&format!("http://127.0.0.1:{port}/base/"), Secret::new("t0ken-of-the-test"));
    (service, build(ConnectionSettings::Scim(settings)).unwrap())
}

fn staff() -> EntitlementRef {
    EntitlementRef::new(EntitlementKind::Group, "staff")
}

fn members(service: &Shared) -> Vec<String> {
    let service = service.lock().unwrap();
    let members = service.resources["Groups/g29"]["members"].as_array().unwrap().clone();
    members.iter().map(|member| member["value"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn without_patch_it_replaces_under_the_version_that_it_read() {
    let (service, connector) = start(Manners { no_patch: true, ..Manners::default() }).await;
    assert!(connector.check().await.unwrap().words.contains("PUT"));
    let user = connector.create(&spec("E1", "mara")).await.unwrap().native_id;
    assert_eq!(connector.grant(&user, &staff()).await.unwrap(), Change::Made);
    assert_eq!(members(&service), ["u-other", &user], "the others stay");
    assert_eq!(connector.grant(&user, &staff()).await.unwrap(), Change::AlreadySo);
    let puts =
        || service.lock().unwrap().log.iter().filter(|(method, ..)| method == "PUT").cloned().collect::<Vec<_>>();
    assert_eq!(puts().last().unwrap().2.as_deref(), Some("W/\"1\""), "If-Match");
    // Somebody else's change in between doesn't get lost: it is read again, once.
    service.lock().unwrap().interfere = true;
    assert_eq!(connector.remove(&user, &staff()).await.unwrap(), Change::Made);
    assert_eq!(puts().last().unwrap().2.as_deref(), Some("W/\"somebody else's\""));
    assert_eq!(members(&service), ["u-other"]);
    assert_eq!(connector.set_state(&user, AccountState::Disabled).await.unwrap(), Change::Made);
    assert_eq!(connector.read(&user, &[]).await.unwrap().unwrap().state, AccountState::Disabled);
}

#[tokio::test]
async fn with_neither_patch_nor_versions_it_refuses_to_overwrite_others() {
    let (service, connector) = start(Manners { no_patch: true, no_etag: true, ..Manners::default() }).await;
    assert!(needs_human(connector.check().await).contains("neither"));
    let user = connector.create(&spec("E1", "mara")).await.unwrap().native_id;
    assert!(needs_human(connector.grant(&user, &staff()).await).contains("neither PATCH nor versions"));
    assert_eq!(members(&service), ["u-other"]);
}

#[tokio::test]
async fn services_that_ignore_or_refuse_filters_are_paged_through() {
    for (ignores_filters, refuses_filters) in [(true, false), (false, true)] {
        let manners = Manners { ignores_filters, refuses_filters, page: 7, no_patch: true, ..Manners::default() };
        let (service, connector) = start(manners).await;
        for number in 0..20 {
            let wanted = spec(&format!("E{number}"), &format!("user{number}"));
            assert_eq!(connector.find(&wanted, &[]).await.unwrap(), Lookup::Absent);
            connector.create(&wanted).await.unwrap();
        }
        let user = ours(connector.find(&spec("E17", "user17"), &[]).await.unwrap());
        assert_eq!((user.name.as_str(), user.external_id.as_deref()), ("user17", Some("E17")));
        assert!(
            matches!(connector.find(&spec("E99", "USER17"), &[]).await.unwrap(), Lookup::Stranger { .. }),
            "case doesn't count"
        );
        assert_eq!(connector.grant(&user.native_id, &staff()).await.unwrap(), Change::Made);
        assert!(members(&service).contains(&user.native_id));
        let held = connector.read(&user.native_id, &[staff()]).await.unwrap().unwrap().held;
        assert_eq!(held.len(), 1);
    }
}

#[tokio::test]
async fn a_name_taken_by_a_user_that_is_not_shown_needs_a_human() {
    let (_service, connector) = start(Manners { hides_users: true, ..Manners::default() }).await;
    connector.create(&spec("E1", "mara")).await.unwrap();
    assert!(needs_human(connector.create(&spec("E2", "mara")).await).contains("doesn't show"));
}

#[tokio::test]
async fn promise_09_answers_are_told_apart() {
    let (service, connector) = start(Manners::default()).await;
    let next = |answer: Page| service.lock().unwrap().scripted.push_back(answer);
    let plain = |status: u16, headers: &[(&str, &str)], body: &str| {
        let mut answer = Response::builder().status(status);
        for (name, value) in headers {
            answer = answer.header(*name, *value);
        }
        answer.body(body.to_owned().into()).unwrap()
    };
    next(plain(429, &[("retry-after", "17")], ""));
    match connector.check().await {
        Err(CallError::RetryLater { after, words }) => {
            assert_eq!(after, Some(Duration::from_secs(17)));
            assert!(words.contains("429"));
        }
        other => panic!("{other:?}"),
    }
    for status in [500, 502, 503, 504, 408] {
        next(plain(status, &[], "<html>down</html>"));
        retry_later(connector.check().await);
    }
    next(error(403, "", "This token may only read.\u{202E}\n Ask t0ken-of-the-test"));
    let words = needs_human(connector.check().await);
    assert!(words.contains("This token may only read. Ask (hidden)"), "{words}");
    next(error(400, "invalidValue", &"long ".repeat(1000)));
    let words = refused(connector.check().await);
    assert!(words.chars().count() <= 500, "{}", words.len());
    next(plain(302, &[("location", "http://169.254.169.254/latest?token=x")], ""));
    let words = needs_human(connector.check().await);
    assert!(words.contains("169.254.169.254/latest") && !words.contains("token=x"), "{words}");
    assert_eq!(service.lock().unwrap().log.len(), 9, "no redirect was followed");
    next(plain(200, &[("content-type", "text/html")], "<html>Sign in</html>"));
    assert!(needs_human(connector.check().await).contains("text/html"));
    next(page(200, &json!({ "hello": "world" })));
    assert!(needs_human(connector.check().await).contains("not a SCIM list"));
    next(plain(200, &[], &"x".repeat(5 * 1024 * 1024)));
    assert!(needs_human(connector.check().await).contains("max_answer_bytes"));
    // A native id never becomes another address.
    let before = service.lock().unwrap().log.len();
    refused(connector.read("..", &[]).await);
    assert_eq!(service.lock().unwrap().log.len(), before);
    assert_eq!(connector.read("a/../../b?c=d#e", &[]).await.unwrap(), None);
    let asked = service.lock().unwrap().log.last().unwrap().1.clone();
    assert_eq!(asked, "/base/Users/a%2F..%2F..%2Fb%3Fc=d%23e");
}
