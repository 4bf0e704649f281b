//! The catalog in memory: every role with all that pages say about it, read once per change of the catalog.
//!
//! A page that shows roles asks [`CatalogCache::get`], which costs one small query, or none when the page's own query
//! brought the catalog's version along.

mod cache;
mod eligible;
mod facets;
mod index;
mod likeness;
mod load;
mod search;
mod usual_times;

use std::{collections::HashMap, sync::Arc};

use latchkey_domain::{
    EntitlementId, IdentityId, PolicyId, PolicyVersionId, RoleId, RoleVersionId, SystemId,
    identity::Status,
    role::Risk,
    system::{EntitlementKind, SystemKind},
};
use latchkey_policy::{AssuranceNeed, PolicySnapshot, RoleFacts, Span};

use crate::call_ins::source::SourceEntry;

pub use cache::CatalogCache;
pub use eligible::Eligibility;
pub use facets::{FacetCount, Facets};
pub use load::load;
pub use search::{InvalidPageKey, PageKey, SearchPage, SearchQuery, search};
pub use usual_times::{UsualTimes, median};

/// A person as the catalog names them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    /// Who.
    pub id: IdentityId,
    /// Their name.
    pub name: String,
    /// Where they are in their working life.
    pub status: Status,
    /// What HR calls them.
    pub external_id: Option<String>,
}

/// A system as the catalog knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SystemEntry {
    /// Its id.
    pub id: SystemId,
    /// Its stable key.
    pub key: String,
    /// Its name.
    pub name: String,
    /// What it speaks.
    pub kind: SystemKind,
    /// What it is for, in an employee's words.
    pub description: String,
    /// The rule for naming new accounts.
    pub account_name: String,
    /// The attribute on the system that carries our external id.
    pub recognise: String,
    /// Whose it is; the built-in system is nobody's.
    pub owner: Option<Owner>,
    /// It isn't in the files any more.
    pub retired: bool,
}

/// One thing that a role gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntitlementEntry {
    /// Its id.
    pub id: EntitlementId,
    /// Its stable key within its system.
    pub key: String,
    /// Its name.
    pub name: String,
    /// What it lets one do.
    pub description: String,
    /// What it is on its system.
    pub kind: EntitlementKind,
    /// How the system names it.
    pub native: String,
    /// On which system.
    pub system: Arc<SystemEntry>,
}

/// A policy's version in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyEntry {
    /// The policy's id.
    pub id: PolicyId,
    /// The version's id: requests keep it.
    pub version_id: PolicyVersionId,
    /// What it says.
    pub snapshot: PolicySnapshot,
}

/// A role's version in force with all that pages say about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleEntry {
    /// The role's id.
    pub id: RoleId,
    /// The version's id: requests and grants name it.
    pub version_id: RoleVersionId,
    /// Counts from 1.
    pub version: i64,
    /// Its stable key.
    pub key: String,
    /// Its name.
    pub name: String,
    /// What it lets one do, in an employee's words.
    pub description: String,
    /// How much harm it could do.
    pub risk: Risk,
    /// Its tags, in the order of the file.
    pub tags: Vec<String>,
    /// People can ask for it.
    pub requestable: bool,
    /// It isn't in the files any more; who holds it keeps it until it ends.
    pub retired: bool,
    /// What it gives, by system and name.
    pub entitlements: Vec<EntitlementEntry>,
    /// The systems that it reaches, by name; each once.
    pub systems: Vec<Arc<SystemEntry>>,
    /// Whose it is.
    pub owner: Option<Owner>,
    /// Its policy.
    pub policy: Arc<PolicyEntry>,
    /// Its own longest duration, where it is narrower than the policy's.
    pub own_max: Option<Span>,
    /// The longest that may be asked for.
    pub longest: Span,
    /// What a sign-in must have proved, by the policy or by the role itself.
    pub assurance: Option<AssuranceNeed>,
}

impl RoleEntry {
    /// What the policy's rules need to know about this role.
    #[must_use]
    pub fn facts(&self) -> RoleFacts {
        RoleFacts {
            name: self.name.clone(),
            requestable: self.requestable,
            retired: self.retired,
            max_duration: self.own_max,
        }
    }
}

/// The catalog in force, with its index for searching.
#[derive(Debug)]
pub struct Catalog {
    /// Raised whenever the catalog changes.
    pub version: i64,
    /// The hash of the files in force; none before the first `apply`.
    pub hash: Option<String>,
    /// Every role by name, retired ones too.
    pub roles: Vec<RoleEntry>,
    /// Every system by name, retired ones too.
    pub systems: Vec<Arc<SystemEntry>>,
    /// What isn't in it can be wished for in words.
    pub answers_wishes: bool,
    /// Programs that open and end access by signed calls, by name.
    pub sources: Vec<SourceEntry>,
    by_role: HashMap<RoleId, usize>,
    by_version: HashMap<RoleVersionId, usize>,
    by_key: HashMap<String, usize>,
    index: index::Index,
    facets: facets::FacetIndex,
}

impl Catalog {
    /// A role by id.
    #[must_use]
    pub fn role(&self, id: RoleId) -> Option<&RoleEntry> {
        self.by_role.get(&id).and_then(|at| self.roles.get(*at))
    }

    /// A role by its stable key.
    #[must_use]
    pub fn role_by_key(&self, key: &str) -> Option<&RoleEntry> {
        self.by_key.get(key).and_then(|at| self.roles.get(*at))
    }

    /// The role whose version in force this is.
    #[must_use]
    pub fn role_by_version(&self, id: RoleVersionId) -> Option<&RoleEntry> {
        self.by_version.get(&id).and_then(|at| self.roles.get(*at))
    }

    /// A system by id.
    #[must_use]
    pub fn system(&self, id: SystemId) -> Option<&Arc<SystemEntry>> {
        self.systems.iter().find(|s| s.id == id)
    }

    /// A system by its stable key.
    #[must_use]
    pub fn system_by_key(&self, key: &str) -> Option<&Arc<SystemEntry>> {
        self.systems.iter().find(|s| s.key == key)
    }

    /// Whether any policy in use looks at who somebody is.
    #[must_use]
    pub fn has_conditions(&self) -> bool {
        self.roles.iter().any(|role| !role.retired && crate::way::has_conditions(&role.policy.snapshot.policy))
    }

    /// Puts roles and systems in order and builds the index.
    fn new(version: i64, hash: Option<String>, mut roles: Vec<RoleEntry>, mut systems: Vec<Arc<SystemEntry>>) -> Self {
        roles.sort_by_cached_key(|r| (crate::fold::fold(&r.name), r.key.clone()));
        systems.sort_by_cached_key(|s| (crate::fold::fold(&s.name), s.key.clone()));
        let by_role = roles.iter().enumerate().map(|(at, r)| (r.id, at)).collect();
        let by_version = roles.iter().enumerate().map(|(at, r)| (r.version_id, at)).collect();
        let by_key = roles.iter().enumerate().map(|(at, r)| (r.key.clone(), at)).collect();
        let index = index::Index::build(&roles);
        let facets = facets::FacetIndex::build(&roles);
        Self {
            version,
            hash,
            roles,
            systems,
            answers_wishes: false,
            sources: Vec::new(),
            by_role,
            by_version,
            by_key,
            index,
            facets,
        }
    }
}
