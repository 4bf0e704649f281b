//! Reading the catalog: a fixed number of queries, whatever its size.

use std::{collections::HashMap, sync::Arc};

use latchkey_domain::{EntitlementId, IdentityId, PolicyId, PolicyVersionId, RoleId, RoleVersionId, SystemId};
use latchkey_policy::{AssuranceNeed, PolicySnapshot, Span, longest};
use latchkey_store::{
    AsConn, StoreError,
    catalog::{ownership, policies, roles},
    installation, systems,
};
use uuid::Uuid;

use super::{Catalog, EntitlementEntry, Owner, PolicyEntry, RoleEntry, SystemEntry};
use crate::{ServiceResult, fold::fold};

/// How often it is read again when it changes while it is read.
const TRIES: usize = 3;

/// Reads the whole catalog.
///
/// # Errors
/// When the database fails, or holds something that this version can't read.
pub async fn load(c: &mut impl AsConn) -> ServiceResult<Catalog> {
    let mut catalog = once(c).await?;
    for _ in 1..TRIES {
        // Several queries see several moments: what was read is one catalog only if none came in between.
        let version = installation::catalog_version(c).await?;
        if version == catalog.version {
            break;
        }
        catalog = once(c).await?;
    }
    Ok(catalog)
}

async fn once(c: &mut impl AsConn) -> ServiceResult<Catalog> {
    let installation = installation::get(c).await?;
    let (version, hash) = installation.map_or((0, None), |i| (i.catalog_version, i.catalog_hash));
    let system_rows = systems::all(c).await?;
    let entitlement_rows = systems::entitlements(c).await?;
    let policy_rows = policies::in_force(c).await?;
    let role_rows = roles::in_force(c).await?;
    let given = roles::entitlements_in_force(c).await?;
    let owners = ownership::all(c).await?;

    let mut role_owner = HashMap::new();
    let mut system_owner = HashMap::new();
    for row in owners {
        let owner = Owner {
            id: IdentityId(row.owner_id),
            name: row.owner_name,
            status: row.owner_status,
            external_id: row.owner_external_id,
        };
        if let Some(role) = row.role_id {
            role_owner.insert(role, owner);
        } else if let Some(system) = row.system_id {
            system_owner.insert(system, owner);
        }
    }
    let systems: HashMap<Uuid, Arc<SystemEntry>> = system_rows
        .into_iter()
        .map(|row| {
            let owner = system_owner.remove(&row.id);
            (row.id, Arc::new(system_entry(row, owner)))
        })
        .collect();
    let mut entitlements = HashMap::with_capacity(entitlement_rows.len());
    for row in entitlement_rows {
        let system =
            Arc::clone(systems.get(&row.system_id).ok_or(StoreError::Missing { what: "an entitlement's system" })?);
        let entry = EntitlementEntry {
            id: EntitlementId(row.id),
            key: row.key,
            name: row.name,
            description: row.description,
            kind: row.kind,
            native: row.native,
            system,
        };
        entitlements.insert(row.id, entry);
    }
    let mut policies = HashMap::with_capacity(policy_rows.len());
    for row in policy_rows {
        policies.insert(row.policy_id, Arc::new(policy_entry(&row)?));
    }
    let mut gives: HashMap<Uuid, Vec<EntitlementEntry>> = HashMap::with_capacity(role_rows.len());
    for (role_version, entitlement) in given {
        let entry = entitlements.get(&entitlement).ok_or(StoreError::Missing { what: "a role's entitlement" })?;
        gives.entry(role_version).or_default().push(entry.clone());
    }
    let mut roles = Vec::with_capacity(role_rows.len());
    for row in role_rows {
        let owner = role_owner.remove(&row.role_id);
        let policy = policies.get(&row.policy_id).ok_or(StoreError::Missing { what: "a role's policy" })?;
        let given = gives.remove(&row.id).unwrap_or_default();
        roles.push(role_entry(row, owner, Arc::clone(policy), given)?);
    }
    let answers_wishes = crate::wishes::are_answered(c).await?;
    let catalog = Catalog::new(version, hash, roles, systems.into_values().collect());
    let sources = crate::call_ins::source::entries(c).await?;
    Ok(Catalog { answers_wishes, sources, ..catalog })
}

fn system_entry(row: systems::SystemRow, owner: Option<Owner>) -> SystemEntry {
    SystemEntry {
        id: SystemId(row.id),
        key: row.key,
        name: row.name,
        kind: row.kind,
        description: row.description,
        account_name: row.account_name,
        recognise: row.recognise,
        owner,
        retired: row.retired_at.is_some(),
    }
}

fn policy_entry(row: &policies::PolicyVersionRow) -> ServiceResult<PolicyEntry> {
    let snapshot = PolicySnapshot::from_json(&row.body).map_err(|e| StoreError::Inconsistent {
        table: "policy_version",
        column: "body",
        row: format!("{} version {}", row.key, row.version),
        found: e.to_string(),
    })?;
    Ok(PolicyEntry { id: PolicyId(row.policy_id), version_id: PolicyVersionId(row.id), snapshot })
}

fn role_entry(
    row: roles::RoleVersionRow,
    owner: Option<Owner>,
    policy: Arc<PolicyEntry>,
    mut entitlements: Vec<EntitlementEntry>,
) -> ServiceResult<RoleEntry> {
    let inconsistent = |column, found: String| StoreError::Inconsistent {
        table: "role_version",
        column,
        row: format!("{} version {}", row.key, row.version),
        found,
    };
    let tags: Vec<String> =
        serde_json::from_str(&row.tags).map_err(|e| inconsistent("tags", format!("{} ({e})", row.tags)))?;
    let own_max = match row.max_seconds {
        None => None,
        Some(seconds) => Some(
            u32::try_from(seconds / 3600)
                .ok()
                .and_then(Span::from_hours)
                .ok_or_else(|| inconsistent("max_seconds", seconds.to_string()))?,
        ),
    };
    let own_assurance = match row.assurance.as_deref() {
        None => None,
        Some(word) => Some(AssuranceNeed::from_word(word).ok_or_else(|| inconsistent("assurance", word.to_owned()))?),
    };
    entitlements.sort_by_cached_key(|e| (fold(&e.system.name), e.system.key.clone(), fold(&e.name), e.key.clone()));
    let mut systems: Vec<Arc<SystemEntry>> = entitlements.iter().map(|e| Arc::clone(&e.system)).collect();
    systems.dedup_by_key(|s| s.id);
    let mut role = RoleEntry {
        id: RoleId(row.role_id),
        version_id: RoleVersionId(row.id),
        version: row.version,
        key: row.key,
        name: row.name,
        description: row.description,
        risk: row.risk,
        tags,
        requestable: row.requestable,
        retired: row.retired_at.is_some(),
        entitlements,
        systems,
        owner,
        longest: policy.snapshot.policy.max_duration,
        assurance: own_assurance.or(policy.snapshot.policy.assurance),
        policy,
        own_max,
    };
    role.longest = longest(&role.policy.snapshot, &role.facts());
    Ok(role)
}
