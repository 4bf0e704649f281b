//! Sources that call in, for administrators; and which of them open a role, for its page.

use std::sync::Arc;

use axum::extract::{RawQuery, State};
use latchkey_domain::{CallInId, portal_role::PortalRole};
use latchkey_service::{
    ServiceResult,
    call_ins::source::{On, SourceInForce, SourceRule, WhenSilent, in_force},
    catalog::{Catalog, RoleEntry},
};
use latchkey_store::{
    AsConn,
    call_ins::{self as store, ListedRow},
};
use leptos::prelude::*;
use tower_sessions::Session;

use super::{query::Query, words};
use crate::{
    components::{Mark, PageLinks, Sentence, StateWord, Told, plural},
    frame::Part,
    pages::sources::{CallLine, RuleLine, SourceLine, SourcesPage, SourcesView},
    web::{
        PageError, PageResult,
        answer::answer,
        state::{AppState, Signed, Visit},
    },
};

const PATH: &str = "/admin/sources";
/// How many calls a page has.
const ROWS: usize = 40;

/// `/admin/sources`
pub(in crate::web) async fn get(
    State(state): State<AppState>,
    signed: Signed,
    visit: Visit,
    session: Session,
    RawQuery(raw): RawQuery,
) -> PageResult {
    if !signed.person.has(PortalRole::Administrator) {
        return Err(PageError::NotFound);
    }
    let query = Query::parse(raw.as_deref());
    let before = query.parsed::<CallInId>("after");
    let limit = i64::try_from(ROWS).unwrap_or(40) + 1;
    let mut c = state.db.read().await?;
    let catalog = state.catalog.get(&mut c, signed.catalog_version).await?;
    let sources = in_force(&mut c).await?;
    let mut calls = store::latest(&mut c, before, limit).await?;
    drop(c);
    let more = calls.len() > ROWS;
    calls.truncate(ROWS);
    let older = calls.last().filter(|_| more).map(|last| query.with(PATH, "after", Some(&last.id.to_string())));
    let page = SourcesPage {
        sources: sources.iter().map(|source| source_line(source, &catalog, &state)).collect(),
        links: PageLinks {
            newer: before.map(|_| query.with(PATH, "after", None)),
            older,
            shown: plural(i64::try_from(calls.len()).unwrap_or(0), "call"),
        },
        calls: calls.into_iter().map(call_line).collect(),
    };
    let title = page.title();
    answer(
        &state,
        &signed,
        visit,
        &session,
        title,
        Part::Admin,
        move |reader| view! { <SourcesView page=page reader=reader/> },
    )
    .await
}

fn source_line(of: &SourceInForce, catalog: &Arc<Catalog>, state: &AppState) -> SourceLine {
    let SourceInForce { row, source } = of;
    let has_secret = state.call_in_secrets.contains(&row.key);
    SourceLine {
        key: row.key.clone(),
        name: row.name.clone(),
        state: match (row.silent_at, has_secret, row.heard_at) {
            (Some(_), ..) => StateWord::new(Mark::Failed, "Can\u{2019}t be reached"),
            (None, false, _) => StateWord::new(Mark::Attention, "Has no secret"),
            (None, true, None) => StateWord::new(Mark::Next, "Not heard yet"),
            (None, true, Some(_)) => StateWord::new(Mark::Done, "Heard"),
        },
        heard: match (row.heard_at, row.silent_at) {
            (None, None) => Sentence::of("Never"),
            (None, Some(silent)) => Sentence::of("Never; given up ").moment(silent, Told::Relative),
            (Some(at), None) => Sentence::default().moment(at, Told::Full),
            (Some(at), Some(silent)) => {
                Sentence::default().moment(at, Told::Full).text("; given up ").moment(silent, Told::Relative)
            }
        },
        fallback: match &source.silence {
            None => Sentence::of(
                "It sends no signs of life, so Latchkey can\u{2019}t tell. What it opened ends at its own end at the latest.",
            ),
            Some(silence) => {
                let then = match silence.then {
                    WhenSilent::End => "what it opened ends",
                    WhenSilent::Keep => "what it opened stays to its own end",
                };
                let after = silence.after_in_words();
                Sentence::of(format!("After {after} without a call, {then}. People read: ")).quote(&silence.fallback)
            }
        },
        secret: if has_secret {
            Sentence::of("The settings have one; calls that it signs are taken.")
        } else {
            Sentence::of("None, so every call is refused. Set ")
                .code(format!("[call_in.{}] secrets_file", row.key))
                .text(".")
        },
        rules: source.rules.iter().map(|rule| rule_line(rule, catalog)).collect(),
    }
}

fn rule_line(rule: &SourceRule, catalog: &Catalog) -> RuleLine {
    let mut opens = Sentence::of(match rule.on {
        On::Shift => "A shift opens ",
        On::Ticket => "A ticket opens ",
    });
    for (at, key) in rule.roles.iter().enumerate() {
        opens = match at {
            0 => opens,
            at if at + 1 == rule.roles.len() => opens.text(" and "),
            _ => opens.text(", "),
        };
        opens = match catalog.role_by_key(key) {
            Some(role) => opens.link(role.name.clone(), format!("/roles/{}", role.id)),
            None => opens.code(key.clone()),
        };
    }
    let requested = if rule.ends_requested { " When it is over, what was asked for with it ends, too." } else { "" };
    RuleLine {
        name: rule.name.clone(),
        opens: opens.text(format!(", for {} at most.{requested}", rule.max.words())),
        condition: rule.when.as_ref().map(|when| when.as_str().to_owned()),
        reference: rule.reference.clone(),
    }
}

fn call_line(row: ListedRow) -> CallLine {
    let count = |verb: &str| format!("{verb} {}", plural(row.grants, "role"));
    CallLine {
        outcome: match (row.outcome.as_str(), row.kind.as_str()) {
            ("opened", _) => StateWord::new(Mark::Done, count("Opened")),
            ("ended", _) => StateWord::new(Mark::Ended, count("Ended")),
            ("nothing", "opened") => StateWord::new(Mark::Done, "Open already"),
            ("nothing", _) => StateWord::new(Mark::Ended, "Nothing was open"),
            _ => StateWord::new(Mark::Failed, format!("Refused: {}", latchkey_service::audit::call_refusal(&row.code))),
        },
        source: row.source_name,
        reference: row.reference,
        person: row.identity_id.zip(row.identity_name).map(|(id, name)| words::person(id, &name)),
        at: row.received_at,
    }
}

/// Which shifts and tickets open a role, in sentences. Costs a query only where one does: whether it can be reached.
pub(super) async fn opening(c: &mut impl AsConn, catalog: &Catalog, role: &RoleEntry) -> ServiceResult<Vec<Sentence>> {
    let named = |rule: &&SourceRule| rule.roles.contains(&role.key);
    let some: Vec<_> = catalog.sources.iter().filter(|s| s.source.rules.iter().any(|r| named(&r))).collect();
    if some.is_empty() {
        return Ok(Vec::new());
    }
    let now = in_force(c).await?;
    let mut all = Vec::new();
    for source in some {
        for rule in source.source.rules.iter().filter(named) {
            let what = match rule.on {
                On::Shift => "A shift",
                On::Ticket => "A ticket",
            };
            let words = format!(
                "{what} in {} can open it for those whom \u{201c}{}\u{201d} names, for {} at most. It ends with the {}.",
                source.name,
                rule.name,
                rule.max.words(),
                rule.on.as_str()
            );
            all.push(Sentence::of(words));
        }
        let silent = now.iter().find(|s| s.row.key == source.key).and_then(|s| s.row.silent_at);
        if let (Some(at), Some(silence)) = (silent, &source.source.silence) {
            let words = Sentence::of(format!("{} can\u{2019}t be reached since ", source.name)).moment(at, Told::Full);
            all.push(words.text(format!(". {}", silence.fallback)));
        }
    }
    Ok(all)
}
