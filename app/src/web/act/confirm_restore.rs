//! `/do/confirm-restore`: an administrator lets the reconciler act again after a restore.

use axum::{extract::State, response::Response};
use latchkey_service::confirm_restore::confirm_restore;
use tower_sessions::Session;

use crate::web::{
    Flash, PageError,
    answer::see_other,
    state::{AppState, Signed},
};

pub(in crate::web) async fn post(
    State(state): State<AppState>,
    signed: Signed,
    session: Session,
) -> Result<Response, PageError> {
    match confirm_restore(&state.db, state.clock.as_ref(), &signed.actor()).await {
        Ok(()) => Flash::done("Confirmed. The systems are made to match from now on.").keep(&session).await,
        Err(error) => super::told(&session, error).await?,
    }
    Ok(see_other("/systems"))
}
