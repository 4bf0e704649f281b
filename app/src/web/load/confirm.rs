//! Pages that ask once more before a change.

use axum::extract::{Path, State};
use latchkey_domain::{GrantId, ItemId, RequestId, grant::GrantKind, item::ItemState};
use latchkey_store::{grants, request_reads};
use leptos::prelude::*;
use tower_sessions::Session;

use crate::{
    components::{Sentence, Told},
    frame::Part,
    pages::confirm::{ConfirmPage, ConfirmView},
    web::{
        PageError, PageResult,
        answer::answer,
        state::{AppState, Signed, Visit},
    },
};

/// `/requests/{request}/withdraw/{item}`
pub(in crate::web) async fn withdraw(
    State(state): State<AppState>,
    signed: Signed,
    visit: Visit,
    session: Session,
    Path((request, item)): Path<(RequestId, ItemId)>,
) -> PageResult {
    let me = signed.person.identity;
    let mut c = state.db.read().await?;
    let row = request_reads::items_by_id(&mut c, &[item.0]).await?.pop().ok_or(PageError::NotFound)?;
    drop(c);
    let mine = row.requester_id == me.0 || row.beneficiary_id == me.0;
    if !mine || row.request_id != request.0 || row.state != ItemState::Waiting {
        return Err(PageError::NotFound);
    }
    let whose = if row.beneficiary_id == me.0 { String::new() } else { format!(" for {}", row.beneficiary_name) };
    let page = ConfirmPage {
        title: format!("Withdraw the request for {}{whose}?", row.role_name),
        then: vec![
            "Nobody has to decide it any more, and those who were asked no longer see it among their decisions.".into(),
            "It stays among your closed requests. You can ask again at any time.".into(),
        ],
        facts: vec![
            ("Asked".to_owned(), Sentence::default().moment(row.created_at, Told::Full)),
            ("Why".to_owned(), Sentence::default().quote(row.reason)),
        ],
        action: "/do/withdraw-item",
        fields: vec![("item_id", item.to_string()), ("request_id", request.to_string())],
        remark: None,
        button: "Withdraw it".to_owned(),
        takes: true,
        not_now: None,
        back: (format!("/requests/{request}"), "Keep it".to_owned()),
        errors: Vec::new(),
    };
    show(&state, &signed, visit, &session, page, Part::Requests).await
}

/// `/access/{grant}/give-back`
pub(in crate::web) async fn give_back(
    State(state): State<AppState>,
    signed: Signed,
    visit: Visit,
    session: Session,
    Path(grant): Path<GrantId>,
) -> PageResult {
    let me = signed.person.identity;
    let mut c = state.db.read().await?;
    let row = grants::get(&mut c, grant).await?.filter(|g| g.identity_id == me.0).ok_or(PageError::NotFound)?;
    if row.state.end().is_err() {
        return Err(PageError::NotFound);
    }
    let catalog = state.catalog.get(&mut c, signed.catalog_version).await?;
    let role = catalog.role(row.role()).map_or_else(|| "this role".to_owned(), |r| r.name.clone());
    let systems: Vec<String> =
        catalog.role(row.role()).map(|r| r.systems.iter().map(|s| s.name.clone()).collect()).unwrap_or_default();
    drop(c);
    let ends = Sentence::of(format!("Your access on {} ends within a minute.", and(&systems)));
    let stays: Sentence = "What another of your roles gives as well stays as long as you have that one.".into();
    let (title, then, button) = match row.kind() {
        GrantKind::Standing => {
            let again = "If you need it again, you ask again.".into();
            (format!("Give back {role}?"), vec![ends, stays, again], "Give it back")
        }
        GrantKind::Eligible => {
            let over = Sentence::of(format!(
                "You can\u{2019}t activate {role} any more. What is active now ends within a minute."
            ));
            let again = "If you need it again, you ask again.".into();
            (format!("Give back the right to activate {role}?"), vec![over, again], "Give it back")
        }
        GrantKind::Activates(_) => {
            let again = "You can activate it again when you need it.".into();
            (format!("End {role} now?"), vec![ends, stays, again], "End it now")
        }
    };
    let page = ConfirmPage {
        title,
        then,
        facts: vec![("Yours".to_owned(), super::access::until(row.ends_at))],
        action: "/do/give-back",
        fields: vec![("grant_id", grant.to_string())],
        remark: None,
        button: button.to_owned(),
        takes: true,
        not_now: None,
        back: ("/".to_owned(), "Keep it".to_owned()),
        errors: Vec::new(),
    };
    show(&state, &signed, visit, &session, page, Part::Home).await
}

fn and(names: &[String]) -> String {
    match names {
        [] => "every system".to_owned(),
        [one] => one.clone(),
        [head @ .., last] => format!("{} and {last}", head.join(", ")),
    }
}

pub(super) async fn show(
    state: &AppState,
    signed: &Signed,
    visit: Visit,
    session: &Session,
    page: ConfirmPage,
    part: Part,
) -> PageResult {
    let title = page.title.clone();
    answer(state, signed, visit, session, title, part, move |reader| view! { <ConfirmView page=page reader=reader/> })
        .await
}

/// `/systems/confirm-restore`
pub(in crate::web) async fn restore(
    State(state): State<AppState>,
    signed: Signed,
    visit: Visit,
    session: Session,
) -> PageResult {
    let mut c = state.db.read().await?;
    if super::systems::only_reports(&mut c, &signed).await?.is_none() {
        return Err(PageError::NotFound);
    }
    drop(c);
    let page = ConfirmPage {
        title: "Let Latchkey change systems again?".to_owned(),
        then: vec![
            "The database was restored from a backup. Whatever was granted or ended since that backup is not in it.".into(),
            "Once you confirm, the systems are made to match what this database says: access that was granted after the backup is removed, and access that ended after it comes back until its time is over.".into(),
            "Look at the systems first. Each says what differs.".into(),
        ],
        facts: Vec::new(),
        action: "/do/confirm-restore",
        fields: Vec::new(),
        remark: None,
        button: "Confirm, and make the systems match".to_owned(),
        takes: true,
        not_now: None,
        back: ("/systems".to_owned(), "Not yet".to_owned()),
        errors: Vec::new(),
    };
    show(&state, &signed, visit, &session, page, Part::Systems).await
}
