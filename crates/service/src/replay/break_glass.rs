//! What events about emergencies change; and the same from the tables.

use latchkey_domain::{BreakGlassReviewId, event::EventBody};
use latchkey_store::{AsConn, replay_reads as store};

use super::{Review, State};
use crate::ServiceResult;

impl State {
    pub(super) fn break_glass(&mut self, body: &EventBody) -> Result<(), &'static str> {
        match body {
            EventBody::BreakGlassTaken { review, grant, identity, role, item, due_at, told } => {
                let new = Review {
                    grant: *grant,
                    identity: *identity,
                    role: *role,
                    item: *item,
                    due_at: *due_at,
                    told: told.iter().copied().collect(),
                    reported: false,
                    overdue: false,
                    needed: None,
                };
                let before = self.reviews.insert(*review, new);
                if before.is_some() { Err("the review was there already") } else { Ok(()) }
            }
            EventBody::BreakGlassReported { review, .. } => {
                let known = self.open_review(*review)?;
                known.reported = true;
                Ok(())
            }
            EventBody::BreakGlassReviewOverdue { review, .. } => {
                let known = self.open_review(*review)?;
                let was = std::mem::replace(&mut known.overdue, true);
                if was { Err("it was told already that the review is overdue") } else { Ok(()) }
            }
            EventBody::BreakGlassReviewed { review, needed, .. } => {
                self.open_review(*review)?.needed = Some(*needed);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn open_review(&mut self, id: BreakGlassReviewId) -> Result<&mut Review, &'static str> {
        let known = self.reviews.get_mut(&id).ok_or("no event began this review")?;
        if known.needed.is_some() { Err("the review was closed already") } else { Ok(known) }
    }

    /// The same from the tables.
    pub(super) async fn read_break_glass(&mut self, c: &mut impl AsConn) -> ServiceResult<()> {
        for row in store::reviews(c).await? {
            let needed = row.needed()?;
            let review = Review {
                grant: row.grant_id.into(),
                identity: row.identity_id.into(),
                role: row.role_id.into(),
                item: row.item_id.map(Into::into),
                due_at: row.due_at,
                told: std::collections::BTreeSet::new(),
                reported: row.account_at.is_some(),
                overdue: row.overdue_at.is_some(),
                needed,
            };
            self.reviews.insert(row.id.into(), review);
        }
        for (review, who) in store::reviews_told(c).await? {
            if let Some(review) = self.reviews.get_mut(&review.into()) {
                review.told.insert(who.into());
            }
        }
        Ok(())
    }
}
