//! Starts real target systems on loopback: an OpenLDAP directory, an Active Directory domain, a PostgreSQL cluster, a SCIM service.
//!
//! The tests use them in temporary folders; the demo keeps the directory and the cluster in its own data folder between runs.
//! Starting is idempotent: what is there is kept, and a server that an earlier run left behind is stopped first (Samba, which is for
//! tests alone, ends with the run). A program that
//! isn't installed is [`NotStarted::Missing`], in words that say what to install; nothing is ever faked in its place.
//!
//! Each server stops when its handle is dropped; that takes up to a few seconds, and blocks.

mod bridge;
mod postgres;
mod process;
mod samba;
mod scim2;
mod seed;
mod slapd;

pub use postgres::{Postgres, PostgresOptions, start_postgres};
pub use process::{NotStarted, free_port, kept_secret};
pub use samba::{Samba, SambaOptions, start_samba};
pub use scim2::{Scim2, Scim2Options, start_scim2};
pub use seed::{seed_directory, seed_roles};
pub use slapd::{Slapd, SlapdOptions, start_slapd};
