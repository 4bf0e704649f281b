//! `/do/write-break-glass-account`: whoever took a role in an emergency says what they did with it.

use axum::{extract::State, response::Response};
use latchkey_domain::BreakGlassReviewId;
use latchkey_service::break_glass::write_account;
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
    format!("write-break-glass-account {review}")
}

pub(in crate::web) async fn post(
    State(state): State<AppState>,
    signed: Signed,
    session: Session,
    fields: Fields,
) -> Result<Response, PageError> {
    let review: BreakGlassReviewId = fields.id("review_id")?;
    let page = format!("/break-glass/{review}");
    match write_account(&state.db, state.clock.as_ref(), &signed.actor(), review, fields.text("account")).await {
        Ok(()) => {
            Flash::done("Kept. Whoever reviews it reads this.").keep(&session).await;
            Ok(see_other(&page))
        }
        Err(error) => {
            super::came_back(&session, &fields, draft_name(review), error, (&format!("{page}#what-was-done"), &page))
                .await
        }
    }
}
