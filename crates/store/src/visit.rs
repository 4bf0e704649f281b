//! What the frame of every page needs about whoever is signed in, in one query.

use latchkey_domain::IdentityId;
use sqlx::FromRow;

use crate::{AsConn, StoreResult};

/// What the frame of a page says beside the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, FromRow)]
pub struct Frame {
    /// How many open stages wait for them.
    pub approvals: i64,
    /// At least one person who hasn't left reports to them.
    pub has_team: bool,
    /// Raised whenever the catalog changes.
    pub catalog_version: i64,
}

/// What the frame says to `who`.
///
/// # Errors
/// When the database fails.
pub async fn frame(c: &mut impl AsConn, who: IdentityId) -> StoreResult<Frame> {
    let found = row!(
        c,
        Frame,
        "select (select count(*) from stage_approver a join stage s on s.id = a.stage_id
                 where a.identity_id = $1 and a.removed_at is null and s.state = 'open') as approvals,
                exists (select 1 from person p join identity i on i.id = p.identity_id
                        where p.manager_id = $1 and i.status <> 'terminated') as has_team,
                coalesce((select catalog_version from installation where id = 1), 0) as catalog_version",
        who.0
    )?;
    Ok(found.unwrap_or(Frame { approvals: 0, has_team: false, catalog_version: 0 }))
}
