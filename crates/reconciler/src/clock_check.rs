//! Leases and ends of access are compared with the worker's clock: a worker whose clock is wrong must not work.

use chrono::TimeDelta;
use latchkey_store::work::workers;

use crate::{Result, shared::Shared};

/// The most that a worker's clock may be off.
pub(crate) const TOLERANCE: TimeDelta = TimeDelta::seconds(1);

/// How far the database's clock is ahead of the worker's, in milliseconds, or nothing when the answer took so long that
/// it says nothing.
async fn measure(shared: &Shared) -> Result<Option<i64>> {
    let mut read = shared.db.read().await?;
    let before = shared.now();
    let theirs = workers::database_clock_ms(&mut read).await?;
    let after = shared.now();
    let ours = before.midpoint_millis(after);
    Ok((after - before < TOLERANCE).then_some(theirs - ours))
}

trait Midpoint {
    fn midpoint_millis(self, other: Self) -> i64;
}

impl Midpoint for latchkey_domain::Instant {
    fn midpoint_millis(self, other: Self) -> i64 {
        i64::midpoint(self.timestamp_millis(), other.timestamp_millis())
    }
}

/// Compares the clocks and gives a sign of life. From then on the worker works, or doesn't.
pub(crate) async fn pass(shared: &Shared) -> Result<()> {
    let offset = if shared.settings.compare_clocks { measure(shared).await? } else { Some(0) };
    if let Some(offset) = offset {
        let right = offset.abs() <= TOLERANCE.num_milliseconds();
        let was_right = shared.set_clock_is_right(right);
        if !right {
            tracing::error!(
                worker = %shared.id,
                offset_ms = offset,
                "this worker's clock and the database's differ by more than a second: it does no work until they agree; check the time service on both hosts"
            );
        } else if !was_right {
            tracing::info!(worker = %shared.id, offset_ms = offset, "this worker's clock agrees with the database's: it works");
        }
    } else {
        tracing::warn!(worker = %shared.id, "the database took too long to tell its time; the clocks are compared again soon");
    }
    let mut tx = shared.db.begin(shared.now()).await?;
    workers::beat(&mut tx, shared.id, &shared.settings.name, shared.started_at, offset.unwrap_or(0)).await?;
    tx.commit_bookkeeping().await?;
    Ok(())
}

/// The worker stops: it isn't listed any more, nor are those that were not heard of for a day.
pub(crate) async fn leave(shared: &Shared) -> Result<()> {
    let mut tx = shared.db.begin(shared.now()).await?;
    let before = tx.now() - TimeDelta::days(1);
    workers::forget(&mut tx, shared.id, before).await?;
    tx.commit_bookkeeping().await?;
    Ok(())
}
