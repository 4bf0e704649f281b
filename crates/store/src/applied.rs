//! Files that were applied: each `apply` and `import people` leaves its hash.

use latchkey_domain::{AppliedSetId, Instant};
use sqlx::FromRow;
use uuid::Uuid;

use crate::{AsConn, StoreError, StoreResult, Tx};

/// The word for a people file.
pub const PEOPLE: &str = "people";
/// The word for a catalog.
pub const CATALOG: &str = "catalog";

/// One applied set of files.
#[derive(Debug, Clone, FromRow)]
pub struct AppliedSet {
    /// Its id.
    pub id: Uuid,
    /// [`PEOPLE`] or [`CATALOG`].
    pub kind: String,
    /// SHA-256 of the content, in hexadecimal.
    pub hash: String,
    /// When.
    pub applied_at: Instant,
    /// By whom, in words.
    pub applied_by: String,
    /// What it did, in one line.
    pub summary: String,
}

/// Makes imports and applies come one after the other: whoever is second waits here until the first is done. Take it
/// before anything else.
///
/// # Errors
/// When the installation was never set up, or the database fails.
pub async fn one_at_a_time(tx: &mut Tx) -> StoreResult<()> {
    // SQLite has one writer anyway; PostgreSQL locks the row.
    let there = exec!(tx, "update installation set catalog_version = catalog_version where id = 1")?;
    if there == 1 { Ok(()) } else { Err(StoreError::Missing { what: "the installation" }) }
}

/// Notes an applied set.
///
/// # Errors
/// When the database fails.
pub async fn insert(
    tx: &mut Tx,
    id: AppliedSetId,
    kind: &str,
    hash: &str,
    applied_by: &str,
    summary: &str,
) -> StoreResult<()> {
    let now = tx.now();
    exec!(
        tx,
        "insert into applied_set (id, kind, hash, applied_at, applied_by, summary) values ($1, $2, $3, $4, $5, $6)",
        id.0,
        kind,
        hash,
        now,
        applied_by,
        summary
    )?;
    Ok(())
}

/// The last `limit` sets of a kind, latest first.
///
/// # Errors
/// When the database fails.
pub async fn latest(c: &mut impl AsConn, kind: &str, limit: i64) -> StoreResult<Vec<AppliedSet>> {
    rows!(
        c,
        AppliedSet,
        "select id, kind, hash, applied_at, applied_by, summary from applied_set where kind = $1
         order by applied_at desc, id desc limit $2",
        kind,
        limit
    )
}
