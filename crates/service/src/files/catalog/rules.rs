//! The rules and stages of a policy: who decides, how many of them, by when.

use latchkey_policy::{
    ApproverRule, Condition, Counts, Deadline, InvalidRule, MAX_APPROVER_RULES, MAX_QUORUM, MAX_RULES, MAX_STAGES,
    Outcome, Overdue, Quorum, Rule, StageRule,
};

use super::{PersonReference, policy::one_of};
use crate::files::{
    error::{Errors, Place},
    text::{self, Fault},
    toml_doc::{At, Doc, Table},
};

/// What the rules and stages of a policy name, to be looked up by those who know.
#[derive(Default)]
pub(super) struct Named {
    pub(super) people: Vec<PersonReference>,
    pub(super) groups: Vec<(String, Place)>,
}

impl Named {
    pub(super) fn add(&mut self, doc: &Doc<'_>, rule: &At<ApproverRule>, field: &'static str) {
        let at = doc.place(rule.offset);
        match &rule.value {
            ApproverRule::Person(id) => {
                self.people.push(PersonReference { external_id: id.clone(), field, at });
            }
            ApproverRule::Group(key) => self.groups.push((key.clone(), at)),
            _ => {}
        }
    }
}

/// A rule and where it stands.
pub(super) struct RuleAt {
    pub(super) rule: Rule,
    pub(super) offset: usize,
}

/// Reads every `[[policy.rule]]`; `None` when one is wrong.
pub(super) fn rules(
    doc: &Doc<'_>,
    table: &mut Table<'_>,
    errors: &mut Errors,
    named: &mut Named,
) -> Option<Vec<RuleAt>> {
    let mistakes = errors.count();
    let what = table.peek("key").map_or_else(|| "rule".to_owned(), |key| format!("policy {}, rule", text::shown(key)));
    let mut list = Vec::new();
    for mut rule in table.tables(errors, "rule", MAX_RULES) {
        rule.call(&what, rule.peek("name"));
        list.extend(one(doc, &mut rule, errors, named));
    }
    (errors.count() == mistakes).then_some(list)
}

const OUTCOMES: [&str; 4] = ["stages", "approve", "refuse", "use"];

fn one(doc: &Doc<'_>, table: &mut Table<'_>, errors: &mut Errors, named: &mut Named) -> Option<RuleAt> {
    let name = table.text(errors, "name", |v| text::line(v, 80));
    let when = table.text(errors, "when", condition);
    let given: Vec<&str> = OUTCOMES.into_iter().filter(|key| table.has(key)).collect();
    let offset = when.as_ref().map_or_else(|| name.as_ref().map_or(0, |n| n.offset), |w| w.offset);
    let then = match given.as_slice() {
        ["stages"] => stages(doc, table, errors, named)
            .map(|list| Outcome::Stages(list.into_iter().map(|stage| stage.value).collect())),
        ["approve"] => match table.flag(errors, "approve", true) {
            Some(true) => Some(Outcome::Approve),
            Some(false) => {
                table.complain(errors, offset, "approve is false", "approve = true, or another outcome");
                None
            }
            None => None,
        },
        ["refuse"] => table.text(errors, "refuse", |v| text::line(v, 300)).map(|advice| Outcome::Refuse(advice.value)),
        ["use"] => table.text(errors, "use", text::key).map(|key| Outcome::Policy(key.value)),
        none_or_several => {
            let message = if none_or_several.is_empty() {
                "the rule says nothing about what happens".to_owned()
            } else {
                format!("the rule has {}", none_or_several.join(" and "))
            };
            table.complain(
                errors,
                offset,
                &message,
                "exactly one of stages = [...], approve = true, refuse = \"advice\" or use = \"another-policy\"",
            );
            for key in OUTCOMES {
                table.ignore(key);
            }
            None
        }
    };
    table.finish(errors);
    Some(RuleAt { rule: Rule { name: name?.value, when: when?.value, then: then? }, offset })
}

/// Reads `stages = [...]`, which must be there; `None` when one is wrong.
pub(super) fn stages(
    doc: &Doc<'_>,
    table: &mut Table<'_>,
    errors: &mut Errors,
    named: &mut Named,
) -> Option<Vec<At<StageRule>>> {
    let (tables, offset) = table.required_tables(errors, "stages", MAX_STAGES)?;
    if tables.is_empty() {
        let expected = format!("1 to {MAX_STAGES}: somebody decides on everything");
        table.complain(errors, offset, "stages is empty", &expected);
        return None;
    }
    let what =
        table.peek("key").map_or_else(|| "stages".to_owned(), |key| format!("policy {}, stages", text::shown(key)));
    let mut list = Vec::with_capacity(tables.len());
    let mut sound = true;
    for mut table in tables {
        table.call(&what, None);
        match stage(doc, &mut table, errors, named) {
            Some(stage) => list.push(stage),
            None => sound = false,
        }
    }
    sound.then_some(list)
}

fn stage(doc: &Doc<'_>, table: &mut Table<'_>, errors: &mut Errors, named: &mut Named) -> Option<At<StageRule>> {
    let approvers = table.one_or_more(errors, "approvers", MAX_APPROVER_RULES, rule);
    let quorum = table.text_or_number(errors, "quorum", quorum);
    let fallback = table.optional(errors, "fallback", rule);
    let after = table.optional(errors, "deadline", text::span);
    let counts = table.optional(errors, "deadline_counts", |v| one_of(v, Counts::ALL, Counts::as_str));
    let overdue = table.optional(errors, "overdue", |v| one_of(v, Overdue::ALL, Overdue::as_str));
    let to = table.optional(errors, "escalate_to", rule);
    let delegation = table.flag(errors, "delegation", true);
    let again = table.flag(errors, "again", true);
    let comment = table.optional(errors, "comment", |v| {
        one_of(v, &[true, false], |needed| if needed { "required" } else { "optional" })
    });
    table.finish(errors);

    let (approvers, quorum, fallback) = (approvers?, quorum?, fallback?);
    let (after, counts, overdue, to) = (after?, counts?, overdue?, to?);
    let (delegation, again, comment) = (delegation?, again?, comment?);
    for (rule, field) in (approvers.value.iter().map(|rule| (rule, "approvers")))
        .chain(fallback.iter().map(|rule| (rule, "fallback")))
        .chain(to.iter().map(|rule| (rule, "escalate_to")))
    {
        named.add(doc, rule, field);
    }
    let offset = approvers.offset;
    let deadline = match (after, overdue) {
        (Some(after), Some(then)) => Some(Deadline {
            after: after.value,
            counts: counts.map_or_else(Counts::default, |at| at.value),
            then: then.value,
            to: to.map(|at| at.value),
        }),
        (None, None) if counts.is_none() && to.is_none() => None,
        (after, _) => {
            let message = if after.is_some() { "deadline has no overdue" } else { "there is no deadline for this" };
            let expected =
                "deadline = \"2d\" together with overdue = \"remind\", \"escalate\", \"reassign\" or \"expire\"";
            table.complain(errors, offset, message, expected);
            return None;
        }
    };
    let rules: Vec<ApproverRule> = approvers.value.into_iter().map(|at| at.value).collect();
    let stage = StageRule {
        approvers: rules.into(),
        quorum: quorum.map_or_else(Quorum::default, |at| at.value),
        fallback: fallback.map(|at| at.value),
        deadline,
        delegation,
        again,
        comment: comment.is_some_and(|at| at.value),
    };
    Some(At { value: stage, offset })
}

/// A condition, as files write it.
pub(super) fn condition(value: &str) -> Result<Condition, Fault> {
    value.parse().map_err(|e: latchkey_policy::InvalidCondition| Fault {
        message: format!("is {}: {}", text::shown(value), e.message),
        expected: e.expected,
    })
}

pub(super) fn rule(value: &str) -> Result<ApproverRule, Fault> {
    value.parse().map_err(|_| Fault {
        message: format!("is {}", text::shown(value)),
        expected: InvalidRule::EXPECTED.to_owned(),
    })
}

fn quorum(value: &str) -> Result<Quorum, Fault> {
    let number = value.parse().ok().filter(|n| (2..=MAX_QUORUM).contains(n)).map(Quorum::AtLeast);
    number
        .or_else(|| Quorum::from_word(value))
        .ok_or_else(|| Fault { message: format!("is {}", text::shown(value)), expected: Quorum::EXPECTED.to_owned() })
}
