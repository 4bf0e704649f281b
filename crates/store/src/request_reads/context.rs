//! What is worth knowing around one item: whether colleagues hold the role, what became of earlier wishes for it, and what
//! its beneficiary holds on the same systems.

use latchkey_domain::{IdentityId, Instant, RoleId, item::ItemState, role::Risk};
use sqlx::FromRow;
use uuid::Uuid;

use crate::{AsConn, StoreResult};

/// The most colleagues of one kind that are looked at. What more people share says little about one of them.
pub const MOST_PEERS: i64 = 200;

/// Colleagues of one kind, and how many of them hold a role.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct PeersRow {
    /// `manager`, `department` or `title`: what they share.
    pub kind: String,
    /// How many there are; above [`MOST_PEERS`] they weren't all counted.
    pub all_of_them: i64,
    /// How many of those hold it.
    pub have: i64,
}

/// How many colleagues of somebody (same manager, same department, same title; themselves left out) hold a role. Kinds
/// without anybody are left out.
///
/// # Errors
/// When the database fails.
pub async fn peers_of(
    c: &mut impl AsConn,
    who: IdentityId,
    manager: Option<Uuid>,
    department: &str,
    title: &str,
    role: RoleId,
) -> StoreResult<Vec<PeersRow>> {
    rows!(
        c,
        PeersRow,
        "select k.kind, count(*) as all_of_them,
                count(case when exists (select 1 from role_grant g where g.identity_id = k.id and g.role_id = $5 and g.state <> 'ended' and g.state <> 'scheduled') then 1 end) as have
         from (
             select 'manager' as kind, m.id from (
                 select i.id from person p join identity i on i.id = p.identity_id and i.status = 'active'
                 where p.manager_id = $2 and i.id <> $1 limit $6) m
             union all
             select 'department' as kind, d.id from (
                 select i.id from person p join identity i on i.id = p.identity_id and i.status = 'active'
                 where p.department = $3 and $3 <> '' and i.id <> $1 limit $6) d
             union all
             select 'title' as kind, t.id from (
                 select i.id from person p join identity i on i.id = p.identity_id and i.status = 'active'
                 where p.title = $4 and $4 <> '' and i.id <> $1 limit $6) t
         ) k group by k.kind",
        who.0,
        manager,
        department,
        title,
        role.0,
        MOST_PEERS + 1
    )
}

/// An earlier wish of the same person for the same role.
#[derive(Debug, Clone, FromRow)]
pub struct EarlierRow {
    /// Where it ended, or stands.
    #[sqlx(try_from = "String")]
    pub state: ItemState,
    /// When it was asked.
    pub created_at: Instant,
    /// When it ended.
    pub closed_at: Option<Instant>,
    /// For how long.
    pub seconds: Option<i64>,
    /// Why the grant that it led to ended, if it did.
    pub end_reason: Option<String>,
}

/// The last few earlier wishes of somebody for a role, newest first.
///
/// # Errors
/// When the database fails.
pub async fn earlier_wishes(
    c: &mut impl AsConn,
    who: IdentityId,
    role: Uuid,
    but: Uuid,
    limit: i64,
) -> StoreResult<Vec<EarlierRow>> {
    rows!(
        c,
        EarlierRow,
        "select i.state, i.created_at, i.closed_at, i.seconds, (select min(g.end_reason) from role_grant g where g.item_id = i.id) as end_reason
         from item i where i.beneficiary_id = $1 and i.role_id = $2 and i.id <> $3 order by i.id desc limit $4",
        who.0,
        role,
        but,
        limit
    )
}

/// An entitlement that somebody's active grants justify, on one of the systems that a role's version reaches.
#[derive(Debug, Clone, FromRow)]
pub struct OnSystemRow {
    /// The system.
    pub system_name: String,
    /// What the entitlement is called.
    pub entitlement_name: String,
    /// The role that gives it.
    pub role_id: Uuid,
    /// What that role is called.
    pub role_name: String,
    /// The version that was asked about gives it as well.
    pub same: bool,
}

/// What somebody holds already on the systems that a role's version reaches, at most `limit`, by system and name.
///
/// # Errors
/// When the database fails.
pub async fn held_on_systems_of(
    c: &mut impl AsConn,
    who: IdentityId,
    version: Uuid,
    limit: i64,
) -> StoreResult<Vec<OnSystemRow>> {
    rows!(
        c,
        OnSystemRow,
        "select s.name as system_name, e.name as entitlement_name, g.role_id, v.name as role_name,
                exists (select 1 from role_version_entitlement a where a.role_version_id = $2 and a.entitlement_id = e.id) as same
         from role_grant g
         join role_version v on v.id = g.role_version_id
         join role_version_entitlement x on x.role_version_id = g.role_version_id
         join entitlement e on e.id = x.entitlement_id
         join system s on s.id = e.system_id
         where g.identity_id = $1 and g.state = 'active'
           and e.system_id in (select r.system_id from role_version_entitlement y join entitlement r on r.id = y.entitlement_id
                               where y.role_version_id = $2)
         order by s.name, e.name, v.name, g.id limit $3",
        who.0,
        version,
        limit
    )
}

/// How much harm the roles of these items could do today, by item: the version in force counts, not the one that was asked
/// for.
///
/// # Errors
/// When the database fails.
pub async fn risks_today(c: &mut impl AsConn, items: &[Uuid]) -> StoreResult<std::collections::HashMap<Uuid, Risk>> {
    let rows = rows_in!(
        c,
        RiskRow,
        "select i.id, v.risk from item i join role_version v on v.role_id = i.role_id and v.valid_to is null where i.id in ({})",
        items
    )?;
    Ok(rows.into_iter().map(|r| (r.id, r.risk)).collect())
}

#[derive(FromRow)]
struct RiskRow {
    id: Uuid,
    #[sqlx(try_from = "String")]
    risk: Risk,
}
