//! Branches in the demo's directory, and two accounts that were there before Latchkey came.

use std::collections::HashSet;

use latchkey_service::files::SystemFile;
use ldap3::{LdapConnAsync, LdapError};

/// The end of a DN that its organisation is named by: `dc=example,dc=test`.
#[must_use]
pub fn suffix(system: &SystemFile) -> Option<String> {
    let dn = &system.entitlements.first()?.native;
    let at = dn.to_lowercase().find("dc=")?;
    dn.get(at..).map(str::to_owned)
}

/// Where a system's people and groups are: what stands behind `ou=groups,` in its groups' DNs.
#[must_use]
pub fn branch(system: &SystemFile) -> Option<String> {
    let dn = &system.entitlements.first()?.native;
    dn.split_once("ou=groups,").map(|(_, branch)| branch.to_owned())
}

type Attributes<'a> = Vec<(&'a str, Vec<&'a str>)>;

const SUCCESS: u32 = 0;
const ALREADY_THERE: u32 = 68;

async fn add(ldap: &mut ldap3::Ldap, dn: &str, attributes: Attributes<'_>) -> Result<(), LdapError> {
    let attributes =
        attributes.into_iter().map(|(name, values)| (name, values.into_iter().collect::<HashSet<_>>())).collect();
    let result = ldap.add(dn, attributes).await?;
    if matches!(result.rc, SUCCESS | ALREADY_THERE) { Ok(()) } else { result.success().map(|_| ()) }
}

async fn signed_in(url: &str, admin: &str, password: &str) -> Result<ldap3::Ldap, LdapError> {
    let (connection, mut ldap) = LdapConnAsync::new(url).await?;
    ldap3::drive!(connection);
    ldap.simple_bind(admin, password).await?.success()?;
    Ok(ldap)
}

/// Makes a branch with places for people and groups, unless it is there.
///
/// # Errors
/// What the directory says.
pub async fn make_branch(url: &str, admin: &str, password: &str, branch: &str) -> Result<(), String> {
    let make = async {
        let mut ldap = signed_in(url, admin, password).await?;
        for place in [String::new(), "ou=people,".to_owned(), "ou=groups,".to_owned()] {
            let dn = format!("{place}{branch}");
            let name = dn.strip_prefix("ou=").and_then(|rest| rest.split(',').next()).map(str::to_owned);
            // The suffix itself is there.
            if let Some(name) = name {
                add(&mut ldap, &dn, vec![("objectClass", vec!["organizationalUnit"]), ("ou", vec![&name])]).await?;
            }
        }
        ldap.unbind().await
    };
    make.await.map_err(|error: LdapError| format!("The branch {branch} can't be made: {error}."))
}

/// An account that somebody made by hand before Latchkey came.
#[derive(Debug, Clone)]
pub struct Earlier<'a> {
    /// Its login.
    pub login: String,
    /// Given and family name.
    pub name: (&'a str, &'a str),
    /// The number that ties it to a person; an account without one is a stranger.
    pub external_id: Option<&'a str>,
    /// The DNs of the groups that it is in.
    pub groups: Vec<&'a str>,
}

/// Puts an account into a branch, unless it is there.
///
/// # Errors
/// What the directory says.
pub async fn add_earlier(
    url: &str,
    admin: &str,
    password: &str,
    branch: &str,
    earlier: &Earlier<'_>,
) -> Result<(), String> {
    let (given, family) = earlier.name;
    let dn = format!("uid={},ou=people,{branch}", earlier.login);
    let full = format!("{given} {family}");
    let make = async {
        let mut ldap = signed_in(url, admin, password).await?;
        let mut attributes: Attributes<'_> = vec![
            ("objectClass", vec!["inetOrgPerson"]),
            ("uid", vec![earlier.login.as_str()]),
            ("cn", vec![&full]),
            ("sn", vec![family]),
            ("givenName", vec![given]),
            ("description", vec!["Made by hand, long ago."]),
        ];
        attributes.extend(earlier.external_id.map(|id| ("employeeNumber", vec![id])));
        add(&mut ldap, &dn, attributes).await?;
        for group in &earlier.groups {
            let member = ldap3::Mod::Add("member", HashSet::from([dn.as_str()]));
            let result = ldap.modify(group, vec![member]).await?;
            // 20: it is a member already.
            if !matches!(result.rc, SUCCESS | 20) {
                result.success()?;
            }
        }
        ldap.unbind().await
    };
    make.await.map_err(|error: LdapError| format!("The account {} can't be made: {error}.", earlier.login))
}
