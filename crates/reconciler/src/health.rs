//! How the systems are: each connection is checked every minute, and more often while it fails.
//!
//! While a check fails, the accounts of that system aren't called one by one only to run into the same wall: they get the
//! check's words as their outcome. When it answers again, its waiting accounts have their turn at once.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use futures::{FutureExt, StreamExt};
use latchkey_connectors::{CallError, Connector};
use latchkey_domain::{SystemId, system::SystemKind};
use latchkey_store::{
    Change, installation,
    systems::{self, SystemRow},
};
use tokio::time::Instant;

use crate::{Connection, Result, shared::Shared};

/// How often a system that answers is checked.
const EVERY: Duration = Duration::from_secs(60);
/// A check younger than this is believed.
const FRESH: Duration = Duration::from_secs(2);
/// How many systems are checked at the same time.
const AT_ONCE: usize = 8;

/// What was last found, per system.
#[derive(Default)]
pub(crate) struct HealthBook(Mutex<HashMap<SystemId, Arc<Entry>>>);

#[derive(Default)]
struct Entry {
    known: Mutex<Known>,
    /// One check at a time.
    checking: tokio::sync::Mutex<()>,
    /// It failed, and answers again: what was put off has its turn now.
    answers_again: AtomicBool,
}

#[derive(Default, Clone)]
struct Known {
    failing: Option<String>,
    checked: Option<Instant>,
}

impl Known {
    fn younger_than(&self, age: Duration) -> bool {
        self.checked.is_some_and(|at| at.elapsed() < age)
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl HealthBook {
    fn entry(&self, system: SystemId) -> Arc<Entry> {
        locked(&self.0).entry(system).or_default().clone()
    }

    /// Tells once more that a system answers again: its turn comes later.
    pub fn answers_again(&self, system: SystemId) {
        self.entry(system).answers_again.store(true, Ordering::Release);
    }

    /// The systems that answer again, each told once.
    pub fn take_answering_again(&self) -> Vec<SystemId> {
        let entries = locked(&self.0);
        let again = entries.iter().filter(|(_, entry)| entry.answers_again.swap(false, Ordering::AcqRel));
        again.map(|(id, _)| *id).collect()
    }

    /// The words of the last check, if it failed.
    pub fn failing(&self, system: SystemId) -> Option<String> {
        locked(&self.entry(system).known).failing.clone()
    }
}

/// A call with an end: a connector keeps its deadline itself, and this holds it to that.
pub(crate) async fn bounded<T>(
    connector: &dyn Connector,
    call: impl Future<Output = std::result::Result<T, CallError>>,
) -> std::result::Result<T, CallError> {
    let most = connector.deadline() + Duration::from_secs(1);
    tokio::time::timeout(most, call).await.unwrap_or_else(|_| {
        Err(CallError::retry_later(format!("The system did not answer within {} seconds.", most.as_secs())))
    })
}

/// Checks one system and saves what was found.
async fn check(shared: &Shared, system: &SystemRow, connection: &Connection) -> Result<()> {
    let entry = shared.health.entry(SystemId(system.id));
    let (state, words, failing) = match connection {
        Connection::Missing(why) => ("not_connected", not_connected(why), None),
        Connection::Ready(connector) => match bounded(connector.as_ref(), connector.check()).await {
            Ok(health) => ("healthy", format!("{}. {}", health.product.trim_end_matches('.'), health.words), None),
            Err(error) => ("failing", error.words().to_owned(), Some(error.words().to_owned())),
        },
    };
    *locked(&entry.known) = Known { failing, checked: Some(Instant::now()) };
    save(shared, system, state, &words).await
}

/// Why nothing happens on a system without a connection.
pub(crate) fn not_connected(why: &str) -> String {
    format!("Not connected: {why}")
}

async fn save(shared: &Shared, system: &SystemRow, state: &str, words: &str) -> Result<()> {
    let id = SystemId(system.id);
    let mut tx = shared.db.begin(shared.now()).await?;
    let before = systems::health(&mut tx).await?.into_iter().find(|h| h.system_id == system.id).map(|h| h.state);
    let changed = before.as_deref() != Some(state);
    let reporting = installation::get(&mut tx).await?.is_some_and(|i| i.mode == "reporting");
    if reporting && !changed && state == "healthy" {
        // After a restore the words tell what differs; that it still answers is no news beside that.
        tx.rollback().await?;
        return Ok(());
    }
    systems::record_health(&mut tx, id, state, words, false).await?;
    // Nobody looked before: then nobody was put off because of it.
    if before.is_some() && changed && state == "healthy" {
        shared.health.answers_again(id);
        tx.announce(Change::Work);
    }
    tx.commit_bookkeeping().await?;
    if changed {
        let (key, name) = (&system.key, &system.name);
        match state {
            "healthy" => tracing::info!(system = %key, "{name} answers: {words}"),
            "failing" => tracing::warn!(system = %key, "{name} doesn't answer as it should: {words}"),
            _ => tracing::warn!(system = %key, "{name} is not connected: its access changes wait"),
        }
    }
    Ok(())
}

/// Checks every system whose turn it is.
pub(crate) async fn pass(shared: &Shared) -> Result<()> {
    let mut all = systems::all(&mut shared.db.read().await?).await?;
    all.retain(|s| s.kind != SystemKind::Latchkey);
    let checks = all.into_iter().map(|system| check_if_due(shared, system).boxed());
    let outcomes: Vec<Result<()>> = futures::stream::iter(checks).buffer_unordered(AT_ONCE).collect().await;
    outcomes.into_iter().collect()
}

async fn check_if_due(shared: &Shared, system: SystemRow) -> Result<()> {
    let connection = shared.connections.get(&system.key);
    if system.retired_at.is_some() && matches!(connection, Connection::Missing(_)) {
        return Ok(());
    }
    let entry = shared.health.entry(SystemId(system.id));
    let known = locked(&entry.known).clone();
    if known.failing.is_none() && known.younger_than(EVERY) {
        return Ok(());
    }
    let _one = entry.checking.lock().await;
    check(shared, &system, &connection).await
}

/// A call to the system failed for now: is it the system, or only this account?
pub(crate) async fn suspect(shared: &Shared, system: &SystemRow, connection: &Connection) -> Result<()> {
    let entry = shared.health.entry(SystemId(system.id));
    let _one = entry.checking.lock().await;
    if locked(&entry.known).younger_than(FRESH) {
        return Ok(());
    }
    check(shared, system, connection).await
}
