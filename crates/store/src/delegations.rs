//! Delegations: somebody decides for somebody else, for a while.

use latchkey_domain::{DelegationId, IdentityId, Instant};
use sqlx::FromRow;
use uuid::Uuid;

use crate::{AsConn, StoreError, StoreResult, Tx};

/// A delegation as stored, with the people's names.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct DelegationRow {
    /// Its id.
    pub id: Uuid,
    /// Who is away.
    pub from_id: Uuid,
    /// What they are called.
    pub from_name: String,
    /// Who decides for them.
    pub to_id: Uuid,
    /// What they are called.
    pub to_name: String,
    /// That person's status, as its word.
    pub to_status: String,
    /// From when.
    pub starts_at: Instant,
    /// Until when.
    pub ends_at: Instant,
    /// What it is limited to, as JSON.
    pub limits: String,
    /// When it was made.
    pub created_at: Instant,
    /// When it was ended before its time.
    pub ended_at: Option<Instant>,
}

/// The columns of [`DelegationRow`].
macro_rules! delegation {
    ($rest:literal) => {
        concat!(
            "select d.id, d.from_id, f.display_name as from_name, d.to_id, t.display_name as to_name,
                    t.status as to_status, d.starts_at, d.ends_at, d.limits, d.created_at, d.ended_at
             from delegation d join identity f on f.id = d.from_id join identity t on t.id = d.to_id ",
            $rest
        )
    };
}

/// Whoever decides for these people now.
///
/// # Errors
/// When the database fails.
pub async fn active_for(c: &mut impl AsConn, from: &[Uuid], now: Instant) -> StoreResult<Vec<DelegationRow>> {
    // The clock can't be bound beside a list of ids: few delegations of one person are open, and those are looked at here.
    let open: Vec<DelegationRow> = rows_in!(
        c,
        DelegationRow,
        delegation!("where d.ended_at is null and d.over_at is null and d.from_id in ({}) order by d.created_at, d.id"),
        from
    )?;
    Ok(open.into_iter().filter(|d| d.starts_at <= now && now < d.ends_at).collect())
}

/// The delegations that somebody made or that name them, the newest first; those that are over or ended only as far as
/// `limit` reaches.
///
/// # Errors
/// When the database fails.
pub async fn of_person(c: &mut impl AsConn, who: IdentityId, limit: i64) -> StoreResult<Vec<DelegationRow>> {
    rows!(
        c,
        DelegationRow,
        delegation!("where d.from_id = $1 or d.to_id = $1 order by d.created_at desc, d.id desc limit $2"),
        who.0,
        limit
    )
}

/// One delegation.
///
/// # Errors
/// When the database fails.
pub async fn get(c: &mut impl AsConn, id: DelegationId) -> StoreResult<Option<DelegationRow>> {
    row!(c, DelegationRow, delegation!("where d.id = $1"), id.0)
}

/// How many delegations of somebody aren't over.
///
/// # Errors
/// When the database fails.
pub async fn count_open(c: &mut impl AsConn, from: IdentityId, now: Instant) -> StoreResult<i64> {
    Ok(row!(
        c,
        (i64,),
        "select count(*) from delegation where from_id = $1 and ended_at is null and ends_at > $2",
        from.0,
        now
    )?
    .map_or(0, |(n,)| n))
}

/// A delegation to be written.
#[derive(Debug, Clone)]
pub struct NewDelegation<'a> {
    /// Its id.
    pub id: DelegationId,
    /// Who is away.
    pub from: IdentityId,
    /// Who decides for them.
    pub to: IdentityId,
    /// From when.
    pub starts_at: Instant,
    /// Until when.
    pub ends_at: Instant,
    /// What it is limited to, as JSON.
    pub limits: &'a str,
}

/// Writes a delegation; one that has begun already is marked so, since the caller remakes its stages.
///
/// # Errors
/// When the database fails.
pub async fn insert(tx: &mut Tx, d: &NewDelegation<'_>) -> StoreResult<()> {
    let now = tx.now();
    let begun_at = (d.starts_at <= now).then_some(now);
    exec!(
        tx,
        "insert into delegation (id, from_id, to_id, starts_at, ends_at, limits, created_at, begun_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8)",
        d.id.0,
        d.from.0,
        d.to.0,
        d.starts_at,
        d.ends_at,
        d.limits,
        now,
        begun_at
    )?;
    Ok(())
}

/// Ends a delegation before its time.
///
/// # Errors
/// `Conflict` when it has ended already.
pub async fn end(tx: &mut Tx, id: DelegationId) -> StoreResult<()> {
    let now = tx.now();
    let n = exec!(
        tx,
        "update delegation set ended_at = $1, begun_at = coalesce(begun_at, $1), over_at = coalesce(over_at, $1)
         where id = $2 and ended_at is null",
        now,
        id.0
    )?;
    if n == 1 { Ok(()) } else { Err(StoreError::Conflict { what: "the delegation" }) }
}

/// A delegation whose beginning or end has come and whose stages haven't been worked out again for it.
#[derive(Debug, Clone, Copy, FromRow)]
pub struct TurningRow {
    /// The delegation.
    pub id: Uuid,
    /// Who is away.
    pub from_id: Uuid,
}

/// Delegations that began or were over since they were looked at last, at most `limit`.
///
/// # Errors
/// When the database fails.
pub async fn turning(c: &mut impl AsConn, now: Instant, limit: i64) -> StoreResult<Vec<TurningRow>> {
    rows!(
        c,
        TurningRow,
        "select id, from_id from delegation
         where (begun_at is null and starts_at <= $1) or (over_at is null and ends_at <= $1) order by id limit $2",
        now,
        limit
    )
}

/// The stages that this delegation touches have been worked out for this moment.
///
/// # Errors
/// When the database fails.
pub async fn set_turned(tx: &mut Tx, id: DelegationId) -> StoreResult<()> {
    let now = tx.now();
    exec!(tx, "update delegation set begun_at = $1 where id = $2 and begun_at is null and starts_at <= $1", now, id.0)?;
    exec!(tx, "update delegation set over_at = $1 where id = $2 and over_at is null and ends_at <= $1", now, id.0)?;
    Ok(())
}
