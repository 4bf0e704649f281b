//! For whom a wish waits: those who answer, or whoever should own a new role.

use latchkey_domain::{IdentityId, WishId, id::new_uuid};
use sqlx::FromRow;
use uuid::Uuid;

use crate::{AsConn, StoreResult, Tx};

/// Somebody who may answer.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct AnswererRow {
    /// Who.
    pub identity_id: Uuid,
    /// What they are called.
    pub name: String,
    /// Why: `manager`, `group`, …
    pub because: String,
    /// For whom, by delegation.
    pub on_behalf_of: Option<Uuid>,
}

/// Who may answer now.
///
/// # Errors
/// When the database fails.
pub async fn answerers(c: &mut impl AsConn, id: WishId) -> StoreResult<Vec<AnswererRow>> {
    rows!(
        c,
        AnswererRow,
        "select a.identity_id, i.display_name as name, a.because, a.on_behalf_of
         from wish_approver a join identity i on i.id = a.identity_id
         where a.wish_id = $1 and a.removed_at is null order by a.added_at, a.id",
        id.0
    )
}

/// Whether somebody was ever asked to answer, or said something about it: they may see it.
///
/// # Errors
/// When the database fails.
pub async fn was_asked(c: &mut impl AsConn, id: WishId, who: IdentityId) -> StoreResult<bool> {
    Ok(row!(
        c,
        (i64,),
        "select (select count(*) from wish_approver a where a.wish_id = $1 and a.identity_id = $2)
              + (select count(*) from wish_reply r where r.wish_id = $1 and (r.author_id = $2 or r.owner_id = $2))",
        id.0,
        who.0
    )?
    .is_some_and(|(n,)| n > 0))
}

/// Somebody may answer from now on.
///
/// # Errors
/// `Duplicate` when they may already.
pub async fn add_answerer(
    tx: &mut Tx,
    id: WishId,
    who: IdentityId,
    because: &str,
    on_behalf_of: Option<IdentityId>,
) -> StoreResult<()> {
    let now = tx.now();
    exec!(
        tx,
        "insert into wish_approver (id, wish_id, identity_id, because, on_behalf_of, added_at) values ($1, $2, $3, $4, $5, $6)",
        new_uuid(now),
        id.0,
        who.0,
        because,
        on_behalf_of.map(|i| i.0),
        now
    )
    .map_err(|e| e.or_duplicate("whoever answers"))?;
    Ok(())
}

/// Somebody doesn't answer any more; without a name, nobody does.
///
/// # Errors
/// When the database fails.
pub async fn remove_answerers(tx: &mut Tx, id: WishId, who: Option<IdentityId>) -> StoreResult<()> {
    let now = tx.now();
    exec!(
        tx,
        "update wish_approver set removed_at = $1 where wish_id = $2 and removed_at is null and ($3 is null or identity_id = $3)",
        now,
        id.0,
        who.map(|i| i.0)
    )?;
    Ok(())
}
