//! Drift: what a system holds and nobody here granted, and what was granted and is gone from it.
//!
//! ```text
//!             decided                    read back as gone
//!   Open ──────────────────▶ Removing ──────────────────────▶ Closed
//!    │ │                        │
//!    │ └── accepted ▶ Accepted ─┤ gone by itself, or granted since
//!    └──────────────────────────┴──────────────────────────────▶ Closed
//! ```
//! A row is never deleted; what comes back later is a new one.

use crate::text_enum::text_enum;

text_enum! {
    /// What was found.
    DriftKind ("kind of drift") {
        /// An account has an entitlement that nobody here granted.
        Access = "access",
        /// A group inside the group has the entitlement, so everyone in it has.
        Nested = "nested",
        /// An account that belongs to nobody here.
        Account = "account",
        /// What was granted and confirmed is gone. Latchkey gives it again.
        Missing = "missing",
    }
}

text_enum! {
    /// Where it stands.
    DriftState ("state of drift") {
        /// Nobody has decided.
        Open = "open",
        /// It stays, for a reason.
        Accepted = "accepted",
        /// It is to go, or to come back.
        Removing = "removing",
        /// It is over.
        Closed = "closed",
    }
}

text_enum! {
    /// How it ended.
    DriftEnd ("end of drift") {
        /// A later pass didn't find it any more.
        Gone = "gone",
        /// Somebody was granted what it gives.
        Granted = "granted",
        /// Latchkey took it away, and the system says that it is gone.
        Removed = "removed",
        /// Latchkey gave it again, and the system says that it is there.
        Restored = "restored",
        /// It is outside of what is managed by now.
        OutOfReach = "out_of_reach",
    }
}

impl DriftState {
    /// Somebody decides that it is to go.
    ///
    /// # Errors
    /// The state that it has instead, when that can't be decided any more.
    pub const fn remove(self) -> Result<Self, Self> {
        match self {
            Self::Open | Self::Accepted => Ok(Self::Removing),
            Self::Removing | Self::Closed => Err(self),
        }
    }

    /// Somebody decides that it may stay.
    ///
    /// # Errors
    /// The state that it has instead, when that can't be decided any more.
    pub const fn accept(self) -> Result<Self, Self> {
        match self {
            Self::Open => Ok(Self::Accepted),
            Self::Accepted | Self::Removing | Self::Closed => Err(self),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_over_stays_over_and_a_decision_is_made_once() {
        assert_eq!(DriftState::Open.remove(), Ok(DriftState::Removing));
        assert_eq!(DriftState::Accepted.remove(), Ok(DriftState::Removing));
        assert_eq!(DriftState::Open.accept(), Ok(DriftState::Accepted));
        for state in [DriftState::Removing, DriftState::Closed] {
            assert_eq!((state.remove(), state.accept()), (Err(state), Err(state)));
        }
        assert_eq!(DriftState::Accepted.accept(), Err(DriftState::Accepted), "twice");
    }
}
