//! Finding due accounts and working on them: systems beside each other, a few accounts of each at a time.

use std::{
    collections::BTreeSet,
    panic::AssertUnwindSafe,
    sync::{Arc, Mutex, PoisonError},
};

use futures::{FutureExt, StreamExt};
use latchkey_domain::{AccountId, SystemId};
use latchkey_store::{
    Change,
    systems::{self, SystemRow},
    work,
};
use tokio::task::JoinSet;

use super::{act, job, record::Recorded};
use crate::{Connection, Result, health, shared::Shared};

/// What came of a pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Pass {
    /// Accounts that were worked on.
    pub accounts: usize,
    /// Fulfilments that their system confirmed.
    pub confirmed: usize,
    /// Attempts that failed, whether they are tried again or not.
    pub failed: usize,
    /// Accounts whose outcome was dropped: somebody else had taken them over.
    pub dropped: usize,
}

impl Pass {
    fn add(&mut self, other: Self) {
        self.accounts += other.accounts;
        self.confirmed += other.confirmed;
        self.failed += other.failed;
        self.dropped += other.dropped;
    }
}

/// The systems that are being worked on.
#[derive(Debug, Default, Clone)]
pub(crate) struct Running(Arc<Mutex<BTreeSet<SystemId>>>);

impl Running {
    fn begin(&self, system: SystemId) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(system)
    }

    fn end(&self, system: SystemId) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&system);
    }
}

/// A system whose turn it is.
struct Turn {
    system: SystemRow,
    /// It failed, and answers again: what was put off because of that has its turn as well.
    answers_again: bool,
}

async fn due(shared: &Shared) -> Result<Vec<Arc<Turn>>> {
    let mut read = shared.db.read().await?;
    let due = work::due_systems(&mut read, shared.now()).await?;
    let again = shared.health.take_answering_again();
    if due.is_empty() && again.is_empty() {
        return Ok(vec![]);
    }
    let turn = |system: SystemRow| {
        let id = SystemId(system.id);
        let answers_again = again.contains(&id);
        (answers_again || due.contains(&id)).then(|| Arc::new(Turn { system, answers_again }))
    };
    Ok(systems::all(&mut read).await?.into_iter().filter_map(turn).collect())
}

/// Begins work on each system that has some and isn't being worked on: a slow system doesn't hold up the others.
pub(crate) async fn start_due(shared: &Arc<Shared>, running: &Running, tasks: &mut JoinSet<()>) -> Result<()> {
    while tasks.try_join_next().is_some() {}
    for turn in due(shared).await? {
        let id = SystemId(turn.system.id);
        if !running.begin(id) {
            if turn.answers_again {
                shared.health.answers_again(id);
            }
            continue;
        }
        let (shared, running) = (shared.clone(), running.clone());
        tasks.spawn(async move {
            let outcome = AssertUnwindSafe(one_system(&shared, &turn)).catch_unwind().await;
            running.end(id);
            let (key, name) = (&turn.system.key, &turn.system.name);
            match outcome {
                // More may have come due meanwhile.
                Ok(Ok(pass)) if pass.accounts > pass.dropped => shared.db.hub().publish(Change::Work),
                Ok(Ok(_)) => {}
                Ok(Err(error)) => {
                    tracing::error!(system = %key, %error, "the work on {name} stopped and is taken up again: {error}");
                }
                Err(_) => tracing::error!(system = %key, "the work on {name} panicked; this is a bug of Latchkey"),
            }
        });
    }
    Ok(())
}

/// Works on everything that is due, and tells what came of it.
pub(crate) async fn run_all(shared: &Shared) -> Result<Pass> {
    let turns = due(shared).await?;
    let passes = futures::future::join_all(turns.iter().map(|t| one_system(shared, t).boxed())).await;
    let mut sum = Pass::default();
    for pass in passes {
        sum.add(pass?);
    }
    Ok(sum)
}

/// Works on a system's accounts until none is due, or it is time to stop.
async fn one_system(shared: &Shared, turn: &Turn) -> Result<Pass> {
    let (id, limit) = (SystemId(turn.system.id), shared.settings.batch);
    let system = Arc::new(turn.system.clone());
    let mut sum = Pass::default();
    let mut after = None;
    while turn.answers_again && !shared.stop.is_set() {
        let mut read = shared.db.read().await?;
        let now = shared.now();
        let accounts = work::waiting_of_system(&mut read, id, now, now + job::HORIZON, after, limit).await?;
        drop(read);
        let Some(last) = accounts.last() else { break };
        after = Some(*last);
        sum.add(some_accounts(shared, &system, accounts, true).await);
    }
    while !shared.stop.is_set() {
        let mut read = shared.db.read().await?;
        let accounts = work::due_of_system(&mut read, id, shared.now(), limit).await?;
        drop(read);
        if accounts.is_empty() {
            break;
        }
        let batch = some_accounts(shared, &system, accounts, false).await;
        sum.add(batch);
        // Others took them all, or the database fails: the next signal or period looks again.
        if batch.accounts == batch.dropped {
            break;
        }
    }
    Ok(sum)
}

async fn some_accounts(shared: &Shared, system: &Arc<SystemRow>, accounts: Vec<AccountId>, put_off_too: bool) -> Pass {
    let work = accounts.into_iter().map(|account| one_account(shared, system, account, put_off_too).boxed());
    let passes: Vec<Pass> =
        futures::stream::iter(work).buffer_unordered(shared.settings.per_system.max(1)).collect().await;
    let mut sum = Pass::default();
    passes.into_iter().for_each(|p| sum.add(p));
    sum
}

/// Works on one account. Whatever goes wrong with it stays with it.
async fn one_account(shared: &Shared, system: &Arc<SystemRow>, account: AccountId, put_off_too: bool) -> Pass {
    if shared.stop.is_set() {
        return Pass::default();
    }
    let nothing = Pass { accounts: 1, dropped: 1, ..Pass::default() };
    match AssertUnwindSafe(take_and_work(shared, system, account, put_off_too)).catch_unwind().await {
        Ok(Ok(None)) => Pass::default(),
        Ok(Ok(Some(Recorded::Saved { confirmed, failed }))) => Pass { accounts: 1, confirmed, failed, dropped: 0 },
        Ok(Ok(Some(Recorded::Dropped))) => {
            tracing::warn!(
                system = %system.key,
                %account,
                "the lease on an account of {} ran out before its outcome was saved: the outcome is dropped, and whoever has it now looks again",
                system.name
            );
            nothing
        }
        Ok(Err(error)) => {
            tracing::error!(
                system = %system.key,
                %account,
                %error,
                "the work on an account of {} could not be saved; it is looked at again when its lease has run out: {error}",
                system.name
            );
            nothing
        }
        Err(_) => {
            tracing::error!(
                system = %system.key,
                %account,
                "the work on an account of {} panicked; this is a bug of Latchkey. It is looked at again when its lease has run out",
                system.name
            );
            nothing
        }
    }
}

async fn take_and_work(
    shared: &Shared,
    system: &Arc<SystemRow>,
    account: AccountId,
    put_off_too: bool,
) -> Result<Option<Recorded>> {
    let connection = shared.connections.get(&system.key);
    let length = match &connection {
        Connection::Ready(connector) => shared.settings.lease_for(connector.deadline()),
        Connection::Missing(_) => shared.settings.lease,
    };
    let Some(job) = job::claim(shared, system, account, length, put_off_too).await? else { return Ok(None) };
    let (recorded, suspicious) = act::work(shared, job, &connection).await?;
    if suspicious {
        health::suspect(shared, system, &connection).await?;
    }
    Ok(Some(recorded))
}
