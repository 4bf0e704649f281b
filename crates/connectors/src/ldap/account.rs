//! Entries that are accounts: reading, recognising, making, disabling.

use std::collections::{BTreeSet, HashSet};

use ldap3::{Mod, Scope, SearchEntry, dn_escape, ldap_escape};

use super::{
    Disabling, dn,
    fault::{self, code},
    session::Session,
};
use crate::{AccountSpec, AccountState, CallError, Change, Observed};

const LOCK: &str = "pwdAccountLockedTime";
/// "Locked by an administrator, until an administrator unlocks it." Other values are the directory's own, after wrong passwords.
const LOCKED_FOR_GOOD: &str = "000001010000Z";

/// An entry as far as we look at it.
pub(super) struct Account {
    pub(super) dn: String,
    pub(super) name: String,
    external_ids: Vec<String>,
    state: AccountState,
}

impl Account {
    fn carries(&self, external_id: &str) -> bool {
        matches!(self.external_ids.as_slice(), [only] if only == external_id)
    }

    pub(super) fn observed(self, held: BTreeSet<String>) -> Observed {
        let external_id = match <[String; 1]>::try_from(self.external_ids) {
            Ok([only]) => Some(only),
            Err(_) => None,
        };
        Observed { native_id: self.dn, name: self.name, state: self.state, external_id, held }
    }

    /// An entry that was deleted, as far as groups may still list it.
    pub(super) fn gone(dn: &str) -> Self {
        let name = dn::leaf_value(dn).unwrap_or_else(|| dn.to_owned());
        Self { dn: dn.to_owned(), name, external_ids: Vec::new(), state: AccountState::Disabled }
    }

    fn stranger(self, spec: &AccountSpec, recognise: &str) -> Found {
        let carried = match self.external_ids.as_slice() {
            [] => format!("no {recognise}"),
            ids => format!("{recognise} {}", ids.join(" and ")),
        };
        Found::Stranger {
            words: format!(
                "{} is in use: that entry carries {carried}, not {}. If it is this person's, set its {recognise} to {}; if not, \
                 choose another account name.",
                self.dn, spec.external_id, spec.external_id
            ),
            name: self.name,
        }
    }
}

/// What a lookup by spec found.
pub(super) enum Found {
    Nothing,
    Ours(Account),
    Stranger { name: String, words: String },
}

impl Session {
    /// Refuses names outside the connection's part of the tree, its own account, and the placeholder.
    pub(super) fn may_touch(&self, native_id: &str) -> Result<(), CallError> {
        let settings = &self.to.settings;
        if !dn::is_within(native_id, &settings.base_dn) {
            return Err(CallError::refused(format!(
                "{native_id} is not below {}, which is all that this connection is for.",
                settings.base_dn
            )));
        }
        if dn::is_same(native_id, &settings.bind_dn) {
            return Err(CallError::refused(format!(
                "{native_id} is the connection's own account; it isn't managed through itself."
            )));
        }
        if dn::is_same(native_id, &self.to.placeholder) {
            return Err(CallError::refused(format!("{native_id} keeps places in groups and is nobody's account.")));
        }
        Ok(())
    }

    fn account(&self, entry: SearchEntry) -> Account {
        let settings = &self.to.settings;
        let values = |wanted: &str| {
            let found = entry.attrs.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted));
            found.map(|(_, values)| values.clone()).unwrap_or_default()
        };
        let disabled = match settings.disabling {
            Disabling::Marker => values(&settings.disabled_attribute).contains(&settings.disabled_value),
            Disabling::PasswordPolicy => values(LOCK).iter().any(|value| value == LOCKED_FOR_GOOD),
        };
        Account {
            name: values(&settings.naming_attribute).into_iter().next().unwrap_or_else(|| entry.dn.clone()),
            external_ids: values(&settings.recognise),
            state: if disabled { AccountState::Disabled } else { AccountState::Enabled },
            dn: entry.dn,
        }
    }

    async fn accounts(&self, base: &str, scope: Scope, filter: &str) -> Result<Vec<Account>, CallError> {
        let settings = &self.to.settings;
        let attributes = [settings.naming_attribute.as_str(), &settings.recognise, &settings.disabled_attribute, LOCK];
        let entries = self.search(base, scope, filter, &attributes, 3).await?;
        Ok(entries.into_iter().map(|entry| self.account(entry)).collect())
    }

    /// The entry of that DN, if there is one.
    pub(super) async fn account_at(&self, dn: &str) -> Result<Option<Account>, CallError> {
        Ok(self.accounts(dn, Scope::Base, "(objectClass=*)").await?.pop())
    }

    /// By native id, else by external id, else by name.
    pub(super) async fn look(&self, spec: &AccountSpec) -> Result<Found, CallError> {
        let settings = &self.to.settings;
        let mut stranger = None;
        if let Some(native_id) = &spec.native_id {
            self.may_touch(native_id)?;
            match self.account_at(native_id).await? {
                Some(account) if account.carries(&spec.external_id) => return Ok(Found::Ours(account)),
                // Its entry may have been renamed, and the DN taken by another since: the external id decides.
                Some(account) => stranger = Some(account),
                None => {}
            }
        }
        let filter = format!("({}={})", settings.recognise, ldap_escape(spec.external_id.as_str()));
        let mut carriers = self.accounts(&settings.base_dn, Scope::Subtree, &filter).await?;
        if carriers.len() > 1 {
            let names: Vec<_> = carriers.iter().map(|account| account.dn.as_str()).collect();
            return Err(CallError::needs_human(format!(
                "Several entries carry {} {}: {}. Only one of them can be this person's account.",
                settings.recognise,
                spec.external_id,
                names.join(" and ")
            )));
        }
        if let Some(account) = carriers.pop() {
            self.may_touch(&account.dn)?;
            // The directory matches without regard to case; our ids don't.
            let ours = account.carries(&spec.external_id);
            return Ok(if ours { Found::Ours(account) } else { account.stranger(spec, &settings.recognise) });
        }
        if stranger.is_none() {
            let filter = format!("({}={})", settings.naming_attribute, ldap_escape(spec.name.as_str()));
            stranger = self.accounts(&settings.base_dn, Scope::Subtree, &filter).await?.pop();
        }
        Ok(stranger.map_or(Found::Nothing, |account| account.stranger(spec, &settings.recognise)))
    }

    /// Makes the entry. `false`: the directory says that the name is taken.
    pub(super) async fn add(&self, spec: &AccountSpec) -> Result<bool, CallError> {
        let settings = &self.to.settings;
        let dn = format!("{}={},{}", settings.naming_attribute, dn_escape(spec.name.as_str()), settings.people_ou);
        let family_name = if spec.family_name.is_empty() { &spec.display_name } else { &spec.family_name };
        let mut attributes: Vec<(String, HashSet<String>)> =
            vec![("objectClass".to_owned(), settings.object_classes.iter().cloned().collect())];
        let mut put = |name: &str, value: &str| {
            if value.is_empty() {
                return;
            }
            match attributes.iter_mut().find(|(known, _)| known.eq_ignore_ascii_case(name)) {
                // `recognise` may be one of the attributes that are written anyway: the external id is what must stand there.
                Some((_, values)) => *values = HashSet::from([value.to_owned()]),
                None => attributes.push((name.to_owned(), HashSet::from([value.to_owned()]))),
            }
        };
        put("cn", &spec.display_name);
        put("sn", family_name);
        put("givenName", &spec.given_name);
        put("displayName", &spec.display_name);
        put("mail", spec.email.as_deref().unwrap_or_default());
        put(&settings.naming_attribute, &spec.name);
        put(&settings.recognise, &spec.external_id);
        let doing = format!("Adding {dn}");
        let result = self.ldap().await?.add(&dn, attributes).await.map_err(|error| self.lost(&error, &doing))?;
        match result.rc {
            code::SUCCESS => Ok(true),
            code::ENTRY_ALREADY_EXISTS => Ok(false),
            code::NO_SUCH_OBJECT => Err(CallError::needs_human(format!(
                "{doing} failed: {} doesn't exist. Create it, or correct people_ou in the connection's settings.",
                settings.people_ou
            ))),
            _ => Err(fault::of_result(&result, &doing)),
        }
    }

    /// Writes or takes away the sign of a disabled account.
    pub(super) async fn switch(&self, account: &Account, state: AccountState) -> Result<Change, CallError> {
        let settings = &self.to.settings;
        if account.state == state {
            return Ok(Change::AlreadySo);
        }
        let (attribute, value) = match settings.disabling {
            Disabling::Marker => (settings.disabled_attribute.as_str(), settings.disabled_value.as_str()),
            Disabling::PasswordPolicy => (LOCK, LOCKED_FOR_GOOD),
        };
        let values = HashSet::from([value]);
        let change = match (state, settings.disabling) {
            (AccountState::Enabled, _) => Mod::Delete(attribute, values),
            (AccountState::Disabled, Disabling::Marker) => Mod::Add(attribute, values),
            // The attribute holds one value: a passing lock gives way to ours.
            (AccountState::Disabled, Disabling::PasswordPolicy) => Mod::Replace(attribute, values),
        };
        let doing = format!("{} {}", if state == AccountState::Enabled { "Enabling" } else { "Disabling" }, account.dn);
        let result =
            self.ldap().await?.modify(&account.dn, vec![change]).await.map_err(|error| self.lost(&error, &doing))?;
        match result.rc {
            code::SUCCESS => Ok(Change::Made),
            code::ATTRIBUTE_OR_VALUE_EXISTS | code::NO_SUCH_ATTRIBUTE => Ok(Change::AlreadySo),
            code::NO_SUCH_OBJECT => Err(CallError::account_gone(&account.dn, "the directory")),
            _ => Err(fault::of_result(&result, &doing)),
        }
    }
}
