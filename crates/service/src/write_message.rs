//! Somebody who asked, or somebody who decides, writes to the other side about an item.

use latchkey_domain::{
    IdentityId, ItemId, MessageId, RequestId, RoleId,
    actor::Actor,
    clock::Clock,
    event::{EventBody, NewEvent},
    item::MessageSide,
};
use latchkey_store::{
    Change, Db, Tx, identities,
    items::{self, ItemRow},
    messages::{self, NewMessage},
    request_reads,
};

use crate::{ServiceError, ServiceResult, checks, facts, notices};

/// The most messages that an item takes.
pub const MAX_MESSAGES: i64 = 100;
/// The longest message, in characters.
pub const MAX_MESSAGE_CHARS: usize = checks::MAX_WORDS;

/// Writes a message to the other side; they are told. Returns the item's request.
///
/// # Errors
/// `NotFound` for strangers, `Refused` for those who only see the request or when there are too many messages, `BadInput`
/// for a message that is empty or too long.
pub async fn write_message(
    db: &Db,
    clock: &dyn Clock,
    actor: &Actor,
    item: ItemId,
    words: &str,
) -> ServiceResult<RequestId> {
    let Actor::Person(person) = actor else { return Err(ServiceError::NotFound) };
    let me = person.identity;
    let mut tx = db.begin(clock.now()).await?;
    let seen = items::get(&mut tx, item).await?.ok_or(ServiceError::NotFound)?;
    // Nothing that somebody holds changes; the lock makes the count true.
    identities::lock(&mut tx, &[IdentityId(seen.beneficiary_id)]).await?;
    tx.now_is(clock.now());
    let row = items::get(&mut tx, item).await?.ok_or(ServiceError::NotFound)?;
    let request = RequestId(row.request_id);
    let Some(side) = side_of(&mut tx, &row, me).await? else {
        if !request_reads::may_see(&mut tx, me, request).await? {
            return Err(ServiceError::NotFound);
        }
        return Err(ServiceError::refused(
            "message.not_yours",
            "Your message was not sent.",
            "Only those who asked, those who decide this role, and its owner write to each other here.",
            "Write to one of them directly.",
        ));
    };
    let body = checks::words(
        "message",
        words,
        ["message.missing", "message.too_long"],
        "Write what you want to ask or answer.",
    )
    .map_err(|problem| ServiceError::BadInput(vec![problem]))?;
    if messages::count(&mut tx, item).await? >= MAX_MESSAGES {
        return Err(ServiceError::refused(
            "message.too_many",
            "Your message was not sent.",
            format!("There are {MAX_MESSAGES} messages here already, and that is the most."),
            "Talk to each other, and put what you agreed on into the comment of the decision.",
        ));
    }
    let id = MessageId::new(tx.now());
    messages::insert(&mut tx, &NewMessage { id, item, author: me, side, body: &body }).await?;
    tell(&mut tx, &row, id, me, side, &body).await?;
    tx.announce(Change::Request(request));
    let event = EventBody::MessageWritten {
        request,
        item,
        role: RoleId(row.role_id),
        beneficiary: IdentityId(row.beneficiary_id),
        message: id,
        side,
    };
    tx.commit(vec![NewEvent::new(actor.reference(), event).text("message", body)]).await?;
    Ok(request)
}

/// On which side somebody stands; nothing for those who stand on none.
async fn side_of(tx: &mut Tx, item: &ItemRow, who: IdentityId) -> ServiceResult<Option<MessageSide>> {
    if [item.requester_id, item.beneficiary_id].contains(&who.0) {
        return Ok(Some(MessageSide::Asker));
    }
    Ok(messages::decides(tx, item.id(), who).await?.then_some(MessageSide::Decider))
}

/// Tells the other side: those who asked, or those who can decide now and those who wrote from there before.
async fn tell(
    tx: &mut Tx,
    item: &ItemRow,
    message: MessageId,
    author: IdentityId,
    side: MessageSide,
    body: &str,
) -> ServiceResult<()> {
    let mut to: Vec<IdentityId> = match side {
        MessageSide::Decider => [item.requester_id, item.beneficiary_id].map(IdentityId).to_vec(),
        MessageSide::Asker => {
            let now = request_reads::approvers_of(tx, &[item.id]).await?;
            let before = messages::authors(tx, item.id(), MessageSide::Decider).await?;
            now.into_iter().map(|a| IdentityId(a.identity_id)).chain(before).collect()
        }
    };
    to.sort_unstable();
    to.dedup();
    to.retain(|who| *who != author);
    let role = facts::role_today(tx, RoleId(item.role_id)).await?.facts.name;
    let names = identities::names(tx, &[author.0, item.beneficiary_id]).await?;
    let name = |id| names.get(&id).map_or("", String::as_str);
    for who in to {
        notices::conversation::message(
            tx,
            who,
            item,
            message,
            name(author.0),
            &role,
            name(item.beneficiary_id),
            side,
            body,
        )
        .await?;
    }
    Ok(())
}
