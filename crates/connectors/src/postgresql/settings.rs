//! `[connection.<key>]` with `kind = "postgresql"`.

use std::{collections::BTreeSet, path::PathBuf, sync::Arc, time::Duration};

use serde::Deserialize;

use crate::{Secret, SecretSource, SettingsError, settings, tls};

/// Whether the connection uses TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Tls {
    /// Always, with the certificate and its name verified.
    Required,
    /// Never: loopback and Unix sockets.
    Off,
}

/// How to reach a PostgreSQL cluster.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PostgresSettings {
    /// Host name, address, or the folder of a Unix socket.
    pub host: String,
    /// Port.
    #[serde(default = "port")]
    pub port: u16,
    /// The database to connect to. Roles belong to the whole cluster, so any will do.
    #[serde(default = "postgres")]
    pub dbname: String,
    /// The role that Latchkey signs in as.
    pub user: String,
    /// File with its password; leave both out where the server asks for none.
    #[serde(default)]
    pub password_file: Option<PathBuf>,
    /// Environment variable with its password.
    #[serde(default)]
    pub password_env: Option<String>,
    /// The password itself, from code; settings files can't set it.
    #[serde(skip)]
    pub password: Option<Secret>,
    /// TLS: `"required"`, the default for other machines, or `"off"`, the default for this one.
    #[serde(default)]
    pub tls: Option<Tls>,
    /// PEM file of the authorities to trust, instead of the system's.
    #[serde(default)]
    pub ca_file: Option<PathBuf>,
    /// Allows `tls = "off"` to another machine. Off by default.
    #[serde(default)]
    pub allow_plaintext: bool,
    /// Privileged roles that may be managed and granted all the same, by exact name.
    #[serde(default)]
    pub allow_privileged: BTreeSet<String>,
    /// Whether an account's open sessions end when a role or `connect on database` is taken from it. On by default: a session that did
    /// `SET ROLE` before would keep the role.
    #[serde(default = "yes")]
    pub end_sessions: bool,
    /// How many roles a list reads at once, from code; settings files can't set it.
    #[serde(skip, default = "five_thousand")]
    pub page_size: u32,
    /// The longest that a call takes, in seconds.
    #[serde(default = "settings::ten")]
    pub timeout_seconds: u64,
}

const fn port() -> u16 {
    5432
}
const fn yes() -> bool {
    true
}
const fn five_thousand() -> u32 {
    5_000
}
fn postgres() -> String {
    "postgres".to_owned()
}

impl PostgresSettings {
    /// Settings with every default, for code that starts its own server.
    #[must_use]
    pub fn new(host: &str, port: u16, user: &str, password: Option<Secret>) -> Self {
        Self {
            host: host.to_owned(),
            port,
            dbname: postgres(),
            user: user.to_owned(),
            password_file: None,
            password_env: None,
            password,
            tls: None,
            ca_file: None,
            allow_plaintext: false,
            allow_privileged: BTreeSet::new(),
            end_sessions: yes(),
            page_size: five_thousand(),
            timeout_seconds: settings::ten(),
        }
    }

    /// Checks what can be checked without contacting the server.
    pub(super) fn checked(self) -> Result<Checked, SettingsError> {
        for (setting, value) in [("host", &self.host), ("user", &self.user), ("dbname", &self.dbname)] {
            if value.is_empty() || value.chars().any(char::is_control) {
                return Err(SettingsError::new(setting, "is empty or has control characters"));
            }
        }
        if self.host.contains(',') {
            return Err(SettingsError::new("host", "names several hosts; roles are changed on the one primary"));
        }
        let local = tls::is_loopback(&self.host);
        let secure = self.tls.map_or(!local, |tls| tls == Tls::Required);
        if secure && self.host.starts_with('/') {
            return Err(SettingsError::new("tls", "is not there on Unix sockets; leave it out"));
        }
        if !secure && !local && !self.allow_plaintext {
            return Err(SettingsError::new(
                "tls",
                "is off to another machine, which would send everything in clear; set tls = \"required\"",
            ));
        }
        let secret = SecretSource::from_settings(
            "password",
            self.password_file.as_ref(),
            self.password_env.as_ref(),
            self.password.as_ref(),
        )?;
        let tls = if secure { Some(tls::client_config(self.ca_file.as_deref())?) } else { None };
        let timeout = settings::timeout(self.timeout_seconds)?;
        Ok(Checked { secret, tls, timeout, settings: self })
    }
}

/// Settings that were looked through.
pub(crate) struct Checked {
    pub(super) settings: PostgresSettings,
    pub(super) secret: Option<SecretSource>,
    pub(super) tls: Option<Arc<rustls::ClientConfig>>,
    pub(super) timeout: Duration,
}
