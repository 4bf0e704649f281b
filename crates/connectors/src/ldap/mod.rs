//! An LDAP directory (RFC 4511): accounts are entries, entitlements are groups.
//!
//! - **Accounts** are entries under `base_dn` that carry the external id in the attribute `recognise` (default
//!   `employeeNumber`). New ones are made in `people_ou`, named by `naming_attribute`, without a password. The native id is the
//!   entry's DN.
//! - **Membership** is read from and written to the group, never `memberOf`: that is the server's to keep. Only direct
//!   membership counts.
//! - **A group that can't be empty** (`groupOfNames`, `groupOfUniqueNames`) keeps its last place with `placeholder_member` when its
//!   last member goes. The placeholder is a name that nobody signs in with, and it is never given or taken as an account.
//! - **Disabling** is one of two things, both reversible and both seen on read-back ([`Disabling`]). Moving the entry elsewhere
//!   isn't one of them: it changes the DN that others refer to.
//! - **Listings** are searches in pages, on a connection of their own. What is cut short by a limit is refused, not half told.
//! - **Active Directory** is the same with other names: [`Directory::ActiveDirectory`] sets them.
//! - Nothing outside `base_dn` is touched, whatever the catalog says.

mod account;
mod active_directory;
mod change;
mod checks;
mod choices;
mod connector;
mod dn;
mod fault;
mod group;
mod holders;
mod listing;
mod range;
mod session;
mod settings;
mod times;

pub use choices::{Directory, Disabling, FirstSignIn, GroupStyle};
pub use connector::LdapConnector;
pub use settings::LdapSettings;

#[cfg(feature = "real-servers")]
pub(crate) use {connector::open, dn::leaf_value, session::Session};
