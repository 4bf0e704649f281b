//! Secrets of connections: where they are read from, and a wrapper that never shows them.

use std::{env, fmt, fs, path::PathBuf};

use crate::SettingsError;

/// A password or token. `Debug` shows nothing of it and there is no `Display`.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps a secret.
    pub fn new(secret: impl Into<String>) -> Self {
        Self(secret.into())
    }

    /// The secret itself, for the one place that sends it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(hidden)")
    }
}

/// Where a connection's secret is. It is read each time that a connection is opened, so a changed file takes effect by itself.
#[derive(Debug, Clone)]
pub enum SecretSource {
    /// A file that holds the secret and nothing else; a line end behind it is ignored.
    File(PathBuf),
    /// The name of an environment variable.
    Env(String),
    /// Held in memory: the demo's and the tests' own servers.
    Value(Secret),
}

impl SecretSource {
    /// Chooses the source from settings. `name` is the setting's stem, as in `password` for `password_file`, `password_env`.
    ///
    /// # Errors
    /// When more than one is set.
    pub(crate) fn from_settings(
        name: &str,
        file: Option<&PathBuf>,
        variable: Option<&String>,
        value: Option<&Secret>,
    ) -> Result<Option<Self>, SettingsError> {
        let mut sources = file
            .map(|file| Self::File(file.clone()))
            .into_iter()
            .chain(variable.map(|variable| Self::Env(variable.clone())))
            .chain(value.map(|value| Self::Value(value.clone())));
        let first = sources.next();
        if sources.next().is_some() {
            return Err(SettingsError::new(
                format!("{name}_file"),
                format!("set either {name}_file or {name}_env, not both"),
            ));
        }
        Ok(first)
    }

    /// Reads the secret.
    ///
    /// # Errors
    /// In words that name the file or the variable: it is missing, unreadable or empty.
    pub fn read(&self) -> Result<Secret, String> {
        let secret = match self {
            Self::Value(secret) => return Ok(secret.clone()),
            Self::File(path) => fs::read_to_string(path)
                .map_err(|error| format!("The secret's file {} can't be read: {error}.", path.display()))?,
            Self::Env(name) => env::var(name).map_err(|_| {
                format!("The environment variable {name}, which should hold the secret, is not set or not text.")
            })?,
        };
        let secret = secret.strip_suffix('\n').unwrap_or(&secret);
        let secret = secret.strip_suffix('\r').unwrap_or(secret);
        if secret.is_empty() {
            return Err(match self {
                Self::File(path) => format!("The secret's file {} is empty.", path.display()),
                _ => "The environment variable that should hold the secret is empty.".to_owned(),
            });
        }
        Ok(Secret::new(secret))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn promise_11_debug_output_hides_the_secret() {
        let source = SecretSource::Value(Secret::new("hunter22"));
        assert!(!format!("{source:?}").contains("hunter22"));
    }

    #[test]
    fn a_file_loses_its_line_end_and_nothing_else() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("password");
        fs::write(&path, " two words \r\n").unwrap();
        assert_eq!(SecretSource::File(path.clone()).read().unwrap().expose(), " two words ");
        fs::write(&path, "\n").unwrap();
        assert!(SecretSource::File(path).read().unwrap_err().contains("is empty"));
        assert!(SecretSource::File(dir.path().join("none")).read().unwrap_err().contains("none"));
    }

    #[test]
    fn two_sources_are_one_too_many() {
        let file = PathBuf::from("/x");
        let variable = "X".to_owned();
        let error = SecretSource::from_settings("password", Some(&file), Some(&variable), None).unwrap_err();
        assert_eq!(error.setting, "password_file");
        assert!(SecretSource::from_settings("password", None, None, None).unwrap().is_none());
    }
}
