//! The macros that compile each query for both databases, and the count of queries.

use std::cell::Cell;

use sqlx::{PgConnection, SqliteConnection};

/// A connection of either kind.
pub enum ConnRef<'c> {
    /// SQLite.
    Sqlite(&'c mut SqliteConnection),
    /// PostgreSQL.
    Postgres(&'c mut PgConnection),
}

/// Has a connection: a write transaction or a reader.
pub trait AsConn: Send {
    /// The connection.
    fn conn(&mut self) -> ConnRef<'_>;
}

tokio::task_local! {
    static QUERIES: Cell<u32>;
}

/// Counts one query, where somebody counts.
pub(crate) fn count() {
    let _ = QUERIES.try_with(|n| n.set(n.get() + 1));
}

/// Runs `work` and tells how many queries it made (promise 12 is tested with this).
pub async fn count_queries<F: Future>(work: F) -> (F::Output, u32) {
    QUERIES
        .scope(Cell::new(0), async {
            let output = work.await;
            (output, QUERIES.with(Cell::get))
        })
        .await
}

/// How many queries were made so far inside [`count_queries`]; 0 outside.
#[must_use]
pub fn queries_so_far() -> u32 {
    QUERIES.try_with(Cell::get).unwrap_or(0)
}

/// The ids for an `in (…)` list, with the last one repeated up to the next power of two: lists of every length share a few
/// prepared statements.
pub(crate) fn padded(ids: &[uuid::Uuid]) -> impl Iterator<Item = uuid::Uuid> {
    let last = ids.last().copied();
    let more = padded_len(ids.len()) - ids.len();
    ids.iter().copied().chain(last.into_iter().flat_map(move |id| std::iter::repeat_n(id, more)))
}

/// How long a list of `n` ids becomes. Long ones are rare and stay under the databases' limits on parameters.
pub(crate) const fn padded_len(n: usize) -> usize {
    if n <= 1_024 { n.next_power_of_two() } else { n }
}

/// `$from, $from+1, …` for `n` values, for an `in (…)` list.
pub(crate) fn placeholders(from: usize, n: usize) -> String {
    (from..from + n).map(|i| format!("${i}")).collect::<Vec<_>>().join(", ")
}

/// All rows of a query, as `$row`.
macro_rules! rows {
    ($c:expr, $row:ty, $sql:expr $(, $arg:expr)* $(,)?) => {{
        $crate::query::count();
        match $crate::query::AsConn::conn($c) {
            $crate::query::ConnRef::Sqlite(c) => sqlx::query_as::<_, $row>($sql)$(.bind($arg))*.fetch_all(c).await,
            $crate::query::ConnRef::Postgres(c) => sqlx::query_as::<_, $row>($sql)$(.bind($arg))*.fetch_all(c).await,
        }
        .map_err($crate::StoreError::from)
    }};
}

/// At most one row of a query, as `$row`.
macro_rules! row {
    ($c:expr, $row:ty, $sql:expr $(, $arg:expr)* $(,)?) => {{
        $crate::query::count();
        match $crate::query::AsConn::conn($c) {
            $crate::query::ConnRef::Sqlite(c) => sqlx::query_as::<_, $row>($sql)$(.bind($arg))*.fetch_optional(c).await,
            $crate::query::ConnRef::Postgres(c) => sqlx::query_as::<_, $row>($sql)$(.bind($arg))*.fetch_optional(c).await,
        }
        .map_err($crate::StoreError::from)
    }};
}

/// Runs a statement and tells how many rows it touched.
macro_rules! exec {
    ($c:expr, $sql:expr $(, $arg:expr)* $(,)?) => {{
        $crate::query::count();
        match $crate::query::AsConn::conn($c) {
            $crate::query::ConnRef::Sqlite(c) => sqlx::query($sql)$(.bind($arg))*.execute(c).await.map(|r| r.rows_affected()),
            $crate::query::ConnRef::Postgres(c) => sqlx::query($sql)$(.bind($arg))*.execute(c).await.map(|r| r.rows_affected()),
        }
        .map_err($crate::StoreError::from)
    }};
}

/// All rows of a query whose text is `$sql` with `{}` standing for an `in (…)` list of `$ids` (first placeholders), then
/// further arguments numbered after them by the caller through `$n`. An empty list is no rows and no query.
macro_rules! rows_in {
    ($c:expr, $row:ty, $sql:expr, $ids:expr) => {{
        let ids: &[uuid::Uuid] = $ids;
        if ids.is_empty() {
            Ok(Vec::new())
        } else {
            $crate::query::count();
            let sql = format!($sql, $crate::query::placeholders(1, $crate::query::padded_len(ids.len())));
            match $crate::query::AsConn::conn($c) {
                $crate::query::ConnRef::Sqlite(c) => {
                    let mut q = sqlx::query_as::<_, $row>(sqlx::AssertSqlSafe(sql));
                    for id in $crate::query::padded(ids) {
                        q = q.bind(id);
                    }
                    q.fetch_all(c).await
                }
                $crate::query::ConnRef::Postgres(c) => {
                    let mut q = sqlx::query_as::<_, $row>(sqlx::AssertSqlSafe(sql));
                    for id in $crate::query::padded(ids) {
                        q = q.bind(id);
                    }
                    q.fetch_all(c).await
                }
            }
            .map_err($crate::StoreError::from)
        }
    }};
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_numbered() {
        assert_eq!(placeholders(3, 3), "$3, $4, $5");
        assert_eq!(placeholders(1, 0), "");
    }

    #[test]
    fn a_list_is_padded_with_its_last_id() {
        let ids: Vec<uuid::Uuid> = (1..=5).map(uuid::Uuid::from_u128).collect();
        let padded: Vec<u128> = padded(&ids).map(|id| id.as_u128()).collect();
        assert_eq!(padded, [1, 2, 3, 4, 5, 5, 5, 5]);
        assert_eq!(super::padded(&ids[..4]).count(), 4);
        assert_eq!(super::padded(&[]).count(), 0, "nothing has no last id to repeat");
    }
}
