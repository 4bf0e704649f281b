//! The SCIM connector: the trait's calls, put together from reading and writing users and groups.

use std::{collections::BTreeSet, time::Duration};

use async_trait::async_trait;
use serde_json::{Value, json};

use super::{
    ScimSettings, fault,
    http::{Ask, Http},
    quirks::Quirk,
    users::{Created, Found, User},
};
use crate::{
    AccountSpec, AccountState, CallError, Change, Connector, EntitlementKind, EntitlementRef, Health, Heard, Holder,
    Listed, Lookup, Observed, SecretSource, SettingsError, SystemKind, bounded::Inner,
};

/// Manages users and groups of one service.
pub struct ScimConnector {
    http: Http,
}

impl ScimConnector {
    /// A connector that connects when it is first used. [`crate::build`] is what callers want: it also bounds the calls.
    ///
    /// # Errors
    /// When a setting can't work.
    pub fn new(settings: ScimSettings) -> Result<Self, SettingsError> {
        Ok(Self { http: Http::new(settings.checked()?)? })
    }

    async fn observe(&self, user: User, among: &[EntitlementRef]) -> Result<Observed, CallError> {
        let mut held = BTreeSet::new();
        for entitlement in among {
            if self.http.is_member(&user, &entitlement.native).await? {
                held.insert(entitlement.native.clone());
            }
        }
        Ok(user.observed(held))
    }
}

impl Inner for ScimConnector {
    // Connections belong to single requests here; the client's pool drops broken ones itself.
    fn reset(&self) {}

    fn secret(&self) -> Option<&SecretSource> {
        Some(self.http.to.credential.secret())
    }

    fn name(&self) -> String {
        format!("The service at {}", self.http.to.host)
    }

    fn takes(&self) -> &'static [EntitlementKind] {
        &[EntitlementKind::Group, EntitlementKind::AppRole]
    }
}

#[async_trait]
impl Connector for ScimConnector {
    fn kind(&self) -> SystemKind {
        SystemKind::Scim
    }

    fn deadline(&self) -> Duration {
        self.http.to.timeout
    }

    async fn check(&self) -> Result<Health, CallError> {
        let doing = format!("Asking the service at {} for its users", self.http.to.host);
        // The configuration page is often readable without a token, a list of users never is.
        let users = self.http.send(Ask::get(&["Users"], &[("count", "1"), ("attributes", "userName")]), &doing).await?;
        if users.status != 200 {
            return Err(fault::of_answer(&users, &doing));
        }
        if users.json.as_ref().and_then(|json| json.get("totalResults")).and_then(Value::as_u64).is_none() {
            return Err(CallError::needs_human(format!(
                "{doing} failed: the answer is not a SCIM list. The connection's base_url may be wrong."
            )));
        }
        let offer = self.http.ask_offer().await?;
        let unversioned = self.http.to.quirks.has(Quirk::NoVersions);
        let way = match (offer.patch, offer.etag, unversioned) {
            (true, ..) => "one by one (PATCH)",
            (_, true, _) => "under the version that was read (PUT with ETag)",
            (.., true) => "by replacing what was read (PUT), which can undo what others change at the same moment",
            _ => {
                return Err(CallError::needs_human(
                    "The service has neither PATCH nor versions (ETag), so memberships can't be changed without undoing others' changes. \
                     If that is acceptable, add \"no-versions\" to the connection's quirks.",
                ));
            }
        };
        Ok(Health {
            product: "SCIM 2.0".to_owned(),
            words: format!("The token is accepted; memberships are changed {way}."),
        })
    }

    async fn find(&self, spec: &AccountSpec, among: &[EntitlementRef]) -> Result<Lookup, CallError> {
        match self.http.look(spec).await? {
            Found::Nothing => Ok(Lookup::Absent),
            Found::Stranger { name, words } => Ok(Lookup::Stranger { name, words }),
            Found::Ours(user) => Ok(Lookup::Ours(self.observe(user, among).await?)),
        }
    }

    async fn create(&self, spec: &AccountSpec) -> Result<Observed, CallError> {
        match self.http.look(spec).await? {
            Found::Ours(user) => return Ok(user.observed(BTreeSet::new())),
            Found::Stranger { words, .. } => return Err(CallError::needs_human(words)),
            Found::Nothing => {}
        }
        if let Created::User(user) = self.http.make(spec).await? {
            return Ok(user.observed(BTreeSet::new()));
        }
        // Somebody was quicker; or a deleted user still blocks the name.
        match self.http.look(spec).await? {
            Found::Ours(user) => Ok(user.observed(BTreeSet::new())),
            Found::Stranger { words, .. } => Err(CallError::needs_human(words)),
            Found::Nothing => Err(CallError::needs_human(format!(
                "The service says that the name {} or another of the person's values is in use, by a user that it doesn't show.",
                spec.name
            ))),
        }
    }

    async fn set_state(&self, native_id: &str, state: AccountState) -> Result<Change, CallError> {
        self.http.switch(native_id, state).await
    }

    async fn grant(&self, native_id: &str, entitlement: &EntitlementRef) -> Result<Change, CallError> {
        match self.http.user(native_id).await? {
            Some(user) => self.http.join(&user, &entitlement.native).await,
            None => Err(CallError::account_gone(native_id, "the service")),
        }
    }

    async fn remove(&self, native_id: &str, entitlement: &EntitlementRef) -> Result<Change, CallError> {
        let user = self.http.user(native_id).await?;
        // A user that is gone may have stayed in the group's list.
        let user = user.or_else(|| User::from(json!({ "id": native_id }), None));
        match user {
            Some(user) => self.http.leave(&user, &entitlement.native).await,
            None => Ok(Change::AlreadySo),
        }
    }

    async fn adopt(&self, native_id: &str, external_id: &str) -> Result<Change, CallError> {
        self.http.adopt(native_id, external_id).await
    }

    async fn accounts(&self, heard: Heard<'_>) -> Result<Vec<Listed>, CallError> {
        self.http.users(heard).await
    }

    async fn holders(&self, entitlement: &EntitlementRef, heard: Heard<'_>) -> Result<Vec<Holder>, CallError> {
        self.http.holders(&entitlement.native, heard).await
    }

    async fn read(&self, native_id: &str, among: &[EntitlementRef]) -> Result<Option<Observed>, CallError> {
        match self.http.user(native_id).await? {
            Some(user) => Ok(Some(self.observe(user, among).await?)),
            None => Ok(None),
        }
    }
}
