//! A wish for what somebody has or waits for already: it goes on from the access that there is, or replaces the wish before.

use chrono::{NaiveDate, TimeDelta};
use latchkey_domain::{
    IdentityId, Instant, RequestId, RoleId,
    actor::ActorRef,
    event::{EventBody, NewEvent},
    grant::{GrantEnd, GrantState},
    item::ItemState,
};
use latchkey_store::{
    AsConn, Change, Tx,
    grants::{self, GrantRow},
    identities, item_terms,
    items::{self, ItemRow},
    stages,
};

use crate::{
    FieldProblem, Refusal, ServiceError, ServiceResult,
    days::first_moment,
    facts::{Beneficiary, RoleToday},
    grants as ending, trials,
};

/// How far ahead a start may lie.
pub const MAX_AHEAD: TimeDelta = TimeDelta::days(180);

/// How a wish stands to what there is.
#[derive(Debug, Clone, Default)]
pub struct Stands {
    /// The access that it goes on from.
    pub extends: Option<GrantRow>,
    /// The waiting item that it replaces.
    pub supersedes: Option<ItemRow>,
    /// From when, if later than the approval.
    pub starts_at: Option<Instant>,
}

/// The first moment of a day in a zone (UTC where none is known); nothing for today: that is as soon as it is approved.
///
/// # Errors
/// `BadInput` for a day that has passed, and for one too far ahead.
pub fn start_of(day: Option<NaiveDate>, zone: &str, now: Instant) -> ServiceResult<Option<Instant>> {
    let Some(day) = day else { return Ok(None) };
    let zone: chrono_tz::Tz = zone.parse().unwrap_or(chrono_tz::UTC);
    let today = now.with_timezone(&zone).date_naive();
    let last = today + MAX_AHEAD;
    if day < today || day > last {
        let message = format!(
            "Choose a day from today on and not after {}, such as {}.",
            last.format("%-d %B %Y"),
            (today + TimeDelta::days(14)).format("%-d %B %Y"),
        );
        return Err(ServiceError::BadInput(vec![FieldProblem::new(
            "starts_on",
            "request.start_out_of_range",
            message,
        )]));
    }
    if day == today {
        return Ok(None);
    }
    Ok(first_moment(day, zone))
}

/// Whether more time can be asked for of access that ends then: not without an end, and not while it lasts for long. `who`
/// begins the sentence: "You already hold". Pages ask the same.
///
/// # Errors
/// Why not, and from when it is possible.
pub fn possible(who: &str, role: &str, end: Option<Instant>, now: Instant) -> Result<Instant, Refusal> {
    const CODE: &str = "request.already_held";
    const WHAT: &str = "This was not submitted.";
    let Some(end) = end else {
        return Err(Refusal::new(CODE, WHAT, format!("{who} {role} without an end."), "There is nothing to extend."));
    };
    if end - now > MAX_AHEAD {
        let why = format!("{who} {role} until {}.", end.format("%-d %B %Y"));
        let help = format!("You can ask for more time from {} on.", (end - MAX_AHEAD).format("%-d %B %Y"));
        return Err(Refusal::new(CODE, WHAT, why, help));
    }
    Ok(end)
}

/// How a wish stands to what the beneficiary has and waits for.
///
/// # Errors
/// `Refused` when they have it without an end, when it lasts too long for an extension to be asked for now, or when somebody
/// else asked for it already.
pub async fn stands(
    c: &mut impl AsConn,
    requester: IdentityId,
    role: &RoleToday,
    person: &Beneficiary,
    starts_at: Option<Instant>,
    now: Instant,
) -> ServiceResult<Stands> {
    let you = person.id == requester;
    let waiting = items::waiting_of(c, person.id).await?;
    let supersedes = waiting
        .into_iter()
        .find(|i| i.role_id == role.id.0 && i.state == ItemState::Waiting && i.activates_id.is_none());
    if let Some(item) = supersedes.as_ref().filter(|i| i.requester_id != requester.0) {
        let request = items::request(c, RequestId(item.request_id)).await?;
        let reference = request.map(|r| r.reference).unwrap_or_default();
        let by = identities::names(c, &[item.requester_id]).await?.remove(&item.requester_id).unwrap_or_default();
        let whom = if you { "you".to_owned() } else { person.name.clone() };
        return Err(ServiceError::refused(
            "request.already_waiting",
            "This was not submitted.",
            format!("{by} already asked for {} for {whom}, with {reference}.", role.facts.name),
            format!("Wait for the decision, or ask {by} to withdraw that request if you want other terms."),
        ));
    }
    let live = grants::live_of(c, person.id).await?;
    // What ends last is what there is to go on from; without an end there is nothing to ask for. What is active for hours or
    // was taken in an emergency ends as it began, and what is asked for beside it stands by itself.
    let of_role = |g: &GrantRow| g.role_id == role.id.0 && g.activates_id.is_none() && !g.origin.is_for_the_moment();
    let last = live.into_iter().filter(of_role).max_by_key(|g| g.ends_at.unwrap_or(Instant::MAX_UTC));
    let Some(last) = last else { return Ok(Stands { extends: None, supersedes, starts_at }) };
    let who = if you { "You already hold".to_owned() } else { format!("{} already holds", person.name) };
    if last.ends_at.is_some_and(|end| starts_at.is_some_and(|start| start > end)) {
        // It begins after a pause: that is a wish of its own.
        return Ok(Stands { extends: None, supersedes, starts_at });
    }
    if let Some(no) = trials::in_the_way(&who, &role.facts.name, you, last.full_ends_at) {
        return Err(ServiceError::Refused(no));
    }
    let end = possible(&who, &role.facts.name, last.ends_at, now).map_err(ServiceError::Refused)?;
    Ok(Stands { extends: Some(last), supersedes, starts_at: Some(end) })
}

/// Ends a waiting item that a newer request of the same requester replaces. The caller holds the beneficiary's lock.
///
/// # Errors
/// `Conflict` when somebody decided it meanwhile.
pub(crate) async fn supersede(
    tx: &mut Tx,
    older: &ItemRow,
    by: RequestId,
    actor: &ActorRef,
) -> ServiceResult<NewEvent> {
    let to =
        older.progress().withdraw().map_err(|_| latchkey_store::StoreError::Conflict { what: "the request before" })?;
    items::save(tx, older.id(), older.progress(), to).await?;
    stages::close_item(tx, older.id()).await?;
    item_terms::superseded(tx, older.id(), by).await?;
    let request = RequestId(older.request_id);
    items::follow(tx, request).await?;
    tx.announce(Change::Request(request));
    let body = EventBody::ItemSuperseded {
        request,
        item: older.id(),
        role: RoleId(older.role_id),
        beneficiary: IdentityId(older.beneficiary_id),
        by,
    };
    Ok(NewEvent::new(actor.clone(), body))
}

/// Starts what goes on from a grant that has just run out, in the same transaction, so that nothing is taken away in
/// between (promise 6). The caller holds the lock and settles afterwards.
///
/// # Errors
/// When the database fails.
pub(crate) async fn go_on(tx: &mut Tx, ended: &GrantRow, actor: &ActorRef) -> ServiceResult<Vec<NewEvent>> {
    let now = tx.now();
    let mut events = Vec::new();
    for next in grants::live_of(tx, ended.identity()).await? {
        if next.state == GrantState::Scheduled && next.role_id == ended.role_id && next.starts_at <= now {
            grants::start(tx, next.id()).await?;
            let body = EventBody::GrantStarted { grant: next.id(), identity: next.identity(), role: next.role() };
            events.push(NewEvent::new(actor.clone(), body));
        }
    }
    Ok(events)
}

/// Access that was given back or taken away doesn't come back by what was to go on from it. The caller holds the lock.
///
/// # Errors
/// When the database fails.
pub(crate) async fn end_what_follows(
    tx: &mut Tx,
    ended: &GrantRow,
    reason: GrantEnd,
    actor: &ActorRef,
) -> ServiceResult<Vec<NewEvent>> {
    let mut events = Vec::new();
    if !matches!(reason, GrantEnd::GivenBack | GrantEnd::Revoked | GrantEnd::SourceEnded) {
        return Ok(events);
    }
    // What was activated by a right ends with it, too.
    let mut follows = grants::scheduled_after(tx, ended.id()).await?;
    follows.extend(grants::activations_of(tx, ended.id()).await?);
    for next in follows {
        events.extend(Box::pin(ending::end(tx, &next, reason, actor)).await?);
    }
    Ok(events)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_begins_where_the_person_is() {
        let now: Instant = "2027-03-01T23:30:00Z".parse().unwrap();
        let day = |text: &str| Some(text.parse().unwrap());
        assert_eq!(start_of(None, "", now).unwrap(), None);
        assert_eq!(start_of(day("2027-03-01"), "", now).unwrap(), None, "today is at once");
        assert_eq!(start_of(day("2027-03-02"), "Europe/Zurich", now).unwrap(), None, "it is tomorrow there already");
        assert_eq!(
            start_of(day("2027-03-03"), "Europe/Zurich", now).unwrap(),
            Some("2027-03-02T23:00:00Z".parse().unwrap())
        );
        // In Beirut clocks spring forward at midnight: 2027-03-28 begins at 01:00.
        assert_eq!(
            start_of(day("2027-03-28"), "Asia/Beirut", now).unwrap(),
            Some("2027-03-27T22:00:00Z".parse().unwrap())
        );
        for no in ["2027-02-28", "2027-08-29", "9999-12-31"] {
            assert!(matches!(start_of(day(no), "", now), Err(ServiceError::BadInput(_))), "{no}");
        }
        assert!(start_of(day("2027-08-28"), "", now).unwrap().is_some());
    }
}
