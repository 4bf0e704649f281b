//! Wishes in words.

use latchkey_app::components::{FormError, Mark, Sentence, StateWord, Tab, Told};
use latchkey_app::frame::Part;
use latchkey_app::pages::parts::ThreadMessage;
use latchkey_app::pages::wishes::{
    AnswerForms, FoundRole, NewWishPage, NewWishView, ProposalForm, WishLine, WishPage, WishRole, WishView, WishesPage,
    WishesView,
};
use leptos::prelude::*;

use crate::sheet::Sheet;
use crate::world::{LONG_NAME, LONG_ROLE, PEOPLE, ROLES, ago, end_in, links, person, reader};

const WORDS: &str =
    "Export the sensor list of a harbour as a table, for the yearly count.\nToday I copy it by hand from the map.";

fn tabs(to_answer: bool) -> Vec<Tab> {
    let tab = |label: &str, here| Tab { label: label.to_owned(), href: "#".to_owned(), count: None, here };
    vec![tab("Waiting for you", to_answer), tab("Yours", !to_answer)]
}

fn line(at: usize, who: bool, state: StateWord) -> WishLine {
    WishLine {
        href: "/wishes/1".to_owned(),
        words: if at.is_multiple_of(3) {
            WORDS.to_owned()
        } else {
            "Read the tide forecasts of the last ten years".to_owned()
        },
        who: who.then(|| if at == 4 { LONG_NAME.to_owned() } else { PEOPLE[at % PEOPLE.len()].to_owned() }),
        state,
        since: ago(300 * i64::try_from(at + 1).unwrap_or(1)),
    }
}

fn list(to_answer: bool, lines: Vec<WishLine>) -> WishesPage {
    WishesPage {
        tabs: tabs(to_answer),
        to_answer,
        links: links("5 lines", false, lines.len() > 4),
        lines,
        may_wish: true,
    }
}

fn new_wish() -> NewWishPage {
    NewWishPage {
        once: "b1f0".to_owned(),
        words: "harbour export".to_owned(),
        fits: vec![(ROLES[3].0.to_owned(), "/roles/1".to_owned(), ROLES[3].1.to_owned())],
        who: vec![person("Samir Benali", 7).with("in the group that decides"), person("Emre \u{d6}zdemir", 8)],
        within: "within 3 days, Monday to Friday,".to_owned(),
        no: None,
        errors: Vec::new(),
    }
}

fn said(at: usize, text: &str) -> ThreadMessage {
    ThreadMessage { by: person(PEOPLE[at], 3), at: ago(60), text: text.to_owned() }
}

fn wish(state: StateWord) -> WishPage {
    WishPage {
        id: "01973f2a".to_owned(),
        reference: "W-7KPQ2MX".to_owned(),
        wisher: person("Jonas Lindqvist", 31),
        words: WORDS.to_owned(),
        asked: ago(3000),
        due: Some(end_in(2)),
        state,
        stands: Sentence::of("Waits for ").strong("you").text(", since ").moment(ago(3000), Told::Relative),
        said: Vec::new(),
        role: None,
        toml: None,
        answer: None,
        proposal: None,
        withdraw: false,
        errors: Vec::new(),
    }
}

fn answering() -> WishPage {
    let found = |at: usize| FoundRole {
        id: format!("r{at}"),
        name: if at == 6 { LONG_ROLE.to_owned() } else { ROLES[at].0.to_owned() },
        href: "/roles/1".to_owned(),
        description: ROLES[at].1.to_owned(),
        chosen: at == 3,
    };
    let mut page = wish(StateWord::new(Mark::Waiting, "Waits for an answer"));
    page.said = vec![
        said(2, "Proposed a new role, Harbour lists, to be owned by Tomas Novak: Read the lists of a harbour"),
        said(3, "Does not own it.\nInes keeps these lists."),
    ];
    page.answer = Some(AnswerForms {
        query: "harbour".to_owned(),
        found: vec![found(3), found(6)],
        coming: false,
        typed: vec![("name", "Harbour lists".to_owned())],
    });
    page.errors = vec![FormError {
        field: Some("owner"),
        message: "Nobody is known by that. Type their e-mail address, or their number, such as E0012.".to_owned(),
    }];
    page
}

pub fn sheets() -> Vec<Sheet> {
    let lists = |name, page: WishesPage| {
        Sheet::framed(name, Part::Requests, page.title(), view! { <WishesView page=page reader=reader()/> })
    };
    let one = |name, page: WishPage| {
        Sheet::framed(name, Part::Requests, page.title(), view! { <WishView page=page reader=reader()/> })
    };
    let waits = || StateWord::new(Mark::Waiting, "Waits for an answer");
    let none = NewWishPage {
        no: Some((
            "Nobody could answer: you have no manager.".to_owned(),
            "An administrator can name a fallback in the catalog.".to_owned(),
        )),
        ..new_wish()
    };
    let mut answered = wish(StateWord::new(Mark::Done, "Answered"));
    answered.due = None;
    answered.role = Some(WishRole {
        name: ROLES[3].0.to_owned(),
        href: "/roles/1".to_owned(),
        to_cart: Some("01973f2b".to_owned()),
    });
    answered.stands =
        Sentence::default().link("Samir Benali", "/people/7").text(" answered ").moment(ago(60), Told::Relative);
    answered.said = vec![said(2, "Sales reports is the role for that.\nThe list is its third table.")];
    let mut proposed = wish(StateWord::new(Mark::Waiting, "A new role is proposed"));
    proposed.due = None;
    proposed.proposal = Some(ProposalForm { words: String::new() });
    let mut coming = wish(StateWord::new(Mark::Working, "A new role is being made"));
    coming.due = None;
    coming.toml = Some("# W-7KPQ2MX: the entitlements and the policy are yours to choose.\n[[role]]\nkey = \"harbour-lists\"\nname = \"Harbour lists\"\ndescription = \"Read the lists of a harbour\"\nowner = \"E0031\"\nrisk = \"low\"\npolicy = \"\"\nentitlements = []\n".to_owned());
    coming.withdraw = true;
    let new = new_wish();
    let empty = list(false, Vec::new());
    vec![
        lists("wishes", list(true, (0..5).map(|at| line(at, true, waits())).collect())),
        lists("wishes-own", list(false, vec![line(0, false, StateWord::new(Mark::Done, "Answered"))])),
        lists("wishes-empty", empty),
        Sheet::framed("wish-new", Part::Catalog, new.title(), view! { <NewWishView page=new/> }),
        Sheet::framed("wish-nobody", Part::Catalog, none.title(), view! { <NewWishView page=none/> }),
        one("wish-answering", answering()),
        one("wish-answered", answered),
        one("wish-proposed", proposed),
        one("wish-coming", coming),
    ]
}
