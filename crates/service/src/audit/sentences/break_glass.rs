//! What happened about access that was taken in an emergency, in words.

use latchkey_domain::{break_glass::Needed, event::EventBody};

use super::{Draft, Piece, words};

/// The sentence of such an event.
pub(super) fn break_glass<'a>(d: Draft<'a>, body: &EventBody) -> Draft<'a> {
    match body {
        EventBody::BreakGlassTaken { identity, role, item, due_at, told, .. } => {
            let d = d.person(*identity).text(" took ").role(*role).text(" in an emergency");
            let d = match item {
                Some(item) => d.text(", while ").piece(Piece::RequestOf(*item)).text(" waited"),
                None => d,
            };
            d.text(format!(
                "; {} told at once, and the review is due ",
                words::count(told.len(), "person was", "people were")
            ))
            .piece(Piece::Time(*due_at))
            .session()
        }
        EventBody::BreakGlassRefused { identity, role, code } => d
            .person(*identity)
            .text(" tried to take ")
            .role(*role)
            .text(format!(" in an emergency, and Latchkey refused: {}", words::emergency_refusal(code))),
        EventBody::BreakGlassReported { identity, role, .. } => {
            d.person(*identity).text(" said what they did with ").role(*role).text(", taken in an emergency")
        }
        EventBody::BreakGlassReviewOverdue { identity, role, .. } => d
            .text("Nobody reviewed in time what ")
            .person(*identity)
            .text(" did with ")
            .role(*role)
            .text(", taken in an emergency"),
        EventBody::BreakGlassReviewed { identity, role, needed, .. } => {
            let d = d.actor().text(" reviewed what ").person(*identity).text(" did with ").role(*role);
            d.text(match needed {
                Needed::Yes => ": it was needed",
                Needed::Partly => ": less would have done",
                Needed::No => ": it was not needed",
            })
            .session()
        }
        _ => d,
    }
}
