//! Opening a database of either kind.

use std::{str::FromStr, sync::Arc, time::Duration};

use latchkey_domain::Instant;
use sqlx::{
    PgPool, Postgres, Sqlite, SqlitePool,
    pool::PoolConnection,
    postgres::{PgConnectOptions, PgListener, PgPoolOptions},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};
use tokio::sync::Semaphore;

use crate::{
    AsConn, Change, ConnRef, EventKey, Hub, StoreError, StoreResult,
    tx::{Kind, Tx, TxInner},
};

/// How long a connection, or the turn to write, is waited for.
const LONGEST_WAIT: Duration = Duration::from_secs(20);

/// Where the database is: `sqlite:PATH` or `postgres://…`.
#[derive(Clone)]
pub enum Url {
    /// A file; made when it isn't there.
    Sqlite(std::path::PathBuf),
    /// A server.
    Postgres(Box<PgConnectOptions>),
}

impl std::fmt::Debug for Url {
    // A URL of a server can hold a password (promise 11).
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "sqlite:{}", path.display()),
            Self::Postgres(o) => {
                write!(f, "postgres://{}:{}/{}", o.get_host(), o.get_port(), o.get_database().unwrap_or(""))
            }
        }
    }
}

impl FromStr for Url {
    type Err = String;

    fn from_str(s: &str) -> Result<Self, Self::Err> {
        if let Some(path) = s.strip_prefix("sqlite:") {
            let path = path.strip_prefix("//").unwrap_or(path);
            if path.is_empty() {
                return Err("after `sqlite:` comes the path of a file".to_owned());
            }
            return Ok(Self::Sqlite(path.into()));
        }
        if s.starts_with("postgres://") || s.starts_with("postgresql://") {
            return PgConnectOptions::from_str(s)
                .map(|o| Self::Postgres(Box::new(o)))
                .map_err(|_| "it can't be read as postgres://USER:PASSWORD@HOST:PORT/DATABASE".to_owned());
        }
        Err("it must start with `sqlite:` or `postgres://`".to_owned())
    }
}

#[derive(Clone)]
pub(crate) enum Pools {
    // SQLite has one writer: who holds the turn writes, and the others wait in line here instead of failing there. Two
    // connections take turns, because how a commit reaches the disk is a setting of the connection.
    Sqlite { read: SqlitePool, write: SqlitePool, notes: SqlitePool, turn: Arc<Semaphore> },
    Postgres(PgPool),
}

/// An open database. Cheap to clone.
#[derive(Clone)]
pub struct Db {
    pub(crate) pools: Pools,
    key: EventKey,
    hub: Hub,
}

impl std::fmt::Debug for Db {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.is_postgres() { "Db(postgres)" } else { "Db(sqlite)" })
    }
}

impl Db {
    /// Opens the database without touching its schema.
    ///
    /// # Errors
    /// When it can't be reached.
    pub async fn open(url: &Url, key: EventKey) -> StoreResult<Self> {
        Self::open_sized(url, key, 16).await
    }

    /// Opens the database with at most `connections` connections for reading (SQLite) or altogether (PostgreSQL).
    ///
    /// # Errors
    /// When it can't be reached.
    pub async fn open_sized(url: &Url, key: EventKey, connections: u32) -> StoreResult<Self> {
        let pools = match url {
            Url::Sqlite(path) => {
                let options = SqliteConnectOptions::new()
                    .filename(path)
                    .create_if_missing(true)
                    .journal_mode(SqliteJournalMode::Wal)
                    // What was accepted survives a power cut (promise 10).
                    .synchronous(SqliteSynchronous::Full)
                    .foreign_keys(true)
                    .busy_timeout(Duration::from_secs(10))
                    .pragma("mmap_size", "268435456")
                    .pragma("cache_size", "-8000")
                    .pragma("temp_store", "memory")
                    .optimize_on_close(true, None)
                    .statement_cache_capacity(256);
                let one = || {
                    SqlitePoolOptions::new()
                        .max_connections(1)
                        .acquire_timeout(LONGEST_WAIT)
                        .idle_timeout(None)
                        .max_lifetime(None)
                        .test_before_acquire(false)
                };
                let write = one().connect_with(options.clone()).await?;
                // Opened when it is first needed.
                let notes = one().connect_lazy_with(options.clone().synchronous(SqliteSynchronous::Normal));
                let read = SqlitePoolOptions::new()
                    .max_connections(connections.clamp(1, 8))
                    .min_connections(1)
                    .idle_timeout(Some(Duration::from_secs(60)))
                    .max_lifetime(None)
                    .test_before_acquire(false)
                    .connect_with(options.create_if_missing(false).pragma("query_only", "on"))
                    .await?;
                Pools::Sqlite { read, write, notes, turn: Arc::new(Semaphore::new(1)) }
            }
            Url::Postgres(options) => Pools::Postgres(
                PgPoolOptions::new()
                    .max_connections(connections)
                    .acquire_timeout(LONGEST_WAIT)
                    .test_before_acquire(false)
                    .connect_with(options.as_ref().clone().application_name("latchkey").statement_cache_capacity(256))
                    .await?,
            ),
        };
        Ok(Self { pools, key, hub: Hub::default() })
    }

    /// Runs on PostgreSQL.
    #[must_use]
    pub const fn is_postgres(&self) -> bool {
        matches!(self.pools, Pools::Postgres(_))
    }

    /// Where committed changes are announced.
    #[must_use]
    pub const fn hub(&self) -> &Hub {
        &self.hub
    }

    /// The key that events are signed with.
    #[must_use]
    pub const fn event_key(&self) -> &EventKey {
        &self.key
    }

    /// A connection for reading.
    ///
    /// # Errors
    /// When none is free in time.
    pub async fn read(&self) -> StoreResult<Read> {
        Ok(Read(match &self.pools {
            Pools::Sqlite { read, .. } => ReadInner::Sqlite(read.acquire().await?),
            Pools::Postgres(pool) => ReadInner::Postgres(pool.acquire().await?),
        }))
    }

    /// A write transaction; `now` is the time of everything in it.
    ///
    /// # Errors
    /// When the database is busy for too long.
    pub async fn begin(&self, now: Instant) -> StoreResult<Tx> {
        self.begin_as(now, Kind::Change).await
    }

    /// A transaction for what may be lost in a power cut: that a session was used, what the next page says once. It can only
    /// end with [`Tx::commit_bookkeeping`], which then doesn't wait for the disk
    /// on SQLite.
    ///
    /// # Errors
    /// When the database is busy for too long.
    pub async fn begin_note(&self, now: Instant) -> StoreResult<Tx> {
        self.begin_as(now, Kind::Note).await
    }

    async fn begin_as(&self, now: Instant, kind: Kind) -> StoreResult<Tx> {
        crate::query::count();
        let inner = match &self.pools {
            Pools::Sqlite { write, notes, turn, .. } => {
                let turn = Arc::clone(turn).acquire_owned();
                let Ok(Ok(turn)) = tokio::time::timeout(LONGEST_WAIT, turn).await else {
                    return Err(sqlx::Error::PoolTimedOut.into());
                };
                let pool = if kind == Kind::Note { notes } else { write };
                // A plain BEGIN that reads and then writes fails at once when another wrote in between.
                TxInner::Sqlite(pool.begin_with("begin immediate").await?, turn)
            }
            // Saying so would cost more there than it saves.
            Pools::Postgres(pool) => TxInner::Postgres(pool.begin().await?),
        };
        Ok(Tx::new(inner, kind, now, self.key.clone(), self.hub.clone()))
    }

    /// Repeats what other processes announce, until the connection ends. On SQLite there is only this process: it never returns.
    ///
    /// # Errors
    /// When the connection breaks; call it again after a pause.
    pub async fn listen(&self) -> StoreResult<()> {
        let Pools::Postgres(pool) = &self.pools else { return std::future::pending().await };
        let mut listener = PgListener::connect_with(pool).await?;
        listener.listen("latchkey").await?;
        // Whatever was said while nobody listened is found by looking.
        self.hub.publish(Change::Work);
        loop {
            let message = listener.recv().await?;
            if let Some(change) = Change::from_payload(message.payload()) {
                self.hub.publish(change);
            }
        }
    }

    /// Writes a whole, consistent copy of a SQLite database to `file`, which must not exist.
    ///
    /// # Errors
    /// On PostgreSQL (its own tools do that), or when the file can't be written.
    pub async fn backup_sqlite(&self, file: &std::path::Path) -> StoreResult<()> {
        let Pools::Sqlite { write, .. } = &self.pools else {
            return Err(StoreError::Misuse("this is for SQLite; use pg_dump for PostgreSQL"));
        };
        let name = file.to_string_lossy().into_owned();
        sqlx::query("vacuum into $1").bind(name).execute(write).await?;
        Ok(())
    }

    /// Closes every connection; SQLite then folds its write-ahead log into the file.
    pub async fn close(&self) {
        match &self.pools {
            Pools::Sqlite { read, write, notes, .. } => {
                read.close().await;
                notes.close().await;
                write.close().await;
            }
            Pools::Postgres(pool) => pool.close().await,
        }
    }
}

/// A connection for reading. On SQLite it can't write.
pub struct Read(ReadInner);

enum ReadInner {
    Sqlite(PoolConnection<Sqlite>),
    Postgres(PoolConnection<Postgres>),
}

impl AsConn for Read {
    fn conn(&mut self) -> ConnRef<'_> {
        match &mut self.0 {
            ReadInner::Sqlite(c) => ConnRef::Sqlite(c),
            ReadInner::Postgres(c) => ConnRef::Postgres(c),
        }
    }
}
