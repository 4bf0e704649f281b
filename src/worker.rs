//! The worker: what makes the systems match what was decided, as a part of `serve` or as `latchkey work`.

mod connections;
mod mail;
mod telling;

use std::{sync::Arc, time::Duration};

use latchkey_domain::clock::{Clock, SystemClock};
use latchkey_reconciler::{Connections, Stop, Worker};
use latchkey_store::Db;
use tokio::task::JoinHandle;

pub use connections::{connect, keep_connected};

use crate::{
    cli::{
        Failure,
        lock::{self, Held},
        open::{Opened, Schema, open},
    },
    serve::signals,
    settings::Settings,
};

/// A worker under way.
#[derive(Debug)]
pub struct Working {
    /// What it is called: unique among the processes of an installation.
    pub name: String,
    task: JoinHandle<()>,
    _lock: Option<Held>,
}

impl Working {
    /// Waits until it has ended: the calls under way are finished then, and the leases given back.
    pub async fn ended(self) {
        if let Err(error) = self.task.await {
            tracing::error!(%error, "the worker ended badly");
        }
    }
}

/// Which connections a worker uses.
#[derive(Debug)]
pub enum Connected {
    /// Those of the settings.
    BySettings,
    /// These; and the lock on a SQLite database, if it is held already.
    These {
        /// The connections.
        connections: Connections,
        /// The lock.
        lock: Option<Held>,
    },
}

/// `latchkey work`
///
/// # Errors
/// When the settings or the database can't be used, or another process works on the same SQLite database.
pub async fn run(settings: Settings) -> Result<(), Failure> {
    let stop = signals::stop()?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let opened = open(&settings, &*clock, Schema::Migrate).await?;
    let listening = tokio::spawn(listen(opened.db.clone(), stop.clone()));
    let started = start(&settings, &opened, clock, Connected::BySettings, stop.clone()).await;
    match started {
        Ok(working) => {
            working.ended().await;
            listening.abort();
            opened.db.close().await;
            Ok(())
        }
        Err(failure) => {
            opened.db.close().await;
            Err(failure)
        }
    }
}

/// Starts the worker of this process.
///
/// # Errors
/// When a connection's settings can't work, or another process works on the same SQLite database.
pub async fn start(
    settings: &Settings,
    opened: &Opened,
    clock: Arc<dyn Clock>,
    connected: Connected,
    stop: Stop,
) -> Result<Working, Failure> {
    let (by_settings, connections, held) = match connected {
        Connected::BySettings => (true, Connections::new(), None),
        Connected::These { connections, lock } => (false, connections, lock),
    };
    let lock = match held {
        Some(held) => Some(held),
        None => opened.file.as_deref().map(lock::the_worker).transpose()?,
    };
    if by_settings {
        connect(settings, &opened.db, &connections).await?;
    }
    let name = name();
    let how = latchkey_reconciler::Settings {
        name: name.clone(),
        public_url: settings.public_url.as_str().trim_end_matches('/').to_owned(),
        zone: settings.company.time_zone.name().to_owned(),
        lease: settings.worker.lease,
        targets: telling::targets(settings)?,
        ..latchkey_reconciler::Settings::default()
    };
    let mailer = mail::mailer(settings)?;
    let worker = Worker::new(opened.db.clone(), clock, connections.clone(), how, mailer, stop.clone());
    let (settings, db) = (settings.clone(), opened.db.clone());
    // The duties start tasks of their own; what holds them together needs one thread that mostly sleeps.
    let here = tokio::runtime::Handle::current();
    let task = tokio::task::spawn_blocking(move || {
        here.block_on(async move {
            if by_settings {
                tokio::select! {
                    () = worker.run() => {}
                    // Never ends by itself.
                    () = keep_connected(settings, db, connections) => {}
                }
            } else {
                worker.run().await;
            }
        });
    });
    Ok(Working { name, task, _lock: lock })
}

/// Hears what other processes on the same PostgreSQL say, and comes back when the connection breaks.
pub async fn listen(db: Db, stop: Stop) {
    let mut pause = Duration::from_millis(500);
    while !stop.is_set() {
        let began = tokio::time::Instant::now();
        tokio::select! {
            () = stop.wait() => return,
            heard = db.listen() => if let Err(error) = heard {
                tracing::warn!(%error, "listening to other processes broke off; looking by oneself goes on meanwhile");
            }
        }
        pause = if began.elapsed() > Duration::from_secs(60) {
            Duration::from_millis(500)
        } else {
            (pause * 2).min(Duration::from_secs(30))
        };
        tokio::select! { () = stop.wait() => return, () = tokio::time::sleep(pause) => {} }
    }
}

/// The host and the process.
fn name() -> String {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").ok();
    let host = host.as_deref().map(str::trim).filter(|host| !host.is_empty()).unwrap_or("host");
    format!("{host}-{}", std::process::id())
}
