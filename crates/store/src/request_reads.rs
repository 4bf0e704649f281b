//! Requests as lists and pages show them.

use latchkey_domain::{
    GrantId, IdentityId, Instant,
    grant::GrantKind,
    item::{ItemState, StageState},
    role::Risk,
};
use sqlx::FromRow;
use uuid::Uuid;

use crate::{AsConn, StoreResult};

mod context;
mod facets;
mod inbox;
mod standing;
mod team;
mod visible;

pub use context::*;
pub use facets::*;
pub use inbox::*;
pub use standing::*;
pub use team::*;
pub use visible::*;

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
    /// It asks for the right to activate the role.
    pub eligible: bool,
    /// It asks to activate the role by this eligible grant.
    pub activates_id: Option<Uuid>,
}

impl ItemLineRow {
    /// What is asked for.
    #[must_use]
    pub fn kind(&self) -> GrantKind {
        GrantKind::of(self.eligible, self.activates_id.map(GrantId))
    }
}

/// The query for [`ItemLineRow`]s from what follows `from`: items `i`, requests `r`, role versions `v`, beneficiaries `b`,
/// requesters `q`.
macro_rules! item_lines {
    ($from:literal) => {
        concat!(
            "select i.id, i.request_id, r.reference, i.role_id, v.name as role_name, v.risk, i.beneficiary_id,
                    b.display_name as beneficiary_name, r.requester_id, q.display_name as requester_name, i.reason, i.seconds, i.state,
                    i.stage, i.stages, i.lapses_at, i.created_at, i.closed_at, i.role_version_id, i.policy_version_id,
                    coalesce(i.eligible, false) as eligible, i.activates_id
             from ",
            $from
        )
    };
}

/// The items of the open requests that somebody asked for or that are for them, by request, newest first.
///
/// # Errors
/// When the database fails.
pub async fn open_items_of(c: &mut impl AsConn, who: IdentityId, requests: i64) -> StoreResult<Vec<ItemLineRow>> {
    rows!(
        c,
        ItemLineRow,
        item_lines!(
            "(select id from (
                   select id from request where requester_id = $1 and state = 'open'
                   union select request_id from item where beneficiary_id = $1 and state = 'waiting') either
               order by id desc limit $2) mine
         join request r on r.id = mine.id
         join item i on i.request_id = r.id
         join role_version v on v.id = i.role_version_id
         join identity b on b.id = i.beneficiary_id
         join identity q on q.id = r.requester_id
         order by i.request_id desc, i.id"
        ),
        who.0,
        requests
    )
}

/// The items of these requests.
///
/// # Errors
/// When the database fails.
pub async fn items_of(c: &mut impl AsConn, requests: &[Uuid]) -> StoreResult<Vec<ItemLineRow>> {
    rows_in!(
        c,
        ItemLineRow,
        item_lines!(
            "item i join request r on r.id = i.request_id
         join role_version v on v.id = i.role_version_id
         join identity b on b.id = i.beneficiary_id
         join identity q on q.id = r.requester_id
         where i.request_id in ({}) order by i.request_id desc, i.id"
        ),
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
        item_lines!(
            "item i join request r on r.id = i.request_id
         join role_version v on v.id = i.role_version_id
         join identity b on b.id = i.beneficiary_id
         join identity q on q.id = r.requester_id
         where i.id in ({}) order by i.id"
        ),
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
    /// Whose seat it is, where it is somebody else's.
    pub behalf_name: Option<String>,
}

/// Who can decide these items now.
///
/// # Errors
/// When the database fails.
pub async fn approvers_of(c: &mut impl AsConn, items: &[Uuid]) -> StoreResult<Vec<NamedApproverRow>> {
    rows_in!(
        c,
        NamedApproverRow,
        "select s.item_id, s.id as stage_id, a.identity_id, i.display_name as name, a.because, a.added_at,
                o.display_name as behalf_name
         from stage s join stage_approver a on a.stage_id = s.id and a.removed_at is null join identity i on i.id = a.identity_id
         left join identity o on o.id = a.on_behalf_of
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
    /// For whom, if not for themselves.
    pub behalf_name: Option<String>,
}

/// What was decided about these items.
///
/// # Errors
/// When the database fails.
pub async fn decisions_of(c: &mut impl AsConn, items: &[Uuid]) -> StoreResult<Vec<NamedDecisionRow>> {
    rows_in!(
        c,
        NamedDecisionRow,
        "select d.item_id, d.stage_id, d.identity_id, i.display_name as name, d.verdict, d.comment, d.decided_at,
                o.display_name as behalf_name
         from decision d join identity i on i.id = d.identity_id left join identity o on o.id = d.on_behalf_of where d.item_id in ({}) order by d.decided_at, d.id",
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
    /// By when it should be decided.
    pub deadline_at: Option<Instant>,
    /// When that had passed.
    pub overdue_at: Option<Instant>,
    /// When those who wait nudged those who can decide it, the last time.
    pub nudged_at: Option<Instant>,
    /// When those who wait moved it on, the last time.
    pub moved_at: Option<Instant>,
    /// The zone that the item's days and working hours are counted in.
    pub zone: String,
}

/// The stages of these items, in order.
///
/// # Errors
/// When the database fails.
pub async fn stages_of(c: &mut impl AsConn, items: &[Uuid]) -> StoreResult<Vec<StageLineRow>> {
    rows_in!(
        c,
        StageLineRow,
        "select s.id, s.item_id, s.position, s.rule, s.state, s.opened_at, s.closed_at, s.deadline_at, s.overdue_at, s.nudged_at,
                s.moved_at, i.zone
         from stage s join item i on i.id = s.item_id where s.item_id in ({}) order by s.item_id, s.position",
        items
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

/// How long the newest approvals of all roles since `since` took, by role, at most `limit`.
///
/// # Errors
/// When the database fails.
pub async fn took_lately(c: &mut impl AsConn, since: Instant, limit: i64) -> StoreResult<Vec<(Uuid, TookRow)>> {
    let rows = rows!(
        c,
        (Uuid, Instant, Instant),
        "select role_id, created_at, closed_at from item
         where state = 'approved' and closed_at is not null and created_at > $1 order by id desc limit $2",
        since,
        limit
    )?;
    Ok(rows.into_iter().map(|(role, created_at, closed_at)| (role, TookRow { created_at, closed_at })).collect())
}
