//! `/requests/{request}/move/{item}`: to whom a decision would go, before it is moved on.

use axum::extract::{Path, State};
use latchkey_domain::{ItemId, RequestId};
use latchkey_service::move_on::{self, Because, NextInLine};
use latchkey_store::request_reads;
use tower_sessions::Session;

use crate::{
    components::{Sentence, Told},
    frame::Part,
    pages::confirm::ConfirmPage,
    web::{
        PageError, PageResult,
        load::{confirm::show, words},
        state::{AppState, Signed, Visit},
    },
};

/// How many names the page lists.
const LISTED: usize = 5;

pub(in crate::web) async fn get(
    State(state): State<AppState>,
    signed: Signed,
    visit: Visit,
    session: Session,
    Path((request, item)): Path<(RequestId, ItemId)>,
) -> PageResult {
    let mut c = state.db.read().await?;
    let row = request_reads::items_by_id(&mut c, &[item.0]).await?.pop().ok_or(PageError::NotFound)?;
    if row.request_id != request.0 {
        return Err(PageError::NotFound);
    }
    let next = move_on::preview(&mut c, state.clock.as_ref(), &signed.person, item).await?;
    drop(c);
    let page = ConfirmPage {
        title: format!("Move the decision on {} on?", row.role_name),
        then: vec![
            to(&next),
            instead(&next),
            "They get an e-mail at once, and have as long as those who were asked before. After that you can move it on again."
                .into(),
            "Who was asked, and that you moved it on, stays on record.".into(),
        ],
        facts: vec![
            ("Asked".to_owned(), Sentence::default().moment(row.created_at, Told::Full)),
            ("For".to_owned(), Sentence::default().link(row.beneficiary_name, words::person_href(row.beneficiary_id))),
        ],
        action: "/do/move-on",
        fields: vec![("item_id", item.to_string()), ("request_id", request.to_string())],
        remark: None,
        button: "Move it on".to_owned(),
        takes: false,
        not_now: None,
        back: (format!("/requests/{request}"), "Leave it".to_owned()),
        errors: Vec::new(),
    };
    show(&state, &signed, visit, &session, page, Part::Requests).await
}

/// "It goes to Bea Boss, the manager above those who are asked."
fn to(next: &NextInLine) -> Sentence {
    let mut sentence = Sentence::of("It goes to ");
    for (at, person) in next.people.iter().take(LISTED).enumerate() {
        let joint = match at {
            0 => "",
            at if at + 1 == next.people.len() => " and ",
            _ => ", ",
        };
        sentence = sentence.text(joint).link(person.name.clone(), words::person_href(person.id.0));
    }
    if next.people.len() > LISTED {
        sentence = sentence.text(format!(" and {} more", next.people.len() - LISTED));
    }
    sentence.text(match next.because {
        Because::Fallback => ", whom the policy names for when those who are asked don\u{2019}t decide.",
        Because::Manager => ", who is above those who are asked.",
    })
}

/// Whether those who are asked now still can.
fn instead(next: &NextInLine) -> Sentence {
    let mut places: Vec<&str> = next.people.iter().filter_map(|p| Some(p.instead_of.as_ref()?.1.as_str())).collect();
    places.dedup();
    match places.as_slice() {
        [] => {
            "Those who were asked can still decide it, too. Whoever is first decides, as far as one is enough.".into()
        }
        [one] => Sentence::of(format!("{one} doesn\u{2019}t decide it any more.")),
        many => Sentence::of(format!("{} don\u{2019}t decide it any more.", many.join(" and "))),
    }
}
