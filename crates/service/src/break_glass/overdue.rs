//! A duty of the worker: a review that nobody did in time is told, once.

use latchkey_domain::{
    actor::Actor,
    break_glass::ReviewState,
    clock::Clock,
    event::{EventBody, NewEvent},
};
use latchkey_store::{Db, break_glass as store, identities};

use super::reviewers;
use crate::{ServiceResult, facts, notices};

/// Tells those who review, and whoever took it, that a review is overdue. Returns how many reviews.
///
/// # Errors
/// When the database fails.
pub async fn tell_overdue(db: &Db, clock: &dyn Clock, limit: i64) -> ServiceResult<usize> {
    let due = store::overdue(&mut db.read().await?, clock.now(), limit).await?;
    let actor = Actor::Worker("break-glass").reference();
    let mut told = 0;
    for seen in due {
        let mut tx = db.begin(clock.now()).await?;
        identities::lock(&mut tx, &[seen.identity()]).await?;
        tx.now_is(clock.now());
        // Somebody may have reviewed it since it was listed.
        let row = store::get(&mut tx, seen.id()).await?;
        let Some(row) = row.filter(|r| r.state == ReviewState::Open && r.is_overdue(tx.now())) else { continue };
        if !store::set_overdue(&mut tx, row.id()).await? {
            continue;
        }
        let role = facts::role_today(&mut tx, row.role()).await?;
        for (who, _) in reviewers(&mut tx, role.owner.as_ref(), row.identity()).await? {
            notices::emergencies::overdue(&mut tx, who.id, &row, false).await?;
        }
        notices::emergencies::overdue(&mut tx, row.identity(), &row, true).await?;
        let body = EventBody::BreakGlassReviewOverdue {
            review: row.id(),
            grant: row.grant(),
            identity: row.identity(),
            role: row.role(),
        };
        tx.commit(vec![NewEvent::new(actor.clone(), body)]).await?;
        told += 1;
    }
    Ok(told)
}
