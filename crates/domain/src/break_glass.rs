//! Access that somebody took in an emergency, without a decision, and the review of it that falls due.
//!
//! ```text
//!  Open ──review──▶ Closed
//! ```

use crate::text_enum::text_enum;

text_enum! {
    /// Where a review stands.
    ReviewState ("state of a review") {
        /// Somebody still has to look.
        Open = "open",
        /// Somebody has looked and said so.
        Closed = "closed",
    }
}

text_enum! {
    /// Whether it was needed, as the reviewer says.
    Needed ("answer to whether it was needed") {
        /// There was no other way in that time.
        Yes = "yes",
        /// It was right to act, and less would have done.
        Partly = "partly",
        /// It wasn't.
        No = "no",
    }
}

text_enum! {
    /// Why somebody is told at once that access was taken.
    ToldBecause ("reason for telling") {
        /// They would have decided on a request.
        Decides = "decides",
        /// They look after security.
        Security = "security",
        /// They own the role.
        Owner = "owner",
        /// They look after the portal, and nobody else could review it.
        Administrator = "administrator",
    }
}

/// A step that the review's state doesn't allow.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the review is {state}: it can't be {step}")]
pub struct InvalidReviewStep {
    /// The state that it is in.
    pub state: ReviewState,
    /// What was tried, as a participle.
    pub step: &'static str,
}

impl ReviewState {
    /// Somebody looked and says what they found.
    ///
    /// # Errors
    /// When that happened already.
    pub fn close(self) -> Result<Self, InvalidReviewStep> {
        match self {
            Self::Open => Ok(Self::Closed),
            state @ Self::Closed => Err(InvalidReviewStep { state, step: "closed again" }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_review_is_closed_once() {
        assert_eq!(ReviewState::Open.close(), Ok(ReviewState::Closed));
        let again = ReviewState::Closed.close().unwrap_err();
        assert_eq!(again.to_string(), "the review is closed: it can't be closed again");
    }
}
