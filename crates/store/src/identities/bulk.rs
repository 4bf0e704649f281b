//! Many rows in few statements: a file of 100,000 people is written in seconds.

/// How many rows go into one statement: under both databases' limits on parameters, and few enough that the text is parsed
/// quickly.
pub(crate) const ROWS: usize = 200;

/// A statement that a connection should keep prepared: full ones come again within an import, short ones with every change.
/// What lies between comes once, and would push the others out.
pub(crate) const fn worth_keeping(rows: usize) -> bool {
    rows == ROWS || rows <= 24
}

/// `head values ($1, $2), ($3, $4), …` for `rows` rows of `width` columns.
pub(crate) fn values(head: &str, width: usize, rows: usize) -> String {
    use std::fmt::Write;
    let mut sql = String::with_capacity(head.len() + rows * width * 6);
    sql.push_str(head);
    sql.push_str(" values ");
    for row in 0..rows {
        sql.push_str(if row == 0 { "(" } else { ", (" });
        for column in 1..=width {
            // Writing to a String can't fail.
            let _ = write!(sql, "{}${}", if column == 1 { "" } else { ", " }, row * width + column);
        }
        sql.push(')');
    }
    sql
}

/// Inserts every item of a slice, many to a statement: `insert_rows!(tx, "insert into t (a, b)", 2, items, |x| [x.a, &x.b])`.
macro_rules! insert_rows {
    ($tx:expr, $head:literal, $width:literal, $items:expr, |$x:ident| [$($arg:expr),+ $(,)?]) => {{
        let mut result: $crate::StoreResult<()> = Ok(());
        for chunk in $items.chunks($crate::identities::bulk::ROWS) {
            $crate::query::count();
            let sql = sqlx::AssertSqlSafe($crate::identities::bulk::values($head, $width, chunk.len()));
            let keep = $crate::identities::bulk::worth_keeping(chunk.len());
            let done = match $crate::query::AsConn::conn($tx) {
                $crate::query::ConnRef::Sqlite(c) => {
                    let mut q = sqlx::query(sql).persistent(keep);
                    for $x in chunk { q = q$(.bind($arg))+; }
                    q.execute(c).await.map(|_| ())
                }
                $crate::query::ConnRef::Postgres(c) => {
                    let mut q = sqlx::query(sql).persistent(keep);
                    for $x in chunk { q = q$(.bind($arg))+; }
                    q.execute(c).await.map(|_| ())
                }
            };
            if let Err(e) = done {
                result = Err($crate::StoreError::from(e));
                break;
            }
        }
        result
    }};
}

pub(crate) use insert_rows;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_count_on_over_rows() {
        assert_eq!(values("insert into t (a, b)", 2, 2), "insert into t (a, b) values ($1, $2), ($3, $4)");
    }
}
