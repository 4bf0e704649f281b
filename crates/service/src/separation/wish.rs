//! A role that is asked for, against what its beneficiary has: at the form, at submission and at the decision.

use std::collections::BTreeSet;

use latchkey_domain::{IdentityId, Instant, ItemId, RoleId, SeparationRuleId, item::StageState};
use latchkey_policy::{
    StageRule, Voice,
    separation::{self as policy, Conflict, Holding, Outcome, SeparationRule, Standing},
};
use latchkey_store::{
    AsConn, Tx,
    items::ItemRow,
    separation::{
        exceptions::{self, ExceptionRow},
        rules::{self, HoldingRow},
        stages::{self, StageForRow},
    },
};
use uuid::Uuid;

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
    Ok(of_wishes(c, now, &[wish]).await?.pop().unwrap_or_default())
}

/// The same for several wishes, in their order, at the same cost.
///
/// # Errors
/// When the database fails.
pub async fn of_wishes(c: &mut impl AsConn, now: Instant, wishes: &[Wish<'_>]) -> ServiceResult<Vec<Found>> {
    let nothing = || wishes.iter().map(|_| Found::default()).collect();
    let asked: BTreeSet<Uuid> = wishes.iter().map(|w| w.role.0).collect();
    let rules = load::rules(&rules::touched_by_roles(c, &asked.iter().copied().collect::<Vec<_>>()).await?);
    if rules.is_empty() {
        return Ok(nothing());
    }
    let roles: BTreeSet<Uuid> = wishes.iter().flat_map(|w| w.beside).map(|r| r.0).chain(asked).collect();
    let people: BTreeSet<Uuid> = wishes.iter().map(|w| w.beneficiary.0).collect();
    let people: Vec<Uuid> = people.into_iter().collect();
    let given = load::holdings(&rules::given_by(c, &roles.into_iter().collect::<Vec<_>>()).await?, Standing::Wanted);
    let held = rules::held_by(c, &people).await?;
    let waiting = rules::asked_for(c, &people).await?;
    let found: Vec<Vec<Conflict>> =
        wishes.iter().map(|wish| conflicts_of(wish, &rules, &given, &held, &waiting)).collect();
    if found.iter().all(Vec::is_empty) {
        return Ok(nothing());
    }
    let mut open = exceptions::open_of(c, &people).await?;
    open.retain(|x| x.is_in_force(now));
    let with_exception = |wish: &Wish<'_>, conflict: Conflict| FoundConflict {
        exception: open.iter().find(|x| x.rule_id == conflict.rule.0 && x.identity_id == wish.beneficiary.0).cloned(),
        conflict,
    };
    Ok(wishes
        .iter()
        .zip(found)
        .map(|(wish, all)| Found { conflicts: all.into_iter().map(|c| with_exception(wish, c)).collect() })
        .collect())
}

fn conflicts_of(
    wish: &Wish<'_>,
    rules: &[SeparationRule],
    given: &[Holding],
    held: &[HoldingRow],
    waiting: &[HoldingRow],
) -> Vec<Conflict> {
    let Some(own) = given.iter().find(|h| h.role == wish.role) else { return Vec::new() };
    let theirs = |row: &&HoldingRow| row.identity_id == Some(wish.beneficiary.0);
    let held: Vec<HoldingRow> = held.iter().filter(theirs).cloned().collect();
    // What is asked for here doesn't wait elsewhere.
    let here = |row: &HoldingRow| {
        row.role_id == wish.role.0
            || wish.beside.iter().any(|r| r.0 == row.role_id)
            || wish.item.is_some_and(|i| i.0 == row.source_id)
    };
    let waiting: Vec<HoldingRow> = waiting.iter().filter(theirs).filter(|row| !here(row)).cloned().collect();
    let mut others = load::holdings(&held, Standing::Held);
    others.extend(given.iter().filter(|h| wish.beside.contains(&h.role)).cloned());
    others.extend(load::holdings(&waiting, Standing::Waiting));
    policy::of_wish(rules, own, &others)
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
    let wish = Wish { beneficiary: person.id, role: role.id, beside, item: None };
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
    let wish = Wish { beneficiary: IdentityId(item.beneficiary_id), role: role.id, beside: &[], item: Some(item.id()) };
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
