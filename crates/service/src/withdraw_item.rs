//! The requester or the beneficiary takes a waiting item back.

use latchkey_domain::{
    IdentityId, ItemId, RequestId, RoleId,
    actor::Actor,
    clock::Clock,
    event::{EventBody, NewEvent},
    item::ItemState,
};
use latchkey_store::{Change, Db, identities, items, stages};

use crate::{Refusal, ServiceError, ServiceResult};

/// Whether an item in this state can be taken back: while it waits. Pages ask the same.
///
/// # Errors
/// Why not, and what can be done instead.
pub fn possible(state: ItemState) -> Result<(), Refusal> {
    if state == ItemState::Waiting {
        return Ok(());
    }
    Err(Refusal::new(
        "item.not_waiting",
        "It was not withdrawn.",
        format!("It was {state} already."),
        "Open the request to see where it stands. Access that you have can be given back.",
    ))
}

/// Takes an item back while it waits. Returns its request.
///
/// # Errors
/// `NotFound` for others, `Refused` when it isn't waiting any more.
pub async fn withdraw_item(db: &Db, clock: &dyn Clock, actor: &Actor, item: ItemId) -> ServiceResult<RequestId> {
    let who = actor.identity().ok_or(ServiceError::NotFound)?;
    let mut tx = db.begin(clock.now()).await?;
    let seen = items::get(&mut tx, item).await?.ok_or(ServiceError::NotFound)?;
    if ![seen.requester_id, seen.beneficiary_id].contains(&who.0) {
        return Err(ServiceError::NotFound);
    }
    identities::lock(&mut tx, &[IdentityId(seen.beneficiary_id)]).await?;
    tx.now_is(clock.now());
    let row = items::get(&mut tx, item).await?.ok_or(ServiceError::NotFound)?;
    possible(row.state).map_err(ServiceError::Refused)?;
    let conflict = |_| latchkey_store::StoreError::Conflict { what: "the request" };
    let to = row.progress().withdraw().map_err(conflict)?;
    items::save(&mut tx, item, row.progress(), to).await?;
    stages::close_item(&mut tx, item).await?;
    let request = RequestId(row.request_id);
    items::follow(&mut tx, request).await?;
    tx.announce(Change::Request(request));
    let event = EventBody::ItemWithdrawn {
        request,
        item,
        role: RoleId(row.role_id),
        beneficiary: IdentityId(row.beneficiary_id),
    };
    tx.commit(vec![NewEvent::new(actor.reference(), event)]).await?;
    Ok(request)
}
