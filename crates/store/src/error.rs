//! What can go wrong between the program and its database.

/// A result of the store.
pub type StoreResult<T> = Result<T, StoreError>;

/// What went wrong, in kinds that callers can act on.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Somebody else changed the row first; nothing was written.
    #[error("{what} was changed by somebody else in the meantime")]
    Conflict {
        /// What was to be changed.
        what: &'static str,
    },
    /// The row that must be there isn't.
    #[error("{what} isn't there")]
    Missing {
        /// What was looked for.
        what: &'static str,
    },
    /// A row that can't be read as what it should be.
    #[error("{table}.{column} of {row} holds something that this version can't read: {found}")]
    Inconsistent {
        /// The table.
        table: &'static str,
        /// The column.
        column: &'static str,
        /// Which row.
        row: String,
        /// What was found.
        found: String,
    },
    /// A unique rule was broken: the statement says which.
    #[error("{what} is already there")]
    Duplicate {
        /// What was to be added.
        what: &'static str,
    },
    /// The database's schema isn't the one that this program knows.
    #[error("{0}")]
    Schema(String),
    /// The program's own mistake, such as a change without an event.
    #[error("{0}")]
    Misuse(&'static str),
    /// The database said no or didn't answer.
    #[error("the database failed: {0}")]
    Database(#[from] sqlx::Error),
}

impl StoreError {
    /// True when the same transaction may succeed if it is tried again from the start.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Database(sqlx::Error::Database(e)) => {
                // PostgreSQL: serialization failure and deadlock. SQLite: busy and its extended codes.
                matches!(e.code().as_deref(), Some("40001" | "40P01" | "5" | "261" | "517"))
            }
            Self::Database(sqlx::Error::PoolTimedOut | sqlx::Error::Io(_)) => true,
            _ => false,
        }
    }

    /// Turns a broken unique rule of the statement just run into [`StoreError::Duplicate`]. The rule's name isn't known on
    /// SQLite, so each statement says itself what it adds.
    #[must_use]
    pub fn or_duplicate(self, what: &'static str) -> Self {
        match self {
            Self::Database(sqlx::Error::Database(e)) if e.is_unique_violation() => Self::Duplicate { what },
            other => other,
        }
    }
}
