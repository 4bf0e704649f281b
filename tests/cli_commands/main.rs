//! The built program, as people run it on a host.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod backup;
mod files;
mod place;
mod secrets;
mod serving;
mod settings;
