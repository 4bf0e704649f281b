//! Sessions of people who are signed in: who is behind a cookie, which ones somebody has, and how they end.

use chrono::TimeDelta;
use latchkey_domain::{
    IdentityId, Instant, SessionId,
    actor::{ActorRef, PersonActor},
    assurance::Assurance,
    clock::Clock,
    event::{EventBody, NewEvent},
    identity::EmploymentType,
    portal_role::PortalRole,
};
use latchkey_store::{
    Db, StoreError, StoreResult, Tx, rate_limit,
    session::{self, EndedSession, ListedSession, OpenSession},
};
use serde::{Deserialize, Serialize};

/// Uses closer together than this are noted once.
const TOUCH_EVERY: TimeDelta = TimeDelta::minutes(1);

/// A session that may be used, as it is when a request begins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionFacts {
    /// Its id.
    pub session: SessionId,
    /// Whose it is.
    pub identity: IdentityId,
    /// What the sign-in proved.
    pub assurance: Assurance,
    /// The person's name.
    pub display_name: String,
    /// The person's e-mail address.
    pub email: Option<String>,
    /// The person's time zone, where they have one of their own.
    pub time_zone: Option<String>,
    /// When it began.
    pub created_at: Instant,
    /// When it was last used, to the minute.
    pub last_seen_at: Instant,
    /// When it ends if it isn't used.
    pub idle_expires_at: Instant,
    /// When it ends, used or not.
    pub absolute_expires_at: Instant,
    /// The portal roles that the person holds now, whatever the session proved.
    pub portal_roles: Vec<PortalRole>,
    /// How they are employed; absent for who isn't a person.
    pub employment_type: Option<EmploymentType>,
    /// What the frame of a page says about them.
    pub frame: Frame,
}

/// What the frame of a page says beside the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Frame {
    /// How many open stages wait for them.
    pub approvals: u32,
    /// At least one person who hasn't left reports to them.
    pub has_team: bool,
    /// They own a rule that keeps duties apart, or an exception from one.
    pub keeps_apart: bool,
    /// They own a system.
    pub owns_system: bool,
    /// How many reviews of what was taken in an emergency wait for them, or for their words.
    #[serde(default)]
    pub reviews: u32,
    /// How many lines their cart has.
    pub cart: u32,
    /// Raised whenever the catalog changes.
    pub catalog_version: i64,
}

impl SessionFacts {
    /// The actor behind the session, with their portal roles; with none in a session that no second factor confirmed.
    #[must_use]
    pub fn actor(&self) -> PersonActor {
        // Powers inside the portal need a second factor like any other elevated access (promise 8).
        let held: &[PortalRole] = if self.assurance.mfa { &self.portal_roles } else { &[] };
        PersonActor {
            identity: self.identity,
            session: self.session,
            assurance: self.assurance.clone(),
            portal_roles: held.to_vec(),
        }
    }
}

/// The session behind a cookie with what the program keeps in it, if its limits, its end and its owner's status allow it.
///
/// # Errors
/// When the database fails.
pub async fn find(db: &Db, now: Instant, id_hash: &str) -> StoreResult<Option<(SessionFacts, String)>> {
    let mut read = db.read().await?;
    let Some(row) = session::open_by_hash(&mut read, id_hash, now).await? else { return Ok(None) };
    // Deactivation ends sessions; this holds even if one escaped it (promise 7).
    if !row.status.may_act() {
        return Ok(None);
    }
    facts(row).map(Some)
}

fn facts(row: OpenSession) -> StoreResult<(SessionFacts, String)> {
    let assurance = assurance_of(&row.assurance, &row.id.to_string())?;
    let portal_roles = row.held_portal_roles();
    // Powers inside the portal need a second factor, here as elsewhere.
    let security = assurance.mfa && portal_roles.contains(&PortalRole::Security);
    let reviews = row.reviews_own + if security { row.reviews_open } else { row.reviews_owned };
    let frame = Frame {
        approvals: u32::try_from(row.approvals).unwrap_or(u32::MAX),
        has_team: row.has_team,
        keeps_apart: row.keeps_apart,
        owns_system: row.owns_system,
        reviews: u32::try_from(reviews).unwrap_or(u32::MAX),
        cart: u32::try_from(row.cart).unwrap_or(0),
        catalog_version: row.catalog_version,
    };
    let facts = SessionFacts {
        session: SessionId(row.id),
        identity: IdentityId(row.identity_id),
        assurance,
        display_name: row.display_name,
        email: row.email,
        time_zone: row.time_zone,
        created_at: row.created_at,
        last_seen_at: row.last_seen_at,
        idle_expires_at: row.idle_expires_at,
        absolute_expires_at: row.absolute_expires_at,
        portal_roles,
        employment_type: row.employment_type.and_then(|word| word.parse().ok()),
        frame,
    };
    Ok((facts, row.data))
}

fn assurance_of(json: &str, session: &str) -> StoreResult<Assurance> {
    serde_json::from_str(json).map_err(|error| StoreError::Inconsistent {
        table: "session",
        column: "assurance",
        row: session.to_owned(),
        found: error.to_string(),
    })
}

/// Notes that a session is in use, at most once a minute.
///
/// # Errors
/// When the database fails.
pub async fn touch(db: &Db, clock: &dyn Clock, facts: &SessionFacts, idle: TimeDelta) -> StoreResult<()> {
    let now = clock.now();
    if now - facts.last_seen_at < TOUCH_EVERY {
        return Ok(());
    }
    let mut tx = db.begin_note(now).await?;
    session::touch(&mut tx, facts.session, (now + idle).min(facts.absolute_expires_at)).await?;
    tx.commit_bookkeeping().await
}

/// Keeps what the program remembers with a session.
///
/// # Errors
/// When the database fails.
pub async fn keep_data(db: &Db, clock: &dyn Clock, id_hash: &str, data: &str) -> StoreResult<()> {
    let mut tx = db.begin_note(clock.now()).await?;
    session::set_data(&mut tx, id_hash, data).await?;
    tx.commit_bookkeeping().await
}

/// A person's own session, as the page "my sessions" shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MySession {
    /// Its id.
    pub session: SessionId,
    /// It is the one that asks.
    pub current: bool,
    /// The browser, as it called itself.
    pub user_agent: String,
    /// Where it came from.
    pub address: String,
    /// What the sign-in proved.
    pub assurance: Assurance,
    /// When it began.
    pub created_at: Instant,
    /// When it was last used, to the minute.
    pub last_seen_at: Instant,
    /// When it ends if it isn't used.
    pub idle_expires_at: Instant,
    /// When it ends, used or not.
    pub absolute_expires_at: Instant,
}

/// The open sessions of whoever asks, newest first; the hundred newest if there are more.
///
/// # Errors
/// When the database fails.
pub async fn my_sessions(db: &Db, now: Instant, actor: &PersonActor) -> StoreResult<Vec<MySession>> {
    let mut read = db.read().await?;
    let rows = session::open_of(&mut read, actor.identity, now, 100).await?;
    rows.into_iter().map(|row| mine(row, actor.session)).collect()
}

fn mine(row: ListedSession, current: SessionId) -> StoreResult<MySession> {
    Ok(MySession {
        session: SessionId(row.id),
        current: row.id == current.0,
        assurance: assurance_of(&row.assurance, &row.id.to_string())?,
        user_agent: row.user_agent,
        address: row.address,
        created_at: row.created_at,
        last_seen_at: row.last_seen_at,
        idle_expires_at: row.idle_expires_at,
        absolute_expires_at: row.absolute_expires_at,
    })
}

/// Ends one of the actor's own sessions. Tells whether there was something to end: somebody else's session looks like none.
///
/// # Errors
/// When the database fails.
pub async fn end_my_session(db: &Db, clock: &dyn Clock, actor: &PersonActor, target: SessionId) -> StoreResult<bool> {
    let mut tx = db.begin(clock.now()).await?;
    let Some(ended) = session::end_one(&mut tx, target, actor.identity, "ended_by_owner").await? else {
        tx.rollback().await?;
        return Ok(false);
    };
    tx.commit(vec![ended_event(reference(actor), &ended)]).await?;
    Ok(true)
}

/// Ends all of the actor's sessions but the one that asks; tells how many.
///
/// # Errors
/// When the database fails.
pub async fn end_my_other_sessions(db: &Db, clock: &dyn Clock, actor: &PersonActor) -> StoreResult<usize> {
    let mut tx = db.begin(clock.now()).await?;
    let ended = session::end_all(&mut tx, actor.identity, Some(actor.session), "ended_by_owner").await?;
    let events: Vec<_> = ended.iter().map(|ended| ended_event(reference(actor), ended)).collect();
    if events.is_empty() {
        tx.rollback().await?;
    } else {
        tx.commit(events).await?;
    }
    Ok(ended.len())
}

/// Ends every session of a person who may not act any more, inside the change that says so; gives that change its events.
///
/// # Errors
/// When the database fails.
pub async fn end_all_sessions(
    tx: &mut Tx,
    actor: &ActorRef,
    identity: IdentityId,
    reason: &str,
) -> StoreResult<Vec<NewEvent>> {
    let ended = session::end_all(tx, identity, None, reason).await?;
    Ok(ended.iter().map(|ended| ended_event(actor.clone(), ended)).collect())
}

/// Signs out: ends the session behind a cookie. Tells whose it was, if it was open.
///
/// # Errors
/// When the database fails.
pub async fn sign_out(db: &Db, clock: &dyn Clock, id_hash: &str) -> StoreResult<Option<IdentityId>> {
    let mut tx = db.begin(clock.now()).await?;
    let Some(ended) = session::end_by_hash(&mut tx, id_hash, "signed_out").await? else {
        tx.rollback().await?;
        return Ok(None);
    };
    let (identity, session) = (IdentityId(ended.identity_id), SessionId(ended.id));
    let actor = ActorRef::Person { identity, session: Some(session), mfa: false };
    tx.commit(vec![NewEvent::new(actor, EventBody::SignedOut { identity, session })]).await?;
    Ok(Some(identity))
}

/// What a sweep found to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Swept {
    /// Sessions whose time was over.
    pub sessions: usize,
    /// Old sign-ins under way and old counters.
    pub leftovers: u64,
}

/// Puts the end of sessions whose time is over on record, and forgets old sign-ins under way and counters. The limits hold
/// without it; this is what makes them visible in the log. For the worker, every minute.
///
/// # Errors
/// When the database fails.
pub async fn sweep(db: &Db, clock: &dyn Clock) -> StoreResult<Swept> {
    const AT_ONCE: i64 = 200;
    let mut swept = Swept::default();
    loop {
        let mut tx = db.begin(clock.now()).await?;
        let ended = session::end_expired(&mut tx, AT_ONCE).await?;
        if ended.is_empty() {
            let before = tx.now() - TimeDelta::days(1);
            swept.leftovers =
                session::forget_attempts(&mut tx, before).await? + rate_limit::forget(&mut tx, before).await?;
            tx.commit_bookkeeping().await?;
            return Ok(swept);
        }
        swept.sessions += ended.len();
        let worker = ActorRef::Worker { duty: "sessions".to_owned() };
        tx.commit(ended.iter().map(|ended| ended_event(worker.clone(), ended)).collect()).await?;
    }
}

/// The event of a session's end.
pub(crate) fn ended_event(actor: ActorRef, ended: &EndedSession) -> NewEvent {
    let body = EventBody::SessionEnded {
        identity: IdentityId(ended.identity_id),
        session: SessionId(ended.id),
        reason: ended.end_reason.clone(),
    };
    NewEvent::new(actor, body)
}

fn reference(actor: &PersonActor) -> ActorRef {
    ActorRef::Person { identity: actor.identity, session: Some(actor.session), mfa: actor.assurance.mfa }
}
