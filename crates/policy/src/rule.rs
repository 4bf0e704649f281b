//! Rules that say who decides. The rule is frozen onto a request; the people are worked out from it.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{quorum::Quorum, span::Span};

/// The most rules that one stage may name.
pub const MAX_APPROVER_RULES: usize = 5;

/// Who decides, as a rule.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum ApproverRule {
    /// The beneficiary's manager. Written `manager`.
    Manager,
    /// The manager of the beneficiary's manager. Written `managers-manager`.
    ManagersManager,
    /// The role's owner. Written `owner`.
    RoleOwner,
    /// The owners of the systems that the role reaches. Written `system-owner`.
    SystemOwner,
    /// Whoever holds the portal role `security`. Written `security`.
    Security,
    /// The members of a group, by its key. Written `group:finance-controllers`.
    Group(String),
    /// One person, by external id. Written `person:E0007`.
    Person(String),
}

/// A text that is no rule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{found}\" doesn't say who decides; expected {}", InvalidRule::EXPECTED)]
pub struct InvalidRule {
    /// What was read, at most 60 characters of it.
    pub found: String,
}

impl InvalidRule {
    /// What would have been right, in words.
    pub const EXPECTED: &'static str = "\"manager\", \"managers-manager\", \"owner\", \"system-owner\", \"security\", \"group:\" with a group's key or \"person:\" with an external id";
}

/// The longest external id or key, in characters.
const MAX_EXTERNAL_ID: usize = 64;

impl std::str::FromStr for ApproverRule {
    type Err = InvalidRule;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let invalid = || InvalidRule { found: text.chars().take(60).collect() };
        let named = |id: &str| {
            let sound = !id.is_empty()
                && id.chars().count() <= MAX_EXTERNAL_ID
                && !id.chars().any(|c| c.is_whitespace() || c.is_control());
            if sound { Ok(id.to_owned()) } else { Err(invalid()) }
        };
        match (text, text.split_once(':')) {
            ("manager", _) => Ok(Self::Manager),
            ("managers-manager", _) => Ok(Self::ManagersManager),
            ("owner", _) => Ok(Self::RoleOwner),
            ("system-owner", _) => Ok(Self::SystemOwner),
            ("security", _) => Ok(Self::Security),
            (_, Some(("group", key))) => named(key).map(Self::Group),
            (_, Some(("person", id))) => named(id).map(Self::Person),
            _ => Err(invalid()),
        }
    }
}

impl fmt::Display for ApproverRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Manager => f.write_str("manager"),
            Self::ManagersManager => f.write_str("managers-manager"),
            Self::RoleOwner => f.write_str("owner"),
            Self::SystemOwner => f.write_str("system-owner"),
            Self::Security => f.write_str("security"),
            Self::Group(key) => write!(f, "group:{key}"),
            Self::Person(id) => write!(f, "person:{id}"),
        }
    }
}

impl TryFrom<String> for ApproverRule {
    type Error = InvalidRule;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<ApproverRule> for String {
    fn from(rule: ApproverRule) -> Self {
        rule.to_string()
    }
}

/// The rules of one stage: one, or several. In JSON a single one is a string, as it always was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Approvers {
    /// One rule.
    One(ApproverRule),
    /// Several; the quorum says how they count together.
    Several(Vec<ApproverRule>),
}

impl Approvers {
    /// The rules, in order.
    #[must_use]
    pub fn rules(&self) -> &[ApproverRule] {
        match self {
            Self::One(rule) => std::slice::from_ref(rule),
            Self::Several(rules) => rules,
        }
    }
}

impl From<ApproverRule> for Approvers {
    fn from(rule: ApproverRule) -> Self {
        Self::One(rule)
    }
}

impl From<Vec<ApproverRule>> for Approvers {
    fn from(mut rules: Vec<ApproverRule>) -> Self {
        match (rules.pop(), rules.is_empty()) {
            (Some(only), true) => Self::One(only),
            (Some(last), false) => {
                rules.push(last);
                Self::Several(rules)
            }
            (None, _) => Self::Several(rules),
        }
    }
}

impl fmt::Display for Approvers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<String> = self.rules().iter().map(ToString::to_string).collect();
        f.write_str(&words.join(", "))
    }
}

/// Which time a deadline counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Counts {
    /// Every hour.
    #[default]
    Calendar,
    /// Monday to Friday, in the beneficiary's zone.
    Business,
}

impl Counts {
    /// Every way.
    pub const ALL: &'static [Self] = &[Self::Calendar, Self::Business];

    /// The fixed word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Calendar => "calendar",
            Self::Business => "business",
        }
    }

    fn is_calendar(&self) -> bool {
        *self == Self::Calendar
    }
}

/// What happens when a stage's deadline passes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Overdue {
    /// Those who can decide are reminded.
    Remind,
    /// Others can decide too, and are told so.
    Escalate,
    /// The fallback decides instead.
    Reassign,
    /// The item lapses.
    Expire,
}

impl Overdue {
    /// Every outcome.
    pub const ALL: &'static [Self] = &[Self::Remind, Self::Escalate, Self::Reassign, Self::Expire];

    /// The fixed word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Remind => "remind",
            Self::Escalate => "escalate",
            Self::Reassign => "reassign",
            Self::Expire => "expire",
        }
    }
}

/// By when a stage should be decided, and what happens otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Deadline {
    /// How long after the stage opened.
    pub after: Span,
    /// Which time counts.
    #[serde(default, skip_serializing_if = "Counts::is_calendar")]
    pub counts: Counts,
    /// What happens then.
    pub then: Overdue,
    /// Who can decide too, after an escalation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<ApproverRule>,
}

/// One step of an approval: who decides, how many of them, by when, and who does when nobody of those can. One no ends it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StageRule {
    /// Who decides.
    pub approvers: Approvers,
    /// How many of them have to say yes.
    #[serde(default, skip_serializing_if = "Quorum::is_any")]
    pub quorum: Quorum,
    /// Who decides when `approvers` names nobody who may (promises 2 and 3).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fallback: Option<ApproverRule>,
    /// By when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deadline: Option<Deadline>,
    /// Somebody who is away may have named somebody else for this.
    #[serde(default = "yes", skip_serializing_if = "is_yes")]
    pub delegation: bool,
    /// Somebody who decided an earlier stage of the same item may decide this one too.
    #[serde(default = "yes", skip_serializing_if = "is_yes")]
    pub again: bool,
    /// A yes needs a comment, as a no always does.
    #[serde(default, skip_serializing_if = "is_no")]
    pub comment: bool,
}

fn yes() -> bool {
    true
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_yes(value: &bool) -> bool {
    *value
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_no(value: &bool) -> bool {
    !*value
}

impl StageRule {
    /// One yes of these, or of the fallback, is enough.
    #[must_use]
    pub fn any(approvers: impl Into<Approvers>, fallback: Option<ApproverRule>) -> Self {
        Self {
            approvers: approvers.into(),
            quorum: Quorum::Any,
            fallback,
            deadline: None,
            delegation: true,
            again: true,
            comment: false,
        }
    }

    /// Every rule that it names, wherever.
    pub fn mentioned(&self) -> impl Iterator<Item = &ApproverRule> {
        let to = self.deadline.as_ref().and_then(|deadline| deadline.to.as_ref());
        self.approvers.rules().iter().chain(self.fallback.as_ref()).chain(to)
    }

    /// What doesn't hold together in it: what is wrong and what would be right.
    #[must_use]
    pub fn problems(&self) -> Vec<(String, String)> {
        let mut found = Vec::new();
        let rules = self.approvers.rules();
        if rules.is_empty() || rules.len() > MAX_APPROVER_RULES {
            found.push((
                format!("approvers has {} entries", rules.len()),
                format!("1 to {MAX_APPROVER_RULES}: somebody decides on everything"),
            ));
        }
        if rules.iter().enumerate().any(|(at, rule)| rules[..at].contains(rule)) {
            found.push(("approvers names somebody twice".to_owned(), "each once".to_owned()));
        }
        if let Some(fallback) = &self.fallback
            && rules.contains(fallback)
        {
            found.push((
                format!("it falls back to itself, \"{fallback}\""),
                "a fallback that names somebody else, or none".to_owned(),
            ));
        }
        match self.quorum {
            Quorum::AtLeast(0 | 1) => {
                found.push(("quorum is less than 2".to_owned(), "\"any\", or a number from 2 on".to_owned()));
            }
            Quorum::Each if rules.len() < 2 => {
                found.push((
                    "quorum is \"each\", and approvers has one entry".to_owned(),
                    "two or more in approvers, one yes of each".to_owned(),
                ));
            }
            _ => {}
        }
        if let Some(deadline) = &self.deadline {
            let to = deadline.to.is_some();
            if (deadline.then == Overdue::Escalate) != to {
                let (message, expected) = if to {
                    ("escalate_to is there without overdue = \"escalate\"", "overdue = \"escalate\"")
                } else {
                    ("overdue is \"escalate\" without escalate_to", "escalate_to, such as \"managers-manager\"")
                };
                found.push((message.to_owned(), expected.to_owned()));
            }
            if deadline.then == Overdue::Reassign && self.fallback.is_none() {
                found.push((
                    "overdue is \"reassign\", and there is no fallback".to_owned(),
                    "a fallback, who decides then".to_owned(),
                ));
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_written_as_they_are_read() {
        for text in
            ["manager", "managers-manager", "owner", "system-owner", "security", "group:controllers", "person:E0007"]
        {
            let rule: ApproverRule = text.parse().unwrap();
            assert_eq!(rule.to_string(), text);
            assert_eq!(serde_json::to_string(&rule).unwrap(), format!("\"{text}\""));
        }
        for text in ["", "Manager", "person:", "group:", "person:a b", "person", "everybody", "team:x"] {
            assert_eq!(text.parse::<ApproverRule>().unwrap_err().found, text);
        }
        assert!(format!("person:{}", "x".repeat(65)).parse::<ApproverRule>().is_err());
    }

    #[test]
    fn a_stage_refuses_what_it_does_not_know() {
        let stage: StageRule = serde_json::from_str(r#"{"approvers":"manager","fallback":"owner"}"#).unwrap();
        assert_eq!(stage, StageRule::any(ApproverRule::Manager, Some(ApproverRule::RoleOwner)));
        assert!(serde_json::from_str::<StageRule>(r#"{"approvers":"manager","votes":2}"#).is_err());
        assert!(serde_json::from_str::<StageRule>(r#"{"approvers":"everybody"}"#).is_err());
    }

    #[test]
    fn a_stage_with_everything_comes_back_unchanged() {
        let text = r#"{"approvers":["group:controllers","owner"],"quorum":"each","fallback":"security","deadline":{"after":"2d","counts":"business","then":"escalate","to":"managers-manager"},"delegation":false,"again":false,"comment":true}"#;
        let stage: StageRule = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&stage).unwrap(), text);
        assert_eq!(stage.problems(), vec![]);
        assert_eq!(stage.mentioned().count(), 4);
    }

    #[test]
    fn what_does_not_hold_together_is_named() {
        let any = |approvers: Vec<ApproverRule>| StageRule::any(approvers, None);
        let deadline = |then, to| {
            let after = Span::from_days(2).unwrap();
            Some(Deadline { after, counts: Counts::Calendar, then, to })
        };
        let manager = || vec![ApproverRule::Manager];
        for (stage, says) in [
            (any(vec![]), "0 entries"),
            (any(vec![ApproverRule::Manager, ApproverRule::Manager]), "twice"),
            (StageRule::any(ApproverRule::Manager, Some(ApproverRule::Manager)), "itself"),
            (StageRule { quorum: Quorum::AtLeast(1), ..any(manager()) }, "less than 2"),
            (StageRule { quorum: Quorum::Each, ..any(manager()) }, "one entry"),
            (StageRule { deadline: deadline(Overdue::Escalate, None), ..any(manager()) }, "without escalate_to"),
            (
                StageRule { deadline: deadline(Overdue::Remind, Some(ApproverRule::Security)), ..any(manager()) },
                "without overdue",
            ),
            (StageRule { deadline: deadline(Overdue::Reassign, None), ..any(manager()) }, "no fallback"),
        ] {
            let problems = stage.problems();
            assert!(problems.iter().any(|(message, _)| message.contains(says)), "{says}: {problems:?}");
        }
    }
}
