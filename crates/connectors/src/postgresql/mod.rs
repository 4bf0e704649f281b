//! The roles of a PostgreSQL cluster: accounts are login roles, entitlements are roles that are granted to them.
//!
//! - **Accounts** are roles whose comment starts with the line `latchkey:<external id>`. New ones may log in and have no password:
//!   people sign in by certificate, Kerberos, LDAP, `peer` or whatever `pg_hba.conf` says. The native id is the role's name.
//! - **Membership** is what `pg_auth_members` says, direct membership only. From PostgreSQL 16 on, a membership that neither inherits
//!   nor may be switched to gives nothing and doesn't count.
//! - **Privileges** on databases, schemas and tables are entitlements too, named as in `select on table sales.public.orders`: one privilege on
//!   one thing, given and taken back exactly, as the thing's access list says.
//! - **Taking away** a role or `connect on database` ends the account's sessions: one that did `SET ROLE` would keep the role.
//! - **Disabling** is `NOLOGIN`, and ends the role's sessions.
//! - **Privileged roles** (superuser, `CREATEROLE`, `REPLICATION`, `BYPASSRLS`, and the predefined `pg_…` roles) are neither managed as
//!   accounts nor granted, directly or by way of a role that includes them, unless `allow_privileged` lists them.
//!
//! The connection's own role needs `CREATEROLE`; from PostgreSQL 16 on also `ADMIN OPTION` on each role that it grants; and
//! `pg_signal_backend`, if it should be able to end sessions.

mod account;
mod connector;
mod databases;
mod ending;
mod fault;
mod grants;
mod listing;
mod membership;
mod privilege;
mod quote;
mod session;
mod settings;

pub use connector::PostgresConnector;
pub use settings::{PostgresSettings, Tls};

#[cfg(feature = "real-servers")]
pub(crate) use {connector::open, quote::identifier, quote::literal};
