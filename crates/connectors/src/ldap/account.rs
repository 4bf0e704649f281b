//! Entries that are accounts: reading and recognising.

use std::collections::BTreeSet;

use latchkey_domain::Instant;
use ldap3::{Scope, SearchEntry, ldap_escape};

use super::{
    Disabling,
    active_directory::{self, Control},
    dn,
    session::Session,
    times,
};
use crate::{AccountSpec, AccountState, CallError, Listed, Observed, spec::LONGEST_NAME, words};

pub(super) const LOCK: &str = "pwdAccountLockedTime";
/// "Locked by an administrator, until an administrator unlocks it." Other values are the directory's own, after wrong passwords.
pub(super) const LOCKED_FOR_GOOD: &str = "000001010000Z";

/// The classes of entries that are groups, in every directory.
const GROUPS: [&str; 4] = ["groupOfNames", "groupOfUniqueNames", "posixGroup", "group"];

/// An entry as far as we look at it.
pub(super) struct Account {
    pub(super) dn: String,
    pub(super) name: String,
    pub(super) external_ids: Vec<String>,
    pub(super) state: AccountState,
    /// In Active Directory.
    pub(super) control: Option<Control>,
    /// In Active Directory: whether the password was set, and needn't be changed at the next sign-in.
    pub(super) has_password: bool,
    /// Whether it is an account at all, and not a group or a device.
    pub(super) is_account: bool,
    /// Whether the directory itself needs it.
    predefined: bool,
    display_name: String,
    email: Option<String>,
    last_used_at: Option<Instant>,
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
        Self {
            dn: dn.to_owned(),
            name,
            external_ids: Vec::new(),
            state: AccountState::Disabled,
            control: None,
            has_password: false,
            is_account: true,
            predefined: false,
            display_name: String::new(),
            email: None,
            last_used_at: None,
        }
    }

    /// Its line in a listing.
    pub(super) fn listed(self) -> Listed {
        let email = self.email.as_deref().map(|email| words::one_line(email, LONGEST_NAME));
        let display_name = words::one_line(&self.display_name, LONGEST_NAME);
        let last_used_at = self.last_used_at;
        let Observed { native_id, name, state, external_id, .. } = self.observed(BTreeSet::new());
        Listed {
            native_id,
            name,
            state,
            external_id,
            display_name,
            email: email.filter(|e| !e.is_empty()),
            last_used_at,
        }
    }

    /// Refuses what the directory itself can't be without.
    pub(super) fn unless_predefined(self) -> Result<Self, CallError> {
        if !self.predefined {
            return Ok(self);
        }
        Err(CallError::refused(format!("{} is an account that the directory itself needs; it isn't managed.", self.dn)))
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

    pub(super) fn account(&self, entry: SearchEntry) -> Account {
        let settings = &self.to.settings;
        let values = |wanted: &str| {
            let found = entry.attrs.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted));
            found.map(|(_, values)| values.as_slice()).unwrap_or_default()
        };
        let first = |wanted: &str| values(wanted).first();
        let directory = self.to.is_active_directory();
        let control = first(active_directory::CONTROL).and_then(|value| Control::parse(value));
        let disabled = match settings.disabling() {
            // An account that keeps its bits to itself can't be said to be usable.
            Disabling::UserAccountControl => control.is_none_or(Control::is_disabled),
            Disabling::PasswordPolicy => values(LOCK).iter().any(|value| value == LOCKED_FOR_GOOD),
            Disabling::Marker | Disabling::Usual => {
                values(&settings.disabled_attribute).contains(&settings.disabled_value)
            }
        };
        let name = first(&self.to.naming);
        let is_account = if directory {
            values(active_directory::SORT).iter().any(|sort| sort == active_directory::USER)
        } else {
            let is_group = |class: &String| GROUPS.iter().any(|group| group.eq_ignore_ascii_case(class));
            name.is_some() && !values("objectClass").iter().any(is_group)
        };
        let last_used_at = if directory {
            active_directory::LAST_USED.into_iter().filter_map(|at| active_directory::time(first(at)?)).max()
        } else {
            times::LAST_USED.into_iter().flat_map(values).filter_map(|at| times::generalized(at)).max()
        };
        Account {
            name: name.unwrap_or(&entry.dn).clone(),
            external_ids: values(&settings.recognise).to_vec(),
            state: if disabled { AccountState::Disabled } else { AccountState::Enabled },
            control,
            has_password: first(active_directory::PASSWORD_SET).is_some_and(|at| at != "0"),
            is_account,
            predefined: directory && first(active_directory::PREDEFINED).is_some_and(|said| said == "TRUE"),
            display_name: first("displayName").or_else(|| first("cn")).cloned().unwrap_or_default(),
            email: first("mail").cloned(),
            last_used_at,
            dn: entry.dn,
        }
    }

    /// What is read of an entry.
    pub(super) fn attributes(&self) -> Vec<&str> {
        let settings = &self.to.settings;
        let mut attributes =
            vec![self.to.naming.as_str(), &settings.recognise, "objectClass", "displayName", "cn", "mail"];
        if self.to.is_active_directory() {
            use active_directory::{CONTROL, LAST_USED, PASSWORD_SET, PREDEFINED, SORT};
            attributes.extend([CONTROL, PASSWORD_SET, PREDEFINED, SORT]);
            attributes.extend(LAST_USED);
        } else {
            attributes.extend([settings.disabled_attribute.as_str(), LOCK]);
            attributes.extend(times::LAST_USED);
        }
        attributes
    }

    /// The filter that finds every account, without those that the directory itself needs. Not all that it finds are accounts.
    pub(super) fn every_account(&self) -> String {
        let narrower = self.to.settings.account_filter.as_deref().unwrap_or_default();
        if self.to.is_active_directory() {
            use active_directory::{PREDEFINED, SORT, USER};
            return format!("(&({SORT}={USER})(!({PREDEFINED}=TRUE)){narrower})");
        }
        // Groups are sorted out here: a filter that names a class which the directory doesn't know fits nothing (RFC 4511, section 4.5.1.7).
        format!("(&({}=*){narrower})", self.to.naming)
    }

    /// The filter for an account that has the login.
    fn named(&self, name: &str) -> String {
        let name = ldap_escape(name);
        match &self.to.principal_suffix {
            None => format!("({}={name})", self.to.naming),
            Some(suffix) => {
                format!(
                    "(|({}={name})({}={name}@{}))",
                    self.to.naming,
                    active_directory::PRINCIPAL,
                    ldap_escape(suffix.as_str())
                )
            }
        }
    }

    async fn accounts(&self, base: &str, scope: Scope, filter: &str) -> Result<Vec<Account>, CallError> {
        let entries = self.search(base, scope, filter, &self.attributes(), 3).await?;
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
                Some(account) if account.carries(&spec.external_id) => {
                    return Ok(Found::Ours(account.unless_predefined()?));
                }
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
            return Ok(if ours {
                Found::Ours(account.unless_predefined()?)
            } else {
                account.stranger(spec, &settings.recognise)
            });
        }
        if stranger.is_none() {
            stranger = self.accounts(&settings.base_dn, Scope::Subtree, &self.named(&spec.name)).await?.pop();
        }
        Ok(stranger.map_or(Found::Nothing, |account| account.stranger(spec, &settings.recognise)))
    }
}
