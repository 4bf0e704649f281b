//! The PostgreSQL connector: the trait's calls, put together from reading and writing roles.

use std::{collections::BTreeSet, time::Duration};

use async_trait::async_trait;

use super::{
    PostgresSettings,
    account::{Found, MARK, Role},
    session::Session,
};
use crate::{
    AccountSpec, AccountState, CallError, Change, Connector, EntitlementKind, EntitlementRef, Health, Heard, Holder,
    Listed, Lookup, Observed, SecretSource, SettingsError, SystemKind, bounded::Inner,
};

const WHERE: &str = "PostgreSQL";

/// Manages the roles of one cluster.
pub struct PostgresConnector {
    session: Session,
}

/// A session by itself, for those who prepare a cluster.
#[cfg(feature = "real-servers")]
pub(crate) fn open(settings: PostgresSettings) -> Result<Session, SettingsError> {
    Ok(Session::new(settings.checked()?))
}

impl PostgresConnector {
    /// A connector that connects when it is first used. [`crate::build`] is what callers want: it also bounds the calls.
    ///
    /// # Errors
    /// When a setting can't work.
    pub fn new(settings: PostgresSettings) -> Result<Self, SettingsError> {
        Ok(Self { session: Session::new(settings.checked()?) })
    }

    async fn observe(&self, role: Role, among: &[EntitlementRef]) -> Result<Observed, CallError> {
        let among: Vec<&str> = among.iter().map(|entitlement| entitlement.native.as_str()).collect();
        let held = self.session.held(&role.name, &among).await?;
        Ok(role.observed(held))
    }
}

impl Inner for PostgresConnector {
    fn reset(&self) {
        self.session.reset();
    }

    fn secret(&self) -> Option<&SecretSource> {
        self.session.to.secret.as_ref()
    }

    fn name(&self) -> String {
        format!("PostgreSQL at {}", self.session.place())
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
        self.session.to.timeout
    }

    async fn check(&self) -> Result<Health, CallError> {
        let sql = "SELECT rolsuper, rolcreaterole, pg_is_in_recovery() FROM pg_roles WHERE rolname = current_user";
        let rows = self.session.rows(sql, &[], "Checking the connection's own role").await?;
        let version = self.session.live().await?.version.clone();
        let user = &self.session.to.settings.user;
        let (superuser, create_role, standby): (bool, bool, bool) =
            rows.first().map_or((false, false, false), |row| (row.get(0), row.get(1), row.get(2)));
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
        Ok(Health { product: format!("PostgreSQL {version}"), words: format!("Signed in as {user} ({right}).") })
    }

    async fn find(&self, spec: &AccountSpec, among: &[EntitlementRef]) -> Result<Lookup, CallError> {
        match self.session.look(spec).await? {
            Found::Nothing => Ok(Lookup::Absent),
            Found::Stranger { name, words } => Ok(Lookup::Stranger { name, words }),
            Found::Ours(role) => Ok(Lookup::Ours(self.observe(role, among).await?)),
        }
    }

    async fn create(&self, spec: &AccountSpec) -> Result<Observed, CallError> {
        // The external id may stand on a role of another name, so it is looked for first; and again afterwards, since somebody
        // may have been quicker.
        match self.session.look(spec).await? {
            Found::Ours(role) => return Ok(role.observed(BTreeSet::new())),
            Found::Stranger { words, .. } => return Err(CallError::needs_human(words)),
            Found::Nothing => self.session.make(spec).await?,
        };
        match self.session.look(spec).await? {
            Found::Ours(role) => Ok(role.observed(BTreeSet::new())),
            Found::Stranger { words, .. } => Err(CallError::needs_human(words)),
            Found::Nothing => {
                Err(CallError::retry_later(format!("The role {} was made and went away again.", spec.name)))
            }
        }
    }

    async fn set_state(&self, native_id: &str, state: AccountState) -> Result<Change, CallError> {
        let role = self.session.role(native_id).await?.ok_or_else(|| CallError::account_gone(native_id, WHERE))?;
        self.session.may_manage(&role)?;
        self.session.switch(&role, state).await
    }

    async fn grant(&self, native_id: &str, entitlement: &EntitlementRef) -> Result<Change, CallError> {
        let role = self.session.role(native_id).await?.ok_or_else(|| CallError::account_gone(native_id, WHERE))?;
        self.session.may_manage(&role)?;
        self.session.join(&role.name, &entitlement.native).await
    }

    async fn remove(&self, native_id: &str, entitlement: &EntitlementRef) -> Result<Change, CallError> {
        let Some(role) = self.session.role(native_id).await? else { return Ok(Change::AlreadySo) };
        self.session.may_manage(&role)?;
        self.session.leave(&role.name, &entitlement.native).await
    }

    async fn adopt(&self, native_id: &str, external_id: &str) -> Result<Change, CallError> {
        let gone = || CallError::account_gone(native_id, WHERE);
        let role = self.session.role(native_id).await?.ok_or_else(gone)?;
        self.session.may_manage(&role)?;
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
        if let Some(other) = self.session.carriers(external_id).await?.first() {
            return Err(CallError::needs_human(format!(
                "The role {} carries the comment {MARK}{external_id} already. Only one role can be this person's account.",
                other.name
            )));
        }
        self.session.adopt(&role, external_id).await?;
        // Somebody may have written another comment at the same moment.
        match self.session.role(native_id).await?.ok_or_else(gone)?.external_id {
            Some(carried) if carried == external_id => Ok(Change::Made),
            _ => Err(CallError::retry_later(format!(
                "The comment of the role {native_id} was changed by somebody else."
            ))),
        }
    }

    async fn accounts(&self, heard: Heard<'_>) -> Result<Vec<Listed>, CallError> {
        self.session.listed(heard).await
    }

    async fn holders(&self, entitlement: &EntitlementRef, heard: Heard<'_>) -> Result<Vec<Holder>, CallError> {
        self.session.members(&entitlement.native, heard).await
    }

    async fn read(&self, native_id: &str, among: &[EntitlementRef]) -> Result<Option<Observed>, CallError> {
        match self.session.role(native_id).await? {
            Some(role) => Ok(Some(self.observe(role, among).await?)),
            None => Ok(None),
        }
    }
}
