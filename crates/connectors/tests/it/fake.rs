//! The fake system keeps the connectors' contract, and fails as told.

use std::{collections::BTreeSet, time::Duration};

use async_trait::async_trait;
use latchkey_connectors::{
    CallError, Change, Connector, EntitlementKind, EntitlementRef, SystemKind,
    fake::{FakeAccount, FakeSystem, Fault, Op},
};

use crate::{
    contract::{Bench, Probe, keeps_the_contract, needs_human, ours, refused, retry_later, spec},
    contract_listing::can_be_listed,
};

struct Handle(FakeSystem);

#[async_trait]
impl Probe for Handle {
    async fn members(&self, native: &str) -> BTreeSet<String> {
        self.0.members(native)
    }
    async fn accounts(&self, name: &str) -> Vec<String> {
        let all = (1..100).map(|number| format!("fake-{number:04}"));
        all.filter(|id| self.0.account(id).is_some_and(|account| account.name == name)).collect()
    }
    async fn add_stranger(&self, name: &str) -> String {
        self.0.add_account(name, None)
    }
    async fn add_member(&self, native_id: &str, native: &str) {
        self.0.add_member(native_id, native);
    }
    async fn delete(&self, native_id: &str) {
        self.0.delete_account(native_id);
    }
    async fn dump(&self, native_id: &str) -> String {
        let account = self.0.account(native_id).unwrap();
        let spec =
            account.made_from.map(|spec| format!("{} {} {}", spec.display_name, spec.given_name, spec.family_name));
        format!("{} {:?} {}", account.name, account.external_id, spec.unwrap_or_default())
    }
    async fn nest(&self, native: &str) -> BTreeSet<String> {
        self.0.nest("a group", native);
        BTreeSet::from(["a group".to_owned()])
    }
    async fn rest(&self, native_id: &str) -> String {
        format!("{:?}", FakeAccount { external_id: None, ..self.0.account(native_id).unwrap() })
    }
}

fn group() -> EntitlementRef {
    EntitlementRef::new(EntitlementKind::Group, "g")
}

#[tokio::test]
async fn promise_09_the_fake_keeps_the_contract() {
    let fake = FakeSystem::new(SystemKind::Ldap);
    let entitlements = ["one", "two"].map(|native| EntitlementRef::new(EntitlementKind::Group, native));
    for entitlement in &entitlements {
        fake.add_entitlement(&entitlement.native);
    }
    let missing = EntitlementRef::new(EntitlementKind::Group, "missing");
    let probe = Handle(fake.clone());
    let bench = Bench { connector: &fake, probe: &probe, entitlements, missing, foreign: None, tag: "", pages: 1 };
    keeps_the_contract(&bench).await;
    can_be_listed(&bench).await;
}

#[tokio::test]
async fn faults_come_in_order_and_only_where_they_were_asked_for() {
    let fake = FakeSystem::new(SystemKind::Scim);
    fake.add_entitlement("g");
    let account = fake.create(&spec("E1", "a")).await.unwrap().native_id;
    fake.fail_next(1, Fault::RetryLater(Some(Duration::from_secs(3))));
    fake.fail_next_on(Op::Grant, 2, Fault::Refused);
    assert!(matches!(fake.read(&account, &[]).await, Err(CallError::RetryLater { after: Some(_), .. })));
    assert!(fake.read(&account, &[]).await.unwrap().is_some());
    refused(fake.grant(&account, &group()).await);
    refused(fake.grant(&account, &group()).await);
    assert_eq!(fake.grant(&account, &group()).await.unwrap(), Change::Made);
    assert_eq!(fake.changes(Op::Grant), 1);
    fake.fail_always(Some(Fault::NeedsHuman));
    needs_human(fake.check().await);
    needs_human(fake.check().await);
    fake.fail_always(None);
    fake.check().await.unwrap();
    assert_eq!(fake.calls().len(), 9);
}

#[tokio::test]
async fn a_lost_answer_leaves_its_effect_behind() {
    let fake = FakeSystem::new(SystemKind::Scim);
    fake.add_entitlement("g");
    fake.fail_next_on(Op::Create, 1, Fault::LoseAfterWrite);
    fake.fail_next_on(Op::Grant, 1, Fault::LoseAfterWrite);
    retry_later(fake.create(&spec("E1", "a")).await);
    let account = ours(fake.find(&spec("E1", "a"), &[]).await.unwrap()).native_id;
    retry_later(fake.grant(&account, &group()).await);
    assert_eq!(fake.members("g"), BTreeSet::from([account.clone()]));
    assert_eq!(fake.grant(&account, &group()).await.unwrap(), Change::AlreadySo);
    assert_eq!(fake.changes(Op::Grant), 1);
}

#[tokio::test]
async fn a_hung_call_ends_at_its_deadline_and_a_frozen_one_goes_on_when_thawed() {
    let fake = FakeSystem::with_deadline(SystemKind::Scim, Duration::from_millis(30));
    fake.add_entitlement("g");
    let account = fake.create(&spec("E1", "a")).await.unwrap().native_id;
    fake.fail_next(1, Fault::Hang);
    retry_later(fake.grant(&account, &group()).await);
    assert!(fake.members("g").is_empty());
    fake.fail_next(1, Fault::Freeze);
    let frozen = tokio::spawn({
        let (fake, account) = (fake.clone(), account.clone());
        async move { fake.grant(&account, &group()).await }
    });
    fake.until_frozen(1).await;
    assert!(fake.members("g").is_empty());
    fake.thaw();
    assert_eq!(frozen.await.unwrap().unwrap(), Change::Made);
    assert_eq!(fake.members("g").len(), 1);
}
