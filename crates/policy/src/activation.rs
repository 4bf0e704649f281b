//! Eligible roles: approved once, switched on for hours when they are needed.

use serde::{Deserialize, Serialize};

use crate::{
    offer,
    policy::MAX_STAGES,
    refusal::{Refusal, RefusalCode},
    request::check_reason_length,
    rule::StageRule,
    span::Span,
};

/// The longest that a role may be active at a time.
pub const MAX_ACTIVE: u32 = 24;

/// How a role under a policy is activated by those who were found eligible.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Activation {
    /// The longest at a time.
    pub max: Span,
    /// What the form suggests.
    pub default: Span,
    /// What the form offers, in this order.
    pub offer: Vec<Span>,
    /// Who must say yes each time, in order; empty when the reason is enough.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stages: Vec<StageRule>,
}

/// The field that a problem is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ActivationField {
    /// `max`.
    Max,
    /// `default`.
    Default,
    /// `offer`, or the length at this position from 0.
    Offer(Option<usize>),
    /// `stages`, or the stage at this position from 0.
    Stages(Option<usize>),
}

impl Activation {
    /// Everything in it that doesn't hold together, as field, what is wrong and what would be right.
    pub(crate) fn problems(&self) -> Vec<(ActivationField, String, String)> {
        let mut found = Vec::new();
        if self.max.hours() > MAX_ACTIVE {
            found.push((ActivationField::Max, format!("max is {}", self.max), format!("at most {MAX_ACTIVE}h")));
        }
        if self.default > self.max {
            let what = format!("default is {}, longer than max, {}", self.default, self.max);
            found.push((ActivationField::Default, what, format!("at most {}", self.max)));
        }
        for (at, message, expected) in offer::problems(&self.offer, ("max", self.max), "length") {
            found.push((ActivationField::Offer(at), message, expected));
        }
        if self.stages.len() > MAX_STAGES {
            let what = format!("stages has {} entries", self.stages.len());
            found.push((ActivationField::Stages(None), what, format!("at most {MAX_STAGES}")));
        }
        for (at, stage) in self.stages.iter().enumerate() {
            for (message, expected) in stage.problems() {
                found.push((ActivationField::Stages(Some(at)), format!("stage {}: {message}", at + 1), expected));
            }
        }
        found
    }

    /// What the form suggests: of what it offers, the longest that isn't longer than the default, else the shortest.
    #[must_use]
    pub fn suggested(&self) -> Span {
        offer::suggested(&self.offer, self.default).unwrap_or(self.max)
    }

    /// Why it can't be activated for so long or for this reason; empty when it can. A reason is always needed.
    #[must_use]
    pub fn refusals(&self, hours: Span, reason: &str) -> Vec<Refusal> {
        let mut refusals = Vec::new();
        if hours > self.max {
            refusals.push(Refusal::new(
                RefusalCode::DurationTooLong,
                format!("{} is longer than the {} that are allowed at a time.", hours.words(), self.max.words()),
                format!("Choose {} or less. You can activate it again.", self.max.words()),
            ));
        }
        if reason.trim().is_empty() {
            refusals.push(Refusal::new(
                RefusalCode::ReasonMissing,
                "A reason is needed each time.",
                "Say what you are about to do, for example \"Restart the order queue, OPS-214\".",
            ));
        }
        refusals.extend(check_reason_length(reason));
        refusals
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{request::MAX_REASON_CHARS, rule::ApproverRule};

    fn hours(n: u32) -> Span {
        Span::from_hours(n).unwrap()
    }

    fn sample() -> Activation {
        Activation { max: hours(8), default: hours(3), offer: vec![hours(1), hours(2), hours(8)], stages: Vec::new() }
    }

    #[test]
    fn what_does_not_hold_together_is_named() {
        assert_eq!(sample().problems(), vec![]);
        let bad = Activation {
            max: hours(25),
            default: hours(26),
            offer: vec![hours(2), hours(1), hours(30)],
            stages: vec![StageRule::any(ApproverRule::Security, Some(ApproverRule::Security))],
        };
        let fields: Vec<_> = bad.problems().into_iter().map(|(field, ..)| field).collect();
        assert_eq!(
            fields,
            vec![
                ActivationField::Max,
                ActivationField::Default,
                ActivationField::Offer(Some(1)),
                ActivationField::Offer(Some(2)),
                ActivationField::Stages(Some(0)),
            ]
        );
        let none = Activation { offer: Vec::new(), ..sample() };
        assert_eq!(none.problems()[0].0, ActivationField::Offer(None));
    }

    #[test]
    fn the_form_suggests_what_it_offers() {
        assert_eq!(sample().suggested(), hours(2));
        assert_eq!(Activation { default: hours(1), offer: vec![hours(2), hours(4)], ..sample() }.suggested(), hours(2));
    }

    #[test]
    fn too_long_and_without_a_reason_is_refused_in_words() {
        let codes = |all: Vec<Refusal>| all.into_iter().map(|r| r.code).collect::<Vec<_>>();
        assert_eq!(codes(sample().refusals(hours(8), "Restart the queue")), []);
        assert_eq!(codes(sample().refusals(hours(9), " ")), [RefusalCode::DurationTooLong, RefusalCode::ReasonMissing]);
        assert_eq!(codes(sample().refusals(hours(1), &"x".repeat(MAX_REASON_CHARS + 1))), [RefusalCode::ReasonTooLong]);
    }
}
