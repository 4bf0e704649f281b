//! `/do/request-role`: somebody asks for a role.

use axum::{extract::State, response::Response};
use latchkey_domain::{IdentityId, RoleId};
use latchkey_policy::Span;
use latchkey_service::{
    FieldProblem, ServiceError,
    submit_request::{ItemWish, Submission, submit_request},
};
use tower_sessions::Session;
use uuid::Uuid;

use crate::web::{
    Draft, Flash, PageError,
    answer::see_other,
    form::Fields,
    state::{AppState, Signed},
};

/// The name under which a form that came back is kept for a role.
#[must_use]
pub fn draft_name(role: RoleId) -> String {
    format!("request-role {role}")
}

pub(in crate::web) async fn post(
    State(state): State<AppState>,
    signed: Signed,
    session: Session,
    fields: Fields,
) -> Result<Response, PageError> {
    let role: RoleId = fields.id("role_id")?;
    let form_key: Uuid = fields.id("once")?;
    let back = format!("/roles/{role}");
    let beneficiary = match fields.text("beneficiary_id") {
        "" => signed.person.identity,
        _ => fields.id::<IdentityId>("beneficiary_id")?,
    };
    let outcome = match fields.text("duration").parse::<Span>() {
        Err(_) => Err(ServiceError::BadInput(vec![FieldProblem::new(
            "duration",
            "request.duration_missing",
            "Choose for how long you need it.",
        )])),
        Ok(duration) => {
            let reason = fields.text("reason").to_owned();
            let items = vec![ItemWish { role, beneficiary, duration, reason }];
            submit_request(&state.db, state.clock.as_ref(), &signed.actor(), &Submission { form_key, items }).await
        }
    };
    match outcome {
        Ok(submitted) => {
            let words = if submitted.again {
                "You had sent this already. It was submitted once."
            } else {
                "Submitted. You hear from us when it is decided."
            };
            Flash::done(words).keep(&session).await;
            Ok(see_other(&format!("/requests/{}", submitted.request)))
        }
        Err(ServiceError::BadInput(problems)) => {
            Draft { form: draft_name(role), values: fields.typed(), problems }.keep(&session).await;
            Ok(see_other(&format!("{back}#ask")))
        }
        Err(ServiceError::Refused(r)) => {
            let problem = FieldProblem::new("", r.code.clone(), format!("{} {}", r.why, r.help));
            Draft { form: draft_name(role), values: fields.typed(), problems: vec![problem] }.keep(&session).await;
            Ok(see_other(&format!("{back}#ask")))
        }
        Err(other) => Err(other.into()),
    }
}
