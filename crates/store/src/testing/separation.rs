//! A rule that keeps duties apart, with the events that belong to it.

use latchkey_domain::{
    EntitlementId, IdentityId, RoleId, SeparationRuleId, SeparationRuleVersionId,
    actor::ActorRef,
    event::{EventBody, NewEvent, SeparationSide},
};

use crate::{
    StoreResult, Tx,
    separation::{
        conflicts,
        ownership::{self, Owned},
        rules::{self, NewSide, RuleVersionRow},
    },
};

/// Adds a rule that keeps duties apart, called `Rule` and its key; its sides are called `Side 1`, `Side 2`, ….
///
/// # Errors
/// When the database fails.
pub async fn add_separation_rule(
    tx: &mut Tx,
    key: &str,
    owner: IdentityId,
    sides: &[(&[RoleId], &[EntitlementId])],
    approver: Option<&str>,
) -> StoreResult<(SeparationRuleId, Vec<NewEvent>)> {
    let now = tx.now();
    let rule = SeparationRuleId::new(now);
    let row = RuleVersionRow {
        id: SeparationRuleVersionId::new(now).0,
        rule_id: rule.0,
        key: key.to_owned(),
        version: 1,
        hash: key.to_owned(),
        name: format!("Rule {key}"),
        description: "For tests.".to_owned(),
        outcome: if approver.is_some() { "approval" } else { "block" }.to_owned(),
        approver: approver.map(str::to_owned),
        valid_from: now,
        retired_at: None,
    };
    let new: Vec<NewSide> = (1..)
        .zip(sides)
        .map(|(n, (roles, entitlements))| NewSide {
            name: format!("Side {n}"),
            roles: roles.iter().map(|r| r.0).collect(),
            entitlements: entitlements.iter().map(|e| e.0).collect(),
        })
        .collect();
    rules::insert(tx, rule, key).await?;
    rules::add_version(tx, &row, &new, None).await?;
    ownership::succeed(tx, Owned::Rule(rule), owner).await?;
    let added = EventBody::SeparationRuleVersionAdded {
        rule,
        rule_version: SeparationRuleVersionId(row.id),
        key: row.key.clone(),
        version: 1,
        sides: sides
            .iter()
            .map(|(roles, entitlements)| SeparationSide { roles: roles.to_vec(), entitlements: entitlements.to_vec() })
            .collect(),
        approver: row.approver,
        people: conflicts::count_of(tx, &new).await?,
    };
    let owned = EventBody::SeparationOwnerChanged { rule, exception: None, from: None, to: owner, because: None };
    Ok((rule, [added, owned].map(|body| NewEvent::new(ActorRef::Host, body)).to_vec()))
}
