//! Somebody other than its holder ends a grant before its time: whoever approved it, the role's owner, or security.

use latchkey_domain::{
    GrantId, IdentityId, RequestId,
    actor::{Actor, PersonActor},
    clock::Clock,
    grant::GrantOrigin,
    portal_role::PortalRole,
};
use latchkey_store::{
    AsConn, Db, break_glass as break_glass_store,
    catalog::ownership::{self, Owned},
    grants::{self as store, GrantRow},
    holdings, identities, items, request_reads,
};

use crate::{Refusal, ServiceError, ServiceResult, break_glass, checks, facts, grants, justify, notices};

/// By what right somebody ends a grant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Right {
    /// They approved it.
    Approver,
    /// They own the role.
    Owner,
    /// They hold the portal role `security`.
    Security,
    /// It was taken in an emergency, and they review it.
    Reviewer,
}

/// By what right this person could end a grant, if by any. Its holder gives it back instead.
///
/// # Errors
/// When the database fails.
pub async fn right(c: &mut impl AsConn, person: &PersonActor, grant: &GrantRow) -> ServiceResult<Option<Right>> {
    if grant.identity_id == person.identity.0 {
        return Ok(None);
    }
    if let Some(item) = grant.item_id
        && holdings::approved_by(c, &[item]).await?.iter().any(|a| a.identity_id == person.identity.0)
    {
        return Ok(Some(Right::Approver));
    }
    if ownership::of(c, Owned::Role(grant.role())).await?.is_some_and(|o| o.owner_id == person.identity.0) {
        return Ok(Some(Right::Owner));
    }
    if person.has(PortalRole::Security) {
        return Ok(Some(Right::Security));
    }
    if grant.origin == GrantOrigin::BreakGlass
        && let Some(review) = break_glass_store::of_grant(c, grant.id()).await?
        && break_glass::may_review(c, person, &review).await?
    {
        return Ok(Some(Right::Reviewer));
    }
    Ok(None)
}

/// Whether a grant may be ended early by somebody whose `own` it is or isn't, with this right or none. Pages ask the same.
///
/// # Errors
/// The rule that says no, and who could do it.
pub fn possible(own: bool, right: Option<Right>) -> Result<Right, Refusal> {
    const WHAT: &str = "This access was not ended.";
    if own {
        let help = "Give it back instead: your home page shows what you have.";
        return Err(Refusal::new("grant.own", WHAT, "It is your own.", help));
    }
    right.ok_or_else(|| {
        let why = "Only those who approved it, the role's owner and security end it before its time.";
        let help = "Ask one of them. Its holder can give it back.";
        Refusal::new("grant.not_yours_to_end", WHAT, why, help)
    })
}

/// Whether somebody may know of a grant's request.
async fn sees(c: &mut impl AsConn, who: IdentityId, grant: &GrantRow) -> ServiceResult<bool> {
    let Some(item) = grant.item_id else { return Ok(false) };
    let Some(item) = items::get(c, item.into()).await? else { return Ok(false) };
    Ok(request_reads::may_see(c, who, RequestId(item.request_id)).await?)
}

/// Ends a grant, for a reason that its holder reads. Access that another grant still justifies stays (promise 6).
///
/// # Errors
/// `NotFound` for strangers, `Refused` for the holder, for those who only see the request, when it has ended, or when nobody would be left to administer;
/// `BadInput` when the reason is missing or too long.
pub async fn end_grant(
    db: &Db,
    clock: &dyn Clock,
    actor: &Actor,
    grant: GrantId,
    reason: &str,
) -> ServiceResult<IdentityId> {
    let person = checks::confirmed_person(actor, "This access was not ended.")?;
    let mut tx = db.begin(clock.now()).await?;
    let seen = store::get(&mut tx, grant).await?.ok_or(ServiceError::NotFound)?;
    identities::lock(&mut tx, &[seen.identity(), person.identity]).await?;
    tx.now_is(clock.now());
    let row = store::get(&mut tx, grant).await?.ok_or(ServiceError::NotFound)?;
    let own = row.identity_id == person.identity.0;
    let right = right(&mut tx, person, &row).await?;
    if !own && right.is_none() && !sees(&mut tx, person.identity, &row).await? {
        return Err(ServiceError::NotFound);
    }
    possible(own, right).map_err(ServiceError::Refused)?;
    let active = identities::get(&mut tx, person.identity).await?.is_some_and(|i| i.status.may_act());
    if !active {
        return Err(ServiceError::refused(
            "grant.actor_not_active",
            "This access was not ended.",
            "You aren't at work according to the people system.",
            "Ask the role's owner or security to end it.",
        ));
    }
    let reason = checks::words(
        "reason",
        reason,
        ["grant.reason_missing", "grant.reason_too_long"],
        "Say why, in a sentence that its holder understands.",
    )
    .map_err(|problem| ServiceError::BadInput(vec![problem]))?;
    if row.state.end().is_err() {
        return Err(ServiceError::refused(
            "grant.ended",
            "There is nothing to end.",
            "This access has ended already.",
            "The request's page says when and why.",
        ));
    }
    let reference = actor.reference();
    let mut events = grants::end_early(&mut tx, &row, person.identity, &reason, &reference).await?;
    grants::still_administered(&mut tx, &row).await?;
    events.extend(justify::settle(&mut tx, row.identity(), &reference).await?);
    let role = facts::role_today(&mut tx, row.role()).await?.facts.name;
    let names = identities::names(&mut tx, &[person.identity.0]).await?;
    let by = names.get(&person.identity.0).map_or("", String::as_str);
    notices::conversation::ended_early(&mut tx, &row, &role, by, &reason).await?;
    tx.commit(events).await?;
    Ok(row.identity())
}
