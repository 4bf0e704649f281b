//! `/do/decide`: an approver says yes or no.

use axum::{extract::State, response::Response};
use latchkey_domain::{
    ItemId,
    item::{ItemState, Verdict},
};
use latchkey_policy::Span;
use latchkey_service::{
    FieldProblem, ServiceError,
    decide_item::{Decision, decide_item_for},
};
use tower_sessions::Session;

use crate::web::{
    Draft, Flash, PageError,
    answer::see_other,
    form::Fields,
    state::{AppState, Signed},
};

/// The name under which a form that came back is kept for an item.
#[must_use]
pub fn draft_name(item: ItemId) -> String {
    format!("decide {item}")
}

pub(in crate::web) async fn post(
    State(state): State<AppState>,
    signed: Signed,
    session: Session,
    fields: Fields,
) -> Result<Response, PageError> {
    let item: ItemId = fields.id("item_id")?;
    let verdict: Verdict = fields.id("verdict")?;
    let comment = fields.text("comment").to_owned();
    let stage = fields.text("stage_id").parse().ok();
    let decision = Decision { item, stage, verdict, comment };
    let at_most = match fields.text("duration") {
        "" => Ok(None),
        typed => typed.parse::<Span>().map(Some).map_err(|_| {
            let words = "Choose one of the lengths, or leave it as it was asked for.";
            ServiceError::BadInput(vec![FieldProblem::new("duration", "decision.length_unknown", words)])
        }),
    };
    let decided = match at_most {
        Ok(at_most) => decide_item_for(&state.db, state.clock.as_ref(), &signed.actor(), &decision, at_most).await,
        Err(error) => Err(error),
    };
    match decided {
        Ok(done) => {
            let (role, who) = (&done.role_name, &done.beneficiary_name);
            let words = match done.state {
                ItemState::Approved => format!("You approved {role} for {who}. The systems are being updated."),
                ItemState::Waiting if done.goes_on => {
                    format!("You approved {role} for {who}. Others have to agree, too.")
                }
                ItemState::Waiting => format!("You approved {role} for {who}. It goes on to the next step."),
                _ => format!("You denied {role} for {who}. They are told why."),
            };
            Flash::done(words).link("See the request", format!("/requests/{}", done.request)).keep(&session).await;
            Ok(see_other("/approvals"))
        }
        Err(ServiceError::BadInput(problems)) => {
            Draft { form: draft_name(item), values: fields.typed(), problems }.keep(&session).await;
            Ok(see_other(&format!("/approvals?item={item}#decide")))
        }
        Err(error @ (ServiceError::Conflict(_) | ServiceError::Refused(_))) => {
            // What was typed stays, so that it can be copied.
            Draft { form: draft_name(item), values: fields.typed(), problems: vec![] }.keep(&session).await;
            super::told(&session, error).await?;
            Ok(see_other(&format!("/approvals?item={item}")))
        }
        Err(other) => Err(other.into()),
    }
}
