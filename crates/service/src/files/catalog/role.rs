//! `roles/*.toml`: what people ask for.

use latchkey_domain::role::Risk;
use latchkey_policy::Span;

use super::{MAX_ENTITLEMENTS_PER_ROLE, MAX_ROLES, MAX_TAGS, PersonReference, question};
use crate::{
    files::{
        error::{Errors, Place},
        text::{self, Fault},
        toml_doc::{Doc, Table},
    },
    questions::Question,
};

/// An entitlement as roles name it: `finance/payroll-read`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntitlementRef {
    /// The system's key.
    pub system: String,
    /// The entitlement's key on that system.
    pub key: String,
}

impl std::fmt::Display for EntitlementRef {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.system, self.key)
    }
}

/// A role as its file says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleFile {
    /// Stable key.
    pub key: String,
    /// What it is called on screen.
    pub name: String,
    /// What one can do with it, and what not.
    pub description: String,
    /// Who answers for it.
    pub owner: PersonReference,
    /// How much harm it could do.
    pub risk: Risk,
    /// Words that people look for.
    pub tags: Vec<String>,
    /// The policy's key.
    pub policy: String,
    /// It can be asked for; otherwise only rules give it.
    pub requestable: bool,
    /// Longest duration, not longer than the policy's.
    pub max_duration: Option<Span>,
    /// What it gives, in the order of the file.
    pub entitlements: Vec<EntitlementRef>,
    /// What it asks whoever wants it, beside the reason.
    pub questions: Vec<Question>,
    /// Where it stands.
    pub at: Place,
}

/// A role with the places of what it refers to.
pub(super) struct Draft {
    pub(super) role: RoleFile,
    pub(super) name_at: Place,
    pub(super) key_at: Place,
    pub(super) policy_at: Place,
    pub(super) max_at: Option<Place>,
    pub(super) entitlements_at: Vec<Place>,
}

/// Reads one file of `roles/`.
pub(super) fn parse(doc: &Doc<'_>, errors: &mut Errors) -> Vec<Draft> {
    let Some(root) = doc.parse(errors) else { return Vec::new() };
    let mut root = Table::root(doc, &root);
    let tables = root.tables(errors, "role", MAX_ROLES);
    root.finish(errors);
    tables.into_iter().filter_map(|mut table| parse_one(doc, &mut table, errors)).collect()
}

fn parse_one(doc: &Doc<'_>, table: &mut Table<'_>, errors: &mut Errors) -> Option<Draft> {
    table.call("role", table.peek("key"));
    let at = table.place();
    let key = table.text(errors, "key", text::key);
    let name = table.text(errors, "name", |v| text::line(v, 80));
    let description = table.text(errors, "description", |v| text::line(v, 500));
    let owner = table.text(errors, "owner", text::external_id);
    let risk = table.text(errors, "risk", |v| text::word(v, Risk::ALL));
    let tags = table.texts(errors, "tags", (0, MAX_TAGS), |v| text::line(v, 40));
    let policy = table.text(errors, "policy", text::key);
    let requestable = table.flag(errors, "requestable", true);
    let max_duration = table.optional(errors, "max_duration", text::span);
    let entitlements = table.texts(errors, "entitlements", (1, MAX_ENTITLEMENTS_PER_ROLE), entitlement);
    let questions = question::parse(doc, table, errors);
    table.finish(errors);

    let (key, name, owner, policy, max_duration, entitlements) =
        (key?, name?, owner?, policy?, max_duration?, entitlements?.value);
    Some(Draft {
        name_at: doc.place(name.offset),
        key_at: doc.place(key.offset),
        policy_at: doc.place(policy.offset),
        max_at: max_duration.as_ref().map(|max| doc.place(max.offset)),
        entitlements_at: entitlements.iter().map(|one| doc.place(one.offset)).collect(),
        role: RoleFile {
            key: key.value,
            name: name.value,
            description: description?.value,
            owner: PersonReference { external_id: owner.value, field: "owner", at: doc.place(owner.offset) },
            risk: risk?.value,
            tags: tags?.value.into_iter().map(|tag| tag.value).collect(),
            policy: policy.value,
            requestable: requestable?,
            max_duration: max_duration.map(|max| max.value),
            entitlements: entitlements.into_iter().map(|one| one.value).collect(),
            questions: questions?,
            at,
        },
    })
}

pub(super) fn entitlement(value: &str) -> Result<EntitlementRef, Fault> {
    value
        .split_once('/')
        .and_then(|(system, key)| Some(EntitlementRef { system: text::key(system).ok()?, key: text::key(key).ok()? }))
        .ok_or_else(|| Fault {
            message: format!("has {}", text::shown(value)),
            expected: "a system and an entitlement by their keys, such as \"directory/vpn-users\"".to_owned(),
        })
}
