//! An approver approves for less time than was asked for, never for more.

use latchkey_domain::{
    IdentityId, RequestId, RoleId, StageId,
    actor::ActorRef,
    event::{EventBody, NewEvent},
    item::Verdict,
};
use latchkey_policy::{PolicySnapshot, Span};
use latchkey_store::{
    Tx,
    items::{self, ItemRow},
    shortenings,
};
use uuid::Uuid;

use crate::{FieldProblem, ServiceError, ServiceResult, facts};

/// The shortest time that an approver may leave of what was asked for: the shortest that the policy offers, or what was
/// asked for where that is shorter still.
#[must_use]
pub fn shortest(frozen: &PolicySnapshot, asked: Span) -> Span {
    frozen.policy.offer.iter().copied().min().unwrap_or(Span::MIN).min(asked)
}

/// What an approver can choose from instead of `asked`: what the policy offers and is shorter, the longest first.
#[must_use]
pub fn choices(frozen: &PolicySnapshot, asked: Span) -> Vec<Span> {
    let mut shorter: Vec<Span> = frozen.policy.offer.iter().copied().filter(|s| *s < asked).collect();
    shorter.sort_unstable_by(|a, b| b.cmp(a));
    shorter.dedup();
    shorter
}

/// Why an approver can't choose less time than was asked for, where they can't.
#[must_use]
pub fn why_not(frozen: &PolicySnapshot, asked: Option<Span>) -> Option<String> {
    let Some(asked) = asked else { return Some(NO_LENGTH.to_owned()) };
    choices(frozen, asked).is_empty().then(|| {
        format!("It can\u{2019}t be approved for less: {} is the shortest that the policy offers.", asked.words())
    })
}

/// What is said where there is no length to shorten.
const NO_LENGTH: &str =
    "This was asked for until a day and not for a length of time, so it can\u{2019}t be shortened here.";

/// Makes the item's time as short as the approver says, before they approve. Gives back the item as it is from now on, and
/// the event, if anything changed. A denial gives nothing, for however long, so there is nothing to shorten.
pub(crate) async fn apply(
    tx: &mut Tx,
    mut item: ItemRow,
    stage: Uuid,
    who: IdentityId,
    verdict: Verdict,
    at_most: Option<Span>,
    actor: &ActorRef,
) -> ServiceResult<(ItemRow, Option<NewEvent>)> {
    let Some(to) = at_most.filter(|_| verdict == Verdict::Approve) else { return Ok((item, None)) };
    let asked = item.seconds.filter(|_| item.ends_at.is_none());
    let Some((from, asked)) = asked.and_then(|s| Some((s, Span::from_seconds(s)?))) else {
        return bad("decision.no_length", NO_LENGTH);
    };
    if to == asked {
        return Ok((item, None));
    }
    if to > asked {
        let words = asked.words();
        return bad(
            "decision.longer_than_asked",
            &format!("Choose {words} or less: longer than what was asked for isn\u{2019}t possible."),
        );
    }
    let frozen = facts::snapshot(&items::policy_body(tx, item.policy_version_id).await?, item.policy_version_id)?;
    let shortest = shortest(&frozen, asked);
    if to < shortest {
        let words = shortest.words();
        return bad(
            "decision.too_short",
            &format!("Choose {words} or more: that is the shortest that the policy offers."),
        );
    }
    shortenings::shorten(tx, (item.id(), StageId(stage)), who, from, to.seconds()).await?;
    item.seconds = Some(to.seconds());
    let body = EventBody::ItemShortened {
        request: RequestId(item.request_id),
        item: item.id(),
        role: RoleId(item.role_id),
        beneficiary: IdentityId(item.beneficiary_id),
        from,
        to: to.seconds(),
    };
    Ok((item, Some(NewEvent::new(actor.clone(), body))))
}

fn bad<T>(code: &str, message: &str) -> ServiceResult<T> {
    Err(ServiceError::BadInput(vec![FieldProblem::new("duration", code, message)]))
}
