//! A fresh PostgreSQL database for each test, copied from one that was migrated once.

use std::{str::FromStr, time::SystemTime};

use sqlx::{Connection, PgConnection, postgres::PgConnectOptions};

use crate::{EventKey, StoreError, StoreResult, Url, keys};

static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!("../../migrations/postgres");

/// Tests that were killed leave their databases behind; the next one drops those that are older than this.
const OLD_SECONDS: u64 = 3600;

/// A database that is there for one test. Call [`TestPostgres::drop_database`] at the end.
#[derive(Debug)]
pub struct TestPostgres {
    /// Where it is.
    pub url: Url,
    name: String,
    server: PgConnectOptions,
}

fn seconds() -> u64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |d| d.as_secs())
}

async fn run(c: &mut PgConnection, sql: String) -> StoreResult<()> {
    sqlx::query(sqlx::AssertSqlSafe(sql)).execute(c).await?;
    Ok(())
}

/// Makes sure that the migrated database to copy from is there, and drops what killed tests left. Returns its name.
///
/// # Errors
/// When the server can't be reached or a migration fails.
pub async fn sweep_and_template(server: &PgConnectOptions) -> StoreResult<String> {
    let sums: Vec<u8> = MIGRATIONS.iter().flat_map(|m| m.checksum.to_vec()).collect();
    let name = format!("latchkey_template_{}", &keys::sha256_hex(&sums)[..16]);
    let mut c = PgConnection::connect_with(server).await?;
    // Several tests start at once, each in its own process: one makes it, the others wait.
    run(&mut c, "select pg_advisory_lock(7001)".to_owned()).await?;
    let there: Option<(String,)> = sqlx::query_as("select datname::text from pg_database where datname = $1")
        .bind(&name)
        .fetch_optional(&mut c)
        .await?;
    if there.is_none() {
        run(&mut c, "drop database if exists latchkey_template_new with (force)".to_owned()).await?;
        run(&mut c, "create database latchkey_template_new".to_owned()).await?;
        let url = Url::Postgres(Box::new(server.clone().database("latchkey_template_new")));
        let key = EventKey::new(&[1; 32]).map_err(StoreError::Misuse)?;
        let db = crate::Db::open_sized(&url, key, 1).await?;
        db.migrate().await?;
        db.close().await;
        run(&mut c, format!("alter database latchkey_template_new rename to {name}")).await?;
    }
    let all: Vec<(String,)> =
        sqlx::query_as("select datname::text from pg_database where datname like 'latchkey_test_%'")
            .fetch_all(&mut c)
            .await?;
    for (old,) in all {
        let made = old.split('_').nth(2).and_then(|s| s.parse::<u64>().ok()).unwrap_or(0);
        if made + OLD_SECONDS < seconds() {
            run(&mut c, format!("drop database if exists {old} with (force)")).await?;
        }
    }
    c.close().await?;
    Ok(name)
}

impl TestPostgres {
    /// A fresh, migrated database on the server at `server_url` (a URL whose user may create databases).
    ///
    /// # Errors
    /// When the server can't be reached.
    pub async fn create(server_url: &str) -> StoreResult<Self> {
        let server = PgConnectOptions::from_str(server_url)?;
        let template = sweep_and_template(&server).await?;
        let name = format!("latchkey_test_{}_{:016x}", seconds(), rand::random::<u64>());
        let mut c = PgConnection::connect_with(&server).await?;
        run(&mut c, format!("create database {name} template {template}")).await?;
        c.close().await?;
        Ok(Self { url: Url::Postgres(Box::new(server.clone().database(&name))), name, server })
    }

    /// Drops it, also when something is still connected.
    ///
    /// # Errors
    /// When the server can't be reached.
    pub async fn drop_database(self) -> StoreResult<()> {
        let mut c = PgConnection::connect_with(&self.server).await?;
        run(&mut c, format!("drop database if exists {} with (force)", self.name)).await?;
        c.close().await?;
        Ok(())
    }
}
