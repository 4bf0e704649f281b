//! Tests of what is said about each mistake in a catalog.

use super::{good, said};

/// Changes one text in one file and tells what is said about it.
pub(super) fn change(from: &str, to: &str) -> Vec<String> {
    let mut files = good();
    let hits: usize = files.iter().map(|(_, text)| text.matches(from).count()).sum();
    assert!(hits >= 1, "{from}");
    for (_, text) in &mut files {
        *text = text.replacen(from, to, 1);
    }
    said(&files)
}

#[test]
fn promise_10_each_mistake_names_file_line_and_what_is_expected() {
    for (from, to, expected) in [
        (
            "risk = \"high\"",
            "risk = \"huge\"",
            "roles/finance.toml:6:8: role \"payroll-reader\": risk is \"huge\"; expected low, medium, high or critical",
        ),
        (
            "risk = \"high\"",
            "risk = 3",
            "roles/finance.toml:6:8: role \"payroll-reader\": risk is a number; expected text in quotes",
        ),
        (
            "risk = \"high\"\n",
            "",
            "roles/finance.toml:1:1: role \"payroll-reader\": risk is missing; expected low, medium, high or critical",
        ),
        (
            "tags = ",
            "tag = ",
            "roles/finance.toml:7:1: role \"payroll-reader\": \"tag\" isn't known here; expected key, name, description, owner, risk, tags, policy, requestable, max_duration, entitlements or question",
        ),
        (
            "policy = \"standard\"",
            "policy = \"standart\"",
            "roles/finance.toml:8:10: role \"payroll-reader\": policy is \"standart\", which policies.toml doesn't have; expected for example standard",
        ),
        (
            "max_duration = \"30d\"",
            "max_duration = \"91d\"",
            "roles/finance.toml:9:16: role \"payroll-reader\": max_duration is 91d, longer than the policy's, 90d; expected at most 90d",
        ),
        (
            "max_duration = \"30d\"",
            "max_duration = \"1w\"",
            "roles/finance.toml:9:16: role \"payroll-reader\": max_duration is \"1w\"; expected whole hours or days such as \"8h\" or \"90d\", from 1h to 1825d",
        ),
        (
            "finance/payroll-read\"",
            "finance/payrol-read\"",
            "roles/finance.toml:10:17: role \"payroll-reader\": \"finance/payrol-read\" isn't an entitlement of that system; expected for example payroll-read or payroll-write",
        ),
        (
            "finance/payroll-read\"",
            "finanse/payroll-read\"",
            "roles/finance.toml:10:17: role \"payroll-reader\": \"finanse/payroll-read\" names a system that has no file; expected for example finance or latchkey",
        ),
        (
            "latchkey/auditor",
            "latchkey/root",
            "roles/finance.toml:10:41: role \"payroll-reader\": \"latchkey/root\" isn't an entitlement of that system; expected for example auditor, security or helpdesk",
        ),
        (
            "latchkey/auditor",
            "finance/payroll-read",
            "roles/finance.toml:10:41: role \"payroll-reader\": entitlements has the same entry twice; expected each entry once",
        ),
        (
            "latchkey/auditor",
            "auditor",
            "roles/finance.toml:10:41: role \"payroll-reader\": entitlements has \"auditor\"; expected a system and an entitlement by their keys, such as \"directory/vpn-users\"",
        ),
        (
            "\"manager\", fallback",
            "\"boss\", fallback",
            "policies.toml:5:25: policy \"standard\", stages: approvers is \"boss\"; expected \"manager\", \"managers-manager\", \"owner\", \"system-owner\", \"security\", \"group:\" with a group's key or \"person:\" with an external id",
        ),
        (
            "fallback = \"person:E0007\"",
            "fallback = \"manager\"",
            "policies.toml:5:25: policy \"standard\": stage 1: it falls back to itself, \"manager\"; expected a fallback that names somebody else, or none",
        ),
        (
            "stages = [{ approvers = \"manager\", fallback = \"person:E0007\" }]",
            "stages = []",
            "policies.toml:5:10: policy \"standard\": stages is empty; expected 1 to 5: somebody decides on everything",
        ),
        (
            "default_duration = \"30d\"",
            "default_duration = \"91d\"",
            "policies.toml:7:20: policy \"standard\": default_duration is 91d, longer than max_duration, 90d; expected at most 90d",
        ),
        (
            "offer = [\"7d\", \"30d\"]",
            "offer = [\"30d\", \"7d\"]",
            "policies.toml:8:17: policy \"standard\": offer has 7d out of order; expected each duration once, the shortest first",
        ),
        (
            "who = [\"employee\"]",
            "who = [\"temp\"]",
            "policies.toml:9:8: policy \"standard\": who is \"temp\"; expected employee or contractor",
        ),
        (
            "reason = \"required\"",
            "reason = \"yes\"",
            "policies.toml:10:10: policy \"standard\": reason is \"yes\"; expected required or optional",
        ),
        (
            "kind = \"scim\"",
            "kind = \"latchkey\"",
            "systems/finance.toml:4:8: system \"finance\": kind is \"latchkey\"; expected ldap, postgresql, scim or program",
        ),
        (
            "kind = \"app-role\"",
            "kind = \"group\"",
            "systems/finance.toml:11:8: entitlement \"payroll-read\": kind is \"group\", which a system of kind scim doesn't have; expected app-role",
        ),
        (
            "native = \"Payroll Writers\"",
            "native = \"payroll readers\"",
            "systems/finance.toml:20:10: entitlement \"payroll-write\": native is the same as on line 9; expected one entitlement for each thing on the system",
        ),
        (
            "key = \"payroll-write\"",
            "key = \"payroll-read\"",
            "systems/finance.toml:17:7: entitlement \"payroll-read\": the key is used on line 9 too; expected a key of its own",
        ),
        (
            "account_name = \"{email_local}\"",
            "account_name = \"{login}\"",
            "systems/finance.toml:7:16: system \"finance\": account_name is \"{login}\"; expected lower-case letters, digits, \".\", \"-\", \"_\" and at least one of {given_name}, {family_name}, {external_id}, {email_local}",
        ),
        (
            "owner = \"E0042\"",
            "owner = \"\"",
            "roles/finance.toml:5:9: role \"payroll-reader\": owner is \"\"; expected 1 to 64 characters without spaces, such as \"E0012\"",
        ),
        ("[system]\n", "", "systems/finance.toml:1:1: system is missing; expected a table [system]"),
        ("[[role]]", "[[roles]]", "roles/finance.toml:1:3: \"roles\" isn't known here; expected role"),
    ] {
        assert_eq!(change(from, to).first().map(String::as_str), Some(expected), "{from} -> {to}");
    }
}

#[test]
fn one_mistake_is_one_error() {
    // A mistake in a system, in a policy or in a whole file doesn't make what refers to it look wrong.
    assert_eq!(change("kind = \"scim\"", "kind = \"nis\"").len(), 1);
    assert_eq!(change("reason = \"required\"", "reason = \"yes\"").len(), 1);
    let broken = change("name = \"Finance suite\"", "name = Finance suite");
    assert!(broken.iter().all(|error| error.starts_with("systems/finance.toml:3:8: this isn't TOML: ")), "{broken:?}");
    let broken = change("max_duration = \"90d\"", "max_duration = \"90d");
    assert!(broken.iter().all(|error| error.starts_with("policies.toml:6")), "{broken:?}");
}
