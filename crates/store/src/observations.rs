//! What was observed on systems, from when to when: closed and succeeded, never overwritten.

use latchkey_domain::{AccountId, EntitlementId, Instant, id::new_uuid};
use sqlx::FromRow;
use uuid::Uuid;

use crate::{AsConn, StoreResult, Tx};

/// One observation.
#[derive(Debug, Clone, FromRow)]
pub struct ObservationRow {
    /// Its id.
    pub id: Uuid,
    /// Of which account.
    pub account_id: Uuid,
    /// Of which entitlement; absent when it is about the account itself.
    pub entitlement_id: Option<Uuid>,
    /// `absent`, `disabled` or `enabled` of an account; `absent` or `present` of an entitlement.
    pub value: String,
    /// Since when.
    pub valid_from: Instant,
    /// Until when it was so; absent while it is.
    pub valid_to: Option<Instant>,
}

/// What was last observed of an account and its entitlements.
///
/// # Errors
/// When the database fails.
pub async fn open_of(c: &mut impl AsConn, account: AccountId) -> StoreResult<Vec<ObservationRow>> {
    rows!(
        c,
        ObservationRow,
        "select id, account_id, entitlement_id, value, valid_from, valid_to from observation
         where account_id = $1 and valid_to is null order by entitlement_id",
        account.0
    )
}

/// The account's entitlements that were ever seen absent.
///
/// # Errors
/// When the database fails.
pub async fn ever_absent(c: &mut impl AsConn, account: AccountId) -> StoreResult<Vec<Uuid>> {
    let all = rows!(
        c,
        (Uuid,),
        "select distinct entitlement_id from observation
         where account_id = $1 and entitlement_id is not null and value = 'absent'",
        account.0
    )?;
    Ok(all.into_iter().map(|(id,)| id).collect())
}

/// Notes what is observed now. `open` is what [`open_of`] said in this transaction; what hasn't changed isn't written again.
///
/// # Errors
/// When the database fails.
pub async fn note(
    tx: &mut Tx,
    open: &[ObservationRow],
    account: AccountId,
    entitlement: Option<EntitlementId>,
    value: &str,
) -> StoreResult<()> {
    let now = tx.now();
    let before = open.iter().find(|o| o.entitlement_id == entitlement.map(|e| e.0));
    if before.is_some_and(|o| o.value == value) {
        return Ok(());
    }
    if let Some(before) = before {
        exec!(tx, "update observation set valid_to = $1 where id = $2 and valid_to is null", now, before.id)?;
    }
    exec!(
        tx,
        "insert into observation (id, account_id, entitlement_id, value, valid_from) values ($1, $2, $3, $4, $5)",
        new_uuid(now),
        account.0,
        entitlement.map(|e| e.0),
        value,
        now
    )?;
    Ok(())
}

/// What was observed before may be otherwise now, and nobody has looked: the last observation ends without a successor.
///
/// # Errors
/// When the database fails.
pub async fn close(tx: &mut Tx, account: AccountId, entitlement: Option<EntitlementId>) -> StoreResult<()> {
    let now = tx.now();
    match entitlement {
        Some(e) => exec!(
            tx,
            "update observation set valid_to = $1 where account_id = $2 and entitlement_id = $3 and valid_to is null",
            now,
            account.0,
            e.0
        )?,
        None => exec!(
            tx,
            "update observation set valid_to = $1 where account_id = $2 and entitlement_id is null and valid_to is null",
            now,
            account.0
        )?,
    };
    Ok(())
}
