//! The other databases of the cluster: a connection for each, opened when it is needed and let go soon after.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use tokio::time::sleep;
use tokio_postgres::types::Type;

use super::{session::Session, settings::Checked};
use crate::CallError;

/// How long a connection that isn't used is kept. Nobody can drop, rename or copy a database that somebody is connected to.
const IDLE: Duration = Duration::from_secs(5);
/// The most databases that are connected to at once.
const MOST: usize = 8;

type Open = Mutex<HashMap<String, (Arc<Session>, Instant)>>;

/// The cluster: the connection's own database, and the others.
pub(super) struct Cluster {
    /// For everything that belongs to the whole cluster.
    pub(super) main: Session,
    to: Arc<Checked>,
    others: Arc<Open>,
}

impl Cluster {
    pub(super) fn new(to: Checked) -> Self {
        let to = Arc::new(to);
        Self { main: Session::new(to.clone()), to, others: Arc::default() }
    }

    /// Forgets every kept connection.
    pub(super) fn reset(&self) {
        self.main.reset();
        lock(&self.others).clear();
    }

    /// Whether there is such a database, and it takes connections.
    pub(super) async fn has(&self, database: &str) -> Result<bool, CallError> {
        let sql = "SELECT 1 FROM pg_database WHERE datname = $1 AND datallowconn";
        let doing = format!("Looking for the database {database}");
        Ok(!self.main.rows(sql, &[(&database, Type::TEXT)], &doing).await?.is_empty())
    }

    /// The session in a database. It connects when it is first used, and the connection ends when this wasn't asked for again for a while.
    pub(super) fn of(&self, database: &str) -> Arc<Session> {
        let mut open = lock(&self.others);
        if let Some((session, used)) = open.get_mut(database) {
            *used = Instant::now();
            return session.clone();
        }
        if open.len() >= MOST {
            let oldest = open.iter().min_by_key(|(_, (_, used))| *used).map(|(name, _)| name.clone());
            oldest.map(|name| open.remove(&name));
        }
        let session = Arc::new(Session::of(self.to.clone(), database));
        open.insert(database.to_owned(), (session.clone(), Instant::now()));
        let (weak, name, watched) = (Arc::downgrade(&self.others), database.to_owned(), Arc::downgrade(&session));
        tokio::spawn(async move {
            loop {
                sleep(IDLE).await;
                let Some(open) = weak.upgrade() else { return };
                let mut open = lock(&open);
                // Another of the same name may have taken its place: that one is watched by its own.
                let ours =
                    |(session, _): &&(Arc<Session>, Instant)| std::ptr::eq(Arc::as_ptr(session), watched.as_ptr());
                match open.get(&name).filter(ours) {
                    Some((_, used)) if used.elapsed() < IDLE => {}
                    Some(_) => {
                        open.remove(&name);
                        return;
                    }
                    None => return,
                }
            }
        });
        session
    }
}

fn lock(open: &Open) -> MutexGuard<'_, HashMap<String, (Arc<Session>, Instant)>> {
    open.lock().unwrap_or_else(PoisonError::into_inner)
}
