//! `/do/extend-expiring` and `/do/let-go`: what ends soon, taken together.

use std::collections::BTreeMap;

use axum::{extract::State, response::Response};
use latchkey_domain::GrantId;
use latchkey_policy::Span;
use latchkey_service::{
    ServiceError,
    expiring::{self, Extension, MAX_AT_ONCE, Whose},
};
use tower_sessions::Session;
use uuid::Uuid;

use crate::web::{
    Draft, Flash, PageError,
    answer::see_other,
    form::Fields,
    state::{AppState, Signed},
};

/// The name under which a form that came back is kept.
pub(in crate::web) const DRAFT: &str = "extend-expiring";

/// The page that shows them.
pub(in crate::web) fn page(whose: Whose, after: Option<GrantId>) -> String {
    let after = after.map(|grant| format!("after={grant}"));
    match (whose, after) {
        (Whose::Own, None) => "/expiring".to_owned(),
        (Whose::Own, Some(after)) => format!("/expiring?{after}"),
        (Whose::OfMyRoles, None) => "/expiring?of=roles".to_owned(),
        (Whose::OfMyRoles, Some(after)) => format!("/expiring?of=roles&{after}"),
    }
}

pub(in crate::web) async fn extend(
    State(state): State<AppState>,
    signed: Signed,
    session: Session,
    fields: Fields,
) -> Result<Response, PageError> {
    let form_key: Uuid = fields.id("once")?;
    let whose = if fields.text("whose") == "roles" { Whose::OfMyRoles } else { Whose::Own };
    let grants = chosen(&fields)?;
    let back = page(whose, fields.text("after").parse().ok());
    if fields.text("do") == "let-go" && !grants.is_empty() {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(grants.iter().map(|g| ("grant", g.to_string())));
        return Ok(see_other(&format!("/expiring/let-go?{}", query.finish())));
    }
    let asked = Extension {
        form_key,
        whose,
        grants: &grants,
        length: fields.text("length").parse::<Span>().ok(),
        reason: fields.text("reason"),
    };
    match expiring::extend(&state.db, state.clock.as_ref(), &signed.person, &asked).await {
        Ok(submitted) => {
            let words = if submitted.again {
                "You had sent this already. It was submitted once."
            } else {
                "Submitted, one request for all of it. You hear from us when it is decided."
            };
            Flash::done(words).keep(&session).await;
            Ok(see_other(&format!("/requests/{}", submitted.request)))
        }
        Err(ServiceError::BadInput(problems)) => {
            let ticked = grants.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
            let typed = ["reason", "length", "group"].map(|name| (name.to_owned(), fields.text(name).to_owned()));
            let values = BTreeMap::from(typed).into_iter().chain([("ticked".to_owned(), ticked)]).collect();
            Draft { form: DRAFT.to_owned(), values, problems }.keep(&session).await;
            Ok(see_other(&back))
        }
        Err(error) => {
            super::told(&session, error).await?;
            Ok(see_other(&back))
        }
    }
}

pub(in crate::web) async fn let_go(
    State(state): State<AppState>,
    signed: Signed,
    session: Session,
    fields: Fields,
) -> Result<Response, PageError> {
    match expiring::let_go(&state.db, state.clock.as_ref(), &signed.person, &chosen(&fields)?).await {
        Ok(1) => Flash::done("Given back. The systems are being updated.").keep(&session).await,
        Ok(n) => Flash::done(format!("{n} roles given back. The systems are being updated.")).keep(&session).await,
        Err(error) => super::told(&session, error).await?,
    }
    Ok(see_other("/expiring"))
}

/// What was ticked, each once.
fn chosen(fields: &Fields) -> Result<Vec<GrantId>, PageError> {
    let mut grants: Vec<GrantId> = Vec::new();
    for grant in fields.all("grant").iter().take(MAX_AT_ONCE + 1) {
        let grant = grant.parse().map_err(|_| PageError::BadForm)?;
        if !grants.contains(&grant) {
            grants.push(grant);
        }
    }
    Ok(grants)
}
