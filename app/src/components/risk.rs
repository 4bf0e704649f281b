//! How much harm a role can do, in words and as a ladder of four steps.

use leptos::prelude::*;

/// The risk of a role, as its owner put it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RiskLevel {
    /// Everyday access.
    Low,
    /// Could annoy or leak a little.
    Medium,
    /// Money, personal data, production.
    High,
    /// Could stop the company.
    Critical,
}

impl RiskLevel {
    /// "Low risk".
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Low => "Low risk",
            Self::Medium => "Medium risk",
            Self::High => "High risk",
            Self::Critical => "Critical risk",
        }
    }

    const fn class(self) -> &'static str {
        match self {
            Self::Low => "risk risk-1",
            Self::Medium => "risk risk-2",
            Self::High => "risk risk-3",
            Self::Critical => "risk risk-4",
        }
    }
}

/// Four bars; the style fills as many as the level says.
const LADDER: &str = r#"<path d="M0 9h2.5v3H0z"/><path d="M3.8 6h2.5v6H3.8z"/><path d="M7.6 3h2.5v9H7.6z"/><path d="M11.4 0h2.5v12h-2.5z"/>"#;

/// The ladder and the words.
#[component]
pub fn Risk(
    /// How much.
    level: RiskLevel,
) -> impl IntoView {
    view! {
        <span class=level.class()>
            <svg
                viewBox="0 0 14 12"
                aria-hidden="true"
                inner_html=LADDER
            ></svg>
            {level.words()}
        </span>
    }
}
