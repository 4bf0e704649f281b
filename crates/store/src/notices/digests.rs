//! Notices that wait for their recipients' digests, and what somebody was told lately.

use latchkey_domain::{IdentityId, Instant, NoticeId};
use sqlx::FromRow;
use uuid::Uuid;

use super::NoticeRow;
use crate::{AsConn, StoreResult, Tx, grants::one};

/// The people whose digest is due, at most `limit`.
///
/// # Errors
/// When the database fails.
pub async fn due(c: &mut impl AsConn, now: Instant, limit: i64) -> StoreResult<Vec<IdentityId>> {
    let all = rows!(
        c,
        (Uuid,),
        "select distinct recipient_id from notice where digest_at is not null and digest_at <= $1 order by recipient_id limit $2",
        now,
        limit
    )?;
    Ok(all.into_iter().map(|(id,)| IdentityId(id)).collect())
}

/// What waits for somebody's digest, oldest first, at most `limit`.
///
/// # Errors
/// When the database fails.
pub async fn waiting_for(c: &mut impl AsConn, who: IdentityId, limit: i64) -> StoreResult<Vec<NoticeRow>> {
    rows!(
        c,
        NoticeRow,
        "select id, recipient_id, kind, about_id, subject, body, created_at, state, due_at, attempts, sent_at, last_error
         from notice where recipient_id = $1 and digest_at is not null order by id limit $2",
        who.0,
        limit
    )
}

/// Everything that waits for somebody's digest is a part of this one, from now on. Returns how much it was (bookkeeping).
///
/// # Errors
/// When the database fails.
pub async fn put_into(tx: &mut Tx, who: IdentityId, digest: NoticeId) -> StoreResult<u64> {
    exec!(
        tx,
        "update notice set state = 'digested', digest_id = $1, digest_at = null where recipient_id = $2 and digest_at is not null",
        digest.0,
        who.0
    )
}

/// A notice that waited for a digest doesn't go into it, for this reason (bookkeeping).
///
/// # Errors
/// `Conflict` when it doesn't wait any more.
pub async fn keep(tx: &mut Tx, id: NoticeId, why: &str) -> StoreResult<()> {
    let n = exec!(
        tx,
        "update notice set state = 'kept', digest_at = null, last_error = $1 where id = $2 and digest_at is not null",
        why,
        id.0
    )?;
    one(n, "the notice")
}

/// When somebody's last digest was put together.
///
/// # Errors
/// When the database fails.
pub async fn last_of(c: &mut impl AsConn, who: IdentityId) -> StoreResult<Option<Instant>> {
    Ok(row!(
        c,
        (Instant,),
        "select created_at from notice where recipient_id = $1 and kind = 'digest' order by id desc limit 1",
        who.0
    )?
    .map(|(at,)| at))
}

/// What waits for somebody's digest waits for the next one (bookkeeping).
///
/// # Errors
/// When the database fails.
pub async fn postpone(tx: &mut Tx, who: IdentityId, until: Instant) -> StoreResult<()> {
    exec!(
        tx,
        "update notice set digest_at = $1 where recipient_id = $2 and digest_at is not null and digest_at < $1",
        until,
        who.0
    )?;
    Ok(())
}

/// Somebody who can decide an item of a request now, and by when.
#[derive(Debug, Clone, FromRow)]
pub struct DeciderRow {
    /// The request.
    pub request_id: Uuid,
    /// Who.
    pub identity_id: Uuid,
    /// By when the step should be decided.
    pub deadline_at: Option<Instant>,
    /// When the item closes.
    pub lapses_at: Option<Instant>,
}

/// Who can decide items of these requests now.
///
/// # Errors
/// When the database fails.
pub async fn deciders_of(c: &mut impl AsConn, requests: &[Uuid]) -> StoreResult<Vec<DeciderRow>> {
    rows_in!(
        c,
        DeciderRow,
        "select i.request_id, a.identity_id, s.deadline_at, i.lapses_at
         from item i join stage s on s.item_id = i.id and s.state = 'open'
         join stage_approver a on a.stage_id = s.id and a.removed_at is null
         where i.state = 'waiting' and i.request_id in ({})",
        requests
    )
}

/// A notice as its recipient reads it in the portal.
#[derive(Debug, Clone, FromRow)]
pub struct ToldRow {
    /// Its id.
    pub id: Uuid,
    /// What kind of notice.
    pub kind: String,
    /// The subject line.
    pub subject: String,
    /// The text; the portal's address is still to be put in.
    pub body: String,
    /// When it was written.
    pub created_at: Instant,
    /// How far telling has come.
    pub state: String,
    /// When the mail server took it.
    pub sent_at: Option<Instant>,
    /// When the digest goes out that it waits for.
    pub digest_at: Option<Instant>,
    /// When the mail server took the digest that it was a part of.
    pub digest_sent_at: Option<Instant>,
    /// Why it isn't sent.
    pub last_error: String,
}

/// What somebody was told, newest first, at most `limit`, older than `before`. Digests only repeat.
///
/// # Errors
/// When the database fails.
pub async fn told_to(
    c: &mut impl AsConn,
    who: IdentityId,
    before: Option<NoticeId>,
    limit: i64,
) -> StoreResult<Vec<ToldRow>> {
    let before = before.map_or(Uuid::max(), |n| n.0);
    rows!(
        c,
        ToldRow,
        "select n.id, n.kind, n.subject, n.body, n.created_at, n.state, n.sent_at, n.digest_at, d.sent_at as digest_sent_at, n.last_error
         from notice n left join notice d on d.id = n.digest_id
         where n.recipient_id = $1 and n.id < $2 and n.kind <> 'digest' order by n.id desc limit $3",
        who.0,
        before,
        limit
    )
}
