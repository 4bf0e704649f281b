//! When somebody leaves: the rules and exceptions that they owned are somebody else's, and their own exceptions are over.

use latchkey_domain::{
    IdentityId, SeparationRuleId,
    actor::ActorRef,
    event::{EventBody, NewEvent},
    portal_role::PortalRole,
};
use latchkey_policy::Candidate;
use latchkey_store::{
    Tx, routing,
    separation::{
        exceptions as store,
        ownership::{self, Owned},
    },
};

use super::exceptions::ended;
use crate::{ServiceResult, facts, succession};

/// The exceptions of somebody who has left are over. The caller holds their lock.
pub(crate) async fn holder_left(tx: &mut Tx, who: IdentityId, actor: &ActorRef) -> ServiceResult<Vec<NewEvent>> {
    let mut events = Vec::new();
    for open in store::open_of(tx, &[who.0]).await? {
        store::close(tx, open.id(), None, "left").await?;
        events.push(ended(&open, "left", actor));
    }
    Ok(events)
}

/// Passes the rules and exceptions that somebody owns to their successor, by the same rule as roles and systems. The
/// caller holds the installation's row and the leaver's lock.
pub(crate) async fn hand_over(tx: &mut Tx, from: IdentityId, actor: &ActorRef) -> ServiceResult<Vec<NewEvent>> {
    let owned = ownership::of_owner(tx, from).await?;
    if owned.is_empty() {
        return Ok(Vec::new());
    }
    let above: Vec<Candidate<IdentityId>> =
        routing::managers_above(tx, from).await?.into_iter().map(facts::candidate).collect();
    let administrators = facts::holders(tx, PortalRole::Administrator).await?;
    let Some(to) = succession::choose(None, &above, &administrators) else { return Ok(Vec::new()) };
    let mut events = Vec::with_capacity(owned.len());
    for row in owned {
        ownership::succeed(tx, row.owned(), to.id).await?;
        let exception = match row.owned() {
            Owned::Rule(_) => None,
            Owned::Exception(id) => Some(id),
        };
        events.push(NewEvent::new(
            actor.clone(),
            EventBody::SeparationOwnerChanged {
                rule: SeparationRuleId(row.rule_id),
                exception,
                from: Some(from),
                to: to.id,
                because: Some(to.because.as_str().to_owned()),
            },
        ));
    }
    Ok(events)
}

/// Passes on what people own who had left when nobody could take over.
pub(crate) async fn hand_over_what_is_left(tx: &mut Tx, actor: &ActorRef) -> ServiceResult<Vec<NewEvent>> {
    let mut events = Vec::new();
    for from in ownership::owners_who_left(tx).await? {
        events.extend(hand_over(tx, from, actor).await?);
    }
    Ok(events)
}
