//! Membership, read from and written to the group's own entry.

use std::collections::HashSet;

use ldap3::{Mod, Scope, ldap_escape};

use super::{
    GroupStyle,
    account::Account,
    dn,
    fault::{self, code},
    session::Session,
};
use crate::{CallError, Change, EntitlementRef};

impl Session {
    /// Groups outside the connection's part of the tree are left alone.
    pub(super) fn group_in_reach<'a>(&self, entitlement: &'a EntitlementRef) -> Result<&'a str, CallError> {
        let base = &self.to.settings.base_dn;
        if dn::is_within(&entitlement.native, base) {
            return Ok(&entitlement.native);
        }
        Err(CallError::refused(format!(
            "The group {} is not below {base}, which is all that this connection is for. The catalog's native name has to be the \
             group's full DN.",
            entitlement.native
        )))
    }

    /// What the group lists for this account.
    fn member<'a>(&self, account: &'a Account) -> &'a str {
        match self.to.settings.group_style() {
            GroupStyle::PosixGroup => &account.name,
            _ => &account.dn,
        }
    }

    /// Whether the group lists the account. Asking for the one value costs the same whatever the group's size.
    pub(super) async fn is_member(&self, account: &Account, group: &str) -> Result<bool, CallError> {
        let filter = format!("({}={})", self.to.settings.member_attribute(), ldap_escape(self.member(account)));
        Ok(!self.search(group, Scope::Base, &filter, &["1.1"], 1).await?.is_empty())
    }

    /// Adds the account to the group.
    pub(super) async fn join(&self, account: &Account, group: &str) -> Result<Change, CallError> {
        let attribute = self.to.settings.member_attribute();
        let doing = format!("Adding {} to {group}", account.dn);
        let add = Mod::Add(attribute, HashSet::from([self.member(account)]));
        let result = self.ldap().await?.modify(group, vec![add]).await.map_err(|error| self.lost(&error, &doing))?;
        match result.rc {
            code::SUCCESS => Ok(Change::Made),
            // Active Directory says the latter, as if the membership were an entry ([MS-ADTS] 3.1.1.5.3.2).
            code::ATTRIBUTE_OR_VALUE_EXISTS | code::ENTRY_ALREADY_EXISTS => Ok(Change::AlreadySo),
            code::NO_SUCH_OBJECT => Err(CallError::needs_human(format!(
                "The group {group} does not exist in the directory. Create it, or correct the entitlement's native name in the catalog."
            ))),
            code::OBJECT_CLASS_VIOLATION => Err(CallError::needs_human(format!(
                "{group} can't have the attribute {attribute}, so it is not a group of the kind that the connection's group_style names."
            ))),
            _ => Err(fault::of_result(&result, &doing)),
        }
    }

    /// Takes the account out of the group; the placeholder takes the last place where one must be taken.
    pub(super) async fn leave(&self, account: &Account, group: &str) -> Result<Change, CallError> {
        let attribute = self.to.settings.member_attribute();
        let doing = format!("Removing {} from {group}", account.dn);
        let delete = || Mod::Delete(attribute, HashSet::from([self.member(account)]));
        let mut ldap = self.ldap().await?;
        let mut result = ldap.modify(group, vec![delete()]).await.map_err(|error| self.lost(&error, &doing))?;
        let never_empty =
            matches!(self.to.settings.group_style(), GroupStyle::GroupOfNames | GroupStyle::GroupOfUniqueNames);
        if result.rc == code::OBJECT_CLASS_VIOLATION && never_empty {
            // One modification, so the group is never without a member and never without this removal.
            let keep_place = Mod::Add(attribute, HashSet::from([self.to.placeholder.as_str()]));
            result = ldap.modify(group, vec![keep_place, delete()]).await.map_err(|error| self.lost(&error, &doing))?;
            if result.rc == code::ATTRIBUTE_OR_VALUE_EXISTS {
                return Err(CallError::retry_later(format!("{doing} met another change of the same group.")));
            }
        }
        match result.rc {
            code::SUCCESS => Ok(Change::Made),
            // No such value, no such group: either way nobody is a member through it.
            code::NO_SUCH_ATTRIBUTE | code::NO_SUCH_OBJECT => Ok(Change::AlreadySo),
            // Active Directory is unwilling where others have no such attribute.
            code::UNWILLING_TO_PERFORM if !self.is_member(account, group).await? => Ok(Change::AlreadySo),
            _ => Err(fault::of_result(&result, &doing)),
        }
    }
}
