//! Numbers that whoever watches over the installation wants to see. Each is counted by an index, and none beyond [`COUNTED`].

use latchkey_domain::Instant;
use sqlx::FromRow;

use crate::{AsConn, Db, StoreResult, connection::Pools};

/// Counting stops here: more than this is "very many".
pub const COUNTED: i64 = 100_000;

/// Connections to the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pool {
    /// Which of them: `read` and `write` on SQLite, `all` on PostgreSQL.
    pub name: &'static str,
    /// Open now.
    pub open: u32,
    /// Open and free.
    pub idle: u32,
    /// The most that may be open.
    pub most: u32,
}

impl Db {
    /// The connections to the database.
    #[must_use]
    pub fn pool_gauges(&self) -> Vec<Pool> {
        fn of<D: sqlx::Database>(name: &'static str, pool: &sqlx::Pool<D>) -> Pool {
            let idle = u32::try_from(pool.num_idle()).unwrap_or(u32::MAX);
            Pool { name, open: pool.size(), idle, most: pool.options().get_max_connections() }
        }
        match &self.pools {
            Pools::Sqlite { read, write, .. } => vec![of("read", read), of("write", write)],
            Pools::Postgres(pool) => vec![of("all", pool)],
        }
    }
}

/// What there is of something.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct Gauge {
    /// Of what: `sessions`, `accounts_due`, `fulfilments`, `notices`, `deliveries`, `requests_waiting`, `attempts`
    /// of the last hour.
    pub what: String,
    /// In which state; empty where there is one alone.
    pub state: String,
    /// How many.
    pub number: i64,
}

/// Counts what there is now.
///
/// # Errors
/// When the database fails.
pub async fn all(c: &mut impl AsConn, now: Instant) -> StoreResult<Vec<Gauge>> {
    // Ids begin with their time: the last hour is a range of the primary key.
    let hour_ago = u64::try_from((now - chrono::TimeDelta::hours(1)).timestamp_millis()).unwrap_or(0);
    let since = uuid::Builder::from_unix_timestamp_millis(hour_ago, &[0; 10]).into_uuid();
    rows!(
        c,
        Gauge,
        "select 'sessions' as what, '' as state, count(*) as number
         from (select 1 from session where absolute_expires_at > $1 and idle_expires_at > $1 and ended_at is null
               and identity_id is not null limit $2) s
         union all
         select 'accounts_due', '', count(*) from (select 1 from account where due_at <= $1 limit $2) a
         union all
         select 'requests_waiting', '', count(*) from (select 1 from item where state = 'waiting' and lapses_at is not null limit $2) i
         union all
         select 'fulfilments', progress, count(*)
         from (select progress from fulfilment where progress <> 'settled' limit $2) f group by progress
         union all
         select 'notices', 'due', count(*) from (select 1 from notice where due_at is not null limit $2) n
         union all
         select 'deliveries', target, count(*) from (select target from delivery where due_at is not null limit $2) d group by target
         union all
         select 'attempts', outcome, count(*) from (select outcome from attempt where id >= $3 limit $2) t group by outcome",
        now,
        COUNTED,
        since
    )
}
