//! Changing entries that are accounts: making, disabling, and writing whose they are.

use std::collections::HashSet;

use ldap3::{Mod, controls::Assertion, dn_escape, ldap_escape};

use super::{
    Disabling, FirstSignIn,
    account::{Account, LOCK, LOCKED_FOR_GOOD},
    active_directory::{self, Control},
    fault::{self, code},
    session::Session,
};
use crate::{AccountSpec, AccountState, CallError, Change, words};

impl Session {
    /// Makes the entry. `false`: the directory says that the name is taken.
    pub(super) async fn add(&self, spec: &AccountSpec) -> Result<bool, CallError> {
        let settings = &self.to.settings;
        let directory = self.to.is_active_directory();
        let named_by = if directory { "CN" } else { &self.to.naming };
        let dn = format!("{named_by}={},{}", dn_escape(spec.name.as_str()), settings.people_ou);
        let family_name = if spec.family_name.is_empty() { &spec.display_name } else { &spec.family_name };
        let part = |name: &str| {
            if directory { words::one_line(name, active_directory::LONGEST_PART) } else { name.to_owned() }
        };
        let mut attributes: Vec<(String, HashSet<String>)> =
            vec![("objectClass".to_owned(), self.to.classes.iter().cloned().collect())];
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
        put("cn", if directory { &spec.name } else { &spec.display_name });
        put("sn", &part(family_name));
        put("givenName", &part(&spec.given_name));
        put("displayName", &spec.display_name);
        put("mail", spec.email.as_deref().unwrap_or_default());
        if let Some(suffix) = &self.to.principal_suffix {
            active_directory::login(&spec.name)?;
            let control = match settings.first_sign_in {
                FirstSignIn::Password => Control::WAITS_FOR_PASSWORD,
                FirstSignIn::SmartCard => Control::WITH_SMART_CARD,
            };
            put(active_directory::CONTROL, &control.to_string());
            // Blanks don't belong into it, and it may be left out.
            if !spec.name.contains(' ') {
                put(active_directory::PRINCIPAL, &format!("{}@{suffix}", spec.name));
            }
        }
        put(&self.to.naming, &spec.name);
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
        let (attribute, value) = match settings.disabling() {
            Disabling::Marker | Disabling::Usual => {
                (settings.disabled_attribute.as_str(), settings.disabled_value.as_str())
            }
            Disabling::PasswordPolicy => (LOCK, LOCKED_FOR_GOOD),
            Disabling::UserAccountControl => return self.switch_bit(account, state).await,
        };
        let values = HashSet::from([value]);
        let change = match (state, settings.disabling()) {
            (AccountState::Enabled, _) => Mod::Delete(attribute, values),
            // The attribute holds one value: a passing lock gives way to ours.
            (AccountState::Disabled, Disabling::PasswordPolicy) => Mod::Replace(attribute, values),
            (AccountState::Disabled, _) => Mod::Add(attribute, values),
        };
        let doing = switching(account, state);
        let result =
            self.ldap().await?.modify(&account.dn, vec![change]).await.map_err(|error| self.lost(&error, &doing))?;
        match result.rc {
            code::SUCCESS => Ok(Change::Made),
            code::ATTRIBUTE_OR_VALUE_EXISTS | code::NO_SUCH_ATTRIBUTE => Ok(Change::AlreadySo),
            code::NO_SUCH_OBJECT => Err(CallError::account_gone(&account.dn, "the directory")),
            _ => Err(fault::of_result(&result, &doing)),
        }
    }

    /// Changes the one bit of `userAccountControl`, if the others still are what was read.
    async fn switch_bit(&self, account: &Account, state: AccountState) -> Result<Change, CallError> {
        let doing = switching(account, state);
        let Some(before) = account.control else {
            return Err(CallError::needs_human(format!(
                "{doing} failed: {} may not read its {}. The directory's administrator can give this right.",
                self.to.settings.bind_dn,
                active_directory::CONTROL
            )));
        };
        if state == AccountState::Enabled && before.needs_no_password() && !account.has_password {
            return Err(CallError::needs_human(format!(
                "{} was not enabled: it may be used without a password (PASSWD_NOTREQD), and has none that is known to be set. Set one, and \
                 take that flag away.",
                account.dn
            )));
        }
        let values = (before.to_string(), before.disabled(state == AccountState::Disabled).to_string());
        let (attribute, before, after) = (active_directory::CONTROL, values.0.as_str(), values.1.as_str());
        let change = vec![Mod::Delete(attribute, HashSet::from([before])), Mod::Add(attribute, HashSet::from([after]))];
        let result = self.ldap().await?.modify(&account.dn, change).await.map_err(|error| self.lost(&error, &doing))?;
        match result.rc {
            code::SUCCESS => Ok(Change::Made),
            code::NO_SUCH_ATTRIBUTE => {
                Err(CallError::retry_later(format!("{doing} met another change of the same account.")))
            }
            code::NO_SUCH_OBJECT => Err(CallError::account_gone(&account.dn, "the directory")),
            // [MS-ADTS] 3.1.1.5.3.2: the new value is checked against the password policy, which an absent password doesn't meet.
            code::UNWILLING_TO_PERFORM if state == AccountState::Enabled => Err(fault::wants_password(&result, &doing)),
            _ => Err(fault::of_result(&result, &doing)),
        }
    }

    /// Writes the external id where none is carried, and nothing else.
    pub(super) async fn claim(&self, account: &Account, external_id: &str) -> Result<Change, CallError> {
        let recognise = self.to.settings.recognise.as_str();
        let carried = |ids: &[String]| match ids {
            [only] if only == external_id => Ok(Change::AlreadySo),
            others => Err(CallError::needs_human(format!(
                "{} carries the {recognise} {} already. If it is the account of {external_id}, change that by hand.",
                account.dn,
                others.join(" and ")
            ))),
        };
        if !account.external_ids.is_empty() {
            return carried(&account.external_ids);
        }
        let doing = format!("Writing {external_id} into the {recognise} of {}", account.dn);
        // RFC 4528: nothing is written where one stands by now. Directories without assertions leave it at that, and most hold one value.
        let none = format!("(!({recognise}=*))");
        let add = Mod::Add(recognise, HashSet::from([external_id]));
        let mut ldap = self.ldap().await?;
        ldap.with_controls(Assertion::new(none.as_str()));
        let result = ldap.modify(&account.dn, vec![add]).await.map_err(|error| self.lost(&error, &doing))?;
        match result.rc {
            code::SUCCESS => Ok(Change::Made),
            code::NO_SUCH_OBJECT => Err(CallError::account_gone(&account.dn, "the directory")),
            code::ASSERTION_FAILED | code::ATTRIBUTE_OR_VALUE_EXISTS | code::CONSTRAINT_VIOLATION => {
                let now = self.account_at(&account.dn).await?;
                let now = now.ok_or_else(|| CallError::account_gone(&account.dn, "the directory"))?;
                if now.external_ids.is_empty() {
                    return Err(fault::of_result(&result, &doing));
                }
                carried(&now.external_ids)
            }
            _ => Err(fault::of_result(&result, &doing)),
        }
    }

    /// The other entry that carries the external id, if there is one.
    pub(super) async fn other_carrier(&self, dn: &str, external_id: &str) -> Result<Option<String>, CallError> {
        let settings = &self.to.settings;
        let filter = format!("({}={})", settings.recognise, ldap_escape(external_id));
        let found = self.search(&settings.base_dn, ldap3::Scope::Subtree, &filter, &["1.1"], 2).await?;
        Ok(found.into_iter().map(|entry| entry.dn).find(|other| !super::dn::is_same(other, dn)))
    }
}

fn switching(account: &Account, state: AccountState) -> String {
    format!("{} {}", if state == AccountState::Enabled { "Enabling" } else { "Disabling" }, account.dn)
}
