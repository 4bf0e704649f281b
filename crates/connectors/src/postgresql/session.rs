//! One connection, kept between calls and replaced when it has gone bad.

use std::{
    future::Future,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use tokio::time::timeout;
use tokio_postgres::{Client, Config, Error, NoTls, Row, config::SslMode, types::ToSql, types::Type};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::{fault, settings::Checked};
use crate::CallError;

/// A connection that rested longer than this is asked something small before it is trusted.
const RESTED: Duration = Duration::from_secs(30);
/// How long that question may take.
const PROBE: Duration = Duration::from_secs(2);

/// A connected client, and what the server said of itself.
pub(crate) struct Live {
    client: Client,
    /// The major version.
    pub(super) major: u32,
    /// The version in full.
    pub(super) version: String,
}

/// The cluster, with at most one kept connection. Statements of several calls may share it: each is one transaction by itself.
pub(crate) struct Session {
    pub(super) to: Arc<Checked>,
    /// The database, if it isn't the connection's own.
    database: Option<String>,
    kept: Mutex<Option<(Arc<Live>, Instant)>>,
}

impl Session {
    /// A session that connects when it is first used.
    pub(crate) const fn new(to: Arc<Checked>) -> Self {
        Self { to, database: None, kept: Mutex::new(None) }
    }

    /// A session in another database.
    pub(super) fn of(to: Arc<Checked>, database: &str) -> Self {
        Self { to, database: Some(database.to_owned()), kept: Mutex::new(None) }
    }

    /// A connection that answers.
    pub(super) async fn live(&self) -> Result<Arc<Live>, CallError> {
        if let Some(live) = self.still_good().await {
            return Ok(live);
        }
        let live = Arc::new(self.connect().await?);
        self.keep(Some((live.clone(), Instant::now())));
        Ok(live)
    }

    /// Forgets the kept connection; statements that still run on it end by themselves.
    pub(crate) fn reset(&self) {
        self.keep(None);
    }

    fn keep(&self, kept: Option<(Arc<Live>, Instant)>) {
        *self.kept.lock().unwrap_or_else(PoisonError::into_inner) = kept;
    }

    async fn still_good(&self) -> Option<Arc<Live>> {
        let (live, rested) = {
            let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
            let (live, used) = kept.as_mut()?;
            let rested = used.elapsed();
            *used = Instant::now();
            (live.clone(), rested)
        };
        if live.client.is_closed() {
            return None;
        }
        if rested > RESTED {
            timeout(PROBE, live.client.check_connection()).await.ok()?.ok()?;
        }
        Some(live)
    }

    async fn connect(&self) -> Result<Live, CallError> {
        let Checked { settings, secret, tls, timeout } = &*self.to;
        let dbname = self.database.as_ref().unwrap_or(&settings.dbname);
        let doing = match &self.database {
            None => format!("Connecting to PostgreSQL at {} as {}", self.place(), settings.user),
            Some(name) => format!("Connecting to the database {name} at {} as {}", self.place(), settings.user),
        };
        let mut config = Config::new();
        config
            .host(&settings.host)
            .port(settings.port)
            .dbname(dbname)
            .user(&settings.user)
            .application_name("latchkey")
            .connect_timeout(*timeout)
            .keepalives_idle(RESTED);
        if let Some(secret) = secret {
            config.password(secret.read().map_err(CallError::needs_human)?.expose());
        }
        let connected = match tls {
            Some(tls) => {
                config.ssl_mode(SslMode::Require);
                let tls = MakeRustlsConnect::new((**tls).clone());
                let (client, connection) = config.connect(tls).await.map_err(|error| fault::of(&error, &doing))?;
                let version = connection.parameter("server_version").unwrap_or_default().to_owned();
                drive(connection);
                (client, version)
            }
            None => {
                config.ssl_mode(SslMode::Disable);
                let (client, connection) = config.connect(NoTls).await.map_err(|error| fault::of(&error, &doing))?;
                let version = connection.parameter("server_version").unwrap_or_default().to_owned();
                drive(connection);
                (client, version)
            }
        };
        let (client, version) = connected;
        // Only the catalog's own functions and tables are meant, whatever the database holds; no statement outlives its call.
        let milliseconds = timeout.as_millis();
        let prepare = format!(
            "SET search_path = pg_catalog, pg_temp; SET statement_timeout = {milliseconds}; SET lock_timeout = {milliseconds}; \
             SET client_min_messages = warning"
        );
        client.batch_execute(&prepare).await.map_err(|error| fault::of(&error, &doing))?;
        let major =
            version.split(|c: char| !c.is_ascii_digit()).next().and_then(|digits| digits.parse().ok()).unwrap_or(0);
        Ok(Live { client, major, version })
    }

    /// Host and port, for words.
    pub(crate) fn place(&self) -> String {
        format!("{}:{}", self.to.settings.host, self.to.settings.port)
    }

    /// Rows of a query.
    pub(super) async fn rows(
        &self,
        sql: &str,
        parameters: &[(&(dyn ToSql + Sync), Type)],
        doing: &str,
    ) -> Result<Vec<Row>, CallError> {
        let live = self.live().await?;
        live.client.query_typed(sql, parameters).await.map_err(|error| self.lost(&error, doing))
    }

    /// Statements without parameters, together in one transaction. The database's own error is handed back beside its meaning.
    pub(crate) async fn run(&self, sql: &str, doing: &str) -> Result<(), (Option<Error>, CallError)> {
        let live = self.live().await.map_err(|error| (None, error))?;
        live.client.batch_execute(sql).await.map_err(|error| {
            let meaning = self.lost(&error, doing);
            (Some(error), meaning)
        })
    }

    fn lost(&self, error: &Error, doing: &str) -> CallError {
        // Without words of the server's, or with those that it says before it hangs up (57P01 and the like), the connection is over.
        if error.as_db_error().is_none_or(|said| said.code().code().starts_with("57P")) {
            self.reset();
        }
        fault::of(error, doing)
    }
}

fn drive(connection: impl Future<Output = Result<(), Error>> + Send + 'static) {
    tokio::spawn(async move {
        if let Err(error) = connection.await {
            tracing::debug!("a PostgreSQL connection ended: {error}");
        }
    });
}
