//! Rows as files want them, and in what they differ from those that are there.

use std::collections::BTreeSet;

use latchkey_domain::{EntitlementId, Instant, RoleId, RoleVersionId, SystemId};
use latchkey_policy::PolicySnapshot;
use latchkey_store::{
    catalog::roles::RoleVersionRow,
    sha256_hex,
    systems::{EntitlementRow, SystemRow},
};
use uuid::Uuid;

use crate::{
    built_in,
    files::{EntitlementFile, RoleFile, SystemFile},
    questions,
};

/// The names of what differs.
pub(super) fn differences(pairs: &[(&str, &str, &str)]) -> Vec<String> {
    pairs.iter().filter(|(_, before, after)| before != after).map(|(name, _, _)| (*name).to_owned()).collect()
}

/// The fields of a policy that differ; none when the version before can't be read.
pub(super) fn policy_differences(before: &str, after: &PolicySnapshot) -> Vec<String> {
    let Ok(before) = PolicySnapshot::from_json(before) else { return Vec::new() };
    let (Ok(serde_json::Value::Object(b)), Ok(serde_json::Value::Object(a))) =
        (serde_json::to_value(&before.policy), serde_json::to_value(&after.policy))
    else {
        return Vec::new();
    };
    let names: BTreeSet<&String> = a.keys().chain(b.keys()).collect();
    let mut differ: Vec<String> = names.into_iter().filter(|n| a.get(*n) != b.get(*n)).cloned().collect();
    if before.others != after.others {
        differ.push("the policies to which its rules lead".to_owned());
    }
    differ
}

/// Whether a stored policy says what this one says.
pub(super) fn policy_is(before: &str, after: &PolicySnapshot) -> bool {
    PolicySnapshot::from_json(before).is_ok_and(|b| b.policy == after.policy && b.others == after.others)
}

pub(super) fn role_differences(before: &RoleVersionRow, after: &RoleVersionRow) -> Vec<String> {
    let text = |n: Option<i64>| n.map(|n| n.to_string()).unwrap_or_default();
    differences(&[
        ("name", &before.name, &after.name),
        ("description", &before.description, &after.description),
        ("risk", before.risk.as_str(), after.risk.as_str()),
        ("tags", &before.tags, &after.tags),
        ("requestable", &before.requestable.to_string(), &after.requestable.to_string()),
        ("policy", &before.policy_id.to_string(), &after.policy_id.to_string()),
        ("max_duration", &text(before.max_seconds), &text(after.max_seconds)),
        ("questions", before.questions.as_deref().unwrap_or_default(), after.questions.as_deref().unwrap_or_default()),
        ("assurance", before.assurance.as_deref().unwrap_or_default(), after.assurance.as_deref().unwrap_or_default()),
    ])
}

pub(super) fn system_row(file: &SystemFile, id: SystemId, now: Instant) -> SystemRow {
    let mut row = SystemRow {
        id: id.0,
        key: file.key.clone(),
        name: file.name.clone(),
        kind: file.kind,
        description: file.description.clone(),
        account_name: file.account_name.clone(),
        recognise: file.recognise.clone(),
        applied_hash: String::new(),
        created_at: now,
        retired_at: None,
        passes: file.passes.as_ref().and_then(|rule| serde_json::to_string(rule).ok()),
    };
    row.applied_hash = built_in::system_hash(&row);
    row
}

pub(super) fn entitlement_row(
    file: &EntitlementFile,
    id: EntitlementId,
    system: SystemId,
    now: Instant,
) -> EntitlementRow {
    EntitlementRow {
        id: id.0,
        system_id: system.0,
        key: file.key.clone(),
        kind: file.kind,
        name: file.name.clone(),
        native: file.native.clone(),
        description: file.description.clone(),
        created_at: now,
        retired_at: None,
    }
}

pub(super) fn role_row(
    file: &RoleFile,
    before: Option<&RoleVersionRow>,
    role: RoleId,
    policy: Uuid,
    entitlements: &BTreeSet<Uuid>,
    now: Instant,
) -> RoleVersionRow {
    let mut row = RoleVersionRow {
        id: RoleVersionId::new(now).0,
        role_id: role.0,
        key: file.key.clone(),
        version: before.map_or(1, |b| b.version + 1),
        hash: String::new(),
        name: file.name.clone(),
        description: file.description.clone(),
        risk: file.risk,
        tags: serde_json::Value::from(file.tags.clone()).to_string(),
        requestable: file.requestable,
        policy_id: policy,
        max_seconds: file.max_duration.map(|s| s.to_delta().num_seconds()),
        assurance: None,
        questions: questions::to_json(&file.questions),
        retired_at: None,
    };
    row.hash = role_hash(&row, entitlements);
    row
}

/// The hash of everything that a role's version says and gives.
pub(crate) fn role_hash(row: &RoleVersionRow, entitlements: &BTreeSet<Uuid>) -> String {
    let mut said = vec![serde_json::json!([
        row.key,
        row.name,
        row.description,
        row.risk,
        row.tags,
        row.requestable,
        row.policy_id,
        row.max_seconds,
        row.assurance,
        entitlements,
    ])];
    // A role that asks nothing keeps the hash that it had before roles could ask.
    said.extend(row.questions.as_ref().map(|q| serde_json::Value::from(q.as_str())));
    let said: Vec<String> = said.iter().map(ToString::to_string).collect();
    sha256_hex(said.concat().as_bytes())
}
