//! Systems, their entitlements, and what the workers last found about them.

use latchkey_domain::{
    EntitlementId, Instant, SystemId,
    system::{EntitlementKind, PassRule, SystemKind},
};
use sqlx::FromRow;
use uuid::Uuid;

use crate::{AsConn, StoreError, StoreResult, Tx};

/// A target that holds accounts.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct SystemRow {
    /// Its id.
    pub id: Uuid,
    /// Its stable key.
    pub key: String,
    /// Its name on pages.
    pub name: String,
    /// What it speaks.
    #[sqlx(try_from = "String")]
    pub kind: SystemKind,
    /// What it is for, in an employee's words.
    pub description: String,
    /// The rule for naming a new account.
    pub account_name: String,
    /// The attribute on the system that carries our external id.
    pub recognise: String,
    /// The hash of its part of the files.
    pub applied_hash: String,
    /// When it appeared.
    pub created_at: Instant,
    /// When it left the files.
    pub retired_at: Option<Instant>,
    /// How it is compared with what was granted, as JSON; nothing means the defaults.
    pub passes: Option<String>,
}

impl SystemRow {
    /// How it is compared with what was granted. What this version doesn't understand is as if nothing were said.
    #[must_use]
    pub fn pass_rule(&self) -> PassRule {
        self.passes.as_deref().and_then(|json| serde_json::from_str(json).ok()).unwrap_or_default()
    }
}

/// One permission on one system.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct EntitlementRow {
    /// Its id.
    pub id: Uuid,
    /// On which system.
    pub system_id: Uuid,
    /// Its stable key within the system.
    pub key: String,
    /// What it is there.
    #[sqlx(try_from = "String")]
    pub kind: EntitlementKind,
    /// Its name on pages.
    pub name: String,
    /// How the system names it.
    pub native: String,
    /// What it lets one do.
    pub description: String,
    /// When it appeared.
    pub created_at: Instant,
    /// When it left the files.
    pub retired_at: Option<Instant>,
}

/// What the workers last found about a system.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct HealthRow {
    /// Which system.
    pub system_id: Uuid,
    /// `healthy`, `failing` or `not_connected`.
    pub state: String,
    /// The system's own words, or why it isn't connected.
    pub words: String,
    /// When it was last looked at.
    pub checked_at: Instant,
    /// When it last answered well.
    pub healthy_at: Option<Instant>,
    /// Since when it doesn't.
    pub failing_since: Option<Instant>,
    /// When its last full pass ended.
    pub last_pass_at: Option<Instant>,
}

/// The columns of [`SystemRow`].
macro_rules! system_columns {
    ($rest:literal) => {
        concat!(
            "select id, key, name, kind, description, account_name, recognise, applied_hash, created_at, retired_at, passes from system ",
            $rest
        )
    };
}

/// Every system, retired ones too, by key.
///
/// # Errors
/// When the database fails.
pub async fn all(c: &mut impl AsConn) -> StoreResult<Vec<SystemRow>> {
    rows!(c, SystemRow, system_columns!("order by key"))
}

/// A system by id.
///
/// # Errors
/// When the database fails.
pub async fn get(c: &mut impl AsConn, id: SystemId) -> StoreResult<Option<SystemRow>> {
    row!(c, SystemRow, system_columns!("where id = $1"), id.0)
}

/// A system by its stable key.
///
/// # Errors
/// When the database fails.
pub async fn by_key(c: &mut impl AsConn, key: &str) -> StoreResult<Option<SystemRow>> {
    row!(c, SystemRow, system_columns!("where key = $1"), key)
}

/// Every entitlement of every system, retired ones too, by system and key.
///
/// # Errors
/// When the database fails.
pub async fn entitlements(c: &mut impl AsConn) -> StoreResult<Vec<EntitlementRow>> {
    rows!(
        c,
        EntitlementRow,
        "select id, system_id, key, kind, name, native, description, created_at, retired_at from entitlement
         order by system_id, key"
    )
}

/// Every entitlement of one system, retired ones too, by key.
///
/// # Errors
/// When the database fails.
pub async fn entitlements_of(c: &mut impl AsConn, system: SystemId) -> StoreResult<Vec<EntitlementRow>> {
    rows!(
        c,
        EntitlementRow,
        "select id, system_id, key, kind, name, native, description, created_at, retired_at from entitlement
         where system_id = $1 order by key",
        system.0
    )
}

/// An entitlement by id.
///
/// # Errors
/// When the database fails.
pub async fn entitlement(c: &mut impl AsConn, id: EntitlementId) -> StoreResult<Option<EntitlementRow>> {
    row!(
        c,
        EntitlementRow,
        "select id, system_id, key, kind, name, native, description, created_at, retired_at from entitlement where id = $1",
        id.0
    )
}

/// Writes a system as the files have it; one with this id is changed, and is no longer retired.
///
/// # Errors
/// When the key is taken by another one, or the database fails.
pub async fn put(tx: &mut Tx, s: &SystemRow) -> StoreResult<()> {
    exec!(
        tx,
        "insert into system (id, key, name, kind, description, account_name, recognise, applied_hash, created_at, passes)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
         on conflict (id) do update set name = excluded.name, kind = excluded.kind, description = excluded.description,
           account_name = excluded.account_name, recognise = excluded.recognise, applied_hash = excluded.applied_hash,
           passes = excluded.passes, retired_at = null",
        s.id,
        &s.key,
        &s.name,
        s.kind.as_str(),
        &s.description,
        &s.account_name,
        &s.recognise,
        &s.applied_hash,
        s.created_at,
        &s.passes
    )
    .map_err(|e| e.or_duplicate("a system with this key"))?;
    Ok(())
}

/// Retires a system: nothing new is asked for on it.
///
/// # Errors
/// When it isn't there or is retired already, or the database fails.
pub async fn retire(tx: &mut Tx, id: SystemId) -> StoreResult<()> {
    let now = tx.now();
    let done = exec!(tx, "update system set retired_at = $1 where id = $2 and retired_at is null", now, id.0)?;
    if done == 1 { Ok(()) } else { Err(StoreError::Conflict { what: "the system" }) }
}

/// Writes an entitlement as the files have it; one with this id is changed, and is no longer retired.
///
/// # Errors
/// When the key is taken by another one of the system, or the database fails.
pub async fn put_entitlement(tx: &mut Tx, e: &EntitlementRow) -> StoreResult<()> {
    exec!(
        tx,
        "insert into entitlement (id, system_id, key, kind, name, native, description, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8)
         on conflict (id) do update set kind = excluded.kind, name = excluded.name, native = excluded.native,
           description = excluded.description, retired_at = null",
        e.id,
        e.system_id,
        &e.key,
        e.kind.as_str(),
        &e.name,
        &e.native,
        &e.description,
        e.created_at
    )
    .map_err(|e| e.or_duplicate("an entitlement with this key"))?;
    Ok(())
}

/// Retires an entitlement.
///
/// # Errors
/// When it isn't there or is retired already, or the database fails.
pub async fn retire_entitlement(tx: &mut Tx, id: EntitlementId) -> StoreResult<()> {
    let now = tx.now();
    let done = exec!(tx, "update entitlement set retired_at = $1 where id = $2 and retired_at is null", now, id.0)?;
    if done == 1 { Ok(()) } else { Err(StoreError::Conflict { what: "the entitlement" }) }
}

/// What the workers last found, of every system that was ever looked at.
///
/// # Errors
/// When the database fails.
pub async fn health(c: &mut impl AsConn) -> StoreResult<Vec<HealthRow>> {
    rows!(
        c,
        HealthRow,
        "select system_id, state, words, checked_at, healthy_at, failing_since, last_pass_at from system_health order by system_id"
    )
}

/// A full pass has just ended well (bookkeeping).
///
/// # Errors
/// When the database fails.
pub async fn passed(tx: &mut Tx, system: SystemId) -> StoreResult<()> {
    let now = tx.now();
    exec!(tx, "update system_health set last_pass_at = $1 where system_id = $2", now, system.0)?;
    Ok(())
}

/// Notes what was found about a system (bookkeeping): since when it fails and when it was last well follow from the states
/// in order. `passed` says that a full pass has just ended.
///
/// # Errors
/// When the database fails.
pub async fn record_health(tx: &mut Tx, system: SystemId, state: &str, words: &str, passed: bool) -> StoreResult<()> {
    let now = tx.now();
    let healthy = (state == "healthy").then_some(now);
    let failing = (state == "failing").then_some(now);
    let pass = passed.then_some(now);
    exec!(
        tx,
        "insert into system_health (system_id, state, words, checked_at, healthy_at, failing_since, last_pass_at)
         values ($1, $2, $3, $4, $5, $6, $7)
         on conflict (system_id) do update set state = excluded.state, words = excluded.words, checked_at = excluded.checked_at,
           healthy_at = coalesce(excluded.healthy_at, system_health.healthy_at),
           failing_since = case when excluded.failing_since is null then null
                                else coalesce(system_health.failing_since, excluded.failing_since) end,
           last_pass_at = coalesce(excluded.last_pass_at, system_health.last_pass_at)",
        system.0,
        state,
        words,
        now,
        healthy,
        failing,
        pass
    )?;
    Ok(())
}

/// How many people have this entitlement on its system, or are about to have or to lose it.
///
/// # Errors
/// When the database fails.
pub async fn entitlement_in_use(c: &mut impl AsConn, id: EntitlementId) -> StoreResult<i64> {
    let count = row!(
        c,
        (i64,),
        "select count(*) from fulfilment
         where entitlement_id = $1 and (desired = 'present' or observed = 'present' or progress <> 'settled')",
        id.0
    )?;
    Ok(count.map_or(0, |(n,)| n))
}

/// How many accounts are known on a system.
///
/// # Errors
/// When the database fails.
pub async fn accounts_on(c: &mut impl AsConn, id: SystemId) -> StoreResult<i64> {
    Ok(row!(c, (i64,), "select count(*) from account where system_id = $1", id.0)?.map_or(0, |(n,)| n))
}
