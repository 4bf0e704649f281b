//! The removal of what was decided and isn't on an account of ours: taken away, and read back.

use latchkey_connectors::{CallError, Connector, EntitlementRef};
use latchkey_domain::SystemId;
use latchkey_service::drift::elsewhere::{Removal, record};
use latchkey_store::{
    drift::{self, DriftRow},
    systems,
};

use crate::{Connection, Result, health::bounded, shared::Shared};

/// How many of one system have their turn in one go.
const BATCH: i64 = 50;

/// Removes what is due. Doing it twice is doing it once, so two workers may.
pub(super) async fn pass(shared: &Shared) -> Result<()> {
    for id in drift::due_systems(&mut shared.db.read().await?, shared.now()).await? {
        one_system(shared, id).await?;
    }
    Ok(())
}

async fn one_system(shared: &Shared, id: SystemId) -> Result<()> {
    let Some(system) = systems::get(&mut shared.db.read().await?, id).await? else { return Ok(()) };
    let Connection::Ready(connector) = shared.connections.get(&system.key) else { return Ok(()) };
    if shared.health.failing(id).is_some() {
        return Ok(());
    }
    let due = drift::due_of_system(&mut shared.db.read().await?, id, shared.now(), BATCH).await?;
    for row in due {
        if shared.stop.is_set() {
            return Ok(());
        }
        let removal = remove(connector.as_ref(), &row).await;
        record(&shared.db, shared.clock.as_ref(), &row, &removal).await?;
        if matches!(removal, Removal::Later(_)) {
            // It is likely to be the same for the others.
            return Ok(());
        }
    }
    Ok(())
}

async fn remove(connector: &dyn Connector, row: &DriftRow) -> Removal {
    let (Some(kind), Some(native)) = (row.entitlement_kind(), &row.entitlement_native) else {
        return Removal::Stuck("The entitlement is no longer in the catalog.".to_owned());
    };
    let entitlement = EntitlementRef::new(kind, native.clone());
    let among = std::slice::from_ref(&entitlement);
    let done = async {
        bounded(connector, connector.remove(&row.native_id, &entitlement)).await?;
        bounded(connector, connector.read(&row.native_id, among)).await
    };
    match done.await {
        Ok(seen) if seen.as_ref().is_some_and(|account| account.held.contains(native)) => Removal::Later(
            "The system took the change, and still shows the access. It may come by another way: through a group, say."
                .to_owned(),
        ),
        Ok(_) => Removal::Gone,
        Err(error @ CallError::RetryLater { .. }) => Removal::Later(error.words().to_owned()),
        Err(error) => Removal::Stuck(error.words().to_owned()),
    }
}
