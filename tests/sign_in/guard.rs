//! Changes from elsewhere, and the headers of every answer.

use axum::http::{Method, StatusCode};
use chrono::TimeDelta;
use latchkey_testkit::{World, both_databases};

use crate::portal::{ORIGIN, Portal};

both_databases! {
    async fn a_change_from_another_origin_changes_nothing_and_is_on_record(world: World) {
        world.person("Ada Berg", None).await;
        let portal = Portal::new(world).await;
        let mut browser = portal.signed_in().await;
        let foreign: [&[(&str, &str)]; 7] = [
            &[],
            &[("origin", "https://evil.example")],
            &[("origin", "null")],
            &[("origin", "http://localhost:7401")],
            &[("origin", "http://localhost:7400.evil.example")],
            &[("sec-fetch-site", "cross-site")],
            &[("origin", ORIGIN), ("sec-fetch-site", "same-site")],
        ];
        for headers in foreign {
            for (method, path) in [(Method::POST, "/do/remember"), (Method::POST, "/auth/logout"), (Method::DELETE, "/who")] {
                let page = browser.send(method, path, headers, "x").await;
                assert_eq!((page.status, page.code()), (StatusCode::FORBIDDEN, "foreign_origin"), "{headers:?}");
                assert!(page.body.contains("Nothing was changed."), "{}", page.body);
                assert!(page.body.contains(page.header("x-request-id")));
            }
            portal.world.advance(TimeDelta::minutes(1));
        }
        assert_eq!(browser.get("/remembered").await.body, "", "nothing was remembered, and nobody was signed out");
        let recorded = portal.events("foreign_change_refused").await;
        assert_eq!(recorded.len(), 7, "one line a minute for an address");
        assert_eq!(recorded[1]["origin"], "https://evil.example");
        assert_eq!(recorded[1]["path"], "/do/remember");
        assert_eq!(browser.post("/do/remember", "ours").await.status, StatusCode::SEE_OTHER);
        assert_eq!(browser.get("/remembered").await.body, "ours");
    }
}

#[test]
fn every_answer_has_its_headers_and_every_page_its_nonce() {
    latchkey_testkit::sqlite("every_answer_has_its_headers", |world| async move {
        let portal = Portal::new(world).await;
        let mut browser = portal.browser();
        let mut seen = vec![];
        for path in ["/auth/logout", "/auth/callback", "/auth/login", "/nowhere", "/who"] {
            let answer = browser.get(path).await;
            assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
            assert_eq!(answer.header("referrer-policy"), "same-origin", "{path}");
            assert_eq!(answer.header("cross-origin-opener-policy"), "same-origin", "{path}");
            assert!(!answer.header("permissions-policy").is_empty(), "{path}");
            assert_eq!(answer.header("x-request-id").len(), 10, "{path}");
            let policy = answer.header("content-security-policy").to_owned();
            assert!(policy.starts_with("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "{policy}");
            assert!(!policy.contains("unsafe-inline"), "{policy}");
            if answer.header("content-type").starts_with("text/html") {
                assert!(policy.contains("'strict-dynamic' 'wasm-unsafe-eval'"), "{policy}");
                assert!(policy.contains(&format!("form-action 'self' {}", portal.provider.issuer)), "{policy}");
                assert_eq!(answer.header("cache-control"), "no-store");
                assert!(!seen.contains(&policy), "a nonce is used once");
                seen.push(policy);
            }
        }
        assert_eq!(seen.len(), 2);
    });
}
