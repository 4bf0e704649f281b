//! The LDAP connector: the trait's calls, put together from reading and writing entries and groups.

use std::{collections::BTreeSet, time::Duration};

use async_trait::async_trait;
use ldap3::Scope;

use super::{
    Disabling, LdapSettings,
    account::{Account, Found},
    session::Session,
};
use crate::{
    AccountSpec, AccountState, CallError, Change, Connector, EntitlementKind, EntitlementRef, Health, Heard, Holder,
    Listed, Lookup, Observed, SecretSource, SettingsError, SystemKind, bounded::Inner,
};

/// Manages entries and groups of one directory.
pub struct LdapConnector {
    session: Session,
}

/// A session by itself, for those who prepare a directory.
#[cfg(feature = "real-servers")]
pub(crate) fn open(settings: LdapSettings) -> Result<Session, SettingsError> {
    Ok(Session::new(settings.checked()?))
}

impl LdapConnector {
    /// A connector that connects when it is first used. [`crate::build`] is what callers want: it also bounds the calls.
    ///
    /// # Errors
    /// When a setting can't work.
    pub fn new(settings: LdapSettings) -> Result<Self, SettingsError> {
        Ok(Self { session: Session::new(settings.checked()?) })
    }

    async fn observe(&self, account: Account, among: &[EntitlementRef]) -> Result<Observed, CallError> {
        let mut held = BTreeSet::new();
        for entitlement in among {
            let group = self.session.group_in_reach(entitlement)?;
            if self.session.is_member(&account, group).await? {
                held.insert(entitlement.native.clone());
            }
        }
        Ok(account.observed(held))
    }

    async fn product(&self) -> Result<&'static str, CallError> {
        let root = self
            .session
            .search("", Scope::Base, "(objectClass=*)", &["structuralObjectClass", "vendorName"], 1)
            .await?;
        let says =
            |what: &str| root.iter().any(|entry| entry.attrs.values().flatten().any(|value| value.contains(what)));
        Ok(match (self.session.to.is_active_directory(), says("Samba"), says("OpenLDAProotDSE")) {
            (true, true, _) => "Active Directory (Samba)",
            (true, false, _) => "Active Directory",
            (false, _, true) => "OpenLDAP",
            (false, ..) => "LDAP directory",
        })
    }

    /// Whether the directory knows the attribute that locks accounts.
    async fn has_password_policy(&self) -> Result<bool, CallError> {
        let root = self.session.search("", Scope::Base, "(objectClass=*)", &["subschemaSubentry"], 1).await?;
        let Some(schema) = root.iter().flat_map(|entry| entry.attrs.values().flatten()).next() else {
            return Ok(false);
        };
        let schema =
            self.session.search(schema, Scope::Base, "(objectClass=subschema)", &["attributeTypes"], 1).await?;
        Ok(schema
            .iter()
            .any(|entry| entry.attrs.values().flatten().any(|value| value.contains("'pwdAccountLockedTime'"))))
    }
}

impl Inner for LdapConnector {
    fn reset(&self) {
        self.session.reset();
    }

    fn secret(&self) -> Option<&SecretSource> {
        Some(&self.session.to.secret)
    }

    fn name(&self) -> String {
        format!("The directory at {}", self.session.place())
    }

    fn takes(&self) -> &'static [EntitlementKind] {
        &[EntitlementKind::Group]
    }
}

#[async_trait]
impl Connector for LdapConnector {
    fn kind(&self) -> SystemKind {
        SystemKind::Ldap
    }

    fn deadline(&self) -> Duration {
        self.session.to.timeout
    }

    async fn check(&self) -> Result<Health, CallError> {
        let settings = &self.session.to.settings;
        let product = self.product().await?;
        for (setting, dn) in [("base_dn", &settings.base_dn), ("people_ou", &settings.people_ou)] {
            if self.session.search(dn, Scope::Base, "(objectClass=*)", &["1.1"], 1).await?.is_empty() {
                return Err(CallError::needs_human(format!(
                    "{dn} (the connection's {setting}) doesn't exist, or {} may not see it.",
                    settings.bind_dn
                )));
            }
        }
        if settings.disabling() == Disabling::PasswordPolicy && !self.has_password_policy().await? {
            return Err(CallError::needs_human(
                "The connection's disabling is \"password-policy\", and the directory doesn't have the password policy overlay. Load it, \
                 or use disabling = \"marker\".",
            ));
        }
        Ok(Health {
            product: product.to_owned(),
            words: format!("Signed in as {}; {} is readable.", settings.bind_dn, settings.base_dn),
        })
    }

    async fn find(&self, spec: &AccountSpec, among: &[EntitlementRef]) -> Result<Lookup, CallError> {
        match self.session.look(spec).await? {
            Found::Nothing => Ok(Lookup::Absent),
            Found::Stranger { name, words } => Ok(Lookup::Stranger { name, words }),
            Found::Ours(account) => Ok(Lookup::Ours(self.observe(account, among).await?)),
        }
    }

    async fn create(&self, spec: &AccountSpec) -> Result<Observed, CallError> {
        // The external id may stand on an entry of another name, so it is looked for first; and again afterwards, since somebody
        // may have been quicker.
        let made = match self.session.look(spec).await? {
            Found::Ours(account) => return Ok(account.observed(BTreeSet::new())),
            Found::Stranger { words, .. } => return Err(CallError::needs_human(words)),
            Found::Nothing => self.session.add(spec).await?,
        };
        match self.session.look(spec).await? {
            Found::Ours(account) if made && account.state == AccountState::Disabled => {
                Err(CallError::needs_human(format!(
                    "The account {} was made, disabled: Active Directory lets nobody in without a password, and Latchkey invents none. Give it a \
                 first password and enable it; then try again.",
                    account.dn
                )))
            }
            Found::Ours(account) => Ok(account.observed(BTreeSet::new())),
            Found::Stranger { words, .. } => Err(CallError::needs_human(words)),
            Found::Nothing if made => Err(CallError::retry_later(format!(
                "The directory took the account {} and doesn't show it yet.",
                spec.name
            ))),
            Found::Nothing => Err(CallError::needs_human(format!(
                "The directory says that the account name {} is taken, by an entry that {} may not see.",
                spec.name, self.session.to.settings.bind_dn
            ))),
        }
    }

    async fn set_state(&self, native_id: &str, state: AccountState) -> Result<Change, CallError> {
        self.session.may_touch(native_id)?;
        let account = self.session.account_at(native_id).await?;
        let account =
            account.ok_or_else(|| CallError::account_gone(native_id, "the directory"))?.unless_predefined()?;
        self.session.switch(&account, state).await
    }

    async fn grant(&self, native_id: &str, entitlement: &EntitlementRef) -> Result<Change, CallError> {
        self.session.may_touch(native_id)?;
        let group = self.session.group_in_reach(entitlement)?;
        // A directory accepts members that don't exist, so the account is looked at first.
        let account = self.session.account_at(native_id).await?;
        let account =
            account.ok_or_else(|| CallError::account_gone(native_id, "the directory"))?.unless_predefined()?;
        self.session.join(&account, group).await
    }

    async fn remove(&self, native_id: &str, entitlement: &EntitlementRef) -> Result<Change, CallError> {
        self.session.may_touch(native_id)?;
        let group = self.session.group_in_reach(entitlement)?;
        let account = match self.session.account_at(native_id).await? {
            Some(account) => account.unless_predefined()?,
            // A deleted entry can still be listed by its groups, and whoever gets its DN next would inherit them.
            None => Account::gone(native_id),
        };
        self.session.leave(&account, group).await
    }

    async fn adopt(&self, native_id: &str, external_id: &str) -> Result<Change, CallError> {
        self.session.may_touch(native_id)?;
        let account = self.session.account_at(native_id).await?;
        let account =
            account.ok_or_else(|| CallError::account_gone(native_id, "the directory"))?.unless_predefined()?;
        if !account.is_account {
            return Err(CallError::refused(format!("{native_id} is not an account.")));
        }
        if account.external_ids.is_empty()
            && let Some(other) = self.session.other_carrier(native_id, external_id).await?
        {
            return Err(CallError::needs_human(format!(
                "{other} carries {external_id} already, and only one account can be this person's. Take it away there first."
            )));
        }
        self.session.claim(&account, external_id).await
    }

    async fn accounts(&self, heard: Heard<'_>) -> Result<Vec<Listed>, CallError> {
        self.session.every_line(heard).await
    }

    async fn holders(&self, entitlement: &EntitlementRef, heard: Heard<'_>) -> Result<Vec<Holder>, CallError> {
        let group = self.session.group_in_reach(entitlement)?;
        self.session.everyone_in(group, heard).await
    }

    async fn read(&self, native_id: &str, among: &[EntitlementRef]) -> Result<Option<Observed>, CallError> {
        self.session.may_touch(native_id)?;
        match self.session.account_at(native_id).await? {
            Some(account) => Ok(Some(self.observe(account, among).await?)),
            None => Ok(None),
        }
    }
}
