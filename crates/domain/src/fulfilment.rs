//! One entitlement of one account: what is wanted, what was seen, and the work between them.
//!
//! ```text
//!            want()                    record(Done)
//!  Settled ─────────▶ Due ────────────────────────────▶ Settled
//!                      │ ▲─── record(RetryLater), after a pause
//!                      │
//!                      ├── record(Refused) ────▶ Refused    ──retry(), want()──▶ Due
//!                      └── record(NeedsHuman) ─▶ NeedsHuman ──retry(), want()──▶ Due
//! ```
//! The row is the queue: state, not messages. A change of what is wanted raises `generation`, and an outcome counts
//! only for the generation that it was worked on under.

use chrono::TimeDelta;

use crate::{Instant, text_enum::text_enum};

text_enum! {
    /// Whether the account should hold, or was seen holding, the entitlement.
    Presence ("presence") {
        /// It holds it.
        Present = "present",
        /// It doesn't hold it.
        Absent = "absent",
        /// Observed: not looked at yet. Desired: Latchkey has no wish about it (it was there before, and stays).
        Unknown = "unknown",
    }
}

text_enum! {
    /// What remains to be done.
    Progress ("fulfilment progress") {
        /// Wanted and seen agree.
        Settled = "settled",
        /// Work is due at `due_at`.
        Due = "due",
        /// The system said no; trying again by itself won't help.
        Refused = "refused",
        /// A person must look at it.
        NeedsHuman = "needs_human",
    }
}

text_enum! {
    /// How a call to a system ended (promise 9).
    Outcome ("outcome") {
        /// Read back as wanted.
        Done = "done",
        /// Not now; tried again by itself.
        RetryLater = "retry_later",
        /// The system said no.
        Refused = "refused",
        /// Uncertain: a person must look.
        NeedsHuman = "needs_human",
    }
}

/// Stands in place of the last attempt's outcome while nothing may be asked of the system: the holder's sign-in hasn't
/// proved yet what the role asks for (promise 8). The work stays due.
pub const WAITS_FOR_SIGN_IN: &str = "waits_for_sign_in";

/// Stands in place of the last attempt's outcome while a rule keeps this apart from what its holder has otherwise, without
/// an exception in force (promise 4). The work stays due.
pub const HELD_BACK: &str = "held_back";

/// The part of a fulfilment that its rules are about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Work {
    /// What is wanted.
    pub desired: Presence,
    /// What was last seen.
    pub observed: Presence,
    /// What remains to be done.
    pub progress: Progress,
    /// Raised with each change of what is wanted.
    pub generation: i64,
    /// Attempts in this generation.
    pub attempts: i64,
    /// When to try (again); only while due.
    pub due_at: Option<Instant>,
}

/// The longest pause between two attempts.
pub const LONGEST_PAUSE: TimeDelta = TimeDelta::minutes(10);

/// The pause after the `attempts`th failed attempt (from 1): 2 s doubling up to ten minutes, spread by up to a fifth so
/// that many failures don't come back together. `spread` is a random number in 0..=1.
#[must_use]
pub fn pause(attempts: i64, spread: f64) -> TimeDelta {
    let doublings = u32::try_from(attempts.clamp(1, 12) - 1).unwrap_or(0);
    let base = (2_000_i64 << doublings).min(LONGEST_PAUSE.num_milliseconds());
    let extra = (base as f64 * 0.2 * spread.clamp(0.0, 1.0)) as i64;
    TimeDelta::milliseconds(base + extra)
}

impl Work {
    /// New work that nobody has looked at.
    #[must_use]
    pub const fn new(desired: Presence, now: Instant) -> Self {
        Self {
            desired,
            observed: Presence::Unknown,
            progress: Progress::Due,
            generation: 1,
            attempts: 0,
            due_at: Some(now),
        }
    }

    /// Somebody wants this from now on. Returns nothing when that is already wanted and on its way, or done.
    #[must_use]
    pub fn want(self, desired: Presence, now: Instant) -> Option<Self> {
        if self.desired == desired && matches!(self.progress, Progress::Settled | Progress::Due) {
            return None;
        }
        Some(Self {
            desired,
            progress: Progress::Due,
            generation: self.generation + 1,
            attempts: 0,
            due_at: Some(now),
            ..self
        })
    }

    /// Nothing here justifies it any more, but it was there before Latchkey came: it is let be.
    #[must_use]
    pub const fn let_be(self) -> Self {
        Self {
            desired: Presence::Unknown,
            progress: Progress::Settled,
            generation: self.generation + 1,
            attempts: 0,
            due_at: None,
            ..self
        }
    }

    /// A person asks for another attempt. Returns nothing when there is nothing to try.
    #[must_use]
    pub fn retry(self, now: Instant) -> Option<Self> {
        match self.progress {
            Progress::Settled => None,
            Progress::Due | Progress::Refused | Progress::NeedsHuman => {
                Some(Self { progress: Progress::Due, attempts: 0, due_at: Some(now), ..self })
            }
        }
    }

    /// An attempt under `generation` ended. Returns nothing when what is wanted has changed since: the outcome then says
    /// nothing about the new wish, and the next pass looks again.
    #[must_use]
    pub fn record(self, generation: i64, outcome: Outcome, now: Instant, pause: TimeDelta) -> Option<Self> {
        if self.generation != generation {
            return None;
        }
        let attempts = self.attempts + 1;
        Some(match outcome {
            Outcome::Done => {
                Self { observed: self.desired, progress: Progress::Settled, attempts, due_at: None, ..self }
            }
            Outcome::RetryLater => Self { progress: Progress::Due, attempts, due_at: Some(now + pause), ..self },
            Outcome::Refused => Self { progress: Progress::Refused, attempts, due_at: None, ..self },
            Outcome::NeedsHuman => Self { progress: Progress::NeedsHuman, attempts, due_at: None, ..self },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(s: i64) -> Instant {
        Instant::from_timestamp(1_700_000_000 + s, 0).unwrap()
    }

    #[test]
    fn pauses_grow_and_stay_bounded() {
        assert_eq!(pause(1, 0.0), TimeDelta::seconds(2));
        assert_eq!(pause(2, 0.0), TimeDelta::seconds(4));
        assert_eq!(pause(3, 1.0), TimeDelta::milliseconds(9_600));
        assert!(pause(i64::MAX, 1.0) <= LONGEST_PAUSE + LONGEST_PAUSE / 5);
    }

    proptest! {
        #[test]
        fn promise_09_work_is_settled_only_when_seen_as_wanted_and_never_lost(
            steps in prop::collection::vec((0_u8..8, any::<bool>()), 0..40)
        ) {
            let mut work = Work::new(Presence::Present, at(0));
            let mut claimed = work.generation;
            for (i, (step, flag)) in steps.into_iter().enumerate() {
                let now = at(i as i64 + 1);
                let wish = if flag { Presence::Present } else { Presence::Absent };
                let next = match step {
                    0 | 1 => work.want(wish, now),
                    2 => { claimed = work.generation; None }
                    3 => work.record(claimed, Outcome::Done, now, pause(1, 0.5)),
                    4 => work.record(claimed, Outcome::RetryLater, now, pause(work.attempts + 1, 0.5)),
                    5 => work.record(claimed, if flag { Outcome::Refused } else { Outcome::NeedsHuman }, now, pause(1, 0.5)),
                    6 => Some(work.let_be()),
                    _ => work.retry(now),
                };
                if let Some(next) = next { work = next; }
                // Settled means seen as wanted; due work always has a time; nothing else waits for one.
                prop_assert_eq!(work.due_at.is_some(), work.progress == Progress::Due);
                if work.progress == Progress::Settled && work.desired != Presence::Unknown {
                    prop_assert_eq!(work.observed, work.desired);
                }
            }
        }
    }
}
