//! What people write.

use latchkey_domain::item::Verdict;
use latchkey_service::catalog::RoleEntry;
use rand::{rngs::StdRng, seq::IndexedRandom};

/// Reasons by the stable key of the role; others take one of the general ones.
const REASONS: &[(&str, &[&str])] = &[
    (
        "software-engineer",
        &[
            "I joined the team on Monday and need to work on the code.",
            "Moved here from the web team.",
            "My contract was extended, and this ended with the old one.",
        ],
    ),
    ("firmware-engineer", &["I take over the depth sensor firmware.", "Working on the new radio board."]),
    (
        "firmware-reviewer",
        &["I review the power management changes before the release.", "Second reviewer for the bootloader."],
    ),
    (
        "code-reader",
        &[
            "I document the interface of the alerts and want to read how it is made.",
            "To follow the telemetry work without asking every time.",
        ],
    ),
    ("data-engineer", &["I build the new tide pipeline.", "Taking over the nightly loads."]),
    (
        "sensor-data-reader",
        &[
            "For the harbour study.",
            "I compare our readings with the gauge at Vlissingen.",
            "To check calibration results against the field.",
        ],
    ),
    ("business-analyst", &["Quarterly figures for the board.", "I prepare the churn report."]),
    ("report-reader", &["I present these numbers every month.", "To see the weekly overview."]),
    (
        "work-from-anywhere",
        &[
            "I work from home two days a week.",
            "Travelling to customers next month.",
            "I moved further from the office.",
        ],
    ),
    (
        "remote-desktop",
        &[
            "The drawing program runs only there, and I need it for one tender.",
            "Year-end reports need the old spreadsheet.",
        ],
    ),
    ("visitor-host", &["We have visitors from the port authority next week.", "Interviews on site."]),
    ("purchase-requester", &["I order spare parts for the field.", "Our team has its own budget now."]),
    ("on-call-engineer", &["I join the rota from next week.", "Covering for the summer."]),
    ("staging-deployer", &["I test our release on staging.", "So that I can try the migration before Thursday."]),
    ("production-deployer", &["Release 14.2 goes out today.", "Rolling back the map tiles."]),
    ("production-shell", &["Two buoys stopped reporting after the update and I have to look at the broker."]),
    ("account-manager", &["I take over the Baltic customers.", "New in the team."]),
    ("customer-reader", &["I answer questions about running contracts.", "For the customer survey."]),
    ("bid-writer", &["The tender for the Humber is due this month."]),
    ("support-agent", &["I start in the evening shift.", "Back from parental leave."]),
    ("support-shift-lead", &["I lead the weekend shift from now on."]),
    ("customer-view", &["I reproduce a display error that three customers reported."]),
    ("invoice-clerk", &["I help with suppliers' invoices until the end of the quarter."]),
    ("invoice-approver", &["I approve for operations while Parminder is away."]),
    ("ledger-reader", &["The auditors ask for the postings of last year."]),
    ("payroll-reader", &["I answer questions about salary statements this month."]),
    ("interviewer", &["I interview two engineers.", "Second interviews next week."]),
    ("designer", &["I draw the new housing.", "Figures for the harbour study.", "The old licence ended."]),
    ("field-technician", &["Buoy 31 and 32 need new sensors."]),
    ("customer-list-exporter", &["The list for the user meeting in Ghent."]),
    ("latchkey-security", &["I run the access reviews and look into what is unusual."]),
    ("latchkey-auditor", &["The yearly audit of access management."]),
    ("latchkey-helpdesk", &["People ask us where their requests are."]),
];

const GENERAL: &[&str] = &[
    "I need this for my work in the team.",
    "I take over from a colleague who moves to another team.",
    "For a project that runs until the end of the quarter.",
    "My old access has ended and the work goes on.",
    "I stand in for a colleague on leave.",
];

const YES: &[&str] = &[
    "",
    "",
    "",
    "",
    "Fine.",
    "Agreed, as discussed.",
    "Until the end of the project is enough, give it back if you finish earlier.",
];

const NO: &[&str] = &[
    "The monthly report has what you need; ask Abiodun for it.",
    "Not for this project. We talked about it on Tuesday.",
    "Your team has somebody with this access already: ask them.",
    "This is more than the task needs. Ask for the reader role instead.",
];

/// A reason to ask for a role.
#[must_use]
pub fn reason(role: &RoleEntry, rng: &mut StdRng) -> String {
    let own = REASONS.iter().find(|(key, _)| *key == role.key).map(|(_, reasons)| *reasons);
    own.unwrap_or(GENERAL).choose(rng).copied().unwrap_or_default().to_owned()
}

/// The piece of work that a role is usually asked for, if there is one.
#[must_use]
pub fn piece(role: &str) -> &'static str {
    match role {
        "sensor-data-reader" | "forecast-publisher" | "report-reader" => "Harbour study",
        "remote-desktop" | "bid-writer" | "contract-reader" => "Tender for the Humber",
        "ledger-reader" | "accountant" | "payment-preparer" | "payment-releaser" => "Year-end close",
        "staging-deployer" | "production-deployer" => "Release 14.2",
        "production-shell" => "OPS-214",
        _ => "",
    }
}

/// What an approver adds. A no says why.
#[must_use]
pub fn comment(verdict: Verdict, rng: &mut StdRng) -> String {
    let words = match verdict {
        Verdict::Approve => YES,
        Verdict::Deny => NO,
    };
    words.choose(rng).copied().unwrap_or_default().to_owned()
}

/// People who leave during the history, by external id.
pub const LEAVERS: [&str; 2] = ["E0049", "E0159"];

/// The people file as it was before some of them left.
#[must_use]
pub fn before_they_left(people: &str) -> String {
    let lines = people.lines().map(|line| {
        let leaves = line.split(',').next().is_some_and(|number| LEAVERS.contains(&number));
        match line.rsplitn(5, ',').collect::<Vec<_>>().as_slice() {
            // …,status,start_date,end_date,time_zone, read from the end.
            [zone, _, start, "terminated", rest] if leaves => format!("{rest},active,{start},,{zone}"),
            _ => line.to_owned(),
        }
    });
    lines.fold(String::with_capacity(people.len()), |text, line| text + &line + "\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::company::Company;

    #[test]
    fn those_who_leave_were_here_before() {
        let now = Company::built_in().people;
        let before = before_they_left(&now);
        let changed: Vec<_> = now.lines().zip(before.lines()).filter(|(now, before)| now != before).collect();
        assert_eq!(changed.len(), LEAVERS.len());
        assert!(changed.iter().all(|(now, before)| now.contains(",terminated,") && before.contains(",active,")));
        assert_eq!(now.lines().count(), before.lines().count());
    }
}
