//! `separation.toml`: what one person must not combine.

use super::{EntitlementRef, PersonReference, role::entitlement};
use crate::files::{
    error::{Errors, Place},
    text::{self, Fault},
    toml_doc::{At, Doc, Table},
};

/// The most rules.
pub const MAX_SEPARATION_RULES: usize = 500;
/// The most sides of one rule.
const MAX_SIDES: usize = 6;
/// The most roles and entitlements of one side.
const MAX_MEMBERS: usize = 200;

/// Something that a side names: `role:invoice-clerk`, or `finance/invoice-entry` through whatever role.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SeparationMember {
    /// A role, by its key.
    Role(String),
    /// An entitlement.
    Entitlement(EntitlementRef),
}

impl std::fmt::Display for SeparationMember {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Role(key) => write!(f, "role:{key}"),
            Self::Entitlement(one) => one.fmt(f),
        }
    }
}

/// One side of a rule as its file says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeparationSideFile {
    /// What it is called: "Entering invoices".
    pub name: String,
    /// What makes it.
    pub members: Vec<SeparationMember>,
}

/// A rule as its file says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeparationRuleFile {
    /// Stable key.
    pub key: String,
    /// What it is called on screen.
    pub name: String,
    /// Why it is there, in an employee's words.
    pub description: String,
    /// Who answers for it.
    pub owner: PersonReference,
    /// Two or more.
    pub sides: Vec<SeparationSideFile>,
    /// Who has to agree; absent where the rule blocks.
    pub approver: Option<PersonReference>,
    /// Where it stands.
    pub at: Place,
}

/// A rule with the places of what it refers to.
pub(super) struct Draft {
    pub(super) rule: SeparationRuleFile,
    pub(super) key_at: Place,
    pub(super) name_at: Place,
    /// In the order of the sides and their members.
    pub(super) members_at: Vec<Place>,
}

/// What a rule does.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Block,
    Approval,
}

/// Reads `separation.toml`.
pub(super) fn parse(doc: &Doc<'_>, errors: &mut Errors) -> Vec<Draft> {
    let Some(root) = doc.parse(errors) else { return Vec::new() };
    let mut root = Table::root(doc, &root);
    let tables = root.tables(errors, "rule", MAX_SEPARATION_RULES);
    root.finish(errors);
    tables.into_iter().filter_map(|mut table| parse_one(doc, &mut table, errors)).collect()
}

fn parse_one(doc: &Doc<'_>, table: &mut Table<'_>, errors: &mut Errors) -> Option<Draft> {
    table.call("rule", table.peek("key"));
    let at = table.place();
    let key = table.text(errors, "key", text::key);
    let name = table.text(errors, "name", |v| text::line(v, 80));
    let description = table.text(errors, "description", |v| text::line(v, 500));
    let owner = table.text(errors, "owner", text::external_id);
    let outcome = table.text(errors, "outcome", outcome);
    let approver = table.optional(errors, "approver", person);
    let sides = sides(table, errors);
    table.finish(errors);

    let (outcome, approver) = (outcome?, approver?);
    match (outcome.value, &approver) {
        (Outcome::Approval, None) => {
            table.complain(
                errors,
                outcome.offset,
                "outcome is \"approval\", and approver is missing",
                "approver = \"person:\" with an external id, such as \"person:E0031\"",
            );
            return None;
        }
        (Outcome::Block, Some(approver)) => {
            table.complain(
                errors,
                approver.offset,
                "approver names somebody although outcome is \"block\"",
                "outcome = \"approval\", or no approver",
            );
            return None;
        }
        _ => {}
    }
    let (key, name, owner, sides) = (key?, name?, owner?, sides?);
    let reference = |field, at: At<String>| PersonReference { at: doc.place(at.offset), external_id: at.value, field };
    Some(Draft {
        key_at: doc.place(key.offset),
        name_at: doc.place(name.offset),
        members_at: sides.iter().flat_map(|(_, members)| members).map(|m| doc.place(m.offset)).collect(),
        rule: SeparationRuleFile {
            key: key.value,
            name: name.value,
            description: description?.value,
            owner: reference("owner", owner),
            approver: approver.map(|id| reference("approver", id)),
            sides: sides
                .into_iter()
                .map(|(name, members)| SeparationSideFile {
                    name,
                    members: members.into_iter().map(|m| m.value).collect(),
                })
                .collect(),
            at,
        },
    })
}

type Sides = Vec<(String, Vec<At<SeparationMember>>)>;

fn sides(table: &mut Table<'_>, errors: &mut Errors) -> Option<Sides> {
    let (tables, offset) = table.required_tables(errors, "sides", MAX_SIDES)?;
    if tables.len() < 2 {
        let message = format!("sides has {}", if tables.is_empty() { "no entry" } else { "1 entry" });
        table.complain(errors, offset, &message, &format!("2 to {MAX_SIDES}: what is kept apart"));
        return None;
    }
    let what = table.peek("key").map_or_else(|| "sides".to_owned(), |key| format!("rule {}, sides", text::shown(key)));
    let mut sides: Sides = Vec::with_capacity(tables.len());
    let mut sound = true;
    for mut side in tables {
        side.call(&what, None);
        let name = side.text(errors, "name", |v| text::line(v, 80));
        let members = side.texts(errors, "members", (1, MAX_MEMBERS), member);
        side.finish(errors);
        let (Some(name), Some(members)) = (name, members) else {
            sound = false;
            continue;
        };
        for one in &members.value {
            if sides.iter().any(|(_, known)| known.iter().any(|k| k.value == one.value)) {
                sound = false;
                let message = format!("members has \"{}\", which another side has as well", one.value);
                side.complain(errors, one.offset, &message, "each role and entitlement on one side only");
            }
        }
        sides.push((name.value, members.value));
    }
    sound.then_some(sides)
}

fn outcome(value: &str) -> Result<Outcome, Fault> {
    match value {
        "block" => Ok(Outcome::Block),
        "approval" => Ok(Outcome::Approval),
        other => Err(Fault { message: format!("is {}", text::shown(other)), expected: "block or approval".to_owned() }),
    }
}

fn person(value: &str) -> Result<String, Fault> {
    value.strip_prefix("person:").and_then(|id| text::external_id(id).ok()).ok_or_else(|| Fault {
        message: format!("is {}", text::shown(value)),
        expected: "\"person:\" with an external id, such as \"person:E0031\"".to_owned(),
    })
}

fn member(value: &str) -> Result<SeparationMember, Fault> {
    let found = match value.strip_prefix("role:") {
        Some(key) => text::key(key).ok().map(SeparationMember::Role),
        None => entitlement(value).ok().map(SeparationMember::Entitlement),
    };
    found.ok_or_else(|| Fault {
        message: format!("has {}", text::shown(value)),
        expected: "a role such as \"role:invoice-clerk\", or an entitlement such as \"finance/invoice-entry\""
            .to_owned(),
    })
}
