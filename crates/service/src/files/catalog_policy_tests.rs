//! Tests of the rules, stages and groups of policies as files write them.

use latchkey_policy::{ApproverRule, AskFor, Outcome, Overdue, Quorum};

use super::{ROLE, SYSTEM, said};
use crate::files::parse_catalog;

const GROUPS: &str = r#"[[group]]
key = "controllers"
name = "Controllers"
members = ["E0007", "E0042"]
"#;

const POLICIES: &str = r#"[[policy]]
key = "standard"
name = "By rule"
description = "Says who decides by what is asked."
may_ask = 'person.department != "Temps"'
may_ask_advice = "Ask your sponsor to do this work."
ask_for = "anyone"
stages = [{ approvers = "manager", fallback = "owner" }]
max_duration = "90d"
default_duration = "30d"
offer = ["7d", "30d"]
who = ["employee"]
reason = "required"
undecided_after = "14d"

[[policy.rule]]
name = "A day"
when = 'request.hours <= 24'
approve = true

[[policy.rule]]
name = "Money"
when = '"money" in role.tags'
use = "money"

[[policy.rule]]
name = "Interns"
when = 'person.title == "Intern"'
refuse = "Interns work with a colleague who has it."

[[policy]]
key = "money"
name = "Two controllers"
description = "For money."
stages = [
  { approvers = ["group:controllers", "owner"], quorum = "each", deadline = "2d", deadline_counts = "business", overdue = "escalate", escalate_to = "managers-manager", delegation = false, again = false, comment = "required" },
  { approvers = "group:controllers", quorum = 2, fallback = "security", deadline = "1d", overdue = "reassign" },
]
max_duration = "30d"
default_duration = "7d"
offer = ["7d", "30d"]
who = ["employee"]
reason = "required"
undecided_after = "14d"
"#;

fn files(policies: &str, groups: &str) -> Vec<(String, String)> {
    [
        ("systems/finance.toml", SYSTEM),
        ("policies.toml", policies),
        ("groups.toml", groups),
        ("roles/finance.toml", ROLE),
    ]
    .map(|(path, text)| (path.to_owned(), text.to_owned()))
    .to_vec()
}

#[test]
fn a_policy_with_everything_is_read_as_it_is_written() {
    let catalog = parse_catalog(&files(POLICIES, GROUPS)).unwrap();
    let standard = &catalog.policies[0].policy;
    assert_eq!(standard.ask_for, AskFor::Anyone);
    assert_eq!(standard.may_ask.as_ref().unwrap().when.as_str(), "person.department != \"Temps\"");
    let outcomes: Vec<&Outcome> = standard.rules.iter().map(|rule| &rule.then).collect();
    assert_eq!(outcomes[0], &Outcome::Approve);
    assert_eq!(outcomes[1], &Outcome::Policy("money".into()));
    assert_eq!(outcomes[2], &Outcome::Refuse("Interns work with a colleague who has it.".into()));
    let money = &catalog.policies[1].policy;
    let (first, second) = (&money.stages[0], &money.stages[1]);
    assert_eq!(first.approvers.rules(), [ApproverRule::Group("controllers".into()), ApproverRule::RoleOwner]);
    assert_eq!((first.quorum, first.delegation, first.again, first.comment), (Quorum::Each, false, false, true));
    assert_eq!(first.deadline.as_ref().unwrap().then, Overdue::Escalate);
    assert_eq!(second.quorum, Quorum::AtLeast(2));
    // The frozen policy brings those along to which it leads.
    let snapshot = catalog.snapshot(standard);
    assert_eq!(snapshot.others.iter().map(|p| p.key.as_str()).collect::<Vec<_>>(), ["money"]);
    assert!(catalog.snapshot(money).others.is_empty());
    // Members are people whom the database must know.
    let named: Vec<&str> = catalog.people_named().map(|p| p.external_id.as_str()).collect();
    assert!(named.contains(&"E0007") && named.contains(&"E0042"));
}

#[test]
fn promise_10_each_mistake_in_a_rule_names_its_line_and_what_is_expected() {
    for (from, to, expected) in [
        (
            "request.hours <= 24",
            "request.hurs <= 24",
            "policies.toml:18:8: policy \"standard\", rule \"A day\": when is \"request.hurs <= 24\": the condition names request.hurs, which isn't there; expected request has hours, days, reason, for_self, first_time",
        ),
        (
            "approve = true",
            "approve = true\nrefuse = \"No.\"",
            "the rule has approve and refuse; expected exactly one of",
        ),
        ("approve = true\n", "", "the rule says nothing about what happens; expected exactly one of"),
        ("approve = true", "approve = false", "approve is false"),
        (
            "use = \"money\"",
            "use = \"monney\"",
            "the way standard -> monney ends at a policy that isn't there; expected for example money",
        ),
        (
            "use = \"money\"",
            "use = \"standard\"",
            "the way standard -> standard comes back to where it was; expected a way that ends",
        ),
        (
            "quorum = \"each\"",
            "quorum = \"most\"",
            "quorum is \"most\"; expected \"any\", \"all\", \"each\" or a number from 2 to 10",
        ),
        ("quorum = 2", "quorum = 1", "quorum is \"1\"; expected \"any\", \"all\", \"each\" or a number from 2 to 10"),
        ("overdue = \"escalate\", ", "", "deadline has no overdue"),
        ("escalate_to = \"managers-manager\", ", "", "overdue is \"escalate\" without escalate_to"),
        ("fallback = \"security\", deadline", "deadline", "overdue is \"reassign\", and there is no fallback"),
        (
            "group:controllers\", quorum = 2",
            "group:contollers\", quorum = 2",
            "\"contollers\" isn't a group of groups.toml; expected for example controllers",
        ),
        (
            "[\"group:controllers\", \"owner\"]",
            "[\"owner\", \"owner\"]",
            "approvers has the same entry twice; expected each entry once",
        ),
        ("[\"group:controllers\", \"owner\"]", "[]", "approvers has 0 entries; expected a list of 1 to 5"),
        ("may_ask_advice = \"Ask your sponsor to do this work.\"\n", "", "may_ask has no may_ask_advice"),
        ("person.department != \"Temps\"", "request.days > 3", "may_ask looks at the request"),
        ("ask_for = \"anyone\"", "ask_for = \"everybody\"", "ask_for is \"everybody\"; expected reports or anyone"),
        ("comment = \"required\"", "comment = \"yes\"", "comment is \"yes\"; expected required or optional"),
        ("again = false", "again = \"no\"", "again is text; expected true or false"),
    ] {
        assert!(POLICIES.contains(from), "{from}");
        let errors = said(&files(&POLICIES.replacen(from, to, 1), GROUPS));
        assert!(errors.iter().any(|error| error.contains(expected)), "{from} -> {to}: {errors:#?}");
        assert!(errors.iter().all(|error| error.starts_with("policies.toml:")), "{errors:#?}");
    }
    let errors = said(&files(POLICIES, &GROUPS.replace("\"E0007\", \"E0042\"", "")));
    assert_eq!(errors, ["groups.toml:4:11: group \"controllers\": members has 0 entries; expected a list of 1 to 200"]);
}

const EMERGENCIES: &str = r#"
[policy.break_glass]
who = 'person.department == "Platform"'
advice = "Page whoever is on call."
max = "4h"
offer = ["1h", "4h"]
review_within = "2d"
"#;

#[test]
fn a_policy_says_who_takes_its_roles_in_an_emergency() {
    let text = format!("{POLICIES}{EMERGENCIES}");
    let catalog = parse_catalog(&files(&text, GROUPS)).unwrap();
    let money = catalog.policies.iter().find(|p| p.policy.key == "money").unwrap();
    let terms = money.policy.break_glass.as_ref().unwrap();
    assert_eq!(terms.who.as_str(), "person.department == \"Platform\"");
    assert_eq!((terms.max.to_string(), terms.review_within.to_string()), ("4h".to_owned(), "2d".to_owned()));
    assert!(
        catalog.policies.iter().any(|p| p.policy.break_glass.is_none()),
        "it belongs to the policy that it follows"
    );
}

#[test]
fn promise_10_a_mistake_about_emergencies_is_told_by_its_line() {
    let line = POLICIES.lines().count();
    for (from, to, at, message) in [
        ("max = \"4h\"", "max = \"30h\"", 5, "break_glass: max is 30h"),
        ("offer = [\"1h\", \"4h\"]", "offer = [\"4h\", \"1h\"]", 6, "break_glass: offer is out of order"),
        ("review_within = \"2d\"", "review_within = \"20d\"", 7, "break_glass: review_within is 20d"),
        ("person.department ==", "request.reason ==", 3, "break_glass: who looks at the request"),
        ("advice = \"Page whoever is on call.\"\n", "", 2, "break_glass of policy \"money\": advice is missing"),
        ("max = \"4h\"", "max = \"4h\"\nlongest = \"4h\"", 6, "longest"),
    ] {
        assert!(EMERGENCIES.contains(from), "{from}");
        let text = format!("{POLICIES}{}", EMERGENCIES.replacen(from, to, 1));
        let said = said(&files(&text, GROUPS)).join("\n");
        assert!(said.contains(message), "{said}");
        assert!(said.contains(&format!("policies.toml:{}", line + at)), "{}: {said}", line + at);
    }
}

#[test]
fn promise_10_a_mistake_about_trials_is_told_by_its_line() {
    let line = POLICIES.lines().count();
    let with = |table: &str| said(&files(&format!("{POLICIES}{table}"), GROUPS)).join("\n");
    let catalog = parse_catalog(&files(&format!("{POLICIES}\n[policy.trial]\nlength = \"14d\"\n"), GROUPS)).unwrap();
    let trial = catalog.policies.iter().find_map(|p| p.policy.trial.clone()).unwrap();
    assert_eq!(trial.length.to_string(), "14d");
    for (length, message) in
        [("\"31d\"", "trial: length is 31d"), ("\"900d\"", "not shorter than max_duration"), ("\"soon\"", "\"soon\"")]
    {
        let said = with(&format!("\n[policy.trial]\nlength = {length}\n"));
        assert!(said.contains(message) && said.contains(&format!("policies.toml:{}", line + 3)), "{said}");
    }
    assert!(with("\n[policy.trial]\nlength = \"14d\"\nused = true\n").contains("used"));
}

const ACTIVATION: &str = r#"
[policy.activation]
max = "8h"
default = "2h"
offer = ["2h", "8h"]
stages = [{ approvers = "group:controllers" }]
"#;

#[test]
fn a_policy_says_how_its_roles_are_activated() {
    let catalog = parse_catalog(&files(&format!("{POLICIES}{ACTIVATION}"), GROUPS)).unwrap();
    let money = catalog.policies.iter().find(|p| p.policy.key == "money").unwrap();
    let activation = money.policy.activation.as_ref().unwrap();
    assert_eq!((activation.max.to_string(), activation.default.to_string()), ("8h".to_owned(), "2h".to_owned()));
    assert_eq!((activation.offer.len(), activation.stages.len()), (2, 1));
    assert!(catalog.policies.iter().any(|p| p.policy.activation.is_none()), "it belongs to the policy that it follows");
}

#[test]
fn promise_10_a_mistake_about_activation_is_told_by_its_line() {
    let line = POLICIES.lines().count();
    for (from, to, at, message) in [
        ("max = \"8h\"", "max = \"2d\"", 3, "max is 2d"),
        ("default = \"2h\"", "default = \"9h\"", 4, "default is 9h, longer than max, 8h"),
        ("offer = [\"2h\", \"8h\"]", "offer = [\"8h\", \"2h\"]", 5, "offer has 2h out of order"),
        ("offer = [\"2h\", \"8h\"]", "offer = [\"2h\", \"10h\"]", 5, "offer has 10h, longer than max"),
        ("group:controllers", "group:nobody-knows", 6, "nobody-knows"),
        ("default = \"2h\"\n", "", 2, "default is missing"),
        ("max = \"8h\"", "max = \"8h\"\nlongest = \"4h\"", 4, "longest"),
    ] {
        assert!(ACTIVATION.contains(from), "{from}");
        let text = format!("{POLICIES}{}", ACTIVATION.replacen(from, to, 1));
        let said = said(&files(&text, GROUPS)).join("\n");
        assert!(said.contains(message), "{said}");
        assert!(said.contains(&format!("policies.toml:{}", line + at)), "{}: {said}", line + at);
    }
}
