//! To whom a decision goes next: the stage's fallback, else the nearest manager above those who are asked.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use latchkey_domain::{IdentityId, Instant};
use latchkey_policy::{ApproverFacts, ApproverRule, Overdue, Quorum, StageRule, resolve_stage};
use latchkey_store::{
    AsConn, identities,
    items::ItemRow,
    routing,
    separation::stages as separation,
    stages::{self, ApproverRow, StageRow},
    waiting,
};
use uuid::Uuid;

use crate::{
    Refusal, ServiceResult,
    approvers::{
        added::{ADDED, HANDED, MOST, MOVED},
        rule_of,
    },
    facts::{self, Asked},
};

/// How far up from those who are asked somebody is looked for.
const LEVELS: usize = 10;

/// Why they come next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Because {
    /// The policy names them for when those who are asked can't.
    Fallback,
    /// They are above those who are asked.
    Manager,
}

/// Somebody to whom a decision can be moved on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Next {
    /// Who.
    pub id: IdentityId,
    /// What they are called.
    pub name: String,
    /// In whose place, where it is in somebody's: who and what they are called.
    pub instead_of: Option<(IdentityId, String)>,
}

/// Those who come next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NextInLine {
    /// Who; never nobody.
    pub people: Vec<Next>,
    /// Why they.
    pub because: Because,
}

/// Who comes next in an open stage, by today's facts; or why nobody does, and who could put somebody in.
///
/// Nobody comes twice: whoever was asked before isn't next. The requester, the beneficiary, whoever isn't at work and
/// whoever the rule excludes never come at all, by the same rules as for those whom the policy names.
///
/// # Errors
/// When the database fails.
pub async fn in_line(
    c: &mut impl AsConn,
    now: Instant,
    item: &ItemRow,
    stage: &StageRow,
) -> ServiceResult<Result<NextInLine, Refusal>> {
    let rule = rule_of(stage)?;
    let role = facts::role_today(c, item.role_id.into()).await?;
    let beneficiary = facts::beneficiary(c, IdentityId(item.beneficiary_id)).await?;
    let own = [item.requester_id, item.beneficiary_id];
    let owner = role.owner.clone().filter(|o| o.status.may_act() && !own.contains(&o.id.0));
    let help = match owner {
        Some(owner) => format!("{}, who owns the role, or an administrator can put somebody in.", owner.name),
        None => "An administrator can put somebody in.".to_owned(),
    };
    if separation::of_items(c, &[item.id]).await?.iter().any(|s| s.stage_id == stage.id) {
        let why = "This step is there because of a rule that keeps duties apart. Only whom that rule names decides it.";
        return Ok(Err(Refusal::new("move.separation_step", super::WHAT, why, help)));
    }
    let listed = stages::approvers(c, &[stage.id]).await?;
    let before = waiting::ever_asked(c, stage.id).await?;
    let decided = stages::decisions(c, &[item.id]).await?;
    let asked = Asked {
        requester: IdentityId(item.requester_id),
        beneficiary: &beneficiary,
        owner: role.owner.clone(),
        role: role.id,
        version: item.role_version_id.into(),
        risk: role.risk,
        decided_before: decided.iter().filter(|d| d.stage_id != stage.id).map(|d| IdentityId(d.identity_id)).collect(),
        overdue: false,
    };
    let looking = Looking { rule: &rule, listed: &listed, before: &before, instead: takes_places(&rule) };
    if let Some(fallback) = &rule.fallback {
        let only = looking.only(fallback.clone());
        let facts = facts::approver_facts(c, now, &asked, std::slice::from_ref(&only)).await?;
        let found = looking.eligible(&only, &facts);
        if !found.is_empty() {
            let people = looking.seated_as_fallback(c, found).await?;
            return Ok(Ok(NextInLine { people, because: Because::Fallback }));
        }
    }
    let mut facts = ApproverFacts::of(asked.requester, beneficiary.id, beneficiary.name.clone());
    facts.decided_before = asked.decided_before;
    let people = looking.above(c, facts).await?;
    if people.is_empty() {
        let why = match &rule.fallback {
            None => "The policy names nobody else for this step, and nobody above those who are asked can decide it.",
            Some(_) => {
                "Whom the policy names besides was asked already or can\u{2019}t decide it, and nobody above those who are asked can."
            }
        };
        return Ok(Err(Refusal::new("move.nobody_left", super::WHAT, why, help)));
    }
    Ok(Ok(NextInLine { people, because: Because::Manager }))
}

/// Whoever comes next takes somebody's place: where the policy has others decide instead after the deadline, and where
/// everybody has to agree, so that one more seat would only be one more to wait for.
fn takes_places(rule: &StageRule) -> bool {
    rule.quorum == Quorum::All || rule.deadline.as_ref().is_some_and(|d| d.then == Overdue::Reassign)
}

/// Whoever is really asked by a row: the person away whom somebody stands in for, else the one who is listed.
fn asked_by(row: &ApproverRow) -> Uuid {
    let by_hand = [HANDED, ADDED, MOVED].contains(&row.because.as_str());
    row.on_behalf_of.filter(|_| !by_hand).unwrap_or(row.identity_id)
}

struct Looking<'a> {
    rule: &'a StageRule,
    listed: &'a [ApproverRow],
    before: &'a [Uuid],
    instead: bool,
}

impl Looking<'_> {
    /// The stage's rule, with nobody but these.
    fn only(&self, who: ApproverRule) -> StageRule {
        StageRule { again: self.rule.again, delegation: false, ..StageRule::any(who, None) }
    }

    /// How many more can be listed.
    fn room(&self) -> usize {
        MOST.saturating_sub(self.listed.len())
    }

    fn eligible(&self, rule: &StageRule, facts: &ApproverFacts<IdentityId>) -> Vec<(IdentityId, String)> {
        let all = resolve_stage(rule, facts).approvers;
        all.into_iter().filter(|a| !self.before.contains(&a.id.0)).map(|a| (a.id, a.name)).collect()
    }

    /// Everybody whom the fallback names; one of them, where they take somebody's place.
    async fn seated_as_fallback(
        &self,
        c: &mut impl AsConn,
        found: Vec<(IdentityId, String)>,
    ) -> ServiceResult<Vec<Next>> {
        let first = self.listed.first().map(|row| row.identity_id).filter(|_| self.instead);
        let instead_of = match first {
            Some(first) => identities::names(c, &[first]).await?.remove(&first).map(|name| (IdentityId(first), name)),
            None => None,
        };
        let most = if instead_of.is_some() { 1 } else { self.room() };
        let seat = |(id, name)| Next { id, name, instead_of: instead_of.clone() };
        Ok(found.into_iter().take(most).map(seat).collect())
    }

    /// The nearest who can decide above those who are asked, all on the first level that has somebody.
    async fn above(&self, c: &mut impl AsConn, mut facts: ApproverFacts<IdentityId>) -> ServiceResult<Vec<Next>> {
        const KEY: &str = "above";
        let only = self.only(ApproverRule::Person(KEY.to_owned()));
        // Who is above whom of those who are asked: each level is one query.
        let mut below: BTreeMap<Uuid, Uuid> = BTreeMap::new();
        for row in self.listed {
            let asked = asked_by(row);
            let place = below.entry(asked).or_insert(row.identity_id);
            if row.identity_id == asked {
                *place = asked;
            }
        }
        let mut seen: BTreeSet<Uuid> = below.keys().copied().collect();
        for _ in 0..LEVELS {
            let rows = waiting::managers_of(c, &below.keys().copied().collect::<Vec<_>>()).await?;
            let mut level = BTreeMap::new();
            facts.people.clear();
            for row in rows {
                let Some(root) = below.get(&row.report_id) else { continue };
                if seen.insert(row.id) {
                    level.insert(row.id, *root);
                    let candidate =
                        routing::CandidateRow { id: row.id, display_name: row.display_name, status: row.status };
                    facts.people.push((KEY.to_owned(), facts::candidate(candidate)));
                }
            }
            if level.is_empty() {
                return Ok(Vec::new());
            }
            let found = self.eligible(&only, &facts);
            if !found.is_empty() {
                let roots: Vec<Uuid> = level.values().copied().collect();
                let names = if self.instead { identities::names(c, &roots).await? } else { HashMap::new() };
                let seat = |(id, name): (IdentityId, String)| {
                    let root = level.get(&id.0).filter(|_| self.instead).copied();
                    let instead_of = root.and_then(|r| Some((IdentityId(r), names.get(&r)?.clone())));
                    Next { id, name, instead_of }
                };
                let most = if self.instead { usize::MAX } else { self.room() };
                return Ok(found.into_iter().take(most).map(seat).collect());
            }
            below = level;
        }
        Ok(Vec::new())
    }
}
