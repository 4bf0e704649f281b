//! Exceptions: somebody may have both sides of a rule for a while.

use latchkey_domain::{IdentityId, Instant, SeparationExceptionId, SeparationRuleId};
use sqlx::FromRow;
use uuid::Uuid;

use crate::{AsConn, StoreResult, Tx, grants::one};

/// An exception with the names that pages show.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct ExceptionRow {
    /// Its id.
    pub id: Uuid,
    /// From which rule.
    pub rule_id: Uuid,
    /// Whose.
    pub identity_id: Uuid,
    /// What they are called.
    pub identity_name: String,
    /// Why, in the words of who granted it.
    pub reason: String,
    /// Who granted it.
    pub granted_by: Uuid,
    /// Who answers for it, while it is open.
    pub owner_id: Option<Uuid>,
    /// What the owner is called.
    pub owner_name: Option<String>,
    /// From when.
    pub starts_at: Instant,
    /// Until when.
    pub ends_at: Instant,
    /// When it was over, once it is.
    pub closed_at: Option<Instant>,
    /// Why.
    pub close_reason: Option<String>,
}

impl ExceptionRow {
    /// Its typed id.
    #[must_use]
    pub const fn id(&self) -> SeparationExceptionId {
        SeparationExceptionId(self.id)
    }

    /// From which rule.
    #[must_use]
    pub const fn rule(&self) -> SeparationRuleId {
        SeparationRuleId(self.rule_id)
    }

    /// Whose.
    #[must_use]
    pub const fn identity(&self) -> IdentityId {
        IdentityId(self.identity_id)
    }

    /// It counts at this moment.
    #[must_use]
    pub fn is_in_force(&self, now: Instant) -> bool {
        self.closed_at.is_none() && self.starts_at <= now && now < self.ends_at
    }
}

/// An exception to be written.
#[derive(Debug, Clone)]
pub struct NewException<'a> {
    /// Its id.
    pub id: SeparationExceptionId,
    /// From which rule.
    pub rule: SeparationRuleId,
    /// Whose.
    pub identity: IdentityId,
    /// Why.
    pub reason: &'a str,
    /// Who grants it.
    pub granted_by: IdentityId,
    /// Until when.
    pub ends_at: Instant,
}

/// The columns of [`ExceptionRow`].
macro_rules! exception_columns {
    ($rest:literal) => {
        concat!(
            "select x.id, x.rule_id, x.identity_id, i.display_name as identity_name, x.reason, x.granted_by, o.owner_id, ",
            "oi.display_name as owner_name, x.starts_at, x.ends_at, x.closed_at, x.close_reason ",
            "from separation_exception x join identity i on i.id = x.identity_id ",
            "left join separation_ownership o on o.exception_id = x.id and o.valid_to is null ",
            "left join identity oi on oi.id = o.owner_id ",
            $rest
        )
    };
}

/// One exception.
///
/// # Errors
/// When the database fails.
pub async fn get(c: &mut impl AsConn, id: SeparationExceptionId) -> StoreResult<Option<ExceptionRow>> {
    row!(c, ExceptionRow, exception_columns!("where x.id = $1"), id.0)
}

/// The exceptions of these people that nobody and nothing has ended yet.
///
/// # Errors
/// When the database fails.
pub async fn open_of(c: &mut impl AsConn, identities: &[Uuid]) -> StoreResult<Vec<ExceptionRow>> {
    rows_in!(
        c,
        ExceptionRow,
        exception_columns!("where x.closed_at is null and x.identity_id in ({}) order by x.id"),
        identities
    )
}

/// A rule's exceptions that nobody and nothing has ended yet, by id after `after`; at most `limit`.
///
/// # Errors
/// When the database fails.
pub async fn open_of_rule(
    c: &mut impl AsConn,
    rule: SeparationRuleId,
    after: Option<SeparationExceptionId>,
    limit: i64,
) -> StoreResult<Vec<ExceptionRow>> {
    let after = after.map_or(Uuid::nil(), |a| a.0);
    rows!(
        c,
        ExceptionRow,
        exception_columns!("where x.closed_at is null and x.rule_id = $1 and x.id > $2 order by x.id limit $3"),
        rule.0,
        after,
        limit
    )
}

/// Exceptions whose end has come, at most `limit`.
///
/// # Errors
/// When the database fails.
pub async fn due_to_end(c: &mut impl AsConn, now: Instant, limit: i64) -> StoreResult<Vec<ExceptionRow>> {
    rows!(
        c,
        ExceptionRow,
        exception_columns!("where x.closed_at is null and x.ends_at <= $1 order by x.ends_at, x.id limit $2"),
        now,
        limit
    )
}

/// Writes an exception that begins now.
///
/// # Errors
/// `Duplicate` when the person has an open one from this rule.
pub async fn insert(tx: &mut Tx, x: &NewException<'_>) -> StoreResult<()> {
    let now = tx.now();
    exec!(
        tx,
        "insert into separation_exception (id, rule_id, identity_id, reason, granted_by, starts_at, ends_at)
         values ($1, $2, $3, $4, $5, $6, $7)",
        x.id.0,
        x.rule.0,
        x.identity.0,
        x.reason,
        x.granted_by.0,
        now,
        x.ends_at
    )
    .map_err(|e| e.or_duplicate("an exception for this person"))?;
    Ok(())
}

/// Closes an exception.
///
/// # Errors
/// `Conflict` when it is closed already.
pub async fn close(
    tx: &mut Tx,
    id: SeparationExceptionId,
    by: Option<IdentityId>,
    reason: &'static str,
) -> StoreResult<()> {
    let now = tx.now();
    let n = exec!(
        tx,
        "update separation_exception set closed_at = $1, closed_by = $2, close_reason = $3
         where id = $4 and closed_at is null",
        now,
        by.map(|i| i.0),
        reason,
        id.0
    )?;
    one(n, "the exception")?;
    exec!(tx, "update separation_ownership set valid_to = $1 where exception_id = $2 and valid_to is null", now, id.0)?;
    Ok(())
}

/// What was held back for this person is looked at now (bookkeeping). Tells whether there is anything.
///
/// # Errors
/// When the database fails.
pub async fn look_again(tx: &mut Tx, identity: IdentityId) -> StoreResult<bool> {
    let now = tx.now();
    let n = exec!(
        tx,
        "update account set due_at = $1
         where identity_id = $2 and due_at > $1 and exists (
             select 1 from fulfilment f where f.account_id = account.id and f.progress = 'due' and f.last_outcome = $3)",
        now,
        identity.0,
        latchkey_domain::fulfilment::HELD_BACK
    )?;
    Ok(n > 0)
}

/// Whatever a rule held back is looked at now (bookkeeping).
///
/// # Errors
/// When the database fails.
pub async fn look_again_at_all(tx: &mut Tx) -> StoreResult<()> {
    let now = tx.now();
    exec!(
        tx,
        "update account set due_at = $1
         where due_at > $1 and exists (
             select 1 from fulfilment f where f.account_id = account.id and f.progress = 'due' and f.last_outcome = $2)",
        now,
        latchkey_domain::fulfilment::HELD_BACK
    )?;
    Ok(())
}
