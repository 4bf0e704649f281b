//! What is there without any file: the system `latchkey` with its portal roles, and a way to become administrator before
//! the first catalog.

use latchkey_domain::{
    EntitlementId, Instant, SystemId,
    identity::EmploymentType,
    portal_role::PortalRole,
    system::{BUILT_IN_SYSTEM, EntitlementKind, SystemKind},
};
use latchkey_policy::{ApproverRule, AskFor, AssuranceNeed, Policy, ReasonRule, Span, StageRule};
use latchkey_store::{
    sha256_hex,
    systems::{EntitlementRow, SystemRow},
};

/// The role that `admin add` makes when no role in the catalog carries the portal role administrator. Files may take it over.
pub(crate) const ROLE: &str = "latchkey-administrator";
/// The policy of that role.
pub(crate) const POLICY: &str = "latchkey-built-in";

/// The built-in system with this id.
pub(crate) fn system(id: SystemId, now: Instant) -> SystemRow {
    let mut row = SystemRow {
        id: id.0,
        key: BUILT_IN_SYSTEM.to_owned(),
        name: "Latchkey".to_owned(),
        kind: SystemKind::Latchkey,
        description: "This portal itself: who keeps it, who watches over it, who helps.".to_owned(),
        account_name: "{external_id}".to_owned(),
        recognise: "external_id".to_owned(),
        applied_hash: String::new(),
        created_at: now,
        retired_at: None,
        passes: None,
    };
    row.applied_hash = system_hash(&row);
    row
}

/// The hash of what files say about a system.
pub(crate) fn system_hash(s: &SystemRow) -> String {
    let mut said = vec![s.key.as_str(), &s.name, s.kind.as_str(), &s.description, &s.account_name, &s.recognise];
    said.extend(s.passes.as_deref());
    sha256_hex(said.join("\u{1f}").as_bytes())
}

/// The entitlement of a portal role, with this id.
pub(crate) fn entitlement(role: PortalRole, id: EntitlementId, system: SystemId, now: Instant) -> EntitlementRow {
    let (name, description) = match role {
        PortalRole::Administrator => ("Administrator", "Keep the catalog and the connections to systems."),
        PortalRole::Security => ("Security", "Run reviews, end access at once, and read the record."),
        PortalRole::Auditor => ("Auditor", "Read everything and change nothing."),
        PortalRole::Helpdesk => ("Helpdesk", "See where a request is stuck and try failed work again."),
    };
    EntitlementRow {
        id: id.0,
        system_id: system.0,
        key: role.as_str().to_owned(),
        kind: EntitlementKind::AppRole,
        name: name.to_owned(),
        native: role.as_str().to_owned(),
        description: description.to_owned(),
        created_at: now,
        retired_at: None,
    }
}

/// The policy of the built-in role: its owner decides, else any other administrator or security.
pub(crate) fn policy() -> Policy {
    let days = |n| Span::from_days(n).unwrap_or(Span::MIN);
    Policy {
        key: POLICY.to_owned(),
        name: "The role's owner decides".to_owned(),
        description: "For powers inside Latchkey, until a catalog says otherwise.".to_owned(),
        rules: Vec::new(),
        stages: vec![StageRule::any(ApproverRule::RoleOwner, Some(ApproverRule::Security))],
        max_duration: days(365),
        default_duration: days(180),
        offer: vec![days(30), days(90), days(180), days(365)],
        who: vec![EmploymentType::Employee, EmploymentType::Contractor],
        may_ask: None,
        ask_for: AskFor::Reports,
        reason: ReasonRule::Required,
        undecided_after: days(14),
        assurance: Some(AssuranceNeed::Mfa),
        activation: None,
        trial: None,
        break_glass: None,
    }
}
