//! Makes accounts and entitlements on systems what they should be.
//!
//! One account at a time: take it by lease, look at it on its system, set down what was seen where the first change is
//! about to be made, change what differs, read back once, and save what came of it in one transaction with its events.
//! Whoever takes over after a crash begins by looking, so a change whose outcome was lost is found and not made again.

mod act;
mod conclude;
mod job;
mod naming;
mod pass;
mod plan;
mod record;

pub(crate) use job::wanted_of;
pub(crate) use naming::Who;
pub use pass::Pass;
pub(crate) use pass::{Running, run_all, start_due};
