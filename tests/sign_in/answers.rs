//! Answers that come back to the wrong place, twice, late, from elsewhere or not at all.

use axum::http::StatusCode;
use chrono::TimeDelta;
use latchkey_testkit::{World, both_databases};
use serde_json::json;
use url::Url;

use crate::{
    browser::parameter,
    fake_provider::{CLIENT_SECRET, query},
    portal::{Portal, Wish, everything_kept},
};

both_databases! {
    async fn an_answer_counts_once(world: World) {
        world.person("Ada Berg", None).await;
        let portal = Portal::new(world).await;
        let mut browser = portal.browser();
        let start = browser.get("/auth/login").await;
        let answer = portal.provider.answer(start.location());
        let callback = format!("/auth/callback?{answer}");
        assert_eq!(browser.get(&callback).await.location(), "/");
        let session = browser.session_cookie().cloned();
        let replayed = browser.get(&callback).await;
        assert_eq!((replayed.code(), replayed.status), ("attempt_used", StatusCode::BAD_REQUEST));
        assert_eq!(portal.refused().await, ["attempt_used"]);
        assert_eq!(browser.session_cookie(), session.as_ref(), "the session that was begun stays");
        assert_eq!(portal.provider.behaviour().verifiers.len(), 1, "the provider isn't asked a second time");
    }

    async fn of_two_answers_at_once_one_counts(world: World) {
        world.person("Ada Berg", None).await;
        let portal = Portal::new(world).await;
        let mut browser = portal.browser();
        let start = browser.get("/auth/login").await;
        let callback = format!("/auth/callback?{}", portal.provider.answer(start.location()));
        let mut others: Vec<_> = (0..4).map(|_| browser.clone()).collect();
        let answers = futures::future::join_all(others.iter_mut().map(|browser| browser.get(&callback))).await;
        let came_in = answers.iter().filter(|answer| answer.status == StatusCode::SEE_OTHER).count();
        assert_eq!(came_in, 1);
        assert_eq!(answers.iter().filter(|answer| answer.code() == "attempt_used").count(), 3);
        assert_eq!(portal.open_sessions().await, 1);
    }

    async fn an_answer_belongs_to_one_browser_and_ten_minutes(world: World) {
        world.person("Ada Berg", None).await;
        let portal = Portal::new(world).await;
        let mut browser = portal.browser();
        let start = browser.get("/auth/login").await;
        let callback = format!("/auth/callback?{}", portal.provider.answer(start.location()));
        // Somebody else's browser, with and without a sign-in of its own under way.
        let mut other = portal.browser();
        assert_eq!(other.get(&callback).await.code(), "attempt_unknown");
        other.get("/auth/login").await;
        assert_eq!(other.get(&callback).await.code(), "attempt_unknown");
        assert_eq!(other.session_cookie(), None);
        // The right browser, too late.
        portal.world.advance(TimeDelta::minutes(11));
        assert_eq!(browser.get(&callback).await.code(), "attempt_unknown");
        assert_eq!(portal.refused().await, ["attempt_unknown"; 3]);
        assert_eq!(portal.provider.behaviour().verifiers.len(), 0, "no code was spent on any of them");
    }

    async fn several_tabs_sign_in_beside_each_other(world: World) {
        world.person("Ada Berg", None).await;
        let portal = Portal::new(world).await;
        let mut browser = portal.browser();
        let first = browser.get("/auth/login?return_to=%2Fcatalog").await;
        let second = browser.get("/auth/login?return_to=%2Fwho").await;
        assert_eq!(portal.come_back(&mut browser, &second).await.location(), "/who");
        assert_eq!(portal.come_back(&mut browser, &first).await.location(), "/catalog");
        assert_eq!(portal.open_sessions().await, 1, "the second sign-in of a browser replaces the first");
    }
}

/// Sends an answer with these parameters and the right state.
async fn answered(portal: &Portal, parameters: &[(&str, &str)]) -> (String, StatusCode) {
    let mut browser = portal.browser();
    let start = browser.get("/auth/login").await;
    let state = parameter(&Url::parse(start.location()).unwrap(), "state").unwrap();
    let code = portal.provider.code_for(start.location());
    let mut pairs = vec![("state", state.as_str())];
    pairs.extend(parameters.iter().map(|(name, value)| (*name, if *value == "CODE" { code.as_str() } else { value })));
    let answer = browser.get(&format!("/auth/callback?{}", query(&pairs))).await;
    assert_eq!(browser.session_cookie().is_some(), answer.code().is_empty());
    (answer.code().to_owned(), answer.status)
}

both_databases! {
    async fn an_answer_says_who_sent_it(world: World) {
        world.person("Ada Berg", None).await;
        let portal = Portal::new(world).await;
        let issuer = portal.provider.issuer.clone();
        let bad = StatusCode::BAD_REQUEST;
        let evil = "https://login.evil.example";
        assert_eq!(answered(&portal, &[("code", "CODE"), ("iss", evil)]).await, ("answer_wrong_issuer".into(), bad));
        assert_eq!(answered(&portal, &[("code", "CODE")]).await, ("answer_missing_issuer".into(), bad));
        // Errors too: a mixed-up error would make somebody sign in again somewhere else.
        assert_eq!(answered(&portal, &[("error", "access_denied"), ("iss", evil)]).await.0, "answer_wrong_issuer");
        assert_eq!(answered(&portal, &[("error", "access_denied")]).await.0, "answer_missing_issuer");
        let denied = answered(&portal, &[("error", "access_denied"), ("iss", &issuer)]).await;
        assert_eq!(denied, ("provider_denied".into(), StatusCode::FORBIDDEN));
        let failed = answered(&portal, &[("error", "server_error"), ("iss", &issuer)]).await;
        assert_eq!(failed, ("provider_error".into(), StatusCode::BAD_GATEWAY));
        assert_eq!(answered(&portal, &[("iss", &issuer)]).await, ("answer_incomplete".into(), bad));
        assert_eq!(answered(&portal, &[("code", "CODE"), ("code", "x"), ("iss", &issuer)]).await.0, "answer_incomplete");
        assert_eq!(answered(&portal, &[("code", "CODE"), ("iss", &issuer)]).await, (String::new(), StatusCode::SEE_OTHER));
        assert_eq!(portal.refused().await.len(), 8);
    }

    async fn a_code_of_another_sign_in_is_worth_nothing(world: World) {
        world.person("Ada Berg", None).await;
        let portal = Portal::new(world).await;
        // The thief has somebody else's code and puts it into a sign-in of their own.
        let victims = portal.browser().get("/auth/login").await;
        let stolen = portal.provider.code_for(victims.location());
        let issuer = portal.provider.issuer.clone();
        let refused = answered(&portal, &[("code", &stolen), ("iss", &issuer)]).await;
        assert_eq!(refused, ("code_refused".into(), StatusCode::BAD_GATEWAY), "PKCE binds a code to its sign-in");
        assert_eq!(portal.refused().await, ["code_refused"]);
    }

    async fn nothing_that_opens_a_door_is_kept(world: World) {
        world.person("Ada Berg", None).await;
        let portal = Portal::new(world).await;
        let mut browser = portal.signed_in().await;
        let start = browser.get("/auth/login").await;
        let question = Url::parse(start.location()).unwrap();
        let kept = everything_kept(&portal.world).await;
        assert!(kept.contains("sub-1"), "the search looks where things are");
        let mut secrets: Vec<String> = browser.cookies.values().cloned().collect();
        secrets.extend([CLIENT_SECRET.to_owned(), parameter(&question, "state").unwrap()]);
        secrets.extend(portal.provider.behaviour().verifiers.iter().cloned());
        secrets.extend(portal.provider.behaviour().nonces.iter().cloned());
        assert!(secrets.len() >= 6 && secrets.iter().all(|secret| secret.len() >= 20));
        for secret in secrets {
            assert!(!kept.contains(&secret), "a secret stands in the database");
        }
        // Each sign-in has its own verifier and nonce.
        let nonces = portal.provider.behaviour().nonces.clone();
        assert!(!nonces.contains(&parameter(&question, "nonce").unwrap()));
    }
}

#[test]
fn where_one_wanted_to_go_is_a_page_of_the_portal_or_the_start_page() {
    latchkey_testkit::sqlite("where_one_wanted_to_go", |world| async move {
        world.person("Ada Berg", None).await;
        let portal = Portal::new(world).await;
        for (wanted, leads_to) in [
            ("/catalog?q=a%26b", "/catalog?q=a%26b"),
            ("https://evil.example/", "/"),
            ("//evil.example", "/"),
            ("/\\evil.example", "/"),
            ("/%5Cevil.example", "/%5Cevil.example"),
            ("/.//evil.example", "/"),
            ("/\u{9}/evil.example", "/"),
            ("javascript:alert(1)", "/"),
            ("/auth/logout", "/"),
        ] {
            let mut browser = portal.browser();
            let path = format!("/auth/login?{}", query(&[("return_to", wanted)]));
            assert_eq!(portal.sign_in(&mut browser, &path).await.location(), leads_to, "{wanted}");
        }
    });
}

#[test]
fn a_provider_that_is_down_gives_a_page_with_the_request_number() {
    latchkey_testkit::sqlite("a_provider_that_is_down", |world| async move {
        world.person("Ada Berg", None).await;
        let portal = Portal::new(world).await;
        portal.provider.behaviour().down = true;
        let mut browser = portal.browser();
        let page = browser.get("/auth/login?return_to=%2Fcatalog").await;
        assert_eq!((page.code(), page.status), ("provider_unreachable", StatusCode::SERVICE_UNAVAILABLE));
        assert!(page.body.contains("Signing in does not work at the moment"), "{}", page.body);
        assert!(page.body.contains(page.header("x-request-id")) && page.header("x-request-id").len() == 10);
        assert_eq!(page.header("retry-after"), "30");
        // It comes back: after a few seconds it is asked again, and all is well.
        portal.provider.behaviour().down = false;
        assert_eq!(browser.get("/auth/login").await.code(), "provider_unreachable", "not asked again at once");
        portal.world.advance(TimeDelta::seconds(6));
        portal.signed_in().await;
        // It goes down again: what it said of itself still serves, and who is in stays in.
        let mut inside = portal.signed_in().await;
        let start = browser.get("/auth/login").await;
        portal.provider.behaviour().token_down = true;
        let failed = portal.come_back(&mut browser, &start).await;
        assert!(
            ["provider_unreachable", "token_malformed", "code_refused"].contains(&failed.code()),
            "{}",
            failed.code()
        );
        portal.provider.behaviour().down = true;
        portal.world.advance(TimeDelta::minutes(20));
        assert_eq!(inside.get("/who").await.status, StatusCode::OK);
        portal.world.advance(TimeDelta::hours(2));
        assert!(browser.get("/auth/login").await.status.is_redirection(), "a day old is fresh enough in need");
    });
}

#[test]
fn a_provider_that_cannot_do_it_safely_is_not_used() {
    latchkey_testkit::sqlite("a_provider_that_cannot_do_it_safely", |world| async move {
        for about in [
            json!({ "code_challenge_methods_supported": ["plain"] }),
            json!({ "id_token_signing_alg_values_supported": ["HS256", "none"] }),
        ] {
            let portal = Portal::with(world.clone(), Wish::default()).await;
            portal.provider.says_of_itself(about);
            let page = portal.browser().get("/auth/login").await;
            assert_eq!((page.code(), page.status), ("provider_unfit", StatusCode::SERVICE_UNAVAILABLE));
        }
        // A discovery document that names another issuer is somebody else's.
        let portal = Portal::with(world, Wish::default()).await;
        portal.provider.says_of_itself(json!({ "issuer": "https://login.evil.example" }));
        assert_eq!(portal.browser().get("/auth/login").await.code(), "provider_unreachable");
    });
}
