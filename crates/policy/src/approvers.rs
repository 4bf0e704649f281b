//! From a stage's rule to the people who may decide now.

use latchkey_domain::identity::Status;
use serde::{Deserialize, Serialize};

use crate::{
    explain::{self, Voice},
    policy::PolicySnapshot,
    refusal::{Refusal, RefusalCode},
    rule::{ApproverRule, StageRule},
};

/// Somebody whom a rule may point at. `I` identifies an identity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate<I> {
    /// Who.
    pub id: I,
    /// What they are called.
    pub name: String,
    /// Where they are in their life at the company; only the active decide.
    pub status: Status,
}

/// Everything that rules can point at, for one item, as of now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApproverFacts<I> {
    /// Who asked.
    pub requester: I,
    /// Whom it is for.
    pub beneficiary: I,
    /// What the beneficiary is called.
    pub beneficiary_name: String,
    /// The beneficiary's manager.
    pub manager: Option<Candidate<I>>,
    /// The role's owner.
    pub role_owner: Option<Candidate<I>>,
    /// The owners of the systems that the role reaches.
    pub system_owners: Vec<Candidate<I>>,
    /// The holders of the portal role `security`.
    pub security: Vec<Candidate<I>>,
    /// The people whom rules name by external id, as far as they are known.
    pub people: Vec<(String, Candidate<I>)>,
}

/// What makes somebody an approver; the words in JSON are stable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Because {
    /// They are the beneficiary's manager.
    Manager,
    /// They own the role.
    Owner,
    /// They own a system that the role reaches.
    SystemOwner,
    /// They hold the portal role `security`.
    Security,
    /// The policy names them.
    Person,
}

impl From<&ApproverRule> for Because {
    fn from(rule: &ApproverRule) -> Self {
        match rule {
            ApproverRule::Manager => Self::Manager,
            ApproverRule::RoleOwner => Self::Owner,
            ApproverRule::SystemOwner => Self::SystemOwner,
            ApproverRule::Security => Self::Security,
            ApproverRule::Person(_) => Self::Person,
        }
    }
}

impl Because {
    /// The stable word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Manager => "manager",
            Self::Owner => "owner",
            Self::SystemOwner => "system-owner",
            Self::Security => "security",
            Self::Person => "person",
        }
    }
}

/// Somebody who may decide.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approver<I> {
    /// Who.
    pub id: I,
    /// What they are called.
    pub name: String,
    /// Why they.
    pub because: Because,
}

/// Why somebody whom a rule points at doesn't decide; the words in JSON are stable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WhyNot {
    /// The rule points at nobody: no manager, no owner, an unknown person.
    Nobody,
    /// It is for them (promise 2).
    Beneficiary,
    /// They asked for it (promise 2).
    Requester,
    /// They haven't started.
    PreHire,
    /// They are on leave.
    OnLeave,
    /// They left.
    Terminated,
}

/// Somebody, or nobody, who was passed over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PassedOver {
    /// What they are called; `None` when the rule points at nobody.
    pub name: Option<String>,
    /// What the rule says about them.
    pub because: Because,
    /// Why they don't decide.
    pub why: WhyNot,
}

/// The people who may decide a stage now, and how that came about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resolution<I> {
    /// Those who may decide, each once; empty when nobody may.
    pub approvers: Vec<Approver<I>>,
    /// Those who were passed over, in the order in which the rules name them.
    pub passed_over: Vec<PassedOver>,
    /// The fallback was looked at, because the rule itself gave nobody.
    pub used_fallback: bool,
    /// All of that as a sentence that names the beneficiary; for one that says "you", see [`Resolution::explain`].
    pub explanation: String,
}

impl<I> Resolution<I> {
    /// Who decides and why, as a sentence.
    #[must_use]
    pub fn explain(&self, voice: Voice<'_>) -> String {
        explain::sentence(self, voice)
    }

    /// Nobody may decide.
    #[must_use]
    pub fn is_stuck(&self) -> bool {
        self.approvers.is_empty()
    }
}

/// Who may decide this stage now. The requester, the beneficiary and whoever isn't active never may (promise 2); when
/// that leaves nobody, the fallback is asked, by the same rules.
#[must_use]
pub fn resolve_stage<I: Clone + Eq>(rule: &StageRule, facts: &ApproverFacts<I>) -> Resolution<I> {
    let mut resolution =
        Resolution { approvers: Vec::new(), passed_over: Vec::new(), used_fallback: false, explanation: String::new() };
    apply(&rule.approvers, facts, &mut resolution);
    if resolution.approvers.is_empty()
        && let Some(fallback) = &rule.fallback
    {
        resolution.used_fallback = true;
        apply(fallback, facts, &mut resolution);
    }
    resolution.explanation = explain::sentence(&resolution, Voice::Named(&facts.beneficiary_name));
    resolution
}

fn apply<I: Clone + Eq>(rule: &ApproverRule, facts: &ApproverFacts<I>, into: &mut Resolution<I>) {
    let because = Because::from(rule);
    let candidates = candidates(rule, facts);
    if candidates.is_empty() {
        into.passed_over.push(PassedOver { name: None, because, why: WhyNot::Nobody });
    }
    for candidate in candidates {
        match why_not(candidate, facts) {
            Some(why) => into.passed_over.push(PassedOver { name: Some(candidate.name.clone()), because, why }),
            None if into.approvers.iter().any(|known| known.id == candidate.id) => {}
            None => into.approvers.push(Approver { id: candidate.id.clone(), name: candidate.name.clone(), because }),
        }
    }
}

fn candidates<'a, I>(rule: &ApproverRule, facts: &'a ApproverFacts<I>) -> Vec<&'a Candidate<I>> {
    match rule {
        ApproverRule::Manager => facts.manager.iter().collect(),
        ApproverRule::RoleOwner => facts.role_owner.iter().collect(),
        ApproverRule::SystemOwner => facts.system_owners.iter().collect(),
        ApproverRule::Security => facts.security.iter().collect(),
        ApproverRule::Person(wanted) => {
            facts.people.iter().filter(|(external_id, _)| external_id == wanted).map(|(_, person)| person).collect()
        }
    }
}

fn why_not<I: Eq>(candidate: &Candidate<I>, facts: &ApproverFacts<I>) -> Option<WhyNot> {
    if candidate.id == facts.beneficiary {
        return Some(WhyNot::Beneficiary);
    }
    if candidate.id == facts.requester {
        return Some(WhyNot::Requester);
    }
    if candidate.status.may_act() {
        return None;
    }
    Some(match candidate.status {
        Status::PreHire => WhyNot::PreHire,
        Status::OnLeave => WhyNot::OnLeave,
        Status::Active | Status::Terminated => WhyNot::Terminated,
    })
}

/// Who could decide each stage, to be shown before submission; refused when a stage has nobody (promise 3).
///
/// # Errors
/// One refusal for each stage that nobody could decide.
pub fn who_could_decide<I: Clone + Eq>(
    policy: &PolicySnapshot,
    facts: &ApproverFacts<I>,
    voice: Voice<'_>,
) -> Result<Vec<Resolution<I>>, Vec<Refusal>> {
    let stages: Vec<_> = policy.policy.stages.iter().map(|rule| resolve_stage(rule, facts)).collect();
    let refusals: Vec<_> = stages
        .iter()
        .enumerate()
        .filter(|(_, stage)| stage.is_stuck())
        .map(|(at, stage)| {
            let step = if stages.len() == 1 { String::new() } else { format!("Step {} of {}: ", at + 1, stages.len()) };
            Refusal::new(
                RefusalCode::NobodyCouldDecide,
                format!("{step}{}", stage.explain(voice)),
                explain::help_when_stuck(stage),
            )
        })
        .collect();
    // A policy without stages gives nobody a say: that is "nobody could decide" too, never "approved".
    if stages.is_empty() {
        return Err(vec![Refusal::new(
            RefusalCode::NobodyCouldDecide,
            format!("The policy \"{}\" says nothing about who decides.", policy.policy.name),
            "An administrator can mend it in the catalog.",
        )]);
    }
    if refusals.is_empty() { Ok(stages) } else { Err(refusals) }
}

/// May this actor decide this stage, by today's facts (promises 2 and 4)? Says what makes them an approver.
///
/// # Errors
/// Why not, and who may.
pub fn may_decide<I: Clone + Eq>(
    rule: &StageRule,
    facts: &ApproverFacts<I>,
    actor: &I,
    actor_status: Status,
) -> Result<Because, Refusal> {
    if *actor == facts.requester || *actor == facts.beneficiary {
        return Err(Refusal::new(
            RefusalCode::OwnItem,
            "You asked for this, or it is for you, so somebody else decides.",
            resolve_stage(rule, facts).explanation,
        ));
    }
    if !actor_status.may_act() {
        return Err(Refusal::new(
            RefusalCode::ApproverNotActive,
            "You aren't at work according to the people system, so you can't decide.",
            resolve_stage(rule, facts).explanation,
        ));
    }
    let resolution = resolve_stage(rule, facts);
    match resolution.approvers.iter().find(|approver| approver.id == *actor) {
        Some(approver) => Ok(approver.because),
        None => Err(Refusal::new(
            RefusalCode::NotAnApprover,
            "You aren't among those who decide this now.",
            resolution.explanation,
        )),
    }
}

#[cfg(test)]
#[path = "approvers_tests.rs"]
mod tests;
