//! What those hold who do similar work.

use latchkey_domain::IdentityId;
use sqlx::FromRow;
use uuid::Uuid;

use crate::{AsConn, StoreResult};

/// A role that teammates hold.
#[derive(Debug, Clone, FromRow)]
pub struct MatesRow {
    /// The role.
    pub role_id: Uuid,
    /// How many of them hold it.
    pub have: i64,
    /// How many teammates were looked at.
    pub of_all: i64,
}

/// What somebody's teammates hold and they neither hold nor wait for, most held first. Teammates are at work and have the
/// same manager, or the same title in the same department; at most 200 of them are looked at.
///
/// # Errors
/// When the database fails.
pub async fn held(c: &mut impl AsConn, who: IdentityId) -> StoreResult<Vec<MatesRow>> {
    rows!(
        c,
        MatesRow,
        "with mates as (
             select either.identity_id from (
                 select p.identity_id from person me join person p on p.manager_id = me.manager_id where me.identity_id = $1
                 union
                 select p.identity_id from person me join person p on p.department = me.department and p.title = me.title
                 where me.identity_id = $1 and me.title <> '') either
             join identity i on i.id = either.identity_id and i.status = 'active'
             where either.identity_id <> $1 order by either.identity_id limit 200)
         select g.role_id, count(distinct g.identity_id) as have, (select count(*) from mates) as of_all
         from mates m join role_grant g on g.identity_id = m.identity_id and g.state in ('active', 'eligible')
         where not exists (select 1 from role_grant o where o.identity_id = $1 and o.role_id = g.role_id and o.state in ('scheduled', 'active', 'eligible'))
           and not exists (select 1 from item w where w.beneficiary_id = $1 and w.role_id = g.role_id and w.state = 'waiting')
         group by g.role_id order by have desc, g.role_id limit 20",
        who.0
    )
}
