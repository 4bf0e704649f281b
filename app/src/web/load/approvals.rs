//! Approvals: the list of what waits for the reader, and one decision with what matters for it.

mod around;
mod decision;
mod facets;
mod filters;
pub(in crate::web) mod people;
pub(in crate::web) mod together;

use axum::extract::{RawQuery, State};
use latchkey_domain::{IdentityId, Instant, ItemId};
use latchkey_service::decide_many::one_by_one;
use latchkey_store::{
    AsConn, StoreResult,
    request_reads::{self, InboxOrder},
};
use leptos::prelude::*;
use tower_sessions::Session;
use uuid::Uuid;

use super::{query::Query, words};
use crate::{
    components::{Mark, PageLinks, Tab, plural},
    frame::Part,
    pages::approvals::{ApprovalRow, ApprovalsPage, ApprovalsView},
    web::{
        PageResult,
        answer::answer,
        state::{AppState, Signed, Visit},
    },
};

const PATH: &str = "/approvals";
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
    let decided = query.get("show") == Some("decided");
    let named = query.parsed::<ItemId>("item");
    let mut c = state.db.read().await?;
    let (mut rows, older) = if decided {
        decided_rows(&mut c, me, &query).await?
    } else {
        waiting_rows(&mut c, me, &query, state.clock.now()).await?
    };
    let facets = if decided || signed.approvals == 0 {
        Vec::new()
    } else {
        let catalog = state.catalog.get(&mut c, signed.catalog_version).await?;
        facets::of(&mut c, &catalog, me).await?
    };
    let filter = filters::filter(&query, state.clock.now());
    let first = rows.first().filter(|_| !decided).and_then(|r| r.1.parse::<ItemId>().ok());
    let opened = named.or(first);
    let open = match opened {
        Some(item) => decision::load(&mut c, &state, &signed, &session, item).await?,
        None => None,
    };
    drop(c);
    if named.is_some() && open.is_none() {
        return Err(crate::web::PageError::NotFound);
    }
    for (row, id) in &mut rows {
        row.open = opened.is_some_and(|o| o.to_string() == *id);
    }
    let shown = rows.len();
    let tab = |label: &str, value: Option<&str>, here: bool, count: Option<u32>| Tab {
        label: label.to_owned(),
        href: value.map_or_else(|| PATH.to_owned(), |v| format!("{PATH}?show={v}")),
        count,
        here,
    };
    let narrowed = !decided && filters::narrowed(&filter);
    let page = ApprovalsPage {
        tabs: vec![
            tab("Waiting for you", None, !decided, Some(signed.approvals)),
            tab("Decided", Some("decided"), decided, None),
        ],
        facets: if facets.is_empty() { Vec::new() } else { filters::groups(&query, &facets) },
        chosen: if decided { Vec::new() } else { filters::chosen(&query, &facets) },
        clear: PATH.to_owned(),
        narrowed,
        one_by_one: rows.iter().any(|(row, _)| row.decided.is_none() && row.select.is_none()),
        rows: rows.into_iter().map(|(row, _)| row).collect(),
        total: signed.approvals,
        links: PageLinks {
            newer: query.get("after").map(|_| query.with(PATH, "item", None)),
            older,
            shown: plural(i64::try_from(shown).unwrap_or(0), if decided { "decision" } else { "item" }),
        },
        open,
        named: named.is_some(),
        list_href: query.with(PATH, "item", None),
    };
    let title = page.title();
    answer(
        &state,
        &signed,
        visit,
        &session,
        title,
        Part::Approvals,
        move |reader| view! { <ApprovalsView page=page reader=reader/> },
    )
    .await
}

type Rows = (Vec<(ApprovalRow, String)>, Option<String>);

async fn waiting_rows(c: &mut impl AsConn, me: IdentityId, query: &Query, now: Instant) -> StoreResult<Rows> {
    let limit = i64::try_from(ROWS).unwrap_or(40) + 1;
    let order = filters::order(query);
    let rows = request_reads::inbox_of(c, me, &filters::filter(query, now), order, limit).await?;
    let list = query.without("item");
    let older = rows.get(ROWS - 1).filter(|_| rows.len() > ROWS).map(|last| {
        let key = match order {
            InboxOrder::Oldest(_) => last.stage_id.to_string(),
            InboxOrder::Closing(_) => {
                let (at, stage) = last.closing_key();
                format!("{}.{stage}", at.timestamp_micros())
            }
        };
        list.here(PATH, "after", &key)
    });
    let rows = rows
        .into_iter()
        .take(ROWS)
        .map(|r| {
            let id = r.item_id.to_string();
            let row = ApprovalRow {
                href: query.here(PATH, "item", &id),
                open: false,
                how_long: words::how_long_of(r.kind(), r.seconds),
                who: r.beneficiary_name,
                role: r.role_name,
                risk: words::risk(r.risk),
                since: r.opened_at.unwrap_or_default(),
                unusual: talk(r.unanswered, r.answers),
                decided: None,
                select: one_by_one(r.risk).is_none().then(|| id.clone()),
            };
            (row, id)
        })
        .collect();
    Ok((rows, older))
}

/// Whether somebody waits for an answer.
fn talk(unanswered: i64, answers: i64) -> Option<String> {
    if answers > 0 {
        return Some(if answers == 1 { "A new message".to_owned() } else { format!("{answers} new messages") });
    }
    (unanswered > 0).then(|| plural(unanswered, "unanswered question"))
}

async fn decided_rows(c: &mut impl AsConn, me: IdentityId, query: &Query) -> StoreResult<Rows> {
    let before = query.parsed::<Uuid>("after");
    let limit = i64::try_from(ROWS).unwrap_or(40) + 1;
    let rows = request_reads::decided_by(c, me, before, limit).await?;
    let older = rows
        .get(ROWS - 1)
        .filter(|_| rows.len() > ROWS)
        .map(|last| format!("{PATH}?show=decided&after={}", last.decision_id));
    let rows = rows
        .into_iter()
        .take(ROWS)
        .map(|r| {
            let yes = r.verdict == "approve";
            let row = ApprovalRow {
                href: format!("/requests/{}", r.request_id),
                open: false,
                who: r.beneficiary_name,
                role: r.role_name,
                risk: words::risk(r.risk),
                how_long: words::how_long(r.seconds),
                since: r.decided_at,
                unusual: None,
                decided: Some(if yes {
                    (Mark::Done, "You approved".to_owned())
                } else {
                    (Mark::Failed, "You denied".to_owned())
                }),
                select: None,
            };
            (row, r.item_id.to_string())
        })
        .collect();
    Ok((rows, older))
}
