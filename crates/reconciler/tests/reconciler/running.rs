//! The loops together: signals, time, stopping, and a connector with a bug.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use chrono::TimeDelta;
use latchkey_connectors::{
    AccountSpec, AccountState, CallError, Change, Connector, EntitlementRef, Health, Lookup, Observed, SystemKind,
    fake::{FakeSystem, Fault, Op},
};
use latchkey_domain::{
    RoleVersionId,
    actor::ActorRef,
    event::{EventBody, NewEvent},
};
use latchkey_store::{catalog::roles, grants};
use latchkey_testkit::{World, both_databases};

use crate::scene::{Scene, settings};

/// Waits until something is so, for at most some seconds.
async fn until<F: Future<Output = bool>>(what: &str, check: impl Fn() -> F) {
    let begin = tokio::time::Instant::now();
    while !check().await {
        assert!(begin.elapsed() < Duration::from_secs(10), "waited in vain until {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// A connector that panics when it looks for one person.
struct Buggy {
    fake: FakeSystem,
    victim: String,
}

#[async_trait]
impl Connector for Buggy {
    fn kind(&self) -> SystemKind {
        self.fake.kind()
    }
    fn deadline(&self) -> Duration {
        self.fake.deadline()
    }
    async fn check(&self) -> Result<Health, CallError> {
        self.fake.check().await
    }
    async fn find(&self, spec: &AccountSpec, among: &[EntitlementRef]) -> Result<Lookup, CallError> {
        assert!(spec.external_id != self.victim, "a bug, on purpose");
        self.fake.find(spec, among).await
    }
    async fn create(&self, spec: &AccountSpec) -> Result<Observed, CallError> {
        self.fake.create(spec).await
    }
    async fn set_state(&self, native_id: &str, state: AccountState) -> Result<Change, CallError> {
        self.fake.set_state(native_id, state).await
    }
    async fn grant(&self, native_id: &str, entitlement: &EntitlementRef) -> Result<Change, CallError> {
        self.fake.grant(native_id, entitlement).await
    }
    async fn remove(&self, native_id: &str, entitlement: &EntitlementRef) -> Result<Change, CallError> {
        self.fake.remove(native_id, entitlement).await
    }
    async fn read(&self, native_id: &str, among: &[EntitlementRef]) -> Result<Option<Observed>, CallError> {
        self.fake.read(native_id, among).await
    }
}

both_databases! {
    async fn a_running_worker_gives_ends_and_stops(world: World) {
        let scene = Scene::new(world).await;
        let role = scene.simple_role("vpn").await;
        let ann = scene.world.person("Ann Berg", None).await;
        let slow = latchkey_reconciler::Settings { period: Duration::from_secs(3600), ..settings("runner") };
        let runner = scene.worker_on(scene.world.db.clone(), slow, None);
        let worker = runner.worker.clone();
        let task = tokio::spawn(async move { worker.run().await });
        let one_is_there = || async { scene.world.number("select count(*) from worker").await == 1 };
        until("the worker gave a sign of life", one_is_there).await;

        // By signal: its period is an hour.
        scene.give_until(ann, role, Some(TimeDelta::hours(1))).await;
        until("access is there", || scene.holds(ann, "vpn")).await;
        // Time ends it, and that is a signal again.
        scene.world.advance(TimeDelta::hours(2));
        until("access is gone", || async { !scene.holds(ann, "vpn").await }).await;
        assert_eq!(scene.world.events("grant_ended").await, 1);

        runner.stopper.stop();
        tokio::time::timeout(Duration::from_secs(5), task).await.unwrap().unwrap();
        assert_eq!(scene.world.number("select count(*) from worker").await, 0, "it signed off");
        scene.assert_at_rest().await;
    }

    /// A grant that was made from an older version while a new one was being applied moves on by itself.
    async fn a_running_worker_has_grants_follow_their_role(world: World) {
        let scene = Scene::new(world).await;
        let role = scene.simple_role("vpn").await;
        let mail = scene.entitlement("mail").await;
        let ann = scene.world.person("Ann Berg", None).await;
        scene.world.advance(TimeDelta::seconds(1));
        let mut tx = scene.world.tx().await;
        let mut next = roles::in_force_of(&mut tx, role.id).await.unwrap().unwrap();
        let version = RoleVersionId::new(tx.now());
        (next.id, next.version) = (version.0, 2);
        roles::add_version(&mut tx, &next, &[mail.0], None).await.unwrap();
        tx.commit(vec![NewEvent::new(ActorRef::Host, EventBody::RestoreConfirmed { epoch: 1 })]).await.unwrap();
        let grant = scene.give(ann, role).await;

        let runner = scene.worker();
        let worker = runner.worker.clone();
        let task = tokio::spawn(async move { worker.run().await });
        until("the grant has moved", || async { scene.holds(ann, "mail").await && !scene.holds(ann, "vpn").await }).await;
        runner.stopper.stop();
        tokio::time::timeout(Duration::from_secs(5), task).await.unwrap().unwrap();
        let mut c = scene.world.db.read().await.unwrap();
        assert_eq!(grants::get(&mut c, grant).await.unwrap().unwrap().role_version_id, version.0);
        drop(c);
        assert_eq!(scene.world.events("grant_moved").await, 1);
        assert_eq!(scene.worker().worker.follow_versions().await.unwrap(), 0);
    }

    async fn stopping_finishes_the_call_saves_it_and_gives_the_leases_back(world: World) {
        let scene = Scene::new(world).await;
        let (vpn, mail) = (scene.entitlement("vpn").await, scene.entitlement("mail").await);
        let role = scene.role("starter", &[vpn, mail]).await;
        let ann = scene.world.person("Ann Berg", None).await;
        scene.give(ann, role).await;
        scene.fake.fail_next_on(Op::Grant, 1, Fault::Freeze);
        let runner = scene.worker();
        let worker = runner.worker.clone();
        let task = tokio::spawn(async move { worker.run().await });
        scene.fake.until_frozen(1).await;
        runner.stopper.stop();
        tokio::time::sleep(Duration::from_millis(50)).await;
        assert!(!task.is_finished(), "it waits for the call under way");
        scene.fake.thaw();
        tokio::time::timeout(Duration::from_secs(5), task).await.unwrap().unwrap();

        assert_eq!(scene.world.number("select count(*) from account where lease_id is not null").await, 0);
        assert_eq!(scene.world.number("select count(*) from fulfilment where progress = 'settled'").await, 1, "what was done is saved");
        assert_eq!(scene.world.number("select count(*) from fulfilment where progress = 'due'").await, 1, "the rest is due");
        // The next one goes on at once, without waiting for a lease.
        assert_eq!(scene.work().await.confirmed, 1);
        scene.assert_at_rest().await;
    }

    async fn a_connector_with_a_bug_harms_only_the_account_that_meets_it(world: World) {
        let scene = Scene::new(world).await;
        let role = scene.simple_role("vpn").await;
        let mut people = vec![];
        for n in 0..5 {
            let who = scene.world.person(&format!("Person{n} Test"), None).await;
            scene.give(who, role).await;
            people.push(who);
        }
        let victim = scene.external_id(people[2]).await;
        scene.connections.connect("directory", Arc::new(Buggy { fake: scene.fake.clone(), victim }));
        let pass = scene.work().await;
        assert_eq!((pass.confirmed, pass.dropped), (4, 1));
        assert!(!scene.holds(people[2], "vpn").await);

        scene.connections.connect("directory", Arc::new(scene.fake.clone()));
        assert_eq!(scene.work_after(TimeDelta::seconds(61)).await.confirmed, 1);
        scene.assert_at_rest().await;
    }
}
