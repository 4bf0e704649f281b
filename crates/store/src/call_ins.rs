//! Sources that call in, what the files say about them, their calls, and the grants that came of those. Versions are closed
//! and succeeded; calls are only added.

use latchkey_domain::{AppliedSetId, CallInId, CallSourceId, GrantId, IdentityId, Instant, id::new_uuid};
use sqlx::FromRow;
use uuid::Uuid;

use crate::{AsConn, StoreResult, Tx, grants::one};

mod lists;

pub use lists::{ListedRow, OpenedRow, due_to_end, latest, opened_by, requested_for};

/// A source with its version in force.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct SourceRow {
    /// Its id.
    pub id: Uuid,
    /// Its stable key.
    pub key: String,
    /// When it was last heard.
    pub heard_at: Option<Instant>,
    /// Since when it can't be reached.
    pub silent_at: Option<Instant>,
    /// When it left the files.
    pub retired_at: Option<Instant>,
    /// How often the files said something else about it.
    pub version: i64,
    /// What it is called.
    pub name: String,
    /// Its rules as JSON.
    pub body: String,
    /// The hash of what the files say.
    pub hash: String,
    /// Since when they say so.
    pub valid_from: Instant,
}

impl SourceRow {
    /// The typed id.
    #[must_use]
    pub const fn id(&self) -> CallSourceId {
        CallSourceId(self.id)
    }
}

/// The query for [`SourceRow`]s.
macro_rules! source {
    ($rest:literal) => {
        concat!(
            "select s.id, s.key, s.heard_at, s.silent_at, s.retired_at, v.version, v.name, v.body, v.hash, v.valid_from
             from call_source s join call_source_version v on v.source_id = s.id and v.valid_to is null ",
            $rest
        )
    };
}

/// Every source, those that left the files too, by key. Files have a bounded number of them.
///
/// # Errors
/// When the database fails.
pub async fn all(c: &mut impl AsConn) -> StoreResult<Vec<SourceRow>> {
    rows!(c, SourceRow, source!("order by s.key"))
}

/// The sources of the files in force, by name.
///
/// # Errors
/// When the database fails.
pub async fn in_force(c: &mut impl AsConn) -> StoreResult<Vec<SourceRow>> {
    rows!(c, SourceRow, source!("where s.retired_at is null order by v.name, s.key"))
}

/// A source of the files in force, by its key.
///
/// # Errors
/// When the database fails.
pub async fn by_key(c: &mut impl AsConn, key: &str) -> StoreResult<Option<SourceRow>> {
    row!(c, SourceRow, source!("where s.key = $1 and s.retired_at is null"), key)
}

/// Writes a new version of a source, and the source itself where it isn't there. Gives back its id.
///
/// # Errors
/// When the database fails.
pub async fn put(
    tx: &mut Tx,
    before: Option<&SourceRow>,
    key: &str,
    (name, body, hash): (&str, &str, &str),
    set: AppliedSetId,
) -> StoreResult<CallSourceId> {
    let now = tx.now();
    let id = match before {
        Some(before) => {
            exec!(
                tx,
                "update call_source_version set valid_to = $1 where source_id = $2 and valid_to is null",
                now,
                before.id
            )?;
            exec!(tx, "update call_source set retired_at = null where id = $1", before.id)?;
            before.id()
        }
        None => {
            let id = CallSourceId::new(now);
            exec!(tx, "insert into call_source (id, key, created_at) values ($1, $2, $3)", id.0, key, now)?;
            id
        }
    };
    exec!(
        tx,
        "insert into call_source_version (id, source_id, version, name, body, hash, valid_from, applied_set_id)
         values ($1, $2, $3, $4, $5, $6, $7, $8)",
        new_uuid(now),
        id.0,
        before.map_or(1, |b| b.version + 1),
        name,
        body,
        hash,
        now,
        set.0
    )?;
    Ok(id)
}

/// A source isn't in the files any more. What was said about it last stays, so that its page of the log can be read.
///
/// # Errors
/// When the database fails.
pub async fn retire(tx: &mut Tx, id: CallSourceId) -> StoreResult<()> {
    let now = tx.now();
    let n = exec!(
        tx,
        "update call_source set retired_at = $1, silent_at = null where id = $2 and retired_at is null",
        now,
        id.0
    )?;
    one(n, "the source")
}

/// A source was heard; never an earlier time than before.
///
/// # Errors
/// When the database fails.
pub async fn heard(tx: &mut Tx, id: CallSourceId, at: Instant) -> StoreResult<()> {
    exec!(tx, "update call_source set heard_at = $1 where id = $2 and (heard_at is null or heard_at < $1)", at, id.0)?;
    Ok(())
}

/// A source can't be reached from now on; tells whether this call was the one that found out.
///
/// # Errors
/// When the database fails.
pub async fn set_silent(tx: &mut Tx, id: CallSourceId, heard_before: Instant) -> StoreResult<bool> {
    let now = tx.now();
    let n = exec!(
        tx,
        "update call_source set silent_at = $1
         where id = $2 and silent_at is null and retired_at is null and (heard_at is null or heard_at <= $3)",
        now,
        id.0,
        heard_before
    )?;
    Ok(n == 1)
}

/// A silent source was heard again; tells whether it was silent.
///
/// # Errors
/// When the database fails.
pub async fn set_back(tx: &mut Tx, id: CallSourceId) -> StoreResult<bool> {
    Ok(exec!(tx, "update call_source set silent_at = null where id = $1 and silent_at is not null", id.0)? == 1)
}

/// A call as it was answered.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct CallRow {
    /// The hash of what it said.
    pub body_hash: String,
    /// Why it was refused; empty where it wasn't.
    pub code: String,
    /// The answer.
    pub answer: String,
}

/// The call that a source made under this name.
///
/// # Errors
/// When the database fails.
pub async fn call(c: &mut impl AsConn, source: CallSourceId, call_id: &str) -> StoreResult<Option<CallRow>> {
    row!(
        c,
        CallRow,
        "select body_hash, code, answer from call_in where source_id = $1 and call_id = $2",
        source.0,
        call_id
    )
}

/// A call to be written.
#[derive(Debug, Clone)]
pub struct NewCall<'a> {
    /// Its id.
    pub id: CallInId,
    /// Whose.
    pub source: CallSourceId,
    /// What its sender calls it.
    pub call_id: &'a str,
    /// The hash of what it said.
    pub body_hash: &'a str,
    /// `opened`, `ended`, or nothing.
    pub kind: &'a str,
    /// The ticket or shift.
    pub reference: &'a str,
    /// For whom.
    pub identity: Option<IdentityId>,
    /// `opened`, `ended`, `nothing` or `refused`.
    pub outcome: &'a str,
    /// How many grants it opened or ended.
    pub grants: usize,
    /// Why it was refused.
    pub code: &'a str,
    /// The answer.
    pub answer: &'a str,
}

/// Writes a call.
///
/// # Errors
/// `Duplicate` when the same call was taken at the same moment.
pub async fn insert(tx: &mut Tx, call: &NewCall<'_>) -> StoreResult<()> {
    let now = tx.now();
    exec!(
        tx,
        "insert into call_in (id, source_id, call_id, body_hash, received_at, kind, reference, identity_id, outcome, grants, code, answer)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        call.id.0,
        call.source.0,
        call.call_id,
        call.body_hash,
        now,
        call.kind,
        call.reference,
        call.identity.map(|i| i.0),
        call.outcome,
        i64::try_from(call.grants).unwrap_or(i64::MAX),
        call.code,
        call.answer
    )
    .map_err(|e| e.or_duplicate("the call"))?;
    Ok(())
}

/// Notes that a grant came of a call, and what it is for. `reference` is in lower case.
///
/// # Errors
/// When the database fails.
pub async fn note_grant(
    tx: &mut Tx,
    grant: GrantId,
    source: CallSourceId,
    call: CallInId,
    reference: &str,
) -> StoreResult<()> {
    exec!(
        tx,
        "insert into call_in_grant (grant_id, source_id, call_in_id, reference) values ($1, $2, $3, $4)",
        grant.0,
        source.0,
        call.0,
        reference
    )?;
    Ok(())
}
