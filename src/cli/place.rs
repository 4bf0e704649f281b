//! Where an installation is kept: a settings file, or one folder with everything in it.

use std::{
    fs,
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use crate::settings::{DEFAULT_FILE, Purpose, Settings};

use super::Failure;

/// What `--data` and `--settings` say.
#[derive(Debug, Clone, Default)]
pub struct Place {
    /// The folder with everything in it.
    pub data: Option<PathBuf>,
    /// The settings file.
    pub file: Option<PathBuf>,
}

/// The database inside a data folder.
const DATABASE: &str = "latchkey.db";
/// The key of the events inside a data folder.
const EVENT_KEY: &str = "event.key";

impl Place {
    /// The installation's settings, from the file, the variables and the data folder's own defaults.
    ///
    /// # Errors
    /// Everything that is wrong with the settings, or what can't be read.
    pub fn settings(&self, purpose: Purpose) -> Result<Settings, Failure> {
        let variables =
            std::env::vars_os().filter_map(|(name, text)| Some((name.into_string().ok()?, text.into_string().ok()?)));
        let Some(folder) = &self.data else {
            let mut settings = Settings::load(purpose, self.file.as_deref(), variables)?;
            from_folder_of(self.file.as_deref().unwrap_or(Path::new(DEFAULT_FILE)), &mut settings);
            return Ok(settings);
        };
        self.in_folder(folder, purpose, variables.collect())
    }

    /// A data folder says where its database and key are; a variable that says otherwise would silently mix two installations.
    fn in_folder(
        &self,
        folder: &Path,
        purpose: Purpose,
        mut variables: Vec<(String, String)>,
    ) -> Result<Settings, Failure> {
        let clash = variables.iter().find(|(name, _)| {
            ["LATCHKEY_DATABASE_URL", "LATCHKEY_EVENT_KEY"]
                .iter()
                .any(|known| name.strip_prefix(known).is_some_and(|rest| matches!(rest, "" | "_FILE" | "_ENV")))
        });
        if let Some((name, _)) = clash {
            return Err(Failure::new(format!(
                "The variable {name} is set, and --data names the folder {} with a database and a key of its own. Keep one of the two.",
                folder.display()
            )));
        }
        let folder =
            make_private_folder(folder).map_err(|error| Failure::file("Making the data folder", folder, &error))?;
        let own = folder.join(DEFAULT_FILE);
        let file = self.file.clone().or_else(|| own.is_file().then_some(own));
        let written = file.as_deref().map(keys_of).transpose()?.unwrap_or_default();
        let says = |stem: &str| {
            written.iter().any(|key| key.strip_prefix(stem).is_some_and(|rest| matches!(rest, "" | "_file" | "_env")))
        };
        if !says("database_url") {
            variables.push(("LATCHKEY_DATABASE_URL".to_owned(), format!("sqlite:{}", folder.join(DATABASE).display())));
        }
        if !says("event_key") {
            let key = folder.join(EVENT_KEY);
            kept_key(&key).map_err(|error| Failure::file("Making the event key", &key, &error))?;
            variables.push(("LATCHKEY_EVENT_KEY_FILE".to_owned(), key.display().to_string()));
        }
        // Without a file, the settings' reader would look for one in the current folder.
        match file {
            Some(file) => {
                let mut settings = Settings::load(purpose, Some(&file), variables)?;
                from_folder_of(&file, &mut settings);
                Ok(settings)
            }
            None => Ok(Settings::parse(purpose, None, variables.into_iter().collect())?),
        }
    }
}

/// Files that connections name are meant from where the settings file lies, like every other path in it.
fn from_folder_of(file: &Path, settings: &mut Settings) {
    let Some(folder) = file.parent() else { return };
    for (name, value) in settings.connections.values_mut().flat_map(|table| table.iter_mut()) {
        if let Some(path) = value.as_str().filter(|_| name.ends_with("_file")) {
            *value = toml::Value::String(folder.join(path).display().to_string());
        }
    }
}

/// The outermost keys of a settings file. What else is wrong with it is for the settings' own reader to say.
fn keys_of(file: &Path) -> Result<Vec<String>, Failure> {
    let text = fs::read_to_string(file).map_err(|error| Failure::file("Reading the settings file", file, &error))?;
    Ok(text.parse::<toml::Table>().map(|table| table.keys().cloned().collect()).unwrap_or_default())
}

/// Makes a folder that only its owner can enter; one that is there stays as it is. Gives its full path.
///
/// # Errors
/// When it can't be made.
pub fn make_private_folder(folder: &Path) -> io::Result<PathBuf> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    folder.canonicalize()
}

/// Makes a key that nobody could guess, once, in a file that only its owner can read.
///
/// # Errors
/// When it can't be written.
pub fn kept_key(file: &Path) -> io::Result<()> {
    if file.is_file() {
        return Ok(());
    }
    let key: String = rand::random::<[u8; 32]>().iter().map(|byte| format!("{byte:02x}")).collect();
    write_private(file, &format!("{key}\n"))
}

/// Writes a file that only its owner can read, whole or not at all: a crash leaves no half of it under its name.
///
/// # Errors
/// When it can't be written.
pub fn write_private(file: &Path, text: &str) -> io::Result<()> {
    let mut beside = file.as_os_str().to_owned();
    beside.push(format!(".{}", std::process::id()));
    let beside = PathBuf::from(beside);
    let mut new = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&beside)?;
    new.write_all(text.as_bytes())?;
    new.sync_all()?;
    fs::rename(&beside, file)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn in_folder(folder: &Path, variables: &[(&str, &str)]) -> Result<Settings, Failure> {
        let variables = variables.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
        Place::default().in_folder(folder, Purpose::Data, variables)
    }

    #[test]
    fn a_data_folder_has_a_database_and_a_key_that_stays() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("data");
        let first = in_folder(&folder, &[]).unwrap();
        let database = folder.canonicalize().unwrap().join("latchkey.db");
        assert_eq!(first.database_url.expose(), format!("sqlite:{}", database.display()));
        assert_eq!(first.event_key.expose().len(), 64);
        let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&folder), mode(&folder.join("event.key"))), (0o700, 0o600));
        let second = in_folder(&folder, &[]).unwrap();
        assert_eq!(second.event_key, first.event_key);
    }

    #[test]
    fn a_data_folder_may_have_its_own_settings() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("latchkey.toml"), "database_url = \"sqlite:elsewhere.db\"\n").unwrap();
        let settings = in_folder(dir.path(), &[]).unwrap();
        assert_eq!(settings.database_url.expose(), "sqlite:elsewhere.db");
        assert_eq!(settings.event_key.expose().len(), 64);
    }

    #[test]
    fn two_databases_are_one_too_many() {
        let dir = tempfile::tempdir().unwrap();
        for name in
            ["LATCHKEY_DATABASE_URL", "LATCHKEY_DATABASE_URL_FILE", "LATCHKEY_EVENT_KEY", "LATCHKEY_EVENT_KEY_ENV"]
        {
            let failure = in_folder(dir.path(), &[(name, "x")]).unwrap_err().to_string();
            assert!(failure.contains(name), "{failure}");
        }
    }
}
