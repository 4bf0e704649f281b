//! A company with one directory, a worker, and short words for what happens.

use std::sync::Arc;

use chrono::TimeDelta;
use latchkey_connectors::fake::FakeSystem;
use latchkey_domain::{
    EntitlementId, GrantId, IdentityId, PolicyVersionId, SystemId,
    actor::ActorRef,
    event::NewEvent,
    grant::{GrantEnd, GrantKind, GrantOrigin, GrantState},
    system::SystemKind,
};
use latchkey_reconciler::{Connections, Mailer, Pass, Settings, Stop, Stopper, Worker, stop};
use latchkey_service::{grants as service, justify};
use latchkey_store::{
    Db,
    fulfilments::{self, FulfilmentRow},
    grants, identities,
};
use latchkey_testkit::{Role, World};

/// A company with one directory.
#[derive(Clone)]
pub struct Scene {
    pub world: World,
    pub system: SystemId,
    pub fake: FakeSystem,
    pub connections: Connections,
    policy: PolicyVersionId,
}

/// A worker that can be told to stop.
pub struct Stoppable {
    pub worker: Arc<Worker>,
    pub stopper: Stopper,
}

/// Settings under which the clock may stand still.
pub fn settings(name: &str) -> Settings {
    Settings {
        name: name.to_owned(),
        public_url: "https://latchkey.example.test".to_owned(),
        compare_clocks: false,
        ..Settings::default()
    }
}

/// A policy that asks for this assurance.
pub fn policy(assurance: Option<&str>) -> serde_json::Value {
    let mut policy = serde_json::json!({"schema": 1, "policy": {
        "key": "p", "name": "A policy", "description": "For tests.", "stages": [{"approvers": "manager"}],
        "max_duration": "90d", "default_duration": "30d", "offer": ["30d"],
        "who": ["employee"], "reason": "required", "undecided_after": "14d"}});
    if let Some(need) = assurance {
        policy["policy"]["assurance"] = need.into();
    }
    policy
}

impl Scene {
    pub async fn new(world: World) -> Self {
        let owner = world.person("Olga Owner", None).await;
        let system = world.system("directory", SystemKind::Ldap, Some(owner)).await;
        let policy = world.policy("standard", &policy(None)).await;
        let fake = FakeSystem::new(SystemKind::Ldap);
        let connections = Connections::new();
        connections.connect("directory", Arc::new(fake.clone()));
        Self { world, system, fake, connections, policy }
    }

    pub fn worker(&self) -> Stoppable {
        self.worker_on(self.world.db.clone(), settings("one"), None)
    }

    pub fn worker_on(&self, db: Db, settings: Settings, mailer: Option<Arc<dyn Mailer>>) -> Stoppable {
        let (stopper, heard): (Stopper, Stop) = stop();
        let worker = Worker::new(db, self.world.clock.clone(), self.connections.clone(), settings, mailer, heard);
        Stoppable { worker: Arc::new(worker), stopper }
    }

    /// Works on what is due now.
    pub async fn work(&self) -> Pass {
        self.worker().worker.provision().await.unwrap()
    }

    /// Lets time go by, then works on what is due.
    pub async fn work_after(&self, by: TimeDelta) -> Pass {
        self.world.advance(by);
        self.work().await
    }

    pub async fn entitlement(&self, native: &str) -> EntitlementId {
        self.fake.add_entitlement(native);
        self.world.entitlement(self.system, native).await
    }

    pub async fn role(&self, key: &str, entitlements: &[EntitlementId]) -> Role {
        self.world.role(key, None, self.policy, entitlements).await
    }

    /// A role that gives one new entitlement of the same name.
    pub async fn simple_role(&self, key: &str) -> Role {
        let entitlement = self.entitlement(key).await;
        self.role(key, &[entitlement]).await
    }

    /// Gives a role, as a decision would.
    pub async fn give(&self, who: IdentityId, role: Role) -> GrantId {
        self.give_until(who, role, None).await
    }

    /// Gives a role until some time from now.
    pub async fn give_until(&self, who: IdentityId, role: Role, length: Option<TimeDelta>) -> GrantId {
        let mut tx = self.world.tx().await;
        identities::lock(&mut tx, &[who]).await.unwrap();
        let now = tx.now();
        let id = GrantId::new(now);
        let ends_at = length.map(|l| now + l);
        let (role_id, role_version, origin) = (role.id, role.version, GrantOrigin::Host);
        let new = grants::NewGrant {
            id,
            identity: who,
            role: role_id,
            role_version,
            origin,
            item: None,
            reason: "For the test.".to_owned(),
            state: GrantState::Active,
            starts_at: now,
            ends_at,
            zone: "UTC".to_owned(),
            kind: GrantKind::Standing,
            trial: None,
        };
        let body = grants::insert(&mut tx, &new).await.unwrap();
        let mut events = vec![NewEvent::new(ActorRef::Host, body)];
        events.extend(justify::settle(&mut tx, who, &ActorRef::Host).await.unwrap());
        tx.commit(events).await.unwrap();
        id
    }

    /// Ends a grant, as its holder would by giving it back.
    pub async fn end(&self, grant: GrantId) {
        let mut tx = self.world.tx().await;
        let row = grants::get(&mut tx, grant).await.unwrap().unwrap();
        identities::lock(&mut tx, &[row.identity()]).await.unwrap();
        let mut events = service::end(&mut tx, &row, GrantEnd::GivenBack, &ActorRef::Host).await.unwrap();
        events.extend(justify::settle(&mut tx, row.identity(), &ActorRef::Host).await.unwrap());
        tx.commit(events).await.unwrap();
    }

    /// Everything wanted of somebody.
    pub async fn wanted(&self, who: IdentityId) -> Vec<FulfilmentRow> {
        fulfilments::of_identity(&mut self.world.db.read().await.unwrap(), who).await.unwrap()
    }

    /// The only thing wanted of somebody.
    pub async fn the_one(&self, who: IdentityId) -> FulfilmentRow {
        let mut all = self.wanted(who).await;
        assert_eq!(all.len(), 1, "{all:?}");
        all.remove(0)
    }

    /// Somebody's account.
    pub async fn account(&self, who: IdentityId) -> latchkey_store::accounts::AccountRow {
        let mut all =
            latchkey_store::accounts::of_identity(&mut self.world.db.read().await.unwrap(), who).await.unwrap();
        assert_eq!(all.len(), 1);
        all.remove(0)
    }

    /// Somebody's external id.
    pub async fn external_id(&self, who: IdentityId) -> String {
        identities::person(&mut self.world.db.read().await.unwrap(), who).await.unwrap().unwrap().external_id
    }

    /// The native ids of somebody's accounts on the directory.
    pub async fn on_system(&self, who: IdentityId) -> Vec<String> {
        self.fake.accounts_of(&self.external_id(who).await)
    }

    /// Somebody holds an entitlement on the directory.
    pub async fn holds(&self, who: IdentityId, native: &str) -> bool {
        let members = self.fake.members(native);
        self.on_system(who).await.iter().any(|id| members.contains(id))
    }

    /// How many notices of a kind there are.
    pub async fn notices(&self, kind: &str) -> i64 {
        self.world.number(&format!("select count(*) from notice where kind = '{kind}'")).await
    }

    /// Nobody has a lease, and nothing is due.
    pub async fn assert_at_rest(&self) {
        assert_eq!(self.world.number("select count(*) from account where lease_id is not null").await, 0);
        assert_eq!(self.world.number("select count(*) from account where due_at is not null").await, 0);
        assert_eq!(self.world.number("select count(*) from fulfilment where progress <> 'settled'").await, 0);
    }
}
