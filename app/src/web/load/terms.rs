//! An item's terms in words: from when, on from what, and what replaced it.

use std::collections::HashMap;

use chrono::TimeDelta;
use chrono_tz::Tz;
use latchkey_domain::Instant;
use latchkey_service::{facts, questions};
use latchkey_store::{
    AsConn, StoreResult,
    item_terms::{self, TermsRow},
    request_reads::ItemLineRow,
};
use uuid::Uuid;

use super::words;
use crate::components::Sentence;

/// The terms of items, by item.
pub(super) struct Terms(HashMap<Uuid, TermsRow>);

impl Terms {
    /// One query.
    pub(super) async fn of(c: &mut impl AsConn, items: &[Uuid]) -> StoreResult<Self> {
        let rows = item_terms::of_items(c, items).await?;
        Ok(Self(rows.into_iter().map(|row| (row.item_id, row)).collect()))
    }

    /// "90 days", "90 days from 3 April 2027 on", "90 days more".
    pub(super) fn how_long(&self, item: &ItemLineRow, zone: Tz) -> String {
        let length = words::how_long_of(item.kind(), item.seconds);
        let Some(terms) = self.0.get(&item.id) else { return length };
        let length = match facts::span(terms.trial_seconds) {
            Some(at_first) => format!("{length}, the first {} on trial", at_first.words()),
            None => length,
        };
        match (terms.starts_at, terms.extends_id) {
            (Some(start), Some(_)) => format!("{length} more, from {} on", day(start, zone)),
            (Some(start), None) => format!("{length} from {} on", day(start, zone)),
            (None, _) => length,
        }
    }

    /// From when the item's time counts, if it were approved at `now`.
    pub(super) fn begins(&self, item: Uuid, now: Instant) -> Instant {
        self.0.get(&item).and_then(|t| t.starts_at).map_or(now, |start| start.max(now))
    }

    /// What whoever decides should know about what is there already.
    pub(super) fn goes_on(&self, item: Uuid, zone: Tz) -> Option<String> {
        let terms = self.0.get(&item)?;
        terms.extends_id?;
        let end = terms.extended_ends_at?;
        let last = day(end - TimeDelta::microseconds(1), zone);
        Some(format!("They have it until {last}. This goes on from there, without a gap."))
    }

    /// The reason with the answers to the role's questions and what it is for, a line each.
    pub(super) fn reason(&self, item: Uuid, reason: &str) -> String {
        let stored = self.0.get(&item).and_then(|t| t.answers.as_deref());
        let answers = questions::in_words(&questions::answers(stored));
        let piece = self.0.get(&item).and_then(|t| t.piece.as_deref()).map(|piece| format!("For: {piece}"));
        let lines = [Some(reason), Some(answers.as_str()), piece.as_deref()];
        lines.into_iter().flatten().filter(|t| !t.is_empty()).collect::<Vec<_>>().join("\n")
    }

    /// What replaced it.
    pub(super) fn replaced(&self, item: Uuid) -> Option<Sentence> {
        let terms = self.0.get(&item)?;
        let (by, reference) = (terms.superseded_by?, terms.superseded_by_reference.clone()?);
        Some(Sentence::of("Replaced by ").link(reference, format!("/requests/{by}")).text("."))
    }
}

fn day(at: Instant, zone: Tz) -> String {
    at.with_timezone(&zone).format("%-d %B %Y").to_string()
}
