//! Home, a person, a team.

use latchkey_app::components::{Mark, Sentence, StateWord, Told};
use latchkey_app::frame::Part;
use latchkey_app::pages::home::{HomePage, HomeView, ReviewWaits, TeamHas, WaitsForYou};
use latchkey_app::pages::parts::{AccessRow, RequestLine};
use latchkey_app::pages::person::{AccountLine, PersonPage, PersonView};
use latchkey_app::pages::team::{TeamPage, TeamRow, TeamView};
use leptos::prelude::*;

use crate::sheet::Sheet;
use crate::world::{
    LONG_NAME, PEOPLE, ROLES, ago, days_ago, end_in, flashed, links, person, plain_viewer, reader, system,
};

fn wait(at: usize, how_long: &str, reason: &str, minutes: i64) -> WaitsForYou {
    WaitsForYou {
        href: "/approvals?item=1".to_owned(),
        who: PEOPLE[at].to_owned(),
        asks: " asks for ",
        role: ROLES[at % ROLES.len()].0.to_owned(),
        how_long: how_long.to_owned(),
        risk: ROLES[at % ROLES.len()].3,
        reason: reason.to_owned(),
        since: ago(minutes),
        then: (minutes > 2000).then(|| "ends in 3 days".to_owned()),
    }
}

pub fn line(at: usize, mark: Mark, minutes: i64) -> RequestLine {
    let stands = match mark {
        Mark::Waiting => Sentence::of("Waiting for ")
            .link("Amara Okafor", "/people/2")
            .text(", your manager, since ")
            .moment(ago(minutes), Told::Relative),
        Mark::Working => Sentence::of("Approved. Being set up on ").link("Finance database", "/systems/1"),
        Mark::Attention => Sentence::of("Approved, but ")
            .link("Finance database", "/systems/1")
            .text(" could not be reached. Tried again in 4 minutes"),
        Mark::Failed => Sentence::of("Denied by ")
            .link("Amara Okafor", "/people/2")
            .text(": ")
            .quote("Ask for Sales reports instead, it has what you need."),
        Mark::Ended => Sentence::of("Given back ").moment(ago(minutes), Told::Relative),
        Mark::Done | Mark::Next => Sentence::of("You have it until ").moment(end_in(88), Told::LastDay),
    };
    RequestLine {
        href: "/requests/1".to_owned(),
        what: ROLES[at % ROLES.len()].0.to_owned(),
        beneficiary: None,
        mark,
        stands,
        changed: ago(minutes),
    }
}

pub fn held(at: usize, ends: Option<i64>) -> AccessRow {
    let role = ROLES[at % ROLES.len()];
    let why = if ends.is_some() {
        Sentence::of("You asked, ").link("Amara Okafor", "/people/2").text(" approved")
    } else {
        Sentence::of("Everybody in Finance has it")
    };
    AccessRow {
        role: role.0.to_owned(),
        role_href: "/roles/1".to_owned(),
        systems: role.2.split(", ").map(str::to_owned).collect(),
        why,
        since: days_ago(30 + i64::try_from(at).unwrap_or(0) * 11),
        ends: ends.map(end_in),
        ends_soon: ends.is_some_and(|days| days < 14),
        state: None,
        end: None,
        trial: None,
        keep: None,
        give_back: ends.map(|_| "/requests/1/give-back".to_owned()),
        extend: ends.filter(|days| *days < 14).map(|_| "/roles/1?extend=1".to_owned()),
        stays: ends.is_none().then(|| "Comes with your job".to_owned()),
        activate: None,
        active: false,
    }
}

pub fn usual_home() -> HomePage {
    HomePage {
        waits: vec![
            wait(
                0,
                "90 days",
                "Month-end close: I reconcile the payroll run of February with the ledger, and Wei is away until the 12th.",
                1500,
            ),
            wait(2, "30 days", "Covering for Ines during her leave.", 300),
            wait(3, "1 year", "Weekly review of the northern region.", 40),
        ],
        waits_total: 3,
        reviews: vec![ReviewWaits {
            href: "/break-glass/1".to_owned(),
            words: "Review what Jonas Lindqvist did with Production shell".to_owned(),
            reason: "Payments fail since 13:40. Restarting the queue on prod-eu-2, nothing else.".to_owned(),
            due: ago(-2_800),
        }],
        reviews_total: 1,
        waiting: vec![line(4, Mark::Waiting, 1500), line(3, Mark::Working, 3), line(2, Mark::Attention, 50)],
        waiting_total: 3,
        ready: Vec::new(),
        access: vec![
            held(0, Some(4)),
            held(4, Some(12)),
            held(3, Some(88)),
            held(8, Some(310)),
            held(1, None),
            held(7, None),
        ],
        access_total: 6,
        ending: 2,
        access_href: "/people/12".to_owned(),
        team_has: Vec::new(),
        team: "People in Finance operations".to_owned(),
    }
}

fn new_home() -> HomePage {
    HomePage {
        waits: Vec::new(),
        waits_total: 0,
        reviews: Vec::new(),
        reviews_total: 0,
        waiting: Vec::new(),
        waiting_total: 0,
        access: vec![held(1, None)],
        access_total: 1,
        ending: 0,
        team_has: [(0, 7), (3, 6), (7, 5), (6, 3)]
            .into_iter()
            .map(|(at, have)| TeamHas {
                role: ROLES[at].0.to_owned(),
                href: "/roles/1".to_owned(),
                description: ROLES[at].1.to_owned(),
                have,
                of: 8,
            })
            .collect(),
        ..usual_home()
    }
}

fn crowded_home() -> HomePage {
    let mut access: Vec<AccessRow> =
        (0..50).map(|at| held(at, (at % 4 != 3).then(|| i64::try_from(at).unwrap_or(0) * 7 + 1))).collect();
    access[1].state = Some(StateWord::new(Mark::Working, "Being set up"));
    access[2].state = Some(StateWord::new(Mark::Attention, "1 of 3 not set up yet"));
    access[3].state = Some(StateWord::new(Mark::Working, "Being removed"));
    access[4].state = Some(StateWord::new(Mark::Failed, "Refused by the system"));
    let mut page = usual_home();
    page.waits = vec![
        wait(
            6,
            "365 days",
            &"I need this for the quarterly correction of stock in all warehouses of the region. ".repeat(6),
            9000,
        ),
        wait(10, "8 hours", "Fire.", 2000),
        wait(5, "30 days", "", 700),
    ];
    page.waits[0].who = LONG_NAME.to_owned();
    page.waits_total = 27;
    page.waiting = (0..5).map(|at| line(at + 5, Mark::Waiting, 700 * i64::try_from(at).unwrap_or(0))).collect();
    page.waiting_total = 12;
    page.access = access;
    page.access_total = 1204;
    page.ending = 3;
    page
}

fn usual_person() -> PersonPage {
    PersonPage {
        name: "Jonas Lindqvist".to_owned(),
        own: false,
        position: "Financial analyst, Finance operations".to_owned(),
        status: StateWord::new(Mark::Done, "Active"),
        employment: "Contractor".to_owned(),
        email: "jonas.lindqvist@northbeam.example".to_owned(),
        location: Some("Hamburg".to_owned()),
        manager: Some(person("Priya Raman", 12)),
        reports: 0,
        starts: Some("1 April 2026".to_owned()),
        leaves: Some("30 June 2027".to_owned()),
        zone: Some("Europe/Berlin".to_owned()),
        access: Some(vec![held(0, Some(4)), held(3, Some(88)), held(1, None)]),
        access_total: 3,
        access_more: None,
        accounts: vec![
            AccountLine {
                system: system("Company directory"),
                name: Some("jonas.lindqvist".to_owned()),
                state: StateWord::new(Mark::Done, "Enabled"),
                seen: Some(ago(14)),
            },
            AccountLine {
                system: system("Finance database"),
                name: None,
                state: StateWord::new(Mark::Failed, "Needs a human: a stranger has this name"),
                seen: None,
            },
        ],
        open: vec![line(2, Mark::Waiting, 300)],
        lost: vec![
            Sentence::default()
                .link("Payroll writer", "/roles/2")
                .text(": ")
                .link("Amara Okafor", "/people/2")
                .text(" ended it ")
                .moment(days_ago(3), Told::Relative)
                .text(": ")
                .quote("The close is done, and reading is enough from now on."),
        ],
        why_seen: "You see this because you are their manager.".to_owned(),
        audit_href: Some("/audit?person=31".to_owned()),
    }
}

fn team() -> TeamPage {
    let rows = PEOPLE
        .iter()
        .enumerate()
        .map(|(at, name)| TeamRow {
            person: person(name, 1).with("Financial analyst"),
            remark: match at {
                2 => Some("Contractor".to_owned()),
                5 => Some("On leave".to_owned()),
                8 => Some("Starts 1 March 2027".to_owned()),
                _ => None,
            },
            roles: u32::try_from(at * 7 % 19).unwrap_or(0),
            open: u32::try_from(at % 3).unwrap_or(0),
            next_end: (at % 3 != 1).then(|| (ROLES[at].0.to_owned(), end_in(i64::try_from(at * 9).unwrap_or(0) + 2))),
        })
        .collect();
    TeamPage { rows, total: 12, links: links("12 people", false, false) }
}

pub fn sheets() -> Vec<Sheet> {
    let home = |name, page: HomePage| {
        Sheet::framed(name, Part::Home, page.title(), view! { <HomeView page=page reader=reader()/> })
    };
    let usual = usual_person();
    let team = team();
    let nobody = TeamPage { rows: Vec::new(), total: 0, links: links("", false, false) };
    let mut empty = new_home();
    empty.access.clear();
    empty.access_total = 0;
    empty.team_has.clear();
    vec![
        home("home", usual_home()).tuned(flashed),
        home("home-new", new_home()).tuned(plain_viewer),
        home("home-empty", empty).tuned(plain_viewer),
        home("home-crowded", crowded_home()).tuned(|context| {
            context.viewer.name = LONG_NAME.to_owned();
            context.viewer.approvals = 127;
            context.company = "The Amalgamated Northern Instruments and Precision Optics Company".to_owned();
        }),
        Sheet::framed("person", Part::Elsewhere, usual.title(), view! { <PersonView page=usual reader=reader()/> }),
        Sheet::framed("team", Part::Team, team.title(), view! { <TeamView page=team reader=reader()/> }),
        Sheet::framed("team-empty", Part::Team, nobody.title(), view! { <TeamView page=nobody reader=reader()/> }),
    ]
}
