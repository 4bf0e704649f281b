//! Tokens by client credentials, from an authorization server that the test scripts.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use latchkey_connectors::{
    ConnectionSettings, Connector, Secret, build,
    scim::{ClientAuth, OauthSettings, ScimSettings},
};
use serde_json::json;

use crate::{
    contract::{needs_human, retry_later},
    scim_scripted::{Asked, Page, Service, answer, error, list, with_headers},
    servers::PLANTED,
};

fn oauth(server: &Service) -> OauthSettings {
    OauthSettings {
        token_url: format!("{}/token", server.base_url),
        client_id: "latch:key".to_owned(),
        client_secret_file: None,
        client_secret_env: None,
        client_secret: Some(Secret::new(PLANTED)),
        scope: Some("scim read".to_owned()),
        audience: None,
        client_auth: ClientAuth::Basic,
    }
}

fn connector(service: &Service, oauth: OauthSettings) -> Box<dyn Connector> {
    let settings = ScimSettings { token: None, oauth: Some(oauth), ..service.settings() };
    build(ConnectionSettings::Scim(settings)).unwrap()
}

/// Gives token after token, each good for so long.
async fn authority(expires_in: u64) -> (Service, Arc<AtomicUsize>) {
    let given = Arc::new(AtomicUsize::new(0));
    let count = given.clone();
    let server = Service::start(move |_| {
        let number = count.fetch_add(1, Ordering::Relaxed) + 1;
        answer(
            200,
            &json!({ "access_token": format!("t0ken-{number}"), "token_type": "Bearer", "expires_in": expires_in }),
        )
    })
    .await;
    (server, given)
}

/// A service that takes the tokens from this one on.
async fn service(from: Arc<AtomicUsize>) -> Service {
    Service::start(move |asked| {
        let number: usize = asked.header("authorization").unwrap().trim_start_matches("Bearer t0ken-").parse().unwrap();
        if number < from.load(Ordering::Relaxed) {
            return error(401, "", &format!("t0ken-{number} is over"));
        }
        list(0, &[])
    })
    .await
}

#[tokio::test]
async fn a_token_is_fetched_once_and_again_shortly_before_its_end() {
    let (server, given) = authority(3).await;
    let service = service(Arc::default()).await;
    let connector = connector(&service, oauth(&server));
    for _ in 0..3 {
        connector.check().await.unwrap();
    }
    let (a, b) = tokio::join!(connector.check(), connector.check());
    assert!(a.is_ok() && b.is_ok());
    assert_eq!(given.load(Ordering::Relaxed), 1);
    let asked = server.asked();
    let basic = asked[0].header("authorization").unwrap();
    // base64 of "latch%3Akey:pl4nted-s3cret-0815": each is form-encoded first (RFC 6749, 2.3.1).
    assert_eq!(basic, "Basic bGF0Y2glM0FrZXk6cGw0bnRlZC1zM2NyZXQtMDgxNQ==");
    assert_eq!(asked[0].line(), "POST token");
    assert_eq!(asked[0].header("content-type"), Some("application/x-www-form-urlencoded"));
    assert_eq!(asked[0].body, "grant_type=client_credentials&scope=scim+read");
    tokio::time::sleep(std::time::Duration::from_millis(2200)).await;
    connector.check().await.unwrap();
    assert_eq!(given.load(Ordering::Relaxed), 2, "a second before its end");
}

#[tokio::test]
async fn a_token_that_is_not_accepted_any_more_is_replaced_once() {
    let (server, given) = authority(3600).await;
    let good = Arc::new(AtomicUsize::new(0));
    let service = service(good.clone()).await;
    let connector = connector(&service, oauth(&server));
    connector.check().await.unwrap();
    good.store(2, Ordering::Relaxed);
    connector.check().await.unwrap();
    assert_eq!(given.load(Ordering::Relaxed), 2);
    // None is good enough: one attempt, then words, without the token that the service repeats.
    good.store(99, Ordering::Relaxed);
    let words = needs_human(connector.check().await);
    assert!(words.contains("401") && words.contains("(hidden) is over") && !words.contains("t0ken-"), "{words}");
    assert_eq!(given.load(Ordering::Relaxed), 3);
}

#[tokio::test]
async fn the_client_may_be_named_in_the_body() {
    let (server, _) = authority(60).await;
    let service = service(Arc::default()).await;
    let settings = OauthSettings {
        client_auth: ClientAuth::Body,
        scope: None,
        audience: Some("https://app.example.test".to_owned()),
        ..oauth(&server)
    };
    connector(&service, settings).check().await.unwrap();
    let asked = server.asked();
    assert_eq!(asked[0].header("authorization"), None);
    let body = "grant_type=client_credentials&audience=https%3A%2F%2Fapp.example.test&client_id=latch%3Akey&client_secret=pl4nted-s3cret-0815";
    assert_eq!(asked[0].body, body);
}

#[tokio::test]
async fn promise_11_what_an_authorization_server_says_instead_is_told_apart_and_holds_no_secret() {
    let service = service(Arc::default()).await;
    let ask = async |said: fn(&Asked) -> Page| {
        let server = Service::start(said).await;
        connector(&service, oauth(&server)).check().await
    };
    let words = needs_human(
        ask(|_| {
            let said = json!({ "error": "invalid_client", "error_description": "Not with pl4nted-s3cret-0815" });
            with_headers(401, &[], &said.to_string())
        })
        .await,
    );
    assert!(words.contains("invalid_client") && words.contains("client secret") && !words.contains(PLANTED), "{words}");
    assert!(needs_human(ask(|_| answer(400, &json!({ "error": "invalid_scope" }))).await).contains("invalid_scope"));
    retry_later(ask(|_| with_headers(503, &[("retry-after", "5")], "")).await);
    retry_later(ask(|_| with_headers(429, &[], "")).await);
    assert!(needs_human(ask(|_| answer(200, &json!({ "access_token": "" }))).await).contains("no bearer token"));
    assert!(
        needs_human(ask(|_| answer(200, &json!({ "access_token": "x", "token_type": "mac" }))).await)
            .contains("no bearer token")
    );
    assert!(needs_human(ask(|_| with_headers(200, &[], "<html>")).await).contains("token_url"));
    assert!(needs_human(ask(|_| with_headers(200, &[], &"x".repeat(100_000))).await).contains("too large"));
    // It isn't followed elsewhere: the secret is for this address alone.
    let words = needs_human(ask(|_| with_headers(307, &[("location", "http://127.0.0.1:1/steal")], "")).await);
    assert!(words.contains("307"), "{words}");
    assert!(service.asked().is_empty(), "without a token nothing is asked");
}

#[test]
fn what_can_not_work_is_named() {
    let wrong = |rest: &str| {
        let text = format!("kind = \"scim\"\nbase_url = \"https://app.example.test\"\n{rest}");
        match toml::from_str::<ConnectionSettings>(&text) {
            Ok(settings) => build(settings).err().map(|error| error.setting).unwrap_or_default(),
            Err(error) => error.to_string(),
        }
    };
    let oauth =
        "[oauth]\ntoken_url = \"https://id.example.test/token\"\nclient_id = \"a\"\nclient_secret_env = \"X\"\n";
    assert_eq!(wrong(oauth), "");
    assert_eq!(wrong(&format!("token_env = \"X\"\n{oauth}")), "oauth");
    assert_eq!(wrong(""), "token_file");
    assert_eq!(wrong(&oauth.replace("https", "http")), "oauth.token_url");
    assert_eq!(wrong(&oauth.replace("https://id", "https://a:b@id")), "oauth.token_url");
    assert_eq!(wrong(&oauth.replace("\"a\"", "\"\"")), "oauth.client_id");
    assert_eq!(wrong(&oauth.replace("client_secret_env = \"X\"\n", "")), "oauth.client_secret_file");
    assert!(wrong(&format!("{oauth}client_secret = \"x\"\n")).contains("client_secret"));
    assert!(wrong(&format!("{oauth}client_auth = \"mtls\"\n")).contains("mtls"));
}
