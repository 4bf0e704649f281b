//! Holders follow their role: when what it gives changes, their grants move to its version in force.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use latchkey_domain::{
    GrantId, IdentityId, RoleId, RoleVersionId,
    actor::{Actor, ActorRef},
    clock::Clock,
    event::{EventBody, NewEvent},
};
use latchkey_store::{
    AsConn, Db, Tx,
    catalog::{
        holders::{self, HolderRow},
        roles,
    },
    grants, identities,
};
use uuid::Uuid;

use crate::{ServiceResult, justify};

/// How many versions go into one query.
const CHUNK: usize = 500;

/// Moves grants to `to`, the version of their role that is in force, and settles what their holders have. The caller
/// holds the locks of all of them.
pub(super) async fn move_grants(
    tx: &mut Tx,
    held: &[(HolderRow, RoleVersionId)],
    actor: &ActorRef,
) -> ServiceResult<Vec<NewEvent>> {
    let mut events = Vec::with_capacity(held.len());
    let mut identities = BTreeSet::new();
    for (holder, to) in held {
        let identity = IdentityId(holder.identity_id);
        grants::move_version(tx, GrantId(holder.grant_id), *to).await?;
        events.push(NewEvent::new(
            actor.clone(),
            EventBody::GrantMoved {
                grant: GrantId(holder.grant_id),
                identity,
                role: RoleId(holder.role_id),
                role_version: *to,
            },
        ));
        identities.insert(identity);
    }
    for identity in identities {
        events.extend(justify::settle(tx, identity, actor).await?);
    }
    Ok(events)
}

/// Versions that were succeeded by one that gives something else, and are still held: which version is in force instead.
async fn behind(c: &mut impl AsConn) -> ServiceResult<HashMap<Uuid, RoleVersionId>> {
    let closed = holders::closed_versions_held(c).await?;
    if closed.is_empty() {
        return Ok(HashMap::new());
    }
    let in_force: HashMap<Uuid, Uuid> = roles::in_force(c).await?.into_iter().map(|r| (r.role_id, r.id)).collect();
    let ids: BTreeSet<Uuid> =
        closed.iter().flat_map(|(version, role)| [Some(*version), in_force.get(role).copied()]).flatten().collect();
    let ids: Vec<Uuid> = ids.into_iter().collect();
    let mut given: HashMap<Uuid, BTreeSet<Uuid>> = HashMap::new();
    for chunk in ids.chunks(CHUNK) {
        for (version, entitlement) in roles::entitlements_of(c, chunk).await? {
            given.entry(version).or_default().insert(entitlement);
        }
    }
    Ok(closed
        .into_iter()
        .filter_map(|(version, role)| in_force.get(&role).map(|now| (version, *now)))
        .filter(|(version, now)| given.get(version) != given.get(now))
        .map(|(version, now)| (version, RoleVersionId(now)))
        .collect())
}

/// A duty of the worker: moves grants that were made from an older version while a new one was being applied. Usually
/// there are none. Moves at most `limit` people's grants and returns how many grants.
///
/// # Errors
/// When the database fails.
pub async fn follow_versions(db: &Db, clock: &dyn Clock, limit: usize) -> ServiceResult<usize> {
    let mut read = db.read().await?;
    let mut held: BTreeMap<IdentityId, HashSet<Uuid>> = BTreeMap::new();
    let versions: Vec<Uuid> = behind(&mut read).await?.into_keys().collect();
    for chunk in versions.chunks(CHUNK) {
        for holder in holders::of_versions(&mut read, chunk).await? {
            held.entry(IdentityId(holder.identity_id)).or_default().insert(holder.grant_id);
        }
    }
    drop(read);
    let actor = Actor::Worker("follow").reference();
    let mut moved = 0;
    for (identity, seen) in held.into_iter().take(limit) {
        let mut tx = db.begin(clock.now()).await?;
        identities::lock(&mut tx, &[identity]).await?;
        tx.now_is(clock.now());
        // What was read before the lock may be old by now.
        let versions = behind(&mut tx).await?;
        let ids: Vec<Uuid> = versions.keys().copied().collect();
        let mut now = Vec::new();
        for chunk in ids.chunks(CHUNK) {
            now.extend(holders::of_versions(&mut tx, chunk).await?);
        }
        let now: Vec<(HolderRow, RoleVersionId)> = now
            .into_iter()
            .filter(|h| h.identity_id == identity.0 && seen.contains(&h.grant_id))
            .filter_map(|h| versions.get(&h.role_version_id).map(|to| (h, *to)))
            .collect();
        let events = move_grants(&mut tx, &now, &actor).await?;
        if events.is_empty() {
            tx.rollback().await?;
        } else {
            tx.commit(events).await?;
            moved += now.len();
        }
    }
    Ok(moved)
}
