//! A role taken at once in an emergency: who may, who is told, how it ends, and the review that falls due.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod emergency;
mod reviewing;
#[path = "../scene/mod.rs"]
mod scene;
mod taking;
