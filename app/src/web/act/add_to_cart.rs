//! `/do/add-to-cart`: somebody puts roles into their cart, for themselves or for several people.

use std::collections::BTreeMap;

use axum::{extract::State, response::Response};
use latchkey_domain::{IdentityId, RoleId};
use latchkey_service::cart::{self, Adding};
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
    let mut people: Vec<IdentityId> = ids(&fields, "beneficiary_id")?;
    // A form with people to choose from says so: choosing nobody isn't choosing oneself.
    if people.is_empty() && fields.text("who") != "chosen" {
        people.push(signed.person.identity);
    }
    let roles: Vec<RoleId> = ids(&fields, "role_id")?;
    let back = local(fields.text("back"));
    if people.is_empty() || roles.is_empty() {
        Flash::attention("Nothing was chosen.").keep(&session).await;
        return Ok(see_other(back.unwrap_or("/catalog")));
    }
    let duration = fields.text("duration").parse().ok();
    let reason = fields.text("reason").to_owned();
    let starts_on = fields.text("starts_on").to_owned();
    let lines: Vec<Adding> = people
        .iter()
        .flat_map(|person| roles.iter().map(move |role| (*role, *person)))
        .map(|(role, beneficiary)| Adding {
            role,
            beneficiary,
            duration,
            starts_on: starts_on.clone(),
            reason: reason.clone(),
            answers: BTreeMap::new(),
        })
        .collect();
    add(&state, &signed, &session, &lines, back).await
}

/// Puts lines into the cart, and leads back to where one was, or to the cart.
pub(super) async fn add(
    state: &AppState,
    signed: &Signed,
    session: &Session,
    lines: &[Adding],
    back: Option<&str>,
) -> Result<Response, PageError> {
    match cart::add(&state.db, state.clock.as_ref(), &signed.person, lines).await {
        Ok(added) => {
            let words = match added {
                0 => "This is in your cart already.".to_owned(),
                1 => "In your cart. Nothing is asked for until you submit it.".to_owned(),
                n => format!("{n} lines are in your cart now. Nothing is asked for until you submit it."),
            };
            let flash = Flash::done(words);
            match back {
                Some(back) => {
                    flash.link("Go to your cart", "/cart").keep(session).await;
                    Ok(see_other(back))
                }
                None => {
                    flash.keep(session).await;
                    Ok(see_other("/cart"))
                }
            }
        }
        Err(error) => {
            super::told(session, error).await?;
            Ok(see_other(back.unwrap_or("/cart")))
        }
    }
}

fn ids<T: std::str::FromStr>(fields: &Fields, name: &str) -> Result<Vec<T>, PageError> {
    fields.all(name).iter().filter(|v| !v.is_empty()).map(|v| v.parse().map_err(|_| PageError::BadForm)).collect()
}

/// The page of this portal that one came from, where it is one that puts into the cart.
fn local(back: &str) -> Option<&str> {
    let known = |path: &str| back == path || back.strip_prefix(path).is_some_and(|rest| rest.starts_with('?'));
    let plain = back.bytes().all(|b| b.is_ascii_graphic() && b != b'\\');
    (plain && (known("/catalog") || known("/compare") || known("/cart/people"))).then_some(back)
}

#[cfg(test)]
mod tests {
    use super::local;

    #[test]
    fn the_way_back_stays_within_the_portal() {
        assert_eq!(local("/catalog?q=a+b"), Some("/catalog?q=a+b"));
        assert_eq!(local("/compare"), Some("/compare"));
        for no in ["", "//evil.test", "https://evil.test/catalog", "/catalogue", "/catalog\\evil", "/catalog?a\r\nb"] {
            assert_eq!(local(no), None, "{no}");
        }
    }
}
