//! Deadlines of stages: when they are, and what happens when one passes.

use chrono::{Datelike, Days, TimeDelta, Weekday};
use latchkey_domain::{
    IdentityId, Instant, RequestId, RoleId, StageId,
    actor::{Actor, ActorRef},
    clock::Clock,
    event::{EventBody, NewEvent},
    item::{ItemState, StageState},
};
use latchkey_policy::{Counts, Deadline, Overdue};
use latchkey_store::{Change, Db, Tx, identities, items, stages};

use crate::{ServiceResult, approvers, days::first_moment, expire, facts, notices};

fn worker() -> ActorRef {
    Actor::Worker("deadlines").reference()
}

/// When a stage that opens now should be decided. Business time leaves out Saturdays and Sundays of the person's zone (UTC
/// where none is known).
#[must_use]
pub fn due(opened: Instant, deadline: &Deadline, zone: &str) -> Instant {
    let hours = TimeDelta::hours(i64::from(deadline.after.hours()));
    match deadline.counts {
        Counts::Calendar => opened + hours,
        Counts::Business => {
            let zone: chrono_tz::Tz = zone.parse().unwrap_or(chrono_tz::UTC);
            let mut at = opened;
            let mut left = hours;
            // Five years of business time have fewer than 2,000 weekends and days.
            for _ in 0..4_000 {
                let local = at.with_timezone(&zone);
                let tomorrow = local.date_naive() + Days::new(1);
                let next_day = first_moment(tomorrow, zone).unwrap_or(at + TimeDelta::days(1));
                if matches!(local.weekday(), Weekday::Sat | Weekday::Sun) {
                    at = next_day;
                    continue;
                }
                if at + left <= next_day {
                    return at + left;
                }
                left -= next_day - at;
                at = next_day;
            }
            at
        }
    }
}

/// A duty of the worker: does what policies say of stages whose deadline has passed, one transaction each. Returns how many.
///
/// # Errors
/// When the database fails.
pub async fn run_overdue(db: &Db, clock: &dyn Clock, limit: i64) -> ServiceResult<usize> {
    let due = stages::overdue(&mut db.read().await?, clock.now(), limit).await?;
    let mut done = 0;
    for seen in due {
        let mut tx = db.begin(clock.now()).await?;
        identities::lock(&mut tx, &[IdentityId(seen.beneficiary_id)]).await?;
        tx.now_is(clock.now());
        let stage = StageId(seen.id);
        let Some(item) = items::get(&mut tx, seen.item_id.into()).await? else { continue };
        if item.state != ItemState::Waiting || !stages::set_overdue(&mut tx, stage).await? {
            continue;
        }
        let all = stages::of_items(&mut tx, &[item.id]).await?;
        let Some(row) = all.iter().find(|s| s.id == stage.0 && s.state == StageState::Open) else { continue };
        let rule = approvers::rule_of(row)?;
        let Some(deadline) = &rule.deadline else { continue };
        let mut events = vec![NewEvent::new(
            worker(),
            EventBody::StageOverdue {
                request: RequestId(item.request_id),
                item: item.id(),
                stage,
                role: RoleId(item.role_id),
                beneficiary: IdentityId(item.beneficiary_id),
                outcome: deadline.then.as_str().to_owned(),
            },
        )];
        match deadline.then {
            Overdue::Remind => remind(&mut tx, &item, stage).await?,
            Overdue::Escalate | Overdue::Reassign => {
                events.extend(approvers::remake(&mut tx, &item, stage, &worker(), "deadline").await?);
            }
            Overdue::Expire => events.extend(expire::lapse(&mut tx, &item, &worker()).await?),
        }
        tx.announce(Change::Request(RequestId(item.request_id)));
        tx.commit(events).await?;
        done += 1;
    }
    Ok(done)
}

/// Tells those who can decide that somebody waits for them.
async fn remind(tx: &mut Tx, item: &items::ItemRow, stage: StageId) -> ServiceResult<()> {
    let role = facts::role_today(tx, RoleId(item.role_id)).await?.facts.name;
    let beneficiary = facts::beneficiary(tx, IdentityId(item.beneficiary_id)).await?.name;
    for approver in stages::approvers(tx, &[stage.0]).await? {
        let to = IdentityId(approver.identity_id);
        notices::still_waiting(tx, to, RequestId(item.request_id), stage, &beneficiary, &role).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use latchkey_policy::Span;

    use super::*;

    fn at(text: &str) -> Instant {
        text.parse().unwrap()
    }

    fn deadline(hours: u32, counts: Counts) -> Deadline {
        Deadline { after: Span::from_hours(hours).unwrap(), counts, then: Overdue::Remind, to: None }
    }

    #[test]
    fn business_time_leaves_out_the_weekend() {
        // 2026-11-20 is a Friday.
        let friday = at("2026-11-20T15:00:00Z");
        assert_eq!(due(friday, &deadline(48, Counts::Calendar), "Europe/Zurich"), at("2026-11-22T15:00:00Z"));
        assert_eq!(due(friday, &deadline(4, Counts::Business), "Europe/Zurich"), at("2026-11-20T19:00:00Z"));
        assert_eq!(due(friday, &deadline(48, Counts::Business), "Europe/Zurich"), at("2026-11-24T15:00:00Z"));
        // Opened on a Saturday: the time starts on Monday, where the person is.
        let saturday = at("2026-11-21T15:00:00Z");
        assert_eq!(due(saturday, &deadline(24, Counts::Business), "Europe/Zurich"), at("2026-11-23T23:00:00Z"));
        assert_eq!(due(saturday, &deadline(24, Counts::Business), ""), at("2026-11-24T00:00:00Z"));
    }

    #[test]
    fn a_change_of_clocks_neither_stops_nor_doubles_time() {
        // Clocks go back on Sunday 2026-10-25 in Zurich: Monday begins at 23:00 UTC.
        let friday = at("2026-10-23T10:00:00Z");
        assert_eq!(due(friday, &deadline(24, Counts::Business), "Europe/Zurich"), at("2026-10-26T11:00:00Z"));
    }
}
