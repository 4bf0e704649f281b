//! The steps of a new item: frozen as rows, and the first one opened.

use latchkey_domain::{IdentityId, ItemId, RequestId, StageId, actor::ActorRef, event::NewEvent};
use latchkey_policy::{Quorum, Resolution, StageRule};
use latchkey_store::{
    StoreError, Tx,
    stages::{self, NewStage},
};

use crate::{
    ServiceResult,
    approvers::{self, Opening},
    deadline, decide_item,
    facts::{Beneficiary, RoleToday},
    notices,
};

/// The steps that an item takes.
pub(crate) struct Steps<'a> {
    /// The item.
    pub item: ItemId,
    /// Its request.
    pub request: RequestId,
    /// The rules of the steps, in order.
    pub rules: &'a [StageRule],
    /// Who decides in each, in the same order.
    pub people: &'a [Resolution<IdentityId>],
    /// What was asked for.
    pub role: &'a RoleToday,
    /// For whom.
    pub person: &'a Beneficiary,
}

impl Steps<'_> {
    /// Freezes the rules as rows; gives back the first step.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn insert(&self, tx: &mut Tx) -> ServiceResult<Option<StageId>> {
        let mut first = None;
        for (position, (rule, resolution)) in (0_u16..).zip(self.rules.iter().zip(self.people)) {
            let stage = StageId::new(tx.now());
            let frozen =
                serde_json::to_string(rule).map_err(|_| StoreError::Misuse("a stage rule can't be written as JSON"))?;
            let new = NewStage {
                id: stage,
                item: self.item,
                position,
                rule: &frozen,
                quorum: needed(resolution),
                deadline_counts: rule.deadline.as_ref().map_or("calendar", |deadline| deadline.counts.as_str()),
            };
            stages::insert(tx, &new).await?;
            first = first.or(Some(stage));
        }
        Ok(first)
    }

    /// Opens the first step and tells its people; without steps, what `approved_by` names approves the item at once.
    ///
    /// # Errors
    /// `Misuse` when there is neither a step nor an approval.
    pub async fn begin(
        &self,
        tx: &mut Tx,
        first: Option<StageId>,
        approved_by: Option<String>,
        actor: &ActorRef,
    ) -> ServiceResult<Vec<NewEvent>> {
        let (person, role) = (self.person, self.role);
        match (first, self.rules.first(), self.people.first(), approved_by) {
            (Some(stage), Some(rule), Some(resolution), None) => {
                let zone = person.time_zone.as_deref().unwrap_or_default();
                let due = rule.deadline.as_ref().map(|d| deadline::due(tx.now(), d, zone));
                let opening = Opening { item: self.item, request: self.request, stage, position: 0, deadline: due };
                let opened = approvers::open(tx, &opening, resolution, actor).await?;
                let (name, role) = (&person.name, &role.facts.name);
                notices::asked_to_decide(tx, self.request, stage, &resolution.approvers, name, role).await?;
                Ok(vec![opened])
            }
            (None, _, _, Some(rule)) => decide_item::approve_by_rule(tx, self.item, role, person, rule).await,
            _ => Err(StoreError::Misuse("a request without a way was accepted").into()),
        }
    }
}

/// How many have to say yes, as things stand.
fn needed(resolution: &Resolution<IdentityId>) -> u16 {
    match resolution.quorum {
        Quorum::Any => 1,
        Quorum::AtLeast(n) => n,
        Quorum::All => u16::try_from(resolution.seats().len()).unwrap_or(u16::MAX),
        Quorum::Each => u16::try_from(resolution.rules).unwrap_or(u16::MAX),
    }
}
