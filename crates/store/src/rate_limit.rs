//! Counters in windows of time, for limits per person and per address.

use latchkey_domain::Instant;

use crate::{StoreResult, Tx};

/// Counts one more under `key` in the window that began at `window_start`; tells how many there are now.
///
/// # Errors
/// When the database fails.
pub async fn hit(tx: &mut Tx, key: &str, window_start: Instant) -> StoreResult<i64> {
    let row = row!(
        tx,
        (i64,),
        "insert into rate_limit (key, window_start, count) values ($1, $2, 1)
         on conflict (key, window_start) do update set count = rate_limit.count + 1
         returning count",
        key,
        window_start
    )?;
    Ok(row.map_or(1, |(count,)| count))
}

/// How many were counted under `key` in the window that began at `window_start`.
///
/// # Errors
/// When the database fails.
pub async fn count(c: &mut impl crate::AsConn, key: &str, window_start: Instant) -> StoreResult<i64> {
    let row = row!(c, (i64,), "select count from rate_limit where key = $1 and window_start = $2", key, window_start)?;
    Ok(row.map_or(0, |(count,)| count))
}

/// Forgets windows that began before `before`.
///
/// # Errors
/// When the database fails.
pub async fn forget(tx: &mut Tx, before: Instant) -> StoreResult<u64> {
    exec!(tx, "delete from rate_limit where window_start < $1", before)
}
