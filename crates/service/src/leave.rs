//! A person left: nothing of theirs stays open (promise 7).

use latchkey_domain::{
    IdentityId, RequestId, RoleId,
    actor::ActorRef,
    event::{EventBody, NewEvent},
    grant::GrantEnd,
};
use latchkey_store::{Change, Tx, cart, grants as store, items, stages};

use crate::{ServiceResult, approvers, grants, justify, separation, sessions, succession, wishes};

/// Ends the person's sessions, grants and open requests, passes what they owned to their successor, and gives what they
/// had to decide to others. The caller holds the installation's row and their lock, taken in this order, and has saved
/// their new status.
///
/// # Errors
/// When the database fails.
pub async fn person_left(tx: &mut Tx, who: IdentityId, actor: &ActorRef) -> ServiceResult<Vec<NewEvent>> {
    let mut events = sessions::end_all_sessions(tx, actor, who, "left").await?;
    for grant in store::live_of(tx, who).await? {
        events.extend(grants::end(tx, &grant, GrantEnd::Terminated, actor).await?);
    }
    events.extend(justify::settle(tx, who, actor).await?);

    let mut open = items::waiting_of(tx, who).await?;
    open.extend(items::waiting_asked_by(tx, who).await?.into_iter().filter(|i| i.beneficiary_id != who.0));
    for item in open {
        let Ok(to) = item.progress().cancel() else { continue };
        items::save(tx, item.id(), item.progress(), to).await?;
        stages::close_item(tx, item.id()).await?;
        let request = RequestId(item.request_id);
        items::follow(tx, request).await?;
        tx.announce(Change::Request(request));
        events.push(NewEvent::new(
            actor.clone(),
            EventBody::ItemCancelled {
                request,
                item: item.id(),
                role: RoleId(item.role_id),
                beneficiary: IdentityId(item.beneficiary_id),
                why: "left".to_owned(),
            },
        ));
    }
    events.extend(wishes::withdraw::wisher_left(tx, who, actor).await?);
    events.extend(separation::holder_left(tx, who, actor).await?);
    cart::forget(tx, who).await?;
    // What they owned is somebody else's before it is worked out again who decides.
    events.extend(succession::hand_over(tx, who, actor).await?);
    events.extend(separation::hand_over(tx, who, actor).await?);
    events.extend(approvers::remake_for_identity(tx, who, actor, "left").await?);
    Ok(events)
}
