//! How the service says no.

use latchkey_store::StoreError;

/// A refusal in words: what can't be done, which rule says so, and what would help.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Refusal {
    /// A stable code that people can search for, such as `item.already_decided`.
    pub code: String,
    /// What happened.
    pub what: String,
    /// Which rule or state is the reason.
    pub why: String,
    /// What would help, or who could.
    pub help: String,
}

impl Refusal {
    /// A refusal in words.
    #[must_use]
    pub fn new(code: &'static str, what: impl Into<String>, why: impl Into<String>, help: impl Into<String>) -> Self {
        Self { code: code.to_owned(), what: what.into(), why: why.into(), help: help.into() }
    }
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {} {}", self.what, self.why, self.help)
    }
}

/// What is wrong with one field of a form.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct FieldProblem {
    /// The field's name.
    pub field: String,
    /// A stable code.
    pub code: String,
    /// What is expected, in words.
    pub message: String,
}

impl FieldProblem {
    /// A problem with a field.
    #[must_use]
    pub fn new(field: impl Into<String>, code: impl Into<String>, message: impl Into<String>) -> Self {
        Self { field: field.into(), code: code.into(), message: message.into() }
    }
}

/// A result of the service.
pub type ServiceResult<T> = Result<T, ServiceError>;

/// Why an action didn't happen.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// A rule says no.
    #[error("{0}")]
    Refused(Refusal),
    /// It isn't there, or this actor may not know that it is.
    #[error("it isn't there")]
    NotFound,
    /// Somebody else was first.
    #[error("{0}")]
    Conflict(Refusal),
    /// The input isn't what is expected; nothing was written.
    #[error("{} problem(s) with the input", .0.len())]
    BadInput(Vec<FieldProblem>),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl ServiceError {
    /// A refusal in words.
    #[must_use]
    pub fn refused(
        code: &'static str,
        what: impl Into<String>,
        why: impl Into<String>,
        help: impl Into<String>,
    ) -> Self {
        Self::Refused(Refusal::new(code, what, why, help))
    }

    /// What isn't in the database isn't there for the actor either; other failures stay what they are.
    #[must_use]
    pub(crate) fn not_found(e: StoreError) -> Self {
        if matches!(e, StoreError::Missing { .. }) { Self::NotFound } else { e.into() }
    }
}
