//! Who holds a role, as far as the catalog must know it.

use latchkey_domain::{IdentityId, grant::GrantState};
use sqlx::FromRow;
use uuid::Uuid;

use crate::{AsConn, StoreResult};

/// A grant of a role that hasn't ended.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct HolderRow {
    /// The grant.
    pub grant_id: Uuid,
    /// Who holds it.
    pub identity_id: Uuid,
    /// Their name.
    pub display_name: String,
    /// Which role.
    pub role_id: Uuid,
    /// Which version of it.
    pub role_version_id: Uuid,
    /// Scheduled or active.
    #[sqlx(try_from = "String")]
    pub state: GrantState,
}

/// The grants of these roles that haven't ended, by role and name; at most 500 roles.
///
/// # Errors
/// When the database fails.
pub async fn of_roles(c: &mut impl AsConn, roles: &[Uuid]) -> StoreResult<Vec<HolderRow>> {
    rows_in!(
        c,
        HolderRow,
        "select g.id as grant_id, g.identity_id, i.display_name, g.role_id, g.role_version_id, g.state
         from role_grant g join identity i on i.id = g.identity_id
         where g.role_id in ({}) and g.state in ('scheduled', 'active', 'eligible') order by g.role_id, i.display_name, g.id",
        roles
    )
}

/// The grants of these versions that haven't ended, by role and name; at most 500 versions.
///
/// # Errors
/// When the database fails.
pub async fn of_versions(c: &mut impl AsConn, versions: &[Uuid]) -> StoreResult<Vec<HolderRow>> {
    rows_in!(
        c,
        HolderRow,
        "select g.id as grant_id, g.identity_id, i.display_name, g.role_id, g.role_version_id, g.state
         from role_grant g join identity i on i.id = g.identity_id
         where g.role_version_id in ({}) and g.state in ('scheduled', 'active', 'eligible') order by g.role_id, i.display_name, g.id",
        versions
    )
}

/// Versions that aren't in force any more and still have grants that haven't ended, as (version, role).
///
/// # Errors
/// When the database fails.
pub async fn closed_versions_held(c: &mut impl AsConn) -> StoreResult<Vec<(Uuid, Uuid)>> {
    rows!(
        c,
        (Uuid, Uuid),
        "select v.id, v.role_id from role_version v
         where v.valid_to is not null
           and exists (select 1 from role_grant g where g.role_version_id = v.id and g.state in ('scheduled', 'active', 'eligible'))
         order by v.id"
    )
}

/// Who is an administrator now, through an active grant; people who have left don't count, people on leave do.
///
/// # Errors
/// When the database fails.
pub async fn administrators(c: &mut impl AsConn) -> StoreResult<Vec<IdentityId>> {
    let found: Vec<(Uuid,)> = rows!(
        c,
        (Uuid,),
        "select distinct g.identity_id
         from system s
         join entitlement e on e.system_id = s.id and e.key = 'administrator'
         join role_version_entitlement x on x.entitlement_id = e.id
         join role_grant g on g.role_version_id = x.role_version_id and g.state = 'active'
         join identity i on i.id = g.identity_id and i.status in ('active', 'on_leave')
         where s.key = 'latchkey' order by g.identity_id"
    )?;
    Ok(found.into_iter().map(|(id,)| IdentityId(id)).collect())
}
