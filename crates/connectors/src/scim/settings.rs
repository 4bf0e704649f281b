//! `[connection.<key>]` with `kind = "scim"`.

use std::{collections::BTreeSet, path::PathBuf, sync::Arc, time::Duration};

use serde::Deserialize;
use url::Url;

use super::{
    oauth::{ClientAuth, Credential, Grant},
    quirks::{Quirk, Quirks},
};
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
    /// An authorization server that gives tokens, instead of one that is always the same.
    #[serde(default)]
    pub oauth: Option<OauthSettings>,
    /// What this service does unlike the standard, by name: see [`Quirk`].
    #[serde(default)]
    pub quirks: BTreeSet<Quirk>,
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

/// `[connection.<key>.oauth]`: client credentials (RFC 6749, 4.4).
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OauthSettings {
    /// The token endpoint.
    pub token_url: String,
    /// Who Latchkey is there.
    pub client_id: String,
    /// File with the client secret.
    #[serde(default)]
    pub client_secret_file: Option<PathBuf>,
    /// Environment variable with the client secret.
    #[serde(default)]
    pub client_secret_env: Option<String>,
    /// The client secret itself, from code; settings files can't set it.
    #[serde(skip)]
    pub client_secret: Option<Secret>,
    /// What is asked for, if the server wants it said.
    #[serde(default)]
    pub scope: Option<String>,
    /// For what the token is to be good, for servers that want this instead of a scope.
    #[serde(default)]
    pub audience: Option<String>,
    /// How the client proves who it is: `"basic"`, the default, or `"body"`.
    #[serde(default)]
    pub client_auth: ClientAuth,
}

impl OauthSettings {
    fn checked(&self, allow_plaintext: bool) -> Result<Grant, SettingsError> {
        let wrong = |setting: &str, words: &str| SettingsError::new(format!("oauth.{setting}"), words);
        let expected = "expected one like https://id.example.test/oauth2/token";
        let token_url = Url::parse(&self.token_url).map_err(|error| {
            wrong("token_url", &format!("\"{}\" is not a URL ({error}); {expected}", self.token_url))
        })?;
        let host = token_url.host_str().filter(|host| !host.is_empty());
        let host = host.ok_or_else(|| wrong("token_url", &format!("names no host; {expected}")))?;
        let plain = token_url.scheme() == "http" && (tls::is_loopback(host) || allow_plaintext);
        if token_url.scheme() != "https" && !plain {
            return Err(wrong("token_url", "would send the client secret in clear; use https://"));
        }
        if !token_url.username().is_empty() || token_url.password().is_some() || token_url.fragment().is_some() {
            return Err(wrong("token_url", &format!("has credentials or a fragment in it; {expected}")));
        }
        if self.client_id.is_empty() || self.client_id.chars().any(char::is_control) {
            return Err(wrong("client_id", "is empty or has control characters"));
        }
        let (file, env) = (self.client_secret_file.as_ref(), self.client_secret_env.as_ref());
        let client_secret = SecretSource::from_settings("oauth.client_secret", file, env, self.client_secret.as_ref())?
            .ok_or_else(|| wrong("client_secret_file", "is missing; set client_secret_file or client_secret_env"))?;
        Ok(Grant {
            token_url,
            client_id: self.client_id.clone(),
            client_secret,
            scope: self.scope.clone(),
            audience: self.audience.clone(),
            client_auth: self.client_auth,
        })
    }
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
            oauth: None,
            quirks: BTreeSet::new(),
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
        let token = SecretSource::from_settings(
            "token",
            self.token_file.as_ref(),
            self.token_env.as_ref(),
            self.token.as_ref(),
        )?;
        let credential = match (token, &self.oauth) {
            (Some(token), None) => Credential::Token(token),
            (None, Some(oauth)) => Credential::Grant(oauth.checked(self.allow_plaintext)?),
            (None, None) => {
                return Err(SettingsError::new("token_file", "is missing; set token_file, token_env or oauth"));
            }
            (Some(_), Some(_)) => {
                return Err(SettingsError::new("oauth", "is set beside a token; set either a token or oauth"));
            }
        };
        let elsewhere = matches!(&credential, Credential::Grant(grant) if grant.token_url.scheme() == "https");
        let secure = base.scheme() == "https" || elsewhere;
        let tls = if secure { Some(tls::client_config(self.ca_file.as_deref())?) } else { None };
        let timeout = settings::timeout(self.timeout_seconds)?;
        let Self { max_answer_bytes, page_size, .. } = self;
        let quirks = Quirks(self.quirks);
        Ok(Checked { base, host, local, credential, quirks, tls, timeout, max_answer_bytes, page_size })
    }
}

/// Settings that were looked through.
pub(super) struct Checked {
    pub(super) base: Url,
    pub(super) host: String,
    pub(super) local: bool,
    pub(super) credential: Credential,
    pub(super) quirks: Quirks,
    pub(super) tls: Option<Arc<rustls::ClientConfig>>,
    pub(super) timeout: Duration,
    pub(super) max_answer_bytes: usize,
    pub(super) page_size: usize,
}
