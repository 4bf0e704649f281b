//! What a fresh server gets before it is used: a directory's frame and groups, a cluster's roles.

use std::collections::HashSet;

use ldap3::LdapResult;

use crate::{
    CallError, Secret,
    ldap::{self, LdapSettings, leaf_value},
    postgresql::{self, PostgresSettings, identifier, literal},
};

const SUCCESS: u32 = 0;
const ENTRY_ALREADY_EXISTS: u32 = 68;

type Attributes<'a> = &'a [(&'a str, &'a [&'a str])];

async fn add(session: &ldap::Session, dn: &str, attributes: Attributes<'_>) -> Result<(), CallError> {
    let attributes =
        attributes.iter().map(|(name, values)| (*name, values.iter().copied().collect::<HashSet<_>>())).collect();
    let failed = |why: String| CallError::refused(format!("Adding {dn} failed: {why}"));
    match session.ldap().await?.add(dn, attributes).await.map_err(|error| failed(error.to_string()))? {
        LdapResult { rc: SUCCESS | ENTRY_ALREADY_EXISTS, .. } => Ok(()),
        result => Err(failed(result.to_string())),
    }
}

/// The suffix, the places for people and groups, the service account and a password policy under which locks hold.
pub(super) async fn directory_frame(admin: &LdapSettings) -> Result<(), CallError> {
    let session = open(admin)?;
    let base = &admin.base_dn;
    let name = leaf_value(base).unwrap_or_default();
    add(&session, base, &[("objectClass", &["dcObject", "organization"]), ("dc", &[&name]), ("o", &[&name])]).await?;
    for unit in ["people", "groups", "policies"] {
        add(&session, &format!("ou={unit},{base}"), &[("objectClass", &["organizationalUnit"]), ("ou", &[unit])])
            .await?;
    }
    let secret = admin.password.as_ref().map(Secret::expose).unwrap_or_default();
    let account: Attributes<'_> = &[
        ("objectClass", &["organizationalRole", "simpleSecurityObject"]),
        ("cn", &["latchkey"]),
        ("description", &["What Latchkey signs in as."]),
        ("userPassword", &[secret]),
    ];
    add(&session, &format!("cn=latchkey,{base}"), account).await?;
    let policy: Attributes<'_> = &[
        ("objectClass", &["device", "pwdPolicy"]),
        ("cn", &["default"]),
        ("pwdAttribute", &["userPassword"]),
        ("pwdLockout", &["TRUE"]),
    ];
    add(&session, &format!("cn=default,ou=policies,{base}"), policy).await
}

/// Makes groups, each a DN with a description, that aren't there yet. Their one member at first is the placeholder.
///
/// # Errors
/// When the directory refuses one; those before it are there.
pub async fn seed_directory(settings: &LdapSettings, groups: &[(&str, &str)]) -> Result<(), CallError> {
    let session = open(settings)?;
    let style = settings.group_style();
    let class = match style {
        ldap::GroupStyle::GroupOfNames | ldap::GroupStyle::Usual => "groupOfNames",
        ldap::GroupStyle::Group => "group",
        ldap::GroupStyle::GroupOfUniqueNames => "groupOfUniqueNames",
        ldap::GroupStyle::PosixGroup => "posixGroup",
    };
    let placeholder = settings.placeholder_member();
    for (number, (dn, description)) in groups.iter().enumerate() {
        let Some(name) = leaf_value(dn) else {
            return Err(CallError::refused(format!(
                "\"{dn}\" is not a group's DN; expected one like cn=vpn-users,ou=groups,dc=example,dc=test."
            )));
        };
        let number = (10_000 + number).to_string();
        // Active Directory wants a login for groups too, without some signs.
        let login: String = name.chars().filter(|c| c.is_alphanumeric() || "-._ ".contains(*c)).collect();
        let last: (&str, &[&str]) = match style {
            ldap::GroupStyle::PosixGroup => ("gidNumber", &[&number]),
            ldap::GroupStyle::Group => ("sAMAccountName", &[&login]),
            _ => (settings.member_attribute(), &[&placeholder]),
        };
        let description = if description.is_empty() { &name } else { *description };
        add(&session, dn, &[("objectClass", &[class]), ("cn", &[&name]), ("description", &[description]), last])
            .await?;
    }
    Ok(())
}

fn open(settings: &LdapSettings) -> Result<ldap::Session, CallError> {
    ldap::open(settings.clone()).map_err(|error| CallError::refused(error.to_string()))
}

async fn run(settings: &PostgresSettings, statements: &[String], doing: &str) -> Result<(), CallError> {
    let session = postgresql::open(settings.clone()).map_err(|error| CallError::refused(error.to_string()))?;
    for sql in statements {
        session.run(sql, doing).await.map_err(|(_, error)| error)?;
    }
    Ok(())
}

/// Makes one role unless there is one of that name.
fn unless_there(name: &str, then: &str) -> String {
    let body = format!(
        "BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = {}) THEN {then}; END IF; END",
        literal(name)
    );
    format!("DO LANGUAGE plpgsql {}", literal(&body))
}

/// The role that a connection uses: it manages roles, ends their sessions, and is no superuser.
pub(super) async fn manager(admin: &PostgresSettings, password: &Secret) -> Result<(), CallError> {
    let statements = [
        unless_there("latchkey", "CREATE ROLE latchkey"),
        format!("ALTER ROLE latchkey WITH LOGIN CREATEROLE PASSWORD {}", literal(password.expose())),
        "GRANT pg_signal_backend TO latchkey".to_owned(),
    ];
    run(admin, &statements, "Preparing the role latchkey").await
}

/// Makes roles to be granted, each a name with a description, that aren't there yet. They can't log in themselves.
///
/// # Errors
/// When the server refuses one; those before it are there.
pub async fn seed_roles(settings: &PostgresSettings, roles: &[(&str, &str)]) -> Result<(), CallError> {
    let mut statements = Vec::new();
    for (name, description) in roles {
        let quoted = identifier(name)?;
        let make = format!("CREATE ROLE {quoted} NOLOGIN; COMMENT ON ROLE {quoted} IS {}", literal(description));
        statements.push(unless_there(name, &make));
    }
    run(settings, &statements, "Making the roles to be granted").await
}
