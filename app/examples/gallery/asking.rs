//! The catalog and a role.

use chrono::Duration;
use latchkey_app::components::{FormError, NotNow, RiskLevel, Sentence};
use latchkey_app::frame::Part;
use latchkey_app::pages::catalog::{CatalogPage, CatalogRow, CatalogView, Others, Relation, SuggestedRole};
use latchkey_app::pages::role::{
    Ask, BeneficiaryChoice, DurationChoice, Emergency, Peers, RequestForm, RolePage, RoleView, StagePreview,
};
use leptos::prelude::*;

use crate::sheet::Sheet;
use crate::world::{ROLES, chosen, end_in, facet, gives_payroll, links, person, reader};

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
            also: match at {
                3 => Some("The smallest role that gives this.".to_owned()),
                4 => Some("Also gives Ledger, writing; Payroll runs; and 3 more.".to_owned()),
                _ => None,
            },
            to_cart: matches!(at, 3 | 4 | 6..9).then(|| "1".to_owned()),
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
        suggested: vec![SuggestedRole {
            name: "Ledger reader".to_owned(),
            href: "/roles/2".to_owned(),
            description: "Look at postings and balances.".to_owned(),
            why: "5 of your 7 teammates have this".to_owned(),
        }],
        wish: Some("/wishes/new".to_owned()),
        others: Some(Others { count: 7, href: "/catalog?all=1".to_owned(), shown: false }),
        back: "/catalog".to_owned(),
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
        starts_on: String::new(),
        remark: (!errors.is_empty()).then(|| "This replaces the request that waits.".to_owned()),
        reason: reason.to_owned(),
        reason_needed: true,
        piece: String::new(),
        pieces: vec!["Year-end close".to_owned(), "OPS-214".to_owned()],
        questions: Vec::new(),
        errors,
        extends: false,
        conflicts: Vec::new(),
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
        active_for: None,
        assurance: Some("A second factor in the last 12 hours".to_owned()),
        peers: Some(Peers { have: 6, of: 8, who: "people in Finance operations".to_owned() }),
        usual_time: Some(Duration::hours(20)),
        version: 3,
        ask,
        emergency: None,
        opened_by: vec![Sentence::of(
            "A shift in On-call schedule can open it for those whom \u{201c}Shift of the order team\u{201d} names, for 12 hours at most. It ends with the shift.",
        )],
        holders: Some((14, "/roles/1/holders".to_owned())),
    }
}

fn crowded_role() -> RolePage {
    let mut asked = form(Vec::new(), "");
    asked.beneficiaries = vec![
        BeneficiaryChoice { value: "1".to_owned(), label: "Myself".to_owned(), chosen: true },
        BeneficiaryChoice { value: "2".to_owned(), label: crate::world::LONG_NAME.to_owned(), chosen: false },
    ];
    let mut page = role(Ask::Form(Box::new(asked)));
    page.name = crate::world::LONG_ROLE.to_owned();
    page.description = ROLES[6].1.to_owned();
    page.risk = RiskLevel::Critical;
    if let Ask::Form(form) = &mut page.ask {
        form.conflicts = crate::keeping_apart::notes();
    }
    for _ in 0..2 {
        let more = page.gives.clone();
        page.gives.extend(more);
    }
    page.gives[1].remark = Some("Not connected on this installation: this part is set up by hand.".to_owned());
    page
}

pub fn sheets() -> Vec<Sheet> {
    let catalog_sheet = |name, page: CatalogPage| {
        Sheet::framed(name, Part::Catalog, page.title(), view! { <CatalogView page=page reader=reader()/> })
    };
    let role_sheet = |name, page: RolePage| {
        Sheet::framed(name, Part::Catalog, page.title(), view! { <RoleView page=page reader=reader()/> })
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
    vec![
        catalog_sheet("catalog", catalog()),
        catalog_sheet("catalog-narrowed", narrowed()).tuned(|context| context.search = "pay".to_owned()),
        catalog_sheet("catalog-none", none),
        catalog_sheet(
            "catalog-empty",
            CatalogPage { rows: Vec::new(), facets: Vec::new(), nothing_applied: true, ..catalog() },
        ),
        role_sheet("role", role(Ask::Form(Box::new(form(Vec::new(), ""))))),
        role_sheet(
            "role-emergency",
            RolePage {
                emergency: Some(Emergency::Can { href: "/roles/1/break-glass".to_owned() }),
                ..role(Ask::Form(Box::new(form(Vec::new(), ""))))
            },
        ),
        role_sheet(
            "role-taken",
            RolePage {
                emergency: Some(Emergency::Taken { until: Some(end_in(0)), href: "/break-glass/1".to_owned() }),
                ..role(Ask::Form(Box::new(form(Vec::new(), ""))))
            },
        ),
        role_sheet("role-errors", role(Ask::Form(Box::new(missing)))),
        role_sheet("role-crowded", crowded_role()),
        role_sheet(
            "role-have",
            role(Ask::Have {
                until: Some(end_in(6)),
                why: Sentence::of("You asked on 25 November 2026; Amara Okafor approved."),
                give_back: Some("#".to_owned()),
                keep: None,
                extend: Some("#".to_owned()),
                activate: None,
                not_now: Vec::new(),
            }),
        ),
        role_sheet(
            "role-have-long",
            role(Ask::Have {
                until: Some(end_in(300)),
                why: Sentence::of("You have this role."),
                give_back: Some("#".to_owned()),
                keep: None,
                extend: None,
                activate: None,
                not_now: vec![NotNow::new(
                    "Ask for more time",
                    "You already hold Payroll reader until 28 December 2027. You can ask for more time from 1 July 2027 on.",
                )],
            }),
        ),
        role_sheet(
            "role-trial",
            role(Ask::Have {
                until: Some(end_in(6)),
                why: Sentence::of("You have this role on trial."),
                give_back: Some("#".to_owned()),
                keep: Some("#".to_owned()),
                extend: None,
                activate: None,
                not_now: vec![NotNow::new(
                    "Ask for more time",
                    "You already hold Payroll reader on trial. Say that you use it, and you have it until 28 May 2027.",
                )],
            }),
        ),
        role_sheet(
            "role-asked",
            role(Ask::Asked {
                stands: Sentence::of("Waiting for ")
                    .link("Amara Okafor", "/people/2")
                    .text(", your manager, since yesterday."),
                href: "/requests/1".to_owned(),
                again: Some("/roles/1?again=1#ask".to_owned()),
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
    ]
}
