//! `policies.toml`: who decides, for whom, for how long.

use latchkey_domain::identity::EmploymentType;
use latchkey_policy::{
    ApproverRule, AssuranceNeed, InvalidRule, MAX_OFFERS, MAX_STAGES, Policy, PolicyField, ReasonRule, StageRule,
};

use super::{MAX_POLICIES, PersonReference};
use crate::files::{
    error::{Errors, Place},
    text::{self, Fault},
    toml_doc::{At, Doc, Table},
};

/// A policy as its file says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyFile {
    /// What it says.
    pub policy: Policy,
    /// The people whom its stages name.
    pub people: Vec<PersonReference>,
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
    let stages = stages(doc, table, errors);
    let max_duration = table.text(errors, "max_duration", text::span);
    let default_duration = table.text(errors, "default_duration", text::span);
    let offer = table.texts(errors, "offer", (1, MAX_OFFERS), text::span);
    let who = table.texts(errors, "who", (1, EmploymentType::ALL.len()), |v| text::word(v, EmploymentType::ALL));
    let reason = table.text(errors, "reason", |v| one_of(v, ReasonRule::ALL, ReasonRule::as_str));
    let undecided_after = table.text(errors, "undecided_after", text::span);
    let assurance = table.optional(errors, "assurance", |v| one_of(v, AssuranceNeed::ALL, AssuranceNeed::as_str));
    table.finish(errors);

    let (stages, people) = stages?;
    let (default_duration, offer, who, undecided_after) = (default_duration?, offer?, who?, undecided_after?);
    let policy = Policy {
        key: key?.value,
        name: name?.value,
        description: description?.value,
        stages: stages.iter().map(|stage| stage.value.clone()).collect(),
        max_duration: max_duration?.value,
        default_duration: default_duration.value,
        offer: offer.value.iter().map(|span| span.value).collect(),
        who: who.value.iter().map(|one| one.value).collect(),
        reason: reason?.value,
        undecided_after: undecided_after.value,
        assurance: assurance?.map(|at| at.value),
    };
    let problems = policy.problems();
    for problem in &problems {
        let offset = match problem.field {
            PolicyField::Stages(at) => at.and_then(|at| stages.get(at)).or(stages.first()).map(|stage| stage.offset),
            PolicyField::DefaultDuration => Some(default_duration.offset),
            PolicyField::Offer(at) => at.and_then(|at| offer.value.get(at)).map(|span| span.offset),
            PolicyField::Who => Some(who.offset),
            PolicyField::UndecidedAfter => Some(undecided_after.offset),
        };
        table.complain(errors, offset.unwrap_or(offer.offset), &problem.message, &problem.expected);
    }
    problems.is_empty().then_some(PolicyFile { policy, people, at })
}

type Stages = (Vec<At<StageRule>>, Vec<PersonReference>);

fn stages(doc: &Doc<'_>, table: &mut Table<'_>, errors: &mut Errors) -> Option<Stages> {
    let (tables, offset) = table.required_tables(errors, "stages", MAX_STAGES)?;
    if tables.is_empty() {
        table.complain(
            errors,
            offset,
            "stages is empty",
            &format!("1 to {MAX_STAGES}: somebody decides on everything"),
        );
        return None;
    }
    let what =
        table.peek("key").map_or_else(|| "stages".to_owned(), |key| format!("policy {}, stages", text::shown(key)));
    let mut people = Vec::new();
    let mut list = Vec::with_capacity(tables.len());
    let mut sound = true;
    for mut stage in tables {
        stage.call(&what, None);
        let approvers = stage.text(errors, "approvers", rule);
        let fallback = stage.optional(errors, "fallback", rule);
        stage.finish(errors);
        let (Some(approvers), Some(fallback)) = (approvers, fallback) else {
            sound = false;
            continue;
        };
        for (named, field) in [(Some(&approvers), "approvers"), (fallback.as_ref(), "fallback")] {
            if let Some(At { value: ApproverRule::Person(id), offset }) = named {
                people.push(PersonReference { external_id: id.clone(), field, at: doc.place(*offset) });
            }
        }
        let offset = approvers.offset;
        let fallback = fallback.map(|at| at.value);
        list.push(At { value: StageRule { approvers: approvers.value, fallback }, offset });
    }
    sound.then_some((list, people))
}

fn rule(value: &str) -> Result<ApproverRule, Fault> {
    value.parse().map_err(|_| Fault {
        message: format!("is {}", text::shown(value)),
        expected: InvalidRule::EXPECTED.to_owned(),
    })
}

fn one_of<T: Copy>(value: &str, all: &[T], word: impl Fn(T) -> &'static str) -> Result<T, Fault> {
    all.iter().copied().find(|one| word(*one) == value).ok_or_else(|| Fault {
        message: format!("is {}", text::shown(value)),
        expected: text::any_of(&all.iter().map(|one| word(*one)).collect::<Vec<_>>()),
    })
}
