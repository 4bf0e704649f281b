//! What the pages about systems need: one row each, the last day by the hour, what was confirmed, and what is stuck.

use latchkey_domain::{
    IdentityId, Instant, SystemId,
    fulfilment::{Presence, Progress},
    system::SystemKind,
};
use sqlx::FromRow;
use uuid::Uuid;

use crate::{AsConn, StoreResult};

/// Accounts are counted up to this number; above it a page says "more than".
pub const COUNTED: i64 = 10_000;

/// A system with what the workers last found about it.
#[derive(Debug, Clone, FromRow)]
pub struct OverviewRow {
    /// Its id.
    pub id: Uuid,
    /// Its stable key.
    pub key: String,
    /// Its name.
    pub name: String,
    /// What it speaks.
    #[sqlx(try_from = "String")]
    pub kind: SystemKind,
    /// What it is for.
    pub description: String,
    /// The rule for naming a new account.
    pub account_name: String,
    /// The attribute on the system that carries our external id.
    pub recognise: String,
    /// When it left the files.
    pub retired_at: Option<Instant>,
    /// Who owns it.
    pub owner_id: Option<Uuid>,
    /// The owner's name.
    pub owner_name: Option<String>,
    /// `healthy`, `failing`, `not_connected`; absent when nobody looked yet.
    pub health: Option<String>,
    /// What was found, in words.
    pub health_words: Option<String>,
    /// When it was last looked at.
    pub checked_at: Option<Instant>,
    /// Since when it fails.
    pub failing_since: Option<Instant>,
    /// When its last full pass ended.
    pub last_pass_at: Option<Instant>,
    /// How many accounts are there, up to one more than [`COUNTED`].
    pub accounts: i64,
    /// When it last confirmed something; found among its newest 200 events.
    pub confirmed_at: Option<Instant>,
}

macro_rules! overview {
    ($rest:literal) => {
        concat!(
            "select s.id, s.key, s.name, s.kind, s.description, s.account_name, s.recognise, s.retired_at,
                    o.owner_id, i.display_name as owner_name,
                    h.state as health, h.words as health_words, h.checked_at, h.failing_since, h.last_pass_at,
                    (select count(*) from (select 1 from account a where a.system_id = s.id and a.observed <> 'absent' limit 10001) n)
                      as accounts,
                    (select max(n.recorded_at)
                       from (select x.recorded_at, x.event_id from event_subject x
                              where x.subject_kind = 'system' and x.subject_id = s.id
                              order by x.recorded_at desc, x.event_id desc limit 200) n
                      where (select e.kind from event e where e.id = n.event_id) = 'fulfilment_confirmed') as confirmed_at
             from system s
             left join ownership o on o.system_id = s.id and o.valid_to is null
             left join identity i on i.id = o.owner_id
             left join system_health h on h.system_id = s.id ",
            $rest
        )
    };
}

/// The systems in the order of their keys, after the given one, at most `limit`.
///
/// # Errors
/// When the database fails.
pub async fn overview(c: &mut impl AsConn, after: &str, limit: i64) -> StoreResult<Vec<OverviewRow>> {
    rows!(c, OverviewRow, overview!("where s.key > $1 order by s.key limit $2"), after, limit)
}

/// The systems that somebody owns, in the order of their keys, after the given one, at most `limit`.
///
/// # Errors
/// When the database fails.
pub async fn overview_of_owner(
    c: &mut impl AsConn,
    owner: IdentityId,
    after: &str,
    limit: i64,
) -> StoreResult<Vec<OverviewRow>> {
    rows!(
        c,
        OverviewRow,
        overview!("where o.owner_id = $1 and s.key > $2 order by s.key limit $3"),
        owner.0,
        after,
        limit
    )
}

/// One system.
///
/// # Errors
/// When the database fails.
pub async fn overview_by_key(c: &mut impl AsConn, key: &str) -> StoreResult<Option<OverviewRow>> {
    row!(c, OverviewRow, overview!("where s.key = $1"), key)
}

/// Owns a system now.
///
/// # Errors
/// When the database fails.
pub async fn owns_any(c: &mut impl AsConn, who: IdentityId) -> StoreResult<bool> {
    let found = row!(
        c,
        (i64,),
        "select count(*) from ownership where owner_id = $1 and valid_to is null and system_id is not null",
        who.0
    )?;
    Ok(found.is_some_and(|(n,)| n > 0))
}

/// How much unsettled work there is on a system, by what remains to be done.
#[derive(Debug, Clone, FromRow)]
pub struct OpenWork {
    /// Where.
    pub system_id: Uuid,
    /// What remains.
    #[sqlx(try_from = "String")]
    pub progress: Progress,
    /// How many.
    pub number: i64,
}

/// All unsettled work, by system. Reads the queue, not the history: what is settled isn't looked at. Counts at most
/// [`COUNTED`] of each kind of progress altogether.
///
/// # Errors
/// When the database fails.
pub async fn open_work(c: &mut impl AsConn) -> StoreResult<Vec<OpenWork>> {
    rows!(
        c,
        OpenWork,
        "select a.system_id, f.progress, count(*) as number
         from (select * from (select account_id, progress from fulfilment where progress <> 'settled' and progress = 'due' limit $1) d
               union all
               select * from (select account_id, progress from fulfilment where progress <> 'settled' and progress = 'refused' limit $1) r
               union all
               select * from (select account_id, progress from fulfilment where progress <> 'settled' and progress = 'needs_human' limit $1) n
              ) f join account a on a.id = f.account_id
         group by a.system_id, f.progress order by a.system_id, f.progress",
        COUNTED
    )
}

/// How many outcomes of a kind a system gave in one hour.
#[derive(Debug, Clone, FromRow)]
pub struct HourRow {
    /// Where.
    pub system_id: Uuid,
    /// Which of the hours that were asked for, from 0.
    pub hour: i64,
    /// The event's fixed word: `fulfilment_confirmed` or `fulfilment_failed`.
    pub kind: String,
    /// How many.
    pub number: i64,
}

/// How many events of a day are looked at; beyond that the hours are too low.
pub const LOOKED_AT: i64 = 200_000;

/// What these systems answered in each hour of the day up to `until`, oldest hour first.
///
/// # Errors
/// When the database fails.
pub async fn hours(c: &mut impl AsConn, systems: &[SystemId], until: Instant) -> StoreResult<Vec<HourRow>> {
    if systems.is_empty() {
        return Ok(vec![]);
    }
    // The hours are bound as values, so that no arithmetic on time is left to the databases, which differ in it.
    let mut sql = super::audit::Sql::default();
    let start = until - chrono::TimeDelta::hours(24);
    let hours: Vec<String> = (1..24)
        .map(|n| format!("when x.recorded_at < {} then {}", sql.at(start + chrono::TimeDelta::hours(n)), n - 1))
        .collect();
    let wanted: Vec<String> = systems.iter().map(|s| sql.uuid(s.0)).collect();
    let (from, to, limit) = (sql.at(start), sql.at(until), sql.int(LOOKED_AT));
    let text = format!(
        "select k.system_id, cast(k.hour as bigint) as hour, k.kind, count(*) as number
         from (select x.subject_id as system_id, case {} else 23 end as hour,
                      (select e.kind from event e where e.id = x.event_id) as kind
               from event_subject x
               where x.subject_kind = 'system' and x.subject_id in ({}) and x.recorded_at >= {from} and x.recorded_at < {to}
               limit {limit}) k
         where k.kind in ('fulfilment_confirmed', 'fulfilment_failed')
         group by k.system_id, k.hour, k.kind order by k.system_id, k.hour, k.kind",
        hours.join(" "),
        wanted.join(", ")
    );
    sql.fetch(c, text).await
}

/// Work that doesn't go on by itself, or that failed and is tried again.
#[derive(Debug, Clone, FromRow)]
pub struct StuckRow {
    /// The fulfilment; the list is in the order of these.
    pub id: Uuid,
    /// Whose account.
    pub identity_id: Uuid,
    /// That person's name.
    pub identity_name: String,
    /// The account's login; empty until it was named.
    pub account_name: String,
    /// The entitlement's name.
    pub entitlement_name: String,
    /// What is wanted.
    #[sqlx(try_from = "String")]
    pub desired: Presence,
    /// What remains to be done.
    #[sqlx(try_from = "String")]
    pub progress: Progress,
    /// Attempts since it was wanted or last asked for again.
    pub attempts: i64,
    /// When it is tried again, while it is.
    pub due_at: Option<Instant>,
    /// Since when it is wanted.
    pub wanted_at: Instant,
    /// When it was last tried.
    pub last_attempt_at: Option<Instant>,
    /// The system's own words at the last attempt.
    pub last_words: String,
    /// How the last attempt ended, or that it waits for a sign-in.
    pub last_outcome: Option<String>,
}

/// What is stuck on a system, in the order of ids (oldest first), after the given one, at most `limit`.
///
/// # Errors
/// When the database fails.
pub async fn stuck(c: &mut impl AsConn, system: SystemId, after: Uuid, limit: i64) -> StoreResult<Vec<StuckRow>> {
    rows!(
        c,
        StuckRow,
        "select f.id, a.identity_id, i.display_name as identity_name, a.name as account_name, e.name as entitlement_name,
                f.desired, f.progress, f.attempts, f.due_at, f.wanted_at, f.last_attempt_at, f.last_words,
                f.last_outcome
         from fulfilment f join account a on a.id = f.account_id join identity i on i.id = a.identity_id
         join entitlement e on e.id = f.entitlement_id
         where f.progress <> 'settled' and (f.progress <> 'due' or f.attempts > 0 or f.last_outcome in ('waits_for_sign_in', 'held_back'))
           and a.system_id = $1 and f.id > $2
         order by f.id limit $3",
        system.0,
        after,
        limit
    )
}

/// An entitlement of a system with counts.
#[derive(Debug, Clone, FromRow)]
pub struct EntitlementRow {
    /// What it is called.
    pub name: String,
    /// What it is on its system, as its word.
    pub kind: String,
    /// Its name on its system.
    pub native: String,
    /// How many accounts should have it.
    pub wanted: i64,
    /// How many accounts were last seen having it.
    pub observed: i64,
    /// How many roles give it today.
    pub roles: i64,
}

/// The entitlements of a system by name, at most 500.
///
/// # Errors
/// When the database fails.
pub async fn entitlements(c: &mut impl AsConn, system: SystemId) -> StoreResult<Vec<EntitlementRow>> {
    rows!(
        c,
        EntitlementRow,
        "select e.name, e.kind, e.native,
                (select count(*) from fulfilment f where f.entitlement_id = e.id and f.desired = 'present') as wanted,
                (select count(*) from fulfilment f where f.entitlement_id = e.id and f.observed = 'present') as observed,
                (select count(*) from role_version_entitlement x join role_version v on v.id = x.role_version_id and v.valid_to is null
                 join role r on r.id = v.role_id and r.retired_at is null where x.entitlement_id = e.id) as roles
         from entitlement e where e.system_id = $1 and e.retired_at is null order by e.name, e.id limit 500",
        system.0
    )
}
