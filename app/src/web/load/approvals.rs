//! Approvals: the list of what waits for the reader, and one decision with what matters for it.

mod decision;

use axum::extract::{RawQuery, State};
use latchkey_domain::{IdentityId, ItemId};
use latchkey_store::{AsConn, StoreResult, request_reads};
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
    let (mut rows, older) =
        if decided { decided_rows(&mut c, me, &query).await? } else { waiting_rows(&mut c, me, &query).await? };
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
    let page = ApprovalsPage {
        tabs: vec![
            tab("Waiting for you", None, !decided, Some(signed.approvals)),
            tab("Decided", Some("decided"), decided, None),
        ],
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

async fn waiting_rows(c: &mut impl AsConn, me: IdentityId, query: &Query) -> StoreResult<Rows> {
    let after = query.parsed::<Uuid>("after");
    let limit = i64::try_from(ROWS).unwrap_or(40) + 1;
    let rows = request_reads::inbox(c, me, after, limit).await?;
    let older = rows.get(ROWS - 1).filter(|_| rows.len() > ROWS).map(|last| format!("{PATH}?after={}", last.stage_id));
    let keep = after.map(|a| format!("&after={a}")).unwrap_or_default();
    let rows = rows
        .into_iter()
        .take(ROWS)
        .map(|r| {
            let row = ApprovalRow {
                href: format!("{PATH}?item={}{keep}", r.item_id),
                open: false,
                who: r.beneficiary_name,
                role: r.role_name,
                risk: words::risk(r.risk),
                how_long: words::how_long(r.seconds),
                since: r.opened_at.unwrap_or_default(),
                unusual: None,
                decided: None,
            };
            (row, r.item_id.to_string())
        })
        .collect();
    Ok((rows, older))
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
            };
            (row, r.item_id.to_string())
        })
        .collect();
    Ok((rows, older))
}
