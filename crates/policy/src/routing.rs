//! Which way a request goes: the rules of a policy, in order.

use serde::{Deserialize, Serialize};

use crate::{
    condition::{Condition, ConditionFailed, Seen},
    policy::{MAX_HOPS, MAX_STAGES, Policy, PolicySnapshot},
    refusal::{Refusal, RefusalCode},
    rule::StageRule,
};

/// What happens to a request for which a rule's condition holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// People decide, in these steps.
    Stages(Vec<StageRule>),
    /// It is approved by the rule.
    Approve,
    /// It is refused, with this advice.
    Refuse(String),
    /// The policy with this key says.
    Policy(String),
}

/// One rule of a policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// What it is called where it is shown: "Contractors", "Longer than a month".
    pub name: String,
    /// When it holds.
    pub when: Condition,
    /// What happens then.
    pub then: Outcome,
}

impl Rule {
    pub(crate) fn problems(&self) -> Vec<(String, String)> {
        match &self.then {
            Outcome::Stages(stages) if stages.is_empty() || stages.len() > MAX_STAGES => {
                vec![(
                    format!("stages has {} entries", stages.len()),
                    format!("1 to {MAX_STAGES}: somebody decides on everything"),
                )]
            }
            Outcome::Stages(stages) => stages
                .iter()
                .enumerate()
                .flat_map(|(at, stage)| {
                    stage.problems().into_iter().map(move |(m, e)| (format!("stage {}: {m}", at + 1), e))
                })
                .collect(),
            Outcome::Approve | Outcome::Refuse(_) | Outcome::Policy(_) => Vec::new(),
        }
    }
}

/// The policies to which a policy leads, itself left out; or the keys on the way when it leads to itself, to nothing, or
/// too far.
///
/// # Errors
/// [`BadPath`] names the keys on the way.
pub fn reached<'a>(policy: &'a Policy, all: &'a [Policy]) -> Result<Vec<&'a Policy>, BadPath> {
    fn walk<'a>(
        policy: &'a Policy,
        all: &'a [Policy],
        path: &mut Vec<&'a str>,
        found: &mut Vec<&'a Policy>,
    ) -> Result<(), BadPath> {
        path.push(&policy.key);
        let keys = |path: &[&str], next: &str| path.iter().copied().chain([next]).map(str::to_owned).collect();
        for rule in &policy.rules {
            let Outcome::Policy(key) = &rule.then else { continue };
            if path.contains(&key.as_str()) {
                return Err(BadPath::Cycle(keys(path, key)));
            }
            if path.len() > MAX_HOPS {
                return Err(BadPath::TooFar(keys(path, key)));
            }
            let Some(next) = all.iter().find(|p| p.key == *key) else {
                return Err(BadPath::Unknown(keys(path, key)));
            };
            if !found.iter().any(|p| p.key == next.key) {
                found.push(next);
            }
            walk(next, all, path, found)?;
        }
        path.pop();
        Ok(())
    }
    let mut found = Vec::new();
    walk(policy, all, &mut Vec::new(), &mut found)?;
    Ok(found)
}

/// A way from policy to policy that leads nowhere; the keys on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BadPath {
    /// It comes back to where it was.
    Cycle(Vec<String>),
    /// It has more than [`MAX_HOPS`] steps.
    TooFar(Vec<String>),
    /// Its last key is no policy's.
    Unknown(Vec<String>),
}

/// The way that a request goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Way<'a> {
    /// People decide, in these steps.
    Stages(&'a [StageRule]),
    /// A rule approves it.
    Approved,
}

/// The way that a request goes, and how it was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Routing<'a> {
    /// The policies on the way; the last one says.
    pub policies: Vec<&'a Policy>,
    /// The rule that holds; `None` when none does and the policy's own steps count.
    pub rule: Option<&'a Rule>,
    /// The way.
    pub way: Way<'a>,
}

impl<'a> Routing<'a> {
    /// The steps in which people decide; none when a rule approves.
    #[must_use]
    pub fn stages(&self) -> &'a [StageRule] {
        match self.way {
            Way::Stages(stages) => stages,
            Way::Approved => &[],
        }
    }
}

/// Finds the way of a request. A condition that can't be worked out refuses: what can't be checked doesn't open doors.
///
/// # Errors
/// The rule that refuses, with its advice; or why no way could be found.
pub fn route<'a>(snapshot: &'a PolicySnapshot, seen: &Seen) -> Result<Routing<'a>, Refusal> {
    let mut policies = vec![&snapshot.policy];
    'policies: loop {
        let Some(policy) = policies.last().copied().filter(|_| policies.len() <= MAX_HOPS + 1) else {
            return Err(no_way(&snapshot.policy));
        };
        for rule in &policy.rules {
            if !rule.when.holds(seen).map_err(|failed| condition_failed(policy, &rule.name, &failed))? {
                continue;
            }
            let way = match &rule.then {
                Outcome::Stages(stages) => Way::Stages(stages),
                Outcome::Approve => Way::Approved,
                Outcome::Refuse(advice) => return Err(refused(policy, rule, advice)),
                Outcome::Policy(key) => {
                    let Some(next) = snapshot.others.iter().find(|p| p.key == *key) else {
                        return Err(no_way(policy));
                    };
                    policies.push(next);
                    continue 'policies;
                }
            };
            return Ok(Routing { policies, rule: Some(rule), way });
        }
        if policy.stages.is_empty() {
            return Err(no_way(policy));
        }
        return Ok(Routing { policies, rule: None, way: Way::Stages(&policy.stages) });
    }
}

/// Whether this person may ask at all, as far as that doesn't depend on what they'd ask for: the catalog shows only that.
/// The first rule whose answer is certain decides; a rule that looks at the request may still refuse later.
///
/// # Errors
/// The rule that excludes them, with its advice.
pub fn may_ask(snapshot: &PolicySnapshot, seen: &Seen) -> Result<(), Refusal> {
    let mut policy = &snapshot.policy;
    for _ in 0..=MAX_HOPS {
        if let Some(may) = &policy.may_ask
            && !may.when.holds(seen).map_err(|failed| condition_failed(policy, "who may ask", &failed))?
        {
            return Err(Refusal::new(
                RefusalCode::MayNotAsk,
                format!("\u{201c}{}\u{201d} leaves this person out.", policy.name),
                may.advice.clone(),
            ));
        }
        let mut next = None;
        for rule in &policy.rules {
            if rule.when.is_about_the_request() {
                return Ok(());
            }
            if !rule.when.holds(seen).map_err(|failed| condition_failed(policy, &rule.name, &failed))? {
                continue;
            }
            match &rule.then {
                Outcome::Refuse(advice) => return Err(refused(policy, rule, advice)),
                Outcome::Policy(key) => next = snapshot.others.iter().find(|p| p.key == *key),
                Outcome::Stages(_) | Outcome::Approve => return Ok(()),
            }
            break;
        }
        match next {
            Some(other) => policy = other,
            None => return Ok(()),
        }
    }
    Ok(())
}

fn refused(policy: &Policy, rule: &Rule, advice: &str) -> Refusal {
    Refusal::new(
        RefusalCode::RefusedByRule,
        format!("\u{201c}{}\u{201d} refuses this by its rule \u{201c}{}\u{201d}.", policy.name, rule.name),
        advice,
    )
}

fn no_way(policy: &Policy) -> Refusal {
    Refusal::new(
        RefusalCode::NoRuleFits,
        format!("\u{201c}{}\u{201d} has no rule for a request like this one.", policy.name),
        "Ask the role's owner for another way, or an administrator to extend the policy.",
    )
}

fn condition_failed(policy: &Policy, rule: &str, failed: &ConditionFailed) -> Refusal {
    Refusal::new(
        RefusalCode::ConditionFailed,
        format!("\u{201c}{}\u{201d}, {rule}: {failed}.", policy.name),
        "What can't be checked isn't given out. An administrator can mend the policy.",
    )
}
