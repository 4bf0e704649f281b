//! What was written about items, as pages show it.

use latchkey_domain::{IdentityId, item::MessageSide};
use latchkey_store::{messages::MessageRow, request_reads::ItemLineRow};
use uuid::Uuid;

use super::words;
use crate::{
    components::{PersonRef, plural},
    pages::parts::{Thread, ThreadForm, ThreadMessage, Writing},
    web::Draft,
};

/// The messages of one item, with what waits for an answer; `id` names the element. The writing is the caller's matter.
pub(super) fn of(rows: &[MessageRow], item: Uuid, me: IdentityId, id: String) -> Thread {
    let mine: Vec<&MessageRow> = rows.iter().filter(|m| m.item_id == item).collect();
    Thread {
        id,
        waits: waits(&mine),
        messages: mine
            .iter()
            .map(|m| ThreadMessage {
                by: if m.author_id == me.0 { you() } else { words::person(m.author_id, &m.author_name) },
                at: m.created_at,
                text: m.body.clone(),
            })
            .collect(),
        writing: Writing::No,
    }
}

fn you() -> PersonRef {
    PersonRef { name: "You".to_owned(), href: None, detail: None }
}

/// The questions at the end that nobody who asked has answered yet.
fn waits(messages: &[&MessageRow]) -> Option<String> {
    let unanswered = messages.iter().rev().take_while(|m| m.side == MessageSide::Decider).count();
    (unanswered > 0).then(|| plural(i64::try_from(unanswered).unwrap_or(0), "unanswered question"))
}

/// The box for the next message.
pub(super) fn form(item: &ItemLineRow, from: &'static str, label: &str, draft: Option<&Draft>) -> Writing {
    Writing::Here(ThreadForm {
        item_id: item.id.to_string(),
        request_id: item.request_id.to_string(),
        from,
        label: label.to_owned(),
        value: draft.map(|d| d.value("message")).unwrap_or_default(),
        errors: draft.map(|d| d.errors(&["message"])).unwrap_or_default(),
    })
}
