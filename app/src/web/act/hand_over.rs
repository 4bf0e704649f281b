//! `/do/hand-over`: an approver gives their seat to somebody else.

use axum::{extract::State, response::Response};
use latchkey_domain::ItemId;
use latchkey_service::{
    FieldProblem, ServiceError,
    hand_over::{HandOver, hand_over},
};
use tower_sessions::Session;

use crate::web::{
    Draft, Flash, PageError,
    answer::see_other,
    form::Fields,
    state::{AppState, Signed},
};

/// The name under which a form that came back is kept for an item.
#[must_use]
pub fn draft_name(item: ItemId) -> String {
    format!("hand-over {item}")
}

pub(in crate::web) async fn post(
    State(state): State<AppState>,
    signed: Signed,
    session: Session,
    fields: Fields,
) -> Result<Response, PageError> {
    let item: ItemId = fields.id("item_id")?;
    let outcome = match fields.id("to") {
        Ok(to) => {
            let wish = HandOver { item, to, comment: fields.text("comment").to_owned() };
            hand_over(&state.db, state.clock.as_ref(), &signed.actor(), &wish).await
        }
        Err(_) => Err(nobody()),
    };
    match outcome {
        Ok(done) => {
            let words = format!("Handed over. {} decides it on your behalf and gets an e-mail.", done.name);
            Flash::done(words).link("See the request", format!("/requests/{}", done.request)).keep(&session).await;
            Ok(see_other("/approvals"))
        }
        Err(ServiceError::BadInput(problems)) => {
            let back = back(&format!("/approvals/hand-over/{item}"), &fields);
            Draft { form: draft_name(item), values: fields.typed(), problems }.keep(&session).await;
            Ok(see_other(&back))
        }
        Err(error) => {
            super::told(&session, error).await?;
            Ok(see_other(&format!("/approvals?item={item}")))
        }
    }
}

/// Nobody was chosen.
pub(super) fn nobody() -> ServiceError {
    let message = "Search for a name and choose somebody.";
    ServiceError::BadInput(vec![FieldProblem::new("to", "approver.none_chosen", message)])
}

/// The page with the same search.
pub(super) fn back(path: &str, fields: &Fields) -> String {
    let q: String = form_urlencoded::byte_serialize(fields.text("q").as_bytes()).collect();
    if q.is_empty() { path.to_owned() } else { format!("{path}?q={q}") }
}
