//! What people ask for.

use crate::text_enum::text_enum;

text_enum! {
    /// How much harm a role could do in the wrong hands.
    Risk ("risk") {
        /// Everyday tools.
        Low = "low",
        /// Internal data.
        Medium = "medium",
        /// Personal or financial data, or changes that are hard to undo.
        High = "high",
        /// Production administration.
        Critical = "critical",
    }
}

impl Risk {
    /// The risk in words.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Low => "Low risk",
            Self::Medium => "Medium risk",
            Self::High => "High risk",
            Self::Critical => "Critical risk",
        }
    }
}
