//! `/do/review-break-glass`: somebody else says what was done, whether it was needed, and what follows.

use axum::{extract::State, response::Response};
use latchkey_domain::BreakGlassReviewId;
use latchkey_service::break_glass::{Answer, review};
use tower_sessions::Session;

use crate::web::{
    Flash, PageError,
    answer::see_other,
    form::Fields,
    state::{AppState, Signed},
};

/// The name under which a form that came back is kept for a review.
#[must_use]
pub fn draft_name(review: BreakGlassReviewId) -> String {
    format!("review-break-glass {review}")
}

pub(in crate::web) async fn post(
    State(state): State<AppState>,
    signed: Signed,
    session: Session,
    fields: Fields,
) -> Result<Response, PageError> {
    let id: BreakGlassReviewId = fields.id("review_id")?;
    let page = format!("/break-glass/{id}");
    let answer = Answer {
        needed: fields.text("needed").parse().ok(),
        findings: fields.text("findings").to_owned(),
        follow_up: fields.text("follow_up").to_owned(),
    };
    match review(&state.db, state.clock.as_ref(), &signed.actor(), id, &answer).await {
        Ok(()) => {
            Flash::done("The review is closed. Whoever took it is told what you found.").keep(&session).await;
            Ok(see_other(&page))
        }
        Err(error) => {
            super::came_back(&session, &fields, draft_name(id), error, (&format!("{page}#review"), &page)).await
        }
    }
}
