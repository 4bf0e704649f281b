//! Locks beside a SQLite database: who uses it, and who works on it. The system drops them with the process, however it ends.

use std::{
    fs::{self, File, TryLockError},
    io::{Read, Seek, Write},
    path::{Path, PathBuf},
};

use super::Failure;

/// A lock that is held until this is dropped.
#[derive(Debug)]
pub struct Held {
    _file: File,
}

/// Which lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Held together by everybody who uses the database, and alone by whoever puts another in its place.
    Use,
    /// Held by the one worker.
    Work,
    /// Held by whoever brings the schema up to date; the others wait.
    Migrate,
}

fn path_of(database: &Path, kind: Kind) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(match kind {
        Kind::Use => ".lock",
        Kind::Work => ".worker",
        Kind::Migrate => ".migrating",
    });
    name.into()
}

fn open(path: &Path) -> Result<File, Failure> {
    fs::OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(path)
        .map_err(|error| Failure::file("Opening the lock", path, &error))
}

/// Says that this process uses the database.
///
/// # Errors
/// When it is just being replaced, or the lock can't be made.
pub fn in_use(database: &Path) -> Result<Held, Failure> {
    let path = path_of(database, Kind::Use);
    let file = open(&path)?;
    match file.try_lock_shared() {
        Ok(()) => Ok(Held { _file: file }),
        Err(TryLockError::WouldBlock) => Err(Failure::new(format!(
            "A backup is being restored to {} right now. Try again when it is done.",
            database.display()
        ))),
        Err(TryLockError::Error(error)) => Err(Failure::file("Locking", &path, &error)),
    }
}

/// Takes the database for this process alone.
///
/// # Errors
/// When somebody uses it, or the lock can't be made.
pub fn alone(database: &Path) -> Result<Held, Failure> {
    let path = path_of(database, Kind::Use);
    let file = open(&path)?;
    match file.try_lock() {
        Ok(()) => Ok(Held { _file: file }),
        Err(TryLockError::WouldBlock) => Err(Failure::new(format!(
            "The database {} is in use. Stop `latchkey serve`, `latchkey work` and `latchkey demo` first. Nothing was changed.",
            database.display()
        ))),
        Err(TryLockError::Error(error)) => Err(Failure::file("Locking", &path, &error)),
    }
}

/// Says that this process is the one that works on the database.
///
/// # Errors
/// When another one is, or the lock can't be made.
pub fn the_worker(database: &Path) -> Result<Held, Failure> {
    let path = path_of(database, Kind::Work);
    let mut file = open(&path)?;
    match file.try_lock() {
        Ok(()) => {
            // For the words of whoever comes second; the lock itself is the system's.
            let _ = file.set_len(0).and_then(|()| file.rewind()).and_then(|()| write!(file, "{}", std::process::id()));
            Ok(Held { _file: file })
        }
        Err(TryLockError::WouldBlock) => {
            let mut pid = String::new();
            let _ = file.read_to_string(&mut pid);
            let who = if pid.trim().is_empty() {
                "Another process".to_owned()
            } else {
                format!("Another process ({})", pid.trim())
            };
            Err(Failure::new(format!(
                "{who} already works on {}. A SQLite database has exactly one worker: stop that one first, or start this one with \
                 `latchkey serve --no-worker`.",
                database.display()
            )))
        }
        Err(TryLockError::Error(error)) => Err(Failure::file("Locking", &path, &error)),
    }
}

/// Waits until this process alone sees to the schema. (PostgreSQL has a lock of its own for that.)
///
/// # Errors
/// When the lock can't be made.
pub fn migrating(database: &Path) -> Result<Held, Failure> {
    let path = path_of(database, Kind::Migrate);
    let file = open(&path)?;
    file.lock().map_err(|error| Failure::file("Locking", &path, &error))?;
    Ok(Held { _file: file })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_works_and_many_use_and_nobody_replaces_meanwhile() {
        let dir = tempfile::tempdir().unwrap();
        let database = dir.path().join("latchkey.db");
        let worker = the_worker(&database).unwrap();
        let words = the_worker(&database).unwrap_err().to_string();
        assert!(words.contains(&std::process::id().to_string()) && words.contains("--no-worker"), "{words}");
        let (one, two) = (in_use(&database).unwrap(), in_use(&database).unwrap());
        assert!(alone(&database).unwrap_err().to_string().contains("is in use"));
        drop((one, two, worker));
        let alone = alone(&database).unwrap();
        assert!(in_use(&database).unwrap_err().to_string().contains("being restored"));
        drop(alone);
        assert!(the_worker(&database).is_ok());
    }
}
