//! What time does: grants start and end, requests lapse, people are reminded.

use chrono::TimeDelta;
use latchkey_domain::{
    IdentityId, RequestId, RoleId,
    actor::{Actor, ActorRef},
    clock::Clock,
    event::{EventBody, NewEvent},
    grant::GrantEnd,
    identity::Status,
};
use latchkey_store::{
    Change, Db, Tx,
    grants::{self as store, GrantRow},
    identities,
    items::{self, ItemRow},
    stages,
};

use crate::{ServiceResult, extend, facts, grants, justify, notices};

/// How long before its end a holder is told.
pub const REMINDER: TimeDelta = TimeDelta::days(7);

fn worker() -> ActorRef {
    Actor::Worker("expire").reference()
}

/// Ends grants whose end has come, one transaction each. Returns how many.
///
/// # Errors
/// When the database fails.
pub async fn end_due_grants(db: &Db, clock: &dyn Clock, limit: i64) -> ServiceResult<usize> {
    let due = store::due_to_end(&mut db.read().await?, clock.now(), limit).await?;
    let mut ended = 0;
    for grant in due {
        let mut tx = db.begin(clock.now()).await?;
        identities::lock(&mut tx, &[grant.identity()]).await?;
        tx.now_is(clock.now());
        // It may have been given back, or extended, since it was listed.
        let Some(now) = store::get(&mut tx, grant.id()).await? else { continue };
        if now.state.end().is_err() || now.ends_at.is_none_or(|end| end > tx.now()) {
            continue;
        }
        let reason = if now.full_ends_at.is_some() { GrantEnd::TrialOver } else { GrantEnd::Expired };
        let mut events = grants::end(&mut tx, &now, reason, &worker()).await?;
        if now.full_ends_at.is_some() && now.eligible {
            // No system has anything to confirm of a right.
            let role = facts::role_today(&mut tx, now.role()).await?.facts.name;
            notices::ended(&mut tx, now.identity(), now.id(), now.role_id, &role, true).await?;
        }
        events.extend(extend::go_on(&mut tx, &now, &worker()).await?);
        events.extend(justify::settle(&mut tx, now.identity(), &worker()).await?);
        tx.commit(events).await?;
        ended += 1;
    }
    Ok(ended)
}

/// Starts grants whose start has come, if their holder may still hold them; whoever hasn't started yet gets theirs on
/// the day they do. Returns how many.
///
/// # Errors
/// When the database fails.
pub async fn start_due_grants(db: &Db, clock: &dyn Clock, limit: i64) -> ServiceResult<usize> {
    let due = store::due_to_start(&mut db.read().await?, clock.now(), limit).await?;
    let mut started = 0;
    for grant in due {
        let mut tx = db.begin(clock.now()).await?;
        identities::lock(&mut tx, &[grant.identity()]).await?;
        tx.now_is(clock.now());
        let Some(now) = store::get(&mut tx, grant.id()).await? else { continue };
        if now.state.start(now.kind()).is_err() {
            continue;
        }
        let status = facts::beneficiary(&mut tx, now.identity()).await?.status;
        if status == Status::PreHire {
            continue;
        }
        let mut events = if status.may_hold() {
            store::start(&mut tx, now.id()).await?;
            let body = EventBody::GrantStarted { grant: now.id(), identity: now.identity(), role: now.role() };
            vec![NewEvent::new(worker(), body)]
        } else {
            grants::end(&mut tx, &now, GrantEnd::Terminated, &worker()).await?
        };
        events.extend(justify::settle(&mut tx, now.identity(), &worker()).await?);
        tx.commit(events).await?;
        started += 1;
    }
    Ok(started)
}

/// Closes requests that nobody decided in time. Returns how many items.
///
/// # Errors
/// When the database fails.
pub async fn lapse_due_items(db: &Db, clock: &dyn Clock, limit: i64) -> ServiceResult<usize> {
    let due = items::due_to_lapse(&mut db.read().await?, clock.now(), limit).await?;
    let mut lapsed = 0;
    for seen in due {
        let mut tx = db.begin(clock.now()).await?;
        identities::lock(&mut tx, &[IdentityId(seen.beneficiary_id)]).await?;
        tx.now_is(clock.now());
        let Some(item) = items::get(&mut tx, seen.id()).await? else { continue };
        if item.progress().lapse().is_err() {
            continue;
        }
        let events = lapse(&mut tx, &item, &worker()).await?;
        tx.commit(events).await?;
        lapsed += 1;
    }
    Ok(lapsed)
}

/// Closes an item that nobody decided in time. The caller holds the beneficiary's lock.
pub(crate) async fn lapse(tx: &mut Tx, item: &ItemRow, actor: &ActorRef) -> ServiceResult<Vec<NewEvent>> {
    let Ok(to) = item.progress().lapse() else { return Ok(Vec::new()) };
    items::save(tx, item.id(), item.progress(), to).await?;
    stages::close_item(tx, item.id()).await?;
    let request = RequestId(item.request_id);
    items::follow(tx, request).await?;
    let role = facts::role_today(tx, RoleId(item.role_id)).await?;
    let beneficiary = facts::beneficiary(tx, IdentityId(item.beneficiary_id)).await?;
    notices::decided(tx, item, to.state, "", &role.facts.name, &beneficiary.name, "").await?;
    tx.announce(Change::Request(request));
    let body = EventBody::ItemLapsed {
        request,
        item: item.id(),
        role: RoleId(item.role_id),
        beneficiary: IdentityId(item.beneficiary_id),
    };
    Ok(vec![NewEvent::new(actor.clone(), body)])
}

/// Tells holders whose access ends within a week, once. Returns how many.
///
/// # Errors
/// When the database fails.
pub async fn remind(db: &Db, clock: &dyn Clock, limit: i64) -> ServiceResult<usize> {
    let now = clock.now();
    let due = store::due_to_remind(&mut db.read().await?, now, now + REMINDER, limit).await?;
    tell(db, clock, due).await
}

/// Asks holders of trials whether they use what they have, once each. Returns how many.
///
/// # Errors
/// When the database fails.
pub async fn ask_about_trials(db: &Db, clock: &dyn Clock, limit: i64) -> ServiceResult<usize> {
    let due = store::due_to_ask(&mut db.read().await?, clock.now(), limit).await?;
    tell(db, clock, due).await
}

/// Tells the holders of these grants that they end, one transaction each, and only who wasn't told yet.
async fn tell(db: &Db, clock: &dyn Clock, due: Vec<GrantRow>) -> ServiceResult<usize> {
    let now = clock.now();
    let mut told = 0;
    for grant in due {
        let mut tx = db.begin(now).await?;
        if store::set_reminded(&mut tx, grant.id()).await? {
            tell_one(&mut tx, &grant).await?;
            tx.commit_bookkeeping().await?;
            told += 1;
        }
    }
    Ok(told)
}

async fn tell_one(tx: &mut Tx, grant: &GrantRow) -> ServiceResult<()> {
    if grant.full_ends_at.is_some() {
        let role = facts::role_today(tx, grant.role()).await?;
        return notices::trial_asks(tx, grant, &role.facts.name).await;
    }
    // Access for hours or a few days was asked for with its end in mind.
    let long_enough = grant.ends_at.is_some_and(|end| end - grant.starts_at > REMINDER * 2);
    if !long_enough {
        return Ok(());
    }
    let role = facts::role_today(tx, grant.role()).await?;
    notices::ending_soon(tx, grant, &role.facts.name).await
}
