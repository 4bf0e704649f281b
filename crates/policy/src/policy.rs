//! A policy and its frozen form.

use latchkey_domain::{assurance::Assurance, identity::EmploymentType};
use serde::{Deserialize, Serialize};

use crate::{
    activation::{Activation, ActivationField},
    break_glass::BreakGlass,
    condition::Condition,
    offer,
    routing::Rule,
    rule::StageRule,
    span::Span,
    trial::Trial,
};

/// The version of the JSON in which policies are kept. A reader refuses what is newer: ignoring a rule that it
/// doesn't know would be worse than saying so.
pub const SCHEMA: u16 = 3;
/// The most stages that a policy may have.
pub const MAX_STAGES: usize = 5;
/// The most rules that a policy may have.
pub const MAX_RULES: usize = 20;
/// The most policies that may lead from one to the next.
pub const MAX_HOPS: usize = 5;
/// The most durations that a policy may offer.
pub const MAX_OFFERS: usize = 8;
/// The longest that a request may wait for a decision.
const MAX_UNDECIDED: u32 = 90;

/// Whether a request must say why.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ReasonRule {
    /// It must.
    Required,
    /// It may.
    Optional,
}

impl ReasonRule {
    /// Every rule.
    pub const ALL: &'static [Self] = &[Self::Required, Self::Optional];

    /// The fixed word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Required => "required",
            Self::Optional => "optional",
        }
    }
}

/// What a sign-in must have proved before access is given (promise 8).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AssuranceNeed {
    /// More than one factor.
    Mfa,
}

impl AssuranceNeed {
    /// Every need.
    pub const ALL: &'static [Self] = &[Self::Mfa];

    /// The fixed word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Mfa => "mfa",
        }
    }

    /// The need with this word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|need| need.as_str() == word)
    }

    /// What it is, after "needs".
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Mfa => "a sign-in that a second factor confirmed",
        }
    }

    /// Whether a sign-in proved it. What nobody has shown isn't met.
    #[must_use]
    pub fn is_met_by(self, shown: Option<&Assurance>) -> bool {
        match self {
            Self::Mfa => shown.is_some_and(|a| a.mfa),
        }
    }
}

/// Whom a role may be asked for, besides oneself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AskFor {
    /// The people who report to the requester.
    #[default]
    Reports,
    /// Anybody whom the policy lets have it.
    Anyone,
}

impl AskFor {
    /// Every choice.
    pub const ALL: &'static [Self] = &[Self::Reports, Self::Anyone];

    /// The fixed word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Reports => "reports",
            Self::Anyone => "anyone",
        }
    }

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
    fn is_reports(&self) -> bool {
        *self == Self::Reports
    }
}

/// Who may ask beyond the employment types, and what to say to whoever may not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MayAsk {
    /// It holds for those who may.
    pub when: Condition,
    /// What those are told for whom it doesn't hold, as a sentence.
    pub advice: String,
}

/// Who may ask, who must decide, for how long, and what assurance is needed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// The stable key by which roles name it.
    pub key: String,
    /// What it is called on screen.
    pub name: String,
    /// What it means for an employee.
    pub description: String,
    /// Which way a request goes: the first rule whose condition holds says.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<Rule>,
    /// The steps when no rule holds, in order; every one must say yes. Empty only where there are rules: what none of them
    /// covers is then refused.
    #[serde(default)]
    pub stages: Vec<StageRule>,
    /// The longest that may be asked for.
    pub max_duration: Span,
    /// What the form suggests.
    pub default_duration: Span,
    /// What the form offers, in this order.
    pub offer: Vec<Span>,
    /// The employment types that may hold a role under this policy.
    pub who: Vec<EmploymentType>,
    /// Who of those may ask.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub may_ask: Option<MayAsk>,
    /// Whom it may be asked for, besides oneself.
    #[serde(default, skip_serializing_if = "AskFor::is_reports")]
    pub ask_for: AskFor,
    /// Whether a reason is needed.
    pub reason: ReasonRule,
    /// A request that nobody decided for this long expires. Calendar time.
    pub undecided_after: Span,
    /// What the sign-in must have proved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assurance: Option<AssuranceNeed>,
    /// Whoever is given a role under it may activate it for hours; nobody has its access standing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub activation: Option<Activation>,
    /// Whoever gets a role under it for the first time gets it as a trial.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trial: Option<Trial>,
    /// It can be taken at once in an emergency, on these terms.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub break_glass: Option<BreakGlass>,
}

/// The field of a policy that a problem is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PolicyField {
    /// `stages`, or the stage at this position from 0.
    Stages(Option<usize>),
    /// `rules`, or the rule at this position from 0.
    Rules(Option<usize>),
    /// `may_ask`.
    MayAsk,
    /// `default_duration`.
    DefaultDuration,
    /// `offer`, or the duration at this position from 0.
    Offer(Option<usize>),
    /// `who`.
    Who,
    /// `undecided_after`.
    UndecidedAfter,
    /// A key of `activation`.
    Activation(ActivationField),
    /// `trial`.
    Trial,
    /// A key of `break_glass`.
    BreakGlass(&'static str),
}

/// Something in a policy that doesn't hold together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyProblem {
    /// Where it is.
    pub field: PolicyField,
    /// What is wrong.
    pub message: String,
    /// What would be right.
    pub expected: String,
}

impl Policy {
    /// Everything in it that doesn't hold together; empty when it is sound.
    #[must_use]
    pub fn problems(&self) -> Vec<PolicyProblem> {
        let mut found = Vec::new();
        let mut say = |field, message: String, expected: String| found.push(PolicyProblem { field, message, expected });

        if self.stages.len() > MAX_STAGES || (self.stages.is_empty() && self.rules.is_empty()) {
            say(
                PolicyField::Stages(None),
                format!("stages has {} entries", self.stages.len()),
                format!("1 to {MAX_STAGES}: somebody decides on everything"),
            );
        }
        for (at, stage) in self.stages.iter().enumerate() {
            for (message, expected) in stage.problems() {
                say(PolicyField::Stages(Some(at)), format!("stage {}: {message}", at + 1), expected);
            }
        }
        if self.rules.len() > MAX_RULES {
            say(
                PolicyField::Rules(None),
                format!("there are {} rules", self.rules.len()),
                format!("at most {MAX_RULES}"),
            );
        }
        for (at, rule) in self.rules.iter().enumerate() {
            for (message, expected) in rule.problems() {
                say(PolicyField::Rules(Some(at)), format!("rule {}: {message}", at + 1), expected);
            }
        }
        if self.may_ask.as_ref().is_some_and(|may| may.when.is_about_the_request()) {
            say(
                PolicyField::MayAsk,
                "may_ask looks at the request, which isn't there yet when the catalog is shown".to_owned(),
                "a condition over person, requester and role; what depends on the request goes into a rule".to_owned(),
            );
        }
        if self.default_duration > self.max_duration {
            say(
                PolicyField::DefaultDuration,
                format!(
                    "default_duration is {}, longer than max_duration, {}",
                    self.default_duration, self.max_duration
                ),
                format!("at most {}", self.max_duration),
            );
        }
        for (at, message, expected) in offer::problems(&self.offer, ("max_duration", self.max_duration), "duration") {
            say(PolicyField::Offer(at), message, expected);
        }
        if self.who.is_empty() {
            say(PolicyField::Who, "who is empty".to_owned(), "\"employee\", \"contractor\" or both".to_owned());
        }
        if self.undecided_after.hours() > MAX_UNDECIDED * 24 {
            say(
                PolicyField::UndecidedAfter,
                format!("undecided_after is {}", self.undecided_after),
                format!("at most {MAX_UNDECIDED}d"),
            );
        }
        for (field, message, expected) in self.activation.iter().flat_map(Activation::problems) {
            say(PolicyField::Activation(field), format!("activation: {message}"), expected);
        }
        for (message, expected) in self.trial.iter().flat_map(|trial| trial.problems(self.max_duration)) {
            say(PolicyField::Trial, format!("trial: {message}"), expected);
        }
        for (key, message, expected) in self.break_glass.iter().flat_map(BreakGlass::problems) {
            say(PolicyField::BreakGlass(key), format!("break_glass: {message}"), expected);
        }
        found
    }

    /// This policy as it is frozen onto a request.
    #[must_use]
    pub fn snapshot(&self) -> PolicySnapshot {
        PolicySnapshot { schema: SCHEMA, policy: self.clone(), others: Vec::new() }
    }
}

/// A policy as it was at one moment: what a policy version is stored as and a request is decided by (promise 5).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PolicySnapshot {
    /// The version of this JSON; [`SCHEMA`] when written now.
    pub schema: u16,
    /// The policy.
    pub policy: Policy,
    /// The policies to which its rules lead, as they were at the same moment.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub others: Vec<Policy>,
}

/// A stored policy that can't be read.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// A newer Latchkey wrote it.
    #[error("the stored policy has schema {0}, newer than {SCHEMA}; a newer Latchkey wrote it")]
    Newer(u16),
    /// It is damaged.
    #[error("the stored policy can't be read: {0}")]
    Damaged(#[from] serde_json::Error),
}

impl PolicySnapshot {
    /// The stable text of this snapshot: the same policy always gives the same bytes.
    ///
    /// # Errors
    /// When it can't be written as JSON, which no policy of this schema causes.
    pub fn to_json(&self) -> Result<String, SnapshotError> {
        Ok(serde_json::to_string(self)?)
    }

    /// Reads a stored snapshot.
    ///
    /// # Errors
    /// When a newer version wrote it, or it is damaged.
    pub fn from_json(text: &str) -> Result<Self, SnapshotError> {
        #[derive(Deserialize)]
        struct Head {
            schema: u16,
        }
        let head: Head = serde_json::from_str(text)?;
        if head.schema > SCHEMA {
            return Err(SnapshotError::Newer(head.schema));
        }
        Ok(serde_json::from_str(text)?)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::rule::ApproverRule;

    /// A sound policy: the manager, else the role's owner; 90 days at most; a reason is required.
    pub(crate) fn sample() -> Policy {
        Policy {
            key: "standard".into(),
            name: "Manager decides".into(),
            description: "Everyday access.".into(),
            rules: Vec::new(),
            stages: vec![StageRule::any(ApproverRule::Manager, Some(ApproverRule::RoleOwner))],
            max_duration: Span::from_days(90).unwrap(),
            default_duration: Span::from_days(30).unwrap(),
            offer: vec![Span::from_days(7).unwrap(), Span::from_days(30).unwrap(), Span::from_days(90).unwrap()],
            who: vec![EmploymentType::Employee],
            may_ask: None,
            ask_for: AskFor::Reports,
            reason: ReasonRule::Required,
            undecided_after: Span::from_days(14).unwrap(),
            assurance: Some(AssuranceNeed::Mfa),
            activation: None,
            trial: None,
            break_glass: None,
        }
    }

    #[test]
    fn promise_05_the_frozen_text_is_stable_and_comes_back_unchanged() {
        let snapshot = sample().snapshot();
        let text = snapshot.to_json().unwrap();
        assert_eq!(
            text,
            r#"{"schema":3,"policy":{"key":"standard","name":"Manager decides","description":"Everyday access.","stages":[{"approvers":"manager","fallback":"owner"}],"max_duration":"90d","default_duration":"30d","offer":["7d","30d","90d"],"who":["employee"],"reason":"required","undecided_after":"14d","assurance":"mfa"}}"#
        );
        assert_eq!(PolicySnapshot::from_json(&text).unwrap(), snapshot);
    }

    #[test]
    fn a_newer_or_damaged_snapshot_is_refused_not_guessed() {
        let text = sample().snapshot().to_json().unwrap();
        let newer = text.replacen("\"schema\":3", "\"schema\":4", 1);
        assert!(matches!(PolicySnapshot::from_json(&newer), Err(SnapshotError::Newer(4))));
        // What the first version wrote means the same as ever.
        let first = text.replacen("\"schema\":3", "\"schema\":1", 1);
        assert_eq!(PolicySnapshot::from_json(&first).unwrap().policy, sample());
        let unknown = text.replacen("\"who\"", "\"condition\":\"true\",\"who\"", 1);
        assert!(matches!(PolicySnapshot::from_json(&unknown), Err(SnapshotError::Damaged(_))));
        assert!(PolicySnapshot::from_json("{}").is_err());
    }

    #[test]
    fn what_does_not_hold_together_is_named() {
        assert_eq!(sample().problems(), vec![]);
        let mut bad = sample();
        bad.stages = vec![StageRule::any(ApproverRule::Security, Some(ApproverRule::Security))];
        bad.default_duration = Span::from_days(91).unwrap();
        bad.offer = vec![Span::from_days(30).unwrap(), Span::from_days(30).unwrap(), Span::from_days(120).unwrap()];
        bad.who.clear();
        bad.undecided_after = Span::from_days(91).unwrap();
        let fields: Vec<_> = bad.problems().iter().map(|p| p.field).collect();
        assert_eq!(
            fields,
            vec![
                PolicyField::Stages(Some(0)),
                PolicyField::DefaultDuration,
                PolicyField::Offer(Some(1)),
                PolicyField::Offer(Some(2)),
                PolicyField::Who,
                PolicyField::UndecidedAfter,
            ]
        );
        bad.stages.clear();
        bad.offer.clear();
        let fields: Vec<_> = bad.problems().iter().map(|p| p.field).collect();
        assert!(fields.contains(&PolicyField::Stages(None)) && fields.contains(&PolicyField::Offer(None)));
        let mut long = sample();
        long.stages = vec![long.stages[0].clone(); MAX_STAGES + 1];
        assert_eq!(long.problems()[0].field, PolicyField::Stages(None));
    }
}
