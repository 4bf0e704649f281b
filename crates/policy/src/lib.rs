//! Policies: who may ask, who must decide, for how long, and with what assurance. Pure: no IO, no clock.
//!
//! - [`Policy`] is what a file says; [`PolicySnapshot`] is the same as versioned JSON, frozen onto a request
//!   (promise 5).
//! - [`may_ask`] says who may ask at all, [`check_request`] whether a wish fits, with every reason why not, and [`route`]
//!   which way it goes: by the first rule whose [`Condition`] holds.
//! - [`resolve_stage`] turns a stage's rule into the people who may decide now, never the requester nor the
//!   beneficiary (promise 2); [`who_could_decide`] refuses what nobody could decide (promise 3).
//! - [`may_decide`] is the same question asked again at the moment of decision (promise 4), and [`is_reached`] says
//!   whether enough of them said yes.
//! - [`separation`] tells what one person must not combine, and what would resolve it (promise 4).

mod activation;
mod approvers;
mod break_glass;
mod condition;
mod explain;
mod offer;
mod policy;
mod quorum;
mod refusal;
mod request;
mod routing;
mod rule;
pub mod separation;
mod span;
mod trial;

pub use activation::{Activation, ActivationField, MAX_ACTIVE};
pub use approvers::{
    Approver, ApproverFacts, Because, Candidate, Delegate, PassedOver, Resolution, WhyNot, may_decide, not_ones_own,
    resolve_stage, who_could_decide,
};
pub use break_glass::{BreakGlass, LONGEST_EMERGENCY_HOURS, LONGEST_REVIEW_DAYS, may_take};
pub use condition::{
    Condition, ConditionFailed, Facts, InvalidCondition, MAX_CONDITION_CHARS, PersonView, RequestView, RoleView, Seen,
};
pub use explain::Voice;
pub use policy::{
    AskFor, AssuranceNeed, MAX_HOPS, MAX_OFFERS, MAX_RULES, MAX_STAGES, MayAsk, Policy, PolicyField, PolicyProblem,
    PolicySnapshot, ReasonRule, SCHEMA, SnapshotError,
};
pub use quorum::{MAX_QUORUM, Quorum, Yes, is_reached};
pub use refusal::{Refusal, RefusalCode, RefusalField};
pub use request::{
    MAX_REASON_CHARS, PersonFacts, RoleFacts, Wish, check_duration, check_request, choices, longest, suggested,
};
pub use routing::{BadPath, Outcome, Routing, Rule, Way, may_ask, reached, route};
pub use rule::{ApproverRule, Approvers, Counts, Deadline, InvalidRule, MAX_APPROVER_RULES, Overdue, StageRule};
pub use span::{InvalidSpan, Span};
pub use trial::{MAX_TRIAL, Trial};
