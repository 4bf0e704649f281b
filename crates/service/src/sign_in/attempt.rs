//! A sign-in under way: remembered on the server from the moment that the browser leaves for the provider, and used up by
//! the one answer that belongs to it.

use chrono::TimeDelta;
use latchkey_domain::{SessionId, clock::Clock};
use latchkey_store::{Db, StoreError, StoreResult, session};
use serde::{Deserialize, Serialize};

use super::{Origin, Refused, SignInLimits, too_many};
use crate::rate_limit::{self, Counted};

/// How long the person has to come back from the provider.
const LIFETIME: TimeDelta = TimeDelta::minutes(10);

/// What is remembered. It holds no secret: nonce and PKCE verifier are made from this salt and from what only the browser's
/// cookie carries, so that neither a copy of the database nor a cookie alone gives them away.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// Random; one half of what nonce and verifier are made from.
    pub salt: String,
    /// Where the person wanted to go: a path on this server.
    pub return_to: String,
    /// The person was sent back once already to prove more.
    pub stepped_up: bool,
}

/// A sign-in that begins.
#[derive(Debug, Clone, Copy)]
pub struct AttemptStart<'a> {
    /// SHA-256 of the browser's secret and the state, in hexadecimal.
    pub id_hash: &'a str,
    /// What to remember.
    pub attempt: &'a Attempt,
    /// The provider that the browser is sent to.
    pub issuer: &'a str,
}

/// What became of a beginning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Begun {
    /// The browser can be sent to the provider.
    Remembered,
    /// A limit is used up.
    Refused(Refused),
}

/// Remembers a sign-in that begins.
///
/// # Errors
/// When the database fails.
pub async fn begin(
    db: &Db,
    clock: &dyn Clock,
    limits: &SignInLimits,
    start: AttemptStart<'_>,
    origin: Origin<'_>,
) -> StoreResult<Begun> {
    let mut tx = db.begin(clock.now()).await?;
    let counted = rate_limit::hit(&mut tx, &limits.starts_per_address, origin.address).await?;
    if let Counted::Over { retry_after, first } = counted {
        return too_many(tx, first, retry_after, start.issuer, origin).await.map(Begun::Refused);
    }
    if let Some(retry_after) = rate_limit::used_up(&mut tx, &limits.failures_per_address, origin.address).await? {
        return too_many(tx, false, retry_after, start.issuer, origin).await.map(Begun::Refused);
    }
    let data = serde_json::to_string(start.attempt)
        .map_err(|_| StoreError::Misuse("a sign-in under way can't be written as JSON"))?;
    let expires_at = tx.now() + LIFETIME;
    let new = session::NewSessionRow {
        id: SessionId::new(tx.now()),
        id_hash: start.id_hash,
        identity: None,
        issuer: Some(start.issuer),
        subject: None,
        sid: None,
        assurance: "{}",
        data: &data,
        user_agent: "",
        address: origin.address,
        idle_expires_at: expires_at,
        absolute_expires_at: expires_at,
    };
    session::insert(&mut tx, &new).await?;
    tx.commit_bookkeeping().await?;
    Ok(Begun::Remembered)
}

/// What an answer found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Taken {
    /// The sign-in that it belongs to, which is used up now.
    Attempt(Attempt),
    /// That sign-in was used up before.
    Used,
    /// There is no such sign-in in this browser, or its time is over.
    Unknown,
    /// A limit is used up.
    Refused(Refused),
}

/// Uses up the sign-in that an answer belongs to. Of two answers at once, one gets it.
///
/// # Errors
/// When the database fails.
pub async fn take(
    db: &Db,
    clock: &dyn Clock,
    limits: &SignInLimits,
    id_hash: &str,
    issuer: &str,
    origin: Origin<'_>,
) -> StoreResult<Taken> {
    let mut tx = db.begin(clock.now()).await?;
    let counted = rate_limit::hit(&mut tx, &limits.answers_per_address, origin.address).await?;
    if let Counted::Over { retry_after, first } = counted {
        return too_many(tx, first, retry_after, issuer, origin).await.map(Taken::Refused);
    }
    let taken = match session::take_attempt(&mut tx, id_hash).await? {
        Some(data) => serde_json::from_str(&data).map_or(Taken::Unknown, Taken::Attempt),
        None => match session::attempt_is_used(&mut tx, id_hash).await? {
            Some(true) => Taken::Used,
            Some(false) | None => Taken::Unknown,
        },
    };
    tx.commit_bookkeeping().await?;
    Ok(taken)
}
