//! What an inbox can be narrowed by, with counts.

use latchkey_domain::IdentityId;
use sqlx::FromRow;
use uuid::Uuid;

use crate::{AsConn, StoreResult};

/// How many lines of an inbox are counted.
const COUNTED: i64 = 1000;

/// How many lines of an inbox are for one person, or for one version of a role.
#[derive(Debug, Clone, FromRow)]
pub struct InboxTallyRow {
    /// The role, where a version of one is counted.
    pub role_id: Option<Uuid>,
    /// The version of a role, or the person.
    pub counted_id: Uuid,
    /// What it or they are called.
    pub label: String,
    /// How much harm that version could do, as its word; empty for a person.
    pub risk: String,
    /// How many lines.
    pub lines: i64,
}

/// Counts the first thousand lines of somebody's inbox by person and by version of a role. What those versions reach is in the
/// catalog, which is in memory; counting it here would cost several times as much.
///
/// # Errors
/// When the database fails.
pub async fn inbox_tally(c: &mut impl AsConn, who: IdentityId) -> StoreResult<Vec<InboxTallyRow>> {
    rows!(
        c,
        InboxTallyRow,
        "with w as (
             select i.beneficiary_id, i.role_id, i.role_version_id
             from stage_approver a
             join stage s on s.id = a.stage_id and s.state = 'open'
             join item i on i.id = s.item_id and i.state = 'waiting'
             where a.identity_id = $1 and a.removed_at is null order by a.stage_id limit $2),
         p as (select beneficiary_id, count(*) as lines from w group by beneficiary_id),
         r as (select role_id, role_version_id, count(*) as lines from w group by role_id, role_version_id)
         select null as role_id, p.beneficiary_id as counted_id, b.display_name as label, '' as risk, p.lines
         from p join identity b on b.id = p.beneficiary_id
         union all
         select r.role_id, r.role_version_id, v.name, v.risk, r.lines from r join role_version v on v.id = r.role_version_id",
        who.0,
        COUNTED
    )
}
