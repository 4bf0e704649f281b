//! Accounts: an identity's login on one system, as wanted and as seen.

use latchkey_domain::{
    AccountId, IdentityId, Instant, SystemId,
    account::{AccountOrigin, AccountPurpose, AccountState},
};
use sqlx::FromRow;
use uuid::Uuid;

use crate::{AsConn, StoreResult, Tx, grants::one};

/// An account as stored.
#[derive(Debug, Clone, FromRow)]
pub struct AccountRow {
    /// Its id.
    pub id: Uuid,
    /// Whose.
    pub identity_id: Uuid,
    /// Where.
    pub system_id: Uuid,
    /// What for.
    #[sqlx(try_from = "String")]
    pub purpose: AccountPurpose,
    /// Its login; empty until it was named.
    pub name: String,
    /// How the system itself names it, once known.
    pub native_id: Option<String>,
    /// How Latchkey came to know it.
    #[sqlx(try_from = "String")]
    pub origin: AccountOrigin,
    /// What is wanted.
    #[sqlx(try_from = "String")]
    pub desired: AccountState,
    /// What was last seen.
    #[sqlx(try_from = "String")]
    pub observed: AccountState,
    /// When that was.
    pub observed_at: Option<Instant>,
    /// When a worker should look.
    pub due_at: Option<Instant>,
    /// Who works on it.
    pub lease_id: Option<Uuid>,
    /// Until when.
    pub lease_until: Option<Instant>,
}

impl AccountRow {
    /// Its typed id.
    #[must_use]
    pub const fn id(&self) -> AccountId {
        AccountId(self.id)
    }

    /// Where.
    #[must_use]
    pub const fn system(&self) -> SystemId {
        SystemId(self.system_id)
    }
}

/// An identity's everyday accounts.
///
/// # Errors
/// When the database fails.
pub async fn of_identity(c: &mut impl AsConn, identity: IdentityId) -> StoreResult<Vec<AccountRow>> {
    rows!(
        c,
        AccountRow,
        "select id, identity_id, system_id, purpose, name, native_id, origin, desired, observed, observed_at, due_at, lease_id, lease_until
         from account where identity_id = $1 and purpose = 'daily' order by system_id",
        identity.0
    )
}

/// Some accounts.
///
/// # Errors
/// When the database fails.
pub async fn by_ids(c: &mut impl AsConn, ids: &[Uuid]) -> StoreResult<Vec<AccountRow>> {
    rows_in!(
        c,
        AccountRow,
        "select id, identity_id, system_id, purpose, name, native_id, origin, desired, observed, observed_at, due_at, lease_id, lease_until
         from account where id in ({})",
        ids
    )
}

/// Writes a wanted everyday account that nobody has looked for yet.
///
/// # Errors
/// When the database fails.
pub async fn insert(
    tx: &mut Tx,
    id: AccountId,
    identity: IdentityId,
    system: SystemId,
    desired: AccountState,
    due_at: Option<Instant>,
) -> StoreResult<()> {
    let now = tx.now();
    exec!(
        tx,
        "insert into account (id, identity_id, system_id, purpose, name, origin, desired, observed, created_at, due_at)
         values ($1, $2, $3, 'daily', '', 'unknown', $4, 'absent', $5, $6)",
        id.0,
        identity.0,
        system.0,
        desired.as_str(),
        now,
        due_at
    )?;
    Ok(())
}

/// The built-in system's id, once there is one. What is decided about it is true at once: no worker looks at it.
///
/// # Errors
/// When the database fails.
pub async fn built_in_system(c: &mut impl AsConn) -> StoreResult<Option<Uuid>> {
    let key = latchkey_domain::system::BUILT_IN_SYSTEM;
    Ok(row!(c, (Uuid,), "select id from system where key = $1", key)?.map(|(id,)| id))
}

/// An account on the built-in system is what it is wanted to be.
///
/// # Errors
/// `Conflict` when it isn't there.
pub async fn is_as_wanted(tx: &mut Tx, id: AccountId, state: AccountState) -> StoreResult<()> {
    let now = tx.now();
    let n = exec!(
        tx,
        "update account set desired = $1, observed = $1, observed_at = $2, origin = 'created', due_at = null where id = $3",
        state.as_str(),
        now,
        id.0
    )?;
    one(n, "the account")
}

/// Changes what is wanted of an account, due now.
///
/// # Errors
/// `Conflict` when it isn't there.
pub async fn want(tx: &mut Tx, id: AccountId, desired: AccountState) -> StoreResult<()> {
    let now = tx.now();
    one(
        exec!(tx, "update account set desired = $1, due_at = $2 where id = $3", desired.as_str(), now, id.0)?,
        "the account",
    )
}

/// A worker should look at the account now.
///
/// # Errors
/// `Conflict` when it isn't there.
pub async fn due(tx: &mut Tx, id: AccountId) -> StoreResult<()> {
    let now = tx.now();
    one(exec!(tx, "update account set due_at = $1 where id = $2", now, id.0)?, "the account")
}
