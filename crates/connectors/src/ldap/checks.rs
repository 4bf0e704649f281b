//! Whether the settings can work, as far as that shows without contacting the directory.

use std::time::Duration;

use url::Url;

use super::{Directory, Disabling, FirstSignIn, GroupStyle, LdapSettings, active_directory, dn};
use crate::{SecretSource, SettingsError, settings, tls};

impl LdapSettings {
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
        let naming = self.naming()?;
        let classes = self.object_classes.as_deref().map(<[String]>::to_vec).unwrap_or_else(|| {
            vec![if self.directory == Directory::ActiveDirectory { "user" } else { "inetOrgPerson" }.to_owned()]
        });
        let attributes = [
            ("naming_attribute", naming.as_str()),
            ("recognise", &self.recognise),
            ("member_attribute", self.member_attribute()),
            ("disabled_attribute", &self.disabled_attribute),
        ];
        for (setting, name) in
            attributes.into_iter().chain(classes.iter().map(|class| ("object_classes", class.as_str())))
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
        if self.recognise.eq_ignore_ascii_case(&naming) {
            return Err(SettingsError::new(
                "recognise",
                "is the naming attribute; the login and the external id need one each",
            ));
        }
        if classes.is_empty() {
            return Err(SettingsError::new("object_classes", "is empty; expected for example [\"inetOrgPerson\"]"));
        }
        if let Some(filter) = self.account_filter.as_deref()
            && (!filter.starts_with('(') || ldap3::parse_filter(filter).is_err())
        {
            return Err(SettingsError::new(
                "account_filter",
                format!("\"{filter}\" is not an LDAP filter; expected one like (!(employeeType=robot))"),
            ));
        }
        let principal_suffix = self.suffix()?;
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
        Ok(Checked { host, url, secret, tls, timeout, placeholder, naming, classes, principal_suffix, settings: self })
    }

    /// The attribute that holds the login; also refuses what goes with one directory alone.
    fn naming(&self) -> Result<String, SettingsError> {
        if self.directory == Directory::OpenLdap {
            let only = |setting| Err(SettingsError::new(setting, "needs directory = \"active-directory\""));
            if self.disabling == Disabling::UserAccountControl {
                return only("disabling");
            }
            if self.first_sign_in != FirstSignIn::Password {
                return only("first_sign_in");
            }
            return Ok(self.naming_attribute.clone().unwrap_or_else(|| "uid".to_owned()));
        }
        let login = active_directory::LOGIN;
        let fixed = |setting, what: &str| {
            Err(SettingsError::new(setting, format!("is {what} in Active Directory; leave it out")))
        };
        match &self.naming_attribute {
            Some(other) if !other.eq_ignore_ascii_case(login) => fixed("naming_attribute", login),
            _ if self.disabling() != Disabling::UserAccountControl => fixed("disabling", "\"user-account-control\""),
            _ if self.group_style() != GroupStyle::Group => fixed("group_style", "\"group\""),
            _ => Ok(login.to_owned()),
        }
    }

    fn suffix(&self) -> Result<Option<String>, SettingsError> {
        let error = |words: String| Err(SettingsError::new("principal_suffix", words));
        match (self.directory, &self.principal_suffix) {
            (Directory::OpenLdap, None) => Ok(None),
            (Directory::OpenLdap, Some(_)) => error("needs directory = \"active-directory\"".to_owned()),
            (Directory::ActiveDirectory, Some(suffix)) => {
                let plain = |c: char| c.is_alphanumeric() || c == '-' || c == '.';
                if suffix.is_empty() || !suffix.chars().all(plain) {
                    return error(format!("\"{suffix}\" is not a domain; expected one like example.test"));
                }
                Ok(Some(suffix.to_string()))
            }
            (Directory::ActiveDirectory, None) => match active_directory::domain(&self.base_dn) {
                Some(domain) => Ok(Some(domain)),
                None => error(format!("is missing, and {} names no domain", self.base_dn)),
            },
        }
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
    /// The attribute that holds the login.
    pub(super) naming: String,
    /// The object classes of new accounts.
    pub(super) classes: Vec<String>,
    /// In Active Directory.
    pub(super) principal_suffix: Option<String>,
}

impl Checked {
    pub(super) fn is_active_directory(&self) -> bool {
        self.settings.directory == Directory::ActiveDirectory
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OPEN: &str = "url = \"ldaps://ldap.example.test\"\nbind_dn = \"cn=latchkey,dc=example,dc=test\"\npassword_env = \"X\"\n\
        base_dn = \"dc=example,dc=test\"\npeople_ou = \"ou=people,dc=example,dc=test\"\n";

    fn checked(more: &str) -> Result<Checked, SettingsError> {
        toml::from_str::<LdapSettings>(&format!("{OPEN}{more}")).unwrap().checked()
    }

    #[test]
    fn what_is_not_set_is_what_is_usual_in_the_directory() {
        let open = checked("").unwrap();
        assert_eq!((open.naming.as_str(), open.classes.as_slice()), ("uid", ["inetOrgPerson".to_owned()].as_slice()));
        assert_eq!(open.settings.disabling(), Disabling::Marker);
        assert_eq!(open.settings.group_style(), GroupStyle::GroupOfNames);
        let domain = checked("directory = \"active-directory\"\n").unwrap();
        assert_eq!(
            (domain.naming.as_str(), domain.classes.as_slice()),
            ("sAMAccountName", ["user".to_owned()].as_slice())
        );
        assert_eq!(domain.settings.disabling(), Disabling::UserAccountControl);
        assert_eq!(domain.settings.group_style(), GroupStyle::Group);
        assert_eq!(domain.principal_suffix.as_deref(), Some("example.test"));
        let other = checked("directory = \"active-directory\"\nprincipal_suffix = \"corp.test\"\n").unwrap();
        assert_eq!(other.principal_suffix.as_deref(), Some("corp.test"));
    }

    #[test]
    fn what_cannot_work_in_the_directory_is_named() {
        let wrong = |more: &str| checked(more).err().map(|error| error.setting).unwrap_or_default();
        for (setting, value) in [
            ("disabling", "\"user-account-control\""),
            ("first_sign_in", "\"smart-card\""),
            ("principal_suffix", "\"example.test\""),
            ("page_size", "0"),
            ("page_size", "1001"),
            ("account_filter", "\"uid=*\""),
            ("account_filter", "\"(uid=*\""),
        ] {
            assert_eq!(wrong(&format!("{setting} = {value}\n")), setting, "{value}");
        }
        for (setting, value) in [
            ("naming_attribute", "\"cn\""),
            ("disabling", "\"password-policy\""),
            ("group_style", "\"posix-group\""),
            ("principal_suffix", "\"a@b\""),
        ] {
            assert_eq!(wrong(&format!("directory = \"active-directory\"\n{setting} = {value}\n")), setting, "{value}");
        }
        let no_domain = LdapSettings {
            directory: Directory::ActiveDirectory,
            people_ou: "ou=people,o=example".to_owned(),
            ..LdapSettings::new("ldap://127.0.0.1", "cn=latchkey,o=example", crate::Secret::new("x"), "o=example")
        };
        assert_eq!(no_domain.checked().err().map(|error| error.setting).as_deref(), Some("principal_suffix"));
        assert!(toml::from_str::<LdapSettings>(&format!("{OPEN}directory = \"novell\"\n")).is_err());
        assert!(toml::from_str::<LdapSettings>(&format!("{OPEN}disabling = \"usual\"\n")).is_err());
    }
}
