//! `[connection.<key>]` with `kind = "ldap"`.

use std::{path::PathBuf, time::Duration};

use serde::Deserialize;
use url::Url;

use super::dn;
use crate::{Secret, SecretSource, SettingsError, settings, tls};

/// How groups hold their members.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GroupStyle {
    /// `groupOfNames`: `member` holds DNs, at least one.
    GroupOfNames,
    /// `groupOfUniqueNames`: `uniqueMember` holds DNs, at least one.
    GroupOfUniqueNames,
    /// `posixGroup`: `memberUid` holds logins, and may be empty. A person's primary group isn't looked at.
    PosixGroup,
}

impl GroupStyle {
    /// The attribute that holds the members, unless the settings name another.
    #[must_use]
    pub const fn member_attribute(self) -> &'static str {
        match self {
            Self::GroupOfNames => "member",
            Self::GroupOfUniqueNames => "uniqueMember",
            Self::PosixGroup => "memberUid",
        }
    }
}

/// How an entry is made unusable. Standard LDAP has no such thing, so a directory says it in one of these ways.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Disabling {
    /// One value in an ordinary attribute (`disabled_attribute`, `disabled_value`). It works on every directory, and means what
    /// the sign-in filters of those who use the directory make of it: they add `(!(description=latchkey:disabled))`.
    Marker,
    /// `pwdAccountLockedTime: 000001010000Z` of the password policy overlay: the directory itself refuses every bind as this
    /// entry until it is taken away. It takes effect where the policy in force has `pwdLockout: TRUE`.
    PasswordPolicy,
}

/// How to reach and read an LDAP directory.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LdapSettings {
    /// `ldaps://host[:636]` or `ldap://host[:389]`.
    pub url: String,
    /// With `ldap://`: switch to TLS before anything is said.
    #[serde(default)]
    pub starttls: bool,
    /// PEM file of the authorities to trust, instead of the system's.
    #[serde(default)]
    pub ca_file: Option<PathBuf>,
    /// Allows `ldap://` without TLS to another machine: the password then travels in clear. Off by default.
    #[serde(default)]
    pub allow_plaintext: bool,
    /// The DN that Latchkey signs in as.
    pub bind_dn: String,
    /// File with its password.
    #[serde(default)]
    pub password_file: Option<PathBuf>,
    /// Environment variable with its password.
    #[serde(default)]
    pub password_env: Option<String>,
    /// The password itself, from code; settings files can't set it.
    #[serde(skip)]
    pub password: Option<Secret>,
    /// Everything that Latchkey may see and touch is below this.
    pub base_dn: String,
    /// Where new accounts are made.
    pub people_ou: String,
    /// The attribute that holds the login, and names new entries.
    #[serde(default = "uid")]
    pub naming_attribute: String,
    /// The attribute that holds our external id. The catalog's `recognise` sets it.
    #[serde(default = "employee_number")]
    pub recognise: String,
    /// The object classes of new accounts. They must allow uid, cn, sn, givenName, displayName, mail and the recognition attribute.
    #[serde(default = "inet_org_person")]
    pub object_classes: Vec<String>,
    /// How groups hold their members.
    #[serde(default = "group_of_names")]
    pub group_style: GroupStyle,
    /// Overrides the group style's own attribute.
    #[serde(default)]
    pub member_attribute: Option<String>,
    /// A DN that keeps a group's last place; default `cn=nobody` below `base_dn`. It need not exist.
    #[serde(default)]
    pub placeholder_member: Option<String>,
    /// How an account is disabled.
    #[serde(default = "marker")]
    pub disabling: Disabling,
    /// With `disabling = "marker"`: the attribute; it must allow several values.
    #[serde(default = "description")]
    pub disabled_attribute: String,
    /// With `disabling = "marker"`: the value that means disabled.
    #[serde(default = "disabled")]
    pub disabled_value: String,
    /// How many entries a listing asks for at a time (RFC 2696), 1 to 1000. A directory may give fewer.
    #[serde(default = "five_hundred")]
    pub page_size: u16,
    /// The longest that a call takes, in seconds.
    #[serde(default = "settings::ten")]
    pub timeout_seconds: u64,
}

fn uid() -> String {
    "uid".to_owned()
}
fn employee_number() -> String {
    "employeeNumber".to_owned()
}
fn inet_org_person() -> Vec<String> {
    vec!["inetOrgPerson".to_owned()]
}
const fn group_of_names() -> GroupStyle {
    GroupStyle::GroupOfNames
}
const fn marker() -> Disabling {
    Disabling::Marker
}
fn description() -> String {
    "description".to_owned()
}
const fn five_hundred() -> u16 {
    500
}
fn disabled() -> String {
    "latchkey:disabled".to_owned()
}

impl LdapSettings {
    /// Settings with every default, for code that starts its own directory.
    #[must_use]
    pub fn new(url: &str, bind_dn: &str, password: Secret, base_dn: &str) -> Self {
        Self {
            url: url.to_owned(),
            starttls: false,
            ca_file: None,
            allow_plaintext: false,
            bind_dn: bind_dn.to_owned(),
            password_file: None,
            password_env: None,
            password: Some(password),
            base_dn: base_dn.to_owned(),
            people_ou: format!("ou=people,{base_dn}"),
            naming_attribute: uid(),
            recognise: employee_number(),
            object_classes: inet_org_person(),
            group_style: group_of_names(),
            member_attribute: None,
            placeholder_member: None,
            disabling: marker(),
            disabled_attribute: description(),
            disabled_value: disabled(),
            page_size: five_hundred(),
            timeout_seconds: settings::ten(),
        }
    }

    /// The attribute that holds a group's members.
    #[must_use]
    pub fn member_attribute(&self) -> &str {
        self.member_attribute.as_deref().unwrap_or(self.group_style.member_attribute())
    }

    /// The DN that keeps a group's last place.
    #[must_use]
    pub fn placeholder_member(&self) -> String {
        self.placeholder_member.clone().unwrap_or_else(|| format!("cn=nobody,{}", self.base_dn))
    }

    /// Checks what can be checked without contacting the directory.
    pub(super) fn checked(self) -> Result<Checked, SettingsError> {
        let url = Url::parse(&self.url).map_err(|error| {
            SettingsError::new(
                "url",
                format!("\"{}\" is not a URL ({error}); expected ldaps://host or ldap://host", self.url),
            )
        })?;
        let host = url.host_str().filter(|host| !host.is_empty()).map(str::to_owned);
        let host = host.ok_or_else(|| SettingsError::new("url", format!("\"{}\" names no host", self.url)))?;
        let secure = match (url.scheme(), self.starttls) {
            ("ldaps", false) | ("ldap", true) => true,
            ("ldap", false) => false,
            ("ldaps", true) => {
                return Err(SettingsError::new("starttls", "belongs to ldap://; ldaps:// starts with TLS by itself"));
            }
            (other, _) => {
                return Err(SettingsError::new("url", format!("starts with {other}://; expected ldaps:// or ldap://")));
            }
        };
        if !secure && !self.allow_plaintext && !tls::is_loopback(&host) {
            return Err(SettingsError::new(
                "url",
                "would send the password to another machine in clear; use ldaps://, or set starttls = true",
            ));
        }
        for (setting, dn) in [("bind_dn", &self.bind_dn), ("base_dn", &self.base_dn), ("people_ou", &self.people_ou)] {
            if dn::parts(dn).is_none() {
                return Err(SettingsError::new(
                    setting,
                    format!("\"{dn}\" is not a DN; expected one like ou=people,dc=example,dc=test"),
                ));
            }
        }
        if !dn::is_within(&self.people_ou, &self.base_dn) {
            return Err(SettingsError::new(
                "people_ou",
                format!("{} is not below base_dn, {}", self.people_ou, self.base_dn),
            ));
        }
        let placeholder = self.placeholder_member();
        if dn::parts(&placeholder).is_none() {
            return Err(SettingsError::new("placeholder_member", format!("\"{placeholder}\" is not a DN")));
        }
        let attributes = [
            ("naming_attribute", self.naming_attribute.as_str()),
            ("recognise", &self.recognise),
            ("member_attribute", self.member_attribute()),
            ("disabled_attribute", &self.disabled_attribute),
        ];
        for (setting, name) in
            attributes.into_iter().chain(self.object_classes.iter().map(|class| ("object_classes", class.as_str())))
        {
            let plain = name.starts_with(|c: char| c.is_ascii_alphabetic())
                && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
            if !plain {
                return Err(SettingsError::new(
                    setting,
                    format!("\"{name}\" is not a name that LDAP attributes and classes have"),
                ));
            }
        }
        if self.recognise.eq_ignore_ascii_case(&self.naming_attribute) {
            return Err(SettingsError::new(
                "recognise",
                "is the naming attribute; the login and the external id need one each",
            ));
        }
        if self.object_classes.is_empty() {
            return Err(SettingsError::new("object_classes", "is empty; expected for example [\"inetOrgPerson\"]"));
        }
        if self.disabled_value.trim().is_empty() {
            return Err(SettingsError::new("disabled_value", "is empty"));
        }
        if !(1..=1000).contains(&self.page_size) {
            return Err(SettingsError::new("page_size", format!("is {}; expected 1 to 1000", self.page_size)));
        }
        let secret = SecretSource::from_settings(
            "password",
            self.password_file.as_ref(),
            self.password_env.as_ref(),
            self.password.as_ref(),
        )?
        .ok_or_else(|| SettingsError::new("password_file", "is missing; set password_file or password_env"))?;
        let tls = if secure { Some(tls::client_config(self.ca_file.as_deref())?) } else { None };
        let timeout = settings::timeout(self.timeout_seconds)?;
        Ok(Checked { host, url, secret, tls, timeout, placeholder, settings: self })
    }
}

/// Settings that were looked through.
pub(crate) struct Checked {
    pub(super) settings: LdapSettings,
    pub(super) url: Url,
    pub(super) host: String,
    pub(super) secret: SecretSource,
    pub(super) tls: Option<std::sync::Arc<rustls::ClientConfig>>,
    pub(super) timeout: Duration,
    pub(super) placeholder: String,
}
