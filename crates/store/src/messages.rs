//! What people who ask and people who decide write to each other about an item.

use latchkey_domain::{IdentityId, Instant, ItemId, MessageId, item::MessageSide};
use sqlx::FromRow;
use uuid::Uuid;

use crate::{AsConn, StoreResult, Tx};

/// A message to be written.
#[derive(Debug, Clone)]
pub struct NewMessage<'a> {
    /// Its id.
    pub id: MessageId,
    /// About which item.
    pub item: ItemId,
    /// Who writes.
    pub author: IdentityId,
    /// From which side.
    pub side: MessageSide,
    /// Their words.
    pub body: &'a str,
}

/// Writes a message.
///
/// # Errors
/// When the database fails.
pub async fn insert(tx: &mut Tx, m: &NewMessage<'_>) -> StoreResult<()> {
    let now = tx.now();
    exec!(
        tx,
        "insert into item_message (id, item_id, author_id, side, body, created_at) values ($1, $2, $3, $4, $5, $6)",
        m.id.0,
        m.item.0,
        m.author.0,
        m.side.as_str(),
        m.body,
        now
    )?;
    Ok(())
}

/// How many messages an item has.
///
/// # Errors
/// When the database fails.
pub async fn count(c: &mut impl AsConn, item: ItemId) -> StoreResult<i64> {
    Ok(row!(c, (i64,), "select count(*) from item_message where item_id = $1", item.0)?.map_or(0, |(n,)| n))
}

/// A message with its author's name.
#[derive(Debug, Clone, FromRow)]
pub struct MessageRow {
    /// Its id.
    pub id: Uuid,
    /// The item.
    pub item_id: Uuid,
    /// Who wrote it.
    pub author_id: Uuid,
    /// What they are called.
    pub author_name: String,
    /// From which side.
    #[sqlx(try_from = "String")]
    pub side: MessageSide,
    /// Their words.
    pub body: String,
    /// When.
    pub created_at: Instant,
}

/// The messages about these items, oldest first. An item has a bounded number of them.
///
/// # Errors
/// When the database fails.
pub async fn of_items(c: &mut impl AsConn, items: &[Uuid]) -> StoreResult<Vec<MessageRow>> {
    rows_in!(
        c,
        MessageRow,
        "select m.id, m.item_id, m.author_id, i.display_name as author_name, m.side, m.body, m.created_at
         from item_message m join identity i on i.id = m.author_id where m.item_id in ({}) order by m.item_id, m.created_at, m.id",
        items
    )
}

/// Who wrote about an item from this side, each once.
///
/// # Errors
/// When the database fails.
pub async fn authors(c: &mut impl AsConn, item: ItemId, side: MessageSide) -> StoreResult<Vec<IdentityId>> {
    let all = rows!(
        c,
        (Uuid,),
        "select distinct author_id from item_message where item_id = $1 and side = $2 order by author_id",
        item.0,
        side.as_str()
    )?;
    Ok(all.into_iter().map(|(id,)| IdentityId(id)).collect())
}

/// Whether somebody stands on the side that decides an item: they can decide it or once could, or they own its role.
///
/// # Errors
/// When the database fails.
pub async fn decides(c: &mut impl AsConn, item: ItemId, who: IdentityId) -> StoreResult<bool> {
    Ok(row!(
        c,
        (i64,),
        "select count(*) from item i where i.id = $1 and (
             exists (select 1 from stage s join stage_approver a on a.stage_id = s.id where s.item_id = i.id and a.identity_id = $2)
             or exists (select 1 from ownership w where w.role_id = i.role_id and w.owner_id = $2 and w.valid_to is null))",
        item.0,
        who.0
    )?
    .is_some_and(|(n,)| n > 0))
}
