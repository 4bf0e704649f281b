//! Why not, and what would help.

use serde::{Deserialize, Serialize};

/// A closed list of reasons; the words in JSON are stable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefusalCode {
    /// The role is retired.
    RoleRetired,
    /// The role can't be asked for.
    RoleNotRequestable,
    /// The beneficiary's status doesn't let them hold access.
    BeneficiaryNotActive,
    /// The policy leaves out the beneficiary's employment type.
    EmploymentTypeNotAllowed,
    /// The policy's `may_ask` doesn't hold for the beneficiary.
    MayNotAsk,
    /// A rule of the policy refuses this request.
    RefusedByRule,
    /// No rule of the policy covers this request.
    NoRuleFits,
    /// A condition of the policy couldn't be worked out.
    ConditionFailed,
    /// The policy doesn't let anybody take the role in an emergency.
    NoEmergencies,
    /// The policy doesn't let this person take the role in an emergency.
    MayNotTake,
    /// Longer than the policy or the role allows.
    DurationTooLong,
    /// No reason although one is required.
    ReasonMissing,
    /// The reason is longer than is kept.
    ReasonTooLong,
    /// A stage has nobody who may decide, its fallback included (promise 3).
    NobodyCouldDecide,
    /// The actor asked for this item, or it is for them (promise 2).
    OwnItem,
    /// The actor isn't one of the stage's approvers.
    NotAnApprover,
    /// The actor's own status doesn't let them decide.
    ApproverNotActive,
}

/// The part of a form that a refusal belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefusalField {
    /// How long.
    Duration,
    /// Why.
    Reason,
}

impl RefusalCode {
    /// The stable word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::RoleRetired => "role_retired",
            Self::RoleNotRequestable => "role_not_requestable",
            Self::BeneficiaryNotActive => "beneficiary_not_active",
            Self::EmploymentTypeNotAllowed => "employment_type_not_allowed",
            Self::MayNotAsk => "may_not_ask",
            Self::RefusedByRule => "refused_by_rule",
            Self::NoRuleFits => "no_rule_fits",
            Self::ConditionFailed => "condition_failed",
            Self::NoEmergencies => "no_emergencies",
            Self::MayNotTake => "may_not_take",
            Self::DurationTooLong => "duration_too_long",
            Self::ReasonMissing => "reason_missing",
            Self::ReasonTooLong => "reason_too_long",
            Self::NobodyCouldDecide => "nobody_could_decide",
            Self::OwnItem => "own_item",
            Self::NotAnApprover => "not_an_approver",
            Self::ApproverNotActive => "approver_not_active",
        }
    }

    /// The field of the form that can be changed to mend it; `None` when no field can.
    #[must_use]
    pub const fn field(self) -> Option<RefusalField> {
        match self {
            Self::DurationTooLong => Some(RefusalField::Duration),
            Self::ReasonMissing | Self::ReasonTooLong => Some(RefusalField::Reason),
            _ => None,
        }
    }
}

/// Something that isn't done, with the rule that says so and what would change it (promise 10).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{message} {help}")]
pub struct Refusal {
    /// For programs.
    pub code: RefusalCode,
    /// What isn't possible and why, as a sentence.
    pub message: String,
    /// What would help, as a sentence.
    pub help: String,
}

impl Refusal {
    pub(crate) fn new(code: RefusalCode, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { code, message: message.into(), help: help.into() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_codes_and_json_are_the_same() {
        for code in [
            RefusalCode::RoleRetired,
            RefusalCode::RoleNotRequestable,
            RefusalCode::BeneficiaryNotActive,
            RefusalCode::EmploymentTypeNotAllowed,
            RefusalCode::MayNotAsk,
            RefusalCode::RefusedByRule,
            RefusalCode::NoRuleFits,
            RefusalCode::ConditionFailed,
            RefusalCode::NoEmergencies,
            RefusalCode::MayNotTake,
            RefusalCode::DurationTooLong,
            RefusalCode::ReasonMissing,
            RefusalCode::ReasonTooLong,
            RefusalCode::NobodyCouldDecide,
            RefusalCode::OwnItem,
            RefusalCode::NotAnApprover,
            RefusalCode::ApproverNotActive,
        ] {
            assert_eq!(serde_json::to_string(&code).unwrap(), format!("\"{}\"", code.as_str()));
        }
    }
}
