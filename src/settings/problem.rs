//! What is wrong with the settings, in words that say where and what is expected instead.

use std::sync::Arc;

/// Where a value was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// A line of the settings file.
    File {
        /// The file as it was named.
        path: Arc<str>,
        /// Its line, counted from 1.
        line: usize,
    },
    /// An environment variable.
    Variable(Arc<str>),
}

impl std::fmt::Display for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::File { path, line } => write!(f, "{path}:{line}"),
            Self::Variable(name) => write!(f, "variable {name}"),
        }
    }
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The setting's full name, such as `oidc.issuer`.
    pub setting: String,
    /// Where it was written; nothing where it is missing.
    pub origin: Option<Origin>,
    /// What is wrong, and what is expected.
    pub words: String,
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (&self.origin, self.setting.is_empty()) {
            (Some(origin), false) => write!(f, "{} ({origin}): {}", self.setting, self.words),
            (Some(origin), true) => write!(f, "{origin}: {}", self.words),
            (None, false) => write!(f, "{}: {}", self.setting, self.words),
            (None, true) => f.write_str(&self.words),
        }
    }
}

/// Everything that is wrong with the settings, at once, so that one start is enough to mend them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingsError {
    /// At least one.
    pub problems: Vec<Problem>,
}

impl std::fmt::Display for SettingsError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.problems.as_slice() {
            [only] => write!(f, "A setting stops the start.\n  {only}"),
            many => {
                write!(f, "{} settings stop the start.", many.len())?;
                many.iter().try_for_each(|problem| write!(f, "\n  {problem}"))
            }
        }
    }
}

impl std::error::Error for SettingsError {}

/// The name of the variable that overrides a setting: `oidc.issuer` is `LATCHKEY_OIDC__ISSUER`.
#[must_use]
pub fn variable_for(setting: &str) -> String {
    let nested = setting.replace('.', "__").replace('-', "_");
    format!("LATCHKEY_{}", nested.to_uppercase())
}

/// The known name that was probably meant, if one is close enough to be worth naming.
#[must_use]
pub fn closest<'a>(written: &str, known: &[&'a str]) -> Option<&'a str> {
    let allowed = if written.len() > 6 { 3 } else { 2 };
    known
        .iter()
        .map(|name| (distance(written, name), *name))
        .filter(|(steps, name)| *steps <= allowed && *steps < name.len())
        .min_by_key(|(steps, _)| *steps)
        .map(|(_, name)| name)
}

/// Insertions, deletions and replacements between two words (Levenshtein).
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        for (j, to) in b.iter().enumerate() {
            let above = row.get(j + 1).copied().unwrap_or(usize::MAX - 1);
            let here = (diagonal + usize::from(from != *to)).min(left + 1).min(above + 1);
            if let Some(cell) = row.get_mut(j) {
                *cell = left;
            }
            diagonal = above;
            left = here;
        }
        if let Some(cell) = row.last_mut() {
            *cell = left;
        }
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_pen_finds_the_meant_name() {
        assert_eq!(closest("isuer", &["issuer", "client_id"]), Some("issuer"));
        assert_eq!(closest("databse_url", &["database_url", "public_url"]), Some("database_url"));
        assert_eq!(closest("colour", &["issuer", "client_id"]), None);
    }

    #[test]
    fn distances_are_those_of_levenshtein() {
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("same", "same"), 0);
    }

    #[test]
    fn the_variable_of_a_setting_can_be_typed_in_a_shell() {
        assert_eq!(variable_for("oidc.issuer"), "LATCHKEY_OIDC__ISSUER");
        assert_eq!(variable_for("connection.hr-data.url"), "LATCHKEY_CONNECTION__HR_DATA__URL");
    }
}
