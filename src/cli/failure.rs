//! Why a command didn't do what it was told, in words.

use latchkey_service::{ServiceError, plan::FilesError};
use latchkey_store::StoreError;

use crate::settings::SettingsError;

/// What happened, why, and what helps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    words: String,
}

impl Failure {
    /// A failure in words.
    #[must_use]
    pub fn new(words: impl Into<String>) -> Self {
        Self { words: words.into() }
    }

    /// A file or folder that can't be used.
    #[must_use]
    pub fn file(doing: &str, path: &std::path::Path, error: &std::io::Error) -> Self {
        Self::new(format!("{doing} {} failed: {error}.", path.display()))
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.words)
    }
}

impl std::error::Error for Failure {}

impl From<SettingsError> for Failure {
    fn from(error: SettingsError) -> Self {
        Self::new(error.to_string())
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Schema(words) => Self::new(format!("The database can't be used: {words}.")),
            other => Self::new(format!("The database can't be used: {other}. Nothing was changed.")),
        }
    }
}

impl From<ServiceError> for Failure {
    fn from(error: ServiceError) -> Self {
        match error {
            ServiceError::BadInput(problems) => {
                let lines: Vec<String> = problems.into_iter().map(|p| format!("{}: {}", p.field, p.message)).collect();
                Self::new(lines.join("\n"))
            }
            ServiceError::Store(error) => error.into(),
            other => Self::new(other.to_string()),
        }
    }
}

impl From<FilesError> for Failure {
    fn from(error: FilesError) -> Self {
        match error {
            FilesError::Service(error) => error.into(),
            FilesError::Files(_) => {
                let words = error.to_string();
                Self::new(capital(&words))
            }
        }
    }
}

fn capital(words: &str) -> String {
    let mut chars = words.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}
