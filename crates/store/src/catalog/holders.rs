//! Who holds a role, as far as the catalog must know it.

use latchkey_domain::{GrantId, IdentityId, RoleVersionId, grant::GrantState, portal_role::PortalRole};
use sqlx::FromRow;
use uuid::Uuid;

use crate::{AsConn, StoreError, StoreResult, Tx};

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
         where g.role_id in ({}) and g.state <> 'ended' order by g.role_id, i.display_name, g.id",
        roles
    )
}

/// Lets a grant follow another version of its role.
///
/// # Errors
/// When the grant has ended or was moved by somebody else, or the database fails.
pub async fn move_grant(tx: &mut Tx, grant: GrantId, from: RoleVersionId, to: RoleVersionId) -> StoreResult<()> {
    let done = exec!(
        tx,
        "update role_grant set role_version_id = $1 where id = $2 and role_version_id = $3 and state <> 'ended'",
        to.0,
        grant.0,
        from.0
    )?;
    if done == 1 { Ok(()) } else { Err(StoreError::Conflict { what: "the grant" }) }
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

/// Which portal roles somebody holds now, through active grants.
///
/// # Errors
/// When the database fails, or an entitlement of the built-in system is none that this version knows.
pub async fn portal_roles(c: &mut impl AsConn, identity: IdentityId) -> StoreResult<Vec<PortalRole>> {
    let found: Vec<(String,)> = rows!(
        c,
        (String,),
        "select distinct e.key
         from role_grant g
         join role_version_entitlement x on x.role_version_id = g.role_version_id
         join entitlement e on e.id = x.entitlement_id
         join system s on s.id = e.system_id and s.key = 'latchkey'
         where g.identity_id = $1 and g.state = 'active' order by e.key",
        identity.0
    )?;
    found
        .into_iter()
        .map(|(key,)| {
            key.parse().map_err(|_| StoreError::Inconsistent {
                table: "entitlement",
                column: "key",
                row: format!("latchkey/{key}"),
                found: key.clone(),
            })
        })
        .collect()
}
