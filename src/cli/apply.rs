//! `latchkey apply`

use std::{fs, path::Path};

use latchkey_domain::{actor::Actor, clock::SystemClock};
use latchkey_service::{
    apply_catalog::apply_catalog,
    files::{MAX_CATALOG_FILES, MAX_FILE_BYTES},
    plan::FilesError,
};

use super::{
    Failure,
    open::{Schema, open},
};
use crate::settings::Settings;

/// Applies a catalog, or says what that would do.
///
/// # Errors
/// Every mistake in the files with its line; nothing is written then.
pub async fn apply(settings: Settings, dir: &Path, dry_run: bool) -> Result<(), Failure> {
    let files = read_catalog(dir)?;
    let opened = open(&settings, &SystemClock, if dry_run { Schema::AsItIs } else { Schema::SetUp }).await?;
    let plan = apply_catalog(&opened.db, &SystemClock, &Actor::Host, &dir.display().to_string(), &files, dry_run).await;
    opened.db.close().await;
    print!("{}", plan.map_err(|error| in_folder(error, dir))?);
    Ok(())
}

/// Mistakes name files as they are found from here.
fn in_folder(error: FilesError, dir: &Path) -> FilesError {
    let FilesError::Files(mut errors) = error else { return error };
    for error in &mut errors {
        if !error.file.is_empty() {
            error.file = dir.join(&error.file).display().to_string();
        }
    }
    FilesError::Files(errors)
}

/// The TOML files of a catalog's folder, as (path below it, text), in the order of their paths. Names that begin with a dot,
/// and files of other kinds, are left alone.
///
/// # Errors
/// When a file can't be read, or there are too many or too large ones.
pub fn read_catalog(dir: &Path) -> Result<Vec<(String, String)>, Failure> {
    let mut files = Vec::new();
    collect(dir, "", &mut files)?;
    files.sort();
    Ok(files)
}

fn collect(dir: &Path, below: &str, files: &mut Vec<(String, String)>) -> Result<(), Failure> {
    let unreadable = |path: &Path, error: &std::io::Error| Failure::file("Reading the catalog's", path, error);
    for entry in fs::read_dir(dir).map_err(|error| unreadable(dir, &error))? {
        let entry = entry.map_err(|error| unreadable(dir, &error))?;
        let path = entry.path();
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with('.') {
            continue;
        }
        let relative = if below.is_empty() { name } else { format!("{below}/{name}") };
        let kind = path.metadata().map_err(|error| unreadable(&path, &error))?;
        if kind.is_dir() {
            // systems/ and roles/ lie one below; deeper ones are somebody else's.
            if below.is_empty() {
                collect(&path, &relative, files)?;
            }
        } else if relative.ends_with(".toml") {
            if files.len() >= MAX_CATALOG_FILES {
                return Err(Failure::new(format!(
                    "{} holds more than {MAX_CATALOG_FILES} files. Nothing was written.",
                    dir.display()
                )));
            }
            if usize::try_from(kind.len()).map_or(true, |bytes| bytes > MAX_FILE_BYTES) {
                let words = format!("{} is larger than {MAX_FILE_BYTES} bytes. Nothing was written.", path.display());
                return Err(Failure::new(words));
            }
            files.push((relative, fs::read_to_string(&path).map_err(|error| unreadable(&path, &error))?));
        }
    }
    Ok(())
}
