//! What may not be given yet: its role needs an assurance that its holder's sign-in hasn't shown (promise 8), or a rule keeps
//! it apart from what they have otherwise (promise 4).

use latchkey_domain::{
    EntitlementId, SystemId,
    event::{EventBody, NewEvent},
    fulfilment::{HELD_BACK, Progress, WAITS_FOR_SIGN_IN},
};
use latchkey_service::{
    assurance::{self, Waits, WaitsFor},
    notices,
};
use latchkey_store::{Tx, fulfilments::FulfilmentRow, work};

use super::{Ending, Kind, LONGEST_ASKED, Saving, actor};
use crate::Result;

impl Ending {
    /// It waits for a sign-in of its holder, or for an end of a conflict.
    pub fn waits(row: &FulfilmentRow, waits: &Waits) -> Self {
        Self { fulfilment: row.id(), generation: row.generation, kind: Kind::Waits(waits.clone()) }
    }
}

impl Saving<'_> {
    /// Nothing may be asked of the system yet. The holder's sign-in, an exception or the end of other access has it looked at
    /// again; without one, time does, since the rules may change.
    pub(super) async fn waits(&mut self, tx: &mut Tx, row: &FulfilmentRow, waits: &Waits) -> Result<()> {
        let (identity, entitlement) = (self.job.identity(), EntitlementId(row.entitlement_id));
        // They may have signed in since it was decided; now, under the lock, it is known.
        let at = tx.now();
        let now = assurance::justified(tx, at, identity, &self.job.who.display_name).await?;
        let still = now.waits.contains_key(&row.entitlement_id);
        let outcome = match waits.for_what {
            WaitsFor::SignIn => WAITS_FOR_SIGN_IN,
            WaitsFor::Separation(_) => HELD_BACK,
        };
        let again_at = if still { tx.now() + LONGEST_ASKED } else { tx.now() };
        let known = row.progress == Progress::Due
            && row.last_outcome.as_deref() == Some(outcome)
            && row.last_words == waits.words;
        if known || !still {
            self.postponed.push((row.id(), again_at));
            return Ok(());
        }
        work::save_waits(tx, row.id(), row.generation, outcome, &waits.words, again_at).await?;
        let (fulfilment, system, generation) = (row.id(), SystemId(row.system_id), row.generation);
        let grant = waits.grant;
        let body = match waits.for_what {
            WaitsFor::SignIn => {
                notices::sign_in_needed(tx, identity, grant, &waits.role).await?;
                EventBody::FulfilmentWaits { fulfilment, identity, system, entitlement, grant, generation }
            }
            WaitsFor::Separation(rule) => {
                notices::held_back(tx, identity, grant, &waits.role, &waits.words).await?;
                EventBody::FulfilmentHeldBack { fulfilment, identity, system, entitlement, grant, rule, generation }
            }
        };
        self.push(NewEvent::new(actor(), body).text("words", waits.words.clone()));
        Ok(())
    }
}
