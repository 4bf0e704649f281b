//! How people are told, and what they were told.

use latchkey_app::components::{FormError, Sentence, Told};
use latchkey_app::frame::Part;
use latchkey_app::pages::notices::{NoticeGroup, NoticeLine, NoticesPage, NoticesView, Way};
use leptos::prelude::*;

use crate::sheet::Sheet;
use crate::world::{ago, end_in, links, plain_viewer, reader};

fn notices(lines: bool) -> NoticesPage {
    let way = |value, label, chosen, possible| Way { value, label, chosen, possible };
    let group = |name, title, hint, at: usize, always: Option<&'static str>| NoticeGroup {
        name,
        title,
        hint,
        ways: vec![
            way("at_once", "At once", at == 0, true),
            way("digest", "In a daily digest", at == 1, true),
            way("off", "Not by e-mail", at == 2, always.is_none()),
        ],
        always,
    };
    let line = |subject: &str, minutes, told| NoticeLine {
        subject: subject.to_owned(),
        href: Some("/requests/1".to_owned()),
        at: ago(minutes),
        told,
    };
    NoticesPage {
        groups: vec![
            group(
                "decisions",
                "Decisions that wait for you",
                "Somebody asks, still waits, nudges you, hands you a decision or moves one on to you.",
                0,
                None,
            ),
            group("requests", "Your requests", "What you asked for was approved, denied or closed.", 1, None),
            group("messages", "Questions and answers", "Somebody wrote about a request of yours.", 2, None),
            group(
                "safety",
                "Changes that others make to your access",
                "Somebody ended your access or named you to decide for them.",
                0,
                Some("This can\u{2019}t be turned off: it is how you find out when somebody else changes your access."),
            ),
        ],
        digest: "A digest comes at 8:00 on working days (Europe/Zurich), when there is something to tell.".to_owned(),
        lines: if lines {
            vec![
                line(
                    "Jonas Lindqvist asks you again: Payroll reader for Jonas Lindqvist",
                    20,
                    Sentence::of("By e-mail, ").moment(ago(19), Told::Relative),
                ),
                line(
                    "Payroll reader ends on 3 March",
                    300,
                    Sentence::of("In your digest ").moment(end_in(1), Told::Relative),
                ),
                line(
                    "Sales reports for you: approved",
                    4000,
                    Sentence::of("Only here: you chose not to be told of this by e-mail."),
                ),
            ]
        } else {
            Vec::new()
        },
        links: links(if lines { "3 notices" } else { "" }, false, lines),
        errors: Vec::new(),
    }
}

pub fn sheets() -> Vec<Sheet> {
    let sheet = |name, page: NoticesPage| {
        Sheet::framed(name, Part::Elsewhere, page.title(), view! { <NoticesView page=page reader=reader()/> })
            .tuned(plain_viewer)
    };
    let wrong = vec![FormError { field: Some("safety"), message: "This can\u{2019}t be turned off.".to_owned() }];
    vec![
        sheet("notices", notices(true)),
        sheet("notices-none", notices(false)),
        sheet("notices-errors", NoticesPage { errors: wrong, ..notices(true) }),
    ]
}
