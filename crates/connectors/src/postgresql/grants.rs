//! Privileges on databases, schemas and tables: who has them, giving one, and taking one back from everybody who gave it.

use tokio_postgres::{Error, error::SqlState, types::Type};

use super::{
    databases::Cluster,
    listing::IS_ACCOUNT,
    privilege::{Object, Privilege},
    quote,
    session::Session,
};
use crate::{CallError, Change, Heard, Holder};

/// One line of a thing's access list.
struct Entry {
    /// Who has it; `None`: everybody (`PUBLIC`).
    grantee: Option<String>,
    /// Whether that is an account.
    account: bool,
    /// Who gave it.
    grantor: String,
    /// Whether they own the thing: owners may do everything, and may take and give it themselves.
    owner: bool,
}

/// What the catalogs call a privilege's thing: its table, access list, owner, `acldefault`'s letter, and which it is.
const fn catalog(object: &Object) -> (&'static str, &'static str, &'static str, char, &'static str) {
    match object {
        Object::Database(_) => ("pg_database o", "datacl", "datdba", 'd', "o.datname = $2 AND $3 = ''"),
        Object::Schema(..) => ("pg_namespace o", "nspacl", "nspowner", 'n', "o.nspname = $2 AND $3 = ''"),
        Object::Table(..) => (
            "pg_class o JOIN pg_namespace n ON n.oid = o.relnamespace",
            "relacl",
            "relowner",
            'r',
            "n.nspname = $2 AND o.relname = $3 AND o.relkind IN ('r', 'v', 'm', 'f', 'p')",
        ),
    }
}

impl Cluster {
    /// Whether the account has it directly. What isn't there, nobody has.
    pub(super) async fn has_privilege(&self, account: &str, privilege: &Privilege) -> Result<bool, CallError> {
        let entries = self.entries(privilege, Some(account)).await?;
        Ok(entries.is_some_and(|entries| !entries.is_empty()))
    }

    /// Everyone who has it directly.
    pub(super) async fn privileged(&self, privilege: &Privilege, heard: Heard<'_>) -> Result<Vec<Holder>, CallError> {
        let entries = self.entries(privilege, None).await?.ok_or_else(|| self.no_such_thing(privilege))?;
        heard(entries.len());
        Ok(entries
            .into_iter()
            .map(|entry| match entry.grantee {
                Some(name) if entry.account => Holder::Account(name),
                Some(name) => Holder::Nested(name),
                None => Holder::Nested("PUBLIC".to_owned()),
            })
            .collect())
    }

    /// Gives it, and looks whether it was given: PostgreSQL only warns when it grants nothing.
    pub(super) async fn give(&self, account: &str, privilege: &Privilege) -> Result<Change, CallError> {
        let before = self.entries(privilege, Some(account)).await?.ok_or_else(|| self.no_such_thing(privilege))?;
        if !before.is_empty() {
            return Ok(Change::AlreadySo);
        }
        let sql = format!("GRANT {} TO {}", privilege.sql()?, quote::identifier(account)?);
        let doing = format!("Granting {privilege} to {account}");
        self.session(privilege).run(&sql, &doing).await.map_err(|failure| self.may_not(failure, privilege, &doing))?;
        if self.has_privilege(account, privilege).await? {
            return Ok(Change::Made);
        }
        Err(self.lacks(privilege, &format!("{doing} had no effect.")))
    }

    /// Takes it back from whoever gave it. Only this privilege on this thing, and never what others were given by the account.
    pub(super) async fn take(&self, account: &str, privilege: &Privilege) -> Result<Change, CallError> {
        let before = self.entries(privilege, Some(account)).await?.unwrap_or_default();
        if before.is_empty() {
            return Ok(Change::AlreadySo);
        }
        if before.iter().any(|entry| entry.owner) {
            return Err(CallError::needs_human(format!(
                "The role {account} owns the {}, so it may do everything with it, and give itself back what it loses. Give the {0} another owner.",
                kind(privilege)
            )));
        }
        let doing = format!("Revoking {privilege} from {account}");
        let revoke = format!("REVOKE {} FROM {}", privilege.sql()?, quote::identifier(account)?);
        let session = self.session(privilege);
        // As the owner, or as oneself, whichever PostgreSQL finds first.
        match session.run(&revoke, &doing).await {
            Ok(()) => {}
            Err((Some(error), _)) if is_denied(&error) => {}
            Err((_, meaning)) => return Err(meaning),
        }
        let mut last = None;
        for entry in self.entries(privilege, Some(account)).await?.unwrap_or_default() {
            // For the length of this one transaction, which ends with these statements.
            let sql = format!("SET LOCAL ROLE {}; {revoke}", quote::identifier(&entry.grantor)?);
            match session.run(&sql, &doing).await {
                Ok(()) => {}
                Err((Some(error), meaning)) if is_denied(&error) => last = Some(meaning),
                Err((_, meaning)) => return Err(meaning),
            }
        }
        let left = self.entries(privilege, Some(account)).await?.unwrap_or_default();
        if left.is_empty() {
            return Ok(Change::Made);
        }
        let grantors: Vec<&str> = left.iter().map(|entry| entry.grantor.as_str()).collect();
        let said = last.map(|meaning| meaning.words().to_owned()).unwrap_or_default();
        Err(CallError::needs_human(format!(
            "{account} has {privilege} from {}, and only that role can take it back: {revoke}. GRANT {} TO {} lets this connection do so. {said}",
            grantors.join(" and "),
            grantors.join(", "),
            self.main.to.settings.user
        )))
    }

    /// The lines for one privilege, of one role or of all. `None`: there is no such thing.
    async fn entries(&self, privilege: &Privilege, of: Option<&str>) -> Result<Option<Vec<Entry>>, CallError> {
        let (name, inner) = match &privilege.object {
            Object::Database(database) => (database.as_str(), ""),
            Object::Schema(_, schema) => (schema.as_str(), ""),
            Object::Table(_, schema, table) => (schema.as_str(), table.as_str()),
        };
        if !matches!(privilege.object, Object::Database(_)) && !self.has(privilege.database()).await? {
            return Ok(None);
        }
        let (from, acl, owner, letter, which) = catalog(&privilege.object);
        let of_one =
            if of.is_some() { "AND a.grantee = (SELECT oid FROM pg_roles WHERE rolname = $4)" } else { "AND $4 = ''" };
        let sql = format!(
            "SELECT a.grantee, r.rolname::text AS name, coalesce({IS_ACCOUNT}, false) AS account, coalesce(g.rolname::text, '') AS grantor,
                a.grantee = o.{owner} AS owner
             FROM {from} LEFT JOIN LATERAL aclexplode(coalesce(o.{acl}, acldefault('{letter}', o.{owner}))) a
                ON a.privilege_type = $1 {of_one}
             LEFT JOIN pg_roles r ON r.oid = a.grantee LEFT JOIN pg_roles g ON g.oid = a.grantor WHERE {which}"
        );
        let one = of.unwrap_or_default();
        let parameters: [(&(dyn tokio_postgres::types::ToSql + Sync), Type); 4] =
            [(&privilege.right, Type::TEXT), (&name, Type::TEXT), (&inner, Type::TEXT), (&one, Type::TEXT)];
        let rows = self.session(privilege).rows(&sql, &parameters, &format!("Reading who has {privilege}")).await?;
        if rows.is_empty() {
            return Ok(None);
        }
        let entries = rows.iter().filter_map(|row| {
            // No grantee: the thing is there, and nobody has the privilege. Grantee 0: everybody has it.
            let grantee: u32 = row.get::<_, Option<u32>>("grantee")?;
            Some(Entry {
                grantee: if grantee == 0 { None } else { row.get("name") },
                account: row.get("account"),
                grantor: row.get("grantor"),
                owner: row.get("owner"),
            })
        });
        Ok(Some(entries.collect()))
    }

    fn session(&self, privilege: &Privilege) -> Access<'_> {
        match privilege.object {
            // Databases are known in the whole cluster.
            Object::Database(_) => Access::Main(&self.main),
            _ => Access::Other(self.of(privilege.database())),
        }
    }

    fn no_such_thing(&self, privilege: &Privilege) -> CallError {
        CallError::needs_human(format!(
            "The {} of \"{privilege}\" does not exist in PostgreSQL at {}. Create it, or correct the entitlement's native name in the catalog.",
            kind(privilege),
            self.main.place()
        ))
    }

    fn may_not(&self, failure: (Option<Error>, CallError), privilege: &Privilege, doing: &str) -> CallError {
        match failure {
            (Some(error), meaning) if is_denied(&error) => {
                let said = error.as_db_error().map(|said| said.message().to_owned());
                self.lacks(
                    privilege,
                    &format!("{doing} failed: {}.", said.unwrap_or_else(|| meaning.words().to_owned())),
                )
            }
            (_, meaning) => meaning,
        }
    }

    fn lacks(&self, privilege: &Privilege, what: &str) -> CallError {
        let user = &self.main.to.settings.user;
        CallError::needs_human(format!(
            "{what} The connection's role {user} needs {privilege} WITH GRANT OPTION, or to be a member of the role that owns the {}.",
            kind(privilege)
        ))
    }
}

const fn kind(privilege: &Privilege) -> &'static str {
    match privilege.object {
        Object::Database(_) => "database",
        Object::Schema(..) => "schema",
        Object::Table(..) => "table",
    }
}

fn is_denied(error: &Error) -> bool {
    error
        .code()
        .is_some_and(|code| [SqlState::INSUFFICIENT_PRIVILEGE, SqlState::INVALID_GRANT_OPERATION].contains(code))
}

/// A session that is kept elsewhere.
enum Access<'a> {
    Main(&'a Session),
    Other(std::sync::Arc<Session>),
}

impl std::ops::Deref for Access<'_> {
    type Target = Session;

    fn deref(&self) -> &Session {
        match self {
            Self::Main(session) => session,
            Self::Other(session) => session,
        }
    }
}
