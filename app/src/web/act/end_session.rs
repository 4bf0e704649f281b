//! `/do/end-session` and `/do/end-other-sessions`: somebody signs out elsewhere.

use axum::{extract::State, response::Response};
use latchkey_domain::SessionId;
use latchkey_service::sessions::{end_my_other_sessions, end_my_session};
use tower_sessions::Session;

use crate::web::{
    Flash, PageError,
    answer::see_other,
    form::Fields,
    state::{AppState, Signed},
};

pub(in crate::web) async fn one(
    State(state): State<AppState>,
    signed: Signed,
    session: Session,
    fields: Fields,
) -> Result<Response, PageError> {
    let id: SessionId = fields.id("session_id")?;
    match end_my_session(&state.db, state.clock.as_ref(), &signed.person, id).await {
        Ok(_) => Flash::done("That session has ended.").keep(&session).await,
        Err(error) => super::told(&session, error.into()).await?,
    }
    Ok(see_other("/sessions"))
}

pub(in crate::web) async fn others(
    State(state): State<AppState>,
    signed: Signed,
    session: Session,
) -> Result<Response, PageError> {
    let ended = end_my_other_sessions(&state.db, state.clock.as_ref(), &signed.person).await?;
    let words = match ended {
        0 => "There was no other session.".to_owned(),
        1 => "One other session has ended.".to_owned(),
        n => format!("{n} other sessions have ended."),
    };
    Flash::done(words).keep(&session).await;
    Ok(see_other("/sessions"))
}
