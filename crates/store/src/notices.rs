//! The outbox: what people are to be told, and how far telling them has come.

use latchkey_domain::{IdentityId, NoticeId};
use uuid::Uuid;

use crate::{StoreResult, Tx};

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
