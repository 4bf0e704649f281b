//! The catalog, a role, requests.

use chrono::Duration;
use latchkey_app::components::{
    FormError, Mark, Point, Remark, RiskLevel, Sentence, StateWord, Step, StepWhen, Told, Track, TrackKind,
    TrackProblem, Tracks, duration_words,
};
use latchkey_app::frame::Part;
use latchkey_app::pages::catalog::{CatalogPage, CatalogRow, CatalogView, Relation};
use latchkey_app::pages::request::{ItemActions, RequestItem, RequestPage, RequestView};
use latchkey_app::pages::requests::{RequestsPage, RequestsView};
use latchkey_app::pages::role::{
    Ask, BeneficiaryChoice, DurationChoice, Peers, RequestForm, RolePage, RoleView, StagePreview,
};
use leptos::prelude::*;

use crate::access::line;
use crate::sheet::Sheet;
use crate::world::{
    ROLES, ago, chosen, end_in, facet, gives_payroll, links, person, plain_viewer, reader, system, tab,
};

fn catalog() -> CatalogPage {
    let rows = ROLES
        .iter()
        .enumerate()
        .map(|(at, role)| CatalogRow {
            name: role.0.to_owned(),
            href: "/roles/1".to_owned(),
            description: role.1.to_owned(),
            systems: role.2.split(", ").map(str::to_owned).collect(),
            risk: role.3,
            usual_time: (at % 4 != 3).then(|| Duration::hours(2 + i64::try_from(at * 5).unwrap_or(0))),
            relation: match at {
                0 => Relation::Have(Some(end_in(6))),
                1 => Relation::Have(None),
                2 => Relation::Asked { stands: "Waiting for Amara Okafor".to_owned(), href: "/requests/1".to_owned() },
                5 => Relation::CanNot("Only for the platform team".to_owned()),
                9 => Relation::CanNot("Nobody could decide on it".to_owned()),
                _ => Relation::CanAsk,
            },
        })
        .collect();
    CatalogPage {
        query: String::new(),
        keep: Vec::new(),
        facets: vec![
            facet("relation", "For you", &[("You can ask", 48, false), ("Yours", 6, false), ("Asked", 1, false)]),
            facet(
                "system",
                "System",
                &[
                    ("Company directory", 21, false),
                    ("Finance database", 9, false),
                    ("Production cluster", 8, false),
                    ("Customer app", 7, false),
                    ("Code hosting", 6, false),
                ],
            ),
            facet(
                "risk",
                "Risk",
                &[("Low", 31, false), ("Medium", 18, false), ("High", 9, false), ("Critical", 3, false)],
            ),
        ],
        chosen: Vec::new(),
        clear: "/catalog".to_owned(),
        rows,
        links: links("1 to 12 of 61 roles", false, true),
        nothing_applied: false,
    }
}

fn narrowed() -> CatalogPage {
    let mut page = catalog();
    page.query = "pay".to_owned();
    page.facets[1].options[1].on = true;
    page.chosen = vec![chosen("\u{201c}pay\u{201d}"), chosen("Finance database")];
    page.rows.retain(|row| row.name.to_lowercase().contains("pay"));
    page.links = links("2 roles", false, false);
    page
}

fn form(errors: Vec<FormError>, reason: &str) -> RequestForm {
    let duration = |days: i64, label: &str, usual| DurationChoice {
        value: format!("{days}d"),
        label: label.to_owned(),
        ends: end_in(days),
        usual,
    };
    RequestForm {
        role_id: "01973f2a".to_owned(),
        once: "b1f0".to_owned(),
        beneficiaries: Vec::new(),
        durations: vec![duration(7, "7 days", false), duration(30, "30 days", false), duration(90, "90 days", true)],
        duration: None,
        reason: reason.to_owned(),
        reason_needed: true,
        errors,
        extends: false,
    }
}

fn role(ask: Ask) -> RolePage {
    RolePage {
        name: "Payroll reader".to_owned(),
        description: ROLES[0].1.to_owned(),
        risk: RiskLevel::Medium,
        owner: Some(person("Ines Duarte", 42).with("Head of payroll")),
        tags: vec!["finance".to_owned(), "payroll".to_owned()],
        gives: gives_payroll(),
        stages: vec![
            StagePreview { who: vec![person("Amara Okafor", 2).with("your manager")], remark: None },
            StagePreview {
                who: vec![person("Ines Duarte", 42).with("who owns the role")],
                remark: Some("If she does not decide in 14 days, it ends and you can ask again.".to_owned()),
            },
        ],
        policy: "Manager, then owner".to_owned(),
        longest: Duration::days(90),
        assurance: Some("A second factor in the last 12 hours".to_owned()),
        peers: Some(Peers { have: 6, of: 8, who: "people in Finance operations".to_owned() }),
        usual_time: Some(Duration::hours(20)),
        version: 3,
        ask,
        holders: Some((14, "/roles/1/holders".to_owned())),
    }
}

fn crowded_role() -> RolePage {
    let mut asked = form(Vec::new(), "");
    asked.beneficiaries = vec![
        BeneficiaryChoice { value: "1".to_owned(), label: "Myself".to_owned(), chosen: true },
        BeneficiaryChoice { value: "2".to_owned(), label: crate::world::LONG_NAME.to_owned(), chosen: false },
    ];
    let mut page = role(Ask::Form(asked));
    page.name = crate::world::LONG_ROLE.to_owned();
    page.description = ROLES[6].1.to_owned();
    page.risk = RiskLevel::Critical;
    for _ in 0..2 {
        let more = page.gives.clone();
        page.gives.extend(more);
    }
    page.gives[1].remark = Some("Not connected on this installation: this part is set up by hand.".to_owned());
    page
}

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
        steps,
        actions,
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
        ItemActions { withdraw: Some("/requests/1/withdraw".to_owned()), ..ItemActions::default() },
    )
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
    let catalog_sheet = |name, page: CatalogPage| {
        Sheet::framed(name, Part::Catalog, page.title(), view! { <CatalogView page=page reader=reader()/> })
    };
    let role_sheet = |name, page: RolePage| {
        Sheet::framed(name, Part::Catalog, page.title(), view! { <RoleView page=page reader=reader()/> })
    };
    let request_sheet = |name, items: Vec<RequestItem>| {
        let page = request(items, true);
        Sheet::framed(name, Part::Requests, page.title(), view! { <RequestView page=page reader=reader()/> })
            .tuned(plain_viewer)
    };
    let errors = vec![
        FormError {
            field: Some("duration"),
            message: "Choose for how long you need it, for example 30 days".to_owned(),
        },
        FormError {
            field: Some("reason"),
            message: "Say what you need it for, for example \u{201c}I close the February accounts\u{201d}".to_owned(),
        },
    ];
    let mut missing = form(errors, "");
    missing.durations[2].usual = false;
    let mut none = narrowed();
    none.rows.clear();
    none.query = "salery".to_owned();
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
        catalog_sheet("catalog", catalog()),
        catalog_sheet("catalog-narrowed", narrowed()).tuned(|context| context.search = "pay".to_owned()),
        catalog_sheet("catalog-none", none),
        catalog_sheet(
            "catalog-empty",
            CatalogPage { rows: Vec::new(), facets: Vec::new(), nothing_applied: true, ..catalog() },
        ),
        role_sheet("role", role(Ask::Form(form(Vec::new(), "")))),
        role_sheet("role-errors", role(Ask::Form(missing))),
        role_sheet("role-crowded", crowded_role()),
        role_sheet(
            "role-have",
            role(Ask::Have {
                until: Some(end_in(6)),
                why: Sentence::of("You asked on 25 November 2026; Amara Okafor approved."),
                give_back: Some("#".to_owned()),
                extend: Some("#".to_owned()),
            }),
        ),
        role_sheet(
            "role-asked",
            role(Ask::Asked {
                stands: Sentence::of("Waiting for ")
                    .link("Amara Okafor", "/people/2")
                    .text(", your manager, since yesterday."),
                href: "/requests/1".to_owned(),
            }),
        ),
        role_sheet(
            "role-no",
            role(Ask::No {
                title: "This role is for employees".to_owned(),
                why: Sentence::of("The policy ")
                    .strong("Manager, then owner")
                    .text(" does not let contractors ask. ")
                    .link("Ines Duarte", "/people/42")
                    .text(", who owns the role, can tell you what else would do."),
            }),
        ),
        request_sheet("request-waiting", vec![waiting()]),
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
