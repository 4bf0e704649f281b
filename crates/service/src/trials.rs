//! Trials: what somebody gets for the first time lasts for a short while, and then for as long as was approved if it was used
//! and they say so. Otherwise it ends by itself.

use chrono::TimeDelta;
use latchkey_domain::{
    GrantId, Instant,
    actor::Actor,
    clock::Clock,
    event::{EventBody, NewEvent},
};
use latchkey_policy::Span;
use latchkey_store::{
    AsConn, Db,
    grants::{self as rows, GrantRow, NewTrial},
    identities, trials as store,
};

use crate::{
    Refusal, ServiceError, ServiceResult, checks, facts,
    facts::{Beneficiary, RoleToday},
    grants,
    new_grant::end_of,
};

const WHAT: &str = "The trial goes on as it was.";
/// How long before its end the holder of a trial is asked at the latest.
const ASKED_BEFORE: TimeDelta = TimeDelta::days(7);

/// For how long a role lasts at first for this person, if it starts as a trial. Costs no query where the policy knows none.
///
/// # Errors
/// When the database fails.
pub async fn at_first(
    c: &mut impl AsConn,
    role: &RoleToday,
    person: &Beneficiary,
    asked: Span,
) -> ServiceResult<Option<Span>> {
    let Some(length) = role.policy.policy.trial.as_ref().and_then(|trial| trial.of(asked)) else { return Ok(None) };
    Ok((!store::had_before(c, person.id, role.id).await?).then_some(length))
}

/// The trial that a new grant is: its first end, and what it would become. Nothing when the whole time isn't longer.
pub(crate) fn of_grant(
    starts_at: Instant,
    full_ends_at: Option<Instant>,
    seconds: i64,
    zone: &str,
) -> Option<(Instant, NewTrial)> {
    let full_ends_at = full_ends_at?;
    let end = end_of(starts_at, seconds, zone);
    // Half of it is there to try; a long one is asked about a week before its end.
    let ask_at = (starts_at + (end - starts_at) / 2).max(end - ASKED_BEFORE);
    (end < full_ends_at).then_some((end, NewTrial { full_ends_at, ask_at }))
}

/// What is known of the use of something on trial.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Used {
    /// It was activated, the last time then.
    Activated(Instant),
    /// It is there; whether it was used is known to its holder alone.
    Unknown,
}

/// How things stand with a trial.
#[derive(Debug, Clone, Copy)]
pub struct Standing {
    /// Until when it lasts if its holder keeps it.
    pub until: Instant,
    /// What is known of its use.
    pub used: Used,
}

/// How things stand with a trial, or why its holder can't keep it now: by the same rules for the page and for what it sends.
///
/// # Errors
/// The outer one: when the database fails.
pub async fn standing(c: &mut impl AsConn, grant: &GrantRow, role: &str) -> ServiceResult<Result<Standing, Refusal>> {
    let no = |code: &'static str, why: String, help: &'static str| Ok(Err(Refusal::new(code, WHAT, why, help)));
    if grant.state.end().is_err() {
        let why = format!("{role} has ended already.");
        return no("trial.ended", why, "You can ask for it again from the role\u{2019}s page.");
    }
    let Some(until) = grant.full_ends_at else {
        let why = format!("{role} is no trial, or you have kept it already.");
        return no("trial.not_one", why, "Your home page shows until when you have it.");
    };
    let used = if grant.eligible {
        let Some(at) = store::last_activated(c, grant.id()).await? else {
            let why = format!("You haven\u{2019}t activated {role} yet.");
            return no(
                "trial.not_used",
                why,
                "Activate it when you need it, and come back then. Unused it ends by itself.",
            );
        };
        Used::Activated(at)
    } else if store::is_anything_there(c, grant).await? {
        Used::Unknown
    } else {
        let why = format!("No system has confirmed {role} yet, so you can\u{2019}t have used it.");
        return no("trial.not_there", why, "Its request shows where it stands. Come back when you have used it.");
    };
    Ok(Ok(Standing { until, used }))
}

/// Keeps what one has on trial for as long as it was approved, and says what it was used for.
///
/// # Errors
/// `NotFound` when it isn't theirs, `Refused` with the rule, `BadInput` without words.
pub async fn keep(db: &Db, clock: &dyn Clock, actor: &Actor, grant: GrantId, words: &str) -> ServiceResult<Instant> {
    let person = checks::confirmed_person(actor, WHAT)?;
    let mut tx = db.begin(clock.now()).await?;
    identities::lock(&mut tx, &[person.identity]).await.map_err(ServiceError::not_found)?;
    tx.now_is(clock.now());
    let theirs = rows::get(&mut tx, grant).await?.filter(|g| g.identity_id == person.identity.0);
    let row = theirs.ok_or(ServiceError::NotFound)?;
    let role = facts::role_today(&mut tx, row.role()).await?.facts.name;
    let Standing { until, .. } = standing(&mut tx, &row, &role).await?.map_err(ServiceError::Refused)?;
    let code = ["trial.words_missing", "trial.words_too_long"];
    let words = checks::words("words", words, code, "Say what you used it for, in a sentence.")
        .map_err(|problem| ServiceError::BadInput(vec![problem]))?;
    store::keep(&mut tx, row.id(), until, &words).await?;
    grants::announce_request(&mut tx, &row).await?;
    let body = EventBody::TrialKept { grant: row.id(), identity: row.identity(), role: row.role(), ends_at: until };
    tx.commit(vec![NewEvent::new(actor.reference(), body).text("comment", words)]).await?;
    Ok(until)
}

/// Why more time can't be asked for of what would last until then if its holder kept it; nothing when it isn't on trial. `who`
/// begins the sentence: "You already hold". Pages ask the same.
#[must_use]
pub fn in_the_way(who: &str, role: &str, own: bool, full_ends_at: Option<Instant>) -> Option<Refusal> {
    let until = full_ends_at?;
    let why = format!("{who} {role} on trial.");
    let day = (until - TimeDelta::microseconds(1)).format("%-d %B %Y");
    let help = if own {
        format!("Say that you use it, and you have it until {day}.")
    } else {
        format!("They have it until {day} once they say that they use it.")
    };
    Some(Refusal::new("request.on_trial", "This was not submitted.", why, help))
}
