//! `[connection.<key>]` with `kind = "program"`.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    time::Duration,
};

use serde::Deserialize;

use super::{Call, PROTOCOL, Secrets};
use crate::{SecretSource, SettingsError, settings};

/// How to run a program that speaks Latchkey's protocol.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProgramSettings {
    /// The program's absolute path, and its arguments. There is no shell: each is passed on as it is.
    pub command: Vec<String>,
    /// Names of Latchkey's own environment variables that the program gets too. It gets no others.
    #[serde(default)]
    pub env: Vec<String>,
    /// What the program is told in its first message: `NAME_file` or `NAME_env` for a secret called NAME.
    #[serde(default)]
    pub secrets: BTreeMap<String, String>,
    /// The longest line that is sent or read, in bytes.
    #[serde(default = "one_mebibyte")]
    pub max_message_bytes: usize,
    /// The longest that a call takes, in seconds.
    #[serde(default = "settings::ten")]
    pub timeout_seconds: u64,
}

const fn one_mebibyte() -> usize {
    1024 * 1024
}

/// What `max_message_bytes` may be.
const MESSAGE_BYTES: std::ops::RangeInclusive<usize> = 4096..=16 * 1024 * 1024;
/// The most arguments, variables, and secrets.
const MOST: usize = 64;

impl ProgramSettings {
    /// Settings with every default.
    #[must_use]
    pub fn new(command: Vec<String>) -> Self {
        Self {
            command,
            env: Vec::new(),
            secrets: BTreeMap::new(),
            max_message_bytes: one_mebibyte(),
            timeout_seconds: settings::ten(),
        }
    }

    /// Checks what can be checked without starting the program.
    pub(crate) fn checked(self) -> Result<Checked, SettingsError> {
        let mut command = self.command.into_iter();
        let program = command.next().unwrap_or_default();
        if !Path::new(&program).is_absolute() {
            return Err(SettingsError::new(
                "command",
                format!("begins with \"{program}\"; expected the program's absolute path, then its arguments"),
            ));
        }
        let arguments: Vec<String> = command.collect();
        if arguments.len() > MOST || program.contains('\0') || arguments.iter().any(|one| one.contains('\0')) {
            return Err(SettingsError::new(
                "command",
                format!("has more than {MOST} arguments or a character that a command line can't hold"),
            ));
        }
        for name in &self.env {
            variable(name)?;
        }
        if self.env.len() > MOST {
            return Err(SettingsError::new("env", format!("names more than {MOST} variables")));
        }
        if !MESSAGE_BYTES.contains(&self.max_message_bytes) {
            return Err(SettingsError::new(
                "max_message_bytes",
                format!("is {}; expected {} to {}", self.max_message_bytes, MESSAGE_BYTES.start(), MESSAGE_BYTES.end()),
            ));
        }
        Ok(Checked {
            program: program.into(),
            arguments,
            env: self.env,
            secrets: sources(&self.secrets)?,
            max_message_bytes: self.max_message_bytes,
            timeout: settings::timeout(self.timeout_seconds)?,
        })
    }
}

fn variable(name: &str) -> Result<(), SettingsError> {
    let plain = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if !plain {
        return Err(SettingsError::new(
            "env",
            format!("has \"{name}\"; expected names of environment variables, without values"),
        ));
    }
    if name.starts_with("LATCHKEY_") {
        return Err(SettingsError::new(
            "env",
            format!("has {name}, a setting of Latchkey's own, which no other program is given"),
        ));
    }
    Ok(())
}

/// Reads `NAME_file` and `NAME_env`.
fn sources(settings: &BTreeMap<String, String>) -> Result<BTreeMap<String, SecretSource>, SettingsError> {
    let wrong = |setting: &str, words: &str| Err(SettingsError::new(format!("secrets.{setting}"), words));
    let mut sources = BTreeMap::new();
    for (setting, value) in settings {
        let (name, source) = if let Some(name) = setting.strip_suffix("_file") {
            (name, SecretSource::File(PathBuf::from(value)))
        } else if let Some(name) = setting.strip_suffix("_env") {
            (name, SecretSource::Env(value.clone()))
        } else {
            return wrong(setting, "expected NAME_file or NAME_env: a secret never stands in the settings itself");
        };
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        if name.is_empty() || name.len() > MOST || !name.chars().all(plain) {
            return wrong(setting, "expected a name of lower-case letters, digits and \"_\"");
        }
        if sources.insert(name.to_owned(), source).is_some() {
            return wrong(setting, "set either the file or the variable, not both");
        }
    }
    if sources.len() > MOST {
        return Err(SettingsError::new("secrets", format!("names more than {MOST}")));
    }
    Ok(sources)
}

/// Settings that were looked through.
pub(crate) struct Checked {
    pub(super) program: PathBuf,
    pub(super) arguments: Vec<String>,
    pub(super) env: Vec<String>,
    pub(crate) secrets: BTreeMap<String, SecretSource>,
    pub(super) max_message_bytes: usize,
    pub(crate) timeout: Duration,
}

impl Checked {
    /// The program in a sentence.
    pub(crate) fn name(&self) -> String {
        format!("The program {}", self.program.display())
    }

    /// The first call of a process.
    pub(crate) fn greeting<'a>(&self, secrets: &'a Secrets) -> Call<'a> {
        Call::Hello {
            protocol: PROTOCOL,
            latchkey: env!("CARGO_PKG_VERSION"),
            deadline_seconds: self.timeout.as_secs(),
            max_message_bytes: self.max_message_bytes,
            secrets: secrets.exposed(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(text: &str) -> String {
        let settings: ProgramSettings = toml::from_str(text).unwrap();
        match settings.checked() {
            Ok(_) => panic!("accepted: {text}"),
            Err(error) => error.setting,
        }
    }

    #[test]
    fn a_setting_that_cannot_work_is_named() {
        assert_eq!(wrong("command = []"), "command");
        assert_eq!(wrong("command = [\"thing.py\"]"), "command");
        assert_eq!(wrong("command = [\"/bin/a\\u0000b\"]"), "command");
        let with = |line: &str| wrong(&format!("command = [\"/opt/thing\"]\n{line}\n"));
        assert_eq!(with("env = [\"A=b\"]"), "env");
        assert_eq!(with("env = [\"LATCHKEY_OIDC__CLIENT_SECRET\"]"), "env");
        assert_eq!(with("max_message_bytes = 10"), "max_message_bytes");
        assert_eq!(with("timeout_seconds = 0"), "timeout_seconds");
        assert_eq!(with("secrets = { token = \"x\" }"), "secrets.token");
        assert_eq!(with("secrets = { Token_file = \"/x\" }"), "secrets.Token_file");
        assert_eq!(with("secrets = { a_file = \"/x\", a_env = \"X\" }"), "secrets.a_file");
        assert!(toml::from_str::<ProgramSettings>("command = [\"/x\"]\nshell = true\n").is_err());
    }

    #[test]
    fn promise_11_secrets_come_by_file_or_variable() {
        let settings: ProgramSettings = toml::from_str(
            "command = [\"/x\", \"--flag\"]\nenv = [\"LANG\"]\nsecrets = { a_file = \"/y\", b_env = \"B\" }",
        )
        .unwrap();
        let checked = settings.checked().unwrap();
        assert_eq!(checked.arguments, ["--flag"]);
        assert!(matches!(checked.secrets.get("a"), Some(SecretSource::File(_))));
        assert!(matches!(checked.secrets.get("b"), Some(SecretSource::Env(_))));
        assert_eq!(checked.name(), "The program /x");
    }
}
