//! Writing events, and reading them back.

use latchkey_domain::{
    EventId, Instant,
    actor::ActorRef,
    event::{Envelope, NewEvent, SCHEMA},
};
use sqlx::FromRow;
use uuid::Uuid;

use crate::{AsConn, EventKey, StoreError, StoreResult, Tx, event_ids, identities::bulk::insert_rows, keys};

/// Appends events to the transaction: exact bytes, MAC, subjects, and personal text beside. Three statements however many
/// events there are, as far as one statement holds them; and the deliveries to other programs that want to be told.
pub(crate) async fn append(tx: &mut Tx, events: &[NewEvent], catalog: Option<&str>) -> StoreResult<Vec<EventId>> {
    let now = tx.now();
    let mut written = Vec::with_capacity(events.len());
    let mut subjects = Vec::new();
    let mut texts = Vec::new();
    // Events of one commit have one time; their ids count up, so that they sort in the order they were given.
    for (id, event) in event_ids::next(now, events.len()).zip(events) {
        let salted: Vec<(&str, &str, String)> =
            event.texts.iter().map(|(name, text)| (*name, text.as_str(), keys::salt())).collect();
        let envelope = Envelope {
            v: SCHEMA,
            id,
            at: now,
            actor: event.actor.clone(),
            body: event.body.clone(),
            texts: salted
                .iter()
                .map(|(name, text, salt)| ((*name).to_owned(), keys::salted_hash(salt, text)))
                .collect(),
            catalog: catalog.map(str::to_owned),
        };
        let bytes =
            serde_json::to_string(&envelope).map_err(|_| StoreError::Misuse("an event can't be written as JSON"))?;
        let mac = tx.key().mac(bytes.as_bytes());
        let actor = match event.actor {
            ActorRef::Person { identity, .. } => Some(identity.0),
            ActorRef::Token { owner, .. } => Some(owner.0),
            ActorRef::Host | ActorRef::Worker { .. } | ActorRef::Source { .. } | ActorRef::Unknown => None,
        };
        let mut named = event.body.subjects();
        named.sort_unstable();
        named.dedup();
        subjects.extend(named.into_iter().map(|(kind, subject)| (kind.as_str(), subject, id.0)));
        texts.extend(salted.into_iter().map(|(name, text, salt)| (id.0, name, salt, text)));
        written.push(Written { id: id.0, kind: event.body.kind(), actor, bytes, mac });
    }
    let told: Vec<(Uuid, &str)> = written.iter().map(|e| (e.id, e.kind.as_str())).collect();
    let mac_key = tx.key().id().to_owned();
    insert_rows!(
        tx,
        "insert into event (id, recorded_at, kind, actor_id, schema_version, bytes, mac, mac_key)",
        8,
        written,
        |e| [e.id, now, &e.kind, e.actor, i64::from(SCHEMA), &e.bytes, &e.mac, &mac_key]
    )?;
    insert_rows!(
        tx,
        "insert into event_subject (subject_kind, subject_id, recorded_at, event_id)",
        4,
        subjects,
        |s| [s.0, s.1, now, s.2]
    )?;
    insert_rows!(tx, "insert into event_text (event_id, name, salt, text)", 4, texts, |t| [t.0, t.1, &t.2, t.3])?;
    crate::deliveries::queue(tx, &told).await?;
    Ok(written.into_iter().map(|e| EventId(e.id)).collect())
}

/// An event as it is about to be stored.
struct Written {
    id: Uuid,
    kind: String,
    actor: Option<Uuid>,
    bytes: String,
    mac: String,
}

/// An event as stored.
#[derive(Debug, Clone, FromRow)]
pub struct EventRow {
    /// Its id.
    pub id: Uuid,
    /// When it was recorded.
    pub recorded_at: Instant,
    /// Its fixed word.
    pub kind: String,
    /// Its exact bytes.
    pub bytes: String,
    /// The MAC of the bytes, in hexadecimal.
    pub mac: String,
    /// Which key the MAC was made with.
    pub mac_key: String,
}

impl EventRow {
    /// Reads the bytes.
    ///
    /// # Errors
    /// When a newer version wrote them or they are damaged.
    pub fn envelope(&self) -> StoreResult<Envelope> {
        serde_json::from_str(&self.bytes).map_err(|e| StoreError::Inconsistent {
            table: "event",
            column: "bytes",
            row: self.id.to_string(),
            found: e.to_string(),
        })
    }

    /// Whether the MAC is that of the bytes; `None` when another key made it.
    #[must_use]
    pub fn verify(&self, key: &EventKey) -> Option<bool> {
        (self.mac_key == key.id()).then(|| key.verify(self.bytes.as_bytes(), &self.mac))
    }
}

/// Personal text beside an event.
#[derive(Debug, Clone, FromRow)]
pub struct EventText {
    /// Which event.
    pub event_id: Uuid,
    /// Which text: `reason`, `comment`, …
    pub name: String,
    /// The salt of the hash in the event.
    pub salt: String,
    /// The text; absent once it was erased.
    pub text: Option<String>,
}

impl EventText {
    /// Whether the text is the one that the event holds the hash of; `None` once it was erased.
    #[must_use]
    pub fn fits(&self, envelope: &Envelope) -> Option<bool> {
        self.fits_hash(envelope.texts.get(&self.name).map(String::as_str))
    }

    /// The same with the hash itself, for an event whose kind this version doesn't know.
    #[must_use]
    pub fn fits_hash(&self, hash: Option<&str>) -> Option<bool> {
        let text = self.text.as_deref()?;
        Some(hash.is_some_and(|hash| hash == keys::salted_hash(&self.salt, text)))
    }
}

/// The texts beside these events.
///
/// # Errors
/// When the database fails.
pub async fn texts(c: &mut impl AsConn, events: &[Uuid]) -> StoreResult<Vec<EventText>> {
    rows_in!(c, EventText, "select event_id, name, salt, text from event_text where event_id in ({})", events)
}

/// Every event of a subject, oldest first, at most `limit`.
///
/// # Errors
/// When the database fails.
pub async fn of_subject(
    c: &mut impl AsConn,
    kind: latchkey_domain::event::SubjectKind,
    id: Uuid,
    limit: i64,
) -> StoreResult<Vec<EventRow>> {
    rows!(
        c,
        EventRow,
        "select e.id, e.recorded_at, e.kind, e.bytes, e.mac, e.mac_key
         from event_subject s join event e on e.id = s.event_id
         where s.subject_kind = $1 and s.subject_id = $2 order by s.recorded_at, s.event_id limit $3",
        kind.as_str(),
        id,
        limit
    )
}

/// Every event in the order of recording, for replays and exports, after the given position.
///
/// # Errors
/// When the database fails.
pub async fn all_after(c: &mut impl AsConn, after: Option<(Instant, Uuid)>, limit: i64) -> StoreResult<Vec<EventRow>> {
    let (at, id) = after.unwrap_or((Instant::UNIX_EPOCH, Uuid::nil()));
    rows!(
        c,
        EventRow,
        "select id, recorded_at, kind, bytes, mac, mac_key from event where (recorded_at, id) > ($1, $2)
         order by recorded_at, id limit $3",
        at,
        id,
        limit
    )
}
