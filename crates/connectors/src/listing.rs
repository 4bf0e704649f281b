//! What a whole system holds: every account, and everyone who has an entitlement. Full passes and imports read it.

use latchkey_domain::Instant;

use crate::AccountState;

/// The most lines that one listing may have. What has more is refused in words, rather than half read: a list that isn't whole
/// would make what is missing from it look as if it had been taken away.
pub const MOST_LINES: usize = 1_000_000;

/// An account in a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// The system's own identifier, as in other calls.
    pub native_id: String,
    /// The login.
    pub name: String,
    /// Whether it can be used.
    pub state: AccountState,
    /// The external id that it carries, if it carries one.
    pub external_id: Option<String>,
    /// The name as people read it; empty where the system has none.
    pub display_name: String,
    /// The e-mail address that the system has, if it has one.
    pub email: Option<String>,
    /// When it was last signed in to, where the system says so. Nothing means that it isn't known, never that it wasn't used.
    pub last_used_at: Option<Instant>,
}

/// Who has an entitlement directly.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Holder {
    /// An account, by its native id. It may be one that [`crate::Connector::accounts`] doesn't list: outside of what is managed, or gone.
    Account(String),
    /// Something that isn't an account and whose members have it through it: a group inside the group. By the system's own name.
    Nested(String),
}

/// Hears how a listing gets on: how many lines were read so far.
pub type Heard<'a> = &'a (dyn Fn(usize) + Send + Sync);
