//! Plays what is planned, moment by moment.

use std::{
    cmp::Reverse,
    collections::{BinaryHeap, HashMap},
    sync::Arc,
};

use chrono::TimeDelta;
use latchkey_domain::{
    GrantId, IdentityId, Instant, ItemId, StageId,
    actor::Actor,
    clock::{Clock, ManualClock},
    id::new_uuid,
    item::{ItemState, StageState, Verdict},
};
use latchkey_policy::Span;
use latchkey_reconciler::Worker;
use latchkey_service::{
    ServiceError,
    catalog::{Catalog, RoleEntry, load},
    decide_item::{Decision, decide_item},
    give_back::give_back,
    import_people::import_people,
    sessions,
    sign_in::{Origin, SessionStart, SignInLimits, VerifiedStatement, sign_in},
    submit_request::{ItemWish, Submission, submit_request},
    withdraw_item::withdraw_item,
};
use latchkey_store::{grants, items, sha256_hex, stages};
use rand::{Rng, rngs::StdRng};

use super::{
    History,
    cast::{self, Cast},
    days, words,
};
use crate::cli::Failure;

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

#[derive(Debug, Clone)]
enum Action {
    Ask(Ask),
    Decide { item: ItemId, fate: Fate, at_once: bool },
    Withdraw { item: ItemId, who: IdentityId },
    GiveBack { item: ItemId, who: IdentityId },
    SignIn { external_id: String },
    PeopleLeave,
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
    played: Played,
}

/// How long after the last decision the worker is seen to have worked.
const WORKER: TimeDelta = TimeDelta::seconds(4);

impl<'a> Play<'a> {
    /// Nothing is planned yet.
    ///
    /// # Errors
    /// When the catalog can't be read.
    pub async fn new(history: &'a History<'a>, clock: Arc<ManualClock>, worker: Worker, cast: Cast, mut rng: StdRng) -> Result<Self, Failure> {
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

    /// Somebody signs in, at that time.
    pub fn sign_in(&mut self, at: Instant, external_id: &str) {
        self.put(at, Action::SignIn { external_id: external_id.to_owned() });
    }

    /// Those who leave do so, at that time.
    pub fn people_leave(&mut self, at: Instant) {
        self.put(at, Action::PeopleLeave);
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
        let patience = TimeDelta::minutes(if self.rng.random_bool(0.7) { self.rng.random_range(5..400) } else { self.rng.random_range(400..4_000) });
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

    async fn play(&mut self, action: Action) -> Result<(), ServiceError> {
        match action {
            Action::Ask(ask) => self.play_ask(ask).await,
            Action::Decide { item, fate, at_once } => self.play_decide(item, fate, at_once).await,
            Action::Withdraw { item, who } => {
                let actor = self.actor(who).await?;
                withdraw_item(&self.history.db, &*self.clock, &actor, item).await.map(drop)
            }
            Action::GiveBack { item, who } => self.play_give_back(item, who).await,
            Action::SignIn { external_id } => self.play_sign_in(&external_id).await,
            Action::PeopleLeave => {
                let people = &self.history.company.people;
                let left = import_people(&self.history.db, &*self.clock, &Actor::Host, "people.csv", people, false).await;
                if let Err(error) = left {
                    tracing::warn!(%error, "the demo's people can't be imported a second time");
                }
                self.work_to_do = true;
                Ok(())
            }
            Action::Maintenance => {
                (self.history.maintenance)();
                Ok(())
            }
            Action::Tick => {
                self.work_to_do = true;
                Ok(())
            }
            Action::Sweep => {
                sessions::sweep(&self.history.db, &*self.clock).await?;
                self.work_to_do = true;
                Ok(())
            }
        }
    }

    async fn actor(&self, who: IdentityId) -> Result<Actor, ServiceError> {
        Ok(cast::actor(&mut self.history.db.read().await?, who, self.clock.now()).await?)
    }

    async fn play_ask(&mut self, ask: Ask) -> Result<(), ServiceError> {
        let actor = self.actor(ask.who).await?;
        let mut refusal = None;
        for key in &ask.roles {
            let Some(role) = self.catalog.role_by_key(key) else { continue };
            let wish = ItemWish {
                role: role.id,
                beneficiary: ask.beneficiary,
                duration: span(role, ask.days),
                reason: words::reason(role, &mut self.rng),
            };
            let submission = Submission { form_key: new_uuid(self.clock.now()), items: vec![wish] };
            match submit_request(&self.history.db, &*self.clock, &actor, &submission).await {
                Ok(submitted) => {
                    self.played.requests += 1;
                    let item = items::of_request(&mut self.history.db.read().await?, submitted.request).await?;
                    if let Some(item) = item.first() {
                        self.ends_by_itself(item.lapses_at);
                        self.plan_fate(item.id(), &ask);
                    }
                    return Ok(());
                }
                // They hold it already, or may not have it: the next one then.
                Err(error @ (ServiceError::Refused(_) | ServiceError::BadInput(_))) => refusal = Some(error),
                Err(other) => return Err(other),
            }
        }
        refusal.map_or(Ok(()), Err)
    }

    fn plan_fate(&mut self, item: ItemId, ask: &Ask) {
        let now = self.clock.now();
        match ask.fate {
            Fate::Waits => {}
            Fate::Withdrawn => {
                let at = now + TimeDelta::minutes(self.rng.random_range(3..55));
                self.put(at, Action::Withdraw { item, who: ask.who });
            }
            fate => {
                let at = self.decided_at(now, ask.at_once);
                self.put(at, Action::Decide { item, fate, at_once: ask.at_once });
            }
        }
    }

    async fn play_decide(&mut self, item: ItemId, fate: Fate, at_once: bool) -> Result<(), ServiceError> {
        let mut read = self.history.db.read().await?;
        let open = stages::of_items(&mut read, &[item.0]).await?.into_iter().find(|stage| stage.state == StageState::Open);
        // It may have lapsed, or its requester left.
        let Some(stage) = open else { return Ok(()) };
        let approvers = stages::approvers(&mut read, &[stage.id]).await?;
        let Some(approver) = approvers.first().map(|approver| IdentityId(approver.identity_id)) else { return Ok(()) };
        drop(read);
        let verdict = if fate == Fate::Denied { Verdict::Deny } else { Verdict::Approve };
        let comment = words::comment(verdict, &mut self.rng);
        let decision = Decision { item, stage: Some(StageId(stage.id)), verdict, comment };
        let actor = self.actor(approver).await?;
        let decided = decide_item(&self.history.db, &*self.clock, &actor, &decision).await?;
        self.played.decisions += 1;
        let now = self.clock.now();
        match (decided.state, fate) {
            (ItemState::Waiting, Fate::HalfWay) => {}
            (ItemState::Waiting, _) => {
                let at = self.decided_at(now, at_once);
                self.put(at, Action::Decide { item, fate, at_once });
            }
            (ItemState::Approved, fate) => {
                self.work_to_do = true;
                let given = grants::of_items(&mut self.history.db.read().await?, &[item.0]).await?;
                self.ends_by_itself(given.first().and_then(|grant| grant.ends_at));
                if let Fate::GivenBack(days) = fate {
                    let beneficiary = items::get(&mut self.history.db.read().await?, item).await?;
                    if let Some(row) = beneficiary {
                        let at = days::at_work(now + TimeDelta::days(days), &mut self.rng);
                        self.put(at, Action::GiveBack { item, who: IdentityId(row.beneficiary_id) });
                    }
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// The worker is there when something's time is over.
    fn ends_by_itself(&mut self, end: Option<Instant>) {
        if let Some(end) = end {
            self.put(end + TimeDelta::seconds(2), Action::Tick);
        }
    }

    async fn play_give_back(&mut self, item: ItemId, who: IdentityId) -> Result<(), ServiceError> {
        let given = grants::of_items(&mut self.history.db.read().await?, &[item.0]).await?;
        let actor = self.actor(who).await?;
        for grant in given.iter().filter(|grant| grant.state.end().is_ok()) {
            give_back(&self.history.db, &*self.clock, &actor, GrantId(grant.id)).await?;
            self.work_to_do = true;
        }
        Ok(())
    }

    async fn play_sign_in(&mut self, external_id: &str) -> Result<(), ServiceError> {
        let Some(person) = self.cast.person(external_id) else { return Ok(()) };
        let now = self.clock.now();
        let statement = VerifiedStatement {
            issuer: self.history.issuer.clone(),
            subject: person.email.clone(),
            sid: None,
            external_id: Some(external_id.to_owned()),
            verified_email: Some(person.email.clone()),
            assurance: cast::assurance(now),
        };
        let origin = Origin { address: "127.0.0.1", user_agent: "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0" };
        let id_hash = sha256_hex(&rand::random::<[u8; 32]>());
        let start = SessionStart { id_hash: &id_hash, replaces: None, idle: TimeDelta::hours(1), absolute: TimeDelta::hours(12) };
        let limits = SignInLimits::default();
        // A refusal is on record too, and belongs to a company's life.
        let _ = sign_in(&self.history.db, &*self.clock, &limits, false, &statement, origin, start).await?;
        Ok(())
    }
}

/// So many days where the policy offers them, else what it suggests; never more than the role allows.
fn span(role: &RoleEntry, days: Option<u32>) -> Span {
    let policy = &role.policy.snapshot.policy;
    let offered = days.and_then(|days| policy.offer.iter().copied().find(|span| span.whole_days() == Some(days)));
    let wanted = offered.unwrap_or(policy.default_duration);
    if wanted > role.longest { role.longest } else { wanted }
}
