//! The one trait that the reconciler sees, and what its calls take and answer.

use std::{collections::BTreeSet, time::Duration};

use async_trait::async_trait;

use crate::{AccountSpec, CallError, EntitlementKind, Heard, Holder, Listed, SystemKind};

/// One entitlement, as its system names it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntitlementRef {
    /// The system's own name for it: a group's DN, a database role's name, a SCIM group's `displayName`.
    pub native: String,
    /// What it is there.
    pub kind: EntitlementKind,
}

impl EntitlementRef {
    /// An entitlement by its native name.
    pub fn new(kind: EntitlementKind, native: impl Into<String>) -> Self {
        Self { native: native.into(), kind }
    }
}

/// Whether an account that exists can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AccountState {
    /// There, and can't be used.
    Disabled,
    /// There, and can be used.
    Enabled,
}

impl From<AccountState> for latchkey_domain::account::AccountState {
    fn from(state: AccountState) -> Self {
        match state {
            AccountState::Disabled => Self::Disabled,
            AccountState::Enabled => Self::Enabled,
        }
    }
}

/// An account as the system shows it now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observed {
    /// The system's own identifier, to be given back in later calls: an entry's DN, a role's name, a SCIM `id`.
    pub native_id: String,
    /// The login.
    pub name: String,
    /// Whether it can be used.
    pub state: AccountState,
    /// The external id that the account carries, if it carries one.
    pub external_id: Option<String>,
    /// The native names of those entitlements, among the asked ones, that the account holds directly.
    pub held: BTreeSet<String>,
}

/// What a search for somebody's account found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lookup {
    /// There is none, and the proposed name is free.
    Absent,
    /// This account carries the external id.
    Ours(Observed),
    /// The name, or the remembered native id, belongs to an account that carries no external id, or another one.
    Stranger {
        /// The login that is taken.
        name: String,
        /// What was found, and what would help.
        words: String,
    },
}

/// What a change did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// This call made the difference.
    Made,
    /// It was so before this call. On a first attempt that means that somebody else had done it; after an attempt whose answer
    /// was lost it may have been that attempt.
    AlreadySo,
}

/// What a check of the connection found: it is reachable, signed in, and may do what it needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Health {
    /// The product and its version, as far as it tells: "PostgreSQL 15.14".
    pub product: String,
    /// One or two sentences for the systems page.
    pub words: String,
}

const CANNOT_LIST: &str = "This kind of system can\u{2019}t be asked for everything that it holds.";

/// A target system. Every call is idempotent and ends within [`Connector::deadline`].
#[async_trait]
pub trait Connector: Send + Sync {
    /// What the system speaks.
    fn kind(&self) -> SystemKind;

    /// The longest that any call takes. A lease on the work must be more than twice as long.
    fn deadline(&self) -> Duration;

    /// Whether the system is reachable and the connection's own account can sign in and do its work.
    async fn check(&self) -> Result<Health, CallError>;

    /// Looks for somebody's account: by native id, else by the external id it carries, else by name. `among` are the
    /// entitlements to look for on it.
    ///
    /// # Errors
    /// [`CallError::NeedsHuman`] when several accounts carry the external id.
    async fn find(&self, spec: &AccountSpec, among: &[EntitlementRef]) -> Result<Lookup, CallError>;

    /// Makes the account, enabled and without a password. Answers with the existing one if it is ours already.
    ///
    /// # Errors
    /// [`CallError::NeedsHuman`] when a stranger has the name.
    async fn create(&self, spec: &AccountSpec) -> Result<Observed, CallError>;

    /// Enables or disables an account.
    async fn set_state(&self, native_id: &str, state: AccountState) -> Result<Change, CallError>;

    /// Gives an entitlement.
    ///
    /// # Errors
    /// [`CallError::NeedsHuman`] when the system doesn't have the entitlement; [`CallError::RetryLater`] when the account is gone,
    /// since the next pass looks for it again.
    async fn grant(&self, native_id: &str, entitlement: &EntitlementRef) -> Result<Change, CallError>;

    /// Takes an entitlement away. An account or entitlement that no longer exists counts as done.
    async fn remove(&self, native_id: &str, entitlement: &EntitlementRef) -> Result<Change, CallError>;

    /// Makes an account that carries no external id ours: writes this one into its recognition attribute. Somebody decided whose
    /// account it is; nothing else of it changes.
    ///
    /// # Errors
    /// [`CallError::NeedsHuman`] when it carries another external id; [`CallError::RetryLater`] when the account is gone.
    async fn adopt(&self, native_id: &str, external_id: &str) -> Result<Change, CallError> {
        let words = format!(
            "Write {external_id} by hand to where {native_id} keeps whose account it is: this kind of system can\u{2019}t."
        );
        Err(CallError::needs_human(words))
    }

    /// Every account within what is managed here, whole and each once, in no particular order. Many calls to the system, each
    /// of which ends within [`Connector::deadline`]; together they may take minutes. May be dropped at any point.
    ///
    /// # Errors
    /// [`CallError::Refused`] when there are more than [`crate::MOST_LINES`]; whatever stops one of the calls.
    async fn accounts(&self, _heard: Heard<'_>) -> Result<Vec<Listed>, CallError> {
        Err(CallError::refused(CANNOT_LIST))
    }

    /// Everyone who has an entitlement directly, whole and each once. As [`Connector::accounts`] otherwise.
    ///
    /// # Errors
    /// As [`Connector::accounts`]; [`CallError::NeedsHuman`] when the system doesn't have the entitlement.
    async fn holders(&self, _entitlement: &EntitlementRef, _heard: Heard<'_>) -> Result<Vec<Holder>, CallError> {
        Err(CallError::refused(CANNOT_LIST))
    }

    /// Reads an account back; `None` when there is none. What `held` lists is what the system says, not what was asked of it.
    async fn read(&self, native_id: &str, among: &[EntitlementRef]) -> Result<Option<Observed>, CallError>;
}
