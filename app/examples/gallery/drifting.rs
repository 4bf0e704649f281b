//! Drift on a system: found, stopped by the brake, on its way, none.

use latchkey_app::components::{FormError, Mark, Sentence, StateWord, Tab, Told};
use latchkey_app::frame::Part;
use latchkey_app::pages::drift::{Brake, DriftLine, DriftPage, DriftView};
use leptos::prelude::*;

use crate::sheet::Sheet;
use crate::world::{ago, links, reader};

fn tabs(here: usize) -> Vec<Tab> {
    [("Open", Some(4)), ("On its way", Some(2)), ("Let stay", Some(1)), ("Over", None)]
        .into_iter()
        .enumerate()
        .map(|(at, (label, count))| Tab { label: label.to_owned(), href: "#".to_owned(), count, here: at == here })
        .collect()
}

fn line(n: u32, title: &str, whose: Sentence, tick: bool) -> DriftLine {
    DriftLine {
        id: n.to_string(),
        title: title.to_owned(),
        hint: Sentence::of("first seen ").moment(ago(i64::from(n) * 1300), Told::Relative),
        whose,
        decided: None,
        state: None,
        said: None,
        tick,
        by_hand: None,
        chosen: false,
    }
}

fn open() -> DriftPage {
    let of = |name: &str| Sentence::of("The account of ").link(name.to_owned(), "/people/1").text(".");
    let strange = Sentence::of("An account of nobody here. The system calls it ").quote("Backup job").text(".");
    DriftPage {
        system: "Company directory".to_owned(),
        system_href: "/systems/directory".to_owned(),
        key: "directory".to_owned(),
        last: Sentence::default()
            .moment(ago(190), Told::Relative)
            .text(". 412 accounts with 1,903 holdings, 4 new, 1 over."),
        under_way: Some(
            Sentence::of("Since ").moment(ago(1), Told::Absolute).text(": 12 of 40 entitlements compared, 640 lines read."),
        ),
        rule: Sentence::of("Compared every 6 hours. What is found is listed, and the system\u{2019}s owner is asked. Not managed: ")
            .code("svc-*")
            .text("."),
        may_compare: true,
        reads_only: None,
        brake: None,
        tabs: tabs(0),
        rows: vec![
            line(1, "Payroll readers, for jonas.lindqvist", of("Jonas Lindqvist"), true),
            line(2, "VPN users, for backup", strange.clone(), true),
            DriftLine {
                by_hand: Some("A group inside a group may give more than this, so Latchkey doesn\u{2019}t take it out. Take it out on the system. The next pass sees that it is gone.".to_owned()),
                ..line(3, "VPN users, through cn=contractors,ou=groups,dc=northbeam,dc=example", Sentence::of("Everyone in that group has it through it."), true)
            },
            line(4, "The account backup", strange.text(" When it was last used isn\u{2019}t known."), true),
        ],
        never: false,
        show: String::new(),
        comment: (String::new(), None),
        links: links("4 lines", false, false),
        errors: vec![],
    }
}

fn braked() -> DriftPage {
    DriftPage {
        under_way: None,
        brake: Some(Brake {
            pass: "1".to_owned(),
            words: Sentence::of("By its rule Latchkey would take away 212 of 1,903, found ")
                .moment(ago(190), Told::Absolute)
                .text(". That is more than one pass may take by itself, so nothing was taken."),
            form: Some((String::new(), Some("Say why, in a sentence. It stays on record.".to_owned()))),
        }),
        errors: vec![FormError {
            field: Some("brake_comment"),
            message: "Say why, in a sentence. It stays on record.".to_owned(),
        }],
        ..open()
    }
}

fn on_its_way() -> DriftPage {
    let mut first = line(
        1,
        "Payroll readers, for jonas.lindqvist",
        Sentence::of("The account of ").link("Jonas Lindqvist".to_owned(), "/people/1").text("."),
        false,
    );
    first.state = Some(StateWord::new(Mark::Working, "Being taken away"));
    first.decided = Some(
        Sentence::default()
            .link("Oskar Nyberg".to_owned(), "/people/7")
            .text(" decided that it goes ")
            .moment(ago(3), Told::Absolute)
            .text(": ")
            .quote("He moved to sales in May."),
    );
    let mut second = line(2, "VPN users, for backup", Sentence::of("An account of nobody here."), true);
    second.state = Some(StateWord::new(Mark::Failed, "The system refused; it waits for somebody"));
    second.said = Some("insufficientAccessRights (50)".to_owned());
    DriftPage { rows: vec![first, second], tabs: tabs(1), show: "removing".to_owned(), under_way: None, ..open() }
}

pub fn sheets() -> Vec<Sheet> {
    let none = DriftPage {
        rows: vec![],
        under_way: None,
        last: Sentence::of("Not yet"),
        never: true,
        may_compare: false,
        reads_only: Some(
            "Oskar Nyberg, who owns this system, an administrator or security can decide about it.".to_owned(),
        ),
        ..open()
    };
    [("drift", open()), ("drift-brake", braked()), ("drift-on-its-way", on_its_way()), ("drift-none", none)]
        .into_iter()
        .map(|(name, page)| {
            let title = page.title();
            Sheet::framed(name, Part::Systems, title, view! { <DriftView page=page reader=reader()/> })
        })
        .collect()
}
