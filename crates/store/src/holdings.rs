//! What identities hold, as pages show it: names joined, and how far each entitlement has come.

use latchkey_domain::{
    IdentityId, Instant,
    fulfilment::{Presence, Progress},
    grant::{GrantOrigin, GrantState},
    role::Risk,
};
use sqlx::FromRow;
use uuid::Uuid;

use crate::{AsConn, StoreResult};

/// A grant with the names that a page shows.
#[derive(Debug, Clone, FromRow)]
pub struct HoldingRow {
    /// The grant.
    pub grant_id: Uuid,
    /// Its holder.
    pub identity_id: Uuid,
    /// The role.
    pub role_id: Uuid,
    /// The version that it gives.
    pub role_version_id: Uuid,
    /// What the role is called.
    pub role_name: String,
    /// How much harm it could do.
    #[sqlx(try_from = "String")]
    pub risk: Risk,
    /// Why it exists.
    #[sqlx(try_from = "String")]
    pub origin: GrantOrigin,
    /// Why, in words; of what a call opened, its source and reference.
    pub reason: String,
    /// Where it stands.
    #[sqlx(try_from = "String")]
    pub state: GrantState,
    /// From when.
    pub starts_at: Instant,
    /// Until when.
    pub ends_at: Option<Instant>,
    /// When it ended.
    pub ended_at: Option<Instant>,
    /// Why it ended.
    pub end_reason: Option<String>,
    /// The request that it came from.
    pub request_id: Option<Uuid>,
    /// The item that it came from.
    pub item_id: Option<Uuid>,
    /// Who asked.
    pub requester_id: Option<Uuid>,
    /// What they are called.
    pub requester_name: Option<String>,
    /// The eligible grant that it activates.
    pub activates_id: Option<Uuid>,
    /// While it is a trial: until when it lasts if its holder keeps it.
    pub full_ends_at: Option<Instant>,
    /// How many grants there are in all, also beyond the limit.
    pub of_all: i64,
    /// How many of them all end soon.
    pub of_ending: i64,
}

/// An entitlement that a role's version gives, with its system.
#[derive(Debug, Clone, FromRow)]
pub struct GivesRow {
    /// The role's version.
    pub role_version_id: Uuid,
    /// The entitlement.
    pub entitlement_id: Uuid,
    /// What it is called.
    pub name: String,
    /// What it lets one do.
    pub description: String,
    /// What it is on its system, as its word.
    pub kind: String,
    /// Its name on its system.
    pub native: String,
    /// Its system.
    pub system_id: Uuid,
    /// The system's stable key.
    pub system_key: String,
    /// What the system is called.
    pub system_name: String,
}

/// How far one entitlement of somebody's account has come.
#[derive(Debug, Clone, FromRow)]
pub struct ProgressRow {
    /// The fulfilment.
    pub fulfilment_id: Uuid,
    /// The entitlement.
    pub entitlement_id: Uuid,
    /// Whose.
    pub identity_id: Uuid,
    /// What is wanted.
    #[sqlx(try_from = "String")]
    pub desired: Presence,
    /// What was last seen.
    #[sqlx(try_from = "String")]
    pub observed: Presence,
    /// What remains to be done.
    #[sqlx(try_from = "String")]
    pub progress: Progress,
    /// Attempts in this generation.
    pub attempts: i64,
    /// When it is tried (again).
    pub due_at: Option<Instant>,
    /// It was there before Latchkey asked.
    pub found: bool,
    /// When this was wanted.
    pub wanted_at: Instant,
    /// When the system accepted it.
    pub applied_at: Option<Instant>,
    /// When the system said on read-back that it is so.
    pub confirmed_at: Option<Instant>,
    /// How the last attempt ended.
    pub last_outcome: Option<String>,
    /// The system's own words.
    pub last_words: String,
    /// When that was.
    pub last_attempt_at: Option<Instant>,
    /// The account's login on the system.
    pub account_name: String,
}

/// What somebody holds, the first to end at the top, at most `limit`; each line says how many there are in all and how many
/// of them all end by `soon`, what is on trial left out.
///
/// # Errors
/// When the database fails.
pub async fn live_of(
    c: &mut impl AsConn,
    identity: IdentityId,
    soon: Instant,
    limit: i64,
) -> StoreResult<Vec<HoldingRow>> {
    rows!(
        c,
        HoldingRow,
        "select g.id as grant_id, g.identity_id, g.role_id, g.role_version_id, v.name as role_name, v.risk, g.origin, g.reason, g.state,
                g.starts_at, g.ends_at, g.ended_at, g.end_reason, i.request_id, g.item_id, r.requester_id, q.display_name as requester_name,
                g.activates_id, g.full_ends_at, count(*) over () as of_all,
                count(case when g.ends_at <= $2 and g.activates_id is null and g.origin <> 'call_in' and g.full_ends_at is null
                           then 1 end) over () as of_ending
         from role_grant g
         join role_version v on v.id = g.role_version_id
         left join item i on i.id = g.item_id
         left join request r on r.id = i.request_id
         left join identity q on q.id = r.requester_id
         where g.identity_id = $1 and g.state in ('scheduled', 'active', 'eligible')
         order by g.ends_at nulls last, v.name, g.id limit $3",
        identity.0,
        soon,
        limit
    )
}

/// What these versions of roles give, by system and name.
///
/// # Errors
/// When the database fails.
pub async fn gives(c: &mut impl AsConn, versions: &[Uuid]) -> StoreResult<Vec<GivesRow>> {
    rows_in!(
        c,
        GivesRow,
        "select v.role_version_id, e.id as entitlement_id, e.name, e.description, e.kind, e.native,
                s.id as system_id, s.key as system_key, s.name as system_name
         from role_version_entitlement v
         join entitlement e on e.id = v.entitlement_id
         join system s on s.id = e.system_id
         where v.role_version_id in ({}) order by s.name, e.name, e.id",
        versions
    )
}

/// The query for [`ProgressRow`]s of daily accounts `a` and their fulfilments `f`.
macro_rules! progress {
    ($which:literal) => {
        concat!(
            "select f.id as fulfilment_id, f.entitlement_id, a.identity_id, f.desired, f.observed, f.progress, f.attempts, f.due_at, f.found,
                    f.wanted_at, f.applied_at, f.confirmed_at, f.last_outcome, f.last_words, f.last_attempt_at, a.name as account_name
             from account a join fulfilment f on f.account_id = a.id
             where a.purpose = 'daily' and ",
            $which
        )
    };
}

/// How far these identities' entitlements have come.
///
/// # Errors
/// When the database fails.
pub async fn progress_of(c: &mut impl AsConn, identities: &[Uuid]) -> StoreResult<Vec<ProgressRow>> {
    rows_in!(c, ProgressRow, progress!("a.identity_id in ({})"), identities)
}

/// What of somebody's accounts isn't as it should be yet: due, refused or waiting for a human.
///
/// # Errors
/// When the database fails.
pub async fn unsettled_of(c: &mut impl AsConn, identity: IdentityId) -> StoreResult<Vec<ProgressRow>> {
    rows!(c, ProgressRow, progress!("a.identity_id = $1 and f.progress <> 'settled'"), identity.0)
}

/// Who approved the item that a grant came from.
#[derive(Debug, Clone, FromRow)]
pub struct ApprovedByRow {
    /// The item.
    pub item_id: Uuid,
    /// Who.
    pub identity_id: Uuid,
    /// What they are called.
    pub name: String,
}

/// Who approved these items, in the order of their decisions.
///
/// # Errors
/// When the database fails.
pub async fn approved_by(c: &mut impl AsConn, items: &[Uuid]) -> StoreResult<Vec<ApprovedByRow>> {
    rows_in!(
        c,
        ApprovedByRow,
        "select d.item_id, d.identity_id, i.display_name as name from decision d join identity i on i.id = d.identity_id
         where d.verdict = 'approve' and d.item_id in ({}) order by d.decided_at, d.id",
        items
    )
}

/// How many of somebody's colleagues (same manager, themselves left out) hold a role now.
#[derive(Debug, Clone, FromRow)]
pub struct PeerRow {
    /// The role.
    pub role_id: Uuid,
    /// How many hold it.
    pub have: i64,
}

/// What somebody's colleagues (same manager) hold, most held first.
///
/// # Errors
/// When the database fails.
pub async fn held_by_peers(
    c: &mut impl AsConn,
    manager: IdentityId,
    without: IdentityId,
    limit: i64,
) -> StoreResult<Vec<PeerRow>> {
    rows!(
        c,
        PeerRow,
        "select g.role_id, count(distinct g.identity_id) as have
         from person p join identity i on i.id = p.identity_id and i.status = 'active'
         join role_grant g on g.identity_id = p.identity_id and g.state in ('active', 'eligible')
         where p.manager_id = $1 and p.identity_id <> $2
         group by g.role_id order by have desc, g.role_id limit $3",
        manager.0,
        without.0,
        limit
    )
}

/// How many active colleagues somebody has under the same manager, and how many of them hold this role.
///
/// # Errors
/// When the database fails.
pub async fn peers_with(
    c: &mut impl AsConn,
    manager: IdentityId,
    without: IdentityId,
    role: latchkey_domain::RoleId,
) -> StoreResult<(i64, i64)> {
    Ok(row!(
        c,
        (i64, i64),
        "select count(*),
                count(case when exists (select 1 from role_grant g where g.identity_id = p.identity_id and g.role_id = $3 and g.state in ('active', 'eligible')) then 1 end)
         from person p join identity i on i.id = p.identity_id and i.status = 'active'
         where p.manager_id = $1 and p.identity_id <> $2",
        manager.0,
        without.0,
        role.0
    )?
    .unwrap_or((0, 0)))
}

/// How many active colleagues somebody has under the same manager.
///
/// # Errors
/// When the database fails.
pub async fn count_peers(c: &mut impl AsConn, manager: IdentityId, without: IdentityId) -> StoreResult<i64> {
    Ok(row!(
        c,
        (i64,),
        "select count(*) from person p join identity i on i.id = p.identity_id
         where p.manager_id = $1 and p.identity_id <> $2 and i.status = 'active'",
        manager.0,
        without.0
    )?
    .map_or(0, |(n,)| n))
}

/// An identity's live grants of one role, activations left out.
///
/// # Errors
/// When the database fails.
pub async fn live_of_role(
    c: &mut impl AsConn,
    identity: IdentityId,
    role: latchkey_domain::RoleId,
) -> StoreResult<Vec<LiveRow>> {
    rows!(
        c,
        LiveRow,
        "select id as grant_id, starts_at, ends_at, coalesce(eligible, false) as eligible, origin, full_ends_at
         from role_grant
         where identity_id = $1 and role_id = $2 and activates_id is null and state in ('scheduled', 'active', 'eligible') order by ends_at nulls last, id",
        identity.0,
        role.0
    )
}

/// A live grant, as short as can be.
#[derive(Debug, Clone, FromRow)]
pub struct LiveRow {
    /// The grant.
    pub grant_id: Uuid,
    /// From when.
    pub starts_at: Instant,
    /// Until when.
    pub ends_at: Option<Instant>,
    /// It is the right to activate the role.
    pub eligible: bool,
    /// Why it exists.
    #[sqlx(try_from = "String")]
    pub origin: GrantOrigin,
    /// While it is a trial: until when it lasts if its holder keeps it.
    pub full_ends_at: Option<Instant>,
}
