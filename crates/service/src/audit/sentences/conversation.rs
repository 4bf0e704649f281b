//! Messages about an item, and approvers who take or give a seat, in words.

use latchkey_domain::{IdentityId, event::EventBody, item::MessageSide};

use super::{Draft, Piece, words};

pub(super) fn conversation<'a>(d: Draft<'a>, body: &EventBody) -> Draft<'a> {
    match body {
        EventBody::MessageWritten { item, role, beneficiary, side, .. } => {
            let as_what = match side {
                MessageSide::Asker => " wrote to those who decide about ",
                MessageSide::Decider => " wrote to those who asked for ",
            };
            let d = d.actor().text(as_what).role(*role).text(" for ").person(*beneficiary);
            d.text(", in ").piece(Piece::RequestOf(*item))
        }
        EventBody::ItemShortened { role, beneficiary, from, to, .. } => {
            let (from, to) = (words::duration(*from), words::duration(*to));
            let d = d.actor().text(" shortened ").role(*role).text(" for ").person(*beneficiary);
            d.text(format!(" from {from} to {to}")).session()
        }
        EventBody::ItemHandedOver { item, from, to, .. } => {
            let d = d.person(*from).text(" handed the decision on ").piece(Piece::RoleOf(*item)).text(" for ");
            let d = d.piece(Piece::BeneficiaryOf(*item)).text(" to ").person(*to);
            d.text(", in ").piece(Piece::RequestOf(*item)).session()
        }
        EventBody::StageNudged { item, role, beneficiary, .. } => {
            let d = d.actor().text(" nudged those who decide on ").role(*role).text(" for ").person(*beneficiary);
            d.text(", in ").piece(Piece::RequestOf(*item))
        }
        EventBody::StageMovedOn { item, role, beneficiary, to, instead_of, .. } => {
            let d = d.actor().text(" moved the decision on ").role(*role).text(" for ").person(*beneficiary);
            let d = people(d.text(" on to "), to);
            let d = if instead_of.is_empty() { d } else { people(d.text(", in the place of "), instead_of) };
            d.text(", in ").piece(Piece::RequestOf(*item)).session()
        }
        EventBody::ApproverAdded { item, approver, instead_of, .. } => {
            let d = d.actor().text(" put ").person(*approver);
            let d = match instead_of {
                Some(before) => d.text(" in the place of ").person(*before).text(" to decide on "),
                None => d.text(" among those who decide on "),
            };
            let d = d.piece(Piece::RoleOf(*item)).text(" for ").piece(Piece::BeneficiaryOf(*item));
            d.text(", in ").piece(Piece::RequestOf(*item)).session()
        }
        _ => d,
    }
}

/// `Ann Berg, Bo Dahl and Cy Falk`.
fn people<'a>(mut d: Draft<'a>, all: &[IdentityId]) -> Draft<'a> {
    for (n, who) in all.iter().enumerate() {
        d = match n {
            0 => d,
            n if n + 1 == all.len() => d.text(" and "),
            _ => d.text(", "),
        };
        d = d.person(*who);
    }
    d
}
