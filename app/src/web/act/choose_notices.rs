//! `/do/choose-notices`: somebody says how they want to be told.

use std::collections::BTreeMap;

use axum::{extract::State, response::Response};
use latchkey_service::{
    ServiceError,
    notice_preferences::choose,
    notices::kinds::{Choice, Group},
};
use tower_sessions::Session;

use crate::web::{
    Draft, Flash, PageError,
    answer::see_other,
    form::Fields,
    state::{AppState, Signed},
};

/// The name under which a form that came back is kept.
pub const DRAFT: &str = "choose-notices";

pub(in crate::web) async fn post(
    State(state): State<AppState>,
    signed: Signed,
    session: Session,
    fields: Fields,
) -> Result<Response, PageError> {
    // A group that the form doesn't name stays as it is; so does one with an answer that this release doesn't know.
    let wishes: BTreeMap<Group, Choice> =
        Group::ALL.iter().filter_map(|g| Some((*g, Choice::from_word(fields.text(g.word()))?))).collect();
    match choose(&state.db, state.clock.as_ref(), &signed.actor(), &wishes).await {
        Ok(0) => Flash::done("Nothing was changed: you chose this before.").keep(&session).await,
        Ok(_) => Flash::done("Saved. What comes from now on is told in this way.").keep(&session).await,
        Err(ServiceError::BadInput(problems)) => {
            Draft { form: DRAFT.to_owned(), values: fields.typed(), problems }.keep(&session).await;
        }
        Err(error) => super::told(&session, error).await?,
    }
    Ok(see_other("/notices"))
}
