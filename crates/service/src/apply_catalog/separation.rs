//! What files change about rules that keep duties apart.

use std::collections::{BTreeSet, HashMap};

use latchkey_domain::{
    AppliedSetId, EntitlementId, IdentityId, Instant, RoleId, SeparationRuleId, SeparationRuleVersionId,
    actor::ActorRef,
    event::{EventBody, NewEvent, SeparationSide},
};
use latchkey_store::{
    AsConn, StoreError, Tx,
    identities::PersonRow,
    separation::{
        conflicts, exceptions,
        ownership::{self, Owned},
        rules::{self, NewSide, RuleVersionRow},
    },
    sha256_hex,
};
use uuid::Uuid;

use crate::{
    ServiceResult,
    files::{CatalogFiles, SeparationMember, SeparationRuleFile},
    plan::{FilesResult, Plan, counted},
};

/// The titles of what a plan says about rules that keep duties apart.
pub mod titles {
    /// Rules that weren't there.
    pub const NEW_RULES: &str = "New rules that keep duties apart";
    /// Rules with a new version.
    pub const CHANGED_RULES: &str = "Changed rules that keep duties apart";
    /// Rules that aren't in the files any more.
    pub const RETIRED_RULES: &str = "Retired rules: they keep nothing apart any more";
    /// Roles that nobody could be given without an exception or one more approval.
    pub const ROLES_IN_CONFLICT: &str = "Roles that give two sides of a rule by themselves";
    /// Rules with another owner.
    pub const RULE_OWNERS: &str = "Other owners of rules";
}

/// A rule that appears or changes.
struct RuleChange {
    row: RuleVersionRow,
    first: bool,
    /// It wasn't there, or was retired.
    new: bool,
    fields: Vec<String>,
    sides: Vec<NewSide>,
    /// How many people are in conflict by it today.
    people: i64,
}

struct OwnerChange {
    rule: SeparationRuleId,
    name: String,
    from: Option<(IdentityId, String)>,
    to: (IdentityId, String),
}

/// Everything that files change about rules.
#[derive(Default)]
pub(super) struct SeparationChanges {
    rules: Vec<RuleChange>,
    retired: Vec<RuleVersionRow>,
    owners: Vec<OwnerChange>,
    /// The role and the rule, by name.
    roles_in_conflict: Vec<(String, String)>,
}

/// What the files' keys stand for, whether it exists already or is about to.
pub(super) struct Ids<'a> {
    pub(super) roles: HashMap<String, Uuid>,
    pub(super) entitlements: &'a HashMap<(String, String), Uuid>,
}

impl SeparationChanges {
    pub(super) async fn make(
        c: &mut impl AsConn,
        now: Instant,
        files: &CatalogFiles,
        people: &HashMap<String, PersonRow>,
        ids: &Ids<'_>,
    ) -> FilesResult<Self> {
        let existing: HashMap<String, RuleVersionRow> =
            rules::in_force(c).await?.into_iter().map(|r| (r.key.clone(), r)).collect();
        if existing.is_empty() && files.separation.is_empty() {
            return Ok(Self::default());
        }
        let owners: HashMap<Uuid, (IdentityId, String)> = ownership::of_rules(c)
            .await?
            .into_iter()
            .map(|o| (o.rule_id, (IdentityId(o.owner_id), o.owner_name)))
            .collect();
        let mut it = Self::default();
        for file in &files.separation {
            let before = existing.get(&file.key);
            let sides = sides(file, ids)?;
            let rule = before.map_or_else(|| SeparationRuleId::new(now), |b| SeparationRuleId(b.rule_id));
            let row = row(file, before, rule, &sides, now);
            it.owner(rule, file, owners.get(&rule.0), people);
            let retired = before.is_some_and(|b| b.retired_at.is_some());
            if before.is_some_and(|b| b.hash == row.hash) && !retired {
                continue;
            }
            let people = conflicts::count_of(c, &sides).await?;
            let fields = before.map_or_else(Vec::new, |b| differences(b, &row));
            it.rules.push(RuleChange {
                row,
                first: before.is_none(),
                new: before.is_none() || retired,
                fields,
                sides,
                people,
            });
            it.roles_in_conflict(file, files);
        }
        let kept: BTreeSet<&str> = files.separation.iter().map(|r| r.key.as_str()).collect();
        it.retired =
            existing.into_values().filter(|r| r.retired_at.is_none() && !kept.contains(r.key.as_str())).collect();
        it.retired.sort_by(|a, b| a.key.cmp(&b.key));
        Ok(it)
    }

    fn owner(
        &mut self,
        rule: SeparationRuleId,
        file: &SeparationRuleFile,
        from: Option<&(IdentityId, String)>,
        people: &HashMap<String, PersonRow>,
    ) {
        // Who isn't found was refused by the checks.
        let Some(owner) = people.get(&file.owner.external_id) else { return };
        if from.is_none_or(|(id, _)| id.0 != owner.id) {
            let to = (IdentityId(owner.id), owner.display_name.clone());
            self.owners.push(OwnerChange { rule, name: file.name.clone(), from: from.cloned(), to });
        }
    }

    fn roles_in_conflict(&mut self, rule: &SeparationRuleFile, files: &CatalogFiles) {
        for role in &files.roles {
            let has = |member: &SeparationMember| match member {
                SeparationMember::Role(key) => *key == role.key,
                SeparationMember::Entitlement(one) => role.entitlements.contains(one),
            };
            if rule.sides.iter().filter(|side| side.members.iter().any(has)).count() > 1 {
                self.roles_in_conflict.push((role.name.clone(), rule.name.clone()));
            }
        }
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.rules.is_empty() && self.retired.is_empty() && self.owners.is_empty()
    }

    /// How many rules are new, changed and retired.
    pub(super) fn counts(&self) -> (usize, usize, usize) {
        let new = self.rules.iter().filter(|r| r.new).count();
        (new, self.rules.len() - new, self.retired.len())
    }

    /// Adds everything to a plan.
    pub(super) fn describe(&self, plan: &mut Plan) {
        for change in &self.rules {
            let row = &change.row;
            let people = match change.people {
                0 => "nobody is in conflict by it today".to_owned(),
                n => format!("{} in conflict by it today", counted(n, "person is", "people are")),
            };
            if change.new {
                plan.add(titles::NEW_RULES, || format!("{} ({}): {people}", row.name, row.key));
            } else {
                let fields = change.fields.join(", ");
                plan.add(titles::CHANGED_RULES, || format!("{} ({}): {fields}; {people}", row.name, row.key));
            }
        }
        for row in &self.retired {
            plan.add(titles::RETIRED_RULES, || format!("{} ({})", row.name, row.key));
        }
        for (role, rule) in &self.roles_in_conflict {
            plan.add(titles::ROLES_IN_CONFLICT, || format!("{role}: {rule}"));
        }
        for change in &self.owners {
            // The first owner of something new is part of its being new.
            if let Some((_, from)) = &change.from {
                plan.add(titles::RULE_OWNERS, || format!("{}: {from} -> {}", change.name, change.to.1));
            }
        }
    }

    /// Writes everything and returns its events. Roles and entitlements that rules name are written already.
    pub(super) async fn save(&self, tx: &mut Tx, set: AppliedSetId, actor: &ActorRef) -> ServiceResult<Vec<NewEvent>> {
        let mut events = Vec::new();
        let mut push = |body| events.push(NewEvent::new(actor.clone(), body));
        for change in &self.rules {
            let row = &change.row;
            let rule = SeparationRuleId(row.rule_id);
            if change.first {
                rules::insert(tx, rule, &row.key).await?;
            }
            rules::add_version(tx, row, &change.sides, Some(set)).await?;
            push(EventBody::SeparationRuleVersionAdded {
                rule,
                rule_version: SeparationRuleVersionId(row.id),
                key: row.key.clone(),
                version: row.version,
                sides: change
                    .sides
                    .iter()
                    .map(|side| SeparationSide {
                        roles: side.roles.iter().copied().map(RoleId).collect(),
                        entitlements: side.entitlements.iter().copied().map(EntitlementId).collect(),
                    })
                    .collect(),
                approver: row.approver.clone(),
                people: change.people,
            });
        }
        for change in &self.owners {
            ownership::succeed(tx, Owned::Rule(change.rule), change.to.0).await?;
            push(EventBody::SeparationOwnerChanged {
                rule: change.rule,
                exception: None,
                from: change.from.as_ref().map(|(id, _)| *id),
                to: change.to.0,
                because: None,
            });
        }
        for row in &self.retired {
            let rule = SeparationRuleId(row.rule_id);
            rules::retire(tx, rule).await?;
            push(EventBody::SeparationRuleRetired { rule, key: row.key.clone() });
        }
        if !self.rules.is_empty() || !self.retired.is_empty() {
            // What was held back by a rule may be free of it now.
            exceptions::look_again_at_all(tx).await?;
            tx.announce(latchkey_store::Change::Work);
        }
        Ok(events)
    }
}

fn sides(file: &SeparationRuleFile, ids: &Ids<'_>) -> FilesResult<Vec<NewSide>> {
    let mut sides = Vec::with_capacity(file.sides.len());
    for side in &file.sides {
        let mut new = NewSide { name: side.name.clone(), roles: Vec::new(), entitlements: Vec::new() };
        for member in &side.members {
            // The parser has checked that both exist.
            match member {
                SeparationMember::Role(key) => {
                    new.roles.push(*ids.roles.get(key).ok_or(StoreError::Missing { what: "a rule's role" })?);
                }
                SeparationMember::Entitlement(one) => {
                    let id = ids.entitlements.get(&(one.system.clone(), one.key.clone()));
                    new.entitlements.push(*id.ok_or(StoreError::Missing { what: "a rule's entitlement" })?);
                }
            }
        }
        new.roles.sort_unstable();
        new.entitlements.sort_unstable();
        sides.push(new);
    }
    Ok(sides)
}

fn row(
    file: &SeparationRuleFile,
    before: Option<&RuleVersionRow>,
    rule: SeparationRuleId,
    sides: &[NewSide],
    now: Instant,
) -> RuleVersionRow {
    let outcome = if file.approver.is_some() { "approval" } else { "block" };
    let approver = file.approver.as_ref().map(|a| a.external_id.clone());
    let sides: Vec<_> = sides.iter().map(|s| (&s.name, &s.roles, &s.entitlements)).collect();
    let said = serde_json::json!([file.key, file.name, file.description, outcome, approver, sides]);
    RuleVersionRow {
        id: SeparationRuleVersionId::new(now).0,
        rule_id: rule.0,
        key: file.key.clone(),
        version: before.map_or(1, |b| b.version + 1),
        hash: sha256_hex(said.to_string().as_bytes()),
        name: file.name.clone(),
        description: file.description.clone(),
        outcome: outcome.to_owned(),
        approver,
        valid_from: now,
        retired_at: None,
    }
}

/// The names of what differs; the sides are what is left when nothing else does.
fn differences(before: &RuleVersionRow, after: &RuleVersionRow) -> Vec<String> {
    let text = |t: &Option<String>| t.clone().unwrap_or_default();
    let mut fields = super::rows::differences(&[
        ("name", &before.name, &after.name),
        ("description", &before.description, &after.description),
        ("outcome", &before.outcome, &after.outcome),
        ("approver", &text(&before.approver), &text(&after.approver)),
    ]);
    if fields.is_empty() {
        fields.push("sides".to_owned());
    }
    fields
}
