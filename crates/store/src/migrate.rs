//! Bringing a database to the schema that this program knows, and refusing one that it doesn't.

use std::collections::BTreeSet;

use sqlx::migrate::{Migrate, Migrator};

use crate::{Db, StoreError, StoreResult, connection::Pools};

static SQLITE: Migrator = sqlx::migrate!("../../migrations/sqlite");
static POSTGRES: Migrator = sqlx::migrate!("../../migrations/postgres");

/// How a database's schema compares with what this program knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SchemaState {
    /// They are the same.
    Current,
    /// The database is empty or older: these versions are missing.
    Behind(Vec<i64>),
    /// The database was written by a newer program: it has these versions.
    Ahead(Vec<i64>),
}

impl Db {
    /// Brings the schema up to date. Several processes may do this at once: one works, the others wait (PostgreSQL by an
    /// advisory lock; SQLite by its one writer).
    ///
    /// # Errors
    /// When the database holds versions that this program doesn't know, or a migration fails.
    pub async fn migrate(&self) -> StoreResult<()> {
        if let SchemaState::Ahead(versions) = self.schema_state().await? {
            return Err(ahead(&versions));
        }
        match &self.pools {
            Pools::Sqlite { write, .. } => SQLITE.run(write).await,
            Pools::Postgres(pool) => POSTGRES.run(pool).await,
        }
        .map_err(|e| StoreError::Schema(format!("the schema can't be brought up to date: {e}")))
    }

    /// Compares the database's schema with this program's.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn schema_state(&self) -> StoreResult<SchemaState> {
        let (known, applied) = match &self.pools {
            Pools::Sqlite { write, .. } => {
                let mut c = write.acquire().await?;
                let there: Option<(i64,)> =
                    sqlx::query_as("select 1 from sqlite_master where name = '_sqlx_migrations'")
                        .fetch_optional(&mut *c)
                        .await?;
                let list = if there.is_some() { list(&mut *c, &SQLITE).await? } else { vec![] };
                (versions(&SQLITE), list)
            }
            Pools::Postgres(pool) => {
                let mut c = pool.acquire().await?;
                let there: Option<(i32,)> =
                    sqlx::query_as("select 1 where to_regclass('_sqlx_migrations') is not null")
                        .fetch_optional(&mut *c)
                        .await?;
                let list = if there.is_some() { list(&mut *c, &POSTGRES).await? } else { vec![] };
                (versions(&POSTGRES), list)
            }
        };
        let applied: BTreeSet<i64> = applied.into_iter().collect();
        let unknown: Vec<i64> = applied.difference(&known).copied().collect();
        if !unknown.is_empty() {
            return Ok(SchemaState::Ahead(unknown));
        }
        let missing: Vec<i64> = known.difference(&applied).copied().collect();
        Ok(if missing.is_empty() { SchemaState::Current } else { SchemaState::Behind(missing) })
    }
}

/// What to say when a newer program wrote the database.
pub(crate) fn ahead(versions: &[i64]) -> StoreError {
    StoreError::Schema(format!(
        "this database has schema version {}, which this program doesn't know: a newer release wrote it. Run that release, or restore a backup from before the upgrade",
        versions.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
    ))
}

fn versions(migrator: &Migrator) -> BTreeSet<i64> {
    migrator.iter().map(|m| m.version).collect()
}

async fn list<C: Migrate + Send>(conn: &mut C, migrator: &Migrator) -> StoreResult<Vec<i64>> {
    conn.list_applied_migrations(&migrator.table_name)
        .await
        .map(|all| all.into_iter().map(|m| m.version).collect())
        .map_err(|e| StoreError::Schema(format!("the list of applied migrations can't be read: {e}")))
}
