//! Login roles that are accounts: reading, recognising, making, disabling.

use std::collections::BTreeSet;

use tokio_postgres::{Row, error::SqlState, types::Type};

use super::{quote, session::Session};
use crate::{AccountSpec, AccountState, CallError, Change, Observed};

/// What a comment's first line starts with when the role is somebody's account.
pub(super) const MARK: &str = "latchkey:";

/// What makes a role `r` one that is neither managed nor handed out.
pub(super) const PRIVILEGED: &str =
    "(r.rolsuper OR r.rolcreaterole OR r.rolreplication OR r.rolbypassrls OR r.rolname LIKE 'pg\\_%')";

/// A role as far as we look at it.
pub(super) struct Role {
    pub(super) name: String,
    pub(super) external_id: Option<String>,
    can_login: bool,
    privileges: String,
}

impl Role {
    /// The external id in a comment's first line.
    pub(super) fn carried(comment: &str) -> Option<String> {
        comment.strip_prefix(MARK).map(|id| id.trim().to_owned()).filter(|id| !id.is_empty())
    }

    /// Whether it is one that `accounts` lists.
    pub(super) const fn is_account(&self) -> bool {
        self.can_login || self.external_id.is_some()
    }

    pub(super) fn observed(self, held: BTreeSet<String>) -> Observed {
        let state = if self.can_login { AccountState::Enabled } else { AccountState::Disabled };
        Observed { native_id: self.name.clone(), name: self.name, state, external_id: self.external_id, held }
    }

    fn stranger(self, spec: &AccountSpec) -> Found {
        let carried = match &self.external_id {
            None => format!("no {MARK} comment"),
            Some(id) => format!("the comment {MARK}{id}"),
        };
        Found::Stranger {
            words: format!(
                "The role {} is in use: it carries {carried}, not {MARK}{}. If it is this person's, set its comment to {MARK}{}; if not, \
                 choose another account name.",
                self.name, spec.external_id, spec.external_id
            ),
            name: self.name,
        }
    }
}

/// What a lookup by spec found.
pub(super) enum Found {
    Nothing,
    Ours(Role),
    Stranger { name: String, words: String },
}

const SELECT: &str = "SELECT r.rolname::text, r.rolcanlogin,
    concat_ws(', ', CASE WHEN r.rolsuper THEN 'superuser' END, CASE WHEN r.rolcreaterole THEN 'CREATEROLE' END,
        CASE WHEN r.rolreplication THEN 'REPLICATION' END, CASE WHEN r.rolbypassrls THEN 'BYPASSRLS' END,
        CASE WHEN r.rolname LIKE 'pg\\_%' THEN 'predefined' END) AS privileges,
    split_part(coalesce(shobj_description(r.oid, 'pg_authid'), ''), E'\\n', 1) AS comment
    FROM pg_roles r";

fn role(row: &Row) -> Role {
    Role {
        name: row.get("rolname"),
        external_id: Role::carried(row.get("comment")),
        can_login: row.get("rolcanlogin"),
        privileges: row.get("privileges"),
    }
}

impl Session {
    /// The role of that name, if there is one.
    pub(super) async fn role(&self, name: &str) -> Result<Option<Role>, CallError> {
        let sql = format!("{SELECT} WHERE r.rolname = $1");
        let rows = self.rows(&sql, &[(&name, Type::TEXT)], &format!("Looking for the role {name}")).await?;
        Ok(rows.first().map(role))
    }

    /// Refuses to manage a role that could do more than this connection should hand out.
    pub(super) fn may_manage(&self, role: &Role) -> Result<(), CallError> {
        if role.name == self.to.settings.user {
            return Err(CallError::refused(format!(
                "The role {} is the connection's own; it isn't managed through itself.",
                role.name
            )));
        }
        if role.privileges.is_empty() || self.to.settings.allow_privileged.contains(&role.name) {
            return Ok(());
        }
        Err(CallError::needs_human(format!(
            "The role {} is privileged ({}), so Latchkey leaves it alone. A database administrator changes it by hand, or lists it in the \
             connection's allow_privileged.",
            role.name, role.privileges
        )))
    }

    /// By native id, else by external id, else by name.
    pub(super) async fn look(&self, spec: &AccountSpec) -> Result<Found, CallError> {
        let ours = |role: &Role| role.external_id.as_deref() == Some(spec.external_id.as_str());
        let mut stranger = None;
        if let Some(native_id) = &spec.native_id {
            match self.role(native_id).await? {
                Some(role) if ours(&role) => return self.ours(role),
                // Ours may have been renamed, and the name taken by another since: the external id decides.
                Some(role) => stranger = Some(role),
                None => {}
            }
        }
        let mut carriers = self.carriers(&spec.external_id).await?;
        if carriers.len() > 1 {
            let names: Vec<_> = carriers.iter().map(|role| role.name.as_str()).collect();
            return Err(CallError::needs_human(format!(
                "Several roles carry the comment {MARK}{}: {}. Only one of them can be this person's account.",
                spec.external_id,
                names.join(" and ")
            )));
        }
        if let Some(role) = carriers.pop() {
            return self.ours(role);
        }
        if stranger.is_none() {
            stranger = self.role(&spec.name).await?;
        }
        Ok(stranger.map_or(Found::Nothing, |role| role.stranger(spec)))
    }

    /// The roles that carry an external id: one at most, if all is well.
    pub(super) async fn carriers(&self, external_id: &str) -> Result<Vec<Role>, CallError> {
        let mark = format!("{MARK}{external_id}");
        // From the comments to the roles: the other way round it takes a second among 100,000.
        let sql = format!(
            "{SELECT} WHERE r.oid IN (SELECT d.objoid FROM pg_shdescription d
                WHERE d.classoid = 'pg_authid'::regclass AND split_part(d.description, E'\\n', 1) = $1) LIMIT 3"
        );
        let doing = format!("Looking for the role with the comment {mark}");
        Ok(self.rows(&sql, &[(&mark, Type::TEXT)], &doing).await?.iter().map(role).collect())
    }

    fn ours(&self, role: Role) -> Result<Found, CallError> {
        self.may_manage(&role)?;
        Ok(Found::Ours(role))
    }

    /// Makes the role and its comment in one transaction. `false`: the name is taken.
    pub(super) async fn make(&self, spec: &AccountSpec) -> Result<bool, CallError> {
        let name = quote::identifier(&spec.name)?;
        let comment = quote::literal(&format!("{MARK}{}", spec.external_id));
        let sql = format!("CREATE ROLE {name} WITH LOGIN; COMMENT ON ROLE {name} IS {comment}");
        match self.run(&sql, &format!("Creating the role {}", spec.name)).await {
            Ok(()) => Ok(true),
            Err((Some(error), _)) if error.code().is_some_and(is_taken) => Ok(false),
            Err((_, meaning)) => Err(meaning),
        }
    }

    /// `LOGIN` or `NOLOGIN`; a role that may no longer log in has no sessions either.
    pub(super) async fn switch(&self, role: &Role, state: AccountState) -> Result<Change, CallError> {
        let name = quote::identifier(&role.name)?;
        let wanted = state == AccountState::Enabled;
        let change = if role.can_login == wanted {
            Change::AlreadySo
        } else {
            let (doing, word) = if wanted { ("Enabling", "LOGIN") } else { ("Disabling", "NOLOGIN") };
            let done =
                self.run(&format!("ALTER ROLE {name} WITH {word}"), &format!("{doing} the role {}", role.name)).await;
            done.map_err(|(_, meaning)| meaning)?;
            Change::Made
        };
        if !wanted {
            self.end_sessions(&role.name, None, &format!("The role {} can't log in any more", role.name)).await?;
        }
        Ok(change)
    }
}

fn is_taken(code: &SqlState) -> bool {
    [SqlState::DUPLICATE_OBJECT, SqlState::UNIQUE_VIOLATION].contains(code)
}
