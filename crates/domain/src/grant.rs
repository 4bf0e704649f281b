//! An identity holds a version of a role from one time to another, for a reason.
//!
//! ```text
//!  Scheduled ──start──▶ Active ──end──▶ Ended
//!      └───────────────end──────────────▲
//! ```

use crate::{Instant, text_enum::text_enum};

text_enum! {
    /// Where a grant stands.
    GrantState ("grant state") {
        /// Starts later.
        Scheduled = "scheduled",
        /// Justifies access now.
        Active = "active",
        /// Justifies nothing any more.
        Ended = "ended",
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
    }
}

text_enum! {
    /// Why a grant ended.
    GrantEnd ("reason for an end") {
        /// Its time was over.
        Expired = "expired",
        /// Its holder gave it back.
        GivenBack = "given_back",
        /// Owner, security or an approver ended it.
        Revoked = "revoked",
        /// Its holder left.
        Terminated = "terminated",
        /// Its role was retired.
        RoleRetired = "role_retired",
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
    pub fn at_start(starts_at: Instant, now: Instant) -> Self {
        if starts_at > now { Self::Scheduled } else { Self::Active }
    }

    /// Its start has come.
    ///
    /// # Errors
    /// When it isn't scheduled.
    pub fn start(self) -> Result<Self, InvalidGrantStep> {
        match self {
            Self::Scheduled => Ok(Self::Active),
            state => Err(InvalidGrantStep { state, step: "started" }),
        }
    }

    /// It ends, whatever the reason.
    ///
    /// # Errors
    /// When it has ended already.
    pub fn end(self) -> Result<Self, InvalidGrantStep> {
        match self {
            Self::Scheduled | Self::Active => Ok(Self::Ended),
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
        fn a_grant_ends_exactly_once_and_never_comes_back(steps in prop::collection::vec(any::<bool>(), 0..12), later in any::<bool>()) {
            let now = Instant::from_timestamp(1_700_000_000, 0).unwrap();
            let starts = if later { now + chrono::TimeDelta::days(1) } else { now };
            let mut state = GrantState::at_start(starts, now);
            prop_assert_eq!(state == GrantState::Scheduled, later);
            let mut ends = 0;
            for end in steps {
                let next = if end { state.end() } else { state.start() };
                if let Ok(next) = next {
                    prop_assert_ne!(state, GrantState::Ended);
                    if end { ends += 1; }
                    state = next;
                }
            }
            prop_assert!(ends <= 1);
            prop_assert_eq!(state == GrantState::Ended, ends == 1);
        }
    }
}
