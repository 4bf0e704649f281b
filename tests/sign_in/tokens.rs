//! ID tokens that must not open anything: each is refused with its own code and words, opens no session, and is on record.

use std::sync::Arc;

use axum::http::StatusCode;
use chrono::TimeDelta;
use latchkey_service::sign_in::SignInRefusal;
use latchkey_testkit::{World, both_databases};
use serde_json::{Value, json};

use crate::{
    browser::{Answer, parameter},
    fake_provider::{FakeProvider, Key, Signing},
    portal::{Portal, Wish},
};

/// Signs in, and checks that it was refused for this reason and no other.
async fn is_refused(portal: &Portal, reason: SignInRefusal, status: StatusCode) -> Answer {
    let before = portal.refused().await.len();
    let mut browser = portal.browser();
    let answer = portal.sign_in(&mut browser, "/auth/login?return_to=%2Fcatalog").await;
    let code = reason.code();
    assert_eq!((answer.code(), answer.status), (code, status), "{}", answer.body);
    assert_eq!(browser.session_cookie(), None, "{code}: no session");
    assert_eq!(portal.open_sessions().await, 0, "{code}: no session on the server");
    let recorded = portal.refused().await;
    assert_eq!(recorded.get(before..).unwrap(), [code], "it is on record, once");
    // A page that helps: what, why, what to do, the number to quote, and the way back with where one wanted to go.
    let words = reason.words();
    for text in [words.title, words.what, words.why, words.help] {
        let text = latchkey::security::notice::escape(text);
        assert!(answer.body.contains(&text), "{code}: {text} is missing in {}", answer.body);
    }
    assert!(answer.body.contains(answer.header("x-request-id")), "{code}: no request number");
    assert!(answer.body.contains("/auth/login?return_to=%2Fcatalog"), "{code}: no way back");
    answer
}

struct Lie {
    reason: SignInRefusal,
    tell: fn(&FakeProvider),
}

const LIES: &[Lie] = &[
    Lie {
        reason: SignInRefusal::TokenWrongSignature,
        tell: |provider| {
            let impostor = provider.behaviour().published[0].impostor();
            provider.behaviour().signing = Signing::With(impostor);
        },
    },
    Lie { reason: SignInRefusal::TokenUnsigned, tell: |provider| provider.behaviour().signing = Signing::Not },
    Lie {
        reason: SignInRefusal::TokenWrongAlgorithm,
        tell: |provider| provider.behaviour().signing = Signing::ByClientSecret,
    },
    Lie {
        reason: SignInRefusal::TokenUnknownKey,
        tell: |provider| provider.behaviour().signing = Signing::With(Key::new("unheard-of")),
    },
    Lie {
        reason: SignInRefusal::TokenWrongIssuer,
        tell: |provider| provider.says(json!({ "iss": "https://login.evil.example" })),
    },
    Lie {
        reason: SignInRefusal::TokenWrongAudience,
        tell: |provider| provider.says(json!({ "aud": "another-application" })),
    },
    Lie { reason: SignInRefusal::TokenWrongAudience, tell: |provider| provider.says(json!({ "aud": [] })) },
    Lie { reason: SignInRefusal::TokenWrongAudience, tell: |provider| provider.says(json!({ "aud": null })) },
    Lie {
        reason: SignInRefusal::TokenWrongAudience,
        tell: |provider| provider.says(json!({ "aud": ["latchkey", "another-application"] })),
    },
    Lie {
        reason: SignInRefusal::TokenWrongParty,
        tell: |provider| provider.says(json!({ "azp": "another-application" })),
    },
    Lie {
        reason: SignInRefusal::TokenWrongNonce,
        tell: |provider| provider.says(json!({ "nonce": "of another sign-in" })),
    },
    Lie { reason: SignInRefusal::TokenWrongNonce, tell: |provider| provider.says(json!({ "nonce": null })) },
    Lie { reason: SignInRefusal::TokenExpired, tell: |provider| shifted(provider, "exp", -3_600) },
    Lie { reason: SignInRefusal::TokenWrongTime, tell: |provider| shifted(provider, "iat", 3_600) },
    Lie { reason: SignInRefusal::TokenWrongTime, tell: |provider| shifted(provider, "iat", -3_600) },
    Lie {
        reason: SignInRefusal::TokenWrongTime,
        tell: |provider| {
            provider.behaviour().tweak =
                Arc::new(|token| token["nbf"] = (token["iat"].as_i64().unwrap() + 3_600).into());
        },
    },
    Lie { reason: SignInRefusal::TokenMalformed, tell: |provider| provider.says(json!({ "sub": "" })) },
    Lie { reason: SignInRefusal::TokenMalformed, tell: |provider| provider.says(json!({ "sub": null })) },
    Lie { reason: SignInRefusal::TokenMalformed, tell: |provider| provider.says(json!({ "exp": "soon" })) },
    Lie {
        reason: SignInRefusal::TokenMalformed,
        tell: |provider| provider.behaviour().id_token = Some(json!("not.a.token")),
    },
    Lie { reason: SignInRefusal::TokenMalformed, tell: |provider| provider.behaviour().id_token = Some(Value::Null) },
];

/// Moves one of the token's times.
fn shifted(provider: &FakeProvider, claim: &'static str, by: i64) {
    provider.behaviour().tweak = Arc::new(move |token| token[claim] = (token[claim].as_i64().unwrap() + by).into());
}

both_databases! {
    async fn every_lie_of_a_provider_is_refused_and_on_record(world: World) {
        world.person("Ada Berg", None).await;
        let portal = Portal::new(world).await;
        let honest = Signing::With(portal.provider.behaviour().published[0].clone());
        for lie in LIES {
            portal.provider.says(json!({}));
            portal.provider.behaviour().signing = honest.clone();
            portal.provider.behaviour().id_token = None;
            (lie.tell)(&portal.provider);
            is_refused(&portal, lie.reason, StatusCode::BAD_GATEWAY).await;
        }
        // The same provider, honest again, lets the same person in: it was the lies that kept them out.
        portal.provider.says(json!({}));
        portal.provider.behaviour().signing = honest;
        portal.provider.behaviour().id_token = None;
        portal.signed_in().await;
        assert_eq!(portal.events("signed_in").await.len(), 1);
    }

    async fn without_evidence_of_a_second_factor_nobody_comes_in(world: World) {
        world.person("Ada Berg", None).await;
        let portal = Portal::new(world).await;
        for evidence in [
            json!({ "amr": null, "acr": null }),
            json!({ "amr": ["pwd"], "acr": null }),
            json!({ "amr": [], "acr": "urn:password" }),
        ] {
            portal.provider.says(evidence);
            is_refused(&portal, SignInRefusal::MfaMissing, StatusCode::FORBIDDEN).await;
        }
        portal.provider.says(json!({ "amr": null }));
        portal.signed_in().await;
    }
}

both_databases! {
    async fn too_little_evidence_leads_back_once(world: World) {
        world.person("Ada Berg", None).await;
        let wish = Wish { oidc: "step_up = { acr_values = [\"urn:mfa\", \"urn:key\"] }", ..Wish::default() };
        let portal = Portal::with(world, wish).await;
        portal.provider.says(json!({ "amr": ["pwd"], "acr": null }));
        let mut browser = portal.browser();
        let start = browser.get("/auth/login?return_to=%2Fcatalog%3Fq%3Dpayroll").await;
        let question = url::Url::parse(start.location()).unwrap();
        assert_eq!(parameter(&question, "acr_values"), None, "nothing is asked for before it is missing");
        let again = portal.come_back(&mut browser, &start).await;
        let question = url::Url::parse(again.location()).unwrap();
        assert_eq!(parameter(&question, "acr_values").as_deref(), Some("urn:mfa urn:key"));
        assert_eq!(portal.refused().await.len(), 0, "a step up is no failure");
        // Having asked is no evidence: the same token is refused now, without another round.
        let refused = portal.come_back(&mut browser, &again).await;
        assert_eq!((refused.code(), refused.status), ("mfa_missing", StatusCode::FORBIDDEN));
        // And with evidence the way leads to where it began.
        let start = browser.get("/auth/login?return_to=%2Fcatalog%3Fq%3Dpayroll").await;
        let again = portal.come_back(&mut browser, &start).await;
        portal.provider.says(json!({}));
        let done = portal.come_back(&mut browser, &again).await;
        assert_eq!(done.location(), "/catalog?q=payroll");
        assert!(browser.get("/who").await.body.contains("\"mfa\":true"));
    }
}

#[test]
fn what_is_asked_for_in_a_step_up_is_a_setting() {
    latchkey_testkit::sqlite("what_is_asked_for_in_a_step_up_is_a_setting", |world| async move {
        for (oidc, name, value) in [
            ("", "prompt", "login"),
            (
                "step_up = { claims = { id_token = { acr = { essential = true, values = [\"2\"] } } } }",
                "claims",
                "{\"id_token\":{\"acr\":{\"essential\":true,\"values\":[\"2\"]}}}",
            ),
        ] {
            let portal = Portal::with(world.clone(), Wish { oidc, ..Wish::default() }).await;
            portal.provider.says(json!({ "amr": ["pwd"], "acr": null }));
            let mut browser = portal.browser();
            let start = browser.get("/auth/login").await;
            let again = portal.come_back(&mut browser, &start).await;
            let question = url::Url::parse(again.location()).unwrap();
            assert_eq!(parameter(&question, name).as_deref(), Some(value));
        }
    });
}

#[test]
fn a_sign_in_at_the_provider_can_be_too_long_ago() {
    latchkey_testkit::sqlite("a_sign_in_at_the_provider_can_be_too_long_ago", |world| async move {
        world.person("Ada Berg", None).await;
        let portal = Portal::with(world, Wish { oidc: "max_age = \"1h\"", ..Wish::default() }).await;
        let mut browser = portal.browser();
        let start = browser.get("/auth/login").await;
        assert_eq!(parameter(&url::Url::parse(start.location()).unwrap(), "max_age").as_deref(), Some("3600"));
        portal.provider.behaviour().tweak = Arc::new(|token| {
            token["auth_time"] = (token["iat"].as_i64().unwrap() - 4_000).into();
        });
        is_refused(&portal, SignInRefusal::AuthTooOld, StatusCode::FORBIDDEN).await;
        portal.provider.says(json!({ "auth_time": null }));
        is_refused(&portal, SignInRefusal::AuthTooOld, StatusCode::FORBIDDEN).await;
        portal.provider.says(json!({}));
        portal.signed_in().await;
    });
}

#[test]
fn an_exception_for_a_silent_provider_is_named_in_the_session_and_the_log() {
    latchkey_testkit::sqlite("an_exception_for_a_silent_provider", |world| async move {
        world.person("Ada Berg", None).await;
        let wish = Wish {
            mfa: "",
            oidc: "mfa_enforced_exception = { owner = \"E0012\", ends = \"2027-03-01\" }",
            ..Wish::default()
        };
        let portal = Portal::with(world, wish).await;
        portal.provider.says(json!({ "amr": null, "acr": null }));
        let mut browser = portal.signed_in().await;
        let who = browser.get("/who").await.body;
        assert!(who.contains("E0012 answers for it until 2027-03-01"), "{who}");
        let texts = portal.world.texts("select text from event_text where name = 'exception'").await;
        assert_eq!(texts, ["E0012 answers for it until 2027-03-01"]);
        // The day is over in Berlin at 23:00 UTC.
        portal.world.advance(TimeDelta::hours(14));
        let refused = portal.sign_in(&mut portal.browser(), "/auth/login").await;
        assert_eq!(refused.code(), "mfa_missing");
    });
}

both_databases! {
    async fn a_new_key_is_fetched_once_and_not_at_anybodys_wish(world: World) {
        world.person("Ada Berg", None).await;
        let portal = Portal::new(world).await;
        portal.signed_in().await;
        assert_eq!(portal.provider.behaviour().keys_fetched, 1);
        // The provider changes its key; the first token with it makes us look.
        portal.world.advance(TimeDelta::seconds(31));
        let newer = Key::new("second");
        portal.provider.behaviour().published = vec![newer.clone()];
        portal.provider.behaviour().signing = Signing::With(newer);
        portal.signed_in().await;
        portal.signed_in().await;
        assert_eq!(portal.provider.behaviour().keys_fetched, 2);
        // Tokens with invented keys don't make us look again and again.
        portal.provider.behaviour().signing = Signing::With(Key::new("invented"));
        for _ in 0..3 {
            let refused = portal.sign_in(&mut portal.browser(), "/auth/login").await;
            assert_eq!(refused.code(), "token_unknown_key");
        }
        assert_eq!(portal.provider.behaviour().keys_fetched, 2);
        portal.world.advance(TimeDelta::seconds(31));
        portal.sign_in(&mut portal.browser(), "/auth/login").await;
        assert_eq!(portal.provider.behaviour().keys_fetched, 3);
    }
}
