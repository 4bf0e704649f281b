//! Plays what is planned, moment by moment.

mod acts;
mod emergencies;
mod wishes;

use std::{
    cmp::Reverse,
    collections::{BinaryHeap, HashMap, HashSet},
    sync::Arc,
};

use chrono::TimeDelta;
use latchkey_domain::{
    BreakGlassReviewId, GrantId, IdentityId, Instant, ItemId, RoleId, WishId,
    clock::{Clock, ManualClock},
};
use latchkey_reconciler::Worker;
use latchkey_service::{
    ServiceError,
    catalog::{Catalog, load},
};
use rand::{Rng, rngs::StdRng};

use super::{History, cast::Cast, days};
use crate::cli::Failure;
pub use wishes::{Answer, Wish};

/// What becomes of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// Everybody says yes.
    Approved,
    /// Everybody says yes, and the holder gives it back after so many days.
    GivenBack(i64),
    /// The first one says no.
    Denied,
    /// The requester takes it back.
    Withdrawn,
    /// The first one says yes, and then it waits.
    HalfWay,
    /// Nobody decides.
    Waits,
}

/// Somebody asks for something.
#[derive(Debug, Clone)]
pub struct Ask {
    /// Who asks.
    pub who: IdentityId,
    /// For whom.
    pub beneficiary: IdentityId,
    /// The stable keys of roles: the first that can be asked for is.
    pub roles: Vec<&'static str>,
    /// For how many days, where the policy offers that; else what it suggests.
    pub days: Option<u32>,
    /// What becomes of it.
    pub fate: Fate,
    /// Decided at once, not at the next usual moment.
    pub at_once: bool,
}

/// What somebody takes in an emergency, and what is said about it.
#[derive(Debug, Clone, Copy)]
pub struct Emergency {
    /// The role's key.
    pub role: &'static str,
    /// Why they take it.
    pub reason: &'static str,
    /// What they say that they did.
    pub account: &'static str,
    /// What its owner finds; nothing when nobody has looked.
    pub reviewed: Option<&'static str>,
}

#[derive(Debug, Clone)]
enum Action {
    Ask(Ask),
    Wish(Wish),
    Answer {
        wish: WishId,
        answer: Answer,
    },
    Decide {
        item: ItemId,
        fate: Fate,
        at_once: bool,
    },
    Withdraw {
        item: ItemId,
        who: IdentityId,
    },
    GiveBack {
        item: ItemId,
        who: IdentityId,
    },
    Activate {
        right: GrantId,
        who: IdentityId,
        role: RoleId,
        hours: u32,
    },
    /// Whoever has something on trial keeps it.
    KeepTrial {
        grant: GrantId,
        who: IdentityId,
        role: RoleId,
    },
    Nudge {
        item: ItemId,
        who: IdentityId,
    },
    SignIn {
        external_id: String,
    },
    PeopleLeave,
    Except {
        by: &'static str,
        who: &'static str,
        rule: &'static str,
        reason: &'static str,
    },
    /// Somebody takes a role in an emergency.
    BreakGlass {
        who: IdentityId,
        of: Emergency,
    },
    /// Whoever took something gives it back and says what they did.
    BreakGlassOver {
        review: BreakGlassReviewId,
        grant: GrantId,
        who: IdentityId,
        account: &'static str,
    },
    /// Somebody else reviews it.
    BreakGlassReview {
        review: BreakGlassReviewId,
        findings: &'static str,
    },
    Sweep,
    /// A group can't be changed from now on.
    Maintenance,
    /// Something ends by itself.
    Tick,
}

/// How much of each there was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Played {
    /// Requests that were accepted.
    pub requests: usize,
    /// Decisions.
    pub decisions: usize,
    /// Confirmed by a system on read-back.
    pub confirmed: usize,
    /// Failed attempts.
    pub failed: usize,
    /// What was planned and refused: the plan is at fault then.
    pub refused: usize,
}

/// A history under way.
pub struct Play<'a> {
    history: &'a History<'a>,
    clock: Arc<ManualClock>,
    worker: Worker,
    catalog: Catalog,
    /// Who there is.
    pub cast: Cast,
    /// Chance, the same each time.
    pub rng: StdRng,
    slots: Vec<Instant>,
    queue: BinaryHeap<Reverse<(Instant, u64)>>,
    actions: HashMap<u64, Action>,
    number: u64,
    work_to_do: bool,
    /// Who has signed in already.
    signed_in: HashSet<IdentityId>,
    played: Played,
}

/// How long after the last decision the worker is seen to have worked.
const WORKER: TimeDelta = TimeDelta::seconds(4);

impl<'a> Play<'a> {
    /// Nothing is planned yet.
    ///
    /// # Errors
    /// When the catalog can't be read.
    pub async fn new(
        history: &'a History<'a>,
        clock: Arc<ManualClock>,
        worker: Worker,
        cast: Cast,
        mut rng: StdRng,
    ) -> Result<Self, Failure> {
        let catalog = load(&mut history.db.read().await?).await?;
        let slots = days::slots(history.start(), history.now - TimeDelta::minutes(50), &mut rng);
        Ok(Self {
            history,
            clock,
            worker,
            catalog,
            cast,
            rng,
            slots,
            queue: BinaryHeap::new(),
            actions: HashMap::new(),
            number: 0,
            work_to_do: false,
            signed_in: HashSet::new(),
            played: Played::default(),
        })
    }

    /// The present.
    #[must_use]
    pub const fn now(&self) -> Instant {
        self.history.now
    }

    /// When it all begins.
    #[must_use]
    pub fn start(&self) -> Instant {
        self.history.start()
    }

    /// Somebody asks, at that time.
    pub fn ask(&mut self, at: Instant, ask: Ask) {
        self.put(at, Action::Ask(ask));
    }

    /// Somebody wishes for something in words, at that time.
    pub fn wish(&mut self, at: Instant, wish: Wish) {
        self.put(at, Action::Wish(wish));
    }

    /// Somebody signs in, at that time.
    pub fn sign_in(&mut self, at: Instant, external_id: &str) {
        self.put(at, Action::SignIn { external_id: external_id.to_owned() });
    }

    /// Those who leave do so, at that time.
    pub fn people_leave(&mut self, at: Instant) {
        self.put(at, Action::PeopleLeave);
    }

    /// Somebody may have both sides of a rule for half a year from that time on; `by` and `who` are external ids.
    pub fn except(
        &mut self,
        at: Instant,
        by: &'static str,
        who: &'static str,
        rule: &'static str,
        reason: &'static str,
    ) {
        self.put(at, Action::Except { by, who, rule, reason });
    }

    /// Somebody takes a role in an emergency at that time; its owner looks at it on a day after, where the plan says so.
    pub fn break_glass(&mut self, at: Instant, who: IdentityId, of: Emergency) {
        self.put(at, Action::BreakGlass { who, of });
    }

    /// Old sessions are swept, at that time.
    pub fn sweep(&mut self, at: Instant) {
        self.put(at, Action::Sweep);
    }

    /// An application begins its maintenance, at that time.
    pub fn maintenance(&mut self, at: Instant) {
        self.put(at, Action::Maintenance);
    }

    fn put(&mut self, at: Instant, action: Action) {
        if at < self.history.now {
            self.number += 1;
            self.queue.push(Reverse((at, self.number)));
            self.actions.insert(self.number, action);
        }
    }

    /// The next moment at which somebody who was asked at `at` decides.
    fn decided_at(&mut self, at: Instant, at_once: bool) -> Instant {
        if at_once {
            return at + TimeDelta::seconds(self.rng.random_range(40..140));
        }
        let patience = TimeDelta::minutes(if self.rng.random_bool(0.7) {
            self.rng.random_range(5..400)
        } else {
            self.rng.random_range(400..4_000)
        });
        let slot = self.slots.iter().find(|slot| **slot >= at + patience).copied();
        // After the last one it waits.
        slot.map_or(self.history.now, |slot| slot + TimeDelta::seconds(self.rng.random_range(0..50)))
    }

    /// Plays everything.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn run(mut self) -> Result<Played, Failure> {
        while let Some(Reverse((at, number))) = self.queue.pop() {
            let Some(action) = self.actions.remove(&number) else { continue };
            if self.work_to_do && at > self.clock.now() + TimeDelta::seconds(90) {
                self.work().await?;
            }
            self.clock.set(at.max(self.clock.now()));
            match self.play(action).await {
                Ok(()) => {}
                Err(ServiceError::Store(error)) => return Err(error.into()),
                Err(refusal) => {
                    tracing::warn!(%refusal, "the demo's plan asks for something that is refused");
                    self.played.refused += 1;
                }
            }
        }
        self.work().await?;
        Ok(self.played)
    }

    /// The worker does what there is to do, a few seconds after the last change.
    async fn work(&mut self) -> Result<(), Failure> {
        self.clock.set((self.clock.now() + WORKER).min(self.history.now));
        self.worker.expire().await?;
        let pass = self.worker.provision().await?;
        self.played.confirmed += pass.confirmed;
        self.played.failed += pass.failed;
        self.work_to_do = false;
        Ok(())
    }
}
