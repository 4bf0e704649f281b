//! What events about rules that keep duties apart change; and the same from the tables.

use std::collections::BTreeMap;

use latchkey_domain::{EntitlementId, RoleId, SeparationExceptionId, SeparationRuleId, StageId, event::EventBody};
use latchkey_store::{AsConn, replay_reads as store};

use super::{Owned, SeparationException, SeparationRule, State};
use crate::ServiceResult;

impl State {
    pub(super) fn separation(&mut self, body: &EventBody) -> Result<(), &'static str> {
        match body {
            EventBody::SeparationRuleVersionAdded { rule, rule_version, version, sides, approver, .. } => {
                if self.separation.get(rule).is_some_and(|r| r.version >= *version) {
                    return Err("a later version of the rule was there already");
                }
                let sides = sides
                    .iter()
                    .map(|s| (s.roles.iter().copied().collect(), s.entitlements.iter().copied().collect()))
                    .collect();
                let (id, version, approver) = (*rule_version, *version, approver.clone());
                self.separation.insert(*rule, SeparationRule { id, version, sides, approver, retired: false });
                Ok(())
            }
            EventBody::SeparationRuleRetired { rule, .. } => {
                self.separation.get_mut(rule).ok_or("no event added this rule")?.retired = true;
                Ok(())
            }
            EventBody::SeparationOwnerChanged { rule, exception, from, to, .. } => {
                let owned = exception.map_or(Owned::Rule(*rule), Owned::Exception);
                let before = self.owners.insert(owned, *to);
                if before == *from { Ok(()) } else { Err("somebody else owned it before") }
            }
            EventBody::SeparationExceptionGranted { exception, rule, identity, owner, ends_at } => {
                let new = SeparationException { rule: *rule, identity: *identity, ends_at: *ends_at, closed: false };
                self.owners.insert(Owned::Exception(*exception), *owner);
                let before = self.exceptions.insert(*exception, new);
                if before.is_some() { Err("the exception was granted already") } else { Ok(()) }
            }
            EventBody::SeparationExceptionEnded { exception, .. } => {
                self.owners.remove(&Owned::Exception(*exception));
                let known = self.exceptions.get_mut(exception).ok_or("no event granted this exception")?;
                let was = std::mem::replace(&mut known.closed, true);
                if was { Err("the exception was over already") } else { Ok(()) }
            }
            EventBody::SeparationStageAdded { stage, rules, .. } => {
                self.separation_stages.entry(*stage).or_default().extend(rules);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// The same from the tables.
    pub(super) async fn read_separation(&mut self, c: &mut impl AsConn) -> ServiceResult<()> {
        for row in store::separation_rules(c).await? {
            let rule = SeparationRule {
                id: row.version_id.into(),
                version: row.version,
                sides: Vec::new(),
                approver: row.approver,
                retired: row.retired_at.is_some(),
            };
            self.separation.insert(row.id.into(), rule);
        }
        let mut sides: BTreeMap<SeparationRuleId, BTreeMap<i64, super::Sides>> = BTreeMap::new();
        for (rule, position, role, entitlement) in store::separation_members(c).await? {
            let side = sides.entry(rule.into()).or_default().entry(position).or_default();
            side.0.extend(role.map(RoleId));
            side.1.extend(entitlement.map(EntitlementId));
        }
        for (rule, sides) in sides {
            if let Some(rule) = self.separation.get_mut(&rule) {
                rule.sides = sides.into_values().collect();
            }
        }
        for row in store::separation_exceptions(c).await? {
            let exception = SeparationException {
                rule: row.rule_id.into(),
                identity: row.identity_id.into(),
                ends_at: row.ends_at,
                closed: row.closed_at.is_some(),
            };
            self.exceptions.insert(SeparationExceptionId(row.id), exception);
        }
        for (rule, exception, owner) in store::separation_owners(c).await? {
            let owned = rule.map(|r| Owned::Rule(r.into())).or(exception.map(|x| Owned::Exception(x.into())));
            if let Some(owned) = owned {
                self.owners.insert(owned, owner.into());
            }
        }
        for (stage, rule) in store::separation_stages(c).await? {
            self.separation_stages.entry(StageId(stage)).or_default().insert(rule.into());
        }
        Ok(())
    }
}
