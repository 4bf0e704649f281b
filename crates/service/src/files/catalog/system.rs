//! `systems/*.toml`: one system and its entitlements.

use std::collections::HashMap;

use latchkey_domain::system::{BUILT_IN_SYSTEM, EntitlementKind, PassRule, SystemKind};

use super::{MAX_ENTITLEMENTS_PER_SYSTEM, PersonReference, passes};
use crate::files::{
    error::{Errors, Place},
    text::{self, Fault},
    toml_doc::{Doc, Table},
};

/// A system as its file says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SystemFile {
    /// Stable key.
    pub key: String,
    /// What it is called on screen.
    pub name: String,
    /// What it speaks; never [`SystemKind::Latchkey`], which is built in.
    pub kind: SystemKind,
    /// What it is for.
    pub description: String,
    /// Who answers for it.
    pub owner: PersonReference,
    /// How a new account is named: lower-case text with placeholders.
    pub account_name: String,
    /// The attribute that carries our external id on that system.
    pub recognise: String,
    /// What can be held on it, in the order of the file.
    pub entitlements: Vec<EntitlementFile>,
    /// How it is compared with what was granted; nothing means the defaults.
    pub passes: Option<PassRule>,
    /// Where it stands.
    pub at: Place,
}

/// An entitlement as its file says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntitlementFile {
    /// Stable key, unique within the system.
    pub key: String,
    /// What it is there.
    pub kind: EntitlementKind,
    /// What it is called on screen.
    pub name: String,
    /// What the system calls it: a DN, a database role, the name of a SCIM group.
    pub native: String,
    /// What one can do with it.
    pub description: String,
    /// Where it stands.
    pub at: Place,
}

/// What `account_name` may use.
const PLACEHOLDERS: [&str; 4] = ["given_name", "family_name", "external_id", "email_local"];
/// The kinds that a file may declare.
const KINDS: [SystemKind; 4] = [SystemKind::Ldap, SystemKind::Postgresql, SystemKind::Scim, SystemKind::Program];
/// The longest identifier that PostgreSQL keeps, in bytes; it cuts longer ones without a word.
const POSTGRES_IDENTIFIER: usize = 63;

/// Reads one file of `systems/`. `keys` gathers what is declared, sound or not, so that one mistake in a system doesn't
/// make every role that uses it look wrong.
pub(super) fn parse(doc: &Doc<'_>, keys: &mut Vec<(String, Vec<String>)>, errors: &mut Errors) -> Option<SystemFile> {
    let root = doc.parse(errors)?;
    let mut root = Table::root(doc, &root);
    let system = root.table(errors, "system");
    let entitlements = root.tables(errors, "entitlement", MAX_ENTITLEMENTS_PER_SYSTEM);
    let passes = root.has("passes").then(|| root.table(errors, "passes"));
    root.finish(errors);

    let passes = match passes {
        None => Some(None),
        Some(table) => table.and_then(|mut table| passes::parse(&mut table, errors)).map(Some),
    };
    let mut system = system?;
    system.call("system", system.peek("key"));
    if let Some(key) = system.peek("key") {
        let declared = entitlements.iter().filter_map(|one| one.peek("key")).map(str::to_owned).collect();
        keys.push((key.to_owned(), declared));
    }
    let at = system.place();
    let key = system.text(errors, "key", declared_key);
    let name = system.text(errors, "name", |v| text::line(v, 80));
    let kind = system.text(errors, "kind", |v| text::word(v, &KINDS));
    let description = system.text(errors, "description", |v| text::line(v, 500));
    let owner = system.text(errors, "owner", text::external_id);
    let account_name = system.text(errors, "account_name", account_name);
    let known_kind = kind.as_ref().map(|kind| kind.value);
    let recognise = system.optional(errors, "recognise", |v| recognise(v, known_kind));
    system.finish(errors);
    if entitlements.is_empty() {
        system.complain(errors, 0, "there is no entitlement", "at least one [[entitlement]]");
    }
    let parsed = parse_entitlements(entitlements, known_kind, errors);

    let owner = owner?;
    let kind = kind?.value;
    Some(SystemFile {
        key: key?.value,
        name: name?.value,
        kind,
        description: description?.value,
        owner: PersonReference { external_id: owner.value, field: "owner", at: doc.place(owner.offset) },
        account_name: account_name?.value,
        recognise: recognise?.map_or_else(|| usual_recognise(kind).to_owned(), |at| at.value),
        entitlements: parsed?,
        passes: passes?,
        at,
    })
}

fn parse_entitlements(
    tables: Vec<Table<'_>>,
    system: Option<SystemKind>,
    errors: &mut Errors,
) -> Option<Vec<EntitlementFile>> {
    let mut keys: HashMap<String, Place> = HashMap::new();
    let mut natives: HashMap<String, Place> = HashMap::new();
    let mut list = Vec::with_capacity(tables.len());
    let mut sound = true;
    for mut table in tables {
        match parse_entitlement(&mut table, system, &mut keys, &mut natives, errors) {
            Some(entitlement) => list.push(entitlement),
            None => sound = false,
        }
    }
    sound.then_some(list)
}

fn parse_entitlement(
    table: &mut Table<'_>,
    system: Option<SystemKind>,
    keys: &mut HashMap<String, Place>,
    natives: &mut HashMap<String, Place>,
    errors: &mut Errors,
) -> Option<EntitlementFile> {
    table.call("entitlement", table.peek("key"));
    let at = table.place();
    let key = table.text(errors, "key", text::key);
    let kind = table.text(errors, "kind", |v| entitlement_kind(v, system));
    let name = table.text(errors, "name", |v| text::line(v, 80));
    let native = table.text(errors, "native", |v| native(v, system));
    let description = table.text(errors, "description", |v| text::line(v, 500));
    table.finish(errors);
    let (key, native) = (key?, native?);
    let first_key = keys.insert(key.value.clone(), at.clone());
    if let Some(first) = &first_key {
        table.complain(errors, key.offset, &format!("the key is used on line {} too", first.line), "a key of its own");
    }
    let first_native = natives.insert(same_native(&native.value, system), at.clone());
    if let Some(first) = &first_native {
        let message = format!("native is the same as on line {}", first.line);
        table.complain(errors, native.offset, &message, "one entitlement for each thing on the system");
    }
    if first_key.is_some() || first_native.is_some() {
        return None;
    }
    Some(EntitlementFile {
        key: key.value,
        kind: kind?.value,
        name: name?.value,
        native: native.value,
        description: description?.value,
        at,
    })
}

fn declared_key(value: &str) -> Result<String, Fault> {
    if value == BUILT_IN_SYSTEM {
        return Err(Fault {
            message: format!("is \"{BUILT_IN_SYSTEM}\", which is built in"),
            expected: "no file for it; roles can use its entitlements as they are".to_owned(),
        });
    }
    text::key(value)
}

fn entitlement_kind(value: &str, system: Option<SystemKind>) -> Result<EntitlementKind, Fault> {
    let fitting: &[EntitlementKind] = match system {
        Some(SystemKind::Ldap) => &[EntitlementKind::Group],
        Some(SystemKind::Postgresql) => &[EntitlementKind::DatabaseRole],
        Some(SystemKind::Scim) => &[EntitlementKind::AppRole],
        // Which of them a program has, it says itself.
        Some(SystemKind::Program | SystemKind::Latchkey) | None => EntitlementKind::ALL,
    };
    text::word(value, fitting).map_err(|fault| match (value.parse::<EntitlementKind>(), system) {
        (Ok(_), Some(system)) => {
            Fault { message: format!("{}, which a system of kind {system} doesn't have", fault.message), ..fault }
        }
        _ => fault,
    })
}

/// What two natives have in common when the system takes them for the same thing.
fn same_native(native: &str, system: Option<SystemKind>) -> String {
    match system {
        // Attribute names, most values and SCIM display names are compared without case; spaces around the commas of a
        // DN mean nothing.
        Some(SystemKind::Ldap) => {
            native.split(',').map(|part| part.trim().to_lowercase()).collect::<Vec<_>>().join(",")
        }
        Some(SystemKind::Scim) => native.to_lowercase(),
        _ => native.to_owned(),
    }
}

fn native(value: &str, system: Option<SystemKind>) -> Result<String, Fault> {
    let value = text::line(value, 512)?;
    let fault =
        |expected: &str| Err(Fault { message: format!("is {}", text::shown(&value)), expected: expected.to_owned() });
    match system {
        Some(SystemKind::Ldap) if !is_dn(&value) => {
            fault("the group's DN, such as \"cn=vpn-users,ou=groups,dc=example,dc=test\"")
        }
        // The connector reads it whole, and says what is wrong with one.
        Some(SystemKind::Postgresql) if is_privilege(&value) => Ok(value),
        Some(SystemKind::Postgresql) if value.len() > POSTGRES_IDENTIFIER => fault(
            "a role name of at most 63 bytes, PostgreSQL's limit, or a privilege such as \"select on table sales.public.orders\"",
        ),
        Some(SystemKind::Postgresql) if value.starts_with("pg_") || matches!(value.as_str(), "public" | "none") => {
            fault("a role of your own; names with pg_, \"public\" and \"none\" belong to PostgreSQL")
        }
        _ => Ok(value),
    }
}

/// Looks like one privilege on one thing of a PostgreSQL cluster: `select on table sales.public.orders`.
fn is_privilege(value: &str) -> bool {
    let words: Vec<&str> = value.splitn(4, ' ').collect();
    matches!(words.as_slice(), [_, "on", "database" | "schema" | "table", names] if !names.is_empty())
}

/// Looks like a distinguished name (RFC 4514): each part between commas, unless the comma is escaped, is
/// `attribute=value`.
fn is_dn(value: &str) -> bool {
    let mut parts: Vec<String> = vec![String::new()];
    let mut chars = value.chars();
    while let Some(c) = chars.next() {
        if c == ',' {
            parts.push(String::new());
            continue;
        }
        if let Some(part) = parts.last_mut() {
            part.push(c);
            if c == '\\' {
                part.extend(chars.next());
            }
        }
    }
    parts.iter().all(|part| {
        part.trim().split_once('=').is_some_and(|(attribute, value)| {
            attribute.starts_with(|c: char| c.is_ascii_alphabetic())
                && attribute.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
                && !value.trim().is_empty()
        })
    })
}

fn account_name(value: &str) -> Result<String, Fault> {
    let fault = || Fault {
        message: format!("is {}", text::shown(value)),
        expected: format!(
            "lower-case letters, digits, \".\", \"-\", \"_\" and at least one of {{{}}}",
            PLACEHOLDERS.join("}, {")
        ),
    };
    let mut rest = value;
    let mut placeholders = 0;
    let plain = |part: &str| {
        part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'.' | b'-' | b'_'))
    };
    while let Some((before, after)) = rest.split_once('{') {
        let (name, after) = after.split_once('}').ok_or_else(fault)?;
        if !plain(before) || !PLACEHOLDERS.contains(&name) {
            return Err(fault());
        }
        placeholders += 1;
        rest = after;
    }
    if placeholders == 0 || !plain(rest) || value.len() > 100 { Err(fault()) } else { Ok(value.to_owned()) }
}

fn usual_recognise(kind: SystemKind) -> &'static str {
    match kind {
        SystemKind::Ldap => "employeeNumber",
        SystemKind::Postgresql => "comment",
        SystemKind::Scim | SystemKind::Latchkey => "externalId",
        SystemKind::Program => "external_id",
    }
}

fn recognise(value: &str, kind: Option<SystemKind>) -> Result<String, Fault> {
    let (fits, expected) = match kind {
        Some(SystemKind::Ldap) | None => (
            value.len() <= 60
                && value.starts_with(|c: char| c.is_ascii_alphabetic())
                && value.chars().all(|c| c.is_ascii_alphanumeric() || c == '-'),
            "the name of an attribute, such as employeeNumber",
        ),
        Some(SystemKind::Postgresql) => {
            (value == "comment", "\"comment\": PostgreSQL roles have no other place for it")
        }
        Some(SystemKind::Scim | SystemKind::Latchkey) => {
            (value == "externalId", "\"externalId\" (RFC 7643, section 3.1)")
        }
        Some(SystemKind::Program) => (
            value == "external_id",
            "\"external_id\": that is what the protocol calls it, wherever the program keeps it",
        ),
    };
    if fits {
        Ok(value.to_owned())
    } else {
        Err(Fault { message: format!("is {}", text::shown(value)), expected: expected.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn naming_rules_use_known_placeholders_and_plain_letters() {
        for good in ["{given_name}.{family_name}", "x-{external_id}", "{email_local}"] {
            assert_eq!(account_name(good).unwrap(), good);
        }
        for bad in [
            "",
            "fixed",
            "{name}",
            "{given_name",
            "given_name}",
            "{given_name} {family_name}",
            "A{external_id}",
            "{{given_name}}",
        ] {
            assert!(account_name(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn natives_fit_their_system() {
        let ldap = Some(SystemKind::Ldap);
        for good in ["cn=vpn,dc=test", "cn=a\\,b,ou=x, dc=test", "CN=Ä b,DC=test"] {
            assert!(native(good, ldap).is_ok(), "{good}");
        }
        for bad in ["vpn", "cn=vpn,test", "=vpn,dc=test", "cn=,dc=test", "cn=a,", "cn=a,b,dc=test"] {
            assert!(native(bad, ldap).is_err(), "{bad}");
        }
        let postgresql = Some(SystemKind::Postgresql);
        assert!(native("wh_read", postgresql).is_ok());
        assert!(native(&"a".repeat(64), postgresql).is_err());
        assert!(native("pg_read_all_data", postgresql).is_err());
        assert!(native("public", postgresql).is_err());
        assert!(native("CRM Readers", Some(SystemKind::Scim)).is_ok());
        let long = format!("select on table sales.public.{}", "orders_".repeat(9));
        assert_eq!(native(&long, Some(SystemKind::Postgresql)).unwrap(), long, "a privilege isn't a role's name");
        assert!(native(&"orders_".repeat(10), Some(SystemKind::Postgresql)).is_err());
        assert!(native(&format!("select on tables {}", "x".repeat(60)), Some(SystemKind::Postgresql)).is_err());
    }

    #[test]
    fn a_program_has_any_kind_and_one_way_to_recognise() {
        let program = Some(SystemKind::Program);
        assert_eq!(usual_recognise(SystemKind::Program), "external_id");
        assert!(recognise("external_id", program).is_ok());
        assert!(recognise("externalId", program).is_err());
        for kind in ["group", "database-role", "app-role"] {
            assert!(entitlement_kind(kind, program).is_ok(), "{kind}");
        }
        assert!(native("any name: at all", program).is_ok());
    }

    #[test]
    fn what_a_system_takes_for_the_same_is_the_same() {
        let same = |a, b, kind| same_native(a, Some(kind)) == same_native(b, Some(kind));
        assert!(same("cn=A,dc=test", "CN=a, dc=test", SystemKind::Ldap));
        assert!(same("Readers", "readers", SystemKind::Scim));
        assert!(!same("Readers", "readers", SystemKind::Postgresql));
    }
}
