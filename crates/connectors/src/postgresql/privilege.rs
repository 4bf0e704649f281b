//! Names of entitlements that are privileges on one thing: `select on table sales.public.orders`.

use std::fmt;

use super::quote;
use crate::CallError;

/// What a privilege is on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Object {
    /// A database.
    Database(String),
    /// A schema of a database.
    Schema(String, String),
    /// A table, view, materialized view, partitioned or foreign table of a schema of a database.
    Table(String, String, String),
}

/// One privilege on one thing (PostgreSQL's documentation, 5.8 "Privileges").
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Privilege {
    /// As PostgreSQL writes it, in capitals.
    pub(super) right: &'static str,
    pub(super) object: Object,
}

/// The things, with what one may be allowed to do with them. `MAINTAIN` exists from PostgreSQL 17 on.
const RIGHTS: [(&str, &[&str]); 3] = [
    ("database", &["CONNECT", "CREATE", "TEMPORARY"]),
    ("schema", &["USAGE", "CREATE"]),
    ("table", &["SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER", "MAINTAIN"]),
];

impl Privilege {
    /// Reads an entitlement's native name; `None`: it is a role's name.
    ///
    /// # Errors
    /// [`CallError::Refused`] when it begins like a privilege and isn't a whole one, or could be written in another way: one privilege has one
    /// name, so that the catalog can't mean the same twice.
    pub(super) fn parse(native: &str) -> Result<Option<Self>, CallError> {
        let mut words = native.splitn(4, ' ');
        let (Some(right), Some(on), Some(kind), Some(names)) = (words.next(), words.next(), words.next(), words.next())
        else {
            return Ok(None);
        };
        let all = RIGHTS.iter().flat_map(|(_, rights)| rights.iter());
        let known_right = all.copied().find(|known| known.eq_ignore_ascii_case(right));
        let known_kind = RIGHTS.iter().find(|(known, _)| known.eq_ignore_ascii_case(kind));
        let (Some(right), Some((kind, rights))) = (known_right, known_kind) else { return Ok(None) };
        if !on.eq_ignore_ascii_case("on") {
            return Ok(None);
        }
        let refused = |why: &str| Err(CallError::refused(format!("The entitlement \"{native}\" {why}")));
        if !rights.contains(&right) {
            let rights = rights.join(", ").to_lowercase();
            return refused(&format!("is none that PostgreSQL has: on a {kind} there are {rights}."));
        }
        let names = identifiers(names);
        let object = match (*kind, names.as_deref()) {
            ("database", Some([database])) => Object::Database(database.clone()),
            ("schema", Some([database, schema])) => Object::Schema(database.clone(), schema.clone()),
            ("table", Some([database, schema, table])) => {
                Object::Table(database.clone(), schema.clone(), table.clone())
            }
            _ => {
                return refused(
                    "can't be read. Expected one like: connect on database sales, usage on schema sales.public, \
                     select on table sales.public.orders. Names with capitals, dots or blanks stand in double quotes.",
                );
            }
        };
        let privilege = Self { right, object };
        if let Some(schema) =
            privilege.schema().filter(|schema| schema.starts_with("pg_") || *schema == "information_schema")
        {
            return refused(&format!("is on PostgreSQL's own schema {schema}, which isn't handed out."));
        }
        if privilege.to_string() != native {
            return refused(&format!("has to be written as: {privilege}"));
        }
        Ok(Some(privilege))
    }

    /// The database that it is in, or on.
    pub(super) fn database(&self) -> &str {
        match &self.object {
            Object::Database(database) | Object::Schema(database, _) | Object::Table(database, ..) => database,
        }
    }

    fn schema(&self) -> Option<&str> {
        match &self.object {
            Object::Database(_) => None,
            Object::Schema(_, schema) | Object::Table(_, schema, _) => Some(schema),
        }
    }

    /// As in `SELECT ON TABLE "public"."orders"`, for a session in the right database.
    pub(super) fn sql(&self) -> Result<String, CallError> {
        let on = match &self.object {
            Object::Database(database) => format!("DATABASE {}", quote::identifier(database)?),
            Object::Schema(_, schema) => format!("SCHEMA {}", quote::identifier(schema)?),
            Object::Table(_, schema, table) => {
                format!("TABLE {}.{}", quote::identifier(schema)?, quote::identifier(table)?)
            }
        };
        Ok(format!("{} ON {on}", self.right))
    }
}

impl fmt::Display for Privilege {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (kind, names): (_, Vec<&String>) = match &self.object {
            Object::Database(database) => ("database", vec![database]),
            Object::Schema(database, schema) => ("schema", vec![database, schema]),
            Object::Table(database, schema, table) => ("table", vec![database, schema, table]),
        };
        let names: Vec<String> = names.into_iter().map(|name| written(name)).collect();
        write!(f, "{} on {kind} {}", self.right.to_lowercase(), names.join("."))
    }
}

/// A name as it stands in ours: plain where PostgreSQL would take it as it is, else in quotes.
fn written(name: &str) -> String {
    let plain = name.starts_with(|c: char| c.is_ascii_lowercase() || c == '_') && name.chars().all(is_plain);
    if plain { name.to_owned() } else { format!("\"{}\"", name.replace('"', "\"\"")) }
}

/// What a name without quotes is made of. Capitals would be folded by PostgreSQL: those want quotes here.
const fn is_plain(c: char) -> bool {
    c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '$')
}

/// Names parted by dots, each plain or in double quotes. `None`: something else.
fn identifiers(text: &str) -> Option<Vec<String>> {
    let mut names = Vec::new();
    let mut rest = text;
    loop {
        let (name, behind) = match rest.strip_prefix('"') {
            Some(quoted) => in_quotes(quoted)?,
            None => {
                let end = rest.find(|c| !is_plain(c)).unwrap_or(rest.len());
                let (name, behind) = rest.split_at(end);
                (name.to_owned(), behind)
            }
        };
        if !quote::fits(&name) {
            return None;
        }
        names.push(name);
        match behind.strip_prefix('.') {
            Some(more) => rest = more,
            None if behind.is_empty() => return Some(names),
            None => return None,
        }
    }
}

/// What stands before the closing quote, and what behind it. A doubled quote is one.
fn in_quotes(text: &str) -> Option<(String, &str)> {
    let mut name = String::new();
    let mut rest = text;
    loop {
        let (before, behind) = rest.split_once('"')?;
        name.push_str(before);
        match behind.strip_prefix('"') {
            Some(more) => {
                name.push('"');
                rest = more;
            }
            None => return Some((name, behind)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(native: &str) -> Privilege {
        Privilege::parse(native).unwrap().unwrap_or_else(|| panic!("{native} is taken for a role"))
    }

    #[test]
    fn privileges_are_read_and_written_the_same() {
        for (native, sql) in [
            ("connect on database sales", r#"CONNECT ON DATABASE "sales""#),
            ("temporary on database \"Sales 2026\"", r#"TEMPORARY ON DATABASE "Sales 2026""#),
            ("usage on schema sales.public", r#"USAGE ON SCHEMA "public""#),
            ("create on schema sales.\"a.b\"", r#"CREATE ON SCHEMA "a.b""#),
            ("select on table sales.public.orders", r#"SELECT ON TABLE "public"."orders""#),
            ("delete on table s.p.\"a\"\"; DROP TABLE b; --\"", r#"DELETE ON TABLE "p"."a""; DROP TABLE b; --""#),
            ("maintain on table s.p.\"größe\"", r#"MAINTAIN ON TABLE "p"."größe""#),
        ] {
            let privilege = parsed(native);
            assert_eq!(privilege.to_string(), native);
            assert_eq!(privilege.sql().unwrap(), sql);
        }
        assert_eq!(parsed("usage on schema sales.public").database(), "sales");
    }

    #[test]
    fn whatever_does_not_begin_like_a_privilege_is_a_role() {
        for native in [
            "readers",
            "two, \"and\" it's \\ #3",
            "select",
            "select on",
            "select on orders",
            "sleep on table a",
            "select from table x y",
        ] {
            assert_eq!(Privilege::parse(native).unwrap(), None, "{native}");
        }
    }

    #[test]
    fn half_a_privilege_is_refused_with_words_that_help() {
        for (native, words) in [
            ("select on table orders", "Expected one like"),
            ("select on table a.b.c.d", "Expected one like"),
            ("select on table a.b.Orders", "Expected one like"),
            ("select on table a.b.\"c", "Expected one like"),
            ("select on table a.b.\"\"", "Expected one like"),
            ("select on table a.b.c; DROP TABLE d", "Expected one like"),
            ("select on table a..c", "Expected one like"),
            ("connect on table a.b.c", "on a table there are select,"),
            ("usage on database a", "on a database there are connect,"),
            ("SELECT ON TABLE a.b.c", "select on table a.b.c"),
            ("select on table a.b.\"c\"", "select on table a.b.c"),
            ("select on table a.pg_catalog.pg_authid", "isn't handed out"),
            ("usage on schema a.information_schema", "isn't handed out"),
        ] {
            match Privilege::parse(native) {
                Err(CallError::Refused { words: said }) => assert!(said.contains(words), "{native}: {said}"),
                other => panic!("{native}: {other:?}"),
            }
        }
        let long = format!("usage on schema a.{}", "x".repeat(64));
        assert!(Privilege::parse(&long).is_err());
    }
}
