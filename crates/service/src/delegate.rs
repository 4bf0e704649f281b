//! Out of office: somebody lets somebody else decide for them, for a while.
//!
//! A delegation reaches what is open already, and it ends by itself. Whoever stands in never decides on what they asked for
//! or what is for them, and every decision records for whom it was made.

use chrono::TimeDelta;
use latchkey_domain::{
    DelegationId, IdentityId, Instant, RoleId,
    actor::{Actor, PersonActor},
    clock::Clock,
    event::{EventBody, NewEvent},
    portal_role::PortalRole,
    role::Risk,
};
use latchkey_store::{
    Db,
    delegations::{self, NewDelegation},
    identities,
};
use serde::{Deserialize, Serialize};

use crate::{FieldProblem, ServiceError, ServiceResult, approvers, notices};

/// The longest time that somebody may stand in for somebody.
pub const LONGEST: TimeDelta = TimeDelta::days(180);
/// How far ahead it may begin.
pub const FURTHEST: TimeDelta = TimeDelta::days(365);
/// How many delegations of one person may be open at once.
pub const MOST: i64 = 10;
/// The most roles that one may be limited to.
pub const MAX_ROLES: usize = 50;

/// What somebody may decide for somebody else; nothing set means everything.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Roles up to this risk.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub up_to: Option<Risk>,
    /// Only these roles; empty means any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<RoleId>,
}

impl Limits {
    /// Reads stored limits. What can't be read is nothing, and covers nothing.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }

    /// Whether a role of this risk may be decided.
    #[must_use]
    pub fn cover(&self, role: RoleId, risk: Risk) -> bool {
        self.up_to.is_none_or(|most| risk <= most) && (self.roles.is_empty() || self.roles.contains(&role))
    }
}

/// A delegation, as typed and parsed.
#[derive(Debug, Clone)]
pub struct Wish {
    /// Who decides meanwhile.
    pub to: IdentityId,
    /// From when.
    pub starts_at: Instant,
    /// Until when.
    pub ends_at: Instant,
    /// What they may decide.
    pub limits: Limits,
}

fn person(actor: &Actor) -> ServiceResult<&PersonActor> {
    match actor {
        Actor::Person(person) => Ok(person),
        _ => Err(ServiceError::refused(
            "delegation.not_a_person",
            "Nothing was changed.",
            "Only a signed-in person names somebody to decide for them.",
            "Sign in and do it there.",
        )),
    }
}

/// Lets somebody decide for the actor. What waits for the actor now waits for both.
///
/// # Errors
/// `BadInput` names fields; `Refused` names the rule; `NotFound` for a person who isn't there.
pub async fn delegate(db: &Db, clock: &dyn Clock, actor: &Actor, wish: &Wish) -> ServiceResult<DelegationId> {
    let person = person(actor)?;
    let mut tx = db.begin(clock.now()).await?;
    identities::lock(&mut tx, &[person.identity, wish.to]).await.map_err(ServiceError::not_found)?;
    tx.now_is(clock.now());
    let problems = problems(wish, person.identity, tx.now());
    if !problems.is_empty() {
        return Err(ServiceError::BadInput(problems));
    }
    let deputy = identities::get(&mut tx, wish.to).await?.ok_or(ServiceError::NotFound)?;
    if !deputy.status.may_act() {
        let message = format!("{} isn't at work, so they can't decide for you.", deputy.display_name);
        return Err(ServiceError::BadInput(vec![FieldProblem::new("to", "delegation.not_at_work", message)]));
    }
    if delegations::count_open(&mut tx, person.identity, clock.now()).await? >= MOST {
        return Err(ServiceError::refused(
            "delegation.too_many",
            "Nobody was named.",
            format!("{MOST} delegations of yours are open already."),
            "End one that you don't need any more.",
        ));
    }
    let id = DelegationId::new(tx.now());
    let limits = serde_json::to_string(&wish.limits).unwrap_or_else(|_| "{}".to_owned());
    let new = NewDelegation {
        id,
        from: person.identity,
        to: wish.to,
        starts_at: wish.starts_at,
        ends_at: wish.ends_at,
        limits: &limits,
    };
    delegations::insert(&mut tx, &new).await?;
    let reference = actor.reference();
    let mut events = vec![NewEvent::new(
        reference.clone(),
        EventBody::DelegationCreated {
            delegation: id,
            from: person.identity,
            to: wish.to,
            starts_at: wish.starts_at,
            ends_at: wish.ends_at,
            limits,
        },
    )];
    if wish.starts_at <= tx.now() {
        events.extend(approvers::remake_for_identity(&mut tx, person.identity, &reference, "delegation").await?);
    }
    let from = identities::get(&mut tx, person.identity).await?.ok_or(ServiceError::NotFound)?;
    notices::stands_in(&mut tx, wish.to, id, &from.display_name, wish.starts_at, wish.ends_at).await?;
    tx.commit(events).await?;
    Ok(id)
}

fn problems(wish: &Wish, own: IdentityId, now: Instant) -> Vec<FieldProblem> {
    let mut found = Vec::new();
    let mut say = |field: &'static str, code: &str, message: &str| found.push(FieldProblem::new(field, code, message));
    if wish.to == own {
        say("to", "delegation.oneself", "Name somebody else: you decide for yourself already.");
    }
    if wish.ends_at <= wish.starts_at {
        say("ends", "delegation.ends_before_start", "The last day is before the first one.");
    } else if wish.ends_at <= now {
        say("ends", "delegation.over", "That time is over already.");
    } else if wish.ends_at - wish.starts_at > LONGEST {
        say("ends", "delegation.too_long", "At most 180 days at a time.");
    }
    if wish.starts_at > now + FURTHEST {
        say("starts", "delegation.too_far", "At most a year ahead.");
    }
    if wish.limits.roles.len() > MAX_ROLES {
        say("roles", "delegation.too_many_roles", "At most 50 roles; leave it empty for all.");
    }
    found
}

/// Ends a delegation before its time: whoever made it, whoever stands in, or an administrator.
///
/// # Errors
/// `NotFound` when it isn't theirs to see, `Conflict` when it has ended already.
pub async fn end(db: &Db, clock: &dyn Clock, actor: &Actor, id: DelegationId) -> ServiceResult<()> {
    let person = person(actor)?;
    let mut tx = db.begin(clock.now()).await?;
    let seen = delegations::get(&mut tx, id).await?.ok_or(ServiceError::NotFound)?;
    let (from, to) = (IdentityId(seen.from_id), IdentityId(seen.to_id));
    if ![from, to].contains(&person.identity) && !person.has(PortalRole::Administrator) {
        return Err(ServiceError::NotFound);
    }
    identities::lock(&mut tx, &[from, to]).await?;
    tx.now_is(clock.now());
    if seen.ends_at <= tx.now() {
        return Err(ServiceError::refused(
            "delegation.over",
            "Nothing was changed.",
            "Its time is over already.",
            "Name somebody again if you are away again.",
        ));
    }
    delegations::end(&mut tx, id).await?;
    let reference = actor.reference();
    let mut events = vec![NewEvent::new(reference.clone(), EventBody::DelegationEnded { delegation: id, from, to })];
    events.extend(approvers::remake_for_identity(&mut tx, from, &reference, "delegation").await?);
    tx.commit(events).await?;
    Ok(())
}

/// A duty of the worker: when a delegation begins or is over, the stages of whoever made it are worked out again. Returns
/// how many.
///
/// # Errors
/// When the database fails.
pub async fn turn(db: &Db, clock: &dyn Clock, limit: i64) -> ServiceResult<usize> {
    let due = delegations::turning(&mut db.read().await?, clock.now(), limit).await?;
    let actor = Actor::Worker("delegations").reference();
    let mut done = 0;
    for row in due {
        let mut tx = db.begin(clock.now()).await?;
        identities::lock(&mut tx, &[IdentityId(row.from_id)]).await?;
        tx.now_is(clock.now());
        delegations::set_turned(&mut tx, DelegationId(row.id)).await?;
        let events = approvers::remake_for_identity(&mut tx, IdentityId(row.from_id), &actor, "delegation").await?;
        if events.is_empty() {
            tx.commit_bookkeeping().await?;
        } else {
            tx.commit(events).await?;
        }
        done += 1;
    }
    Ok(done)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_cover_what_they_say_and_nothing_when_they_cannot_be_read() {
        let role = RoleId::new(Instant::UNIX_EPOCH);
        let other = RoleId::new(Instant::UNIX_EPOCH);
        assert!(Limits::default().cover(role, Risk::Critical));
        let low = Limits { up_to: Some(Risk::Medium), ..Limits::default() };
        assert!(low.cover(role, Risk::Low) && low.cover(role, Risk::Medium) && !low.cover(role, Risk::High));
        let one = Limits { roles: vec![role], ..Limits::default() };
        assert!(one.cover(role, Risk::Critical) && !one.cover(other, Risk::Low));
        let text = serde_json::to_string(&one).unwrap();
        assert_eq!(Limits::read(&text), Some(one));
        assert_eq!(Limits::read("{\"never\":1}"), None);
    }
}
