//! `/notices`: how the reader wants to be told, and what they were told lately.

use axum::extract::{RawQuery, State};
use latchkey_domain::NoticeId;
use latchkey_service::{
    notice_preferences::Preferences,
    notices::{
        digest::{HOUR, path},
        kinds::{Choice, Group},
    },
};
use latchkey_store::notices::digests::{self, ToldRow};
use leptos::prelude::*;
use tower_sessions::Session;

use super::query::Query;
use crate::{
    components::{PageLinks, Sentence, Told},
    frame::Part,
    pages::notices::{NoticeGroup, NoticeLine, NoticesPage, NoticesView, Way},
    web::{
        Draft, PageResult,
        act::choose_notices::DRAFT,
        answer::answer,
        state::{AppState, Signed, Visit},
    },
};

const PATH: &str = "/notices";
/// How many notices one page lists.
const ROWS: usize = 40;

pub(in crate::web) async fn get(
    State(state): State<AppState>,
    signed: Signed,
    visit: Visit,
    session: Session,
    RawQuery(raw): RawQuery,
) -> PageResult {
    let query = Query::parse(raw.as_deref());
    let me = signed.person.identity;
    let before = query.parsed::<NoticeId>("after");
    let mut c = state.db.read().await?;
    let preferences = Preferences::of(&mut c, me).await?;
    let mut found = digests::told_to(&mut c, me, before, i64::try_from(ROWS).unwrap_or(40) + 1).await?;
    drop(c);
    let more = found.len() > ROWS;
    found.truncate(ROWS);
    let older = found.last().filter(|_| more).map(|last| query.with(PATH, "after", Some(&last.id.to_string())));
    let draft = Draft::take(&session, DRAFT).await;
    let names: Vec<&'static str> = Group::ALL.iter().map(|group| group.word()).collect();
    let page = NoticesPage {
        groups: Group::ALL.iter().map(|group| part(*group, &preferences, draft.as_ref())).collect(),
        digest: format!(
            "A digest comes at {HOUR}:00 on working days ({}), when there is something to tell.",
            signed.reader(&state).zone
        ),
        links: PageLinks {
            newer: before.map(|_| PATH.to_owned()),
            older,
            shown: match found.len() {
                1 => "1 notice".to_owned(),
                n => format!("{n} notices"),
            },
        },
        lines: found.into_iter().map(line).collect(),
        errors: draft.map(|d| d.errors(&names)).unwrap_or_default(),
    };
    let title = page.title();
    answer(&state, &signed, visit, &session, title, Part::Elsewhere, move |reader| {
        view! { <NoticesView page=page reader=reader/> }
    })
    .await
}

fn part(group: Group, preferences: &Preferences, draft: Option<&Draft>) -> NoticeGroup {
    let typed = draft.and_then(|d| Choice::from_word(&d.value(group.word())));
    let chosen = typed.filter(|choice| group.allows(*choice)).unwrap_or_else(|| preferences.choice(group));
    let way = |choice: Choice| Way {
        value: choice.word(),
        label: match choice {
            Choice::AtOnce => "At once",
            Choice::Digest => "In a daily digest",
            Choice::Off => "Not by e-mail",
        },
        chosen: choice == chosen,
        possible: group.allows(choice),
    };
    NoticeGroup {
        name: group.word(),
        title: group.words(),
        hint: group.hint(),
        ways: Choice::ALL.iter().copied().map(way).collect(),
        always: group.always(),
    }
}

fn line(row: ToldRow) -> NoticeLine {
    NoticeLine { href: path(&row.body).map(str::to_owned), told: told(&row), subject: row.subject, at: row.created_at }
}

/// How far telling has come, in words.
fn told(row: &ToldRow) -> Sentence {
    match (row.state.as_str(), row.sent_at.or(row.digest_sent_at), row.digest_at) {
        ("sent", Some(at), _) => Sentence::of("By e-mail, ").moment(at, Told::Relative),
        ("digested", Some(at), _) => Sentence::of("In your digest, ").moment(at, Told::Relative),
        ("digested", None, _) => Sentence::of("In your next digest"),
        ("waiting", _, Some(at)) => Sentence::of("In your digest ").moment(at, Told::Relative),
        ("kept", ..) => Sentence::of("Only here: ").text(lower_first(&row.last_error)),
        ("failed", ..) => Sentence::of("Only here: the e-mail could not be delivered."),
        _ if row.last_error.is_empty() => Sentence::of("By e-mail, soon"),
        _ => Sentence::of("By e-mail, as soon as the mail server takes it"),
    }
}

/// "No mail server is set." becomes "no mail server is set."; what speaks of a recipient speaks to the reader here.
fn lower_first(words: &str) -> String {
    let words = words
        .replace("Its recipient chose not", "You chose not")
        .replace("Its recipient has", "You have")
        .replace(": the notice can be read here", "");
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(state: &str, last_error: &str) -> ToldRow {
        let at = "2027-03-01T09:00:00Z".parse().unwrap();
        ToldRow {
            id: uuid::Uuid::nil(),
            kind: "decided".to_owned(),
            subject: "Payroll reader for Ann: approved".to_owned(),
            body: "Look:\n{base}/requests/1\n".to_owned(),
            created_at: at,
            state: state.to_owned(),
            sent_at: None,
            digest_at: None,
            digest_sent_at: None,
            last_error: last_error.to_owned(),
        }
    }

    #[test]
    fn a_notice_says_how_it_was_told() {
        let reader = crate::frame::Reader { now: "2027-03-01T10:00:00Z".parse().unwrap(), zone: chrono_tz::Tz::UTC };
        let says = |row: &ToldRow| told(row).plain(reader);
        assert_eq!(says(&row("due", "")), "By e-mail, soon");
        assert_eq!(says(&row("due", "It was busy.")), "By e-mail, as soon as the mail server takes it");
        let off = row("kept", "Its recipient chose not to be told of this by e-mail.");
        assert_eq!(says(&off), "Only here: you chose not to be told of this by e-mail.");
        assert_eq!(says(&row("digested", "")), "In your next digest");
        let sent = ToldRow { sent_at: Some("2027-03-01T09:00:00Z".parse().unwrap()), ..row("sent", "") };
        assert!(says(&sent).starts_with("By e-mail, 1 hour"), "{}", says(&sent));
        assert_eq!(line(sent).href.as_deref(), Some("/requests/1"));
    }
}
