//! The removal of what isn't on an account of ours: nobody's lock stands over it, and nobody can be granted it meanwhile.

use chrono::TimeDelta;
use latchkey_domain::{actor::Actor, clock::Clock, drift::DriftEnd, event::NewEvent, fulfilment::pause};
use latchkey_store::{
    Db,
    drift::{self as store, DriftRow},
};

use super::ended;
use crate::ServiceResult;

/// How a removal ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Removal {
    /// The system says that it is gone.
    Gone,
    /// It is tried again by itself.
    Later(String),
    /// The system said no, or somebody has to look: it waits until it is decided anew.
    Stuck(String),
}

/// Writes down how a removal ended.
///
/// # Errors
/// When the database fails.
pub async fn record(db: &Db, clock: &dyn Clock, row: &DriftRow, removal: &Removal) -> ServiceResult<()> {
    let mut tx = db.begin(clock.now()).await?;
    let now = tx.now();
    match removal {
        Removal::Gone => {
            if !store::close(&mut tx, row.id(), DriftEnd::Removed).await? {
                tx.rollback().await?;
                return Ok(());
            }
            let body = ended(row.system(), &row.clone().into(), DriftEnd::Removed);
            tx.commit(vec![NewEvent::new(Actor::Worker("compare").reference(), body)]).await?;
        }
        Removal::Later(words) => {
            let again = now + pause(row.attempts + 1, 0.5).max(TimeDelta::seconds(10));
            store::put_off(&mut tx, row.id(), Some(again), words).await?;
            tx.commit_bookkeeping().await?;
        }
        Removal::Stuck(words) => {
            store::put_off(&mut tx, row.id(), None, words).await?;
            tx.commit_bookkeeping().await?;
        }
    }
    Ok(())
}
