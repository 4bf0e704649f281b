//! Several decisions at once: what was chosen, before it is decided, and what became of each.

use std::collections::BTreeSet;

use axum::extract::{RawQuery, State};
use latchkey_domain::{IdentityId, ItemId, item::ItemState, role::Risk};
use latchkey_service::{
    catalog::Catalog,
    decide_many::{MAX_AT_ONCE, one_by_one},
};
use latchkey_store::request_reads::{self, ItemLineRow, NamedApproverRow};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use tower_sessions::Session;
use uuid::Uuid;

use crate::{
    components::{Mark, Sentence, people, plural},
    frame::Part,
    pages::approvals::{
        DoneTogetherPage, DoneTogetherRow, DoneTogetherView, SinglyRow, TogetherPage, TogetherRow, TogetherView,
    },
    web::{
        Draft, PageResult,
        act::decide_together::DRAFT,
        answer::answer,
        load::{query::Query, words},
        state::{AppState, Signed, Visit},
    },
};

/// `/approvals/together?item=…&item=…`
pub(in crate::web) async fn get(
    State(state): State<AppState>,
    signed: Signed,
    visit: Visit,
    session: Session,
    RawQuery(raw): RawQuery,
) -> PageResult {
    let me = signed.person.identity;
    let chosen: Vec<ItemId> = Query::all(raw.as_deref(), "item", MAX_AT_ONCE);
    let ids: Vec<Uuid> = chosen.iter().map(|i| i.0).collect();
    let mut c = state.db.read().await?;
    let catalog = state.catalog.get(&mut c, signed.catalog_version).await?;
    let items = request_reads::items_by_id(&mut c, &ids).await?;
    let approvers = request_reads::approvers_of(&mut c, &ids).await?;
    let today = request_reads::risks_today(&mut c, &ids).await?;
    drop(c);
    let (mut rows, mut singly, mut together) = (Vec::new(), Vec::new(), Vec::new());
    for id in &ids {
        let Some(item) = items.iter().find(|i| i.id == *id) else { continue };
        let Some(seat) = seat(item, &approvers, me) else { continue };
        let risk = today.get(id).copied().unwrap_or(item.risk).max(item.risk);
        let href = format!("/approvals?item={id}");
        match one_by_one(risk) {
            Some(refusal) => singly.push(SinglyRow {
                what: format!("{} for {}", item.role_name, item.beneficiary_name),
                href,
                why: refusal.why,
            }),
            None => {
                rows.push(row(item, seat, risk, href));
                together.push(item);
            }
        }
    }
    let draft = Draft::take(&session, DRAFT).await;
    let page = TogetherPage {
        sum: sum(&together, &catalog),
        gone: ids.len() - rows.len() - singly.len(),
        rows,
        singly,
        comment: draft.as_ref().map(|d| d.value("comment")).unwrap_or_default(),
        errors: draft.map(|d| d.errors(&["comment", "item"])).unwrap_or_default(),
    };
    let title = page.title();
    answer(&state, &signed, visit, &session, title, Part::Approvals, move |_| view! { <TogetherView page=page/> }).await
}

/// The stage in which this item waits for the reader.
fn seat<'a>(item: &ItemLineRow, approvers: &'a [NamedApproverRow], me: IdentityId) -> Option<&'a NamedApproverRow> {
    let own = [item.requester_id, item.beneficiary_id].contains(&me.0);
    if own || item.state != ItemState::Waiting {
        return None;
    }
    approvers.iter().find(|a| a.item_id == item.id && a.identity_id == me.0)
}

fn row(item: &ItemLineRow, seat: &NamedApproverRow, risk: Risk, href: String) -> TogetherRow {
    TogetherRow {
        sends: format!("{}.{}", item.id, seat.stage_id),
        role: item.role_name.clone(),
        href,
        who: item.beneficiary_name.clone(),
        how_long: words::how_long_of(item.kind(), item.seconds),
        risk: words::risk(risk),
        reason: item.reason.clone(),
    }
}

/// "5 roles for 3 people, on CRM and Directory."
fn sum(items: &[&ItemLineRow], catalog: &Catalog) -> String {
    let who: BTreeSet<Uuid> = items.iter().map(|i| i.beneficiary_id).collect();
    let systems: BTreeSet<&str> = items
        .iter()
        .filter_map(|i| catalog.role(i.role_id.into()))
        .flat_map(|r| r.systems.iter().map(|s| s.name.as_str()))
        .collect();
    let systems: Vec<&str> = systems.into_iter().collect();
    let on = match systems.as_slice() {
        [] => String::new(),
        [one] => format!(", on {one}"),
        [head @ .., last] => format!(", on {} and {last}", head.join(", ")),
    };
    let roles = plural(i64::try_from(items.len()).unwrap_or(0), "role");
    format!("Approving gives {roles} to {}{on}.", people(u32::try_from(who.len()).unwrap_or(0)))
}

/// Under this name the session keeps what became of the last several decisions.
pub(in crate::web) const KEPT: &str = "together";

/// What became of one, as the session keeps it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(in crate::web) struct Kept {
    /// The item.
    pub item: ItemId,
    /// The request's address, where there is one to see.
    pub href: Option<String>,
    /// What it was about.
    pub what: String,
    /// Where it stands now; nothing where it wasn't decided.
    pub state: Option<ItemState>,
    /// Why not, and what helps.
    pub why_not: Option<String>,
}

/// `/approvals/together/done`
pub(in crate::web) async fn done(
    State(state): State<AppState>,
    signed: Signed,
    visit: Visit,
    session: Session,
) -> PageResult {
    let kept: Vec<Kept> = session.get(KEPT).await.ok().flatten().unwrap_or_default();
    let (decided, not): (Vec<Kept>, Vec<Kept>) = kept.into_iter().partition(|k| k.state.is_some());
    let page =
        DoneTogetherPage { decided: decided.into_iter().map(told).collect(), not: not.into_iter().map(told).collect() };
    let title = page.title();
    answer(&state, &signed, visit, &session, title, Part::Approvals, move |reader| {
        view! { <DoneTogetherView page=page reader=reader/> }
    })
    .await
}

fn told(kept: Kept) -> DoneTogetherRow {
    let what = match kept.href {
        Some(href) => Sentence::default().link(kept.what, href),
        None => Sentence::of(kept.what),
    };
    let (mark, words) = match (kept.state, kept.why_not) {
        (Some(ItemState::Approved), _) => (Mark::Done, ": approved. The systems are being updated.".to_owned()),
        (Some(ItemState::Waiting), _) => (Mark::Done, ": approved. It goes on to the next step.".to_owned()),
        (Some(_), _) => (Mark::Failed, ": denied. They are told why.".to_owned()),
        (None, why) => (Mark::Attention, format!(": not decided. {}", why.unwrap_or_default())),
    };
    DoneTogetherRow { mark, words: what.text(words) }
}
