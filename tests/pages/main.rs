//! The portal's own addresses, all layers around them, on test worlds: what each page costs, and what pages of the previous
//! build may still ask for.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests: what goes wrong here fails the test"
)]

mod call_ins;
mod drifting;
mod emergencies;
mod portal;
mod previous_release;
mod queries;
mod seen;
