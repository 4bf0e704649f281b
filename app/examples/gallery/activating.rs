//! What somebody may activate: the form, with and without another approval, and why not now.

use chrono::Duration;
use latchkey_app::components::{FormError, Mark, RiskLevel, Sentence};
use latchkey_app::frame::Part;
use latchkey_app::pages::activate::{ActivateForm, ActivatePage, ActivateView, NotNow};
use latchkey_app::pages::home::{HomePage, HomeView};
use latchkey_app::pages::parts::AccessRow;
use latchkey_app::pages::role::{DurationChoice, StagePreview};
use leptos::prelude::*;

use crate::access::{held, line, usual_home};
use crate::sheet::Sheet;
use crate::world::{LONG_NAME, end_in, gives_payroll, now, person, reader};

fn form() -> ActivateForm {
    let hours = |n: i64, label: &str, usual| DurationChoice {
        value: format!("{n}h"),
        label: label.to_owned(),
        ends: now() + Duration::hours(n),
        usual,
    };
    ActivateForm {
        grant_id: "01973f2a".to_owned(),
        once: "b1f0".to_owned(),
        durations: vec![hours(1, "1 hour", false), hours(2, "2 hours", true), hours(8, "8 hours", false)],
        duration: None,
        reason: String::new(),
        stages: Vec::new(),
        errors: Vec::new(),
    }
}

fn page(form: Result<ActivateForm, NotNow>) -> ActivatePage {
    ActivatePage {
        role: "Production shell".to_owned(),
        role_href: "/roles/1".to_owned(),
        description: "Open a shell on production machines to mend what can\u{2019}t be mended by a deployment."
            .to_owned(),
        risk: RiskLevel::Critical,
        owner: Some(person("Ines Duarte", 42)),
        gives: gives_payroll(),
        until: Some(end_in(71)),
        give_back: "/access/1/give-back".to_owned(),
        form,
    }
}

fn crowded() -> ActivatePage {
    let long = ActivateForm {
        duration: Some("8h".to_owned()),
        reason: "Restart the order queue and watch that it empties, then look at the broker. ".repeat(8),
        stages: vec![StagePreview {
            who: vec![person(LONG_NAME, 2), person("Ines Duarte", 42).with("who owns the role")],
            remark: Some("One of 12 people, in the group, decides.".to_owned()),
        }],
        ..form()
    };
    ActivatePage { role: format!("{LONG_NAME}, production administration"), ..page(Ok(long)) }
}

fn sheet(name: &'static str, page: ActivatePage) -> Sheet {
    let title = page.title();
    Sheet::framed(name, Part::Home, title, view! { <ActivateView page=page reader=reader()/> })
}

/// Somebody who administers: one role is active, two more could be.
fn home() -> HomePage {
    let active = AccessRow {
        why: Sentence::of("You activated it (").link("request", "/requests/1").text(")"),
        ends: Some(now() + Duration::minutes(95)),
        ends_soon: false,
        extend: None,
        active: true,
        ..held(2, Some(1))
    };
    let tried = AccessRow {
        trial: Some(now() + Duration::days(170)),
        keep: Some("/access/2/keep".to_owned()),
        extend: None,
        ..held(4, Some(6))
    };
    let ready = |at: usize, days: i64| AccessRow {
        activate: Some("/access/1/activate".to_owned()),
        extend: None,
        ..held(at, Some(days))
    };
    HomePage {
        waits: Vec::new(),
        waits_total: 0,
        waiting: vec![line(4, Mark::Waiting, 12)],
        waiting_total: 1,
        ready: vec![ready(5, 71), ready(8, 12)],
        access: vec![active, tried, held(3, Some(88)), held(1, None)],
        access_total: 5,
        ending: 0,
        ..usual_home()
    }
}

pub fn sheets() -> Vec<Sheet> {
    let asks = ActivateForm {
        stages: vec![StagePreview {
            who: vec![
                person("Tomas Novak", 3).with("in the group"),
                person("Ines Duarte", 42).with("who owns the role"),
            ],
            remark: None,
        }],
        ..form()
    };
    let errors = ActivateForm {
        errors: vec![
            FormError { field: Some("duration"), message: "Choose for how long you need it.".to_owned() },
            FormError { field: Some("reason"), message: "A reason is needed each time.".to_owned() },
        ],
        ..form()
    };
    let not_now = NotNow {
        title: "Production shell is active until 14:30 UTC on 3 March already.".to_owned(),
        helps: "Activate it again when it has ended, or end it now.".to_owned(),
        link: Some(("/".to_owned(), "Go home".to_owned())),
    };
    let home = home();
    let title = home.title();
    vec![
        sheet("activate", page(Ok(form()))),
        sheet("activate-approval", page(Ok(asks))),
        sheet("activate-errors", page(Ok(errors))),
        sheet("activate-crowded", crowded()),
        sheet("activate-not-now", page(Err(not_now))),
        Sheet::framed("home-activating", Part::Home, title, view! { <HomeView page=home reader=reader()/> }),
    ]
}
