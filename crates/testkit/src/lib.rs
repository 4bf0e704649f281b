//! A test world: both databases, a clock that stands still, people, roles and systems.
//!
//! ```ignore
//! latchkey_testkit::both_databases! {
//!     /// Why this must hold.
//!     async fn somebody_gets_what_was_decided(world: World) {
//!         let ann = world.person("Ann Berg", None).await;
//!         …
//!     }
//! }
//! ```
//! makes two tests, `somebody_gets_what_was_decided::sqlite` and `…::postgres`. SQLite lives in a temporary folder.
//! PostgreSQL is the server at `LATCHKEY_TEST_POSTGRES_URL` (its user may create databases); each test has its own database
//! there, copied from one that was migrated once, and dropped afterwards. Without that variable the PostgreSQL tests fail
//! and say so; with `LATCHKEY_TEST_SQLITE_ONLY=1` they say that they were left out.
//!
//! This crate depends on the domain and the store alone. Put tests that use it into `tests/` of a crate.

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "only tests use this crate: what goes wrong here fails the test"
)]

mod run;
mod world;

pub use latchkey_store::testing;
pub use run::{both, postgres, sqlite};
pub use world::{Person, Role, START, World};

/// Makes one test per database from each `async fn name(world: World) { … }`.
#[macro_export]
macro_rules! both_databases {
    ($($(#[$meta:meta])* async fn $name:ident($world:ident: $ty:ty) $body:block)+) => {$(
        $(#[$meta])*
        #[cfg(test)]
        mod $name {
            use super::*;

            async fn body($world: $ty) $body

            #[test]
            fn sqlite() {
                $crate::sqlite(stringify!($name), body);
            }

            #[test]
            fn postgres() {
                $crate::postgres(stringify!($name), body);
            }
        }
    )+};
}
