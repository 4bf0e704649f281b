//! `policies.toml`: who decides, for whom, for how long.

use latchkey_domain::identity::EmploymentType;
use latchkey_policy::{AskFor, AssuranceNeed, MAX_OFFERS, MayAsk, Outcome, Policy, PolicyField, ReasonRule};

use super::{
    MAX_POLICIES, PersonReference, activation, break_glass,
    rules::{self, Named, RuleAt},
    trial,
};
use crate::files::{
    error::{Errors, Place},
    text::{self, Fault},
    toml_doc::{Doc, Table},
};

/// A policy as its file says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyFile {
    /// What it says.
    pub policy: Policy,
    /// The people whom its stages name.
    pub people: Vec<PersonReference>,
    /// The groups that its stages name, and where.
    pub groups: Vec<(String, Place)>,
    /// The policies to which its rules lead, and where.
    pub leads_to: Vec<(String, Place)>,
    /// Where it stands.
    pub at: Place,
}

/// Reads `policies.toml`. `keys` gathers what is declared, sound or not.
pub(super) fn parse(doc: &Doc<'_>, keys: &mut Vec<String>, errors: &mut Errors) -> Vec<PolicyFile> {
    let Some(root) = doc.parse(errors) else { return Vec::new() };
    let mut root = Table::root(doc, &root);
    let tables = root.tables(errors, "policy", MAX_POLICIES);
    root.finish(errors);
    keys.extend(tables.iter().filter_map(|table| table.peek("key")).map(str::to_owned));
    tables.into_iter().filter_map(|mut table| parse_one(doc, &mut table, errors)).collect()
}

fn parse_one(doc: &Doc<'_>, table: &mut Table<'_>, errors: &mut Errors) -> Option<PolicyFile> {
    table.call("policy", table.peek("key"));
    let at = table.place();
    let key = table.text(errors, "key", text::key);
    let name = table.text(errors, "name", |v| text::line(v, 80));
    let description = table.text(errors, "description", |v| text::line(v, 500));
    let mut named = Named::default();
    let rules = rules::rules(doc, table, errors, &mut named);
    // What no rule covers is refused: that may be what the rules are for.
    let stages = if table.has("rule") && !table.has("stages") {
        Some(Vec::new())
    } else {
        rules::stages(doc, table, errors, &mut named)
    };
    let activation = activation::parse(doc, table, errors, &mut named);
    let max_duration = table.text(errors, "max_duration", text::span);
    let default_duration = table.text(errors, "default_duration", text::span);
    let offer = table.texts(errors, "offer", (1, MAX_OFFERS), text::span);
    let who = table.texts(errors, "who", (1, EmploymentType::ALL.len()), |v| text::word(v, EmploymentType::ALL));
    let may_ask = table.optional(errors, "may_ask", rules::condition);
    let advice = table.optional(errors, "may_ask_advice", |v| text::line(v, 300));
    let ask_for = table.optional(errors, "ask_for", |v| one_of(v, AskFor::ALL, AskFor::as_str));
    let reason = table.text(errors, "reason", |v| one_of(v, ReasonRule::ALL, ReasonRule::as_str));
    let undecided_after = table.text(errors, "undecided_after", text::span);
    let assurance = table.optional(errors, "assurance", |v| one_of(v, AssuranceNeed::ALL, AssuranceNeed::as_str));
    let trial = trial::parse(table, errors);
    let break_glass = break_glass::parse(table, errors);
    table.finish(errors);

    let (activation, trial, break_glass) = (activation?, trial?, break_glass?);
    let (rules, stages, may_ask, advice, ask_for) = (rules?, stages?, may_ask?, advice?, ask_for?);
    if may_ask.is_some() != advice.is_some() {
        let offset = may_ask.as_ref().map(|at| at.offset).or(advice.as_ref().map(|at| at.offset)).unwrap_or_default();
        let what = if may_ask.is_some() { "may_ask has no may_ask_advice" } else { "may_ask_advice has no may_ask" };
        table.complain(errors, offset, what, "both: a condition, and what those are told who are left out");
        return None;
    }
    let may_ask_at = may_ask.as_ref().map(|at| at.offset);
    let may_ask = may_ask.zip(advice).map(|(when, advice)| MayAsk { when: when.value, advice: advice.value });
    let (default_duration, offer, who, undecided_after) = (default_duration?, offer?, who?, undecided_after?);
    let policy = Policy {
        key: key?.value,
        name: name?.value,
        description: description?.value,
        rules: rules.iter().map(|rule| rule.rule.clone()).collect(),
        stages: stages.iter().map(|stage| stage.value.clone()).collect(),
        max_duration: max_duration?.value,
        default_duration: default_duration.value,
        offer: offer.value.iter().map(|span| span.value).collect(),
        who: who.value.iter().map(|one| one.value).collect(),
        may_ask,
        ask_for: ask_for.map_or_else(AskFor::default, |at| at.value),
        reason: reason?.value,
        undecided_after: undecided_after.value,
        assurance: assurance?.map(|at| at.value),
        activation: activation.as_ref().map(|found| found.terms.clone()),
        trial: trial.as_ref().map(|found| found.terms.clone()),
        break_glass: break_glass.as_ref().map(|found| found.terms.clone()),
    };
    let problems = policy.problems();
    for problem in &problems {
        let offset = match problem.field {
            PolicyField::Stages(at) => at.and_then(|at| stages.get(at)).or(stages.first()).map(|stage| stage.offset),
            PolicyField::Rules(at) => at.and_then(|at| rules.get(at)).or(rules.first()).map(|rule| rule.offset),
            PolicyField::MayAsk => may_ask_at,
            PolicyField::DefaultDuration => Some(default_duration.offset),
            PolicyField::Offer(at) => at.and_then(|at| offer.value.get(at)).map(|span| span.offset),
            PolicyField::Who => Some(who.offset),
            PolicyField::UndecidedAfter => Some(undecided_after.offset),
            PolicyField::Activation(field) => activation.as_ref().map(|found| found.offset(field)),
            PolicyField::Trial => trial.as_ref().map(|found| found.offset),
            PolicyField::BreakGlass(key) => break_glass.as_ref().map(|found| found.offset(key)),
        };
        table.complain(errors, offset.unwrap_or(offer.offset), &problem.message, &problem.expected);
    }
    let leads_to = |rule: &RuleAt| match &rule.rule.then {
        Outcome::Policy(key) => Some((key.clone(), doc.place(rule.offset))),
        _ => None,
    };
    let leads_to = rules.iter().filter_map(leads_to).collect();
    problems.is_empty().then_some(PolicyFile { policy, people: named.people, groups: named.groups, leads_to, at })
}

pub(super) fn one_of<T: Copy>(value: &str, all: &[T], word: impl Fn(T) -> &'static str) -> Result<T, Fault> {
    all.iter().copied().find(|one| word(*one) == value).ok_or_else(|| Fault {
        message: format!("is {}", text::shown(value)),
        expected: text::any_of(&all.iter().map(|one| word(*one)).collect::<Vec<_>>()),
    })
}
