//! What is planned: who asks for what, and what becomes of it.

use chrono::TimeDelta;
use latchkey_domain::{IdentityId, Instant};
use latchkey_store::identities::PersonRow;
use rand::{Rng, seq::SliceRandom};

use super::{
    ADMINISTRATOR, BUSY_MANAGER, OWNER,
    cast::is_employee,
    days,
    play::{Answer, Ask, Emergency, Fate, Play, Wish},
    words::LEAVERS,
};

/// Somebody who asks: a hydrologist.
pub const EMPLOYEE: &str = "E0128";
/// Somebody who prepares payments, and releases them for a while: a treasury accountant.
const TREASURY: &str = "E0147";
/// Whoever owns the rule about that.
const CHIEF_OF_FINANCE: &str = "E0009";
/// Somebody whose login on the build platform is taken by an account of unknown origin.
pub const TAKEN_LOGIN: &str = "Product manager, telemetry";
/// Somebody whose change waits for a group that is under maintenance.
pub const BUSY_GROUP: &str = "Senior support engineer";
/// Somebody who was on the VPN before Latchkey came.
pub const HAD_IT_BEFORE: &str = "Chief of staff";

/// Who usually has what: a role, the titles or departments (`@`) that ask for it, and how many of them.
const USUAL: &[(&str, &[&str], usize)] = &[
    (
        "software-engineer",
        &["Software engineer", "Senior software engineer", "Platform engineer", "Staff engineer", "Release engineer"],
        20,
    ),
    ("firmware-engineer", &["Firmware engineer", "Senior firmware engineer"], 5),
    ("firmware-reviewer", &["Electronics engineer", "Test engineer", "Radio engineer"], 3),
    ("code-reader", &["Technical writer", "Security engineer", "Security analyst", "User researcher"], 4),
    ("test-fleet-operator", &["Test engineer", "Field test engineer", "Senior test engineer"], 4),
    (
        "staging-deployer",
        &["Platform engineer", "Senior platform engineer", "Senior software engineer", "Build engineer"],
        7,
    ),
    ("pipeline-maintainer", &["Build engineer", "Senior build engineer"], 2),
    ("on-call-engineer", &["Site reliability engineer", "Senior platform engineer", "Senior software engineer"], 6),
    ("data-engineer", &["Data engineer", "Senior data engineer", "Database engineer"], 5),
    (
        "sensor-data-reader",
        &["Oceanographer", "Hydrologist", "Forecast modeller", "Sensor engineer", "Calibration technician"],
        7,
    ),
    (
        "business-analyst",
        &["Analyst, product", "Analyst, sales and finance", "Senior analyst", "Analyst, customer care"],
        4,
    ),
    (
        "report-reader",
        &["@Product and design", "@Operations", "Customer success manager", "Sales development representative"],
        16,
    ),
    ("forecast-publisher", &["Forecast modeller"], 2),
    ("people-analyst", &["Analyst, people"], 1),
    ("work-from-anywhere", &["@Finance and legal", "@People and workplace", "@Sales and marketing"], 22),
    ("remote-desktop", &["Bid writer", "Commercial analyst", "Financial analyst", "Mechanical engineer", "Buyer"], 6),
    ("visitor-host", &["Receptionist", "Workplace coordinator", "Executive assistant", "Events manager"], 4),
    (
        "purchase-requester",
        &["Buyer", "Field service manager", "Workplace coordinator", "Logistics planner", "Events manager"],
        6,
    ),
    (
        "designer",
        &["Product designer", "Senior product designer", "Brand designer", "Marketing designer", "Service designer"],
        6,
    ),
    ("account-manager", &["Account manager", "Senior account manager"], 13),
    ("customer-reader", &["Customer success manager", "Financial analyst", "Content editor"], 6),
    ("bid-writer", &["Bid writer", "Partner manager, ports"], 2),
    ("campaign-editor", &["Campaign manager", "Content editor"], 3),
    ("price-approver", &["Sales manager, Europe", "Sales manager, Americas"], 2),
    ("support-agent", &["Support engineer", "Senior support engineer"], 14),
    ("support-shift-lead", &["Senior support engineer"], 2),
    ("customer-view", &["Support engineer"], 3),
    ("help-centre-editor", &["Technical writer", "Support engineer"], 2),
    ("invoice-clerk", &["Accounts payable clerk", "Accounts receivable clerk"], 3),
    ("invoice-approver", &["Supply chain manager", "Workplace manager"], 2),
    ("accountant", &["Accountant", "Treasury accountant"], 3),
    ("ledger-reader", &["Financial analyst", "Compliance officer"], 3),
    ("payroll-specialist", &["Payroll specialist"], 4),
    ("payroll-reader", &["People partner"], 2),
    ("service-desk-analyst", &["Service desk analyst", "Senior service desk analyst"], 5),
    ("recruiter", &["Recruiter", "Recruiting coordinator"], 4),
    ("interviewer", &["Software engineer", "Product designer", "Support engineer"], 6),
    ("people-partner", &["People partner"], 3),
    ("contract-reader", &["Contracts manager", "Account manager"], 3),
    ("board-paper-reader", &["Executive assistant", "Chief of staff"], 2),
    ("workshop-access", &["Assembly technician", "Sensor engineer", "Mechanical engineer"], 6),
    ("calibration-technician", &["Calibration technician", "Senior calibration technician"], 3),
    ("field-technician", &["Field technician", "Diver"], 6),
    ("stock-controller", &["Stock controller"], 1),
    ("production-deployer", &["Site reliability engineer", "Release engineer"], 3),
    ("production-shell", &["Site reliability engineer"], 1),
    ("source-administrator", &["Senior build engineer"], 1),
    ("customer-list-exporter", &["Campaign manager"], 1),
    ("firmware-signer", &["Senior firmware engineer"], 1),
];

/// What the busy manager's team asks for in the last days: the first of each that they don't have.
const FULL_INBOX: &[&[&str]] = &[
    // The first two have to be decided within a day.
    &["production-shell", "remote-desktop"],
    &["production-deployer", "purchase-requester"],
    &["on-call-engineer", "sensor-data-reader"],
    &["business-analyst", "report-reader"],
    &["firmware-reviewer", "code-reader"],
    &["test-fleet-operator", "visitor-host"],
    &["pipeline-maintainer", "purchase-requester"],
    &["data-engineer", "sensor-data-reader"],
    &["remote-desktop", "work-from-anywhere"],
    &["staging-deployer", "interviewer"],
    &["sensor-data-reader", "report-reader"],
    &["code-reader", "visitor-host"],
    &["interviewer", "remote-desktop"],
    &["customer-reader", "report-reader"],
];

/// Plans everything.
pub fn everything(play: &mut Play<'_>) {
    portal_roles(play);
    regulars_have_something(play);
    usual(play);
    one_employee(play);
    full_inbox(play);
    others_wait(play);
    kept_apart(play);
    trouble(play);
    in_words(play);
    around_it(play);
    emergencies(play);
}

fn one(person: &PersonRow, role: &'static str, fate: Fate) -> Ask {
    let who = IdentityId(person.id);
    Ask { who, beneficiary: who, roles: vec![role], days: None, fate, at_once: false }
}

fn ago(play: &Play<'_>, days: i64, minutes: i64) -> Instant {
    play.now() - TimeDelta::days(days) - TimeDelta::minutes(minutes)
}

/// The people who run the portal ask for that, like everybody else.
fn portal_roles(play: &mut Play<'_>) {
    let start = play.start();
    let roles = [
        ("E0060", "latchkey-security"),
        ("E0056", "latchkey-security"),
        ("C0002", "latchkey-auditor"),
        ("E0048", "latchkey-helpdesk"),
    ];
    for (minutes, (number, role)) in (0_i64..).zip(roles) {
        if let Some(person) = play.cast.person(number).cloned() {
            let ask = Ask { at_once: true, ..one(&person, role, Fate::Approved) };
            play.ask(start + TimeDelta::minutes(70 + 15 * minutes), ask);
        }
    }
}

fn usual(play: &mut Play<'_>) {
    for (role, titles, most) in USUAL {
        let mut people: Vec<PersonRow> = play.cast.like(titles).cloned().collect();
        people.shuffle(&mut play.rng);
        for person in people.into_iter().take(*most) {
            let fate = match play.rng.random_range(0..100) {
                0..5 => Fate::Denied,
                5..8 => Fate::Withdrawn,
                8..10 => Fate::Waits,
                10..16 => Fate::GivenBack(play.rng.random_range(3..30)),
                _ => Fate::Approved,
            };
            let days_ago = play.rng.random_range(4..88);
            let at = days::at_work(play.now() - TimeDelta::days(days_ago), &mut play.rng);
            let days = play.rng.random_bool(0.3).then_some(30);
            play.ask(at, Ask { days, ..one(&person, role, fate) });
        }
    }
    for number in LEAVERS {
        let Some(person) = play.cast.person(number).cloned() else { continue };
        for role in ["work-from-anywhere", "purchase-requester", "report-reader"] {
            let at = days::at_work(play.start() + TimeDelta::days(4), &mut play.rng);
            play.ask(at, one(&person, role, Fate::Approved));
        }
    }
}

/// One employee with a bit of everything.
fn one_employee(play: &mut Play<'_>) {
    let Some(person) = play.cast.person(EMPLOYEE).cloned() else { return };
    let story = [
        (82, "report-reader", None, Fate::Approved),
        (80, "work-from-anywhere", None, Fate::Approved),
        (61, "remote-desktop", Some(7), Fate::Approved),
        (47, "visitor-host", Some(30), Fate::GivenBack(9)),
        (33, "customer-reader", None, Fate::Denied),
        (28, "sensor-data-reader", Some(30), Fate::Approved),
        (12, "purchase-requester", None, Fate::Withdrawn),
        (10, "designer", None, Fate::Approved),
        (2, "forecast-publisher", None, Fate::Waits),
    ];
    for (days_ago, role, days, fate) in story {
        let at = days::at_work(ago(play, days_ago, 0), &mut play.rng).min(ago(play, 0, 200));
        play.ask(at, Ask { days, ..one(&person, role, fate) });
    }
}

/// A manager with work.
fn full_inbox(play: &mut Play<'_>) {
    let Some(manager) = play.cast.person(BUSY_MANAGER) else { return };
    let team: Vec<PersonRow> = play.cast.team(manager.id).cloned().collect();
    if team.is_empty() {
        return;
    }
    for person in &team {
        for role in ["software-engineer", "work-from-anywhere"] {
            let at = days::at_work(ago(play, play_day(person), 0), &mut play.rng);
            play.ask(at, Ask { at_once: true, ..one(person, role, Fate::Approved) });
        }
    }
    for (at, roles) in FULL_INBOX.iter().enumerate() {
        let Some(person) = team.get(at % team.len()) else { continue };
        let hours = play.rng.random_range(2..12) + 5 * i64::try_from(at).unwrap_or(0);
        let roles = roles.iter().chain(&["purchase-requester", "visitor-host", "report-reader"]).copied().collect();
        let ask = Ask { roles, ..one(person, "", Fate::Waits) };
        play.ask(days::working(play.now() - TimeDelta::hours(hours)).min(ago(play, 0, 45)), ask);
    }
}

/// Some day of the first weeks, another one for each.
fn play_day(person: &PersonRow) -> i64 {
    let number: i64 = person.external_id.trim_start_matches(|c: char| !c.is_ascii_digit()).parse().unwrap_or(0);
    60 + number % 25
}

/// A few things wait for others too, some of them half-way.
fn others_wait(play: &mut Play<'_>) {
    let waiting: [(&str, &'static str, Fate, i64); 10] = [
        ("Commercial analyst", "business-analyst", Fate::HalfWay, 40),
        ("Pricing analyst", "sales-team-lead", Fate::HalfWay, 31),
        ("Field technician", "test-fleet-operator", Fate::HalfWay, 55),
        ("Network engineer", "directory-operator", Fate::Waits, 5),
        ("Financial analyst", "budget-planner", Fate::Waits, 26),
        ("Recruiter", "work-from-anywhere", Fate::Waits, 9),
        ("Support engineer", "refund-issuer", Fate::Waits, 28),
        ("Senior account manager", "customer-list-exporter", Fate::Waits, 4),
        ("Privacy counsel", "contract-reader", Fate::Waits, 22),
        ("Systems engineer", "code-reader", Fate::Waits, 3),
    ];
    for (title, role, fate, hours) in waiting {
        let found = play.cast.like(&[title]).find(|person| is_employee(person)).cloned();
        if let Some(person) = found {
            let ask = Ask { at_once: fate == Fate::HalfWay, ..one(&person, role, fate) };
            play.ask(play.now() - TimeDelta::hours(hours), ask);
        }
    }
    // A manager asks for somebody in their team; somebody else then decides.
    let asked: Option<(PersonRow, PersonRow)> = play.cast.person(OWNER).and_then(|owner| {
        let report = play.cast.team(owner.id).next()?;
        Some((owner.clone(), report.clone()))
    });
    if let Some((owner, report)) = asked {
        let ask = Ask { beneficiary: IdentityId(report.id), ..one(&owner, "remote-desktop", Fate::Waits) };
        play.ask(ago(play, 1, 30), ask);
    }
}

/// Somebody covers for a colleague and so has two sides of a rule for a while, by an exception; and somebody asks for what
/// one more person has to agree to.
fn kept_apart(play: &mut Play<'_>) {
    let Some(treasury) = play.cast.person(TREASURY).cloned() else { return };
    let prepares = days::at_work(ago(play, 78, 0), &mut play.rng);
    play.ask(prepares, Ask { at_once: true, ..one(&treasury, "payment-preparer", Fate::Approved) });
    let excepted = days::at_work(ago(play, 24, 0), &mut play.rng);
    let reason = "Releases payments while the other signatory is on parental leave. I look at the list of payments every Friday.";
    play.except(excepted, CHIEF_OF_FINANCE, TREASURY, "prepare-and-release", reason);
    let releases = excepted + TimeDelta::hours(2);
    play.ask(releases, Ask { at_once: true, ..one(&treasury, "payment-releaser", Fate::Approved) });
    let build = play.cast.like(&["Senior build engineer", "Build engineer"]).find(|p| is_employee(p)).cloned();
    if let Some(engineer) = build {
        let maintains = days::at_work(ago(play, 50, 0), &mut play.rng);
        play.ask(maintains, Ask { at_once: true, ..one(&engineer, "pipeline-maintainer", Fate::Approved) });
        play.ask(ago(play, 0, 190), Ask { at_once: true, ..one(&engineer, "production-deployer", Fate::HalfWay) });
    }
}

/// Two nights on call: one that the owner has looked at since, and one that somebody still has to look at.
fn emergencies(play: &mut Play<'_>) {
    let nights: [(&str, i64, Emergency); 2] = [
        (
            "E0064",
            41,
            Emergency {
                role: "production-shell",
                reason: "The broker for the North Sea buoys hangs since 02:50, restarting it by hand.",
                account: "Stopped and started the broker on ingest-3, watched the backlog go down, logged out.",
                reviewed: Some(
                    "The recording of the shell shows the restart and nothing else. Nobody else was awake who could have decided.",
                ),
            },
        ),
        (
            "E0067",
            1,
            Emergency {
                role: "production-shell",
                reason: "The disk of ingest-1 is full, and measurements are dropped. Removing old archives.",
                account: "Removed the archives of last year under /var/spool/ingest; they are in the warehouse as well.",
                reviewed: None,
            },
        ),
    ];
    for (number, days_ago, of) in nights {
        let Some(person) = play.cast.person(number).cloned() else { continue };
        let rota = days::at_work(ago(play, 72, 0), &mut play.rng);
        play.ask(rota, Ask { at_once: true, ..one(&person, "on-call-engineer", Fate::Approved) });
        let night = days::morning(ago(play, days_ago, 0)) - TimeDelta::minutes(252);
        play.break_glass(night, IdentityId(person.id), of);
    }
    // Who is on call may deploy, too: given once, and activated since.
    for (number, days_ago) in [("E0064", 70), ("E0067", 69)] {
        let Some(person) = play.cast.person(number).cloned() else { continue };
        let at = days::at_work(ago(play, days_ago, 0), &mut play.rng);
        play.ask(at, Ask { at_once: true, days: Some(90), ..one(&person, "production-deployer", Fate::Approved) });
    }
}

/// What isn't in the catalog, in words: one wish waits, one has a role for it, and for one a new role is agreed on.
fn in_words(play: &mut Play<'_>) {
    play.wish(
        days::working(ago(play, 9, 0)),
        Wish {
            who: EMPLOYEE,
            words: "See the numbers of the weekly overview for one harbour only. I copy them by hand now.",
            answer: Some(Answer::Role {
                role: "report-reader",
                words: "The weekly overview has a filter for harbours.",
            }),
        },
    );
    play.wish(
        days::working(ago(play, 6, 0)),
        Wish {
            who: BUSY_MANAGER,
            words: "My team should see which test devices are in repair, without being able to change anything.",
            answer: Some(Answer::NewRole {
                name: "Repair list reader",
                gives: "Read the list of devices in repair, in the warehouse system.",
                owner: OWNER,
            }),
        },
    );
    play.wish(
        ago(play, 0, 150),
        Wish {
            who: EMPLOYEE,
            words: "Export the sensor list of a harbour as a table, for the yearly count with the port authority.",
            answer: None,
        },
    );
}

/// Two things that go wrong, for real: a login that a stranger has, and a group under maintenance.
fn trouble(play: &mut Play<'_>) {
    play.maintenance(ago(play, 0, 46));
    for (title, role, minutes) in [(TAKEN_LOGIN, "code-reader", 44), (BUSY_GROUP, "support-shift-lead", 38)] {
        let found = play.cast.like(&[title]).find(|person| is_employee(person)).cloned();
        if let Some(person) = found {
            play.ask(ago(play, 0, minutes), Ask { at_once: true, ..one(&person, role, Fate::Approved) });
        }
    }
    let found = play.cast.like(&[HAD_IT_BEFORE]).next().cloned();
    if let Some(person) = found {
        play.ask(ago(play, 35, 0), one(&person, "work-from-anywhere", Fate::Approved));
    }
}

/// Those who can be tried have something themselves.
fn regulars_have_something(play: &mut Play<'_>) {
    let have: [(&str, &[&'static str]); 6] = [
        (BUSY_MANAGER, &["code-reader", "work-from-anywhere", "purchase-requester"]),
        (OWNER, &["software-engineer", "work-from-anywhere", "purchase-requester"]),
        (ADMINISTRATOR, &["work-from-anywhere", "code-reader"]),
        ("E0060", &["work-from-anywhere", "report-reader"]),
        ("E0048", &["service-desk-analyst", "visitor-host"]),
        ("E0008", &["sensor-data-reader", "report-reader"]),
    ];
    for (number, roles) in have {
        let Some(person) = play.cast.person(number).cloned() else { continue };
        for role in roles {
            let day = play.rng.random_range(20..85);
            let at = days::at_work(ago(play, day, 0), &mut play.rng);
            play.ask(at, one(&person, role, Fate::Approved));
        }
    }
}

/// People come in, leave the company, and let sessions run out.
fn around_it(play: &mut Play<'_>) {
    let regulars = [ADMINISTRATOR, BUSY_MANAGER, OWNER, EMPLOYEE, "E0060", "E0048", "C0002"];
    for days_ago in 1..=12 {
        for number in regulars {
            if play.rng.random_bool(0.35) {
                let at = days::at_work(ago(play, days_ago, 0), &mut play.rng).min(ago(play, 0, 120));
                play.sign_in(at, number);
            }
        }
        play.sweep(days::morning(ago(play, days_ago - 1, 0)) - TimeDelta::hours(6));
    }
    let left = ago(play, 20, 0);
    play.people_leave(days::working(days::morning(left)));
    for number in LEAVERS {
        let at = days::at_work(ago(play, 9, 0), &mut play.rng);
        play.sign_in(at, number);
    }
}
