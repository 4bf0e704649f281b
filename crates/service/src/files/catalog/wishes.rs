//! `wishes.toml`: who answers what people wish for in words, and by when.

use latchkey_policy::{ApproverRule, Counts, Deadline, MAX_APPROVER_RULES, Overdue, StageRule};

use super::{
    PersonReference,
    policy::one_of,
    rules::{Named, rule},
};
use crate::files::{
    error::{Errors, Place},
    text,
    toml_doc::Doc,
};

/// Who answers wishes, as the file says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WishesFile {
    /// Who, who else when none of those can, and by when.
    pub rule: StageRule,
    /// The people whom it names.
    pub people: Vec<PersonReference>,
    /// The groups that it names, and where.
    pub groups: Vec<(String, Place)>,
}

/// Reads `wishes.toml`.
pub(super) fn parse(doc: &Doc<'_>, errors: &mut Errors) -> Option<WishesFile> {
    let root = doc.parse(errors)?;
    let mut table = crate::files::toml_doc::Table::root(doc, &root);
    table.call("wishes", None);
    let approvers = table.one_or_more(errors, "approvers", MAX_APPROVER_RULES, rule);
    let fallback = table.optional(errors, "fallback", rule);
    let within = table.text(errors, "answer_within", text::span);
    let counts = table.optional(errors, "answer_within_counts", |v| one_of(v, Counts::ALL, Counts::as_str));
    table.finish(errors);

    let (approvers, fallback, within, counts) = (approvers?, fallback?, within?, counts?);
    let offset = approvers.offset;
    let mut named = Named::default();
    let mut sound = true;
    for (rule, field) in
        (approvers.value.iter().map(|rule| (rule, "approvers"))).chain(fallback.iter().map(|rule| (rule, "fallback")))
    {
        if matches!(rule.value, ApproverRule::RoleOwner | ApproverRule::SystemOwner) {
            let message = format!("{field} is \"{}\", and what is wished for has no role yet", rule.value);
            let expected = "manager, managers-manager, security, group:KEY or person:EXTERNAL-ID";
            table.complain(errors, rule.offset, &message, expected);
            sound = false;
        }
        named.add(doc, rule, field);
    }
    let deadline = Deadline {
        after: within.value,
        counts: counts.map_or_else(Counts::default, |at| at.value),
        then: Overdue::Remind,
        to: None,
    };
    let rules: Vec<ApproverRule> = approvers.value.into_iter().map(|at| at.value).collect();
    let rule = StageRule { deadline: Some(deadline), ..StageRule::any(rules, fallback.map(|at| at.value)) };
    for (message, expected) in rule.problems() {
        table.complain(errors, offset, &message, &expected);
        sound = false;
    }
    sound.then_some(WishesFile { rule, people: named.people, groups: named.groups })
}
