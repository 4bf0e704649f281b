//! The scene of emergencies: a role that can be taken, and somebody who looks after security.

use chrono::TimeDelta;
use latchkey_domain::{
    BreakGlassReviewId, GrantId, IdentityId, actor::Actor, break_glass::Needed, portal_role::PortalRole, role::Risk,
    system::SystemKind,
};
use latchkey_policy::Span;
use latchkey_service::{
    ServiceResult,
    break_glass::{Answer, Taken, Taking, review, take, tell_overdue},
    expire, replay,
};
use latchkey_store::{
    break_glass::{self as store, ReviewRow},
    grants, identities, notices,
    testing::RoleSpec,
};
use latchkey_testkit::{Role, World};
use serde_json::json;
use uuid::Uuid;

use crate::scene::{self, Scene};

pub const WHY: &str = "Payments fail since 14:00, restarting the queue";

/// The scene with a role that can be taken, and somebody who looks after security.
pub struct Emergency {
    pub s: Scene,
    /// What can be taken by everybody but those whose title says otherwise.
    pub shell: Role,
    /// Only a critical role is open here, and none is: nobody may take it.
    pub closed: Role,
    pub security: IdentityId,
}

impl std::ops::Deref for Emergency {
    type Target = Scene;
    fn deref(&self) -> &Scene {
        &self.s
    }
}

fn terms(who: &str) -> serde_json::Value {
    json!({"who": who, "advice": "Call the people on call.", "max": "4h", "offer": ["1h", "4h"], "review_within": "2d"})
}

pub fn policy(key: &str, who: &str, rest: &serde_json::Value) -> serde_json::Value {
    let mut policy = json!({"schema": 3, "policy": {
        "key": key, "name": "Emergencies", "description": "For tests.",
        "stages": [{"approvers": "manager", "fallback": "owner"}, {"approvers": "owner"}],
        "max_duration": "2h", "default_duration": "1h", "offer": ["1h", "2h"],
        "who": ["employee"], "reason": "required", "undecided_after": "1d", "break_glass": terms(who)}});
    for (key, value) in rest.as_object().unwrap() {
        policy["policy"][key] = value.clone();
    }
    policy
}

impl Emergency {
    pub async fn new(world: World) -> Self {
        let s = Scene::new(world).await;
        let security = s.world.person("Sam Shield", Some(s.boss)).await;
        let it = Self { shell: s.reader, closed: s.reader, security, s };
        it.holds(security, PortalRole::Security).await;
        let shell = it.marked("shell", "person.title != \"Intern\"", &json!({})).await;
        let closed = it.marked("closed", "role.risk == \"critical\"", &json!({})).await;
        it.tick();
        Self { shell, closed, ..it }
    }

    /// A role that can be taken on these terms and gives what the writer's role gives.
    pub async fn marked(&self, key: &str, who: &str, rest: &serde_json::Value) -> Role {
        let policy = self.world.policy(key, &policy(key, who, rest)).await;
        self.world
            .role_with(&RoleSpec {
                key: key.to_owned(),
                name: format!("Role {key}"),
                owner: Some(self.owner),
                policy,
                risk: Risk::High,
                entitlements: vec![self.write],
                max_seconds: None,
            })
            .await
    }

    /// Gives somebody a portal role.
    pub async fn holds(&self, who: IdentityId, role: PortalRole) {
        let found = self.world.texts("select key from system where key = 'latchkey'").await;
        let portal = if found.is_empty() {
            self.world.system("latchkey", SystemKind::Latchkey, None).await
        } else {
            let mut c = self.world.db.read().await.unwrap();
            latchkey_store::systems::by_key(&mut c, "latchkey").await.unwrap().unwrap().id.into()
        };
        let entitlement = self.world.entitlement(portal, role.as_str()).await;
        let policy = self.world.policy(role.as_str(), &scene::policy(&json!([{"approvers": "owner"}]))).await;
        let given = self.world.role(role.as_str(), Some(self.boss), policy, &[entitlement]).await;
        self.world.grant(who, given, None).await;
    }

    /// Events of the same moment have no order yet: what follows comes later.
    pub fn tick(&self) {
        self.world.advance(TimeDelta::seconds(1));
    }

    pub async fn takes(&self, who: IdentityId, role: Role, hours: u32, reason: &str) -> ServiceResult<Taken> {
        self.takes_as(&self.actor(who), role, hours, reason).await
    }

    pub async fn takes_as(&self, actor: &Actor, role: Role, hours: u32, reason: &str) -> ServiceResult<Taken> {
        self.tick();
        let wish = Taking { role: role.id, duration: Span::from_hours(hours).unwrap(), reason: reason.to_owned() };
        take(&self.world.db, self.world.clock.as_ref(), actor, &wish).await
    }

    pub async fn taken(&self, who: IdentityId) -> Taken {
        self.takes(who, self.shell, 1, WHY).await.expect("it is taken")
    }

    pub async fn row(&self, id: BreakGlassReviewId) -> ReviewRow {
        let mut c = self.world.db.read().await.unwrap();
        store::get(&mut c, id).await.unwrap().expect("a review")
    }

    pub async fn grant(&self, id: GrantId) -> grants::GrantRow {
        let mut c = self.world.db.read().await.unwrap();
        grants::get(&mut c, id).await.unwrap().expect("a grant")
    }

    /// The hour is over, and the worker came by.
    pub async fn over(&self) {
        self.world.advance(TimeDelta::minutes(61));
        assert_eq!(expire::end_due_grants(&self.world.db, self.world.clock.as_ref(), 10).await.unwrap(), 1);
        self.tick();
    }

    pub async fn reviews(&self, actor: &Actor, id: BreakGlassReviewId, needed: Option<Needed>) -> ServiceResult<()> {
        self.tick();
        let answer = Answer { needed, findings: "Restarted the queue".to_owned(), follow_up: " ".to_owned() };
        review(&self.world.db, self.world.clock.as_ref(), actor, id, &answer).await
    }

    pub async fn tells_overdue(&self) -> usize {
        tell_overdue(&self.world.db, self.world.clock.as_ref(), 10).await.unwrap()
    }

    /// Who got notices of a kind, as (name, subject).
    pub async fn notices(&self, kind: &str) -> Vec<(String, String)> {
        let mut c = self.world.db.read().await.unwrap();
        let all = notices::log(&mut c, None, 500).await.unwrap();
        let of: Vec<_> = all.into_iter().filter(|n| n.kind == kind).collect();
        let ids: Vec<Uuid> = of.iter().map(|n| n.recipient_id).collect();
        let names = identities::names(&mut c, &ids).await.unwrap();
        let mut told: Vec<_> = of.into_iter().map(|n| (names[&n.recipient_id].clone(), n.subject)).collect();
        told.sort();
        told
    }

    pub async fn told(&self, kind: &str) -> Vec<String> {
        self.notices(kind).await.into_iter().map(|(name, _)| name).collect()
    }

    /// The log gives what the tables hold.
    pub async fn replays(&self) {
        let mut c = self.world.db.read().await.unwrap();
        let told = replay::from_log(&mut c, None).await.unwrap();
        let is = replay::from_tables(&mut c).await.unwrap();
        assert_eq!(told.reviews, is.reviews);
        assert!(told.gaps.iter().all(|gap| !gap.contains("break_glass")), "{:?}", told.gaps);
        assert!(!is.reviews.is_empty());
    }

    pub async fn refusals(&self) -> Vec<String> {
        self.world.texts("select bytes from event where kind = 'break_glass_refused' order by recorded_at, id").await
    }
}

pub fn without_second_factor(actor: Actor) -> Actor {
    let Actor::Person(mut person) = actor else { panic!("a person") };
    person.assurance.mfa = false;
    Actor::Person(person)
}

pub fn with_role(actor: Actor, role: PortalRole) -> Actor {
    let Actor::Person(mut person) = actor else { panic!("a person") };
    person.portal_roles.push(role);
    Actor::Person(person)
}
