//! `/do/end-grant`: whoever approved it, the role's owner or security ends somebody's access before its time.

use axum::{extract::State, response::Response};
use latchkey_domain::GrantId;
use latchkey_service::end_grant::end_grant;
use tower_sessions::Session;

use crate::web::{
    Flash, PageError,
    answer::see_other,
    form::Fields,
    state::{AppState, Signed},
};

/// The name under which a form that came back is kept for a grant.
#[must_use]
pub fn draft_name(grant: GrantId) -> String {
    format!("end-grant {grant}")
}

pub(in crate::web) async fn post(
    State(state): State<AppState>,
    signed: Signed,
    session: Session,
    fields: Fields,
) -> Result<Response, PageError> {
    let grant: GrantId = fields.id("grant_id")?;
    match end_grant(&state.db, state.clock.as_ref(), &signed.actor(), grant, fields.text("reason")).await {
        Ok(holder) => {
            Flash::done("Ended. They are told why, and the systems are being updated.").keep(&session).await;
            Ok(see_other(&format!("/people/{holder}")))
        }
        Err(error) => {
            super::came_back(&session, &fields, draft_name(grant), error, (&format!("/access/{grant}/end"), "/")).await
        }
    }
}
