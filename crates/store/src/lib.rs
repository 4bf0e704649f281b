//! The only crate that names sqlx: one body of SQL for SQLite (embedded) and PostgreSQL (for scale).
//!
//! Functions that write take a [`Tx`]; functions that only read take anything that has a connection ([`AsConn`]). A write
//! transaction ends by [`Tx::commit`], which takes the events of the change (promise 1), or by
//! [`Tx::commit_bookkeeping`], which may have touched only a closed list of tables.

mod connection;
mod error;
mod hub;
mod keys;
mod migrate;
#[macro_use]
mod query;
mod tx;
pub mod waiting;

pub mod accounts;
pub mod added_approvers;
pub mod applied;
pub mod audit;
pub mod bookkeeping;
pub mod break_glass;
pub mod call_ins;
pub mod cart;
pub mod catalog;
pub mod delegations;
pub mod deliveries;
pub mod drift;
mod event_ids;
pub mod events;
pub mod expiring;
pub mod fulfilments;
pub mod gauges;
pub mod grants;
pub mod groups;
pub mod holdings;
pub mod identities;
pub mod installation;
pub mod item_terms;
pub mod items;
pub mod mates;
pub mod messages;
pub mod notice_preferences;
pub mod notices;
pub mod observations;
pub mod passes;
pub mod pieces;
pub mod rate_limit;
pub mod replay_reads;
pub mod request_reads;
pub mod routing;
pub mod separation;
pub mod session;
pub mod shortenings;
pub mod sign_in_binding;
pub mod stages;
pub mod system_reads;
pub mod systems;
#[cfg(feature = "testing")]
pub mod testing;
pub mod trials;
pub mod wishes;
pub mod work;

pub use connection::{Db, Read, Url};
pub use error::{StoreError, StoreResult};
pub use hub::{Change, Hub};
pub use keys::{EventKey, sha256_hex};
pub use migrate::SchemaState;
pub use query::{AsConn, ConnRef, count_queries, queries_so_far};
pub use tx::{BOOKKEEPING_TABLES, Tx};
