//! Policies and their versions; a request keeps the version that it was made under.

use latchkey_domain::{AppliedSetId, Instant, PolicyId, PolicyVersionId};
use sqlx::FromRow;
use uuid::Uuid;

use crate::{AsConn, StoreError, StoreResult, Tx};

/// One version of a policy.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct PolicyVersionRow {
    /// The version's id.
    pub id: Uuid,
    /// The policy's id.
    pub policy_id: Uuid,
    /// The policy's stable key.
    pub key: String,
    /// Counts from 1.
    pub version: i64,
    /// The hash of the body.
    pub hash: String,
    /// The policy as JSON, exactly as it is evaluated.
    pub body: String,
    /// When the policy left the files.
    pub retired_at: Option<Instant>,
}

/// The columns of [`PolicyVersionRow`].
macro_rules! policy_columns {
    ($rest:literal) => {
        concat!(
            "select v.id, v.policy_id, p.key, v.version, v.hash, v.body, p.retired_at ",
            "from policy_version v join policy p on p.id = v.policy_id ",
            $rest
        )
    };
}

/// The version in force of every policy, retired ones too, by key.
///
/// # Errors
/// When the database fails.
pub async fn in_force(c: &mut impl AsConn) -> StoreResult<Vec<PolicyVersionRow>> {
    rows!(c, PolicyVersionRow, policy_columns!("where v.valid_to is null order by p.key"))
}

/// One version, in force or not.
///
/// # Errors
/// When the database fails.
pub async fn version(c: &mut impl AsConn, id: PolicyVersionId) -> StoreResult<Option<PolicyVersionRow>> {
    row!(c, PolicyVersionRow, policy_columns!("where v.id = $1"), id.0)
}

/// The version in force of one policy.
///
/// # Errors
/// When the database fails.
pub async fn in_force_of(c: &mut impl AsConn, policy: PolicyId) -> StoreResult<Option<PolicyVersionRow>> {
    row!(c, PolicyVersionRow, policy_columns!("where v.policy_id = $1 and v.valid_to is null"), policy.0)
}

/// The version in force of the policy with this key.
///
/// # Errors
/// When the database fails.
pub async fn by_key(c: &mut impl AsConn, key: &str) -> StoreResult<Option<PolicyVersionRow>> {
    row!(c, PolicyVersionRow, policy_columns!("where p.key = $1 and v.valid_to is null"), key)
}

/// Adds a policy; its first version follows.
///
/// # Errors
/// When the key is taken, or the database fails.
pub async fn insert(tx: &mut Tx, id: PolicyId, key: &str) -> StoreResult<()> {
    exec!(tx, "insert into policy (id, key) values ($1, $2)", id.0, key)
        .map_err(|e| e.or_duplicate("a policy with this key"))?;
    Ok(())
}

/// Closes the version in force and opens the given one; a retired policy is in use again. `retired_at` of the row isn't written.
///
/// # Errors
/// When somebody else added this version, or the database fails.
pub async fn add_version(tx: &mut Tx, v: &PolicyVersionRow, applied_set: Option<AppliedSetId>) -> StoreResult<()> {
    let now = tx.now();
    exec!(tx, "update policy_version set valid_to = $1 where policy_id = $2 and valid_to is null", now, v.policy_id)?;
    exec!(
        tx,
        "insert into policy_version (id, policy_id, version, hash, body, valid_from, applied_set_id)
         values ($1, $2, $3, $4, $5, $6, $7)",
        v.id,
        v.policy_id,
        v.version,
        &v.hash,
        &v.body,
        now,
        applied_set.map(|a| a.0)
    )
    .map_err(|e| e.or_duplicate("this version of the policy"))?;
    exec!(tx, "update policy set retired_at = null where id = $1 and retired_at is not null", v.policy_id)?;
    Ok(())
}

/// Retires a policy: no role in the files uses it any more. Requests made under it keep their version.
///
/// # Errors
/// When it is retired already, or the database fails.
pub async fn retire(tx: &mut Tx, id: PolicyId) -> StoreResult<()> {
    let now = tx.now();
    let done = exec!(tx, "update policy set retired_at = $1 where id = $2 and retired_at is null", now, id.0)?;
    if done == 1 { Ok(()) } else { Err(StoreError::Conflict { what: "the policy" }) }
}
