//! Drift on a system of the company, and a pass that its brake stopped.

use latchkey_domain::{
    DriftId, EntitlementId, LeaseId, PassId, SystemId,
    actor::ActorRef,
    drift::DriftKind,
    event::{EventBody, NewEvent},
};
use latchkey_store::{
    drift::{self, NewDrift},
    passes::{self, PassTotals},
    systems,
};
use latchkey_testkit::World;

/// So many lines on the first system, and a pass that waits for somebody.
pub async fn found(world: &World, lines: usize) -> (DriftId, PassId) {
    let mut tx = world.tx().await;
    let system = SystemId(systems::by_key(&mut tx, "system-0").await.unwrap().unwrap().id);
    let entitlement = EntitlementId(systems::entitlements_of(&mut tx, system).await.unwrap()[0].id);
    let mut last = None;
    for n in 0..lines {
        let new = NewDrift {
            kind: DriftKind::Access,
            native_id: format!("uid=stranger{n}"),
            login: format!("stranger{n}"),
            entitlement: Some(entitlement),
            account: None,
            identity: None,
            display_name: "Somebody else".to_owned(),
            email: None,
            enabled: Some(true),
            last_used_at: None,
        };
        last = Some(drift::insert(&mut tx, system, &new).await.unwrap());
    }
    let now = world.now();
    let lease = LeaseId::new(now);
    let pass = passes::begin(&mut tx, system, None, lease, now + chrono::TimeDelta::minutes(1)).await.unwrap().unwrap();
    let found = lines as u64;
    let totals = PassTotals { accounts: 40, holdings: 90, found, gone: 0, braked: Some(found) };
    passes::done(&mut tx, pass, lease, totals).await.unwrap();
    let body = EventBody::SystemCompared { system, pass, accounts: 40, holdings: 90, found, gone: 0 };
    tx.commit(vec![NewEvent::new(ActorRef::Host, body)]).await.unwrap();
    (last.unwrap(), pass)
}
