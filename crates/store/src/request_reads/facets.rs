//! What an inbox can be narrowed by, with counts.

use latchkey_domain::IdentityId;
use sqlx::FromRow;

use crate::{AsConn, StoreResult};

/// How many lines of an inbox are counted.
const COUNTED: i64 = 1000;

/// One value that an inbox can be narrowed to.
#[derive(Debug, Clone, FromRow)]
pub struct InboxFacetRow {
    /// `person`, `role`, `risk` or `system`.
    pub kind: String,
    /// What the address names: an id as the database writes it, a risk's word, a system's key.
    pub value: uuid::Uuid,
    /// The word where the value is no id.
    pub word: String,
    /// What is read.
    pub label: String,
    /// How many lines have it.
    pub lines: i64,
}

/// What the first thousand lines of somebody's inbox can be narrowed by, the most frequent first: people, roles, risks and
/// systems, at most forty of each.
///
/// # Errors
/// When the database fails.
pub async fn inbox_facets(c: &mut impl AsConn, who: IdentityId) -> StoreResult<Vec<InboxFacetRow>> {
    rows!(
        c,
        InboxFacetRow,
        "with w as (
             select i.id, i.beneficiary_id, i.role_id, i.role_version_id
             from stage_approver a
             join stage s on s.id = a.stage_id and s.state = 'open'
             join item i on i.id = s.item_id and i.state = 'waiting'
             where a.identity_id = $1 and a.removed_at is null order by a.stage_id limit $2),
         f as (
             select 'person' as kind, b.id as value, '' as word, b.display_name as label, count(*) as lines
             from w join identity b on b.id = w.beneficiary_id group by b.id, b.display_name
             union all
             select 'role' as kind, w.role_id as value, '' as word, min(v.name) as label, count(*) as lines
             from w join role_version v on v.id = w.role_version_id group by w.role_id
             union all
             select 'risk' as kind, $3 as value, v.risk as word, v.risk as label, count(*) as lines
             from w join role_version v on v.id = w.role_version_id group by v.risk
             union all
             select 'system' as kind, y.id as value, y.key as word, y.name as label, count(distinct w.id) as lines
             from w join role_version_entitlement x on x.role_version_id = w.role_version_id
             join entitlement e on e.id = x.entitlement_id join system y on y.id = e.system_id group by y.id, y.key, y.name),
         n as (select kind, value, word, label, lines,
                      row_number() over (partition by kind order by lines desc, label, value) as place from f)
         select kind, value, word, label, lines from n where place <= 40 order by kind, place",
        who.0,
        COUNTED,
        uuid::Uuid::nil()
    )
}
