//! A role that is asked for, against what its beneficiary has: at the form, at submission and at the decision.

use std::collections::BTreeSet;

use latchkey_domain::{IdentityId, Instant, ItemId, RoleId, RoleVersionId, SeparationRuleId, item::StageState};
use latchkey_policy::{
    StageRule, Voice,
    separation::{self as policy, Conflict, Holding, Outcome, Standing},
};
use latchkey_store::{
    AsConn, Tx,
    items::ItemRow,
    separation::{
        exceptions::{self, ExceptionRow},
        rules,
        stages::{self, StageForRow},
    },
};

use super::{Extra, load};
use crate::{
    Refusal, ServiceError, ServiceResult,
    facts::{Beneficiary, RoleToday},
};

/// What is asked for, and for whom.
#[derive(Debug, Clone, Copy)]
pub struct Wish<'a> {
    /// For whom.
    pub beneficiary: IdentityId,
    /// The role.
    pub role: RoleId,
    /// Its version in force.
    pub version: RoleVersionId,
    /// The other roles for the same person in the same request.
    pub beside: &'a [RoleId],
    /// The item that asks for it, once there is one: it isn't something that waits elsewhere.
    pub item: Option<ItemId>,
}

/// A conflict that the wish takes part in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundConflict {
    /// What comes together.
    pub conflict: Conflict,
    /// The exception in force that lets it be.
    pub exception: Option<ExceptionRow>,
}

impl FoundConflict {
    /// Nothing lets it be, and it is there by what is held and asked for here alone.
    #[must_use]
    pub fn stands(&self) -> bool {
        self.exception.is_none() && !self.conflict.only_if_approved()
    }

    /// It refuses the wish.
    #[must_use]
    pub fn blocks(&self) -> bool {
        self.stands() && self.conflict.outcome == Outcome::Block
    }
}

/// Every conflict that a wish takes part in.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Found {
    /// In the order of the rules' names.
    pub conflicts: Vec<FoundConflict>,
}

impl Found {
    /// The first that refuses the wish.
    #[must_use]
    pub fn blocking(&self) -> Option<&Conflict> {
        self.conflicts.iter().find(|c| c.blocks()).map(|c| &c.conflict)
    }

    /// The steps that rules add, each with the rules that it is for.
    #[must_use]
    pub fn extra_stages(&self) -> Vec<(StageRule, Vec<SeparationRuleId>)> {
        let stand: Vec<Conflict> = self.conflicts.iter().filter(|c| c.stands()).map(|c| c.conflict.clone()).collect();
        policy::extra_stages(&stand)
    }

    /// The refusal, if a rule says no.
    #[must_use]
    pub fn refusal(&self, code: &'static str, what: &str, voice: Voice<'_>) -> Option<Refusal> {
        let conflict = self.blocking()?;
        Some(Refusal::new(code, what, conflict.explain(voice), conflict.helps(voice)))
    }
}

/// Every conflict that a wish takes part in, by the rules of this moment. Costs one query where no rule names the role or
/// what it gives, and five at most.
///
/// # Errors
/// When the database fails.
pub async fn of_wish(c: &mut impl AsConn, now: Instant, wish: Wish<'_>) -> ServiceResult<Found> {
    let rules = load::rules(&rules::touched_by_versions(c, &[wish.version.0]).await?);
    if rules.is_empty() {
        return Ok(Found::default());
    }
    let mut roles: Vec<_> = wish.beside.iter().map(|r| r.0).collect();
    roles.push(wish.role.0);
    let (own, beside): (Vec<Holding>, Vec<Holding>) =
        load::holdings(&rules::given_by(c, &roles).await?, Standing::Wanted)
            .into_iter()
            .partition(|h| h.role == wish.role);
    let Some(own) = own.into_iter().next() else { return Ok(Found::default()) };
    let mut others = load::holdings(&rules::held_by(c, wish.beneficiary).await?, Standing::Held);
    let mut waiting = rules::asked_for(c, wish.beneficiary).await?;
    let here: BTreeSet<_> = roles.into_iter().collect();
    waiting.retain(|w| !here.contains(&w.role_id) && wish.item.is_none_or(|i| i.0 != w.source_id));
    others.extend(beside);
    others.extend(load::holdings(&waiting, Standing::Waiting));
    let found = policy::of_wish(&rules, &own, &others);
    if found.is_empty() {
        return Ok(Found::default());
    }
    let mut open = exceptions::open_of(c, &[wish.beneficiary.0]).await?;
    open.retain(|x| x.is_in_force(now));
    let conflicts = found
        .into_iter()
        .map(|conflict| FoundConflict {
            exception: open.iter().find(|x| x.rule_id == conflict.rule.0).cloned(),
            conflict,
        })
        .collect();
    Ok(Found { conflicts })
}

/// Refuses what a rule keeps apart, and tells the steps that rules add. The caller holds the beneficiary's lock.
///
/// # Errors
/// `Refused` with what comes together, and what would resolve it.
pub(crate) async fn at_submission(
    tx: &mut Tx,
    role: &RoleToday,
    person: &Beneficiary,
    beside: &[RoleId],
    voice: Voice<'_>,
) -> ServiceResult<Extra> {
    let wish = Wish { beneficiary: person.id, role: role.id, version: role.version, beside, item: None };
    let now = tx.now();
    let found = of_wish(tx, now, wish).await?;
    match found.refusal("request.separation", "This was not submitted.", voice) {
        Some(refusal) => Err(ServiceError::Refused(refusal)),
        None => Ok(Extra::new(found.extra_stages())),
    }
}

/// What stands against approving this item by the rules of today: a conflict that has appeared since it was submitted.
pub(crate) async fn at_decision(
    tx: &mut Tx,
    item: &ItemRow,
    role: &RoleToday,
    beneficiary: &str,
) -> ServiceResult<Option<Refusal>> {
    let found = of_item(tx, item, role).await?;
    let what = "It can't be approved as things are today.";
    Ok(found.refusal("decision.separation", what, Voice::Named(beneficiary)))
}

async fn of_item(tx: &mut Tx, item: &ItemRow, role: &RoleToday) -> ServiceResult<Found> {
    let wish = Wish {
        beneficiary: IdentityId(item.beneficiary_id),
        role: role.id,
        version: role.version,
        beside: &[],
        item: Some(item.id()),
    };
    let now = tx.now();
    of_wish(tx, now, wish).await
}

/// The steps that today's rules add to an item and that it doesn't have yet.
pub(super) async fn missing_stages(tx: &mut Tx, item: &ItemRow, role: &RoleToday) -> ServiceResult<Extra> {
    let wanted = of_item(tx, item, role).await?.extra_stages();
    if wanted.is_empty() {
        return Ok(Extra::default());
    }
    let there: Vec<StageForRow> = stages::of_items(tx, &[item.id]).await?;
    let is_there = |rule: &SeparationRuleId| {
        there.iter().any(|s| s.rule_id == rule.0 && !matches!(s.state, StageState::Skipped | StageState::Denied))
    };
    let missing = wanted
        .into_iter()
        .map(|(stage, rules)| (stage, rules.into_iter().filter(|r| !is_there(r)).collect::<Vec<_>>()))
        .filter(|(_, rules)| !rules.is_empty());
    Ok(Extra::new(missing.collect()))
}
