//! Break-glass: the form, the list of reviews, and reviews in their states.

use chrono::{DateTime, Duration, Utc};
use latchkey_app::components::{FormError, Mark, PageLinks, RiskLevel, Sentence, StateWord, Tab, Told};
use latchkey_app::frame::Part;
use latchkey_app::pages::break_glass::{
    AccountForm, AnswerForm, BreakGlassPage, BreakGlassView, ReviewLine, ReviewPage, ReviewView, Said, SystemLine,
    TakeForm, TakePage, TakeView,
};
use latchkey_app::pages::role::DurationChoice;
use leptos::prelude::*;

use crate::sheet::Sheet;
use crate::world::{LONG_NAME, PEOPLE, ROLES, ago, days_ago, gives_payroll, links, now, person, plain_viewer, reader};

const WHY: &str = "Payments fail since 13:40. Restarting the queue on prod-eu-2, nothing else.";

fn hours(n: i64) -> DurationChoice {
    let label = if n == 1 { "1 hour".to_owned() } else { format!("{n} hours") };
    DurationChoice { value: format!("{n}h"), label, ends: now() + Duration::hours(n), usual: n == 1 }
}

fn form(reason: &str, errors: Vec<FormError>) -> TakeForm {
    TakeForm {
        role_id: "1".to_owned(),
        durations: vec![hours(1), hours(2), hours(4)],
        duration: (!errors.is_empty()).then(|| "2h".to_owned()),
        reason: reason.to_owned(),
        review_within: "2 days".to_owned(),
        told: vec![
            person("Amara Okafor", 2).with("would have decided"),
            person("Ines Duarte", 42).with("the owner of the role"),
            person("Wei Zhang", 7).with("from security"),
        ],
        reviewers: vec![person("Ines Duarte", 42), person("Wei Zhang", 7)],
        remark: Some(
            Sentence::of("Your ")
                .link("request", "/requests/1")
                .text(" goes on: whoever decides it is told what you took meanwhile."),
        ),
        errors,
    }
}

fn taking(form: Result<TakeForm, (String, Sentence)>) -> TakePage {
    TakePage {
        role: "Production shell".to_owned(),
        role_href: "/roles/1".to_owned(),
        description: "Open a shell on production machines to mend what can\u{2019}t be mended by a deployment."
            .to_owned(),
        risk: RiskLevel::Critical,
        gives: gives_payroll(),
        form,
    }
}

fn tabs(here: usize) -> Vec<Tab> {
    ["Open", "Overdue", "Closed"]
        .into_iter()
        .enumerate()
        .map(|(at, label)| Tab {
            label: label.to_owned(),
            href: format!("/break-glass?show={}", label.to_lowercase()),
            count: None,
            here: at == here,
        })
        .collect()
}

fn line(at: usize) -> ReviewLine {
    let (state, due) = match at % 4 {
        0 => (StateWord::new(Mark::Attention, "Still held"), Some(now() + Duration::hours(50))),
        1 => (StateWord::new(Mark::Waiting, "To be reviewed"), Some(now() + Duration::hours(20))),
        2 => (StateWord::new(Mark::Failed, "Overdue"), Some(ago(900))),
        _ => (StateWord::new(Mark::Done, "It was needed"), None),
    };
    ReviewLine {
        href: "/break-glass/1".to_owned(),
        who: if at == 0 { "You".to_owned() } else { PEOPLE[at % PEOPLE.len()].to_owned() },
        role: ROLES[at % ROLES.len()].0.to_owned(),
        reason: WHY.to_owned(),
        taken: ago(90 + i64::try_from(at).unwrap_or(0) * 1_500),
        state,
        due,
    }
}

fn list(lines: usize, here: usize, all: bool) -> BreakGlassPage {
    BreakGlassPage {
        tabs: tabs(here),
        all,
        lines: (0..lines).map(line).collect(),
        links: if lines > 20 {
            links("40 reviews", false, true)
        } else {
            PageLinks { shown: format!("{lines} reviews"), ..PageLinks::default() }
        },
    }
}

fn at(verb: &str, at: DateTime<Utc>) -> Sentence {
    Sentence::of(format!("{verb} ")).moment(at, Told::Short)
}

fn systems() -> Vec<SystemLine> {
    vec![
        SystemLine {
            name: "Shell on production".to_owned(),
            system: "Build platform".to_owned(),
            given: at("Asked for", ago(178)).text(", confirmed ").moment(ago(177), Told::Short),
            gone: at("Confirmed gone", ago(58)),
            failures: Vec::new(),
        },
        SystemLine {
            name: "Production logs".to_owned(),
            system: "Build platform".to_owned(),
            given: Sentence::of("Was there before, from something else"),
            gone: Sentence::of("Still there, from something else"),
            failures: vec![
                Sentence::default()
                    .moment(ago(170), Told::Short)
                    .text(": Giving it failed and was tried again: the application answered 503 Service Unavailable"),
            ],
        },
    ]
}

/// Ended, and nobody has looked at it: as a reviewer sees it.
fn to_review() -> ReviewPage {
    ReviewPage {
        id: "1".to_owned(),
        taker: person("Jonas Lindqvist", 31),
        own: false,
        role: "Production shell".to_owned(),
        role_href: "/roles/1".to_owned(),
        reason: WHY.to_owned(),
        taken: ago(180),
        ended: Sentence::of("Ended by itself ").moment(ago(60), Told::Full),
        due: now() + Duration::hours(47),
        state: StateWord::new(Mark::Waiting, "To be reviewed"),
        request_href: Some("/requests/1".to_owned()),
        account: Some((
            "Restarted the queue at 13:58, checked that payments go through, logged out.".to_owned(),
            ago(70),
        )),
        account_form: None,
        systems: systems(),
        told: form("", Vec::new()).told,
        reviewers: form("", Vec::new()).reviewers,
        answer: Some(AnswerForm::default()),
        why_not: None,
        said: None,
        end_href: None,
        give_back_href: None,
        audit_href: Some("/audit?action=emergencies".to_owned()),
    }
}

/// Still held: as whoever took it sees it.
fn own() -> ReviewPage {
    ReviewPage {
        own: true,
        state: StateWord::new(Mark::Attention, "Still held"),
        ended: Sentence::of("Held until ").moment(now() + Duration::minutes(55), Told::Full),
        account: None,
        account_form: Some(AccountForm { account: String::new(), errors: Vec::new() }),
        systems: systems()
            .into_iter()
            .map(|line| SystemLine { gone: Sentence::of("Still held"), failures: Vec::new(), ..line })
            .collect(),
        answer: None,
        why_not: Some("Somebody else reviews it: nobody reviews what they took themselves.".into()),
        give_back_href: Some("/access/1/give-back".to_owned()),
        audit_href: None,
        ..to_review()
    }
}

fn closed() -> ReviewPage {
    ReviewPage {
        state: StateWord::new(Mark::Attention, "Less would have done"),
        answer: None,
        said: Some(Said {
            by: person("Ines Duarte", 42),
            at: days_ago(1),
            needed: StateWord::new(Mark::Attention, "Less would have done"),
            findings: "The shell\u{2019}s log shows the restart and nothing else. The deployer role can restart the queue, too."
                .to_owned(),
            follow_up: Some("People on call get Production deployer for their shift.".to_owned()),
        }),
        ..to_review()
    }
}

fn wrong() -> ReviewPage {
    ReviewPage {
        taker: person(LONG_NAME, 31),
        state: StateWord::new(Mark::Failed, "Overdue"),
        due: ago(3_000),
        account: None,
        answer: Some(AnswerForm {
            errors: vec![
                FormError { field: Some("findings"), message: "Say what was done and how you know.".to_owned() },
                FormError { field: Some("needed"), message: "Choose whether it was needed.".to_owned() },
            ],
            follow_up: "They get the deployer role.".to_owned(),
            ..AnswerForm::default()
        }),
        ..to_review()
    }
}

fn still_lives() -> ReviewPage {
    ReviewPage {
        state: StateWord::new(Mark::Attention, "Still held"),
        answer: None,
        why_not: Some(
            Sentence::of("It can be reviewed once the access is over: ")
                .moment(now() + Duration::minutes(55), Told::Full)
                .text(" by itself, or when you end it."),
        ),
        end_href: Some("/access/1/end".to_owned()),
        systems: Vec::new(),
        ..to_review()
    }
}

fn take_sheet(name: &'static str, page: TakePage) -> Sheet {
    let title = page.title();
    Sheet::framed(name, Part::Catalog, title, view! { <TakeView page=page reader=reader()/> }).tuned(plain_viewer)
}

fn list_sheet(name: &'static str, page: BreakGlassPage) -> Sheet {
    let title = page.title();
    Sheet::framed(name, Part::BreakGlass, title, view! { <BreakGlassView page=page reader=reader()/> })
}

fn review_sheet(name: &'static str, page: ReviewPage) -> Sheet {
    let title = page.title();
    Sheet::framed(name, Part::BreakGlass, title, view! { <ReviewView page=page reader=reader()/> })
}

pub fn sheets() -> Vec<Sheet> {
    let short = "Say what happens and what you are going to do, in 15 characters or more.".to_owned();
    let errors = vec![FormError { field: Some("reason"), message: short }];
    let overdue = (
        "The review of Production shell, which you took before, is overdue.".to_owned(),
        Sentence::of("Its page says who can review it: once one of them has, you can take something again."),
    );
    vec![
        take_sheet("break-glass-take", taking(Ok(form("", Vec::new())))),
        take_sheet("break-glass-take-wrong", taking(Ok(form("prod down", errors)))),
        take_sheet("break-glass-take-refused", taking(Err(overdue))),
        list_sheet("break-glass-list", list(4, 0, true)),
        list_sheet("break-glass-list-crowded", list(40, 2, true)),
        list_sheet("break-glass-list-empty", list(0, 1, false)),
        review_sheet("break-glass-review", to_review()),
        review_sheet("break-glass-review-own", own()).tuned(plain_viewer),
        review_sheet("break-glass-review-closed", closed()),
        review_sheet("break-glass-review-wrong", wrong()),
        review_sheet("break-glass-review-lives", still_lives()),
    ]
}
