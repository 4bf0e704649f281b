//! Tells other programs of events: a webhook, a chat.
//!
//! A delivery was written in the transaction of its event; it is taken by lease, sent outside any transaction, and its
//! outcome is saved. A target that doesn't take it is asked again after a pause that grows to an hour; after three days the
//! delivery is given up with the reason. A crash between the target's yes and the saving of it sends a delivery twice, with
//! the same `webhook-id`. Each target has its own queue: one that is down holds nobody else up.

mod guard;
mod message;
mod target;

use std::sync::atomic::Ordering;

use futures::future::try_join_all;
use latchkey_domain::LeaseId;
use latchkey_service::audit::sentences;
use latchkey_store::{
    StoreError, audit,
    deliveries::{self, DeliveryRow, Outcome},
};
use uuid::Uuid;

pub use message::ChatFormat;
pub use target::Target;

use crate::{
    Result,
    outbox::{GIVE_UP, LEASE, pause},
    shared::Shared,
};
use target::Refusal;

/// How many deliveries are listed at once.
const BATCH: i64 = 50;

/// What came of a pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ToldPass {
    /// The targets took these.
    pub sent: usize,
    /// These are tried again.
    pub later: usize,
    /// These were given up, or refused for good.
    pub failed: usize,
}

impl ToldPass {
    pub(crate) fn is_full(self) -> bool {
        self.sent + self.later + self.failed >= usize::try_from(BATCH).unwrap_or(usize::MAX)
    }
}

/// Writes down which targets there are, so that changes write deliveries for them.
async fn announce(shared: &Shared) -> Result<()> {
    let targets: Vec<_> = shared.settings.targets.iter().map(|t| (t.name(), t.kinds())).collect();
    let mut tx = shared.db.begin(shared.now()).await?;
    deliveries::set_targets(&mut tx, &targets).await?;
    tx.commit_bookkeeping().await?;
    Ok(())
}

/// Delivers what is due, to each target beside the other.
pub(crate) async fn pass(shared: &Shared) -> Result<ToldPass> {
    if !shared.targets_announced.load(Ordering::Acquire) {
        announce(shared).await?;
        shared.targets_announced.store(true, Ordering::Release);
    }
    let passes = try_join_all(shared.settings.targets.iter().map(|target| of_target(shared, target))).await?;
    let mut done = ToldPass::default();
    for pass in passes {
        done.sent += pass.sent;
        done.later += pass.later;
        done.failed += pass.failed;
    }
    Ok(done)
}

async fn of_target(shared: &Shared, target: &Target) -> Result<ToldPass> {
    let due = deliveries::due(&mut shared.db.read().await?, target.name(), shared.now(), BATCH).await?;
    let mut done = ToldPass::default();
    for id in due {
        if shared.stop.is_set() {
            break;
        }
        match one(shared, target, id).await? {
            Some(Outcome::Sent) => done.sent += 1,
            Some(Outcome::Later(..)) => done.later += 1,
            Some(Outcome::Failed(_)) => done.failed += 1,
            None => {}
        }
    }
    if done != ToldPass::default() {
        tracing::info!(
            to = target.name(),
            sent = done.sent,
            later = done.later,
            failed = done.failed,
            "the {} took {} deliveries; {} are tried again, {} were given up",
            target.name(),
            done.sent,
            done.later,
            done.failed
        );
    }
    Ok(done)
}

/// Takes, sends and saves one delivery; nothing when somebody else has it.
async fn one(shared: &Shared, target: &Target, id: Uuid) -> Result<Option<Outcome>> {
    let mut tx = shared.db.begin(shared.now()).await?;
    let lease = LeaseId::new(tx.now());
    let until = tx.now() + LEASE;
    let Some(delivery) = deliveries::claim(&mut tx, id, lease, until).await? else { return Ok(None) };
    tx.commit_bookkeeping().await?;

    let outcome = send(shared, target, &delivery).await?;
    let mut tx = shared.db.begin(shared.now()).await?;
    match deliveries::save(&mut tx, id, lease, &outcome).await {
        Ok(()) => tx.commit_bookkeeping().await?,
        Err(StoreError::Conflict { .. }) => {
            tracing::warn!(delivery = %id, "a delivery took longer than its lease: somebody else makes it too");
            return Ok(None);
        }
        Err(other) => return Err(other.into()),
    }
    Ok(Some(outcome))
}

async fn send(shared: &Shared, target: &Target, delivery: &DeliveryRow) -> Result<Outcome> {
    let (event, sentence) = {
        let mut read = shared.db.read().await?;
        let Some(event) = audit::get(&mut read, delivery.event_id).await? else {
            return Ok(Outcome::Failed("Its event is not there.".to_owned()));
        };
        let sentence = sentences::without_own_words(&mut read, &event).await?;
        (event, sentence)
    };
    let Ok(envelope) = event.envelope() else {
        return Ok(Outcome::Failed("Its event was written by a newer version.".to_owned()));
    };
    let id = delivery.id.to_string();
    let now = shared.now();
    Ok(match target.tell(&id, now, &envelope, &sentence, &shared.settings.public_url).await {
        Ok(()) => Outcome::Sent,
        Err(Refusal::Never(why)) => {
            tracing::warn!(delivery = %id, "a delivery was refused for good: {why}");
            Outcome::Failed(why)
        }
        Err(Refusal::Later(why)) if now - delivery.created_at >= GIVE_UP => {
            tracing::warn!(delivery = %id, "a delivery was given up after three days: {why}");
            Outcome::Failed(format!("Given up after three days: {why}"))
        }
        Err(Refusal::Later(why)) => Outcome::Later(now + pause(delivery.attempts + 1), why),
    })
}
