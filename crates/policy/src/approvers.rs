//! From a stage's rule to the people who may decide now.

use latchkey_domain::identity::Status;
use serde::{Deserialize, Serialize};

use crate::{
    explain::{self, Voice},
    quorum::{self, Quorum},
    refusal::{Refusal, RefusalCode},
    rule::{ApproverRule, Overdue, StageRule},
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

/// Somebody who decides for somebody else for a while. Those whose time or limits don't fit aren't listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delegate<I> {
    /// For whom.
    pub from: I,
    /// Who.
    pub to: Candidate<I>,
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
    /// That manager's manager.
    pub managers_manager: Option<Candidate<I>>,
    /// The role's owner.
    pub role_owner: Option<Candidate<I>>,
    /// The owners of the systems that the role reaches.
    pub system_owners: Vec<Candidate<I>>,
    /// The holders of the portal role `security`.
    pub security: Vec<Candidate<I>>,
    /// The people whom rules name by external id, as far as they are known.
    pub people: Vec<(String, Candidate<I>)>,
    /// The members of the groups that rules name, each with the group's key.
    pub groups: Vec<(String, Candidate<I>)>,
    /// Who decides for whom just now.
    pub delegates: Vec<Delegate<I>>,
    /// Those who decided an earlier stage of this item.
    pub decided_before: Vec<I>,
    /// The stage's deadline has passed.
    pub overdue: bool,
}

impl<I> ApproverFacts<I> {
    /// An item of which nothing more is known.
    #[must_use]
    pub fn of(requester: I, beneficiary: I, beneficiary_name: String) -> Self {
        Self {
            requester,
            beneficiary,
            beneficiary_name,
            manager: None,
            managers_manager: None,
            role_owner: None,
            system_owners: Vec::new(),
            security: Vec::new(),
            people: Vec::new(),
            groups: Vec::new(),
            delegates: Vec::new(),
            decided_before: Vec::new(),
            overdue: false,
        }
    }
}

/// What makes somebody an approver; the words in JSON are stable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Because {
    /// They are the beneficiary's manager.
    Manager,
    /// They are that manager's manager.
    ManagersManager,
    /// They own the role.
    Owner,
    /// They own a system that the role reaches.
    SystemOwner,
    /// They hold the portal role `security`.
    Security,
    /// They are in a group that the policy names.
    Group,
    /// The policy names them.
    Person,
}

impl From<&ApproverRule> for Because {
    fn from(rule: &ApproverRule) -> Self {
        match rule {
            ApproverRule::Manager => Self::Manager,
            ApproverRule::ManagersManager => Self::ManagersManager,
            ApproverRule::RoleOwner => Self::Owner,
            ApproverRule::SystemOwner => Self::SystemOwner,
            ApproverRule::Security => Self::Security,
            ApproverRule::Group(_) => Self::Group,
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
            Self::ManagersManager => "managers-manager",
            Self::Owner => "owner",
            Self::SystemOwner => "system-owner",
            Self::Security => "security",
            Self::Group => "group",
            Self::Person => "person",
        }
    }
}

/// Somebody who may decide. Each person is there once, for one seat: their own, or that of one whom they stand in for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approver<I> {
    /// Who.
    pub id: I,
    /// What they are called.
    pub name: String,
    /// Why they, or why the one whom they decide for.
    pub because: Because,
    /// For whom, by delegation: who and what they are called.
    pub on_behalf_of: Option<(I, String)>,
    /// Which of the stage's rules they satisfy, by position; the fallback satisfies those that found nobody.
    pub for_rules: Vec<usize>,
}

impl<I> Approver<I> {
    /// Whose seat they fill.
    #[must_use]
    pub fn seat(&self) -> &I {
        self.on_behalf_of.as_ref().map_or(&self.id, |(seat, _)| seat)
    }
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
    /// They decided an earlier stage, and this one wants somebody else.
    DecidedBefore,
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
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolution<I> {
    /// Those who may decide, each once; empty when nobody may.
    pub approvers: Vec<Approver<I>>,
    /// Those who were passed over, in the order in which the rules name them.
    pub passed_over: Vec<PassedOver>,
    /// The fallback was looked at, because the rules themselves gave too few.
    pub used_fallback: bool,
    /// Nobody whom the rules name is left: those stand in who look after requests that nobody could decide.
    pub last_resort: bool,
    /// How many have to say yes.
    pub quorum: Quorum,
    /// How many rules the stage has.
    pub rules: usize,
    /// All of that as a sentence that names the beneficiary; for one that says "you", see [`Resolution::explain`].
    pub explanation: String,
}

impl<I: Clone + Eq> Resolution<I> {
    /// Who decides and why, as a sentence.
    #[must_use]
    pub fn explain(&self, voice: Voice<'_>) -> String {
        explain::sentence(self, voice)
    }

    /// Those who may decide aren't enough.
    #[must_use]
    pub fn is_stuck(&self) -> bool {
        !quorum::is_reachable(self)
    }

    /// The seats that can be filled, each once.
    #[must_use]
    pub fn seats(&self) -> Vec<&I> {
        let mut seats: Vec<&I> = Vec::new();
        for approver in &self.approvers {
            if !seats.contains(&approver.seat()) {
                seats.push(approver.seat());
            }
        }
        seats
    }

    /// Those without whom the stage can't say yes.
    fn needed_by_all_means(&self) -> Vec<I> {
        let seats = self.seats();
        let needed = match self.quorum {
            Quorum::Any => 1,
            Quorum::AtLeast(n) => usize::from(n),
            Quorum::All => seats.len(),
            Quorum::Each => self.rules,
        };
        if seats.len() > needed {
            return Vec::new();
        }
        // A seat that two people can fill binds neither of them.
        let alone = |a: &&Approver<I>| self.approvers.iter().filter(|b| b.seat() == a.seat()).count() == 1;
        self.approvers.iter().filter(alone).map(|a| a.id.clone()).collect()
    }
}

/// Who may decide this stage now. The requester, the beneficiary and whoever isn't active never may (promise 2), in nobody's
/// name either; when that leaves too few, the fallback is asked, by the same rules.
#[must_use]
pub fn resolve_stage<I: Clone + Eq>(rule: &StageRule, facts: &ApproverFacts<I>) -> Resolution<I> {
    let mut resolving = Resolving { rule, facts, approvers: Vec::new(), passed_over: Vec::new() };
    let rules = rule.approvers.rules();
    let overdue = rule.deadline.as_ref().filter(|_| facts.overdue);
    let reassigned = overdue.is_some_and(|deadline| deadline.then == Overdue::Reassign);
    let mut used_fallback = reassigned;
    if !reassigned {
        let named: Vec<(&ApproverRule, Vec<usize>)> = rules.iter().zip(0..).map(|(r, at)| (r, vec![at])).collect();
        resolving.apply(&named);
    }
    let all = || (0..rules.len()).collect::<Vec<_>>();
    if let Some(to) = overdue.and_then(|deadline| deadline.to.as_ref()) {
        resolving.apply(&[(to, all())]);
    }
    let mut resolution = resolving.so_far(used_fallback);
    if let Some(fallback) = &rule.fallback
        && resolution.is_stuck()
    {
        used_fallback = true;
        let missing: Vec<usize> = all().into_iter().filter(|at| !quorum::has(&resolution, *at)).collect();
        let stands_for = if missing.is_empty() { all() } else { missing };
        resolving.apply(&[(fallback, stands_for)]);
        resolution = resolving.so_far(used_fallback);
    }
    resolution.explanation = explain::sentence(&resolution, Voice::Named(&facts.beneficiary_name));
    resolution
}

struct Resolving<'a, I> {
    rule: &'a StageRule,
    facts: &'a ApproverFacts<I>,
    approvers: Vec<Approver<I>>,
    passed_over: Vec<PassedOver>,
}

impl<I: Clone + Eq> Resolving<'_, I> {
    fn so_far(&self, used_fallback: bool) -> Resolution<I> {
        Resolution {
            approvers: self.approvers.clone(),
            passed_over: self.passed_over.clone(),
            used_fallback,
            last_resort: false,
            quorum: self.rule.quorum,
            rules: self.rule.approvers.rules().len(),
            explanation: String::new(),
        }
    }

    /// Adds those whom these rules point at: first everybody in their own name, then those who stand in for somebody, so that
    /// nobody loses their own seat to somebody else's.
    fn apply(&mut self, rules: &[(&ApproverRule, Vec<usize>)]) {
        for (rule, positions) in rules {
            let because = Because::from(*rule);
            let candidates = candidates(rule, self.facts);
            if candidates.is_empty() {
                self.passed_over.push(PassedOver { name: None, because, why: WhyNot::Nobody });
            }
            for candidate in candidates {
                match self.why_not(candidate) {
                    None => self.add(candidate, because, None, positions),
                    Some(why) => {
                        self.passed_over.push(PassedOver { name: Some(candidate.name.clone()), because, why });
                    }
                }
            }
        }
        if !self.rule.delegation {
            return;
        }
        for (rule, positions) in rules {
            for candidate in candidates(rule, self.facts) {
                // Who may not decide may not have it decided in their name. Being away is what delegation is for.
                if !matches!(self.why_not(candidate), None | Some(WhyNot::OnLeave)) {
                    continue;
                }
                let facts = self.facts;
                for delegate in facts.delegates.iter().filter(|d| d.from == candidate.id) {
                    if self.why_not(&delegate.to).is_none() {
                        self.add(&delegate.to, Because::from(*rule), Some(candidate), positions);
                    }
                }
            }
        }
    }

    fn add(&mut self, who: &Candidate<I>, because: Because, for_whom: Option<&Candidate<I>>, positions: &[usize]) {
        let on_behalf_of = for_whom.map(|seat| (seat.id.clone(), seat.name.clone()));
        if let Some(known) = self.approvers.iter_mut().find(|known| known.id == who.id) {
            // The same seat by another rule, too; another seat isn't theirs to fill.
            if known.on_behalf_of.as_ref().map(|(id, _)| id) == on_behalf_of.as_ref().map(|(id, _)| id) {
                for position in positions {
                    if !known.for_rules.contains(position) {
                        known.for_rules.push(*position);
                    }
                }
            }
            return;
        }
        self.approvers.push(Approver {
            id: who.id.clone(),
            name: who.name.clone(),
            because,
            on_behalf_of,
            for_rules: positions.to_vec(),
        });
    }

    fn why_not(&self, candidate: &Candidate<I>) -> Option<WhyNot> {
        if candidate.id == self.facts.beneficiary {
            return Some(WhyNot::Beneficiary);
        }
        if candidate.id == self.facts.requester {
            return Some(WhyNot::Requester);
        }
        if !self.rule.again && self.facts.decided_before.contains(&candidate.id) {
            return Some(WhyNot::DecidedBefore);
        }
        match candidate.status {
            status if status.may_act() => None,
            Status::PreHire => Some(WhyNot::PreHire),
            Status::OnLeave => Some(WhyNot::OnLeave),
            Status::Active | Status::Terminated => Some(WhyNot::Terminated),
        }
    }
}

fn candidates<'a, I>(rule: &ApproverRule, facts: &'a ApproverFacts<I>) -> Vec<&'a Candidate<I>> {
    let named = |from: &'a [(String, Candidate<I>)], wanted: &str| {
        from.iter().filter(|(key, _)| key == wanted).map(|(_, who)| who).collect()
    };
    match rule {
        ApproverRule::Manager => facts.manager.iter().collect(),
        ApproverRule::ManagersManager => facts.managers_manager.iter().collect(),
        ApproverRule::RoleOwner => facts.role_owner.iter().collect(),
        ApproverRule::SystemOwner => facts.system_owners.iter().collect(),
        ApproverRule::Security => facts.security.iter().collect(),
        ApproverRule::Group(key) => named(&facts.groups, key),
        ApproverRule::Person(external_id) => named(&facts.people, external_id),
    }
}

/// Who could decide each stage, to be shown before submission; refused when a stage has too few (promise 3).
///
/// # Errors
/// One refusal for each stage that nobody could decide.
pub fn who_could_decide<I: Clone + Eq>(
    rules: &[StageRule],
    facts: &ApproverFacts<I>,
    voice: Voice<'_>,
) -> Result<Vec<Resolution<I>>, Vec<Refusal>> {
    // Without stages nobody has a say: that is "nobody could decide" too, never "approved".
    if rules.is_empty() {
        return Err(vec![Refusal::new(
            RefusalCode::NobodyCouldDecide,
            "The policy says nothing about who decides this.",
            "An administrator can mend it in the catalog.",
        )]);
    }
    let mut facts = facts.clone();
    let mut stages = Vec::with_capacity(rules.len());
    for rule in rules {
        let stage = resolve_stage(rule, &facts);
        // Whoever has to decide here will have decided before the next stage.
        facts.decided_before.extend(stage.needed_by_all_means());
        stages.push(stage);
    }
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
    if refusals.is_empty() { Ok(stages) } else { Err(refusals) }
}

/// Nobody decides on what they asked for, or what is for them (promise 2). Pages ask the same.
///
/// # Errors
/// That it is theirs, in words.
pub fn not_ones_own<I: Eq>(actor: &I, requester: &I, beneficiary: &I) -> Result<(), &'static str> {
    if actor == requester || actor == beneficiary {
        return Err("You asked for this, or it is for you, so somebody else decides.");
    }
    Ok(())
}

/// May this actor decide this stage, by today's facts (promises 2 and 4)? Says what makes them an approver, and for whom.
///
/// # Errors
/// Why not, and who may.
pub fn may_decide<I: Clone + Eq>(
    resolution: &Resolution<I>,
    facts: &ApproverFacts<I>,
    actor: &I,
    actor_status: Status,
) -> Result<Approver<I>, Refusal> {
    not_ones_own(actor, &facts.requester, &facts.beneficiary)
        .map_err(|why| Refusal::new(RefusalCode::OwnItem, why, resolution.explanation.clone()))?;
    if !actor_status.may_act() {
        return Err(Refusal::new(
            RefusalCode::ApproverNotActive,
            "You aren't at work according to the people system, so you can't decide.",
            resolution.explanation.clone(),
        ));
    }
    resolution.approvers.iter().find(|approver| approver.id == *actor).cloned().ok_or_else(|| {
        Refusal::new(
            RefusalCode::NotAnApprover,
            "You aren't among those who decide this now.",
            resolution.explanation.clone(),
        )
    })
}

#[cfg(test)]
#[path = "approvers_tests.rs"]
mod tests;
