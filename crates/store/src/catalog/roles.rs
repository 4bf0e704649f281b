//! Roles and their versions; a grant names the version that it gives.

use latchkey_domain::{AppliedSetId, Instant, RoleId, RoleVersionId, role::Risk};
use sqlx::FromRow;
use uuid::Uuid;

use crate::{AsConn, StoreError, StoreResult, Tx, identities::bulk::insert_rows};

/// One version of a role.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct RoleVersionRow {
    /// The version's id.
    pub id: Uuid,
    /// The role's id.
    pub role_id: Uuid,
    /// The role's stable key.
    pub key: String,
    /// Counts from 1.
    pub version: i64,
    /// The hash of everything below and of its entitlements.
    pub hash: String,
    /// Its name on pages.
    pub name: String,
    /// What it lets one do, in an employee's words.
    pub description: String,
    /// How much harm it could do.
    #[sqlx(try_from = "String")]
    pub risk: Risk,
    /// Its tags, as a JSON array of strings.
    pub tags: String,
    /// People can ask for it.
    pub requestable: bool,
    /// Which policy it follows.
    pub policy_id: Uuid,
    /// Its own longest duration in seconds, where it is narrower than the policy's.
    pub max_seconds: Option<i64>,
    /// The assurance that it asks for itself.
    pub assurance: Option<String>,
    /// What it asks beside the reason, as JSON; nothing where it asks nothing.
    pub questions: Option<String>,
    /// When the role left the files.
    pub retired_at: Option<Instant>,
}

/// The columns of [`RoleVersionRow`].
macro_rules! role_columns {
    ($rest:literal) => {
        concat!(
            "select v.id, v.role_id, r.key, v.version, v.hash, v.name, v.description, v.risk, v.tags, v.requestable, ",
            "v.policy_id, v.max_seconds, v.assurance, v.questions, r.retired_at from role_version v join role r on r.id = v.role_id ",
            $rest
        )
    };
}

/// The version in force of every role, retired ones too, by key.
///
/// # Errors
/// When the database fails.
pub async fn in_force(c: &mut impl AsConn) -> StoreResult<Vec<RoleVersionRow>> {
    rows!(c, RoleVersionRow, role_columns!("where v.valid_to is null order by r.key"))
}

/// The version in force of one role.
///
/// # Errors
/// When the database fails.
pub async fn in_force_of(c: &mut impl AsConn, role: RoleId) -> StoreResult<Option<RoleVersionRow>> {
    row!(c, RoleVersionRow, role_columns!("where v.role_id = $1 and v.valid_to is null"), role.0)
}

/// The version in force of the role with this key.
///
/// # Errors
/// When the database fails.
pub async fn by_key(c: &mut impl AsConn, key: &str) -> StoreResult<Option<RoleVersionRow>> {
    row!(c, RoleVersionRow, role_columns!("where r.key = $1 and v.valid_to is null"), key)
}

/// One version, in force or not.
///
/// # Errors
/// When the database fails.
pub async fn version(c: &mut impl AsConn, id: RoleVersionId) -> StoreResult<Option<RoleVersionRow>> {
    row!(c, RoleVersionRow, role_columns!("where v.id = $1"), id.0)
}

/// What a version asks beside the reason, as JSON.
///
/// # Errors
/// When the database fails.
pub async fn questions(c: &mut impl AsConn, id: RoleVersionId) -> StoreResult<Option<String>> {
    Ok(row!(c, (Option<String>,), "select questions from role_version where id = $1", id.0)?.and_then(|(q,)| q))
}

/// Which version gives which entitlement, of every version in force.
///
/// # Errors
/// When the database fails.
pub async fn entitlements_in_force(c: &mut impl AsConn) -> StoreResult<Vec<(Uuid, Uuid)>> {
    rows!(
        c,
        (Uuid, Uuid),
        "select x.role_version_id, x.entitlement_id from role_version_entitlement x
         join role_version v on v.id = x.role_version_id where v.valid_to is null
         order by x.role_version_id, x.entitlement_id"
    )
}

/// Which of these versions gives which entitlement, as (version, entitlement); at most 500 versions.
///
/// # Errors
/// When the database fails.
pub async fn entitlements_of(c: &mut impl AsConn, versions: &[Uuid]) -> StoreResult<Vec<(Uuid, Uuid)>> {
    rows_in!(
        c,
        (Uuid, Uuid),
        "select role_version_id, entitlement_id from role_version_entitlement where role_version_id in ({})
         order by role_version_id, entitlement_id",
        versions
    )
}

/// Adds a role; its first version follows.
///
/// # Errors
/// When the key is taken, or the database fails.
pub async fn insert(tx: &mut Tx, id: RoleId, key: &str) -> StoreResult<()> {
    let now = tx.now();
    exec!(tx, "insert into role (id, key, created_at) values ($1, $2, $3)", id.0, key, now)
        .map_err(|e| e.or_duplicate("a role with this key"))?;
    Ok(())
}

/// Closes the version in force and opens the given one with its entitlements; a retired role can be asked for again.
/// `retired_at` of the row isn't written.
///
/// # Errors
/// When somebody else added this version, or the database fails.
pub async fn add_version(
    tx: &mut Tx,
    v: &RoleVersionRow,
    entitlements: &[Uuid],
    applied_set: Option<AppliedSetId>,
) -> StoreResult<()> {
    let now = tx.now();
    exec!(tx, "update role_version set valid_to = $1 where role_id = $2 and valid_to is null", now, v.role_id)?;
    exec!(
        tx,
        "insert into role_version (id, role_id, version, hash, name, description, risk, tags, requestable, policy_id,
                                   max_seconds, assurance, questions, valid_from, applied_set_id)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)",
        v.id,
        v.role_id,
        v.version,
        &v.hash,
        &v.name,
        &v.description,
        v.risk.as_str(),
        &v.tags,
        v.requestable,
        v.policy_id,
        v.max_seconds,
        &v.assurance,
        &v.questions,
        now,
        applied_set.map(|a| a.0)
    )
    .map_err(|e| e.or_duplicate("this version of the role"))?;
    insert_rows!(tx, "insert into role_version_entitlement (role_version_id, entitlement_id)", 2, entitlements, |e| [
        v.id, *e
    ])?;
    exec!(tx, "update role set retired_at = null where id = $1 and retired_at is not null", v.role_id)?;
    Ok(())
}

/// Retires a role: nobody can ask for it any more. Who holds it keeps it until it ends.
///
/// # Errors
/// When it is retired already, or the database fails.
pub async fn retire(tx: &mut Tx, id: RoleId) -> StoreResult<()> {
    let now = tx.now();
    let done = exec!(tx, "update role set retired_at = $1 where id = $2 and retired_at is null", now, id.0)?;
    if done == 1 { Ok(()) } else { Err(StoreError::Conflict { what: "the role" }) }
}
