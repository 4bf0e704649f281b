//! Target systems and what one can hold on them.

use crate::text_enum::text_enum;

text_enum! {
    /// What a system speaks.
    SystemKind ("kind of system") {
        /// An LDAP directory (RFC 4511).
        Ldap = "ldap",
        /// Roles of a PostgreSQL cluster.
        Postgresql = "postgresql",
        /// A SCIM 2.0 service (RFC 7644).
        Scim = "scim",
        /// A program of the company's own that speaks Latchkey's protocol.
        Program = "program",
        /// Latchkey itself: its portal roles. What is decided here is true here at once.
        Latchkey = "latchkey",
    }
}

impl SystemKind {
    /// The kind in an employee's words.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Ldap => "LDAP directory",
            Self::Postgresql => "PostgreSQL roles",
            Self::Scim => "SCIM 2.0 service",
            Self::Program => "A program that speaks Latchkey's protocol",
            Self::Latchkey => "Latchkey itself",
        }
    }
}

text_enum! {
    /// What an entitlement is on its system.
    EntitlementKind ("kind of entitlement") {
        /// A group with members.
        Group = "group",
        /// A database role that is granted to a login role.
        DatabaseRole = "database-role",
        /// A role inside an application.
        AppRole = "app-role",
    }
}

/// The stable key of the built-in system.
pub const BUILT_IN_SYSTEM: &str = "latchkey";
