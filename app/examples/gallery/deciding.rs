//! Approvals, and the page that asks once more.

use latchkey_app::components::{Choice, FormError, Mark, RiskLevel, Sentence, Told};
use latchkey_app::frame::Part;
use latchkey_app::pages::approvals::{
    ApprovalRow, ApprovalsPage, ApprovalsView, ChoosePerson, ChoosePersonView, Deciding, Decision, DecisionForm,
    DoneTogetherPage, DoneTogetherRow, DoneTogetherView, Flag, Held, PersonOption, SinglyRow, TogetherPage,
    TogetherRow, TogetherView,
};
use latchkey_app::pages::confirm::{ConfirmPage, ConfirmRemark, ConfirmView};
use latchkey_app::pages::delegation::{DelegationForm, DelegationPage, DelegationRow, DelegationView, Stand};
use latchkey_app::pages::parts::{Thread, ThreadForm, ThreadMessage, Writing};
use leptos::prelude::*;

use crate::sheet::Sheet;
use crate::world::{
    LONG_NAME, LONG_ROLE, PEOPLE, ROLES, ago, end_in, facet, gives_payroll, links, person, reader, tab,
};

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
            select: (at % 4 != 1).then(|| at.to_string()),
        })
        .collect()
}

fn form(comment: &str, errors: Vec<FormError>) -> Deciding {
    Deciding::Form(DecisionForm {
        item_id: "1".to_owned(),
        stage_id: "1".to_owned(),
        comment: comment.to_owned(),
        lengths: ["90 days, as asked", "30 days only", "7 days only"]
            .into_iter()
            .enumerate()
            .map(|(at, label)| Choice { value: at.to_string(), label: label.to_owned(), hint: None, chosen: at == 0 })
            .collect(),
        hand_over: "/approvals/hand-over/1".to_owned(),
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
        asks: " asks for ",
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
        past: vec![
            Sentence::of("Denied, ").moment(ago(60 * 24 * 90), Told::Day).text(", asked for 1 year."),
            Sentence::of("Approved, and given back later, ")
                .moment(ago(60 * 24 * 200), Told::Day)
                .text(", asked for 30 days."),
        ],
        nearby: vec![
            Sentence::default()
                .strong("Company directory")
                .text(": Finance, all (this already, ")
                .link("Accounts clerk", "/roles/3")
                .text("), VPN users (")
                .link("VPN", "/roles/2")
                .text(")"),
        ],
        thread: talk(),
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
        facets: vec![
            facet("sort", "Order", &[("Longest waiting first", 0, true), ("First to close first", 0, false)]),
            facet("risk", "Risk", &[("Low risk", 14, false), ("High risk", 3, false)]),
        ],
        chosen: Vec::new(),
        clear: "/approvals".to_owned(),
        narrowed: false,
        one_by_one: true,
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
        not_now: None,
        back: ("/requests/1".to_owned(), "Keep it".to_owned()),
        errors: Vec::new(),
    }
}

/// A question, an answer, and a question that waits.
pub fn talk() -> Thread {
    let message =
        |name: &str, at: i64, text: &str| ThreadMessage { by: person(name, 2), at: ago(at), text: text.to_owned() };
    Thread {
        id: "thread".to_owned(),
        waits: Some("1 unanswered question".to_owned()),
        messages: vec![
            message("Amara Okafor", 600, "Which months do you need to see?"),
            message("Jonas Lindqvist", 420, "February and March: the close of the quarter.\nNothing before that."),
            message("Amara Okafor", 12, "Would the summary that finance sends round be enough?"),
        ],
        writing: Writing::Here(ThreadForm {
            item_id: "1".to_owned(),
            request_id: "1".to_owned(),
            from: "approvals",
            label: "Ask them something".to_owned(),
            value: String::new(),
            errors: Vec::new(),
        }),
    }
}

fn together(count: usize, errors: Vec<FormError>) -> TogetherPage {
    TogetherPage {
        rows: (0..count)
            .map(|at| TogetherRow {
                sends: at.to_string(),
                role: ROLES[at % ROLES.len()].0.to_owned(),
                href: "/approvals?item=1".to_owned(),
                who: PEOPLE[at % PEOPLE.len()].to_owned(),
                how_long: "90 days".to_owned(),
                risk: RiskLevel::Medium,
                reason: "For the close of the quarter, as every year.".to_owned(),
            })
            .collect(),
        sum: "Approving gives 5 roles to 4 people, on Company directory and Finance database.".to_owned(),
        singly: vec![SinglyRow {
            what: format!("{LONG_ROLE} for {LONG_NAME}"),
            href: "/approvals?item=2".to_owned(),
            why: "The role could stop the company in the wrong hands, so it deserves a look of its own.".to_owned(),
        }],
        gone: usize::from(count == 0) + 1,
        comment: String::new(),
        errors,
    }
}

fn done_together() -> DoneTogetherPage {
    let row = |mark, what: &str, words: &str| DoneTogetherRow {
        mark,
        words: Sentence::default().link(what, "/requests/1").text(words),
    };
    DoneTogetherPage {
        decided: vec![
            row(Mark::Done, "Payroll reader for Jonas Lindqvist", ": approved. The systems are being updated."),
            row(Mark::Done, "VPN for Wei Chen", ": approved. It goes on to the next step."),
        ],
        not: vec![row(
            Mark::Attention,
            "Sales reports for Fatima El-Sayed",
            ": not decided. Tomas Novak approved it on 1 March 2027 at 08:12 UTC. Open the request to see where it stands.",
        )],
    }
}

fn choose(found: usize, errors: Vec<FormError>) -> ChoosePerson {
    ChoosePerson {
        title: "Hand over Payroll reader for Jonas Lindqvist".to_owned(),
        then: vec![
            "They decide it on your behalf, and the record says so. You don\u{2019}t decide it any more.".into(),
            "They get an e-mail with what you write here.".into(),
        ],
        here: "/approvals/hand-over/1".to_owned(),
        query: if found == 0 { String::new() } else { "finance".to_owned() },
        found: (0..found)
            .map(|at| PersonOption {
                id: at.to_string(),
                name: PEOPLE[at % PEOPLE.len()].to_owned(),
                detail: "Financial analyst, Finance operations".to_owned(),
                chosen: at == 1,
            })
            .collect(),
        more: found > 5,
        action: "/do/hand-over",
        fields: vec![("item_id", "1".to_owned())],
        places: Vec::new(),
        words: ("comment", "So that they know what is asked of them. It stays on record."),
        typed: String::new(),
        button: "Hand it over",
        back: "/approvals?item=1".to_owned(),
        errors,
    }
}

fn delegation(found: usize, errors: Vec<FormError>) -> DelegationPage {
    let row = |id: &str, from: &str, to: &str, stand| DelegationRow {
        id: id.to_owned(),
        from: from.to_owned(),
        to: to.to_owned(),
        covers: "Roles up to medium risk".to_owned(),
        starts: ago(60 * 30),
        ends: end_in(5),
        stand,
    };
    let people = (0..found).map(|at| Choice {
        value: at.to_string(),
        label: PEOPLE[at % PEOPLE.len()].to_owned(),
        hint: Some("Head of payroll, Finance operations".to_owned()),
        chosen: at == 1,
    });
    DelegationPage {
        rows: if found == 0 {
            Vec::new()
        } else {
            vec![
                row("1", "You", LONG_NAME, Stand::Now),
                row("2", "Priya Raman", "You", Stand::Later),
                row("3", "You", "Tomas Novak", Stand::Over),
            ]
        },
        query: "no".to_owned(),
        form: Some(DelegationForm {
            people: people.collect(),
            starts: "2027-03-01".to_owned(),
            ends: "2027-03-07".to_owned(),
            up_to: "medium".to_owned(),
            roles: "Payroll reader\nledger-reader".to_owned(),
            errors,
        }),
    }
}

pub fn sheets() -> Vec<Sheet> {
    let delegation_sheet = |name, page: DelegationPage| {
        Sheet::framed(name, Part::Approvals, page.title(), view! { <DelegationView page=page reader=reader()/> })
    };
    let before = vec![FormError { field: Some("ends"), message: "The last day is before the first one.".to_owned() }];
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
    let together_sheet = |name, page: TogetherPage| {
        Sheet::framed(name, Part::Approvals, page.title(), view! { <TogetherView page=page/> })
    };
    let choose_sheet = |name, page: ChoosePerson| {
        let title = page.title.clone();
        Sheet::framed(name, Part::Approvals, title, view! { <ChoosePersonView page=page reader=reader()/> })
    };
    let why = vec![FormError { field: Some("comment"), message: "Say why, in a sentence that helps them.".to_owned() }];
    let nobody = vec![FormError { field: Some("to"), message: "Search for a name and choose somebody.".to_owned() }];
    let done = done_together();
    vec![
        approvals("approvals", page(3, Some(decision(form("", Vec::new()))), false)),
        approvals("approvals-named", page(3, Some(decision(form("", Vec::new()))), true)),
        approvals("approvals-crowded", page(127, Some(crowded()), true)),
        approvals("approvals-late", page(3, Some(decision(too_late)), true)),
        approvals("approvals-errors", page(3, Some(decision(form("", missing))), true)),
        approvals("approvals-own", page(3, Some(decision(own)), true)),
        approvals("approvals-empty", page(0, None, false)),
        together_sheet("together", together(5, Vec::new())),
        together_sheet("together-errors", together(2, why)),
        together_sheet("together-none", together(0, Vec::new())),
        Sheet::framed(
            "together-done",
            Part::Approvals,
            done.title(),
            view! { <DoneTogetherView page=done reader=reader()/> },
        ),
        delegation_sheet("delegation", delegation(3, Vec::new())),
        delegation_sheet("delegation-errors", delegation(2, before)),
        delegation_sheet("delegation-none", delegation(0, Vec::new())),
        choose_sheet("choose-person", choose(8, Vec::new())),
        choose_sheet("choose-person-new", choose(0, Vec::new())),
        choose_sheet("choose-person-errors", choose(3, nobody)),
        Sheet::framed(
            "confirm",
            Part::Requests,
            confirm.title.clone(),
            view! { <ConfirmView page=confirm reader=reader()/> },
        ),
    ]
}
