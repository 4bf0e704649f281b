//! What a pass found, for whoever owns the system.

use latchkey_domain::{IdentityId, PassId};
use latchkey_store::{Tx, passes::PassTotals, systems::SystemRow};

use super::{
    queue,
    words::{BASE, Words},
};
use crate::ServiceResult;

/// A pass found something that nobody granted, or was stopped by its brake.
pub(crate) async fn found(
    tx: &mut Tx,
    to: IdentityId,
    system: &SystemRow,
    pass: PassId,
    totals: PassTotals,
) -> ServiceResult<()> {
    let words = match totals.braked {
        Some(removals) => braked(system, removals, totals.holdings),
        None => news(system, totals.found),
    };
    queue(tx, to, "drift_found", pass.0, words).await
}

fn news(system: &SystemRow, found: u64) -> Words {
    let what = if found == 1 { "1 thing".to_owned() } else { format!("{found} things") };
    Words {
        subject: format!("{}: {what} that nobody granted", system.name),
        body: format!(
            "Latchkey compared {} with what was granted and found {what} that it didn\u{2019}t know: access or accounts that nobody here granted, or that were granted and are gone.\n\nLook at it, and take it away or let it stay:\n{BASE}/systems/{}/drift\n",
            system.name, system.key
        ),
    }
}

fn braked(system: &SystemRow, removals: u64, of: u64) -> Words {
    Words {
        subject: format!("{}: a removal of {removals} waits for you", system.name),
        body: format!(
            "Latchkey compared {} with what was granted. By its rule it would take away {removals} of {of}, which is more than one pass may take by itself. Nothing was taken away.\n\nLook at it, and let it go on or call it off:\n{BASE}/systems/{}/drift\n",
            system.name, system.key
        ),
    }
}
