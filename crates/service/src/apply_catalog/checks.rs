//! What only the database knows about files: whether the people they name work here, and who is touched.

use std::collections::{BTreeSet, HashMap, HashSet};

use latchkey_domain::{
    EntitlementId, RoleId, SystemId, grant::GrantState, identity::Status, portal_role::PortalRole,
    system::BUILT_IN_SYSTEM,
};
use latchkey_store::{
    AsConn,
    catalog::{holders, ownership::Owned},
    identities::{self, PersonRow},
    items, systems,
};
use uuid::Uuid;

use super::{compare::Changes, existing::Existing};
use crate::{
    ServiceError,
    files::{CatalogFiles, FileError, MAX_ERRORS, PersonReference},
    plan::{FilesResult, counted},
};

/// How many roles go into one query.
const CHUNK: usize = 500;

/// Everybody whom the files name, by external id. An owner who has left is a mistake, also where a successor owns it by
/// now: the files say who owns what, so it is they that must be put right, not the successor overwritten in silence.
pub(super) async fn people(
    c: &mut impl AsConn,
    existing: &Existing,
    files: &CatalogFiles,
) -> FilesResult<HashMap<String, PersonRow>> {
    let named: BTreeSet<&str> = files.people_named().map(|p| p.external_id.as_str()).collect();
    let mut known = HashMap::with_capacity(named.len());
    for id in named {
        if let Some(person) = identities::by_external_id(c, id).await? {
            known.insert(id.to_owned(), person);
        }
    }
    let mut errors: Vec<FileError> = files
        .people_named()
        .filter_map(|reference| {
            let name = known.get(&reference.external_id).map(|p| p.display_name.as_str()).unwrap_or_default();
            match known.get(&reference.external_id).map(|p| p.status) {
                None => Some(reference.error("whom nobody knows")),
                Some(Status::Terminated) => {
                    let now = owned_now(existing, files, reference);
                    Some(reference.error(&format!("{name}, who has left{now}")))
                }
                Some(Status::PreHire) => Some(reference.error(&format!("{name}, who hasn't started yet"))),
                // Somebody on leave stays the owner; decisions go to the fallback meanwhile.
                Some(Status::Active | Status::OnLeave) => None,
            }
        })
        .collect();
    refuse(&mut errors)?;
    Ok(known)
}

/// "; Ann Berg (E1) owns it now" where the files name an owner and somebody at work has taken over.
fn owned_now(existing: &Existing, files: &CatalogFiles, reference: &PersonReference) -> String {
    if let Some(rule) = files.separation.iter().find(|r| std::ptr::eq(&r.owner, reference)) {
        let owner = existing.rule_owners.get(&rule.key).filter(|o| o.owner_status.may_act());
        return owner.map_or_else(String::new, |o| owner_words(&o.owner_name, o.owner_external_id.as_deref()));
    }
    let role = files.roles.iter().find(|r| std::ptr::eq(&r.owner, reference));
    let system = files.systems.iter().find(|s| std::ptr::eq(&s.owner, reference));
    let role = role.and_then(|r| existing.roles.get(&r.key)).map(|r| Owned::Role(RoleId(r.role_id)));
    let system = system.and_then(|s| existing.systems.get(&s.key)).map(|s| Owned::System(SystemId(s.id)));
    let owner = role.or(system).and_then(|owned| existing.owners.get(&owned)).filter(|o| o.owner_status.may_act());
    owner.map_or_else(String::new, |o| owner_words(&o.owner_name, o.owner_external_id.as_deref()))
}

fn owner_words(name: &str, external_id: Option<&str>) -> String {
    let id = external_id.map(|id| format!(" ({id})")).unwrap_or_default();
    format!("; {name}{id} owns it now")
}

/// What people have on a system under one name isn't moved to another name by a change of a file.
pub(super) async fn in_use(c: &mut impl AsConn, existing: &Existing, changes: &Changes) -> FilesResult<()> {
    let mut errors = Vec::new();
    for change in changes.systems.iter().filter(|s| s.fields.iter().any(|f| f == "kind")) {
        let Some(at) = &change.at else { continue };
        let n = systems::accounts_on(c, SystemId(change.row.id)).await?;
        if n > 0 {
            errors.push(FileError::at(
                at,
                format!(
                    "system \"{}\": kind changes while there are {}",
                    change.row.key,
                    counted(n, "account", "accounts")
                ),
                "a system with a key of its own; retire this one when nobody has access on it any more",
            ));
        }
    }
    for (system, change) in changes.entitlements.iter().filter(|(_, e)| e.fields.iter().any(|f| f == "native")) {
        let Some(at) = &change.at else { continue };
        let n = systems::entitlement_in_use(c, EntitlementId(change.row.id)).await?;
        if n > 0 {
            let before = existing.entitlements.get(&(change.row.system_id, change.row.key.clone()));
            errors.push(FileError::at(
                at,
                format!(
                    "entitlement \"{system}/{}\": native changes from \"{}\" while {} it there",
                    change.row.key,
                    before.map_or("", |b| &b.native),
                    counted(n, "person has", "people have"),
                ),
                "an entitlement with a key of its own in the same role: access then moves by itself",
            ));
        }
    }
    refuse(&mut errors)
}

/// Finds who holds what changes or is retired, and what waits for it.
pub(super) async fn reached(c: &mut impl AsConn, changes: &mut Changes) -> FilesResult<()> {
    let changed = changes.roles.iter().filter(|r| r.reaches).map(|r| r.change.row.role_id);
    let roles: Vec<Uuid> = changed.chain(changes.retired_roles.iter().map(|r| r.role_id)).collect();
    for chunk in roles.chunks(CHUNK) {
        for holder in holders::of_roles(c, chunk).await? {
            changes.holders.entry(holder.role_id).or_default().push(holder);
        }
    }
    for role in &changes.retired_roles {
        changes.waiting.extend(items::waiting_for_role(c, RoleId(role.role_id)).await?);
    }
    Ok(())
}

/// A catalog doesn't take the last administrator's power away.
pub(super) async fn administrators(c: &mut impl AsConn, existing: &Existing, changes: &Changes) -> FilesResult<()> {
    let administrator = existing
        .systems
        .get(BUILT_IN_SYSTEM)
        .and_then(|s| existing.entitlements.get(&(s.id, PortalRole::Administrator.as_str().to_owned())));
    let Some(administrator) = administrator.map(|e| e.id) else { return Ok(()) };
    let losing: HashSet<Uuid> = changes
        .roles
        .iter()
        .filter(|r| r.reaches && !r.entitlements.contains(&administrator))
        .map(|r| r.change.row.role_id)
        .collect();
    let lose = |role: &Uuid| losing.contains(role);
    let powerful: Vec<Uuid> = existing
        .roles
        .values()
        .filter(|r| existing.given.get(&r.id).is_some_and(|g| g.contains(&administrator)))
        .map(|r| r.role_id)
        .collect();
    if !powerful.iter().any(lose) {
        return Ok(());
    }
    let mut left = false;
    for chunk in powerful.chunks(CHUNK) {
        let held = holders::of_roles(c, chunk).await?;
        left |= held.iter().any(|h| h.state == GrantState::Active && !lose(&h.role_id));
    }
    if left || holders::administrators(c).await?.is_empty() {
        return Ok(());
    }
    Err(ServiceError::refused(
        "catalog.last_administrator",
        "The catalog was not applied.",
        "Nobody would be left who administers this installation: the role that gives them `latchkey/administrator` wouldn't any more.",
        "Leave `latchkey/administrator` in that role, or first run `latchkey admin add PERSON` for somebody who holds it by another role.",
    )
    .into())
}

fn refuse(errors: &mut Vec<FileError>) -> FilesResult<()> {
    if errors.is_empty() {
        return Ok(());
    }
    errors.sort_by(|a, b| (&a.file, a.line, a.column).cmp(&(&b.file, b.line, b.column)));
    let more = errors.len().saturating_sub(MAX_ERRORS);
    errors.truncate(MAX_ERRORS);
    if more > 0 {
        errors.push(FileError::whole("", format!("{more} more mistakes aren't listed; mend these first"), None));
    }
    Err(std::mem::take(errors).into())
}
