//! Reviews of access that was taken in an emergency.

use latchkey_domain::{
    BreakGlassReviewId, GrantId, IdentityId, Instant, ItemId, RoleId,
    break_glass::{Needed, ReviewState, ToldBecause},
    grant::GrantState,
};
use sqlx::FromRow;
use uuid::Uuid;

use crate::{AsConn, StoreResult, Tx, grants::one};

mod lists;
mod systems;

pub use lists::{Sight, Which, list, overdue, waiting_for};
pub use systems::{AttemptLine, EntitlementLine, SeenLine, attempts_in, entitlements_of, seen_in};

/// A review, with the grant that it is about and the names that pages show.
#[derive(Debug, Clone, FromRow)]
pub struct ReviewRow {
    /// Its id.
    pub id: Uuid,
    /// The grant.
    pub grant_id: Uuid,
    /// Who took it.
    pub identity_id: Uuid,
    /// What they are called.
    pub identity_name: String,
    /// The role.
    pub role_id: Uuid,
    /// The version that the grant gives.
    pub role_version_id: Uuid,
    /// What that was called.
    pub role_name: String,
    /// Their own request's item that waited then.
    pub item_id: Option<Uuid>,
    /// Of which request.
    pub request_id: Option<Uuid>,
    /// Why they took it, in their words.
    pub reason: String,
    /// Where the grant stands.
    #[sqlx(try_from = "String")]
    pub grant_state: GrantState,
    /// From when they had it.
    pub starts_at: Instant,
    /// Until when it was taken.
    pub ends_at: Option<Instant>,
    /// When it ended.
    pub ended_at: Option<Instant>,
    /// Why it ended, as its word.
    pub end_reason: Option<String>,
    /// By when somebody else has to have looked.
    pub due_at: Instant,
    /// Where the review stands.
    #[sqlx(try_from = "String")]
    pub state: ReviewState,
    /// What they did with it, in their words; empty until they said so.
    pub account: String,
    /// When they said so.
    pub account_at: Option<Instant>,
    /// When it was told that the review is overdue.
    pub overdue_at: Option<Instant>,
    /// When it was closed.
    pub closed_at: Option<Instant>,
    /// Who reviewed it.
    pub reviewer_id: Option<Uuid>,
    /// What they are called.
    pub reviewer_name: Option<String>,
    /// Whether it was needed, as its word.
    pub needed: Option<String>,
    /// What was done, in the reviewer's words.
    pub findings: Option<String>,
    /// What follows, in the reviewer's words.
    pub follow_up: Option<String>,
}

impl ReviewRow {
    /// Its typed id.
    #[must_use]
    pub const fn id(&self) -> BreakGlassReviewId {
        BreakGlassReviewId(self.id)
    }

    /// The grant.
    #[must_use]
    pub const fn grant(&self) -> GrantId {
        GrantId(self.grant_id)
    }

    /// Who took it.
    #[must_use]
    pub const fn identity(&self) -> IdentityId {
        IdentityId(self.identity_id)
    }

    /// The role.
    #[must_use]
    pub const fn role(&self) -> RoleId {
        RoleId(self.role_id)
    }

    /// They still have it.
    #[must_use]
    pub fn lives(&self) -> bool {
        self.grant_state != GrantState::Ended
    }

    /// Nobody looked in time.
    #[must_use]
    pub fn is_overdue(&self, now: Instant) -> bool {
        self.state == ReviewState::Open && self.due_at <= now
    }
}

/// The columns of [`ReviewRow`].
macro_rules! review {
    ($rest:literal) => {
        concat!(
            "select r.id, r.grant_id, r.identity_id, i.display_name as identity_name, r.role_id, g.role_version_id,
                    v.name as role_name, r.item_id, t.request_id, g.reason, g.state as grant_state, g.starts_at, g.ends_at,
                    g.ended_at, g.end_reason, r.due_at, r.state, r.account, r.account_at, r.overdue_at, r.closed_at,
                    r.reviewer_id, w.display_name as reviewer_name, r.needed, r.findings, r.follow_up
             from break_glass_review r join role_grant g on g.id = r.grant_id join identity i on i.id = r.identity_id
             join role_version v on v.id = g.role_version_id left join item t on t.id = r.item_id
             left join identity w on w.id = r.reviewer_id ",
            $rest
        )
    };
}
pub(crate) use review;

/// One review.
///
/// # Errors
/// When the database fails.
pub async fn get(c: &mut impl AsConn, id: BreakGlassReviewId) -> StoreResult<Option<ReviewRow>> {
    row!(c, ReviewRow, review!("where r.id = $1"), id.0)
}

/// The review of a grant.
///
/// # Errors
/// When the database fails.
pub async fn of_grant(c: &mut impl AsConn, grant: GrantId) -> StoreResult<Option<ReviewRow>> {
    row!(c, ReviewRow, review!("where r.grant_id = $1"), grant.0)
}

/// The first review of what somebody took that is overdue.
///
/// # Errors
/// When the database fails.
pub async fn overdue_of(c: &mut impl AsConn, who: IdentityId, now: Instant) -> StoreResult<Option<ReviewRow>> {
    row!(
        c,
        ReviewRow,
        review!("where r.identity_id = $1 and r.state = 'open' and r.due_at <= $2 order by r.due_at, r.id limit 1"),
        who.0,
        now
    )
}

/// A review to be written.
#[derive(Debug, Clone)]
pub struct NewReview {
    /// Its id.
    pub id: BreakGlassReviewId,
    /// The grant.
    pub grant: GrantId,
    /// Who took it.
    pub identity: IdentityId,
    /// The role.
    pub role: RoleId,
    /// Their own request's item that waits.
    pub item: Option<ItemId>,
    /// By when somebody else has to have looked.
    pub due_at: Instant,
}

/// Writes a review that is open.
///
/// # Errors
/// When the database fails.
pub async fn insert(tx: &mut Tx, r: &NewReview) -> StoreResult<()> {
    let now = tx.now();
    exec!(
        tx,
        "insert into break_glass_review (id, grant_id, identity_id, role_id, item_id, created_at, due_at, state, account)
         values ($1, $2, $3, $4, $5, $6, $7, 'open', '')",
        r.id.0,
        r.grant.0,
        r.identity.0,
        r.role.0,
        r.item.map(|i| i.0),
        now,
        r.due_at
    )?;
    Ok(())
}

/// Keeps that somebody was told, once.
///
/// # Errors
/// When the database fails.
pub async fn told(tx: &mut Tx, id: BreakGlassReviewId, who: IdentityId, because: ToldBecause) -> StoreResult<()> {
    exec!(
        tx,
        "insert into break_glass_told (review_id, identity_id, because) values ($1, $2, $3) on conflict do nothing",
        id.0,
        who.0,
        because.as_str()
    )?;
    Ok(())
}

/// Somebody who was told.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct ToldRow {
    /// Who.
    pub identity_id: Uuid,
    /// What they are called.
    pub name: String,
    /// As what, as its word.
    #[sqlx(try_from = "String")]
    pub because: ToldBecause,
}

/// Who was told at once, at most `limit`, by name.
///
/// # Errors
/// When the database fails.
pub async fn who_was_told(c: &mut impl AsConn, id: BreakGlassReviewId, limit: i64) -> StoreResult<Vec<ToldRow>> {
    rows!(
        c,
        ToldRow,
        "select t.identity_id, i.display_name as name, t.because from break_glass_told t
         join identity i on i.id = t.identity_id where t.review_id = $1 order by i.display_name, i.id limit $2",
        id.0,
        limit
    )
}

/// Keeps what somebody says that they did with it.
///
/// # Errors
/// `Conflict` when the review is closed.
pub async fn set_account(tx: &mut Tx, id: BreakGlassReviewId, account: &str) -> StoreResult<()> {
    let now = tx.now();
    let n = exec!(
        tx,
        "update break_glass_review set account = $1, account_at = $2 where id = $3 and state = 'open'",
        account,
        now,
        id.0
    )?;
    one(n, "the review")
}

/// What a reviewer says.
#[derive(Debug, Clone, Copy)]
pub struct Verdict<'a> {
    /// Who.
    pub reviewer: IdentityId,
    /// Whether it was needed.
    pub needed: Needed,
    /// What was done.
    pub findings: &'a str,
    /// What follows; may be empty.
    pub follow_up: &'a str,
}

/// Closes a review.
///
/// # Errors
/// `Conflict` when it is closed already.
pub async fn close(tx: &mut Tx, id: BreakGlassReviewId, said: Verdict<'_>) -> StoreResult<()> {
    let now = tx.now();
    let n = exec!(
        tx,
        "update break_glass_review set state = 'closed', closed_at = $1, reviewer_id = $2, needed = $3, findings = $4,
                follow_up = $5
         where id = $6 and state = 'open'",
        now,
        said.reviewer.0,
        said.needed.as_str(),
        said.findings,
        said.follow_up,
        id.0
    )?;
    one(n, "the review")
}

/// Keeps that it was told that the review is overdue; tells whether this call was the one.
///
/// # Errors
/// When the database fails.
pub async fn set_overdue(tx: &mut Tx, id: BreakGlassReviewId) -> StoreResult<bool> {
    let now = tx.now();
    Ok(exec!(
        tx,
        "update break_glass_review set overdue_at = $1 where id = $2 and state = 'open' and overdue_at is null",
        now,
        id.0
    )? == 1)
}
