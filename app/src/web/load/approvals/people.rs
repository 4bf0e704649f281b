//! Pages on which somebody is chosen who decides: handing over, and adding an approver.

use axum::extract::{Path, RawQuery, State};
use latchkey_domain::{IdentityId, ItemId, RequestId, item::ItemState};
use latchkey_service::{
    add_approver::may_add,
    people::{PeopleQuery, search},
};
use latchkey_store::{
    AsConn,
    request_reads::{self, ItemLineRow, NamedApproverRow},
};
use leptos::prelude::*;
use tower_sessions::Session;

use crate::{
    components::Choice,
    frame::Part,
    pages::approvals::{ChoosePerson, ChoosePersonView, PersonOption},
    web::{
        Draft, PageError, PageResult,
        act::{add_approver, hand_over},
        answer::answer,
        load::query::Query,
        state::{AppState, Signed, Visit},
    },
};

/// How many people a search shows.
const FOUND: usize = 20;

/// `/approvals/hand-over/{item}`
pub(in crate::web) async fn hand_over(
    State(state): State<AppState>,
    signed: Signed,
    visit: Visit,
    session: Session,
    Path(item): Path<ItemId>,
    RawQuery(raw): RawQuery,
) -> PageResult {
    let me = signed.person.identity;
    let query = Query::parse(raw.as_deref());
    let mut c = state.db.read().await?;
    let row = request_reads::items_by_id(&mut c, &[item.0]).await?.pop().ok_or(PageError::NotFound)?;
    let approvers = request_reads::approvers_of(&mut c, &[item.0]).await?;
    if row.state != ItemState::Waiting || !approvers.iter().any(|a| a.identity_id == me.0) {
        return Err(PageError::NotFound);
    }
    let draft = Draft::take(&session, &hand_over::draft_name(item)).await;
    let (found, more) = found(&mut c, &query, &row, &approvers, draft.as_ref()).await?;
    drop(c);
    let page = ChoosePerson {
        title: format!("Hand over {} for {}", row.role_name, row.beneficiary_name),
        then: vec![
            "They decide it on your behalf, and the record says so. You don\u{2019}t decide it any more.".into(),
            "They get an e-mail with what you write here.".into(),
        ],
        here: format!("/approvals/hand-over/{item}"),
        query: query.get("q").unwrap_or("").to_owned(),
        found,
        more,
        action: "/do/hand-over",
        fields: vec![("item_id", item.to_string())],
        places: Vec::new(),
        words: ("comment", "So that they know what is asked of them. It stays on record."),
        typed: draft.as_ref().map(|d| d.value("comment")).unwrap_or_default(),
        button: "Hand it over",
        back: format!("/approvals?item={item}"),
        errors: draft.map(|d| d.errors(&["to", "comment"])).unwrap_or_default(),
    };
    show(&state, &signed, visit, &session, page, Part::Approvals).await
}

/// `/requests/{request}/approvers/{item}`
pub(in crate::web) async fn add(
    State(state): State<AppState>,
    signed: Signed,
    visit: Visit,
    session: Session,
    Path((request, item)): Path<(RequestId, ItemId)>,
    RawQuery(raw): RawQuery,
) -> PageResult {
    let me = signed.person.identity;
    let query = Query::parse(raw.as_deref());
    let mut c = state.db.read().await?;
    let row = request_reads::items_by_id(&mut c, &[item.0]).await?.pop().ok_or(PageError::NotFound)?;
    let own = [row.requester_id, row.beneficiary_id].contains(&me.0);
    let waits = row.state == ItemState::Waiting && row.request_id == request.0;
    if own || !waits || !may_add(&mut c, &signed.person, row.role_id.into()).await? {
        return Err(PageError::NotFound);
    }
    let approvers = request_reads::approvers_of(&mut c, &[item.0]).await?;
    let draft = Draft::take(&session, &add_approver::draft_name(item)).await;
    let (found, more) = found(&mut c, &query, &row, &approvers, draft.as_ref()).await?;
    drop(c);
    let typed = |name| draft.as_ref().map(|d| d.value(name)).unwrap_or_default();
    let page = ChoosePerson {
        title: format!("Who else decides on {} for {}?", row.role_name, row.beneficiary_name),
        then: vec![
            "They can decide it from now on, beside those who can already or in the place of one of them.".into(),
            "They get an e-mail with what you write here.".into(),
        ],
        here: format!("/requests/{request}/approvers/{item}"),
        query: query.get("q").unwrap_or("").to_owned(),
        found,
        more,
        action: "/do/add-approver",
        fields: vec![("item_id", item.to_string()), ("request_id", request.to_string())],
        places: places(&approvers, &typed("instead_of")),
        words: ("reason", "It stays on record."),
        typed: typed("reason"),
        button: "Let them decide",
        back: format!("/requests/{request}"),
        errors: draft.map(|d| d.errors(&["to", "instead_of", "reason"])).unwrap_or_default(),
    };
    show(&state, &signed, visit, &session, page, Part::Requests).await
}

fn places(approvers: &[NamedApproverRow], typed: &str) -> Vec<Choice> {
    let choice = |value: String, label: String| Choice { chosen: value == typed, value, label, hint: None };
    std::iter::once(choice(String::new(), "In nobody\u{2019}s: beside those who can decide already".to_owned()))
        .chain(approvers.iter().map(|a| choice(a.identity_id.to_string(), format!("In the place of {}", a.name))))
        .collect()
}

/// Who fits the search and could decide, and whether there are more. Without a search, nobody: no query.
async fn found(
    c: &mut impl AsConn,
    query: &Query,
    item: &ItemLineRow,
    approvers: &[NamedApproverRow],
    draft: Option<&Draft>,
) -> Result<(Vec<PersonOption>, bool), PageError> {
    let Some(text) = query.get("q") else { return Ok((Vec::new(), false)) };
    let wanted = PeopleQuery { text, with_terminated: false, after: None, limit: FOUND };
    let page = search(c, &wanted).await?;
    let out = |id: IdentityId| {
        [item.requester_id, item.beneficiary_id].contains(&id.0) || approvers.iter().any(|a| a.identity_id == id.0)
    };
    let chosen = draft.map(|d| d.value("to")).unwrap_or_default();
    let options = page
        .people
        .into_iter()
        .filter(|p| p.status.may_act() && !out(p.id))
        .map(|p| PersonOption {
            chosen: p.id.to_string() == chosen,
            id: p.id.to_string(),
            name: p.name,
            detail: format!("{}, {}", p.title, p.department),
        })
        .collect();
    Ok((options, page.next.is_some()))
}

async fn show(
    state: &AppState,
    signed: &Signed,
    visit: Visit,
    session: &Session,
    page: ChoosePerson,
    part: Part,
) -> PageResult {
    let title = page.title.clone();
    answer(state, signed, visit, session, title, part, move |reader| {
        view! { <ChoosePersonView page=page reader=reader/> }
    })
    .await
}
