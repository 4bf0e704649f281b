//! Systems, and one system.

use axum::extract::{Path, RawQuery, State};
use latchkey_domain::{FulfilmentId, Instant, fulfilment::Progress, portal_role::PortalRole};
use latchkey_service::system_pages::{self, Health, Stuck, SystemLine};
use latchkey_store::{AsConn, StoreResult, installation, system_reads};
use leptos::prelude::*;
use tower_sessions::Session;

use super::{query::Query, words};
use crate::{
    components::{Mark, PageLinks, Sentence, StateWord, Told, plural},
    frame::Part,
    pages::{
        system::{EntitlementRow, SystemPage, SystemView, TroubleRow},
        systems::{SystemRow, SystemsPage, SystemsView, Work},
    },
    web::{
        PageResult,
        answer::answer,
        state::{AppState, Signed, Visit},
    },
};

const ROWS: i64 = 50;
/// The page that confirms that the reconciler may act again.
const CONFIRM: &str = "/systems/confirm-restore";

/// Set after a restore, for those who may confirm it.
pub(super) async fn only_reports(c: &mut impl AsConn, signed: &Signed) -> StoreResult<Option<String>> {
    let reporting = installation::get(c).await?.is_some_and(|i| i.mode == "reporting");
    Ok((reporting && signed.person.has(PortalRole::Administrator)).then(|| CONFIRM.to_owned()))
}

pub(in crate::web) async fn list(
    State(state): State<AppState>,
    signed: Signed,
    visit: Visit,
    session: Session,
) -> PageResult {
    let now = state.clock.now();
    let mut c = state.db.read().await?;
    let found = system_pages::systems(&mut c, &signed.actor(), None, system_pages::PAGE, now).await?;
    let only_reports = only_reports(&mut c, &signed).await?;
    drop(c);
    let mut rows: Vec<SystemRow> = found.systems.iter().filter(|s| !s.retired).map(row).collect();
    rows.sort_by_key(|r| (r.said.is_none(), r.name.to_lowercase()));
    let page = SystemsPage { rows, only_reports };
    let title = page.title();
    answer(
        &state,
        &signed,
        visit,
        &session,
        title,
        Part::Systems,
        move |reader| view! { <SystemsView page=page reader=reader/> },
    )
    .await
}

fn health(line: &SystemLine) -> (StateWord, Option<String>) {
    let mark = match line.health {
        Health::Healthy => Mark::Done,
        Health::Failing => Mark::Failed,
        Health::NotConnected => Mark::Attention,
        Health::Unknown => Mark::Next,
    };
    // The built-in system needs no connection: what is decided here is true here.
    if line.kind == latchkey_domain::system::SystemKind::Latchkey {
        return (StateWord::new(Mark::Done, "Healthy"), None);
    }
    let said = (!matches!(line.health, Health::Healthy) && !line.words.is_empty()).then(|| line.words.clone());
    (StateWord::new(mark, line.health.words()), said)
}

const fn count(n: i64) -> u32 {
    if n < 0 || n > 1_000_000_000 { 0 } else { n as u32 }
}

const fn work(line: &SystemLine) -> Work {
    Work { waiting: count(line.waiting), failed: count(line.refused + line.needs_human) }
}

fn row(line: &SystemLine) -> SystemRow {
    let (health, said) = health(line);
    SystemRow {
        name: line.name.clone(),
        href: format!("/systems/{}", line.key),
        kind: line.kind.words().to_owned(),
        built_in: line.kind == latchkey_domain::system::SystemKind::Latchkey,
        health,
        said,
        checked: line.checked_at,
        work: work(line),
        done: line.hours.iter().map(|h| count(h.done)).collect(),
        failed: line.hours.iter().map(|h| count(h.failed)).collect(),
    }
}

pub(in crate::web) async fn one(
    State(state): State<AppState>,
    signed: Signed,
    visit: Visit,
    session: Session,
    Path(key): Path<String>,
    RawQuery(raw): RawQuery,
) -> PageResult {
    let query = Query::parse(raw.as_deref());
    let path = format!("/systems/{key}");
    let now = state.clock.now();
    let actor = signed.actor();
    let mut c = state.db.read().await?;
    let mut found = system_pages::system(&mut c, &actor, &key, ROWS, now).await?;
    if let Some(after) = query.parsed::<FulfilmentId>("after") {
        found.stuck = system_pages::stuck(&mut c, &actor, &key, Some(after), ROWS).await?;
    }
    let entitlements = system_reads::entitlements(&mut c, found.line.id).await?;
    let only_reports = only_reports(&mut c, &signed).await?;
    let built_in = found.line.kind == latchkey_domain::system::SystemKind::Latchkey;
    let drift = if built_in {
        None
    } else {
        let counts = latchkey_store::drift::counts(&mut c, found.line.id).await?;
        let last = latchkey_store::passes::latest_of(&mut c, found.line.id, 1).await?;
        Some(super::drift::summary(&found.line.key, &counts, last.first(), now))
    };
    drop(c);
    let (health, said) = health(&found.line);
    let shown = plural(i64::try_from(found.stuck.rows.len()).unwrap_or(0), "open change");
    let page = SystemPage {
        name: found.line.name.clone(),
        description: found.description,
        kind: found.line.kind.words().to_owned(),
        key: found.line.key.clone(),
        owner: found.line.owner.as_ref().map(|(id, name)| words::person(id.0, name)),
        address: state
            .connected
            .contains(&found.line.key)
            .then(|| "Connected by the settings of this installation".to_owned()),
        health,
        said,
        checked: found.line.checked_at,
        account_name: found.account_name,
        recognise: found.recognise,
        work: work(&found.line),
        troubles: found
            .stuck
            .rows
            .iter()
            .map(|s| trouble(s, now, found.stuck.may_retry, &found.stuck.who_may_retry))
            .collect(),
        troubles_links: PageLinks {
            newer: query.get("after").map(|_| path.clone()),
            older: found.stuck.next.map(|next| query.with(&path, "after", None) + &format!("?after={next}")),
            shown,
        },
        entitlements: entitlements
            .into_iter()
            .map(|e| EntitlementRow {
                name: e.name,
                kind: e.kind.replace('-', " "),
                native: e.native,
                wanted: count(e.wanted),
                observed: Some(count(e.observed)),
                roles: count(e.roles),
            })
            .collect(),
        only_reports,
        audit_href: signed
            .person
            .portal_roles
            .iter()
            .any(|r| r.reads_audit())
            .then(|| format!("/audit?system={}", found.line.key)),
        drift,
    };
    let title = page.title();
    answer(
        &state,
        &signed,
        visit,
        &session,
        title,
        Part::Systems,
        move |reader| view! { <SystemView page=page reader=reader/> },
    )
    .await
}

fn trouble(s: &Stuck, now: Instant, may_retry: bool, who: &str) -> TroubleRow {
    let verb = if s.giving { "" } else { "Remove: " };
    let state = match s.progress {
        Progress::Refused | Progress::NeedsHuman => StateWord::new(Mark::Failed, s.state),
        Progress::Due if s.attempts > 0 || s.waits => StateWord::new(Mark::Attention, s.state),
        Progress::Due | Progress::Settled => StateWord::new(Mark::Working, s.state),
    };
    let next = match (s.progress, s.again_at) {
        (Progress::Due, _) if s.waits => Sentence::of("Goes on by itself after that."),
        (Progress::Due, Some(at)) if at > now => Sentence::of("Tried again ").moment(at, Told::Relative).text("."),
        (Progress::Due | Progress::Settled, _) => Sentence::of("Tried again now."),
        _ => Sentence::of(format!("Waits for somebody. {who} can have it tried again.")),
    };
    TroubleRow {
        who: words::person(s.person.0.0, &s.person.1),
        what: format!("{verb}{}", s.entitlement),
        request_href: None,
        state,
        said: (!s.words.is_empty()).then(|| s.words.clone()),
        next,
        since: s.since,
        retry: may_retry.then(|| s.id.to_string()),
    }
}
