//! Somebody asks for another attempt at what a system refused, without a new request (promise 9).

use latchkey_domain::{
    EntitlementId, FulfilmentId, IdentityId, SystemId,
    actor::Actor,
    clock::Clock,
    event::{EventBody, NewEvent},
    portal_role::PortalRole,
};
use latchkey_store::{Change, Db, accounts, fulfilments, identities};

use crate::{ServiceError, ServiceResult};

/// Makes stuck work due now. Administrators, the help desk, the system's owner and the person themselves may.
///
/// # Errors
/// `NotFound` for others, `Refused` when there is nothing to try.
pub async fn retry_fulfilment(db: &Db, clock: &dyn Clock, actor: &Actor, id: FulfilmentId) -> ServiceResult<()> {
    let Actor::Person(person) = actor else { return Err(ServiceError::NotFound) };
    let mut tx = db.begin(clock.now()).await?;
    let seen = fulfilments::get(&mut tx, id).await?.ok_or(ServiceError::NotFound)?;
    let owner = latchkey_store::routing::owner_of_system(&mut tx, SystemId(seen.system_id)).await?;
    let may = seen.identity_id == person.identity.0
        || owner == Some(person.identity)
        || person.has(PortalRole::Administrator)
        || person.has(PortalRole::Helpdesk);
    if !may {
        return Err(ServiceError::NotFound);
    }
    identities::lock(&mut tx, &[IdentityId(seen.identity_id)]).await?;
    tx.now_is(clock.now());
    let row = fulfilments::get(&mut tx, id).await?.ok_or(ServiceError::NotFound)?;
    let Some(work) = row.work().retry(tx.now()) else {
        return Err(ServiceError::refused(
            "fulfilment.settled",
            "There is nothing to try again.",
            "The system has confirmed it in the meantime.",
            "Reload the page to see it.",
        ));
    };
    fulfilments::save_retry(&mut tx, id, row.progress, work).await?;
    accounts::due(&mut tx, row.account_id.into()).await?;
    tx.announce(Change::Work);
    let body = EventBody::FulfilmentRetried {
        fulfilment: id,
        identity: IdentityId(row.identity_id),
        system: SystemId(row.system_id),
        entitlement: EntitlementId(row.entitlement_id),
    };
    tx.commit(vec![NewEvent::new(actor.reference(), body)]).await?;
    Ok(())
}
