//! The audit log, systems, sessions, administration.

use latchkey_app::components::{Mark, Sentence, StateWord, Told};
use latchkey_app::frame::Part;
use latchkey_app::pages::admin::{AdminPage, AdminView, AppliedSet};
use latchkey_app::pages::audit::{AuditPage, AuditRow, AuditView, EventDetails, Span};
use latchkey_app::pages::drift::DriftSummary;
use latchkey_app::pages::sessions::{SessionRow, SessionsPage, SessionsView};
use latchkey_app::pages::system::{EntitlementRow, SystemPage, SystemView, TroubleRow};
use latchkey_app::pages::systems::{SystemRow, SystemsPage, SystemsView, Work};
use leptos::prelude::*;

use crate::sheet::Sheet;
use crate::world::{ago, chosen, days_ago, end_in, facet, links, person, plain_viewer, reader};

const JSON: &str = r#"{
  "v": 1,
  "id": "01973f2a-6b1e-7c40-9d55-2f1b7e0a4c11",
  "at": "2027-02-25T11:55:02.118204Z",
  "kind": "item.approved",
  "actor": { "identity": "01960000-0000-7000-8000-000000000012", "session": "s_7f20", "amr": ["pwd", "otp"] },
  "item": "01973e90-1f00-7a11-b2c3-5d0e8f7a6b5c",
  "stage": 1,
  "role": { "key": "payroll-reader", "version": 3 },
  "comment_hash": "sha256:9a3e5f0c71b8d2e64407c1f59ab3d80e6f21cc78"
}"#;

fn event(at: usize, minutes: i64, action: &str, mark: Mark, words: Sentence) -> AuditRow {
    let details = if at == 1 {
        EventDetails::Open {
            json: JSON.to_owned(),
            id: "01973f2a-6b1e-7c40-9d55-2f1b7e0a4c11".to_owned(),
            facts: vec![
                ("Proved by".to_owned(), "Password and a code from an app".to_owned()),
                ("Address".to_owned(), "192.0.2.17".to_owned()),
                ("Request".to_owned(), "01973f2a-6b1e-7c40".to_owned()),
            ],
            close: "/audit".to_owned(),
        }
    } else {
        EventDetails::Closed { href: format!("/audit?event={at}#event-{at}") }
    };
    AuditRow { id: at.to_string(), at: ago(minutes), action: action.to_owned(), mark, words, details }
}

fn audit() -> AuditPage {
    let who = |name: &str| Sentence::default().link(name, "/people/1");
    let rows = vec![
        event(
            0,
            10,
            "fulfilment.confirmed",
            Mark::Done,
            Sentence::default()
                .link("Finance database", "/systems/1")
                .text(" confirmed Read payroll for ")
                .link("Jonas Lindqvist", "/people/31"),
        ),
        event(
            1,
            70,
            "item.approved",
            Mark::Done,
            who("Amara Okafor")
                .text(" approved ")
                .link("Payroll reader", "/roles/1")
                .text(" for ")
                .link("Jonas Lindqvist", "/people/31")
                .text(", until ")
                .moment(end_in(90), Told::LastDay),
        ),
        event(
            2,
            95,
            "fulfilment.failed",
            Mark::Attention,
            Sentence::default()
                .link("Company directory", "/systems/2")
                .text(" refused VPN users for ")
                .link("Wei Zhang", "/people/5")
                .text(": ")
                .quote("insufficient access rights"),
        ),
        event(
            3,
            300,
            "item.denied",
            Mark::Failed,
            who("Tomas Novak")
                .text(" denied ")
                .link("Supplier payments", "/roles/3")
                .text(" for ")
                .link("Grace Mbeki", "/people/10")
                .text(": ")
                .quote("You approve invoices, so you cannot release them too."),
        ),
        event(
            4,
            330,
            "request.submitted",
            Mark::Done,
            who("Grace Mbeki")
                .text(" asked for ")
                .link("Supplier payments", "/roles/3")
                .text(" for 30 days: ")
                .quote("Covering for Ines during her leave."),
        ),
        event(
            5,
            1480,
            "session.refused",
            Mark::Failed,
            Sentence::of("A sign-in as ")
                .link("Bo Li", "/people/12")
                .text(" was refused: no second factor, even when asked for"),
        ),
        event(
            6,
            1500,
            "session.started",
            Mark::Done,
            who("Priya Raman").text(" signed in with a password and a code from an app"),
        ),
        event(
            7,
            1700,
            "grant.ended",
            Mark::Ended,
            Sentence::of("Release manager ended for ")
                .link("Daniel Kowalczyk", "/people/9")
                .text(", as agreed on 26 November 2026"),
        ),
        event(
            8,
            3100,
            "catalog.applied",
            Mark::Done,
            Sentence::of("The catalog was applied on the host: 61 roles, 2 of them changed, set ").code("c41f09"),
        ),
        event(
            9,
            3120,
            "person.terminated",
            Mark::Ended,
            who("Oskar Nyberg")
                .text(" left the company: 2 sessions, 7 grants and 1 open request ended, 3 roles went to ")
                .link("Leila Haddad", "/people/8"),
        ),
    ];
    AuditPage {
        query: String::new(),
        keep: Vec::new(),
        span: Span::default(),
        facets: vec![
            facet(
                "action",
                "Action",
                &[
                    ("Asked", 212, false),
                    ("Approved", 180, false),
                    ("Denied", 14, false),
                    ("Confirmed", 402, false),
                    ("Failed", 9, false),
                    ("Signed in", 2210, false),
                ],
            ),
            facet("system", "System", &[("Company directory", 310, false), ("Finance database", 92, false)]),
            facet("role", "Role", &[("Payroll reader", 40, false), ("VPN", 31, false)]),
        ],
        chosen: Vec::new(),
        clear: "/audit".to_owned(),
        csv_href: "/audit.csv".to_owned(),
        rows,
        links: links("10 of 3,027 events", false, true),
    }
}

fn system_row(name: &str, kind: &str, health: StateWord, said: Option<&str>, work: [u32; 2], seed: u32) -> SystemRow {
    SystemRow {
        name: name.to_owned(),
        href: "/systems/1".to_owned(),
        kind: kind.to_owned(),
        health,
        said: said.map(str::to_owned),
        built_in: false,
        checked: (seed > 0).then(|| ago(i64::from(seed))),
        work: Work { waiting: work[0], failed: work[1] },
        done: (0..24).map(|hour| if seed == 0 { 0 } else { (hour * seed + hour * hour) % (3 + seed % 11) }).collect(),
        failed: (0..24).map(|hour| u32::from(work[1] > 0 && hour > 19) * 2).collect(),
    }
}

fn systems() -> SystemsPage {
    let well = || StateWord::new(Mark::Done, "Healthy");
    SystemsPage {
        rows: vec![
            system_row(
                "Finance database",
                "PostgreSQL",
                StateWord::new(Mark::Failed, "Not reachable since 13:20"),
                Some("connection refused (os error 111)"),
                [4, 2],
                46,
            ),
            system_row(
                "Travel app",
                "SCIM 2.0",
                StateWord::new(Mark::Attention, "Slow: 8 seconds a call"),
                Some("429 Too Many Requests"),
                [12, 0],
                21,
            ),
            system_row("Warehouse app", "SCIM 2.0", StateWord::new(Mark::Ended, "Not connected"), None, [0, 0], 0),
            system_row("Company directory", "LDAP directory", well(), None, [1, 0], 7),
            system_row("Customer app", "SCIM 2.0", well(), None, [0, 0], 9),
            system_row("Production cluster", "PostgreSQL", well(), None, [0, 0], 3),
        ],
        only_reports: None,
    }
}

fn system() -> SystemPage {
    SystemPage {
        name: "Finance database".to_owned(),
        description: "Payroll, ledger and supplier payments.".to_owned(),
        kind: "PostgreSQL".to_owned(),
        key: "finance".to_owned(),
        owner: Some(person("Oskar Nyberg", 7)),
        address: Some("postgres://finance-db.northbeam.example:5432/finance".to_owned()),
        health: StateWord::new(Mark::Failed, "Not reachable since 13:20"),
        said: Some("connection refused (os error 111)".to_owned()),
        checked: Some(ago(46)),
        account_name: "{given_name}.{family_name}".to_owned(),
        recognise: "comment".to_owned(),
        work: Work { waiting: 4, failed: 2 },
        troubles: vec![
            TroubleRow {
                who: person("Jonas Lindqvist", 31),
                what: "Read payroll".to_owned(),
                request_href: Some("/requests/1".to_owned()),
                state: StateWord::new(Mark::Attention, "Tried 3 times"),
                said: Some("connection refused (os error 111)".to_owned()),
                next: Sentence::of("Next try in 4 minutes."),
                since: ago(12),
                retry: Some("1".to_owned()),
            },
            TroubleRow {
                who: person("Wei Zhang", 5),
                what: "Account".to_owned(),
                request_href: None,
                state: StateWord::new(Mark::Failed, "Needs a human"),
                said: Some("role \"wei.zhang\" exists without our comment".to_owned()),
                next: Sentence::of("Rename the stranger or adopt it, then try again."),
                since: ago(1500),
                retry: Some("2".to_owned()),
            },
        ],
        troubles_links: links("2 of 6", false, true),
        entitlements: ["payroll_read", "payroll_run", "ledger_read", "supplier_payments"]
            .into_iter()
            .enumerate()
            .map(|(at, native)| EntitlementRow {
                name: native.replace('_', " "),
                kind: "Database role".to_owned(),
                native: native.to_owned(),
                wanted: u32::try_from(at * 11 + 3).unwrap_or(0),
                observed: (at != 2).then(|| u32::try_from(at * 11 + 3).unwrap_or(0)),
                roles: 2,
            })
            .collect(),
        only_reports: Some("/admin/restore".to_owned()),
        audit_href: Some("/audit?system=1".to_owned()),
        drift: Some(DriftSummary {
            words: Sentence::of("Compared ").moment(ago(190), Told::Relative).text("."),
            mark: Mark::Attention,
            state: "4 findings to look at".to_owned(),
            href: "/systems/finance/drift".to_owned(),
        }),
    }
}

fn sessions(count: usize) -> SessionsPage {
    let all = [
        ("Firefox on Linux", "192.0.2.17", 130, 0),
        ("Safari on iPhone", "198.51.100.4", 900, 40),
        ("A browser that does not say", "203.0.113.99", 620, 300),
    ];
    SessionsPage {
        rows: all
            .into_iter()
            .take(count)
            .enumerate()
            .map(|(at, (device, address, since, seen))| SessionRow {
                id: at.to_string(),
                device: device.to_owned(),
                address: address.to_owned(),
                proved: "password and a code from an app".to_owned(),
                since: ago(since),
                seen: ago(seen),
                ends: ago(since - 720),
                this: at == 0,
            })
            .collect(),
        limits: "A session ends after 8 hours without use, and after 12 hours in any case.".to_owned(),
    }
}

fn admin() -> AdminPage {
    let set = |what: &str, hash: &str, days, summary: &str| AppliedSet {
        what: what.to_owned(),
        hash: hash.to_owned(),
        at: days_ago(days),
        by: "on the host, as latchkey".to_owned(),
        summary: summary.to_owned(),
    };
    AdminPage {
        people: [("Active", 238), ("On leave", 6), ("Start soon", 3), ("Left", 9)]
            .map(|(name, count)| (name.to_owned(), count))
            .to_vec(),
        catalog: [("Roles", 61), ("Entitlements", 143), ("Systems", 7), ("Policies", 4)]
            .map(|(name, count)| (name.to_owned(), count))
            .to_vec(),
        portal_roles: vec![
            ("Administrator".to_owned(), vec![person("Priya Raman", 12), person("Leila Haddad", 8)]),
            ("Security".to_owned(), vec![person("Daniel Kowalczyk", 9)]),
            ("Auditor".to_owned(), Vec::new()),
        ],
        applied: vec![
            set("Catalog", "c41f09d2", 2, "61 roles, 4 policies, 7 systems. 2 roles changed, 14 holders reached."),
            set("People", "77ab31e0", 3, "256 people. 1 joined, 1 left, 4 changed."),
            set("Catalog", "9d03c7aa", 30, "59 roles, 4 policies, 7 systems. 3 roles are new."),
        ],
        only_reports: None,
        version: "0.1.0".to_owned(),
        database: "SQLite".to_owned(),
        started: days_ago(2),
    }
}

pub fn sheets() -> Vec<Sheet> {
    let full = audit();
    let mut none = audit();
    none.rows.clear();
    none.chosen = vec![chosen("Action: Failed"), chosen("From 2 to 1 March 2027")];
    none.facets[0].options[4].on = true;
    none.span = Span {
        from: "2027-03-02".to_owned(),
        to: "2027-03-01".to_owned(),
        error: Some(
            "The first day is after the last: the first has to come first, for example 1 to 2 March".to_owned(),
        ),
    };
    let (all, one, some, single, admin) = (systems(), system(), sessions(3), sessions(1), admin());
    vec![
        Sheet::framed("audit", Part::Audit, full.title(), view! { <AuditView page=full reader=reader()/> }),
        Sheet::framed("audit-none", Part::Audit, none.title(), view! { <AuditView page=none reader=reader()/> }),
        Sheet::framed("systems", Part::Systems, all.title(), view! { <SystemsView page=all reader=reader()/> }),
        Sheet::framed("system", Part::Systems, one.title(), view! { <SystemView page=one reader=reader()/> }),
        Sheet::framed("sessions", Part::Elsewhere, some.title(), view! { <SessionsView page=some reader=reader()/> }),
        Sheet::framed(
            "sessions-one",
            Part::Elsewhere,
            single.title(),
            view! { <SessionsView page=single reader=reader()/> },
        )
        .tuned(plain_viewer),
        Sheet::framed("admin", Part::Admin, admin.title(), view! { <AdminView page=admin reader=reader()/> }),
    ]
}
