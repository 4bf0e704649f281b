//! Sends the notices that changes left behind.
//!
//! A notice is taken by lease, sent outside any transaction, and its outcome is saved. A mail server that doesn't take it
//! now is asked again after a pause that grows to an hour; after three days the notice is given up with the reason. A
//! notice can be sent twice when a crash comes between the server's yes and the saving of it: its `Message-ID` is the same
//! then, and mail programs show it once. Without a mail server, notices are kept for the portal's log.
//!
//! How its recipient wants to be told of its kind is looked at when a notice would be sent: at once; in their digest, for
//! which it waits from then on; or not by e-mail.

pub(crate) mod digest;
mod html;
mod smtp;

use std::sync::Arc;

use async_trait::async_trait;
use chrono::TimeDelta;
use latchkey_domain::{IdentityId, Instant, LeaseId, NoticeId, identity::Status};
use latchkey_service::{
    notice_preferences::Preferences,
    notices::{
        BASE,
        digest::{KIND, next},
        kinds::{Choice, Group},
    },
};
use latchkey_store::{
    StoreError, identities,
    notices::{self, NoticeRow, Sending},
};

pub use smtp::{SmtpMailer, SmtpSettings, SmtpTls};

use crate::{Result, shared::Shared};

/// How many notices are listed at once.
const BATCH: i64 = 50;
/// How long a notice is taken for; sending takes at most half of it.
pub(crate) const LEASE: TimeDelta = TimeDelta::seconds(120);
/// For how long sending is tried.
pub(crate) const GIVE_UP: TimeDelta = TimeDelta::days(3);
/// The longest pause between two tries.
const LONGEST_PAUSE: TimeDelta = TimeDelta::hours(1);

/// A message as it is to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// Which notice it is; the same for every try.
    pub id: NoticeId,
    /// The recipient's name.
    pub name: String,
    /// The recipient's address.
    pub address: String,
    /// The subject, one line.
    pub subject: String,
    /// The text, with the portal's address in its links.
    pub body: String,
    /// The portal's address, without a slash at the end: its links are shown as buttons.
    pub portal: String,
    /// When the notice was written.
    pub written_at: Instant,
}

/// Why a message isn't sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MailError {
    /// It may work later.
    #[error("{0}")]
    Later(String),
    /// It never will: an address that the server refuses for good.
    #[error("{0}")]
    Never(String),
}

/// Sends messages.
#[async_trait]
pub trait Mailer: Send + Sync {
    /// Hands one message over.
    ///
    /// # Errors
    /// With the reason in words, without secrets.
    async fn send(&self, delivery: &Delivery) -> std::result::Result<(), MailError>;
}

/// What came of a pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct OutboxPass {
    /// The mail server took these.
    pub sent: usize,
    /// These are tried again.
    pub later: usize,
    /// These were given up, or refused for good.
    pub failed: usize,
    /// These are only kept for the portal's log.
    pub kept: usize,
    /// These wait for their recipients' digests.
    pub waiting: usize,
}

impl OutboxPass {
    pub(crate) fn is_full(self) -> bool {
        self.sent + self.later + self.failed + self.kept + self.waiting >= usize::try_from(BATCH).unwrap_or(usize::MAX)
    }
}

/// Sends what is due.
pub(crate) async fn pass(shared: &Shared) -> Result<OutboxPass> {
    let due = notices::due(&mut shared.db.read().await?, shared.now(), BATCH).await?;
    let mut done = OutboxPass::default();
    for id in due {
        if shared.stop.is_set() {
            break;
        }
        match one(shared, id).await? {
            Some(Sending::Sent) => done.sent += 1,
            Some(Sending::Later(..)) => done.later += 1,
            Some(Sending::Failed(_)) => done.failed += 1,
            Some(Sending::Kept(_)) => done.kept += 1,
            Some(Sending::Waits(_)) => done.waiting += 1,
            None => {}
        }
    }
    if done.sent > 0 || done.later > 0 || done.failed > 0 {
        tracing::info!(
            sent = done.sent,
            later = done.later,
            failed = done.failed,
            "the mail server took {} notices; {} are tried again, {} were given up",
            done.sent,
            done.later,
            done.failed
        );
    }
    Ok(done)
}

/// Takes, sends and saves one notice; nothing when somebody else has it.
async fn one(shared: &Shared, id: NoticeId) -> Result<Option<Sending>> {
    let mut tx = shared.db.begin(shared.now()).await?;
    let lease = LeaseId::new(tx.now());
    let until = tx.now() + LEASE;
    let Some(notice) = notices::claim(&mut tx, id, lease, until).await? else { return Ok(None) };
    let recipient = IdentityId(notice.recipient_id);
    let person = identities::person(&mut tx, recipient).await?;
    let choice = match notice.kind.as_str() {
        KIND => Choice::AtOnce,
        kind => Preferences::of(&mut tx, recipient).await?.choice(Group::of(kind)),
    };
    tx.commit_bookkeeping().await?;

    let sending = match (&shared.mailer, person) {
        (None, _) => Sending::Kept("No mail server is set: the notice can be read here.".to_owned()),
        // Looked at now, and not when the notice was written: whoever left meanwhile isn't told.
        (Some(_), Some(p)) if p.status == Status::Terminated => Sending::Kept("Its recipient has left.".to_owned()),
        (Some(_), None) => Sending::Kept("Its recipient has no e-mail address.".to_owned()),
        (Some(_), Some(p)) if p.email.is_empty() => Sending::Kept("Its recipient has no e-mail address.".to_owned()),
        (Some(_), Some(_)) if choice == Choice::Off => {
            Sending::Kept("Its recipient chose not to be told of this by e-mail.".to_owned())
        }
        (Some(_), Some(p)) if choice == Choice::Digest => {
            Sending::Waits(next(shared.now(), p.time_zone.as_deref(), &shared.settings.zone))
        }
        (Some(mailer), Some(p)) => {
            let delivery = Delivery {
                id,
                name: p.display_name,
                address: p.email,
                subject: one_line(&notice.subject),
                body: notice.body.replace(BASE, &shared.settings.public_url),
                portal: shared.settings.public_url.clone(),
                written_at: notice.created_at,
            };
            outcome(shared, mailer, &notice, &delivery).await
        }
    };
    let mut tx = shared.db.begin(shared.now()).await?;
    match notices::save(&mut tx, id, lease, &sending).await {
        Ok(()) => tx.commit_bookkeeping().await?,
        Err(StoreError::Conflict { .. }) => {
            tracing::warn!(notice = %id, "sending a notice took longer than its lease: somebody else sends it too");
            return Ok(None);
        }
        Err(other) => return Err(other.into()),
    }
    Ok(Some(sending))
}

async fn outcome(shared: &Shared, mailer: &Arc<dyn Mailer>, notice: &NoticeRow, delivery: &Delivery) -> Sending {
    match mailer.send(delivery).await {
        Ok(()) => Sending::Sent,
        Err(MailError::Never(why)) => {
            tracing::warn!(notice = %delivery.id, "the mail server refused a notice for good: {why}");
            Sending::Failed(why)
        }
        Err(MailError::Later(why)) => {
            let now = shared.now();
            if now - notice.created_at >= GIVE_UP {
                tracing::warn!(notice = %delivery.id, "a notice was given up after three days: {why}");
                return Sending::Failed(format!("Given up after three days: {why}"));
            }
            Sending::Later(now + pause(notice.attempts + 1), why)
        }
    }
}

/// Half a minute, doubled by each try up to an hour, spread by up to a fifth.
pub(crate) fn pause(attempts: i64) -> TimeDelta {
    let doublings = u32::try_from(attempts.clamp(1, 12) - 1).unwrap_or(0);
    let base = (30_000_i64 << doublings).min(LONGEST_PAUSE.num_milliseconds());
    TimeDelta::milliseconds(base + rand::random_range(0..=base / 5))
}

/// A subject is one line: whatever would begin another one becomes a blank.
fn one_line(text: &str) -> String {
    latchkey_connectors::words::one_line(text, 200)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_stay_bounded() {
        assert!(pause(1) >= TimeDelta::seconds(30) && pause(1) <= TimeDelta::seconds(36));
        assert!(pause(3) >= TimeDelta::seconds(120));
        assert!(pause(i64::MAX) <= LONGEST_PAUSE + LONGEST_PAUSE / 5);
    }

    #[test]
    fn a_subject_is_one_line() {
        assert_eq!(one_line("Payroll\r\nBcc: all@example.test"), "Payroll Bcc: all@example.test");
    }
}
