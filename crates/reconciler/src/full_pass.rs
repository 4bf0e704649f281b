//! Full passes: on a schedule, or when somebody asks, everything that a system holds is read and compared with what was
//! granted. What differs is listed; accounts of ours that are otherwise than they were last seen are looked at by the loop that
//! provisions. A pass only reads: whatever follows from it is decided by the system's rule or by people, and done elsewhere.

mod compare;
mod read;
mod removals;

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use chrono::TimeDelta;
use futures::{FutureExt, StreamExt};
use latchkey_connectors::Connector;
use latchkey_domain::{IdentityId, Instant, LeaseId, PassId, SystemId, system::SystemKind};
use latchkey_service::drift::found::{self, Making};
use latchkey_store::{
    passes::{self, PassProgress, PassRow},
    systems::{self, SystemRow},
};

use crate::{Connection, Result, shared::Shared};
use read::Stopped;

/// How many systems are compared at the same time.
const AT_ONCE: usize = 2;
/// How long a pass is claimed for; renewed all the while.
const LEASE: TimeDelta = TimeDelta::seconds(60);
/// How often it says how far it is.
const PROGRESS: Duration = Duration::from_secs(2);
/// After what time a pass that failed is made again.
const AGAIN: TimeDelta = TimeDelta::minutes(15);

/// What a pass says that Latchkey itself kept from its end.
const DATABASE_FAILED: &str = "What was found couldn\u{2019}t be written down. The next pass begins anew.";

/// Compares the systems whose turn it is, goes on with passes that somebody let go on, and removes what was decided and isn't
/// on an account of ours. Tells how many systems were compared.
pub(crate) async fn pass(shared: &Shared) -> Result<usize> {
    found::carry_on(&shared.db, shared.clock.as_ref()).await?;
    removals::pass(shared).await?;
    let due = due(shared).await?;
    let passes = due.into_iter().map(|(system, by)| one_system(shared, system, by).boxed());
    let made: Vec<Result<bool>> = futures::stream::iter(passes).buffer_unordered(AT_ONCE).collect().await;
    let mut all = 0;
    for one in made {
        all += usize::from(one?);
    }
    Ok(all)
}

/// The systems whose turn it is, each with whoever asked for it.
async fn due(shared: &Shared) -> Result<Vec<(SystemRow, Option<IdentityId>)>> {
    let now = shared.now();
    let mut c = shared.db.read().await?;
    let all = systems::all(&mut c).await?;
    let newest = passes::newest(&mut c).await?;
    let wanted = passes::wanted(&mut c).await?;
    drop(c);
    let turn = |system: &SystemRow| {
        let last = newest.iter().find(|pass| pass.system_id == system.id);
        last.is_none_or(|pass| next_after(pass, system) <= now)
    };
    let mut due = Vec::new();
    for system in all {
        let reachable = matches!(shared.connections.get(&system.key), Connection::Ready(_))
            && shared.health.failing(SystemId(system.id)).is_none();
        if system.kind == SystemKind::Latchkey || system.retired_at.is_some() || !reachable {
            continue;
        }
        let asked = wanted.iter().find(|(id, _)| id.0 == system.id);
        if asked.is_some() || turn(&system) {
            due.push((system, asked.and_then(|(_, by)| *by)));
        }
    }
    Ok(due)
}

/// When a system is compared again after this pass.
fn next_after(pass: &PassRow, system: &SystemRow) -> Instant {
    let every = TimeDelta::hours(i64::from(system.pass_rule().every_hours));
    match pass.state.as_str() {
        "running" => pass.lease_until.unwrap_or(pass.started_at),
        "failed" => pass.started_at + every.min(AGAIN),
        _ => pass.started_at + every,
    }
}

/// Makes one pass; tells whether it was this worker's to make.
async fn one_system(shared: &Shared, system: SystemRow, by: Option<IdentityId>) -> Result<bool> {
    let Connection::Ready(connector) = shared.connections.get(&system.key) else { return Ok(false) };
    let now = shared.now();
    let lease = LeaseId::new(now);
    let mut tx = shared.db.begin(now).await?;
    let pass = passes::begin(&mut tx, SystemId(system.id), by, lease, now + LEASE).await?;
    tx.commit_bookkeeping().await?;
    let Some(pass) = pass else { return Ok(false) };
    let making = Making { pass, lease };
    match compare(shared, connector.as_ref(), &system, making).await {
        Ok(findings) => {
            let written = found::write(&shared.db, shared.clock.as_ref(), making, &system, &findings).await;
            let totals = match written {
                Ok(totals) => totals,
                Err(error) => {
                    give_up(shared, making, DATABASE_FAILED).await?;
                    return Err(error);
                }
            };
            tracing::info!(
                system = %system.key,
                accounts = totals.accounts,
                found = totals.found,
                gone = totals.gone,
                "compared {} with what was granted: {} new, {} over",
                system.name,
                totals.found,
                totals.gone
            );
        }
        Err(Stopped::Told) => {
            give_up(shared, making, "The worker was told to stop. The next pass begins anew.").await?
        }
        Err(Stopped::Lost) => {}
        Err(Stopped::Call(error)) => {
            tracing::warn!(system = %system.key, "{} could not be compared: {}", system.name, error.words());
            give_up(shared, making, error.words()).await?;
        }
        Err(Stopped::Failed(error)) => {
            give_up(shared, making, DATABASE_FAILED).await?;
            return Err(error);
        }
    }
    Ok(true)
}

async fn give_up(shared: &Shared, making: Making, words: &str) -> Result<()> {
    let mut tx = shared.db.begin(shared.now()).await?;
    passes::failed(&mut tx, making.pass, making.lease, words).await?;
    tx.commit_bookkeeping().await?;
    Ok(())
}

/// How far a pass is, as its reading says it.
#[derive(Default)]
struct Progress {
    lines: AtomicUsize,
    before: AtomicUsize,
    done: AtomicUsize,
    of: AtomicUsize,
    reading: std::sync::Mutex<String>,
}

impl Progress {
    /// Something else is read from now on.
    fn reads(&self, what: &str, done: usize, of: usize) {
        self.before.store(self.lines.load(Ordering::Relaxed), Ordering::Relaxed);
        self.done.store(done, Ordering::Relaxed);
        self.of.store(of, Ordering::Relaxed);
        what.clone_into(&mut self.reading.lock().unwrap_or_else(std::sync::PoisonError::into_inner));
    }

    /// So many lines of it were read.
    fn heard(&self, lines: usize) {
        self.lines.store(self.before.load(Ordering::Relaxed) + lines, Ordering::Relaxed);
    }

    fn now(&self) -> PassProgress {
        let number = |n: &AtomicUsize| i64::try_from(n.load(Ordering::Relaxed)).unwrap_or(i64::MAX);
        PassProgress {
            reading: self.reading.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone(),
            lines: number(&self.lines),
            done: number(&self.done),
            of: number(&self.of),
        }
    }
}

/// Reads and compares, and meanwhile keeps the pass and says how far it is.
async fn compare(
    shared: &Shared,
    connector: &dyn Connector,
    system: &SystemRow,
    making: Making,
) -> std::result::Result<found::Findings, Stopped> {
    let progress = Arc::new(Progress::default());
    progress.reads("accounts", 0, 0);
    let reading = read::system(shared, connector, system, &progress);
    tokio::select! {
        found = reading => found,
        stopped = keep(shared, making.pass, making.lease, &progress) => Err(stopped),
        () = shared.stop.wait() => Err(Stopped::Told),
    }
}

/// Ends when the pass isn't this worker's any more.
async fn keep(shared: &Shared, pass: PassId, lease: LeaseId, progress: &Progress) -> Stopped {
    loop {
        tokio::time::sleep(PROGRESS).await;
        let kept = async {
            let now = shared.now();
            let mut tx = shared.db.begin(now).await?;
            let kept = passes::keep(&mut tx, pass, lease, now + LEASE, &progress.now()).await?;
            tx.commit_bookkeeping().await?;
            Ok::<bool, latchkey_service::ServiceError>(kept)
        };
        match kept.await {
            Ok(true) => {}
            Ok(false) => return Stopped::Lost,
            Err(error) => return Stopped::Failed(error),
        }
    }
}
