//! What came of calls: the calls of a source, and the grants that they opened or are to end.

use latchkey_domain::{CallInId, CallSourceId, IdentityId, Instant, RoleId};
use sqlx::FromRow;
use uuid::Uuid;

use crate::{AsConn, StoreResult};

/// A call in a list.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct ListedRow {
    /// Its id.
    pub id: Uuid,
    /// What the source is called.
    pub source_name: String,
    /// When it came.
    pub received_at: Instant,
    /// `opened`, `ended`, or nothing where it couldn't be read.
    pub kind: String,
    /// The ticket or shift.
    pub reference: String,
    /// For whom.
    pub identity_id: Option<Uuid>,
    /// What they are called.
    pub identity_name: Option<String>,
    /// `opened`, `ended`, `nothing` or `refused`.
    pub outcome: String,
    /// How many grants it opened or ended.
    pub grants: i64,
    /// Why it was refused.
    pub code: String,
}

/// The calls of all sources, the newest first, those before `before`, at most `limit`.
///
/// # Errors
/// When the database fails.
pub async fn latest(c: &mut impl AsConn, before: Option<CallInId>, limit: i64) -> StoreResult<Vec<ListedRow>> {
    rows!(
        c,
        ListedRow,
        "select k.id, v.name as source_name, k.received_at, k.kind, k.reference, k.identity_id, i.display_name as identity_name,
                k.outcome, k.grants, k.code
         from call_in k
         join call_source_version v on v.source_id = k.source_id and v.valid_to is null
         left join identity i on i.id = k.identity_id
         where k.id < $1 order by k.id desc limit $2",
        before.map_or(Uuid::max(), |id| id.0),
        limit
    )
}

/// A live grant that a source opened.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct OpenedRow {
    /// The grant.
    pub grant_id: Uuid,
    /// Who holds it.
    pub identity_id: Uuid,
    /// The role.
    pub role_id: Uuid,
    /// Until when.
    pub ends_at: Option<Instant>,
}

/// The live grants that a source opened for this ticket or shift, of one person or of all, at most `limit`. `reference` is in
/// lower case.
///
/// # Errors
/// When the database fails.
pub async fn opened_by(
    c: &mut impl AsConn,
    source: CallSourceId,
    reference: &str,
    who: Option<IdentityId>,
    limit: i64,
) -> StoreResult<Vec<OpenedRow>> {
    rows!(
        c,
        OpenedRow,
        "select g.id as grant_id, g.identity_id, g.role_id, g.ends_at
         from call_in_grant k join role_grant g on g.id = k.grant_id
         where k.source_id = $1 and k.reference = $2 and g.state in ('scheduled', 'active', 'eligible')
           and ($3 is null or g.identity_id = $3)
         order by g.id limit $4",
        source.0,
        reference,
        who.map(|w| w.0),
        limit
    )
}

/// The live grants of a role that somebody asked for with this piece of work, at most `limit`. `reference` is in lower case.
///
/// # Errors
/// When the database fails.
pub async fn requested_for(
    c: &mut impl AsConn,
    role: RoleId,
    reference: &str,
    who: Option<IdentityId>,
    limit: i64,
) -> StoreResult<Vec<OpenedRow>> {
    rows!(
        c,
        OpenedRow,
        "select g.id as grant_id, g.identity_id, g.role_id, g.ends_at
         from role_grant g
         where g.piece is not null and lower(g.piece) = $1 and g.role_id = $2 and g.origin = 'request'
           and g.state in ('scheduled', 'active', 'eligible') and ($3 is null or g.identity_id = $3)
         order by g.id limit $4",
        reference,
        role.0,
        who.map(|w| w.0),
        limit
    )
}

/// The live grants that a silent source opened, at most `limit`.
///
/// # Errors
/// When the database fails.
pub async fn due_to_end(c: &mut impl AsConn, source: CallSourceId, limit: i64) -> StoreResult<Vec<OpenedRow>> {
    rows!(
        c,
        OpenedRow,
        "select g.id as grant_id, g.identity_id, g.role_id, g.ends_at
         from call_in_grant k join role_grant g on g.id = k.grant_id
         join call_source s on s.id = k.source_id
         where k.source_id = $1 and s.silent_at is not null and g.state in ('scheduled', 'active', 'eligible')
         order by g.id limit $2",
        source.0,
        limit
    )
}
