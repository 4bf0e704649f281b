//! Wishes in words, and what became of them.

use latchkey_domain::{IdentityId, event::EventBody};

use super::{Draft, words};

/// Whether it is about somebody's wish: then what stands beside it is what people wrote.
pub(super) const fn is_about_one(body: &EventBody) -> bool {
    matches!(
        body,
        EventBody::WishAnswered { .. }
            | EventBody::WishRoleProposed { .. }
            | EventBody::WishProposalDecided { .. }
            | EventBody::WishRefused { .. }
    )
}

/// The sentence of such an event.
pub(super) fn wishes<'a>(d: Draft<'a>, body: &EventBody) -> Draft<'a> {
    match body {
        EventBody::WishRuleApplied { approvers, within, .. } => {
            let within = if within.is_empty() { String::new() } else { format!(", within {within}") };
            d.actor().text(format!(" said who answers wishes in words: {}{within}", approvers.join(" or ")))
        }
        EventBody::WishRuleRetired {} => d.actor().text(" said that nobody answers wishes in words any more"),
        EventBody::WishMade { reference, wisher, .. } => {
            d.person(*wisher).text(format!(" wished for something that isn\u{2019}t in the catalog, in {reference}"))
        }
        EventBody::WishWaits { wisher, approvers, .. } if approvers.is_empty() => {
            d.text("The wish of ").person(*wisher).text(" waits for nobody any more")
        }
        EventBody::WishWaits { wisher, approvers, .. } => {
            let mut d = d.text("The wish of ").person(*wisher).text(" waits for ");
            for (n, approver) in approvers.iter().enumerate() {
                if n > 0 {
                    d = d.text(if n + 1 == approvers.len() { " or " } else { ", " });
                }
                let because = match approver.because.as_str() {
                    crate::wishes::PROPOSED_OWNER => "who should own the new role".to_owned(),
                    other => words::because(other),
                };
                d = d.person(approver.identity).text(format!(" ({because})"));
            }
            d
        }
        EventBody::WishAnswered { wisher, role, on_behalf_of, .. } => {
            let d = behalf(d.actor(), *on_behalf_of).text(" answered the wish of ").person(*wisher);
            d.text(" with ").role(*role).session()
        }
        EventBody::WishRoleProposed { wisher, owner, on_behalf_of, .. } => {
            let d = behalf(d.actor(), *on_behalf_of).text(" proposed a new role for the wish of ").person(*wisher);
            d.text(", to be owned by ").person(*owner).session()
        }
        EventBody::WishProposalDecided { wisher, owner, accepted, .. } => {
            let said = if *accepted { " agreed to own a new role" } else { " does not own a new role" };
            d.person(*owner).text(said).text(" for the wish of ").person(*wisher).session()
        }
        EventBody::WishRefused { wisher, on_behalf_of, .. } => {
            behalf(d.actor(), *on_behalf_of).text(" refused the wish of ").person(*wisher).session()
        }
        EventBody::WishWithdrawn { wisher, because, .. } if because == "left" => {
            d.text("The wish of ").person(*wisher).text(" ended: they left")
        }
        EventBody::WishWithdrawn { wisher, .. } => d.person(*wisher).text(" took back a wish"),
        EventBody::WishOverdue { wisher, .. } => {
            d.text("Nobody answered the wish of ").person(*wisher).text(" in time; those who answer were reminded")
        }
        _ => d,
    }
}

fn behalf(d: Draft<'_>, who: Option<IdentityId>) -> Draft<'_> {
    match who {
        Some(other) => d.text(", on behalf of ").person(other).text(","),
        None => d,
    }
}
