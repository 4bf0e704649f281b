//! `/do/write-message`: somebody writes about an item to the other side.

use axum::{extract::State, response::Response};
use latchkey_domain::{ItemId, RequestId};
use latchkey_service::{ServiceError, write_message::write_message};
use tower_sessions::Session;

use crate::web::{
    Draft, Flash, PageError,
    answer::see_other,
    form::Fields,
    state::{AppState, Signed},
};

/// The name under which a message that came back is kept for an item.
#[must_use]
pub fn draft_name(item: ItemId) -> String {
    format!("write-message {item}")
}

pub(in crate::web) async fn post(
    State(state): State<AppState>,
    signed: Signed,
    session: Session,
    fields: Fields,
) -> Result<Response, PageError> {
    let item: ItemId = fields.id("item_id")?;
    let back = match (fields.text("from"), fields.id::<RequestId>("request_id")) {
        ("write", Ok(request)) => format!("/requests/{request}/write/{item}"),
        ("request", Ok(request)) => format!("/requests/{request}#thread-{item}"),
        _ => format!("/approvals?item={item}#thread"),
    };
    match write_message(&state.db, state.clock.as_ref(), &signed.actor(), item, fields.text("message")).await {
        Ok(request) => {
            Flash::done("Sent. They get an e-mail, and their answer appears here.").keep(&session).await;
            Ok(see_other(&match fields.text("from") {
                "write" => format!("/requests/{request}#item-{item}"),
                _ => back,
            }))
        }
        Err(ServiceError::BadInput(problems)) => {
            Draft { form: draft_name(item), values: fields.typed(), problems }.keep(&session).await;
            Ok(see_other(&back))
        }
        Err(error @ ServiceError::Refused(_)) => {
            Draft { form: draft_name(item), values: fields.typed(), problems: vec![] }.keep(&session).await;
            super::told(&session, error).await?;
            Ok(see_other(&back))
        }
        Err(other) => Err(other.into()),
    }
}
