//! Who decides and why, in words.

use crate::approvers::{Approver, Because, PassedOver, Resolution, WhyNot};

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
pub(crate) fn sentence<I>(resolution: &Resolution<I>, voice: Voice<'_>) -> String {
    let reasons = reasons(resolution, voice);
    let decides = decides(&resolution.approvers, voice);
    // Colleagues who are away don't need to be explained as long as the rule itself gave somebody.
    let text = match (decides, resolution.used_fallback) {
        (Some(decides), false) => decides,
        (Some(decides), true) if reasons.is_empty() => decides,
        (Some(decides), true) => format!("{}, so {decides}", reasons.join(", ")),
        (None, _) if reasons.is_empty() => "nobody could decide this".to_owned(),
        (None, _) => format!("nobody could decide this: {}", reasons.join(", and ")),
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
        _ => "An administrator can name a fallback in the policy, somebody who is at work.",
    }
    .to_owned()
}

fn decides<I>(approvers: &[Approver<I>], voice: Voice<'_>) -> Option<String> {
    let because = approvers.first()?.because;
    let names: Vec<&str> = approvers.iter().map(|approver| approver.name.as_str()).collect();
    Some(match names.as_slice() {
        [one] => format!("{one}, {}, decides", title(because, voice)),
        many if many.len() > LISTED => format!("one of {} people, {}, decides", many.len(), titles(because, voice)),
        [head @ .., last] => format!("{} or {last}, {}, decides", head.join(", "), titles(because, voice)),
        [] => return None,
    })
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
            (Because::Person, _) => "the person whom the policy names isn't known".to_owned(),
        };
    };
    let title = title(passed.because, voice);
    match (passed.why, voice) {
        (WhyNot::Beneficiary, Voice::You) => format!("you are {title} and can't decide on your own access"),
        (WhyNot::Beneficiary, Voice::Named(_)) => format!("{name} is {title} and can't decide on their own access"),
        (WhyNot::Requester, _) => format!("{name}, {title}, asked for it"),
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
