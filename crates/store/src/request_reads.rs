//! Requests as lists and pages show them.

use std::collections::HashMap;

use latchkey_domain::{
    IdentityId, Instant, RequestId,
    item::{ItemState, StageState},
    role::Risk,
};
use sqlx::FromRow;
use uuid::Uuid;

use crate::{AsConn, StoreResult};

/// An item with the names that a page shows.
#[derive(Debug, Clone, FromRow)]
pub struct ItemLineRow {
    /// The item.
    pub id: Uuid,
    /// Its request.
    pub request_id: Uuid,
    /// What people quote.
    pub reference: String,
    /// The role.
    pub role_id: Uuid,
    /// What it is called.
    pub role_name: String,
    /// How much harm it could do.
    #[sqlx(try_from = "String")]
    pub risk: Risk,
    /// For whom.
    pub beneficiary_id: Uuid,
    /// What they are called.
    pub beneficiary_name: String,
    /// Who asked.
    pub requester_id: Uuid,
    /// What they are called.
    pub requester_name: String,
    /// Why.
    pub reason: String,
    /// For how long.
    pub seconds: Option<i64>,
    /// Where it stands.
    #[sqlx(try_from = "String")]
    pub state: ItemState,
    /// The open stage's position.
    pub stage: i64,
    /// How many stages there are.
    pub stages: i64,
    /// When it lapses.
    pub lapses_at: Option<Instant>,
    /// When it was submitted.
    pub created_at: Instant,
    /// When it ended.
    pub closed_at: Option<Instant>,
    /// The version of the role that was asked for.
    pub role_version_id: Uuid,
    /// The policy version that it is decided under.
    pub policy_version_id: Uuid,
}

/// Which requests a list shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// At least one item waits.
    Open,
    /// Every item has ended.
    Closed,
    /// All.
    All,
}

impl Which {
    const fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Closed => "closed",
            Self::All => "",
        }
    }
}

/// The requests that somebody may see, newest first: that they asked, that are for them, that they decide or decided, or
/// for roles that they own. Found by `pattern` (an escaped `like` pattern) and after the given request.
///
/// # Errors
/// When the database fails.
pub async fn visible_to(
    c: &mut impl AsConn,
    who: IdentityId,
    which: Which,
    pattern: &str,
    before: Option<RequestId>,
    limit: i64,
) -> StoreResult<Vec<(Uuid,)>> {
    let before = before.map_or(Uuid::max(), |r| r.0);
    rows!(
        c,
        (Uuid,),
        "select r.id from request r
         where r.id < $1 and ($2 = '' or r.state = $2)
           and r.id in (
             select id from request where requester_id = $3
             union select request_id from item where beneficiary_id = $3
             union select i.request_id from stage_approver a join stage s on s.id = a.stage_id join item i on i.id = s.item_id where a.identity_id = $3
             union select i.request_id from ownership w join item i on i.role_id = w.role_id where w.owner_id = $3 and w.valid_to is null)
           and ($4 = '' or exists (select 1 from item i where i.request_id = r.id and i.search_text like $4 escape '\\'))
         order by r.id desc limit $5",
        before,
        which.word(),
        who.0,
        pattern,
        limit
    )
}

/// The items of the open requests that somebody asked for or that are for them, by request, newest first.
///
/// # Errors
/// When the database fails.
pub async fn open_items_of(c: &mut impl AsConn, who: IdentityId, requests: i64) -> StoreResult<Vec<ItemLineRow>> {
    rows!(
        c,
        ItemLineRow,
        "select i.id, i.request_id, r.reference, i.role_id, v.name as role_name, v.risk, i.beneficiary_id, b.display_name as beneficiary_name,
                r.requester_id, q.display_name as requester_name, i.reason, i.seconds, i.state, i.stage, i.stages, i.lapses_at, i.created_at,
                i.closed_at, i.role_version_id, i.policy_version_id
         from (select id from (
                   select id from request where requester_id = $1 and state = 'open'
                   union select request_id from item where beneficiary_id = $1 and state = 'waiting') either
               order by id desc limit $2) mine
         join request r on r.id = mine.id
         join item i on i.request_id = r.id
         join role_version v on v.id = i.role_version_id
         join identity b on b.id = i.beneficiary_id
         join identity q on q.id = r.requester_id
         order by i.request_id desc, i.id",
        who.0,
        requests
    )
}

/// How many requests somebody may see: open ones and closed ones.
///
/// # Errors
/// When the database fails.
pub async fn count_visible_to(c: &mut impl AsConn, who: IdentityId) -> StoreResult<(i64, i64)> {
    Ok(row!(
        c,
        (i64, i64),
        "select count(case when r.state = 'open' then 1 end), count(case when r.state = 'closed' then 1 end) from request r
         where r.id in (
             select id from request where requester_id = $1
             union select request_id from item where beneficiary_id = $1
             union select i.request_id from stage_approver a join stage s on s.id = a.stage_id join item i on i.id = s.item_id where a.identity_id = $1
             union select i.request_id from ownership w join item i on i.role_id = w.role_id where w.owner_id = $1 and w.valid_to is null)",
        who.0
    )?
    .unwrap_or((0, 0)))
}

/// Whether somebody may see a request at all (everybody else is told that it isn't there).
///
/// # Errors
/// When the database fails.
pub async fn may_see(c: &mut impl AsConn, who: IdentityId, request: RequestId) -> StoreResult<bool> {
    Ok(row!(
        c,
        (i64,),
        "select count(*) from request r where r.id = $1 and (
             r.requester_id = $2
             or exists (select 1 from item i where i.request_id = r.id and i.beneficiary_id = $2)
             or exists (select 1 from item i join stage s on s.item_id = i.id join stage_approver a on a.stage_id = s.id
                        where i.request_id = r.id and a.identity_id = $2)
             or exists (select 1 from item i join ownership w on w.role_id = i.role_id and w.valid_to is null
                        where i.request_id = r.id and w.owner_id = $2))",
        request.0,
        who.0
    )?
    .is_some_and(|(n,)| n > 0))
}

/// Which of these requests somebody may see, by the rule of [`may_see`].
///
/// # Errors
/// When the database fails.
pub async fn seen_among(c: &mut impl AsConn, who: IdentityId, requests: &[Uuid]) -> StoreResult<Vec<Uuid>> {
    let who_may = rows_in!(
        c,
        (Uuid, Uuid),
        "with r as (select id, requester_id from request where id in ({}))
         select r.id, r.requester_id from r
         union select r.id, i.beneficiary_id from r join item i on i.request_id = r.id
         union select r.id, a.identity_id from r join item i on i.request_id = r.id join stage s on s.item_id = i.id
                                                 join stage_approver a on a.stage_id = s.id
         union select r.id, w.owner_id from r join item i on i.request_id = r.id
                                              join ownership w on w.role_id = i.role_id and w.valid_to is null",
        requests
    )?;
    Ok(requests.iter().copied().filter(|request| who_may.contains(&(*request, who.0))).collect())
}

/// The items of these requests.
///
/// # Errors
/// When the database fails.
pub async fn items_of(c: &mut impl AsConn, requests: &[Uuid]) -> StoreResult<Vec<ItemLineRow>> {
    rows_in!(
        c,
        ItemLineRow,
        "select i.id, i.request_id, r.reference, i.role_id, v.name as role_name, v.risk, i.beneficiary_id, b.display_name as beneficiary_name,
                r.requester_id, q.display_name as requester_name, i.reason, i.seconds, i.state, i.stage, i.stages, i.lapses_at, i.created_at,
                i.closed_at, i.role_version_id, i.policy_version_id
         from item i join request r on r.id = i.request_id
         join role_version v on v.id = i.role_version_id
         join identity b on b.id = i.beneficiary_id
         join identity q on q.id = r.requester_id
         where i.request_id in ({}) order by i.request_id desc, i.id",
        requests
    )
}

/// Some items.
///
/// # Errors
/// When the database fails.
pub async fn items_by_id(c: &mut impl AsConn, items: &[Uuid]) -> StoreResult<Vec<ItemLineRow>> {
    rows_in!(
        c,
        ItemLineRow,
        "select i.id, i.request_id, r.reference, i.role_id, v.name as role_name, v.risk, i.beneficiary_id, b.display_name as beneficiary_name,
                r.requester_id, q.display_name as requester_name, i.reason, i.seconds, i.state, i.stage, i.stages, i.lapses_at, i.created_at,
                i.closed_at, i.role_version_id, i.policy_version_id
         from item i join request r on r.id = i.request_id
         join role_version v on v.id = i.role_version_id
         join identity b on b.id = i.beneficiary_id
         join identity q on q.id = r.requester_id
         where i.id in ({}) order by i.id",
        items
    )
}

/// Somebody who can decide an open stage, or who did.
#[derive(Debug, Clone, FromRow)]
pub struct NamedApproverRow {
    /// The item.
    pub item_id: Uuid,
    /// The stage.
    pub stage_id: Uuid,
    /// Who.
    pub identity_id: Uuid,
    /// What they are called.
    pub name: String,
    /// Why they can.
    pub because: String,
    /// Since when.
    pub added_at: Instant,
}

/// Who can decide these items now.
///
/// # Errors
/// When the database fails.
pub async fn approvers_of(c: &mut impl AsConn, items: &[Uuid]) -> StoreResult<Vec<NamedApproverRow>> {
    rows_in!(
        c,
        NamedApproverRow,
        "select s.item_id, s.id as stage_id, a.identity_id, i.display_name as name, a.because, a.added_at
         from stage s join stage_approver a on a.stage_id = s.id and a.removed_at is null join identity i on i.id = a.identity_id
         where s.state = 'open' and s.item_id in ({}) order by s.item_id, i.display_name, i.id",
        items
    )
}

/// A decision with its decider's name.
#[derive(Debug, Clone, FromRow)]
pub struct NamedDecisionRow {
    /// The item.
    pub item_id: Uuid,
    /// The stage.
    pub stage_id: Uuid,
    /// Who.
    pub identity_id: Uuid,
    /// What they are called.
    pub name: String,
    /// What.
    pub verdict: String,
    /// In their words.
    pub comment: String,
    /// When.
    pub decided_at: Instant,
}

/// What was decided about these items.
///
/// # Errors
/// When the database fails.
pub async fn decisions_of(c: &mut impl AsConn, items: &[Uuid]) -> StoreResult<Vec<NamedDecisionRow>> {
    rows_in!(
        c,
        NamedDecisionRow,
        "select d.item_id, d.stage_id, d.identity_id, i.display_name as name, d.verdict, d.comment, d.decided_at
         from decision d join identity i on i.id = d.identity_id where d.item_id in ({}) order by d.decided_at, d.id",
        items
    )
}

/// A stage with what a page shows.
#[derive(Debug, Clone, FromRow)]
pub struct StageLineRow {
    /// The stage.
    pub id: Uuid,
    /// Its item.
    pub item_id: Uuid,
    /// Which step, from 0.
    pub position: i64,
    /// Its frozen rule as JSON.
    pub rule: String,
    /// Where it stands.
    #[sqlx(try_from = "String")]
    pub state: StageState,
    /// Since when its approvers can decide.
    pub opened_at: Option<Instant>,
    /// When it decided or was skipped.
    pub closed_at: Option<Instant>,
}

/// The stages of these items, in order.
///
/// # Errors
/// When the database fails.
pub async fn stages_of(c: &mut impl AsConn, items: &[Uuid]) -> StoreResult<Vec<StageLineRow>> {
    rows_in!(
        c,
        StageLineRow,
        "select id, item_id, position, rule, state, opened_at, closed_at from stage where item_id in ({}) order by item_id, position",
        items
    )
}

/// One line of somebody's inbox.
#[derive(Debug, Clone, FromRow)]
pub struct InboxRow {
    /// The stage that waits for them; lines are paged by its id.
    pub stage_id: Uuid,
    /// Since when.
    pub opened_at: Option<Instant>,
    /// The item.
    pub item_id: Uuid,
    /// The role.
    pub role_id: Uuid,
    /// What it is called.
    pub role_name: String,
    /// How much harm it could do.
    #[sqlx(try_from = "String")]
    pub risk: Risk,
    /// For whom.
    pub beneficiary_id: Uuid,
    /// What they are called.
    pub beneficiary_name: String,
    /// Why.
    pub reason: String,
    /// For how long.
    pub seconds: Option<i64>,
    /// When it lapses.
    pub lapses_at: Option<Instant>,
}

/// What waits for somebody, longest waiting first, after the given line.
///
/// # Errors
/// When the database fails.
pub async fn inbox(
    c: &mut impl AsConn,
    who: IdentityId,
    after: Option<Uuid>,
    limit: i64,
) -> StoreResult<Vec<InboxRow>> {
    rows!(
        c,
        InboxRow,
        "select s.id as stage_id, s.opened_at, i.id as item_id, i.role_id, v.name as role_name, v.risk, i.beneficiary_id,
                b.display_name as beneficiary_name, i.reason, i.seconds, i.lapses_at
         from stage_approver a
         join stage s on s.id = a.stage_id and s.state = 'open'
         join item i on i.id = s.item_id and i.state = 'waiting'
         join role_version v on v.id = i.role_version_id
         join identity b on b.id = i.beneficiary_id
         where a.identity_id = $1 and a.removed_at is null and a.stage_id > $2
         order by a.stage_id limit $3",
        who.0,
        after.unwrap_or(Uuid::nil()),
        limit
    )
}

/// What somebody decided, newest first, before the given decision.
#[derive(Debug, Clone, FromRow)]
pub struct DecidedRow {
    /// The decision; lines are paged by it.
    pub decision_id: Uuid,
    /// When.
    pub decided_at: Instant,
    /// What, as its word.
    pub verdict: String,
    /// The item.
    pub item_id: Uuid,
    /// Its request.
    pub request_id: Uuid,
    /// What the role is called.
    pub role_name: String,
    /// How much harm it could do.
    #[sqlx(try_from = "String")]
    pub risk: Risk,
    /// What the beneficiary is called.
    pub beneficiary_name: String,
    /// For how long.
    pub seconds: Option<i64>,
}

/// What somebody decided, newest first, before the given decision.
///
/// # Errors
/// When the database fails.
pub async fn decided_by(
    c: &mut impl AsConn,
    who: IdentityId,
    before: Option<Uuid>,
    limit: i64,
) -> StoreResult<Vec<DecidedRow>> {
    rows!(
        c,
        DecidedRow,
        "select d.id as decision_id, d.decided_at, d.verdict, i.id as item_id, i.request_id, v.name as role_name, v.risk,
                b.display_name as beneficiary_name, i.seconds
         from decision d join item i on i.id = d.item_id join role_version v on v.id = i.role_version_id
         join identity b on b.id = i.beneficiary_id
         where d.identity_id = $1 and d.id < $2 order by d.id desc limit $3",
        who.0,
        before.unwrap_or(Uuid::max()),
        limit
    )
}

/// How long decisions on a role took from submission to the end, the last fifty approvals, in seconds, unsorted.
#[derive(Debug, Clone, FromRow)]
pub struct TookRow {
    /// When it was submitted.
    pub created_at: Instant,
    /// When it was approved.
    pub closed_at: Instant,
}

/// How long the last fifty approvals of a role took.
///
/// # Errors
/// When the database fails.
pub async fn took(c: &mut impl AsConn, role: latchkey_domain::RoleId) -> StoreResult<Vec<TookRow>> {
    rows!(
        c,
        TookRow,
        "select created_at, closed_at from item where role_id = $1 and state = 'approved' and closed_at is not null order by id desc limit 50",
        role.0
    )
}

/// How somebody stands to a role: waiting for it, or holding it.
#[derive(Debug, Clone, FromRow)]
pub struct WaitingForRow {
    /// The role.
    pub role_id: Uuid,
    /// The request.
    pub request_id: Uuid,
    /// The item.
    pub item_id: Uuid,
}

/// The roles that somebody waits for.
///
/// # Errors
/// When the database fails.
pub async fn waiting_roles(c: &mut impl AsConn, who: IdentityId) -> StoreResult<Vec<WaitingForRow>> {
    rows!(
        c,
        WaitingForRow,
        "select role_id, request_id, id as item_id from item where beneficiary_id = $1 and state = 'waiting'",
        who.0
    )
}

/// The roles that somebody holds, with the end of each.
///
/// # Errors
/// When the database fails.
pub async fn held_roles(c: &mut impl AsConn, who: IdentityId) -> StoreResult<Vec<(Uuid, Option<Instant>)>> {
    rows!(
        c,
        (Uuid, Option<Instant>),
        "select role_id, ends_at from role_grant where identity_id = $1 and state in ('scheduled', 'active')",
        who.0
    )
}

/// How somebody stands to roles: those that they hold, with their ends, and those that they wait for, with the request.
pub type RolesOf = (HashMap<Uuid, Option<Instant>>, HashMap<Uuid, Uuid>);

/// How somebody stands to roles, in one query.
///
/// # Errors
/// When the database fails.
pub async fn roles_of(c: &mut impl AsConn, who: IdentityId) -> StoreResult<RolesOf> {
    let rows = rows!(
        c,
        (Uuid, Option<Instant>, Option<Uuid>),
        "select role_id, ends_at, null as request_id from role_grant where identity_id = $1 and state in ('scheduled', 'active')
         union all
         select role_id, null, request_id from item where beneficiary_id = $1 and state = 'waiting'",
        who.0
    )?;
    let (mut held, mut waiting) = RolesOf::default();
    for (role, ends, request) in rows {
        match request {
            Some(request) => _ = waiting.insert(role, request),
            None => _ = held.insert(role, ends),
        }
    }
    Ok((held, waiting))
}

/// A report of a manager with counts, for the team page.
#[derive(Debug, Clone, FromRow)]
pub struct TeamRow {
    /// Who.
    pub id: Uuid,
    /// What they are called.
    pub display_name: String,
    /// Their title.
    pub title: String,
    /// Their department.
    pub department: String,
    /// Their status, as its word.
    pub status: String,
    /// How they are employed, as its word.
    pub employment_type: String,
    /// How many roles they hold.
    pub roles: i64,
    /// How many of their items wait.
    pub open: i64,
    /// When the next of their grants ends.
    pub next_end: Option<Instant>,
    /// The name of that grant's role.
    pub next_role: Option<String>,
}

/// A manager's reports by name, after the given one.
///
/// # Errors
/// When the database fails.
pub async fn team(
    c: &mut impl AsConn,
    manager: IdentityId,
    after: Option<(String, Uuid)>,
    limit: i64,
) -> StoreResult<Vec<TeamRow>> {
    let (name, id) = after.unwrap_or((String::new(), Uuid::nil()));
    rows!(
        c,
        TeamRow,
        "select i.id, i.display_name, p.title, p.department, i.status, p.employment_type,
                (select count(*) from role_grant g where g.identity_id = i.id and g.state in ('scheduled', 'active')) as roles,
                (select count(*) from item x where x.beneficiary_id = i.id and x.state = 'waiting') as open,
                (select min(g.ends_at) from role_grant g where g.identity_id = i.id and g.state = 'active') as next_end,
                (select v.name from role_grant g join role_version v on v.id = g.role_version_id
                 where g.identity_id = i.id and g.state = 'active' and g.ends_at is not null order by g.ends_at, g.id limit 1) as next_role
         from person p join identity i on i.id = p.identity_id
         where p.manager_id = $1 and i.status <> 'terminated' and (i.display_name, i.id) > ($2, $3)
         order by i.display_name, i.id limit $4",
        manager.0,
        name,
        id,
        limit
    )
}

/// How many people report to somebody and haven't left.
///
/// # Errors
/// When the database fails.
pub async fn count_reports(c: &mut impl AsConn, manager: IdentityId) -> StoreResult<i64> {
    Ok(row!(
        c,
        (i64,),
        "select count(*) from person p join identity i on i.id = p.identity_id where p.manager_id = $1 and i.status <> 'terminated'",
        manager.0
    )?
    .map_or(0, |(n,)| n))
}
