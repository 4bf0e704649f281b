//! What somebody put together and hasn't asked for yet. Nothing is promised by it: it is bookkeeping.

use latchkey_domain::{IdentityId, RoleId};
use sqlx::FromRow;
use uuid::Uuid;

use crate::{AsConn, StoreResult, Tx};

/// One line of a cart.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct CartRow {
    /// The line.
    pub id: Uuid,
    /// The role.
    pub role_id: Uuid,
    /// For whom.
    pub beneficiary_id: Uuid,
    /// What they are called.
    pub beneficiary_name: String,
    /// For how long, as the form sends it; empty until it is chosen.
    pub duration: String,
    /// From which day on, as the form sends it; empty for as soon as it is approved.
    pub starts_on: String,
    /// Why, as typed so far.
    pub reason: String,
    /// What the role's questions were answered so far, as JSON.
    pub answers: String,
    /// What everything in the cart is for, as typed so far.
    pub piece: Option<String>,
}

/// What was typed into a line.
#[derive(Debug, Clone, Copy)]
pub struct TypedRow<'a> {
    /// For how long.
    pub duration: &'a str,
    /// From which day on.
    pub starts_on: &'a str,
    /// Why.
    pub reason: &'a str,
    /// The answers, as JSON.
    pub answers: &'a str,
}

/// A line that is put into a cart.
#[derive(Debug, Clone)]
pub struct NewCartRow {
    /// The line.
    pub id: Uuid,
    /// Whose cart.
    pub owner: IdentityId,
    /// The role.
    pub role: RoleId,
    /// For whom.
    pub beneficiary: IdentityId,
    /// For how long.
    pub duration: String,
    /// From which day on.
    pub starts_on: String,
    /// Why.
    pub reason: String,
    /// The answers, as JSON.
    pub answers: String,
    /// How many lines come in before it at the same time.
    pub place: u16,
}

/// Somebody's cart in the order in which it was filled, at most `limit`.
///
/// # Errors
/// When the database fails.
pub async fn of(c: &mut impl AsConn, owner: IdentityId, limit: i64) -> StoreResult<Vec<CartRow>> {
    rows!(
        c,
        CartRow,
        "select t.id, t.role_id, t.beneficiary_id, i.display_name as beneficiary_name, t.duration, t.starts_on, t.reason, t.answers, t.piece
         from cart_item t join identity i on i.id = t.beneficiary_id
         where t.owner_id = $1 order by t.added_at, t.id limit $2",
        owner.0,
        limit
    )
}

/// How many lines somebody's cart has.
///
/// # Errors
/// When the database fails.
pub async fn count(c: &mut impl AsConn, owner: IdentityId) -> StoreResult<i64> {
    Ok(row!(c, (i64,), "select count(*) from cart_item where owner_id = $1", owner.0)?.map_or(0, |(n,)| n))
}

/// Puts a line into a cart; tells whether it wasn't there already.
///
/// # Errors
/// When the database fails.
pub async fn add(tx: &mut Tx, new: &NewCartRow) -> StoreResult<bool> {
    // Lines of one form come in at the same time and stay in its order.
    let now = tx.now() + chrono::TimeDelta::microseconds(i64::from(new.place));
    let n = exec!(
        tx,
        "insert into cart_item (id, owner_id, role_id, beneficiary_id, duration, starts_on, reason, answers, added_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict (owner_id, role_id, beneficiary_id) do nothing",
        new.id,
        new.owner.0,
        new.role.0,
        new.beneficiary.0,
        &new.duration,
        &new.starts_on,
        &new.reason,
        &new.answers,
        now
    )?;
    Ok(n == 1)
}

/// Keeps what was typed into a line of one's own cart.
///
/// # Errors
/// When the database fails.
pub async fn save(tx: &mut Tx, owner: IdentityId, id: Uuid, typed: &TypedRow<'_>) -> StoreResult<()> {
    exec!(
        tx,
        "update cart_item set duration = $1, starts_on = $2, reason = $3, answers = $4 where id = $5 and owner_id = $6",
        typed.duration,
        typed.starts_on,
        typed.reason,
        typed.answers,
        id,
        owner.0
    )?;
    Ok(())
}

/// Takes a line out of one's own cart; tells whether it was there.
///
/// # Errors
/// When the database fails.
pub async fn remove(tx: &mut Tx, owner: IdentityId, id: Uuid) -> StoreResult<bool> {
    Ok(exec!(tx, "delete from cart_item where id = $1 and owner_id = $2", id, owner.0)? == 1)
}

/// Takes out what was asked for.
///
/// # Errors
/// When the database fails.
pub async fn asked(tx: &mut Tx, owner: IdentityId, role: RoleId, beneficiary: IdentityId) -> StoreResult<()> {
    exec!(
        tx,
        "delete from cart_item where owner_id = $1 and role_id = $2 and beneficiary_id = $3",
        owner.0,
        role.0,
        beneficiary.0
    )?;
    Ok(())
}

/// Empties the cart of somebody who left, and takes them out of everybody else's.
///
/// # Errors
/// When the database fails.
pub async fn forget(tx: &mut Tx, who: IdentityId) -> StoreResult<()> {
    exec!(tx, "delete from cart_item where owner_id = $1 or beneficiary_id = $1", who.0)?;
    Ok(())
}
