//! An identity's login on one system.

use crate::text_enum::text_enum;

text_enum! {
    /// An account's state, as wanted or as seen.
    AccountState ("account state") {
        /// Not there.
        Absent = "absent",
        /// There, and can't be used.
        Disabled = "disabled",
        /// There, and can be used.
        Enabled = "enabled",
    }
}

text_enum! {
    /// What an account is for; an identity may have one of each on a system.
    AccountPurpose ("account purpose") {
        /// Everyday work.
        Daily = "daily",
        /// Administration.
        Administration = "administration",
    }
}

text_enum! {
    /// How Latchkey came to know an account.
    AccountOrigin ("account origin") {
        /// Not looked up yet.
        Unknown = "unknown",
        /// Latchkey made it.
        Created = "created",
        /// It was there and was recognised.
        Recognised = "recognised",
    }
}
