//! `/do/end-exception`: an exception is over before its time.

use axum::{extract::State, response::Response};
use latchkey_domain::SeparationExceptionId;
use latchkey_service::separation::exceptions::end;
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
    let exception: SeparationExceptionId = fields.id("exception_id")?;
    match end(&state.db, state.clock.as_ref(), &signed.actor(), exception).await {
        Ok(key) => {
            Flash::done("The exception is over.").keep(&session).await;
            Ok(see_other(&format!("/admin/separation/rules/{key}")))
        }
        Err(error) => {
            super::told(&session, error).await?;
            Ok(see_other("/admin/separation"))
        }
    }
}
