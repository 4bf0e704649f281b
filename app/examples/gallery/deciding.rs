//! Approvals, and the page that asks once more.

use latchkey_app::components::{FormError, Mark, RiskLevel, Sentence, Told};
use latchkey_app::frame::Part;
use latchkey_app::pages::approvals::{
    ApprovalRow, ApprovalsPage, ApprovalsView, Deciding, Decision, DecisionForm, Flag, Held,
};
use latchkey_app::pages::confirm::{ConfirmPage, ConfirmRemark, ConfirmView};
use leptos::prelude::*;

use crate::sheet::Sheet;
use crate::world::{LONG_NAME, LONG_ROLE, PEOPLE, ROLES, ago, end_in, gives_payroll, links, person, reader, tab};

fn rows(count: usize) -> Vec<ApprovalRow> {
    (0..count)
        .map(|at| ApprovalRow {
            href: format!("/approvals?item={at}"),
            open: at == 0,
            who: PEOPLE[at % PEOPLE.len()].to_owned(),
            role: ROLES[at % ROLES.len()].0.to_owned(),
            risk: ROLES[at % ROLES.len()].3,
            how_long: "90 days".to_owned(),
            since: ago(1500 * (i64::try_from(count - at).unwrap_or(1))),
            unusual: (at % 3 == 2).then(|| "2 things are unusual".to_owned()),
            decided: None,
        })
        .collect()
}

fn form(comment: &str, errors: Vec<FormError>) -> Deciding {
    Deciding::Form(DecisionForm {
        item_id: "1".to_owned(),
        stage_id: "1".to_owned(),
        comment: comment.to_owned(),
        errors,
        then: "If you approve, Ines Duarte, who owns the role, decides next.".to_owned(),
    })
}

fn decision(deciding: Deciding) -> Decision {
    Decision {
        request_href: "/requests/1".to_owned(),
        who: person("Jonas Lindqvist", 31).with("Financial analyst, Finance operations"),
        employment: "Contractor until 30 June 2027".to_owned(),
        asked_by: None,
        asked_at: ago(1500),
        reason:
            "Month-end close: I reconcile the payroll run of February with the ledger, and Wei is away until the 12th."
                .to_owned(),
        role: "Payroll reader".to_owned(),
        role_href: "/roles/1".to_owned(),
        description: ROLES[0].1.to_owned(),
        risk: RiskLevel::Medium,
        how_long: "90 days".to_owned(),
        ends: Some(end_in(90)),
        gives: gives_payroll(),
        flags: vec![
            Flag { mark: Mark::Attention, words: Sentence::of("Jonas is a contractor; 2 of 14 holders are.") },
            Flag {
                mark: Mark::Attention,
                words: Sentence::of("90 days is the longest that the policy allows; 30 is the usual."),
            },
            Flag { mark: Mark::Done, words: Sentence::of("6 of 8 people in Finance operations have it.") },
        ],
        holds: vec![
            Held { role: "VPN".to_owned(), href: "/roles/2".to_owned(), until: None },
            Held { role: "Sales reports".to_owned(), href: "/roles/3".to_owned(), until: Some(end_in(120)) },
            Held { role: "Travel booking".to_owned(), href: "/roles/4".to_owned(), until: None },
        ],
        holds_all: (3, "/people/31".to_owned()),
        as_what: "You decide as Jonas Lindqvist\u{2019}s manager.".to_owned(),
        until: Some(
            Sentence::of("If nobody decides by ").moment(end_in(13), Told::LastDay).text(", the request ends."),
        ),
        earlier: Vec::new(),
        deciding,
    }
}

fn page(count: usize, open: Option<Decision>, named: bool) -> ApprovalsPage {
    let total = u32::try_from(count).unwrap_or(0);
    ApprovalsPage {
        tabs: vec![tab("Waiting for you", total, true), tab("Decided", 112, false)],
        rows: rows(count.min(25)),
        total,
        links: links(if count > 25 { "25 of 127" } else { "" }, false, count > 25),
        open,
        named,
        list_href: "/approvals".to_owned(),
    }
}

fn crowded() -> Decision {
    let mut one = decision(form("", Vec::new()));
    one.who = person(LONG_NAME, 11).with("Regional coordinator of warehouse operations, Logistics and supply chain");
    one.asked_by = Some(person("Fatima El-Sayed", 6));
    one.role = LONG_ROLE.to_owned();
    one.risk = RiskLevel::Critical;
    one.reason =
        "We correct the stock of all warehouses before the audit.\nI need it from Monday.\n\nFatima knows about it."
            .to_owned();
    one.flags.insert(
        0,
        Flag {
            mark: Mark::Failed,
            words: Sentence::of("It conflicts with ")
                .link("Stock correction", "/roles/9")
                .text(", which they hold: one person would enter and approve the same correction."),
        },
    );
    one.holds = ROLES
        .iter()
        .take(10)
        .map(|role| Held { role: role.0.to_owned(), href: "/roles/1".to_owned(), until: Some(end_in(40)) })
        .collect();
    one.holds_all = (36, "/people/31".to_owned());
    one.earlier = vec![
        Sentence::default()
            .link("Tomas Novak", "/people/3")
            .text(" approved as their manager: ")
            .quote("Needed for the audit."),
    ];
    one
}

fn give_back() -> ConfirmPage {
    ConfirmPage {
        title: "Give back Payroll reader?".to_owned(),
        then: vec![
            "Your access ends now, not on 26 May 2027.".into(),
            "It is removed from Finance database and Company directory, usually within a minute. Statement printers stays, because Accounts clerk gives it too.".into(),
            "If you need it again, you ask again, and Amara Okafor decides again.".into(),
        ],
        facts: vec![
            ("Role".to_owned(), Sentence::default().link("Payroll reader", "/roles/1")),
            ("Since".to_owned(), Sentence::default().moment(ago(60 * 24 * 20), Told::Full)),
            ("Until".to_owned(), Sentence::default().moment(end_in(90), Told::Until)),
        ],
        action: "/do/give-back",
        fields: vec![("grant_id", "1".to_owned())],
        remark: Some(ConfirmRemark { name: "reason", label: "Why".to_owned(), hint: "It stays on record.".to_owned(), value: String::new(), optional: true }),
        button: "Give it back".to_owned(),
        takes: true,
        back: ("/requests/1".to_owned(), "Keep it".to_owned()),
        errors: Vec::new(),
    }
}

pub fn sheets() -> Vec<Sheet> {
    let approvals = |name, page: ApprovalsPage| {
        Sheet::framed(name, Part::Approvals, page.title(), view! { <ApprovalsView page=page reader=reader()/> })
    };
    let too_late = Deciding::TooLate {
        words: Sentence::default()
            .link("Tomas Novak", "/people/3")
            .text(" approved this ")
            .moment(ago(1), Told::Relative)
            .text("."),
        typed: "Only until the end of March, then Wei is back.".to_owned(),
    };
    let missing = vec![FormError {
        field: Some("comment"),
        message: "Say why you deny it, so that Jonas knows what to do instead".to_owned(),
    }];
    let own = Deciding::No(
        "You asked for this yourself, so somebody else decides: Tomas Novak, who stands in for you.".into(),
    );
    let confirm = give_back();
    vec![
        approvals("approvals", page(3, Some(decision(form("", Vec::new()))), false)),
        approvals("approvals-named", page(3, Some(decision(form("", Vec::new()))), true)),
        approvals("approvals-crowded", page(127, Some(crowded()), true)),
        approvals("approvals-late", page(3, Some(decision(too_late)), true)),
        approvals("approvals-errors", page(3, Some(decision(form("", missing))), true)),
        approvals("approvals-own", page(3, Some(decision(own)), true)),
        approvals("approvals-empty", page(0, None, false)),
        Sheet::framed(
            "confirm",
            Part::Requests,
            confirm.title.clone(),
            view! { <ConfirmView page=confirm reader=reader()/> },
        ),
    ]
}
