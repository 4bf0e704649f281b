//! A wish in words: what isn't in the catalog, and what becomes of it.
//!
//! ```text
//!  Open ──a role that is there──▶ Answered
//!   │ ◀─────────no──────────┐
//!   │────a new role──▶ Proposed ──yes──▶ Coming ──it is there──▶ Answered
//!   │────no──────────▶ Refused
//!   └────taken back──▶ Withdrawn
//! ```
//!
//! While a new role is proposed or made, those who answer may still answer otherwise, and the wisher may take it back.

use crate::text_enum::text_enum;

text_enum! {
    /// Where a wish stands.
    WishState ("wish state") {
        /// It waits for an answer.
        Open = "open",
        /// A new role is proposed, and whoever should own it hasn't agreed yet.
        Proposed = "proposed",
        /// A new role is agreed on, and isn't in the catalog yet.
        Coming = "coming",
        /// There is a role for it.
        Answered = "answered",
        /// No, with a reason.
        Refused = "refused",
        /// The wisher took it back, or left.
        Withdrawn = "withdrawn",
    }
}

text_enum! {
    /// What was said about a wish.
    WishReply ("reply to a wish") {
        /// This role is for that, also one that has been made since.
        Role = "role",
        /// A new role, which somebody should own.
        Draft = "draft",
        /// Whoever should own the new role agrees.
        Accepted = "accepted",
        /// Whoever should own the new role doesn't.
        Declined = "declined",
        /// No.
        Refused = "refused",
    }
}

/// A reply that the wish's state doesn't allow.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the wish is {state}: it can't be {step} any more")]
pub struct InvalidReply {
    /// The state that it is in.
    pub state: WishState,
    /// What was tried, as a participle.
    pub step: &'static str,
}

impl WishState {
    /// Nothing more happens to it.
    #[must_use]
    pub const fn is_closed(self) -> bool {
        matches!(self, Self::Answered | Self::Refused | Self::Withdrawn)
    }

    /// Where a reply leads.
    ///
    /// # Errors
    /// When it doesn't fit the state.
    pub const fn reply(self, reply: WishReply) -> Result<Self, InvalidReply> {
        match (self, reply) {
            (Self::Open | Self::Proposed | Self::Coming, WishReply::Role) => Ok(Self::Answered),
            // Whoever should own it says nothing: then somebody else may.
            (Self::Open | Self::Proposed, WishReply::Draft) => Ok(Self::Proposed),
            (Self::Open | Self::Proposed | Self::Coming, WishReply::Refused) => Ok(Self::Refused),
            (Self::Proposed, WishReply::Accepted) => Ok(Self::Coming),
            (Self::Proposed, WishReply::Declined) => Ok(Self::Open),
            (state, _) => Err(InvalidReply { state, step: "answered so" }),
        }
    }

    /// The wisher takes it back.
    ///
    /// # Errors
    /// When it is closed.
    pub const fn withdraw(self) -> Result<Self, InvalidReply> {
        if self.is_closed() { Err(InvalidReply { state: self, step: "withdrawn" }) } else { Ok(Self::Withdrawn) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_wish_is_closed_once_and_a_new_role_comes_only_with_its_owners_yes(steps in prop::collection::vec(0_usize..6, 0..20)) {
            let mut state = WishState::Open;
            let mut agreed = false;
            for step in steps {
                let before = state;
                let next = match WishReply::ALL.get(step) {
                    Some(reply) => before.reply(*reply),
                    None => before.withdraw(),
                };
                let Ok(next) = next else { continue };
                prop_assert!(!before.is_closed());
                agreed |= WishReply::ALL.get(step) == Some(&WishReply::Accepted);
                prop_assert!(next != WishState::Coming || agreed);
                state = next;
            }
        }
    }
}
