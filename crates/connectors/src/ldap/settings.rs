//! `[connection.<key>]` with `kind = "ldap"`.

use std::path::PathBuf;

use serde::Deserialize;

use super::choices::{Directory, Disabling, FirstSignIn, GroupStyle};
use crate::{Secret, settings};

/// How to reach and read an LDAP directory.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LdapSettings {
    /// Which directory it is.
    #[serde(default = "open_ldap")]
    pub directory: Directory,
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
    /// The attribute that holds the login, and names new entries; default `uid`. In Active Directory it is `sAMAccountName`, and new
    /// entries are named by `cn`, with the same value.
    #[serde(default)]
    pub naming_attribute: Option<String>,
    /// In Active Directory: what follows the login and an `@` in `userPrincipalName`; default the domain that `base_dn` names.
    #[serde(default)]
    pub principal_suffix: Option<Box<str>>,
    /// In Active Directory: how somebody first signs in to a new account.
    #[serde(default = "by_password")]
    pub first_sign_in: FirstSignIn,
    /// Which accounts are listed, besides lying below `base_dn`: an LDAP filter (RFC 4515) that listings add to their own.
    #[serde(default)]
    pub account_filter: Option<Box<str>>,
    /// The attribute that holds our external id. The catalog's `recognise` sets it.
    #[serde(default = "employee_number")]
    pub recognise: String,
    /// The object classes of new accounts; default `inetOrgPerson`, in Active Directory `user`. They must allow uid, cn, sn, givenName,
    /// displayName, mail and the recognition attribute.
    #[serde(default)]
    pub object_classes: Option<Box<[String]>>,
    /// How groups hold their members.
    #[serde(default = "usual_style")]
    pub group_style: GroupStyle,
    /// Overrides the group style's own attribute.
    #[serde(default)]
    pub member_attribute: Option<String>,
    /// A DN that keeps a group's last place; default `cn=nobody` below `base_dn`. It need not exist.
    #[serde(default)]
    pub placeholder_member: Option<String>,
    /// How an account is disabled.
    #[serde(default = "usual_disabling")]
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

const fn open_ldap() -> Directory {
    Directory::OpenLdap
}
const fn by_password() -> FirstSignIn {
    FirstSignIn::Password
}
fn employee_number() -> String {
    "employeeNumber".to_owned()
}
const fn usual_style() -> GroupStyle {
    GroupStyle::Usual
}
const fn usual_disabling() -> Disabling {
    Disabling::Usual
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
            directory: open_ldap(),
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
            naming_attribute: None,
            principal_suffix: None,
            first_sign_in: by_password(),
            account_filter: None,
            recognise: employee_number(),
            object_classes: None,
            group_style: usual_style(),
            member_attribute: None,
            placeholder_member: None,
            disabling: usual_disabling(),
            disabled_attribute: description(),
            disabled_value: disabled(),
            page_size: five_hundred(),
            timeout_seconds: settings::ten(),
        }
    }

    /// How groups hold their members, in this directory.
    #[must_use]
    pub const fn group_style(&self) -> GroupStyle {
        match (self.group_style, self.directory) {
            (GroupStyle::Usual, Directory::OpenLdap) => GroupStyle::GroupOfNames,
            (GroupStyle::Usual, Directory::ActiveDirectory) => GroupStyle::Group,
            (style, _) => style,
        }
    }

    /// How an account is disabled, in this directory.
    #[must_use]
    pub const fn disabling(&self) -> Disabling {
        match (self.disabling, self.directory) {
            (Disabling::Usual, Directory::OpenLdap) => Disabling::Marker,
            (Disabling::Usual, Directory::ActiveDirectory) => Disabling::UserAccountControl,
            (disabling, _) => disabling,
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
}
