//! `/systems/{key}/drift`: what a system holds that nobody here granted.

use axum::extract::{Path, RawQuery, State};
use latchkey_domain::{
    DriftId, IdentityId, Instant,
    drift::{DriftEnd, DriftKind, DriftState},
    system::{OnDrift, PassRule},
};
use latchkey_service::drift::{self as service, Right, drift_page, possible};
use latchkey_store::{
    drift::{DriftCount, DriftFilter, DriftRow},
    passes::PassRow,
};
use leptos::prelude::*;
use tower_sessions::Session;

use super::query::Query;
use crate::{
    components::{Mark, PageLinks, Sentence, StateWord, Tab, Told, plural},
    frame::Part,
    pages::drift::{Brake, DriftLine, DriftPage, DriftSummary, DriftView},
    web::{
        Draft, PageResult,
        act::drift::{draft_name, page as address},
        answer::answer,
        load::words,
        state::{AppState, Signed, Visit},
    },
};

const ROWS: i64 = 50;

pub(in crate::web) async fn get(
    State(state): State<AppState>,
    signed: Signed,
    visit: Visit,
    session: Session,
    Path(key): Path<String>,
    RawQuery(raw): RawQuery,
) -> PageResult {
    let query = Query::parse(raw.as_deref());
    let show = match query.get("show") {
        Some(show @ ("removing" | "accepted" | "closed")) => show.to_owned(),
        _ => String::new(),
    };
    let filter = DriftFilter { state: Some(show.parse().unwrap_or(DriftState::Open)), kind: None };
    let before: Option<DriftId> = query.parsed("after");
    let mut c = state.db.read().await?;
    let found = drift_page(&mut c, &signed.actor(), &key, filter, before, ROWS).await?;
    drop(c);
    let draft = Draft::take(&session, &draft_name(&key)).await;
    let page = page(&found, &query, &show, signed.person.identity, draft.as_ref());
    let title = page.title();
    answer(
        &state,
        &signed,
        visit,
        &session,
        title,
        Part::Systems,
        move |reader| view! { <DriftView page=page reader=reader/> },
    )
    .await
}

fn page(found: &service::DriftPage, query: &Query, show: &str, me: IdentityId, draft: Option<&Draft>) -> DriftPage {
    let decides = found.right == Right::Decides;
    let value = |name: &str| draft.map(|d| d.value(name)).unwrap_or_default();
    let problem =
        |name: &str| draft.and_then(|d| d.problems.iter().find(|p| p.field == name)).map(|p| p.message.clone());
    let ticked = value("ticked");
    let path = format!("/systems/{}/drift", found.key);
    let last = found.passes.iter().find(|pass| pass.state != "running");
    DriftPage {
        system: found.name.clone(),
        system_href: format!("/systems/{}", found.key),
        key: found.key.clone(),
        last: last.map_or_else(|| Sentence::of("Not yet"), last_pass),
        under_way: under_way(found.passes.first(), found.wanted),
        rule: rule(&found.rule),
        may_compare: decides && !found.wanted && found.passes.first().is_none_or(|pass| pass.state != "running"),
        reads_only: match &found.right {
            Right::Decides => None,
            Right::Reads(who) => Some(who.clone()),
        },
        brake: found.braked.as_ref().map(|pass| Brake {
            pass: pass.id.to_string(),
            words: Sentence::of(format!(
                "By its rule Latchkey would take away {} of {}, found ",
                pass.removals, pass.holdings
            ))
            .moment(pass.ended_at.unwrap_or(pass.started_at), Told::Absolute)
            .text(". That is more than one pass may take by itself, so nothing was taken."),
            form: decides.then(|| (value("brake_comment"), problem("brake_comment"))),
        }),
        tabs: tabs(&found.counts, &found.key, show),
        rows: found.rows.iter().map(|row| line(row, me, decides, &ticked)).collect(),
        never: last.is_none(),
        show: show.to_owned(),
        comment: (value("comment"), problem("comment")),
        links: PageLinks {
            newer: query.get("after").map(|_| query.with(&path, "after", None)),
            older: found.next.map(|next| query.here(&path, "after", &next.to_string())),
            shown: plural(i64::try_from(found.rows.len()).unwrap_or(0), "line"),
        },
        errors: draft.map(|d| d.errors(&["drift", "comment", "brake_comment"])).unwrap_or_default(),
    }
}

fn number(counts: &[DriftCount], state: DriftState) -> i64 {
    counts.iter().filter(|count| count.state == state).map(|count| count.number).sum()
}

fn tabs(counts: &[DriftCount], key: &str, show: &str) -> Vec<Tab> {
    let tab = |label: &str, word: &str, state: Option<DriftState>| Tab {
        label: label.to_owned(),
        href: address(key, word),
        count: state.and_then(|state| u32::try_from(number(counts, state)).ok()),
        here: show == word,
    };
    vec![
        tab("Open", "", Some(DriftState::Open)),
        tab("On its way", "removing", Some(DriftState::Removing)),
        tab("Let stay", "accepted", Some(DriftState::Accepted)),
        tab("Over", "closed", None),
    ]
}

fn last_pass(pass: &PassRow) -> Sentence {
    let at = Sentence::default().moment(pass.ended_at.unwrap_or(pass.started_at), Told::Relative);
    if pass.state == "failed" {
        return at.text(". It failed: ").quote(pass.words.clone());
    }
    let news = match (pass.found, pass.gone) {
        (0, 0) => "nothing was new".to_owned(),
        (found, 0) => format!("{found} new"),
        (0, gone) => format!("{gone} over"),
        (found, gone) => format!("{found} new, {gone} over"),
    };
    let accounts = plural(pass.accounts, "account");
    at.text(format!(". {accounts} with {}, {news}.", plural(pass.holdings, "holding")))
}

fn under_way(newest: Option<&PassRow>, wanted: bool) -> Option<Sentence> {
    let Some(pass) = newest.filter(|pass| pass.state == "running") else {
        return wanted.then(|| Sentence::of("Asked for; it begins within seconds."));
    };
    let since = Sentence::of("Since ").moment(pass.started_at, Told::Absolute);
    let lines = plural(pass.lines, "line");
    Some(match pass.entitlements {
        0 => since.text(format!(": reading accounts, {lines} so far.")),
        of => since.text(format!(": {} of {of} entitlements compared, {lines} read.", pass.entitlements_done)),
    })
}

fn rule(rule: &PassRule) -> Sentence {
    let every = match rule.every_hours {
        1 => "hour".to_owned(),
        24 => "day".to_owned(),
        hours if hours % 24 == 0 => format!("{} days", hours / 24),
        hours => format!("{hours} hours"),
    };
    let then = match rule.drift {
        OnDrift::Report => "What is found is listed, nothing more".to_owned(),
        OnDrift::Ask => "What is found is listed, and the system\u{2019}s owner is asked".to_owned(),
        OnDrift::Remove => format!(
            "Access that nobody granted is taken away, at most {} or {} % at a time; more waits for somebody",
            rule.most_removals, rule.most_percent
        ),
    };
    let mut words = Sentence::of(format!("Compared every {every}. {then}."));
    if !rule.exclude.is_empty() {
        words = words.text(" Not managed: ");
        for (at, pattern) in rule.exclude.iter().enumerate() {
            words = if at == 0 { words } else { words.text(", ") }.code(pattern.clone());
        }
        words = words.text(".");
    }
    words
}

fn line(row: &DriftRow, me: IdentityId, decides: bool, ticked: &str) -> DriftLine {
    let may_go = possible(row, DriftState::Removing, me);
    let may_stay = possible(row, DriftState::Accepted, me);
    let what = row.entitlement_name.clone().unwrap_or_default();
    let open = row.state == DriftState::Open;
    DriftLine {
        id: row.id.to_string(),
        title: match row.kind {
            DriftKind::Access => format!("{what}, for {}", row.login),
            DriftKind::Missing => format!("{what} is gone, for {}", row.login),
            DriftKind::Nested => format!("{what}, through {}", row.login),
            DriftKind::Account => format!("The account {}", row.login),
        },
        hint: hint(row),
        whose: whose(row),
        decided: decided(row),
        state: state(row),
        said: (!row.last_words.is_empty()).then(|| row.last_words.clone()),
        tick: may_go.is_ok() || may_stay.is_ok(),
        by_hand: may_go.err().filter(|_| decides && open).map(|no| format!("{} {}", no.why, no.help)),
        chosen: ticked.split(' ').any(|id| id == row.id.to_string()),
    }
}

fn hint(row: &DriftRow) -> Sentence {
    Sentence::of("first seen ").moment(row.first_seen_at, Told::Relative)
}

fn whose(row: &DriftRow) -> Sentence {
    let person = row.identity_id.zip(row.identity_name.clone());
    match (row.kind, person) {
        (DriftKind::Nested, _) => Sentence::of("Everyone in that group has it through it."),
        (DriftKind::Account, Some((id, name))) => used(
            row,
            Sentence::of("It carries the id of ")
                .link(name, words::person_href(id))
                .text(", and Latchkey hasn\u{2019}t had to do with it yet."),
        ),
        (DriftKind::Account, None) => used(row, nobodys(row)),
        (_, Some((id, name))) => Sentence::of("The account of ").link(name, words::person_href(id)).text("."),
        (_, None) => nobodys(row),
    }
}

fn nobodys(row: &DriftRow) -> Sentence {
    let called = [Some(row.display_name.as_str()).filter(|name| !name.is_empty()), row.email.as_deref()];
    let called: Vec<&str> = called.into_iter().flatten().collect();
    if called.is_empty() {
        return Sentence::of("An account of nobody here.");
    }
    Sentence::of("An account of nobody here. The system calls it ").quote(called.join(", ")).text(".")
}

/// What isn't known is never told as unused.
fn used(row: &DriftRow, words: Sentence) -> Sentence {
    let words = if row.enabled == Some(false) { words.text(" It is switched off.") } else { words };
    match row.last_used_at {
        Some(at) => words.text(" Last used ").moment(at, Told::Relative).text("."),
        None => words.text(" When it was last used isn\u{2019}t known."),
    }
}

fn decided(row: &DriftRow) -> Option<Sentence> {
    let at = row.decided_at?;
    let verb = if row.state == DriftState::Accepted { "let it stay" } else { "decided that it goes" };
    let who = match row.decided_by_id.zip(row.decided_by_name.clone()) {
        Some((id, name)) => Sentence::default().link(name, words::person_href(id)).text(format!(" {verb} ")),
        None => Sentence::of("The system\u{2019}s rule takes it away, since "),
    };
    let words = who.moment(at, Told::Absolute);
    Some(match row.comment.as_deref().filter(|c| !c.is_empty()) {
        Some(comment) => words.text(": ").quote(comment.to_owned()),
        None => words.text("."),
    })
}

fn state(row: &DriftRow) -> Option<StateWord> {
    Some(match (row.state, row.kind) {
        (DriftState::Open, _) => return None,
        (DriftState::Accepted, _) => StateWord::new(Mark::Ended, "Let stay"),
        (DriftState::Removing, DriftKind::Missing) => StateWord::new(Mark::Working, "Being given again"),
        (DriftState::Removing, _) if row.account_id.is_none() && row.due_at.is_none() => {
            StateWord::new(Mark::Failed, "The system refused; it waits for somebody")
        }
        (DriftState::Removing, _) => StateWord::new(Mark::Working, "Being taken away"),
        (DriftState::Closed, _) => {
            let how = row.closed_as.as_deref().and_then(|word| word.parse::<DriftEnd>().ok());
            match how {
                Some(DriftEnd::Removed) => StateWord::new(Mark::Done, "Taken away, the system confirmed it"),
                Some(DriftEnd::Restored) => StateWord::new(Mark::Done, "Given again, the system confirmed it"),
                Some(DriftEnd::Granted) => StateWord::new(Mark::Done, "Granted in the meantime"),
                Some(DriftEnd::OutOfReach) => StateWord::new(Mark::Ended, "Not managed any more"),
                Some(DriftEnd::Gone) | None => StateWord::new(Mark::Ended, "Gone by itself"),
            }
        }
    })
}

/// What a system's page says about it.
pub(super) fn summary(key: &str, counts: &[DriftCount], last: Option<&PassRow>, now: Instant) -> DriftSummary {
    let open = number(counts, DriftState::Open);
    let (mark, state) = match (open, last) {
        (_, None) => (Mark::Next, "Not compared yet".to_owned()),
        (0, Some(_)) => (Mark::Done, "Nothing that nobody granted".to_owned()),
        (n, Some(_)) => (Mark::Attention, format!("{} to look at", plural(n, "finding"))),
    };
    let compared = last.and_then(|pass| pass.ended_at).filter(|at| *at <= now);
    DriftSummary {
        words: match compared {
            Some(at) => Sentence::of("Compared ").moment(at, Told::Relative).text("."),
            None => Sentence::of("Everything that it holds is compared with what was granted."),
        },
        mark,
        state,
        href: address(key, ""),
    }
}
