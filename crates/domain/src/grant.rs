//! An identity holds a version of a role from one time to another, for a reason.
//!
//! ```text
//!  Scheduled ──start──▶ Active or Eligible ──end──▶ Ended
//!      └────────────────────end─────────────────────▲
//! ```
//!
//! What is eligible justifies nothing: it is the right to activate the role, each time by a grant of its own that is active
//! for hours.

use serde::{Deserialize, Serialize};

use crate::{GrantId, Instant, text_enum::text_enum};

text_enum! {
    /// Where a grant stands.
    GrantState ("grant state") {
        /// Starts later.
        Scheduled = "scheduled",
        /// Justifies access now.
        Active = "active",
        /// Its holder may activate it; it justifies no access by itself.
        Eligible = "eligible",
        /// Justifies nothing any more.
        Ended = "ended",
    }
}

/// What a grant is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GrantKind {
    /// Access from its start to its end.
    #[default]
    Standing,
    /// The right to activate the role.
    Eligible,
    /// Access for hours, by the right that this eligible grant is.
    Activates(GrantId),
}

impl GrantKind {
    /// What is stored as two columns.
    #[must_use]
    pub const fn of(eligible: bool, activates: Option<GrantId>) -> Self {
        match activates {
            Some(right) => Self::Activates(right),
            None if eligible => Self::Eligible,
            None => Self::Standing,
        }
    }

    /// It is the right to activate a role.
    #[must_use]
    pub const fn is_eligible(self) -> bool {
        matches!(self, Self::Eligible)
    }

    /// The eligible grant that it activates.
    #[must_use]
    pub const fn activates(self) -> Option<GrantId> {
        match self {
            Self::Activates(right) => Some(right),
            Self::Standing | Self::Eligible => None,
        }
    }

    /// It is plain access. By reference, as serde asks.
    #[must_use]
    pub const fn is_standing(&self) -> bool {
        matches!(self, Self::Standing)
    }
}

text_enum! {
    /// Why a grant exists.
    GrantOrigin ("grant origin") {
        /// A request that was approved.
        Request = "request",
        /// A rule for joiners and movers.
        Birthright = "birthright",
        /// Taken in an emergency.
        BreakGlass = "break_glass",
        /// It was there when Latchkey came.
        Import = "import",
        /// Given on the host by a command.
        Host = "host",
        /// Opened by a signed call: a shift began, or somebody works on a ticket.
        CallIn = "call_in",
    }
}

impl GrantOrigin {
    /// It was given for hours, by something other than a request: what is asked for beside it doesn't go on from it.
    #[must_use]
    pub const fn is_for_the_moment(self) -> bool {
        matches!(self, Self::BreakGlass | Self::CallIn)
    }
}

text_enum! {
    /// Why a grant ended.
    GrantEnd ("reason for an end") {
        /// Its time was over.
        Expired = "expired",
        /// It was a trial, and its holder didn't keep it.
        TrialOver = "trial_over",
        /// Its holder gave it back.
        GivenBack = "given_back",
        /// Owner, security or an approver ended it.
        Revoked = "revoked",
        /// Its holder left.
        Terminated = "terminated",
        /// Its role was retired.
        RoleRetired = "role_retired",
        /// A source said that the shift or ticket that it was for is over.
        SourceEnded = "source_ended",
        /// The source that opened it can't be reached.
        SourceSilent = "source_silent",
    }
}

/// A step that the grant's state doesn't allow.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the grant is {state}: it can't be {step}")]
pub struct InvalidGrantStep {
    /// The state that it is in.
    pub state: GrantState,
    /// What was tried, as a participle.
    pub step: &'static str,
}

impl GrantState {
    /// The state of a new grant at `now`.
    #[must_use]
    pub fn at_start(kind: GrantKind, starts_at: Instant, now: Instant) -> Self {
        if starts_at > now { Self::Scheduled } else { Self::begun(kind) }
    }

    /// The state of a grant whose start has come.
    #[must_use]
    pub const fn begun(kind: GrantKind) -> Self {
        if kind.is_eligible() { Self::Eligible } else { Self::Active }
    }

    /// Its start has come.
    ///
    /// # Errors
    /// When it isn't scheduled.
    pub fn start(self, kind: GrantKind) -> Result<Self, InvalidGrantStep> {
        match self {
            Self::Scheduled => Ok(Self::begun(kind)),
            state => Err(InvalidGrantStep { state, step: "started" }),
        }
    }

    /// It ends, whatever the reason.
    ///
    /// # Errors
    /// When it has ended already.
    pub fn end(self) -> Result<Self, InvalidGrantStep> {
        match self {
            Self::Scheduled | Self::Active | Self::Eligible => Ok(Self::Ended),
            state @ Self::Ended => Err(InvalidGrantStep { state, step: "ended again" }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_grant_ends_exactly_once_and_never_comes_back(steps in prop::collection::vec(any::<bool>(), 0..12), later in any::<bool>(), eligible in any::<bool>()) {
            let kind = GrantKind::of(eligible, None);
            let now = Instant::from_timestamp(1_700_000_000, 0).unwrap();
            let starts = if later { now + chrono::TimeDelta::days(1) } else { now };
            let mut state = GrantState::at_start(kind, starts, now);
            prop_assert_eq!(state == GrantState::Scheduled, later);
            let mut ends = 0;
            for end in steps {
                let next = if end { state.end() } else { state.start(kind) };
                if let Ok(next) = next {
                    prop_assert_ne!(state, GrantState::Ended);
                    // What is only eligible never becomes access by itself.
                    prop_assert!(!(eligible && next == GrantState::Active));
                    if end { ends += 1; }
                    state = next;
                }
            }
            prop_assert!(ends <= 1);
            prop_assert_eq!(state == GrantState::Ended, ends == 1);
        }
    }
}
