//! `latchkey restore`

use std::{
    fs::{self, File},
    io::{self, Read},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use chrono::TimeDelta;
use latchkey_domain::{
    actor::{Actor, ActorRef},
    clock::{Clock, SystemClock},
    event::{EventBody, NewEvent},
};
use latchkey_service::confirm_restore::confirm_restore;
use latchkey_store::{Db, EventKey, SchemaState, Url, events, installation, work::workers};

use super::{
    Failure,
    args::RestoreArgs,
    backup::sync_folder,
    lock,
    open::{Schema, key_of, open, url_of},
};
use crate::settings::Settings;

/// A worker that was heard of within this time is at work.
const AT_WORK: TimeDelta = TimeDelta::seconds(60);

/// Puts a backup in place, or marks a database that others put in place, or confirms that the workers may act again.
///
/// # Errors
/// When the backup isn't one, the database is in use or in the way, or nothing waits for confirmation.
pub async fn restore(settings: Settings, what: &RestoreArgs) -> Result<(), Failure> {
    if what.confirm {
        return confirm(&settings).await;
    }
    if what.database_restored {
        return mark_restored(&settings).await;
    }
    let Some(backup) = &what.file else {
        return Err(Failure::new("Name the backup to restore."));
    };
    let Url::Sqlite(database) = url_of(&settings)? else {
        return Err(Failure::new(
            "This installation is on PostgreSQL, which has its own tools for this. Nothing was changed.\n\
             Stop the portal, restore with: pg_restore --clean --if-exists --dbname=DATABASE FILE, then run `latchkey restore \
             --database-restored`.",
        ));
    };
    let _alone = lock::alone(&database)?;
    if database.exists() && !what.replace {
        return Err(Failure::new(format!(
            "There is a database at {}. Nothing was changed. To put the backup in its place, add --replace: the present one is then kept as {}.",
            database.display(),
            set_aside(&database).display()
        )));
    }
    if same_file(backup, &database) {
        return Err(Failure::new("The backup and the database are the same file. Nothing was changed."));
    }
    let new = suffixed(&database, ".restoring");
    remove_database(&new).map_err(|error| Failure::file("Clearing away", &new, &error))?;
    let prepared = prepare(backup, &new, key_of(&settings)?).await;
    let epoch = match prepared {
        Ok(epoch) => epoch,
        Err(failure) => {
            let _ = remove_database(&new);
            return Err(failure);
        }
    };
    fold(&database, key_of(&settings)?).await;
    let kept = put_in_place(&new, &database)
        .map_err(|error| Failure::file("Putting the backup in the place of", &database, &error))?;
    println!("The database of {} is in place. The log goes on in its part {epoch}.", backup.display());
    if let Some(kept) = kept {
        println!("The database that was there is kept as {}.", kept.display());
    }
    say_what_now();
    Ok(())
}

fn say_what_now() {
    println!(
        "From its start, the portal only reports what it would change on the systems. Look at that under Systems, then confirm there, or \
         with `latchkey restore --confirm`."
    );
}

/// Copies the backup and makes the copy ready: checked, up to date, marked as restored.
async fn prepare(backup: &Path, new: &Path, key: EventKey) -> Result<i64, Failure> {
    if !is_sqlite(backup).map_err(|error| Failure::file("Reading the backup", backup, &error))? {
        return Err(no_backup(backup));
    }
    copy_private(backup, new).map_err(|error| Failure::file("Copying the backup", backup, &error))?;
    let db = Db::open_sized(&Url::Sqlite(new.to_owned()), key, 1).await.map_err(|_| no_backup(backup))?;
    let marked = mark_copy(&db, backup).await;
    db.close().await;
    marked
}

async fn mark_copy(db: &Db, backup: &Path) -> Result<i64, Failure> {
    match db.schema_state().await.map_err(|_| no_backup(backup))? {
        SchemaState::Behind(missing) if missing.contains(&1) => return Err(no_backup(backup)),
        SchemaState::Current => {}
        // A newer schema is refused there, in words.
        SchemaState::Behind(_) | SchemaState::Ahead(_) => db.migrate().await?,
    }
    if installation::get(&mut db.read().await?).await.map_err(|_| no_backup(backup))?.is_none() {
        return Err(no_backup(backup));
    }
    say_if_other_key(db).await?;
    begin_epoch(db).await
}

/// A new part of the log begins, and workers only report.
async fn begin_epoch(db: &Db) -> Result<i64, Failure> {
    let mut tx = db.begin(SystemClock.now()).await?;
    let epoch = installation::restored(&mut tx).await?;
    tx.commit(vec![NewEvent::new(ActorRef::Host, EventBody::RestoreDetected { epoch })]).await?;
    Ok(epoch)
}

/// Whoever lost the key may restore all the same; they should know what it means.
async fn say_if_other_key(db: &Db) -> Result<(), Failure> {
    let first = events::all_after(&mut db.read().await?, None, 1).await?;
    if let Some(event) = first.first().filter(|event| event.mac_key != db.event_key().id()) {
        eprintln!(
            "Note: the events in the backup are signed with the key {}, and event_key is {}. With another key nobody can tell whether the \
             old events are genuine.",
            event.mac_key,
            db.event_key().id()
        );
    }
    Ok(())
}

/// The database was restored by its own tools.
async fn mark_restored(settings: &Settings) -> Result<(), Failure> {
    let _alone = match url_of(settings)? {
        Url::Sqlite(path) if path.is_file() => Some(lock::alone(&path)?),
        Url::Sqlite(path) => return Err(Failure::new(format!("There is no database at {}.", path.display()))),
        Url::Postgres(_) => None,
    };
    let db = Db::open_sized(&url_of(settings)?, key_of(settings)?, 2).await?;
    let marked = mark_database(&db).await;
    db.close().await;
    println!("The log goes on in its part {}.", marked?);
    say_what_now();
    Ok(())
}

async fn mark_database(db: &Db) -> Result<i64, Failure> {
    match db.schema_state().await? {
        SchemaState::Current => {}
        SchemaState::Behind(missing) if missing.contains(&1) => {
            return Err(Failure::new(
                "The database is empty. Restore the backup first, with the database's own tools.",
            ));
        }
        SchemaState::Behind(_) | SchemaState::Ahead(_) => db.migrate().await?,
    }
    let now = SystemClock.now();
    let mut read = db.read().await?;
    if let Some(worker) = workers::all(&mut read).await?.into_iter().find(|worker| worker.seen_at > now - AT_WORK) {
        return Err(Failure::new(format!(
            "The worker {} was heard of less than a minute ago, in this database. Stop the portal, wait a minute, and try again. Nothing \
             was changed.",
            worker.name
        )));
    }
    drop(read);
    say_if_other_key(db).await?;
    begin_epoch(db).await
}

/// A database that nobody closed keeps its last changes in a file beside it: opening and closing it brings them in. Where
/// that fails the files are kept beside each other all the same.
async fn fold(database: &Path, key: EventKey) {
    if database.exists() {
        match Db::open_sized(&Url::Sqlite(database.to_owned()), key, 1).await {
            Ok(db) => db.close().await,
            Err(error) => tracing::warn!(%error, "the present database doesn't open; it is kept as it is"),
        }
    }
}

/// The workers may act again.
async fn confirm(settings: &Settings) -> Result<(), Failure> {
    let opened = open(settings, &SystemClock, Schema::AsItIs).await?;
    let confirmed = confirm_restore(&opened.db, &SystemClock, &Actor::Host).await;
    opened.db.close().await;
    confirmed?;
    println!("The workers act again: what they only reported is done from now on.");
    Ok(())
}

fn no_backup(backup: &Path) -> Failure {
    Failure::new(format!(
        "{} is not a backup of Latchkey: `latchkey backup` writes those. Nothing was changed.",
        backup.display()
    ))
}

fn is_sqlite(file: &Path) -> io::Result<bool> {
    let mut start = [0_u8; 16];
    let mut file = File::open(file)?;
    Ok(file.read_exact(&mut start).is_ok() && &start == b"SQLite format 3\0")
}

fn same_file(one: &Path, other: &Path) -> bool {
    matches!((one.canonicalize(), other.canonicalize()), (Ok(one), Ok(other)) if one == other)
}

fn copy_private(from: &Path, to: &Path) -> io::Result<()> {
    use std::os::unix::fs::OpenOptionsExt;
    let mut source = File::open(from)?;
    let mut copy = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(to)?;
    io::copy(&mut source, &mut copy)?;
    copy.sync_all()
}

fn suffixed(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// The database file with what SQLite keeps beside it.
const PARTS: [&str; 3] = ["", "-wal", "-shm"];

fn remove_database(path: &Path) -> io::Result<()> {
    for part in PARTS {
        match fs::remove_file(suffixed(path, part)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

/// A name that no earlier database was kept under.
fn set_aside(database: &Path) -> PathBuf {
    let first = suffixed(database, ".before-restore");
    let more = (2..).map(|n| suffixed(database, &format!(".before-restore-{n}")));
    std::iter::once(first).chain(more).find(|name| !name.exists()).unwrap_or_default()
}

/// Sets the old database aside, and gives the new one its name. A stop in between leaves both on disk under other names, and
/// the command can be run again.
fn put_in_place(new: &Path, database: &Path) -> io::Result<Option<PathBuf>> {
    let kept = database.exists().then(|| set_aside(database));
    if let Some(kept) = &kept {
        // Its write-ahead log first: without its database it is nothing, but a database without its log lacks its last changes.
        for part in ["-wal", "-shm", ""] {
            match fs::rename(suffixed(database, part), suffixed(kept, part)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
    }
    File::open(new)?.sync_all()?;
    fs::set_permissions(new, fs::Permissions::from_mode(0o600))?;
    fs::rename(new, database)?;
    sync_folder(database)?;
    Ok(kept)
}
