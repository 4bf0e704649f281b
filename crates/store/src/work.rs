//! The reconciler's hold on accounts: which are due, who works on them until when, and what comes of it.
//!
//! A claim takes one account in its own short transaction, right before the work on it begins. So a lease never ticks
//! away while its account waits in a worker's line, and a claim never holds one account's row while it waits for another's
//! (a change of what somebody holds touches several accounts of theirs, in no order that a claim could follow).

use latchkey_domain::{
    AccountId, AttemptId, FulfilmentId, IdentityId, Instant, LeaseId, SystemId,
    account::{AccountOrigin, AccountState},
    fulfilment::{Outcome, Presence, Work},
    system::EntitlementKind,
};
use sqlx::FromRow;
use uuid::Uuid;

use crate::{AsConn, StoreResult, Tx, accounts::AccountRow, fulfilments::FulfilmentRow, grants::one};

mod told;
mod waits;
pub mod workers;

pub use told::{GrantTold, gone, ready, requests_of};
pub use waits::{save_waits, signed_in};

/// The systems that have due accounts nobody works on.
///
/// # Errors
/// When the database fails.
pub async fn due_systems(c: &mut impl AsConn, now: Instant) -> StoreResult<Vec<SystemId>> {
    let all = rows!(
        c,
        (Uuid,),
        "select distinct system_id from account where due_at <= $1 and (lease_until is null or lease_until < $1)",
        now
    )?;
    Ok(all.into_iter().map(|(id,)| SystemId(id)).collect())
}

/// A system's due accounts that nobody works on, the longest due first, at most `limit`.
///
/// # Errors
/// When the database fails.
pub async fn due_of_system(
    c: &mut impl AsConn,
    system: SystemId,
    now: Instant,
    limit: i64,
) -> StoreResult<Vec<AccountId>> {
    let all = rows!(
        c,
        (Uuid,),
        "select id from account where system_id = $1 and due_at <= $2 and (lease_until is null or lease_until < $2)
         order by due_at, id limit $3",
        system.0,
        now,
        limit
    )?;
    Ok(all.into_iter().map(|(id,)| AccountId(id)).collect())
}

/// Takes the account until `until`, if it is due by `horizon` (usually now) and nobody else has it (bookkeeping).
///
/// # Errors
/// When the database fails.
pub async fn claim(
    tx: &mut Tx,
    account: AccountId,
    lease: LeaseId,
    until: Instant,
    horizon: Instant,
) -> StoreResult<Option<AccountRow>> {
    let now = tx.now();
    row!(
        tx,
        AccountRow,
        "update account set lease_id = $1, lease_until = $2
         where id = $3 and due_at <= $4 and (lease_until is null or lease_until < $5)
         returning id, identity_id, system_id, purpose, name, native_id, origin, desired, observed, observed_at, due_at, lease_id, lease_until",
        lease.0,
        until,
        account.0,
        horizon,
        now
    )
}

/// Keeps the account until `until`, if the lease is still the one; tells whether it is (bookkeeping). Inside a transaction
/// this also keeps others from taking it before the commit.
///
/// # Errors
/// When the database fails.
pub async fn keep(tx: &mut Tx, account: AccountId, lease: LeaseId, until: Instant) -> StoreResult<bool> {
    let n =
        exec!(tx, "update account set lease_until = $1 where id = $2 and lease_id = $3", until, account.0, lease.0)?;
    Ok(n == 1)
}

/// Gives the account back, to be looked at again at `due_at` (bookkeeping).
///
/// # Errors
/// `Conflict` when the lease isn't the one any more.
pub async fn give_back(tx: &mut Tx, account: AccountId, lease: LeaseId, due_at: Option<Instant>) -> StoreResult<()> {
    let n = exec!(
        tx,
        "update account set lease_id = null, lease_until = null, due_at = $1 where id = $2 and lease_id = $3",
        due_at,
        account.0,
        lease.0
    )?;
    one(n, "the account")
}

/// An account as a system showed it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenAccount {
    /// Its login.
    pub name: String,
    /// How the system itself names it.
    pub native_id: Option<String>,
    /// How Latchkey came to know it.
    pub origin: AccountOrigin,
    /// Whether it is there and can be used.
    pub observed: AccountState,
}

/// Saves what was seen of an account.
///
/// # Errors
/// `Conflict` when the lease isn't the one any more.
pub async fn save_account(tx: &mut Tx, account: AccountId, lease: LeaseId, seen: &SeenAccount) -> StoreResult<()> {
    let now = tx.now();
    let n = exec!(
        tx,
        "update account set name = $1, native_id = $2, origin = $3, observed = $4, observed_at = $5 where id = $6 and lease_id = $7",
        &seen.name,
        &seen.native_id,
        seen.origin.as_str(),
        seen.observed.as_str(),
        now,
        account.0,
        lease.0
    )?;
    one(n, "the account")
}

/// Gives a new account its login (bookkeeping).
///
/// # Errors
/// `Conflict` when the lease isn't the one any more.
pub async fn name_account(tx: &mut Tx, account: AccountId, lease: LeaseId, name: &str) -> StoreResult<()> {
    one(
        exec!(tx, "update account set name = $1 where id = $2 and lease_id = $3", name, account.0, lease.0)?,
        "the account",
    )
}

/// Lets one transaction at a time choose names on a system; the others wait (bookkeeping).
///
/// # Errors
/// When the database fails.
pub async fn lock_names(tx: &mut Tx, system: SystemId) -> StoreResult<()> {
    exec!(tx, "update system_health set state = state where system_id = $1", system.0)?;
    Ok(())
}

/// The logins on a system that begin with `prefix`, in lower case, without that of `except`.
///
/// # Errors
/// When the database fails.
pub async fn names_like(
    c: &mut impl AsConn,
    system: SystemId,
    prefix: &str,
    except: AccountId,
) -> StoreResult<Vec<String>> {
    let escaped = prefix.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
    let pattern = format!("{}%", escaped.to_lowercase());
    let all = rows!(
        c,
        (String,),
        "select lower(name) from account where system_id = $1 and lower(name) like $2 escape '\\' and id <> $3",
        system.0,
        &pattern,
        except.0
    )?;
    Ok(all.into_iter().map(|(n,)| n).collect())
}

/// The stable key of a service identity; nothing for a person.
///
/// # Errors
/// When the database fails.
pub async fn service_key(c: &mut impl AsConn, identity: IdentityId) -> StoreResult<Option<String>> {
    Ok(row!(c, (String,), "select key from service_identity where identity_id = $1", identity.0)?.map(|(key,)| key))
}

/// A fulfilment with the entitlement as its system names it.
#[derive(Debug, Clone, FromRow)]
pub struct WorkRow {
    /// The fulfilment.
    #[sqlx(flatten)]
    pub row: FulfilmentRow,
    /// What the entitlement is on its system.
    #[sqlx(try_from = "String")]
    pub kind: EntitlementKind,
    /// How the system names it.
    pub native: String,
    /// How pages name it.
    pub entitlement_name: String,
}

/// Everything that is wanted of an account, in the order of the entitlements' ids.
///
/// # Errors
/// When the database fails.
pub async fn of_account(c: &mut impl AsConn, account: AccountId) -> StoreResult<Vec<WorkRow>> {
    rows!(
        c,
        WorkRow,
        "select f.id, f.account_id, f.entitlement_id, a.identity_id, a.system_id, f.desired, f.observed, f.progress, f.generation,
                f.attempts, f.due_at, f.found, f.adopted, f.wanted_at, f.applied_at, f.confirmed_at, f.last_outcome, f.last_words, f.last_attempt_at,
                e.kind, e.native, e.name as entitlement_name
         from fulfilment f
         join account a on a.id = f.account_id
         join entitlement e on e.id = f.entitlement_id
         where f.account_id = $1 order by f.entitlement_id",
        account.0
    )
}

/// One attempt at a fulfilment, to be saved.
#[derive(Debug, Clone)]
pub struct NewAttempt<'a> {
    /// Of which fulfilment.
    pub fulfilment: FulfilmentId,
    /// Under which generation.
    pub generation: i64,
    /// What was wanted.
    pub desired: Presence,
    /// When it began.
    pub started_at: Instant,
    /// How it ended.
    pub outcome: Outcome,
    /// The system's own words.
    pub words: &'a str,
    /// Who tried.
    pub worker: &'a str,
    /// The system accepted the change (in this attempt or, as it turned out, in an earlier one).
    pub applied: bool,
    /// It was there before Latchkey asked.
    pub found: bool,
}

/// Saves an attempt's outcome: `work` is what the rules made of it.
///
/// # Errors
/// `Conflict` when what is wanted has changed since.
pub async fn save_attempt(tx: &mut Tx, a: &NewAttempt<'_>, work: Work) -> StoreResult<()> {
    let now = tx.now();
    let applied = a.applied.then_some(now);
    let confirmed = matches!(a.outcome, Outcome::Done).then_some(now);
    let n = exec!(
        tx,
        "update fulfilment set observed = $1, progress = $2, attempts = $3, due_at = $4, found = $5,
                applied_at = coalesce(applied_at, $6), confirmed_at = $7, last_outcome = $8, last_words = $9, last_attempt_at = $10
         where id = $11 and generation = $12",
        work.observed.as_str(),
        work.progress.as_str(),
        work.attempts,
        work.due_at,
        a.found,
        applied,
        confirmed,
        a.outcome.as_str(),
        a.words,
        now,
        a.fulfilment.0,
        a.generation
    )?;
    one(n, "the fulfilment")?;
    exec!(
        tx,
        "insert into attempt (id, fulfilment_id, generation, desired, started_at, finished_at, outcome, words, worker)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        AttemptId::new(now).0,
        a.fulfilment.0,
        a.generation,
        a.desired.as_str(),
        a.started_at,
        now,
        a.outcome.as_str(),
        a.words,
        a.worker
    )?;
    Ok(())
}

/// Notes that an entitlement was there before Latchkey came, and that Latchkey has no wish about it.
///
/// # Errors
/// `Conflict` when what is wanted has changed since.
pub async fn save_kept(tx: &mut Tx, id: FulfilmentId, from: i64, work: Work) -> StoreResult<()> {
    let now = tx.now();
    let n = exec!(
        tx,
        "update fulfilment set desired = $1, observed = 'present', progress = $2, generation = $3, attempts = $4, due_at = $5,
                found = $6, last_words = '', last_outcome = null, last_attempt_at = $7
         where id = $8 and generation = $9",
        work.desired.as_str(),
        work.progress.as_str(),
        work.generation,
        work.attempts,
        work.due_at,
        true,
        now,
        id.0,
        from
    )?;
    one(n, "the fulfilment")
}

/// A late call may have changed the account behind the back of whoever has it now: it is looked at once more, and what
/// the call did to the account itself is noted (bookkeeping).
///
/// # Errors
/// When the database fails.
pub async fn look_again(tx: &mut Tx, account: AccountId, observed: Option<AccountState>) -> StoreResult<()> {
    let now = tx.now();
    exec!(
        tx,
        "update account set due_at = $1, observed = coalesce($2, observed) where id = $3",
        now,
        observed.map(AccountState::as_str),
        account.0
    )?;
    Ok(())
}

/// Whether a system has accounts with work that isn't done, due now or later.
///
/// # Errors
/// When the database fails.
pub async fn has_waiting(c: &mut impl AsConn, system: SystemId) -> StoreResult<bool> {
    let one = row!(c, (Uuid,), "select id from account where system_id = $1 and due_at is not null limit 1", system.0)?;
    Ok(one.is_some())
}

/// A system's accounts that wait until some time before `horizon` and that nobody works on, by id after `after`, at most
/// `limit`.
///
/// # Errors
/// When the database fails.
pub async fn waiting_of_system(
    c: &mut impl AsConn,
    system: SystemId,
    now: Instant,
    horizon: Instant,
    after: Option<AccountId>,
    limit: i64,
) -> StoreResult<Vec<AccountId>> {
    let after = after.map_or(Uuid::nil(), |a| a.0);
    let all = rows!(
        c,
        (Uuid,),
        "select id from account
         where system_id = $1 and due_at <= $2 and (lease_until is null or lease_until < $3) and id > $4 order by id limit $5",
        system.0,
        horizon,
        now,
        after,
        limit
    )?;
    Ok(all.into_iter().map(|(id,)| AccountId(id)).collect())
}

/// A system's accounts by id after `after`, at most `limit`; for looking at all of them.
///
/// # Errors
/// When the database fails.
pub async fn accounts_of_system(
    c: &mut impl AsConn,
    system: SystemId,
    after: Option<AccountId>,
    limit: i64,
) -> StoreResult<Vec<AccountRow>> {
    let after = after.map_or(Uuid::nil(), |a| a.0);
    rows!(
        c,
        AccountRow,
        "select id, identity_id, system_id, purpose, name, native_id, origin, desired, observed, observed_at, due_at, lease_id, lease_until
         from account where system_id = $1 and id > $2 order by id limit $3",
        system.0,
        after,
        limit
    )
}
