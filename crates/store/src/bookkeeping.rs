//! In debug builds, a transaction that commits without events is looked at: it may have touched only the closed list.
//!
//! PostgreSQL knows what a transaction has locked for writing; the same SQL runs on both databases, so looking at one is
//! enough.

#[cfg(debug_assertions)]
use crate::StoreError;
use crate::{AsConn, ConnRef, StoreResult, Tx, tx::BOOKKEEPING_TABLES};

/// Tables of which one column is progress and no change of what anybody holds, may hold or is.
pub const PROGRESS_COLUMNS: &[(&str, &str)] = &[
    // The one lock raises it, also where nothing changes in the end.
    ("identity", "version"),
    // When failed work is tried again.
    ("fulfilment", "due_at"),
    // A notice that access ends soon has gone out.
    ("role_grant", "reminded_at"),
    // What a system said on read-back without a change of what is wanted; a change has its event.
    ("observation", "valid_to"),
    // The stages that a delegation touches were worked out again for its beginning and its end; what changed has events.
    ("delegation", "begun_at"),
    ("delegation", "over_at"),
    // It was worked out again who answers a wish; what changed has events.
    ("wish", "looked_at"),
    // A removal that failed is tried again; that it was decided, and that it is over, have events.
    ("drift", "due_at"),
    // A source was heard again; that it is silent, and that it is back, have events.
    ("call_source", "heard_at"),
];

/// The tables that this transaction has changed so far and that neither [`BOOKKEEPING_TABLES`] nor [`PROGRESS_COLUMNS`]
/// name. On SQLite always none: it doesn't tell.
///
/// # Errors
/// When the database fails.
pub async fn beyond(tx: &mut Tx) -> StoreResult<Vec<String>> {
    let ConnRef::Postgres(c) = tx.conn() else { return Ok(vec![]) };
    // Whoever inserts, updates or deletes holds this lock on the table until the transaction ends.
    let touched: Vec<(String,)> = sqlx::query_as(
        "select r.relname::text from pg_locks l join pg_class r on r.oid = l.relation
         where l.pid = pg_backend_pid() and l.locktype = 'relation' and l.mode = 'RowExclusiveLock' and r.relkind = 'r'
         order by r.relname",
    )
    .fetch_all(c)
    .await?;
    let known = |table: &str| BOOKKEEPING_TABLES.contains(&table) || PROGRESS_COLUMNS.iter().any(|(t, _)| *t == table);
    Ok(touched.into_iter().map(|(t,)| t).filter(|t| !known(t)).collect())
}

/// Refuses a transaction without events that touched more than it may.
#[cfg(debug_assertions)]
pub(crate) async fn check(tx: &mut Tx) -> StoreResult<()> {
    let beyond = beyond(tx).await?;
    if beyond.is_empty() {
        return Ok(());
    }
    tracing::error!(tables = ?beyond, "a change was about to be saved without its events");
    Err(StoreError::Misuse("a transaction without events touched a table that isn't bookkeeping"))
}
