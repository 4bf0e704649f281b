//! Rules that keep duties apart, their exceptions, and who is in conflict.

use latchkey_app::components::{FormError, Mark, PageLinks, PersonRef};
use latchkey_app::frame::Part;
use latchkey_app::pages::role::ConflictNote;
use latchkey_app::pages::separation::{
    ConflictLine, Conflicted, ExceptionForm, ExceptionLine, Named, ReportPage, ReportView, RulePage, RuleRow, RuleView,
    SeparationPage, SeparationView, SideWords, Standing,
};
use leptos::prelude::*;

use crate::sheet::Sheet;
use crate::world::{LONG_NAME, days_ago, end_in, links, person, reader};

fn side(name: &str, roles: &[&str]) -> SideWords {
    let role = |name: &&str| Named { name: (*name).to_owned(), href: Some("/roles/1".to_owned()) };
    SideWords { name: name.to_owned(), members: roles.iter().map(role).collect() }
}

fn sides() -> Vec<SideWords> {
    vec![
        side("Entering or approving invoices", &["Invoice entry", "Invoice approvers"]),
        side("Releasing payments", &["Payment releasers"]),
    ]
}

fn rule_row(name: &str, approver: Option<&str>, people: u32, without: u32) -> RuleRow {
    RuleRow {
        name: name.to_owned(),
        href: "/admin/separation/rules/1".to_owned(),
        sides: sides(),
        approver: approver.map(str::to_owned),
        owner: Some(person("Ines Duarte", 42)),
        conflicted: Conflicted { people, without },
    }
}

fn line(who: PersonRef, standing: Standing) -> ConflictLine {
    ConflictLine {
        who,
        rule: Named {
            name: "Entering invoices and releasing payments".to_owned(),
            href: Some("/admin/separation/rules/1".to_owned()),
        },
        sides: vec![
            side("Entering or approving invoices", &["Invoice clerk"]),
            side("Releasing payments", &["Payment releaser"]),
        ],
        since: Some(days_ago(40)),
        except_href: (standing == Standing::Open).then(|| "#except".to_owned()),
        standing,
    }
}

fn conflict_lines(n: usize) -> Vec<ConflictLine> {
    let standings = [
        Standing::Open,
        Standing::Excepted { until: end_in(30), owner: Some("Ines Duarte".to_owned()) },
        Standing::Agreed,
    ];
    let names = ["Jonas Lindqvist", LONG_NAME, "Wei Zhang", "Fatima Haddad"];
    (0..n).map(|at| line(person(names[at % names.len()], 31), standings[at % standings.len()].clone())).collect()
}

fn rule(lines: Vec<ConflictLine>, errors: Vec<FormError>) -> RulePage {
    let count = u32::try_from(lines.len()).unwrap_or(0);
    RulePage {
        name: "Entering invoices and releasing payments".to_owned(),
        description: "Whoever enters an invoice must not send the money as well. One person alone could otherwise pay themselves.".to_owned(),
        key: "invoices-and-payments".to_owned(),
        sides: sides(),
        approver: None,
        owner: Some(person("Ines Duarte", 42)),
        version: 2,
        since: days_ago(80),
        conflicted: Conflicted { people: count, without: count / 3 },
        links: links("3 conflicts", false, false),
        lines,
        csv_href: "/admin/separation/conflicts.csv".to_owned(),
        exceptions: vec![ExceptionLine {
            who: person("Wei Zhang", 7),
            reason: "Covers for Jonas until the audit is over; Ines looks at every payment.".to_owned(),
            owner: Some("Ines Duarte".to_owned()),
            since: days_ago(12),
            until: end_in(30),
            end_href: Some("/admin/separation/exceptions/1/end".to_owned()),
        }],
        exceptions_links: PageLinks { shown: "1 exception".to_owned(), ..PageLinks::default() },
        form: Some(ExceptionForm {
            rule_id: "1".to_owned(),
            person: String::new(),
            reason: String::new(),
            until: String::new(),
            errors,
        }),
    }
}

/// What the form to ask for a role says about rules.
pub fn notes() -> Vec<ConflictNote> {
    vec![
        ConflictNote {
            mark: Mark::Attention,
            title: "Ines Duarte has to agree as well".to_owned(),
            words: "\"Running payroll and keeping files\" keeps these apart: Running payroll (Payroll specialist, which you hold) and Keeping files (Payroll reader, asked for here).".to_owned(),
            helps: Some("Give back Payroll specialist first. Otherwise Ines Duarte has to agree as well: that is one more step.".to_owned()),
        },
    ]
}

pub fn sheets() -> Vec<Sheet> {
    let list = |name, page: SeparationPage| {
        Sheet::framed(name, Part::Separation, page.title(), view! { <SeparationView page=page/> })
    };
    let one = |name, page: RulePage| {
        Sheet::framed(name, Part::Separation, page.title(), view! { <RuleView page=page reader=reader()/> })
    };
    let report = |name, page: ReportPage| {
        Sheet::framed(name, Part::Separation, page.title(), view! { <ReportView page=page reader=reader()/> })
    };
    let rules = vec![
        rule_row("Entering invoices and releasing payments", None, 3, 1),
        rule_row("Maintaining pipelines and deploying to production", Some("Priya Raman"), 2, 0),
        rule_row("Reviewing and signing firmware", None, 0, 0),
    ];
    let errors = vec![
        FormError {
            field: Some("person"),
            message: "Nobody is known by that. Type their e-mail address, or their number, such as E0012.".to_owned(),
        },
        FormError { field: Some("until"), message: "Choose the last day, for example 2027-03-31.".to_owned() },
    ];
    let empty = RulePage {
        exceptions: Vec::new(),
        form: None,
        links: PageLinks { shown: "0 conflicts".to_owned(), ..PageLinks::default() },
        ..rule(Vec::new(), Vec::new())
    };
    let csv_href = "/admin/separation/conflicts.csv".to_owned();
    vec![
        list("separation", SeparationPage { rules, report_href: Some("/admin/separation/conflicts".to_owned()) }),
        list("separation-empty", SeparationPage { rules: Vec::new(), report_href: None }),
        one("separation-rule", rule(conflict_lines(3), Vec::new())),
        one("separation-rule-errors", rule(conflict_lines(1), errors)),
        one("separation-rule-empty", empty),
        report(
            "separation-report",
            ReportPage {
                lines: conflict_lines(60),
                links: links("60 conflicts", false, true),
                csv_href: csv_href.clone(),
            },
        ),
        report(
            "separation-report-empty",
            ReportPage {
                lines: Vec::new(),
                links: PageLinks { shown: "0 conflicts".to_owned(), ..PageLinks::default() },
                csv_href,
            },
        ),
    ]
}
