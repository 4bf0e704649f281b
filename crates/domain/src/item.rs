//! An item's way from submission to a decision.
//!
//! ```text
//!  Waiting ──approve, more stages──▶ Waiting (next stage)
//!     │────approve, last stage────▶ Approved ──▶ a grant
//!     │────deny───────────────────▶ Denied
//!     │────withdraw───────────────▶ Withdrawn
//!     │────nobody decided in time─▶ Lapsed
//!     └────no longer possible─────▶ Cancelled
//! ```

use crate::text_enum::text_enum;

text_enum! {
    /// Where an item stands.
    ItemState ("item state") {
        /// A stage is open.
        Waiting = "waiting",
        /// Every stage said yes; a grant exists.
        Approved = "approved",
        /// A stage said no.
        Denied = "denied",
        /// The requester took it back.
        Withdrawn = "withdrawn",
        /// Nobody decided in time.
        Lapsed = "lapsed",
        /// It can't happen any more: a role retired, a person left.
        Cancelled = "cancelled",
    }
}

text_enum! {
    /// What an approver says.
    Verdict ("verdict") {
        /// Yes.
        Approve = "approve",
        /// No.
        Deny = "deny",
    }
}

text_enum! {
    /// Where a stage stands.
    StageState ("stage state") {
        /// An earlier stage is still open.
        Pending = "pending",
        /// Its approvers can decide now.
        Open = "open",
        /// It said yes.
        Approved = "approved",
        /// It said no.
        Denied = "denied",
        /// The item ended before this stage decided.
        Skipped = "skipped",
    }
}

text_enum! {
    /// Where the author of a message stands.
    MessageSide ("side of a message") {
        /// They asked, or it is for them.
        Asker = "asker",
        /// They decide or decided, or own the role.
        Decider = "decider",
    }
}

text_enum! {
    /// Where a request stands; follows from its items.
    RequestState ("request state") {
        /// At least one item is waiting.
        Open = "open",
        /// Every item has ended.
        Closed = "closed",
    }
}

/// A step that the state doesn't allow.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the item is {state}: it can't be {step} any more")]
pub struct InvalidTransition {
    /// The state that it is in.
    pub state: ItemState,
    /// What was tried, as a participle.
    pub step: &'static str,
}

/// An item's state with the stage that it is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// The state.
    pub state: ItemState,
    /// The position of the open stage while waiting, else of the last one that was open; from 0.
    pub stage: u16,
    /// How many stages there are; at least 1.
    pub stages: u16,
}

impl Progress {
    /// A submitted item, waiting in its first stage.
    #[must_use]
    pub const fn submitted(stages: u16) -> Self {
        Self { state: ItemState::Waiting, stage: 0, stages }
    }

    fn waiting(self, step: &'static str) -> Result<Self, InvalidTransition> {
        if matches!(self.state, ItemState::Waiting) {
            Ok(self)
        } else {
            Err(InvalidTransition { state: self.state, step })
        }
    }

    /// The open stage has decided.
    ///
    /// # Errors
    /// When the item isn't waiting any more.
    pub fn decide(self, verdict: Verdict) -> Result<Self, InvalidTransition> {
        let it = self.waiting("decided")?;
        Ok(match verdict {
            Verdict::Deny => Self { state: ItemState::Denied, ..it },
            Verdict::Approve if it.stage + 1 < it.stages => Self { stage: it.stage + 1, ..it },
            Verdict::Approve => Self { state: ItemState::Approved, ..it },
        })
    }

    /// The requester or the beneficiary takes it back.
    ///
    /// # Errors
    /// When the item isn't waiting any more.
    pub fn withdraw(self) -> Result<Self, InvalidTransition> {
        self.waiting("withdrawn").map(|it| Self { state: ItemState::Withdrawn, ..it })
    }

    /// Its time to be decided is over.
    ///
    /// # Errors
    /// When the item isn't waiting any more.
    pub fn lapse(self) -> Result<Self, InvalidTransition> {
        self.waiting("let lapse").map(|it| Self { state: ItemState::Lapsed, ..it })
    }

    /// It can't happen any more.
    ///
    /// # Errors
    /// When the item isn't waiting any more.
    pub fn cancel(self) -> Result<Self, InvalidTransition> {
        self.waiting("cancelled").map(|it| Self { state: ItemState::Cancelled, ..it })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[derive(Debug, Clone, Copy)]
    enum Step {
        Approve,
        Deny,
        Withdraw,
        Lapse,
        Cancel,
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            4 => Just(Step::Approve),
            1 => Just(Step::Deny),
            1 => Just(Step::Withdraw),
            1 => Just(Step::Lapse),
            1 => Just(Step::Cancel)
        ]
    }

    proptest! {
        #[test]
        fn an_item_ends_once_and_is_approved_only_by_every_stage(stages in 1_u16..6, steps in prop::collection::vec(step(), 0..20)) {
            let mut item = Progress::submitted(stages);
            let mut approvals = 0;
            for step in steps {
                let before = item;
                let after = match step {
                    Step::Approve => item.decide(Verdict::Approve),
                    Step::Deny => item.decide(Verdict::Deny),
                    Step::Withdraw => item.withdraw(),
                    Step::Lapse => item.lapse(),
                    Step::Cancel => item.cancel(),
                };
                match after {
                    Ok(next) => {
                        prop_assert_eq!(before.state, ItemState::Waiting);
                        if matches!(step, Step::Approve) { approvals += 1; }
                        prop_assert!(next.stage < next.stages);
                        prop_assert_eq!(next.state == ItemState::Approved, approvals == stages);
                        item = next;
                    }
                    Err(e) => {
                        prop_assert_ne!(before.state, ItemState::Waiting);
                        prop_assert_eq!(e.state, before.state);
                    }
                }
            }
        }
    }
}
