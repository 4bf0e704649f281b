//! Wishes that end without an answer: taken back, or their wisher left.

use latchkey_domain::{
    IdentityId, WishId,
    actor::{Actor, ActorRef},
    clock::Clock,
    event::{EventBody, NewEvent},
};
use latchkey_store::{
    Db, Tx, identities,
    wishes::{self as store, WishRow},
};

use super::{answer, make::MAX_OPEN};
use crate::{ServiceError, ServiceResult};

/// Takes one's own wish back.
///
/// # Errors
/// `NotFound` for others; `Conflict` when it is closed.
pub async fn withdraw(db: &Db, clock: &dyn Clock, actor: &Actor, id: WishId) -> ServiceResult<()> {
    let who = actor.identity().ok_or(ServiceError::NotFound)?;
    let mut tx = db.begin(clock.now()).await?;
    identities::lock(&mut tx, &[who]).await?;
    tx.now_is(clock.now());
    let wish = store::get(&mut tx, id).await?.filter(|w| w.wisher_id == who.0).ok_or(ServiceError::NotFound)?;
    let event = close(&mut tx, &wish, "withdrawn", &actor.reference()).await?;
    tx.commit(vec![event]).await?;
    Ok(())
}

/// Whoever left wishes for nothing any more (promise 7). The caller holds their lock.
pub(crate) async fn wisher_left(tx: &mut Tx, who: IdentityId, actor: &ActorRef) -> ServiceResult<Vec<NewEvent>> {
    let mut events = Vec::new();
    for wish in store::live_of(tx, who, i64::try_from(MAX_OPEN).unwrap_or(10)).await? {
        events.push(close(tx, &wish, "left", actor).await?);
    }
    Ok(events)
}

async fn close(tx: &mut Tx, wish: &WishRow, because: &str, actor: &ActorRef) -> ServiceResult<NewEvent> {
    let Ok(to) = wish.state.withdraw() else { return Err(answer::too_late(wish)) };
    store::save(tx, wish.id(), wish.state, to, None).await?;
    store::remove_answerers(tx, wish.id(), None).await?;
    let body = EventBody::WishWithdrawn { wish: wish.id(), wisher: wish.wisher(), because: because.to_owned() };
    Ok(NewEvent::new(actor.clone(), body))
}
