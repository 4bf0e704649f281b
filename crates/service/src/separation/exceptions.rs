//! Exceptions: somebody may have both sides of a rule for a while. Each has an owner, a reason and an end.
//!
//! The rule's owner grants it, or security; nobody grants their own. It begins at once, lasts a year at most, and ends by
//! itself; whoever may grant it, and whoever answers for it, can end it earlier. When it is over, what is held stays held:
//! the report names it from then on, and nothing new is given.

use chrono::{Days, Months, NaiveDate};
use chrono_tz::Tz;
use latchkey_domain::{
    IdentityId, Instant, SeparationExceptionId, SeparationRuleId,
    actor::{Actor, ActorRef, PersonActor},
    clock::Clock,
    event::{EventBody, NewEvent},
    portal_role::PortalRole,
};
use latchkey_store::{
    AsConn, Change, Db, Tx, identities,
    separation::{
        exceptions::{self as store, ExceptionRow, NewException},
        ownership::{self, Owned},
        rules::{self, RuleVersionRow},
    },
};

use crate::{FieldProblem, Refusal, ServiceError, ServiceResult, days::first_moment, facts};

/// The longest reason, in characters.
pub const MAX_REASON_CHARS: usize = 1000;

/// An exception as typed.
#[derive(Debug, Clone)]
pub struct ExceptionWish {
    /// From which rule.
    pub rule: SeparationRuleId,
    /// For whom.
    pub person: IdentityId,
    /// Why.
    pub reason: String,
    /// The last day.
    pub until: NaiveDate,
}

/// An exception that was granted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Granted {
    /// Which.
    pub exception: SeparationExceptionId,
    /// What the person is called.
    pub person: String,
    /// When it ends.
    pub ends_at: Instant,
}

/// May this person grant exceptions from the rule? Says why not to those who may know of it.
async fn may_grant(c: &mut impl AsConn, person: &PersonActor, rule: &RuleVersionRow) -> ServiceResult<()> {
    let owner = ownership::of(c, Owned::Rule(SeparationRuleId(rule.rule_id))).await?;
    let owns = owner.as_ref().is_some_and(|o| o.owner_id == person.identity.0);
    if person.has(PortalRole::Security) || (owns && person.assurance.mfa) {
        return Ok(());
    }
    if owns {
        return Err(refused(
            "separation.no_second_factor",
            "Exceptions need a session that a second factor confirmed.",
            "Sign out and sign in again with your second factor.",
        ));
    }
    if super::report::reads_everything(person) {
        let who = owner.map_or_else(|| "security".to_owned(), |o| o.owner_name);
        return Err(refused(
            "separation.not_yours",
            "Only the rule's owner and security grant and end exceptions.",
            &format!("Ask {who}."),
        ));
    }
    Err(ServiceError::NotFound)
}

fn refused(code: &'static str, why: &str, help: &str) -> ServiceError {
    ServiceError::Refused(Refusal::new(code, "Nothing was changed.", why, help))
}

fn a_person(actor: &Actor) -> ServiceResult<&PersonActor> {
    let Actor::Person(person) = actor else {
        return Err(refused(
            "separation.not_a_person",
            "Only a signed-in person grants and ends exceptions.",
            "Sign in and do it there.",
        ));
    };
    Ok(person)
}

/// Lets somebody have both sides of a rule until the end of a day, in their zone, or in `zone` where they have none. Whoever
/// grants it answers for it.
///
/// # Errors
/// `BadInput` names fields; `Refused` with the rule; `NotFound` to whoever may not know of the rule.
pub async fn grant(
    db: &Db,
    clock: &dyn Clock,
    actor: &Actor,
    wish: &ExceptionWish,
    zone: &str,
) -> ServiceResult<Granted> {
    let person = a_person(actor)?;
    let mut tx = db.begin(clock.now()).await?;
    identities::lock(&mut tx, &[wish.person, person.identity]).await.map_err(ServiceError::not_found)?;
    tx.now_is(clock.now());
    let now = tx.now();
    let rule = rules::get(&mut tx, wish.rule).await?.filter(|r| r.retired_at.is_none());
    let rule = rule.ok_or(ServiceError::NotFound)?;
    may_grant(&mut tx, person, &rule).await?;
    if wish.person == person.identity {
        return Err(refused(
            "separation.own",
            "Nobody grants an exception to themselves.",
            "Somebody else can: the rule's owner, or whoever looks after security.",
        ));
    }
    let beneficiary = facts::beneficiary(&mut tx, wish.person).await?;
    if !beneficiary.status.may_hold() {
        return Err(refused(
            "separation.holder_not_active",
            &format!("{} doesn't work here now, so they can't hold access.", beneficiary.name),
            "If that is wrong, the people team can put it right.",
        ));
    }
    let zone = beneficiary.time_zone.as_deref().unwrap_or(zone).parse().unwrap_or(Tz::UTC);
    let (reason, ends_at) = checked(wish, now, zone)?;
    let mut events = Vec::new();
    let open = store::open_of(&mut tx, &[wish.person.0]).await?;
    if let Some(open) = open.into_iter().find(|x| x.rule_id == rule.rule_id) {
        if open.is_in_force(now) {
            return Err(refused(
                "separation.already_excepted",
                &format!("{} has an exception from this rule already.", beneficiary.name),
                "End that one first if you want other terms.",
            ));
        }
        // Its time is over, and the worker hasn't come by yet.
        store::close(&mut tx, open.id(), None, "expired").await?;
        events.push(ended(&open, "expired", &Actor::Worker("expire").reference()));
    }
    let exception = SeparationExceptionId::new(now);
    let new = NewException {
        id: exception,
        rule: wish.rule,
        identity: wish.person,
        reason: &reason,
        granted_by: person.identity,
        ends_at,
    };
    store::insert(&mut tx, &new).await?;
    ownership::succeed(&mut tx, Owned::Exception(exception), person.identity).await?;
    let body = EventBody::SeparationExceptionGranted {
        exception,
        rule: wish.rule,
        identity: wish.person,
        owner: person.identity,
        ends_at,
    };
    events.push(NewEvent::new(actor.reference(), body).text("reason", reason));
    if store::look_again(&mut tx, wish.person).await? {
        tx.announce(Change::Work);
    }
    tx.commit(events).await?;
    Ok(Granted { exception, person: beneficiary.name, ends_at })
}

/// The reason without the spaces around it, and the end of the day; or every problem with them.
fn checked(wish: &ExceptionWish, now: Instant, zone: Tz) -> ServiceResult<(String, Instant)> {
    let mut problems = Vec::new();
    let reason = wish.reason.trim().to_owned();
    let length = reason.chars().count();
    if length == 0 {
        let message = "Say why, for example \"Covers for Ann Berg until she is back\". It stays on record.";
        problems.push(FieldProblem::new("reason", "separation.reason_missing", message));
    } else if length > MAX_REASON_CHARS {
        let message = format!("Use at most {MAX_REASON_CHARS} characters for the reason.");
        problems.push(FieldProblem::new("reason", "separation.reason_too_long", message));
    }
    let today = now.with_timezone(&zone).date_naive();
    let longest = today.checked_add_months(Months::new(12)).unwrap_or(today);
    if wish.until < today || wish.until > longest {
        let message = format!(
            "Choose a day from {} to {}, a year at most.",
            today.format("%-d %B %Y"),
            longest.format("%-d %B %Y")
        );
        problems.push(FieldProblem::new("until", "separation.until_out_of_range", message));
    }
    match (problems.is_empty(), end_of_day(wish.until, zone)) {
        (true, Some(ends_at)) => Ok((reason, ends_at)),
        _ => Err(ServiceError::BadInput(problems)),
    }
}

/// A day ends with the first moment of the next.
fn end_of_day(day: NaiveDate, zone: Tz) -> Option<Instant> {
    first_moment(day.checked_add_days(Days::new(1))?, zone)
}

/// Ends an exception before its time. What is held stays held. Returns its rule's key.
///
/// # Errors
/// `NotFound` to whoever may not know of it, `Refused` with the rule, `Conflict` when it is over already.
pub async fn end(db: &Db, clock: &dyn Clock, actor: &Actor, id: SeparationExceptionId) -> ServiceResult<String> {
    let person = a_person(actor)?;
    let mut tx = db.begin(clock.now()).await?;
    let seen = store::get(&mut tx, id).await?.ok_or(ServiceError::NotFound)?;
    identities::lock(&mut tx, &[seen.identity()]).await?;
    tx.now_is(clock.now());
    let open = store::get(&mut tx, id).await?.ok_or(ServiceError::NotFound)?;
    let rule = rules::get(&mut tx, open.rule()).await?.ok_or(ServiceError::NotFound)?;
    let answers = open.owner_id == Some(person.identity.0) && person.assurance.mfa;
    if !answers {
        may_grant(&mut tx, person, &rule).await?;
    }
    if open.closed_at.is_some() {
        return Err(ServiceError::Conflict(Refusal::new(
            "separation.already_over",
            "Nothing was changed by you.",
            "This exception is over already.",
            "Open the rule to see who is in conflict by it.",
        )));
    }
    store::close(&mut tx, id, Some(person.identity), "ended").await?;
    tx.commit(vec![ended(&open, "ended", &actor.reference())]).await?;
    Ok(rule.key)
}

pub(super) fn ended(open: &ExceptionRow, reason: &str, actor: &ActorRef) -> NewEvent {
    let body = EventBody::SeparationExceptionEnded {
        exception: open.id(),
        rule: open.rule(),
        identity: open.identity(),
        reason: reason.to_owned(),
    };
    NewEvent::new(actor.clone(), body)
}

/// A duty of the worker: closes exceptions whose end has come. They count no more from their end on, also before this.
/// Returns how many.
///
/// # Errors
/// When the database fails.
pub async fn end_due(db: &Db, clock: &dyn Clock, limit: i64) -> ServiceResult<usize> {
    let due = store::due_to_end(&mut db.read().await?, clock.now(), limit).await?;
    let mut closed = 0;
    for seen in due {
        let mut tx: Tx = db.begin(clock.now()).await?;
        identities::lock(&mut tx, &[seen.identity()]).await?;
        tx.now_is(clock.now());
        let Some(open) = store::get(&mut tx, seen.id()).await?.filter(|x| x.closed_at.is_none()) else { continue };
        if open.ends_at > tx.now() {
            continue;
        }
        store::close(&mut tx, open.id(), None, "expired").await?;
        tx.commit(vec![ended(&open, "expired", &Actor::Worker("expire").reference())]).await?;
        closed += 1;
    }
    Ok(closed)
}
