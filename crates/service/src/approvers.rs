//! Who can decide a stage now: made when a stage opens, and remade whenever a manager, a status or an owner changes.

pub mod added;

use latchkey_domain::{
    IdentityId, ItemId, RequestId, RoleId, StageId,
    actor::{Actor, ActorRef},
    clock::Clock,
    event::{EventBody, NewEvent, StageApprover},
    item::StageState,
};
use latchkey_policy::{Approver, Resolution, StageRule};
use latchkey_store::{
    Change, Db, StoreError, Tx, identities, items,
    items::ItemRow,
    routing,
    stages::{self, StageRow},
};
use uuid::Uuid;

use crate::{ServiceError, ServiceResult, facts, notices};

/// How many stages are remade between two looks at the list.
const CHUNK: i64 = 200;

/// A frozen stage rule, read back.
///
/// # Errors
/// When it is damaged or a newer version wrote it.
pub fn rule_of(stage: &StageRow) -> ServiceResult<StageRule> {
    serde_json::from_str(&stage.rule).map_err(|e| {
        ServiceError::Store(StoreError::Inconsistent {
            table: "stage",
            column: "rule",
            row: stage.id.to_string(),
            found: e.to_string(),
        })
    })
}

/// Opens a stage for those who can decide it now.
pub(crate) async fn open(
    tx: &mut Tx,
    item: ItemId,
    request: RequestId,
    stage: StageId,
    position: u16,
    resolution: &Resolution<IdentityId>,
    actor: &ActorRef,
) -> ServiceResult<NewEvent> {
    stages::save(tx, stage, StageState::Pending, StageState::Open).await?;
    for approver in &resolution.approvers {
        stages::add_approver(tx, stage, approver.id, because(approver, resolution), None).await?;
    }
    Ok(NewEvent::new(
        actor.clone(),
        EventBody::StageOpened { request, item, stage, position: i64::from(position), approvers: listed(resolution) },
    ))
}

fn because(approver: &Approver<IdentityId>, resolution: &Resolution<IdentityId>) -> &'static str {
    if resolution.used_fallback { "fallback" } else { approver.because.as_str() }
}

fn listed(resolution: &Resolution<IdentityId>) -> Vec<StageApprover> {
    resolution
        .approvers
        .iter()
        .map(|a| StageApprover { identity: a.id, because: because(a, resolution).to_owned() })
        .collect()
}

/// Somebody's manager, status or ownership changed: everyone who can decide the stages that depend on them is worked out
/// again, and those whose answer changed are remade. Returns the events; none when nothing changed.
///
/// # Errors
/// When the database fails.
pub async fn remake_for_identity(
    tx: &mut Tx,
    who: IdentityId,
    actor: &ActorRef,
    why: &str,
) -> ServiceResult<Vec<NewEvent>> {
    let mut events = Vec::new();
    let mut after = Uuid::nil();
    loop {
        let touched = routing::open_stages_touching(tx, who, after, CHUNK).await?;
        let Some(last) = touched.last() else { return Ok(events) };
        after = last.stage_id;
        for open in &touched {
            if let Some(item) = items::get(tx, ItemId(open.item_id)).await?
                && let Some(event) = remake(tx, &item, StageId(open.stage_id), actor, why).await?
            {
                events.push(event);
            }
        }
        if touched.len() < usize::try_from(CHUNK).unwrap_or(usize::MAX) {
            return Ok(events);
        }
    }
}

/// A duty of the worker: a stage that opened in the very moment in which one of its approvers left is worked out again.
/// Whoever opens a stage and whoever ends somebody's work don't wait for each other, so neither may see the other. Usually
/// there are none. Returns how many stages were remade.
///
/// # Errors
/// When the database fails.
pub async fn remake_for_the_absent(db: &Db, clock: &dyn Clock, limit: i64) -> ServiceResult<usize> {
    let found = routing::open_stages_of_the_absent(&mut db.read().await?, limit).await?;
    let actor = Actor::Worker("approvers").reference();
    let mut remade = 0;
    for open in found {
        let mut tx = db.begin(clock.now()).await?;
        identities::lock(&mut tx, &[IdentityId(open.beneficiary_id)]).await?;
        tx.now_is(clock.now());
        let Some(item) = items::get(&mut tx, ItemId(open.item_id)).await? else { continue };
        if let Some(event) = remake(&mut tx, &item, StageId(open.stage_id), &actor, "status").await? {
            tx.commit(vec![event]).await?;
            remade += 1;
        }
    }
    Ok(remade)
}

/// Works out one open stage again. Returns the event, or nothing when the same people decide.
pub(crate) async fn remake(
    tx: &mut Tx,
    item: &ItemRow,
    stage: StageId,
    actor: &ActorRef,
    why: &str,
) -> ServiceResult<Option<NewEvent>> {
    let all = stages::of_items(tx, &[item.id]).await?;
    let Some(row) = all.iter().find(|s| s.id == stage.0 && s.state == StageState::Open) else { return Ok(None) };
    let rule = rule_of(row)?;
    let mut resolution = resolve_now(tx, item, &rule).await?;
    // Whoever was put in by hand stays; whoever's seat that is doesn't come back.
    let by_hand = added::Added::of(tx, stage.0).await?;
    by_hand.take_out_of(&mut resolution);
    let mut before: Vec<Uuid> = stages::approvers(tx, &[stage.0]).await?.into_iter().map(|a| a.identity_id).collect();
    before.retain(|who| !by_hand.has(*who));
    let mut now: Vec<Uuid> = resolution.approvers.iter().map(|a| a.id.0).collect();
    before.sort_unstable();
    now.sort_unstable();
    if before == now {
        return Ok(None);
    }
    by_hand.remove_others(tx, stage).await?;
    for approver in &resolution.approvers {
        stages::add_approver(tx, stage, approver.id, because(approver, &resolution), None).await?;
    }
    let request = RequestId(item.request_id);
    let newcomers: Vec<Approver<IdentityId>> =
        resolution.approvers.iter().filter(|a| before.binary_search(&a.id.0).is_err()).cloned().collect();
    if !newcomers.is_empty() {
        let role = facts::role_today(tx, RoleId(item.role_id)).await?.facts.name;
        let beneficiary = facts::beneficiary(tx, IdentityId(item.beneficiary_id)).await?.name;
        notices::asked_to_decide(tx, request, stage, &newcomers, &beneficiary, &role).await?;
    }
    tx.announce(Change::Request(request));
    Ok(Some(NewEvent::new(
        actor.clone(),
        EventBody::ApproversChanged {
            item: item.id(),
            stage,
            approvers: by_hand.listed(listed(&resolution)),
            why: why.to_owned(),
        },
    )))
}

/// Who decides this rule for this item, by today's facts.
pub(crate) async fn resolve_now(
    tx: &mut Tx,
    item: &ItemRow,
    rule: &StageRule,
) -> ServiceResult<Resolution<IdentityId>> {
    let beneficiary = facts::beneficiary(tx, IdentityId(item.beneficiary_id)).await?;
    let role = facts::role_today(tx, RoleId(item.role_id)).await?;
    let known = facts::approver_facts(
        tx,
        IdentityId(item.requester_id),
        &beneficiary,
        role.owner.clone(),
        item.role_version_id.into(),
        std::slice::from_ref(rule),
    )
    .await?;
    facts::resolve_open_stage(tx, rule, &known).await
}
