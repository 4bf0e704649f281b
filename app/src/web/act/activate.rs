//! `/do/activate`: somebody activates a role that they are eligible for.

use axum::{extract::State, response::Response};
use latchkey_domain::GrantId;
use latchkey_policy::Span;
use latchkey_service::{
    FieldProblem, ServiceError,
    activate::{ActivationWish, activate},
};
use tower_sessions::Session;
use uuid::Uuid;

use crate::web::{
    Flash, PageError,
    answer::see_other,
    form::Fields,
    state::{AppState, Signed},
};

/// The name under which a form that came back is kept for a right.
#[must_use]
pub fn draft_name(right: GrantId) -> String {
    format!("activate {right}")
}

pub(in crate::web) async fn post(
    State(state): State<AppState>,
    signed: Signed,
    session: Session,
    fields: Fields,
) -> Result<Response, PageError> {
    let right: GrantId = fields.id("grant_id")?;
    let form_key: Uuid = fields.id("once")?;
    let outcome = match fields.text("duration").parse::<Span>() {
        Ok(duration) => {
            let wish = ActivationWish { form_key, right, duration, reason: fields.text("reason").to_owned() };
            activate(&state.db, state.clock.as_ref(), &signed.actor(), &wish).await
        }
        Err(_) => Err(ServiceError::BadInput(vec![FieldProblem::new(
            "duration",
            "request.duration_missing",
            "Choose for how long you need it.",
        )])),
    };
    let back = format!("/access/{right}/activate#ask");
    match outcome {
        Ok(done) => {
            let words = if done.again {
                "You had sent this already. It counts once."
            } else {
                "Sent. This page says where it stands, and refreshes itself."
            };
            Flash::done(words).keep(&session).await;
            Ok(see_other(&format!("/requests/{}", done.request)))
        }
        Err(error) => super::came_back(&session, &fields, draft_name(right), error, (&back, &back)).await,
    }
}
