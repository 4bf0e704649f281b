//! Signed calls through the whole router, signed by another program than ours; and the pages that tell of them.

use axum::http::StatusCode;
use latchkey_domain::actor::Actor;
use latchkey_service::apply_catalog::apply_catalog;
use latchkey_testkit::{World, both_databases};
use serde_json::{Value, json};
use standardwebhooks::Webhook;

use crate::portal::{Answer, CALL_IN_SECRETS, Portal};

const PATH: &str = "/api/v1/call-ins/on-call";

const CATALOG: &[(&str, &str)] = &[
    (
        "policies.toml",
        r#"[[policy]]
key = "standard"
name = "Manager decides"
description = "Everyday access."
stages = [ { approvers = "manager", fallback = "owner" } ]
max_duration = "90d"
default_duration = "30d"
offer = ["30d"]
who = ["employee"]
reason = "required"
undecided_after = "14d"
"#,
    ),
    (
        "systems/shop.toml",
        r#"[system]
key = "shop"
name = "Shop"
kind = "scim"
description = "Orders."
owner = "E0001"
account_name = "{email_local}"

[[entitlement]]
key = "orders"
kind = "app-role"
name = "Orders"
native = "orders"
description = "See and change orders."
"#,
    ),
    (
        "roles/shop.toml",
        r#"[[role]]
key = "order-console"
name = "Order console"
description = "Mend orders that got stuck."
owner = "E0001"
risk = "medium"
tags = []
policy = "standard"
entitlements = ["shop/orders"]
"#,
    ),
    (
        "sources.toml",
        r#"[[source]]
key = "on-call"
name = "On-call schedule"
silent_after = "30m"
when_silent = "end"
fallback = "Ask for the role as usual."

[[source.rule]]
name = "Shift of the order team"
on = "shift"
roles = ["order-console"]
max = "12h"
"#,
    ),
];

async fn set_up(world: World) -> Portal {
    let boss = world.person("Bea Boss", None).await;
    world.person("Ann Berg", Some(boss)).await;
    let files: Vec<_> = CATALOG.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect();
    apply_catalog(&world.db, world.clock.as_ref(), &Actor::Host, "catalog", &files, false).await.unwrap();
    Portal::new(world).await
}

fn opened() -> Value {
    json!({"type": "opened", "person": "E0002", "reference": "SHIFT-7"})
}

/// A call as a sender makes it, signed so many seconds from now.
async fn call(portal: &Portal, path: &str, secret: &str, id: &str, seconds: i64, body: &str) -> Answer {
    let at = portal.world.now().timestamp() + seconds;
    let signature = Webhook::new(secret).unwrap().sign(id, at, body.as_bytes()).unwrap();
    portal
        .call(
            path,
            &[("webhook-id", id), ("webhook-timestamp", &at.to_string()), ("webhook-signature", &signature)],
            body,
        )
        .await
}

async fn good(portal: &Portal, id: &str, body: &Value) -> Answer {
    call(portal, PATH, CALL_IN_SECRETS[0], id, 0, &body.to_string()).await
}

fn json_of(answer: &Answer) -> Value {
    serde_json::from_str(&answer.body).unwrap_or_else(|e| panic!("{e}: {}", answer.body))
}

async fn grants(portal: &Portal) -> i64 {
    portal.world.number("select count(*) from role_grant where origin = 'call_in' and state = 'active'").await
}

both_databases! {
    /// No cookie and no origin, as programs are; a cookie that comes along has no say.
    async fn a_signed_call_opens_and_ends_and_needs_neither_cookie_nor_origin(world: World) {
        let portal = set_up(world).await;
        let answer = good(&portal, "call-1", &opened()).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
        let said = json_of(&answer);
        assert_eq!((&said["outcome"], &said["roles"][0]["role"]), (&json!("opened"), &json!("order-console")));
        assert_eq!(grants(&portal).await, 1);
        // The same call again: the same answer, and nothing is done.
        let events = portal.world.number("select count(*) from event").await;
        let again = good(&portal, "call-1", &opened()).await;
        assert_eq!((again.status, json_of(&again)), (StatusCode::OK, said));
        assert_eq!(portal.world.number("select count(*) from event").await, events);
        // The other secret counts as well: one is changed for the next.
        let ended = json!({"type": "ended", "reference": "SHIFT-7"}).to_string();
        let answer = call(&portal, PATH, CALL_IN_SECRETS[1], "call-2", 0, &ended).await;
        assert_eq!((answer.status, &json_of(&answer)["ended"]), (StatusCode::OK, &json!(1)));
        assert_eq!(grants(&portal).await, 0);
        let answer = good(&portal, "call-3", &json!({"type": "heartbeat"})).await;
        assert_eq!((answer.status, &json_of(&answer)["outcome"]), (StatusCode::OK, &json!("heard")));
        portal.close().await;
    }

    async fn what_is_not_signed_does_nothing_and_learns_nothing(world: World) {
        let portal = set_up(world).await;
        let body = opened().to_string();
        let stranger = "whsec_c29tZWJvZHkgZWxzZSdzIHNlY3JldCBzZWNyZXQ=";
        let wrong = call(&portal, PATH, stranger, "call-1", 0, &body).await;
        assert_eq!(wrong.status, StatusCode::UNAUTHORIZED);
        assert_eq!(wrong.header("content-type"), "application/problem+json");
        assert_eq!(json_of(&wrong)["code"], json!("call_in.not_signed"));
        let secret = CALL_IN_SECRETS[0];
        let unknown = call(&portal, "/api/v1/call-ins/no-such-source", secret, "call-1", 0, &body).await;
        assert_eq!((unknown.status, &unknown.body), (wrong.status, &wrong.body), "nobody learns which sources there are");
        for seconds in [-301, 301] {
            let old = call(&portal, PATH, secret, "call-1", seconds, &body).await;
            assert_eq!((old.status, &old.body), (wrong.status, &wrong.body), "{seconds}");
        }
        let at = portal.world.now().timestamp();
        let signature = Webhook::new(secret).unwrap().sign("call-1", at, body.as_bytes()).unwrap();
        let at = at.to_string();
        for headers in [
            vec![],
            vec![("webhook-id", "call-1"), ("webhook-timestamp", at.as_str())],
            vec![("webhook-id", "call-2"), ("webhook-timestamp", at.as_str()), ("webhook-signature", signature.as_str())],
        ] {
            let answer = portal.call(PATH, &headers, &body).await;
            assert_eq!((answer.status, &answer.body), (wrong.status, &wrong.body), "{headers:?}");
        }
        assert_eq!(grants(&portal).await, 0);
        assert_eq!(portal.world.number("select count(*) from call_in").await, 0);
        assert_eq!(portal.world.events("call_in_refused").await, 1, "one in a minute is on record");
        for n in 0..40 {
            call(&portal, PATH, stranger, &format!("call-{n}"), 0, &body).await;
        }
        let answer = call(&portal, PATH, stranger, "call-99", 0, &body).await;
        assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS);
        assert!(!answer.header("retry-after").is_empty());
        // Whoever has the secret isn't kept out by that.
        assert_eq!(good(&portal, "call-100", &opened()).await.status, StatusCode::OK);
        portal.close().await;
    }

    async fn promise_10_a_refusal_says_what_is_wrong_and_what_helps(world: World) {
        let portal = set_up(world).await;
        for (id, body, status, code) in [
            ("a", json!({"type": "opened", "person": "E0002"}), StatusCode::UNPROCESSABLE_ENTITY, "unreadable"),
            ("b", json!({"type": "opened", "person": "E9", "reference": "X"}), StatusCode::UNPROCESSABLE_ENTITY, "person_unknown"),
            ("c", json!({"type": "opened", "person": "E0002", "reference": "X", "role": "root"}), StatusCode::CONFLICT, "no_rule"),
            ("c", opened(), StatusCode::CONFLICT, "id_used"),
        ] {
            let answer = good(&portal, id, &body).await;
            let said = json_of(&answer);
            assert_eq!((answer.status, &said["code"]), (status, &json!(format!("call_in.{code}"))), "{body}");
            assert!(!said["detail"].as_str().unwrap().is_empty() && !said["help"].as_str().unwrap().is_empty(), "{said}");
        }
        let large = json!({"type": "opened", "person": "E0002", "reference": "x".repeat(17_000)});
        let answer = good(&portal, "large", &large).await;
        assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE, "{}", answer.body);
        assert_eq!(grants(&portal).await, 0);
        portal.close().await;
    }

    async fn pages_tell_who_opened_what_and_what_may(world: World) {
        let portal = set_up(world).await;
        let ann = portal.world.number("select count(*) from person").await;
        assert_eq!(ann, 2);
        good(&portal, "call-1", &opened()).await;
        good(&portal, "call-2", &json!({"type": "opened", "person": "E0002", "reference": "X", "role": "root"})).await;
        let mut c = portal.world.db.read().await.unwrap();
        let person = latchkey_store::identities::by_external_id(&mut c, "E0002").await.unwrap().unwrap();
        let boss = latchkey_store::identities::by_external_id(&mut c, "E0001").await.unwrap().unwrap();
        let role = latchkey_store::catalog::roles::by_key(&mut c, "order-console").await.unwrap().unwrap().role_id;
        drop(c);
        let reader = portal.signed_in(person.id.into(), 1).await;
        let home = portal.get(&reader, "/").await.body;
        assert!(home.contains("Opened by On-call schedule for SHIFT-7"), "{home}");
        assert!(home.contains("End now"), "its holder ends it at any moment");
        let page = portal.get(&reader, &format!("/roles/{role}")).await.body;
        assert!(page.contains("A shift in On-call schedule can open it"), "{page}");
        assert_eq!(portal.get(&reader, "/admin/sources").await.status, StatusCode::NOT_FOUND);
        latchkey_service::add_administrator::add_administrator(
            &portal.world.db,
            portal.world.clock.as_ref(),
            &Actor::Host,
            "E0001",
        )
        .await
        .unwrap();
        let admin = portal.signed_in(boss.id.into(), 2).await;
        let page = portal.get(&admin, "/admin/sources").await.body;
        for words in ["On-call schedule", "/api/v1/call-ins/on-call", "Ask for the role as usual.", "Opened 1 role", "Refused: no rule of the source fits it", "calls that it signs are taken"] {
            assert!(page.contains(words), "{words} is missing: {page}");
        }
        portal.close().await;
    }
}
