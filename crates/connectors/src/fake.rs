//! A system in memory, for other crates' tests: it keeps accounts and memberships like a real one, fails as it is told to, and
//! remembers what it was asked.
//!
//! It passes the same contract tests as the real connectors, so what holds against it holds against them.

mod state;

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use latchkey_domain::Instant;
use tokio::{sync::watch, time::sleep};

pub use self::state::FakeAccount;
use self::state::State;

use crate::{
    AccountSpec, AccountState, CallError, Change, Connector, EntitlementRef, Health, Heard, Holder, Listed, Lookup,
    Observed, SystemKind, spec::native,
};

/// One kind of call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Op {
    /// [`Connector::check`]
    Check,
    /// [`Connector::find`]
    Find,
    /// [`Connector::create`]
    Create,
    /// [`Connector::set_state`]
    SetState,
    /// [`Connector::grant`]
    Grant,
    /// [`Connector::remove`]
    Remove,
    /// [`Connector::read`]
    Read,
    /// [`Connector::adopt`]
    Adopt,
    /// [`Connector::accounts`]
    Accounts,
    /// [`Connector::holders`]
    Holders,
}

/// How a call goes wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// Nothing happens; try later, after this long if it says so.
    RetryLater(Option<Duration>),
    /// Nothing happens; the system says no.
    Refused,
    /// Nothing happens; somebody must look.
    NeedsHuman,
    /// Nothing happens until the deadline is over; then it is to be tried later.
    Hang,
    /// The call takes effect, and its answer is lost: it is to be tried later.
    LoseAfterWrite,
    /// The call stands still, past any deadline like a frozen process, until [`FakeSystem::thaw`]; then it takes effect.
    Freeze,
}

/// A call that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// What was asked.
    pub op: Op,
    /// The external id for `find` and `create`, the native id for the others; empty for `check`.
    pub subject: String,
    /// The entitlement of `grant` and `remove`.
    pub entitlement: Option<String>,
    /// Whether it changed something.
    pub changed: bool,
}

struct Shared {
    kind: SystemKind,
    deadline: Duration,
    state: Mutex<State>,
    thaws: watch::Sender<u64>,
    frozen: watch::Sender<usize>,
}

/// The fake system. Clones are handles to the same one.
#[derive(Clone)]
pub struct FakeSystem {
    shared: Arc<Shared>,
}

impl FakeSystem {
    /// An empty system of a kind, with a deadline of ten seconds.
    #[must_use]
    pub fn new(kind: SystemKind) -> Self {
        Self::with_deadline(kind, Duration::from_secs(10))
    }

    /// An empty system with its own deadline.
    #[must_use]
    pub fn with_deadline(kind: SystemKind, deadline: Duration) -> Self {
        let shared = Shared {
            kind,
            deadline,
            state: Mutex::default(),
            thaws: watch::Sender::new(0),
            frozen: watch::Sender::new(0),
        };
        Self { shared: Arc::new(shared) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes an entitlement exist.
    pub fn add_entitlement(&self, native: &str) {
        self.state().entitlements.entry(native.to_owned()).or_default();
    }

    /// Deletes an entitlement with its memberships.
    pub fn delete_entitlement(&self, native: &str) {
        self.state().entitlements.remove(native);
    }

    /// Puts an account there by other means than a call, carrying this external id or none; answers with its native id.
    pub fn add_account(&self, name: &str, external_id: Option<&str>) -> String {
        let account = FakeAccount {
            name: name.to_owned(),
            external_id: external_id.map(str::to_owned),
            state: AccountState::Enabled,
            made_from: None,
        };
        self.state().add(account)
    }

    /// When an account was last signed in to, from now on.
    pub fn used(&self, native_id: &str, at: Instant) {
        self.state().used.insert(native_id.to_owned(), at);
    }

    /// Switches an account on or off by other means than a call.
    pub fn switch(&self, native_id: &str, state: AccountState) {
        if let Some(account) = self.state().accounts.get_mut(native_id) {
            account.state = state;
        }
    }

    /// Puts a group into an entitlement by other means than a call.
    pub fn nest(&self, group: &str, native: &str) {
        self.state().nested.entry(native.to_owned()).or_default().insert(group.to_owned());
    }

    /// Deletes an account with its memberships.
    pub fn delete_account(&self, native_id: &str) {
        let mut state = self.state();
        state.accounts.remove(native_id);
        for members in state.entitlements.values_mut() {
            members.remove(native_id);
        }
    }

    /// Makes an account a member by other means than a call.
    pub fn add_member(&self, native_id: &str, native: &str) {
        self.state().entitlements.entry(native.to_owned()).or_default().insert(native_id.to_owned());
    }

    /// Ends a membership by other means than a call.
    pub fn drop_member(&self, native_id: &str, native: &str) {
        if let Some(members) = self.state().entitlements.get_mut(native) {
            members.remove(native_id);
        }
    }

    /// The next `times` calls fail, in the order that faults were asked for.
    pub fn fail_next(&self, times: usize, fault: Fault) {
        self.state().faults.extend(std::iter::repeat_n((None, fault), times));
    }

    /// The next `times` calls of one kind fail.
    pub fn fail_next_on(&self, op: Op, times: usize, fault: Fault) {
        self.state().faults.extend(std::iter::repeat_n((Some(op), fault), times));
    }

    /// Every call fails like this until it is taken back with `None`: the system is down.
    pub fn fail_always(&self, fault: Option<Fault>) {
        self.state().always = fault;
    }

    /// Lets frozen calls go on.
    pub fn thaw(&self) {
        self.shared.thaws.send_modify(|thaws| *thaws += 1);
    }

    /// Waits until at least this many calls stand frozen.
    pub async fn until_frozen(&self, calls: usize) {
        // The sender lives as long as `self`, so waiting can't fail.
        let _ = self.shared.frozen.subscribe().wait_for(|frozen| *frozen >= calls).await;
    }

    /// Every call so far, in order.
    #[must_use]
    pub fn calls(&self) -> Vec<Call> {
        self.state().calls.clone()
    }

    /// How many calls of a kind changed something: two for one grant means that it was done twice.
    #[must_use]
    pub fn changes(&self, op: Op) -> usize {
        self.state().calls.iter().filter(|call| call.op == op && call.changed).count()
    }

    /// Forgets the calls so far.
    pub fn clear_calls(&self) {
        self.state().calls.clear();
    }

    /// An account by its native id.
    #[must_use]
    pub fn account(&self, native_id: &str) -> Option<FakeAccount> {
        self.state().accounts.get(native_id).cloned()
    }

    /// The native ids of the accounts that carry an external id.
    #[must_use]
    pub fn accounts_of(&self, external_id: &str) -> Vec<String> {
        let state = self.state();
        let of = state.accounts.iter().filter(|(_, account)| account.external_id.as_deref() == Some(external_id));
        of.map(|(native_id, _)| native_id.clone()).collect()
    }

    /// The native ids of an entitlement's members.
    #[must_use]
    pub fn members(&self, native: &str) -> BTreeSet<String> {
        self.state().entitlements.get(native).cloned().unwrap_or_default()
    }

    /// Notes the call, lets its fault happen, and does `work` on the state; `work` also tells whether it changed something.
    async fn call<T>(
        &self,
        op: Op,
        subject: &str,
        entitlement: Option<&EntitlementRef>,
        work: impl FnOnce(&mut State) -> Result<(T, bool), CallError> + Send,
    ) -> Result<T, CallError> {
        let (at, fault) = {
            let mut state = self.state();
            let at = state.calls.len();
            let entitlement = entitlement.map(|entitlement| entitlement.native.clone());
            state.calls.push(Call { op, subject: subject.to_owned(), entitlement, changed: false });
            (at, state.next_fault(op))
        };
        match &fault {
            Some(Fault::RetryLater(after)) => {
                return Err(CallError::RetryLater { words: "The fake system is busy.".to_owned(), after: *after });
            }
            Some(Fault::Refused) => return Err(CallError::refused("The fake system says no.")),
            Some(Fault::NeedsHuman) => return Err(CallError::needs_human("The fake system wants somebody to look.")),
            Some(Fault::Hang) => {
                sleep(self.shared.deadline).await;
                return Err(CallError::retry_later("The fake system did not answer in time."));
            }
            Some(Fault::Freeze) => {
                let mut thaws = self.shared.thaws.subscribe();
                self.shared.frozen.send_modify(|frozen| *frozen += 1);
                let _ = thaws.changed().await;
                self.shared.frozen.send_modify(|frozen| *frozen -= 1);
            }
            Some(Fault::LoseAfterWrite) | None => {}
        }
        let mut state = self.state();
        let (answer, changed) = work(&mut state)?;
        if let Some(call) = state.calls.get_mut(at) {
            call.changed = changed;
        }
        if fault == Some(Fault::LoseAfterWrite) {
            return Err(CallError::retry_later("The connection to the fake system was lost before it answered."));
        }
        Ok(answer)
    }
}

#[async_trait]
impl Connector for FakeSystem {
    fn kind(&self) -> SystemKind {
        self.shared.kind
    }

    fn deadline(&self) -> Duration {
        self.shared.deadline
    }

    async fn check(&self) -> Result<Health, CallError> {
        let health = Health { product: "Fake".to_owned(), words: "In memory.".to_owned() };
        self.call(Op::Check, "", None, |_| Ok((health, false))).await
    }

    async fn find(&self, spec: &AccountSpec, among: &[EntitlementRef]) -> Result<Lookup, CallError> {
        let spec = spec.checked()?;
        self.call(Op::Find, &spec.external_id, None, |state| Ok((state.look(&spec, among)?, false))).await
    }

    async fn create(&self, spec: &AccountSpec) -> Result<Observed, CallError> {
        let spec = spec.checked()?;
        self.call(Op::Create, &spec.external_id, None, |state| match state.look(&spec, &[])? {
            Lookup::Ours(observed) => Ok((observed, false)),
            Lookup::Stranger { words, .. } => Err(CallError::needs_human(words)),
            Lookup::Absent => {
                let account = FakeAccount {
                    name: spec.name.clone(),
                    external_id: Some(spec.external_id.clone()),
                    state: AccountState::Enabled,
                    made_from: Some(spec.clone()),
                };
                let native_id = state.add(account);
                let observed = state
                    .observed(&native_id, &[])
                    .ok_or_else(|| CallError::account_gone(&native_id, "the fake system"))?;
                Ok((observed, true))
            }
        })
        .await
    }

    async fn set_state(&self, native_id: &str, wanted: AccountState) -> Result<Change, CallError> {
        native("account's native id", native_id)?;
        self.call(Op::SetState, native_id, None, |state| {
            let account = state
                .accounts
                .get_mut(native_id)
                .ok_or_else(|| CallError::account_gone(native_id, "the fake system"))?;
            let changed = account.state != wanted;
            account.state = wanted;
            Ok((if changed { Change::Made } else { Change::AlreadySo }, changed))
        })
        .await
    }

    async fn grant(&self, native_id: &str, entitlement: &EntitlementRef) -> Result<Change, CallError> {
        native("account's native id", native_id)?;
        self.call(Op::Grant, native_id, Some(entitlement), |state| {
            if !state.accounts.contains_key(native_id) {
                return Err(CallError::account_gone(native_id, "the fake system"));
            }
            let Some(members) = state.entitlements.get_mut(&entitlement.native) else {
                return Err(CallError::needs_human(format!("The group {} does not exist.", entitlement.native)));
            };
            let changed = members.insert(native_id.to_owned());
            Ok((if changed { Change::Made } else { Change::AlreadySo }, changed))
        })
        .await
    }

    async fn remove(&self, native_id: &str, entitlement: &EntitlementRef) -> Result<Change, CallError> {
        native("account's native id", native_id)?;
        self.call(Op::Remove, native_id, Some(entitlement), |state| {
            let changed =
                state.entitlements.get_mut(&entitlement.native).is_some_and(|members| members.remove(native_id));
            Ok((if changed { Change::Made } else { Change::AlreadySo }, changed))
        })
        .await
    }

    async fn adopt(&self, native_id: &str, external_id: &str) -> Result<Change, CallError> {
        native("account's native id", native_id)?;
        self.call(Op::Adopt, native_id, None, |state| {
            let account = state
                .accounts
                .get_mut(native_id)
                .ok_or_else(|| CallError::account_gone(native_id, "the fake system"))?;
            match account.external_id.as_deref() {
                Some(carried) if carried == external_id => Ok((Change::AlreadySo, false)),
                Some(other) => {
                    Err(CallError::needs_human(format!("The account {} carries {other} already.", account.name)))
                }
                None => {
                    account.external_id = Some(external_id.to_owned());
                    Ok((Change::Made, true))
                }
            }
        })
        .await
    }

    async fn accounts(&self, heard: Heard<'_>) -> Result<Vec<Listed>, CallError> {
        let all = self.call(Op::Accounts, "", None, |state| Ok((state.listed(), false))).await?;
        heard(all.len());
        Ok(all)
    }

    async fn holders(&self, entitlement: &EntitlementRef, heard: Heard<'_>) -> Result<Vec<Holder>, CallError> {
        let all = self
            .call(Op::Holders, "", Some(entitlement), |state| {
                let Some(members) = state.entitlements.get(&entitlement.native) else {
                    return Err(CallError::needs_human(format!("The group {} does not exist.", entitlement.native)));
                };
                let accounts = members.iter().cloned().map(Holder::Account);
                let nested = state.nested.get(&entitlement.native).into_iter().flatten().cloned().map(Holder::Nested);
                Ok((accounts.chain(nested).collect::<Vec<_>>(), false))
            })
            .await?;
        heard(all.len());
        Ok(all)
    }

    async fn read(&self, native_id: &str, among: &[EntitlementRef]) -> Result<Option<Observed>, CallError> {
        native("account's native id", native_id)?;
        self.call(Op::Read, native_id, None, |state| Ok((state.observed(native_id, among), false))).await
    }
}
