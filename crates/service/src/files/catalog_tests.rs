//! Tests of reading a catalog.

use latchkey_domain::{role::Risk, system::SystemKind};
use latchkey_policy::{ApproverRule, Span};
use proptest::prelude::*;

use super::*;
use crate::files::MAX_ERRORS;

#[path = "catalog_policy_tests.rs"]
mod policies;

#[path = "catalog_mistakes_tests.rs"]
mod mistakes;

const SYSTEM: &str = r#"[system]
key = "finance"
name = "Finance suite"
kind = "scim"
description = "Money."
owner = "E0012"
account_name = "{email_local}"

[[entitlement]]
key = "payroll-read"
kind = "app-role"
name = "Payroll readers"
native = "Payroll Readers"
description = "May read."

[[entitlement]]
key = "payroll-write"
kind = "app-role"
name = "Payroll writers"
native = "Payroll Writers"
description = "May write."
"#;

const POLICY: &str = r#"[[policy]]
key = "standard"
name = "Manager decides"
description = "Everyday access."
stages = [{ approvers = "manager", fallback = "person:E0007" }]
max_duration = "90d"
default_duration = "30d"
offer = ["7d", "30d"]
who = ["employee"]
reason = "required"
undecided_after = "14d"
"#;

const ROLE: &str = r#"[[role]]
key = "payroll-reader"
name = "Payroll reader"
description = "See salary statements."
owner = "E0042"
risk = "high"
tags = ["finance"]
policy = "standard"
max_duration = "30d"
entitlements = ["finance/payroll-read", "latchkey/auditor"]
"#;

fn set(system: &str, policy: &str, role: &str) -> Vec<(String, String)> {
    [("systems/finance.toml", system), ("policies.toml", policy), ("roles/finance.toml", role)]
        .map(|(path, text)| (path.to_owned(), text.to_owned()))
        .to_vec()
}

fn good() -> Vec<(String, String)> {
    set(SYSTEM, POLICY, ROLE)
}

fn said(files: &[(String, String)]) -> Vec<String> {
    parse_catalog(files).err().unwrap_or_default().iter().map(ToString::to_string).collect()
}

#[test]
fn a_good_catalog_is_taken_field_by_field() {
    let catalog = parse_catalog(&good()).unwrap();
    let system = &catalog.systems[0];
    assert_eq!(
        (system.key.as_str(), system.kind, system.recognise.as_str()),
        ("finance", SystemKind::Scim, "externalId")
    );
    assert_eq!(system.entitlements.len(), 2);
    assert_eq!(system.entitlements[1].native, "Payroll Writers");
    let policy = &catalog.policies[0];
    assert_eq!(policy.policy.stages[0].fallback, Some(ApproverRule::Person("E0007".into())));
    assert_eq!(policy.policy.offer, [Span::from_days(7).unwrap(), Span::from_days(30).unwrap()]);
    let role = &catalog.roles[0];
    assert_eq!((role.risk, role.requestable, role.max_duration), (Risk::High, true, Span::from_days(30)));
    assert_eq!(
        role.entitlements.iter().map(ToString::to_string).collect::<Vec<_>>(),
        ["finance/payroll-read", "latchkey/auditor"]
    );
    assert_eq!(role.at.to_string(), "roles/finance.toml:1:1");
    let named: Vec<_> =
        catalog.people_named().map(|person| (person.external_id.as_str(), person.at.to_string())).collect();
    assert_eq!(
        named,
        [
            ("E0012", "systems/finance.toml:6:9".to_owned()),
            ("E0007", "policies.toml:5:47".to_owned()),
            ("E0042", "roles/finance.toml:5:9".to_owned())
        ]
    );
    assert_eq!(
        catalog.people_named().next().unwrap().error("whom nobody knows").to_string(),
        "systems/finance.toml:6:9: owner names \"E0012\", whom nobody knows; expected the external id of somebody who works here"
    );
}

#[test]
fn the_hash_names_the_content_not_the_order() {
    let mut turned = good();
    turned.reverse();
    assert_eq!(parse_catalog(&good()).unwrap(), parse_catalog(&turned).unwrap());
    turned[0].1.push('\n');
    assert_ne!(parse_catalog(&good()).unwrap().hash, parse_catalog(&turned).unwrap().hash);
}

#[test]
fn marks_and_line_ends_do_not_matter() {
    let windows: Vec<(String, String)> =
        good().into_iter().map(|(path, text)| (path, format!("\u{FEFF}{}", text.replace('\n', "\r\n")))).collect();
    let ours = parse_catalog(&good()).unwrap();
    let theirs = parse_catalog(&windows).unwrap();
    assert_eq!((ours.systems, ours.policies, ours.roles), (theirs.systems, theirs.policies, theirs.roles));
}

#[test]
fn promise_10_all_mistakes_of_all_files_are_named_at_once() {
    let mut files = good();
    files[0].1 = files[0].1.replace("kind = \"scim\"", "kind = \"nis\"");
    files[1].1 = files[1].1.replace("reason = \"required\"", "reason = \"yes\"\ncolour = \"red\"");
    files[2].1 = files[2].1.replace("risk = \"high\"", "risk = \"huge\"");
    let errors = said(&files);
    assert_eq!(errors.len(), 4);
    assert!(errors.is_sorted());
}

#[test]
fn keys_and_names_are_used_once() {
    let twice = format!("{ROLE}\n{ROLE}");
    assert_eq!(
        said(&set(SYSTEM, POLICY, &twice)),
        [
            "roles/finance.toml:13:7: the role's key is \"payroll-reader\", as at roles/finance.toml:2; expected a key of its own for each role",
            "roles/finance.toml:14:8: the role's name is \"Payroll reader\", as at roles/finance.toml:3; expected a name of its own for each role",
        ]
    );
    let twice = format!("{POLICY}\n{POLICY}");
    assert_eq!(said(&set(SYSTEM, &twice, ROLE)).len(), 2);
    let mut files = good();
    files.push(("systems/copy.toml".into(), SYSTEM.into()));
    let errors = said(&files);
    assert_eq!(errors.len(), 2);
    assert!(
        errors[0].starts_with("systems/finance.toml:1:1: the system's key is \"finance\", as at systems/copy.toml:1"),
        "{errors:?}"
    );
}

#[test]
fn the_built_in_system_has_no_file() {
    let mut files = good();
    files.push((
        "systems/latchkey.toml".into(),
        SYSTEM.replace("\"finance\"", "\"latchkey\"").replace("Finance suite", "Ours"),
    ));
    assert_eq!(
        said(&files),
        [
            "systems/latchkey.toml:2:7: system \"latchkey\": key is \"latchkey\", which is built in; expected no file for it; roles can use its entitlements as they are"
        ]
    );
}

#[test]
fn a_set_that_is_no_catalog_is_refused() {
    let stray = |path: &str| {
        let mut files = good();
        files.push((path.to_owned(), String::new()));
        said(&files)
    };
    for path in ["other.toml", "systems/deep/er.toml", "roles/notes.txt", "roles/.toml", "people.csv"] {
        assert_eq!(
            stray(path),
            [format!(
                "{path}: the file isn't part of a catalog; expected policies.toml, groups.toml, separation.toml, wishes.toml, sources.toml, systems/NAME.toml or roles/NAME.toml"
            )]
        );
    }
    assert_eq!(
        said(&[]),
        [
            "policies.toml: the file is missing; expected a catalog with policies.toml, systems/ and roles/",
            "roles/: there is no role; expected at least one file with a [[role]]"
        ]
    );
    assert_eq!(
        said(&set(SYSTEM, "", ROLE)),
        ["policies.toml: the file has no policy; expected at least one [[policy]]"]
    );
    let mut files = good();
    files.push(files[0].clone());
    assert_eq!(said(&files), ["systems/finance.toml: the file is there twice; expected each file once"]);
    let mut files = good();
    files[2].1.push_str(&" ".repeat(MAX_FILE_BYTES));
    assert!(said(&files)[0].starts_with("roles/finance.toml: the file has "), "{:?}", said(&files));
}

#[test]
fn mistakes_and_sizes_are_bounded() {
    let many: String = (0..80)
        .map(|at| ROLE.replace("payroll-reader", &format!("role-{at}")).replace("\"high\"", "\"huge\""))
        .collect();
    let errors = said(&set(SYSTEM, POLICY, &many));
    assert_eq!(errors.len(), MAX_ERRORS + 1);
    let tags: Vec<String> = (0..=MAX_TAGS).map(|at| format!("\"t{at}\"")).collect();
    let errors = mistakes::change("tags = [\"finance\"]", &format!("tags = [{}]", tags.join(",")));
    assert_eq!(
        errors,
        ["roles/finance.toml:7:8: role \"payroll-reader\": tags has 21 entries; expected a list of 0 to 20"]
    );
    let errors =
        mistakes::change("description = \"See salary statements.\"", &format!("description = \"{}\"", "x".repeat(501)));
    assert_eq!(
        errors,
        ["roles/finance.toml:4:15: role \"payroll-reader\": description has 501 characters; expected at most 500"]
    );
    let files: Vec<(String, String)> =
        (0..=MAX_CATALOG_FILES).map(|at| (format!("roles/{at}.toml"), String::new())).collect();
    assert_eq!(said(&files), ["the catalog has 2001 files; expected at most 2000"]);
}

fn demo() -> Vec<(String, String)> {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../demo/catalog");
    let read = |path: &str| std::fs::read_to_string(root.join(path)).unwrap();
    let mut files: Vec<(String, String)> =
        ["groups.toml", "policies.toml", "separation.toml"].map(|path| (path.to_owned(), read(path))).to_vec();
    for directory in ["systems", "roles"] {
        for entry in std::fs::read_dir(root.join(directory)).unwrap() {
            let path = format!("{directory}/{}", entry.unwrap().file_name().into_string().unwrap());
            files.push((path.clone(), read(&path)));
        }
    }
    files
}

#[test]
fn the_demo_catalog_is_clean_and_its_people_work_there() {
    let catalog = parse_catalog(&demo()).unwrap();
    // The seventh system is the built-in one.
    assert_eq!(catalog.systems.len(), 6);
    assert_eq!(catalog.policies.len(), 10);
    // Nobody administers production standing.
    let activated = |key: &str| catalog.policies.iter().any(|p| p.policy.key == key && p.policy.activation.is_some());
    for role in catalog.roles.iter().filter(|r| r.tags.iter().any(|t| t == "administration") && r.policy != "portal") {
        assert!(activated(&role.policy), "{}", role.key);
    }
    assert!((55..=70).contains(&catalog.roles.len()), "{}", catalog.roles.len());
    let people = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../demo/people.csv")).unwrap();
    let people = crate::files::parse_people("people.csv", &people).unwrap();
    for named in catalog.people_named() {
        let person = people.iter().find(|person| person.external_id == named.external_id).unwrap();
        assert!(person.status.may_act(), "{}: {}", named.at, person.display_name());
    }
    // Every policy and every entitlement is used, so that nothing in the showcase is a dead end.
    for policy in &catalog.policies {
        assert!(catalog.roles.iter().any(|role| role.policy == policy.policy.key), "{}", policy.policy.key);
    }
    for system in &catalog.systems {
        for entitlement in &system.entitlements {
            let wanted = EntitlementRef { system: system.key.clone(), key: entitlement.key.clone() };
            assert!(catalog.roles.iter().any(|role| role.entitlements.contains(&wanted)), "{wanted}");
        }
    }
    for portal in PortalRole::ALL {
        let wanted = EntitlementRef { system: BUILT_IN_SYSTEM.to_owned(), key: portal.as_str().to_owned() };
        assert!(catalog.roles.iter().any(|role| role.entitlements == [wanted.clone()]), "{wanted}");
    }
}

#[test]
fn distances_count_changed_letters() {
    assert_eq!(distance("kitten", "sitting"), 3);
    assert_eq!(distance("", "abc"), 3);
    assert_eq!(distance("abc", "abc"), 0);
}

proptest! {
    #[test]
    fn any_text_gives_a_catalog_or_errors_never_a_crash(text in "\\PC{0,60}", cut in 0_usize..400, which in 0_usize..3) {
        let mut files = good();
        let at = files[which].1.char_indices().map(|(at, _)| at).nth(cut);
        if let Some(at) = at {
            files[which].1.insert_str(at, &text);
        }
        if let Err(errors) = parse_catalog(&files) {
            prop_assert!(!errors.is_empty() && errors.len() <= MAX_ERRORS + 1);
            for error in errors {
                prop_assert!(!error.message.is_empty());
            }
        }
    }
}
