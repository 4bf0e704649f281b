//! One call, from whoever has shown that it is signed to the answer.

use chrono::TimeDelta;
use latchkey_domain::{
    CallInId, IdentityId, Instant, RoleId,
    actor::ActorRef,
    clock::Clock,
    event::{EventBody, NewEvent},
};
use latchkey_store::{
    Db, StoreError, Tx,
    call_ins::{self as store, NewCall, SourceRow},
    identities, sha256_hex,
};
use serde_json::{Value, json};

use super::{
    body::{self, Body, Kind},
    end, notices, open,
    source::Source,
};
use crate::{
    ServiceError, ServiceResult,
    rate_limit::{self, Counted, Limit},
};

/// How often one source may call: a whole company may change shifts in the same minute.
const PER_SOURCE: Limit = Limit { name: "call_in", most: 600, window: TimeDelta::minutes(1) };
/// How often one address may send what isn't signed.
const UNSIGNED: Limit = Limit { name: "call_in_unsigned", most: 30, window: TimeDelta::minutes(1) };

/// A call whose signature was found right.
#[derive(Debug, Clone, Copy)]
pub struct Call<'a> {
    /// The key of the source that signed it.
    pub source: &'a str,
    /// What its sender calls it: the same call has the same.
    pub id: &'a str,
    /// When it was signed.
    pub signed_at: Instant,
    /// What it says.
    pub body: &'a [u8],
}

/// What the sender is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Why it was refused; nothing where it wasn't.
    pub code: Option<String>,
    /// What was done, or in `detail` why not and in `help` what would help.
    pub body: Value,
}

impl Answer {
    pub(super) const fn done(body: Value) -> Self {
        Self { code: None, body }
    }
}

/// Why a call, or one role of it, is refused.
pub(super) struct No {
    pub(super) code: &'static str,
    /// What the source is told: nothing about what somebody holds otherwise.
    pub(super) detail: String,
    pub(super) help: &'static str,
    pub(super) role: Option<RoleId>,
}

impl No {
    pub(super) fn new(code: &'static str, detail: impl Into<String>, help: &'static str) -> Self {
        Self { code, detail: detail.into(), help, role: None }
    }

    pub(super) fn answer(&self) -> Answer {
        Answer { code: Some(self.code.to_owned()), body: json!({"detail": self.detail, "help": self.help}) }
    }

    pub(super) fn event(&self, actor: &ActorRef, source: &str, identity: Option<IdentityId>) -> NewEvent {
        let body = EventBody::CallInRefused {
            source: source.to_owned(),
            identity,
            role: self.role,
            code: self.code.to_owned(),
        };
        NewEvent::new(actor.clone(), body).text("words", self.detail.clone())
    }
}

/// What every step of a call has at hand.
pub(super) struct Taken<'a> {
    pub(super) call: Call<'a>,
    pub(super) body: Body,
    pub(super) body_hash: String,
    pub(super) actor: ActorRef,
}

/// What came of a call, to be kept with it.
pub(super) struct Outcome {
    pub(super) identity: Option<IdentityId>,
    pub(super) word: &'static str,
    pub(super) grants: usize,
    pub(super) answer: Answer,
}

/// Counts one call; tells when to come back if there are too many. `address` counts what isn't signed.
///
/// # Errors
/// When the database fails.
pub async fn within_limits(
    db: &Db,
    clock: &dyn Clock,
    source: Option<&str>,
    address: &str,
) -> ServiceResult<Result<(), TimeDelta>> {
    let mut tx = db.begin_note(clock.now()).await?;
    let counted = match source {
        Some(source) => rate_limit::hit(&mut tx, &PER_SOURCE, source).await?,
        None => rate_limit::hit(&mut tx, &UNSIGNED, address).await?,
    };
    tx.commit_bookkeeping().await?;
    Ok(match counted {
        Counted::Within => Ok(()),
        Counted::Over { retry_after, .. } => Err(retry_after),
    })
}

/// Puts a call on record that isn't signed by a secret of a source, at most one in a minute for an address. Of the source
/// only what the settings know is said.
///
/// # Errors
/// When the database fails.
pub async fn not_signed(db: &Db, clock: &dyn Clock, source: Option<&str>, address: &str) -> ServiceResult<()> {
    const ONE: Limit = Limit { name: "call_in_unsigned_record", most: 1, window: TimeDelta::minutes(1) };
    let mut tx = db.begin(clock.now()).await?;
    if rate_limit::hit(&mut tx, &ONE, address).await? != Counted::Within {
        return Ok(tx.commit_bookkeeping().await?);
    }
    let body = EventBody::CallInRefused {
        source: source.unwrap_or_default().to_owned(),
        identity: None,
        role: None,
        code: "not_signed".to_owned(),
    };
    tx.commit(vec![NewEvent::new(ActorRef::Unknown, body).text("address", address)]).await?;
    Ok(())
}

/// Does what a signed call says, by the rules of this moment, or refuses it. The same call again gets the same answer and
/// changes nothing.
///
/// # Errors
/// `NotFound` when the files have no such source, or when the database fails: then nothing was done, and it can be sent again.
pub async fn receive(db: &Db, clock: &dyn Clock, call: &Call<'_>) -> ServiceResult<Answer> {
    match once(db, clock, call).await {
        // Somebody sent it twice at the same moment: the other one has been answered by now.
        Err(ServiceError::Store(StoreError::Duplicate { .. })) => once(db, clock, call).await,
        answered => answered,
    }
}

async fn once(db: &Db, clock: &dyn Clock, call: &Call<'_>) -> ServiceResult<Answer> {
    let mut c = db.read().await?;
    let row = store::by_key(&mut c, call.source).await?.ok_or(ServiceError::NotFound)?;
    let before = store::call(&mut c, row.id(), call.id).await?;
    drop(c);
    let actor = ActorRef::Source { key: row.key.clone() };
    let body_hash = sha256_hex(call.body);
    if let Some(before) = before {
        if before.body_hash == body_hash {
            let code = Some(before.code).filter(|code| !code.is_empty());
            return Ok(Answer { code, body: serde_json::from_str(&before.answer).unwrap_or_default() });
        }
        let no = No::new(
            "id_used",
            "Another call of this source had the same webhook-id.",
            "Give each call an id of its own, and keep it when the same call is sent again.",
        );
        let tx = db.begin(clock.now()).await?;
        tx.commit(vec![no.event(&actor, &row.key, None)]).await?;
        return Ok(no.answer());
    }
    let body = match body::read(call.body) {
        Ok(body) => body,
        Err(words) => {
            let nothing =
                Body { kind: Kind::Heartbeat, person: None, reference: String::new(), until: None, role: None };
            let taken = Taken { call: *call, body: nothing, body_hash, actor };
            let no =
                No::new("unreadable", words, "Nothing was done. Mend what is said here, and send it with another id.");
            return refuse(db, clock, &taken, &row, None, &no).await;
        }
    };
    let taken = Taken { call: *call, body, body_hash, actor };
    if taken.body.kind == Kind::Heartbeat {
        return heartbeat(db, clock, &taken, &row).await;
    }
    let who = match person(db, taken.body.person.as_deref()).await? {
        Ok(who) => who,
        Err(no) => return refuse(db, clock, &taken, &row, None, &no).await,
    };
    match (taken.body.kind, who) {
        (Kind::Opened, Some(who)) => open::open(db, clock, &taken, who).await,
        _ => end::end(db, clock, &taken, &row, who).await,
    }
}

/// The one person whom a call names, if it names one.
async fn person(db: &Db, named: Option<&str>) -> ServiceResult<Result<Option<IdentityId>, No>> {
    let Some(named) = named else { return Ok(Ok(None)) };
    let mut c = db.read().await?;
    if let Some(person) = identities::by_external_id(&mut c, named).await? {
        return Ok(Ok(Some(IdentityId(person.id))));
    }
    let found = if named.contains('@') { identities::by_email(&mut c, named).await? } else { Vec::new() };
    Ok(match found.as_slice() {
        [one] => Ok(Some(IdentityId(one.id))),
        [] => Err(No::new(
            "person_unknown",
            "person names nobody whom Latchkey knows.",
            "Send the external id of the people file, or the e-mail address in it.",
        )),
        _ => Err(No::new(
            "person_ambiguous",
            "More than one person has this e-mail address.",
            "Send the external id of the people file.",
        )),
    })
}

/// A sign of life: nothing but the time is kept, and that the source is back where it was silent.
async fn heartbeat(db: &Db, clock: &dyn Clock, taken: &Taken<'_>, row: &SourceRow) -> ServiceResult<Answer> {
    let answer = Answer::done(json!({"outcome": "heard"}));
    let mut tx = db.begin(clock.now()).await?;
    let events = heard(&mut tx, taken, row).await?;
    if events.is_empty() {
        tx.commit_bookkeeping().await?;
    } else {
        tx.commit(events).await?;
    }
    Ok(answer)
}

/// The source is heard: by the time that it signed, so that a recording of a call doesn't keep it alive.
pub(super) async fn heard(tx: &mut Tx, taken: &Taken<'_>, row: &SourceRow) -> ServiceResult<Vec<NewEvent>> {
    let now = tx.now();
    store::heard(tx, row.id(), taken.call.signed_at.min(now)).await?;
    if row.silent_at.is_none() || !store::set_back(tx, row.id()).await? {
        return Ok(Vec::new());
    }
    notices::back(tx, row).await?;
    Ok(vec![NewEvent::new(taken.actor.clone(), EventBody::CallSourceBack { source: row.key.clone() })])
}

/// The source by the files of this moment, and that the call wasn't taken meanwhile. The caller holds the locks.
pub(super) async fn again(tx: &mut Tx, taken: &Taken<'_>) -> ServiceResult<(SourceRow, Source)> {
    let row = store::by_key(tx, taken.call.source).await?.ok_or(ServiceError::NotFound)?;
    if store::call(tx, row.id(), taken.call.id).await?.is_some() {
        return Err(StoreError::Duplicate { what: "the call" }.into());
    }
    let source = Source::of(&row)?;
    Ok((row, source))
}

/// Keeps a call with its answer.
pub(super) async fn keep(
    tx: &mut Tx,
    id: CallInId,
    taken: &Taken<'_>,
    row: &SourceRow,
    outcome: &Outcome,
) -> ServiceResult<()> {
    let Answer { code, body } = &outcome.answer;
    let unreadable = code.as_deref() == Some("unreadable");
    store::insert(
        tx,
        &NewCall {
            id,
            source: row.id(),
            call_id: taken.call.id,
            body_hash: &taken.body_hash,
            kind: if unreadable { "" } else { taken.body.kind.as_str() },
            reference: &taken.body.reference,
            identity: outcome.identity,
            outcome: outcome.word,
            grants: outcome.grants,
            code: code.as_deref().unwrap_or_default(),
            answer: &body.to_string(),
        },
    )
    .await?;
    Ok(())
}

/// Refuses a whole call: on record, with its answer.
async fn refuse(
    db: &Db,
    clock: &dyn Clock,
    taken: &Taken<'_>,
    row: &SourceRow,
    identity: Option<IdentityId>,
    no: &No,
) -> ServiceResult<Answer> {
    let mut tx = db.begin(clock.now()).await?;
    let now = tx.now();
    let mut events = heard(&mut tx, taken, row).await?;
    events.push(no.event(&taken.actor, &row.key, identity));
    let outcome = Outcome { identity, word: "refused", grants: 0, answer: no.answer() };
    keep(&mut tx, CallInId::new(now), taken, row, &outcome).await?;
    tx.commit(events).await?;
    Ok(outcome.answer)
}
