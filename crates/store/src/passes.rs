//! Full passes: when each system was compared with what was granted, and what that takes from the database.

use latchkey_domain::{
    AccountId, EntitlementId, IdentityId, Instant, LeaseId, PassId, SystemId,
    account::{AccountOrigin, AccountState},
    fulfilment::{Presence, Progress},
};
use sqlx::FromRow;
use uuid::Uuid;

use crate::{AsConn, StoreResult, Tx, grants::one};

/// One pass over one system.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct PassRow {
    /// Its id.
    pub id: Uuid,
    /// Over which system.
    pub system_id: Uuid,
    /// When it began.
    pub started_at: Instant,
    /// When it ended.
    pub ended_at: Option<Instant>,
    /// `running`, `done` or `failed`.
    pub state: String,
    /// Who asked for it; nobody when it was its turn.
    pub asked_by_id: Option<Uuid>,
    /// Until when whoever works on it is believed.
    pub lease_until: Option<Instant>,
    /// What is being read: `accounts`, or an entitlement's name.
    pub reading: String,
    /// Lines read so far.
    pub lines: i64,
    /// Entitlements compared so far.
    pub entitlements_done: i64,
    /// Of how many.
    pub entitlements: i64,
    /// Accounts that the system has, within what is managed.
    pub accounts: i64,
    /// Times that one of them has an entitlement.
    pub holdings: i64,
    /// Drift that wasn't known before.
    pub found: i64,
    /// Drift that is over.
    pub gone: i64,
    /// Why it failed.
    pub words: String,
    /// `pulled`, `resumed`, `carried_out`, `cancelled` or `replaced` by a later one, where it would have taken away more than it may.
    pub brake: Option<String>,
    /// How much it would have taken away.
    pub removals: i64,
}

impl PassRow {
    /// Its typed id.
    #[must_use]
    pub const fn id(&self) -> PassId {
        PassId(self.id)
    }
}

macro_rules! pass {
    ($rest:literal) => {
        concat!(
            "select id, system_id, started_at, ended_at, state, asked_by_id, lease_until, reading, lines, entitlements_done, entitlements,
                    accounts, holdings, found, gone, words, brake, removals from system_pass ",
            $rest
        )
    };
}

/// The last passes over a system, newest first.
///
/// # Errors
/// When the database fails.
pub async fn latest_of(c: &mut impl AsConn, system: SystemId, limit: i64) -> StoreResult<Vec<PassRow>> {
    rows!(c, PassRow, pass!("where system_id = $1 order by id desc limit $2"), system.0, limit)
}

/// The newest pass over each system.
///
/// # Errors
/// When the database fails.
pub async fn newest(c: &mut impl AsConn) -> StoreResult<Vec<PassRow>> {
    rows!(
        c,
        PassRow,
        pass!(
            "where id in (select (select p.id from system_pass p where p.system_id = s.id order by p.id desc limit 1) from system s)"
        )
    )
}

/// The pass of a system whose brake waits for somebody, if one does.
///
/// # Errors
/// When the database fails.
pub async fn braked(c: &mut impl AsConn, system: SystemId) -> StoreResult<Option<PassRow>> {
    row!(c, PassRow, pass!("where system_id = $1 and brake = 'pulled' order by id desc limit 1"), system.0)
}

/// The systems that somebody wants compared now, and who.
///
/// # Errors
/// When the database fails.
pub async fn wanted(c: &mut impl AsConn) -> StoreResult<Vec<(SystemId, Option<IdentityId>)>> {
    let all = rows!(c, (Uuid, Option<Uuid>), "select system_id, asked_by_id from system_pass_wanted order by asked_at");
    Ok(all?.into_iter().map(|(system, by)| (SystemId(system), by.map(IdentityId))).collect())
}

/// Somebody wants a system compared now; asking twice is asking once (bookkeeping).
///
/// # Errors
/// When the database fails.
pub async fn want(tx: &mut Tx, system: SystemId, by: IdentityId) -> StoreResult<()> {
    let now = tx.now();
    exec!(
        tx,
        "insert into system_pass_wanted (system_id, asked_by_id, asked_at) values ($1, $2, $3) on conflict (system_id) do nothing",
        system.0,
        by.0,
        now
    )?;
    Ok(())
}

/// Begins a pass, unless one is under way whose worker is still believed. One that was left in the middle has failed
/// (bookkeeping).
///
/// # Errors
/// When the database fails.
pub async fn begin(
    tx: &mut Tx,
    system: SystemId,
    asked_by: Option<IdentityId>,
    lease: LeaseId,
    until: Instant,
) -> StoreResult<Option<PassId>> {
    let now = tx.now();
    exec!(
        tx,
        "update system_pass set state = 'failed', ended_at = $1, lease_id = null, lease_until = null, words = $2
         where system_id = $3 and state = 'running' and lease_until < $1",
        now,
        "The worker that made this pass stopped in the middle. The next pass begins anew.",
        system.0
    )?;
    let id = PassId::new(now);
    let begun = exec!(
        tx,
        "insert into system_pass (id, system_id, started_at, state, asked_by_id, lease_id, lease_until, reading, lines, entitlements_done,
                                  entitlements, accounts, holdings, found, gone, words, removals)
         values ($1, $2, $3, 'running', $4, $5, $6, 'accounts', 0, 0, 0, 0, 0, 0, 0, '', 0) on conflict do nothing",
        id.0,
        system.0,
        now,
        asked_by.map(|i| i.0),
        lease.0,
        until
    )?;
    if begun == 0 {
        return Ok(None);
    }
    exec!(tx, "delete from system_pass_wanted where system_id = $1", system.0)?;
    Ok(Some(id))
}

/// How far a pass is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PassProgress {
    /// What is being read.
    pub reading: String,
    /// Lines read so far.
    pub lines: i64,
    /// Entitlements compared so far.
    pub done: i64,
    /// Of how many.
    pub of: i64,
}

/// Says how far a pass is and keeps it until `until`; tells whether it still is this worker's (bookkeeping).
///
/// # Errors
/// When the database fails.
pub async fn keep(tx: &mut Tx, pass: PassId, lease: LeaseId, until: Instant, at: &PassProgress) -> StoreResult<bool> {
    let n = exec!(
        tx,
        "update system_pass set lease_until = $1, reading = $2, lines = $3, entitlements_done = $4, entitlements = $5
         where id = $6 and lease_id = $7 and state = 'running'",
        until,
        &at.reading,
        at.lines,
        at.done,
        at.of,
        pass.0,
        lease.0
    )?;
    Ok(n == 1)
}

/// What a pass came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PassTotals {
    /// Accounts within what is managed.
    pub accounts: u64,
    /// Times that one of them has an entitlement.
    pub holdings: u64,
    /// Drift that wasn't known before.
    pub found: u64,
    /// Drift that is over.
    pub gone: u64,
    /// What it would have taken away, where that is more than it may.
    pub braked: Option<u64>,
}

/// When the last pass ended whose removals somebody called off: what was found by then stays as it is.
///
/// # Errors
/// When the database fails.
pub async fn called_off(c: &mut impl AsConn, system: SystemId) -> StoreResult<Option<Instant>> {
    let row = row!(
        c,
        (Option<Instant>,),
        "select max(ended_at) from system_pass where system_id = $1 and brake = 'cancelled'",
        system.0
    )?;
    Ok(row.and_then(|(at,)| at))
}

/// A pass has ended well. Where it was stopped by its brake, it takes the place of an earlier one that still waits.
///
/// # Errors
/// `Conflict` when it isn't this worker's any more.
pub async fn done(tx: &mut Tx, pass: PassId, lease: LeaseId, totals: PassTotals) -> StoreResult<()> {
    let now = tx.now();
    if totals.braked.is_some() {
        exec!(
            tx,
            "update system_pass set brake = 'replaced'
             where brake = 'pulled' and system_id = (select n.system_id from system_pass n where n.id = $1)",
            pass.0
        )?;
    }
    let number = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
    let n = exec!(
        tx,
        "update system_pass set state = 'done', ended_at = $1, lease_id = null, lease_until = null, accounts = $2, holdings = $3,
                                found = $4, gone = $5, brake = $6, removals = $7
         where id = $8 and lease_id = $9 and state = 'running'",
        now,
        number(totals.accounts),
        number(totals.holdings),
        number(totals.found),
        number(totals.gone),
        totals.braked.map(|_| "pulled"),
        number(totals.braked.unwrap_or_default()),
        pass.0,
        lease.0
    )?;
    one(n, "the pass")
}

/// A pass has failed (bookkeeping); tells whether it was this worker's.
///
/// # Errors
/// When the database fails.
pub async fn failed(tx: &mut Tx, pass: PassId, lease: LeaseId, words: &str) -> StoreResult<bool> {
    let now = tx.now();
    let n = exec!(
        tx,
        "update system_pass set state = 'failed', ended_at = $1, lease_id = null, lease_until = null, words = $2
         where id = $3 and lease_id = $4 and state = 'running'",
        now,
        words,
        pass.0,
        lease.0
    )?;
    Ok(n == 1)
}

/// Somebody looked at a pulled brake: `resumed` or `cancelled`.
///
/// # Errors
/// `Conflict` when it isn't pulled any more.
pub async fn release(tx: &mut Tx, pass: PassId, resumed: bool, by: IdentityId, comment: &str) -> StoreResult<()> {
    let now = tx.now();
    let n = exec!(
        tx,
        "update system_pass set brake = $1, released_by_id = $2, released_at = $3, release_comment = $4
         where id = $5 and brake = 'pulled'",
        if resumed { "resumed" } else { "cancelled" },
        by.0,
        now,
        comment,
        pass.0
    )?;
    one(n, "the brake")
}

/// The stopped passes that somebody lets go on, and that haven't yet.
///
/// # Errors
/// When the database fails.
pub async fn resumed(c: &mut impl AsConn) -> StoreResult<Vec<PassRow>> {
    rows!(c, PassRow, pass!("where brake = 'resumed' order by id limit 100"))
}

/// What a stopped pass had found was taken away, or is on its way (bookkeeping).
///
/// # Errors
/// When the database fails.
pub async fn carried_out(tx: &mut Tx, pass: PassId) -> StoreResult<()> {
    exec!(tx, "update system_pass set brake = 'carried_out' where id = $1 and brake = 'resumed'", pass.0)?;
    Ok(())
}

/// An account of ours, as a pass compares it.
#[derive(Debug, Clone, FromRow)]
pub struct KnownAccount {
    /// Its id.
    pub id: Uuid,
    /// Whose.
    pub identity_id: Uuid,
    /// How the system itself names it, once known.
    pub native_id: Option<String>,
    /// Its login.
    pub name: String,
    /// How Latchkey came to know it.
    #[sqlx(try_from = "String")]
    pub origin: AccountOrigin,
    /// What was last seen.
    #[sqlx(try_from = "String")]
    pub observed: AccountState,
    /// When that was.
    pub observed_at: Option<Instant>,
}

/// A system's accounts by id after `after`, at most `limit`.
///
/// # Errors
/// When the database fails.
pub async fn known_accounts(
    c: &mut impl AsConn,
    system: SystemId,
    after: Option<AccountId>,
    limit: i64,
) -> StoreResult<Vec<KnownAccount>> {
    rows!(
        c,
        KnownAccount,
        "select id, identity_id, native_id, name, origin, observed, observed_at from account where system_id = $1 and id > $2
         order by id limit $3",
        system.0,
        after.map_or(Uuid::nil(), |a| a.0),
        limit
    )
}

/// What is known of one entitlement on one account, as a pass compares it.
#[derive(Debug, Clone, FromRow)]
pub struct KnownHolding {
    /// The account.
    pub account_id: Uuid,
    /// What is wanted.
    #[sqlx(try_from = "String")]
    pub desired: Presence,
    /// What was last seen.
    #[sqlx(try_from = "String")]
    pub observed: Presence,
    /// What remains to be done.
    #[sqlx(try_from = "String")]
    pub progress: Progress,
    /// When it was last tried, or wanted.
    pub touched_at: Instant,
}

/// Everything known of one entitlement, by account after `after`, at most `limit`.
///
/// # Errors
/// When the database fails.
pub async fn known_holdings(
    c: &mut impl AsConn,
    entitlement: EntitlementId,
    after: Option<AccountId>,
    limit: i64,
) -> StoreResult<Vec<KnownHolding>> {
    rows!(
        c,
        KnownHolding,
        "select account_id, desired, observed, progress,
                case when last_attempt_at > wanted_at then last_attempt_at else wanted_at end as touched_at
         from fulfilment where entitlement_id = $1 and account_id > $2 order by account_id limit $3",
        entitlement.0,
        after.map_or(Uuid::nil(), |a| a.0),
        limit
    )
}

/// Whoever has an external id, people and service identities, by it after `after`, at most `limit`.
///
/// # Errors
/// When the database fails.
pub async fn carriers(c: &mut impl AsConn, after: &str, limit: i64) -> StoreResult<Vec<(String, Uuid)>> {
    rows!(
        c,
        (String, Uuid),
        "select external_id, identity_id from (
             select external_id, identity_id from person where external_id > $1
             union all
             select key as external_id, identity_id from service_identity where key > $1) who
         order by external_id, identity_id limit $2",
        after,
        limit
    )
}

/// Has workers look at these accounts at once (bookkeeping).
///
/// # Errors
/// When the database fails.
pub async fn look_at(tx: &mut Tx, accounts: &[Uuid]) -> StoreResult<()> {
    let now = tx.now();
    for account in accounts {
        exec!(tx, "update account set due_at = $1 where id = $2 and (due_at is null or due_at > $1)", now, account)?;
    }
    Ok(())
}
