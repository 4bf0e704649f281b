//! The pages about systems: how each one is, what it did in the last day, and what is stuck on it.
//!
//! Whoever holds a portal role sees all systems, a system's owner sees theirs; to everybody else there are none.

use latchkey_domain::{
    FulfilmentId, IdentityId, Instant, SystemId,
    actor::{Actor, PersonActor},
    fulfilment::{HELD_BACK, Presence, Progress, WAITS_FOR_SIGN_IN},
    portal_role::PortalRole,
    system::SystemKind,
};
use latchkey_store::{
    AsConn,
    audit::{self as log, Search},
    system_reads::{self as store, COUNTED, HourRow, OpenWork, OverviewRow, StuckRow},
};
use uuid::Uuid;

use crate::{
    ServiceError, ServiceResult,
    audit::sentences::{self, Line},
};

/// How a system is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Health {
    /// It answered well when it was last looked at.
    Healthy,
    /// It didn't.
    Failing,
    /// The settings have no connection to it.
    NotConnected,
    /// Nobody looked yet.
    Unknown,
}

impl Health {
    /// The state in a word or two.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Healthy => "Healthy",
            Self::Failing => "Failing",
            Self::NotConnected => "Not connected",
            Self::Unknown => "Not looked at yet",
        }
    }

    /// A state that this version doesn't know says nothing about health.
    fn from_word(word: Option<&str>) -> Self {
        match word {
            Some("healthy") => Self::Healthy,
            Some("failing") => Self::Failing,
            Some("not_connected") => Self::NotConnected,
            _ => Self::Unknown,
        }
    }
}

/// What a system answered in one hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hour {
    /// When the hour began.
    pub starts: Instant,
    /// Confirmed by read-back.
    pub done: i64,
    /// Failed attempts.
    pub failed: i64,
}

/// A system as one row.
#[derive(Debug, Clone)]
pub struct SystemLine {
    /// Its id.
    pub id: SystemId,
    /// Its stable key, which its page is found by.
    pub key: String,
    /// Its name.
    pub name: String,
    /// What it speaks.
    pub kind: SystemKind,
    /// It isn't in the files any more.
    pub retired: bool,
    /// Its owner: id and name.
    pub owner: Option<(IdentityId, String)>,
    /// How it is.
    pub health: Health,
    /// What was found, in words; empty when nobody looked yet.
    pub words: String,
    /// When it was last looked at.
    pub checked_at: Option<Instant>,
    /// Since when it fails.
    pub failing_since: Option<Instant>,
    /// When its last full pass ended.
    pub last_pass_at: Option<Instant>,
    /// How many accounts are there; see [`SystemLine::more_accounts`].
    pub accounts: i64,
    /// There are more accounts than were counted.
    pub more_accounts: bool,
    /// Work that goes on by itself.
    pub waiting: i64,
    /// Work that the system refused.
    pub refused: i64,
    /// Work that a person must look at.
    pub needs_human: i64,
    /// When it last confirmed something, if that is among its newest 200 events.
    pub confirmed_at: Option<Instant>,
    /// The last 24 hours, oldest first.
    pub hours: Vec<Hour>,
}

/// A page of systems, in the order of their keys.
#[derive(Debug, Clone)]
pub struct SystemsPage {
    /// The systems.
    pub systems: Vec<SystemLine>,
    /// The next page begins after this key; absent when there is no more.
    pub next: Option<String>,
}

/// The most rows on a page.
pub const PAGE: i64 = 100;

/// What this actor may see.
enum Sight {
    All,
    Own(IdentityId),
}

fn sight(actor: &Actor) -> ServiceResult<Sight> {
    match actor {
        Actor::Person(person) if person.portal_roles.is_empty() => Ok(Sight::Own(person.identity)),
        Actor::Person(_) | Actor::Host => Ok(Sight::All),
        Actor::Worker(_) | Actor::Token { .. } => Err(ServiceError::NotFound),
    }
}

/// May this actor see any system? For the bar of the frame; no query where a portal role says so.
///
/// # Errors
/// When the database fails.
pub async fn may_see_any(c: &mut impl AsConn, actor: &Actor) -> ServiceResult<bool> {
    match sight(actor) {
        Ok(Sight::All) => Ok(true),
        Ok(Sight::Own(who)) => Ok(store::owns_any(c, who).await?),
        Err(_) => Ok(false),
    }
}

/// The systems that the actor may see, after the given key, at most `limit` and never more than [`PAGE`]. Three queries.
///
/// # Errors
/// [`ServiceError::NotFound`] to whoever may see none.
pub async fn systems(
    c: &mut impl AsConn,
    actor: &Actor,
    after: Option<&str>,
    limit: i64,
    now: Instant,
) -> ServiceResult<SystemsPage> {
    let limit = limit.clamp(1, PAGE);
    let after = after.unwrap_or("");
    let mut rows = match sight(actor)? {
        Sight::All => store::overview(c, after, limit + 1).await?,
        Sight::Own(who) => {
            let rows = store::overview_of_owner(c, who, after, limit + 1).await?;
            if rows.is_empty() && after.is_empty() {
                return Err(ServiceError::NotFound);
            }
            rows
        }
    };
    let more = rows.len() > usize::try_from(limit).unwrap_or(0);
    rows.truncate(usize::try_from(limit).unwrap_or(0));
    let next = if more { rows.last().map(|r| r.key.clone()) } else { None };
    Ok(SystemsPage { systems: lines(c, rows, now).await?, next })
}

async fn lines(c: &mut impl AsConn, rows: Vec<OverviewRow>, now: Instant) -> ServiceResult<Vec<SystemLine>> {
    let ids: Vec<SystemId> = rows.iter().map(|r| SystemId(r.id)).collect();
    let work = store::open_work(c).await?;
    let hours = store::hours(c, &ids, now).await?;
    Ok(rows.into_iter().map(|row| line(row, &work, &hours, now)).collect())
}

fn line(row: OverviewRow, work: &[OpenWork], hours: &[HourRow], now: Instant) -> SystemLine {
    let number =
        |progress| work.iter().filter(|w| w.system_id == row.id && w.progress == progress).map(|w| w.number).sum();
    let in_hour = |hour: i64, kind: &str| {
        hours.iter().filter(|h| h.system_id == row.id && h.hour == hour && h.kind == kind).map(|h| h.number).sum()
    };
    SystemLine {
        id: SystemId(row.id),
        waiting: number(Progress::Due),
        refused: number(Progress::Refused),
        needs_human: number(Progress::NeedsHuman),
        hours: (0..24)
            .map(|hour| Hour {
                starts: now - chrono::TimeDelta::hours(24 - hour),
                done: in_hour(hour, "fulfilment_confirmed"),
                failed: in_hour(hour, "fulfilment_failed"),
            })
            .collect(),
        key: row.key,
        name: row.name,
        kind: row.kind,
        retired: row.retired_at.is_some(),
        owner: row.owner_id.map(|id| (IdentityId(id), row.owner_name.unwrap_or_default())),
        health: Health::from_word(row.health.as_deref()),
        words: row.health_words.unwrap_or_default(),
        checked_at: row.checked_at,
        failing_since: row.failing_since,
        last_pass_at: row.last_pass_at,
        accounts: row.accounts.min(COUNTED),
        more_accounts: row.accounts > COUNTED,
        confirmed_at: row.confirmed_at,
    }
}

/// One system's page.
#[derive(Debug, Clone)]
pub struct SystemPage {
    /// Its row.
    pub line: SystemLine,
    /// What it is for, in an employee's words.
    pub description: String,
    /// The rule for naming a new account.
    pub account_name: String,
    /// The attribute on the system that carries our external id.
    pub recognise: String,
    /// What it last confirmed, newest first.
    pub confirmations: Vec<Line>,
    /// What is stuck on it, oldest first: the first page.
    pub stuck: StuckPage,
}

/// What is stuck on a system, oldest first.
#[derive(Debug, Clone)]
pub struct StuckPage {
    /// The work.
    pub rows: Vec<Stuck>,
    /// The next page begins after this id; absent when there is no more.
    pub next: Option<FulfilmentId>,
    /// The actor may ask for another attempt.
    pub may_retry: bool,
    /// Who may, in words.
    pub who_may_retry: String,
}

/// Work that doesn't go on by itself, or that failed and is tried again.
#[derive(Debug, Clone)]
pub struct Stuck {
    /// The fulfilment.
    pub id: FulfilmentId,
    /// Whose account.
    pub person: (IdentityId, String),
    /// The account's login; empty until it was named.
    pub account: String,
    /// The entitlement's name.
    pub entitlement: String,
    /// It is to be given; else it is to be taken.
    pub giving: bool,
    /// What remains to be done.
    pub progress: Progress,
    /// It waits for a sign-in of its holder; the system isn't asked.
    pub waits: bool,
    /// Where it stands, in words.
    pub state: &'static str,
    /// The system's own words at the last attempt.
    pub words: String,
    /// Attempts since it was wanted or last asked for again.
    pub attempts: i64,
    /// Since when it is wanted.
    pub since: Instant,
    /// When it was last tried.
    pub last_attempt_at: Option<Instant>,
    /// When it is tried again by itself.
    pub again_at: Option<Instant>,
}

/// One system, with the first `limit` of what is stuck. Fourteen queries at most.
///
/// # Errors
/// [`ServiceError::NotFound`] when there is none, or the actor may not see it.
pub async fn system(
    c: &mut impl AsConn,
    actor: &Actor,
    key: &str,
    limit: i64,
    now: Instant,
) -> ServiceResult<SystemPage> {
    let row = visible(c, actor, key).await?;
    let stuck = stuck_page(c, actor, &row, None, limit).await?;
    let search = Search { system: Some(SystemId(row.id)), kinds: &["fulfilment_confirmed"], ..Search::default() };
    let confirmed = log::page(c, &search, None, 10).await?;
    let confirmations = sentences::lines(c, &confirmed.rows).await?;
    let (description, account_name, recognise) =
        (row.description.clone(), row.account_name.clone(), row.recognise.clone());
    let line = lines(c, vec![row], now).await?.pop().ok_or(ServiceError::NotFound)?;
    Ok(SystemPage { line, description, account_name, recognise, confirmations, stuck })
}

/// More of what is stuck on a system, after the given work. Two queries.
///
/// # Errors
/// [`ServiceError::NotFound`] when there is no such system, or the actor may not see it.
pub async fn stuck(
    c: &mut impl AsConn,
    actor: &Actor,
    key: &str,
    after: Option<FulfilmentId>,
    limit: i64,
) -> ServiceResult<StuckPage> {
    let row = visible(c, actor, key).await?;
    stuck_page(c, actor, &row, after, limit).await
}

pub(crate) async fn visible(c: &mut impl AsConn, actor: &Actor, key: &str) -> ServiceResult<OverviewRow> {
    let sight = sight(actor)?;
    let row = store::overview_by_key(c, key).await?.ok_or(ServiceError::NotFound)?;
    match sight {
        Sight::All => Ok(row),
        Sight::Own(who) if row.owner_id == Some(who.0) => Ok(row),
        Sight::Own(_) => Err(ServiceError::NotFound),
    }
}

async fn stuck_page(
    c: &mut impl AsConn,
    actor: &Actor,
    system: &OverviewRow,
    after: Option<FulfilmentId>,
    limit: i64,
) -> ServiceResult<StuckPage> {
    let limit = limit.clamp(1, PAGE);
    let mut rows = store::stuck(c, SystemId(system.id), after.map_or(Uuid::nil(), |f| f.0), limit + 1).await?;
    let more = rows.len() > usize::try_from(limit).unwrap_or(0);
    rows.truncate(usize::try_from(limit).unwrap_or(0));
    let next = if more { rows.last().map(|r| FulfilmentId(r.id)) } else { None };
    let may_retry = matches!(actor, Actor::Person(person) if may_retry(person, system));
    let owner = system.owner_name.as_deref();
    let who_may_retry = match owner {
        Some(name) => format!("An administrator, the helpdesk, or {name}, who owns this system"),
        None => "An administrator or the helpdesk; this system has no owner".to_owned(),
    };
    Ok(StuckPage { rows: rows.into_iter().map(stuck_line).collect(), next, may_retry, who_may_retry })
}

/// As [`crate::retry_fulfilment`] decides it, for a button that then works.
fn may_retry(person: &PersonActor, system: &OverviewRow) -> bool {
    system.owner_id == Some(person.identity.0)
        || person.has(PortalRole::Administrator)
        || person.has(PortalRole::Helpdesk)
}

fn stuck_line(row: StuckRow) -> Stuck {
    let for_what = row.last_outcome.as_deref().filter(|_| row.progress == Progress::Due);
    let held_back = for_what == Some(HELD_BACK);
    let waits = held_back || for_what == Some(WAITS_FOR_SIGN_IN);
    Stuck {
        waits,
        id: FulfilmentId(row.id),
        person: (IdentityId(row.identity_id), row.identity_name),
        account: row.account_name,
        entitlement: row.entitlement_name,
        giving: row.desired != Presence::Absent,
        progress: row.progress,
        state: match row.progress {
            Progress::Refused => "The system refused; trying again by itself won't help",
            Progress::NeedsHuman => "A person must look at it",
            Progress::Due if held_back => "A rule keeps it apart from what its holder has otherwise",
            Progress::Due if waits => "It waits for a sign-in of its holder",
            Progress::Due | Progress::Settled => "It failed; Latchkey tries again by itself",
        },
        words: row.last_words,
        attempts: row.attempts,
        since: row.wanted_at,
        last_attempt_at: row.last_attempt_at,
        again_at: row.due_at,
    }
}
