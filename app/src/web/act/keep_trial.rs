//! `/do/keep-trial`: somebody keeps what they had on trial.

use axum::{extract::State, response::Response};
use latchkey_domain::GrantId;
use latchkey_service::trials::keep;
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
    format!("keep-trial {grant}")
}

pub(in crate::web) async fn post(
    State(state): State<AppState>,
    signed: Signed,
    session: Session,
    fields: Fields,
) -> Result<Response, PageError> {
    let grant: GrantId = fields.id("grant_id")?;
    let page = format!("/access/{grant}/keep");
    match keep(&state.db, state.clock.as_ref(), &signed.actor(), grant, fields.text("words")).await {
        Ok(_) => {
            Flash::done("Kept. It lasts for as long as it was approved.").keep(&session).await;
            Ok(see_other("/"))
        }
        Err(error) => super::came_back(&session, &fields, draft_name(grant), error, (&page, &page)).await,
    }
}
