//! What the systems report of the time in which somebody had what they took: for each entitlement when it was asked for, seen
//! there and seen gone, and what failed.

use chrono::TimeDelta;
use latchkey_domain::{
    Instant,
    fulfilment::{Outcome, Presence},
};
use latchkey_store::{
    AsConn,
    break_glass::{self as store, AttemptLine, EntitlementLine, ReviewRow, SeenLine},
};

use crate::ServiceResult;

/// How long after the end a system may still say something of it.
const AFTERWARDS: TimeDelta = TimeDelta::days(1);
/// The most attempts and observations that are read.
const MOST: i64 = 500;
/// The most failures that are shown of one entitlement.
const FAILURES: usize = 5;

/// What the systems said of one entitlement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// What it is called.
    pub name: String,
    /// What its system is called.
    pub system: String,
    /// The system's stable key.
    pub system_key: String,
    /// It was there before it was taken: something else gave it already.
    pub before: bool,
    /// When the system was first asked to give it.
    pub asked_at: Option<Instant>,
    /// When it was seen there.
    pub there_at: Option<Instant>,
    /// When it was seen gone.
    pub gone_at: Option<Instant>,
    /// It was seen there last, and that hasn't changed.
    pub still_there: bool,
    /// What failed, with the system's own words; the first ones.
    pub failures: Vec<(Instant, String)>,
    /// How often something failed in all.
    pub failed: usize,
}

/// What the systems reported. Three queries.
///
/// # Errors
/// When the database fails.
pub async fn report(c: &mut impl AsConn, review: &ReviewRow, now: Instant) -> ServiceResult<Vec<Line>> {
    let version = review.role_version_id.into();
    let from = review.starts_at;
    let until = review.ended_at.map_or(now, |end| (end + AFTERWARDS).min(now));
    let gives = store::entitlements_of(c, version).await?;
    let attempts = store::attempts_in(c, review.identity(), version, from, until, MOST).await?;
    let seen = store::seen_in(c, review.identity(), version, from, until, MOST).await?;
    Ok(gives.into_iter().map(|one| line(one, &attempts, &seen, from)).collect())
}

fn line(of: EntitlementLine, attempts: &[AttemptLine], seen: &[SeenLine], from: Instant) -> Line {
    let own: Vec<&AttemptLine> = attempts.iter().filter(|a| a.entitlement_id == of.entitlement_id).collect();
    let seen: Vec<&SeenLine> = seen.iter().filter(|s| s.entitlement_id == of.entitlement_id).collect();
    let present = |s: &&&SeenLine| s.value == Presence::Present.as_str();
    let there = seen.iter().find(present);
    let done = |a: &&&AttemptLine| a.outcome == Outcome::Done.as_str();
    let failures: Vec<(Instant, String)> = own.iter().filter(|a| !done(a)).map(|a| (a.finished_at, words(a))).collect();
    let gone = there.and_then(|first| {
        seen.iter()
            .find(|s| s.value == Presence::Absent.as_str() && s.valid_from > first.valid_from)
            .map(|s| s.valid_from)
    });
    // What was done is what was read back; where nothing was noted as seen, the answers themselves tell.
    let said = |desired: Presence| own.iter().filter(done).find(|a| a.desired == desired).map(|a| a.finished_at);
    let before = there.is_some_and(|s| s.valid_from < from);
    let failed = failures.len();
    Line {
        name: of.name,
        system: of.system_name,
        system_key: of.system_key,
        before,
        asked_at: own.iter().find(|a| a.desired == Presence::Present).map(|a| a.started_at),
        there_at: there.map(|s| s.valid_from).or_else(|| said(Presence::Present)),
        gone_at: gone.or_else(|| said(Presence::Absent)),
        still_there: seen.iter().any(|s| s.value == Presence::Present.as_str() && s.valid_to.is_none()),
        failures: failures.into_iter().take(FAILURES).collect(),
        failed,
    }
}

fn words(attempt: &AttemptLine) -> String {
    let what = if attempt.desired == Presence::Present { "Giving it" } else { "Taking it away" };
    let how = match attempt.outcome.parse() {
        Ok(Outcome::RetryLater) => "failed and was tried again",
        Ok(Outcome::Refused) => "was refused",
        _ => "needed somebody",
    };
    if attempt.words.is_empty() { format!("{what} {how}.") } else { format!("{what} {how}: {}", attempt.words) }
}
