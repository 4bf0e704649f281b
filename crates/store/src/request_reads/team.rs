//! A manager's reports, with what they hold and wait for.

use latchkey_domain::{IdentityId, Instant};
use sqlx::FromRow;
use uuid::Uuid;

use crate::{AsConn, StoreResult};

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
                (select count(*) from role_grant g where g.identity_id = i.id and g.state in ('scheduled', 'active', 'eligible')) as roles,
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
