//! What may not be given yet, because its role needs an assurance that its holder's sign-in hasn't shown (promise 8).

use latchkey_domain::{
    EntitlementId, SystemId,
    event::{EventBody, NewEvent},
    fulfilment::{Progress, WAITS_FOR_SIGN_IN},
};
use latchkey_service::{
    assurance::{self, Waits},
    notices,
};
use latchkey_store::{Tx, fulfilments::FulfilmentRow, work};

use super::{Ending, Kind, LONGEST_ASKED, Saving, actor};
use crate::Result;

impl Ending {
    /// It waits for a sign-in of its holder.
    pub fn waits(row: &FulfilmentRow, waits: &Waits) -> Self {
        Self { fulfilment: row.id(), generation: row.generation, kind: Kind::Waits(waits.clone()) }
    }
}

impl Saving<'_> {
    /// Nothing may be asked of the system yet. The holder's sign-in has it looked at again; without one, time does, since
    /// the rules may change.
    pub(super) async fn waits(&mut self, tx: &mut Tx, row: &FulfilmentRow, waits: &Waits) -> Result<()> {
        let (identity, entitlement) = (self.job.identity(), EntitlementId(row.entitlement_id));
        // They may have signed in since it was decided; now, under the lock, it is known.
        let now = assurance::justified(tx, identity, &self.job.who.display_name).await?;
        let still = now.waits.contains_key(&row.entitlement_id);
        let again_at = if still { tx.now() + LONGEST_ASKED } else { tx.now() };
        let known = row.progress == Progress::Due
            && row.last_outcome.as_deref() == Some(WAITS_FOR_SIGN_IN)
            && row.last_words == waits.words;
        if known || !still {
            self.postponed.push((row.id(), again_at));
            return Ok(());
        }
        work::save_waits(tx, row.id(), row.generation, &waits.words, again_at).await?;
        notices::sign_in_needed(tx, identity, waits.grant, &waits.role).await?;
        let (fulfilment, system, generation) = (row.id(), SystemId(row.system_id), row.generation);
        let grant = waits.grant;
        let body = EventBody::FulfilmentWaits { fulfilment, identity, system, entitlement, grant, generation };
        self.push(NewEvent::new(actor(), body).text("words", waits.words.clone()));
        Ok(())
    }
}
