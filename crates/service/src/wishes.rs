//! Wishes in words: what isn't in the catalog is asked for in words. It goes to whoever `wishes.toml` names, who answers with a
//! role, with a new role that its owner has to agree to, or with a refusal.
//!
//! Roles come from files, never from a form: a new role that is agreed on shows what to put into the catalog, and whoever put it
//! there says so with its key.

pub mod answer;
pub mod make;
pub mod proposal;
pub mod time;
pub mod withdraw;

use latchkey_domain::{
    IdentityId, Instant, RoleId, RoleVersionId, WishId,
    actor::ActorRef,
    event::{EventBody, NewEvent, StageApprover},
    role::Risk,
    wish::WishState,
};
use latchkey_policy::{Approver, ApproverFacts, Because, Resolution, StageRule};
use latchkey_store::{
    AsConn, StoreError, Tx, identities,
    wishes::{self as store, AnswererRow, WishRow},
};
use uuid::Uuid;

use crate::{
    ServiceError, ServiceResult,
    facts::{self, Asked, Beneficiary},
};

/// What makes somebody the one who has to agree to a new role.
pub const PROPOSED_OWNER: &str = "proposed-owner";
/// The most replies that a page shows.
pub const MAX_REPLIES: i64 = 100;

/// Reads a stored rule.
///
/// # Errors
/// When a newer version wrote it or it is damaged.
pub fn rule_of(body: &str, row: Uuid) -> ServiceResult<StageRule> {
    serde_json::from_str(body).map_err(|e: serde_json::Error| {
        ServiceError::Store(StoreError::Inconsistent {
            table: "wish_rule",
            column: "body",
            row: row.to_string(),
            found: e.to_string(),
        })
    })
}

/// Whether wishes in words are answered here.
///
/// # Errors
/// When the database fails.
pub async fn are_answered(c: &mut impl AsConn) -> ServiceResult<bool> {
    Ok(store::rule(c).await?.is_some())
}

/// What the rule can point at, for somebody's wish. No role is asked about: delegations that are limited to roles don't reach it.
pub(crate) async fn answer_facts(
    c: &mut impl AsConn,
    now: Instant,
    wisher: &Beneficiary,
    rule: &StageRule,
) -> ServiceResult<ApproverFacts<IdentityId>> {
    let asked = Asked {
        requester: wisher.id,
        beneficiary: wisher,
        owner: None,
        role: RoleId(Uuid::nil()),
        version: RoleVersionId(Uuid::nil()),
        risk: Risk::Low,
        decided_before: Vec::new(),
        overdue: false,
    };
    facts::approver_facts(c, now, &asked, std::slice::from_ref(rule)).await
}

/// Who answers a wish as things are now; when nobody whom the rule names is left, security does, then an administrator.
pub(crate) async fn resolve(
    c: &mut impl AsConn,
    now: Instant,
    wish: &WishRow,
) -> ServiceResult<(Resolution<IdentityId>, ApproverFacts<IdentityId>)> {
    let rule = rule_of(&wish.rule, wish.id)?;
    let wisher = facts::beneficiary(c, wish.wisher()).await?;
    let known = answer_facts(c, now, &wisher, &rule).await?;
    let resolution = facts::resolve_open_stage(c, &rule, &known).await?;
    Ok((resolution, known))
}

/// Somebody for whom a wish waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Seat {
    pub(crate) who: IdentityId,
    pub(crate) because: String,
    pub(crate) on_behalf_of: Option<IdentityId>,
}

impl Seat {
    pub(crate) fn of(approver: &Approver<IdentityId>) -> Self {
        Self {
            who: approver.id,
            because: approver.because.as_str().to_owned(),
            on_behalf_of: approver.on_behalf_of.as_ref().map(|(who, _)| *who),
        }
    }

    pub(crate) fn owner(who: IdentityId) -> Self {
        Self { who, because: PROPOSED_OWNER.to_owned(), on_behalf_of: None }
    }

    fn is(&self, row: &AnswererRow) -> bool {
        row.identity_id == self.who.0
            && row.because == self.because
            && row.on_behalf_of == self.on_behalf_of.map(|who| who.0)
    }

    fn told(&self) -> StageApprover {
        StageApprover { identity: self.who, because: self.because.clone(), on_behalf_of: self.on_behalf_of }
    }
}

/// Lets a wish wait for these people and nobody else. Returns its event where that changes something, and who is new.
pub(crate) async fn seat(
    tx: &mut Tx,
    wish: WishId,
    wisher: IdentityId,
    seats: &[Seat],
    actor: &ActorRef,
) -> ServiceResult<(Option<NewEvent>, Vec<IdentityId>)> {
    let before = store::answerers(tx, wish).await?;
    let mut changed = false;
    for row in &before {
        if !seats.iter().any(|seat| seat.is(row)) {
            store::remove_answerers(tx, wish, Some(IdentityId(row.identity_id))).await?;
            changed = true;
        }
    }
    let mut new = Vec::new();
    for seat in seats {
        if before.iter().any(|row| seat.is(row)) {
            continue;
        }
        store::add_answerer(tx, wish, seat.who, &seat.because, seat.on_behalf_of).await?;
        if !before.iter().any(|row| row.identity_id == seat.who.0) {
            new.push(seat.who);
        }
        changed = true;
    }
    let approvers = seats.iter().map(Seat::told).collect();
    let body = EventBody::WishWaits { wish, wisher, approvers };
    Ok((changed.then(|| NewEvent::new(actor.clone(), body)), new))
}

/// For whom a wish waits as it stands: those who answer, or whoever should own the new role.
pub(crate) async fn seats_of(tx: &mut Tx, wish: &WishRow, state: WishState) -> ServiceResult<Vec<Seat>> {
    let now = tx.now();
    let mut seats = Vec::new();
    if matches!(state, WishState::Proposed | WishState::Coming)
        && let Some(owner) = proposed_owner(tx, wish.id()).await?
    {
        let active = identities::get(tx, owner).await?.is_some_and(|i| i.status.may_act());
        seats.extend(active.then(|| Seat::owner(owner)));
    }
    if matches!(state, WishState::Open | WishState::Coming) {
        let (resolution, _) = resolve(tx, now, wish).await?;
        let others = resolution.approvers.iter().map(Seat::of);
        let own: Vec<IdentityId> = seats.iter().map(|s| s.who).collect();
        seats.extend(others.filter(|seat| !own.contains(&seat.who)));
    }
    Ok(seats)
}

/// Who should own the new role that was proposed last.
pub(crate) async fn proposed_owner(c: &mut impl AsConn, wish: WishId) -> ServiceResult<Option<IdentityId>> {
    let replies = store::replies(c, wish, MAX_REPLIES).await?;
    Ok(replies.into_iter().rev().find_map(|reply| reply.owner_id).map(IdentityId))
}

/// A wish that somebody may see: their own, one that they were ever asked about, and every one for those who keep the portal.
///
/// # Errors
/// `NotFound` for others.
pub async fn visible(c: &mut impl AsConn, id: WishId, who: IdentityId, keeps: bool) -> ServiceResult<WishRow> {
    let wish = store::get(c, id).await?.ok_or(ServiceError::NotFound)?;
    if keeps || wish.wisher_id == who.0 || store::was_asked(c, id, who).await? {
        return Ok(wish);
    }
    Err(ServiceError::NotFound)
}

/// The word that makes somebody an answerer, as the policy gives it.
#[must_use]
pub fn because(word: &str) -> Option<Because> {
    serde_json::from_value(serde_json::Value::String(word.to_owned())).ok()
}
