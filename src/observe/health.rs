//! `/healthz`: the process lives. `/readyz`: it can do its work: the database answers, its schema is this program's, and the
//! worker works.

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use chrono::TimeDelta;
use latchkey_domain::clock::Clock;
use latchkey_reconciler::Stop;
use latchkey_store::{Db, SchemaState, work::workers};

/// A worker gives a sign of life every 15 seconds; after this long without one it isn't alive.
const SIGN_OF_LIFE: TimeDelta = TimeDelta::seconds(60);
/// A database that takes longer is not ready for people either.
const LONGEST: Duration = Duration::from_secs(3);

/// What is asked about.
#[derive(Clone)]
pub struct Health {
    /// The database.
    pub db: Db,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// The name of this process's worker; none when it has none.
    pub worker: Option<String>,
    /// Set once the process is about to end.
    pub stop: Stop,
}

impl std::fmt::Debug for Health {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Health").field("worker", &self.worker).finish_non_exhaustive()
    }
}

impl Health {
    /// The two addresses.
    pub fn routes(self) -> Router {
        Router::new()
            .route("/healthz", get(|| async { text(StatusCode::OK, "ok\n") }))
            .route("/readyz", get(ready))
            .with_state(self)
    }

    /// What keeps the process from its work; nothing when it is ready.
    pub async fn problems(&self) -> Vec<&'static str> {
        if self.stop.is_set() {
            return vec!["the process is about to end"];
        }
        tokio::time::timeout(LONGEST, self.look())
            .await
            .unwrap_or_else(|_| vec!["the database does not answer in time"])
    }

    async fn look(&self) -> Vec<&'static str> {
        let mut problems = Vec::new();
        match self.db.schema_state().await {
            Ok(SchemaState::Current) => {}
            Ok(SchemaState::Behind(_)) => problems.push("the database's schema is older than this program"),
            Ok(SchemaState::Ahead(_)) => problems.push("the database's schema is newer than this program"),
            Err(error) => {
                tracing::warn!(%error, "the database can't be reached");
                return vec!["the database can't be reached"];
            }
        }
        if let Some(name) = &self.worker
            && !self.worker_lives(name).await
        {
            problems.push("the worker gives no sign of life");
        }
        problems
    }

    async fn worker_lives(&self, name: &str) -> bool {
        let Ok(mut read) = self.db.read().await else { return false };
        let since = self.clock.now() - SIGN_OF_LIFE;
        workers::all(&mut read)
            .await
            .is_ok_and(|all| all.iter().any(|worker| worker.name == name && worker.seen_at > since))
    }
}

async fn ready(State(health): State<Health>) -> Response {
    let problems = health.problems().await;
    if problems.is_empty() {
        return text(StatusCode::OK, "ready\n");
    }
    text(StatusCode::SERVICE_UNAVAILABLE, &format!("not ready: {}\n", problems.join("; ")))
}

fn text(status: StatusCode, words: &str) -> Response {
    (status, [(header::CACHE_CONTROL, "no-store")], words.to_owned()).into_response()
}
