//! What a signed call opens is on the system within a pass, and gone within a pass of its end, or of its source's silence.

use chrono::TimeDelta;
use latchkey_domain::{
    AppliedSetId,
    actor::ActorRef,
    event::{EventBody, NewEvent},
};
use latchkey_service::call_ins::{Call, receive};
use latchkey_store::{applied, call_ins as store};
use latchkey_testkit::{World, both_databases};
use serde_json::{Value, json};

use crate::scene::Scene;

/// A source whose shifts open the role, and which is silent after half an hour.
async fn source(s: &Scene, role: &str) {
    let rule = json!({"name": "Shift", "on": "shift", "roles": [role], "max": "12h"});
    let silence = json!({"after_minutes": 30, "then": "end", "fallback": "Ask for it."});
    let body = json!({"silence": silence, "rules": [rule]}).to_string();
    let mut tx = s.world.tx().await;
    let set = AppliedSetId::new(tx.now());
    applied::insert(&mut tx, set, applied::CATALOG, "hash", "a test", "").await.unwrap();
    store::put(&mut tx, None, "on-call", ("On-call schedule", &body, "hash"), set).await.unwrap();
    let body = EventBody::CallSourceApplied { source: "on-call".to_owned(), version: 1, hash: "hash".to_owned() };
    tx.commit(vec![NewEvent::new(ActorRef::Host, body)]).await.unwrap();
}

async fn call(s: &Scene, id: &str, body: Value) {
    let body = body.to_string();
    let call = Call { source: "on-call", id, signed_at: s.world.now(), body: body.as_bytes() };
    let answer = receive(&s.world.db, &*s.world.clock, &call).await.unwrap();
    assert_eq!(answer.code, None, "{}", answer.body);
}

both_databases! {
    async fn a_shift_reaches_the_system_within_a_minute_and_so_does_its_end(world: World) {
        let s = Scene::new(world).await;
        let ann = s.world.person("Ann Berg", None).await;
        let number = s.external_id(ann).await;
        s.simple_role("console").await;
        source(&s, "console").await;
        let worker = s.worker().worker;
        let opened = |reference: &str| json!({"type": "opened", "person": number, "reference": reference});

        call(&s, "1", opened("SHIFT-1")).await;
        s.work_after(TimeDelta::seconds(2)).await;
        assert!(s.holds(ann, "console").await);
        call(&s, "2", json!({"type": "ended", "reference": "SHIFT-1"})).await;
        s.work_after(TimeDelta::seconds(2)).await;
        assert!(!s.holds(ann, "console").await);

        // The source falls silent: the duty of a few seconds finds out, and what it opened goes.
        call(&s, "3", opened("SHIFT-2")).await;
        s.work_after(TimeDelta::seconds(2)).await;
        assert!(s.holds(ann, "console").await);
        s.world.advance(TimeDelta::minutes(29));
        assert_eq!(worker.expire().await.unwrap().sources, 0);
        s.world.advance(TimeDelta::minutes(2));
        assert_eq!(worker.expire().await.unwrap().sources, 2, "found out, and one access ended");
        assert_eq!(worker.expire().await.unwrap().sources, 0);
        s.work_after(TimeDelta::seconds(2)).await;
        assert!(!s.holds(ann, "console").await);
        assert_eq!(s.world.events("call_source_silent").await, 1);

        // A worker that has just started has heard nobody yet: it waits as long.
        call(&s, "4", opened("SHIFT-3")).await;
        s.world.advance(TimeDelta::hours(3));
        assert_eq!(s.worker().worker.expire().await.unwrap().sources, 0);
        assert_eq!(worker.expire().await.unwrap().sources, 2);
    }
}
