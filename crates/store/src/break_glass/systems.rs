//! What the systems said while somebody had what they took.

use latchkey_domain::{IdentityId, Instant, RoleVersionId, fulfilment::Presence};
use sqlx::FromRow;
use uuid::Uuid;

use crate::{AsConn, StoreResult};

/// An entitlement that the role's version gives, with its system.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct EntitlementLine {
    /// The entitlement.
    pub entitlement_id: Uuid,
    /// What it is called.
    pub name: String,
    /// What its system is called.
    pub system_name: String,
    /// The system's stable key.
    pub system_key: String,
}

/// What a version of a role gives, by system and name.
///
/// # Errors
/// When the database fails.
pub async fn entitlements_of(c: &mut impl AsConn, version: RoleVersionId) -> StoreResult<Vec<EntitlementLine>> {
    rows!(
        c,
        EntitlementLine,
        "select e.id as entitlement_id, e.name, s.name as system_name, s.key as system_key
         from role_version_entitlement x join entitlement e on e.id = x.entitlement_id join system s on s.id = e.system_id
         where x.role_version_id = $1 order by s.name, e.name, e.id",
        version.0
    )
}

/// A system was asked for something.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct AttemptLine {
    /// The entitlement.
    pub entitlement_id: Uuid,
    /// What was wanted of it.
    #[sqlx(try_from = "String")]
    pub desired: Presence,
    /// When the system was asked.
    pub started_at: Instant,
    /// When it had answered.
    pub finished_at: Instant,
    /// How that ended, as its word.
    pub outcome: String,
    /// The system's own words.
    pub words: String,
}

/// What the systems were asked about somebody's entitlements of this version in a time, the first first; at most `limit`.
///
/// # Errors
/// When the database fails.
pub async fn attempts_in(
    c: &mut impl AsConn,
    who: IdentityId,
    version: RoleVersionId,
    from: Instant,
    until: Instant,
    limit: i64,
) -> StoreResult<Vec<AttemptLine>> {
    rows!(
        c,
        AttemptLine,
        "select f.entitlement_id, t.desired, t.started_at, t.finished_at, t.outcome, t.words
         from account a join fulfilment f on f.account_id = a.id
         join role_version_entitlement x on x.entitlement_id = f.entitlement_id and x.role_version_id = $2
         join attempt t on t.fulfilment_id = f.id
         where a.identity_id = $1 and t.finished_at >= $3 and t.finished_at <= $4
         order by t.finished_at, t.id limit $5",
        who.0,
        version.0,
        from,
        until,
        limit
    )
}

/// A system was seen to have something, from when to when.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct SeenLine {
    /// The entitlement.
    pub entitlement_id: Uuid,
    /// `absent` or `present`.
    pub value: String,
    /// Since when.
    pub valid_from: Instant,
    /// Until when; absent while it is so.
    pub valid_to: Option<Instant>,
}

/// What was seen of somebody's entitlements of this version in a time, the first first; at most `limit`.
///
/// # Errors
/// When the database fails.
pub async fn seen_in(
    c: &mut impl AsConn,
    who: IdentityId,
    version: RoleVersionId,
    from: Instant,
    until: Instant,
    limit: i64,
) -> StoreResult<Vec<SeenLine>> {
    rows!(
        c,
        SeenLine,
        "select o.entitlement_id, o.value, o.valid_from, o.valid_to
         from account a join observation o on o.account_id = a.id
         join role_version_entitlement x on x.entitlement_id = o.entitlement_id and x.role_version_id = $2
         where a.identity_id = $1 and o.valid_from <= $4 and (o.valid_to is null or o.valid_to >= $3)
         order by o.valid_from, o.id limit $5",
        who.0,
        version.0,
        from,
        until,
        limit
    )
}
