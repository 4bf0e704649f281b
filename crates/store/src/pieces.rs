//! Pieces of work: what items were asked for and grants are held for, beside their reasons. Several have the same one.

use latchkey_domain::{GrantId, IdentityId, ItemId};

use crate::{AsConn, StoreResult, Tx, grants::one};

/// Notes what an item is for.
///
/// # Errors
/// When the item isn't there.
pub async fn of_item(tx: &mut Tx, item: ItemId, piece: &str) -> StoreResult<()> {
    let n = exec!(tx, "update item set piece = $1 where id = $2", piece, item.0)?;
    one(n, "the request")
}

/// A grant is for what its item was asked for.
///
/// # Errors
/// When the grant isn't there.
pub async fn carry(tx: &mut Tx, item: ItemId, grant: GrantId) -> StoreResult<()> {
    let n = exec!(
        tx,
        "update role_grant set piece = (select i.piece from item i where i.id = $1) where id = $2",
        item.0,
        grant.0
    )?;
    one(n, "the access")
}

/// What somebody holds something for, or asked for something that waits, by name, at most `limit`.
///
/// # Errors
/// When the database fails.
pub async fn live_of(c: &mut impl AsConn, who: IdentityId, limit: i64) -> StoreResult<Vec<String>> {
    let rows = rows!(
        c,
        (String,),
        "select g.piece from role_grant g where g.identity_id = $1 and g.state in ('scheduled', 'active', 'eligible') and g.piece is not null
         union
         select i.piece from request r join item i on i.request_id = r.id
         where r.requester_id = $1 and r.state = 'open' and i.state = 'waiting' and i.piece is not null
         order by 1 limit $2",
        who.0,
        limit
    )?;
    Ok(rows.into_iter().map(|(piece,)| piece).collect())
}

/// What everything in somebody's cart is for, as typed so far; nothing takes it away.
///
/// # Errors
/// When the database fails.
pub async fn of_cart(tx: &mut Tx, owner: IdentityId, piece: Option<&str>) -> StoreResult<()> {
    exec!(tx, "update cart_item set piece = $1 where owner_id = $2", piece, owner.0)?;
    Ok(())
}

/// Notes what a grant is for that came of no item.
///
/// # Errors
/// When the grant isn't there.
pub async fn of_grant(tx: &mut Tx, grant: GrantId, piece: &str) -> StoreResult<()> {
    let n = exec!(tx, "update role_grant set piece = $1 where id = $2", piece, grant.0)?;
    one(n, "the access")
}
