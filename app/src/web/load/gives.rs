//! What a role gives, by system.

use std::collections::BTreeSet;

use latchkey_service::catalog::{Catalog, RoleEntry};
use latchkey_store::{
    AsConn, StoreResult,
    holdings::{self, GivesRow},
};
use uuid::Uuid;

use crate::{
    components::SystemRef,
    pages::parts::{Gives, SystemGives},
};

/// What to say about a system that has no connection here.
pub(super) fn remark(key: &str, connected: &BTreeSet<String>) -> Option<String> {
    let built_in = key == latchkey_domain::system::BUILT_IN_SYSTEM;
    (!built_in && !connected.contains(key))
        .then(|| "Not connected at the moment. Access is set up as soon as it is.".to_owned())
}

fn kind_words(kind: &str) -> String {
    match kind {
        "database-role" => "database role",
        "app-role" => "application role",
        other => other,
    }
    .to_owned()
}

/// What a role of the catalog gives.
pub(super) fn of_role(role: &RoleEntry, connected: &BTreeSet<String>, link_systems: bool) -> Vec<SystemGives> {
    let mut all: Vec<SystemGives> = Vec::new();
    for entry in &role.entitlements {
        let gives = Gives {
            name: entry.name.clone(),
            description: entry.description.clone(),
            kind: kind_words(entry.kind.as_str()),
            native: entry.native.clone(),
        };
        push(&mut all, &entry.system.key, &entry.system.name, gives, connected, link_systems);
    }
    all
}

/// What these versions of roles give: from the catalog in memory, and by one query what an older version gave.
pub(super) async fn of_versions(
    c: &mut impl AsConn,
    catalog: &Catalog,
    versions: &BTreeSet<Uuid>,
) -> StoreResult<Vec<GivesRow>> {
    let mut rows = Vec::new();
    let mut older = Vec::new();
    for version in versions {
        match catalog.role_by_version((*version).into()) {
            Some(role) => rows.extend(role.entitlements.iter().map(|e| GivesRow {
                role_version_id: *version,
                entitlement_id: e.id.0,
                name: e.name.clone(),
                description: e.description.clone(),
                kind: e.kind.as_str().to_owned(),
                native: e.native.clone(),
                system_id: e.system.id.0,
                system_key: e.system.key.clone(),
                system_name: e.system.name.clone(),
            })),
            None => older.push(*version),
        }
    }
    rows.extend(holdings::gives(c, &older).await?);
    Ok(rows)
}

/// What a version of a role gives, as stored; the rows are in the order of systems.
pub(super) fn of_rows<'a>(
    rows: impl Iterator<Item = &'a GivesRow>,
    connected: &BTreeSet<String>,
    link_systems: bool,
) -> Vec<SystemGives> {
    let mut all: Vec<SystemGives> = Vec::new();
    for row in rows {
        let gives = Gives {
            name: row.name.clone(),
            description: row.description.clone(),
            kind: kind_words(&row.kind),
            native: row.native.clone(),
        };
        push(&mut all, &row.system_key, &row.system_name, gives, connected, link_systems);
    }
    all
}

fn push(
    all: &mut Vec<SystemGives>,
    key: &str,
    name: &str,
    gives: Gives,
    connected: &BTreeSet<String>,
    link_systems: bool,
) {
    if let Some(there) = all.iter_mut().find(|s| s.system.name == name) {
        there.entitlements.push(gives);
        return;
    }
    let href = link_systems.then(|| format!("/systems/{key}"));
    let system = SystemRef { name: name.to_owned(), href };
    all.push(SystemGives { system, remark: remark(key, connected), entitlements: vec![gives] });
}
