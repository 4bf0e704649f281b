//! Who is told at once, who reviews, and who may read a review.

use latchkey_domain::{IdentityId, Instant, actor::PersonActor, break_glass::ToldBecause, portal_role::PortalRole};
use latchkey_policy::{Candidate, Wish, resolve_stage};
use latchkey_store::{
    AsConn,
    break_glass::{self as store, ReviewRow},
    items::ItemRow,
    request_reads,
};

use crate::{
    ServiceResult,
    facts::{self, Beneficiary, RoleToday},
    submit_request::known_facts,
    way,
};

/// The most people who are looked through for who was told.
const MANY: i64 = 500;

/// Somebody who is told at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// Who.
    pub id: IdentityId,
    /// What they are called.
    pub name: String,
    /// As what.
    pub because: ToldBecause,
}

/// Who reviews what `taker` took: the role's owner and whoever looks after security, never the taker; administrators when
/// that leaves nobody who is at work.
///
/// # Errors
/// When the database fails.
pub async fn reviewers(
    c: &mut impl AsConn,
    owner: Option<&Candidate<IdentityId>>,
    taker: IdentityId,
) -> ServiceResult<Vec<(Candidate<IdentityId>, ToldBecause)>> {
    let mut all: Vec<(Candidate<IdentityId>, ToldBecause)> = Vec::new();
    all.extend(owner.cloned().map(|o| (o, ToldBecause::Owner)));
    all.extend(facts::holders(c, PortalRole::Security).await?.into_iter().map(|s| (s, ToldBecause::Security)));
    keep_others(&mut all, taker);
    if all.is_empty() {
        let last = facts::holders(c, PortalRole::Administrator).await?;
        all.extend(last.into_iter().map(|a| (a, ToldBecause::Administrator)));
        keep_others(&mut all, taker);
    }
    Ok(all)
}

/// Each once, without the taker and whoever isn't at work.
fn keep_others(all: &mut Vec<(Candidate<IdentityId>, ToldBecause)>, taker: IdentityId) {
    let mut seen = vec![taker];
    all.retain(|(who, _)| {
        let fits = who.status.may_act() && !seen.contains(&who.id);
        seen.push(who.id);
        fits
    });
}

/// Everybody who is told at once: whoever would have decided on an ordinary request, step by step, whoever decides on the
/// taker's own request that waits, and those who review it.
///
/// # Errors
/// When the database fails.
pub(super) async fn to_tell(
    c: &mut impl AsConn,
    now: Instant,
    person: &Beneficiary,
    role: &RoleToday,
    wish: &Wish,
    item: Option<&ItemRow>,
) -> ServiceResult<Vec<Told>> {
    let mut all: Vec<Told> = Vec::new();
    for (id, name) in would_decide(c, now, person, role, wish).await? {
        all.push(Told { id, name, because: ToldBecause::Decides });
    }
    if let Some(item) = item {
        for row in request_reads::approvers_of(c, &[item.id]).await? {
            all.push(Told { id: IdentityId(row.identity_id), name: row.name, because: ToldBecause::Decides });
        }
    }
    for (who, because) in reviewers(c, role.owner.as_ref(), person.id).await? {
        all.push(Told { id: who.id, name: who.name, because });
    }
    let mut seen = vec![person.id];
    all.retain(|told| {
        let fits = !seen.contains(&told.id);
        seen.push(told.id);
        fits
    });
    Ok(all)
}

/// Who would have decided if it had been asked for. Where the policy would have refused or approved by rule, nobody.
async fn would_decide(
    c: &mut impl AsConn,
    now: Instant,
    person: &Beneficiary,
    role: &RoleToday,
    wish: &Wish,
) -> ServiceResult<Vec<(IdentityId, String)>> {
    let Ok(way) = way::way(c, person.id, person, role, wish).await? else { return Ok(Vec::new()) };
    let known = known_facts(c, now, person.id, person, role, &way.stages).await?;
    let approvers = way.stages.iter().flat_map(|rule| resolve_stage(rule, &known).approvers);
    Ok(approvers.map(|approver| (approver.id, approver.name)).collect())
}

/// Reads every review: whoever reads the record.
#[must_use]
pub fn sees_all(person: &PersonActor) -> bool {
    person.portal_roles.iter().any(|role| role.reads_audit())
}

/// May read this review: whoever took it, whoever was told, whoever reviews it, and whoever reads the record.
///
/// # Errors
/// When the database fails.
pub async fn may_see(c: &mut impl AsConn, person: &PersonActor, review: &ReviewRow) -> ServiceResult<bool> {
    if review.identity_id == person.identity.0 || sees_all(person) {
        return Ok(true);
    }
    let told = store::who_was_told(c, review.id(), MANY).await?;
    if told.iter().any(|t| t.identity_id == person.identity.0) {
        return Ok(true);
    }
    super::may_review(c, person, review).await
}
