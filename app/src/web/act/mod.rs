//! Changes: one file per form, each at its fixed name below `/do`.

pub mod activate;
pub mod add_approver;
pub mod add_to_cart;
pub mod cart;
pub mod choose_notices;
pub mod confirm_restore;
pub mod decide;
pub mod decide_together;
pub mod delegate;
pub mod drift;
pub mod end_exception;
pub mod end_grant;
pub mod end_session;
pub mod expiring;
mod find_person;
pub mod give_back;
pub mod grant_exception;
pub mod hand_over;
pub mod keep_trial;
pub mod nudge;
pub mod request_role;
pub mod retry_fulfilment;
pub mod review_break_glass;
pub mod take_break_glass;
pub mod wishes;
pub mod withdraw_item;
pub mod write_break_glass_account;
pub mod write_message;

use axum::response::Response;
use latchkey_service::ServiceError;
use tower_sessions::Session;

use super::{Draft, Flash, PageError, answer::see_other, form::Fields};

/// How most changes end: a refusal is told on the page that one came from, everything else is an error page.
pub(super) async fn told(session: &Session, error: ServiceError) -> Result<(), PageError> {
    match error {
        ServiceError::Refused(r) => Flash::failed(format!("{} {} {}", r.what, r.why, r.help)).keep(session).await,
        ServiceError::Conflict(r) => Flash::attention(format!("{} {} {}", r.what, r.why, r.help)).keep(session).await,
        other => return Err(other.into()),
    }
    Ok(())
}

/// How a form ends that wasn't accepted: what was typed comes back with its problems at the first address; any other refusal is
/// told at the second.
pub(super) async fn came_back(
    session: &Session,
    fields: &Fields,
    form: String,
    error: ServiceError,
    (again, elsewhere): (&str, &str),
) -> Result<Response, PageError> {
    if let ServiceError::BadInput(problems) = error {
        Draft { form, values: fields.typed(), problems }.keep(session).await;
        return Ok(see_other(again));
    }
    told(session, error).await?;
    Ok(see_other(elsewhere))
}
