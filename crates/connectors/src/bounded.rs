//! What holds for every connector, in one place: input is checked, a call ends in time, and an error's words hold no secret.

use std::{future::Future, time::Duration};

use async_trait::async_trait;
use tokio::time::timeout;

use crate::{
    AccountSpec, AccountState, CallError, Change, Connector, EntitlementRef, Health, Lookup, Observed, SecretSource,
    SystemKind, spec, words,
};

/// A connector before it is bounded.
pub(crate) trait Inner: Connector {
    /// Lets go of the kept connection: a call on it didn't end in time.
    fn reset(&self);

    /// What must not appear in words.
    fn secret(&self) -> Option<&SecretSource>;

    /// The system in a sentence: "The directory at ldap.example.test".
    fn name(&self) -> String;

    /// The kinds of entitlement that it has.
    fn takes(&self) -> &'static [crate::EntitlementKind];
}

/// A connector whose calls are checked, end in time and keep secrets.
pub(crate) struct Bounded<C> {
    inner: C,
}

impl<C: Inner> Bounded<C> {
    pub(crate) const fn new(inner: C) -> Self {
        Self { inner }
    }

    async fn call<T>(&self, work: impl Future<Output = Result<T, CallError>> + Send) -> Result<T, CallError> {
        let limit = self.inner.deadline();
        let outcome = match timeout(limit, work).await {
            Ok(outcome) => outcome,
            Err(_) => {
                self.inner.reset();
                Err(CallError::retry_later(format!("{} did not answer within {}.", self.inner.name(), in_words(limit))))
            }
        };
        outcome.map_err(|error| {
            let error = match self.inner.secret().map(SecretSource::read) {
                Some(Ok(secret)) => error.map_words(|text| words::without_secret(text, secret.expose())),
                _ => error,
            };
            tracing::debug!(system = %self.inner.name(), kind = %self.inner.kind(), "a call failed: {error:?}");
            error
        })
    }

    fn entitlement(&self, entitlement: &EntitlementRef) -> Result<(), CallError> {
        spec::native("entitlement's native name", &entitlement.native)?;
        if self.inner.takes().contains(&entitlement.kind) {
            return Ok(());
        }
        let takes: Vec<_> = self.inner.takes().iter().map(|kind| kind.as_str()).collect();
        Err(CallError::refused(format!(
            "The catalog calls {} a {}; a {} system has: {}.",
            entitlement.native,
            entitlement.kind,
            self.inner.kind(),
            takes.join(", ")
        )))
    }

    fn entitlements(&self, among: &[EntitlementRef]) -> Result<(), CallError> {
        among.iter().try_for_each(|entitlement| self.entitlement(entitlement))
    }
}

fn in_words(time: Duration) -> String {
    match time.as_secs() {
        1 => "1 second".to_owned(),
        seconds => format!("{seconds} seconds"),
    }
}

#[async_trait]
impl<C: Inner> Connector for Bounded<C> {
    fn kind(&self) -> SystemKind {
        self.inner.kind()
    }

    fn deadline(&self) -> Duration {
        self.inner.deadline()
    }

    async fn check(&self) -> Result<Health, CallError> {
        self.call(self.inner.check()).await
    }

    async fn find(&self, spec: &AccountSpec, among: &[EntitlementRef]) -> Result<Lookup, CallError> {
        self.entitlements(among)?;
        self.call(self.inner.find(&spec.checked()?, among)).await
    }

    async fn create(&self, spec: &AccountSpec) -> Result<Observed, CallError> {
        self.call(self.inner.create(&spec.checked()?)).await
    }

    async fn set_state(&self, native_id: &str, state: AccountState) -> Result<Change, CallError> {
        spec::native("account's native id", native_id)?;
        self.call(self.inner.set_state(native_id, state)).await
    }

    async fn grant(&self, native_id: &str, entitlement: &EntitlementRef) -> Result<Change, CallError> {
        spec::native("account's native id", native_id)?;
        self.entitlement(entitlement)?;
        self.call(self.inner.grant(native_id, entitlement)).await
    }

    async fn remove(&self, native_id: &str, entitlement: &EntitlementRef) -> Result<Change, CallError> {
        spec::native("account's native id", native_id)?;
        self.entitlement(entitlement)?;
        self.call(self.inner.remove(native_id, entitlement)).await
    }

    async fn read(&self, native_id: &str, among: &[EntitlementRef]) -> Result<Option<Observed>, CallError> {
        spec::native("account's native id", native_id)?;
        self.entitlements(among)?;
        self.call(self.inner.read(native_id, among)).await
    }
}
