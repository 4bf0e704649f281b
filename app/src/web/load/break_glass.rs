//! Break-glass: the list of reviews, and the page on which a role is taken.

mod review;

use axum::extract::{Path, RawQuery, State};
use latchkey_domain::{
    BreakGlassReviewId, IdentityId, RoleId,
    break_glass::{ReviewState, ToldBecause},
};
use latchkey_service::{
    break_glass::{self, Preview, Told as ToldPerson, sees_all},
    facts::{self, RoleToday},
};
use latchkey_store::break_glass::{self as store, ReviewRow, Sight, Which};
use leptos::prelude::*;
use tower_sessions::Session;
use uuid::Uuid;

use super::{gives, query::Query, words};
use crate::{
    components::{Mark, PageLinks, PersonRef, Sentence, StateWord, Tab, plural},
    frame::Part,
    pages::break_glass::{BreakGlassPage, BreakGlassView, ReviewLine, TakeForm, TakePage, TakeView},
    web::{
        Draft, PageError, PageResult,
        act::take_break_glass::draft_name,
        answer::answer,
        state::{AppState, Signed, Visit},
    },
};

pub(in crate::web) use review::get as review;

const PATH: &str = "/break-glass";
/// How many lines a page has.
const ROWS: usize = 40;

/// `/break-glass`
pub(in crate::web) async fn list(
    State(state): State<AppState>,
    signed: Signed,
    visit: Visit,
    session: Session,
    RawQuery(raw): RawQuery,
) -> PageResult {
    let query = Query::parse(raw.as_deref());
    let (me, now) = (signed.person.identity, state.clock.now());
    let which = match query.get("show") {
        Some("overdue") => Which::Overdue,
        Some("closed") => Which::Closed,
        _ => Which::Open,
    };
    let all = sees_all(&signed.person);
    let sight = if all { Sight::All } else { Sight::Of(me) };
    let before = query.parsed::<BreakGlassReviewId>("after");
    let limit = i64::try_from(ROWS).unwrap_or(40) + 1;
    let mut c = state.db.read().await?;
    let mut rows = store::list(&mut c, sight, which, now, before, limit).await?;
    drop(c);
    let more = rows.len() > ROWS;
    rows.truncate(ROWS);
    let older = rows.last().filter(|_| more).map(|last| query.with(PATH, "after", Some(&last.id.to_string())));
    let tab = |label: &str, value: &str, of: Which| Tab {
        label: label.to_owned(),
        href: format!("{PATH}?show={value}"),
        count: None,
        here: which == of,
    };
    let page = BreakGlassPage {
        tabs: vec![
            tab("Open", "open", Which::Open),
            tab("Overdue", "overdue", Which::Overdue),
            tab("Closed", "closed", Which::Closed),
        ],
        all,
        links: PageLinks {
            newer: before.map(|_| query.with(PATH, "after", None)),
            older,
            shown: plural(i64::try_from(rows.len()).unwrap_or(0), "review"),
        },
        lines: rows.into_iter().map(|row| line(row, me, now)).collect(),
    };
    let title = page.title();
    answer(
        &state,
        &signed,
        visit,
        &session,
        title,
        Part::BreakGlass,
        move |reader| view! { <BreakGlassView page=page reader=reader/> },
    )
    .await
}

fn line(row: ReviewRow, me: IdentityId, now: latchkey_domain::Instant) -> ReviewLine {
    let own = row.identity_id == me.0;
    ReviewLine {
        href: href(row.id),
        who: if own { "You".to_owned() } else { row.identity_name.clone() },
        state: standing(&row, now),
        due: (row.state == ReviewState::Open).then_some(row.due_at),
        taken: row.starts_at,
        role: row.role_name,
        reason: row.reason,
    }
}

/// A review's page.
pub(super) fn href(id: Uuid) -> String {
    format!("{PATH}/{id}")
}

/// Where a review stands, in words.
fn standing(row: &ReviewRow, now: latchkey_domain::Instant) -> StateWord {
    match (row.state, row.needed.as_deref()) {
        (ReviewState::Closed, needed) => needed_word(needed),
        (ReviewState::Open, _) if row.is_overdue(now) => StateWord::new(Mark::Failed, "Overdue"),
        (ReviewState::Open, _) if row.lives() => StateWord::new(Mark::Attention, "Still held"),
        (ReviewState::Open, _) => StateWord::new(Mark::Waiting, "To be reviewed"),
    }
}

/// What was said about whether it was needed.
fn needed_word(needed: Option<&str>) -> StateWord {
    match needed {
        Some("yes") => StateWord::new(Mark::Done, "It was needed"),
        Some("partly") => StateWord::new(Mark::Attention, "Less would have done"),
        _ => StateWord::new(Mark::Failed, "It was not needed"),
    }
}

/// What makes somebody one of those who are told.
fn because(because: ToldBecause) -> &'static str {
    match because {
        ToldBecause::Decides => "would have decided",
        ToldBecause::Owner => "the owner of the role",
        ToldBecause::Security => "from security",
        ToldBecause::Administrator => "looks after Latchkey",
    }
}

/// `/roles/{id}/break-glass`
pub(in crate::web) async fn take(
    State(state): State<AppState>,
    signed: Signed,
    visit: Visit,
    session: Session,
    Path(id): Path<RoleId>,
) -> PageResult {
    let mut c = state.db.read().await?;
    let catalog = state.catalog.get(&mut c, signed.catalog_version).await?;
    let role = catalog.role(id).ok_or(PageError::NotFound)?;
    let today = facts::role_today(&mut c, id).await?;
    let preview = break_glass::preview(&mut c, state.clock.now(), &signed.person, &today).await?;
    drop(c);
    let draft = Draft::take(&session, &draft_name(id)).await;
    let page = TakePage {
        role: role.name.clone(),
        role_href: format!("/roles/{id}"),
        description: role.description.clone(),
        risk: words::risk(role.risk),
        gives: gives::of_role(role, &state.connected, signed.may_systems()),
        form: form(preview, &today, draft.as_ref(), state.clock.now()),
    };
    let title = page.title();
    answer(
        &state,
        &signed,
        visit,
        &session,
        title,
        Part::Catalog,
        move |reader| view! { <TakeView page=page reader=reader/> },
    )
    .await
}

fn form(
    preview: Preview,
    role: &RoleToday,
    draft: Option<&Draft>,
    now: latchkey_domain::Instant,
) -> Result<TakeForm, (String, Sentence)> {
    let (terms, against) = (preview.terms, preview.against);
    let terms = match (terms, against) {
        (_, Some(no)) => return Err((no.why, Sentence::of(no.help))),
        (None, None) => {
            return Err(("This role isn\u{2019}t for emergencies.".to_owned(), Sentence::of("Ask for it.")));
        }
        (Some(terms), None) => terms,
    };
    let durations = terms.choices(&role.facts);
    let shortest = durations.first().copied();
    let told = |one: ToldPerson| {
        PersonRef::linked(one.name, words::person_href(one.id.0)).with(because(one.because).to_owned())
    };
    Ok(TakeForm {
        role_id: role.id.to_string(),
        durations: durations
            .into_iter()
            .map(|span| words::length_choice(span, now + span.to_delta(), Some(span) == shortest))
            .collect(),
        duration: draft.map(|d| d.value("duration")).filter(|d| !d.is_empty()),
        reason: draft.map(|d| d.value("reason")).unwrap_or_default(),
        review_within: terms.review_within.words(),
        told: preview.told.into_iter().map(told).collect(),
        reviewers: preview.reviewers.into_iter().map(|r| words::person(r.id.0, &r.name)).collect(),
        remark: preview.waiting.map(|item| {
            Sentence::of("Your ")
                .link("request", format!("/requests/{}", item.request_id))
                .text(" goes on: whoever decides it is told what you took meanwhile.")
        }),
        errors: draft.map(|d| d.errors(&["duration", "reason"])).unwrap_or_default(),
    })
}
