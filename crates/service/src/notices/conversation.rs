//! What people are told about messages, seats that they took, and access that somebody ended.

use latchkey_domain::{IdentityId, Instant, MessageId, RequestId, id::new_uuid, item::MessageSide};
use latchkey_store::{Tx, grants::GrantRow, items::ItemRow};

use super::{
    queue,
    words::{BASE, Words},
};
use crate::ServiceResult;

/// Somebody wrote about an item to the reader's side.
#[expect(clippy::too_many_arguments, reason = "who, what and whose, by name")]
pub(crate) async fn message(
    tx: &mut Tx,
    to: IdentityId,
    item: &ItemRow,
    message: MessageId,
    author: &str,
    role: &str,
    beneficiary: &str,
    side: MessageSide,
    body: &str,
) -> ServiceResult<()> {
    queue(tx, to, "message", message.0, written(item, author, role, beneficiary, side, body)).await
}

fn written(item: &ItemRow, author: &str, role: &str, beneficiary: &str, side: MessageSide, body: &str) -> Words {
    let (request, id) = (item.request_id, item.id);
    let link = match side {
        MessageSide::Decider => format!("Answer here:\n{BASE}/requests/{request}#thread-{id}"),
        MessageSide::Asker => format!("Answer or decide here:\n{BASE}/approvals?item={id}#thread"),
    };
    Words {
        subject: format!("{author} wrote about {role} for {beneficiary}"),
        body: format!("{author} wrote about the request for {role} for {beneficiary}:\n\n{body}\n\n{link}\n"),
    }
}

/// The reader can decide an item from now on, because somebody says so and not a rule. `how` begins the subject.
pub(crate) async fn seat_taken(
    tx: &mut Tx,
    to: IdentityId,
    request: RequestId,
    how: &str,
    role: &str,
    beneficiary: &str,
    why: &str,
) -> ServiceResult<()> {
    let words = Words {
        subject: format!("{how}: {role} for {beneficiary}"),
        body: format!(
            "{how}: {beneficiary} asks for {role}.\n\nThey wrote: {why}\n\nSee why it is asked for and what it gives, and decide:\n{BASE}/requests/{request}\n\nEverything that waits for you:\n{BASE}/approvals\n"
        ),
    };
    // Somebody may get a seat, give it away and get it again: each time is news.
    let about = new_uuid(tx.now());
    queue(tx, to, "seat_taken", about, words).await
}

/// Who does something about a decision, and about whose and which.
pub(crate) struct Who<'a> {
    /// Whoever does it.
    pub(crate) by: &'a str,
    /// Whom the role is for.
    pub(crate) beneficiary: &'a str,
    /// The role.
    pub(crate) role: &'a str,
}

/// Those who wait remind the reader that they can decide.
pub(crate) async fn nudged(
    tx: &mut Tx,
    to: IdentityId,
    request: RequestId,
    who: &Who<'_>,
    asked_at: Instant,
) -> ServiceResult<()> {
    let Who { by, beneficiary, role } = who;
    let day = asked_at.format("%-d %B %Y");
    let words = Words {
        subject: format!("{by} asks you again: {role} for {beneficiary}"),
        body: format!(
            "{beneficiary} waits for {role} since {day}, and the time to decide it has passed. You can decide it.\n\nDecide it, ask something, or hand it over:\n{BASE}/requests/{request}\n\nEverything that waits for you:\n{BASE}/approvals\n"
        ),
    };
    // Each nudge is news; how often there may be one is the action's to say.
    queue(tx, to, "nudged", new_uuid(tx.now()), words).await
}

/// Those who wait moved a decision on to the reader.
pub(crate) async fn moved_on(
    tx: &mut Tx,
    to: IdentityId,
    request: RequestId,
    who: &Who<'_>,
    asked_at: Instant,
) -> ServiceResult<()> {
    let Who { by, beneficiary, role } = who;
    let day = asked_at.format("%-d %B %Y");
    let words = Words {
        subject: format!("{by} moved a decision on to you: {role} for {beneficiary}"),
        body: format!(
            "{beneficiary} waits for {role} since {day}. Those who were asked did not decide in time, so {by} moved it on to you: you come next.\n\nSee why it is asked for and what it gives, and decide:\n{BASE}/requests/{request}\n\nEverything that waits for you:\n{BASE}/approvals\n"
        ),
    };
    queue(tx, to, "moved_on", new_uuid(tx.now()), words).await
}

/// Somebody ended the reader's access before its time.
pub(crate) async fn ended_early(
    tx: &mut Tx,
    grant: &GrantRow,
    role: &str,
    by: &str,
    reason: &str,
) -> ServiceResult<()> {
    let words = Words {
        subject: format!("{by} ended your access to {role}"),
        body: format!(
            "{by} ended your access to {role}.\n\nThey wrote: {reason}\n\nWhat another of your roles gives as well stays as long as you have that one. If you need it again, ask here:\n{BASE}/roles/{}\n",
            grant.role_id
        ),
    };
    queue(tx, grant.identity(), "ended_early", grant.id, words).await
}
