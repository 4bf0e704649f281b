//! What files change, compared with the catalog as it is.

use std::collections::{BTreeSet, HashMap, HashSet};

use latchkey_domain::{
    EntitlementId, GroupId, IdentityId, Instant, PolicyId, PolicyVersionId, RoleId, SystemId, portal_role::PortalRole,
    system::BUILT_IN_SYSTEM,
};
use latchkey_store::{
    AsConn, StoreError,
    catalog::{holders::HolderRow, ownership::Owned, policies::PolicyVersionRow, roles::RoleVersionRow},
    groups::GroupRow,
    identities::PersonRow,
    items::ItemRow,
    sha256_hex,
    systems::{EntitlementRow, SystemRow},
};
use uuid::Uuid;

use super::{
    checks,
    existing::Existing,
    rows::{differences, entitlement_row, policy_differences, policy_is, role_differences, role_row, system_row},
    separation::{Ids, SeparationChanges},
    sources::SourceChanges,
    wishes::WishChange,
};
use crate::{
    built_in,
    files::{CatalogFiles, Place, RoleFile},
    plan::FilesResult,
};

/// Something that appears or changes.
pub(super) struct Change<T> {
    pub(super) row: T,
    /// It wasn't there, or was retired.
    pub(super) new: bool,
    /// What changes, in words.
    pub(super) fields: Vec<String>,
    /// Where the file says so; nowhere for what is built in.
    pub(super) at: Option<Place>,
}

/// A role that appears or changes.
pub(super) struct RoleChange {
    pub(super) change: Change<RoleVersionRow>,
    /// The role itself has to be made.
    pub(super) first: bool,
    pub(super) policy_version: PolicyVersionId,
    pub(super) entitlements: BTreeSet<Uuid>,
    /// What it gives changes: its holders follow.
    pub(super) reaches: bool,
}

/// A group that appears, or has another name or other members.
pub(super) struct GroupChange {
    pub(super) id: GroupId,
    pub(super) key: String,
    pub(super) name: String,
    pub(super) new: bool,
    /// All members, and of those the new ones; and who isn't one any more.
    pub(super) members: BTreeSet<Uuid>,
    pub(super) joined: Vec<Uuid>,
    pub(super) left: Vec<Uuid>,
    /// What changes, in words.
    pub(super) fields: Vec<String>,
}

/// Another owner.
pub(super) struct OwnerChange {
    pub(super) owned: Owned,
    /// The role's or system's name.
    pub(super) name: String,
    pub(super) from: Option<(IdentityId, String)>,
    pub(super) to: (IdentityId, String),
}

/// Everything that files change.
pub(super) struct Changes {
    pub(super) systems: Vec<Change<SystemRow>>,
    /// With the system's key.
    pub(super) entitlements: Vec<(String, Change<EntitlementRow>)>,
    pub(super) groups: Vec<GroupChange>,
    pub(super) retired_groups: Vec<GroupRow>,
    pub(super) policies: Vec<Change<PolicyVersionRow>>,
    pub(super) roles: Vec<RoleChange>,
    pub(super) owners: Vec<OwnerChange>,
    pub(super) retired_systems: Vec<SystemRow>,
    pub(super) retired_entitlements: Vec<(String, EntitlementRow)>,
    pub(super) retired_policies: Vec<PolicyVersionRow>,
    pub(super) retired_roles: Vec<RoleVersionRow>,
    /// The live grants of roles whose entitlements change and of retired ones, by role.
    pub(super) holders: HashMap<Uuid, Vec<HolderRow>>,
    /// What waits for a role that is retired.
    pub(super) waiting: Vec<ItemRow>,
    /// Rules that keep duties apart.
    pub(super) separation: SeparationChanges,
    /// Who answers wishes in words.
    pub(super) wishes: WishChange,
    /// Programs that open and end access.
    pub(super) sources: SourceChanges,
}

impl Changes {
    /// Compares, and checks what only the database knows.
    pub(super) async fn make(c: &mut impl AsConn, now: Instant, files: &CatalogFiles) -> FilesResult<Self> {
        let existing = Existing::read(c).await?;
        let people = checks::people(c, &existing, files).await?;
        let mut it = Self {
            systems: Vec::new(),
            entitlements: Vec::new(),
            groups: Vec::new(),
            retired_groups: Vec::new(),
            policies: Vec::new(),
            roles: Vec::new(),
            owners: Vec::new(),
            retired_systems: Vec::new(),
            retired_entitlements: Vec::new(),
            retired_policies: Vec::new(),
            retired_roles: Vec::new(),
            holders: HashMap::new(),
            waiting: Vec::new(),
            separation: SeparationChanges::default(),
            wishes: WishChange::default(),
            sources: SourceChanges::default(),
        };
        let mut making = Making {
            existing: &existing,
            people: &people,
            now,
            it: &mut it,
            entitlements: HashMap::new(),
            policies: HashMap::new(),
        };
        making.systems(files);
        making.groups(files);
        making.policies(files)?;
        making.roles(files)?;
        making.retire(files);
        let entitlements = making.entitlements;
        let ids = Ids { roles: it.role_ids(&existing), entitlements: &entitlements };
        it.separation = SeparationChanges::make(c, now, files, &people, &ids).await?;
        it.wishes = WishChange::make(c, files).await?;
        it.sources = SourceChanges::make(c, files).await?;
        checks::in_use(c, &existing, &it).await?;
        checks::reached(c, &mut it).await?;
        checks::administrators(c, &existing, &it).await?;
        Ok(it)
    }

    /// Nothing changes but the form of the files.
    pub(super) const fn is_empty(&self) -> bool {
        self.wishes.is_empty()
            && self.sources.is_empty()
            && self.systems.is_empty()
            && self.entitlements.is_empty()
            && self.groups.is_empty()
            && self.retired_groups.is_empty()
            && self.policies.is_empty()
            && self.roles.is_empty()
            && self.owners.is_empty()
            && self.retired_systems.is_empty()
            && self.retired_entitlements.is_empty()
            && self.retired_policies.is_empty()
            && self.retired_roles.is_empty()
            && self.separation.is_empty()
    }

    /// The ids of the roles in the files by key: those that are there, and those that are about to be.
    fn role_ids(&self, existing: &Existing) -> HashMap<String, Uuid> {
        let known = existing.roles.values().map(|r| (r.key.clone(), r.role_id));
        known.chain(self.roles.iter().map(|r| (r.change.row.key.clone(), r.change.row.role_id))).collect()
    }
}

struct Making<'a> {
    existing: &'a Existing,
    people: &'a HashMap<String, PersonRow>,
    now: Instant,
    it: &'a mut Changes,
    /// The ids of the entitlements in the files, by system's key and own key.
    entitlements: HashMap<(String, String), Uuid>,
    /// The policies in the files: their ids and versions in force afterwards.
    policies: HashMap<String, (Uuid, PolicyVersionId)>,
}

impl Making<'_> {
    fn systems(&mut self, files: &CatalogFiles) {
        let id = |key: &str| self.existing.systems.get(key).map_or_else(|| SystemId::new(self.now), |s| SystemId(s.id));
        let here = id(BUILT_IN_SYSTEM);
        let ids: Vec<SystemId> = files.systems.iter().map(|s| id(&s.key)).collect();
        self.system(built_in::system(here, self.now), None);
        for role in PortalRole::ALL {
            let id = self.entitlement_id(here, role.as_str());
            self.entitlement(BUILT_IN_SYSTEM, built_in::entitlement(*role, id, here, self.now), None);
        }
        for (file, id) in files.systems.iter().zip(ids) {
            self.system(system_row(file, id, self.now), Some(&file.at));
            self.owner(Owned::System(id), &file.name, &file.owner.external_id);
            for one in &file.entitlements {
                let entitlement = self.entitlement_id(id, &one.key);
                self.entitlement(&file.key, entitlement_row(one, entitlement, id, self.now), Some(&one.at));
            }
        }
    }

    fn entitlement_id(&self, system: SystemId, key: &str) -> EntitlementId {
        let known = self.existing.entitlements.get(&(system.0, key.to_owned()));
        known.map_or_else(|| EntitlementId::new(self.now), |e| EntitlementId(e.id))
    }

    fn system(&mut self, row: SystemRow, at: Option<&Place>) {
        let before = self.existing.systems.get(&row.key);
        let fields = before.map_or_else(Vec::new, |b| {
            differences(&[
                ("name", &b.name, &row.name),
                ("kind", b.kind.as_str(), row.kind.as_str()),
                ("description", &b.description, &row.description),
                ("account_name", &b.account_name, &row.account_name),
                ("recognise", &b.recognise, &row.recognise),
                ("passes", b.passes.as_deref().unwrap_or_default(), row.passes.as_deref().unwrap_or_default()),
            ])
        });
        let new = before.is_none_or(|b| b.retired_at.is_some());
        if new || !fields.is_empty() {
            self.it.systems.push(Change { row, new, fields, at: at.cloned() });
        }
    }

    fn entitlement(&mut self, system: &str, row: EntitlementRow, at: Option<&Place>) {
        self.entitlements.insert((system.to_owned(), row.key.clone()), row.id);
        let before = self.existing.entitlements.get(&(row.system_id, row.key.clone()));
        let fields = before.map_or_else(Vec::new, |b| {
            differences(&[
                ("name", &b.name, &row.name),
                ("kind", b.kind.as_str(), row.kind.as_str()),
                ("native", &b.native, &row.native),
                ("description", &b.description, &row.description),
            ])
        });
        let new = before.is_none_or(|b| b.retired_at.is_some());
        if new || !fields.is_empty() {
            self.it.entitlements.push((system.to_owned(), Change { row, new, fields, at: at.cloned() }));
        }
    }

    fn groups(&mut self, files: &CatalogFiles) {
        for file in &files.groups {
            let before = self.existing.groups.get(&file.key);
            let members: BTreeSet<Uuid> =
                file.members.iter().filter_map(|m| self.people.get(&m.external_id)).map(|p| p.id).collect();
            let none = BTreeSet::new();
            let had = before.and_then(|b| self.existing.members.get(&b.id)).unwrap_or(&none);
            let joined: Vec<Uuid> = members.difference(had).copied().collect();
            let left: Vec<Uuid> = had.difference(&members).copied().collect();
            let new = before.is_none_or(|b| b.retired_at.is_some());
            let mut fields = Vec::new();
            if before.is_some_and(|b| b.name != file.name) {
                fields.push("name".to_owned());
            }
            if !joined.is_empty() || !left.is_empty() {
                fields.push(format!("{} join, {} leave", joined.len(), left.len()));
            }
            if new || !fields.is_empty() {
                let id = before.map_or_else(|| GroupId::new(self.now), |b| GroupId(b.id));
                let (key, name) = (file.key.clone(), file.name.clone());
                self.it.groups.push(GroupChange { id, key, name, new, members, joined, left, fields });
            }
        }
        let kept = |key: &String| files.groups.iter().any(|g| g.key == *key);
        let gone = self.existing.groups.values().filter(|g| g.retired_at.is_none() && !kept(&g.key));
        self.it.retired_groups = gone.cloned().collect();
        self.it.retired_groups.sort_by(|a, b| a.key.cmp(&b.key));
    }

    fn policies(&mut self, files: &CatalogFiles) -> FilesResult<()> {
        for file in &files.policies {
            let key = &file.policy.key;
            let snapshot = files.snapshot(&file.policy);
            let body = snapshot.to_json().map_err(|_| StoreError::Misuse("a policy can't be written as JSON"))?;
            let before = self.existing.policies.get(key);
            // What an earlier release wrote in other bytes and means the same is no new version.
            let same = |b: &PolicyVersionRow| b.body == body || policy_is(&b.body, &snapshot);
            if let Some(b) = before.filter(|b| b.retired_at.is_none() && same(b)) {
                self.policies.insert(key.clone(), (b.policy_id, PolicyVersionId(b.id)));
                continue;
            }
            let row = PolicyVersionRow {
                id: PolicyVersionId::new(self.now).0,
                policy_id: before.map_or_else(|| PolicyId::new(self.now).0, |b| b.policy_id),
                key: key.clone(),
                version: before.map_or(1, |b| b.version + 1),
                hash: sha256_hex(body.as_bytes()),
                body,
                retired_at: None,
            };
            self.policies.insert(key.clone(), (row.policy_id, PolicyVersionId(row.id)));
            let new = before.is_none_or(|b| b.retired_at.is_some());
            let fields = before.map_or_else(Vec::new, |b| policy_differences(&b.body, &snapshot));
            self.it.policies.push(Change { row, new, fields, at: Some(file.at.clone()) });
        }
        Ok(())
    }

    fn roles(&mut self, files: &CatalogFiles) -> FilesResult<()> {
        for file in &files.roles {
            let before = self.existing.roles.get(&file.key);
            let role_id = before.map_or_else(|| RoleId::new(self.now), |b| RoleId(b.role_id));
            self.owner(Owned::Role(role_id), &file.name, &file.owner.external_id);

            // The parser has checked that both exist.
            let (policy_id, policy_version) =
                *self.policies.get(&file.policy).ok_or(StoreError::Missing { what: "a role's policy" })?;
            let mut entitlements = BTreeSet::new();
            for one in &file.entitlements {
                let id = self.entitlements.get(&(one.system.clone(), one.key.clone()));
                entitlements.insert(*id.ok_or(StoreError::Missing { what: "a role's entitlement" })?);
            }
            let given = before.and_then(|b| self.existing.given.get(&b.id)).cloned().unwrap_or_default();
            let row = role_row(file, before, role_id, policy_id, &entitlements, self.now);
            let reaches = before.is_some() && given != entitlements;
            let mut fields = before.map_or_else(Vec::new, |b| role_differences(b, &row));
            if reaches {
                fields.push(self.gives(&given, &entitlements));
            }
            let new = before.is_none_or(|b| b.retired_at.is_some());
            if new || !fields.is_empty() {
                let change = Change { row, new, fields, at: Some(file.at.clone()) };
                self.it.roles.push(RoleChange {
                    change,
                    first: before.is_none(),
                    policy_version,
                    entitlements,
                    reaches,
                });
            }
        }
        Ok(())
    }

    /// "gives: + finance/payroll-read, - directory/finance-all".
    fn gives(&self, before: &BTreeSet<Uuid>, after: &BTreeSet<Uuid>) -> String {
        let systems: HashMap<Uuid, &str> = self.existing.systems.values().map(|s| (s.id, s.key.as_str())).collect();
        let mut names: HashMap<Uuid, String> = self
            .existing
            .entitlements
            .values()
            .map(|e| (e.id, format!("{}/{}", systems.get(&e.system_id).unwrap_or(&""), e.key)))
            .collect();
        names.extend(self.entitlements.iter().map(|((system, key), id)| (*id, format!("{system}/{key}"))));
        let named = |sign: &str, ids: &mut dyn Iterator<Item = &Uuid>| -> Vec<String> {
            let mut all: Vec<String> = ids.filter_map(|id| names.get(id)).map(|n| format!("{sign} {n}")).collect();
            all.sort();
            all
        };
        let mut all = named("+", &mut after.difference(before));
        all.extend(named("-", &mut before.difference(after)));
        format!("gives {}", all.join(", "))
    }

    fn owner(&mut self, owned: Owned, name: &str, external_id: &str) {
        // Who isn't found was refused by the checks.
        let Some(owner) = self.people.get(external_id) else { return };
        let before = self.existing.owners.get(&owned);
        if before.is_none_or(|b| b.owner_id != owner.id) {
            self.it.owners.push(OwnerChange {
                owned,
                name: name.to_owned(),
                from: before.map(|b| (IdentityId(b.owner_id), b.owner_name.clone())),
                to: (IdentityId(owner.id), owner.display_name.clone()),
            });
        }
    }

    fn retire(&mut self, files: &CatalogFiles) {
        let administrator = |r: &RoleFile| {
            r.entitlements.iter().any(|e| e.system == BUILT_IN_SYSTEM && e.key == PortalRole::Administrator.as_str())
        };
        // The built-in way to be administrator goes when the files bring their own.
        let keep_built_in = !files.roles.iter().any(administrator);
        let roles: HashSet<&str> = files.roles.iter().map(|r| r.key.as_str()).collect();
        let live = self.existing.roles.values().filter(|r| r.retired_at.is_none() && !roles.contains(r.key.as_str()));
        self.it.retired_roles = live.filter(|r| !(keep_built_in && r.key == built_in::ROLE)).cloned().collect();

        let live =
            self.existing.policies.values().filter(|p| p.retired_at.is_none() && !self.policies.contains_key(&p.key));
        self.it.retired_policies = live.filter(|p| !(keep_built_in && p.key == built_in::POLICY)).cloned().collect();

        let systems: HashSet<&str> = files.systems.iter().map(|s| s.key.as_str()).chain([BUILT_IN_SYSTEM]).collect();
        let live = self.existing.systems.values().filter(|s| s.retired_at.is_none());
        self.it.retired_systems = live.filter(|s| !systems.contains(s.key.as_str())).cloned().collect();

        let keys: HashMap<Uuid, &str> = self.existing.systems.values().map(|s| (s.id, s.key.as_str())).collect();
        let wanted: HashSet<Uuid> = self.entitlements.values().copied().collect();
        let live = self.existing.entitlements.values().filter(|e| e.retired_at.is_none() && !wanted.contains(&e.id));
        self.it.retired_entitlements =
            live.map(|e| (keys.get(&e.system_id).map_or_else(String::new, |k| (*k).to_owned()), e.clone())).collect();

        self.it.retired_roles.sort_by(|a, b| a.key.cmp(&b.key));
        self.it.retired_policies.sort_by(|a, b| a.key.cmp(&b.key));
        self.it.retired_systems.sort_by(|a, b| a.key.cmp(&b.key));
        self.it.retired_entitlements.sort_by(|a, b| (&a.0, &a.1.key).cmp(&(&b.0, &b.1.key)));
    }
}
