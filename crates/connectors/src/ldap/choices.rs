//! What directories do in different ways, to be chosen in the settings.

use serde::Deserialize;

/// Which directory it is. It decides what the other settings are where they aren't set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Directory {
    /// OpenLDAP, and others that keep people as `inetOrgPerson` and groups as `groupOfNames`.
    #[serde(rename = "openldap")]
    OpenLdap,
    /// Microsoft Active Directory, and Samba as its domain controller.
    ActiveDirectory,
}

/// How somebody first signs in to a new account of Active Directory, which lets nobody in without a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FirstSignIn {
    /// The account is made disabled. A person gives it a password, and enables it.
    Password,
    /// The account is made enabled, and takes a smart card or Windows Hello alone (`SMARTCARD_REQUIRED`).
    SmartCard,
}

/// How groups hold their members.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GroupStyle {
    /// What is usual in the directory: [`GroupStyle::GroupOfNames`], or [`GroupStyle::Group`] in Active Directory.
    #[serde(skip)]
    Usual,
    /// `groupOfNames`: `member` holds DNs, at least one.
    GroupOfNames,
    /// `groupOfUniqueNames`: `uniqueMember` holds DNs, at least one.
    GroupOfUniqueNames,
    /// `posixGroup`: `memberUid` holds logins, and may be empty. A person's primary group isn't looked at.
    PosixGroup,
    /// `group`: `member` holds DNs, and may be empty. A person's primary group isn't looked at.
    Group,
}

impl GroupStyle {
    /// The attribute that holds the members, unless the settings name another.
    #[must_use]
    pub const fn member_attribute(self) -> &'static str {
        match self {
            Self::Usual | Self::GroupOfNames | Self::Group => "member",
            Self::GroupOfUniqueNames => "uniqueMember",
            Self::PosixGroup => "memberUid",
        }
    }
}

/// How an entry is made unusable. Standard LDAP has no such thing, so a directory says it in one of these ways.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Disabling {
    /// What is usual in the directory: [`Disabling::Marker`], or [`Disabling::UserAccountControl`] in Active Directory.
    #[serde(skip)]
    Usual,
    /// One value in an ordinary attribute (`disabled_attribute`, `disabled_value`). It works on every directory, and means what
    /// the sign-in filters of those who use the directory make of it: they add `(!(description=latchkey:disabled))`.
    Marker,
    /// `pwdAccountLockedTime: 000001010000Z` of the password policy overlay: the directory itself refuses every bind as this
    /// entry until it is taken away. It takes effect where the policy in force has `pwdLockout: TRUE`.
    PasswordPolicy,
    /// The bit `ACCOUNTDISABLE` of Active Directory's `userAccountControl`. The other bits stay.
    UserAccountControl,
}
