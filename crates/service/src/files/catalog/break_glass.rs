//! `[policy.break_glass]`: who takes a role at once in an emergency.

use latchkey_policy::{BreakGlass, MAX_OFFERS};

use super::rules;
use crate::files::{error::Errors, text, toml_doc::Table};

/// The table, and where its keys stand.
pub(super) struct BreakGlassAt {
    pub(super) terms: BreakGlass,
    offsets: [(&'static str, usize); 4],
}

impl BreakGlassAt {
    /// Where a key stands; the first one for a key that isn't known.
    pub(super) fn offset(&self, key: &str) -> usize {
        let known = self.offsets.iter().find(|(name, _)| *name == key).or(self.offsets.first());
        known.map(|(_, offset)| *offset).unwrap_or_default()
    }
}

/// Reads the table: `Some(None)` without it, `None` when it is wrong.
pub(super) fn parse(table: &mut Table<'_>, errors: &mut Errors) -> Option<Option<BreakGlassAt>> {
    if !table.has("break_glass") {
        return Some(None);
    }
    let mut own = table.table(errors, "break_glass")?;
    own.call("break_glass of policy", table.peek("key"));
    let who = own.text(errors, "who", rules::condition);
    let advice = own.text(errors, "advice", |v| text::line(v, 300));
    let max = own.text(errors, "max", text::span);
    let offer = own.texts(errors, "offer", (1, MAX_OFFERS), text::span);
    let review_within = own.text(errors, "review_within", text::span);
    own.finish(errors);
    let (who, max, offer, review_within) = (who?, max?, offer?, review_within?);
    let offsets =
        [("who", who.offset), ("max", max.offset), ("offer", offer.offset), ("review_within", review_within.offset)];
    let terms = BreakGlass {
        who: who.value,
        advice: advice?.value,
        max: max.value,
        offer: offer.value.iter().map(|span| span.value).collect(),
        review_within: review_within.value,
    };
    Some(Some(BreakGlassAt { terms, offsets }))
}
