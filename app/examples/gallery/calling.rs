//! Sources that call in: heard, silent, none.

use latchkey_app::components::{Mark, Sentence, StateWord, Told};
use latchkey_app::frame::Part;
use latchkey_app::pages::sources::{CallLine, RuleLine, SourceLine, SourcesPage, SourcesView};
use leptos::prelude::*;

use crate::sheet::Sheet;
use crate::world::{ago, links, person, reader};

fn source(name: &str, key: &str, state: StateWord, heard: Sentence) -> SourceLine {
    SourceLine {
        key: key.to_owned(),
        name: name.to_owned(),
        state,
        heard,
        fallback: Sentence::of("After 30 minutes without a call, what it opened ends. People read: ")
            .quote("Ask for the role as usual, or take it in an emergency."),
        secret: Sentence::of("The settings have one; calls that it signs are taken."),
        rules: vec![
            RuleLine {
                name: "Shift of the order team".to_owned(),
                opens: Sentence::of("A shift opens ")
                    .link("Order console", "/roles/1")
                    .text(" and ")
                    .link("Production logs", "/roles/2")
                    .text(", for 12 hours at most."),
                condition: Some("person.department == \"Operations\"".to_owned()),
                reference: Some("SHIFT-[0-9]+".to_owned()),
            },
            RuleLine {
                name: "Incidents".to_owned(),
                opens: Sentence::of("A ticket opens ")
                    .link("Order console", "/roles/1")
                    .text(", for 4 hours at most. When it is over, what was asked for with it ends, too."),
                condition: None,
                reference: Some("OPS-[0-9]+".to_owned()),
            },
        ],
    }
}

fn full() -> SourcesPage {
    let call = |mark, outcome: &str, reference: &str, who: Option<(&str, u32)>, minutes| CallLine {
        outcome: StateWord::new(mark, outcome),
        source: "On-call schedule".to_owned(),
        reference: reference.to_owned(),
        person: who.map(|(name, n)| person(name, n)),
        at: ago(minutes),
    };
    let heard = Sentence::default().moment(ago(4), Told::Full);
    let gone = Sentence::default().moment(ago(70), Told::Full).text("; given up ").moment(ago(40), Told::Relative);
    SourcesPage {
        sources: vec![
            source("On-call schedule", "on-call", StateWord::new(Mark::Done, "Heard"), heard),
            source("Ticket system", "tickets", StateWord::new(Mark::Failed, "Can\u{2019}t be reached"), gone),
        ],
        calls: vec![
            call(Mark::Done, "Opened 2 roles", "SHIFT-118", Some(("Priya Raman", 12)), 4),
            call(Mark::Ended, "Ended 1 role", "OPS-214", None, 31),
            call(
                Mark::Failed,
                "Refused: the rule\u{2019}s condition leaves them out",
                "OPS-215",
                Some(("Leila Haddad", 8)),
                55,
            ),
            call(Mark::Failed, "Refused: it couldn\u{2019}t be read", "", None, 90),
        ],
        links: links("4 calls", false, true),
    }
}

pub fn sheets() -> Vec<Sheet> {
    let full = full();
    let none = SourcesPage { sources: vec![], calls: vec![], links: links("0 calls", false, false) };
    vec![
        Sheet::framed("sources", Part::Admin, full.title(), view! { <SourcesView page=full reader=reader()/> }),
        Sheet::framed("sources-none", Part::Admin, none.title(), view! { <SourcesView page=none reader=reader()/> }),
    ]
}
