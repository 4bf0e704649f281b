//! The rules of Latchkey without any IO: what exists, which states it can be in, and which steps lead from one to the next.
//!
//! Everything here is plain data and pure functions. Time and randomness come in as parameters, so that the same
//! inputs always give the same outcome. The crate also builds for WASM.

pub mod account;
pub mod actor;
pub mod assurance;
pub mod break_glass;
pub mod clock;
pub mod drift;
pub mod event;
pub mod fulfilment;
pub mod grant;
pub mod id;
pub mod identity;
pub mod item;
pub mod portal_role;
pub mod role;
pub mod system;
mod text_enum;
pub mod wish;

pub use id::{
    AccountId, AppliedSetId, AttemptId, BreakGlassReviewId, CallInId, CallSourceId, DecisionId, DelegationId, DriftId,
    EntitlementId, EventId, FulfilmentId, GrantId, GroupId, IdentityId, ItemId, LeaseId, MessageId, NoticeId, PassId,
    PolicyId, PolicyVersionId, RequestId, RoleId, RoleVersionId, SeparationExceptionId, SeparationRuleId,
    SeparationRuleVersionId, SessionId, StageId, SystemId, TokenId, WishId,
};

/// An instant in UTC, in whole microseconds (both databases keep exactly that much).
pub type Instant = chrono::DateTime<chrono::Utc>;
