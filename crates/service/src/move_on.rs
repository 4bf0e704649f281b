//! Those who wait move a decision on to the next who can make it, once the time to decide has passed.

mod next;

use latchkey_domain::{
    IdentityId, ItemId, RequestId, RoleId, StageId,
    actor::{Actor, PersonActor},
    clock::Clock,
    event::{EventBody, NewEvent},
    item::ItemState,
};
use latchkey_store::{
    AsConn, Change, Db, added_approvers, identities,
    items::{self, ItemRow},
    stages::{self, StageRow},
    waiting,
};

use crate::{
    Refusal, ServiceError, ServiceResult,
    approvers::{
        self,
        added::{self, ADDED, HANDED, MOVED},
    },
    checks, decide_item, facts, notices,
    nudge::{still_at_work, waits_for_it},
    patience::{Waiting, in_words},
};

pub use next::{Because, Next, NextInLine};

const WHAT: &str = "It was not moved on.";

/// Who can decide now, for a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MovedOn {
    /// Of which request.
    pub request: RequestId,
    /// What they are called.
    pub names: Vec<String>,
}

/// To whom an item would go if it were moved on now, for the page that asks once more.
///
/// # Errors
/// `NotFound` for those who don't wait for it and when nothing is open any more; `Refused` with the rule, when it is too
/// early or nobody is left.
pub async fn preview(
    c: &mut impl AsConn,
    clock: &dyn Clock,
    person: &PersonActor,
    item: ItemId,
) -> ServiceResult<NextInLine> {
    let item = items::get(c, item).await?.ok_or(ServiceError::NotFound)?;
    if ![item.requester_id, item.beneficiary_id].contains(&person.identity.0) || item.state != ItemState::Waiting {
        return Err(ServiceError::NotFound);
    }
    let all = stages::of_items(c, &[item.id]).await?;
    let stage = decide_item::open_stage(&item, &all).ok_or(ServiceError::NotFound)?;
    late_enough(&item, stage, clock.now())?;
    next::in_line(c, clock.now(), &item, stage).await?.map_err(ServiceError::Refused)
}

/// Moves the open stage of an item on to whoever comes next.
///
/// # Errors
/// `NotFound` for strangers, `Refused` for those who don't wait for it, too early, or when nobody is left; `Conflict` when
/// nothing is open any more.
pub async fn move_on(db: &Db, clock: &dyn Clock, actor: &Actor, item: ItemId) -> ServiceResult<MovedOn> {
    let me = checks::confirmed_person(actor, WHAT)?.identity;
    let mut tx = db.begin(clock.now()).await?;
    let seen = items::get(&mut tx, item).await?.ok_or(ServiceError::NotFound)?;
    waits_for_it(&mut tx, &seen, me, WHAT, "move.not_yours").await?;
    // Who comes next is locked with the others, so that nobody is put in who leaves at this very moment; it is looked at
    // again then.
    let (stage, _) = added::open_stage(&mut tx, &seen, WHAT).await?;
    let first_look = next::in_line(&mut tx, clock.now(), &seen, &stage).await?;
    let mut locked = vec![IdentityId(seen.beneficiary_id), me];
    locked.extend(first_look.iter().flat_map(|next| next.people.iter().map(|n| n.id)));
    identities::lock(&mut tx, &locked).await?;
    tx.now_is(clock.now());
    let item = items::get(&mut tx, item).await?.ok_or(ServiceError::NotFound)?;
    still_at_work(&mut tx, me, WHAT, "move.not_active").await?;
    let (stage, listed) = added::open_stage(&mut tx, &item, WHAT).await?;
    late_enough(&item, &stage, tx.now())?;
    let now = tx.now();
    let next = next::in_line(&mut tx, now, &item, &stage).await?.map_err(ServiceError::Refused)?;
    let people: Vec<Next> = next.people.into_iter().filter(|n| locked.contains(&n.id)).collect();
    if people.is_empty() {
        return Err(ServiceError::Conflict(Refusal::new(
            "move.somebody_else",
            WHAT,
            "Who comes next changed at this very moment.",
            "Open the request and move it on once more.",
        )));
    }
    let stage_id = StageId(stage.id);
    let mut instead_of = Vec::new();
    for next in &people {
        let place = next.instead_of.as_ref().and_then(|(who, _)| listed.iter().find(|a| a.identity_id == who.0));
        // A place that was taken by hand before is still its first owner's.
        let seat = place.map(|a| {
            let by_hand = [HANDED, ADDED, MOVED].contains(&a.because.as_str());
            let owner = if by_hand { a.on_behalf_of } else { Some(a.on_behalf_of.unwrap_or(a.identity_id)) };
            (IdentityId(a.identity_id), owner.map(IdentityId))
        });
        if let Some((who, _)) = seat
            && !instead_of.contains(&who)
        {
            added_approvers::remove(&mut tx, stage_id, who).await?;
            instead_of.push(who);
        }
        stages::add_approver(&mut tx, stage_id, next.id, MOVED, seat.and_then(|(_, owner)| owner)).await?;
    }
    waiting::set_moved(&mut tx, stage_id).await?;
    let request = RequestId(item.request_id);
    let role = facts::role_today(&mut tx, RoleId(item.role_id)).await?.facts.name;
    let names = identities::names(&mut tx, &[me.0, item.beneficiary_id]).await?;
    let called = |id| names.get(&id).map_or("", String::as_str);
    let who = notices::conversation::Who { by: called(me.0), beneficiary: called(item.beneficiary_id), role: &role };
    for next in &people {
        notices::conversation::moved_on(&mut tx, next.id, request, &who, item.created_at).await?;
    }
    tx.announce(Change::Request(request));
    let body = EventBody::StageMovedOn {
        request,
        item: item.id(),
        stage: stage_id,
        role: RoleId(item.role_id),
        beneficiary: IdentityId(item.beneficiary_id),
        to: people.iter().map(|n| n.id).collect(),
        instead_of,
    };
    tx.commit(vec![NewEvent::new(actor.reference(), body)]).await?;
    Ok(MovedOn { request, names: people.into_iter().map(|n| n.name).collect() })
}

/// Those who were asked have had their time.
fn late_enough(item: &ItemRow, stage: &StageRow, now: latchkey_domain::Instant) -> ServiceResult<()> {
    let rule = approvers::rule_of(stage)?;
    let waiting = Waiting::of(stage, rule.deadline.as_ref(), &item.zone).ok_or(ServiceError::NotFound)?;
    waiting.may_move(now).map_err(|early| {
        let help = format!("You can move it on from {}.", in_words(early.from, &item.zone));
        ServiceError::refused(early.code, WHAT, early.why, help)
    })
}
