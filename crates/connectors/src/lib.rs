//! Connectors: what makes a target system match what was decided.
//!
//! One trait, [`Connector`], and one module per kind of system behind it: an LDAP directory ([`ldap`]), the roles of a
//! PostgreSQL cluster ([`postgresql`]), a SCIM 2.0 service ([`scim`]) and any program that speaks a small protocol ([`program`];
//! [`conformance`] tells its author whether it does). The crate knows no database of ours and keeps no
//! state beyond an open connection: whoever calls it decides what should be true, asks for one step at a time, and reads back.
//!
//! What every connector keeps to:
//! - Each call is idempotent. A call whose answer was lost may be made again; [`Change`] says whether this call made the
//!   difference.
//! - Each call ends within [`Connector::deadline`]. A call that ran out of time may still have had its effect.
//! - Only an account that carries our external id counts as ours. A login of the same name without it is a stranger, and a
//!   stranger is never changed.
//! - No password is invented, and no secret appears in an error's words, a log line or `Debug` output.

mod bounded;
pub mod conformance;
mod connector;
mod error;
#[cfg(feature = "fake")]
pub mod fake;
pub mod ldap;
mod listing;
pub mod postgresql;
pub mod program;
#[cfg(feature = "real-servers")]
pub mod real_servers;
pub mod scim;
mod secret;
mod settings;
mod spec;
mod tls;
pub mod words;

pub use connector::{AccountState, Change, Connector, EntitlementRef, Health, Lookup, Observed};
pub use error::CallError;
pub use latchkey_domain::system::{EntitlementKind, SystemKind};
pub use listing::{Heard, Holder, Listed, MOST_LINES};
pub use secret::{Secret, SecretSource};
pub use settings::{ConnectionSettings, SettingsError, build};
pub use spec::AccountSpec;
pub use tls::system_client as tls_client;
