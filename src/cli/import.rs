//! `latchkey import people`

use std::{fs, path::Path};

use latchkey_domain::{actor::Actor, clock::SystemClock};
use latchkey_service::{files::MAX_PEOPLE_BYTES, import_people::import_people};

use super::{
    Failure,
    open::{Schema, open},
};
use crate::settings::Settings;

/// Imports a file of people, or says what that would do.
///
/// # Errors
/// Every mistake in the file with its line; nothing is written then.
pub async fn people(settings: Settings, file: &Path, dry_run: bool) -> Result<(), Failure> {
    let bytes = file.metadata().map_or(0, |about| about.len());
    if usize::try_from(bytes).map_or(true, |bytes| bytes > MAX_PEOPLE_BYTES) {
        let words = format!("{} is larger than {MAX_PEOPLE_BYTES} bytes. Nothing was written.", file.display());
        return Err(Failure::new(words));
    }
    let text = fs::read_to_string(file).map_err(|error| Failure::file("Reading the people file", file, &error))?;
    let opened = open(&settings, &SystemClock, if dry_run { Schema::AsItIs } else { Schema::SetUp }).await?;
    let plan = import_people(&opened.db, &SystemClock, &Actor::Host, &file.display().to_string(), &text, dry_run).await;
    opened.db.close().await;
    print!("{}", plan?);
    Ok(())
}
