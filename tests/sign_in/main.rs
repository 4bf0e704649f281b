//! Signing in, from the first click to the session's end, against a provider that can be told to lie.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests: what goes wrong here fails the test"
)]

mod answers;
mod binding;
mod browser;
mod fake_provider;
mod guard;
mod limits;
mod portal;
mod real_provider;
mod sessions;
mod tokens;
