//! `/do/cart`: somebody keeps, shortens or submits their cart. What was typed is kept in every case.

use std::collections::BTreeMap;

use axum::{extract::State, response::Response};
use latchkey_service::{
    ServiceError,
    cart::{self, Typed},
};
use tower_sessions::Session;
use uuid::Uuid;

use crate::web::{
    Draft, Flash, PageError,
    answer::see_other,
    form::Fields,
    load::cart::DRAFT,
    state::{AppState, Signed},
};

pub(in crate::web) async fn post(
    State(state): State<AppState>,
    signed: Signed,
    session: Session,
    fields: Fields,
) -> Result<Response, PageError> {
    let once: Uuid = fields.id("once")?;
    let typed = typed(&fields);
    let remove = match fields.text("remove") {
        "" => None,
        _ => Some(fields.id::<Uuid>("remove")?),
    };
    let me = signed.person.identity;
    cart::save(&state.db, state.clock.as_ref(), me, &typed, remove).await?;
    // A page of before has no such field: what was typed before stays.
    if fields.has("piece") {
        cart::name_piece(&state.db, state.clock.as_ref(), me, fields.text("piece"), false).await?;
    }
    if remove.is_some() {
        Flash::done("Taken out of your cart.").keep(&session).await;
        return Ok(see_other("/cart"));
    }
    if fields.text("do") != "submit" {
        Flash::done("Kept. Nothing is asked for until you submit it.").keep(&session).await;
        return Ok(see_other("/cart"));
    }
    let shown: Vec<Uuid> = typed.keys().copied().collect();
    match cart::submit(&state.db, state.clock.as_ref(), &signed.person, once, &shown).await {
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
            Draft { form: DRAFT.to_owned(), values: BTreeMap::new(), problems }.keep(&session).await;
            Ok(see_other("/cart"))
        }
        Err(error) => {
            super::told(&session, error).await?;
            Ok(see_other("/cart"))
        }
    }
}

/// What was typed into each line. A line without a reason of its own gets the one for all.
fn typed(fields: &Fields) -> BTreeMap<Uuid, Typed> {
    let mut lines: BTreeMap<Uuid, Typed> = BTreeMap::new();
    let mut each = |prefix: &str, put: fn(&mut Typed, String)| {
        for (id, value) in fields.beginning(prefix) {
            if let Ok(id) = id.parse() {
                put(lines.entry(id).or_default(), value.to_owned());
            }
        }
    };
    each("duration-", |line, value| line.duration = value);
    each("starts_on-", |line, value| line.starts_on = value);
    each("reason-", |line, value| line.reason = value);
    for (name, value) in fields.beginning("answer-") {
        // A line's id, and the question's key.
        let Some((id, key)) = name.split_at_checked(36).and_then(|(id, key)| Some((id, key.strip_prefix('-')?))) else {
            continue;
        };
        if let Ok(id) = id.parse() {
            lines.entry(id).or_default().answers.insert(key.to_owned(), value.to_owned());
        }
    }
    let for_all = fields.text("reason-all");
    for line in lines.values_mut().filter(|l| l.reason.trim().is_empty()) {
        for_all.clone_into(&mut line.reason);
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read_by_their_ids_and_share_a_reason() {
        let (a, b) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let form = format!(
            "duration-{a}=7d&starts_on-{a}=2027-03-01&reason-{a}=Mine&duration-{b}=30d&reason-{b}=+&reason-all=Ours&reason-x=no&answer-{b}-the-ticket=OPS-1&answer-x=no"
        );
        let lines = typed(&Fields::parse(form.as_bytes()));
        assert_eq!(lines.len(), 2);
        assert_eq!((lines[&a].reason.as_str(), lines[&a].starts_on.as_str()), ("Mine", "2027-03-01"));
        assert_eq!((lines[&b].reason.as_str(), lines[&b].duration.as_str()), ("Ours", "30d"));
        assert_eq!(lines[&b].answers.get("the-ticket").map(String::as_str), Some("OPS-1"));
    }
}
