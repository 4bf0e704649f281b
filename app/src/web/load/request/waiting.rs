//! What those who wait may do about a decision that takes long: nudge, and move it on. Both are there from the beginning,
//! with the moment from which they are possible.

use latchkey_domain::item::StageState;
use latchkey_service::patience::{TooEarly, Waiting};
use latchkey_store::request_reads::ItemLineRow;

use super::{Reading, steps};
use crate::{
    components::{NotNow, Sentence, Told},
    pages::request::ItemActions,
};

/// Adds both to the actions of somebody who waits for this item.
pub(super) fn add(reading: &Reading<'_>, item: &ItemLineRow, actions: &mut ItemActions) {
    let mut stages = reading.whole.stages.iter();
    let Some(stage) = stages.find(|s| s.item_id == item.id && s.state == StageState::Open) else { return };
    let rule = steps::rule(stage);
    let deadline = rule.as_ref().and_then(|rule| rule.deadline.as_ref());
    let Some(waiting) = Waiting::of_line(stage, deadline) else { return };
    match waiting.may_nudge(reading.now) {
        Ok(()) => {
            actions.nudge = Some(vec![("item_id", item.id.to_string()), ("request_id", item.request_id.to_string())]);
        }
        Err(early) => actions.not_now.push(NotNow::new("Nudge them", too_early(&early, "You can nudge from "))),
    }
    match waiting.may_move(reading.now) {
        Ok(()) => actions.move_on = Some(format!("/requests/{}/move/{}", item.request_id, item.id)),
        Err(early) => actions.not_now.push(NotNow::new("Move it on", too_early(&early, "You can move it on from "))),
    }
}

fn too_early(early: &TooEarly, from: &str) -> Sentence {
    Sentence::of(format!("{} {from}", early.why)).moment(early.from, Told::Full).text(".")
}
