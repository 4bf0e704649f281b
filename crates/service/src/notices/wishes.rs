//! What people are told about wishes in words: those who answer, whoever should own a new role, and the wisher.

use latchkey_domain::{IdentityId, RoleId, WishId, id::new_uuid};
use latchkey_store::{Tx, wishes::WishRow};

use super::{
    queue,
    words::{BASE, Words},
};
use crate::ServiceResult;

/// How much of a wish a notice quotes, in characters.
const QUOTED: usize = 300;

fn link(wish: WishId) -> String {
    format!("{BASE}/wishes/{wish}")
}

fn quoted(words: &str) -> String {
    let short: String = words.chars().take(QUOTED).collect();
    if short.len() < words.len() { format!("{short}\u{2026}") } else { short }
}

fn remark(who: &str, words: &str) -> String {
    if words.is_empty() { String::new() } else { format!("\n{who} wrote: {words}\n") }
}

/// A wish waits for the reader's answer.
pub(crate) async fn asked(tx: &mut Tx, to: IdentityId, wish: WishId, wisher: &str, words: &str) -> ServiceResult<()> {
    let (quote, link) = (quoted(words), link(wish));
    let words = Words {
        subject: format!("{wisher} wishes for something that isn\u{2019}t in the catalog"),
        body: format!(
            "{wisher} wrote: {quote}\n\nAnswer with a role, with a new role, or with a refusal:\n{link}\n\nEvery wish that waits for you:\n{BASE}/wishes\n"
        ),
    };
    // It may come back to them after a new role was declined: that is news again.
    let about = new_uuid(tx.now());
    queue(tx, to, "wish_asked", about, words).await
}

/// A wish still waits for the reader, and the time to answer it has passed.
pub(crate) async fn still_waits(tx: &mut Tx, to: IdentityId, wish: &WishRow) -> ServiceResult<()> {
    let (quote, link) = (quoted(&wish.words), link(wish.id()));
    let words = Words {
        subject: format!("A wish of {} should have been answered by now", wish.wisher_name),
        body: format!("{} wrote: {quote}\n\nIt still waits for an answer:\n{link}\n", wish.wisher_name),
    };
    queue(tx, to, "wish_overdue", wish.id, words).await
}

/// There is a role for the reader's wish.
pub(crate) async fn role(tx: &mut Tx, wish: &WishRow, role: RoleId, name: &str, words: &str) -> ServiceResult<()> {
    let (quote, link) = (quoted(&wish.words), link(wish.id()));
    let said = remark("They", words);
    let words = Words {
        subject: format!("{name} is for what you wished for"),
        body: format!(
            "You wrote: {quote}\n\n{name} is the role for that.\n{said}\nPut it into your cart from here:\n{link}\n\nWhat it gives, and who decides:\n{BASE}/roles/{role}\n"
        ),
    };
    queue(tx, wish.wisher(), "wish_answered", wish.id, words).await
}

/// The reader should own a new role.
pub(crate) async fn proposed(tx: &mut Tx, to: IdentityId, wish: &WishRow, name: &str) -> ServiceResult<()> {
    let (quote, link) = (quoted(&wish.words), link(wish.id()));
    let words = Words {
        subject: format!("Would you own a new role: {name}?"),
        body: format!(
            "{} wrote: {quote}\n\nA new role is proposed for that, {name}, and you to own it. Say yes or no before {} is told:\n{link}\n",
            wish.wisher_name, wish.wisher_name
        ),
    };
    let about = new_uuid(tx.now());
    queue(tx, to, "wish_proposed", about, words).await
}

/// The role that was proposed needs another owner, or another answer.
pub(crate) async fn declined(
    tx: &mut Tx,
    to: IdentityId,
    wish: &WishRow,
    owner: &str,
    words: &str,
) -> ServiceResult<()> {
    let link = link(wish.id());
    let said = remark(owner, words);
    let words = Words {
        subject: format!("{owner} does not own the new role for {}", wish.wisher_name),
        body: format!("{owner} said no to the new role.\n{said}\nThe wish waits for another answer:\n{link}\n"),
    };
    let about = new_uuid(tx.now());
    queue(tx, to, "wish_declined", about, words).await
}

/// A new role is being made for the reader.
pub(crate) async fn coming(tx: &mut Tx, wish: &WishRow, name: &str, owner: &str, words: &str) -> ServiceResult<()> {
    let (quote, link) = (quoted(&wish.words), link(wish.id()));
    let said = remark(owner, words);
    let words = Words {
        subject: format!("A role for what you wished for is being made: {name}"),
        body: format!(
            "You wrote: {quote}\n\nThere will be a new role, {name}, and {owner} will own it.\n{said}\nYou hear again once it is in the catalog. Where it stands:\n{link}\n"
        ),
    };
    queue(tx, wish.wisher(), "wish_coming", wish.id, words).await
}

/// The reader's wish was refused.
pub(crate) async fn refused(tx: &mut Tx, wish: &WishRow, reason: &str) -> ServiceResult<()> {
    let (quote, link) = (quoted(&wish.words), link(wish.id()));
    let words = Words {
        subject: "Your wish was refused".to_owned(),
        body: format!("You wrote: {quote}\n\nThey wrote: {reason}\n\nWhere it stands:\n{link}\n"),
    };
    queue(tx, wish.wisher(), "wish_refused", wish.id, words).await
}
