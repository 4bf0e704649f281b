//! What an item has beside its role and its length: the access that it goes on from, and the request that replaced it.

use latchkey_domain::{GrantId, Instant, ItemId, RequestId};
use sqlx::FromRow;
use uuid::Uuid;

use crate::{AsConn, StoreResult, Tx, grants::one};

/// The terms of an item.
#[derive(Debug, Clone, FromRow)]
pub struct TermsRow {
    /// The item.
    pub item_id: Uuid,
    /// From when, if later than the approval.
    pub starts_at: Option<Instant>,
    /// The grant that it goes on from.
    pub extends_id: Option<Uuid>,
    /// When that one ends.
    pub extended_ends_at: Option<Instant>,
    /// The request that replaced it.
    pub superseded_by: Option<Uuid>,
    /// What people quote of that one.
    pub superseded_by_reference: Option<String>,
    /// The answers to the role's questions, as JSON.
    pub answers: Option<String>,
    /// The piece of work that it is for.
    pub piece: Option<String>,
    /// For how many seconds it lasts at first, where it starts as a trial.
    pub trial_seconds: Option<i64>,
}

/// The terms of these items.
///
/// # Errors
/// When the database fails.
pub async fn of_items(c: &mut impl AsConn, items: &[Uuid]) -> StoreResult<Vec<TermsRow>> {
    rows_in!(
        c,
        TermsRow,
        "select i.id as item_id, i.starts_at, i.extends_id, g.ends_at as extended_ends_at, i.superseded_by,
                n.reference as superseded_by_reference, i.answers, i.piece, i.trial_seconds
         from item i left join role_grant g on g.id = i.extends_id left join request n on n.id = i.superseded_by
         where i.id in ({})",
        items
    )
}

/// Notes that an item goes on from a grant.
///
/// # Errors
/// When the item isn't there.
pub async fn extends(tx: &mut Tx, item: ItemId, grant: GrantId) -> StoreResult<()> {
    let n = exec!(tx, "update item set extends_id = $1 where id = $2", grant.0, item.0)?;
    one(n, "the request")
}

/// Freezes the answers to the role's questions.
///
/// # Errors
/// When the item isn't there.
pub async fn answered(tx: &mut Tx, item: ItemId, answers: &str) -> StoreResult<()> {
    let n = exec!(tx, "update item set answers = $1 where id = $2", answers, item.0)?;
    one(n, "the request")
}

/// Notes that a request replaced an item.
///
/// # Errors
/// When the item isn't there.
pub async fn superseded(tx: &mut Tx, item: ItemId, by: RequestId) -> StoreResult<()> {
    let n = exec!(tx, "update item set superseded_by = $1 where id = $2 and superseded_by is null", by.0, item.0)?;
    one(n, "the request")
}
