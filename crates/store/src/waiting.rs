//! What those who wait do about a stage that takes long, and whom it can be moved on to.

use latchkey_domain::{StageId, identity::Status};
use sqlx::FromRow;
use uuid::Uuid;

use crate::{AsConn, StoreResult, Tx, grants::one};

/// Those who wait have nudged those who can decide.
///
/// # Errors
/// When the database fails.
pub async fn set_nudged(tx: &mut Tx, id: StageId) -> StoreResult<()> {
    let now = tx.now();
    one(exec!(tx, "update stage set nudged_at = $1 where id = $2 and state = 'open'", now, id.0)?, "the request")
}

/// Those who wait have moved it on.
///
/// # Errors
/// When the database fails.
pub async fn set_moved(tx: &mut Tx, id: StageId) -> StoreResult<()> {
    let now = tx.now();
    one(exec!(tx, "update stage set moved_at = $1 where id = $2 and state = 'open'", now, id.0)?, "the request")
}

/// Everybody who can decide a stage, or could once.
///
/// # Errors
/// When the database fails.
pub async fn ever_asked(c: &mut impl AsConn, stage: Uuid) -> StoreResult<Vec<Uuid>> {
    let all = rows!(c, (Uuid,), "select distinct identity_id from stage_approver where stage_id = $1", stage)?;
    Ok(all.into_iter().map(|(id,)| id).collect())
}

/// Somebody's manager.
#[derive(Debug, Clone, FromRow)]
pub struct ManagerRow {
    /// Whose.
    pub report_id: Uuid,
    /// The manager.
    pub id: Uuid,
    /// What they are called.
    pub display_name: String,
    /// Where they are in their life at the company.
    #[sqlx(try_from = "String")]
    pub status: Status,
}

/// The managers of these people, as far as they have one.
///
/// # Errors
/// When the database fails.
pub async fn managers_of(c: &mut impl AsConn, people: &[Uuid]) -> StoreResult<Vec<ManagerRow>> {
    rows_in!(
        c,
        ManagerRow,
        "select p.identity_id as report_id, m.id, m.display_name, m.status
         from person p join identity m on m.id = p.manager_id where p.identity_id in ({}) order by m.display_name, m.id, p.identity_id",
        people
    )
}
