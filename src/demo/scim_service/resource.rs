//! Users and groups as JSON: what a client may set, and what it sees.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::{Value, json};

use super::{filter::Filter, message::Problem, state::Held};

/// The schema of users.
pub const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
/// The schema of groups.
pub const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";

/// The attributes of a user that a client may set.
pub const USER_ATTRIBUTES: &[&str] = &[
    "externalId",
    "userName",
    "displayName",
    "name",
    "emails",
    "active",
    "title",
    "preferredLanguage",
    "timezone",
    "userType",
    "nickName",
];
/// The attributes of a group that a client may set.
pub const GROUP_ATTRIBUTES: &[&str] = &["externalId", "displayName", "members"];

/// A text attribute; empty when it isn't there.
#[must_use]
pub fn text<'a>(resource: &'a Value, name: &str) -> &'a str {
    resource.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// A group's members.
#[must_use]
pub fn members(group: &Value) -> &[Value] {
    group.get("members").and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// The attribute that a name means, whatever its case.
#[must_use]
pub fn known(name: &str, attributes: &'static [&'static str]) -> Option<&'static str> {
    let short = name.rsplit(':').next().unwrap_or(name);
    attributes.iter().copied().find(|known| known.eq_ignore_ascii_case(short))
}

/// What a message says about the attributes that may be set. What else it says is ignored, as the RFC wants.
#[must_use]
pub fn settable(message: &Value, attributes: &'static [&'static str]) -> Value {
    let mut kept = json!({});
    for (name, value) in message.as_object().into_iter().flatten() {
        if let Some(name) = known(name, attributes).filter(|_| !value.is_null()) {
            kept[name] = value.clone();
        }
    }
    kept
}

/// Takes over what a message says, and forgets what it leaves out (PUT).
pub fn replace(resource: &mut Value, message: &Value, attributes: &'static [&'static str]) {
    if let Some(object) = resource.as_object_mut() {
        attributes.iter().for_each(|name| {
            object.remove(*name);
        });
        if let Value::Object(new) = settable(message, attributes) {
            object.extend(new);
        }
    }
}

/// What must hold of a user.
///
/// # Errors
/// What doesn't.
pub fn check_user(held: &Held, user: &mut Value, own: Option<&str>) -> Result<(), Problem> {
    let name = text(user, "userName").trim().to_owned();
    if name.is_empty() {
        return Err(Problem::bad("invalidValue", "A user needs a userName."));
    }
    match user.get("active") {
        None => user["active"] = true.into(),
        Some(Value::Bool(_)) => {}
        // Some clients write the word.
        Some(Value::String(word)) if word.eq_ignore_ascii_case("true") || word.eq_ignore_ascii_case("false") => {
            user["active"] = word.eq_ignore_ascii_case("true").into();
        }
        Some(_) => return Err(Problem::bad("invalidValue", "active is true or false.")),
    }
    let folded = name.to_lowercase();
    let taken = held
        .users
        .iter()
        .any(|(id, other)| Some(id.as_str()) != own && text(other, "userName").to_lowercase() == folded);
    if taken { Err(Problem::taken(format!("There is a user named {name} already."))) } else { Ok(()) }
}

/// What must hold of a group; its members are made whole.
///
/// # Errors
/// What doesn't.
pub fn check_group(held: &Held, group: &mut Value, own: Option<&str>) -> Result<(), Problem> {
    let name = text(group, "displayName").trim().to_owned();
    if name.is_empty() {
        return Err(Problem::bad("invalidValue", "A group needs a displayName."));
    }
    if held.groups.iter().any(|(id, other)| Some(id.as_str()) != own && text(other, "displayName") == name) {
        return Err(Problem::taken(format!("There is a group named {name} already.")));
    }
    let mut seen = BTreeSet::new();
    let mut whole = Vec::new();
    for member in members(group) {
        let id = text(member, "value");
        let Some(user) = held.users.get(id) else {
            return Err(Problem::bad("invalidValue", format!("There is no user {id} to be a member.")));
        };
        if seen.insert(id.to_owned()) {
            whole.push(json!({ "value": id, "display": text(user, "displayName"), "type": "User" }));
        }
    }
    group["members"] = whole.into();
    Ok(())
}

/// How a list or a resource is asked for.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Query {
    filter: Option<String>,
    start_index: Option<i64>,
    count: Option<i64>,
    attributes: Option<String>,
    excluded_attributes: Option<String>,
}

/// The most resources of one page.
const MOST: i64 = 200;

impl Query {
    /// The filter.
    ///
    /// # Errors
    /// When it isn't understood.
    pub fn filter(&self) -> Result<Option<Filter>, Problem> {
        self.filter.as_deref().map(Filter::parse).transpose()
    }

    /// Where the page starts, from 1, and how many resources it may have.
    #[must_use]
    pub fn page(&self) -> (usize, usize) {
        let count = self.count.unwrap_or(MOST).clamp(0, MOST);
        (usize::try_from(self.start_index.unwrap_or(1).max(1)).unwrap_or(1), usize::try_from(count).unwrap_or(0))
    }

    /// The attributes that the client wants to see.
    #[must_use]
    pub fn shown(&self, mut resource: Value) -> Value {
        let names = |list: &Option<String>| -> Option<Vec<String>> {
            list.as_ref().map(|list| list.split(',').map(|name| name.trim().to_lowercase()).collect())
        };
        let (only, without) = (names(&self.attributes), names(&self.excluded_attributes));
        if let Some(object) = resource.as_object_mut() {
            object.retain(|name, _| {
                let name = name.to_lowercase();
                // Always there (RFC 7643, section 7: returned "always").
                if ["id", "schemas"].contains(&name.as_str()) {
                    return true;
                }
                only.as_ref().is_none_or(|only| only.contains(&name))
                    && !without.as_ref().is_some_and(|without| without.contains(&name))
            });
        }
        resource
    }
}
