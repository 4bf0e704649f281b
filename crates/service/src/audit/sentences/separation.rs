//! What happened about rules that keep duties apart, in words.

use latchkey_domain::event::EventBody;

use super::{Draft, Piece, words};

/// The sentence of such an event.
pub(super) fn separation<'a>(d: Draft<'a>, body: &EventBody) -> Draft<'a> {
    match body {
        EventBody::SeparationRuleVersionAdded { rule, version, people, .. } => {
            let d = d.actor().text(format!(" put version {version} of the rule ")).rule(*rule);
            match *people {
                0 => d.text(" into force; nobody is in conflict by it"),
                1 => d.text(" into force; 1 person is in conflict by it"),
                n => d.text(format!(" into force; {n} people are in conflict by it")),
            }
        }
        EventBody::SeparationRuleRetired { rule, .. } => d.actor().text(" retired the rule ").rule(*rule),
        EventBody::SeparationOwnerChanged { rule, exception, from, to, because } => {
            let what = if exception.is_some() { "an exception from " } else { "the rule " };
            match (because, from) {
                (Some(because), Some(from)) => d
                    .person(*to)
                    .text(format!(" owns {what}"))
                    .rule(*rule)
                    .text(" now: ")
                    .person(*from)
                    .text(" left, and ")
                    .text(words::succession(because)),
                (_, Some(from)) => d
                    .actor()
                    .text(" made ")
                    .person(*to)
                    .text(format!(" the owner of {what}"))
                    .rule(*rule)
                    .text(", after ")
                    .person(*from),
                (_, None) => d.actor().text(" made ").person(*to).text(format!(" the owner of {what}")).rule(*rule),
            }
        }
        EventBody::SeparationExceptionGranted { rule, identity, ends_at, .. } => d
            .actor()
            .text(" made an exception from ")
            .rule(*rule)
            .text(" for ")
            .person(*identity)
            .text(" until ")
            .piece(Piece::Time(*ends_at))
            .session(),
        EventBody::SeparationExceptionEnded { rule, identity, reason, .. } => {
            let exception = |d: Draft<'a>, who: &str| {
                d.text(format!("{who}xception of ")).person(*identity).text(" from ").rule(*rule)
            };
            match reason.as_str() {
                "ended" => exception(d.actor().text(" ended "), "the e").session(),
                "left" => exception(d, "The e").text(" is over: they left"),
                _ => exception(d, "The e").text(" is over: its time has come"),
            }
        }
        EventBody::SeparationStageAdded { item, rules, .. } => {
            let d = d.piece(Piece::RequestOf(*item)).text(" got one more step for ").piece(Piece::RoleOf(*item));
            let d = d.text(" for ").piece(Piece::BeneficiaryOf(*item)).text(", because of ");
            rules.iter().enumerate().fold(d, |d, (n, rule)| {
                let d = if n > 0 { d.text(" and ") } else { d };
                d.rule(*rule)
            })
        }
        _ => d,
    }
}
