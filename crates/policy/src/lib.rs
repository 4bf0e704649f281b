//! Policies: who may ask, who must decide, for how long, and with what assurance. Pure: no IO, no clock.
//!
//! - [`Policy`] is what a file says; [`PolicySnapshot`] is the same as versioned JSON, frozen onto a request
//!   (promise 5).
//! - [`check_request`] says whether a wish fits a policy, with every reason why not.
//! - [`resolve_stage`] turns a stage's rule into the people who may decide now, never the requester nor the
//!   beneficiary (promise 2); [`who_could_decide`] refuses what nobody could decide (promise 3).
//! - [`separation`] tells what one person must not combine, and what would resolve it (promise 4).
//! - [`may_decide`] is the same question asked again at the moment of decision (promise 4).

mod approvers;
mod explain;
mod policy;
mod refusal;
mod request;
mod rule;
pub mod separation;
mod span;

pub use approvers::{
    Approver, ApproverFacts, Because, Candidate, PassedOver, Resolution, WhyNot, may_decide, resolve_stage,
    who_could_decide,
};
pub use explain::Voice;
pub use policy::{
    AssuranceNeed, MAX_OFFERS, MAX_STAGES, Policy, PolicyField, PolicyProblem, PolicySnapshot, ReasonRule, SCHEMA,
    SnapshotError,
};
pub use refusal::{Refusal, RefusalCode, RefusalField};
pub use request::{MAX_REASON_CHARS, PersonFacts, RoleFacts, Wish, check_request, choices, longest, suggested};
pub use rule::{ApproverRule, InvalidRule, StageRule};
pub use span::{InvalidSpan, Span};
