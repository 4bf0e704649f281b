//! What a test starts with, and what it can put in.

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use chrono::TimeDelta;
use latchkey_domain::{
    AccountId, EntitlementId, FulfilmentId, GrantId, IdentityId, Instant, PolicyVersionId, RoleId, RoleVersionId,
    SeparationRuleId, SystemId,
    actor::{Actor, ActorRef, PersonActor},
    assurance::Assurance,
    clock::{Clock, ManualClock},
    event::{EventBody, NewEvent},
    fulfilment::Presence,
    identity::{EmploymentType, Status},
    role::Risk,
    system::SystemKind,
};
use latchkey_store::{
    Db, Tx, Url, installation,
    testing::{self, PersonSpec, RoleSpec},
};

/// When every test world begins: a Monday morning.
pub const START: &str = "2027-03-01T09:00:00Z";

/// A fresh, migrated, empty installation.
#[derive(Clone)]
pub struct World {
    /// The database.
    pub db: Db,
    /// The time, which stands still until it is moved.
    pub clock: Arc<ManualClock>,
    /// Where the database is, for a second process's view of it.
    pub url: Url,
    /// Counts the people, for their external ids.
    pub counter: Arc<AtomicU32>,
    /// The folder that goes with the last clone of this world.
    pub folder: Arc<tempfile::TempDir>,
}

/// Who a person is; see [`World::person`].
pub type Person = IdentityId;

/// A role with its version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Role {
    /// The role.
    pub id: RoleId,
    /// Its first version.
    pub version: RoleVersionId,
}

impl World {
    pub(crate) async fn set_up(db: Db, url: Url, clock: Arc<ManualClock>, folder: Arc<tempfile::TempDir>) -> Self {
        let mut tx = db.begin(clock.now()).await.expect("a transaction");
        installation::ensure(&mut tx).await.expect("the installation's row");
        tx.commit(vec![NewEvent::new(ActorRef::Host, EventBody::InstallationStarted { epoch: 1 })])
            .await
            .expect("a commit");
        Self { db, clock, url, counter: Arc::new(AtomicU32::new(1)), folder }
    }

    /// The present instant.
    #[must_use]
    pub fn now(&self) -> Instant {
        self.clock.now()
    }

    /// Moves the clock forward.
    pub fn advance(&self, by: TimeDelta) {
        self.clock.advance(by);
    }

    /// A folder that goes when the test ends.
    #[must_use]
    pub fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    /// A write transaction at the present instant.
    pub async fn tx(&self) -> Tx {
        self.db.begin(self.now()).await.expect("a transaction")
    }

    /// The same database opened once more, as another process would.
    pub async fn another_db(&self) -> Db {
        Db::open_sized(&self.url, crate::run::event_key(), 4).await.expect("the same database once more")
    }

    /// The one number that a query gives.
    pub async fn number(&self, sql: &str) -> i64 {
        testing::number(&self.db, sql).await.unwrap_or_else(|e| panic!("{sql}: {e}"))
    }

    /// The first column of every row, which must be text.
    pub async fn texts(&self, sql: &str) -> Vec<String> {
        testing::texts(&self.db, sql).await.unwrap_or_else(|e| panic!("{sql}: {e}"))
    }

    /// Runs one statement of the test's own.
    pub async fn run(&self, sql: &str) -> u64 {
        testing::run(&self.db, sql).await.unwrap_or_else(|e| panic!("{sql}: {e}"))
    }

    /// How many events of this kind there are.
    pub async fn events(&self, kind: &str) -> i64 {
        self.number(&format!("select count(*) from event where kind = '{kind}'")).await
    }

    fn count(&self) -> u32 {
        self.counter.fetch_add(1, Ordering::Relaxed)
    }

    /// What a person of this name looks like: an active employee with the next external id (E0001, E0002, …).
    #[must_use]
    pub fn person_spec(&self, name: &str, manager: Option<Person>) -> PersonSpec {
        let (given, family) = name.split_once(' ').unwrap_or((name, "Test"));
        PersonSpec {
            external_id: format!("E{:04}", self.count()),
            given_name: given.to_owned(),
            family_name: family.to_owned(),
            manager,
            status: Status::Active,
            employment_type: EmploymentType::Employee,
            time_zone: None,
        }
    }

    /// Adds an active employee.
    pub async fn person(&self, name: &str, manager: Option<Person>) -> Person {
        self.person_with(&self.person_spec(name, manager)).await
    }

    /// Adds a person as specified.
    pub async fn person_with(&self, spec: &PersonSpec) -> Person {
        let mut tx = self.tx().await;
        let (id, event) = testing::add_person(&mut tx, spec).await.expect("a person");
        tx.commit(vec![event]).await.expect("a commit");
        id
    }

    /// A signed-in person with more than one factor and no portal role. The session isn't in the database.
    #[must_use]
    pub fn actor(&self, person: Person) -> Actor {
        Actor::Person(PersonActor {
            identity: person,
            session: latchkey_domain::SessionId::new(self.now()),
            assurance: Assurance {
                amr: vec!["pwd".to_owned(), "otp".to_owned()],
                acr: None,
                auth_time: Some(self.now()),
                mfa: true,
                exception: None,
            },
            portal_roles: vec![],
        })
    }

    /// Adds a system of a kind.
    pub async fn system(&self, key: &str, kind: SystemKind, owner: Option<Person>) -> SystemId {
        let mut tx = self.tx().await;
        let (id, event) = testing::add_system(&mut tx, key, kind, owner).await.expect("a system");
        tx.commit(vec![event]).await.expect("a commit");
        id
    }

    /// Adds an entitlement whose name on the system is its key.
    pub async fn entitlement(&self, system: SystemId, key: &str) -> EntitlementId {
        let mut tx = self.tx().await;
        let (id, event) = testing::add_entitlement(&mut tx, system, key, key).await.expect("an entitlement");
        tx.commit(vec![event]).await.expect("a commit");
        id
    }

    /// Adds a policy; `body` is its JSON as the policy crate writes it.
    pub async fn policy(&self, key: &str, body: &serde_json::Value) -> PolicyVersionId {
        let mut tx = self.tx().await;
        let (id, event) = testing::add_policy(&mut tx, key, &body.to_string()).await.expect("a policy");
        tx.commit(vec![event]).await.expect("a commit");
        id
    }

    /// Adds a role that can be asked for and gives these entitlements.
    pub async fn role(
        &self,
        key: &str,
        owner: Option<Person>,
        policy: PolicyVersionId,
        entitlements: &[EntitlementId],
    ) -> Role {
        self.role_with(&RoleSpec {
            key: key.to_owned(),
            name: format!("Role {key}"),
            owner,
            policy,
            risk: Risk::Low,
            entitlements: entitlements.to_vec(),
            max_seconds: None,
        })
        .await
    }

    /// Adds a role as specified.
    pub async fn role_with(&self, spec: &RoleSpec) -> Role {
        let mut tx = self.tx().await;
        let (id, version, event) = testing::add_role(&mut tx, spec).await.expect("a role");
        tx.commit(vec![event]).await.expect("a commit");
        Role { id, version }
    }

    /// Adds a rule that keeps duties apart: whoever has something of two sides is in conflict. Without `approver` (an external
    /// id) it blocks.
    pub async fn separation_rule(
        &self,
        key: &str,
        owner: Person,
        sides: &[(&[RoleId], &[EntitlementId])],
        approver: Option<&str>,
    ) -> SeparationRuleId {
        let mut tx = self.tx().await;
        let (id, events) = testing::add_separation_rule(&mut tx, key, owner, sides, approver).await.expect("a rule");
        tx.commit(events).await.expect("a commit");
        id
    }

    /// Adds an active grant as an import would, without any fulfilment; see [`World::wanted`].
    pub async fn grant(&self, person: Person, role: Role, ends_at: Option<Instant>) -> GrantId {
        let mut tx = self.tx().await;
        let (id, event) = testing::add_grant(&mut tx, person, role.id, role.version, ends_at).await.expect("a grant");
        tx.commit(vec![event]).await.expect("a commit");
        id
    }

    /// Adds the right to activate a role.
    pub async fn right(&self, person: Person, role: Role, ends_at: Option<Instant>) -> GrantId {
        let mut tx = self.tx().await;
        let kind = latchkey_domain::grant::GrantKind::Eligible;
        let (id, event) =
            testing::add_grant_of(&mut tx, person, role.id, role.version, ends_at, kind).await.expect("a grant");
        tx.commit(vec![event]).await.expect("a commit");
        id
    }

    /// Adds an account that is wanted now, with these entitlements wanted present. No grant justifies them.
    pub async fn wanted(
        &self,
        person: Person,
        system: SystemId,
        entitlements: &[EntitlementId],
    ) -> (AccountId, Vec<FulfilmentId>) {
        let mut tx = self.tx().await;
        let (account, event) = testing::add_account(&mut tx, person, system).await.expect("an account");
        let mut events = vec![event];
        let mut all = vec![];
        for entitlement in entitlements {
            let (id, event) =
                testing::add_fulfilment(&mut tx, account, (person, system), *entitlement, Presence::Present)
                    .await
                    .expect("a fulfilment");
            events.push(event);
            all.push(id);
        }
        tx.commit(events).await.expect("a commit");
        (account, all)
    }
}
