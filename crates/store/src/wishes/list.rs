//! Lists of wishes: one's own, and those that one may answer.

use latchkey_domain::{IdentityId, Instant, WishId, wish::WishState};
use sqlx::FromRow;
use uuid::Uuid;

use crate::{AsConn, StoreResult};

/// A wish in a list.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct ListedRow {
    /// Its id.
    pub id: Uuid,
    /// What people quote.
    pub reference: String,
    /// Who wishes.
    pub wisher_id: Uuid,
    /// What they are called.
    pub wisher_name: String,
    /// What is wished for.
    pub words: String,
    /// Where it stands.
    #[sqlx(try_from = "String")]
    pub state: WishState,
    /// When it was made.
    pub created_at: Instant,
    /// By when it should be answered.
    pub due_at: Instant,
}

/// Somebody's own wishes, newest first, at most `limit` before the wish `before`.
///
/// # Errors
/// When the database fails.
pub async fn of_wisher(
    c: &mut impl AsConn,
    who: IdentityId,
    before: Option<WishId>,
    limit: i64,
) -> StoreResult<Vec<ListedRow>> {
    rows!(
        c,
        ListedRow,
        "select w.id, w.reference, w.wisher_id, i.display_name as wisher_name, w.words, w.state, w.created_at, w.due_at
         from wish w join identity i on i.id = w.wisher_id
         where w.wisher_id = $1 and ($2 is null or w.id < $2) order by w.id desc limit $3",
        who.0,
        before.map(|w| w.0),
        limit
    )
}

/// What waits for somebody's answer, for their yes to a new role or for the role that they agreed to, oldest first, at most
/// `limit` after the wish `after`.
///
/// # Errors
/// When the database fails.
pub async fn of_answerer(
    c: &mut impl AsConn,
    who: IdentityId,
    after: Option<WishId>,
    limit: i64,
) -> StoreResult<Vec<ListedRow>> {
    rows!(
        c,
        ListedRow,
        "select w.id, w.reference, w.wisher_id, i.display_name as wisher_name, w.words, w.state, w.created_at, w.due_at
         from wish_approver a join wish w on w.id = a.wish_id join identity i on i.id = w.wisher_id
         where a.identity_id = $1 and a.removed_at is null and w.closed_at is null and ($2 is null or w.id > $2)
         order by w.id limit $3",
        who.0,
        after.map(|w| w.0),
        limit
    )
}
