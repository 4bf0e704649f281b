//! Reading the log: pages of sentences by filter, one event in all detail, and exports.
//!
//! Administrators, security and auditors read it. To everybody else it isn't there; what concerns a request is on that
//! request's own timeline.

use std::collections::BTreeMap;

use chrono_tz::Tz;
use latchkey_domain::{EventId, Instant, actor::Actor, portal_role::PortalRole};
use latchkey_store::{
    AsConn, EventKey,
    audit::{self as store, Key},
    events::{self, EventRow},
};

use crate::{ServiceError, ServiceResult};

pub mod csv;
pub mod filters;
pub mod sentences;

pub use filters::{Action, Choice, Filter, Group, Typed, Understood, key_from_word, key_to_word};
pub use sentences::{Line, Part, call_refusal, plain};

/// A page of the log, newest first.
#[derive(Debug, Clone)]
pub struct Page {
    /// The events.
    pub lines: Vec<Line>,
    /// The next page begins after this key; absent when there is no more.
    pub next: Option<Key>,
    /// The page isn't full, because enough was looked at: it looked back to this instant, and the next page goes on.
    pub looked_back_to: Option<Instant>,
}

/// The most events on a page.
pub const PAGE: i64 = 200;

/// May this actor read the log? The commands on the host may.
#[must_use]
pub fn may_read(actor: &Actor) -> bool {
    match actor {
        Actor::Person(person) => person.portal_roles.iter().copied().any(PortalRole::reads_audit),
        Actor::Host => true,
        Actor::Worker(_) | Actor::Token { .. } => false,
    }
}

fn authorize(actor: &Actor) -> ServiceResult<()> {
    if may_read(actor) { Ok(()) } else { Err(ServiceError::NotFound) }
}

/// The events that the filter lets through, newest first, after `after`; at most `limit` and never more than [`PAGE`].
/// Ten queries at most, whatever the filter and however long the log.
///
/// # Errors
/// [`ServiceError::NotFound`] to whoever may not read the log.
pub async fn page(
    c: &mut impl AsConn,
    actor: &Actor,
    filter: &Filter,
    after: Option<Key>,
    limit: i64,
) -> ServiceResult<Page> {
    authorize(actor)?;
    let found = store::page(c, &filter.search(), after, limit.clamp(1, PAGE)).await?;
    Ok(Page {
        lines: sentences::lines(c, &found.rows).await?,
        next: found.next,
        looked_back_to: found.next.filter(|_| found.cut_short).map(|k| k.recorded_at),
    })
}

/// What can be chosen in the form of the filter.
#[derive(Debug, Clone)]
pub struct Facets {
    /// The groups of actions: word, name, what belongs to it.
    pub actions: Vec<(&'static str, &'static str, &'static str)>,
    /// The systems: key and name. At most 200; any other can be named by its key.
    pub systems: Vec<(String, String)>,
}

/// What can be chosen in the form of the filter. One query.
///
/// # Errors
/// [`ServiceError::NotFound`] to whoever may not read the log.
pub async fn facets(c: &mut impl AsConn, actor: &Actor) -> ServiceResult<Facets> {
    authorize(actor)?;
    Ok(Facets {
        actions: Group::ALL.iter().map(|g| (g.word(), g.words(), g.hint())).collect(),
        systems: store::names::all_systems(c, 200).await?.into_iter().map(|s| (s.key, s.name)).collect(),
    })
}

/// Understands a typed filter, with days as they are in `zone`. Five queries at most.
///
/// # Errors
/// [`ServiceError::NotFound`] to whoever may not read the log. What can't be understood is told in the answer.
pub async fn understand(c: &mut impl AsConn, actor: &Actor, typed: &Typed, zone: Tz) -> ServiceResult<Understood> {
    authorize(actor)?;
    filters::understand(c, typed, zone).await
}

/// What the check of an event's MAC says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MacCheck {
    /// The bytes are those that were signed.
    Fits,
    /// They aren't: the event was changed, or its MAC was.
    Broken,
    /// Another key made the MAC; this process can't tell.
    OtherKey,
}

impl MacCheck {
    /// The outcome in words.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Fits => "Unchanged since it was recorded",
            Self::Broken => "Changed since it was recorded",
            Self::OtherKey => "Signed with another key, which isn't here to check it",
        }
    }
}

/// A personal text beside an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextDetail {
    /// Its name: `reason`, `comment`, …
    pub name: String,
    /// The text; absent once it was erased.
    pub text: Option<String>,
    /// The salted hash that the event holds; absent when the event doesn't name this text.
    pub hash: Option<String>,
    /// The salt.
    pub salt: String,
    /// Whether the text is the one that was recorded; absent once it was erased.
    pub fits: Option<bool>,
}

/// One event in all detail.
#[derive(Debug, Clone)]
pub struct Detail {
    /// The event as a sentence.
    pub line: Line,
    /// The exact bytes, as they were signed.
    pub bytes: String,
    /// The same, indented for reading; the exact bytes where they aren't JSON.
    pub pretty: String,
    /// The MAC in hexadecimal.
    pub mac: String,
    /// Which key made it.
    pub mac_key: String,
    /// What the check says.
    pub check: MacCheck,
    /// The personal texts beside it, by name.
    pub texts: Vec<TextDetail>,
}

/// One event in all detail. Nine queries at most.
///
/// # Errors
/// [`ServiceError::NotFound`] when there is none, and to whoever may not read the log.
pub async fn event(c: &mut impl AsConn, actor: &Actor, key: &EventKey, id: EventId) -> ServiceResult<Detail> {
    authorize(actor)?;
    let row = store::get(c, id.0).await?.ok_or(ServiceError::NotFound)?;
    let texts = texts(c, &row).await?;
    let line = sentences::lines(c, std::slice::from_ref(&row)).await?.pop().ok_or(ServiceError::NotFound)?;
    let pretty = serde_json::from_str::<serde_json::Value>(&row.bytes)
        .and_then(|v| serde_json::to_string_pretty(&v))
        .unwrap_or_else(|_| row.bytes.clone());
    let check = match row.verify(key) {
        Some(true) => MacCheck::Fits,
        Some(false) => MacCheck::Broken,
        None => MacCheck::OtherKey,
    };
    Ok(Detail { line, pretty, check, texts, bytes: row.bytes, mac: row.mac, mac_key: row.mac_key })
}

async fn texts(c: &mut impl AsConn, row: &EventRow) -> ServiceResult<Vec<TextDetail>> {
    let hashes = hashes(&row.bytes);
    let mut all: Vec<TextDetail> = events::texts(c, &[row.id])
        .await?
        .into_iter()
        .map(|t| {
            let hash = hashes.get(&t.name).cloned();
            TextDetail { fits: t.fits_hash(hash.as_deref()), hash, name: t.name, text: t.text, salt: t.salt }
        })
        .collect();
    all.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(all)
}

/// The hashes of the texts that the event names; also where a newer version wrote it, whose kind this one doesn't know.
fn hashes(bytes: &str) -> BTreeMap<String, String> {
    #[derive(serde::Deserialize)]
    struct Texts {
        #[serde(default)]
        texts: BTreeMap<String, String>,
    }
    serde_json::from_str::<Texts>(bytes).map(|t| t.texts).unwrap_or_default()
}

#[cfg(test)]
pub(crate) mod samples;
