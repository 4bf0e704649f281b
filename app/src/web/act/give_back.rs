//! `/do/give-back`: somebody gives access back before it ends.

use axum::{extract::State, response::Response};
use latchkey_domain::GrantId;
use latchkey_service::give_back::give_back;
use tower_sessions::Session;

use crate::web::{
    Flash, PageError,
    answer::see_other,
    form::Fields,
    state::{AppState, Signed},
};

pub(in crate::web) async fn post(
    State(state): State<AppState>,
    signed: Signed,
    session: Session,
    fields: Fields,
) -> Result<Response, PageError> {
    let grant: GrantId = fields.id("grant_id")?;
    match give_back(&state.db, state.clock.as_ref(), &signed.actor(), grant).await {
        Ok(()) => Flash::done("Given back. The systems are being updated.").keep(&session).await,
        Err(error) => super::told(&session, error).await?,
    }
    Ok(see_other("/"))
}
