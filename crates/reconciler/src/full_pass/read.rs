//! Reading a whole system, and what is known of it here.

use std::collections::{HashMap, HashSet};

use latchkey_connectors::{CallError, Connector, EntitlementRef, Heard};
use latchkey_domain::{AccountId, DriftId, EntitlementId, Instant, SystemId};
use latchkey_service::{ServiceError, drift::found::Findings};
use latchkey_store::{
    drift::{self, KnownDrift},
    passes::{self, KnownAccount, KnownHolding},
    systems::{self, EntitlementRow, SystemRow},
};
use uuid::Uuid;

use super::{
    Progress,
    compare::{Comparison, Known},
};
use crate::{Result, shared::Shared};

/// How many rows are read at once.
const BATCH: i64 = 2_000;

/// Why a pass came to no end.
#[derive(Debug)]
pub(super) enum Stopped {
    /// The worker is to stop.
    Told,
    /// Another worker has the pass.
    Lost,
    /// The system didn't answer, or said no.
    Call(CallError),
    /// The database failed.
    Failed(ServiceError),
}

impl From<ServiceError> for Stopped {
    fn from(error: ServiceError) -> Self {
        Self::Failed(error)
    }
}

/// Reads a system whole and compares it.
pub(super) async fn system(
    shared: &Shared,
    connector: &dyn Connector,
    system: &SystemRow,
    progress: &Progress,
) -> std::result::Result<Findings, Stopped> {
    let id = SystemId(system.id);
    let heard: Heard<'_> = &|lines| progress.heard(lines);
    let began = shared.now();
    // The system first: what is granted while it is read is newer than what it showed, and isn't taken for missing.
    let listed = connector.accounts(heard).await.map_err(Stopped::Call)?;
    let known = Known { accounts: accounts(shared, id).await?, carriers: HashMap::new() };
    let mut comparison = Comparison::new(system.pass_rule(), began, listed, known);
    if comparison.has_strange_carriers() {
        comparison.carriers(carriers(shared).await?);
    }
    comparison.accounts();
    let entitlements = managed(shared, id).await?;
    let of = entitlements.len();
    for (done, entitlement) in entitlements.iter().enumerate() {
        progress.reads(&entitlement.name, done, of);
        one_entitlement(shared, connector, &mut comparison, entitlement, heard).await?;
    }
    progress.reads("", of, of);
    let compared: HashSet<Uuid> = entitlements.iter().map(|e| e.id).collect();
    Ok(comparison.finish(earlier(shared, id).await?, &compared))
}

async fn one_entitlement(
    shared: &Shared,
    connector: &dyn Connector,
    comparison: &mut Comparison,
    entitlement: &EntitlementRow,
    heard: Heard<'_>,
) -> std::result::Result<(), Stopped> {
    let id = EntitlementId(entitlement.id);
    let began = shared.now();
    let native = EntitlementRef::new(entitlement.kind, entitlement.native.clone());
    match connector.holders(&native, heard).await {
        Ok(holders) => {
            let known = holdings(shared, id).await?;
            comparison.entitlement(id, began, holders, known);
            Ok(())
        }
        // One group that isn't there doesn't keep the others from being compared: whoever wants it given hears of it.
        Err(CallError::NeedsHuman { words }) => {
            tracing::warn!(entitlement = %entitlement.native, "an entitlement could not be compared: {words}");
            comparison.unread(id);
            Ok(())
        }
        Err(error) => Err(Stopped::Call(error)),
    }
}

async fn managed(shared: &Shared, system: SystemId) -> Result<Vec<EntitlementRow>> {
    let mut all = systems::entitlements_of(&mut shared.db.read().await?, system).await?;
    all.retain(|e| e.retired_at.is_none());
    Ok(all)
}

async fn accounts(shared: &Shared, system: SystemId) -> Result<Vec<KnownAccount>> {
    let mut all = Vec::new();
    let mut after = None;
    loop {
        let rows = passes::known_accounts(&mut shared.db.read().await?, system, after, BATCH).await?;
        let Some(last) = rows.last() else { return Ok(all) };
        after = Some(AccountId(last.id));
        all.extend(rows);
    }
}

async fn holdings(shared: &Shared, entitlement: EntitlementId) -> Result<Vec<KnownHolding>> {
    let mut all = Vec::new();
    let mut after = None;
    loop {
        let rows = passes::known_holdings(&mut shared.db.read().await?, entitlement, after, BATCH).await?;
        let Some(last) = rows.last() else { return Ok(all) };
        after = Some(AccountId(last.account_id));
        all.extend(rows);
    }
}

async fn carriers(shared: &Shared) -> Result<HashMap<String, Uuid>> {
    let mut all = HashMap::new();
    let mut after = String::new();
    loop {
        let rows = passes::carriers(&mut shared.db.read().await?, &after, BATCH).await?;
        let Some((last, _)) = rows.last() else { return Ok(all) };
        after.clone_from(last);
        all.extend(rows);
    }
}

async fn earlier(shared: &Shared, system: SystemId) -> Result<Vec<KnownDrift>> {
    let mut all = Vec::new();
    let mut after = None;
    loop {
        let rows = drift::known(&mut shared.db.read().await?, system, after, BATCH).await?;
        let Some(last) = rows.last() else { return Ok(all) };
        after = Some(DriftId(last.id));
        all.extend(rows);
    }
}

/// A moment in which something was touched here is too late to be judged by what the system showed before.
pub(super) fn is_newer(touched: Option<Instant>, began: Instant) -> bool {
    touched.is_some_and(|at| at >= began)
}
