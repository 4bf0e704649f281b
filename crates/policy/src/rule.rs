//! Rules that say who decides a stage. The rule is frozen onto a request; the people are worked out from it.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Who decides, as a rule.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum ApproverRule {
    /// The beneficiary's manager. Written `manager`.
    Manager,
    /// The role's owner. Written `owner`.
    RoleOwner,
    /// The owners of the systems that the role reaches; one of them is enough. Written `system-owner`.
    SystemOwner,
    /// Whoever holds the portal role `security`; one of them is enough. Written `security`.
    Security,
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
    pub const EXPECTED: &'static str =
        "\"manager\", \"owner\", \"system-owner\", \"security\" or \"person:\" with an external id";
}

/// The longest external id, in characters.
const MAX_EXTERNAL_ID: usize = 64;

impl std::str::FromStr for ApproverRule {
    type Err = InvalidRule;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "manager" => Ok(Self::Manager),
            "owner" => Ok(Self::RoleOwner),
            "system-owner" => Ok(Self::SystemOwner),
            "security" => Ok(Self::Security),
            other => other
                .strip_prefix("person:")
                .filter(|id| !id.is_empty() && id.chars().count() <= MAX_EXTERNAL_ID)
                .filter(|id| !id.chars().any(|c| c.is_whitespace() || c.is_control()))
                .map(|id| Self::Person(id.to_owned()))
                .ok_or_else(|| InvalidRule { found: other.chars().take(60).collect() }),
        }
    }
}

impl fmt::Display for ApproverRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Manager => f.write_str("manager"),
            Self::RoleOwner => f.write_str("owner"),
            Self::SystemOwner => f.write_str("system-owner"),
            Self::Security => f.write_str("security"),
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

/// One step of an approval: who decides, and who does when nobody of those can. One yes is enough, one no ends it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StageRule {
    /// Who decides.
    pub approvers: ApproverRule,
    /// Who decides when `approvers` names nobody who may (promises 2 and 3).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fallback: Option<ApproverRule>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_written_as_they_are_read() {
        for text in ["manager", "owner", "system-owner", "security", "person:E0007"] {
            let rule: ApproverRule = text.parse().unwrap();
            assert_eq!(rule.to_string(), text);
            assert_eq!(serde_json::to_string(&rule).unwrap(), format!("\"{text}\""));
        }
        for text in ["", "Manager", "person:", "person:a b", "person", "everybody"] {
            assert_eq!(text.parse::<ApproverRule>().unwrap_err().found, text);
        }
        assert!(format!("person:{}", "x".repeat(65)).parse::<ApproverRule>().is_err());
    }

    #[test]
    fn a_stage_refuses_what_it_does_not_know() {
        let stage: StageRule = serde_json::from_str(r#"{"approvers":"manager","fallback":"owner"}"#).unwrap();
        assert_eq!(stage, StageRule { approvers: ApproverRule::Manager, fallback: Some(ApproverRule::RoleOwner) });
        assert!(serde_json::from_str::<StageRule>(r#"{"approvers":"manager","quorum":2}"#).is_err());
    }
}
