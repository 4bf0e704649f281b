//! `/do/hand-over`: an approver gives their seat to somebody else.

use axum::{extract::State, response::Response};
use latchkey_domain::ItemId;
use latchkey_service::{
    FieldProblem, ServiceError,
    hand_over::{HandOver, hand_over},
};
use tower_sessions::Session;

use crate::web::{
    Flash, PageError,
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
        Err(_) => Err(nobody(&fields, "comment", "Say why you hand it over, so that they know what is asked of them.")),
    };
    match outcome {
        Ok(done) => {
            let words = format!("Handed over. {} decides it on your behalf and gets an e-mail.", done.name);
            Flash::done(words).link("See the request", format!("/requests/{}", done.request)).keep(&session).await;
            Ok(see_other("/approvals"))
        }
        Err(error) => {
            let back = back(&format!("/approvals/hand-over/{item}"), &fields);
            super::came_back(&session, &fields, draft_name(item), error, (&back, &format!("/approvals?item={item}")))
                .await
        }
    }
}

/// Nobody was chosen; words that are missing as well are said at once.
pub(super) fn nobody(fields: &Fields, words: &'static str, missing: &str) -> ServiceError {
    let message = "Search for a name and choose somebody.";
    let mut problems = vec![FieldProblem::new("to", "approver.none_chosen", message)];
    if fields.text(words).trim().is_empty() {
        problems.push(FieldProblem::new(words, "approver.words_missing", missing));
    }
    ServiceError::BadInput(problems)
}

/// The page with the same search.
pub(super) fn back(path: &str, fields: &Fields) -> String {
    let q: String = form_urlencoded::byte_serialize(fields.text("q").as_bytes()).collect();
    if q.is_empty() { path.to_owned() } else { format!("{path}?q={q}") }
}
