//! Somebody else looks at what was taken: what was done, whether it was needed, and what follows.

use latchkey_domain::{
    BreakGlassReviewId,
    actor::{Actor, PersonActor},
    break_glass::Needed,
    clock::Clock,
    event::{EventBody, NewEvent},
};
use latchkey_store::{
    AsConn, Db,
    break_glass::{self as store, ReviewRow, Verdict},
    identities,
};

use super::{may_see, reviewers};
use crate::{FieldProblem, Refusal, ServiceError, ServiceResult, checks, facts, notices};

/// What didn't happen.
const WHAT: &str = "The review was not closed.";

/// What a reviewer says, as typed.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Whether it was needed; absent when nothing was chosen.
    pub needed: Option<Needed>,
    /// What was done.
    pub findings: String,
    /// What follows; may be empty.
    pub follow_up: String,
}

/// May review this: never whoever took it (promise 2).
///
/// # Errors
/// When the database fails.
pub async fn may_review(c: &mut impl AsConn, person: &PersonActor, review: &ReviewRow) -> ServiceResult<bool> {
    if review.identity_id == person.identity.0 {
        return Ok(false);
    }
    let role = facts::role_today(c, review.role()).await?;
    let all = reviewers(c, role.owner.as_ref(), review.identity()).await?;
    Ok(all.iter().any(|(who, _)| who.id == person.identity))
}

/// Closes a review. The access has to be over first: what somebody still does can't have been looked at.
///
/// # Errors
/// `NotFound` to strangers; `Refused` to whoever took it, to others who may read it, and while the access lives; `Conflict`
/// when it is closed already; `BadInput` names fields.
pub async fn review(
    db: &Db,
    clock: &dyn Clock,
    actor: &Actor,
    id: BreakGlassReviewId,
    answer: &Answer,
) -> ServiceResult<()> {
    let person = checks::confirmed_person(actor, WHAT)?;
    let mut tx = db.begin(clock.now()).await?;
    let seen = store::get(&mut tx, id).await?.ok_or(ServiceError::NotFound)?;
    identities::lock(&mut tx, &[seen.identity(), person.identity]).await?;
    tx.now_is(clock.now());
    let row = store::get(&mut tx, id).await?.ok_or(ServiceError::NotFound)?;
    if row.identity_id == person.identity.0 {
        return Err(ServiceError::refused(
            "break_glass.own",
            WHAT,
            "You took it yourself, and nobody reviews their own.",
            "The page says who can.",
        ));
    }
    if !may_review(&mut tx, person, &row).await? {
        if !may_see(&mut tx, person, &row).await? {
            return Err(ServiceError::NotFound);
        }
        return Err(ServiceError::refused(
            "break_glass.not_yours_to_review",
            WHAT,
            "The role's owner and whoever looks after security review this.",
            "Tell one of them what you know; the page names them.",
        ));
    }
    let closed = row.state.close().map_err(|_| {
        let by = row.reviewer_name.clone().unwrap_or_else(|| "Somebody".to_owned());
        ServiceError::Conflict(Refusal::new(
            "break_glass.closed",
            "Nothing was changed by you.",
            format!("{by} has closed this review already."),
            "The page shows what they said.",
        ))
    });
    closed?;
    if row.lives() {
        return Err(ServiceError::refused(
            "break_glass.still_live",
            WHAT,
            format!("{} still has {}.", row.identity_name, row.role_name),
            "End it first, or wait until it ends by itself.",
        ));
    }
    let (needed, findings, follow_up) = checked(answer)?;
    let said = Verdict { reviewer: person.identity, needed, findings: &findings, follow_up: &follow_up };
    store::close(&mut tx, id, said).await?;
    let name = identities::names(&mut tx, &[person.identity.0]).await?.remove(&person.identity.0).unwrap_or_default();
    notices::emergencies::reviewed(&mut tx, &row, &name, needed, &findings, &follow_up).await?;
    let body = EventBody::BreakGlassReviewed {
        review: id,
        grant: row.grant(),
        identity: row.identity(),
        role: row.role(),
        needed,
    };
    tx.commit(vec![NewEvent::new(actor.reference(), body).text("comment", findings).text("follow_up", follow_up)])
        .await?;
    Ok(())
}

/// What was typed, or every problem with it.
fn checked(answer: &Answer) -> ServiceResult<(Needed, String, String)> {
    let mut problems = Vec::new();
    if answer.needed.is_none() {
        let message = "Choose whether it was needed.";
        problems.push(FieldProblem::new("needed", "break_glass.needed_missing", message));
    }
    let findings = checks::words(
        "findings",
        &answer.findings,
        ["break_glass.findings_missing", "break_glass.findings_too_long"],
        "Say what was done and how you know, for example \"Restarted the queue; the shell's log shows nothing else\".",
    )
    .map_err(|problem| problems.push(problem))
    .unwrap_or_default();
    let follow_up = answer.follow_up.trim().to_owned();
    if follow_up.chars().count() > checks::MAX_WORDS {
        let message = format!("Use at most {} characters.", checks::MAX_WORDS);
        problems.push(FieldProblem::new("follow_up", "break_glass.follow_up_too_long", message));
    }
    match (answer.needed, problems.is_empty()) {
        (Some(needed), true) => Ok((needed, findings, follow_up)),
        _ => Err(ServiceError::BadInput(problems)),
    }
}
