//! Those who wait remind those who can decide, once the time to decide has passed.

use latchkey_domain::{
    IdentityId, ItemId, RequestId, RoleId, StageId,
    actor::Actor,
    clock::Clock,
    event::{EventBody, NewEvent},
};
use latchkey_store::{Change, Db, Tx, identities, items, items::ItemRow, request_reads, waiting};

use crate::{
    ServiceError, ServiceResult,
    approvers::{self, added},
    checks, facts, notices,
    patience::{Waiting, in_words},
};

const WHAT: &str = "Nobody was nudged.";

/// Who was reminded, for a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Nudged {
    /// Of which request.
    pub request: RequestId,
    /// What they are called.
    pub names: Vec<String>,
}

/// Reminds everybody who can decide the open stage of an item.
///
/// # Errors
/// `NotFound` for strangers, `Refused` for those who don't wait for it, too early, or for the second time within a day;
/// `Conflict` when nothing is open any more.
pub async fn nudge(db: &Db, clock: &dyn Clock, actor: &Actor, item: ItemId) -> ServiceResult<Nudged> {
    let me = checks::confirmed_person(actor, WHAT)?.identity;
    let mut tx = db.begin(clock.now()).await?;
    let seen = items::get(&mut tx, item).await?.ok_or(ServiceError::NotFound)?;
    waits_for_it(&mut tx, &seen, me, WHAT, "nudge.not_yours").await?;
    identities::lock(&mut tx, &[IdentityId(seen.beneficiary_id), me]).await?;
    tx.now_is(clock.now());
    let item = items::get(&mut tx, item).await?.ok_or(ServiceError::NotFound)?;
    still_at_work(&mut tx, me, WHAT, "nudge.not_active").await?;
    let (stage, listed) = added::open_stage(&mut tx, &item, WHAT).await?;
    let rule = approvers::rule_of(&stage)?;
    let late = Waiting::of(&stage, rule.deadline.as_ref(), &item.zone).ok_or(ServiceError::NotFound)?;
    late.may_nudge(tx.now()).map_err(|early| {
        let help = format!("You can nudge from {}.", in_words(early.from, &item.zone));
        ServiceError::refused(early.code, WHAT, early.why, help)
    })?;
    let request = RequestId(item.request_id);
    let role = facts::role_today(&mut tx, RoleId(item.role_id)).await?.facts.name;
    let mut people: Vec<_> = listed.iter().map(|a| a.identity_id).collect();
    people.extend([me.0, item.beneficiary_id]);
    let names = identities::names(&mut tx, &people).await?;
    let called = |id| names.get(&id).map_or("", String::as_str);
    let who = notices::conversation::Who { by: called(me.0), beneficiary: called(item.beneficiary_id), role: &role };
    for approver in &listed {
        notices::conversation::nudged(&mut tx, IdentityId(approver.identity_id), request, &who, item.created_at)
            .await?;
    }
    let stage_id = StageId(stage.id);
    waiting::set_nudged(&mut tx, stage_id).await?;
    tx.announce(Change::Request(request));
    let body = EventBody::StageNudged {
        request,
        item: item.id(),
        stage: stage_id,
        role: RoleId(item.role_id),
        beneficiary: IdentityId(item.beneficiary_id),
    };
    tx.commit(vec![NewEvent::new(actor.reference(), body)]).await?;
    let names = listed.iter().map(|a| called(a.identity_id).to_owned()).collect();
    Ok(Nudged { request, names })
}

/// Only whoever asked for an item or would hold it waits for it; others who see it are told so.
pub(crate) async fn waits_for_it(
    tx: &mut Tx,
    item: &ItemRow,
    me: IdentityId,
    what: &'static str,
    code: &'static str,
) -> ServiceResult<()> {
    if [item.requester_id, item.beneficiary_id].contains(&me.0) {
        return Ok(());
    }
    if !request_reads::may_see(tx, me, RequestId(item.request_id)).await? {
        return Err(ServiceError::NotFound);
    }
    Err(ServiceError::refused(
        code,
        what,
        "Only whoever asked for it, or would hold it, does that.",
        "Whoever decides can hand it over. The role\u{2019}s owner and administrators can put somebody in.",
    ))
}

/// Whoever isn't at work does nothing.
pub(crate) async fn still_at_work(
    tx: &mut Tx,
    me: IdentityId,
    what: &'static str,
    code: &'static str,
) -> ServiceResult<()> {
    if identities::get(tx, me).await?.is_some_and(|i| i.status.may_act()) {
        return Ok(());
    }
    Err(ServiceError::refused(
        code,
        what,
        "You aren\u{2019}t at work by what the people team says.",
        "Ask the people team if that is wrong.",
    ))
}
