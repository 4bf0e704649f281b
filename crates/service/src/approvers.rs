//! Who can decide a stage now: made when a stage opens, and remade whenever a manager, a
//! status, an owner, a group or a delegation changes.

pub mod added;

use latchkey_domain::{
    IdentityId, Instant, ItemId, RequestId, RoleId, StageId,
    actor::{Actor, ActorRef},
    clock::Clock,
    event::{EventBody, NewEvent, StageApprover},
    item::StageState,
};
use latchkey_policy::{Approver, ApproverFacts, Resolution, StageRule};
use latchkey_store::{
    Change, Db, StoreError, Tx, identities, items,
    items::ItemRow,
    routing,
    stages::{self, DecisionRow, StageRow},
};
use uuid::Uuid;

use crate::{
    ServiceError, ServiceResult,
    facts::{self, Asked, Beneficiary, RoleToday},
    notices,
};

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

/// A stage that is about to open.
pub(crate) struct Opening {
    /// Of which item.
    pub(crate) item: ItemId,
    /// Of which request.
    pub(crate) request: RequestId,
    /// Which stage.
    pub(crate) stage: StageId,
    /// Which step it is, from 0.
    pub(crate) position: u16,
    /// By when it should be decided.
    pub(crate) deadline: Option<Instant>,
}

/// Opens a stage for those who can decide it now.
pub(crate) async fn open(
    tx: &mut Tx,
    opening: &Opening,
    resolution: &Resolution<IdentityId>,
    actor: &ActorRef,
) -> ServiceResult<NewEvent> {
    let Opening { item, request, stage, position, deadline } = *opening;
    stages::save(tx, stage, StageState::Pending, StageState::Open).await?;
    if let Some(deadline) = deadline {
        stages::set_deadline(tx, stage, deadline).await?;
    }
    for approver in &resolution.approvers {
        list(tx, stage, approver, resolution).await?;
    }
    Ok(NewEvent::new(
        actor.clone(),
        EventBody::StageOpened { request, item, stage, position: i64::from(position), approvers: listed(resolution) },
    ))
}

async fn list(
    tx: &mut Tx,
    stage: StageId,
    approver: &Approver<IdentityId>,
    resolution: &Resolution<IdentityId>,
) -> ServiceResult<()> {
    let for_whom = approver.on_behalf_of.as_ref().map(|(seat, _)| *seat);
    Ok(stages::add_approver(tx, stage, approver.id, because(approver, resolution), for_whom).await?)
}

fn because(approver: &Approver<IdentityId>, resolution: &Resolution<IdentityId>) -> &'static str {
    if resolution.used_fallback { "fallback" } else { approver.because.as_str() }
}

fn listed(resolution: &Resolution<IdentityId>) -> Vec<StageApprover> {
    resolution
        .approvers
        .iter()
        .map(|a| StageApprover {
            identity: a.id,
            because: because(a, resolution).to_owned(),
            on_behalf_of: a.on_behalf_of.as_ref().map(|(seat, _)| *seat),
        })
        .collect()
}

/// Somebody's manager, status, ownership or delegation changed: everyone who can decide the stages that depend on them is
/// worked out again, and those whose answer changed are remade. Returns the events; none when nothing changed.
///
/// # Errors
/// When the database fails.
pub async fn remake_for_identity(
    tx: &mut Tx,
    who: IdentityId,
    actor: &ActorRef,
    why: &str,
) -> ServiceResult<Vec<NewEvent>> {
    remake_each(tx, Touching::Person(who), actor, why).await
}

/// A group has other members: likewise for the stages that name it.
///
/// # Errors
/// When the database fails.
pub(crate) async fn remake_for_group(tx: &mut Tx, key: &str, actor: &ActorRef) -> ServiceResult<Vec<NewEvent>> {
    remake_each(tx, Touching::Group(key), actor, "group").await
}

enum Touching<'a> {
    Person(IdentityId),
    Group(&'a str),
}

async fn remake_each(tx: &mut Tx, what: Touching<'_>, actor: &ActorRef, why: &str) -> ServiceResult<Vec<NewEvent>> {
    let mut events = Vec::new();
    let mut after = Uuid::nil();
    loop {
        let touched = match what {
            Touching::Person(who) => routing::open_stages_touching(tx, who, after, CHUNK).await?,
            Touching::Group(key) => routing::open_stages_naming(tx, key, after, CHUNK).await?,
        };
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
    let now = resolve_now(tx, item, row, &rule).await?;
    // Who has said yes already isn't asked again, and whoever was put in by hand is there already.
    let spoken: Vec<(Uuid, Uuid)> = now.said_in(row).map(|d| (d.identity_id, seat_of(d))).collect();
    let Now { mut resolution, by_hand, .. } = now;
    let has_spoken = |a: &Approver<IdentityId>| spoken.iter().any(|(who, seat)| *who == a.id.0 || *seat == a.seat().0);
    resolution.approvers.retain(|a| !has_spoken(a) && !by_hand.has(a.id.0));
    let rows = stages::approvers(tx, &[stage.0]).await?;
    let mut before: Vec<(Uuid, Option<Uuid>)> = rows.into_iter().map(|a| (a.identity_id, a.on_behalf_of)).collect();
    before.retain(|(who, _)| !by_hand.has(*who));
    let seat = |a: &Approver<IdentityId>| (a.id.0, a.on_behalf_of.as_ref().map(|(seat, _)| seat.0));
    let mut after: Vec<(Uuid, Option<Uuid>)> = resolution.approvers.iter().map(seat).collect();
    before.sort_unstable();
    after.sort_unstable();
    if before == after {
        return Ok(None);
    }
    by_hand.remove_others(tx, stage).await?;
    for approver in &resolution.approvers {
        list(tx, stage, approver, &resolution).await?;
    }
    let request = RequestId(item.request_id);
    let newcomers: Vec<Approver<IdentityId>> =
        resolution.approvers.iter().filter(|a| !before.iter().any(|(who, _)| *who == a.id.0)).cloned().collect();
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

/// In whose place it was said.
fn seat_of(d: &DecisionRow) -> Uuid {
    d.on_behalf_of.unwrap_or(d.identity_id)
}

/// A stage of an item, as it is today.
pub(crate) struct Now {
    /// What its rule can point at.
    pub(crate) facts: ApproverFacts<IdentityId>,
    /// Who decides it.
    pub(crate) resolution: Resolution<IdentityId>,
    /// Those among them whom no rule named.
    pub(crate) by_hand: added::Added,
    /// What was said so far, in this stage and in those before.
    decided: Vec<DecisionRow>,
}

impl Now {
    /// What was said in this stage so far.
    pub(crate) fn said_in(&self, stage: &StageRow) -> impl Iterator<Item = &DecisionRow> {
        self.decided.iter().filter(move |d| d.stage_id == stage.id)
    }

    /// What was said in this stage for this seat.
    pub(crate) fn said_for(&self, stage: &StageRow, seat: IdentityId) -> Option<&DecisionRow> {
        self.said_in(stage).find(|d| seat_of(d) == seat.0)
    }
}

/// Who decides this stage of this item, by today's facts.
pub(crate) async fn resolve_now(tx: &mut Tx, item: &ItemRow, stage: &StageRow, rule: &StageRule) -> ServiceResult<Now> {
    let beneficiary = facts::beneficiary(tx, IdentityId(item.beneficiary_id)).await?;
    let role = facts::role_today(tx, RoleId(item.role_id)).await?;
    resolve_for(tx, item, stage, rule, &role, &beneficiary).await
}

/// The same, where role and beneficiary have been read already.
pub(crate) async fn resolve_for(
    tx: &mut Tx,
    item: &ItemRow,
    stage: &StageRow,
    rule: &StageRule,
    role: &RoleToday,
    beneficiary: &Beneficiary,
) -> ServiceResult<Now> {
    let decided = stages::decisions(tx, &[item.id]).await?;
    let decided_before = decided.iter().filter(|d| d.stage_id != stage.id).map(|d| IdentityId(d.identity_id)).collect();
    let asked = Asked {
        requester: IdentityId(item.requester_id),
        beneficiary,
        owner: role.owner.clone(),
        role: role.id,
        version: item.role_version_id.into(),
        risk: role.risk,
        decided_before,
        overdue: stage.overdue_at.is_some(),
    };
    let now = tx.now();
    let facts = facts::approver_facts(tx, now, &asked, std::slice::from_ref(rule)).await?;
    let mut resolution = facts::resolve_open_stage(tx, rule, &facts).await?;
    let by_hand = added::Added::of(tx, stage.id).await?;
    by_hand.seat_them_in(&mut resolution);
    Ok(Now { facts, resolution, by_hand, decided })
}
