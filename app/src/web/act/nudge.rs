//! `/do/nudge` and `/do/move-on`: those who wait do something about a decision that takes long.

use axum::{extract::State, response::Response};
use latchkey_domain::{ItemId, RequestId};
use latchkey_service::{ServiceError, move_on::move_on, nudge::nudge};
use tower_sessions::Session;

use crate::web::{
    Flash, PageError,
    answer::see_other,
    form::Fields,
    state::{AppState, Signed},
};

pub(in crate::web) async fn post(
    State(state): State<AppState>,
    signed: Signed,
    session: Session,
    fields: Fields,
) -> Result<Response, PageError> {
    let item: ItemId = fields.id("item_id")?;
    let done = nudge(&state.db, state.clock.as_ref(), &signed.actor(), item).await;
    let told = done.map(|n| (n.request, format!("Nudged. {} got an e-mail.", and(&n.names))));
    back(&session, &fields, told).await
}

pub(in crate::web) async fn move_it_on(
    State(state): State<AppState>,
    signed: Signed,
    session: Session,
    fields: Fields,
) -> Result<Response, PageError> {
    let item: ItemId = fields.id("item_id")?;
    let done = move_on(&state.db, state.clock.as_ref(), &signed.actor(), item).await;
    let told = done.map(|m| (m.request, format!("Moved on. {} can decide it now and got an e-mail.", and(&m.names))));
    back(&session, &fields, told).await
}

async fn back(
    session: &Session,
    fields: &Fields,
    told: Result<(RequestId, String), ServiceError>,
) -> Result<Response, PageError> {
    match told {
        Ok((request, words)) => {
            Flash::done(words).keep(session).await;
            Ok(see_other(&format!("/requests/{request}")))
        }
        Err(error) => {
            super::told(session, error).await?;
            let request = fields.id::<RequestId>("request_id").map(|r| format!("/requests/{r}"));
            Ok(see_other(&request.unwrap_or_else(|_| "/requests".to_owned())))
        }
    }
}

/// The first names of a list, and how many more.
fn and(names: &[String]) -> String {
    const LISTED: usize = 3;
    match names {
        [] => "Nobody".to_owned(),
        [one] => one.clone(),
        [head @ .., last] if names.len() <= LISTED => format!("{} and {last}", head.join(", ")),
        _ => format!("{} and {} more", names[..LISTED].join(", "), names.len() - LISTED),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_names_are_listed() {
        let names = |n: usize| ["Ann", "Bo", "Cy", "Di", "Ed"][..n].iter().map(|s| (*s).to_owned()).collect::<Vec<_>>();
        assert_eq!(and(&names(1)), "Ann");
        assert_eq!(and(&names(3)), "Ann, Bo and Cy");
        assert_eq!(and(&names(5)), "Ann, Bo, Cy and 2 more");
    }
}
