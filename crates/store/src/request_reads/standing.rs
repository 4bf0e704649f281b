//! How somebody stands to roles: what they hold and what they wait for.

use std::collections::HashMap;

use latchkey_domain::{IdentityId, Instant};
use sqlx::FromRow;
use uuid::Uuid;

use crate::{AsConn, StoreResult};

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
        "select role_id, request_id, id as item_id from item where beneficiary_id = $1 and state = 'waiting' and activates_id is null",
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
        "select role_id, ends_at, null as request_id from role_grant where identity_id = $1 and activates_id is null
           and state in ('scheduled', 'active', 'eligible')
         union all
         select role_id, null, request_id from item where beneficiary_id = $1 and state = 'waiting' and activates_id is null",
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
