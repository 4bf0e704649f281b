//! What people are told about access that somebody took in an emergency, and about its review.

use latchkey_domain::{BreakGlassReviewId, IdentityId, Instant, break_glass::Needed};
use latchkey_store::{Tx, break_glass::ReviewRow};

use super::{
    queue,
    words::{BASE, Words, when},
};
use crate::ServiceResult;

/// The zone in which the days of a review are told: that of no reader in particular.
const ZONE: &str = "UTC";

fn page(review: BreakGlassReviewId) -> String {
    format!("{BASE}/break-glass/{review}")
}

/// Somebody took a role. `review_by` is there for those who can review it.
#[expect(clippy::too_many_arguments, reason = "who, what, why and until when, by name")]
pub(crate) async fn taken(
    tx: &mut Tx,
    to: IdentityId,
    review: BreakGlassReviewId,
    taker: &str,
    role: &str,
    reason: &str,
    (ends_at, zone): (Instant, &str),
    review_by: Option<Instant>,
) -> ServiceResult<()> {
    let (_, exactly) = when(ends_at, zone);
    let page = page(review);
    let next = match review_by {
        Some(due) => {
            let (_, due) = when(due, zone);
            format!(
                "You can end it at once, and you can review it afterwards: what was done, and was it needed? That is due {due}.\n{page}"
            )
        }
        None => format!("You would have decided on a request for it. What it gives, and what becomes of it:\n{page}"),
    };
    let words = Words {
        subject: format!("{taker} took {role} in an emergency"),
        body: format!(
            "{taker} took {role} in an emergency. Nobody decided on it beforehand. It ends by itself {exactly}.\n\nThey wrote: {reason}\n\n{next}\n"
        ),
    };
    queue(tx, to, "break_glass_taken", review.0, words).await
}

/// The reader took a role: what is expected of them.
pub(crate) async fn yours(
    tx: &mut Tx,
    to: IdentityId,
    review: BreakGlassReviewId,
    role: &str,
    (ends_at, zone): (Instant, &str),
    due_at: Instant,
) -> ServiceResult<()> {
    let (_, exactly) = when(ends_at, zone);
    let (_, due) = when(due_at, zone);
    let page = page(review);
    let words = Words {
        subject: format!("You took {role}: say what you did with it"),
        body: format!(
            "You took {role} in an emergency. It ends by itself {exactly}. If you are done before, give it back.\n\nSay here what you did, while you remember it:\n{page}\n\nSomebody else reviews it, and that is due {due}. While a review is overdue, you can't take anything else.\n"
        ),
    };
    queue(tx, to, "break_glass_yours", review.0, words).await
}

/// Nobody has reviewed it in time. `own` is true for whoever took it.
pub(crate) async fn overdue(tx: &mut Tx, to: IdentityId, row: &ReviewRow, own: bool) -> ServiceResult<()> {
    let (taker, role) = (&row.identity_name, &row.role_name);
    let (_, due) = when(row.due_at, ZONE);
    let page = page(row.id());
    let words = if own {
        Words {
            subject: format!("The review of {role}, which you took, is overdue"),
            body: format!(
                "You took {role} in an emergency, and nobody has reviewed it yet. That was due {due}.\n\nUntil somebody has, you can't take anything else. The page says who can review it:\n{page}\n"
            ),
        }
    } else {
        Words {
            subject: format!("Overdue: the review of {role}, which {taker} took"),
            body: format!(
                "{taker} took {role} in an emergency, and nobody has reviewed it yet. That was due {due}.\n\nWhat was done, and was it needed? What the systems report of that time is here, too:\n{page}\n"
            ),
        }
    };
    queue(tx, to, "break_glass_overdue", row.id, words).await
}

/// Somebody reviewed what the reader took.
pub(crate) async fn reviewed(
    tx: &mut Tx,
    row: &ReviewRow,
    by: &str,
    needed: Needed,
    findings: &str,
    follow_up: &str,
) -> ServiceResult<()> {
    let role = &row.role_name;
    let answer = match needed {
        Needed::Yes => "It was needed",
        Needed::Partly => "Less would have done",
        Needed::No => "It was not needed",
    };
    let follows = if follow_up.is_empty() { String::new() } else { format!("\nWhat follows: {follow_up}\n") };
    let page = page(row.id());
    let words = Words {
        subject: format!("{by} reviewed {role}, which you took"),
        body: format!(
            "{by} reviewed {role}, which you took in an emergency.\n\n{answer}, they say. They wrote: {findings}\n{follows}\nAll of it is here:\n{page}\n"
        ),
    };
    queue(tx, row.identity(), "break_glass_reviewed", row.id, words).await
}
