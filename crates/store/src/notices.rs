//! The outbox: what people are to be told, and how far telling them has come.
//!
//! A notice is `due` until it is `sent`; after too many failures it is `failed` with the reason; and it is `kept` where
//! there is no way to send it (no mail server is set, its recipient left or turned its kind off): it can be read in the
//! portal then. One that its recipient wants in a digest is `waiting` for it, and `digested` when it is part of one; the
//! digest is a notice itself, and is sent like any other.

pub mod digests;

use latchkey_domain::{IdentityId, Instant, LeaseId, NoticeId};
use sqlx::FromRow;
use uuid::Uuid;

use crate::{AsConn, StoreResult, Tx, grants::one};

/// A notice to be written.
#[derive(Debug, Clone)]
pub struct NewNotice {
    /// Its id.
    pub id: NoticeId,
    /// Who is told.
    pub recipient: IdentityId,
    /// What kind of notice.
    pub kind: &'static str,
    /// What it is about: the same thing isn't told twice.
    pub about: Uuid,
    /// The subject line.
    pub subject: String,
    /// The text.
    pub body: String,
}

/// A notice as stored.
#[derive(Debug, Clone, FromRow)]
pub struct NoticeRow {
    /// Its id.
    pub id: Uuid,
    /// Who is told.
    pub recipient_id: Uuid,
    /// What kind of notice.
    pub kind: String,
    /// What it is about.
    pub about_id: Uuid,
    /// The subject line.
    pub subject: String,
    /// The text; the portal's address is still to be put in.
    pub body: String,
    /// When it was written.
    pub created_at: Instant,
    /// `due`, `sent`, `failed` or `kept`.
    pub state: String,
    /// When to try (again).
    pub due_at: Option<Instant>,
    /// How often it was tried.
    pub attempts: i64,
    /// When the mail server took it.
    pub sent_at: Option<Instant>,
    /// Why it isn't sent, in words.
    pub last_error: String,
}

/// Writes a notice, due now. Tells whether it was new.
///
/// # Errors
/// When the database fails.
pub async fn queue(tx: &mut Tx, n: &NewNotice) -> StoreResult<bool> {
    let now = tx.now();
    Ok(exec!(
        tx,
        "insert into notice (id, recipient_id, kind, about_id, subject, body, created_at, state, due_at, attempts, last_error)
         values ($1, $2, $3, $4, $5, $6, $7, 'due', $7, 0, '') on conflict (recipient_id, kind, about_id) do nothing",
        n.id.0,
        n.recipient.0,
        n.kind,
        n.about,
        &n.subject,
        &n.body,
        now
    )? == 1)
}

/// Due notices that nobody is sending, the longest due first, at most `limit`.
///
/// # Errors
/// When the database fails.
pub async fn due(c: &mut impl AsConn, now: Instant, limit: i64) -> StoreResult<Vec<NoticeId>> {
    let all = rows!(
        c,
        (Uuid,),
        "select id from notice where due_at <= $1 and (lease_until is null or lease_until < $1) order by due_at, id limit $2",
        now,
        limit
    )?;
    Ok(all.into_iter().map(|(id,)| NoticeId(id)).collect())
}

/// Takes a notice until `until`, if it is due and nobody else has it (bookkeeping).
///
/// # Errors
/// When the database fails.
pub async fn claim(tx: &mut Tx, id: NoticeId, lease: LeaseId, until: Instant) -> StoreResult<Option<NoticeRow>> {
    let now = tx.now();
    row!(
        tx,
        NoticeRow,
        "update notice set lease_id = $1, lease_until = $2
         where id = $3 and due_at <= $4 and (lease_until is null or lease_until < $4)
         returning id, recipient_id, kind, about_id, subject, body, created_at, state, due_at, attempts, sent_at, last_error",
        lease.0,
        until,
        id.0,
        now
    )
}

/// How trying to send a notice ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sending {
    /// The mail server took it.
    Sent,
    /// Not now: tried again at this instant, for this reason.
    Later(Instant, String),
    /// Given up, for this reason.
    Failed(String),
    /// Not sent at all, for this reason; it can be read in the portal.
    Kept(String),
    /// Its recipient wants it in their digest, which goes out at this instant.
    Waits(Instant),
}

/// Saves how trying to send a notice ended, and gives it back (bookkeeping).
///
/// # Errors
/// `Conflict` when the lease isn't the one any more.
pub async fn save(tx: &mut Tx, id: NoticeId, lease: LeaseId, sending: &Sending) -> StoreResult<()> {
    let now = tx.now();
    let (state, due_at, sent_at, why) = match sending {
        Sending::Sent => ("sent", None, Some(now), ""),
        Sending::Later(at, why) => ("due", Some(*at), None, why.as_str()),
        Sending::Failed(why) => ("failed", None, None, why.as_str()),
        Sending::Kept(why) => ("kept", None, None, why.as_str()),
        Sending::Waits(_) => ("waiting", None, None, ""),
    };
    let digest_at = if let Sending::Waits(at) = sending { Some(*at) } else { None };
    let tried = i64::from(!matches!(sending, Sending::Kept(_) | Sending::Waits(_)));
    let n = exec!(
        tx,
        "update notice set state = $1, due_at = $2, sent_at = $3, last_error = $4, attempts = attempts + $5, digest_at = $6, lease_id = null, lease_until = null
         where id = $7 and lease_id = $8",
        state,
        due_at,
        sent_at,
        why,
        tried,
        digest_at,
        id.0,
        lease.0
    )?;
    one(n, "the notice")
}

/// The portal's log of notices, newest first, at most `limit`, older than `before`.
///
/// # Errors
/// When the database fails.
pub async fn log(c: &mut impl AsConn, before: Option<NoticeId>, limit: i64) -> StoreResult<Vec<NoticeRow>> {
    let before = before.map_or(Uuid::max(), |n| n.0);
    rows!(
        c,
        NoticeRow,
        "select id, recipient_id, kind, about_id, subject, body, created_at, state, due_at, attempts, sent_at, last_error
         from notice where id < $1 order by id desc limit $2",
        before,
        limit
    )
}
