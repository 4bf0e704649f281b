//! What people wish for in words, and what they are answered.

use chrono::TimeDelta;
use latchkey_domain::{IdentityId, WishId, clock::Clock, id::new_uuid};
use latchkey_service::{
    ServiceError,
    wishes::{
        answer::{self, answer},
        make::make,
        proposal,
    },
};
use latchkey_store::wishes as store;

use super::{Action, Play};

/// Somebody wishes for something; names are external ids.
#[derive(Debug, Clone)]
pub struct Wish {
    /// Who.
    pub who: &'static str,
    /// In their words.
    pub words: &'static str,
    /// What they are answered; nothing while it waits.
    pub answer: Option<Answer>,
}

/// What is answered.
#[derive(Debug, Clone)]
pub enum Answer {
    /// A role that is there, by its key.
    Role {
        /// Which.
        role: &'static str,
        /// More about it.
        words: &'static str,
    },
    /// A new role, which its owner agrees to.
    NewRole {
        /// What it should be called.
        name: &'static str,
        /// What it should give.
        gives: &'static str,
        /// Who should own it.
        owner: &'static str,
    },
}

impl Play<'_> {
    /// Another company may have other people, and nobody who answers: then there is nothing to do.
    pub(super) async fn play_wish(&mut self, wish: Wish) -> Result<(), ServiceError> {
        let Some(who) = self.cast.person(wish.who).map(|p| IdentityId(p.id)) else { return Ok(()) };
        if !self.catalog.answers_wishes {
            return Ok(());
        }
        let actor = self.actor(who).await?;
        let now = self.clock.now();
        let made = make(&self.history.db, &*self.clock, &actor, new_uuid(now), wish.words).await?;
        if let Some(answer) = wish.answer {
            self.put(now + TimeDelta::minutes(95), Action::Answer { wish: made.wish, answer });
        }
        Ok(())
    }

    pub(super) async fn play_answer(&mut self, wish: WishId, given: Answer) -> Result<(), ServiceError> {
        let waits_for = store::answerers(&mut self.history.db.read().await?, wish).await?;
        let Some(first) = waits_for.first() else { return Ok(()) };
        let actor = self.actor(IdentityId(first.identity_id)).await?;
        match given {
            Answer::Role { role, words } => {
                let Some(role) = self.catalog.role_by_key(role).map(|r| r.id) else { return Ok(()) };
                let said = answer::Answer::Role { role, words: words.to_owned() };
                answer(&self.history.db, &*self.clock, &actor, wish, &said).await?;
            }
            Answer::NewRole { name, gives, owner } => {
                let Some(owner) = self.cast.person(owner).map(|p| IdentityId(p.id)) else { return Ok(()) };
                let said = answer::Answer::Draft {
                    name: name.to_owned(),
                    gives: gives.to_owned(),
                    owner,
                    words: String::new(),
                };
                answer(&self.history.db, &*self.clock, &actor, wish, &said).await?;
                let owner = self.actor(owner).await?;
                let words = "I put it into the catalog next week.";
                proposal::decide(&self.history.db, &*self.clock, &owner, wish, true, words).await?;
            }
        }
        Ok(())
    }
}
