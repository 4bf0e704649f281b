//! What happened to accounts and entitlements on the systems, in words.

use latchkey_domain::{
    account::AccountState,
    event::EventBody,
    fulfilment::{Outcome, Presence},
};

use super::Draft;

/// The sentence of an event about accounts and fulfilments.
pub(super) fn systems<'a>(d: Draft<'a>, body: &EventBody) -> Draft<'a> {
    match body {
        EventBody::AccountWanted { identity, system, desired, .. } => match desired {
            AccountState::Enabled => d.person(*identity).text(" needs an account on ").system(*system),
            AccountState::Disabled => d
                .person(*identity)
                .text(" doesn't need the account on ")
                .system(*system)
                .text(" any more; Latchkey switches it off"),
            AccountState::Absent => d
                .person(*identity)
                .text(" doesn't need the account on ")
                .system(*system)
                .text(" any more; Latchkey removes it"),
        },
        EventBody::AccountObserved { identity, system, observed, .. } => match observed {
            AccountState::Enabled => {
                d.system(*system).text(" shows an account of ").person(*identity).text(" that can be used")
            }
            AccountState::Disabled => {
                d.system(*system).text(" shows that the account of ").person(*identity).text(" is switched off")
            }
            AccountState::Absent => d.system(*system).text(" shows no account of ").person(*identity),
        },
        EventBody::FulfilmentWanted { identity, system, entitlement, desired, .. } => {
            let verb = match desired {
                Presence::Present => " is to get ",
                Presence::Absent => " is to lose ",
                Presence::Unknown => " may keep or lose, as the system likes, ",
            };
            d.person(*identity).text(verb).entitlement(*entitlement).text(" on ").system(*system)
        }
        EventBody::FulfilmentFailed { identity, system, entitlement, desired, attempt, outcome, .. } => {
            let verb = if *desired == Presence::Absent { "take " } else { "give " };
            let to = if *desired == Presence::Absent { " from " } else { " to " };
            let d = match outcome {
                Outcome::Refused => d.system(*system).text(format!(" refused to {verb}")),
                Outcome::NeedsHuman => d.text("A person must look: Latchkey isn't sure how to ").text(verb),
                Outcome::RetryLater | Outcome::Done => d.system(*system).text(format!(" couldn't {verb}")),
            };
            let d = d.entitlement(*entitlement).text(to).person(*identity);
            match outcome {
                Outcome::NeedsHuman => d.text(" on ").system(*system),
                Outcome::RetryLater | Outcome::Done => {
                    d.text(format!(" yet (attempt {attempt}); Latchkey tries again by itself"))
                }
                Outcome::Refused => d,
            }
        }
        EventBody::FulfilmentWaits { identity, system, entitlement, .. } => d
            .text("Latchkey doesn't give ")
            .entitlement(*entitlement)
            .text(" on ")
            .system(*system)
            .text(" to ")
            .person(*identity)
            .text(" yet: the role needs a sign-in of theirs that proves more"),
        EventBody::FulfilmentHeldBack { identity, system, entitlement, rule, .. } => d
            .text("Latchkey doesn't give ")
            .entitlement(*entitlement)
            .text(" on ")
            .system(*system)
            .text(" to ")
            .person(*identity)
            .text(": ")
            .rule(*rule)
            .text(" keeps it apart from what they have"),
        EventBody::FulfilmentConfirmed { identity, system, entitlement, desired, found, .. } => {
            let d = d.system(*system).text(" confirms that ").person(*identity);
            let d =
                d.text(if *desired == Presence::Absent { " doesn't have " } else { " has " }).entitlement(*entitlement);
            match (found, desired) {
                (true, Presence::Absent) => d.text("; it wasn't there before either"),
                (true, _) => d.text("; it was there before Latchkey asked"),
                (false, _) => d,
            }
        }
        EventBody::FulfilmentRetried { identity, system, entitlement, .. } => d
            .actor()
            .text(" asked for another attempt at ")
            .entitlement(*entitlement)
            .text(" for ")
            .person(*identity)
            .text(" on ")
            .system(*system),
        EventBody::FulfilmentKept { identity, system, entitlement, .. } => d
            .text("Latchkey left ")
            .entitlement(*entitlement)
            .text(" with ")
            .person(*identity)
            .text(" on ")
            .system(*system)
            .text(": it was there before Latchkey came"),
        _ => d,
    }
}
