//! Groups and who is in them.

use serde_json::{Value, json};

use super::{
    change::Edit,
    fault,
    http::{Answer, Ask, Http},
    list::{quoted, text},
    listing::{in_group, member_id},
    quirks::Quirk,
    users::User,
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

    fn edit(self, operation: Value) -> Edit {
        let Self { id, resource, etag } = self;
        // Adding or removing one member is right whatever else has changed.
        Edit { path: ["Groups".to_owned(), id], resource, etag, operation, guarded: false }
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
        match self.group(group).await? {
            Some(group) => self.has(&group, user).await,
            None => Ok(false),
        }
    }

    /// Whether the user is in the group that was read.
    async fn has(&self, group: &Group, user: &User) -> Result<bool, CallError> {
        if self.to.quirks.has(Quirk::MembersByFilter) {
            self.asked(&group.id, &user.id).await
        } else {
            Ok(group.has(user))
        }
    }

    /// Whether the user is in the group, by a filter that holds both.
    pub(super) async fn asked(&self, group: &str, user: &str) -> Result<bool, CallError> {
        let filter = format!("id eq {} and members eq {}", quoted(group), quoted(user));
        // The answer alone tells: such groups are shown without members.
        let found = self.filtered("Groups", &filter, |found| text(found, "id") == Some(group)).await?;
        let unfit = || {
            CallError::needs_human(
                "The service doesn't take the filter by group and member. Take \"members-by-filter\" out of the connection's quirks.",
            )
        };
        Ok(!found.ok_or_else(unfit)?.is_empty())
    }

    /// Adds the user to the group.
    pub(super) async fn join(&self, user: &User, name: &str) -> Result<Change, CallError> {
        let Some(group) = self.group(name).await? else { return Err(Self::no_such_group(name)) };
        if self.has(&group, user).await? {
            return Ok(Change::AlreadySo);
        }
        let user = user.id.as_str();
        let doing = format!("Adding {user} to \"{name}\"");
        let operation = json!({ "op": self.to.quirks.op("add"), "path": "members", "value": [{ "value": user }] });
        let answer = self.change(group.edit(operation), &doing, |group| {
            match group.get_mut("members").and_then(Value::as_array_mut) {
                Some(members) if members.iter().any(|member| member_id(member) == Some(user)) => {}
                Some(members) => members.push(json!({ "value": user })),
                None => group["members"] = json!([{ "value": user }]),
            }
            Ok(())
        });
        made(&answer.await?, &doing)
    }

    /// Takes the user out of the group.
    pub(super) async fn leave(&self, user: &User, name: &str) -> Result<Change, CallError> {
        let Some(group) = self.group(name).await? else { return Ok(Change::AlreadySo) };
        if !self.has(&group, user).await? {
            return Ok(Change::AlreadySo);
        }
        let user = user.id.as_str();
        let doing = format!("Removing {user} from \"{name}\"");
        let op = self.to.quirks.op("remove");
        let operation = if self.to.quirks.has(Quirk::RemoveByValue) {
            json!({ "op": op, "path": "members", "value": [{ "value": user }] })
        } else {
            json!({ "op": op, "path": format!("members[value eq {}]", quoted(user)) })
        };
        let answer = self.change(group.edit(operation), &doing, |group| {
            if let Some(members) = group.get_mut("members").and_then(Value::as_array_mut) {
                members.retain(|member| member_id(member) != Some(user));
            }
            Ok(())
        });
        made(&answer.await?, &doing)
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
