//! What people are told about access that a shift or a ticket opened and ended, and about sources that can't be reached.

use latchkey_domain::{GrantId, IdentityId, Instant};
use latchkey_store::Tx;
use uuid::Uuid;

use super::{
    queue,
    words::{BASE, Words, when},
};
use crate::ServiceResult;

/// A call opened a role for the reader. `by` is the source and the reference.
pub(crate) async fn opened(
    tx: &mut Tx,
    to: IdentityId,
    grant: GrantId,
    role: &str,
    by: &str,
    (ends_at, zone): (Instant, &str),
) -> ServiceResult<()> {
    let (_, exactly) = when(ends_at, zone);
    let words = Words {
        subject: format!("You have {role}: opened by {by}"),
        body: format!(
            "{by} opened {role} for you. It ends by itself {exactly}, or before when the shift or ticket is over.\n\nThe systems are being updated now. Your home page shows how far each is, and you can end it there at any moment:\n{BASE}/\n"
        ),
    };
    queue(tx, to, "call_in_opened", grant.0, words).await
}

/// A call opened a role of the reader's for somebody.
pub(crate) async fn opened_for(
    tx: &mut Tx,
    to: IdentityId,
    grant: GrantId,
    (role, holder): (&str, &str),
    by: &str,
    (ends_at, zone): (Instant, &str),
) -> ServiceResult<()> {
    let (_, exactly) = when(ends_at, zone);
    let words = Words {
        subject: format!("{holder} has {role}: opened by {by}"),
        body: format!(
            "{by} opened {role}, which you own, for {holder}. It ends by itself {exactly}, or before when the shift or ticket is over.\n\nIf that isn't right, you can end it now:\n{BASE}/access/{grant}/end\n"
        ),
    };
    queue(tx, to, "call_in_for", grant.0, words).await
}

/// The shift or ticket that the reader had a role for is over.
pub(crate) async fn ended(
    tx: &mut Tx,
    to: IdentityId,
    grant: GrantId,
    role: &str,
    (source, reference): (&str, &str),
) -> ServiceResult<()> {
    let words = Words {
        subject: format!("Your access to {role} has ended: {reference} is over"),
        body: format!(
            "{source} says that {reference} is over, and your access to {role} ended with it. What another role of yours gives, you keep.\n\nIf you still need it, ask for it in the catalog:\n{BASE}/catalog\n"
        ),
    };
    queue(tx, to, "call_in_ended", grant.0, words).await
}

/// The source that opened a role for the reader can't be reached, and the role ended.
pub(crate) async fn ended_silent(
    tx: &mut Tx,
    to: IdentityId,
    grant: GrantId,
    role: &str,
    source: &str,
    fallback: &str,
) -> ServiceResult<()> {
    let words = Words {
        subject: format!("Your access to {role} has ended: {source} can't be reached"),
        body: format!(
            "{source} opened {role} for you, and nothing was heard from it for too long. So that nobody keeps access that nobody looks after, yours has ended.\n\n{fallback}\n\nThe catalog is here:\n{BASE}/catalog\n"
        ),
    };
    queue(tx, to, "call_in_ended", grant.0, words).await
}

/// Nothing was heard from a source for too long: an administrator is told.
pub(crate) async fn silent(
    tx: &mut Tx,
    to: IdentityId,
    about: Uuid,
    source: &str,
    after: &str,
    ends: bool,
) -> ServiceResult<()> {
    let then = if ends { "What it opened ends now." } else { "What it opened stays to its own end." };
    let words = Words {
        subject: format!("{source} can't be reached"),
        body: format!(
            "Nothing was heard from {source} for {after}. {then}\n\nLook whether it still runs and reaches the portal. When it is heard again, it has to call in anew for shifts and tickets that go on.\n\nIts calls so far:\n{BASE}/admin/sources\n"
        ),
    };
    queue(tx, to, "call_source_silent", about, words).await
}

/// A silent source was heard again: an administrator is told.
pub(crate) async fn back(tx: &mut Tx, to: IdentityId, about: Uuid, source: &str) -> ServiceResult<()> {
    let words = Words {
        subject: format!("{source} is heard again"),
        body: format!("{source} is heard again, and its calls count.\n\nIts calls so far:\n{BASE}/admin/sources\n"),
    };
    queue(tx, to, "call_source_back", about, words).await
}
