//! `latchkey migrate`

use latchkey_domain::clock::SystemClock;

use super::{
    Failure,
    open::{Schema, open},
};
use crate::settings::Settings;

/// Sets the database up, or brings it up to date.
///
/// # Errors
/// When that fails, or a newer release wrote it.
pub async fn migrate(settings: Settings) -> Result<(), Failure> {
    let opened = open(&settings, &SystemClock, Schema::Migrate).await?;
    opened.db.close().await;
    println!("The database is up to date.");
    Ok(())
}
