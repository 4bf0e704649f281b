//! Actions of a request that aren't everybody's: possible, or shown with the rule that says no and who could do it. The
//! functions that refuse them say whether.

use latchkey_domain::portal_role::PortalRole;
use latchkey_policy::not_ones_own;
use latchkey_service::{Refusal, add_approver, end_grant, end_grant::Right, hand_over, withdraw_item};
use latchkey_store::{
    grants::GrantRow,
    request_reads::{ItemLineRow, NamedDecisionRow},
};

use super::Reading;
use crate::{components::NotNow, pages::request::ItemActions};

fn no(label: &str, refusal: &Refusal) -> NotNow {
    NotNow::new(label, format!("{} {}", refusal.why, refusal.help))
}

/// Whoever would decide, were it not their own: they own the role, asked for somebody else, or look after security.
pub(super) fn decide(reading: &Reading<'_>, item: &ItemLineRow, actions: &mut ItemActions) {
    let person = &reading.signed.person;
    let would = reading.owns(item)
        || (item.requester_id == reading.me.0 && item.beneficiary_id != reading.me.0)
        || person.has(PortalRole::Security);
    if let Err(why) = not_ones_own(&reading.me.0, &item.requester_id, &item.beneficiary_id)
        && would
    {
        actions.not_now.push(NotNow::new("Decide", why));
    }
}

/// Who gives the decision to somebody else: those who are asked. Whoever decided a step before, owns the role or looks after
/// security may look for it.
pub(super) fn hand_over(reading: &Reading<'_>, item: &ItemLineRow, asked: bool, mine: bool, actions: &mut ItemActions) {
    let person = &reading.signed.person;
    let decided = |d: &NamedDecisionRow| d.item_id == item.id && d.identity_id == reading.me.0;
    let looks =
        reading.owns(item) || person.has(PortalRole::Security) || reading.whole.around.decisions.iter().any(decided);
    if asked {
        actions.hand_over = Some(format!("/approvals/hand-over/{}", item.id));
    } else if looks && !mine {
        // Their own is told with the decision itself.
        actions.not_now.push(no("Hand it over", &hand_over::no_seat()));
    }
}

/// Who says who else decides.
pub(super) fn add_approver(reading: &Reading<'_>, item: &ItemLineRow, mine: bool, actions: &mut ItemActions) {
    let may = reading.owns(item) || reading.signed.person.has(PortalRole::Administrator);
    match add_approver::possible(may, mine) {
        Ok(()) => actions.add_approver = Some(format!("/requests/{}/approvers/{}", item.request_id, item.id)),
        // Whoever only decides, or reads along, doesn't expect it.
        Err(refusal) if mine => actions.not_now.push(no("Change who decides", &refusal)),
        Err(_) => {}
    }
}

/// What was approved can't be taken back by whoever asked.
pub(super) fn withdraw(item: &ItemLineRow, actions: &mut ItemActions) {
    if let Err(refusal) = withdraw_item::possible(item.state) {
        actions.not_now.push(no("Withdraw", &refusal));
    }
}

/// The page on which the reader ends somebody's access before its time, and what that is called.
pub(super) fn end(reading: &Reading<'_>, item: &ItemLineRow, grant: &GrantRow, actions: &mut ItemActions) {
    let approved =
        |d: &NamedDecisionRow| d.item_id == item.id && d.identity_id == reading.me.0 && d.verdict == "approve";
    let right = if reading.whole.around.decisions.iter().any(approved) {
        Some(Right::Approver)
    } else if reading.owns(item) {
        Some(Right::Owner)
    } else {
        reading.signed.person.has(PortalRole::Security).then_some(Right::Security)
    };
    let href = format!("/access/{}/end", grant.id);
    match end_grant::possible(item.beneficiary_id == reading.me.0, right) {
        Ok(Right::Approver) => actions.end = Some((href, "Take back your approval".to_owned())),
        Ok(Right::Owner | Right::Security | Right::Reviewer) => {
            actions.end = Some((href, "End this access".to_owned()))
        }
        Err(refusal) => actions.not_now.push(no("End this access", &refusal)),
    }
}
