//! `/do/compare-system`, `/do/decide-drift` and `/do/release-brake`: what people do about drift.

use std::collections::BTreeMap;

use axum::{extract::State, response::Response};
use latchkey_domain::PassId;
use latchkey_service::{
    ServiceError,
    drift::{self, Decided},
};
use tower_sessions::Session;
use uuid::Uuid;

use crate::{
    components::plural,
    web::{
        Draft, Flash, PageError,
        answer::see_other,
        form::Fields,
        state::{AppState, Signed},
    },
};

/// The name under which a form of a system that came back is kept.
pub(in crate::web) fn draft_name(key: &str) -> String {
    format!("drift {key}")
}

/// The page, and the part of it that was shown.
pub(in crate::web) fn page(key: &str, show: &str) -> String {
    if show.is_empty() { format!("/systems/{key}/drift") } else { format!("/systems/{key}/drift?show={show}") }
}

/// The key of a system in a form, as it may stand in an address.
fn system(fields: &Fields) -> Result<&str, PageError> {
    let key = fields.text("system");
    let sound = !key.is_empty() && key.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
    if sound { Ok(key) } else { Err(PageError::BadForm) }
}

pub(in crate::web) async fn compare(
    State(state): State<AppState>,
    signed: Signed,
    session: Session,
    fields: Fields,
) -> Result<Response, PageError> {
    let key = system(&fields)?;
    match drift::compare_now(&state.db, state.clock.as_ref(), &signed.actor(), key).await {
        Ok(()) => Flash::done("It is compared now. Reload this page to see how far it is.").keep(&session).await,
        Err(error) => super::told(&session, error).await?,
    }
    Ok(see_other(&page(key, "")))
}

pub(in crate::web) async fn decide(
    State(state): State<AppState>,
    signed: Signed,
    session: Session,
    fields: Fields,
) -> Result<Response, PageError> {
    let key = system(&fields)?;
    let show = match fields.text("show") {
        show @ ("accepted" | "removing") => show,
        _ => "",
    };
    let mut ids: Vec<Uuid> = Vec::new();
    for id in fields.all("drift") {
        let id = id.parse().map_err(|_| PageError::BadForm)?;
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    let accept = fields.text("do") == "accept";
    let comment = fields.text("comment");
    let (db, clock, actor) = (&state.db, state.clock.as_ref(), signed.actor());
    let decided = if accept {
        drift::accept(db, clock, &actor, key, &ids, comment).await
    } else {
        drift::remove(db, clock, &actor, key, &ids, comment).await
    };
    match decided {
        Ok(decided) => told(decided, accept).keep(&session).await,
        Err(ServiceError::BadInput(problems)) => {
            let ticked = ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
            let values = BTreeMap::from([("comment".to_owned(), comment.to_owned()), ("ticked".to_owned(), ticked)]);
            Draft { form: draft_name(key), values, problems }.keep(&session).await;
        }
        Err(error) => super::told(&session, error).await?,
    }
    Ok(see_other(&page(key, show)))
}

fn told(decided: Decided, accept: bool) -> Flash {
    let count = |n: usize| plural(i64::try_from(n).unwrap_or(0), "line");
    let left = match decided.left {
        0 => String::new(),
        n => format!(" {} can\u{2019}t be decided that way, or are decided already: each says why.", count(n)),
    };
    let words = match (decided.done, accept) {
        (0, _) => "Nothing was decided.".to_owned(),
        (1, true) => "It stays, with your reason on record.".to_owned(),
        (1, false) => "It is being taken away. It is done when the system says so.".to_owned(),
        (n, true) => format!("{} stay, with your reason on record.", count(n)),
        (n, false) => format!("{} are being taken away. Each is done when the system says so.", count(n)),
    };
    Flash::done(format!("{words}{left}"))
}

pub(in crate::web) async fn release(
    State(state): State<AppState>,
    signed: Signed,
    session: Session,
    fields: Fields,
) -> Result<Response, PageError> {
    let key = system(&fields)?;
    let pass: PassId = fields.id("pass")?;
    let resume = fields.text("do") == "resume";
    let comment = fields.text("brake_comment");
    let (db, clock) = (&state.db, state.clock.as_ref());
    match drift::release_brake(db, clock, &signed.actor(), key, pass, resume, comment).await {
        Ok(()) if resume => Flash::done("It goes on. Each line is done when the system says so.").keep(&session).await,
        Ok(()) => Flash::done("It is called off. What was found stays listed.").keep(&session).await,
        Err(ServiceError::BadInput(mut problems)) => {
            problems.iter_mut().for_each(|problem| problem.field = "brake_comment".into());
            let values = BTreeMap::from([("brake_comment".to_owned(), comment.to_owned())]);
            Draft { form: draft_name(key), values, problems }.keep(&session).await;
        }
        Err(error) => super::told(&session, error).await?,
    }
    Ok(see_other(&page(key, "")))
}
