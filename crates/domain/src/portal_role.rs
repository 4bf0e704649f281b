//! Powers inside the portal. They are entitlements of the built-in system, held through ordinary grants.

use crate::text_enum::text_enum;

text_enum! {
    /// An entitlement on the built-in system `latchkey`.
    PortalRole ("portal role") {
        /// Keeps the catalog and the connections.
        Administrator = "administrator",
        /// Runs reviews, ends access, reads the log.
        Security = "security",
        /// Reads everything, changes nothing.
        Auditor = "auditor",
        /// Retries failed work and helps people find their way.
        Helpdesk = "helpdesk",
    }
}

impl PortalRole {
    /// May read the audit log.
    #[must_use]
    pub const fn reads_audit(self) -> bool {
        matches!(self, Self::Administrator | Self::Security | Self::Auditor)
    }
}
