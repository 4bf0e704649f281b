//! What people are told by e-mail, in plain words. A notice is written in the transaction of what it tells of; the
//! reconciler sends it. The same thing is never told twice to the same person.

use latchkey_domain::{GrantId, IdentityId, NoticeId, RequestId, StageId, item::ItemState};
use latchkey_policy::Approver;
use latchkey_store::{
    Tx,
    grants::GrantRow,
    items::ItemRow,
    notices::{self, NewNotice},
};
use uuid::Uuid;

use crate::ServiceResult;

/// Stands in a body for the portal's public address, which only the sender knows.
pub const BASE: &str = "{base}";

async fn queue(tx: &mut Tx, to: IdentityId, kind: &'static str, about: Uuid, subject: String, body: String) -> ServiceResult<()> {
    let id = NoticeId::new(tx.now());
    notices::queue(tx, &NewNotice { id, recipient: to, kind, about, subject, body }).await?;
    Ok(())
}

fn link(request: RequestId) -> String {
    format!("{BASE}/requests/{request}")
}

/// Somebody's item waits for these people.
pub(crate) async fn asked_to_decide(
    tx: &mut Tx,
    request: RequestId,
    stage: StageId,
    approvers: &[Approver<IdentityId>],
    beneficiary: &str,
    role: &str,
) -> ServiceResult<()> {
    for approver in approvers {
        let subject = format!("{beneficiary} asks for {role}");
        let body = format!(
            "{beneficiary} asks for {role}, and you can decide.\n\nSee why they ask and what it gives, and decide:\n{}\n\nEverything that waits for you: {BASE}/approvals\n",
            link(request)
        );
        queue(tx, approver.id, "asked_to_decide", stage.0, subject, body).await?;
    }
    Ok(())
}

/// An item was decided, or lapsed: its requester and its beneficiary are told.
pub(crate) async fn decided(
    tx: &mut Tx,
    item: &ItemRow,
    state: ItemState,
    approver: &str,
    role: &str,
    beneficiary: &str,
    comment: &str,
) -> ServiceResult<()> {
    let (outcome, next) = match state {
        ItemState::Approved => ("approved", "The systems are being updated now. You get another message once they confirm it."),
        ItemState::Denied => ("denied", "You can ask again with other terms, or talk to them first."),
        ItemState::Lapsed => ("closed, because nobody decided in time", "You can ask again."),
        ItemState::Waiting | ItemState::Withdrawn | ItemState::Cancelled => return Ok(()),
    };
    let by = if approver.is_empty() { String::new() } else { format!(" by {approver}") };
    let said = if comment.is_empty() { String::new() } else { format!("\n{approver} wrote: {comment}\n") };
    let subject = format!("{role} for {beneficiary}: {outcome}");
    let body = format!(
        "The request for {role} for {beneficiary} was {outcome}{by}.\n{said}\n{next}\n\nEvery step is here:\n{}\n",
        link(RequestId(item.request_id))
    );
    let mut to = vec![item.requester_id, item.beneficiary_id];
    to.dedup();
    for person in to {
        queue(tx, IdentityId(person), "decided", item.id, subject.clone(), body.clone()).await?;
    }
    Ok(())
}

/// Access ends soon: its holder is told.
pub(crate) async fn ending_soon(tx: &mut Tx, grant: &GrantRow, role: &str) -> ServiceResult<()> {
    let Some(end) = grant.ends_at else { return Ok(()) };
    let subject = format!("{role} ends on {}", end.format("%-d %B"));
    let body = format!(
        "Your access to {role} ends on {}.\n\nIf you still need it then, ask again before:\n{BASE}/roles/{}\n\nIf you don't, there is nothing to do: it ends by itself.\n",
        end.format("%-d %B %Y, %H:%M UTC"),
        grant.role_id
    );
    queue(tx, grant.identity(), "ending_soon", grant.id, subject, body).await
}

/// Every system confirmed what a grant gives.
///
/// # Errors
/// When the database fails.
pub async fn confirmed(tx: &mut Tx, to: IdentityId, grant: GrantId, request: Option<RequestId>, role: &str) -> ServiceResult<()> {
    let subject = format!("{role} is ready");
    let at = request.map_or_else(|| format!("{BASE}/"), link);
    let body = format!("You have {role} now: every system has confirmed it. You may have to sign in to them again.\n\nWhat was done, step by step:\n{at}\n");
    queue(tx, to, "confirmed", grant.0, subject, body).await
}

/// Every system confirmed that what a grant gave is gone.
///
/// # Errors
/// When the database fails.
pub async fn ended(tx: &mut Tx, to: IdentityId, grant: GrantId, role_id: Uuid, role: &str) -> ServiceResult<()> {
    let subject = format!("{role} has ended");
    let body = format!("Your access to {role} has ended, and the systems have confirmed that it is gone.\n\nIf you need it again, ask here:\n{BASE}/roles/{role_id}\n");
    queue(tx, to, "ended", grant.0, subject, body).await
}
