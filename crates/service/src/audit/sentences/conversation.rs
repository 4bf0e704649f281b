//! Messages about an item, and approvers who take or give a seat, in words.

use latchkey_domain::{event::EventBody, item::MessageSide};

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
