//! What people take in emergencies, and who looks at it afterwards.

use chrono::TimeDelta;
use latchkey_domain::{BreakGlassReviewId, GrantId, IdentityId, break_glass::Needed, clock::Clock};
use latchkey_policy::Span;
use latchkey_service::{
    ServiceError,
    break_glass::{Answer, Taking, review, take, write_account},
    give_back::give_back,
};
use latchkey_store::break_glass as store;

use super::{Action, Emergency, Play};
use crate::demo::history::days;

impl Play<'_> {
    /// Another company has no such role: then nobody takes it.
    pub(super) async fn play_break_glass(&mut self, who: IdentityId, of: Emergency) -> Result<(), ServiceError> {
        let Some(role) = self.catalog.role_by_key(of.role).map(|role| role.id) else { return Ok(()) };
        let actor = self.actor(who).await?;
        let duration = Span::from_hours(2).unwrap_or(Span::MIN);
        let wish = Taking { role, duration, reason: of.reason.to_owned() };
        let taken = take(&self.history.db, &*self.clock, &actor, &wish).await?;
        self.work_to_do = true;
        let (review, grant) = (taken.review, taken.grant);
        let over = self.clock.now() + TimeDelta::minutes(47);
        self.put(over, Action::BreakGlassOver { review, grant, who, account: of.account });
        if let Some(findings) = of.reviewed {
            let at = days::at_work(over + TimeDelta::days(1), &mut self.rng);
            self.put(at, Action::BreakGlassReview { review, findings });
        }
        Ok(())
    }

    /// They say what they did, and give it back.
    pub(super) async fn play_over(
        &mut self,
        review: BreakGlassReviewId,
        grant: GrantId,
        who: IdentityId,
        account: &str,
    ) -> Result<(), ServiceError> {
        let actor = self.actor(who).await?;
        write_account(&self.history.db, &*self.clock, &actor, review, account).await?;
        give_back(&self.history.db, &*self.clock, &actor, grant).await?;
        self.work_to_do = true;
        Ok(())
    }

    /// The role's owner looks at it.
    pub(super) async fn play_review(&mut self, id: BreakGlassReviewId, findings: &str) -> Result<(), ServiceError> {
        let row = store::get(&mut self.history.db.read().await?, id).await?.ok_or(ServiceError::NotFound)?;
        let owner = self.catalog.role(row.role()).and_then(|role| role.owner.as_ref()).map(|owner| owner.id);
        let Some(owner) = owner else { return Ok(()) };
        let actor = self.actor(owner).await?;
        let answer = Answer {
            needed: Some(Needed::Yes),
            findings: findings.to_owned(),
            follow_up: "The runbook says how to restart a stuck broker without a shell now.".to_owned(),
        };
        review(&self.history.db, &*self.clock, &actor, id, &answer).await
    }
}
