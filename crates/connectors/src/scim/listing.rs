//! Everything that the service holds: all users, and everyone in a group.

use std::collections::{BTreeMap, HashSet};

use serde_json::Value;

use super::{
    groups::Group,
    http::Http,
    list::{At, Page, quoted, text},
    quirks::Quirk,
    users::User,
};
use crate::{CallError, Heard, Holder, Listed, MOST_LINES, spec::LONGEST_NAME, words};

/// How often a list is read from the beginning because it changed meanwhile.
const ATTEMPTS: usize = 3;

/// How often in a row a page waits because the service says so (429).
const PATIENCE: usize = 10;

/// A page that isn't the next one.
enum Gap {
    /// The list changed while it was read.
    Changed,
    /// Asked for the next page, the service shows what was shown before.
    Standing,
    /// The service says that there are more, and shows none.
    Short { seen: usize, total: u64 },
}

impl Http {
    /// All users.
    pub(super) async fn users(&self, heard: Heard<'_>) -> Result<Vec<Listed>, CallError> {
        let all = self.whole("Users", None, heard, |user| User::from(user, None).map(listed)).await?;
        Ok(all.unwrap_or_default())
    }

    /// Everyone who is in a group directly.
    pub(super) async fn holders(&self, name: &str, heard: Heard<'_>) -> Result<Vec<Holder>, CallError> {
        let Some(group) = self.group(name).await? else { return Err(Self::no_such_group(name)) };
        if self.to.quirks.has(Quirk::MembersByFilter) {
            return self.holders_one_by_one(&group, heard).await;
        }
        let Some(members) = group.members() else { return self.holders_by_filter(&group, heard).await };
        heard(members.len());
        let members: Vec<(&str, Option<bool>)> =
            members.iter().filter_map(|member| Some((member_id(member)?, is_group(member)))).collect();
        // Who isn't said to be a user may be a group: the list of groups tells, and gives those inside this one their names.
        let groups = if members.iter().all(|(_, group)| *group == Some(false)) {
            BTreeMap::new()
        } else {
            let still = |_| heard(members.len());
            let groups = self.whole("Groups", None, &still, |group| {
                Some((text(&group, "id")?.to_owned(), text(&group, "displayName")?.to_owned()))
            });
            groups.await?.unwrap_or_default().into_iter().collect()
        };
        let holder = |(id, group): &(&str, Option<bool>)| match (groups.get(*id), group) {
            (Some(name), None | Some(true)) => Holder::Nested(name.clone()),
            (None, Some(true)) => Holder::Nested((*id).to_owned()),
            _ => Holder::Account((*id).to_owned()),
        };
        Ok(members.iter().map(holder).collect())
    }

    /// For a group that is shown without members: nobody is in it (RFC 7643, 2.5), or the service doesn't show them there. Then
    /// users say which groups they are in (RFC 7643, 4.1.2).
    async fn holders_by_filter(&self, group: &Group, heard: Heard<'_>) -> Result<Vec<Holder>, CallError> {
        let filter = format!("groups.value eq {}", quoted(&group.id));
        let users = self.whole("Users", Some(&filter), heard, |user| {
            // What the service sends is looked at again: some ignore filters.
            let inside = in_group(&user, &group.id) == Some(true);
            Some((text(&user, "id")?.to_owned(), inside))
        });
        let inside = users.await?.unwrap_or_default().into_iter().filter(|(_, inside)| *inside);
        Ok(inside.map(|(id, _)| Holder::Account(id)).collect())
    }

    /// For groups that are always shown without members: each user is asked about.
    async fn holders_one_by_one(&self, group: &Group, heard: Heard<'_>) -> Result<Vec<Holder>, CallError> {
        let mut inside = Vec::new();
        for (number, user) in self.users(heard).await?.into_iter().enumerate() {
            if self.asked(&group.id, &user.native_id).await? {
                inside.push(Holder::Account(user.native_id));
            }
            heard(number);
        }
        Ok(inside)
    }

    /// A list from its first to its last page, each line once. A list that changes while it is read, so that a line may have moved to a
    /// page that was read already, is read again. `None`: the service can't use the filter.
    async fn whole<T>(
        &self,
        resource: &str,
        filter: Option<&str>,
        heard: Heard<'_>,
        read: impl Fn(Value) -> Option<T> + Send + Sync,
    ) -> Result<Option<Vec<T>>, CallError> {
        let doing = format!("Listing {resource}");
        for _ in 0..ATTEMPTS {
            let gap = match self.once(resource, filter, heard, &read).await? {
                Ok(lines) => return Ok(lines),
                Err(gap) => gap,
            };
            match gap {
                Gap::Changed => {}
                Gap::Standing => {
                    return Err(CallError::needs_human(format!(
                        "{doing} failed: asked for the next page, the service shows one that it has shown before. It doesn't page as RFC 7644, \
                         3.4.2.4, says."
                    )));
                }
                Gap::Short { seen, total } => {
                    return Err(CallError::needs_human(format!(
                        "{doing} failed: the service says that there are {total}, and shows {seen}. The connection's token may not see all."
                    )));
                }
            }
        }
        Err(CallError::retry_later(format!("{doing} failed: the list changed each time while it was read.")))
    }

    async fn once<T>(
        &self,
        resource: &str,
        filter: Option<&str>,
        heard: Heard<'_>,
        read: impl Fn(Value) -> Option<T> + Send + Sync,
    ) -> Result<Result<Option<Vec<T>>, Gap>, CallError> {
        let mut lines = Vec::new();
        let mut ids = HashSet::new();
        let (mut at, mut before) = (At::default(), 0);
        loop {
            let so_far = lines.len();
            let page = self.patiently(resource, filter, &at, || heard(so_far)).await?;
            let Some(Page { resources, total, next }) = page else { return Ok(Ok(None)) };
            // Something went away: what stood behind it moved forward, perhaps to a page that was read.
            if total.is_some_and(|total| total < before) {
                return Ok(Err(Gap::Changed));
            }
            before = total.unwrap_or_default();
            let (empty, known) = (resources.is_empty(), ids.len());
            for one in resources {
                if text(&one, "id").is_some_and(|id| ids.insert(id.to_owned())) {
                    lines.extend(read(one));
                }
            }
            heard(lines.len());
            // More than that is refused by whoever called.
            if lines.len() > MOST_LINES {
                return Ok(Ok(Some(lines)));
            }
            let Some(next) = next else {
                let all = total.is_none_or(|total| ids.len() as u64 >= total);
                return Ok(if all { Ok(Some(lines)) } else { Err(Gap::Changed) });
            };
            match total {
                Some(total) if empty => return Ok(Err(Gap::Short { seen: at.seen, total })),
                // A page by cursor may be empty (RFC 9865, 2), as long as the cursor moves.
                _ if next == at || (ids.len() == known && !empty) => return Ok(Err(Gap::Standing)),
                _ => at = next,
            }
        }
    }

    /// One page; waits where the service says how long to, and it isn't long.
    async fn patiently(
        &self,
        resource: &str,
        filter: Option<&str>,
        at: &At,
        waiting: impl Fn() + Send + Sync,
    ) -> Result<Option<Page>, CallError> {
        for _ in 0..PATIENCE {
            match self.page(resource, filter, at).await {
                Err(CallError::RetryLater { after: Some(after), .. }) if after <= self.to.timeout / 2 => {
                    tokio::time::sleep(after).await;
                    // To wait as told isn't to stand still.
                    waiting();
                }
                answered => return answered,
            }
        }
        self.page(resource, filter, at).await
    }
}

fn listed(user: User) -> Listed {
    let clean = |text: &str| words::one_line(text, LONGEST_NAME);
    let name = |field: &str| user.resource.get("name").and_then(|name| text(name, field)).unwrap_or_default();
    let display_name = [
        clean(text(&user.resource, "displayName").unwrap_or_default()),
        clean(name("formatted")),
        clean(&format!("{} {}", name("givenName"), name("familyName"))),
    ];
    let emails = user.resource.get("emails").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let primary = emails.iter().find(|email| email.get("primary") == Some(&Value::Bool(true))).or(emails.first());
    Listed {
        email: primary.and_then(|email| text(email, "value")).map(clean).filter(|email| !email.is_empty()),
        display_name: display_name.into_iter().find(|name| !name.is_empty()).unwrap_or_default(),
        native_id: user.id,
        name: user.name,
        state: user.state,
        external_id: user.external_id,
        // RFC 7643 has no attribute for it.
        last_used_at: None,
    }
}

/// A member's id; some services give the address alone.
pub(super) fn member_id(member: &Value) -> Option<&str> {
    let address = || text(member, "$ref").and_then(|address| address.rsplit('/').next()).filter(|id| !id.is_empty());
    text(member, "value").or_else(address)
}

/// Whether a member is a group (RFC 7643, 4.2: `type`, and `$ref` with the address of the resource). `None`: it isn't said.
fn is_group(member: &Value) -> Option<bool> {
    let of = |word: &str| match word.to_ascii_lowercase().as_str() {
        "group" | "groups" => Some(true),
        "user" | "users" => Some(false),
        _ => None,
    };
    let kind = text(member, "type").and_then(of);
    kind.or_else(|| text(member, "$ref").and_then(|address| address.rsplit('/').nth(1)).and_then(of))
}

/// Whether a user says to be in a group directly. `None`: it says nothing of groups.
pub(super) fn in_group(user: &Value, group: &str) -> Option<bool> {
    let groups = user.get("groups")?.as_array()?;
    let direct = |one: &Value| !text(one, "type").is_some_and(|kind| kind.eq_ignore_ascii_case("indirect"));
    Some(groups.iter().any(|one| text(one, "value") == Some(group) && direct(one)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_group_is_told_by_its_type_or_its_address() {
        for (member, expected) in [
            (json!({ "value": "1", "type": "Group" }), Some(true)),
            (json!({ "value": "1", "type": "User", "$ref": "../Groups/1" }), Some(false)),
            (json!({ "value": "1", "$ref": "https://app.example.test/v2/Groups/1" }), Some(true)),
            (json!({ "value": "1", "$ref": "../Users/1" }), Some(false)),
            (json!({ "value": "1", "type": "direct" }), None),
            (json!({ "value": "1" }), None),
        ] {
            assert_eq!(is_group(&member), expected, "{member}");
            assert_eq!(member_id(&member), Some("1"));
        }
        assert_eq!(member_id(&json!({ "$ref": "../Users/u7" })), Some("u7"));
        assert_eq!(member_id(&json!({ "display": "Mara" })), None);
    }

    #[test]
    fn a_user_is_in_a_group_directly_or_not() {
        let user = json!({ "groups": [{ "value": "a" }, { "value": "b", "type": "indirect" }, { "value": "c", "type": "direct" }] });
        assert_eq!(
            ["a", "b", "c", "d"].map(|group| in_group(&user, group)),
            [Some(true), Some(false), Some(true), Some(false)]
        );
        assert_eq!(in_group(&json!({}), "a"), None);
    }

    #[test]
    fn a_user_becomes_a_line_with_the_name_and_the_address_that_it_has() {
        let line = |user: Value| listed(User::from(user, None).unwrap());
        let user = line(
            json!({ "id": "u1", "userName": "mara", "active": "False", "name": { "givenName": "Mara", "familyName": "Lind" },
            "emails": [{ "value": "old@example.test" }, { "value": "mara@example.test", "primary": true }] }),
        );
        assert_eq!((user.display_name.as_str(), user.email.as_deref()), ("Mara Lind", Some("mara@example.test")));
        assert_eq!((user.state, user.external_id), (crate::AccountState::Disabled, None));
        assert_eq!(line(json!({ "id": "u1", "userName": "mara" })).display_name, "");
    }
}
