//! `/do/take-break-glass`: a role is taken at once, in an emergency.

use axum::{extract::State, response::Response};
use latchkey_domain::RoleId;
use latchkey_policy::Span;
use latchkey_service::{
    FieldProblem, ServiceError,
    break_glass::{Taking, take},
};
use tower_sessions::Session;

use crate::web::{
    Flash, PageError,
    answer::see_other,
    form::Fields,
    state::{AppState, Signed},
};

/// The name under which a form that came back is kept for a role.
#[must_use]
pub fn draft_name(role: RoleId) -> String {
    format!("take-break-glass {role}")
}

pub(in crate::web) async fn post(
    State(state): State<AppState>,
    signed: Signed,
    session: Session,
    fields: Fields,
) -> Result<Response, PageError> {
    let role: RoleId = fields.id("role_id")?;
    let page = format!("/roles/{role}/break-glass");
    let duration = fields.text("duration").parse::<Span>();
    let outcome = match duration {
        Ok(duration) => {
            let wish = Taking { role, duration, reason: fields.text("reason").to_owned() };
            take(&state.db, state.clock.as_ref(), &signed.actor(), &wish).await
        }
        Err(_) => {
            let message = "Choose for how long.";
            Err(ServiceError::BadInput(vec![FieldProblem::new("duration", "break_glass.duration_missing", message)]))
        }
    };
    match outcome {
        Ok(taken) => {
            let people =
                if taken.told == 1 { "1 person was".to_owned() } else { format!("{} people were", taken.told) };
            let words =
                format!("It is yours, and {people} told. Say here what you do with it; the systems are being updated.");
            Flash::done(words).keep(&session).await;
            Ok(see_other(&format!("/break-glass/{}", taken.review)))
        }
        Err(error) => {
            super::came_back(&session, &fields, draft_name(role), error, (&format!("{page}#take"), &page)).await
        }
    }
}
