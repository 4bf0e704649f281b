//! Separation of duties: what one person must not combine. Pure: rules and holdings in, conflicts out, with what makes
//! them and what would resolve them.
//!
//! A rule has two or more sides, each with roles and entitlements. Whoever has something of two different sides is in
//! conflict by that rule, whatever role it came through; one role that gives something of two sides is enough.

use std::collections::BTreeMap;

use latchkey_domain::{EntitlementId, RoleId, SeparationRuleId};

use crate::{
    explain::Voice,
    rule::{ApproverRule, StageRule},
};

/// Something that a side names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Member {
    /// A role, whatever it gives.
    Role(RoleId),
    /// An entitlement, through whatever role.
    Entitlement(EntitlementId),
}

/// One side of a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Side {
    /// What it is called: "Entering invoices".
    pub name: String,
    /// What makes it.
    pub members: Vec<Member>,
}

/// Somebody whom a rule names: who has to agree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agrees {
    /// Their external id.
    pub external_id: String,
    /// What they are called, if they are known.
    pub name: Option<String>,
}

/// What a rule does about somebody who would be in conflict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// They can't have it.
    Block,
    /// One more person has to agree.
    Approval(Agrees),
}

/// A rule that keeps duties apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeparationRule {
    /// Which.
    pub id: SeparationRuleId,
    /// Its stable key.
    pub key: String,
    /// What it is called.
    pub name: String,
    /// Who owns it, by name.
    pub owner: Option<String>,
    /// Two or more.
    pub sides: Vec<Side>,
    /// What it does.
    pub outcome: Outcome,
}

/// How somebody comes to have something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// They hold it, now or from a day that is set.
    Held,
    /// It is asked for in this very request.
    Wanted,
    /// It waits for a decision in another request.
    Waiting,
}

/// A role that somebody has or would have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holding {
    /// The role.
    pub role: RoleId,
    /// What it is called.
    pub name: String,
    /// What it gives, with the names.
    pub entitlements: BTreeMap<EntitlementId, String>,
    /// How they come to have it.
    pub standing: Standing,
}

impl Holding {
    fn has(&self, member: Member) -> Option<Through> {
        let entitlement = match member {
            Member::Role(role) => (role == self.role).then_some(None)?,
            Member::Entitlement(id) => Some(self.entitlements.get(&id)?.clone()),
        };
        Some(Through { role: self.role, name: self.name.clone(), entitlement, standing: self.standing })
    }
}

/// A role through which somebody has something of a side.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Through {
    /// The role.
    pub role: RoleId,
    /// What it is called.
    pub name: String,
    /// The entitlement of it that the rule names; absent where the rule names the role.
    pub entitlement: Option<String>,
    /// How they come to have it.
    pub standing: Standing,
}

/// A side that somebody has something of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Touched {
    /// Which, from 0.
    pub position: usize,
    /// What it is called.
    pub name: String,
    /// Through which roles, each once.
    pub through: Vec<Through>,
}

/// Two sides or more of one rule come together in one person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conflict {
    /// By which rule.
    pub rule: SeparationRuleId,
    /// The rule's stable key.
    pub key: String,
    /// What the rule is called.
    pub name: String,
    /// Who owns the rule, by name.
    pub owner: Option<String>,
    /// What the rule does about it.
    pub outcome: Outcome,
    /// The sides, in their order; at least two.
    pub sides: Vec<Touched>,
}

/// Every conflict that these holdings make, in the order of the rules.
#[must_use]
pub fn conflicts(rules: &[SeparationRule], holdings: &[Holding]) -> Vec<Conflict> {
    rules.iter().filter_map(|rule| conflict(rule, holdings)).collect()
}

fn conflict(rule: &SeparationRule, holdings: &[Holding]) -> Option<Conflict> {
    let sides: Vec<Touched> = rule
        .sides
        .iter()
        .enumerate()
        .filter_map(|(position, side)| {
            let mut through: Vec<Through> = Vec::new();
            for holding in holdings {
                // A role counts once for a side, also where it gives several things of it.
                let found = side.members.iter().find_map(|member| holding.has(*member));
                through.extend(found.filter(|f| !through.iter().any(|t| t.role == f.role && t.standing == f.standing)));
            }
            (!through.is_empty()).then(|| Touched { position, name: side.name.clone(), through })
        })
        .collect();
    (sides.len() > 1).then(|| Conflict {
        rule: rule.id,
        key: rule.key.clone(),
        name: rule.name.clone(),
        owner: rule.owner.clone(),
        outcome: rule.outcome.clone(),
        sides,
    })
}

/// The conflicts that a wish takes part in. What somebody has anyway, and this wish adds nothing to, is left out.
#[must_use]
pub fn of_wish(rules: &[SeparationRule], wish: &Holding, others: &[Holding]) -> Vec<Conflict> {
    let mut all = others.to_vec();
    all.push(wish.clone());
    let part = |c: &Conflict| c.sides.iter().any(|s| s.through.iter().any(|t| is(t, wish)));
    conflicts(rules, &all).into_iter().filter(part).collect()
}

fn is(through: &Through, wish: &Holding) -> bool {
    through.role == wish.role && through.standing == wish.standing
}

impl Conflict {
    /// It is there only once something is approved that waits elsewhere.
    #[must_use]
    pub fn only_if_approved(&self) -> bool {
        self.sides.iter().filter(|s| s.through.iter().any(|t| t.standing != Standing::Waiting)).count() < 2
    }

    /// The step that the rule adds to an approval: the person whom it names, else security. Nothing where it blocks.
    #[must_use]
    pub fn extra_stage(&self) -> Option<StageRule> {
        match &self.outcome {
            Outcome::Block => None,
            Outcome::Approval(agrees) => Some(stage_of(&agrees.external_id)),
        }
    }

    /// What comes together, as a sentence: `"Invoices and payments" keeps these apart: Entering invoices (Invoice clerk, which
    /// you hold) and Releasing payments (Payment releaser, asked for here).`
    #[must_use]
    pub fn explain(&self, voice: Voice<'_>) -> String {
        let sides: Vec<String> =
            self.sides.iter().map(|side| format!("{} ({})", side.name, told(side, voice))).collect();
        format!("\"{}\" keeps these apart: {}.", self.name, and(&sides))
    }

    /// What would resolve it, as sentences.
    #[must_use]
    pub fn helps(&self, voice: Voice<'_>) -> String {
        let elsewhere = |standing: Standing| -> Vec<String> {
            let mut names: Vec<String> = Vec::new();
            for through in self.sides.iter().flat_map(|s| &s.through).filter(|t| t.standing == standing) {
                if !names.contains(&through.name) {
                    names.push(through.name.clone());
                }
            }
            names
        };
        let mut ways = Vec::new();
        let held = elsewhere(Standing::Held);
        if !held.is_empty() {
            ways.push(match voice {
                Voice::You => format!("Give back {} first.", or(&held)),
                Voice::Named(name) => format!("{name} can give back {} first.", or(&held)),
            });
        }
        let waiting = elsewhere(Standing::Waiting);
        if held.is_empty() && !waiting.is_empty() {
            ways.push(format!("Only one of the two can be approved: withdraw {} if this matters more.", or(&waiting)));
        }
        if held.is_empty() && waiting.is_empty() {
            ways.push("Ask for one side only.".to_owned());
        }
        match &self.outcome {
            Outcome::Block => ways.push(match &self.owner {
                Some(owner) => format!("Or ask {owner}, who owns the rule, for an exception."),
                None => "Or ask security for an exception.".to_owned(),
            }),
            Outcome::Approval(agrees) => {
                let who =
                    agrees.name.clone().unwrap_or_else(|| format!("the person with the number {}", agrees.external_id));
                ways.push(format!("Otherwise {who} has to agree as well: that is one more step."));
            }
        }
        ways.join(" ")
    }
}

/// The step for somebody whom a rule names; security stands in where they can't decide.
#[must_use]
pub fn stage_of(external_id: &str) -> StageRule {
    StageRule::any(ApproverRule::Person(external_id.to_owned()), Some(ApproverRule::Security))
}

/// The steps that these conflicts add, one for each person whom a rule names, each with the rules that it is for.
#[must_use]
pub fn extra_stages(conflicts: &[Conflict]) -> Vec<(StageRule, Vec<SeparationRuleId>)> {
    let mut stages: Vec<(StageRule, Vec<SeparationRuleId>)> = Vec::new();
    for conflict in conflicts {
        let Some(stage) = conflict.extra_stage() else { continue };
        match stages.iter_mut().find(|(known, _)| *known == stage) {
            Some((_, rules)) => rules.push(conflict.rule),
            None => stages.push((stage, vec![conflict.rule])),
        }
    }
    stages
}

fn told(side: &Touched, voice: Voice<'_>) -> String {
    let all: Vec<String> = side
        .through
        .iter()
        .map(|t| {
            let what = match &t.entitlement {
                Some(entitlement) if *entitlement != t.name => format!("\"{entitlement}\" through {}", t.name),
                _ => t.name.clone(),
            };
            match (t.standing, voice) {
                (Standing::Held, Voice::You) => format!("{what}, which you hold"),
                (Standing::Held, Voice::Named(name)) => format!("{what}, which {name} holds"),
                (Standing::Wanted, _) => format!("{what}, asked for here"),
                (Standing::Waiting, _) => format!("{what}, which waits for a decision"),
            }
        })
        .collect();
    and(&all)
}

fn and(words: &[String]) -> String {
    joined(words, "and")
}

fn or(words: &[String]) -> String {
    joined(words, "or")
}

fn joined(words: &[String], last_joint: &str) -> String {
    match words {
        [] => String::new(),
        [one] => one.clone(),
        [head @ .., last] => format!("{} {last_joint} {last}", head.join(", ")),
    }
}

#[cfg(test)]
#[path = "separation_tests.rs"]
mod tests;
