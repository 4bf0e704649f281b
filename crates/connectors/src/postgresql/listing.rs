//! Everything that is there: the roles that are accounts, and who is a member of a role.

use tokio_postgres::types::Type;

use super::{
    account::{MARK, PRIVILEGED, Role},
    membership::GIVES,
    quote,
    session::Session,
};
use crate::{AccountState, CallError, Heard, Holder, Listed, MOST_LINES};

/// Login roles, and those that can't log in and carry an id of ours: accounts that were disabled.
pub(super) const IS_ACCOUNT: &str =
    "(r.rolcanlogin OR split_part(coalesce(shobj_description(r.oid, 'pg_authid'), ''), E'\\n', 1) LIKE 'latchkey:_%')";

impl Session {
    /// Every role that is an account: not the connection's own, and none that is privileged or predefined unless it is listed.
    pub(super) async fn listed(&self, heard: Heard<'_>) -> Result<Vec<Listed>, CallError> {
        let sql = format!(
            "SELECT r.oid, r.rolname::text, r.rolcanlogin,
                split_part(coalesce(shobj_description(r.oid, 'pg_authid'), ''), E'\\n', 1) AS comment FROM pg_roles r
             WHERE r.oid > $1 AND {IS_ACCOUNT} AND r.rolname <> $2 AND (NOT {PRIVILEGED} OR r.rolname = ANY($3)) ORDER BY r.oid LIMIT $4"
        );
        let allowed: Vec<&str> = self.to.settings.allow_privileged.iter().map(String::as_str).collect();
        let page = self.to.settings.page_size;
        let mut all = Vec::new();
        let mut last = 0_u32;
        loop {
            let parameters: [(&(dyn tokio_postgres::types::ToSql + Sync), Type); 4] = [
                (&last, Type::OID),
                (&self.to.settings.user, Type::TEXT),
                (&allowed, Type::TEXT_ARRAY),
                (&i64::from(page), Type::INT8),
            ];
            let rows = self.rows(&sql, &parameters, "Listing the roles").await?;
            for row in &rows {
                last = row.get("oid");
                let name: String = row.get("rolname");
                let state = if row.get("rolcanlogin") { AccountState::Enabled } else { AccountState::Disabled };
                all.push(Listed {
                    native_id: name.clone(),
                    name,
                    state,
                    external_id: Role::carried(row.get("comment")),
                    display_name: String::new(),
                    email: None,
                    // PostgreSQL doesn't keep it.
                    last_used_at: None,
                });
            }
            heard(all.len());
            if rows.len() < page as usize || all.len() > MOST_LINES {
                return Ok(all);
            }
        }
    }

    /// The direct members of a role.
    pub(super) async fn members(&self, entitlement: &str, heard: Heard<'_>) -> Result<Vec<Holder>, CallError> {
        if !quote::fits(entitlement) || self.role(entitlement).await?.is_none() {
            return Err(self.no_such_role(entitlement));
        }
        let sql = format!(
            "SELECT DISTINCT r.oid, r.rolname::text, {IS_ACCOUNT} AS account FROM pg_auth_members m
                JOIN pg_roles g ON g.oid = m.roleid JOIN pg_roles r ON r.oid = m.member
             WHERE g.rolname = $1 AND m.member > $2 AND {GIVES} ORDER BY r.oid LIMIT $3"
        );
        let doing = format!("Listing the members of {entitlement}");
        let page = self.to.settings.page_size;
        let mut all = Vec::new();
        let mut last = 0_u32;
        loop {
            let parameters: [(&(dyn tokio_postgres::types::ToSql + Sync), Type); 3] =
                [(&entitlement, Type::TEXT), (&last, Type::OID), (&i64::from(page), Type::INT8)];
            let rows = self.rows(&sql, &parameters, &doing).await?;
            for row in &rows {
                last = row.get("oid");
                let name = row.get("rolname");
                all.push(if row.get("account") { Holder::Account(name) } else { Holder::Nested(name) });
            }
            heard(all.len());
            if rows.len() < page as usize || all.len() > MOST_LINES {
                return Ok(all);
            }
        }
    }

    /// Writes the external id as the comment's first line; what was there stays below it.
    pub(super) async fn adopt(&self, role: &Role, external_id: &str) -> Result<(), CallError> {
        let doing = format!("Writing the comment {MARK}{external_id} on the role {}", role.name);
        let sql = "SELECT coalesce(shobj_description(oid, 'pg_authid'), '') FROM pg_roles WHERE rolname = $1";
        let rows = self.rows(sql, &[(&role.name, Type::TEXT)], &doing).await?;
        let before: String = rows.first().map(|row| row.get(0)).unwrap_or_default();
        let comment = match before.as_str() {
            "" => format!("{MARK}{external_id}"),
            before => format!("{MARK}{external_id}\n{before}"),
        };
        let name = quote::identifier(&role.name)?;
        let done = self.run(&format!("COMMENT ON ROLE {name} IS {}", quote::literal(&comment)), &doing).await;
        done.map_err(|(_, meaning)| meaning)
    }
}
