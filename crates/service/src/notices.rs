//! What people are told by e-mail, in plain words. A notice is written in the transaction of what it tells of; the
//! reconciler sends it. The same thing is never told twice to the same person.

pub(crate) mod call_ins;
pub(crate) mod conversation;
pub mod digest;
pub(crate) mod drift;
pub(crate) mod emergencies;
pub mod kinds;
pub(crate) mod wishes;
mod words;

use latchkey_domain::{
    DelegationId, GrantId, IdentityId, Instant, NoticeId, RequestId, RoleId, StageId, item::ItemState,
};
use latchkey_policy::Approver;
use latchkey_store::{
    Tx,
    catalog::ownership::Owned,
    grants::GrantRow,
    items::ItemRow,
    notices::{self, NewNotice},
};
use uuid::Uuid;

use crate::{ServiceResult, succession::Because};

pub use words::BASE;
use words::Words;

async fn queue(tx: &mut Tx, to: IdentityId, kind: &'static str, about: Uuid, words: Words) -> ServiceResult<()> {
    let id = NoticeId::new(tx.now());
    let Words { subject, body } = words;
    notices::queue(tx, &NewNotice { id, recipient: to, kind, about, subject, body }).await?;
    Ok(())
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
        let words = words::asked_to_decide(request, beneficiary, role);
        queue(tx, approver.id, "asked_to_decide", stage.0, words).await?;
    }
    Ok(())
}

/// Somebody's item still waits for the reader, and the time to decide it has passed.
pub(crate) async fn still_waiting(
    tx: &mut Tx,
    to: IdentityId,
    request: RequestId,
    stage: StageId,
    beneficiary: &str,
    role: &str,
) -> ServiceResult<()> {
    queue(tx, to, "still_waiting", stage.0, words::still_waiting(request, beneficiary, role)).await
}

/// A condition of a role's policy couldn't be worked out: an administrator is told.
pub(crate) async fn condition_failed(
    tx: &mut Tx,
    to: IdentityId,
    about: RoleId,
    role: &str,
    why: &str,
) -> ServiceResult<()> {
    queue(tx, to, "condition_failed", about.0, words::condition_failed(role, why)).await
}

/// The reader decides for somebody else, for a while.
pub(crate) async fn stands_in(
    tx: &mut Tx,
    to: IdentityId,
    about: DelegationId,
    from: &str,
    starts: Instant,
    ends: Instant,
) -> ServiceResult<()> {
    queue(tx, to, "stands_in", about.0, words::stands_in(from, starts, ends)).await
}

/// An item was decided, or closed without a decision: its requester and its beneficiary are told.
pub(crate) async fn decided(
    tx: &mut Tx,
    item: &ItemRow,
    state: ItemState,
    approver: &str,
    role: &str,
    beneficiary: &str,
    comment: &str,
) -> ServiceResult<()> {
    let now = tx.now();
    let starts = item.starts_at.filter(|s| *s > now).map(|s| (s, item.zone.as_str()));
    let mut to = vec![item.requester_id, item.beneficiary_id];
    to.dedup();
    for person in to {
        let Some(words) =
            words::decided(RequestId(item.request_id), state, approver, role, beneficiary, comment, starts)
        else {
            return Ok(());
        };
        queue(tx, IdentityId(person), "decided", item.id, words).await?;
    }
    Ok(())
}

/// Somebody activated a role: its owner is told.
pub(crate) async fn activated(
    tx: &mut Tx,
    to: IdentityId,
    item: &ItemRow,
    role: &str,
    holder: &str,
    reason: &str,
    ends: Option<Instant>,
) -> ServiceResult<()> {
    let words = words::activated(RequestId(item.request_id), role, holder, reason, ends, &item.zone);
    queue(tx, to, "activated", item.id, words).await
}

/// Access ends soon: its holder is told.
pub(crate) async fn ending_soon(tx: &mut Tx, grant: &GrantRow, role: &str) -> ServiceResult<()> {
    let Some(end) = grant.ends_at else { return Ok(()) };
    let words = words::ending_soon(role, grant.role_id, end, &grant.zone);
    queue(tx, grant.identity(), "ending_soon", grant.id, words).await
}

/// A trial ends soon: its holder is asked whether they use what they have.
pub(crate) async fn trial_asks(tx: &mut Tx, grant: &GrantRow, role: &str) -> ServiceResult<()> {
    let (Some(end), Some(full)) = (grant.ends_at, grant.full_ends_at) else { return Ok(()) };
    let words = words::trial_asks(role, grant.id(), end, full, &grant.zone);
    queue(tx, grant.identity(), "trial_asks", grant.id, words).await
}

/// Somebody left, and the reader owns from now on what they owned. `about` is the first of the new ownerships.
pub(crate) async fn now_yours(
    tx: &mut Tx,
    to: IdentityId,
    about: Uuid,
    leaver: &str,
    because: Because,
    things: &[(Owned, String)],
) -> ServiceResult<()> {
    queue(tx, to, "now_yours", about, words::now_yours(leaver, because, things)).await
}

/// Something of a grant waits for its holder's sign-in.
///
/// # Errors
/// When the database fails.
pub async fn sign_in_needed(tx: &mut Tx, to: IdentityId, grant: GrantId, role: &str) -> ServiceResult<()> {
    queue(tx, to, "sign_in_needed", grant.0, words::sign_in_needed(role)).await
}

/// Something of a grant is held back: a rule keeps it apart from what its holder has otherwise.
///
/// # Errors
/// When the database fails.
pub async fn held_back(tx: &mut Tx, to: IdentityId, grant: GrantId, role: &str, why: &str) -> ServiceResult<()> {
    queue(tx, to, "held_back", grant.0, words::held_back(role, why)).await
}

/// Every system confirmed what a grant gives.
///
/// # Errors
/// When the database fails.
pub async fn confirmed(
    tx: &mut Tx,
    to: IdentityId,
    grant: GrantId,
    request: Option<RequestId>,
    role: &str,
) -> ServiceResult<()> {
    queue(tx, to, "confirmed", grant.0, words::confirmed(request, role)).await
}

/// Every system confirmed that what a grant gave is gone; `trial` when it was a trial that its holder didn't keep.
///
/// # Errors
/// When the database fails.
pub async fn ended(
    tx: &mut Tx,
    to: IdentityId,
    grant: GrantId,
    role_id: Uuid,
    role: &str,
    trial: bool,
) -> ServiceResult<()> {
    let words = if trial { words::trial_over(role_id, role) } else { words::ended(role_id, role) };
    queue(tx, to, "ended", grant.0, words).await
}
