//! The grant that an approved item becomes.

use chrono::Duration;
use latchkey_domain::{
    GrantId, Instant,
    actor::ActorRef,
    event::NewEvent,
    grant::{GrantKind, GrantOrigin, GrantState},
};
use latchkey_store::{
    Tx,
    grants::{self, NewGrant},
    items::ItemRow,
    pieces,
};

use crate::{
    ServiceResult, activate,
    days::first_moment,
    facts::{self, Beneficiary, RoleToday},
    justify, notices, trials,
};

/// Every stage said yes: from now on the beneficiary holds the role, or may activate it. The caller holds their lock.
///
/// # Errors
/// When the database fails.
pub(crate) async fn of_item(
    tx: &mut Tx,
    item: &ItemRow,
    role: &RoleToday,
    beneficiary: &Beneficiary,
    actor: &ActorRef,
) -> ServiceResult<Vec<NewEvent>> {
    let now = tx.now();
    let kind = match item.kind() {
        // The policy has become one of activation since: nobody gets standing access by it any more.
        GrantKind::Standing if role.policy.policy.activation.is_some() => GrantKind::Eligible,
        kind => kind,
    };
    let starts_at = item.starts_at.filter(|s| *s > now).unwrap_or(now);
    let ends_at = if kind.activates().is_some() {
        // Hours are hours, also when they make a day; and the right ends it at the latest.
        let hours = item.seconds.map(|s| starts_at + Duration::seconds(s));
        let right = activate::right_until(tx, beneficiary.id, role.id).await?;
        [hours, right].into_iter().flatten().min()
    } else {
        item.ends_at.or_else(|| item.seconds.map(|s| end_of(starts_at, s, &item.zone)))
    };
    let trial = item.trial_seconds.and_then(|seconds| trials::of_grant(starts_at, ends_at, seconds, &item.zone));
    let (ends_at, trial) = trial.map_or((ends_at, None), |(end, trial)| (Some(end), Some(trial)));
    let grant = NewGrant {
        id: GrantId::new(now),
        identity: beneficiary.id,
        role: role.id,
        role_version: role.version,
        origin: GrantOrigin::Request,
        item: Some(item.id()),
        reason: item.reason.clone(),
        state: GrantState::at_start(kind, starts_at, now),
        starts_at,
        ends_at,
        zone: item.zone.clone(),
        kind,
        trial,
    };
    let created = grants::insert(tx, &grant).await?;
    pieces::carry(tx, item.id(), grant.id).await?;
    let mut events = vec![NewEvent::new(actor.clone(), created)];
    if grant.state == GrantState::Active {
        events.extend(justify::settle(tx, grant.identity, actor).await?);
    }
    if kind.activates().is_some()
        && let Some(owner) = role.owner.as_ref().filter(|o| o.id != beneficiary.id && o.status.may_act())
    {
        notices::activated(tx, owner.id, item, &role.facts.name, &beneficiary.name, &item.reason, ends_at).await?;
    }
    Ok(events)
}

/// When access of `seconds` from `start` ends: whole days end with the day in the person's zone (UTC where none is known),
/// hours to the minute.
#[must_use]
pub fn end_of(start: Instant, seconds: i64, zone: &str) -> Instant {
    let end = start + Duration::seconds(seconds);
    if facts::span(Some(seconds)).is_none_or(|span| span.whole_days().is_none()) {
        return end;
    }
    let zone: chrono_tz::Tz = zone.parse().unwrap_or(chrono_tz::UTC);
    let next_day = end.with_timezone(&zone).date_naive() + chrono::Days::new(1);
    first_moment(next_day, zone).unwrap_or(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_end_with_the_day_where_the_person_is_and_hours_to_the_minute() {
        let start: Instant = "2027-03-01T13:05:00Z".parse().unwrap();
        let day = 24 * 3600;
        assert_eq!(end_of(start, 2 * day, "Europe/Zurich").to_rfc3339(), "2027-03-03T23:00:00+00:00");
        assert_eq!(end_of(start, 2 * day, "").to_rfc3339(), "2027-03-04T00:00:00+00:00");
        assert_eq!(end_of(start, 8 * 3600, "Europe/Zurich"), start + Duration::hours(8));
        // In Beirut clocks spring forward at midnight: 2027-03-28 begins at 01:00.
        assert_eq!(end_of(start, 26 * day, "Asia/Beirut").to_rfc3339(), "2027-03-27T22:00:00+00:00");
    }
}
