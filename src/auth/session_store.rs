//! Sessions in the database, as `tower-sessions` wants them.
//!
//! A session begins at sign-in and nowhere else ([`latchkey_service::sign_in`] writes it with its event); this store finds
//! it, keeps what pages remember in it, and ends it. Its limits are enforced here and in the database, whatever the cookie
//! says.

use std::{collections::HashMap, sync::Arc};

use async_trait::async_trait;
use latchkey_domain::clock::Clock;
use latchkey_service::sessions::{self, SessionFacts};
use latchkey_store::{Db, sha256_hex};
use serde_json::Value;
use tower_sessions::{
    SessionStore,
    cookie::time::OffsetDateTime,
    session::{Id, Record},
    session_store::{Error, Result},
};

/// Under this name a loaded record carries what the database knows of the session. It is never written back.
pub(super) const FACTS: &str = "latchkey.facts";

/// What a session's row is found by: a copy of the database opens no session.
#[must_use]
pub fn hash_of(id: &Id) -> String {
    sha256_hex(format!("session\0{id}").as_bytes())
}

/// The store.
#[derive(Clone)]
pub struct DbSessionStore {
    db: Db,
    clock: Arc<dyn Clock>,
}

impl std::fmt::Debug for DbSessionStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("DbSessionStore")
    }
}

impl DbSessionStore {
    /// A store on a database.
    #[must_use]
    pub fn new(db: Db, clock: Arc<dyn Clock>) -> Self {
        Self { db, clock }
    }
}

#[async_trait]
impl SessionStore for DbSessionStore {
    /// Without a sign-in there is no session, so there is nothing to remember anything in. What was put into it is let go.
    async fn create(&self, record: &mut Record) -> Result<()> {
        record.data.clear();
        tracing::debug!("a session begins at sign-in only: nothing was kept");
        Ok(())
    }

    async fn save(&self, record: &Record) -> Result<()> {
        let kept: HashMap<&String, &Value> = record.data.iter().filter(|(name, _)| *name != FACTS).collect();
        let data = serde_json::to_string(&kept).map_err(|error| Error::Encode(error.to_string()))?;
        sessions::keep_data(&self.db, &*self.clock, &hash_of(&record.id), &data)
            .await
            .map_err(|error| Error::Backend(error.to_string()))
    }

    async fn load(&self, id: &Id) -> Result<Option<Record>> {
        let found = sessions::find(&self.db, self.clock.now(), &hash_of(id))
            .await
            .map_err(|error| Error::Backend(error.to_string()))?;
        let Some((facts, data)) = found else { return Ok(None) };
        record(*id, &facts, &data).map(Some)
    }

    async fn delete(&self, id: &Id) -> Result<()> {
        sessions::sign_out(&self.db, &*self.clock, &hash_of(id))
            .await
            .map(|_| ())
            .map_err(|error| Error::Backend(error.to_string()))
    }
}

fn record(id: Id, facts: &SessionFacts, data: &str) -> Result<Record> {
    let decode = |error: serde_json::Error| Error::Decode(error.to_string());
    let mut data: HashMap<String, Value> = serde_json::from_str(data).map_err(decode)?;
    data.insert(FACTS.to_owned(), serde_json::to_value(facts).map_err(decode)?);
    let expiry_date = OffsetDateTime::from_unix_timestamp(facts.absolute_expires_at.timestamp())
        .map_err(|error| Error::Decode(error.to_string()))?;
    Ok(Record { id, data, expiry_date })
}
