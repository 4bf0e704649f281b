//! Who decides and why, in words.

use crate::{
    approvers::{Approver, Because, PassedOver, Resolution, WhyNot},
    quorum::Quorum,
};

/// Who reads: the beneficiary, or somebody to whom the beneficiary has a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Voice<'a> {
    /// The beneficiary reads: "your manager".
    You,
    /// Somebody else reads: "Petr Dvořák's manager".
    Named(&'a str),
}

/// More names than this are counted instead of listed.
const LISTED: usize = 3;

/// One or two sentences: who was passed over and why, then who decides.
pub(crate) fn sentence<I: Clone + Eq>(resolution: &Resolution<I>, voice: Voice<'_>) -> String {
    let reasons = reasons(resolution, voice);
    let decides = if resolution.is_stuck() { None } else { decides(resolution, voice) };
    // Colleagues who are away don't need to be explained as long as the rule itself gave somebody.
    let text = match (decides, resolution.used_fallback) {
        (Some(decides), false) => decides,
        (Some(decides), true) if reasons.is_empty() => decides,
        (Some(decides), true) => format!("{}, so {decides}", reasons.join(", ")),
        (None, _) => {
            let what = if resolution.approvers.is_empty() {
                "nobody could decide this".to_owned()
            } else {
                "too few people could decide this".to_owned()
            };
            if reasons.is_empty() { what } else { format!("{what}: {}", reasons.join(", and ")) }
        }
    };
    format!("{}.", capitalised(&text))
}

/// What helps when nobody may decide.
pub(crate) fn help_when_stuck<I>(resolution: &Resolution<I>) -> String {
    let first = resolution.passed_over.first();
    match first.map(|passed| (passed.because, passed.why)) {
        Some((Because::Manager, WhyNot::Nobody)) => "The people team can enter a manager; then ask again.",
        Some((Because::Manager, WhyNot::Requester)) => {
            "They can ask for it themselves, or an administrator can name a fallback in the policy."
        }
        Some((Because::Owner, WhyNot::Nobody | WhyNot::Terminated)) => "An administrator can give the role an owner.",
        Some((Because::SystemOwner, WhyNot::Nobody | WhyNot::Terminated)) => {
            "An administrator can give the system an owner."
        }
        None | Some((_, WhyNot::Nobody | WhyNot::DecidedBefore)) => {
            "An administrator can name more people, or a fallback, in the policy."
        }
        _ => "An administrator can name a fallback in the policy, somebody who is at work.",
    }
    .to_owned()
}

fn decides<I: Clone + Eq>(resolution: &Resolution<I>, voice: Voice<'_>) -> Option<String> {
    let approvers = &resolution.approvers;
    let because = approvers.first()?.because;
    let seats = resolution.seats().len();
    // One title fits all only where all are there for the same reason and in their own name.
    let alike = approvers.iter().all(|a| a.because == because && a.on_behalf_of.is_none());
    let names: Vec<String> = if alike {
        approvers.iter().map(|approver| approver.name.clone()).collect()
    } else {
        approvers.iter().map(|approver| titled(approver, voice)).collect()
    };
    let (joined, all_of_them) = match resolution.quorum {
        Quorum::Any => ("or", false),
        Quorum::AtLeast(n) => ("and", usize::from(n) >= seats),
        Quorum::All | Quorum::Each => ("and", true),
    };
    let suffix = if alike && seats > 1 { format!(", {}", titles(because, voice)) } else { String::new() };
    if let [only] = approvers.as_slice() {
        return Some(format!("{} decides", titled(only, voice)));
    }
    Some(match resolution.quorum {
        Quorum::Any if names.len() > LISTED => format!("one of {} people{suffix}, decides", names.len()),
        Quorum::Any if suffix.is_empty() => format!("{} decides", listed(&names, joined)),
        Quorum::Any => format!("{}{suffix}, decides", listed(&names, joined)),
        Quorum::AtLeast(n) if !all_of_them => format!("{n} of {seats} people{suffix}, have to agree"),
        Quorum::Each if names.len() > LISTED => {
            format!("{} of {} people have to agree, one for each part", resolution.rules, names.len())
        }
        _ if names.len() > LISTED => format!("all of {seats} people{suffix}, have to agree"),
        _ if suffix.is_empty() => format!("{} have to agree", listed(&names, joined)),
        _ => format!("{}{suffix}, have to agree", listed(&names, joined)),
    })
}

fn titled<I>(approver: &Approver<I>, voice: Voice<'_>) -> String {
    let title = title(approver.because, voice);
    match &approver.on_behalf_of {
        Some((_, seat)) => format!("{}, for {seat}, {title},", approver.name),
        None => format!("{}, {title},", approver.name),
    }
}

fn listed(names: &[String], joined: &str) -> String {
    match names {
        [] => String::new(),
        [one] => one.clone(),
        [head @ .., last] => format!("{} {joined} {last}", head.join(", ").replace(",,", ",")),
    }
}

fn reasons<I>(resolution: &Resolution<I>, voice: Voice<'_>) -> Vec<String> {
    let mut said: Vec<String> = Vec::new();
    for passed in &resolution.passed_over {
        let words = reason(passed, voice);
        if !said.contains(&words) {
            said.push(words);
        }
    }
    if said.len() > LISTED {
        let rest = said.split_off(LISTED).len();
        said.push(format!("and {rest} more can't either"));
    }
    said
}

fn reason(passed: &PassedOver, voice: Voice<'_>) -> String {
    let Some(name) = &passed.name else {
        return match (passed.because, voice) {
            (Because::Manager, Voice::You) => "you have no manager".to_owned(),
            (Because::Manager, Voice::Named(whose)) => format!("{whose} has no manager"),
            (Because::Owner, _) => "the role has no owner".to_owned(),
            (Because::SystemOwner, _) => "the system has no owner".to_owned(),
            (Because::Security, _) => "nobody is on the security team".to_owned(),
            (Because::ManagersManager, Voice::You) => "nobody is above your manager".to_owned(),
            (Because::ManagersManager, Voice::Named(whose)) => format!("nobody is above {whose}'s manager"),
            (Because::Group, _) => "nobody is in the group that decides".to_owned(),
            (Because::Person, _) => "the person whom the policy names isn't known".to_owned(),
        };
    };
    let title = title(passed.because, voice);
    match (passed.why, voice) {
        (WhyNot::Beneficiary, Voice::You) => format!("you are {title} and can't decide on your own access"),
        (WhyNot::Beneficiary, Voice::Named(_)) => format!("{name} is {title} and can't decide on their own access"),
        (WhyNot::Requester, _) => format!("{name}, {title}, asked for it"),
        (WhyNot::DecidedBefore, _) => format!("{name}, {title}, decides the step before"),
        (WhyNot::PreHire, _) => format!("{name}, {title}, hasn't started yet"),
        (WhyNot::OnLeave, _) => format!("{name}, {title}, is on leave"),
        (WhyNot::Terminated | WhyNot::Nobody, _) => format!("{name}, {title}, has left"),
    }
}

fn title(because: Because, voice: Voice<'_>) -> String {
    match (because, voice) {
        (Because::Manager, Voice::You) => "your manager".to_owned(),
        (Because::Manager, Voice::Named(whose)) => format!("{whose}'s manager"),
        (Because::Owner, _) => "the role's owner".to_owned(),
        (Because::SystemOwner, _) => "the system's owner".to_owned(),
        (Because::Security, _) => "on the security team".to_owned(),
        (Because::ManagersManager, Voice::You) => "your manager's manager".to_owned(),
        (Because::ManagersManager, Voice::Named(whose)) => format!("{whose}'s manager's manager"),
        (Because::Group, _) => "in the group that decides".to_owned(),
        (Because::Person, _) => "whom the policy names".to_owned(),
    }
}

fn titles(because: Because, voice: Voice<'_>) -> String {
    match because {
        Because::SystemOwner => "who own the systems".to_owned(),
        other => title(other, voice),
    }
}

fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}
