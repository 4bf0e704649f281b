//! What somebody may want to ask for: what most of those have who do similar work.

use latchkey_domain::{IdentityId, RoleId};
use latchkey_store::{AsConn, mates};

use crate::{ServiceResult, catalog::Catalog};

/// How many are shown.
const SHOWN: usize = 4;
/// Fewer teammates than this say nothing.
const ENOUGH: i64 = 2;

/// A role that most teammates have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Suggestion {
    /// The role.
    pub role: RoleId,
    /// How many have it.
    pub have: u32,
    /// Of how many.
    pub of: u32,
}

/// What at least half of somebody's teammates have, that they don't have themselves and that people can ask for. Teammates
/// have the same manager, or the same title in the same department. One query.
///
/// # Errors
/// When the database fails.
pub async fn suggestions(c: &mut impl AsConn, catalog: &Catalog, who: IdentityId) -> ServiceResult<Vec<Suggestion>> {
    let rows = mates::held(c, who).await?;
    Ok(rows
        .into_iter()
        .filter(|r| r.of_all >= ENOUGH && r.have * 2 >= r.of_all)
        .filter(|r| catalog.role(r.role_id.into()).is_some_and(|role| role.requestable && !role.retired))
        .take(SHOWN)
        .map(|r| Suggestion {
            role: r.role_id.into(),
            have: u32::try_from(r.have).unwrap_or(0),
            of: u32::try_from(r.of_all).unwrap_or(0),
        })
        .collect())
}
