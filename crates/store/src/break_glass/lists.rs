//! Lists of reviews: everybody's, one's own, those that wait for somebody.

use latchkey_domain::{BreakGlassReviewId, IdentityId, Instant};
use uuid::Uuid;

use super::{ReviewRow, review};
use crate::{AsConn, StoreResult};

/// Whose reviews somebody sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sight {
    /// Everybody's.
    All,
    /// Their own, and those of roles that they own.
    Of(IdentityId),
}

/// Which reviews are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// Those that are open.
    Open,
    /// Of those, the ones that nobody did in time.
    Overdue,
    /// Those that are closed.
    Closed,
}

/// Reviews, the newest first, at most `limit`, older than `before`.
///
/// # Errors
/// When the database fails.
pub async fn list(
    c: &mut impl AsConn,
    sight: Sight,
    which: Which,
    now: Instant,
    before: Option<BreakGlassReviewId>,
    limit: i64,
) -> StoreResult<Vec<ReviewRow>> {
    let before = before.map_or(Uuid::max(), |r| r.0);
    // Those that need not be overdue are due in a hundred years at most.
    let due = if which == Which::Overdue { now } else { now + chrono::TimeDelta::days(36_500) };
    let state = if which == Which::Closed { "closed" } else { "open" };
    match sight {
        Sight::All => rows!(
            c,
            ReviewRow,
            review!("where r.state = $1 and r.id < $2 and r.due_at <= $3 order by r.id desc limit $4"),
            state,
            before,
            due,
            limit
        ),
        Sight::Of(who) => rows!(
            c,
            ReviewRow,
            review!(
                "where r.state = $1 and r.id < $2 and r.due_at <= $3
                   and (r.identity_id = $4 or exists (
                        select 1 from ownership o where o.role_id = r.role_id and o.owner_id = $4 and o.valid_to is null))
                 order by r.id desc limit $5"
            ),
            state,
            before,
            due,
            who.0,
            limit
        ),
    }
}

/// Open reviews that wait for `who`: of what others took, of the roles that they own, or of all where they look after
/// security; and of what they took themselves and haven't said yet what they did. The first due at the top, at most `limit`.
///
/// # Errors
/// When the database fails.
pub async fn waiting_for(c: &mut impl AsConn, who: IdentityId, all: bool, limit: i64) -> StoreResult<Vec<ReviewRow>> {
    rows!(
        c,
        ReviewRow,
        review!(
            "where r.state = 'open'
               and ((r.identity_id = $1 and r.account = '') or (r.identity_id <> $1 and ($2 or exists (
                    select 1 from ownership o where o.role_id = r.role_id and o.owner_id = $1 and o.valid_to is null))))
             order by r.due_at, r.id limit $3"
        ),
        who.0,
        all,
        limit
    )
}

/// Open reviews that nobody did in time and that nobody was told of yet, at most `limit`.
///
/// # Errors
/// When the database fails.
pub async fn overdue(c: &mut impl AsConn, now: Instant, limit: i64) -> StoreResult<Vec<ReviewRow>> {
    rows!(
        c,
        ReviewRow,
        review!("where r.state = 'open' and r.due_at <= $1 and r.overdue_at is null order by r.due_at, r.id limit $2"),
        now,
        limit
    )
}
