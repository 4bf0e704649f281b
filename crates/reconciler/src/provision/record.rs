//! Saving what came of the work on an account: one transaction, with its events, under the lease that it was taken with.

use std::time::Duration;

use chrono::TimeDelta;
use latchkey_connectors::CallError;
use latchkey_domain::{
    AccountId, EntitlementId, FulfilmentId, GrantId, Instant, RequestId, SystemId,
    account::{AccountOrigin, AccountState},
    actor::{Actor, ActorRef},
    event::{EventBody, NewEvent},
    fulfilment::{self, LONGEST_PAUSE, Outcome, Presence, Progress},
};
use latchkey_service::{ServiceError, assurance::Waits, drift, justify, notices};
use latchkey_store::{
    Change, StoreError, Tx,
    accounts::{self, AccountRow},
    fulfilments::FulfilmentRow,
    identities, observations,
    work::{self, NewAttempt, SeenAccount, WorkRow},
};

use super::{
    conclude::{asked_pause, outcome_of},
    job::Job,
};
use crate::{Result, shared::Shared};

/// The longest that a system can ask to be left alone.
const LONGEST_ASKED: TimeDelta = TimeDelta::hours(1);
/// From this attempt on, the same failure is put on record once an hour.
const MANY: i64 = 9;
/// How long ago a grant may have ended for its end to be news.
const NEWS: TimeDelta = TimeDelta::days(30);
/// How often a transaction that ran into another one is tried.
const TRIES: u32 = 4;

/// What came of the work on an account.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    /// How it ended for each entitlement that was worked on.
    pub endings: Vec<Ending>,
    /// The account as the system shows it; absent when it couldn't be asked.
    pub seen: Option<SeenAccount>,
    /// Which entitlements the system shows; empty when it couldn't be asked.
    pub observed: Vec<(EntitlementId, bool)>,
    /// The system said no to making the account.
    pub not_made: bool,
    /// Why the account's own state couldn't be changed, or asked for.
    pub state_failed: Option<CallError>,
    /// The account's own state that was aimed at; absent when nothing came of it, because it was time to stop.
    pub aimed_at: Option<AccountState>,
}

/// How the work on one entitlement ended.
#[derive(Debug)]
pub(crate) struct Ending {
    fulfilment: FulfilmentId,
    generation: i64,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    Attempt(Attempt),
    LetBe,
    Unjustified,
    Waits(Waits),
}

/// An attempt that ended.
#[derive(Debug, Clone)]
pub(crate) struct Attempt {
    pub outcome: Outcome,
    pub words: String,
    /// The system accepted a change.
    pub applied: bool,
    /// It was there before.
    pub found: bool,
    /// How long the system asks to be left alone.
    pub after: Option<Duration>,
    /// Nobody was asked: it is known that it would be in vain.
    pub no_call: bool,
}

impl Attempt {
    /// It is as wanted.
    pub const fn done() -> Self {
        let words = String::new();
        Self { outcome: Outcome::Done, words, applied: false, found: false, after: None, no_call: false }
    }

    /// It failed.
    pub fn failed(error: &CallError) -> Self {
        Self { outcome: outcome_of(error), words: error.words().to_owned(), after: asked_pause(error), ..Self::done() }
    }
}

impl Ending {
    pub const fn of(row: &FulfilmentRow, attempt: Attempt) -> Self {
        Self { fulfilment: row.id(), generation: row.generation, kind: Kind::Attempt(attempt) }
    }

    pub const fn let_be(row: &FulfilmentRow) -> Self {
        Self { fulfilment: row.id(), generation: row.generation, kind: Kind::LetBe }
    }

    pub const fn unjustified(row: &FulfilmentRow) -> Self {
        Self { fulfilment: row.id(), generation: row.generation, kind: Kind::Unjustified }
    }
}

/// Whether the outcome counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Recorded {
    /// It was saved.
    Saved {
        /// Fulfilments that their system confirmed.
        confirmed: usize,
        /// Attempts that failed.
        failed: usize,
    },
    /// Somebody else has the account now.
    Dropped,
}

/// Work is due.
pub(crate) fn is_due(row: &FulfilmentRow) -> bool {
    row.progress == Progress::Due
}

/// Saves the findings and gives the account back.
pub(crate) async fn save(shared: &Shared, job: &Job, findings: &Findings) -> Result<Recorded> {
    let mut tries = 1;
    loop {
        match try_save(shared, job, findings).await {
            Err(ServiceError::Store(error)) if error.is_transient() && tries < TRIES => {
                tracing::debug!(account = %job.id(), tries, "saving an outcome ran into another change and is tried again");
                tries += 1;
            }
            // Only the lease's own row is written under the lease: somebody else has the account.
            Err(ServiceError::Store(StoreError::Conflict { what: "the account" })) => return Ok(Recorded::Dropped),
            other => return other,
        }
    }
}

async fn try_save(shared: &Shared, job: &Job, findings: &Findings) -> Result<Recorded> {
    let mut tx = shared.db.begin(shared.now()).await?;
    // The one lock first: a change of what this identity holds is either all before or all after this.
    identities::lock(&mut tx, &[job.identity()]).await?;
    tx.now_is(shared.now());
    if !work::keep(&mut tx, job.id(), job.lease, job.until).await? {
        tx.rollback().await?;
        return Ok(Recorded::Dropped);
    }
    let before = account(&mut tx, job.id()).await?;
    let rows = work::of_account(&mut tx, job.id()).await?;
    let mut saving =
        Saving { shared, job, events: vec![], confirmed: 0, failed: 0, postponed: vec![], unjustified: false };
    for ending in &findings.endings {
        saving.ending(&mut tx, &rows, ending).await?;
    }
    saving.observations(&mut tx, findings).await?;
    saving.account(&mut tx, &before, findings).await?;
    if saving.unjustified {
        saving.events.extend(justify::settle(&mut tx, job.identity(), &actor()).await?);
    }
    saving.tell(&mut tx).await?;
    let due_at = saving.due_at(&mut tx, findings).await?;
    work::give_back(&mut tx, job.id(), job.lease, due_at).await?;
    let Saving { events, confirmed, failed, .. } = saving;
    if events.is_empty() {
        tx.commit_bookkeeping().await?;
    } else {
        tx.commit(events).await?;
    }
    if confirmed > 0 || failed > 0 {
        tracing::info!(
            system = %job.system.key,
            account = %job.id(),
            identity = %job.identity(),
            confirmed,
            failed,
            "{} confirmed {confirmed} and failed {failed} changes of an account's access",
            job.system.name
        );
    }
    Ok(Recorded::Saved { confirmed, failed })
}

fn actor() -> ActorRef {
    Actor::Worker("provision").reference()
}

async fn account(tx: &mut Tx, id: AccountId) -> Result<AccountRow> {
    let row = accounts::by_ids(tx, &[id.0]).await?.into_iter().next();
    Ok(row.ok_or(StoreError::Missing { what: "the account" })?)
}

struct Saving<'a> {
    shared: &'a Shared,
    job: &'a Job,
    events: Vec<NewEvent>,
    confirmed: usize,
    failed: usize,
    /// Fulfilments whose next attempt comes at this time, without a word in their own row.
    postponed: Vec<(FulfilmentId, Instant)>,
    unjustified: bool,
}

impl Saving<'_> {
    fn push(&mut self, event: NewEvent) {
        self.events.push(event);
    }

    async fn ending(&mut self, tx: &mut Tx, rows: &[WorkRow], ending: &Ending) -> Result<()> {
        let Some(row) = rows.iter().map(|r| &r.row).find(|r| r.id() == ending.fulfilment) else { return Ok(()) };
        if row.generation != ending.generation {
            // It says nothing about what is wanted now; the next pass looks again.
            tracing::debug!(fulfilment = %row.id(), "what is wanted changed during the call: its outcome is dropped");
            return Ok(());
        }
        match &ending.kind {
            Kind::Attempt(attempt) => self.attempt(tx, row, attempt).await,
            Kind::LetBe => {
                work::save_kept(tx, row.id(), row.generation, row.work().let_be()).await?;
                let (fulfilment, identity) = (row.id(), self.job.identity());
                let (system, entitlement) = (SystemId(row.system_id), EntitlementId(row.entitlement_id));
                self.push(NewEvent::new(
                    actor(),
                    EventBody::FulfilmentKept { fulfilment, identity, system, entitlement },
                ));
                Ok(())
            }
            Kind::Unjustified => {
                self.unjustified = true;
                Ok(())
            }
            Kind::Waits(waits) => self.waits(tx, row, waits).await,
        }
    }

    async fn attempt(&mut self, tx: &mut Tx, row: &FulfilmentRow, attempt: &Attempt) -> Result<()> {
        let pause = pause_after(row, attempt);
        if is_old_news(row, attempt, tx.now()) {
            self.postponed.push((row.id(), tx.now() + pause));
            return Ok(());
        }
        let Some(work) = row.work().record(row.generation, attempt.outcome, tx.now(), pause) else { return Ok(()) };
        let done = attempt.outcome == Outcome::Done;
        let new = NewAttempt {
            fulfilment: row.id(),
            generation: row.generation,
            desired: row.desired,
            started_at: self.job.started_at,
            outcome: attempt.outcome,
            words: &attempt.words,
            worker: &self.shared.settings.name,
            applied: attempt.applied,
            // What Latchkey has given is Latchkey's, also where it once was there before.
            found: if done && attempt.applied { false } else { attempt.found || (!done && row.found) },
        };
        let found = new.found;
        work::save_attempt(tx, &new, work).await?;
        let (fulfilment, identity, desired) = (row.id(), self.job.identity(), row.desired);
        let (system, entitlement) = (SystemId(row.system_id), EntitlementId(row.entitlement_id));
        let generation = row.generation;
        let body = if done {
            self.confirmed += 1;
            self.end_drift(tx, row).await?;
            EventBody::FulfilmentConfirmed { fulfilment, identity, system, entitlement, desired, generation, found }
        } else {
            self.failed += 1;
            let (attempt, outcome) = (work.attempts, attempt.outcome);
            EventBody::FulfilmentFailed {
                fulfilment,
                identity,
                system,
                entitlement,
                desired,
                generation,
                attempt,
                outcome,
            }
        };
        self.push(NewEvent::new(actor(), body).text("words", attempt.words.clone()));
        Ok(())
    }

    /// What a pass found is over, now that the system says so.
    async fn end_drift(&mut self, tx: &mut Tx, row: &FulfilmentRow) -> Result<()> {
        let (account, entitlement) = (AccountId(row.account_id), EntitlementId(row.entitlement_id));
        let event = match row.desired {
            Presence::Absent => drift::removed(tx, account, entitlement).await?,
            _ => drift::restored(tx, account, entitlement).await?,
        };
        self.events.extend(event.map(|body| NewEvent::new(actor(), body)));
        Ok(())
    }

    async fn observations(&mut self, tx: &mut Tx, findings: &Findings) -> Result<()> {
        let id = self.job.id();
        let open = observations::open_of(tx, id).await?;
        for (entitlement, held) in &findings.observed {
            let value = if *held { Presence::Present } else { Presence::Absent };
            observations::note(tx, &open, id, Some(*entitlement), value.as_str()).await?;
        }
        if findings.not_made {
            observations::close(tx, id, None).await?;
        } else if let Some(seen) = &findings.seen
            // Until Latchkey knows the account, its absence is only set down where Latchkey is about to make it.
            && (seen.observed != AccountState::Absent || seen.origin != AccountOrigin::Unknown)
        {
            observations::note(tx, &open, id, None, seen.observed.as_str()).await?;
        }
        Ok(())
    }

    async fn account(&mut self, tx: &mut Tx, before: &AccountRow, findings: &Findings) -> Result<()> {
        let Some(seen) = &findings.seen else { return Ok(()) };
        work::save_account(tx, self.job.id(), self.job.lease, seen).await?;
        if before.observed != seen.observed || before.origin != seen.origin {
            let (account, identity, system) = (self.job.id(), self.job.identity(), self.job.account.system());
            let observed = seen.observed;
            self.push(NewEvent::new(actor(), EventBody::AccountObserved { account, identity, system, observed }));
        }
        Ok(())
    }

    /// Tells holders whose access is complete or gone by this, and pages that show it.
    async fn tell(&mut self, tx: &mut Tx) -> Result<()> {
        let (identity, account) = (self.job.identity(), self.job.id());
        let since = tx.now() - NEWS;
        if self.confirmed > 0 {
            for grant in work::ready(tx, identity, account).await? {
                let request = grant.request_id.map(RequestId);
                notices::confirmed(tx, identity, GrantId(grant.grant_id), request, &grant.role_name).await?;
            }
            // Whoever left reads no mail any more.
            if self.job.who.status.may_hold() {
                for grant in work::gone(tx, identity, account, since).await? {
                    notices::ended(tx, identity, GrantId(grant.grant_id), grant.role_id, &grant.role_name, grant.trial)
                        .await?;
                }
            }
        }
        if !self.events.is_empty() {
            for request in work::requests_of(tx, identity, account, since).await? {
                tx.announce(Change::Request(request));
            }
        }
        Ok(())
    }

    /// When the account is to be looked at next: when its first work is due, or its own state is to be tried again.
    async fn due_at(&self, tx: &mut Tx, findings: &Findings) -> Result<Option<Instant>> {
        let rows = work::of_account(tx, self.job.id()).await?;
        let at = |row: &FulfilmentRow| {
            let postponed = self.postponed.iter().find(|(id, _)| *id == row.id()).map(|(_, at)| *at);
            postponed.or(row.due_at)
        };
        let first = rows.iter().map(|r| &r.row).filter(|r| is_due(r)).filter_map(at).min();
        let now = account(tx, self.job.id()).await?;
        let to_switch_off = now.desired == AccountState::Disabled
            && now.observed == AccountState::Enabled
            && now.origin != AccountOrigin::Recognised;
        let state = match &findings.state_failed {
            _ if !to_switch_off => None,
            Some(CallError::RetryLater { after, .. }) => Some(tx.now() + asked(*after).max(TimeDelta::minutes(1))),
            Some(CallError::Refused { .. } | CallError::NeedsHuman { .. }) => Some(tx.now() + LONGEST_PAUSE),
            // It was considered, and something that isn't Latchkey's to take rests on it.
            None if findings.aimed_at == Some(now.desired) => None,
            // Wanted since, or not come to.
            None => Some(tx.now()),
        };
        if let (true, Some(error)) = (to_switch_off, &findings.state_failed) {
            tracing::warn!(
                system = %self.job.system.key,
                account = %self.job.id(),
                "an account that nothing justifies any more could not be switched off on {}: {}",
                self.job.system.name,
                error.words()
            );
        }
        // Somebody asked for a look while this one went on: it may have come too late for this one to see.
        let asked_for = now.due_at.filter(|at| Some(*at) != self.job.account.due_at);
        Ok(first.into_iter().chain(state).chain(asked_for).min())
    }
}

fn asked(after: Option<Duration>) -> TimeDelta {
    after.and_then(|d| TimeDelta::from_std(d).ok()).unwrap_or_default().min(LONGEST_ASKED)
}

fn pause_after(row: &FulfilmentRow, attempt: &Attempt) -> TimeDelta {
    let usual = fulfilment::pause(row.attempts + 1, rand::random());
    let least = if attempt.no_call { LONGEST_PAUSE } else { TimeDelta::zero() };
    usual.max(least).max(asked(attempt.after))
}

/// The same failure again, which the record shows already: it is only put off. A system that is down for a day would
/// otherwise fill the log with its silence.
fn is_old_news(row: &FulfilmentRow, attempt: &Attempt, now: Instant) -> bool {
    if attempt.outcome != Outcome::RetryLater || row.last_outcome.as_deref() != Some(Outcome::RetryLater.as_str()) {
        return false;
    }
    let same = row.last_words == attempt.words;
    let lately = row.last_attempt_at.is_some_and(|at| now - at < TimeDelta::hours(1));
    row.progress == Progress::Due && ((attempt.no_call && same) || (row.attempts >= MANY && lately))
}

mod waits;

#[cfg(test)]
mod tests;
