//! Fulfilments: one entitlement of one account, wanted and seen. The table is the reconciler's queue.

use latchkey_domain::{
    AccountId, EntitlementId, FulfilmentId, IdentityId, Instant,
    fulfilment::{Presence, Progress, Work},
};
use sqlx::FromRow;
use uuid::Uuid;

use crate::{AsConn, StoreResult, Tx, grants::one};

/// A fulfilment as stored, with its account's and entitlement's system.
#[derive(Debug, Clone, FromRow)]
pub struct FulfilmentRow {
    /// Its id.
    pub id: Uuid,
    /// Of which account.
    pub account_id: Uuid,
    /// Of which entitlement.
    pub entitlement_id: Uuid,
    /// Whose account.
    pub identity_id: Uuid,
    /// On which system.
    pub system_id: Uuid,
    /// What is wanted.
    #[sqlx(try_from = "String")]
    pub desired: Presence,
    /// What was last seen.
    #[sqlx(try_from = "String")]
    pub observed: Presence,
    /// What remains to be done.
    #[sqlx(try_from = "String")]
    pub progress: Progress,
    /// Raised with each change of what is wanted.
    pub generation: i64,
    /// Attempts in this generation.
    pub attempts: i64,
    /// When to try (again).
    pub due_at: Option<Instant>,
    /// It was there before Latchkey asked.
    pub found: bool,
    /// Somebody decided that Latchkey may remove it all the same.
    pub adopted: bool,
    /// When this was wanted.
    pub wanted_at: Instant,
    /// When the system accepted the change.
    pub applied_at: Option<Instant>,
    /// When the system said on read-back that it is so.
    pub confirmed_at: Option<Instant>,
    /// How the last attempt ended.
    pub last_outcome: Option<String>,
    /// The system's own words in the last attempt.
    pub last_words: String,
    /// When that was.
    pub last_attempt_at: Option<Instant>,
}

impl FulfilmentRow {
    /// Its typed id.
    #[must_use]
    pub const fn id(&self) -> FulfilmentId {
        FulfilmentId(self.id)
    }

    /// The part that the rules are about.
    #[must_use]
    pub const fn work(&self) -> Work {
        Work {
            desired: self.desired,
            observed: self.observed,
            progress: self.progress,
            generation: self.generation,
            attempts: self.attempts,
            due_at: self.due_at,
        }
    }
}

/// All fulfilments of an identity's everyday accounts.
///
/// # Errors
/// When the database fails.
pub async fn of_identity(c: &mut impl AsConn, identity: IdentityId) -> StoreResult<Vec<FulfilmentRow>> {
    rows!(
        c,
        FulfilmentRow,
        "select f.id, f.account_id, f.entitlement_id, a.identity_id, a.system_id, f.desired, f.observed, f.progress, f.generation,
                f.attempts, f.due_at, f.found, f.adopted, f.wanted_at, f.applied_at, f.confirmed_at, f.last_outcome, f.last_words, f.last_attempt_at
         from fulfilment f join account a on a.id = f.account_id
         where a.identity_id = $1 and a.purpose = 'daily' order by a.system_id, f.entitlement_id",
        identity.0
    )
}

/// One fulfilment.
///
/// # Errors
/// When the database fails.
pub async fn get(c: &mut impl AsConn, id: FulfilmentId) -> StoreResult<Option<FulfilmentRow>> {
    row!(
        c,
        FulfilmentRow,
        "select f.id, f.account_id, f.entitlement_id, a.identity_id, a.system_id, f.desired, f.observed, f.progress, f.generation,
                f.attempts, f.due_at, f.found, f.adopted, f.wanted_at, f.applied_at, f.confirmed_at, f.last_outcome, f.last_words, f.last_attempt_at
         from fulfilment f join account a on a.id = f.account_id where f.id = $1",
        id.0
    )
}

/// What is known of one entitlement on one account.
///
/// # Errors
/// When the database fails.
pub async fn of_account(
    c: &mut impl AsConn,
    account: AccountId,
    entitlement: EntitlementId,
) -> StoreResult<Option<FulfilmentRow>> {
    row!(
        c,
        FulfilmentRow,
        "select f.id, f.account_id, f.entitlement_id, a.identity_id, a.system_id, f.desired, f.observed, f.progress, f.generation,
                f.attempts, f.due_at, f.found, f.adopted, f.wanted_at, f.applied_at, f.confirmed_at, f.last_outcome, f.last_words, f.last_attempt_at
         from fulfilment f join account a on a.id = f.account_id where f.account_id = $1 and f.entitlement_id = $2",
        account.0,
        entitlement.0
    )
}

/// Writes new work. Work on the built-in system is done by being written: then `settled` is true.
///
/// # Errors
/// When the database fails.
pub async fn insert(
    tx: &mut Tx,
    id: FulfilmentId,
    account: AccountId,
    entitlement: EntitlementId,
    work: Work,
    settled: bool,
) -> StoreResult<()> {
    let now = tx.now();
    let seen = settled.then_some(now);
    exec!(
        tx,
        "insert into fulfilment (id, account_id, entitlement_id, desired, observed, progress, generation, attempts, due_at, found, adopted,
                                 wanted_at, applied_at, confirmed_at, last_words)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10, $11, $12, $12, '')",
        id.0,
        account.0,
        entitlement.0,
        work.desired.as_str(),
        work.observed.as_str(),
        work.progress.as_str(),
        work.generation,
        work.attempts,
        work.due_at,
        false,
        now,
        seen
    )?;
    Ok(())
}

/// Saves changed wishes: `from` is the generation that was read.
///
/// # Errors
/// `Conflict` when somebody else changed it first.
pub async fn save_wish(tx: &mut Tx, id: FulfilmentId, from: i64, work: Work, settled: bool) -> StoreResult<()> {
    let now = tx.now();
    let seen = settled.then_some(now);
    let n = exec!(
        tx,
        "update fulfilment set desired = $1, observed = $2, progress = $3, generation = $4, attempts = $5, due_at = $6, wanted_at = $7,
                               applied_at = $8, confirmed_at = $8, last_words = '', last_outcome = null
         where id = $9 and generation = $10",
        work.desired.as_str(),
        work.observed.as_str(),
        work.progress.as_str(),
        work.generation,
        work.attempts,
        work.due_at,
        now,
        seen,
        id.0,
        from
    )?;
    one(n, "the fulfilment")
}

/// Makes stuck work due again, within its generation.
///
/// # Errors
/// `Conflict` when somebody else changed it first.
pub async fn save_retry(tx: &mut Tx, id: FulfilmentId, from: Progress, work: Work) -> StoreResult<()> {
    let n = exec!(
        tx,
        "update fulfilment set progress = $1, attempts = $2, due_at = $3 where id = $4 and generation = $5 and progress = $6",
        work.progress.as_str(),
        work.attempts,
        work.due_at,
        id.0,
        work.generation,
        from.as_str()
    )?;
    one(n, "the fulfilment")
}

/// One call to a system, as stored.
#[derive(Debug, Clone, FromRow)]
pub struct AttemptRow {
    /// Its id.
    pub id: Uuid,
    /// For which fulfilment.
    pub fulfilment_id: Uuid,
    /// Under which generation.
    pub generation: i64,
    /// What was wanted.
    pub desired: String,
    /// When it began.
    pub started_at: Instant,
    /// When it ended.
    pub finished_at: Instant,
    /// How it ended.
    pub outcome: String,
    /// The system's own words.
    pub words: String,
}

/// The last attempts of one fulfilment, newest first.
///
/// # Errors
/// When the database fails.
pub async fn attempts(c: &mut impl AsConn, fulfilment: FulfilmentId, limit: i64) -> StoreResult<Vec<AttemptRow>> {
    rows!(
        c,
        AttemptRow,
        "select id, fulfilment_id, generation, desired, started_at, finished_at, outcome, words
         from attempt where fulfilment_id = $1 order by id desc limit $2",
        fulfilment.0,
        limit
    )
}
