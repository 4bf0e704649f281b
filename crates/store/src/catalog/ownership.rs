//! Who owns a role or a system, from when to when: closed and succeeded.

use latchkey_domain::{IdentityId, RoleId, SystemId, id::new_uuid, identity::Status};
use sqlx::FromRow;
use uuid::Uuid;

use crate::{AsConn, StoreError, StoreResult, Tx};

/// What can be owned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Owned {
    /// A role.
    Role(RoleId),
    /// A system.
    System(SystemId),
}

/// An ownership of today.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct OwnershipRow {
    /// The role, or
    pub role_id: Option<Uuid>,
    /// the system.
    pub system_id: Option<Uuid>,
    /// Whose it is.
    pub owner_id: Uuid,
    /// The owner's name.
    pub owner_name: String,
    /// Where the owner is in their working life.
    #[sqlx(try_from = "String")]
    pub owner_status: Status,
}

/// The columns of [`OwnershipRow`].
macro_rules! owner_columns {
    ($rest:literal) => {
        concat!(
            "select o.role_id, o.system_id, o.owner_id, i.display_name as owner_name, i.status as owner_status ",
            "from ownership o join identity i on i.id = o.owner_id where o.valid_to is null ",
            $rest
        )
    };
}

/// Every ownership of today.
///
/// # Errors
/// When the database fails.
pub async fn all(c: &mut impl AsConn) -> StoreResult<Vec<OwnershipRow>> {
    rows!(c, OwnershipRow, owner_columns!("order by o.id"))
}

/// Who owns it today.
///
/// # Errors
/// When the database fails.
pub async fn of(c: &mut impl AsConn, owned: Owned) -> StoreResult<Option<OwnershipRow>> {
    match owned {
        Owned::Role(id) => row!(c, OwnershipRow, owner_columns!("and o.role_id = $1"), id.0),
        Owned::System(id) => row!(c, OwnershipRow, owner_columns!("and o.system_id = $1"), id.0),
    }
}

/// What somebody owns today; retired roles and systems too.
///
/// # Errors
/// When the database fails.
pub async fn by_owner(c: &mut impl AsConn, owner: IdentityId) -> StoreResult<Vec<OwnershipRow>> {
    rows!(c, OwnershipRow, owner_columns!("and o.owner_id = $1 order by o.id"), owner.0)
}

/// Closes the ownership of today, where there is one, and opens another.
///
/// # Errors
/// When somebody else did so at the same time, or the database fails.
pub async fn succeed(tx: &mut Tx, owned: Owned, owner: IdentityId) -> StoreResult<()> {
    let now = tx.now();
    let (role, system) = match owned {
        Owned::Role(id) => {
            exec!(tx, "update ownership set valid_to = $1 where role_id = $2 and valid_to is null", now, id.0)?;
            (Some(id.0), None)
        }
        Owned::System(id) => {
            exec!(tx, "update ownership set valid_to = $1 where system_id = $2 and valid_to is null", now, id.0)?;
            (None, Some(id.0))
        }
    };
    exec!(
        tx,
        "insert into ownership (id, role_id, system_id, owner_id, valid_from) values ($1, $2, $3, $4, $5)",
        new_uuid(now),
        role,
        system,
        owner.0,
        now
    )
    .map_err(|e| match e.or_duplicate("an owner") {
        StoreError::Duplicate { .. } => StoreError::Conflict { what: "the owner" },
        other => other,
    })?;
    Ok(())
}
