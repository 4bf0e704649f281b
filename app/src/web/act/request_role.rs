//! `/do/request-role`: somebody asks for a role.

use std::collections::BTreeMap;

use axum::{extract::State, response::Response};
use latchkey_domain::{IdentityId, RoleId};
use latchkey_policy::Span;
use latchkey_service::{
    FieldProblem, ServiceError,
    cart::{self, Adding},
    submit_request::{ItemWish, Submission, Terms, submit_with},
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
    if fields.text("do") == "cart" {
        let line = Adding {
            role,
            beneficiary,
            duration: fields.text("duration").parse().ok(),
            starts_on: fields.text("starts_on").to_owned(),
            reason: fields.text("reason").to_owned(),
            answers: answers(&fields),
        };
        let done = super::add_to_cart::add(&state, &signed, &session, &[line], None).await?;
        cart::name_piece(&state.db, state.clock.as_ref(), signed.person.identity, fields.text("piece"), true).await?;
        return Ok(done);
    }
    let starts_on = match fields.text("starts_on") {
        "" => Ok(None),
        day => day.parse().map(Some).map_err(|_| {
            let message = "Write the day as year, month and day, such as 2027-03-01, or leave it empty.";
            ServiceError::BadInput(vec![FieldProblem::new("starts_on", "request.start_unreadable", message)])
        }),
    };
    let outcome = match fields.text("duration").parse::<Span>() {
        Ok(_) if starts_on.is_err() => Err(starts_on.err().unwrap_or(ServiceError::NotFound)),
        Err(_) => Err(ServiceError::BadInput(vec![FieldProblem::new(
            "duration",
            "request.duration_missing",
            "Choose for how long you need it.",
        )])),
        Ok(duration) => {
            let reason = fields.text("reason").to_owned();
            let items = vec![ItemWish { role, beneficiary, duration, reason }];
            let piece = fields.text("piece").to_owned();
            let terms = [Terms { starts_on: starts_on.unwrap_or_default(), answers: answers(&fields), piece }];
            let submission = Submission { form_key, items };
            submit_with(&state.db, state.clock.as_ref(), &signed.actor(), &submission, &terms).await
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

/// What was answered, by the questions' keys.
fn answers(fields: &Fields) -> BTreeMap<String, String> {
    fields.beginning("answer-").map(|(key, answer)| (key.to_owned(), answer.to_owned())).collect()
}
