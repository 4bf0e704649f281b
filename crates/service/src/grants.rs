//! Ending a grant, whoever does it and why.

use latchkey_domain::{
    IdentityId,
    actor::ActorRef,
    event::{EventBody, NewEvent},
    grant::GrantEnd,
    portal_role::PortalRole,
};
use latchkey_store::{
    Change, Tx,
    grants::{self, GrantRow},
    items,
    separation::exceptions,
};

use crate::{ServiceError, ServiceResult, extend, facts};

/// Ends a grant. The caller holds the lock of its identity and settles what the identity holds afterwards.
///
/// # Errors
/// `Conflict` when it has ended already.
pub async fn end(tx: &mut Tx, grant: &GrantRow, reason: GrantEnd, actor: &ActorRef) -> ServiceResult<Vec<NewEvent>> {
    grant.state.end().map_err(|_| latchkey_store::StoreError::Conflict { what: "the access" })?;
    grants::end(tx, grant.id(), grant.state, reason).await?;
    announce(tx, grant).await?;
    ended(tx, grant, reason, "", actor).await
}

/// Ends a grant before its time, as [`end`] does, and keeps who did it and why.
///
/// # Errors
/// `Conflict` when it has ended already.
pub(crate) async fn end_early(
    tx: &mut Tx,
    grant: &GrantRow,
    by: IdentityId,
    why: &str,
    actor: &ActorRef,
) -> ServiceResult<Vec<NewEvent>> {
    grant.state.end().map_err(|_| latchkey_store::StoreError::Conflict { what: "the access" })?;
    grants::end_early(tx, grant.id(), grant.state, by, why).await?;
    announce(tx, grant).await?;
    ended(tx, grant, GrantEnd::Revoked, why, actor).await
}

async fn announce(tx: &mut Tx, grant: &GrantRow) -> ServiceResult<()> {
    // What a rule held back beside this one may go on.
    if exceptions::look_again(tx, grant.identity()).await? {
        tx.announce(Change::Work);
    }
    announce_request(tx, grant).await
}

/// Pages that show the request that a grant came from show it anew.
pub(crate) async fn announce_request(tx: &mut Tx, grant: &GrantRow) -> ServiceResult<()> {
    if let Some(item) = grant.item_id
        && let Some(item) = items::get(tx, item.into()).await?
    {
        tx.announce(Change::Request(item.request_id.into()));
    }
    Ok(())
}

/// That it ended, and what ends with it or goes on from it.
async fn ended(
    tx: &mut Tx,
    grant: &GrantRow,
    reason: GrantEnd,
    why: &str,
    actor: &ActorRef,
) -> ServiceResult<Vec<NewEvent>> {
    let body = EventBody::GrantEnded { grant: grant.id(), identity: grant.identity(), role: grant.role(), reason };
    let mut events = vec![NewEvent::new(actor.clone(), body).text("reason", why)];
    events.extend(extend::end_what_follows(tx, grant, reason, actor).await?);
    Ok(events)
}

/// Refuses to end the grant that makes the last administrator. Call it after the grant was ended, before committing: then
/// whoever is left is counted.
///
/// # Errors
/// `Refused` when nobody would be left.
pub async fn still_administered(tx: &mut Tx, grant: &GrantRow) -> ServiceResult<()> {
    let gave = grants::version_gives(tx, grant.role_version_id, PortalRole::Administrator.as_str()).await?;
    if !gave || facts::holders(tx, PortalRole::Administrator).await?.iter().any(|c| c.status.may_act()) {
        return Ok(());
    }
    Err(ServiceError::refused(
        "grant.last_administrator",
        "This access was not ended.",
        "Nobody would be left who administers this installation.",
        "Make somebody else administrator first: they ask for the role, or `latchkey admin add PERSON` on the host.",
    ))
}
