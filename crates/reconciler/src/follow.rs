//! Grants that follow their role's version in force: what was given from an older version while a new one was being applied.

use latchkey_service::apply_catalog;

use crate::{Result, shared::Shared};

/// How many people's grants move in one go, before others get their turn.
const AT_ONCE: usize = 25;

/// Moves a few; tells how many grants. Usually there are none.
pub(crate) async fn pass(shared: &Shared) -> Result<usize> {
    let moved = apply_catalog::follow_versions(&shared.db, shared.clock.as_ref(), AT_ONCE).await?;
    if moved > 0 {
        tracing::info!(moved, "{moved} grants follow the version in force of their role");
    }
    Ok(moved)
}
