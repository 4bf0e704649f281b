//! `/do/delegate` and `/do/end-delegation`: somebody lets somebody else decide for them.

mod roles;

use axum::{extract::State, response::Response};
use chrono::{Days, NaiveDate};
use latchkey_domain::{DelegationId, Instant, role::Risk};
use latchkey_service::{
    FieldProblem, ServiceError,
    days::first_moment,
    delegate::{self, Limits, Wish},
};
use latchkey_store::routing;
use tower_sessions::Session;

use roles::Known;

use crate::web::{
    Draft, Flash, PageError,
    answer::see_other,
    form::Fields,
    state::{AppState, Signed},
};

/// The name under which the form is kept when it comes back.
pub const DRAFT: &str = "delegate";

const PAGE: &str = "/approvals/delegation";

pub(in crate::web) async fn post(
    State(state): State<AppState>,
    signed: Signed,
    session: Session,
    fields: Fields,
) -> Result<Response, PageError> {
    let me = signed.person.identity;
    let mut c = state.db.read().await?;
    let person = routing::beneficiary(&mut c, me).await?;
    let catalog = state.catalog.get(&mut c, signed.catalog_version).await?;
    drop(c);
    let zone: chrono_tz::Tz =
        person.and_then(|p| p.time_zone).and_then(|zone| zone.parse().ok()).unwrap_or(chrono_tz::UTC);
    let wish = match parse(&fields, &roles::known(&catalog), zone, state.clock.now()) {
        Ok(wish) => wish,
        Err(problems) => return back(&session, &fields, problems).await,
    };
    match delegate::delegate(&state.db, state.clock.as_ref(), &signed.actor(), &wish).await {
        Ok(_) => {
            Flash::done("They can decide for you in that time, and have been told.").keep(&session).await;
            Ok(see_other(PAGE))
        }
        Err(ServiceError::BadInput(problems)) => back(&session, &fields, problems).await,
        Err(error @ ServiceError::Refused(_)) => {
            super::told(&session, error).await?;
            back(&session, &fields, Vec::new()).await
        }
        Err(other) => Err(other.into()),
    }
}

async fn back(session: &Session, fields: &Fields, problems: Vec<FieldProblem>) -> Result<Response, PageError> {
    Draft { form: DRAFT.to_owned(), values: fields.typed(), problems }.keep(session).await;
    Ok(see_other(PAGE))
}

fn parse(fields: &Fields, known: &[Known<'_>], zone: chrono_tz::Tz, now: Instant) -> Result<Wish, Vec<FieldProblem>> {
    let mut problems = Vec::new();
    let mut say =
        |field: &'static str, code: &str, message: &str| problems.push(FieldProblem::new(field, code, message));
    let to = fields.text("to").parse().ok();
    if to.is_none() {
        say("to", "delegation.nobody", "Choose who decides for you.");
    }
    let day = |name: &str| fields.text(name).parse::<NaiveDate>().ok();
    let starts = day("starts").and_then(|day| first_moment(day, zone));
    if starts.is_none() {
        say("starts", "delegation.no_start", "Give the first day, such as 2027-03-01.");
    }
    // The last day counts: it ends where the next one begins.
    let ends = day("ends").and_then(|day| first_moment(day.checked_add_days(Days::new(1))?, zone));
    if ends.is_none() {
        say("ends", "delegation.no_end", "Give the last day, such as 2027-03-07.");
    }
    let up_to = match fields.text("up_to") {
        "" => None,
        word => {
            let risk = word.parse::<Risk>().ok();
            if risk.is_none() {
                say("up_to", "delegation.no_risk", "Choose what they may decide.");
            }
            risk
        }
    };
    let roles = roles::typed(known, fields.text("roles")).unwrap_or_else(|message| {
        say("roles", "delegation.unknown_role", &message);
        Vec::new()
    });
    let (Some(to), Some(starts), Some(ends_at), true) = (to, starts, ends, problems.is_empty()) else {
        return Err(problems);
    };
    // A first day that is today begins now: what waits already is covered at once.
    let starts_at = if starts < now && now - starts < chrono::TimeDelta::days(1) { now } else { starts };
    Ok(Wish { to, starts_at, ends_at, limits: Limits { up_to, roles } })
}

pub(in crate::web) async fn end(
    State(state): State<AppState>,
    signed: Signed,
    session: Session,
    fields: Fields,
) -> Result<Response, PageError> {
    let id: DelegationId = fields.id("delegation_id")?;
    match delegate::end(&state.db, state.clock.as_ref(), &signed.actor(), id).await {
        Ok(()) => Flash::done("Ended. What waits is with whoever decides it themselves again.").keep(&session).await,
        Err(error) => super::told(&session, error).await?,
    }
    Ok(see_other(PAGE))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(text: &str) -> Fields {
        Fields::parse(text.as_bytes())
    }

    #[test]
    fn days_are_those_of_the_person_and_the_last_one_counts() {
        let zone = chrono_tz::Europe::Zurich;
        let now: Instant = "2027-03-01T10:00:00Z".parse().unwrap();
        let to = latchkey_domain::IdentityId::new(now);
        let wish =
            parse(&fields(&format!("to={to}&starts=2027-03-01&ends=2027-03-02&up_to=medium")), &[], zone, now).unwrap();
        assert_eq!(wish.starts_at, now, "today begins now");
        assert_eq!(wish.ends_at.to_rfc3339(), "2027-03-02T23:00:00+00:00");
        assert_eq!(wish.limits.up_to, Some(Risk::Medium));
        let later = parse(&fields(&format!("to={to}&starts=2027-03-05&ends=2027-03-05")), &[], zone, now).unwrap();
        assert_eq!(later.starts_at.to_rfc3339(), "2027-03-04T23:00:00+00:00");
    }

    #[test]
    fn promise_10_every_problem_is_named_at_its_field() {
        let now: Instant = "2027-03-01T10:00:00Z".parse().unwrap();
        let problems =
            parse(&fields("to=nobody&starts=soon&ends=2027-02-30&up_to=huge&roles=nothing"), &[], chrono_tz::UTC, now)
                .unwrap_err();
        let named: Vec<&str> = problems.iter().map(|p| p.field.as_ref()).collect();
        assert_eq!(named, ["to", "starts", "ends", "up_to", "roles"]);
    }
}
