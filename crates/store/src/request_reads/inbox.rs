//! What waits for somebody's decision, and what they decided.

use latchkey_domain::{IdentityId, Instant, role::Risk};
use sqlx::FromRow;
use uuid::Uuid;

use crate::{AsConn, StoreResult};

/// One line of somebody's inbox.
#[derive(Debug, Clone, FromRow)]
pub struct InboxRow {
    /// The stage that waits for them; lines are paged by its id.
    pub stage_id: Uuid,
    /// Since when.
    pub opened_at: Option<Instant>,
    /// The item.
    pub item_id: Uuid,
    /// The role.
    pub role_id: Uuid,
    /// What it is called.
    pub role_name: String,
    /// How much harm it could do.
    #[sqlx(try_from = "String")]
    pub risk: Risk,
    /// For whom.
    pub beneficiary_id: Uuid,
    /// What they are called.
    pub beneficiary_name: String,
    /// Why.
    pub reason: String,
    /// For how long.
    pub seconds: Option<i64>,
    /// When it lapses.
    pub lapses_at: Option<Instant>,
}

/// What waits for somebody, longest waiting first, after the given line.
///
/// # Errors
/// When the database fails.
pub async fn inbox(
    c: &mut impl AsConn,
    who: IdentityId,
    after: Option<Uuid>,
    limit: i64,
) -> StoreResult<Vec<InboxRow>> {
    rows!(
        c,
        InboxRow,
        "select s.id as stage_id, s.opened_at, i.id as item_id, i.role_id, v.name as role_name, v.risk, i.beneficiary_id,
                b.display_name as beneficiary_name, i.reason, i.seconds, i.lapses_at
         from stage_approver a
         join stage s on s.id = a.stage_id and s.state = 'open'
         join item i on i.id = s.item_id and i.state = 'waiting'
         join role_version v on v.id = i.role_version_id
         join identity b on b.id = i.beneficiary_id
         where a.identity_id = $1 and a.removed_at is null and a.stage_id > $2
         order by a.stage_id limit $3",
        who.0,
        after.unwrap_or(Uuid::nil()),
        limit
    )
}

/// What somebody decided, newest first, before the given decision.
#[derive(Debug, Clone, FromRow)]
pub struct DecidedRow {
    /// The decision; lines are paged by it.
    pub decision_id: Uuid,
    /// When.
    pub decided_at: Instant,
    /// What, as its word.
    pub verdict: String,
    /// The item.
    pub item_id: Uuid,
    /// Its request.
    pub request_id: Uuid,
    /// What the role is called.
    pub role_name: String,
    /// How much harm it could do.
    #[sqlx(try_from = "String")]
    pub risk: Risk,
    /// What the beneficiary is called.
    pub beneficiary_name: String,
    /// For how long.
    pub seconds: Option<i64>,
}

/// What somebody decided, newest first, before the given decision.
///
/// # Errors
/// When the database fails.
pub async fn decided_by(
    c: &mut impl AsConn,
    who: IdentityId,
    before: Option<Uuid>,
    limit: i64,
) -> StoreResult<Vec<DecidedRow>> {
    rows!(
        c,
        DecidedRow,
        "select d.id as decision_id, d.decided_at, d.verdict, i.id as item_id, i.request_id, v.name as role_name, v.risk,
                b.display_name as beneficiary_name, i.seconds
         from decision d join item i on i.id = d.item_id join role_version v on v.id = i.role_version_id
         join identity b on b.id = i.beneficiary_id
         where d.identity_id = $1 and d.id < $2 order by d.id desc limit $3",
        who.0,
        before.unwrap_or(Uuid::max()),
        limit
    )
}
