//! Access that ends soon: of one person by piece of work, and of the roles that somebody owns.
//!
//! What is on trial is kept, not extended, and isn't among it.
//! What somebody has again after its end doesn't end: of several grants of one role, the one that ends last counts.

use latchkey_domain::{GrantId, IdentityId, Instant};
use sqlx::FromRow;
use uuid::Uuid;

use crate::{AsConn, StoreResult};

/// A grant that ends soon.
#[derive(Debug, Clone, FromRow)]
pub struct ExpiringRow {
    /// The grant.
    pub grant_id: Uuid,
    /// Its holder.
    pub identity_id: Uuid,
    /// What they are called.
    pub identity_name: String,
    /// The role.
    pub role_id: Uuid,
    /// What it is called.
    pub role_name: String,
    /// When it ends.
    pub ends_at: Instant,
    /// The zone that its end was worked out in.
    pub zone: String,
    /// What it is for.
    pub piece: Option<String>,
    /// Why it was asked for.
    pub reason: String,
    /// What was answered to the role's questions, as JSON.
    pub answers: Option<String>,
    /// The request that waits for the same role, which would replace or extend it.
    pub waiting_id: Option<Uuid>,
    /// What people quote of it.
    pub waiting_reference: Option<String>,
}

/// The query for [`ExpiringRow`]s of grants `g`.
macro_rules! expiring {
    ($which:literal) => {
        concat!(
            "select g.id as grant_id, g.identity_id, p.display_name as identity_name, g.role_id, v.name as role_name, g.ends_at, g.zone,
                    g.piece, g.reason, i.answers, q.id as waiting_id, q.reference as waiting_reference
             from role_grant g
             join role r on r.id = g.role_id
             join role_version v on v.id = g.role_version_id
             join identity p on p.id = g.identity_id
             left join item i on i.id = g.item_id
             left join item w on w.beneficiary_id = g.identity_id and w.role_id = g.role_id and w.state = 'waiting' and w.activates_id is null
             left join request q on q.id = w.request_id
             where g.state in ('scheduled', 'active', 'eligible') and g.activates_id is null and g.origin not in ('break_glass', 'call_in') and g.ends_at is not null
               and g.full_ends_at is null
               and not exists (select 1 from role_grant o where o.identity_id = g.identity_id and o.role_id = g.role_id and o.id <> g.id
                               and o.state in ('scheduled', 'active', 'eligible') and o.activates_id is null
                               and (o.ends_at is null or o.ends_at > g.ends_at or (o.ends_at = g.ends_at and o.id > g.id)))
               and ",
            $which
        )
    };
}

/// What of somebody's access ends until then, by piece of work and end, what is for none at the end; at most `limit` after
/// the grant `after`.
///
/// # Errors
/// When the database fails.
pub async fn of_person(
    c: &mut impl AsConn,
    who: IdentityId,
    until: Instant,
    after: Option<GrantId>,
    limit: i64,
) -> StoreResult<Vec<ExpiringRow>> {
    rows!(
        c,
        ExpiringRow,
        expiring!(
            "g.identity_id = $1 and g.ends_at <= $2
               and ($3 is null or (case when g.piece is null then 1 else 0 end, lower(coalesce(g.piece, '')), g.ends_at, g.id)
                    > (select case when k.piece is null then 1 else 0 end, lower(coalesce(k.piece, '')), k.ends_at, k.id
                       from role_grant k where k.id = $3))
             order by case when g.piece is null then 1 else 0 end, lower(coalesce(g.piece, '')), g.ends_at, g.id limit $4"
        ),
        who.0,
        until,
        after.map(|g| g.0),
        limit
    )
}

/// What others hold of the roles that somebody owns and that ends until then, by role and end; at most `limit` after the
/// grant `after`.
///
/// # Errors
/// When the database fails.
pub async fn of_roles(
    c: &mut impl AsConn,
    owner: IdentityId,
    until: Instant,
    after: Option<GrantId>,
    limit: i64,
) -> StoreResult<Vec<ExpiringRow>> {
    rows!(
        c,
        ExpiringRow,
        expiring!(
            "g.role_id in (select y.role_id from ownership y where y.owner_id = $1 and y.valid_to is null and y.role_id is not null)
               and g.identity_id <> $1 and g.ends_at <= $2
               and ($3 is null or (r.key, g.ends_at, g.id)
                    > (select kr.key, k.ends_at, k.id from role_grant k join role kr on kr.id = k.role_id where k.id = $3))
             order by r.key, g.ends_at, g.id limit $4"
        ),
        owner.0,
        until,
        after.map(|g| g.0),
        limit
    )
}

/// These grants, as far as they still are what somebody has of their roles, by id.
///
/// # Errors
/// When the database fails.
pub async fn by_ids(c: &mut impl AsConn, grants: &[Uuid]) -> StoreResult<Vec<ExpiringRow>> {
    rows_in!(c, ExpiringRow, expiring!("g.id in ({}) order by g.id"), grants)
}

/// Whether somebody owns a role today.
///
/// # Errors
/// When the database fails.
pub async fn owns_roles(c: &mut impl AsConn, who: IdentityId) -> StoreResult<bool> {
    Ok(row!(
        c,
        (i64,),
        "select count(*) from ownership where owner_id = $1 and valid_to is null and role_id is not null",
        who.0
    )?
    .is_some_and(|(n,)| n > 0))
}
