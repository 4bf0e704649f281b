//! Pages that ask once more before access is ended early, and the page to write about one of several items.

use axum::extract::{Path, State};
use latchkey_domain::{GrantId, ItemId, RequestId};
use latchkey_service::end_grant::{Right, right};
use latchkey_store::{grants, identities, messages, request_reads};
use tower_sessions::Session;

use crate::{
    components::Sentence,
    frame::Part,
    pages::confirm::{ConfirmPage, ConfirmRemark},
    web::{
        Draft, PageError, PageResult,
        act::{end_grant, write_message},
        load::{confirm::show, words},
        state::{AppState, Signed, Visit},
    },
};

/// `/access/{grant}/end`
pub(in crate::web) async fn end(
    State(state): State<AppState>,
    signed: Signed,
    visit: Visit,
    session: Session,
    Path(grant): Path<GrantId>,
) -> PageResult {
    let mut c = state.db.read().await?;
    let row = grants::get(&mut c, grant).await?.filter(|g| g.state.end().is_ok()).ok_or(PageError::NotFound)?;
    let right = right(&mut c, &signed.person, &row).await?.ok_or(PageError::NotFound)?;
    let catalog = state.catalog.get(&mut c, signed.catalog_version).await?;
    let role = catalog.role(row.role()).map_or_else(|| "this role".to_owned(), |r| r.name.clone());
    let holder = identities::names(&mut c, &[row.identity_id]).await?.remove(&row.identity_id).unwrap_or_default();
    drop(c);
    let draft = Draft::take(&session, &end_grant::draft_name(grant)).await;
    let (title, button) = match right {
        Right::Approver => (format!("Take back your approval of {role} for {holder}?"), "Take it back"),
        Right::Owner | Right::Security | Right::Reviewer => (format!("End {role} for {holder}?"), "End it"),
    };
    let page = ConfirmPage {
        title,
        then: vec![
            "Their access ends now, and the systems confirm that it is gone, usually within a minute.".into(),
            "What another of their roles gives as well stays as long as they have that one.".into(),
            "They get an e-mail with what you write here. They can ask again.".into(),
        ],
        facts: vec![
            ("Theirs".to_owned(), super::access::until(row.ends_at)),
            ("Why".to_owned(), Sentence::default().quote(row.reason)),
        ],
        action: "/do/end-grant",
        fields: vec![("grant_id", grant.to_string())],
        remark: Some(ConfirmRemark {
            name: "reason",
            label: "Why you end it".to_owned(),
            hint: format!("{holder} reads this, and it stays on record."),
            value: draft.as_ref().map(|d| d.value("reason")).unwrap_or_default(),
            optional: false,
        }),
        button: button.to_owned(),
        takes: true,
        not_now: None,
        back: (words::person_href(row.identity_id), "Leave it".to_owned()),
        errors: draft.map(|d| d.errors(&["reason"])).unwrap_or_default(),
    };
    show(&state, &signed, visit, &session, page, Part::Elsewhere).await
}

/// `/requests/{request}/write/{item}`
pub(in crate::web) async fn write(
    State(state): State<AppState>,
    signed: Signed,
    visit: Visit,
    session: Session,
    Path((request, item)): Path<(RequestId, ItemId)>,
) -> PageResult {
    let me = signed.person.identity;
    let mut c = state.db.read().await?;
    let row = request_reads::items_by_id(&mut c, &[item.0]).await?.pop().ok_or(PageError::NotFound)?;
    let asks = [row.requester_id, row.beneficiary_id].contains(&me.0);
    let decides = messages::decides(&mut c, item, me).await?;
    drop(c);
    if row.request_id != request.0 || !(asks || decides) {
        return Err(PageError::NotFound);
    }
    let draft = Draft::take(&session, &write_message::draft_name(item)).await;
    let to = if asks { "Those who decide it" } else { "Those who asked for it" };
    let page = ConfirmPage {
        title: format!("Write about {} for {}", row.role_name, row.beneficiary_name),
        then: vec![Sentence::of(format!("{to} get an e-mail. It stays on record with the request."))],
        facts: Vec::new(),
        action: "/do/write-message",
        fields: vec![("item_id", item.to_string()), ("request_id", request.to_string()), ("from", "write".to_owned())],
        remark: Some(ConfirmRemark {
            name: "message",
            label: "Message".to_owned(),
            hint: "At most 1,000 characters.".to_owned(),
            value: draft.as_ref().map(|d| d.value("message")).unwrap_or_default(),
            optional: false,
        }),
        button: "Send".to_owned(),
        takes: false,
        not_now: None,
        back: (format!("/requests/{request}#item-{item}"), "Back to the request".to_owned()),
        errors: draft.map(|d| d.errors(&["message"])).unwrap_or_default(),
    };
    show(&state, &signed, visit, &session, page, Part::Requests).await
}
