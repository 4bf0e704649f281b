//! Values that must never be printed.

use std::sync::Arc;

/// A password, key or token. It has no `Display`, and its `Debug` shows no part of it, so that it cannot reach a log line,
/// an error message or a page by accident (promise 11). [`Secret::expose`] is the one way to read it, and easy to search for.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Arc<str>);

impl Secret {
    /// Wraps a value that was read from a variable or a file.
    #[must_use]
    pub fn new(value: &str) -> Self {
        Self(Arc::from(value))
    }

    /// The value itself, for the one call that needs it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(hidden)")
    }
}
