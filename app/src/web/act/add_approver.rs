//! `/do/add-approver`: the role's owner or an administrator says who else decides.

use axum::{extract::State, response::Response};
use latchkey_domain::{ItemId, RequestId};
use latchkey_service::add_approver::{AddApprover, add_approver};
use tower_sessions::Session;

use super::hand_over::{back, nobody};
use crate::web::{
    Flash, PageError,
    answer::see_other,
    form::Fields,
    state::{AppState, Signed},
};

/// The name under which a form that came back is kept for an item.
#[must_use]
pub fn draft_name(item: ItemId) -> String {
    format!("add-approver {item}")
}

pub(in crate::web) async fn post(
    State(state): State<AppState>,
    signed: Signed,
    session: Session,
    fields: Fields,
) -> Result<Response, PageError> {
    let item: ItemId = fields.id("item_id")?;
    let request: RequestId = fields.id("request_id")?;
    let instead_of = match fields.text("instead_of") {
        "" => None,
        _ => Some(fields.id("instead_of")?),
    };
    let outcome = match fields.id("to") {
        Ok(to) => {
            let wish = AddApprover { item, to, instead_of, reason: fields.text("reason").to_owned() };
            add_approver(&state.db, state.clock.as_ref(), &signed.actor(), &wish).await
        }
        Err(_) => Err(nobody(&fields, "reason", "Say why. It stays on record, and whoever you add reads it.")),
    };
    match outcome {
        Ok((request, name)) => {
            Flash::done(format!("{name} can decide it now and gets an e-mail.")).keep(&session).await;
            Ok(see_other(&format!("/requests/{request}")))
        }
        Err(error) => {
            let back = back(&format!("/requests/{request}/approvers/{item}"), &fields);
            super::came_back(&session, &fields, draft_name(item), error, (&back, &format!("/requests/{request}"))).await
        }
    }
}
