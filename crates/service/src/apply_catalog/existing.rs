//! The catalog as it is, for comparing with files.

use std::collections::{BTreeSet, HashMap};

use latchkey_domain::{RoleId, SystemId};
use latchkey_store::{
    AsConn, StoreResult,
    catalog::{
        ownership::{self, Owned, OwnershipRow},
        policies::{self, PolicyVersionRow},
        roles::{self, RoleVersionRow},
    },
    groups::{self, GroupRow},
    separation::rules::{self, RuleOwnerRow},
    systems::{self, EntitlementRow, SystemRow},
};
use uuid::Uuid;

/// The catalog as it is.
pub(super) struct Existing {
    pub(super) systems: HashMap<String, SystemRow>,
    /// By system's id and key.
    pub(super) entitlements: HashMap<(Uuid, String), EntitlementRow>,
    pub(super) policies: HashMap<String, PolicyVersionRow>,
    pub(super) groups: HashMap<String, GroupRow>,
    /// The members of each group.
    pub(super) members: HashMap<Uuid, BTreeSet<Uuid>>,
    pub(super) roles: HashMap<String, RoleVersionRow>,
    /// What each version in force gives.
    pub(super) given: HashMap<Uuid, BTreeSet<Uuid>>,
    pub(super) owners: HashMap<Owned, OwnershipRow>,
    /// Who owns each rule that keeps duties apart, by its key.
    pub(super) rule_owners: HashMap<String, RuleOwnerRow>,
}

impl Existing {
    pub(super) async fn read(c: &mut impl AsConn) -> StoreResult<Self> {
        let systems = systems::all(c).await?.into_iter().map(|s| (s.key.clone(), s)).collect();
        let entitlements =
            systems::entitlements(c).await?.into_iter().map(|e| ((e.system_id, e.key.clone()), e)).collect();
        let policies = policies::in_force(c).await?.into_iter().map(|p| (p.key.clone(), p)).collect();
        let groups = groups::all(c).await?.into_iter().map(|g| (g.key.clone(), g)).collect();
        let mut members: HashMap<Uuid, BTreeSet<Uuid>> = HashMap::new();
        for (group, identity) in groups::members(c).await? {
            members.entry(group).or_default().insert(identity);
        }
        let roles = roles::in_force(c).await?.into_iter().map(|r| (r.key.clone(), r)).collect();
        let mut given: HashMap<Uuid, BTreeSet<Uuid>> = HashMap::new();
        for (version, entitlement) in roles::entitlements_in_force(c).await? {
            given.entry(version).or_default().insert(entitlement);
        }
        let mut owners = HashMap::new();
        for row in ownership::all(c).await? {
            let role = row.role_id.map(|id| Owned::Role(RoleId(id)));
            if let Some(owned) = role.or_else(|| row.system_id.map(|id| Owned::System(SystemId(id)))) {
                owners.insert(owned, row);
            }
        }
        let rule_owners = rules::owners_by_key(c).await?.into_iter().map(|o| (o.key.clone(), o)).collect();
        Ok(Self { systems, entitlements, policies, groups, members, roles, given, owners, rule_owners })
    }
}
