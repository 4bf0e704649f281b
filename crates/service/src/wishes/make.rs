//! Somebody wishes for what isn't in the catalog.

use latchkey_domain::{
    IdentityId, Instant, WishId,
    actor::Actor,
    clock::Clock,
    event::{EventBody, NewEvent},
};
use latchkey_policy::{Resolution, Voice, who_could_decide};
use latchkey_store::{
    AsConn, Db, identities,
    wishes::{self as store, NewWish},
};
use uuid::Uuid;

use super::{Seat, answer_facts, rule_of, seat};
use crate::{FieldProblem, Refusal, ServiceError, ServiceResult, checks, deadline, facts, notices};

/// The most wishes of one person that wait at the same time.
pub const MAX_OPEN: usize = 10;

/// A wish that was accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Made {
    /// Which.
    pub wish: WishId,
    /// What people quote.
    pub reference: String,
    /// It had been accepted before: the form was sent twice.
    pub again: bool,
}

/// Who would answer, or why nobody could: shown before it is sent, by the same rules that send it.
///
/// # Errors
/// When the database fails.
pub async fn preview(
    c: &mut impl AsConn,
    now: Instant,
    who: IdentityId,
) -> ServiceResult<Result<Resolution<IdentityId>, Refusal>> {
    let Some(row) = store::rule(c).await? else { return Ok(Err(not_here())) };
    let rule = rule_of(&row.body, row.id)?;
    let wisher = facts::beneficiary(c, who).await?;
    if !wisher.status.may_act() {
        return Ok(Err(not_at_work()));
    }
    let known = answer_facts(c, now, &wisher, &rule).await?;
    Ok(match who_could_decide(std::slice::from_ref(&rule), &known, Voice::You) {
        Ok(mut stages) => stages.pop().ok_or_else(not_here),
        Err(no) => Err(nobody(no)),
    })
}

/// Makes a wish, in words.
///
/// # Errors
/// `BadInput` for words that are missing or too long; `Refused` when nobody could answer, with why, when wishes aren't answered
/// here, or when too many wait already.
pub async fn make(db: &Db, clock: &dyn Clock, actor: &Actor, form_key: Uuid, words: &str) -> ServiceResult<Made> {
    let Actor::Person(person) = actor else {
        return Err(ServiceError::refused(
            "wish.not_a_person",
            "Nothing was sent.",
            "Only a signed-in person wishes for something.",
            "Sign in and do it there.",
        ));
    };
    let missing = "Say what you want to do, and with what. For example: \u{201c}Export the sensor list of a harbour as a table\u{201d}.";
    let words = checks::words("words", words, ["wish.words_missing", "wish.words_too_long"], missing)
        .map_err(|problem| ServiceError::BadInput(vec![problem]))?;
    let mut tx = db.begin(clock.now()).await?;
    if let Some(before) = store::by_form_key(&mut tx, form_key).await? {
        if before.wisher_id != person.identity.0 {
            return Err(ServiceError::NotFound);
        }
        return Ok(Made { wish: before.id(), reference: before.reference, again: true });
    }
    identities::lock(&mut tx, &[person.identity]).await?;
    tx.now_is(clock.now());
    let Some(row) = store::rule(&mut tx).await? else { return Err(ServiceError::Refused(not_here())) };
    let open = store::live_of(&mut tx, person.identity, i64::try_from(MAX_OPEN).unwrap_or(10)).await?;
    if open.iter().any(|wish| wish.words == words) {
        let message = "You wish for exactly this already. It is in your list of wishes.";
        return Err(ServiceError::BadInput(vec![FieldProblem::new("words", "wish.there_already", message)]));
    }
    if open.len() >= MAX_OPEN {
        return Err(ServiceError::refused(
            "wish.too_many",
            "Nothing was sent.",
            format!("{MAX_OPEN} wishes of yours wait already."),
            "Take one back that you don\u{2019}t need any more, or wait for an answer.",
        ));
    }
    let rule = rule_of(&row.body, row.id)?;
    let wisher = facts::beneficiary(&mut tx, person.identity).await?;
    if !wisher.status.may_act() {
        return Err(ServiceError::Refused(not_at_work()));
    }
    let now = tx.now();
    let known = answer_facts(&mut tx, now, &wisher, &rule).await?;
    let resolution = who_could_decide(std::slice::from_ref(&rule), &known, Voice::You)
        .map_err(|no| ServiceError::Refused(nobody(no)))?
        .pop()
        .ok_or_else(|| ServiceError::Refused(not_here()))?;

    let wish = WishId::new(now);
    let reference = crate::submit_request::readable("W", wish.0);
    let zone = wisher.time_zone.as_deref().unwrap_or_default();
    let due_at = rule.deadline.as_ref().map_or(now, |d| deadline::due(now, d, zone));
    let new =
        NewWish { id: wish, reference: &reference, form_key, wisher: wisher.id, rule: row.id, words: &words, due_at };
    store::insert(&mut tx, &new).await?;
    let reference_of_actor = actor.reference();
    let body = EventBody::WishMade { wish, reference: reference.clone(), wisher: wisher.id };
    let mut events = vec![NewEvent::new(reference_of_actor.clone(), body).text("wish", words.clone())];
    let seats: Vec<Seat> = resolution.approvers.iter().map(Seat::of).collect();
    let (waits, asked) = seat(&mut tx, wish, wisher.id, &seats, &reference_of_actor).await?;
    events.extend(waits);
    for who in asked {
        notices::wishes::asked(&mut tx, who, wish, &wisher.name, &words).await?;
    }
    tx.commit(events).await?;
    Ok(Made { wish, reference, again: false })
}

fn not_here() -> Refusal {
    Refusal::new(
        "wish.not_answered_here",
        "Nothing was sent.",
        "The catalog doesn\u{2019}t say who answers wishes in words.",
        "Ask your manager, or whoever owns the system that you need.",
    )
}

fn not_at_work() -> Refusal {
    Refusal::new(
        "wish.not_at_work",
        "Nothing was sent.",
        "You aren\u{2019}t at work according to the people system.",
        "If that is wrong, the people team can put it right.",
    )
}

fn nobody(no: Vec<latchkey_policy::Refusal>) -> Refusal {
    let first = no.into_iter().next();
    let (why, help) = first.map_or_else(Default::default, |no| (no.message, no.help));
    Refusal::new("wish.nobody_could_answer", "Nothing was sent.", why, help)
}
