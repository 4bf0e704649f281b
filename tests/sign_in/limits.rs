//! How often somebody may try.

use axum::http::StatusCode;
use chrono::TimeDelta;
use latchkey_service::{rate_limit::Limit, sign_in::SignInLimits};
use latchkey_testkit::{World, both_databases};
use serde_json::json;

use crate::portal::{Portal, Wish};

const fn limit(name: &'static str, most: i64) -> Limit {
    Limit { name, most, window: TimeDelta::minutes(10) }
}

/// So wide that no test meets them by accident.
pub const WIDE: SignInLimits = SignInLimits {
    starts_per_address: limit("a", 10_000),
    answers_per_address: limit("b", 10_000),
    failures_per_address: limit("c", 10_000),
    sign_ins_per_person: limit("d", 10_000),
    failures_per_person: limit("e", 10_000),
};

async fn portal(world: World, limits: SignInLimits) -> Portal {
    Portal::with(world, Wish { limits, ..Wish::default() }).await
}

both_databases! {
    async fn sign_ins_from_one_address_are_limited(world: World) {
        let limits = SignInLimits { starts_per_address: limit("starts", 3), ..WIDE };
        let portal = portal(world, limits).await;
        let mut browser = portal.browser();
        for _ in 0..3 {
            assert!(browser.get("/auth/login").await.status.is_redirection());
        }
        for _ in 0..5 {
            let page = browser.get("/auth/login").await;
            assert_eq!((page.code(), page.status), ("too_many_attempts", StatusCode::TOO_MANY_REQUESTS));
            let wait: i64 = page.header("retry-after").parse().unwrap();
            assert!((1..=600).contains(&wait));
        }
        assert_eq!(portal.refused().await, ["too_many_attempts"], "one line says it, not five");
        // Another address is not kept out, and the window ends.
        let mut other = portal.browser();
        other.address = "203.0.113.9:1".parse().unwrap();
        assert!(other.get("/auth/login").await.status.is_redirection());
        portal.world.advance(TimeDelta::minutes(10));
        assert!(browser.get("/auth/login").await.status.is_redirection());
    }

    async fn answers_from_one_address_are_limited(world: World) {
        world.person("Ada Berg", None).await;
        let limits = SignInLimits { answers_per_address: limit("answers", 1), ..WIDE };
        let portal = portal(world, limits).await;
        portal.signed_in().await;
        let refused = portal.sign_in(&mut portal.browser(), "/auth/login").await;
        assert_eq!(refused.code(), "too_many_attempts");
    }

    async fn failures_from_one_address_close_the_door_for_a_while(world: World) {
        world.person("Ada Berg", None).await;
        let limits = SignInLimits { failures_per_address: limit("failures", 3), ..WIDE };
        let portal = portal(world, limits).await;
        let mut browser = portal.browser();
        for _ in 0..3 {
            assert_eq!(browser.get("/auth/callback?state=invented&code=x").await.code(), "attempt_unknown");
        }
        for _ in 0..4 {
            assert_eq!(browser.get("/auth/callback?state=invented&code=x").await.code(), "too_many_attempts");
        }
        assert_eq!(browser.get("/auth/login").await.code(), "too_many_attempts");
        let mut expected = vec!["attempt_unknown"; 3];
        expected.push("too_many_attempts");
        assert_eq!(portal.refused().await, expected, "a flood at the door is no flood in the log");
        portal.world.advance(TimeDelta::minutes(10));
        portal.signed_in().await;
    }

    async fn one_person_is_limited_from_everywhere(world: World) {
        world.person("Ada Berg", None).await;
        world.person("Bo Lind", None).await;
        let limits = SignInLimits { failures_per_person: limit("failures", 2), sign_ins_per_person: limit("all", 4), ..WIDE };
        let portal = portal(world, limits).await;
        portal.provider.says(json!({ "amr": ["pwd"], "acr": null }));
        for number in 1..=2 {
            let mut browser = portal.browser();
            browser.address = format!("203.0.113.{number}:1").parse().unwrap();
            assert_eq!(portal.sign_in(&mut browser, "/auth/login").await.code(), "mfa_missing");
        }
        // Even with the right factor, from yet another address.
        portal.provider.says(json!({}));
        let mut browser = portal.browser();
        assert_eq!(portal.sign_in(&mut browser, "/auth/login").await.code(), "too_many_attempts");
        // Nobody else is kept out.
        portal.provider.says(json!({ "sub": "sub-2", "employee_number": "E0002" }));
        for _ in 0..4 {
            portal.signed_in().await;
        }
        let refused = portal.sign_in(&mut portal.browser(), "/auth/login").await;
        assert_eq!(refused.code(), "too_many_attempts", "more sign-ins than a person makes");
    }

    async fn old_counters_and_sign_ins_under_way_are_forgotten(world: World) {
        let portal = portal(world, WIDE).await;
        portal.browser().get("/auth/login").await;
        let clock = &*portal.world.clock;
        let left = "select (select count(*) from rate_limit) + (select count(*) from session)";
        assert_eq!(portal.world.number(left).await, 2);
        latchkey_service::sessions::sweep(&portal.world.db, clock).await.unwrap();
        assert_eq!(portal.world.number(left).await, 2);
        portal.world.advance(TimeDelta::days(2));
        latchkey_service::sessions::sweep(&portal.world.db, clock).await.unwrap();
        assert_eq!(portal.world.number(left).await, 0);
    }
}
