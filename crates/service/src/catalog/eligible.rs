//! What somebody may ask for at all, worked out in memory: by the catalog's version and by what is known about the person, so
//! that it costs a page no query per role.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};

use latchkey_domain::identity::EmploymentType;
use latchkey_policy::{Facts, PersonView, Refusal, RoleView, Seen, may_ask};

use super::{Catalog, RoleEntry};
use crate::way::has_conditions;

/// For how many people the answer is kept.
const MAX_KEPT: usize = 512;

/// Which roles somebody may ask for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Eligibility {
    /// By the place of a role in [`Catalog::roles`].
    may: Vec<bool>,
    /// The conditions that couldn't be worked out, each once with a role's key; they exclude.
    pub failed: Vec<(String, String)>,
}

impl Eligibility {
    /// Works it out for one person.
    #[must_use]
    pub fn of(catalog: &Catalog, person: &PersonView) -> Self {
        let mut failed: Vec<(String, String)> = Vec::new();
        let may = catalog
            .roles
            .iter()
            .map(|role| match refusal(role, person) {
                None => open(role, person),
                Some(no) => {
                    if no.code == latchkey_policy::RefusalCode::ConditionFailed
                        && !failed.iter().any(|(words, _)| *words == no.message)
                    {
                        failed.push((no.message, role.key.clone()));
                    }
                    false
                }
            })
            .collect();
        Self { may, failed }
    }

    /// For each role of [`Catalog::roles`], in their order, whether it may be asked for.
    #[must_use]
    pub fn may(&self) -> &[bool] {
        &self.may
    }
}

/// The rule that excludes somebody from a role, if one does.
#[must_use]
pub fn refusal(role: &RoleEntry, person: &PersonView) -> Option<Refusal> {
    if !has_conditions(&role.policy.snapshot.policy) {
        return None;
    }
    let facts = Facts {
        person: person.clone(),
        requester: person.clone(),
        role: RoleView {
            key: role.key.clone(),
            name: role.name.clone(),
            risk: role.risk.as_str().to_owned(),
            tags: role.tags.clone(),
            systems: role.systems.iter().map(|system| system.key.clone()).collect(),
            owner: role.owner.as_ref().and_then(|owner| owner.external_id.clone()).unwrap_or_default(),
        },
        ..Facts::default()
    };
    may_ask(&role.policy.snapshot, &Seen::new(&facts)).err()
}

fn open(role: &RoleEntry, person: &PersonView) -> bool {
    let kind: Option<EmploymentType> = person.employment.parse().ok();
    role.requestable && !role.retired && kind.is_some_and(|kind| role.policy.snapshot.policy.who.contains(&kind))
}

type Kept = HashMap<(i64, PersonView), Arc<Eligibility>>;

/// Keeps the answers of the catalog in force.
#[derive(Debug, Default)]
pub(super) struct EligibilityCache(RwLock<Kept>);

impl EligibilityCache {
    pub(super) fn get(&self, catalog: &Catalog, person: &PersonView) -> Arc<Eligibility> {
        let key = (catalog.version, person.clone());
        if let Some(known) = self.0.read().unwrap_or_else(PoisonError::into_inner).get(&key) {
            return Arc::clone(known);
        }
        let fresh = Arc::new(Eligibility::of(catalog, person));
        for (words, role) in &fresh.failed {
            tracing::error!(role, "a condition of a policy excludes people because it can't be worked out: {words}");
        }
        let mut kept = self.0.write().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|(version, _), _| *version == catalog.version);
        if kept.len() >= MAX_KEPT {
            kept.clear();
        }
        kept.insert(key, Arc::clone(&fresh));
        fresh
    }
}
