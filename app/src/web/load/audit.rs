//! The audit log: every event as a sentence; as a file too.

use axum::{
    body::Body,
    extract::{RawQuery, State},
    http::header,
    response::{IntoResponse, Response},
};
use futures::stream;
use latchkey_domain::EventId;
use latchkey_service::audit::{
    self, Action, Detail, Group, Line, Part as Said, Typed, Understood, csv::Export, key_from_word, key_to_word,
};
use leptos::prelude::*;
use tower_sessions::Session;

use super::{query::Query, words};
use crate::{
    components::{Chosen, FacetGroup, FacetOption, Mark, PageLinks, Sentence, Told, plural},
    frame::Part,
    pages::audit::{AuditPage, AuditRow, AuditView, EventDetails, Span},
    web::{
        PageError, PageResult,
        answer::answer,
        state::{AppState, Signed, Visit},
    },
};

const PATH: &str = "/audit";
const ROWS: i64 = 60;

fn typed(query: &Query) -> Typed {
    let get = |name: &str| query.get(name).unwrap_or("").to_owned();
    let person = if get("person").is_empty() { get("q") } else { get("person") };
    Typed {
        person,
        role: get("role"),
        system: get("system"),
        request: get("request"),
        action: get("action"),
        from: get("from"),
        to: get("to"),
    }
}

pub(in crate::web) async fn get(
    State(state): State<AppState>,
    signed: Signed,
    visit: Visit,
    session: Session,
    RawQuery(raw): RawQuery,
) -> PageResult {
    let query = Query::parse(raw.as_deref());
    let actor = signed.actor();
    let reader = signed.reader(&state);
    let mut c = state.db.read().await?;
    let understood = audit::understand(&mut c, &actor, &typed(&query), reader.zone).await?;
    let after = query.get("after").and_then(key_from_word);
    let found = audit::page(&mut c, &actor, &understood.filter, after, ROWS).await?;
    let facets = audit::facets(&mut c, &actor).await?;
    let opened = match query.parsed::<EventId>("event") {
        Some(id) => Some(audit::event(&mut c, &actor, state.db.event_key(), id).await?),
        None => None,
    };
    drop(c);
    let problems = !understood.problems.is_empty();
    let rows: Vec<AuditRow> =
        if problems { Vec::new() } else { found.lines.iter().map(|line| row(line, opened.as_ref(), &query)).collect() };
    let shown = plural(i64::try_from(rows.len()).unwrap_or(0), "event");
    let page = AuditPage {
        query: query.get("q").unwrap_or("").to_owned(),
        keep: query.keep(&["role", "system", "request", "action", "from", "to"]),
        span: Span {
            from: query.get("from").unwrap_or("").to_owned(),
            to: query.get("to").unwrap_or("").to_owned(),
            error: understood.problems.iter().map(|p| p.message.clone()).reduce(|a, b| format!("{a} {b}")),
        },
        facets: facet_groups(&facets, &understood, &query),
        chosen: chosen(&understood, &query),
        clear: PATH.to_owned(),
        csv_href: query.with("/audit.csv", "event", None),
        links: PageLinks {
            newer: after.map(|_| query.with(PATH, "event", None)),
            older: found.next.filter(|_| !problems).map(|key| {
                let base = query.with(PATH, "event", None);
                let joint = if base.contains('?') { '&' } else { '?' };
                format!("{base}{joint}after={}", key_to_word(key))
            }),
            shown,
        },
        rows,
    };
    let title = page.title();
    answer(
        &state,
        &signed,
        visit,
        &session,
        title,
        Part::Audit,
        move |reader| view! { <AuditView page=page reader=reader/> },
    )
    .await
}

fn row(line: &Line, opened: Option<&Detail>, query: &Query) -> AuditRow {
    let id = line.id.to_string();
    let here = query.get("after").map(|a| format!("&after={a}")).unwrap_or_default();
    let details = match opened.filter(|d| d.line.id == line.id) {
        Some(detail) => open(detail, query.with(PATH, "event", None)),
        None => EventDetails::Closed {
            href: {
                let base = query.with(PATH, "event", Some(&id));
                format!("{base}{here}#event-{id}")
            },
        },
    };
    AuditRow { at: line.at, action: line.kind.clone(), mark: mark(line), words: sentence(&line.sentence), details, id }
}

fn open(detail: &Detail, close: String) -> EventDetails {
    let mut facts = vec![("MAC".to_owned(), detail.check.words().to_owned())];
    facts.extend(detail.texts.iter().map(|t| {
        let check = match (t.fits, &t.text) {
            (Some(true), _) => "as it was recorded",
            (Some(false), _) => "not the text that was recorded",
            (None, _) => "erased",
        };
        (t.name.clone(), format!("{} ({check})", t.text.as_deref().unwrap_or("")))
    }));
    EventDetails::Open { json: detail.pretty.clone(), id: detail.line.id.to_string(), facts, close }
}

/// What kind of news an event is.
fn mark(line: &Line) -> Mark {
    match line.kind.as_str() {
        "sign_in_refused" | "decision_refused" | "foreign_change_refused" | "fulfilment_failed" => Mark::Failed,
        "restore_detected" | "fulfilment_kept" => Mark::Attention,
        "grant_ended" | "item_withdrawn" | "item_lapsed" | "item_cancelled" | "signed_out" | "session_ended" => {
            Mark::Ended
        }
        _ => Mark::Done,
    }
}

/// The service's parts as the page's sentence.
pub(super) fn sentence(parts: &[Said]) -> Sentence {
    parts.iter().fold(Sentence::default(), |s, part| match part {
        Said::Text(text) => s.text(text.clone()),
        Said::Person { id, name } => s.link(name.clone(), words::person_href(id.0)),
        Said::Role { id, name } => s.link(name.clone(), format!("/roles/{id}")),
        Said::System { key, name, .. } => s.link(name.clone(), format!("/systems/{key}")),
        Said::Request { id, reference } => s.link(reference.clone(), format!("/requests/{id}")),
        Said::Time(at) => s.moment(*at, Told::Absolute),
        Said::Quote(text) => s.quote(text.clone()),
    })
}

fn facet_groups(facets: &audit::Facets, understood: &Understood, query: &Query) -> Vec<FacetGroup> {
    let option = |name: &'static str, value: &str, label: &str, on: bool| FacetOption {
        label: label.to_owned(),
        count: None,
        href: query.with(PATH, name, (!on).then_some(value)),
        on,
    };
    let chosen_group = |word: &str| matches!(understood.filter.action, Some(Action::Group(g)) if g.word() == word);
    let mut groups = vec![
        FacetGroup {
            key: "action",
            title: "Action".to_owned(),
            options: facets
                .actions
                .iter()
                .map(|(word, label, _)| option("action", word, label, chosen_group(word)))
                .collect(),
        },
        FacetGroup {
            key: "system",
            title: "System".to_owned(),
            options: facets
                .systems
                .iter()
                .take(12)
                .map(|(key, name)| option("system", key, name, query.get("system") == Some(key)))
                .collect(),
        },
    ];
    // Several people or roles fit what was typed: which of them is one press away.
    for (key, title, choices) in
        [("person", "Which person", &understood.people), ("role", "Which role", &understood.roles)]
    {
        if !choices.is_empty() {
            let options = choices.iter().map(|c| option(key, &c.id.to_string(), &c.name, false)).collect();
            groups.insert(0, FacetGroup { key, title: title.to_owned(), options });
        }
    }
    groups
}

fn chosen(u: &Understood, query: &Query) -> Vec<Chosen> {
    let mut all = Vec::new();
    let mut add = |name: &str, label: String| all.push(Chosen { label, remove: query.with(PATH, name, None) });
    if let Some(person) = &u.person {
        let name = if query.get("person").is_some() { "person" } else { "q" };
        add(name, format!("Person: {}", person.name));
    }
    if let Some(role) = &u.role {
        add("role", format!("Role: {}", role.name));
    }
    if let Some(system) = &u.system {
        add("system", format!("System: {}", system.name));
    }
    if let Some(request) = &u.request {
        add("request", format!("Request: {}", request.name));
    }
    if let Some(action) = u.filter.action {
        let label = match action {
            Action::Group(group) => Group::words(group).to_owned(),
            Action::Kind(kind) => kind.replace('_', " "),
        };
        add("action", format!("Action: {label}"));
    }
    if let Some(from) = query.get("from") {
        add("from", format!("From {from}"));
    }
    if let Some(to) = query.get("to") {
        add("to", format!("Until {to}"));
    }
    all
}

/// `/audit.csv`: the same events as a file, in pieces, so that memory stays bounded.
pub(in crate::web) async fn csv(
    State(state): State<AppState>,
    signed: Signed,
    RawQuery(raw): RawQuery,
) -> Result<Response, PageError> {
    let query = Query::parse(raw.as_deref());
    let actor = signed.actor();
    let zone = signed.reader(&state).zone;
    let mut c = state.db.read().await?;
    let understood = audit::understand(&mut c, &actor, &typed(&query), zone).await?;
    drop(c);
    if !understood.problems.is_empty() {
        return Err(PageError::BadForm);
    }
    let export = Export::new(&actor, understood.filter)?;
    let pieces = stream::try_unfold((export, state.db), |(mut export, db)| async move {
        let piece = export.next(&db).await.map_err(std::io::Error::other)?;
        Ok::<_, std::io::Error>(piece.map(|bytes| (bytes, (export, db))))
    });
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"latchkey-audit.csv\""),
        (header::CACHE_CONTROL, "no-store"),
    ];
    Ok((headers, Body::from_stream(pieces)).into_response())
}
