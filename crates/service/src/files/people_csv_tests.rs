//! Tests of reading people.

use proptest::prelude::*;

use super::*;
use crate::files::{MAX_ERRORS, Outside, check_managers};

const GOOD: &str = "E0012,ann@brinewell.test,Ann,Ó Conaill,\"Engineer, web\",Engineering,Bristol,employee,,active,2020-01-31,,Europe/London";

fn file(lines: &[&str]) -> String {
    format!("{}\n{}\n", HEADER.join(","), lines.join("\n"))
}

fn errors(lines: &[&str]) -> Vec<String> {
    parse_people("people.csv", &file(lines)).unwrap_err().iter().map(ToString::to_string).collect()
}

/// The good line with one column replaced.
fn with(column: &str, value: &str) -> String {
    let at = HEADER.iter().position(|name| *name == column).unwrap();
    let mut fields: Vec<&str> = GOOD.split(',').collect();
    // The title is quoted and has a comma: put it back into one field.
    let title = fields[4..6].join(",");
    fields.splice(4..6, [title.as_str()]);
    fields[at] = value;
    fields.join(",")
}

fn reports_to(id: &str, manager: &str) -> String {
    format!("{id},{id}@b.test,A,B,,,,employee,{manager},active,2020-01-01,,")
}

#[test]
fn a_good_line_is_taken_field_by_field() {
    let rows = parse_people("people.csv", &file(&[GOOD])).unwrap();
    assert_eq!(
        rows,
        [PersonRow {
            line: 2,
            external_id: "E0012".into(),
            email: "ann@brinewell.test".into(),
            given_name: "Ann".into(),
            family_name: "Ó Conaill".into(),
            title: "Engineer, web".into(),
            department: "Engineering".into(),
            location: "Bristol".into(),
            employment_type: EmploymentType::Employee,
            manager_external_id: None,
            status: Status::Active,
            start_date: NaiveDate::from_ymd_opt(2020, 1, 31).unwrap(),
            end_date: None,
            time_zone: Some(chrono_tz::Europe::London),
        }]
    );
    assert_eq!(rows[0].display_name(), "Ann Ó Conaill");
    let mark_and_crlf = format!("\u{FEFF}{}", file(&[GOOD]).replace('\n', "\r\n"));
    assert_eq!(parse_people("people.csv", &mark_and_crlf).unwrap(), rows);
}

#[test]
fn columns_may_come_in_any_order_each_once() {
    let mut names = HEADER;
    names.reverse();
    let text = format!("{}\nEurope/London,,2020-01-31,active,,employee,,,,B,A,a@b.test,E1\n", names.join(","));
    assert_eq!(parse_people("p.csv", &text).unwrap()[0].external_id, "E1");

    let text = format!("{},nickname,email\n{GOOD},x,y\n", HEADER[..12].join(","));
    let errors: Vec<String> = parse_people("p.csv", &text).unwrap_err().iter().map(ToString::to_string).collect();
    assert_eq!(errors.len(), 3);
    assert!(
        errors[0].starts_with("p.csv:1: the header has a column \"nickname\"; expected external_id,"),
        "{}",
        errors[0]
    );
    assert!(errors[1].starts_with("p.csv:1: the header has email twice"), "{}", errors[1]);
    assert!(errors[2].starts_with("p.csv:1: the header has no column time_zone"), "{}", errors[2]);
}

#[test]
fn promise_10_each_mistake_names_file_line_and_what_is_expected() {
    for (column, value, expected) in [
        (
            "external_id",
            "E 1",
            "people.csv:2: external_id is \"E 1\"; expected 1 to 64 characters without spaces, such as \"E0012\"",
        ),
        ("email", "ann", "people.csv:2: email is \"ann\"; expected an e-mail address such as name@example.test"),
        ("given_name", "", "people.csv:2: given_name is empty; expected 1 to 100 characters"),
        ("employment_type", "temp", "people.csv:2: employment_type is \"temp\"; expected employee or contractor"),
        ("status", "gone", "people.csv:2: status is \"gone\"; expected pre_hire, active, on_leave or terminated"),
        (
            "start_date",
            "31.1.2020",
            "people.csv:2: start_date is \"31.1.2020\"; expected a day written YYYY-MM-DD, such as 2026-03-31",
        ),
        (
            "end_date",
            "2019-12-31",
            "people.csv:2: end_date is 2019-12-31, before start_date, 2020-01-31; expected the last day, or nothing",
        ),
        (
            "time_zone",
            "GMT+25",
            "people.csv:2: time_zone is \"GMT+25\"; expected a time zone such as Europe/London, or nothing",
        ),
        ("title", "a\u{1}", "people.csv:2: title has the control character U+0001; expected text on one line"),
        (
            "manager_external_id",
            "E0012",
            "people.csv:2: \"E0012\" is their own manager; expected a way up that ends with somebody who has no manager",
        ),
    ] {
        assert_eq!(errors(&[&with(column, value)]), [expected]);
    }
    let long = errors(&[&with("department", &"d".repeat(121))]);
    assert_eq!(long, ["people.csv:2: department has 121 characters; expected at most 120"]);
}

#[test]
fn promise_10_all_mistakes_are_named_and_nothing_is_half_accepted() {
    let mut bad = with("status", "gone");
    bad = bad.replace("employee", "temp");
    let other = GOOD.replace("E0012", "E0013").replace("ann@", "bob@");
    let errors = errors(&[&bad, &other, "E0014,too,short"]);
    assert_eq!(errors.len(), 3);
    assert!(errors[0].contains(":2: employment_type") && errors[1].contains(":2: status"));
    assert_eq!(
        errors[2],
        "people.csv:4: the line has 3 fields; expected 13, as in the header; a comma inside a field needs quotes around it"
    );
}

#[test]
fn mistakes_are_listed_up_to_a_bound() {
    let lines: Vec<String> = (0..80).map(|_| with("status", "gone")).collect();
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    let errors = errors(&lines);
    assert_eq!(errors.len(), MAX_ERRORS + 1);
    assert_eq!(errors[MAX_ERRORS], "30 more mistakes aren't listed; mend these first");
}

#[test]
fn nobody_is_there_twice() {
    let other = GOOD.replace("E0012", "E0013").replace("ann@", "ANN@");
    assert_eq!(
        errors(&[GOOD, GOOD, &other])[..2],
        [
            "people.csv:3: external_id is \"E0012\", as on line 2; expected each person once",
            "people.csv:3: email is \"ann@brinewell.test\", as on line 2; expected an address of their own for each person who hasn't left",
        ]
    );
    // Somebody who left may have had the address that a namesake has now.
    let left = other.replace(",active,2020-01-31,", ",terminated,2020-01-31,2021-01-31");
    assert_eq!(parse_people("people.csv", &file(&[GOOD, &left])).unwrap().len(), 2);
}

#[test]
fn files_without_people_are_refused() {
    assert!(
        parse_people("p.csv", "").unwrap_err()[0]
            .to_string()
            .starts_with("p.csv: the file is empty; expected external_id,")
    );
    assert_eq!(
        parse_people("p.csv", &HEADER.join(",")).unwrap_err()[0].to_string(),
        "p.csv: the file has 0 people; expected 1 to 200000"
    );
    let text = format!("{}\nE1,\"never closed\n", HEADER.join(","));
    assert!(parse_people("p.csv", &text).unwrap_err()[0].to_string().starts_with("p.csv:2: a quote opens here"));
    let large = "x".repeat(MAX_PEOPLE_BYTES + 1);
    assert!(
        parse_people("p.csv", &large).unwrap_err()[0].to_string().starts_with("p.csv: the file has 52428801 bytes")
    );
}

#[test]
fn circles_of_managers_are_named_once() {
    let lines = [
        reports_to("E1", ""),
        reports_to("E2", "E4"),
        reports_to("E3", "E2"),
        reports_to("E4", "E3"),
        reports_to("E5", "E4"),
    ];
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    assert_eq!(
        errors(&lines),
        [
            "people.csv:3: managers go round in a circle: E2 reports to E4 reports to E3 reports to E2; expected a way up that ends with somebody who has no manager"
        ]
    );
}

#[test]
fn managers_outside_the_file_are_asked_about() {
    let text = file(&[&reports_to("E1", "E8"), &reports_to("E2", "E9"), &reports_to("E3", "E2")]);
    let rows = parse_people("people.csv", &text).unwrap();
    let known = |id: &str| match id {
        "E8" => Outside::Known { manager: Some("E7".into()) },
        "E7" => Outside::Known { manager: None },
        _ => Outside::Unknown,
    };
    let errors = check_managers("people.csv", &rows, known).unwrap_err();
    assert_eq!(errors.len(), 1);
    assert_eq!(
        errors[0].to_string(),
        "people.csv:3: manager_external_id is \"E9\", whom nobody knows; expected the external_id of somebody in this file or imported before, or nothing"
    );
    // A circle through somebody whom only the database knows.
    let round = |id: &str| match id {
        "E8" => Outside::Known { manager: Some("E1".into()) },
        _ => Outside::Known { manager: None },
    };
    let errors = check_managers("people.csv", &rows, round).unwrap_err();
    assert!(
        errors[0]
            .to_string()
            .starts_with("people.csv:2: managers go round in a circle: E1 reports to E8 reports to E1")
    );
}

#[test]
fn the_demo_company_is_clean() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../demo/people.csv");
    let text = std::fs::read_to_string(path).unwrap();
    let rows = parse_people("people.csv", &text).unwrap();
    check_managers("people.csv", &rows, |_| Outside::Unknown).unwrap();
    assert!((240..=270).contains(&rows.len()), "{}", rows.len());
    let count = |status| rows.iter().filter(|row| row.status == status).count();
    assert_eq!((count(Status::Terminated), count(Status::PreHire), count(Status::OnLeave)), (6, 2, 1));
    assert!(rows.iter().any(|row| row.display_name().chars().count() == 60));
    assert_eq!(rows.iter().filter(|row| row.manager_external_id.is_none()).count(), 4);
    // Nobody reports to somebody who left.
    for row in rows.iter().filter(|row| row.status != Status::Terminated) {
        if let Some(manager) = &row.manager_external_id {
            let manager = rows.iter().find(|other| other.external_id == *manager).unwrap();
            assert_eq!(manager.status, Status::Active, "{}", row.display_name());
        }
    }
}

proptest! {
    #[test]
    fn any_text_gives_rows_or_errors_never_a_crash(text in "\\PC{0,80}", lines in prop::collection::vec("[\\PC\n\r\",]{0,60}", 0..6)) {
        let _ = parse_people("p.csv", &text);
        let refs: Vec<&str> = lines.iter().map(String::as_str).collect();
        if let Err(errors) = parse_people("p.csv", &file(&refs)) {
            prop_assert!(!errors.is_empty() && errors.len() <= MAX_ERRORS + 1);
        }
    }

    #[test]
    fn a_circle_is_found_exactly_when_there_is_one(managers in prop::collection::vec(proptest::option::of(0_usize..12), 12)) {
        let lines: Vec<String> = managers.iter().enumerate()
            .map(|(at, manager)| reports_to(&format!("P{at}"), &manager.map(|m| format!("P{m}")).unwrap_or_default()))
            .collect();
        let refs: Vec<&str> = lines.iter().map(String::as_str).collect();
        let round = (0..managers.len()).any(|start| {
            let mut at = start;
            (0..managers.len() + 1).all(|_| match managers[at] { Some(up) => { at = up; true } None => false })
        });
        prop_assert_eq!(parse_people("p.csv", &file(&refs)).is_err(), round);
    }
}
