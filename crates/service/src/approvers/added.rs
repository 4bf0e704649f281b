//! Approvers whom no rule named: to whom a seat was handed over, whom an owner or an administrator put in, and to whom those
//! who wait moved it on.
//!
//! They are rows of the open stage like the others. What is different: when the stage is remade from its rule they stay
//! while they may still decide, and whoever gave their seat away doesn't come back as long as it is taken.

use latchkey_domain::{IdentityId, StageId, event::StageApprover, identity::IdentityKind};
use latchkey_policy::{Approver, Because, Resolution};
use latchkey_store::{
    Tx,
    added_approvers::{self as store, AddedRow},
    identities,
    items::ItemRow,
    stages,
};
use uuid::Uuid;

use crate::{FieldProblem, Refusal, ServiceError, ServiceResult, decide_item};

/// The word for somebody to whom a seat was handed over.
pub const HANDED: &str = "handed";
/// The word for somebody whom an owner or an administrator put in.
pub const ADDED: &str = "added";
/// The word for somebody to whom those who wait moved it on.
pub const MOVED: &str = "moved";
/// The most people who can decide a stage once somebody is put in by hand.
pub(crate) const MOST: usize = 50;

/// Those who decide an open stage by hand and still may.
pub(crate) struct Added(Vec<AddedRow>);

impl Added {
    /// Who they are now: whoever isn't at work any more, asked for the item or would hold it isn't among them.
    pub(crate) async fn of(tx: &mut Tx, stage: Uuid) -> ServiceResult<Self> {
        Ok(Self(store::of_stage(tx, stage).await?))
    }

    /// Whether somebody decides by hand.
    pub(crate) fn has(&self, who: Uuid) -> bool {
        self.0.iter().any(|a| a.identity_id == who)
    }

    /// Why somebody whom the rule names can't decide: their seat is taken by somebody else.
    pub(crate) fn gave_away(&self, who: IdentityId) -> Option<(&'static str, Refusal)> {
        if self.has(who.0) || !self.0.iter().any(|a| a.on_behalf_of == Some(who.0)) {
            return None;
        }
        const CODE: &str = "decision.handed_over";
        let why = "Somebody else decides in your place: you handed it over, or somebody was put in for you.";
        let help = "Open the request to see who decides now. They can hand it back to you.";
        Some((CODE, Refusal::new(CODE, "Nothing was decided.", why, help)))
    }

    /// Puts those who decide by hand among those whom the rules name: in the place of whoever's seat they have, else with a
    /// seat of their own. A seat that its owner handed over stays that person's voice.
    pub(crate) fn seat_them_in(&self, resolution: &mut Resolution<IdentityId>) {
        for row in &self.0 {
            let who = IdentityId(row.identity_id);
            let given_by = row.on_behalf_of.map(IdentityId);
            let place = resolution.approvers.iter().position(|a| Some(a.id) == given_by);
            let replaced = place.map(|at| resolution.approvers.remove(at));
            resolution.approvers.retain(|a| a.id != who);
            let on_behalf_of = given_by.filter(|_| row.because == HANDED).zip(row.behalf_name.clone());
            let all = (0..resolution.rules).collect();
            resolution.approvers.push(Approver {
                id: who,
                name: row.name.clone(),
                because: replaced.as_ref().map_or(Because::Person, |a| a.because),
                // Whoever hands on what they decide for somebody else hands that seat on.
                on_behalf_of: replaced.as_ref().and_then(|a| a.on_behalf_of.clone()).or(on_behalf_of),
                for_rules: replaced.map_or(all, |a| a.for_rules),
            });
        }
    }

    /// Everybody whose seat came from a rule leaves the stage, and whoever was put in but may not decide any more.
    pub(crate) async fn remove_others(&self, tx: &mut Tx, stage: StageId) -> ServiceResult<()> {
        if self.0.is_empty() {
            return Ok(stages::remove_approvers(tx, stage).await?);
        }
        for row in stages::approvers(tx, &[stage.0]).await?.into_iter().filter(|a| !self.has(a.identity_id)) {
            store::remove(tx, stage, IdentityId(row.identity_id)).await?;
        }
        Ok(())
    }

    /// Everybody who decides, as an event tells it.
    pub(crate) fn listed(&self, mut others: Vec<StageApprover>) -> Vec<StageApprover> {
        others.extend(self.0.iter().map(|a| StageApprover {
            identity: IdentityId(a.identity_id),
            because: a.because.clone(),
            on_behalf_of: a.on_behalf_of.filter(|_| a.because == HANDED).map(IdentityId),
        }));
        others
    }
}

/// Whether somebody could take a seat in an open stage, in words for the field `to` where they couldn't.
pub(crate) async fn could_decide(
    tx: &mut Tx,
    item: &ItemRow,
    stage: Uuid,
    who: IdentityId,
) -> ServiceResult<Result<String, FieldProblem>> {
    let no = |code: &str, message: String| Ok(Err(FieldProblem::new("to", code, message)));
    let Some(person) = identities::get(tx, who).await?.filter(|i| i.kind == IdentityKind::Person) else {
        return no("approver.unknown", "Choose somebody from the list.".to_owned());
    };
    let name = person.display_name;
    if [item.requester_id, item.beneficiary_id].contains(&who.0) {
        return no(
            "approver.own_item",
            format!("{name} asked for this, or it is for them, so they can\u{2019}t decide it. Choose somebody else."),
        );
    }
    if !person.status.may_act() {
        return no("approver.not_active", format!("{name} isn\u{2019}t at work now. Choose somebody else."));
    }
    let listed = stages::approvers(tx, &[stage]).await?;
    if listed.iter().any(|a| a.identity_id == who.0) {
        return no("approver.already", format!("{name} can decide this already. Choose somebody else."));
    }
    if listed.len() >= MOST {
        return no("approver.too_many", format!("{MOST} people can decide this already, and that is the most."));
    }
    let decided = stages::decisions(tx, &[item.id]).await?;
    if decided.iter().any(|d| d.stage_id == stage && d.identity_id == who.0) {
        return no(
            "approver.decided_already",
            format!("{name} has decided in this step already. Choose somebody else."),
        );
    }
    Ok(Ok(name))
}

/// The open stage of a waiting item, with who can decide it now. `what` says what didn't happen.
///
/// # Errors
/// `Conflict` when nothing is open any more.
pub(crate) async fn open_stage(
    tx: &mut Tx,
    item: &ItemRow,
    what: &'static str,
) -> ServiceResult<(stages::StageRow, Vec<stages::ApproverRow>)> {
    let all = stages::of_items(tx, &[item.id]).await?;
    let Some(stage) = decide_item::open_stage(item, &all) else {
        return Err(ServiceError::Conflict(Refusal::new(
            "approver.nothing_open",
            what,
            "It doesn't wait for a decision any more.",
            "Open the request to see where it stands.",
        )));
    };
    let listed = stages::approvers(tx, &[stage.id]).await?;
    Ok((stage.clone(), listed))
}
