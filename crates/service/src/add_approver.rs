//! The role's owner or an administrator lets somebody decide an open stage, beside the others or in somebody's place.

use latchkey_domain::{
    IdentityId, ItemId, RequestId, RoleId, StageId,
    actor::{Actor, PersonActor},
    clock::Clock,
    event::{EventBody, NewEvent},
    portal_role::PortalRole,
};
use latchkey_store::{
    AsConn, Change, Db, added_approvers,
    catalog::ownership::{self, Owned},
    identities, items, request_reads, stages,
};

use crate::{
    FieldProblem, Refusal, ServiceError, ServiceResult,
    approvers::added::{self, ADDED},
    checks, facts, notices,
};

const WHAT: &str = "Nobody was added.";

/// Who should decide, and why.
#[derive(Debug, Clone)]
pub struct AddApprover {
    /// About which item.
    pub item: ItemId,
    /// Who should decide.
    pub to: IdentityId,
    /// In whose place, if in somebody's.
    pub instead_of: Option<IdentityId>,
    /// Why, in words that stay on record.
    pub reason: String,
}

/// Whether somebody may say who decides on a role's items: its owner and administrators may.
///
/// # Errors
/// When the database fails.
pub async fn may_add(c: &mut impl AsConn, person: &PersonActor, role: RoleId) -> ServiceResult<bool> {
    if person.has(PortalRole::Administrator) {
        return Ok(true);
    }
    Ok(ownership::of(c, Owned::Role(role)).await?.is_some_and(|o| o.owner_id == person.identity.0))
}

/// Whether somebody may say who decides on an item: `may` by [`may_add`], and not on their `own`. Pages ask the same.
///
/// # Errors
/// The rule that says no, and who could do it.
pub fn possible(may: bool, own: bool) -> Result<(), Refusal> {
    if !may {
        return Err(Refusal::new(
            "approver.not_yours_to_add",
            WHAT,
            "Only the role's owner and administrators say who else decides.",
            "Ask one of them. Whoever decides now can hand it over.",
        ));
    }
    if own {
        return Err(Refusal::new(
            "approver.own_item",
            WHAT,
            "You asked for this, or it is for you, or you aren't at work: then somebody else says who decides.",
            "Ask another administrator.",
        ));
    }
    Ok(())
}

/// Lets somebody decide the open stage of an item. Returns its request and the name of who decides from now on.
///
/// # Errors
/// `NotFound` for strangers, `Refused` for those who may not and for one's own item, `Conflict` when nothing is open any
/// more, `BadInput` when the other can't decide it or the reason isn't as it should be.
pub async fn add_approver(
    db: &Db,
    clock: &dyn Clock,
    actor: &Actor,
    wish: &AddApprover,
) -> ServiceResult<(RequestId, String)> {
    let person = checks::confirmed_person(actor, WHAT)?;
    let me = person.identity;
    let mut tx = db.begin(clock.now()).await?;
    let seen = items::get(&mut tx, wish.item).await?.ok_or(ServiceError::NotFound)?;
    let mut people = vec![IdentityId(seen.beneficiary_id), me];
    if identities::get(&mut tx, wish.to).await?.is_some() {
        people.push(wish.to);
    }
    identities::lock(&mut tx, &people).await?;
    tx.now_is(clock.now());
    let item = items::get(&mut tx, wish.item).await?.ok_or(ServiceError::NotFound)?;
    let request = RequestId(item.request_id);
    let may = may_add(&mut tx, person, RoleId(item.role_id)).await?;
    if !may && !request_reads::may_see(&mut tx, me, request).await? {
        return Err(ServiceError::NotFound);
    }
    let own = [item.requester_id, item.beneficiary_id].contains(&me.0);
    let active = identities::get(&mut tx, me).await?.is_some_and(|i| i.status.may_act());
    possible(may, own || !active).map_err(ServiceError::Refused)?;
    let (stage, listed) = added::open_stage(&mut tx, &item, WHAT).await?;
    let reason = checks::words(
        "reason",
        &wish.reason,
        ["approver.reason_missing", "approver.reason_too_long"],
        "Say why. It stays on record, and whoever you add reads it.",
    );
    let mut problems: Vec<FieldProblem> = reason.as_ref().err().cloned().into_iter().collect();
    if wish.to == me {
        let message = "Choose somebody else: nobody puts themselves among those who decide.";
        problems.push(FieldProblem::new("to", "approver.yourself", message));
    }
    if let Some(before) = wish.instead_of
        && !listed.iter().any(|a| a.identity_id == before.0)
    {
        let message = "They don\u{2019}t decide this any more. Choose again in whose place.";
        problems.push(FieldProblem::new("instead_of", "approver.not_listed", message));
    }
    let name = match added::could_decide(&mut tx, &item, stage.id, wish.to).await? {
        Ok(name) => name,
        Err(problem) => {
            problems.push(problem);
            String::new()
        }
    };
    let (Ok(reason), true) = (reason, problems.is_empty()) else { return Err(ServiceError::BadInput(problems)) };
    let stage_id = StageId(stage.id);
    if let Some(before) = wish.instead_of {
        added_approvers::remove(&mut tx, stage_id, before).await?;
    }
    stages::add_approver(&mut tx, stage_id, wish.to, ADDED, wish.instead_of).await?;
    let role = facts::role_today(&mut tx, RoleId(item.role_id)).await?.facts.name;
    let names = identities::names(&mut tx, &[me.0, item.beneficiary_id]).await?;
    let called = |id| names.get(&id).map_or("", String::as_str);
    notices::conversation::seat_taken(
        &mut tx,
        wish.to,
        request,
        &format!("{} asks you to decide", called(me.0)),
        &role,
        called(item.beneficiary_id),
        &reason,
    )
    .await?;
    tx.announce(Change::Request(request));
    let body = EventBody::ApproverAdded {
        request,
        item: item.id(),
        stage: stage_id,
        approver: wish.to,
        instead_of: wish.instead_of,
    };
    tx.commit(vec![NewEvent::new(actor.reference(), body).text("reason", reason)]).await?;
    Ok((request, name))
}
