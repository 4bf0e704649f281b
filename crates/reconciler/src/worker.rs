//! A worker: all duties of one process.

use std::{sync::Arc, time::Duration};

use futures::{FutureExt, future::BoxFuture};
use latchkey_domain::clock::Clock;
use latchkey_store::{Db, installation};
use tokio::{sync::Mutex, task::JoinSet};

use crate::{
    Connections, Expired, Mailer, OutboxPass, Pass, Report, Result, Settings, Stop, ToldPass, clock_check, duties,
    expire, follow, full_pass, health, outbox, provision, report, shared::Shared, telling,
};

/// How often connections are looked at; each is checked every minute, or every time while it fails.
const SYSTEMS: Duration = Duration::from_secs(10);
/// How often time does its part.
const EXPIRE: Duration = Duration::from_secs(5);
/// How often old things are swept, and holders reminded.
const SWEEP: Duration = Duration::from_secs(60);
/// How often grants that lag behind their role are looked for.
const FOLLOW: Duration = Duration::from_secs(60);
/// How often it is looked whether a system's turn has come to be compared whole.
const COMPARE: Duration = Duration::from_secs(5);
/// How often notices are sent.
const OUTBOX: Duration = Duration::from_secs(2);
/// How often digests that are due are looked for.
const DIGEST: Duration = Duration::from_secs(20);
/// How often other programs are told.
const TELLING: Duration = Duration::from_secs(2);
/// How often the clocks are compared.
const CLOCK: Duration = Duration::from_secs(15);
/// How often systems are compared with the database after a restore.
const REPORT: Duration = Duration::from_secs(300);

/// All background duties of one process.
pub struct Worker {
    shared: Arc<Shared>,
}

impl Worker {
    /// A worker that hasn't begun. Without a mailer notices are kept for the portal's log.
    #[must_use]
    pub fn new(
        db: Db,
        clock: Arc<dyn Clock>,
        connections: Connections,
        settings: Settings,
        mailer: Option<Arc<dyn Mailer>>,
        stop: Stop,
    ) -> Self {
        Self { shared: Arc::new(Shared::new(db, clock, connections, settings, mailer, stop)) }
    }

    /// Works until it is told to stop; then finishes the calls under way, saves what came of them, gives the leases back
    /// and returns. On PostgreSQL somebody must also run [`Db::listen`], or other processes' changes are found by looking.
    pub async fn run(&self) {
        let shared = &self.shared;
        tracing::info!(worker = %shared.id, "the worker {} starts", shared.settings.name);
        run_duties(shared).await;
        if let Err(error) = clock_check::leave(shared).await {
            tracing::warn!(worker = %shared.id, %error, "the worker could not sign off: {error}");
        }
        tracing::info!(worker = %shared.id, "the worker {} has stopped", shared.settings.name);
    }

    /// Works on everything that is due now, and tells what came of it. After a restore it only compares.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn provision(&self) -> Result<Pass> {
        if self.is_reporting().await? {
            self.report().await?;
            return Ok(Pass::default());
        }
        provision::run_all(&self.shared).await
    }

    /// Checks the connections whose turn it is.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn check_systems(&self) -> Result<()> {
        health::pass(&self.shared).await
    }

    /// Compares every connected system with the database and changes nothing anywhere but in the systems' health.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn report(&self) -> Result<Vec<Report>> {
        report::pass(&self.shared).await
    }

    /// Compares the systems whose turn it is with what was granted, whole; tells how many. After a restore none.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn compare_systems(&self) -> Result<usize> {
        compare_pass(&self.shared).await
    }

    /// Ends, starts and lapses what is due.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn expire(&self) -> Result<Expired> {
        expire::pass(&self.shared).await
    }

    /// Moves a few grants that were given from an older version of their role; tells how many.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn follow_versions(&self) -> Result<usize> {
        follow::pass(&self.shared).await
    }

    /// Sends the notices that are due.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn send_notices(&self) -> Result<OutboxPass> {
        outbox::pass(&self.shared).await
    }

    /// Puts together the digests that are due; tells for how many people. They are sent like other notices.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn put_digests_together(&self) -> Result<usize> {
        outbox::digest::pass(&self.shared).await
    }

    /// Tells other programs of the events that are due to them.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn tell(&self) -> Result<ToldPass> {
        telling::pass(&self.shared).await
    }

    /// Compares the worker's clock with the database's and gives a sign of life; tells whether it may work.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn compare_clocks(&self) -> Result<bool> {
        clock_check::pass(&self.shared).await?;
        Ok(self.shared.may_work())
    }

    async fn is_reporting(&self) -> Result<bool> {
        is_reporting(&self.shared).await
    }
}

/// The duties, each a loop of its own.
async fn run_duties(shared: &Arc<Shared>) {
    tokio::join!(
        clock_duty(shared),
        provision_duty(shared),
        when_it_may(shared, "systems", SYSTEMS, |s| async move { health::pass(&s).await.map(|()| false) }.boxed()),
        when_it_may(shared, "expire", EXPIRE, |s| async move { expire::pass(&s).await.map(Expired::is_full) }.boxed()),
        when_it_may(shared, "sweep", SWEEP, |s| async move { expire::sweep(&s).await.map(|()| false) }.boxed()),
        when_it_may(shared, "follow", FOLLOW, |s| async move { follow::pass(&s).await.map(|n| n > 0) }.boxed()),
        when_it_may(shared, "compare", COMPARE, |s| async move { compare_pass(&s).await.map(|_| false) }.boxed()),
        when_it_may(shared, "outbox", OUTBOX, |s| async move { outbox::pass(&s).await.map(OutboxPass::is_full) }
            .boxed()),
        when_it_may(shared, "digest", DIGEST, |s| {
            async move {
                outbox::digest::pass(&s)
                    .await
                    .map(|n| n >= usize::try_from(outbox::digest::BATCH).unwrap_or(usize::MAX))
            }
            .boxed()
        }),
        when_it_may(shared, "telling", TELLING, |s| async move { telling::pass(&s).await.map(ToldPass::is_full) }
            .boxed()),
    );
}

/// After a restore nothing is decided by what the systems show: then they are only reported on.
async fn compare_pass(shared: &Shared) -> Result<usize> {
    if is_reporting(shared).await? { Ok(0) } else { full_pass::pass(shared).await }
}

async fn is_reporting(shared: &Shared) -> Result<bool> {
    let row = installation::get(&mut shared.db.read().await?).await?;
    Ok(row.is_none_or(|i| i.mode != "acting"))
}

fn no_signal() -> BoxFuture<'static, ()> {
    std::future::pending().boxed()
}

async fn clock_duty(shared: &Arc<Shared>) {
    let pass = || {
        let shared = shared.clone();
        async move { clock_check::pass(&shared).await.map(|()| false) }.boxed()
    };
    duties::run("clock", CLOCK, &shared.stop, no_signal, pass).await;
}

/// A duty that is only done while the clocks agree.
async fn when_it_may(
    shared: &Arc<Shared>,
    name: &'static str,
    period: Duration,
    duty: impl Fn(Arc<Shared>) -> BoxFuture<'static, Result<bool>>,
) {
    let pass = || {
        if shared.may_work() { duty(shared.clone()) } else { std::future::ready(Ok(false)).boxed() }
    };
    duties::run(name, period, &shared.stop, no_signal, pass).await;
}

/// What the duty of provisioning remembers from pass to pass.
#[derive(Default)]
struct Provisioning {
    running: provision::Running,
    tasks: Mutex<JoinSet<()>>,
    last_report: Mutex<Option<tokio::time::Instant>>,
}

async fn provision_duty(shared: &Arc<Shared>) {
    let state = Arc::new(Provisioning::default());
    let signal = || {
        let hub = shared.db.hub().clone();
        async move { hub.work().await }.boxed()
    };
    let pass = || {
        let (shared, state) = (shared.clone(), state.clone());
        async move { provision_pass(&shared, &state).await.map(|()| false) }.boxed()
    };
    duties::run("provision", shared.settings.period, &shared.stop, signal, pass).await;
    // They heard of the stop too: each finishes the call that it is in, and saves.
    let mut tasks = state.tasks.lock().await;
    while tasks.join_next().await.is_some() {}
}

async fn provision_pass(shared: &Arc<Shared>, state: &Provisioning) -> Result<()> {
    if !shared.may_work() {
        return Ok(());
    }
    let mut last_report = state.last_report.lock().await;
    if is_reporting(shared).await? {
        if last_report.is_none_or(|at| at.elapsed() >= REPORT) {
            report::pass(shared).await?;
            *last_report = Some(tokio::time::Instant::now());
        }
        return Ok(());
    }
    *last_report = None;
    provision::start_due(shared, &state.running, &mut *state.tasks.lock().await).await
}
