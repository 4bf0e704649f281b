//! Groups and who is in them.

use reqwest::Method;
use serde_json::{Value, json};

use super::{
    fault,
    http::{Answer, Ask, Http},
    list::{quoted, text},
    listing::{in_group, member_id},
    users::{PATCH, User},
};
use crate::{CallError, Change};

/// A group with its members as they were read.
pub(super) struct Group {
    pub(super) id: String,
    resource: Value,
    etag: Option<String>,
}

impl Group {
    /// The members; `None`: the group is shown without, which says that it has none or that the service doesn't show them.
    pub(super) fn members(&self) -> Option<&[Value]> {
        self.resource.get("members").and_then(Value::as_array).map(Vec::as_slice)
    }

    /// Whether the user is in it. Where the group says nothing, the user may.
    fn has(&self, user: &User) -> bool {
        match self.members() {
            Some(members) => members.iter().any(|member| member_id(member) == Some(user.id.as_str())),
            None => in_group(&user.resource, &self.id) == Some(true),
        }
    }
}

impl Http {
    /// The group of that name, with its members.
    pub(super) async fn group(&self, name: &str) -> Result<Option<Group>, CallError> {
        let filter = format!("displayName eq {}", quoted(name));
        let groups = self.matching("Groups", &filter, |group| text(group, "displayName") == Some(name)).await?;
        let ids: Vec<&str> = groups.iter().filter_map(|group| text(group, "id")).collect();
        let id = match ids.as_slice() {
            [] => return Ok(None),
            [id] => *id,
            several => {
                return Err(CallError::needs_human(format!(
                    "The service has {} groups named \"{name}\". The catalog's native name has to mean one.",
                    several.len()
                )));
            }
        };
        let doing = format!("Reading the group \"{name}\"");
        let answer = self.send(Ask::get(&["Groups", id], &[]), &doing).await?;
        match answer.status {
            200 => {
                let etag = answer.etag;
                let group = answer.json.map(|resource| Group { id: id.to_owned(), resource, etag });
                group.map(Some).ok_or_else(|| CallError::needs_human(format!("{doing} failed: the answer is empty.")))
            }
            404 | 410 => Ok(None),
            _ => Err(fault::of_answer(&answer, &doing)),
        }
    }

    pub(super) fn no_such_group(name: &str) -> CallError {
        CallError::needs_human(format!(
            "The group \"{name}\" does not exist in the service. Create it, or correct the entitlement's native name in the catalog."
        ))
    }

    /// Whether the user is in the group.
    pub(super) async fn is_member(&self, user: &User, group: &str) -> Result<bool, CallError> {
        Ok(self.group(group).await?.is_some_and(|group| group.has(user)))
    }

    /// Adds the user to the group.
    pub(super) async fn join(&self, user: &User, name: &str) -> Result<Change, CallError> {
        let Some(group) = self.group(name).await? else { return Err(Self::no_such_group(name)) };
        if group.has(user) {
            return Ok(Change::AlreadySo);
        }
        let user = user.id.as_str();
        let doing = format!("Adding {user} to \"{name}\"");
        let operation = json!({ "op": "add", "path": "members", "value": [{ "value": user }] });
        let answer = self.patch(&group, operation, &doing).await?;
        let answer = match answer {
            Some(answer) => answer,
            None => {
                let mut resource = group.resource;
                match resource.get_mut("members").and_then(Value::as_array_mut) {
                    Some(members) => members.push(json!({ "value": user })),
                    None => resource["members"] = json!([{ "value": user }]),
                }
                self.replace(&["Groups", &group.id], &resource, group.etag.as_deref(), &doing).await?
            }
        };
        made(&answer, &doing)
    }

    /// Takes the user out of the group.
    pub(super) async fn leave(&self, user: &User, name: &str) -> Result<Change, CallError> {
        let Some(group) = self.group(name).await?.filter(|group| group.has(user)) else { return Ok(Change::AlreadySo) };
        let user = user.id.as_str();
        let doing = format!("Removing {user} from \"{name}\"");
        let operation = json!({ "op": "remove", "path": format!("members[value eq {}]", quoted(user)) });
        let answer = self.patch(&group, operation, &doing).await?;
        let answer = match answer {
            Some(answer) => answer,
            None => {
                let mut resource = group.resource;
                if let Some(members) = resource.get_mut("members").and_then(Value::as_array_mut) {
                    members.retain(|member| member_id(member) != Some(user));
                }
                self.replace(&["Groups", &group.id], &resource, group.etag.as_deref(), &doing).await?
            }
        };
        made(&answer, &doing)
    }

    /// One PATCH operation; `None`: the service has no PATCH.
    async fn patch(&self, group: &Group, operation: Value, doing: &str) -> Result<Option<Answer>, CallError> {
        let body = json!({ "schemas": [PATCH], "Operations": [operation] });
        let answer = self.send(Ask::with_body(Method::PATCH, &["Groups", &group.id], &body), doing).await?;
        Ok(if fault::is_unsupported(&answer) { None } else { Some(answer) })
    }
}

fn made(answer: &Answer, doing: &str) -> Result<Change, CallError> {
    match answer.status {
        200..=299 => Ok(Change::Made),
        // It was there a moment ago: looked at again with the next attempt.
        404 | 410 => Err(CallError::retry_later(format!("{doing} failed: the group or the user went away meanwhile."))),
        _ => Err(fault::of_answer(answer, doing)),
    }
}
