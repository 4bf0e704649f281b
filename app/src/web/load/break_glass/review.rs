//! One review: for whoever took it, whoever was told, whoever reviews it, and whoever reads the record.

use axum::extract::{Path, State};
use latchkey_domain::{BreakGlassReviewId, Instant, break_glass::ReviewState};
use latchkey_policy::Candidate;
use latchkey_service::{
    break_glass::{may_see, reviewers, sees_all, systems},
    facts,
};
use latchkey_store::break_glass::{self as store, ReviewRow, ToldRow};
use leptos::prelude::*;
use tower_sessions::Session;

use super::{because, needed_word, standing};
use crate::{
    components::{PersonRef, Sentence, Told},
    frame::Part,
    pages::break_glass::{AccountForm, AnswerForm, ReviewPage, ReviewView, Said, SystemLine},
    web::{
        Draft, PageError, PageResult,
        act::{review_break_glass, write_break_glass_account},
        answer::answer,
        load::words,
        state::{AppState, Signed, Visit},
    },
};

/// How many of those who were told the page names.
const TOLD: i64 = 50;

/// `/break-glass/{id}`
pub(in crate::web) async fn get(
    State(state): State<AppState>,
    signed: Signed,
    visit: Visit,
    session: Session,
    Path(id): Path<BreakGlassReviewId>,
) -> PageResult {
    let (me, now) = (signed.person.identity, state.clock.now());
    let mut c = state.db.read().await?;
    let row = store::get(&mut c, id).await?.ok_or(PageError::NotFound)?;
    if !may_see(&mut c, &signed.person, &row).await? {
        return Err(PageError::NotFound);
    }
    let told = store::who_was_told(&mut c, id, TOLD).await?;
    let role = facts::role_today(&mut c, row.role()).await?;
    let can: Vec<Candidate<_>> =
        reviewers(&mut c, role.owner.as_ref(), row.identity()).await?.into_iter().map(|(who, _)| who).collect();
    let report = systems::report(&mut c, &row, now).await?;
    drop(c);
    let own = row.identity_id == me.0;
    let open = row.state == ReviewState::Open;
    let reviews = can.iter().any(|who| who.id == me);
    let account_draft = Draft::take(&session, &write_break_glass_account::draft_name(id)).await;
    let answer_draft = Draft::take(&session, &review_break_glass::draft_name(id)).await;
    let page = ReviewPage {
        id: id.to_string(),
        taker: words::person(row.identity_id, &row.identity_name),
        own,
        role: row.role_name.clone(),
        role_href: format!("/roles/{}", row.role_id),
        reason: row.reason.clone(),
        taken: row.starts_at,
        ended: ended(&row),
        due: row.due_at,
        state: standing(&row, now),
        request_href: row.request_id.filter(|_| own || sees_all(&signed.person)).map(|r| format!("/requests/{r}")),
        account: row.account_at.filter(|_| !row.account.is_empty()).map(|at| (row.account.clone(), at)),
        account_form: (own && open).then(|| AccountForm {
            account: account_draft.as_ref().map_or_else(|| row.account.clone(), |d| d.value("account")),
            errors: account_draft.as_ref().map(|d| d.errors(&["account"])).unwrap_or_default(),
        }),
        systems: report.into_iter().map(|line| system(line, &row)).collect(),
        told: told.into_iter().map(told_person).collect(),
        answer: (reviews && open && !row.lives()).then(|| answer_form(answer_draft.as_ref())),
        why_not: if open { why_not(&row, own, reviews) } else { None },
        said: said(&row),
        end_href: (reviews && row.lives()).then(|| format!("/access/{}/end", row.grant_id)),
        give_back_href: (own && row.lives()).then(|| format!("/access/{}/give-back", row.grant_id)),
        audit_href: sees_all(&signed.person).then(|| "/audit?action=emergencies".to_owned()),
        reviewers: can.into_iter().map(|who| reviewer(&who, role.owner.as_ref())).collect(),
    };
    let part = if signed.reviews > 0 || sees_all(&signed.person) { Part::BreakGlass } else { Part::Elsewhere };
    let title = page.title();
    answer(&state, &signed, visit, &session, title, part, move |reader| view! { <ReviewView page=page reader=reader/> })
        .await
}

fn told_person(row: ToldRow) -> PersonRef {
    words::person(row.identity_id, &row.name).with(because(row.because).to_owned())
}

fn reviewer<I: PartialEq + Copy + Into<uuid::Uuid>>(who: &Candidate<I>, owner: Option<&Candidate<I>>) -> PersonRef {
    let of = words::person(who.id.into(), &who.name);
    if owner.is_some_and(|o| o.id == who.id) { of.with("the owner of the role".to_owned()) } else { of }
}

fn ended(row: &ReviewRow) -> Sentence {
    match (row.ended_at, row.end_reason.as_deref()) {
        (Some(at), Some("given_back")) => Sentence::of("Given back ").moment(at, Told::Full),
        (Some(at), Some("revoked")) => Sentence::of("Ended by somebody else ").moment(at, Told::Full),
        (Some(at), Some("expired")) => Sentence::of("Ended by itself ").moment(at, Told::Full),
        (Some(at), _) => Sentence::of("Ended ").moment(at, Told::Full),
        (None, _) => match row.ends_at {
            Some(end) => Sentence::of("Held until ").moment(end, Told::Full),
            None => Sentence::of("Held"),
        },
    }
}

fn why_not(row: &ReviewRow, own: bool, reviews: bool) -> Option<Sentence> {
    if own {
        return Some("Somebody else reviews it: nobody reviews what they took themselves.".into());
    }
    if !reviews {
        return Some("The owner of the role and whoever looks after security review it.".into());
    }
    let end = row.ends_at.filter(|_| row.lives())?;
    Some(
        Sentence::of("It can be reviewed once the access is over: ")
            .moment(end, Told::Full)
            .text(" by itself, or when you end it."),
    )
}

fn answer_form(draft: Option<&Draft>) -> AnswerForm {
    let value = |field: &str| draft.map(|d| d.value(field)).unwrap_or_default();
    AnswerForm {
        needed: value("needed"),
        findings: value("findings"),
        follow_up: value("follow_up"),
        errors: draft.map(|d| d.errors(&["findings", "needed", "follow_up"])).unwrap_or_default(),
    }
}

fn said(row: &ReviewRow) -> Option<Said> {
    let (by, at) = (row.reviewer_id?, row.closed_at?);
    Some(Said {
        by: words::person(by, row.reviewer_name.as_deref().unwrap_or_default()),
        at,
        needed: needed_word(row.needed.as_deref()),
        findings: row.findings.clone().unwrap_or_default(),
        follow_up: row.follow_up.clone().filter(|words| !words.is_empty()),
    })
}

/// What a system said of one entitlement, in sentences.
fn system(line: systems::Line, row: &ReviewRow) -> SystemLine {
    let seen = |verb: &str, at: Instant| Sentence::of(format!("{verb} ")).moment(at, Told::Short);
    let given = if line.before {
        Sentence::of("Was there before, from something else")
    } else {
        match (line.asked_at, line.there_at) {
            (Some(asked), Some(there)) => seen("Asked for", asked).text(", confirmed ").moment(there, Told::Short),
            (None, Some(there)) => seen("Confirmed", there),
            (Some(asked), None) => seen("Asked for", asked).text(", not confirmed"),
            (None, None) if line.system_key == latchkey_domain::system::BUILT_IN_SYSTEM => {
                seen("Latchkey gave it", row.starts_at)
            }
            (None, None) => Sentence::of("Not asked for yet"),
        }
    };
    let gone = match (line.gone_at, row.lives()) {
        (Some(at), _) if !line.still_there => seen("Confirmed gone", at),
        (_, true) => Sentence::of("Still held"),
        _ if line.before && line.still_there => Sentence::of("Still there, from something else"),
        _ if line.still_there => Sentence::of("Not confirmed gone yet"),
        _ if line.there_at.is_none() && line.system_key != latchkey_domain::system::BUILT_IN_SYSTEM => {
            Sentence::of("Was never there")
        }
        _ => row.ended_at.map_or_else(|| Sentence::of("Gone"), |at| seen("Latchkey took it", at)),
    };
    let more = line.failed.saturating_sub(line.failures.len());
    let mut failures: Vec<Sentence> = line
        .failures
        .into_iter()
        .map(|(at, words)| Sentence::default().moment(at, Told::Short).text(format!(": {words}")))
        .collect();
    if more > 0 {
        failures.push(Sentence::of(format!("and {more} more times")));
    }
    SystemLine { name: line.name, system: line.system, given, gone, failures }
}
