//! `[connection.<key>]` with `kind = "scim"`.

use std::{path::PathBuf, sync::Arc, time::Duration};

use serde::Deserialize;
use url::Url;

use crate::{Secret, SecretSource, SettingsError, settings, tls};

/// How to reach a SCIM 2.0 service.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScimSettings {
    /// The address that `/Users` and `/Groups` are appended to: `https://app.example.test/scim/v2`.
    pub base_url: String,
    /// File with the bearer token.
    #[serde(default)]
    pub token_file: Option<PathBuf>,
    /// Environment variable with the bearer token.
    #[serde(default)]
    pub token_env: Option<String>,
    /// The token itself, from code; settings files can't set it.
    #[serde(skip)]
    pub token: Option<Secret>,
    /// PEM file of the authorities to trust, instead of the system's.
    #[serde(default)]
    pub ca_file: Option<PathBuf>,
    /// Allows `http://` to another machine: the token then travels in clear. Off by default.
    #[serde(default)]
    pub allow_plaintext: bool,
    /// The largest answer that is read, in bytes. A group's members come in one answer.
    #[serde(default = "four_mebibytes")]
    pub max_answer_bytes: usize,
    /// How many users or groups a list asks for at once, 1 to 1000. Services may send fewer.
    #[serde(default = "two_hundred")]
    pub page_size: usize,
    /// The longest that a call takes, in seconds.
    #[serde(default = "settings::ten")]
    pub timeout_seconds: u64,
}

const fn four_mebibytes() -> usize {
    4 * 1024 * 1024
}

const fn two_hundred() -> usize {
    200
}

impl ScimSettings {
    /// Settings with every default, for code that starts its own service.
    #[must_use]
    pub fn new(base_url: &str, token: Secret) -> Self {
        Self {
            base_url: base_url.to_owned(),
            token_file: None,
            token_env: None,
            token: Some(token),
            ca_file: None,
            allow_plaintext: false,
            max_answer_bytes: four_mebibytes(),
            page_size: two_hundred(),
            timeout_seconds: settings::ten(),
        }
    }

    /// Checks what can be checked without contacting the service.
    pub(super) fn checked(self) -> Result<Checked, SettingsError> {
        let expected = "expected one like https://app.example.test/scim/v2";
        let base = Url::parse(&self.base_url).map_err(|error| {
            SettingsError::new("base_url", format!("\"{}\" is not a URL ({error}); {expected}", self.base_url))
        })?;
        let host = base.host_str().filter(|host| !host.is_empty());
        let host = host.ok_or_else(|| SettingsError::new("base_url", format!("names no host; {expected}")))?.to_owned();
        if !matches!(base.scheme(), "https" | "http") {
            return Err(SettingsError::new("base_url", format!("starts with {}://; {expected}", base.scheme())));
        }
        if base.query().is_some()
            || base.fragment().is_some()
            || !base.username().is_empty()
            || base.password().is_some()
        {
            return Err(SettingsError::new(
                "base_url",
                format!("has a query, a fragment or credentials in it; {expected}"),
            ));
        }
        let local = tls::is_loopback(&host);
        if base.scheme() == "http" && !local && !self.allow_plaintext {
            return Err(SettingsError::new(
                "base_url",
                "would send the token to another machine in clear; use https://",
            ));
        }
        if self.max_answer_bytes < 1024 {
            return Err(SettingsError::new("max_answer_bytes", "is less than 1024, which no list of users fits into"));
        }
        if !(1..=1000).contains(&self.page_size) {
            return Err(SettingsError::new("page_size", format!("is {}; expected 1 to 1000", self.page_size)));
        }
        let secret = SecretSource::from_settings(
            "token",
            self.token_file.as_ref(),
            self.token_env.as_ref(),
            self.token.as_ref(),
        )?
        .ok_or_else(|| SettingsError::new("token_file", "is missing; set token_file or token_env"))?;
        let tls = if base.scheme() == "https" { Some(tls::client_config(self.ca_file.as_deref())?) } else { None };
        let timeout = settings::timeout(self.timeout_seconds)?;
        let Self { max_answer_bytes, page_size, .. } = self;
        Ok(Checked { base, host, local, secret, tls, timeout, max_answer_bytes, page_size })
    }
}

/// Settings that were looked through.
pub(super) struct Checked {
    pub(super) base: Url,
    pub(super) host: String,
    pub(super) local: bool,
    pub(super) secret: SecretSource,
    pub(super) tls: Option<Arc<rustls::ClientConfig>>,
    pub(super) timeout: Duration,
    pub(super) max_answer_bytes: usize,
    pub(super) page_size: usize,
}
