//! After a restore the reconciler only reports, until somebody confirms.

use latchkey_domain::{
    actor::Actor,
    clock::Clock,
    event::{EventBody, NewEvent},
    portal_role::PortalRole,
};
use latchkey_store::{Change, Db, StoreError, installation};

use crate::{ServiceError, ServiceResult};

/// Lets the reconciler act again. Administrators may, and the host.
///
/// # Errors
/// `NotFound` for others, `Refused` when it acts already.
pub async fn confirm_restore(db: &Db, clock: &dyn Clock, actor: &Actor) -> ServiceResult<()> {
    let may = match actor {
        Actor::Host => true,
        Actor::Person(p) => p.has(PortalRole::Administrator),
        Actor::Worker(_) | Actor::Token { .. } => false,
    };
    if !may {
        return Err(ServiceError::NotFound);
    }
    let mut tx = db.begin(clock.now()).await?;
    let epoch = installation::confirm_restore(&mut tx).await.map_err(|e| match e {
        StoreError::Conflict { .. } => ServiceError::refused(
            "restore.nothing_to_confirm",
            "There is nothing to confirm.",
            "The reconciler acts already.",
            "Open the systems page to see what it does.",
        ),
        other => other.into(),
    })?;
    tx.announce(Change::Work);
    tx.commit(vec![NewEvent::new(actor.reference(), EventBody::RestoreConfirmed { epoch })]).await?;
    Ok(())
}
