//! How a call to a system fails, in the three ways that lead to different work.

use std::time::Duration;

use crate::words;

/// Why a call did not succeed. The words are for people: what was tried, and what the system itself said; at most
/// [`words::LONGEST`] characters, without control characters or secrets.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// The system can't do it now: it is down, busy, or limits how often one may ask.
    #[error("{words}")]
    RetryLater {
        /// What happened.
        words: String,
        /// How long the system asks to be left alone.
        after: Option<Duration>,
    },
    /// The system, or a rule of the connector, says no; the same call will be refused again.
    #[error("{words}")]
    Refused {
        /// What was refused, and why.
        words: String,
    },
    /// Somebody must change something first: a credential, a missing group, a name that is taken.
    #[error("{words}")]
    NeedsHuman {
        /// What is wrong, and what would help.
        words: String,
    },
}

impl CallError {
    /// To be tried again by itself.
    pub fn retry_later(text: impl AsRef<str>) -> Self {
        Self::RetryLater { words: words::clean(text.as_ref()), after: None }
    }

    /// A no that stays a no.
    pub fn refused(text: impl AsRef<str>) -> Self {
        Self::Refused { words: words::clean(text.as_ref()) }
    }

    /// Waits for a person.
    pub fn needs_human(text: impl AsRef<str>) -> Self {
        Self::NeedsHuman { words: words::clean(text.as_ref()) }
    }

    /// The account went away between two calls; the next pass looks for it again.
    pub(crate) fn account_gone(native_id: &str, system: &str) -> Self {
        Self::retry_later(format!(
            "The account {native_id} is no longer in {system}. The next attempt looks for it again."
        ))
    }

    /// What to show.
    #[must_use]
    pub fn words(&self) -> &str {
        match self {
            Self::RetryLater { words, .. } | Self::Refused { words } | Self::NeedsHuman { words } => words,
        }
    }

    /// The same failure with its words passed through `change`.
    #[must_use]
    pub(crate) fn map_words(self, change: impl FnOnce(&str) -> String) -> Self {
        match self {
            Self::RetryLater { words, after } => Self::RetryLater { words: change(&words), after },
            Self::Refused { words } => Self::Refused { words: change(&words) },
            Self::NeedsHuman { words } => Self::NeedsHuman { words: change(&words) },
        }
    }
}
