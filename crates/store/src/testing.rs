//! For tests only (feature `testing`): databases that come and go, and rows without the service's rules.
//!
//! Nothing of this is part of the program. A test that can use the service's own functions uses those.

pub mod bulk;
mod databases;
mod rows;
mod separation;

pub use databases::{TestPostgres, sweep_and_template};
pub use rows::{
    PersonSpec, RoleSpec, add_account, add_entitlement, add_fulfilment, add_grant, add_grant_of, add_person,
    add_policy, add_role, add_system, set_owner, set_status,
};
pub use separation::add_separation_rule;

use crate::{Db, StoreResult, connection::Pools};

/// Runs one statement of a test's own, such as a look into the future or a wilful damage.
///
/// # Errors
/// When the database refuses it.
pub async fn run(db: &Db, sql: &str) -> StoreResult<u64> {
    let sql = sqlx::AssertSqlSafe(sql.to_owned());
    Ok(match &db.pools {
        Pools::Sqlite { write, .. } => sqlx::query(sql).execute(write).await?.rows_affected(),
        Pools::Postgres(pool) => sqlx::query(sql).execute(pool).await?.rows_affected(),
    })
}

/// The one number that a query gives: `select count(*) from …`.
///
/// # Errors
/// When the database refuses it or there is no row.
pub async fn number(db: &Db, sql: &str) -> StoreResult<i64> {
    let sql = sqlx::AssertSqlSafe(sql.to_owned());
    Ok(match &db.pools {
        Pools::Sqlite { write, .. } => sqlx::query_as::<_, (i64,)>(sql).fetch_one(write).await?.0,
        Pools::Postgres(pool) => sqlx::query_as::<_, (i64,)>(sql).fetch_one(pool).await?.0,
    })
}

/// The first column of every row, which must be text.
///
/// # Errors
/// When the database refuses it.
pub async fn texts(db: &Db, sql: &str) -> StoreResult<Vec<String>> {
    let sql = sqlx::AssertSqlSafe(sql.to_owned());
    let rows = match &db.pools {
        Pools::Sqlite { write, .. } => sqlx::query_as::<_, (String,)>(sql).fetch_all(write).await?,
        Pools::Postgres(pool) => sqlx::query_as::<_, (String,)>(sql).fetch_all(pool).await?,
    };
    Ok(rows.into_iter().map(|(t,)| t).collect())
}
