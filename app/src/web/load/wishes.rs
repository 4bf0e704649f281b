//! Wishes in words: the lists and the form.

pub mod one;

use axum::extract::{RawQuery, State};
use latchkey_domain::{WishId, id::new_uuid, wish::WishState};
use latchkey_policy::{Counts, StageRule};
use latchkey_service::{
    catalog::{Catalog, RoleEntry, SearchQuery, search},
    wishes::{make, rule_of},
};
use latchkey_store::wishes::{self as store, ListedRow};
use leptos::prelude::*;
use tower_sessions::Session;

use super::{query::Query, words};
use crate::{
    components::{FormError, Mark, PageLinks, PersonRef, StateWord, Tab, plural},
    frame::Part,
    pages::wishes::{NewWishPage, NewWishView, WishLine, WishesPage, WishesView},
    web::{
        Draft, PageResult,
        act::wishes::NEW,
        answer::answer,
        state::{AppState, Signed, Visit},
    },
};

/// How many lines a page has.
const ROWS: usize = 40;
/// How many roles are offered before somebody wishes, and when somebody answers.
const FITS: usize = 5;
/// How many words of a sentence are looked for by themselves, how long one has to be to tell something, and how many roles of
/// each count.
const WORDS: usize = 8;
const TELLING: usize = 4;
const EACH: usize = 20;

/// `/wishes`: those that wait for the reader, or their own.
pub(in crate::web) async fn list(
    State(state): State<AppState>,
    signed: Signed,
    visit: Visit,
    session: Session,
    RawQuery(raw): RawQuery,
) -> PageResult {
    let query = Query::parse(raw.as_deref());
    let me = signed.person.identity;
    let after: Option<WishId> = query.parsed("after");
    let limit = i64::try_from(ROWS).unwrap_or(40) + 1;
    let mut c = state.db.read().await?;
    let catalog = state.catalog.get(&mut c, signed.catalog_version).await?;
    let own_wanted = query.get("show") == Some("own");
    let to_answer_wanted = query.get("show") == Some("to-answer");
    let waiting = store::of_answerer(&mut c, me, after.filter(|_| !own_wanted), limit).await?;
    // Whoever answers sees first what waits for them; everybody else their own.
    let to_answer = to_answer_wanted || (!own_wanted && !waiting.is_empty());
    let own = store::of_wisher(&mut c, me, after.filter(|_| !to_answer), limit).await?;
    drop(c);
    let mut rows = if to_answer { waiting } else { own };
    let more = rows.len() > ROWS;
    rows.truncate(ROWS);
    let show = if to_answer { "to-answer" } else { "own" };
    let here = Query::parse(Some(&format!("show={show}")));
    let tab = |label: &str, value: &str| Tab {
        label: label.to_owned(),
        href: format!("/wishes?show={value}"),
        count: None,
        here: value == show,
    };
    let page = WishesPage {
        tabs: vec![tab("Waiting for you", "to-answer"), tab("Yours", "own")],
        to_answer,
        links: PageLinks {
            newer: after.map(|_| here.with("/wishes", "after", None)),
            older: rows.last().filter(|_| more).map(|last| here.with("/wishes", "after", Some(&last.id.to_string()))),
            shown: plural(i64::try_from(rows.len()).unwrap_or(0), if to_answer { "wish that waits" } else { "line" }),
        },
        lines: rows.iter().map(|row| line(row, to_answer)).collect(),
        may_wish: catalog.answers_wishes,
    };
    let title = page.title();
    answer(
        &state,
        &signed,
        visit,
        &session,
        title,
        Part::Requests,
        move |reader| view! { <WishesView page=page reader=reader/> },
    )
    .await
}

fn line(row: &ListedRow, to_answer: bool) -> WishLine {
    WishLine {
        href: format!("/wishes/{}", row.id),
        words: row.words.chars().take(140).collect(),
        who: to_answer.then(|| row.wisher_name.clone()),
        state: state_word(row.state),
        since: row.created_at,
    }
}

/// Where a wish stands, in a word or two.
pub(super) fn state_word(state: WishState) -> StateWord {
    match state {
        WishState::Open => StateWord::new(Mark::Waiting, "Waits for an answer"),
        WishState::Proposed => StateWord::new(Mark::Waiting, "A new role is proposed"),
        WishState::Coming => StateWord::new(Mark::Working, "A new role is being made"),
        WishState::Answered => StateWord::new(Mark::Done, "Answered"),
        WishState::Refused => StateWord::new(Mark::Failed, "Refused"),
        WishState::Withdrawn => StateWord::new(Mark::Ended, "Taken back"),
    }
}

/// `/wishes/new?words=…`
pub(in crate::web) async fn new(
    State(state): State<AppState>,
    signed: Signed,
    visit: Visit,
    session: Session,
    RawQuery(raw): RawQuery,
) -> PageResult {
    let query = Query::parse(raw.as_deref());
    let now = state.clock.now();
    let draft = Draft::take(&session, NEW).await;
    let mut c = state.db.read().await?;
    let catalog = state.catalog.get(&mut c, signed.catalog_version).await?;
    let preview = make::preview(&mut c, now, signed.person.identity).await?;
    let within = match store::rule(&mut c).await? {
        Some(row) => within(&rule_of(&row.body, row.id)?),
        None => String::new(),
    };
    drop(c);
    let words = match &draft {
        Some(draft) => draft.value("words"),
        None => query.get("words").unwrap_or_default().to_owned(),
    };
    let (who, no) = match preview {
        Ok(resolution) => {
            let person = |a: &latchkey_policy::Approver<latchkey_domain::IdentityId>| {
                PersonRef::linked(a.name.clone(), words::person_href(a.id.0))
                    .with(words::because(a.because.as_str(), true))
            };
            (resolution.approvers.iter().take(FITS).map(person).collect(), None)
        }
        Err(no) => (Vec::new(), Some((no.why, no.help))),
    };
    let page = NewWishPage {
        once: new_uuid(now).to_string(),
        fits: fitting(&catalog, &words)
            .into_iter()
            .map(|role| (role.name.clone(), format!("/roles/{}", role.id), role.description.clone()))
            .collect(),
        words,
        who,
        within,
        no,
        errors: draft.map(|d| d.errors(&["words"])).unwrap_or_default(),
    };
    let title = page.title();
    answer(&state, &signed, visit, &session, title, Part::Catalog, move |_| view! { <NewWishView page=page/> }).await
}

/// "within 3 days", "within 3 working days".
fn within(rule: &StageRule) -> String {
    let Some(deadline) = &rule.deadline else { return String::new() };
    match deadline.counts {
        Counts::Calendar => format!("within {}", deadline.after.words()),
        Counts::Business => format!("within {}, Monday to Friday,", deadline.after.words()),
    }
}

/// The roles that fit these words; nothing for no words. People write sentences: where no role has all of their words, those
/// count that have the most of them.
pub(super) fn fitting<'c>(catalog: &'c Catalog, text: &str) -> Vec<&'c RoleEntry> {
    if text.trim().is_empty() {
        return Vec::new();
    }
    let whole = find(catalog, text, FITS);
    if !whole.is_empty() {
        return whole;
    }
    let mut found: Vec<(usize, &RoleEntry)> = Vec::new();
    for word in text.split(|c: char| !c.is_alphanumeric()).filter(|w| w.chars().count() >= TELLING).take(WORDS) {
        for role in find(catalog, word, EACH) {
            match found.iter_mut().find(|(_, known)| known.id == role.id) {
                Some((count, _)) => *count += 1,
                None => found.push((1, role)),
            }
        }
    }
    found.sort_by_key(|(count, _)| std::cmp::Reverse(*count));
    found.into_iter().take(FITS).map(|(_, role)| role).collect()
}

fn find<'c>(catalog: &'c Catalog, text: &str, limit: usize) -> Vec<&'c RoleEntry> {
    let wanted = SearchQuery { text, system: None, risk: None, owner: None, tag: None, only: None, after: None, limit };
    search(catalog, &wanted).hits.into_iter().filter(|role| role.requestable && !role.retired).collect()
}

/// What was wrong with a form, at its fields.
pub(super) fn errors(draft: Option<&Draft>, fields: &[&'static str]) -> Vec<FormError> {
    draft.map(|d| d.errors(fields)).unwrap_or_default()
}
