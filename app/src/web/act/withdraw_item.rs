//! `/do/withdraw-item`: somebody takes a waiting item back.

use axum::{extract::State, response::Response};
use latchkey_domain::{ItemId, RequestId};
use latchkey_service::withdraw_item::withdraw_item;
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
    let item: ItemId = fields.id("item_id")?;
    match withdraw_item(&state.db, state.clock.as_ref(), &signed.actor(), item).await {
        Ok(request) => {
            Flash::done("Withdrawn. Nobody has to decide it any more.").keep(&session).await;
            Ok(see_other(&format!("/requests/{request}")))
        }
        Err(error) => {
            super::told(&session, error).await?;
            let request = fields.id::<RequestId>("request_id").map(|r| format!("/requests/{r}"));
            Ok(see_other(&request.unwrap_or_else(|_| "/requests".to_owned())))
        }
    }
}
