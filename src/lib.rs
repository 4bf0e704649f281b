//! The `latchkey` binary's parts: settings, sign-in and the defences of the web server. The rules live in `crates/`.

pub mod assets;
pub mod auth;
pub mod cli;
#[cfg(feature = "demo")]
pub mod demo;
pub mod observe;
pub mod security;
pub mod serve;
pub mod settings;
pub mod worker;
