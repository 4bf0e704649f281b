//! From `[connection.<system>]` to connectors.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use latchkey_connectors::{ConnectionSettings, build};
use latchkey_reconciler::Connections;
use latchkey_store::{Db, StoreResult, systems};
use serde::Deserialize;

use crate::{cli::Failure, settings::Settings};

/// How often the catalog is asked whether a system is recognised otherwise.
const EVERY: Duration = Duration::from_secs(15);

/// What the catalog says about a system that its connector has to know.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Said {
    kind: String,
    recognise: String,
}

async fn said(db: &Db) -> StoreResult<BTreeMap<String, Said>> {
    let all = systems::all(&mut db.read().await?).await?;
    Ok(all
        .into_iter()
        .filter(|system| system.retired_at.is_none())
        .map(|system| (system.key, Said { kind: system.kind.as_str().to_owned(), recognise: system.recognise }))
        .collect())
}

/// Makes the connectors of the settings.
///
/// # Errors
/// Every setting of a connection that can't work, by name.
pub async fn connect(settings: &Settings, db: &Db, connections: &Connections) -> Result<(), Failure> {
    let said = said(db).await?;
    let mut wrong = Vec::new();
    for key in settings.connections.keys() {
        if let Err(words) = one(settings, key, said.get(key), connections) {
            wrong.push(words);
        }
    }
    for key in settings.connections.keys().filter(|key| !said.contains_key(*key)) {
        tracing::warn!(system = %key, "there is a [connection.{key}], and the catalog has no such system yet");
    }
    if wrong.is_empty() { Ok(()) } else { Err(Failure::new(wrong.join("\n"))) }
}

/// Makes one connector, or says why it can't be made.
fn one(settings: &Settings, key: &str, said: Option<&Said>, connections: &Connections) -> Result<(), String> {
    let Some(table) = settings.connections.get(key) else { return Ok(()) };
    let named = |setting: &str, words: &str| {
        format!("The setting connection.{key}{}{setting} is wrong: {words}.", if setting.is_empty() { "" } else { "." })
    };
    // The message quotes what was written; secrets are never written there.
    let read = ConnectionSettings::deserialize(toml::Value::Table(table.clone()));
    let mut read = read.map_err(|error| named("", error.message().trim_end_matches('.')))?;
    if let Some(said) = said {
        if read.kind().as_str() != said.kind {
            connections.missing(
                key,
                format!(
                    "The settings say that it is of kind \"{}\", and the catalog says \"{}\".",
                    read.kind().as_str(),
                    said.kind
                ),
            );
            return Ok(());
        }
        if let Err(error) = read.recognise_by(&said.recognise) {
            connections.missing(key, format!("The catalog's {}: {}.", error.setting, error.words));
            return Ok(());
        }
    }
    let connector = build(read).map_err(|error| named(&error.setting, error.words.trim_end_matches('.')))?;
    connections.connect(key, Arc::from(connector));
    Ok(())
}

/// Follows the catalog: when it recognises accounts on a system otherwise, the connector is made anew. Never ends.
pub async fn keep_connected(settings: Settings, db: Db, connections: Connections) {
    let mut known = said(&db).await.unwrap_or_default();
    loop {
        tokio::time::sleep(EVERY).await;
        let now = match said(&db).await {
            Ok(now) => now,
            Err(error) => {
                tracing::warn!(%error, "the catalog's systems can't be read; they are read again soon");
                continue;
            }
        };
        for (key, system) in now.iter().filter(|(key, system)| known.get(*key) != Some(*system)) {
            if let Err(words) = one(&settings, key, Some(system), &connections) {
                tracing::error!(system = %key, "{words}");
                connections.missing(key.as_str(), words);
            }
        }
        known = now;
    }
}
