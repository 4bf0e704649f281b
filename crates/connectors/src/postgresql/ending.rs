//! Ending a role's open sessions: one that did `SET ROLE`, or connected to a database, goes on after it may no longer do so.

use std::time::Duration;

use tokio::time::sleep;
use tokio_postgres::types::Type;

use super::{quote, session::Session};
use crate::CallError;

/// How often it is looked whether the sessions are gone, and how long it waits in between.
const LOOKS: u32 = 20;
const PAUSE: Duration = Duration::from_millis(50);

/// Ends the sessions of a role within the transaction that it stands in.
pub(super) fn statement(role: &str) -> String {
    format!(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = {} AND pid <> pg_backend_pid()",
        quote::literal(role)
    )
}

impl Session {
    /// Ends the sessions of a role, in one database or in all, and waits until they are gone. `so_far` is what is already done, for words.
    pub(super) async fn end_sessions(&self, role: &str, database: Option<&str>, so_far: &str) -> Result<(), CallError> {
        let sql = "SELECT pid, pg_terminate_backend(pid) FROM pg_stat_activity
            WHERE usename = $1 AND ($2 = '' OR datname = $2) AND pid <> pg_backend_pid()";
        let parameters: [(&(dyn tokio_postgres::types::ToSql + Sync), Type); 2] =
            [(&role, Type::TEXT), (&database.unwrap_or_default(), Type::TEXT)];
        let rows = match self.rows(sql, &parameters, "Ending sessions").await {
            Ok(rows) => rows,
            Err(CallError::NeedsHuman { words }) => {
                return Err(CallError::needs_human(format!(
                    "{so_far}, but its open sessions go on: this connection may not end them. GRANT pg_signal_backend TO {} allows it. {words}",
                    self.to.settings.user
                )));
            }
            Err(other) => return Err(other),
        };
        let ending: Vec<i32> = rows.iter().map(|row| row.get(0)).collect();
        if ending.is_empty() {
            return Ok(());
        }
        // They end by themselves once they notice; a number may be another's by then.
        let sql = "SELECT 1 FROM pg_stat_activity WHERE pid = ANY($1) AND usename = $2 LIMIT 1";
        for _ in 0..LOOKS {
            let left = self.rows(sql, &[(&ending, Type::INT4_ARRAY), (&role, Type::TEXT)], "Ending sessions").await?;
            if left.is_empty() {
                return Ok(());
            }
            sleep(PAUSE).await;
        }
        Err(CallError::retry_later(format!("{so_far}, but its open sessions were told to end and are still there.")))
    }
}
