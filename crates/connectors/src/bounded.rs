//! What holds for every connector, in one place: input is checked, a call ends in time, and an error's words hold no secret.

use std::{
    future::Future,
    pin::pin,
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use async_trait::async_trait;
use tokio::time::timeout;

use crate::{
    AccountSpec, AccountState, CallError, Change, Connector, EntitlementRef, Health, Heard, Holder, Listed, Lookup,
    MOST_LINES, Observed, SecretSource, SystemKind, spec, words,
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
        self.told(timeout(limit, work).await.unwrap_or_else(|_| Err(self.too_late())))
    }

    /// A listing may take long, as long as it gets on: it ends when nothing was read for as long as one call may take.
    async fn listing<T>(
        &self,
        steps: &Steps<'_>,
        work: impl Future<Output = Result<T, CallError>> + Send,
    ) -> Result<T, CallError> {
        let limit = self.inner.deadline();
        let mut work = pin!(work);
        loop {
            let before = steps.taken();
            match timeout(limit, work.as_mut()).await {
                Ok(outcome) => return self.told(outcome),
                Err(_) if steps.taken() == before => return self.told(Err(self.too_late())),
                Err(_) => {}
            }
        }
    }

    fn too_late(&self) -> CallError {
        self.inner.reset();
        let limit = in_words(self.inner.deadline());
        CallError::retry_later(format!("{} did not answer within {limit}.", self.inner.name()))
    }

    /// The outcome in words without secrets.
    fn told<T>(&self, outcome: Result<T, CallError>) -> Result<T, CallError> {
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

/// How often a listing got on.
struct Steps<'a> {
    heard: Heard<'a>,
    taken: AtomicUsize,
}

impl<'a> Steps<'a> {
    const fn new(heard: Heard<'a>) -> Self {
        Self { heard, taken: AtomicUsize::new(0) }
    }

    fn step(&self, lines: usize) {
        self.taken.fetch_add(1, Ordering::Relaxed);
        (self.heard)(lines);
    }

    fn taken(&self) -> usize {
        self.taken.load(Ordering::Relaxed)
    }
}

/// Refuses a listing that is too long to be compared in memory, or holds an id that no later call could name.
fn fit<T>(lines: Vec<T>, id: impl Fn(&T) -> &str) -> Result<Vec<T>, CallError> {
    if lines.len() > MOST_LINES {
        return Err(CallError::refused(format!(
            "There are more than {MOST_LINES} lines. Narrow down what the connection manages."
        )));
    }
    lines.iter().try_for_each(|line| spec::native("listed id", id(line)))?;
    Ok(lines)
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

    async fn adopt(&self, native_id: &str, external_id: &str) -> Result<Change, CallError> {
        spec::native("account's native id", native_id)?;
        spec::identifier("external id", external_id)?;
        self.call(self.inner.adopt(native_id, external_id)).await
    }

    async fn accounts(&self, heard: Heard<'_>) -> Result<Vec<Listed>, CallError> {
        let steps = Steps::new(heard);
        let step = |lines| steps.step(lines);
        let mut all = fit(self.listing(&steps, self.inner.accounts(&step)).await?, |line| &line.native_id)?;
        // A system that pages while it changes may show one twice.
        all.sort_unstable_by(|a, b| a.native_id.cmp(&b.native_id));
        all.dedup_by(|a, b| a.native_id == b.native_id);
        Ok(all)
    }

    async fn holders(&self, entitlement: &EntitlementRef, heard: Heard<'_>) -> Result<Vec<Holder>, CallError> {
        self.entitlement(entitlement)?;
        let steps = Steps::new(heard);
        let step = |lines| steps.step(lines);
        let all = self.listing(&steps, self.inner.holders(entitlement, &step)).await?;
        let mut all = fit(all, |line| match line {
            Holder::Account(id) | Holder::Nested(id) => id,
        })?;
        all.sort_unstable();
        all.dedup();
        Ok(all)
    }

    async fn read(&self, native_id: &str, among: &[EntitlementRef]) -> Result<Option<Observed>, CallError> {
        spec::native("account's native id", native_id)?;
        self.entitlements(among)?;
        self.call(self.inner.read(native_id, among)).await
    }
}
