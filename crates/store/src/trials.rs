//! Trials: what somebody has for the first time, until they say that they use it.

use latchkey_domain::{GrantId, IdentityId, Instant, ItemId, RoleId};

use crate::{
    AsConn, StoreResult, Tx,
    grants::{GrantRow, one},
};

/// Notes for how many seconds an item's access lasts at first.
///
/// # Errors
/// When the item isn't there.
pub async fn of_item(tx: &mut Tx, item: ItemId, seconds: i64) -> StoreResult<()> {
    let n = exec!(tx, "update item set trial_seconds = $1 where id = $2", seconds, item.0)?;
    one(n, "the request")
}

/// Whether somebody has, or ever had, a role otherwise than on trial. What was activated, opened by a source or taken in an
/// emergency for hours doesn't count.
///
/// # Errors
/// When the database fails.
pub async fn had_before(c: &mut impl AsConn, who: IdentityId, role: RoleId) -> StoreResult<bool> {
    let row = row!(
        c,
        (i64,),
        "select count(*) from role_grant
         where identity_id = $1 and role_id = $2 and activates_id is null and origin not in ('break_glass', 'call_in')
           and full_ends_at is null",
        who.0,
        role.0
    )?;
    Ok(row.is_some_and(|(n,)| n > 0))
}

/// When a right was last activated.
///
/// # Errors
/// When the database fails.
pub async fn last_activated(c: &mut impl AsConn, right: GrantId) -> StoreResult<Option<Instant>> {
    let row = row!(
        c,
        (Option<Instant>,),
        "select max(starts_at) from role_grant where activates_id = $1 and state in ('active', 'ended')",
        right.0
    )?;
    Ok(row.and_then(|(at,)| at))
}

/// Whether a system has confirmed anything of what a grant gives: without that it can't have been used.
///
/// # Errors
/// When the database fails.
pub async fn is_anything_there(c: &mut impl AsConn, grant: &GrantRow) -> StoreResult<bool> {
    let row = row!(
        c,
        (i64,),
        "select count(*) from role_version_entitlement x
         join fulfilment f on f.entitlement_id = x.entitlement_id
         join account a on a.id = f.account_id
         where x.role_version_id = $1 and a.identity_id = $2 and f.observed = 'present'",
        grant.role_version_id,
        grant.identity_id
    )?;
    Ok(row.is_some_and(|(n,)| n > 0))
}

/// Its holder keeps what they tried: it lasts until `until`. They are reminded of that end as of any other.
///
/// # Errors
/// `Conflict` when it isn't a trial any more.
pub async fn keep(tx: &mut Tx, grant: GrantId, until: Instant, words: &str) -> StoreResult<()> {
    let now = tx.now();
    let n = exec!(
        tx,
        "update role_grant set ends_at = $1, full_ends_at = null, trial_kept_at = $2, trial_words = $3, trial_ask_at = null, reminded_at = null
         where id = $4 and full_ends_at is not null and state in ('active', 'eligible')",
        until,
        now,
        words,
        grant.0
    )?;
    one(n, "the trial")
}
