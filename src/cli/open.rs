//! Opening the installation's database.

use std::path::{Path, PathBuf};

use latchkey_domain::{
    actor::ActorRef,
    clock::Clock,
    event::{EventBody, NewEvent},
};
use latchkey_store::{Db, EventKey, SchemaState, Url, installation};

use super::{
    Failure,
    lock::{self, Held},
};
use crate::settings::Settings;

/// What to do about a schema that is older than this program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Schema {
    /// Bring it up to date, or set it up.
    Migrate,
    /// Set it up if the database is new; an older one is for `migrate` or `serve` to bring up to date.
    SetUp,
    /// Write nothing.
    AsItIs,
}

/// An open database.
#[derive(Debug)]
pub struct Opened {
    /// The database.
    pub db: Db,
    /// The SQLite file, if it is one.
    pub file: Option<PathBuf>,
    _in_use: Option<Held>,
}

/// Where the database is.
///
/// # Errors
/// When the address can't be read.
pub fn url_of(settings: &Settings) -> Result<Url, Failure> {
    // What was written isn't repeated: it may hold a password.
    settings
        .database_url
        .expose()
        .parse()
        .map_err(|words: String| Failure::new(format!("The setting database_url is wrong: {words}.")))
}

/// The key of the events.
///
/// # Errors
/// When it is too short.
pub fn key_of(settings: &Settings) -> Result<EventKey, Failure> {
    EventKey::new(settings.event_key.expose().as_bytes())
        .map_err(|words| Failure::new(format!("The setting event_key is wrong: {words}.")))
}

/// Opens the database and sees to its schema.
///
/// # Errors
/// When it can't be reached, a newer program wrote it, or the schema isn't what `schema` allows.
pub async fn open(settings: &Settings, clock: &dyn Clock, schema: Schema) -> Result<Opened, Failure> {
    let url = url_of(settings)?;
    let file = match &url {
        Url::Sqlite(path) => Some(path.clone()),
        Url::Postgres(_) => None,
    };
    if let Some(path) = &file {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        if let Some(folder) = folder.filter(|folder| !folder.is_dir()) {
            return Err(Failure::new(format!(
                "The setting database_url names a file in {}, and there is no such folder. Make it, or correct the setting.",
                folder.display()
            )));
        }
        if schema == Schema::AsItIs && !path.is_file() {
            return Err(not_set_up());
        }
    }
    let in_use = file.as_deref().map(lock::in_use).transpose()?;
    let db = Db::open(&url, key_of(settings)?).await?;
    if let Err(failure) = see_to_schema(&db, file.as_deref(), clock, schema).await {
        db.close().await;
        return Err(failure);
    }
    Ok(Opened { db, file, _in_use: in_use })
}

async fn see_to_schema(db: &Db, file: Option<&Path>, clock: &dyn Clock, schema: Schema) -> Result<(), Failure> {
    // Several processes may start at the same moment: one works, the others wait and then find it done.
    let is_current = db.schema_state().await? == SchemaState::Current;
    let _alone = file.filter(|_| !is_current && schema != Schema::AsItIs).map(lock::migrating).transpose()?;
    match (db.schema_state().await?, schema) {
        (SchemaState::Current, _) => {}
        (SchemaState::Behind(missing), Schema::SetUp | Schema::AsItIs) if !missing.contains(&1) => {
            return Err(Failure::new(
                "The database was written by an older release of this program. Run `latchkey migrate`, or start `latchkey serve`, which \
                 does the same.",
            ));
        }
        (SchemaState::Behind(_), Schema::AsItIs) => return Err(not_set_up()),
        // A newer schema is refused there, in words.
        (SchemaState::Behind(_) | SchemaState::Ahead(_), _) => db.migrate().await?,
    }
    if schema != Schema::AsItIs {
        begin_installation(db, clock).await?;
    }
    Ok(())
}

/// Makes the installation's one row, with the first event of its log, unless it is there.
///
/// # Errors
/// When the database fails.
pub async fn begin_installation(db: &Db, clock: &dyn Clock) -> Result<(), Failure> {
    if installation::get(&mut db.read().await?).await?.is_some() {
        return Ok(());
    }
    let mut tx = db.begin(clock.now()).await?;
    if installation::ensure(&mut tx).await? {
        tx.commit(vec![NewEvent::new(ActorRef::Host, EventBody::InstallationStarted { epoch: 1 })]).await?;
    }
    Ok(())
}

fn not_set_up() -> Failure {
    Failure::new("The database isn't set up yet, so there is nothing to compare with. Run `latchkey migrate` first.")
}
