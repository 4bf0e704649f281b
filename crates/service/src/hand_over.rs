//! An approver gives their seat in an open stage to somebody else.

use latchkey_domain::{
    IdentityId, ItemId, RequestId, RoleId, StageId,
    actor::Actor,
    clock::Clock,
    event::{EventBody, NewEvent},
};
use latchkey_store::{Change, Db, added_approvers, identities, items, stages};

use crate::{
    Refusal, ServiceError, ServiceResult,
    approvers::added::{self, ADDED, HANDED, MOVED},
    checks, facts, notices,
};

const WHAT: &str = "It was not handed over.";

/// To whom a decision is handed over, and why.
#[derive(Debug, Clone)]
pub struct HandOver {
    /// About which item.
    pub item: ItemId,
    /// To whom.
    pub to: IdentityId,
    /// Why, in the approver's words; the other reads it.
    pub comment: String,
}

/// What was handed over, for a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HandedOver {
    /// Of which request.
    pub request: RequestId,
    /// Who decides instead.
    pub name: String,
}

/// Why somebody can't hand an item over who isn't asked to decide it now, and who could. Pages say the same.
#[must_use]
pub fn no_seat() -> Refusal {
    Refusal::new(
        "approver.no_seat",
        WHAT,
        "You aren't among those who decide this now.",
        "They can hand it over, and the request says who they are. The role's owner and administrators can change who decides.",
    )
}

/// Hands an item over: from now on the other decides it on this approver's behalf, and this approver doesn't.
///
/// # Errors
/// `NotFound` for strangers, `Refused` for those who don't decide it now, `Conflict` when somebody was first, `BadInput` when
/// the other can't decide it or the comment isn't as it should be.
pub async fn hand_over(db: &Db, clock: &dyn Clock, actor: &Actor, wish: &HandOver) -> ServiceResult<HandedOver> {
    let person = checks::confirmed_person(actor, WHAT)?;
    let me = person.identity;
    let mut tx = db.begin(clock.now()).await?;
    let seen = items::get(&mut tx, wish.item).await?.ok_or(ServiceError::NotFound)?;
    if !stages::was_asked(&mut tx, seen.request_id, me).await? {
        return Err(ServiceError::NotFound);
    }
    let mut people = vec![IdentityId(seen.beneficiary_id), me];
    if identities::get(&mut tx, wish.to).await?.is_some() {
        people.push(wish.to);
    }
    identities::lock(&mut tx, &people).await?;
    tx.now_is(clock.now());
    let item = items::get(&mut tx, wish.item).await?.ok_or(ServiceError::NotFound)?;
    let (stage, listed) = added::open_stage(&mut tx, &item, WHAT).await?;
    let mine = listed.iter().find(|a| a.identity_id == me.0);
    let own = [item.requester_id, item.beneficiary_id].contains(&me.0);
    let active = identities::get(&mut tx, me).await?.is_some_and(|i| i.status.may_act());
    let seat = mine.filter(|_| !own && active).ok_or_else(|| ServiceError::Refused(no_seat()))?;
    let comment = checks::words(
        "comment",
        &wish.comment,
        ["approver.comment_missing", "approver.comment_too_long"],
        "Say why you hand it over, so that they know what is asked of them.",
    );
    let name = added::could_decide(&mut tx, &item, stage.id, wish.to).await?;
    let (comment, name) = match (comment, name) {
        (Ok(comment), Ok(name)) => (comment, name),
        (comment, name) => {
            return Err(ServiceError::BadInput([comment.err(), name.err()].into_iter().flatten().collect()));
        }
    };
    let stage_id = StageId(stage.id);
    // A seat that was handed on once more is still its first owner's; one that an owner filled, or that those who wait moved, stays theirs.
    let by_hand = [HANDED, ADDED, MOVED].contains(&seat.because.as_str());
    let because = [ADDED, MOVED].into_iter().find(|word| *word == seat.because).unwrap_or(HANDED);
    let owner =
        if by_hand { seat.on_behalf_of.map(IdentityId) } else { Some(seat.on_behalf_of.map_or(me, IdentityId)) };
    let behalf = owner.filter(|o| *o != wish.to);
    added_approvers::remove(&mut tx, stage_id, me).await?;
    stages::add_approver(&mut tx, stage_id, wish.to, because, behalf).await?;
    let request = RequestId(item.request_id);
    let role = facts::role_today(&mut tx, RoleId(item.role_id)).await?.facts.name;
    let names = identities::names(&mut tx, &[me.0, item.beneficiary_id]).await?;
    let called = |id| names.get(&id).map_or("", String::as_str);
    notices::conversation::seat_taken(
        &mut tx,
        wish.to,
        request,
        &format!("{} hands you a decision", called(me.0)),
        &role,
        called(item.beneficiary_id),
        &comment,
    )
    .await?;
    tx.announce(Change::Request(request));
    let body = EventBody::ItemHandedOver { request, item: item.id(), stage: stage_id, from: me, to: wish.to };
    tx.commit(vec![NewEvent::new(actor.reference(), body).text("comment", comment)]).await?;
    Ok(HandedOver { request, name })
}
