//! The PostgreSQL connector: the trait's calls, put together from reading and writing roles.

#[cfg(feature = "real-servers")]
use std::sync::Arc;
use std::{collections::BTreeSet, time::Duration};

use async_trait::async_trait;

#[cfg(feature = "real-servers")]
use super::session::Session;
use super::{
    PostgresSettings,
    account::{Found, MARK, Role},
    databases::Cluster,
    privilege::Privilege,
};
use crate::{
    AccountSpec, AccountState, CallError, Change, Connector, EntitlementKind, EntitlementRef, Health, Heard, Holder,
    Listed, Lookup, Observed, SecretSource, SettingsError, SystemKind, bounded::Inner,
};

const WHERE: &str = "PostgreSQL";

/// Manages the roles of one cluster.
pub struct PostgresConnector {
    cluster: Cluster,
}

/// A session by itself, for those who prepare a cluster.
#[cfg(feature = "real-servers")]
pub(crate) fn open(settings: PostgresSettings) -> Result<Session, SettingsError> {
    Ok(Session::new(Arc::new(settings.checked()?)))
}

impl PostgresConnector {
    /// A connector that connects when it is first used. [`crate::build`] is what callers want: it also bounds the calls.
    ///
    /// # Errors
    /// When a setting can't work.
    pub fn new(settings: PostgresSettings) -> Result<Self, SettingsError> {
        Ok(Self { cluster: Cluster::new(settings.checked()?) })
    }

    async fn observe(&self, role: Role, among: &[EntitlementRef]) -> Result<Observed, CallError> {
        let mut roles = Vec::new();
        let mut held = BTreeSet::new();
        for native in among.iter().map(|entitlement| entitlement.native.as_str()) {
            match Privilege::parse(native) {
                Ok(None) => roles.push(native),
                Ok(Some(privilege)) => {
                    if self.cluster.has_privilege(&role.name, &privilege).await? {
                        held.insert(native.to_owned());
                    }
                }
                // What can't be read can't be given either: nobody has it.
                Err(_) => {}
            }
        }
        held.extend(self.cluster.main.held(&role.name, &roles).await?);
        Ok(role.observed(held))
    }
}

impl Inner for PostgresConnector {
    fn reset(&self) {
        self.cluster.reset();
    }

    fn secret(&self) -> Option<&SecretSource> {
        self.cluster.main.to.secret.as_ref()
    }

    fn name(&self) -> String {
        format!("PostgreSQL at {}", self.cluster.main.place())
    }

    fn takes(&self) -> &'static [EntitlementKind] {
        &[EntitlementKind::DatabaseRole]
    }
}

#[async_trait]
impl Connector for PostgresConnector {
    fn kind(&self) -> SystemKind {
        SystemKind::Postgresql
    }

    fn deadline(&self) -> Duration {
        self.cluster.main.to.timeout
    }

    async fn check(&self) -> Result<Health, CallError> {
        let sql = "SELECT rolsuper, rolcreaterole, pg_is_in_recovery(), pg_has_role(current_user, 'pg_signal_backend', 'USAGE')
            FROM pg_roles WHERE rolname = current_user";
        let rows = self.cluster.main.rows(sql, &[], "Checking the connection's own role").await?;
        let version = self.cluster.main.live().await?.version.clone();
        let user = &self.cluster.main.to.settings.user;
        let [superuser, create_role, standby, ends_sessions] =
            rows.first().map_or([false; 4], |row| [0, 1, 2, 3].map(|column| row.get::<_, bool>(column)));
        if standby {
            return Err(CallError::needs_human(
                "This server is a standby; the connection's host has to be the primary.",
            ));
        }
        if !superuser && !create_role {
            return Err(CallError::needs_human(format!(
                "The role {user} can't manage roles. ALTER ROLE {user} WITH CREATEROLE, as a superuser, allows it."
            )));
        }
        let right = if superuser { "a superuser, which is more than it needs" } else { "CREATEROLE" };
        let mut words = format!("Signed in as {user} ({right}).");
        if !superuser && !ends_sessions {
            words.push_str(&format!(" It can't end open sessions: GRANT pg_signal_backend TO {user} allows it."));
        }
        Ok(Health { product: format!("PostgreSQL {version}"), words })
    }

    async fn find(&self, spec: &AccountSpec, among: &[EntitlementRef]) -> Result<Lookup, CallError> {
        match self.cluster.main.look(spec).await? {
            Found::Nothing => Ok(Lookup::Absent),
            Found::Stranger { name, words } => Ok(Lookup::Stranger { name, words }),
            Found::Ours(role) => Ok(Lookup::Ours(self.observe(role, among).await?)),
        }
    }

    async fn create(&self, spec: &AccountSpec) -> Result<Observed, CallError> {
        // The external id may stand on a role of another name, so it is looked for first; and again afterwards, since somebody
        // may have been quicker.
        match self.cluster.main.look(spec).await? {
            Found::Ours(role) => return Ok(role.observed(BTreeSet::new())),
            Found::Stranger { words, .. } => return Err(CallError::needs_human(words)),
            Found::Nothing => self.cluster.main.make(spec).await?,
        };
        match self.cluster.main.look(spec).await? {
            Found::Ours(role) => Ok(role.observed(BTreeSet::new())),
            Found::Stranger { words, .. } => Err(CallError::needs_human(words)),
            Found::Nothing => {
                Err(CallError::retry_later(format!("The role {} was made and went away again.", spec.name)))
            }
        }
    }

    async fn set_state(&self, native_id: &str, state: AccountState) -> Result<Change, CallError> {
        let role = self.cluster.main.role(native_id).await?.ok_or_else(|| CallError::account_gone(native_id, WHERE))?;
        self.cluster.main.may_manage(&role)?;
        self.cluster.main.switch(&role, state).await
    }

    async fn grant(&self, native_id: &str, entitlement: &EntitlementRef) -> Result<Change, CallError> {
        let role = self.cluster.main.role(native_id).await?.ok_or_else(|| CallError::account_gone(native_id, WHERE))?;
        self.cluster.main.may_manage(&role)?;
        match Privilege::parse(&entitlement.native)? {
            None => self.cluster.main.join(&role.name, &entitlement.native).await,
            Some(privilege) => self.cluster.give(&role.name, &privilege).await,
        }
    }

    async fn remove(&self, native_id: &str, entitlement: &EntitlementRef) -> Result<Change, CallError> {
        let Some(role) = self.cluster.main.role(native_id).await? else { return Ok(Change::AlreadySo) };
        self.cluster.main.may_manage(&role)?;
        let Some(privilege) = Privilege::parse(&entitlement.native)? else {
            return self.cluster.main.leave(&role.name, &entitlement.native).await;
        };
        let change = self.cluster.take(&role.name, &privilege).await?;
        // Privileges on schemas and tables are looked at with each statement; the one to connect only when a session begins.
        if let (Change::Made, "CONNECT", true) = (change, privilege.right, self.cluster.main.to.settings.end_sessions) {
            let so_far = format!("{native_id} may no longer connect to {}", privilege.database());
            self.cluster.main.end_sessions(&role.name, Some(privilege.database()), &so_far).await?;
        }
        Ok(change)
    }

    async fn adopt(&self, native_id: &str, external_id: &str) -> Result<Change, CallError> {
        let gone = || CallError::account_gone(native_id, WHERE);
        let role = self.cluster.main.role(native_id).await?.ok_or_else(gone)?;
        self.cluster.main.may_manage(&role)?;
        if role.external_id.as_deref() == Some(external_id) {
            return Ok(Change::AlreadySo);
        }
        if let Some(carried) = &role.external_id {
            return Err(CallError::needs_human(format!(
                "The role {native_id} carries the comment {MARK}{carried} already."
            )));
        }
        if !role.is_account() {
            return Err(CallError::needs_human(format!(
                "The role {native_id} can't log in, so it may be one that is granted to others. If it is somebody's account, set its comment \
                 to {MARK}{external_id} by hand."
            )));
        }
        if let Some(other) = self.cluster.main.carriers(external_id).await?.first() {
            return Err(CallError::needs_human(format!(
                "The role {} carries the comment {MARK}{external_id} already. Only one role can be this person's account.",
                other.name
            )));
        }
        self.cluster.main.adopt(&role, external_id).await?;
        // Somebody may have written another comment at the same moment.
        match self.cluster.main.role(native_id).await?.ok_or_else(gone)?.external_id {
            Some(carried) if carried == external_id => Ok(Change::Made),
            _ => Err(CallError::retry_later(format!(
                "The comment of the role {native_id} was changed by somebody else."
            ))),
        }
    }

    async fn accounts(&self, heard: Heard<'_>) -> Result<Vec<Listed>, CallError> {
        self.cluster.main.listed(heard).await
    }

    async fn holders(&self, entitlement: &EntitlementRef, heard: Heard<'_>) -> Result<Vec<Holder>, CallError> {
        match Privilege::parse(&entitlement.native)? {
            None => self.cluster.main.members(&entitlement.native, heard).await,
            Some(privilege) => self.cluster.privileged(&privilege, heard).await,
        }
    }

    async fn read(&self, native_id: &str, among: &[EntitlementRef]) -> Result<Option<Observed>, CallError> {
        match self.cluster.main.role(native_id).await? {
            Some(role) => Ok(Some(self.observe(role, among).await?)),
            None => Ok(None),
        }
    }
}
