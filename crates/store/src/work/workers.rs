//! Who works: signs of life, and how far apart the clocks are.

use latchkey_domain::Instant;
use sqlx::FromRow;
use uuid::Uuid;

use crate::{AsConn, ConnRef, StoreError, StoreResult, Tx};

/// A worker as last heard of.
#[derive(Debug, Clone, FromRow)]
pub struct WorkerRow {
    /// Its id: one per start of a process.
    pub id: Uuid,
    /// What it is called.
    pub name: String,
    /// When it started.
    pub started_at: Instant,
    /// Its last sign of life.
    pub seen_at: Instant,
    /// How far its clock is behind (positive) or ahead of the database's.
    pub clock_offset_ms: i64,
}

/// A sign of life (bookkeeping).
///
/// # Errors
/// When the database fails.
pub async fn beat(tx: &mut Tx, id: Uuid, name: &str, started_at: Instant, clock_offset_ms: i64) -> StoreResult<()> {
    let now = tx.now();
    exec!(
        tx,
        "insert into worker (id, name, started_at, seen_at, clock_offset_ms) values ($1, $2, $3, $4, $5)
         on conflict (id) do update set seen_at = excluded.seen_at, clock_offset_ms = excluded.clock_offset_ms",
        id,
        name,
        started_at,
        now,
        clock_offset_ms
    )?;
    Ok(())
}

/// Forgets a worker that stopped, and those not heard of since `before` (bookkeeping).
///
/// # Errors
/// When the database fails.
pub async fn forget(tx: &mut Tx, id: Uuid, before: Instant) -> StoreResult<()> {
    exec!(tx, "delete from worker where id = $1 or seen_at < $2", id, before)?;
    Ok(())
}

/// Every worker that was heard of, by name.
///
/// # Errors
/// When the database fails.
pub async fn all(c: &mut impl AsConn) -> StoreResult<Vec<WorkerRow>> {
    rows!(c, WorkerRow, "select id, name, started_at, seen_at, clock_offset_ms from worker order by name, id limit 100")
}

/// The database's own clock in milliseconds since 1970. A named exception to the one SQL: the program's clock decides
/// everything else, and is compared with this one.
///
/// # Errors
/// When the database fails.
pub async fn database_clock_ms(c: &mut impl AsConn) -> StoreResult<i64> {
    crate::query::count();
    let row: (i64,) = match c.conn() {
        ConnRef::Sqlite(c) => {
            sqlx::query_as("select cast(round((julianday('now') - 2440587.5) * 86400000.0) as integer)")
                .fetch_one(c)
                .await
        }
        ConnRef::Postgres(c) => {
            sqlx::query_as("select cast(extract(epoch from clock_timestamp()) * 1000 as bigint)").fetch_one(c).await
        }
    }
    .map_err(StoreError::from)?;
    Ok(row.0)
}
