//! One role for several people: whom the reader may ask for.

use axum::extract::{RawQuery, State};
use latchkey_domain::RoleId;
use latchkey_policy::AskFor;
use latchkey_service::{
    cart,
    people::{self, PeopleQuery},
};
use leptos::prelude::*;
use tower_sessions::Session;

use super::query::Query;
use crate::{
    components::{PageLinks, people as people_words},
    frame::Part,
    pages::cart_people::{Askable, CartPeoplePage, CartPeopleView},
    web::{
        PageError, PageResult,
        answer::answer,
        state::{AppState, Signed, Visit},
    },
};

const PATH: &str = "/cart/people";
/// As many as a cart has lines.
const ROWS: usize = cart::MAX_LINES;

pub(in crate::web) async fn get(
    State(state): State<AppState>,
    signed: Signed,
    visit: Visit,
    session: Session,
    RawQuery(raw): RawQuery,
) -> PageResult {
    let query = Query::parse(raw.as_deref());
    let me = signed.person.identity;
    let id: RoleId = query.parsed("role").ok_or(PageError::NotFound)?;
    let mut c = state.db.read().await?;
    let catalog = state.catalog.get(&mut c, signed.catalog_version).await?;
    let role = catalog.role(id).ok_or(PageError::NotFound)?;
    let text = query.get("q").unwrap_or("");
    let wanted = PeopleQuery { text, with_terminated: false, after: query.parsed("after"), limit: ROWS };
    let anyone = role.policy.snapshot.policy.ask_for == AskFor::Anyone;
    // A whole company is searched and never listed; one's own team is both.
    let found = if anyone && !text.is_empty() {
        people::search(&mut c, &wanted).await?
    } else {
        people::search_team(&mut c, me, &wanted).await?
    };
    let in_cart = cart::of(&mut c, me).await?;
    drop(c);
    let shown = u32::try_from(found.people.len()).unwrap_or(0);
    let page = CartPeoplePage {
        role_id: id.to_string(),
        role: role.name.clone(),
        role_href: format!("/roles/{id}"),
        query: text.to_owned(),
        anyone,
        people: found
            .people
            .into_iter()
            .filter(|p| p.id != me)
            .map(|p| Askable {
                already: in_cart
                    .iter()
                    .any(|l| l.role_id == id.0 && l.beneficiary_id == p.id.0)
                    .then(|| "In your cart".to_owned())
                    .or_else(|| (!p.status.may_hold()).then(|| "Not at work now".to_owned())),
                id: p.id.to_string(),
                name: p.name,
                detail: [p.title, p.department].into_iter().filter(|t| !t.is_empty()).collect::<Vec<_>>().join(", "),
            })
            .collect(),
        links: PageLinks {
            newer: query.get("after").map(|_| query.with(PATH, "after", None)),
            older: found.next.map(|next| query.with(PATH, "after", Some(&next.to_string()))),
            shown: people_words(shown),
        },
    };
    let title = page.title();
    answer(&state, &signed, visit, &session, title, Part::Catalog, move |_| view! { <CartPeopleView page=page/> }).await
}
