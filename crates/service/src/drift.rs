//! Drift: what a full pass found on a system that nobody here granted, and what people decide about it.
//!
//! A pass compares ([`found`]); the system's rule or somebody decides ([`decide`]); a worker makes it so and reads back.
//! Access on an account of ours goes the way of all access: it is wanted absent, under its holder's lock. What isn't on an
//! account of ours has no holder to lock; a worker removes it by itself ([`elsewhere`]).

mod decide;
pub mod elsewhere;
pub mod found;
mod pages;

pub use decide::{Decided, accept, compare_now, release_brake, remove};
pub use pages::{DriftPage, Right, drift_page, possible};

use latchkey_domain::{
    AccountId, EntitlementId,
    drift::{DriftEnd, DriftKind, DriftState},
    event::EventBody,
};
use latchkey_store::{
    Tx,
    drift::{DriftRow, KnownDrift},
};

use crate::ServiceResult;

/// The system has confirmed that access is gone that somebody decided to take away: what was found is over. Gives what the log
/// says of it.
///
/// # Errors
/// When the database fails.
pub async fn removed(tx: &mut Tx, account: AccountId, entitlement: EntitlementId) -> ServiceResult<Option<EventBody>> {
    over(tx, account, entitlement, DriftKind::Access, DriftEnd::Removed).await
}

/// The same for what was missing, and is there again.
///
/// # Errors
/// When the database fails.
pub async fn restored(tx: &mut Tx, account: AccountId, entitlement: EntitlementId) -> ServiceResult<Option<EventBody>> {
    over(tx, account, entitlement, DriftKind::Missing, DriftEnd::Restored).await
}

async fn over(
    tx: &mut Tx,
    account: AccountId,
    entitlement: EntitlementId,
    kind: DriftKind,
    how: DriftEnd,
) -> ServiceResult<Option<EventBody>> {
    let Some(row) = latchkey_store::drift::waiting_for(tx, account, entitlement, kind).await? else { return Ok(None) };
    let closed = latchkey_store::drift::close(tx, row.id.into(), how).await?;
    Ok(closed.then(|| ended(row.system_id.into(), &row.into(), how)))
}

/// That it is over, for the log.
fn ended(system: latchkey_domain::SystemId, row: &KnownDrift, how: DriftEnd) -> EventBody {
    EventBody::DriftEnded {
        drift: row.id.into(),
        system,
        drift_kind: row.kind,
        identity: row.identity_id.map(Into::into),
        entitlement: row.entitlement_id.map(Into::into),
        how,
    }
}

/// What was decided, for the log.
fn decided(row: &DriftRow, to: DriftState) -> EventBody {
    EventBody::DriftDecided {
        drift: row.id(),
        system: row.system(),
        drift_kind: row.kind,
        identity: row.identity(),
        entitlement: row.entitlement(),
        to,
    }
}
