//! What is wrong with a file, where, and what is expected instead.

use std::fmt;

/// The most mistakes that are listed at once.
pub const MAX_ERRORS: usize = 50;

/// Where something stands in a file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The file's path as it was given.
    pub file: String,
    /// The line, from 1.
    pub line: u32,
    /// The column in characters, from 1, where it is known.
    pub column: Option<u32>,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.line)?;
        self.column.map_or(Ok(()), |column| write!(f, ":{column}"))
    }
}

/// One mistake in a file. Displays as `people.csv:14: employment_type is "temp"; expected employee or contractor`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct FileError {
    /// The file's path as it was given; empty when the mistake is in the set as a whole.
    pub file: String,
    /// The line, from 1; `None` when the mistake is in the file as a whole.
    pub line: Option<u32>,
    /// The column in characters, from 1, where it is known.
    pub column: Option<u32>,
    /// What is wrong, naming the field and what was read.
    pub message: String,
    /// What would be right; `None` when the message says it all.
    pub expected: Option<String>,
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.file.is_empty() {
            f.write_str(&self.file)?;
            for number in [self.line, self.column].into_iter().flatten() {
                write!(f, ":{number}")?;
            }
            f.write_str(": ")?;
        }
        f.write_str(&self.message)?;
        self.expected.as_ref().map_or(Ok(()), |expected| write!(f, "; expected {expected}"))
    }
}

impl FileError {
    /// A mistake at a place.
    #[must_use]
    pub fn at(place: &Place, message: impl Into<String>, expected: impl Into<String>) -> Self {
        Self {
            file: place.file.clone(),
            line: Some(place.line),
            column: place.column,
            message: message.into(),
            expected: Some(expected.into()),
        }
    }

    /// A mistake in a file, or in the set when `file` is empty, as a whole.
    #[must_use]
    pub fn whole(file: &str, message: impl Into<String>, expected: Option<&str>) -> Self {
        Self {
            file: file.to_owned(),
            line: None,
            column: None,
            message: message.into(),
            expected: expected.map(str::to_owned),
        }
    }
}

/// Gathers mistakes, at most [`MAX_ERRORS`] of them; the rest are counted.
#[derive(Debug, Default)]
pub(super) struct Errors {
    list: Vec<FileError>,
    dropped: usize,
}

impl Errors {
    pub(super) fn push(&mut self, error: FileError) {
        if self.list.len() < MAX_ERRORS { self.list.push(error) } else { self.dropped += 1 }
    }

    /// How many there were so far.
    pub(super) fn count(&self) -> usize {
        self.list.len() + self.dropped
    }

    /// `value` when nothing is wrong, else every mistake in the order of the files and lines.
    pub(super) fn finish<T>(mut self, value: T) -> Result<T, Vec<FileError>> {
        if self.list.is_empty() {
            return Ok(value);
        }
        self.list.sort_by(|a, b| (&a.file, a.line, a.column).cmp(&(&b.file, b.line, b.column)));
        if self.dropped > 0 {
            let more = if self.dropped == 1 {
                "1 more mistake isn't"
            } else {
                &format!("{} more mistakes aren't", self.dropped)
            };
            self.list.push(FileError::whole("", format!("{more} listed; mend these first"), None));
        }
        Err(self.list)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_reads_as_editors_expect() {
        let place = Place { file: "people.csv".into(), line: 14, column: None };
        let error = FileError::at(&place, "employment_type is \"temp\"", "employee or contractor");
        assert_eq!(error.to_string(), "people.csv:14: employment_type is \"temp\"; expected employee or contractor");
        let place = Place { column: Some(8), ..place };
        assert_eq!(FileError::at(&place, "a", "b").to_string(), "people.csv:14:8: a; expected b");
        assert_eq!(FileError::whole("policies.toml", "is missing", None).to_string(), "policies.toml: is missing");
        assert_eq!(FileError::whole("", "nothing to apply", None).to_string(), "nothing to apply");
    }

    #[test]
    fn mistakes_are_sorted_and_bounded_and_the_rest_is_counted() {
        let mut errors = Errors::default();
        for line in (1..=60).rev() {
            errors.push(FileError::at(&Place { file: "a".into(), line, column: None }, "x", "y"));
        }
        let list = errors.finish(()).unwrap_err();
        assert_eq!(list.len(), MAX_ERRORS + 1);
        assert!(list[..MAX_ERRORS].is_sorted_by_key(|error| error.line));
        assert_eq!(list[MAX_ERRORS].to_string(), "10 more mistakes aren't listed; mend these first");
        assert_eq!(Errors::default().finish(7), Ok(7));
    }
}
