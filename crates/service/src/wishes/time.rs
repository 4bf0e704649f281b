//! What time does to wishes: those who answer are reminded, and it is worked out again for whom a wish waits.

use chrono::TimeDelta;
use latchkey_domain::{
    actor::{Actor, ActorRef},
    clock::Clock,
    event::{EventBody, NewEvent},
    identity::Status,
    wish::WishState,
};
use latchkey_store::{
    Db, identities,
    wishes::{self as store},
};

use super::{seat, seats_of};
use crate::{ServiceResult, notices};

/// How often it is looked who answers a wish: people change teams, groups get other members, delegations begin and end.
const LOOK: TimeDelta = TimeDelta::minutes(5);

fn worker() -> ActorRef {
    Actor::Worker("wishes").reference()
}

/// A duty of the worker: reminds those who should have answered by now, once for each wish. Returns how many.
///
/// # Errors
/// When the database fails.
pub async fn remind(db: &Db, clock: &dyn Clock, limit: i64) -> ServiceResult<usize> {
    let due = store::overdue(&mut db.read().await?, clock.now(), limit).await?;
    let mut done = 0;
    for seen in due {
        let mut tx = db.begin(clock.now()).await?;
        identities::lock(&mut tx, &[seen.wisher()]).await?;
        tx.now_is(clock.now());
        let Some(wish) = store::get(&mut tx, seen.id()).await? else { continue };
        if wish.state != WishState::Open || !store::set_overdue(&mut tx, wish.id()).await? {
            continue;
        }
        for answerer in store::answerers(&mut tx, wish.id()).await? {
            notices::wishes::still_waits(&mut tx, answerer.identity_id.into(), &wish).await?;
        }
        let body = EventBody::WishOverdue { wish: wish.id(), wisher: wish.wisher() };
        tx.commit(vec![NewEvent::new(worker(), body)]).await?;
        done += 1;
    }
    Ok(done)
}

/// A duty of the worker: works out again for whom wishes wait that weren't looked at for a while. A new role whose proposed owner
/// left is proposed no longer. Returns how many waited for others.
///
/// # Errors
/// When the database fails.
pub async fn look_again(db: &Db, clock: &dyn Clock, limit: i64) -> ServiceResult<usize> {
    let seen = store::to_look_at(&mut db.read().await?, clock.now() - LOOK, limit).await?;
    let mut changed = 0;
    for seen in seen {
        let mut tx = db.begin(clock.now()).await?;
        identities::lock(&mut tx, &[seen.wisher()]).await?;
        tx.now_is(clock.now());
        let Some(wish) = store::get(&mut tx, seen.id()).await?.filter(|w| !w.state.is_closed()) else { continue };
        store::looked_at(&mut tx, wish.id()).await?;
        let mut state = wish.state;
        let mut events = Vec::new();
        if state == WishState::Proposed
            && let Some(owner) = super::proposed_owner(&mut tx, wish.id()).await?
            && identities::get(&mut tx, owner).await?.is_none_or(|i| i.status == Status::Terminated)
        {
            state = WishState::Open;
            store::save(&mut tx, wish.id(), wish.state, state, None).await?;
            let body =
                EventBody::WishProposalDecided { wish: wish.id(), wisher: wish.wisher(), owner, accepted: false };
            events.push(NewEvent::new(worker(), body));
        }
        let seats = seats_of(&mut tx, &wish, state).await?;
        let (waits, asked) = seat(&mut tx, wish.id(), wish.wisher(), &seats, &worker()).await?;
        for who in asked {
            notices::wishes::asked(&mut tx, who, wish.id(), &wish.wisher_name, &wish.words).await?;
        }
        events.extend(waits);
        if events.is_empty() {
            tx.commit_bookkeeping().await?;
        } else {
            tx.commit(events).await?;
            changed += 1;
        }
    }
    Ok(changed)
}
