//! `latchkey backup`

use std::{
    fs::{self, File},
    io,
    os::unix::fs::{DirBuilderExt, PermissionsExt},
    path::{Path, PathBuf},
};

use latchkey_domain::clock::SystemClock;
use latchkey_store::Db;

use super::{
    Failure,
    open::{Schema, open, url_of},
};
use crate::settings::Settings;

/// Writes a whole, consistent copy of the SQLite database to `file`, which must not exist.
///
/// # Errors
/// On PostgreSQL, when the file exists, or when it can't be written.
pub async fn backup(settings: Settings, file: &Path) -> Result<(), Failure> {
    if matches!(url_of(&settings)?, latchkey_store::Url::Postgres(_)) {
        return Err(Failure::new(format!(
            "This installation is on PostgreSQL, which has its own tools for this. Nothing was written.\n\
             Write the copy with: pg_dump --format=custom --file={} DATABASE\n\
             To restore it: pg_restore --clean --if-exists --dbname=DATABASE {}, then `latchkey restore --database-restored`.",
            file.display(),
            file.display()
        )));
    }
    if file.exists() {
        return Err(Failure::new(format!(
            "{} is there already. Name a file that is not. Nothing was written.",
            file.display()
        )));
    }
    let opened = open(&settings, &SystemClock, Schema::AsItIs).await?;
    let key = opened.db.event_key().id().to_owned();
    let written = copy(&opened.db, file).await;
    opened.db.close().await;
    let bytes = written?;
    println!("The database is copied to {} ({bytes} bytes).", file.display());
    println!(
        "Its events are signed with the key {key} (event_key). Keep that key, apart from the copy: without it nobody can tell whether they are genuine."
    );
    Ok(())
}

/// Writes into a folder of our own first: nobody else can read the copy at any moment, and half a copy never has its name.
async fn copy(db: &Db, file: &Path) -> Result<u64, Failure> {
    let failed = |error: &io::Error| Failure::file("Writing the backup", file, error);
    let beside = beside(file);
    fs::DirBuilder::new().mode(0o700).create(&beside).map_err(|error| failed(&error))?;
    let done = async {
        let new = beside.join("copy");
        db.backup_sqlite(&new).await?;
        finish(&new, file).map_err(|error| failed(&error))
    }
    .await;
    let _ = fs::remove_dir_all(&beside);
    done
}

fn beside(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(format!(".writing-{}", std::process::id()));
    name.into()
}

/// Gives a new file its name, for good, without overwriting another. Tells its size.
fn finish(new: &Path, file: &Path) -> io::Result<u64> {
    fs::set_permissions(new, fs::Permissions::from_mode(0o600))?;
    let written = File::open(new)?;
    written.sync_all()?;
    fs::hard_link(new, file)?;
    sync_folder(file)?;
    Ok(written.metadata()?.len())
}

/// Makes names in the folder of `file` survive a power cut.
///
/// # Errors
/// When the system refuses.
pub fn sync_folder(file: &Path) -> io::Result<()> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()
}
