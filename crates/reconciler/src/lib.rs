//! The loops that make systems match what was decided, and tell people about it.
//!
//! A [`Worker`] has seven duties, each with one code path that a signal and a period both lead to:
//! - *provision* takes due accounts by lease and makes them so, one system beside the other;
//! - *systems* checks the connections;
//! - *expire* ends and starts grants, lets requests lapse, reminds, and sweeps what is old;
//! - *follow* moves grants that were given from an older version while a new one was being applied;
//! - *outbox* sends the notices that changes left;
//! - *telling* delivers events to the webhook and the chat of the settings;
//! - *clock* measures the worker's clock against the database's, and gives a sign of life.
//!
//! The queue is state, not messages: losing a signal loses nothing, a crash at any point is repaired by the next pass,
//! and several workers on one PostgreSQL share the work by leases. A system is never called inside a transaction.

mod clock_check;
mod connections;
mod duties;
mod expire;
mod follow;
mod full_pass;
mod health;
mod outbox;
mod provision;
mod report;
mod settings;
mod shared;
mod stop;
mod telling;
mod worker;

pub use connections::{Connection, Connections};
pub use expire::Expired;
pub use outbox::{Delivery, MailError, Mailer, OutboxPass, SmtpMailer, SmtpSettings, SmtpTls};
pub use provision::Pass;
pub use report::{Difference, Report};
pub use settings::Settings;
pub use stop::{Stop, Stopper, stop};
pub use telling::{ChatFormat, Target, ToldPass};
pub use worker::Worker;

/// What can end a duty's pass early: the database. What systems say is recorded, not returned.
pub type Result<T> = std::result::Result<T, latchkey_service::ServiceError>;
