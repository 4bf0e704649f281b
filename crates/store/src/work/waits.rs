//! What waits before anything is asked of its system, and what a sign-in sets going.

use latchkey_domain::{FulfilmentId, IdentityId, Instant, fulfilment::WAITS_FOR_SIGN_IN};

use crate::{StoreResult, Tx, grants::one};

/// Notes that nothing may be asked of the system yet, with the reason, and when to look again. It isn't an attempt. `outcome`
/// is the word of what it waits for.
///
/// # Errors
/// `Conflict` when what is wanted has changed since.
pub async fn save_waits(
    tx: &mut Tx,
    id: FulfilmentId,
    generation: i64,
    outcome: &'static str,
    words: &str,
    again_at: Instant,
) -> StoreResult<()> {
    let now = tx.now();
    let n = exec!(
        tx,
        "update fulfilment set progress = 'due', due_at = $1, last_outcome = $2, last_words = $3, last_attempt_at = $4
         where id = $5 and generation = $6 and desired = 'present'",
        again_at,
        outcome,
        words,
        now,
        id.0,
        generation
    )?;
    one(n, "the fulfilment")
}

/// The identity has signed in: the accounts of theirs where something waits for that are looked at now (bookkeeping).
/// Tells whether there are any.
///
/// # Errors
/// When the database fails.
pub async fn signed_in(tx: &mut Tx, identity: IdentityId) -> StoreResult<bool> {
    let now = tx.now();
    let n = exec!(
        tx,
        "update account set due_at = $1
         where identity_id = $2 and due_at > $1 and exists (
             select 1 from fulfilment f where f.account_id = account.id and f.progress = 'due' and f.last_outcome = $3)",
        now,
        identity.0,
        WAITS_FOR_SIGN_IN
    )?;
    Ok(n > 0)
}
