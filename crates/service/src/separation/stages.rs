//! The steps that rules add to an item's approval.

use latchkey_domain::{
    ItemId, SeparationRuleId, StageId,
    actor::ActorRef,
    event::{EventBody, NewEvent},
    item::Verdict,
};
use latchkey_policy::StageRule;
use latchkey_store::{
    StoreError, Tx,
    items::{self, ItemRow},
    separation::stages as store,
    stages::{self, NewStage, StageRow},
};

use super::wish::missing_stages;
use crate::{ServiceError, ServiceResult, facts::RoleToday};

/// Steps that come after those of the policy, each with the rules that it is there for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Extra {
    stages: Vec<(StageRule, Vec<SeparationRuleId>)>,
}

impl Extra {
    pub(super) const fn new(stages: Vec<(StageRule, Vec<SeparationRuleId>)>) -> Self {
        Self { stages }
    }

    /// The rules of the steps, to be appended to those of the policy.
    pub(crate) fn stages(&self) -> impl Iterator<Item = StageRule> {
        self.stages.iter().map(|(stage, _)| stage.clone())
    }

    /// Notes which of an item's steps, the last ones, are there for which rules.
    pub(crate) async fn note(&self, tx: &mut Tx, item: ItemId, actor: &ActorRef) -> ServiceResult<Vec<NewEvent>> {
        if self.stages.is_empty() {
            return Ok(Vec::new());
        }
        let all = stages::of_items(tx, &[item.0]).await?;
        let first = all.len().saturating_sub(self.stages.len());
        let mut events = Vec::new();
        for (row, (_, rules)) in all.iter().skip(first).zip(&self.stages) {
            for rule in rules {
                store::note(tx, StageId(row.id), *rule).await?;
            }
            events.push(NewEvent::new(
                actor.clone(),
                EventBody::SeparationStageAdded {
                    item,
                    stage: StageId(row.id),
                    position: row.position,
                    rules: rules.clone(),
                },
            ));
        }
        Ok(events)
    }
}

/// Before the last step says yes: steps that today's rules want, and that the item doesn't have, come after it. Returns the
/// item and its steps as they are then.
pub(crate) async fn with_stages_of_today(
    tx: &mut Tx,
    item: ItemRow,
    all: Vec<StageRow>,
    role: &RoleToday,
    verdict: Verdict,
    actor: &ActorRef,
) -> ServiceResult<(ItemRow, Vec<StageRow>, Vec<NewEvent>)> {
    if verdict != Verdict::Approve || item.stage + 1 < item.stages {
        return Ok((item, all, Vec::new()));
    }
    let extra = missing_stages(tx, &item, role).await?;
    if extra.stages.is_empty() {
        return Ok((item, all, Vec::new()));
    }
    let after = all.iter().map(|s| s.position).max().unwrap_or(0) + 1;
    for ((before, position), rule) in (item.stages..).zip(after..).zip(extra.stages()) {
        let frozen =
            serde_json::to_string(&rule).map_err(|_| StoreError::Misuse("a stage rule can't be written as JSON"))?;
        let at = u16::try_from(position).map_err(|_| StoreError::Misuse("an item has too many stages"))?;
        let id = StageId::new(tx.now());
        let new = NewStage { id, item: item.id(), position: at, rule: &frozen, quorum: 1, deadline_counts: "calendar" };
        stages::insert(tx, &new).await?;
        store::one_more(tx, item.id(), before).await?;
    }
    let events = extra.note(tx, item.id(), actor).await?;
    let item = items::get(tx, item.id()).await?.ok_or(ServiceError::NotFound)?;
    let all = stages::of_items(tx, &[item.id]).await?;
    Ok((item, all, events))
}
