//! Break-glass: a role that is marked so is taken at once in an emergency, by those whom its policy names, with a reason.
//!
//! Nobody decides beforehand. Everybody who would have decided, the role's owner and security are told in the same moment;
//! the access ends by itself after hours; and a review by somebody else falls due. While one is overdue, whoever took it
//! can't take anything else. What keeps duties apart keeps them apart in an emergency, too.

mod account;
mod check;
mod overdue;
mod people;
mod review;
pub mod systems;
mod take;

pub use account::write_account;
pub use check::{Preview, is_named, preview};
pub use overdue::tell_overdue;
pub use people::{Told, may_see, reviewers, sees_all};
pub use review::{Answer, may_review, review};
pub use take::{Taken, Taking, take};

/// The shortest reason, in characters: "prod is down" says too little to somebody who wasn't there.
pub const MIN_REASON: usize = 15;
