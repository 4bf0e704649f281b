//! What a set of files would do or did, for people to read; and how files are refused.

use latchkey_domain::{
    AppliedSetId,
    actor::{Actor, ActorRef},
    portal_role::PortalRole,
};
use latchkey_store::StoreError;

use crate::{ServiceError, files::FileError};

/// How many lines of a section are kept; the rest is counted.
pub const MAX_LINES: usize = 20;

/// What became of a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Everything is already as the files say; nothing was written.
    NothingToDo,
    /// Only looked at; nothing was written.
    DryRun,
    /// Written, as this set.
    Done(AppliedSetId),
}

/// One kind of change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// What the lines have in common, such as "New people".
    pub title: &'static str,
    /// How many there are.
    pub count: usize,
    /// The first of them, at most [`MAX_LINES`].
    pub lines: Vec<String>,
}

/// What a set of files would do or did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The files, as they were named.
    pub files: String,
    /// SHA-256 of what is in them, in hexadecimal.
    pub hash: String,
    /// What became of it.
    pub outcome: Outcome,
    /// Every kind of change that there is, in a fixed order; none when nothing changes.
    pub sections: Vec<Section>,
}

impl Plan {
    /// An empty plan.
    #[must_use]
    pub(crate) fn new(files: &str, hash: String) -> Self {
        Self { files: files.to_owned(), hash, outcome: Outcome::DryRun, sections: Vec::new() }
    }

    /// Adds a line to a section. The text is only made when it is kept.
    pub(crate) fn add(&mut self, title: &'static str, line: impl FnOnce() -> String) {
        let at = self.sections.iter().position(|s| s.title == title).unwrap_or_else(|| {
            self.sections.push(Section { title, count: 0, lines: Vec::new() });
            self.sections.len() - 1
        });
        if let Some(section) = self.sections.get_mut(at) {
            section.count += 1;
            if section.lines.len() < MAX_LINES {
                section.lines.push(line());
            }
        }
    }

    /// How many lines a section has, kept or not.
    #[must_use]
    pub fn count(&self, title: &str) -> usize {
        self.sections.iter().find(|s| s.title == title).map_or(0, |s| s.count)
    }

    /// The kept lines of a section.
    #[must_use]
    pub fn lines(&self, title: &str) -> &[String] {
        self.sections.iter().find(|s| s.title == title).map_or(&[], |s| &s.lines)
    }

    /// The counts in one line, such as "New people: 3, changed people: 1".
    #[must_use]
    pub fn summary(&self) -> String {
        let parts: Vec<String> = self.sections.iter().map(|s| format!("{}: {}", s.title, s.count)).collect();
        if parts.is_empty() { "No changes".to_owned() } else { parts.join(", ") }
    }
}

impl std::fmt::Display for Plan {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.outcome {
            Outcome::NothingToDo => writeln!(f, "Nothing to do: everything is already as {} says.", self.files)?,
            Outcome::DryRun => writeln!(f, "{} would do this; nothing was written:", self.files)?,
            Outcome::Done(_) => writeln!(f, "{} is applied:", self.files)?,
        }
        for section in &self.sections {
            writeln!(f, "\n{} ({})", section.title, section.count)?;
            for line in &section.lines {
                writeln!(f, "  {line}")?;
            }
            let more = section.count - section.lines.len();
            if more > 0 {
                writeln!(f, "  and {more} more")?;
            }
        }
        Ok(())
    }
}

/// Why a set of files wasn't applied; nothing of it was written.
#[derive(Debug, thiserror::Error)]
pub enum FilesError {
    /// Mistakes in the files, each with file, line and what is expected.
    #[error("{}", listed(.0))]
    Files(Vec<FileError>),
    /// It was refused or the database failed.
    #[error(transparent)]
    Service(#[from] ServiceError),
}

impl From<StoreError> for FilesError {
    fn from(error: StoreError) -> Self {
        Self::Service(error.into())
    }
}

impl From<Vec<FileError>> for FilesError {
    fn from(errors: Vec<FileError>) -> Self {
        Self::Files(errors)
    }
}

/// A result of applying files.
pub type FilesResult<T> = Result<T, FilesError>;

fn listed(errors: &[FileError]) -> String {
    let mut text = String::from("nothing was written, because of these mistakes:");
    for error in errors {
        text.push_str("\n  ");
        text.push_str(&error.to_string());
    }
    text
}

/// Files are applied on the host or by an administrator.
pub(crate) fn may_apply(actor: &Actor) -> Result<(), ServiceError> {
    let may = match actor {
        Actor::Host => true,
        Actor::Person(person) => person.has(PortalRole::Administrator),
        Actor::Worker(_) | Actor::Token { .. } => false,
    };
    if may {
        return Ok(());
    }
    Err(ServiceError::refused(
        "files.not_administrator",
        "The files were not applied.",
        "Only an administrator may apply files.",
        "Run the command on the host, or ask somebody with the role Latchkey administrator.",
    ))
}

/// Who applied a set, as its row says.
pub(crate) fn by_words(actor: &Actor) -> String {
    match actor.reference() {
        ActorRef::Host => "a command on the host".to_owned(),
        ActorRef::Person { identity, .. } => identity.to_string(),
        ActorRef::Token { token, .. } => format!("token {token}"),
        ActorRef::Worker { duty } => duty,
        ActorRef::Source { key } => key,
        ActorRef::Unknown => String::new(),
    }
}

/// "1 person", "2 people".
pub(crate) fn counted(n: i64, one: &str, many: &str) -> String {
    if n == 1 { format!("1 {one}") } else { format!("{n} {many}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_is_bounded_and_says_how_many_more() {
        let mut plan = Plan::new("people.csv", "hash".to_owned());
        for n in 0..25 {
            plan.add("New people", || format!("Person {n}"));
        }
        plan.add("Left", || "Ann Berg (E0001)".to_owned());
        let text = plan.to_string();
        assert!(text.starts_with("people.csv would do this; nothing was written:\n\nNew people (25)\n  Person 0\n"));
        assert!(text.contains("  Person 19\n  and 5 more\n\nLeft (1)\n  Ann Berg (E0001)\n"));
        assert_eq!(plan.summary(), "New people: 25, Left: 1");
        assert_eq!((plan.count("New people"), plan.lines("New people").len(), plan.count("none")), (25, 20, 0));
    }
}
