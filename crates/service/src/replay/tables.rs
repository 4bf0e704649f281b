//! The same state from the tables, and the fold of a whole log.

use std::collections::BTreeMap;

use latchkey_domain::{Instant, grant::GrantKind};
use latchkey_store::{AsConn, events, replay_reads as store};

use super::{Account, Fulfilment, Grant, Item, Owned, Person, Role, State};
use crate::ServiceResult;

/// How many events are read at a time.
const CHUNK: i64 = 1_000;

/// The state that the log gives, up to and including `until` where that is given. Reads the whole log.
///
/// # Errors
/// When the database fails, or an event can't be read.
pub async fn from_log(c: &mut impl AsConn, until: Option<Instant>) -> ServiceResult<State> {
    let mut state = State::default();
    let mut after = None;
    loop {
        let rows = events::all_after(c, after, CHUNK).await?;
        for row in &rows {
            if until.is_some_and(|end| row.recorded_at > end) {
                return Ok(state);
            }
            state.apply(&row.envelope()?);
        }
        match rows.last() {
            Some(last) => after = Some((last.recorded_at, last.id)),
            None => return Ok(state),
        }
    }
}

/// The state that the tables hold now. Reads them whole: for tests and checks, not for pages. Take a write transaction or
/// stop all work while it runs: it is a dozen queries, not one.
///
/// # Errors
/// When the database fails.
pub async fn from_tables(c: &mut impl AsConn) -> ServiceResult<State> {
    let mut state = State::default();
    for row in store::people(c).await? {
        state.people.insert(row.id.into(), Person { status: row.status, manager: row.manager_id.map(Into::into) });
    }
    for row in store::roles(c).await? {
        let role = Role {
            id: row.version_id.into(),
            version: row.version,
            entitlements: std::collections::BTreeSet::new(),
            retired: row.retired_at.is_some(),
        };
        state.roles.insert(row.id.into(), role);
    }
    for (role, entitlement) in store::role_entitlements(c).await? {
        if let Some(role) = state.roles.get_mut(&role.into()) {
            role.entitlements.insert(entitlement.into());
        }
    }
    for row in store::owners(c).await? {
        let owned = row.role_id.map(|r| Owned::Role(r.into())).or(row.system_id.map(|s| Owned::System(s.into())));
        if let Some(owned) = owned {
            state.owners.insert(owned, row.owner_id.into());
        }
    }
    state.read_separation(c).await?;
    for row in store::items(c).await? {
        let (request, role, beneficiary) = (row.request_id.into(), row.role_id.into(), row.beneficiary_id.into());
        state.items.insert(row.id.into(), Item { request, role, beneficiary, state: row.state, stage: row.stage });
    }
    for row in store::grants(c).await? {
        let grant = Grant {
            role: row.role_id.into(),
            role_version: row.role_version_id.into(),
            state: row.state,
            starts_at: row.starts_at,
            ends_at: row.ends_at,
            end: row.end_reason()?,
            kind: GrantKind::of(row.eligible, row.activates_id.map(Into::into)),
        };
        let of: &mut BTreeMap<_, _> = state.grants.entry(row.identity_id.into()).or_default();
        of.insert(row.id.into(), grant);
    }
    state.read_break_glass(c).await?;
    for row in store::accounts(c).await? {
        let (identity, system) = (row.identity_id.into(), row.system_id.into());
        state
            .accounts
            .insert(row.id.into(), Account { identity, system, desired: row.desired, observed: row.observed });
    }
    for row in store::fulfilments(c).await? {
        let work = Fulfilment {
            account: row.account_id.into(),
            entitlement: row.entitlement_id.into(),
            desired: row.desired,
            observed: row.observed,
            progress: row.progress,
            generation: row.generation,
        };
        state.fulfilments.insert(row.id.into(), work);
    }
    Ok(state)
}
