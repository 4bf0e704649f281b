//! `/do/grant-exception`: somebody may have both sides of a rule for a while.

use axum::{extract::State, response::Response};
use chrono::NaiveDate;
use latchkey_domain::SeparationRuleId;
use latchkey_service::{
    FieldProblem, ServiceError,
    separation::{
        exceptions::{ExceptionWish, grant},
        report,
    },
};
use latchkey_store::separation::rules;
use tower_sessions::Session;

use super::find_person::find_person;
use crate::web::{
    Draft, Flash, PageError,
    answer::see_other,
    form::Fields,
    state::{AppState, Signed},
};

/// The name under which a form that came back is kept for a rule.
#[must_use]
pub fn draft_name(rule: SeparationRuleId) -> String {
    format!("grant-exception {rule}")
}

pub(in crate::web) async fn post(
    State(state): State<AppState>,
    signed: Signed,
    session: Session,
    fields: Fields,
) -> Result<Response, PageError> {
    let rule: SeparationRuleId = fields.id("rule_id")?;
    let mut c = state.db.read().await?;
    // Whoever may not know of the rule learns nothing about people either.
    if !report::sight(&mut c, &signed.actor()).await?.covers(rule) {
        return Err(PageError::NotFound);
    }
    let key = rules::get(&mut c, rule).await?.ok_or(PageError::NotFound)?.key;
    let person = find_person(&mut c, fields.text("person").trim()).await?;
    drop(c);
    let page = format!("/admin/separation/rules/{key}");
    let mut problems = Vec::new();
    if person.is_none() {
        let message = "Nobody is known by that. Type their e-mail address, or their number, such as E0012.";
        problems.push(FieldProblem::new("person", "separation.person_unknown", message));
    }
    let until = fields.text("until").trim().parse::<NaiveDate>().ok();
    if until.is_none() {
        let message = "Choose the last day, for example 2027-03-31.";
        problems.push(FieldProblem::new("until", "separation.until_missing", message));
    }
    let outcome = match (person, until) {
        (Some(person), Some(until)) => {
            let wish = ExceptionWish { rule, person, reason: fields.text("reason").to_owned(), until };
            grant(&state.db, state.clock.as_ref(), &signed.actor(), &wish, state.company.zone.name()).await
        }
        _ => {
            if fields.text("reason").trim().is_empty() {
                problems.push(FieldProblem::new("reason", "separation.reason_missing", "Say why. It stays on record."));
            }
            Err(ServiceError::BadInput(problems))
        }
    };
    match outcome {
        Ok(granted) => {
            let words = format!("{} has an exception now. You answer for it until it ends.", granted.person);
            Flash::done(words).keep(&session).await;
            Ok(see_other(&format!("{page}#exceptions")))
        }
        Err(ServiceError::BadInput(problems)) => {
            Draft { form: draft_name(rule), values: fields.typed(), problems }.keep(&session).await;
            Ok(see_other(&format!("{page}#except")))
        }
        Err(ServiceError::Refused(r)) => {
            let problem = FieldProblem::new("", r.code.clone(), format!("{} {}", r.why, r.help));
            Draft { form: draft_name(rule), values: fields.typed(), problems: vec![problem] }.keep(&session).await;
            Ok(see_other(&format!("{page}#except")))
        }
        Err(other) => Err(other.into()),
    }
}
