//! Approvals for less time than was asked for.

use latchkey_domain::{IdentityId, Instant, ItemId, StageId, id::new_uuid};
use sqlx::FromRow;
use uuid::Uuid;

use crate::{AsConn, StoreResult, Tx, grants::one};

/// Somebody who decided made the item's time shorter.
#[derive(Debug, Clone, FromRow)]
pub struct ShorteningRow {
    /// The item.
    pub item_id: Uuid,
    /// In which stage.
    pub stage_id: Uuid,
    /// Who.
    pub identity_id: Uuid,
    /// How long it was before, in seconds.
    pub from_seconds: i64,
    /// How long it is since.
    pub to_seconds: i64,
    /// When.
    pub created_at: Instant,
}

/// Makes an item's time shorter and keeps how long it was.
///
/// # Errors
/// `Conflict` when its time isn't what was read.
pub async fn shorten(
    tx: &mut Tx,
    (item, stage): (ItemId, StageId),
    who: IdentityId,
    from: i64,
    to: i64,
) -> StoreResult<()> {
    let now = tx.now();
    let n = exec!(
        tx,
        "update item set seconds = $1 where id = $2 and seconds = $3 and state = 'waiting'",
        to,
        item.0,
        from
    )?;
    one(n, "the request")?;
    exec!(
        tx,
        "insert into item_shortening (id, item_id, stage_id, identity_id, from_seconds, to_seconds, created_at)
         values ($1, $2, $3, $4, $5, $6, $7)",
        new_uuid(now),
        item.0,
        stage.0,
        who.0,
        from,
        to,
        now
    )?;
    Ok(())
}

/// How these items' times were made shorter, oldest first.
///
/// # Errors
/// When the database fails.
pub async fn of_items(c: &mut impl AsConn, items: &[Uuid]) -> StoreResult<Vec<ShorteningRow>> {
    rows_in!(
        c,
        ShorteningRow,
        "select item_id, stage_id, identity_id, from_seconds, to_seconds, created_at from item_shortening
         where item_id in ({}) order by item_id, created_at, id",
        items
    )
}
