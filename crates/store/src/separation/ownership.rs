//! Who answers for a rule or an exception, from when to when: closed and succeeded.

use latchkey_domain::{IdentityId, SeparationExceptionId, SeparationRuleId, id::new_uuid};
use sqlx::FromRow;
use uuid::Uuid;

use crate::{AsConn, StoreError, StoreResult, Tx};

/// What can be owned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Owned {
    /// A rule.
    Rule(SeparationRuleId),
    /// An exception.
    Exception(SeparationExceptionId),
}

/// An ownership of today.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct OwnershipRow {
    /// The rule, or the rule of the exception.
    pub rule_id: Uuid,
    /// The exception, where it is one.
    pub exception_id: Option<Uuid>,
    /// What the rule is called.
    pub name: String,
    /// Whose it is.
    pub owner_id: Uuid,
    /// What the owner is called.
    pub owner_name: String,
}

impl OwnershipRow {
    /// What is owned.
    #[must_use]
    pub fn owned(&self) -> Owned {
        self.exception_id
            .map_or(Owned::Rule(SeparationRuleId(self.rule_id)), |id| Owned::Exception(SeparationExceptionId(id)))
    }
}

/// The columns of [`OwnershipRow`], of ownerships of today.
macro_rules! owner_columns {
    ($rest:literal) => {
        concat!(
            "select r.id as rule_id, o.exception_id, v.name, o.owner_id, i.display_name as owner_name ",
            "from separation_ownership o join identity i on i.id = o.owner_id ",
            "left join separation_exception x on x.id = o.exception_id ",
            "join separation_rule r on r.id = coalesce(o.rule_id, x.rule_id) ",
            "join separation_rule_version v on v.rule_id = r.id and v.valid_to is null ",
            "where o.valid_to is null and x.closed_at is null ",
            $rest
        )
    };
}

/// Who owns each rule, retired ones too.
///
/// # Errors
/// When the database fails.
pub async fn of_rules(c: &mut impl AsConn) -> StoreResult<Vec<OwnershipRow>> {
    rows!(c, OwnershipRow, owner_columns!("and o.rule_id is not null order by r.key"))
}

/// Who owns it today; nobody owns an exception that is over.
///
/// # Errors
/// When the database fails.
pub async fn of(c: &mut impl AsConn, owned: Owned) -> StoreResult<Option<OwnershipRow>> {
    match owned {
        Owned::Rule(id) => row!(c, OwnershipRow, owner_columns!("and o.rule_id = $1"), id.0),
        Owned::Exception(id) => row!(c, OwnershipRow, owner_columns!("and o.exception_id = $1"), id.0),
    }
}

/// The rules and open exceptions that somebody owns today, by the rule's name; retired rules too.
///
/// # Errors
/// When the database fails.
pub async fn of_owner(c: &mut impl AsConn, owner: IdentityId) -> StoreResult<Vec<OwnershipRow>> {
    rows!(c, OwnershipRow, owner_columns!("and o.owner_id = $1 order by v.name, o.id"), owner.0)
}

/// Everybody who owns a rule or an open exception today and has left.
///
/// # Errors
/// When the database fails.
pub async fn owners_who_left(c: &mut impl AsConn) -> StoreResult<Vec<IdentityId>> {
    let found = rows!(
        c,
        (Uuid,),
        "select distinct o.owner_id from separation_ownership o join identity i on i.id = o.owner_id and i.status = 'terminated'
         left join separation_exception x on x.id = o.exception_id
         where o.valid_to is null and x.closed_at is null order by o.owner_id"
    )?;
    Ok(found.into_iter().map(|(id,)| IdentityId(id)).collect())
}

/// Closes the ownership of today, where there is one, and opens another.
///
/// # Errors
/// When somebody else did so at the same time, or the database fails.
pub async fn succeed(tx: &mut Tx, owned: Owned, owner: IdentityId) -> StoreResult<Uuid> {
    let now = tx.now();
    let id = new_uuid(now);
    let (rule, exception) = match owned {
        Owned::Rule(id) => {
            exec!(
                tx,
                "update separation_ownership set valid_to = $1 where rule_id = $2 and valid_to is null",
                now,
                id.0
            )?;
            (Some(id.0), None)
        }
        Owned::Exception(id) => {
            exec!(
                tx,
                "update separation_ownership set valid_to = $1 where exception_id = $2 and valid_to is null",
                now,
                id.0
            )?;
            (None, Some(id.0))
        }
    };
    exec!(
        tx,
        "insert into separation_ownership (id, rule_id, exception_id, owner_id, valid_from) values ($1, $2, $3, $4, $5)",
        id,
        rule,
        exception,
        owner.0,
        now
    )
    .map_err(|e| match e.or_duplicate("an owner") {
        StoreError::Duplicate { .. } => StoreError::Conflict { what: "the owner" },
        other => other,
    })?;
    Ok(id)
}
