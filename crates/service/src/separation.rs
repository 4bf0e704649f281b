//! Separation of duties: what one person must not combine, across systems (promise 4).
//!
//! The same rules are asked four times, each time those of today: when somebody looks at a role ([`of_wish`]), when they
//! submit, when somebody approves, and right before a worker gives something ([`held_back`]). A rule that blocks refuses;
//! a rule that wants one more approval adds a step for the person whom it names. An exception in force ([`exceptions`])
//! lets both sides be.
//!
//! What came without anybody asking for it (by a rule for everybody, by an import, by a command on the host) is never
//! held back: it is in the report ([`report`]).

pub mod exceptions;
mod load;
mod provision;
pub mod report;
mod stages;
mod succession;
mod wish;

pub use provision::{HeldBack, held_back};
pub(crate) use stages::{Extra, with_stages_of_today};
pub(crate) use succession::{hand_over, hand_over_what_is_left, holder_left};
pub use wish::{Found, FoundConflict, Wish, of_wish, of_wishes};
pub(crate) use wish::{at_decision, at_submission};
