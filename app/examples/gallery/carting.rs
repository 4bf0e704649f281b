//! The cart, whom to put into it, and what a teammate has.

use chrono::Duration;
use latchkey_app::components::{Choice, RiskLevel};
use latchkey_app::frame::Part;
use latchkey_app::pages::cart::{CartLine, CartPage, CartView, LineProblem};
use latchkey_app::pages::cart_people::{Askable, CartPeoplePage, CartPeopleView};
use latchkey_app::pages::compare::{ComparePage, CompareView, Compared, Mate, Proposed};
use latchkey_app::pages::parts::QuestionField;
use latchkey_app::pages::role::{DurationChoice, StagePreview};
use leptos::prelude::*;

use crate::sheet::Sheet;
use crate::world::{ROLES, end_in, links, person, reader};

fn questions() -> Vec<QuestionField> {
    vec![
        QuestionField {
            name: "answer-1-ticket".to_owned(),
            label: "Which ticket is it about?".to_owned(),
            help: "Its number, such as OPS-1234.".to_owned(),
            required: true,
            options: Vec::new(),
            value: "see the chat".to_owned(),
            error: Some("This doesn\u{2019}t look like what is asked: Which ticket is it about.".to_owned()),
        },
        QuestionField {
            name: "answer-1-where".to_owned(),
            label: "Where do you work on it?".to_owned(),
            help: String::new(),
            required: false,
            options: vec!["In the office".to_owned(), "Elsewhere".to_owned()],
            value: String::new(),
            error: None,
        },
    ]
}

fn line(at: usize) -> CartLine {
    let role = &ROLES[at % ROLES.len()];
    let duration = |days: i64, usual| DurationChoice {
        value: format!("{days}d"),
        label: format!("{days} days"),
        ends: end_in(days),
        usual,
    };
    CartLine {
        id: format!("01973f2a-{at}"),
        role: role.0.to_owned(),
        role_href: "/roles/1".to_owned(),
        person: (at % 2 == 1).then(|| "Wilhelmina Featherstonehaugh-Cholmondeley the Younger".to_owned()),
        more_people: Some("/cart/people?role=1".to_owned()),
        risk: role.3,
        durations: vec![duration(7, false), duration(30, false), duration(90, true)],
        duration: String::new(),
        starts_on: if at == 1 { "2027-04-01".to_owned() } else { String::new() },
        reason: "Quarter end: I check the runs before they go out.".to_owned(),
        reason_needed: at != 2,
        questions: if at == 1 { questions() } else { Vec::new() },
        stages: vec![
            StagePreview { who: vec![person("Amara Okafor", 2).with("your manager")], remark: None },
            StagePreview { who: vec![person("Ines Duarte", 42).with("owner of the role")], remark: None },
        ],
        usual_time: (at != 2).then(|| Duration::hours(26)),
        remark: None,
        against: None,
        problems: Vec::new(),
    }
}

fn cart(lines: Vec<CartLine>) -> CartPage {
    CartPage {
        lines,
        most: 20,
        once: "b1f0".to_owned(),
        piece: "Year-end close".to_owned(),
        pieces: vec!["Year-end close".to_owned(), "OPS-214".to_owned()],
        piece_error: None,
        problems: Vec::new(),
    }
}

fn failed() -> CartPage {
    let mut lines: Vec<CartLine> = (0..4).map(line).collect();
    lines[0].remark = Some("You have it until 3 March 2027: this goes on from there, without a gap.".to_owned());
    lines[1].problems = vec![LineProblem {
        field: Some("reason".to_owned()),
        message: "Say what you need it for, in a sentence.".to_owned(),
    }];
    lines[1].reason.clear();
    lines[2].against = Some((
        "This is for employees only, and you are a contractor.".to_owned(),
        "Somebody whom it is for can ask for it and do this work.".to_owned(),
    ));
    lines[2].stages.clear();
    lines[2].problems =
        vec![LineProblem { field: None, message: "This is for employees only, and you are a contractor.".to_owned() }];
    lines[3].problems = vec![LineProblem {
        field: Some("starts_on".to_owned()),
        message: "Choose a day from today on and not after 30 August 2027.".to_owned(),
    }];
    let mut page = cart(lines);
    page.problems = vec!["Your cart holds something else by now.".to_owned()];
    page
}

fn people(query: &str, many: usize) -> CartPeoplePage {
    CartPeoplePage {
        role_id: "1".to_owned(),
        role: "Payroll reader".to_owned(),
        role_href: "/roles/1".to_owned(),
        query: query.to_owned(),
        anyone: many > 10,
        people: (0..many)
            .map(|n| Askable {
                id: n.to_string(),
                name: format!("Jonas Lindqvist the {n}th"),
                detail: "Payroll analyst, Finance operations".to_owned(),
                already: (n == 1).then(|| "In your cart".to_owned()),
            })
            .collect(),
        links: links("12 people", false, many > 10),
    }
}

fn compare(compared: Compared) -> ComparePage {
    ComparePage {
        subject: "1".to_owned(),
        subject_name: None,
        subjects: vec![
            Choice { value: "1".to_owned(), label: "Myself".to_owned(), hint: None, chosen: true },
            Choice { value: "2".to_owned(), label: "Jonas Lindqvist".to_owned(), hint: None, chosen: false },
        ],
        compared,
    }
}

fn difference() -> Compared {
    Compared::Difference {
        mate: "Jonas Lindqvist".to_owned(),
        can: ROLES
            .iter()
            .take(5)
            .enumerate()
            .map(|(n, role)| Proposed {
                id: n.to_string(),
                name: role.0.to_owned(),
                href: "/roles/1".to_owned(),
                description: role.1.to_owned(),
                risk: RiskLevel::Medium,
            })
            .collect(),
        cannot: vec![(
            "Everybody at Northbeam".to_owned(),
            "It can\u{2019}t be asked for; it is given by rule.".to_owned(),
        )],
        both: 4,
        others: "/compare".to_owned(),
        back: "/compare?with=2".to_owned(),
    }
}

pub fn sheets() -> Vec<Sheet> {
    let carts = [
        ("cart-empty", cart(Vec::new())),
        ("cart", cart((0..3).map(line).collect())),
        ("cart-failed", failed()),
        ("cart-crowded", cart((0..20).map(line).collect())),
    ];
    let mut all: Vec<Sheet> = carts
        .into_iter()
        .map(|(name, page)| {
            Sheet::framed(name, Part::Catalog, page.title(), view! { <CartView page=page reader=reader()/> })
        })
        .collect();
    for (name, page) in [("cart-people", people("", 12)), ("cart-people-nobody", people("zzz", 0))] {
        all.push(Sheet::framed(name, Part::Catalog, page.title(), view! { <CartPeopleView page=page/> }));
    }
    let mates = |many: usize| Compared::Choose {
        query: String::new(),
        mates: (0..many)
            .map(|n| Mate {
                name: format!("Jonas Lindqvist the {n}th"),
                detail: "Payroll analyst, Finance operations".to_owned(),
                href: "/compare?with=2".to_owned(),
            })
            .collect(),
        links: links("7 people", false, false),
    };
    let nothing = Compared::Difference {
        mate: "Jonas Lindqvist".to_owned(),
        can: Vec::new(),
        cannot: Vec::new(),
        both: 1,
        others: "/compare".to_owned(),
        back: "/compare".to_owned(),
    };
    let no = Compared::No {
        why: "What people have is shown to their manager and to those who have the same manager.".to_owned(),
        help: "Find the role in the catalog, or ask them which one it is.".to_owned(),
    };
    for (name, compared) in [
        ("compare", mates(7)),
        ("compare-nobody", mates(0)),
        ("compare-difference", difference()),
        ("compare-same", nothing),
        ("compare-no", no),
    ] {
        let page = compare(compared);
        all.push(Sheet::framed(name, Part::Catalog, page.title(), view! { <CompareView page=page/> }));
    }
    all
}
