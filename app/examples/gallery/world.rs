//! The moment, the people and the roles that the gallery is drawn with.

use chrono::{DateTime, Duration, TimeZone, Utc};
use latchkey_app::components::{
    Chosen, FacetGroup, FacetOption, FlashMessage, Mark, PageLinks, PersonRef, RiskLevel, Sentence, SystemRef, Tab,
};
use latchkey_app::frame::{PageContext, Reader, Theme, Viewer};
use latchkey_app::pages::parts::{Gives, SystemGives};

/// Thursday, 25 February 2027, 14:05 in Berlin.
pub fn now() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2027, 2, 25, 13, 5, 0).single().unwrap_or_default()
}

pub fn ago(minutes: i64) -> DateTime<Utc> {
    now() - Duration::minutes(minutes)
}

pub fn days_ago(days: i64) -> DateTime<Utc> {
    now() - Duration::days(days) - Duration::minutes(days * 37 % 400)
}

/// The midnight that ends a day so many days ahead, in Berlin's winter.
pub fn end_in(days: i64) -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2027, 2, 25, 23, 0, 0).single().unwrap_or_default() + Duration::days(days)
}

pub fn reader() -> Reader {
    Reader { now: now(), zone: chrono_tz::Europe::Berlin }
}

pub fn context() -> PageContext {
    PageContext {
        company: "Northbeam Instruments".to_owned(),
        style_href: "latchkey.css".to_owned(),
        icon_href: "data:,".to_owned(),
        viewer: Viewer {
            name: "Priya Raman".to_owned(),
            email: "priya.raman@northbeam.example".to_owned(),
            href: "/people/12".to_owned(),
            approvals: 3,
            reviews: 1,
            cart: 2,
            has_team: true,
            may_audit: true,
            may_systems: true,
            may_separation: true,
            may_break_glass: true,
            may_admin: true,
        },
        reader: reader(),
        theme: Theme::System,
        flash: None,
        search: String::new(),
        request_id: "01973f2a-6b1e-7c40".to_owned(),
    }
}

/// Somebody without duties.
pub fn plain_viewer(context: &mut PageContext) {
    context.viewer = Viewer {
        name: "Jonas Lindqvist".to_owned(),
        email: "jonas.lindqvist@northbeam.example".to_owned(),
        href: "/people/31".to_owned(),
        reviews: 0,
        approvals: 0,
        cart: 0,
        has_team: false,
        may_audit: false,
        may_systems: false,
        may_separation: false,
        may_break_glass: false,
        may_admin: false,
    };
}

pub fn flashed(context: &mut PageContext) {
    context.flash = Some(FlashMessage {
        mark: Mark::Done,
        words: Sentence::of("You asked for ")
            .link("Payroll reader", "/requests/1")
            .text(". Amara Okafor, your manager, was told by e-mail."),
    });
}

pub fn person(name: &str, id: u32) -> PersonRef {
    PersonRef::linked(name, format!("/people/{id}"))
}

pub fn system(name: &str) -> SystemRef {
    SystemRef { name: name.to_owned(), href: Some("/systems/1".to_owned()) }
}

pub const LONG_ROLE: &str = "Regional warehouse stock correction approver, second line";
pub const LONG_NAME: &str = "Maximiliana Konstantinopoulou-Featherstonehaugh-Villanueva";

/// Roles: name, what it lets one do, systems, risk.
pub const ROLES: [(&str, &str, &str, RiskLevel); 12] = [
    (
        "Payroll reader",
        "See salary statements and payroll runs. You cannot change anything.",
        "Finance database, Company directory",
        RiskLevel::Medium,
    ),
    ("VPN", "Reach the office network from outside.", "Company directory", RiskLevel::Low),
    (
        "Supplier payments",
        "Release payments to suppliers up to 10,000 euros. A second person releases more.",
        "Finance database, Ledger app",
        RiskLevel::High,
    ),
    ("Sales reports", "Read the weekly sales figures by region and product.", "Reporting", RiskLevel::Low),
    (
        "Customer records editor",
        "Change addresses and contacts of customers. You see all customers of your region.",
        "Customer app",
        RiskLevel::Medium,
    ),
    (
        "Production database administrator",
        "Change anything in the production database, data of customers included.",
        "Production cluster",
        RiskLevel::Critical,
    ),
    (
        LONG_ROLE,
        "Approve corrections of stock in the warehouses of your region that somebody else entered, up to 500 items a day and with a reason for each of them.",
        "Warehouse app, Company directory, Reporting",
        RiskLevel::High,
    ),
    ("Travel booking", "Book trips for yourself and charge them to your cost centre.", "Travel app", RiskLevel::Low),
    ("Source code reader", "Read the source code of all products.", "Code hosting", RiskLevel::Medium),
    (
        "Release manager",
        "Publish a release of a product. Each is announced to the whole team.",
        "Code hosting, Production cluster",
        RiskLevel::High,
    ),
    ("Recruiting", "See applications for open positions in your department.", "People app", RiskLevel::Medium),
    ("Shared calendar of rooms", "Book meeting rooms in all offices.", "Company directory", RiskLevel::Low),
];

pub const PEOPLE: [&str; 12] = [
    "Jonas Lindqvist",
    "Amara Okafor",
    "Tomas Novak",
    "Ines Duarte",
    "Wei Zhang",
    "Fatima El-Sayed",
    "Oskar Nyberg",
    "Leila Haddad",
    "Daniel Kowalczyk",
    "Grace Mbeki",
    LONG_NAME,
    "Bo Li",
];

pub fn gives_payroll() -> Vec<SystemGives> {
    vec![
        SystemGives {
            system: system("Finance database"),
            remark: None,
            entitlements: vec![Gives {
                name: "Read payroll".to_owned(),
                description: "Read the tables of payroll runs and salary statements.".to_owned(),
                kind: "Database role".to_owned(),
                native: "payroll_read".to_owned(),
            }],
        },
        SystemGives {
            system: system("Company directory"),
            remark: None,
            entitlements: vec![
                Gives {
                    name: "Finance, all".to_owned(),
                    description: "Get the mails to everybody in Finance and open the shared folder.".to_owned(),
                    kind: "Group".to_owned(),
                    native: "cn=finance-all,ou=groups,dc=northbeam,dc=example".to_owned(),
                },
                Gives {
                    name: "Statement printers".to_owned(),
                    description: "Use the two printers in the locked room.".to_owned(),
                    kind: "Group".to_owned(),
                    native: "cn=printers-finance,ou=groups,dc=northbeam,dc=example".to_owned(),
                },
            ],
        },
    ]
}

pub fn facet(key: &'static str, title: &str, options: &[(&str, u32, bool)]) -> FacetGroup {
    FacetGroup {
        key,
        title: title.to_owned(),
        options: options
            .iter()
            .map(|(label, count, on)| FacetOption {
                label: (*label).to_owned(),
                count: Some(*count),
                href: "#".to_owned(),
                on: *on,
            })
            .collect(),
    }
}

pub fn chosen(label: &str) -> Chosen {
    Chosen { label: label.to_owned(), remove: "#".to_owned() }
}

pub fn links(shown: &str, newer: bool, older: bool) -> PageLinks {
    PageLinks {
        newer: newer.then(|| "#newer".to_owned()),
        older: older.then(|| "#older".to_owned()),
        shown: shown.to_owned(),
    }
}

pub fn tab(label: &str, count: u32, here: bool) -> Tab {
    Tab { label: label.to_owned(), href: "#".to_owned(), count: Some(count), here }
}
