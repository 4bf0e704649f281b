//! A small company for the tests of the request flow: a boss, a manager, two reports, an owner, roles that overlap.
#![allow(dead_code, clippy::allow_attributes, reason = "each test file uses a part of it")]

use latchkey_domain::{
    EntitlementId, GrantId, IdentityId, ItemId, RequestId,
    actor::Actor,
    item::{ItemState, Verdict},
    system::SystemKind,
};
use latchkey_policy::Span;
use latchkey_service::{
    ServiceError, ServiceResult,
    decide_item::{Decided, Decision, decide_item},
    submit_request::{ItemWish, Submission, Submitted, submit_request},
};
use latchkey_store::{grants, items, request_reads};
use latchkey_testkit::{Role, World};
use serde_json::json;
use uuid::Uuid;

/// The people and roles that every test begins with.
#[derive(Clone)]
pub struct Scene {
    pub world: World,
    pub boss: IdentityId,
    pub manager: IdentityId,
    pub ann: IdentityId,
    pub bob: IdentityId,
    pub owner: IdentityId,
    /// Manager decides, else the owner.
    pub reader: Role,
    /// Manager, then owner.
    pub writer: Role,
    /// Gives what `reader` gives and more.
    pub editor: Role,
    pub read: EntitlementId,
    pub write: EntitlementId,
}

/// A policy with these stages, 90 days at most, a reason required.
pub fn policy(stages: &serde_json::Value) -> serde_json::Value {
    json!({"schema": 1, "policy": {
        "key": "p", "name": "A policy", "description": "For tests.", "stages": stages,
        "max_duration": "90d", "default_duration": "30d", "offer": ["7d", "30d", "90d"],
        "who": ["employee"], "reason": "required", "undecided_after": "14d"}})
}

impl Scene {
    pub async fn new(world: World) -> Self {
        let boss = world.person("Bea Boss", None).await;
        let manager = world.person("Max Manager", Some(boss)).await;
        let ann = world.person("Ann Berg", Some(manager)).await;
        let bob = world.person("Bob Cole", Some(manager)).await;
        let owner = world.person("Olga Owner", Some(boss)).await;
        let system = world.system("files", SystemKind::Ldap, Some(owner)).await;
        let read = world.entitlement(system, "read").await;
        let write = world.entitlement(system, "write").await;
        let one = world.policy("one", &policy(&json!([{"approvers": "manager", "fallback": "owner"}]))).await;
        let two = world
            .policy("two", &policy(&json!([{"approvers": "manager", "fallback": "owner"}, {"approvers": "owner"}])))
            .await;
        let reader = world.role("reader", Some(owner), one, &[read]).await;
        let writer = world.role("writer", Some(owner), two, &[write]).await;
        let editor = world.role("editor", Some(owner), one, &[read, write]).await;
        Self { world, boss, manager, ann, bob, owner, reader, writer, editor, read, write }
    }

    pub fn actor(&self, who: IdentityId) -> Actor {
        self.world.actor(who)
    }

    pub async fn ask_for(
        &self,
        who: IdentityId,
        role: Role,
        beneficiary: IdentityId,
        days: u32,
    ) -> ServiceResult<Submitted> {
        let wish = ItemWish {
            role: role.id,
            beneficiary,
            duration: Span::from_days(days).unwrap(),
            reason: "To do the quarterly report".to_owned(),
        };
        let submission = Submission { form_key: Uuid::new_v4(), items: vec![wish] };
        submit_request(&self.world.db, self.world.clock.as_ref(), &self.actor(who), &submission).await
    }

    pub async fn ask(&self, who: IdentityId, role: Role) -> ItemId {
        let submitted = self.ask_for(who, role, who, 30).await.expect("a request");
        self.item_of(submitted.request).await
    }

    pub async fn item_of(&self, request: RequestId) -> ItemId {
        let mut c = self.world.db.read().await.unwrap();
        ItemId(request_reads::items_of(&mut c, &[request.0]).await.unwrap()[0].id)
    }

    pub async fn decide(&self, who: IdentityId, item: ItemId, verdict: Verdict) -> ServiceResult<Decided> {
        let comment = if verdict == Verdict::Deny { "Not needed".to_owned() } else { String::new() };
        let decision = Decision { item, stage: None, verdict, comment };
        decide_item(&self.world.db, self.world.clock.as_ref(), &self.actor(who), &decision).await
    }

    pub async fn approve(&self, who: IdentityId, item: ItemId) -> ItemState {
        self.decide(who, item, Verdict::Approve).await.expect("an approval").state
    }

    /// Asks and has it approved by the manager.
    pub async fn gets(&self, who: IdentityId, role: Role) -> GrantId {
        let item = self.ask(who, role).await;
        assert_eq!(self.approve(self.manager, item).await, ItemState::Approved);
        self.grant_of(item).await
    }

    pub async fn grant_of(&self, item: ItemId) -> GrantId {
        let mut c = self.world.db.read().await.unwrap();
        grants::of_items(&mut c, &[item.0]).await.unwrap().first().expect("a grant").id()
    }

    pub async fn state(&self, item: ItemId) -> ItemState {
        let mut c = self.world.db.read().await.unwrap();
        items::get(&mut c, item).await.unwrap().unwrap().state
    }

    pub async fn approvers(&self, item: ItemId) -> Vec<IdentityId> {
        let mut c = self.world.db.read().await.unwrap();
        let rows = request_reads::approvers_of(&mut c, &[item.0]).await.unwrap();
        rows.iter().map(|r| IdentityId(r.identity_id)).collect()
    }

    /// What is wanted of an entitlement of somebody's account, as its word; nothing if nothing was ever wanted.
    pub async fn wanted(&self, who: IdentityId, entitlement: EntitlementId) -> Option<String> {
        let mut c = self.world.db.read().await.unwrap();
        let all = latchkey_store::fulfilments::of_identity(&mut c, who).await.unwrap();
        all.iter().find(|f| f.entitlement_id == entitlement.0).map(|f| f.desired.as_str().to_owned())
    }
}

/// The code of a refusal or a conflict.
pub fn code<T: std::fmt::Debug>(result: ServiceResult<T>) -> String {
    match result {
        Err(ServiceError::Refused(r) | ServiceError::Conflict(r)) => r.code,
        Err(ServiceError::BadInput(all)) => all[0].code.clone(),
        Err(ServiceError::NotFound) => "not_found".to_owned(),
        other => panic!("expected a refusal, got {other:?}"),
    }
}
