//! Who is a member of what, and what may be granted.

use std::collections::BTreeSet;

use tokio_postgres::{Error, error::SqlState, types::Type};

use super::{account::PRIVILEGED, ending, quote, session::Session};
use crate::{CallError, Change};

/// A membership that gives something. The two options exist from PostgreSQL 16 on; before, every membership gives.
pub(super) const GIVES: &str = "(coalesce((to_jsonb(m) ->> 'inherit_option')::boolean, true) OR coalesce((to_jsonb(m) ->> 'set_option')::boolean, true))";

impl Session {
    /// Which of these roles the account is a direct member of.
    pub(super) async fn held(&self, account: &str, among: &[&str]) -> Result<BTreeSet<String>, CallError> {
        if among.is_empty() {
            return Ok(BTreeSet::new());
        }
        let sql = format!(
            "SELECT DISTINCT g.rolname::text FROM pg_auth_members m JOIN pg_roles g ON g.oid = m.roleid JOIN pg_roles u ON u.oid = m.member \
             WHERE u.rolname = $1 AND g.rolname = ANY($2) AND {GIVES}"
        );
        let doing = format!("Reading the memberships of {account}");
        let rows = self.rows(&sql, &[(&account, Type::TEXT), (&among, Type::TEXT_ARRAY)], &doing).await?;
        Ok(rows.iter().map(|row| row.get(0)).collect())
    }

    pub(super) fn no_such_role(&self, entitlement: &str) -> CallError {
        CallError::needs_human(format!(
            "The role {entitlement} does not exist in PostgreSQL at {}. Create it, or correct the entitlement's native name in the catalog.",
            self.place()
        ))
    }

    /// Refuses a role that doesn't exist, is somebody's account, or carries privileges that aren't meant to be handed out.
    async fn may_grant(&self, entitlement: &str) -> Result<(), CallError> {
        let role = if quote::fits(entitlement) { self.role(entitlement).await? } else { None };
        let Some(role) = role else {
            return Err(self.no_such_role(entitlement));
        };
        if role.external_id.is_some() {
            return Err(CallError::refused(format!(
                "The role {entitlement} is somebody's account; it isn't granted to others."
            )));
        }
        let sql = format!(
            "WITH RECURSIVE reach (oid) AS (
                SELECT oid FROM pg_roles WHERE rolname = $1
                UNION SELECT m.roleid FROM pg_auth_members m JOIN reach ON m.member = reach.oid)
             SELECT r.rolname::text FROM reach JOIN pg_roles r ON r.oid = reach.oid
             WHERE {PRIVILEGED} AND r.rolname <> ALL($2) ORDER BY r.rolname LIMIT 5"
        );
        let allowed: Vec<&str> = self.to.settings.allow_privileged.iter().map(String::as_str).collect();
        let rows = self
            .rows(
                &sql,
                &[(&entitlement, Type::TEXT), (&allowed, Type::TEXT_ARRAY)],
                &format!("Looking into the role {entitlement}"),
            )
            .await?;
        let privileged: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
        match privileged.as_slice() {
            [] => Ok(()),
            [only] if only == entitlement => Err(CallError::refused(format!(
                "The role {entitlement} is privileged, so Latchkey doesn't grant it unless the connection's allow_privileged lists it."
            ))),
            names => Err(CallError::refused(format!(
                "The role {entitlement} includes privileged roles ({}), so Latchkey doesn't grant it unless the connection's allow_privileged \
                 lists them.",
                names.join(", ")
            ))),
        }
    }

    /// Makes the account a member.
    pub(super) async fn join(&self, account: &str, entitlement: &str) -> Result<Change, CallError> {
        self.may_grant(entitlement).await?;
        if !self.held(account, &[entitlement]).await?.is_empty() {
            return Ok(Change::AlreadySo);
        }
        let sql = format!("GRANT {} TO {}", quote::identifier(entitlement)?, quote::identifier(account)?);
        let done = self.run(&sql, &format!("Granting {entitlement} to {account}")).await;
        done.map_err(|(_, meaning)| meaning)?;
        Ok(Change::Made)
    }

    /// Ends the membership, whoever granted it: from PostgreSQL 16 on several can have, and each grant stands by itself.
    pub(super) async fn leave(&self, account: &str, entitlement: &str) -> Result<Change, CallError> {
        let sql = "SELECT DISTINCT a.rolname::text FROM pg_auth_members m JOIN pg_roles g ON g.oid = m.roleid \
                   JOIN pg_roles u ON u.oid = m.member LEFT JOIN pg_roles a ON a.oid = m.grantor WHERE u.rolname = $1 AND g.rolname = $2";
        let doing = format!("Removing {entitlement} from {account}");
        let rows = self.rows(sql, &[(&account, Type::TEXT), (&entitlement, Type::TEXT)], &doing).await?;
        if rows.is_empty() {
            return Ok(Change::AlreadySo);
        }
        let revoke = format!("REVOKE {} FROM {}", quote::identifier(entitlement)?, quote::identifier(account)?);
        let mut kept = Ok(());
        if self.live().await?.major < 16 {
            self.revoke(account, &revoke, &doing).await.map_err(|(_, meaning)| meaning)?;
        } else {
            for grantor in rows.iter().filter_map(|row| row.get::<_, Option<String>>(0)) {
                let sql = format!("{revoke} GRANTED BY {}", quote::identifier(&grantor)?);
                match self.revoke(account, &sql, &doing).await {
                    Ok(()) => {}
                    // The others still go.
                    Err((_, CallError::NeedsHuman { words })) => {
                        kept = Err(CallError::needs_human(format!(
                            "{account} also has {entitlement} from {grantor}, and only that role or a superuser can take it \
                             back: {sql}. {words}"
                        )));
                    }
                    Err((_, other)) => return Err(other),
                }
            }
        }
        if self.to.settings.end_sessions {
            // A session may have begun between the statement that ended the others and the end of its transaction.
            self.end_sessions(account, None, &format!("{account} is no member of {entitlement} any more")).await?;
        }
        kept.map(|()| Change::Made)
    }

    /// Revokes, and ends the account's sessions in the same transaction: who did `SET ROLE` would keep what was taken away, and there is
    /// no moment at which the membership is gone and nobody knows that sessions are to be ended.
    async fn revoke(&self, account: &str, revoke: &str, doing: &str) -> Result<(), (Option<Error>, CallError)> {
        if self.to.settings.end_sessions {
            match self.run(&format!("{revoke}; {}", ending::statement(account)), doing).await {
                // Perhaps it may not end sessions: the membership goes all the same.
                Err((Some(error), _)) if error.code() == Some(&SqlState::INSUFFICIENT_PRIVILEGE) => {}
                done => return done,
            }
        }
        self.run(revoke, doing).await
    }
}
