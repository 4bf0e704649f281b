//! From when those who wait may do something about a decision: nudge those who can decide, or move it on.
//!
//! A stage has its deadline; one without a deadline is given three working days. Pages and actions ask here, so that what is
//! shown as possible is what is possible.

use chrono::TimeDelta;
use latchkey_domain::Instant;
use latchkey_policy::{Counts, Deadline, Overdue, Span};
use latchkey_store::{request_reads::StageLineRow, stages::StageRow};

use crate::deadline;

/// The pause between two nudges of one stage.
pub const BETWEEN_NUDGES: TimeDelta = TimeDelta::days(1);

/// How long a stage without a deadline of its own is given, in hours of working days.
const WITHOUT_DEADLINE: u32 = 3 * 24;

/// It is too early: which rule says so, and from when it is possible.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooEarly {
    /// A stable code.
    pub code: &'static str,
    /// The rule, in words.
    pub why: &'static str,
    /// From when it is possible.
    pub from: Instant,
}

/// An open stage, as far as waiting goes.
#[derive(Debug, Clone, Copy)]
pub struct Waiting<'a> {
    /// Since when it is open.
    pub opened_at: Instant,
    /// Its deadline, if it has one.
    pub deadline_at: Option<Instant>,
    /// When it was nudged last.
    pub nudged_at: Option<Instant>,
    /// When it was moved on last.
    pub moved_at: Option<Instant>,
    /// What its rule says of deadlines.
    pub deadline: Option<&'a Deadline>,
    /// The zone that working days are counted in.
    pub zone: &'a str,
}

impl<'a> Waiting<'a> {
    /// A stage as pages read it; nothing for one that isn't open.
    #[must_use]
    pub fn of_line(stage: &'a StageLineRow, deadline: Option<&'a Deadline>) -> Option<Self> {
        let StageLineRow { opened_at, deadline_at, nudged_at, moved_at, zone, .. } = stage;
        let (deadline_at, nudged_at, moved_at) = (*deadline_at, *nudged_at, *moved_at);
        Some(Self { opened_at: (*opened_at)?, deadline_at, nudged_at, moved_at, deadline, zone })
    }

    /// A stage as actions read it; nothing for one that isn't open.
    #[must_use]
    pub fn of(stage: &StageRow, deadline: Option<&'a Deadline>, zone: &'a str) -> Option<Self> {
        let StageRow { opened_at, deadline_at, nudged_at, moved_at, .. } = *stage;
        Some(Self { opened_at: opened_at?, deadline_at, nudged_at, moved_at, deadline, zone })
    }

    /// When the time to decide has passed.
    #[must_use]
    pub fn passed_from(&self) -> Instant {
        self.deadline_at.unwrap_or_else(|| self.later(self.opened_at))
    }

    /// From when it may be nudged.
    #[must_use]
    pub fn nudge_from(&self) -> Instant {
        let passed = self.passed_from();
        self.nudged_at.map_or(passed, |last| passed.max(last + BETWEEN_NUDGES))
    }

    /// From when it may be moved on: each time it was, those who were asked then get as long as those before.
    #[must_use]
    pub fn move_from(&self) -> Instant {
        let passed = self.passed_from();
        self.moved_at.map_or(passed, |last| passed.max(self.later(last)))
    }

    /// Whether it may be nudged now.
    ///
    /// # Errors
    /// Why not yet.
    pub fn may_nudge(&self, now: Instant) -> Result<(), TooEarly> {
        let from = self.nudge_from();
        let (code, why) = if self.passed_from() > now {
            ("nudge.too_early", "Those who were asked still have time to decide.")
        } else {
            ("nudge.once_a_day", "Those who can decide were nudged within the last day.")
        };
        if from <= now { Ok(()) } else { Err(TooEarly { code, why, from }) }
    }

    /// Whether it may be moved on now.
    ///
    /// # Errors
    /// Why not yet.
    pub fn may_move(&self, now: Instant) -> Result<(), TooEarly> {
        let from = self.move_from();
        let (code, why) = if self.passed_from() > now {
            ("move.too_early", "Those who were asked still have time to decide.")
        } else {
            ("move.again_too_early", "It was moved on, and those who got it have as long as those before.")
        };
        if from <= now { Ok(()) } else { Err(TooEarly { code, why, from }) }
    }

    /// Since when the time is over that those have who were asked last.
    fn later(&self, since: Instant) -> Instant {
        let standard = Span::from_hours(WITHOUT_DEADLINE).map(|after| Deadline {
            after,
            counts: Counts::Business,
            then: Overdue::Remind,
            to: None,
        });
        match self.deadline.or(standard.as_ref()) {
            Some(deadline) => deadline::due(since, deadline, self.zone),
            None => since + TimeDelta::days(3),
        }
    }
}

/// An instant as refusals say it.
pub(crate) fn in_words(at: Instant, zone: &str) -> String {
    let zone: chrono_tz::Tz = zone.parse().unwrap_or(chrono_tz::UTC);
    format!("{} ({zone})", at.with_timezone(&zone).format("%A, %-d %B %Y, %H:%M"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Instant {
        text.parse().unwrap()
    }

    fn waiting(deadline: Option<&Deadline>) -> Waiting<'_> {
        // A Thursday.
        let opened_at = at("2026-11-19T10:00:00Z");
        let deadline_at = deadline.map(|d| deadline::due(opened_at, d, "UTC"));
        Waiting { opened_at, deadline_at, nudged_at: None, moved_at: None, deadline, zone: "UTC" }
    }

    #[test]
    fn a_stage_without_a_deadline_is_given_three_working_days() {
        let plain = waiting(None);
        assert_eq!(plain.passed_from(), at("2026-11-24T10:00:00Z"));
        assert_eq!((plain.nudge_from(), plain.move_from()), (plain.passed_from(), plain.passed_from()));
    }

    #[test]
    fn a_nudge_is_possible_once_a_day_and_whoever_gets_it_has_as_long_as_those_before() {
        let after = Span::from_hours(48).unwrap();
        let deadline = Deadline { after, counts: Counts::Calendar, then: Overdue::Remind, to: None };
        let mut late = waiting(Some(&deadline));
        assert_eq!(late.passed_from(), at("2026-11-21T10:00:00Z"));
        late.nudged_at = Some(at("2026-11-21T12:00:00Z"));
        assert_eq!(late.nudge_from(), at("2026-11-22T12:00:00Z"));
        late.moved_at = Some(at("2026-11-21T12:00:00Z"));
        assert_eq!(late.move_from(), at("2026-11-23T12:00:00Z"));
        assert_eq!(in_words(late.move_from(), "Europe/Zurich"), "Monday, 23 November 2026, 13:00 (Europe/Zurich)");
    }
}
