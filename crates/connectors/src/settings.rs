//! What the settings file says about a system: `[connection.<system key>]`.

use std::time::Duration;

use serde::Deserialize;

use crate::{
    Connector, SystemKind,
    bounded::Bounded,
    ldap::{LdapConnector, LdapSettings},
    postgresql::{PostgresConnector, PostgresSettings},
    program::{ProgramConnector, ProgramSettings},
    scim::{ScimConnector, ScimSettings},
};

/// A setting that can't be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{setting}: {words}")]
pub struct SettingsError {
    /// The setting's name within its connection.
    pub setting: String,
    /// What is wrong with it, and what is expected.
    pub words: String,
}

impl SettingsError {
    /// An error about one setting.
    pub fn new(setting: impl Into<String>, words: impl Into<String>) -> Self {
        Self { setting: setting.into(), words: words.into() }
    }
}

/// How to reach one system, by its `kind`.
#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum ConnectionSettings {
    /// An LDAP directory.
    Ldap(LdapSettings),
    /// The roles of a PostgreSQL cluster.
    Postgresql(PostgresSettings),
    /// A SCIM 2.0 service.
    Scim(ScimSettings),
    /// A program that speaks Latchkey's protocol.
    Program(ProgramSettings),
}

impl ConnectionSettings {
    /// What the system speaks.
    #[must_use]
    pub const fn kind(&self) -> SystemKind {
        match self {
            Self::Ldap(_) => SystemKind::Ldap,
            Self::Postgresql(_) => SystemKind::Postgresql,
            Self::Scim(_) => SystemKind::Scim,
            Self::Program(_) => SystemKind::Program,
        }
    }

    /// Takes over the catalog's `recognise`: where on the system our external id stands.
    ///
    /// # Errors
    /// When this kind of system keeps it elsewhere.
    pub fn recognise_by(&mut self, attribute: &str) -> Result<(), SettingsError> {
        let fixed = match self {
            Self::Ldap(settings) => {
                attribute.clone_into(&mut settings.recognise);
                return Ok(());
            }
            Self::Postgresql(_) => "comment",
            Self::Scim(_) => "externalId",
            Self::Program(_) => "external_id",
        };
        if attribute == fixed {
            return Ok(());
        }
        Err(SettingsError::new(
            "recognise",
            format!("a {} system is recognised by \"{fixed}\", not by \"{attribute}\"", self.kind()),
        ))
    }
}

/// Makes the connector for a system. Nothing is contacted yet: that is [`Connector::check`].
///
/// # Errors
/// When a setting can't work: the message names it.
pub fn build(settings: ConnectionSettings) -> Result<Box<dyn Connector>, SettingsError> {
    Ok(match settings {
        ConnectionSettings::Ldap(settings) => Box::new(Bounded::new(LdapConnector::new(settings)?)),
        ConnectionSettings::Postgresql(settings) => Box::new(Bounded::new(PostgresConnector::new(settings)?)),
        ConnectionSettings::Scim(settings) => Box::new(Bounded::new(ScimConnector::new(settings)?)),
        ConnectionSettings::Program(settings) => Box::new(Bounded::new(ProgramConnector::new(settings)?)),
    })
}

/// The default time for one call, in seconds.
pub(crate) const fn ten() -> u64 {
    10
}

/// Checks `timeout_seconds`.
pub(crate) fn timeout(seconds: u64) -> Result<Duration, SettingsError> {
    if (1..=120).contains(&seconds) {
        Ok(Duration::from_secs(seconds))
    } else {
        Err(SettingsError::new("timeout_seconds", format!("is {seconds}; expected 1 to 120")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<ConnectionSettings, String> {
        toml::from_str(text).map_err(|error| error.to_string())
    }

    const LDAP: &str = "kind = \"ldap\"\nurl = \"ldaps://ldap.example.test\"\nbind_dn = \"cn=latchkey,dc=example,dc=test\"\n\
        password_env = \"X\"\nbase_dn = \"dc=example,dc=test\"\npeople_ou = \"ou=people,dc=example,dc=test\"\n";

    #[test]
    fn a_connection_is_read_by_its_kind() {
        let settings = parse(LDAP).unwrap();
        assert_eq!(settings.kind(), SystemKind::Ldap);
        assert!(build(settings).is_ok());
        let settings = parse("kind = \"postgresql\"\nhost = \"/run/postgresql\"\nuser = \"latchkey\"\n").unwrap();
        assert!(build(settings).is_ok());
        let settings =
            parse("kind = \"scim\"\nbase_url = \"https://app.example.test/scim/v2\"\ntoken_env = \"X\"\n").unwrap();
        assert!(build(settings).is_ok());
    }

    #[test]
    fn a_program_is_a_connection_too() {
        let program = "kind = \"program\"\ncommand = [\"/opt/thing.py\"]\nsecrets = { token_file = \"/etc/thing\" }\n";
        let mut settings = parse(program).unwrap();
        assert!(settings.recognise_by("external_id").is_ok() && settings.recognise_by("externalId").is_err());
        assert_eq!(build(settings).map(|built| built.kind()).ok(), Some(SystemKind::Program));
    }

    #[test]
    fn promise_11_unknown_settings_and_secrets_in_the_file_are_refused_by_name() {
        assert!(parse(&format!("{LDAP}colour = 1\n")).unwrap_err().contains("colour"));
        assert!(parse(&format!("{LDAP}password = \"x\"\n")).unwrap_err().contains("password"));
        assert!(parse("kind = \"carrier-pigeon\"\n").unwrap_err().contains("carrier-pigeon"));
    }

    #[test]
    fn a_setting_that_cannot_work_is_named() {
        let wrong = |text: String| match build(parse(&text).unwrap()) {
            Ok(_) => panic!("accepted: {text}"),
            Err(error) => error.setting,
        };
        assert_eq!(wrong(format!("{LDAP}timeout_seconds = 0\n")), "timeout_seconds");
        assert_eq!(wrong(format!("{LDAP}password_file = \"/x\"\n")), "password_file");
        assert_eq!(wrong(LDAP.replace("ldaps:", "ldap:")), "url");
        assert_eq!(wrong(LDAP.replace("ou=people,dc=example,dc=test", "ou=people,dc=other")), "people_ou");
        assert_eq!(wrong(format!("{LDAP}recognise = \"a)(b\"\n")), "recognise");
        assert_eq!(
            wrong("kind = \"scim\"\nbase_url = \"http://app.example.test\"\ntoken_env = \"X\"\n".to_owned()),
            "base_url"
        );
        let remote = "kind = \"postgresql\"\nhost = \"db.example.test\"\nuser = \"latchkey\"\n";
        assert_eq!(wrong(format!("{remote}tls = \"off\"\n")), "tls");
        assert!(build(parse(remote).unwrap()).is_ok());
    }

    #[test]
    fn the_catalog_may_say_where_the_external_id_stands() {
        let mut ldap = parse(LDAP).unwrap();
        ldap.recognise_by("uidNumber").unwrap();
        assert!(matches!(ldap, ConnectionSettings::Ldap(settings) if settings.recognise == "uidNumber"));
        let mut scim = parse("kind = \"scim\"\nbase_url = \"https://app.example.test\"\ntoken_env = \"X\"\n").unwrap();
        assert!(scim.recognise_by("externalId").is_ok());
        assert!(scim.recognise_by("nickName").is_err());
    }
}
