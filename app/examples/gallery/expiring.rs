//! What ends soon, to extend or let go of together.

use latchkey_app::components::{Choice, FormError, Tab};
use latchkey_app::frame::Part;
use latchkey_app::pages::expiring::{EndingGroup, EndingRow, ExpiringPage, ExpiringView};
use leptos::prelude::*;

use crate::sheet::Sheet;
use crate::world::{LONG_NAME, LONG_ROLE, PEOPLE, ROLES, end_in, links, reader};

fn row(at: usize, days: i64) -> EndingRow {
    EndingRow {
        id: format!("01973f2a-{at}-{days}"),
        role: ROLES[at % ROLES.len()].0.to_owned(),
        role_href: "/roles/1".to_owned(),
        who: None,
        ends: end_in(days),
        reason: "I close the February accounts.".to_owned(),
        asked: None,
        chosen: true,
        problem: None,
    }
}

fn lengths() -> Vec<Choice> {
    [("", "As long as is usual"), ("7d", "7 days"), ("30d", "30 days"), ("90d", "90 days")]
        .into_iter()
        .map(|(value, label)| Choice {
            value: value.to_owned(),
            label: label.to_owned(),
            hint: None,
            chosen: value.is_empty(),
        })
        .collect()
}

fn group(name: &str, rows: Vec<EndingRow>) -> EndingGroup {
    EndingGroup {
        name: name.to_owned(),
        rows,
        lengths: lengths(),
        reason: String::new(),
        once: "b1f0".to_owned(),
        reason_error: None,
        goes_on: false,
    }
}

fn tabs(of_roles: bool) -> Vec<Tab> {
    let tab = |label: &str, href: &str, here| Tab { label: label.to_owned(), href: href.to_owned(), count: None, here };
    vec![tab("Yours", "/expiring", !of_roles), tab("Of roles that you own", "/expiring?of=roles", of_roles)]
}

fn usual() -> ExpiringPage {
    let mut asked = row(3, 12);
    asked.asked = Some(("R-7KPQ2MX".to_owned(), Some("/requests/1".to_owned())));
    ExpiringPage {
        tabs: Vec::new(),
        of_roles: false,
        groups: vec![
            group("OPS-214", vec![row(0, 4), row(4, 4), asked]),
            group("Year-end close", vec![row(2, 9)]),
            group("For nothing in particular", vec![row(8, 2), row(9, 21)]),
        ],
        after: String::new(),
        links: links("6 lines", false, false),
        errors: Vec::new(),
    }
}

fn of_roles() -> ExpiringPage {
    let held = |at: usize| EndingRow {
        who: Some(if at == 5 { LONG_NAME.to_owned() } else { PEOPLE[at % PEOPLE.len()].to_owned() }),
        role: LONG_ROLE.to_owned(),
        ..row(at, 2 + i64::try_from(at).unwrap_or(0))
    };
    let mut rows: Vec<EndingRow> = (0..40).map(held).collect();
    rows[1].problem = Some(
        "Nobody could decide on this: you own the role, and you asked for it. They can ask for it themselves."
            .to_owned(),
    );
    rows[1].chosen = false;
    rows[3].asked = Some(("R-9MQ27XP".to_owned(), None));
    let mut crowded = group(LONG_ROLE, rows);
    crowded.reason_error = Some("Say why they still need it. Whoever decides reads this.".to_owned());
    crowded.goes_on = true;
    ExpiringPage {
        tabs: tabs(true),
        of_roles: true,
        groups: vec![crowded],
        after: String::new(),
        links: links("40 lines", false, true),
        errors: vec![
            FormError { field: None, message: "Say why they still need it. Whoever decides reads this.".to_owned() },
            FormError { field: None, message: format!("{LONG_ROLE} for {}: Nobody could decide on this.", PEOPLE[1]) },
        ],
    }
}

pub fn sheets() -> Vec<Sheet> {
    let sheet = |name, page: ExpiringPage| {
        Sheet::framed(name, Part::Home, page.title(), view! { <ExpiringView page=page reader=reader()/> })
    };
    let none = ExpiringPage { groups: Vec::new(), tabs: tabs(false), ..usual() };
    vec![sheet("expiring", usual()), sheet("expiring-roles", of_roles()), sheet("expiring-empty", none)]
}
