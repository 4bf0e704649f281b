//! Puts digests together when their time has come; they are sent like any other notice.

use latchkey_service::notices::digest;
use latchkey_store::notices::digests;

use crate::{Result, shared::Shared};

/// How many people are listed at once.
pub(crate) const BATCH: i64 = 50;

/// Puts together what is due, one transaction for each person. Returns how many people that were.
pub(crate) async fn pass(shared: &Shared) -> Result<usize> {
    let due = digests::due(&mut shared.db.read().await?, shared.now(), BATCH).await?;
    let mut done = 0;
    for who in due {
        if shared.stop.is_set() {
            break;
        }
        let mut tx = shared.db.begin(shared.now()).await?;
        let notices = digest::assemble(&mut tx, who, &shared.settings.zone).await?;
        tx.commit_bookkeeping().await?;
        tracing::debug!(person = %who, notices, "a digest was put together");
        done += 1;
    }
    Ok(done)
}
