//! Signing in: from a verified statement of the provider to a person with a session, or to a refusal that is on record.

mod attempt;
mod bind;
mod refusal;

use chrono::TimeDelta;
use latchkey_domain::{
    IdentityId, SessionId,
    actor::ActorRef,
    assurance::Assurance,
    clock::Clock,
    event::{EventBody, NewEvent},
};
use latchkey_store::{Change, Db, StoreError, StoreResult, Tx, session, work};

use crate::rate_limit::{self, Counted, Limit};

pub use attempt::{Attempt, AttemptStart, Begun, Taken, begin, take};
pub use refusal::{RefusalKind, RefusalWords, SignInRefusal};

/// What may be tried how often. A whole office can stand behind one address, so the limits per address are wide.
#[derive(Debug, Clone, Copy)]
pub struct SignInLimits {
    /// Sign-ins begun from one address.
    pub starts_per_address: Limit,
    /// Answers brought from one address.
    pub answers_per_address: Limit,
    /// Refused sign-ins from one address.
    pub failures_per_address: Limit,
    /// Sign-ins of one person.
    pub sign_ins_per_person: Limit,
    /// Refused sign-ins of one person.
    pub failures_per_person: Limit,
}

impl Default for SignInLimits {
    fn default() -> Self {
        let limit = |name, most, minutes| Limit { name, most, window: TimeDelta::minutes(minutes) };
        Self {
            starts_per_address: limit("sign-in start by address", 300, 5),
            answers_per_address: limit("sign-in answer by address", 300, 5),
            failures_per_address: limit("sign-in failure by address", 60, 5),
            sign_ins_per_person: limit("sign-in by person", 30, 10),
            failures_per_person: limit("sign-in failure by person", 10, 10),
        }
    }
}

/// What the provider vouched for, with every check of the statement already passed.
#[derive(Debug, Clone)]
pub struct VerifiedStatement {
    /// The provider.
    pub issuer: String,
    /// The person's name there.
    pub subject: String,
    /// The provider's name for its own session.
    pub sid: Option<String>,
    /// The value of the claim that is compared with the external id, where the statement has it.
    pub external_id: Option<String>,
    /// The e-mail address, where the provider says that it is verified.
    pub verified_email: Option<String>,
    /// What the sign-in proved.
    pub assurance: Assurance,
}

/// Where a sign-in comes from.
#[derive(Debug, Clone, Copy)]
pub struct Origin<'a> {
    /// The address, as limits count it and as people see it among their sessions.
    pub address: &'a str,
    /// The browser, as it calls itself.
    pub user_agent: &'a str,
}

/// The session that begins when all is well.
#[derive(Debug, Clone, Copy)]
pub struct SessionStart<'a> {
    /// SHA-256 of what the cookie will carry.
    pub id_hash: &'a str,
    /// SHA-256 of what the cookie of an earlier session carries, which ends now.
    pub replaces: Option<&'a str>,
    /// How long it lives without use.
    pub idle: TimeDelta,
    /// How long it lives at most.
    pub absolute: TimeDelta,
}

/// A person who came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SignedIn {
    /// Who.
    pub identity: IdentityId,
    /// Through which session.
    pub session: SessionId,
}

/// A sign-in that was refused and is on record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refused {
    /// Why.
    pub reason: SignInRefusal,
    /// For how long further tries are useless, where a limit is used up.
    pub retry_after: Option<TimeDelta>,
}

impl Refused {
    /// Refused for a reason that isn't a limit.
    #[must_use]
    pub const fn because(reason: SignInRefusal) -> Self {
        Self { reason, retry_after: None }
    }
}

/// Lets a person in, or says why not. Either way it is on record, in the same transaction (promise 1).
///
/// # Errors
/// When the database fails; nothing is written then.
pub async fn sign_in(
    db: &Db,
    clock: &dyn Clock,
    limits: &SignInLimits,
    email_binding: bool,
    statement: &VerifiedStatement,
    origin: Origin<'_>,
    start: SessionStart<'_>,
) -> StoreResult<Result<SignedIn, Refused>> {
    let mut tx = db.begin(clock.now()).await?;
    let who = person_key(&statement.issuer, &statement.subject);
    if let Counted::Over { retry_after, first } = rate_limit::hit(&mut tx, &limits.sign_ins_per_person, &who).await? {
        return too_many(tx, first, retry_after, &statement.issuer, origin).await.map(Err);
    }
    if let Some(retry_after) = rate_limit::used_up(&mut tx, &limits.failures_per_person, &who).await? {
        return too_many(tx, false, retry_after, &statement.issuer, origin).await.map(Err);
    }
    let found = bind::person(&mut tx, email_binding, statement).await?;
    tx.now_is(clock.now());
    match found {
        Ok(found) => admit(tx, statement, origin, start, found).await.map(Ok),
        Err((reason, identity)) => {
            let problem = Problem { reason, identity, issuer: &statement.issuer, subject: Some(&statement.subject) };
            record(tx, limits, problem, origin).await.map(Err)
        }
    }
}

async fn admit(
    mut tx: Tx,
    statement: &VerifiedStatement,
    origin: Origin<'_>,
    start: SessionStart<'_>,
    found: bind::Found,
) -> StoreResult<SignedIn> {
    let now = tx.now();
    let identity = found.identity;
    let session = SessionId::new(now);
    let actor = ActorRef::Person { identity, session: Some(session), mfa: statement.assurance.mfa };
    let mut events = Vec::with_capacity(3);
    if let Some(old) = start.replaces
        && let Some(ended) = session::end_by_hash(&mut tx, old, "replaced").await?
    {
        events.push(crate::sessions::ended_event(actor.clone(), &ended));
    }
    if let Some(by) = found.newly_bound_by {
        let body = EventBody::IdentityBound { identity, issuer: statement.issuer.clone(), by: by.to_owned() };
        events.push(NewEvent::new(actor.clone(), body).text("subject", &statement.subject));
    }
    let assurance = serde_json::to_string(&statement.assurance)
        .map_err(|_| StoreError::Misuse("what a sign-in proved can't be written as JSON"))?;
    let absolute_expires_at = now + start.absolute;
    let new = session::NewSessionRow {
        id: session,
        id_hash: start.id_hash,
        identity: Some(identity),
        issuer: Some(&statement.issuer),
        subject: Some(&statement.subject),
        sid: statement.sid.as_deref(),
        assurance: &assurance,
        data: "{}",
        user_agent: &shortened(origin.user_agent),
        address: origin.address,
        idle_expires_at: (now + start.idle).min(absolute_expires_at),
        absolute_expires_at,
    };
    session::insert(&mut tx, &new).await?;
    // What the role of a grant asks for may be there now. The person is locked: a worker that has just found it missing is
    // either told by this, or sees this session.
    if work::signed_in(&mut tx, identity).await? {
        tx.announce(Change::Work);
    }
    let body = EventBody::SignedIn {
        identity,
        session,
        issuer: statement.issuer.clone(),
        amr: statement.assurance.amr.clone(),
        acr: statement.assurance.acr.clone(),
    };
    let event = NewEvent::new(actor, body)
        .text("address", origin.address)
        .text("exception", statement.assurance.exception.clone().unwrap_or_default());
    events.push(event);
    tx.commit(events).await?;
    Ok(SignedIn { identity, session })
}

/// A sign-in that failed before anybody could be named.
#[derive(Debug, Clone, Copy)]
pub struct Problem<'a> {
    /// Why it failed.
    pub reason: SignInRefusal,
    /// Who it is about, where that is known.
    pub identity: Option<IdentityId>,
    /// The provider.
    pub issuer: &'a str,
    /// The person's name there, where it is known.
    pub subject: Option<&'a str>,
}

/// Puts a failed sign-in on record and counts it.
///
/// # Errors
/// When the database fails.
pub async fn refuse(
    db: &Db,
    clock: &dyn Clock,
    limits: &SignInLimits,
    problem: Problem<'_>,
    origin: Origin<'_>,
) -> StoreResult<Refused> {
    let tx = db.begin(clock.now()).await?;
    record(tx, limits, problem, origin).await
}

async fn record(mut tx: Tx, limits: &SignInLimits, problem: Problem<'_>, origin: Origin<'_>) -> StoreResult<Refused> {
    if let Some(subject) = problem.subject {
        let who = person_key(problem.issuer, subject);
        rate_limit::hit(&mut tx, &limits.failures_per_person, &who).await?;
    }
    let counted = rate_limit::hit(&mut tx, &limits.failures_per_address, origin.address).await?;
    // Beyond the limit one line says so; whoever floods the door must not flood the log with it.
    if let Counted::Over { retry_after, first } = counted {
        return too_many(tx, first, retry_after, problem.issuer, origin).await;
    }
    tx.commit(vec![refused_event(problem, origin)]).await?;
    Ok(Refused::because(problem.reason))
}

async fn too_many(
    tx: Tx,
    first: bool,
    retry_after: TimeDelta,
    issuer: &str,
    origin: Origin<'_>,
) -> StoreResult<Refused> {
    let reason = SignInRefusal::TooManyAttempts;
    if first {
        let problem = Problem { reason, identity: None, issuer, subject: None };
        tx.commit(vec![refused_event(problem, origin)]).await?;
    } else {
        tx.commit_bookkeeping().await?;
    }
    Ok(Refused { reason, retry_after: Some(retry_after) })
}

fn refused_event(problem: Problem<'_>, origin: Origin<'_>) -> NewEvent {
    let actor =
        problem.identity.map_or(ActorRef::Unknown, |identity| ActorRef::Person { identity, session: None, mfa: false });
    let body = EventBody::SignInRefused {
        identity: problem.identity,
        issuer: problem.issuer.to_owned(),
        code: problem.reason.code().to_owned(),
    };
    NewEvent::new(actor, body)
        .text("subject", problem.subject.unwrap_or_default())
        .text("address", origin.address)
        .text("browser", shortened(origin.user_agent))
}

/// One key for a person at a provider, of bounded length whatever the provider sends.
fn person_key(issuer: &str, subject: &str) -> String {
    latchkey_store::sha256_hex(format!("{issuer}\0{subject}").as_bytes())
}

/// Browsers may call themselves anything, at any length.
fn shortened(user_agent: &str) -> String {
    user_agent.chars().filter(|c| !c.is_control()).take(300).collect()
}

/// Puts a change that came from another origin, or from nowhere, on record. At most one line a minute for an address.
///
/// # Errors
/// When the database fails.
pub async fn record_foreign_change(
    db: &Db,
    clock: &dyn Clock,
    path: &str,
    from: &str,
    origin: Origin<'_>,
) -> StoreResult<()> {
    const LIMIT: Limit = Limit { name: "foreign change by address", most: 1, window: TimeDelta::minutes(1) };
    let mut tx = db.begin(clock.now()).await?;
    match rate_limit::hit(&mut tx, &LIMIT, origin.address).await? {
        Counted::Within => {
            let body = EventBody::ForeignChangeRefused {
                path: path.chars().take(200).collect(),
                origin: from.chars().take(200).collect(),
            };
            let event = NewEvent::new(ActorRef::Unknown, body).text("address", origin.address);
            tx.commit(vec![event]).await.map(|_| ())
        }
        Counted::Over { .. } => tx.commit_bookkeeping().await,
    }
}
