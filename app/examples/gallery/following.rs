//! Requests and their timelines.

use chrono::Duration;
use latchkey_app::components::{
    Mark, NotNow, Point, Remark, RiskLevel, Sentence, StateWord, Step, StepWhen, Told, Track, TrackKind, TrackProblem,
    Tracks, duration_words,
};
use latchkey_app::frame::Part;
use latchkey_app::pages::parts::Thread;
use latchkey_app::pages::request::{ItemActions, RequestItem, RequestPage, RequestView};
use latchkey_app::pages::requests::{RequestsPage, RequestsView};
use leptos::prelude::*;

use crate::access::line;
use crate::deciding::talk;
use crate::sheet::Sheet;
use crate::world::{ROLES, ago, end_in, facet, links, person, plain_viewer, reader, system, tab};

fn reached(minutes: [i64; 2], applied: Point, confirmed: Point) -> [Point; 4] {
    [Point::reached(ago(minutes[0])), Point::reached(ago(minutes[1])), applied, confirmed]
}

fn track(name: &str, on: &str, points: [Point; 4], problem: Option<TrackProblem>) -> Track {
    Track { entitlement: name.to_owned(), system: system(on), points, problem }
}

fn asked_step() -> Step {
    let mut step = Step::new(
        Mark::Done,
        StepWhen::At(ago(1560)),
        Sentence::of("You asked for ").link("Payroll reader", "/roles/1").text(", for 90 days"),
    );
    step.remark = Some(Remark {
        by: None,
        text:
            "Month-end close: I reconcile the payroll run of February with the ledger, and Wei is away until the 12th."
                .to_owned(),
    });
    step
}

fn approved_steps() -> Vec<Step> {
    let mut first = Step::new(
        Mark::Done,
        StepWhen::At(ago(130)),
        Sentence::default().link("Amara Okafor", "/people/2").text(" approved, as your manager"),
    );
    first.remark = Some(Remark { by: None, text: "Fine for the close. Give it back when Wei returns.".to_owned() });
    let second = Step::new(
        Mark::Done,
        StepWhen::At(ago(12)),
        Sentence::default().link("Ines Duarte", "/people/42").text(" approved, as the owner of the role"),
    );
    vec![asked_step(), first, second]
}

fn item(state: StateWord, stands: Sentence, steps: Vec<Step>, actions: ItemActions) -> RequestItem {
    RequestItem {
        id: "1".to_owned(),
        role: "Payroll reader".to_owned(),
        role_href: "/roles/1".to_owned(),
        risk: RiskLevel::Medium,
        beneficiary: person("Jonas Lindqvist", 31),
        how_long: duration_words(Duration::days(90)),
        ends: Some(end_in(90)),
        state,
        stands,
        conflicts: Vec::new(),
        steps,
        actions,
        thread: Thread::default(),
    }
}

fn request(items: Vec<RequestItem>, moving: bool) -> RequestPage {
    RequestPage {
        id: "01973f2a-6b1e-7c40-9d55-2f1b7e0a4c11".to_owned(),
        asked_by: person("Jonas Lindqvist", 31),
        asked_at: ago(1560),
        reason:
            "Month-end close: I reconcile the payroll run of February with the ledger, and Wei is away until the 12th."
                .to_owned(),
        items,
        back: "/requests".to_owned(),
        moving,
        audit_href: Some("/audit?request=1".to_owned()),
    }
}

fn waiting() -> RequestItem {
    let mut now = Step::new(
        Mark::Waiting,
        StepWhen::Words("Now".to_owned()),
        Sentence::default().link("Amara Okafor", "/people/2").text(", your manager, decides"),
    );
    now.now = true;
    now.notes = vec![
        Sentence::of("She was told by e-mail ")
            .moment(ago(1559), Told::Relative)
            .text(". If she leaves or is away, ")
            .link("Tomas Novak", "/people/3")
            .text(" decides in her place."),
        Sentence::of("If nobody decides by ")
            .moment(end_in(13), Told::LastDay)
            .text(", the request ends and you can ask again."),
    ];
    let owner = Step::new(
        Mark::Next,
        StepWhen::Words("Then".to_owned()),
        Sentence::default().link("Ines Duarte", "/people/42").text(", who owns the role, decides"),
    );
    let apply = Step::new(
        Mark::Next,
        StepWhen::Words("Then".to_owned()),
        "Access is set up on Finance database and Company directory, usually within a minute",
    );
    item(
        StateWord::new(Mark::Waiting, "Waiting for your manager"),
        Sentence::of("Amara Okafor has it since ").moment(ago(1560), Told::Relative).text("."),
        vec![asked_step(), now, owner, apply],
        ItemActions {
            withdraw: Some("/requests/1/withdraw".to_owned()),
            not_now: vec![
                NotNow::new("Nudge them", still_time("You can nudge from ")),
                NotNow::new("Move it on", still_time("You can move it on from ")),
            ],
            ..ItemActions::default()
        },
    )
}

fn still_time(from: &str) -> Sentence {
    let words = format!("Those who were asked still have time to decide. {from}");
    Sentence::of(words).moment(end_in(3), Told::Full).text(".")
}

/// The time to decide has passed, and nobody has.
fn late() -> RequestItem {
    let mut item = waiting();
    if let Some(now) = item.steps.iter_mut().find(|step| step.now) {
        now.notes = vec![
            Sentence::of("It should have been decided by now; those who can were reminded ")
                .moment(ago(900), Told::Relative)
                .text("."),
            Sentence::of("Those who can decide were nudged ").moment(ago(2900), Told::Relative).text("."),
        ];
    }
    item.actions.nudge = Some(vec![("item_id", "1".to_owned())]);
    item.actions.move_on = Some("/requests/1/move/1".to_owned());
    item.actions.not_now.clear();
    item
}

fn asked() -> RequestItem {
    RequestItem { thread: talk(), ..waiting() }
}

fn working() -> RequestItem {
    let mut steps = approved_steps();
    let mut now = Step::new(Mark::Working, StepWhen::Words("Now".to_owned()), "Access is being set up");
    now.now = true;
    now.tracks = Some(Tracks {
        kind: TrackKind::Giving,
        rows: vec![
            track(
                "Finance, all",
                "Company directory",
                reached([1560, 12], Point::reached(ago(11)), Point::reached(ago(11))),
                None,
            ),
            track(
                "Statement printers",
                "Company directory",
                reached([1560, 12], Point::reached(ago(11)), Point::ahead(Mark::Working, "Reading back")),
                None,
            ),
            track(
                "Read payroll",
                "Finance database",
                reached([1560, 12], Point::ahead(Mark::Working, "Trying now"), Point::ahead(Mark::Next, "Next")),
                None,
            ),
        ],
    });
    steps.push(now);
    item(
        StateWord::new(Mark::Working, "Being set up"),
        Sentence::of("1 of 3 entitlements is confirmed."),
        steps,
        ItemActions::default(),
    )
}

fn applied() -> RequestItem {
    let mut steps = approved_steps();
    let mut set_up = Step::new(Mark::Done, StepWhen::At(ago(10)), "Access is there, and each system confirmed it");
    let done = |name, on| track(name, on, reached([1560, 12], Point::reached(ago(11)), Point::reached(ago(10))), None);
    set_up.tracks = Some(Tracks {
        kind: TrackKind::Giving,
        rows: vec![
            done("Finance, all", "Company directory"),
            done("Statement printers", "Company directory"),
            done("Read payroll", "Finance database"),
        ],
    });
    steps.push(set_up);
    let mut end = Step::new(Mark::Next, StepWhen::Due(end_in(90)), "Access ends and is removed");
    end.notes = vec![Sentence::of("You get an e-mail a week before, and can ask for more time then.")];
    steps.push(end);
    item(
        StateWord::new(Mark::Done, "You have it"),
        Sentence::of("Until ").moment(end_in(90), Told::Until).text("."),
        steps,
        ItemActions {
            give_back: Some("/requests/1/give-back".to_owned()),
            extend: Some("/roles/1?extend=1".to_owned()),
            ..ItemActions::default()
        },
    )
}

fn failed() -> RequestItem {
    let mut steps = approved_steps();
    let mut now = Step::new(Mark::Attention, StepWhen::Words("Now".to_owned()), "Part of the access is not there yet");
    now.now = true;
    now.tracks = Some(Tracks {
        kind: TrackKind::Giving,
        rows: vec![
            track(
                "Finance, all",
                "Company directory",
                reached([1560, 12], Point::reached(ago(11)), Point::reached(ago(11))),
                None,
            ),
            track(
                "Statement printers",
                "Company directory",
                reached([1560, 12], Point::ahead(Mark::Failed, "Needs a human"), Point::ahead(Mark::Next, "Next")),
                Some(TrackProblem {
                    mark: Mark::Failed,
                    title: "An account named jonas.lindqvist exists there and is not yours".to_owned(),
                    said: Some("uid=jonas.lindqvist has employeeNumber E0971, expected E0031".to_owned()),
                    next: Sentence::default()
                        .link("Oskar Nyberg", "/people/7")
                        .text(", who owns the system, was asked to look. You need not do anything."),
                    retry: None,
                }),
            ),
            track(
                "Read payroll",
                "Finance database",
                reached([1560, 12], Point::ahead(Mark::Attention, "Tried 3 times"), Point::ahead(Mark::Next, "Next")),
                Some(TrackProblem {
                    mark: Mark::Attention,
                    title: "The database could not be reached".to_owned(),
                    said: Some("connection refused (os error 111)".to_owned()),
                    next: Sentence::of("It is tried again by itself ")
                        .moment(ago(-4), Told::Relative)
                        .text(". Nothing is lost, and nobody has to approve again."),
                    retry: Some("77".to_owned()),
                }),
            ),
        ],
    });
    steps.push(now);
    item(
        StateWord::new(Mark::Attention, "1 of 3 set up"),
        Sentence::of("Two parts are not there yet. One is tried again by itself, one needs a human."),
        steps,
        ItemActions::default(),
    )
}

fn denied() -> RequestItem {
    let mut no = Step::new(
        Mark::Failed,
        StepWhen::At(ago(90)),
        Sentence::default().link("Amara Okafor", "/people/2").text(" denied it, as your manager"),
    );
    no.remark = Some(Remark {
        by: None,
        text: "Sales reports has the figures that you need. This one shows salaries.".to_owned(),
    });
    item(
        StateWord::new(Mark::Failed, "Denied by your manager"),
        Sentence::of("The reason is below. You can ask again with another reason."),
        vec![asked_step(), no],
        ItemActions { ask_again: Some("/roles/1".to_owned()), ..ItemActions::default() },
    )
}

fn removed() -> RequestItem {
    let mut steps = approved_steps();
    steps.push(Step::new(Mark::Done, StepWhen::At(ago(10)), "Access was there, and each system confirmed it"));
    let mut back = Step::new(Mark::Ended, StepWhen::At(ago(3)), "You gave it back");
    back.tracks = Some(Tracks {
        kind: TrackKind::Removing,
        rows: vec![
            track(
                "Finance, all",
                "Company directory",
                reached([12, 3], Point::reached(ago(2)), Point::reached(ago(2))),
                None,
            ),
            track(
                "Read payroll",
                "Finance database",
                reached([12, 3], Point::reached(ago(2)), Point::ahead(Mark::Working, "Reading back")),
                None,
            ),
        ],
    });
    steps.push(back);
    item(
        StateWord::new(Mark::Working, "Being removed"),
        Sentence::of("1 of 2 is confirmed gone."),
        steps,
        ItemActions { ask_again: Some("/roles/1".to_owned()), ..ItemActions::default() },
    )
}

fn requests(lines: bool) -> RequestsPage {
    let marks = [Mark::Attention, Mark::Waiting, Mark::Working, Mark::Waiting, Mark::Done, Mark::Failed, Mark::Ended];
    RequestsPage {
        query: String::new(),
        keep: vec![("tab", "open".to_owned())],
        tabs: vec![tab("Open", if lines { 7 } else { 0 }, true), tab("Closed", 41, false), tab("All", 48, false)],
        facets: vec![
            facet(
                "part",
                "Your part",
                &[
                    ("You asked", 31, false),
                    ("For you", 4, false),
                    ("You decided", 9, false),
                    ("You own the role", 4, false),
                ],
            ),
            facet("state", "State", &[("Waiting", 4, false), ("Being set up", 2, false), ("Needs a look", 1, false)]),
        ],
        chosen: Vec::new(),
        clear: "/requests".to_owned(),
        lines: if lines {
            marks
                .into_iter()
                .enumerate()
                .map(|(at, mark)| line(at, mark, 50 * i64::try_from(at * at * 9 + 1).unwrap_or(0)))
                .collect()
        } else {
            Vec::new()
        },
        links: links(if lines { "7 requests" } else { "" }, false, lines),
    }
}

pub fn sheets() -> Vec<Sheet> {
    let request_sheet = |name, items: Vec<RequestItem>| {
        let page = request(items, true);
        Sheet::framed(name, Part::Requests, page.title(), view! { <RequestView page=page reader=reader()/> })
            .tuned(plain_viewer)
    };
    let mut many = vec![
        failed(),
        waiting(),
        working(),
        applied(),
        denied(),
        applied(),
        applied(),
        applied(),
        applied(),
        applied(),
        applied(),
        denied(),
    ];
    for (at, item) in many.iter_mut().enumerate() {
        item.id = at.to_string();
        item.role = ROLES[at].0.to_owned();
    }
    let (some, empty) = (requests(true), requests(false));
    vec![
        request_sheet("request-waiting", vec![waiting()]),
        request_sheet("request-late", vec![late()]),
        request_sheet("request-talk", vec![asked()]),
        request_sheet("request-working", vec![working()]),
        request_sheet("request-applied", vec![applied()]),
        request_sheet("request-failed", vec![failed()]),
        request_sheet("request-denied", vec![denied()]),
        request_sheet("request-removed", vec![removed()]),
        request_sheet("request-many", many),
        Sheet::framed("requests", Part::Requests, some.title(), view! { <RequestsView page=some reader=reader()/> }),
        Sheet::framed(
            "requests-empty",
            Part::Requests,
            empty.title(),
            view! { <RequestsView page=empty reader=reader()/> },
        )
        .tuned(plain_viewer),
    ]
}
