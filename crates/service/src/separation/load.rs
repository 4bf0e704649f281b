//! From rows to what the policy evaluates.

use latchkey_domain::{EntitlementId, RoleId, SeparationRuleId};
use latchkey_policy::separation::{Agrees, Holding, Member, Outcome, SeparationRule, Side, Standing};
use latchkey_store::separation::rules::{HoldingRow, MemberRow};
use uuid::Uuid;

/// The rules that these rows spell out; rows of one rule and of one side stand beside each other.
pub(super) fn rules(rows: &[MemberRow]) -> Vec<SeparationRule> {
    let mut rules: Vec<SeparationRule> = Vec::new();
    let mut position = None;
    for row in rows {
        if rules.last().is_none_or(|r| r.id.0 != row.rule_id) {
            position = None;
            rules.push(SeparationRule {
                id: SeparationRuleId(row.rule_id),
                key: row.key.clone(),
                name: row.name.clone(),
                owner: row.owner_name.clone(),
                sides: Vec::new(),
                outcome: match &row.approver {
                    None => Outcome::Block,
                    Some(id) => Outcome::Approval(Agrees { external_id: id.clone(), name: row.approver_name.clone() }),
                },
            });
        }
        let Some(rule) = rules.last_mut() else { continue };
        if position != Some(row.position) {
            position = Some(row.position);
            rule.sides.push(Side { name: row.side_name.clone(), members: Vec::new() });
        }
        let role = row.role_id.map(|id| Member::Role(RoleId(id)));
        let member = role.or_else(|| row.entitlement_id.map(|id| Member::Entitlement(EntitlementId(id))));
        if let (Some(side), Some(member)) = (rule.sides.last_mut(), member) {
            side.members.push(member);
        }
    }
    rules
}

/// What these rows say that somebody has or would have: one holding for each grant, item or version.
pub(super) fn holdings(rows: &[HoldingRow], standing: Standing) -> Vec<Holding> {
    let mut holdings: Vec<(Uuid, Holding)> = Vec::new();
    for row in rows {
        if holdings.last().is_none_or(|(source, _)| *source != row.source_id) {
            let holding = Holding {
                role: RoleId(row.role_id),
                name: row.role_name.clone(),
                entitlements: std::collections::BTreeMap::new(),
                standing,
            };
            holdings.push((row.source_id, holding));
        }
        if let Some((_, holding)) = holdings.last_mut() {
            holding.entitlements.insert(EntitlementId(row.entitlement_id), row.entitlement_name.clone());
        }
    }
    holdings.into_iter().map(|(_, holding)| holding).collect()
}
