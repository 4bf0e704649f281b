//! Users: reading, recognising, making, disabling.

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::{Value, json};

use super::{
    change::Edit,
    fault,
    http::{Ask, Http},
    list::{quoted, text},
};
use crate::{AccountSpec, AccountState, CallError, Change, Observed};

const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";

/// A user as far as we look at it.
pub(super) struct User {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) external_id: Option<String>,
    pub(super) state: AccountState,
    /// The whole resource and its version, for services that can only replace.
    pub(super) resource: Value,
    etag: Option<String>,
}

impl User {
    pub(super) fn from(resource: Value, etag: Option<String>) -> Option<Self> {
        let id = text(&resource, "id")?.to_owned();
        // A service that leaves `active` out has no notion of a disabled user. Some write the word instead of the value.
        let disabled = match resource.get("active") {
            Some(Value::Bool(active)) => !active,
            Some(Value::String(active)) => active.eq_ignore_ascii_case("false"),
            _ => false,
        };
        Some(Self {
            name: text(&resource, "userName").unwrap_or(&id).to_owned(),
            external_id: text(&resource, "externalId").map(str::to_owned),
            state: if disabled { AccountState::Disabled } else { AccountState::Enabled },
            id,
            resource,
            etag,
        })
    }

    pub(super) fn observed(self, held: BTreeSet<String>) -> Observed {
        Observed { native_id: self.id, name: self.name, state: self.state, external_id: self.external_id, held }
    }

    fn is(&self, spec: &AccountSpec) -> bool {
        self.external_id.as_deref() == Some(spec.external_id.as_str())
    }

    fn stranger(self, spec: &AccountSpec) -> Found {
        let carried = match &self.external_id {
            None => "no externalId".to_owned(),
            Some(id) => format!("externalId {id}"),
        };
        Found::Stranger {
            words: format!(
                "The user {} is in use: it carries {carried}, not {}. If it is this person's, set its externalId to {}; if not, choose \
                 another account name.",
                self.name, spec.external_id, spec.external_id
            ),
            name: self.name,
        }
    }
}

/// What a lookup by spec found.
pub(super) enum Found {
    Nothing,
    Ours(User),
    Stranger { name: String, words: String },
}

/// What became of a new user.
pub(super) enum Created {
    User(User),
    Taken,
}

impl Http {
    /// The user with that id, if there is one.
    pub(super) async fn user(&self, id: &str) -> Result<Option<User>, CallError> {
        let doing = format!("Reading the user {id}");
        let answer = self.send(Ask::get(&["Users", id], &[]), &doing).await?;
        match answer.status {
            200 => {
                let etag = answer.etag;
                let user = answer.json.and_then(|json| User::from(json, etag)).filter(|user| user.id == id);
                user.map(Some)
                    .ok_or_else(|| CallError::needs_human(format!("{doing} failed: the answer is not that user.")))
            }
            404 | 410 => Ok(None),
            _ => Err(fault::of_answer(&answer, &doing)),
        }
    }

    /// By id, else by external id, else by name.
    pub(super) async fn look(&self, spec: &AccountSpec) -> Result<Found, CallError> {
        let mut stranger = None;
        if let Some(id) = &spec.native_id {
            match self.user(id).await? {
                Some(user) if user.is(spec) => return Ok(Found::Ours(user)),
                Some(user) => stranger = Some(user),
                None => {}
            }
        }
        let (mut carriers, named) = self.candidates(spec).await?;
        if carriers.len() > 1 {
            let names: Vec<_> = carriers.iter().map(|user| user.name.as_str()).collect();
            return Err(CallError::needs_human(format!(
                "Several users carry externalId {}: {}. Only one of them can be this person's account.",
                spec.external_id,
                names.join(" and ")
            )));
        }
        if let Some(user) = carriers.pop() {
            return Ok(Found::Ours(user));
        }
        Ok(match stranger.or(named) {
            None => Found::Nothing,
            Some(user) if user.is(spec) => Found::Ours(user),
            Some(user) => user.stranger(spec),
        })
    }

    /// Those who carry the external id, and whoever has the name. Names don't regard case (RFC 7643, 4.1.1).
    async fn candidates(&self, spec: &AccountSpec) -> Result<(Vec<User>, Option<User>), CallError> {
        let users = |found: Vec<Value>| found.into_iter().filter_map(|user| User::from(user, None));
        let carries = |user: &Value| text(user, "externalId") == Some(spec.external_id.as_str());
        let folded = spec.name.to_lowercase();
        let same = |user: &Value| text(user, "userName").is_some_and(|name| name.to_lowercase() == folded);
        let by_id = format!("externalId eq {}", quoted(&spec.external_id));
        let by_name = format!("userName eq {}", quoted(&spec.name));
        let carriers = self.filtered("Users", &by_id, carries).await?;
        if let Some(found) = carriers.as_ref().filter(|found| !found.is_empty()) {
            return Ok((users(found.clone()).collect(), None));
        }
        match self.filtered("Users", &by_name, same).await? {
            // A service that can't search by externalId still refuses a second user of the same name, and shows that one's id.
            Some(named) => Ok((Vec::new(), users(named).next())),
            // One that can't search at all is looked through, once for both: ours may have another name by now.
            None => {
                let found = self.everything("Users", |user| carries(user) || same(user)).await?;
                let (carriers, named): (Vec<User>, Vec<User>) = users(found).partition(|user| user.is(spec));
                Ok((carriers, named.into_iter().next()))
            }
        }
    }

    /// Makes the user.
    pub(super) async fn make(&self, spec: &AccountSpec) -> Result<Created, CallError> {
        let mut user = json!({
            "schemas": [USER],
            "externalId": spec.external_id,
            "userName": spec.name,
            "displayName": spec.display_name,
            "name": { "formatted": spec.display_name },
            "active": self.to.quirks.active(true),
        });
        for (name, value) in [("givenName", &spec.given_name), ("familyName", &spec.family_name)] {
            if !value.is_empty() {
                user["name"][name] = Value::from(value.as_str());
            }
        }
        if let Some(email) = &spec.email {
            user["emails"] = json!([{ "value": email, "type": "work", "primary": true }]);
        }
        let doing = format!("Creating the user {}", spec.name);
        let answer = self.send(Ask::with_body(Method::POST, &["Users"], &user), &doing).await?;
        match answer.status {
            200..=299 => {
                let etag = answer.etag;
                let user = answer.json.and_then(|json| User::from(json, etag));
                user.map(Created::User)
                    .ok_or_else(|| CallError::needs_human(format!("{doing}: the service's answer has no id.")))
            }
            409 => Ok(Created::Taken),
            _ => Err(fault::of_answer(&answer, &doing)),
        }
    }

    /// Sets `active`.
    pub(super) async fn switch(&self, id: &str, state: AccountState) -> Result<Change, CallError> {
        let doing = format!("{} the user {id}", if state == AccountState::Enabled { "Enabling" } else { "Disabling" });
        let active = self.to.quirks.active(state == AccountState::Enabled);
        let gone = || CallError::account_gone(id, "the service");
        let user = self.user(id).await?.ok_or_else(gone)?;
        if user.state == state {
            return Ok(Change::AlreadySo);
        }
        let edit = self.edit(user, "active", &active, false);
        let answer = self.change(edit, &doing, |user| {
            user["active"] = active.clone();
            Ok(())
        });
        let answer = answer.await?;
        match answer.status {
            200..=299 => Ok(Change::Made),
            404 | 410 => Err(gone()),
            _ => Err(fault::of_answer(&answer, &doing)),
        }
    }

    /// Writes `externalId` where there is none.
    pub(super) async fn adopt(&self, id: &str, external_id: &str) -> Result<Change, CallError> {
        let gone = || CallError::account_gone(id, "the service");
        let user = self.user(id).await?.ok_or_else(gone)?;
        let carries = |user: &User| user.external_id.as_deref() == Some(external_id);
        if carries(&user) {
            return Ok(Change::AlreadySo);
        }
        let name = user.name.clone();
        let free = |user: &Value| match text(user, "externalId").filter(|carried| *carried != external_id) {
            None => Ok(()),
            Some(carried) => {
                Err(CallError::needs_human(format!("The user {name} carries externalId {carried} already.")))
            }
        };
        free(&user.resource)?;
        let filter = format!("externalId eq {}", quoted(external_id));
        let others = self.filtered("Users", &filter, |user| text(user, "externalId") == Some(external_id)).await?;
        if let Some(other) = others.unwrap_or_default().into_iter().find_map(|user| User::from(user, None)) {
            return Err(CallError::needs_human(format!(
                "The user {} carries externalId {external_id} already. Only one user can be this person's account.",
                other.name
            )));
        }
        let doing = format!("Writing externalId {external_id} on the user {name}");
        let value = Value::from(external_id);
        // Under the version that was read, where there are versions: another id that came meanwhile isn't overwritten.
        let edit = self.edit(user, "externalId", &value, true);
        let answer = self.change(edit, &doing, |user| {
            free(user)?;
            user["externalId"] = value.clone();
            Ok(())
        });
        let answer = answer.await?;
        match answer.status {
            200..=299 => {}
            404 | 410 => return Err(gone()),
            _ => return Err(fault::of_answer(&answer, &doing)),
        }
        // A service may take the change and leave the attribute as it is.
        match self.user(id).await?.ok_or_else(gone)? {
            user if carries(&user) => Ok(Change::Made),
            _ => Err(CallError::needs_human(format!(
                "{doing} had no effect: the service took the change, and shows the user without it."
            ))),
        }
    }

    /// One attribute of a user is to change.
    fn edit(&self, user: User, attribute: &str, value: &Value, guarded: bool) -> Edit {
        let operation = json!({ "op": self.to.quirks.op("replace"), "path": attribute, "value": value });
        let User { id, resource, etag, .. } = user;
        Edit { path: ["Users".to_owned(), id], resource, etag, operation, guarded }
    }
}
