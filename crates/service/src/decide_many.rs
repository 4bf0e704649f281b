//! An approver decides several items at once, with one comment.
//!
//! Each item is decided by the same rules as a single one ([`decide_item`]) and in its own transaction, so that one which
//! can't be decided doesn't hold up the others. What happened to each is told; nothing is passed over in silence.

use std::collections::BTreeSet;

use latchkey_domain::{
    ItemId, RequestId, StageId,
    actor::Actor,
    clock::Clock,
    item::{ItemState, Verdict},
    role::Risk,
};
use latchkey_store::{Db, request_reads};
use uuid::Uuid;

use crate::{
    FieldProblem, Refusal, ServiceError, ServiceResult,
    decide_item::{Decision, checked_comment, decide_item},
};

/// The most items that are decided at once.
pub const MAX_AT_ONCE: usize = 100;

/// What an approver says about several items.
#[derive(Debug, Clone)]
pub struct Several {
    /// About which items, with the stage that the approver was shown of each.
    pub items: Vec<(ItemId, Option<StageId>)>,
    /// Yes or no, for all of them.
    pub verdict: Verdict,
    /// In their words, for all of them; a no needs some.
    pub comment: String,
}

/// What became of one of them.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The item.
    pub item: ItemId,
    /// Its request, the role and the beneficiary by name; nothing for an item that isn't the actor's to see.
    pub about: Option<(RequestId, String, String)>,
    /// Where it stands now, or why it wasn't decided.
    pub outcome: Result<ItemState, Refusal>,
}

/// Why an item is decided by itself and not among others.
#[must_use]
pub fn one_by_one(risk: Risk) -> Option<Refusal> {
    let why = match risk {
        Risk::Low | Risk::Medium => return None,
        Risk::High => {
            "The role reaches money, personal data or things that are hard to undo, so it deserves a look of its own."
        }
        Risk::Critical => "The role could stop the company in the wrong hands, so it deserves a look of its own.",
    };
    Some(Refusal::new(
        "decision.one_by_one",
        "It was not decided among the others.",
        why,
        "Open it and decide it there.",
    ))
}

/// Decides each of these items, or says why not. The answers come in the order of the items; one that is named twice is
/// decided once.
///
/// # Errors
/// `BadInput` when nothing is chosen, too much, or the comment isn't as it should be: then nothing was decided. What stands
/// against a single item is in its answer.
pub async fn decide_many(db: &Db, clock: &dyn Clock, actor: &Actor, several: &Several) -> ServiceResult<Vec<Answer>> {
    let mut once = BTreeSet::new();
    let items: Vec<(ItemId, Option<StageId>)> =
        several.items.iter().copied().filter(|(item, _)| once.insert(item.0)).collect();
    let comment = check(&items, several)?;
    let me = actor.identity().ok_or(ServiceError::NotFound)?;
    let mut c = db.read().await?;
    let ids: Vec<Uuid> = items.iter().map(|(item, _)| item.0).collect();
    let rows = request_reads::items_by_id(&mut c, &ids).await?;
    let requests: BTreeSet<Uuid> = rows.iter().map(|r| r.request_id).collect();
    let seen = request_reads::seen_among(&mut c, me, &requests.into_iter().collect::<Vec<_>>()).await?;
    let today = request_reads::risks_today(&mut c, &ids).await?;
    drop(c);
    let mut answers = Vec::with_capacity(items.len());
    for (item, stage) in items {
        let row = rows.iter().find(|r| r.id == item.0 && seen.contains(&r.request_id));
        let about = row.map(|r| (RequestId(r.request_id), r.role_name.clone(), r.beneficiary_name.clone()));
        let risk = row.map(|r| today.get(&item.0).copied().unwrap_or(r.risk).max(r.risk));
        let outcome = match risk.and_then(one_by_one) {
            Some(refusal) => Err(refusal),
            None => {
                let decision = Decision { item, stage, verdict: several.verdict, comment: comment.clone() };
                told(decide_item(db, clock, actor, &decision).await.map(|d| d.state))
            }
        };
        answers.push(Answer { item, about, outcome });
    }
    Ok(answers)
}

fn check(items: &[(ItemId, Option<StageId>)], several: &Several) -> ServiceResult<String> {
    let mut problems = Vec::new();
    if items.is_empty() {
        problems.push(FieldProblem::new("item", "decision.none_chosen", "Choose at least one decision in the list."));
    }
    if items.len() > MAX_AT_ONCE {
        let message = format!("Choose at most {MAX_AT_ONCE} decisions at once.");
        problems.push(FieldProblem::new("item", "decision.too_many", message));
    }
    let comment = match checked_comment(several.verdict, &several.comment) {
        Ok(comment) => comment,
        Err(problem) => {
            problems.push(problem);
            String::new()
        }
    };
    if problems.is_empty() { Ok(comment) } else { Err(ServiceError::BadInput(problems)) }
}

/// What stands against one item doesn't stand against the others, not even a database that failed for a moment.
fn told(outcome: ServiceResult<ItemState>) -> Result<ItemState, Refusal> {
    outcome.map_err(|error| match error {
        ServiceError::Refused(refusal) | ServiceError::Conflict(refusal) => refusal,
        ServiceError::NotFound => Refusal::new(
            "decision.not_found",
            "It was not decided.",
            "It isn't there, or it isn't yours to decide.",
            "Open your decisions again.",
        ),
        ServiceError::BadInput(problems) => Refusal {
            code: problems.first().map_or_else(|| "decision.bad_input".to_owned(), |p| p.code.clone()),
            what: "It was not decided.".to_owned(),
            why: problems.into_iter().map(|p| p.message).collect::<Vec<_>>().join(" "),
            help: "Open it and decide it there.".to_owned(),
        },
        ServiceError::Store(error) => {
            tracing::error!(%error, "one of several decisions failed: {error}");
            Refusal::new(
                "decision.failed",
                "It was not decided.",
                "Something broke while it was being saved; nothing of it was written.",
                "Open it and decide it again.",
            )
        }
    })
}
