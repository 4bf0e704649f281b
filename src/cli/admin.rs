//! `latchkey admin add`

use latchkey_domain::{actor::Actor, clock::SystemClock};
use latchkey_service::add_administrator::add_administrator;

use super::{
    Failure,
    open::{Schema, open},
};
use crate::settings::Settings;

/// Makes a person administrator of the portal.
///
/// # Errors
/// When nobody or more than one person is meant, or they don't work here; nothing is written then.
pub async fn add(settings: Settings, person: &str) -> Result<(), Failure> {
    let opened = open(&settings, &SystemClock, Schema::SetUp).await?;
    let added = add_administrator(&opened.db, &SystemClock, &Actor::Host, person).await;
    opened.db.close().await;
    let added = added?;
    if added.already {
        println!("{} already holds the role {}. Nothing was changed.", added.name, added.role);
    } else {
        println!("{} holds the role {} from now on. It is on record.", added.name, added.role);
    }
    Ok(())
}
