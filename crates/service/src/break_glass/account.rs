//! Whoever took a role says what they did with it.

use latchkey_domain::{
    BreakGlassReviewId,
    actor::Actor,
    break_glass::ReviewState,
    clock::Clock,
    event::{EventBody, NewEvent},
};
use latchkey_store::{Db, break_glass as store, identities};

use super::may_see;
use crate::{Refusal, ServiceError, ServiceResult, checks};

/// Keeps what somebody says that they did with what they took. They can say it again as long as the review is open; what
/// they said before stays in the log.
///
/// # Errors
/// `NotFound` to strangers, `Refused` to others who may read the review, `Conflict` when it is closed, `BadInput` when the
/// words are missing or too many.
pub async fn write_account(
    db: &Db,
    clock: &dyn Clock,
    actor: &Actor,
    id: BreakGlassReviewId,
    account: &str,
) -> ServiceResult<()> {
    const WHAT: &str = "Nothing was kept.";
    let Actor::Person(person) = actor else { return Err(ServiceError::NotFound) };
    let mut tx = db.begin(clock.now()).await?;
    let seen = store::get(&mut tx, id).await?.ok_or(ServiceError::NotFound)?;
    if seen.identity_id != person.identity.0 {
        if !may_see(&mut tx, person, &seen).await? {
            return Err(ServiceError::NotFound);
        }
        return Err(ServiceError::refused(
            "break_glass.not_yours_to_tell",
            WHAT,
            "Only whoever took it says here what they did.",
            "What you found belongs into the review.",
        ));
    }
    identities::lock(&mut tx, &[person.identity]).await?;
    tx.now_is(clock.now());
    let row = store::get(&mut tx, id).await?.ok_or(ServiceError::NotFound)?;
    if row.state == ReviewState::Closed {
        return Err(ServiceError::Conflict(Refusal::new(
            "break_glass.closed",
            WHAT,
            "The review is closed already.",
            "Talk to whoever reviewed it; the page names them.",
        )));
    }
    let account = checks::words(
        "account",
        account,
        ["break_glass.account_missing", "break_glass.account_too_long"],
        "Say what you did, for example \"Restarted the queue, changed nothing else\".",
    )
    .map_err(|problem| ServiceError::BadInput(vec![problem]))?;
    store::set_account(&mut tx, id, &account).await?;
    let body =
        EventBody::BreakGlassReported { review: id, grant: row.grant(), identity: row.identity(), role: row.role() };
    tx.commit(vec![NewEvent::new(actor.reference(), body).text("comment", account)]).await?;
    Ok(())
}
