//! The connector: the trait's calls, each one message and one answer.

use std::time::Duration;

use async_trait::async_trait;

use super::{
    Call, ProgramSettings,
    answer::{Answer, Hello},
    keeper::Keeper,
    message::{among as asked, state as state_word},
};
use crate::{
    AccountSpec, AccountState, CallError, Change, Connector, EntitlementKind, EntitlementRef, Health, Heard, Holder,
    Listed, Lookup, Observed, SecretSource, SettingsError, SystemKind, bounded::Inner,
};

/// Manages what a program manages.
pub struct ProgramConnector {
    pub(super) keeper: Keeper,
}

impl ProgramConnector {
    /// A connector that starts the program when it is first used. [`crate::build`] is what callers want: it also bounds the calls.
    ///
    /// # Errors
    /// When a setting can't work.
    pub fn new(settings: ProgramSettings) -> Result<Self, SettingsError> {
        Ok(Self { keeper: Keeper::new(settings.checked()?) })
    }
}

impl Inner for ProgramConnector {
    // A call that is given up takes its process with it; and one that only waited for its turn must not end another's.
    fn reset(&self) {}

    // There may be several: the keeper hides them all before words are made.
    fn secret(&self) -> Option<&SecretSource> {
        None
    }

    fn name(&self) -> String {
        self.keeper.to.name()
    }

    // Which of them the program has, it says itself when it is started.
    fn takes(&self) -> &'static [EntitlementKind] {
        EntitlementKind::ALL
    }
}

#[async_trait]
impl Connector for ProgramConnector {
    fn kind(&self) -> SystemKind {
        SystemKind::Program
    }

    fn deadline(&self) -> Duration {
        self.keeper.to.timeout
    }

    async fn check(&self) -> Result<Health, CallError> {
        let read = |answer: &Answer, hello: &Hello| {
            Ok(Health { product: answer.product().unwrap_or_else(|| hello.product.clone()), words: answer.words()? })
        };
        self.keeper.ask(Call::Check, read).await
    }

    async fn find(&self, spec: &AccountSpec, among: &[EntitlementRef]) -> Result<Lookup, CallError> {
        let call = Call::Find { person: spec.into(), among: asked(among) };
        self.keeper.ask(call, |answer, _| answer.lookup(&spec.external_id, among)).await
    }

    async fn create(&self, spec: &AccountSpec) -> Result<Observed, CallError> {
        let call = Call::Create { person: spec.into() };
        self.keeper.ask(call, |answer, _| answer.ours(&spec.external_id, &[])).await
    }

    async fn set_state(&self, native_id: &str, state: AccountState) -> Result<Change, CallError> {
        let call = Call::SetState { account: native_id, state: state_word(state) };
        self.keeper.ask(call, |answer, _| answer.change()).await
    }

    async fn grant(&self, native_id: &str, entitlement: &EntitlementRef) -> Result<Change, CallError> {
        let call = Call::Grant { account: native_id, entitlement: entitlement.into() };
        self.keeper.ask(call, |answer, _| answer.change()).await
    }

    async fn remove(&self, native_id: &str, entitlement: &EntitlementRef) -> Result<Change, CallError> {
        let call = Call::Remove { account: native_id, entitlement: entitlement.into() };
        self.keeper.ask(call, |answer, _| answer.change()).await
    }

    async fn adopt(&self, native_id: &str, external_id: &str) -> Result<Change, CallError> {
        let call = Call::Adopt { account: native_id, external_id };
        self.keeper.ask(call, |answer, _| answer.change()).await
    }

    async fn accounts(&self, heard: Heard<'_>) -> Result<Vec<Listed>, CallError> {
        self.pages(heard, None, Answer::accounts).await
    }

    async fn holders(&self, entitlement: &EntitlementRef, heard: Heard<'_>) -> Result<Vec<Holder>, CallError> {
        self.pages(heard, Some(entitlement), Answer::holders).await
    }

    async fn read(&self, native_id: &str, among: &[EntitlementRef]) -> Result<Option<Observed>, CallError> {
        let call = Call::Read { account: native_id, among: asked(among) };
        self.keeper.ask(call, |answer, _| answer.account(among)).await
    }
}
