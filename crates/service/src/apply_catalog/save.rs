//! Writes what files change, with an event for each thing.

use std::collections::{BTreeSet, HashMap, HashSet};

use latchkey_domain::{
    AppliedSetId, EntitlementId, GroupId, IdentityId, PolicyId, PolicyVersionId, RequestId, RoleId, RoleVersionId,
    SystemId,
    actor::ActorRef,
    clock::Clock,
    event::{EventBody, NewEvent},
};
use latchkey_store::{
    Change, Tx,
    catalog::{
        holders,
        ownership::{self, Owned},
        policies, roles,
    },
    groups, identities, installation, items, stages, systems,
};
use uuid::Uuid;

use super::{compare::Changes, follow};
use crate::{ServiceResult, approvers, notices};

/// How many roles go into one query.
const CHUNK: usize = 500;

/// Writes everything and returns its events.
pub(super) async fn save(
    tx: &mut Tx,
    clock: &dyn Clock,
    changes: &Changes,
    set: AppliedSetId,
    hash: &str,
    actor: &ActorRef,
) -> ServiceResult<Vec<NewEvent>> {
    // The one lock first, for everybody whose access or request is touched.
    let holders = changes.holders.values().flatten().map(|h| IdentityId(h.identity_id));
    let touched: Vec<IdentityId> =
        holders.chain(changes.waiting.iter().map(|i| IdentityId(i.beneficiary_id))).collect();
    identities::lock(tx, &touched).await?;
    tx.now_is(clock.now());
    let locked: HashSet<IdentityId> = touched.into_iter().collect();

    let mut saving = Saving { tx, changes, set, actor, events: Vec::new() };
    saving.systems().await?;
    saving.groups().await?;
    saving.policies().await?;
    saving.roles().await?;
    saving.owners().await?;
    saving.retire().await?;
    saving.follow(&locked).await?;
    saving.cancel(&locked).await?;
    saving.remake().await?;
    let Saving { tx, mut events, .. } = saving;
    events.extend(changes.separation.save(tx, set, actor).await?);
    events.extend(changes.wishes.save(tx, set, actor).await?);
    events.extend(changes.sources.save(tx, set, actor).await?);

    installation::set_catalog(tx, hash).await?;
    let count = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
    let news: Vec<bool> = (changes.systems.iter().map(|c| c.new))
        .chain(changes.entitlements.iter().map(|(_, c)| c.new))
        .chain(changes.groups.iter().map(|g| g.new))
        .chain(changes.policies.iter().map(|c| c.new))
        .chain(changes.roles.iter().map(|r| r.change.new))
        .collect();
    let (new_rules, changed_rules, retired_rules) = changes.separation.counts();
    let (new_sources, changed_sources, retired_sources) = changes.sources.counts();
    let (new_rules, changed_rules) = (new_rules + new_sources, changed_rules + changed_sources);
    let added = news.iter().filter(|n| **n).count() + new_rules;
    let retired = retired_rules
        + retired_sources
        + changes.retired_systems.len()
        + changes.retired_entitlements.len()
        + changes.retired_groups.len()
        + changes.retired_policies.len()
        + changes.retired_roles.len();
    events.push(NewEvent::new(
        actor.clone(),
        EventBody::CatalogApplied {
            applied_set: set,
            hash: hash.to_owned(),
            added: count(added),
            changed: count(news.len() + new_rules + changed_rules - added),
            retired: count(retired),
        },
    ));
    Ok(events)
}

struct Saving<'a> {
    tx: &'a mut Tx,
    changes: &'a Changes,
    set: AppliedSetId,
    actor: &'a ActorRef,
    events: Vec<NewEvent>,
}

impl Saving<'_> {
    fn push(&mut self, body: EventBody) {
        self.events.push(NewEvent::new(self.actor.clone(), body));
    }

    async fn systems(&mut self) -> ServiceResult<()> {
        for change in &self.changes.systems {
            let row = &change.row;
            systems::put(self.tx, row).await?;
            let system = SystemId(row.id);
            let owner = self.changes.owners.iter().find(|o| o.owned == Owned::System(system)).map(|o| o.to.0);
            self.push(EventBody::SystemApplied { system, key: row.key.clone(), hash: row.applied_hash.clone(), owner });
        }
        for (_, change) in &self.changes.entitlements {
            let row = &change.row;
            systems::put_entitlement(self.tx, row).await?;
            self.push(EventBody::EntitlementApplied {
                entitlement: EntitlementId(row.id),
                system: SystemId(row.system_id),
                key: row.key.clone(),
                native: row.native.clone(),
            });
        }
        Ok(())
    }

    async fn groups(&mut self) -> ServiceResult<()> {
        for change in &self.changes.groups {
            groups::put(self.tx, change.id, &change.key, &change.name).await?;
            for who in &change.left {
                groups::remove_member(self.tx, change.id, IdentityId(*who)).await?;
            }
            for who in &change.joined {
                groups::add_member(self.tx, change.id, IdentityId(*who)).await?;
            }
            let members = change.members.iter().copied().map(IdentityId).collect();
            self.push(EventBody::GroupApplied { group: change.id, key: change.key.clone(), members });
        }
        for row in &self.changes.retired_groups {
            let group = GroupId(row.id);
            groups::retire(self.tx, group).await?;
            self.push(EventBody::GroupRetired { group, key: row.key.clone() });
        }
        Ok(())
    }

    async fn policies(&mut self) -> ServiceResult<()> {
        for change in &self.changes.policies {
            let row = &change.row;
            if row.version == 1 {
                policies::insert(self.tx, PolicyId(row.policy_id), &row.key).await?;
            }
            policies::add_version(self.tx, row, Some(self.set)).await?;
            self.push(EventBody::PolicyVersionAdded {
                policy_version: PolicyVersionId(row.id),
                key: row.key.clone(),
                version: row.version,
                hash: row.hash.clone(),
            });
        }
        Ok(())
    }

    async fn roles(&mut self) -> ServiceResult<()> {
        for change in &self.changes.roles {
            let row = &change.change.row;
            if change.first {
                roles::insert(self.tx, RoleId(row.role_id), &row.key).await?;
            }
            let entitlements: Vec<Uuid> = change.entitlements.iter().copied().collect();
            roles::add_version(self.tx, row, &entitlements, Some(self.set)).await?;
            let reached = self.changes.holders.get(&row.role_id).filter(|_| change.reaches);
            let people: BTreeSet<Uuid> = reached.into_iter().flatten().map(|h| h.identity_id).collect();
            self.push(EventBody::RoleVersionAdded {
                role: RoleId(row.role_id),
                role_version: RoleVersionId(row.id),
                key: row.key.clone(),
                version: row.version,
                policy_version: change.policy_version,
                entitlements: entitlements.into_iter().map(EntitlementId).collect(),
                holders: i64::try_from(people.len()).unwrap_or(i64::MAX),
            });
        }
        Ok(())
    }

    async fn owners(&mut self) -> ServiceResult<()> {
        for change in &self.changes.owners {
            ownership::succeed(self.tx, change.owned, change.to.0).await?;
            let (role, system) = match change.owned {
                Owned::Role(id) => (Some(id), None),
                Owned::System(id) => (None, Some(id)),
            };
            let from = change.from.as_ref().map(|(id, _)| *id);
            self.push(EventBody::OwnerChanged { role, system, from, to: Some(change.to.0) });
        }
        Ok(())
    }

    async fn retire(&mut self) -> ServiceResult<()> {
        for row in &self.changes.retired_roles {
            roles::retire(self.tx, RoleId(row.role_id)).await?;
            self.push(EventBody::RoleRetired { role: RoleId(row.role_id), key: row.key.clone() });
        }
        for (_, row) in &self.changes.retired_entitlements {
            systems::retire_entitlement(self.tx, EntitlementId(row.id)).await?;
            self.push(EventBody::EntitlementRetired {
                entitlement: EntitlementId(row.id),
                system: SystemId(row.system_id),
                key: row.key.clone(),
            });
        }
        for row in &self.changes.retired_systems {
            systems::retire(self.tx, SystemId(row.id)).await?;
            self.push(EventBody::SystemRetired { system: SystemId(row.id), key: row.key.clone() });
        }
        for row in &self.changes.retired_policies {
            let policy = PolicyId(row.policy_id);
            policies::retire(self.tx, policy).await?;
            self.push(EventBody::PolicyRetired { policy, key: row.key.clone() });
        }
        Ok(())
    }

    /// Grants of roles that give something else now move on. Who came to hold one since the locks were taken is moved by
    /// [`follow::follow_versions`].
    async fn follow(&mut self, locked: &HashSet<IdentityId>) -> ServiceResult<()> {
        let versions: HashMap<Uuid, RoleVersionId> = self
            .changes
            .roles
            .iter()
            .filter(|r| r.reaches)
            .map(|r| (r.change.row.role_id, RoleVersionId(r.change.row.id)))
            .collect();
        let ids: Vec<Uuid> = versions.keys().copied().collect();
        let mut held = Vec::new();
        for chunk in ids.chunks(CHUNK) {
            // Once more, under the locks.
            for holder in holders::of_roles(self.tx, chunk).await? {
                if let Some(to) =
                    versions.get(&holder.role_id).filter(|_| locked.contains(&IdentityId(holder.identity_id)))
                {
                    held.push((holder, *to));
                }
            }
        }
        self.events.extend(follow::move_grants(self.tx, &held, self.actor).await?);
        Ok(())
    }

    /// What waits for a retired role can't happen any more.
    async fn cancel(&mut self, locked: &HashSet<IdentityId>) -> ServiceResult<()> {
        for role in &self.changes.retired_roles {
            for item in items::waiting_for_role(self.tx, RoleId(role.role_id)).await? {
                let beneficiary = IdentityId(item.beneficiary_id);
                let Ok(to) = item.progress().cancel() else { continue };
                if !locked.contains(&beneficiary) {
                    continue;
                }
                items::save(self.tx, item.id(), item.progress(), to).await?;
                stages::close_item(self.tx, item.id()).await?;
                let request = RequestId(item.request_id);
                items::follow(self.tx, request).await?;
                let name =
                    identities::names(self.tx, &[beneficiary.0]).await?.remove(&beneficiary.0).unwrap_or_default();
                notices::decided(self.tx, &item, to.state, "", &role.name, &name, "").await?;
                self.tx.announce(Change::Request(request));
                self.push(EventBody::ItemCancelled {
                    request,
                    item: item.id(),
                    role: RoleId(item.role_id),
                    beneficiary,
                    why: "role_retired".to_owned(),
                });
            }
        }
        Ok(())
    }

    /// Stages that an owner or a group decides are given to the new ones.
    async fn remake(&mut self) -> ServiceResult<()> {
        let owners: BTreeSet<IdentityId> =
            self.changes.owners.iter().filter_map(|o| o.from.as_ref().map(|f| [f.0, o.to.0])).flatten().collect();
        for owner in owners {
            self.events.extend(approvers::remake_for_identity(self.tx, owner, self.actor, "owner").await?);
        }
        let changed = self.changes.groups.iter().filter(|g| !g.joined.is_empty() || !g.left.is_empty());
        let keys: Vec<&String> =
            changed.map(|g| &g.key).chain(self.changes.retired_groups.iter().map(|g| &g.key)).collect();
        for key in keys {
            self.events.extend(approvers::remake_for_group(self.tx, key, self.actor).await?);
        }
        Ok(())
    }
}
