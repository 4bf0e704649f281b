//! What can be asked for: policies, roles, who owns them, and who holds them.

pub mod holders;
pub mod ownership;
pub mod policies;
pub mod roles;

pub use holders::administrators;
