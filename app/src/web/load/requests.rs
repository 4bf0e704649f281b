//! My requests: what the reader has a part in, searchable.

use axum::extract::{RawQuery, State};
use latchkey_domain::RequestId;
use latchkey_store::request_reads::{self, Which};
use leptos::prelude::*;
use tower_sessions::Session;
use uuid::Uuid;

use super::{lines, query::Query};
use crate::{
    components::{Chosen, PageLinks, Tab, plural},
    frame::Part,
    pages::requests::{RequestsPage, RequestsView},
    web::{
        PageResult,
        answer::answer,
        state::{AppState, Signed, Visit},
    },
};

const PATH: &str = "/requests";
/// How many lines a page has.
const ROWS: usize = 40;

pub(in crate::web) async fn get(
    State(state): State<AppState>,
    signed: Signed,
    visit: Visit,
    session: Session,
    RawQuery(raw): RawQuery,
) -> PageResult {
    let query = Query::parse(raw.as_deref());
    let me = signed.person.identity;
    let which = match query.get("show") {
        Some("closed") => Which::Closed,
        Some("all") => Which::All,
        _ if query.get("q").is_some() && query.get("show").is_none() => Which::All,
        _ => Which::Open,
    };
    let text = query.get("q").unwrap_or("").to_owned();
    let pattern = like(&text);
    let before = query.parsed::<RequestId>("after");
    let limit = i64::try_from(ROWS).unwrap_or(40) + 1;
    let mut c = state.db.read().await?;
    let found = request_reads::visible_to(&mut c, me, which, &pattern, before, limit).await?;
    let (open, closed) = request_reads::count_visible_to(&mut c, me).await?;
    let more = found.len() > ROWS;
    let ids: Vec<Uuid> = found.into_iter().map(|(id,)| id).take(ROWS).collect();
    let lines = lines::of_requests(&mut c, &ids, me).await?;
    drop(c);
    let older = ids.last().filter(|_| more).map(|last| query.with(PATH, "after", Some(&last.to_string())));
    let tab = |label: &str, value: &str, here: bool, count: i64| Tab {
        label: label.to_owned(),
        href: query.with(PATH, "show", Some(value)),
        count: u32::try_from(count).ok(),
        here,
    };
    let shown = lines.len();
    let page = RequestsPage {
        tabs: vec![
            tab("Open", "open", which == Which::Open, open),
            tab("Closed", "closed", which == Which::Closed, closed),
            tab("All", "all", which == Which::All, open + closed),
        ],
        keep: query.keep(&["show"]),
        facets: Vec::new(),
        chosen: if text.is_empty() {
            Vec::new()
        } else {
            vec![Chosen { label: format!("Search: {text}"), remove: query.with(PATH, "q", None) }]
        },
        clear: PATH.to_owned(),
        links: PageLinks {
            newer: before.map(|_| query.with(PATH, "after", None)),
            older,
            shown: plural(i64::try_from(shown).unwrap_or(0), "request"),
        },
        lines,
        query: text,
    };
    let title = page.title();
    answer(
        &state,
        &signed,
        visit,
        &session,
        title,
        Part::Requests,
        move |reader| view! { <RequestsView page=page reader=reader/> },
    )
    .await
}

/// What was typed, as a pattern that finds it anywhere; `%` and `_` stand for themselves.
fn like(text: &str) -> String {
    if text.is_empty() {
        return String::new();
    }
    let mut pattern = String::from("%");
    for letter in text.to_lowercase().chars() {
        if matches!(letter, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(letter);
    }
    pattern.push('%');
    pattern
}

#[cfg(test)]
mod tests {
    #[test]
    fn signs_of_patterns_stand_for_themselves() {
        assert_eq!(super::like("50%_A\\"), "%50\\%\\_a\\\\%");
        assert_eq!(super::like(""), "");
    }
}
