//! Whom an outcome is news to: the grants that it completes, and the requests whose pages show it.

use latchkey_domain::{AccountId, IdentityId, Instant, RequestId};
use sqlx::FromRow;
use uuid::Uuid;

use crate::{AsConn, StoreResult, Tx};

/// A grant that there is something to tell about.
#[derive(Debug, Clone, FromRow)]
pub struct GrantTold {
    /// The grant.
    pub grant_id: Uuid,
    /// Its role.
    pub role_id: Uuid,
    /// What the role is called.
    pub role_name: String,
    /// The request that it came from.
    pub request_id: Option<Uuid>,
    /// It was a trial that its holder didn't keep.
    pub trial: bool,
}

/// Active grants of the identity that this transaction completed: it confirmed something of theirs on `account`, and
/// every entitlement of theirs is now seen as wanted. What was there when Latchkey came is no news.
///
/// # Errors
/// When the database fails.
pub async fn ready(tx: &mut Tx, identity: IdentityId, account: AccountId) -> StoreResult<Vec<GrantTold>> {
    let now = tx.now();
    rows!(
        tx,
        GrantTold,
        "select g.id as grant_id, g.role_id, v.name as role_name, i.request_id, coalesce(g.end_reason, '') = 'trial_over' as trial
         from role_grant g
         join role_version v on v.id = g.role_version_id
         left join item i on i.id = g.item_id
         where g.identity_id = $1 and g.state = 'active' and g.origin <> 'import'
           and exists (
             select 1 from role_version_entitlement x join fulfilment f on f.entitlement_id = x.entitlement_id
             where x.role_version_id = g.role_version_id and f.account_id = $2 and f.desired = 'present' and f.confirmed_at = $3)
           and not exists (
             select 1 from role_version_entitlement x
             where x.role_version_id = g.role_version_id and not exists (
               select 1 from fulfilment f join account a on a.id = f.account_id
               where a.identity_id = $1 and f.entitlement_id = x.entitlement_id
                 and f.desired = 'present' and f.observed = 'present' and f.progress = 'settled'))
         order by g.id limit 50",
        identity.0,
        account.0,
        now
    )
}

/// Grants of the identity that ended after `since` and whose last access is gone by what this transaction confirmed on
/// `account`.
///
/// # Errors
/// When the database fails.
pub async fn gone(
    tx: &mut Tx,
    identity: IdentityId,
    account: AccountId,
    since: Instant,
) -> StoreResult<Vec<GrantTold>> {
    let now = tx.now();
    rows!(
        tx,
        GrantTold,
        "select g.id as grant_id, g.role_id, v.name as role_name, i.request_id, coalesce(g.end_reason, '') = 'trial_over' as trial
         from role_grant g
         join role_version v on v.id = g.role_version_id
         left join item i on i.id = g.item_id
         where g.identity_id = $1 and g.state = 'ended' and g.ended_at > $2
           and exists (
             select 1 from role_version_entitlement x join fulfilment f on f.entitlement_id = x.entitlement_id
             where x.role_version_id = g.role_version_id and f.account_id = $3 and f.desired = 'absent' and f.confirmed_at = $4)
           and not exists (
             select 1 from role_version_entitlement x
             join fulfilment f on f.entitlement_id = x.entitlement_id
             join account a on a.id = f.account_id
             where x.role_version_id = g.role_version_id and a.identity_id = $1 and f.desired = 'absent' and f.progress <> 'settled')
           and not exists (select 1 from role_grant o where o.identity_id = $1 and o.role_id = g.role_id and o.state = 'active')
         order by g.id limit 50",
        identity.0,
        since,
        account.0,
        now
    )
}

/// The requests whose grants, living or ended after `since`, give something on this account.
///
/// # Errors
/// When the database fails.
pub async fn requests_of(
    c: &mut impl AsConn,
    identity: IdentityId,
    account: AccountId,
    since: Instant,
) -> StoreResult<Vec<RequestId>> {
    let all = rows!(
        c,
        (Uuid,),
        "select distinct i.request_id
         from role_grant g
         join item i on i.id = g.item_id
         where g.identity_id = $1 and (g.state = 'active' or g.ended_at > $2)
           and exists (
             select 1 from role_version_entitlement x join fulfilment f on f.entitlement_id = x.entitlement_id
             where x.role_version_id = g.role_version_id and f.account_id = $3)
         limit 50",
        identity.0,
        since,
        account.0
    )?;
    Ok(all.into_iter().map(|(id,)| RequestId(id)).collect())
}
