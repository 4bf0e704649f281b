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
    /// The key of the owner in the company's records.
    pub owner_external_id: Option<String>,
    /// Where the owner is in their working life.
    #[sqlx(try_from = "String")]
    pub owner_status: Status,
}

/// The columns of [`OwnershipRow`].
macro_rules! owner_columns {
    ($rest:literal) => {
        concat!(
            "select o.role_id, o.system_id, o.owner_id, i.display_name as owner_name, i.status as owner_status, ",
            "p.external_id as owner_external_id ",
            "from ownership o join identity i on i.id = o.owner_id left join person p on p.identity_id = i.id ",
            "where o.valid_to is null ",
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

/// An ownership of today with the name of what is owned.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct NamedRow {
    /// The role, or
    pub role_id: Option<Uuid>,
    /// the system.
    pub system_id: Option<Uuid>,
    /// What it is called.
    pub name: String,
}

impl NamedRow {
    /// What is owned.
    #[must_use]
    pub fn owned(&self) -> Option<Owned> {
        owned(self.role_id, self.system_id)
    }
}

impl OwnershipRow {
    /// What is owned.
    #[must_use]
    pub fn owned(&self) -> Option<Owned> {
        owned(self.role_id, self.system_id)
    }
}

/// The schema keeps one of the two, never both.
fn owned(role: Option<Uuid>, system: Option<Uuid>) -> Option<Owned> {
    role.map(|id| Owned::Role(RoleId(id))).or_else(|| system.map(|id| Owned::System(SystemId(id))))
}

/// What somebody owns today, by name; retired roles and systems too.
///
/// # Errors
/// When the database fails.
pub async fn named_of(c: &mut impl AsConn, owner: IdentityId) -> StoreResult<Vec<NamedRow>> {
    rows!(
        c,
        NamedRow,
        "select o.role_id, o.system_id, coalesce(v.name, s.name) as name
         from ownership o
         left join role_version v on v.role_id = o.role_id and v.valid_to is null
         left join system s on s.id = o.system_id
         where o.owner_id = $1 and o.valid_to is null and coalesce(v.name, s.name) is not null
         order by coalesce(v.name, s.name), o.id",
        owner.0
    )
}

/// Everybody who owns something today and has left: nobody could take it over then.
///
/// # Errors
/// When the database fails.
pub async fn owners_who_left(c: &mut impl AsConn) -> StoreResult<Vec<IdentityId>> {
    let found = rows!(
        c,
        (Uuid,),
        "select distinct o.owner_id from ownership o join identity i on i.id = o.owner_id and i.status = 'terminated'
         where o.valid_to is null order by o.owner_id"
    )?;
    Ok(found.into_iter().map(|(id,)| IdentityId(id)).collect())
}

/// Closes the ownership of today, where there is one, and opens another. Returns the new one's id.
///
/// # Errors
/// When somebody else did so at the same time, or the database fails.
pub async fn succeed(tx: &mut Tx, owned: Owned, owner: IdentityId) -> StoreResult<Uuid> {
    let now = tx.now();
    let id = new_uuid(now);
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
        id,
        role,
        system,
        owner.0,
        now
    )
    .map_err(|e| match e.or_duplicate("an owner") {
        StoreError::Duplicate { .. } => StoreError::Conflict { what: "the owner" },
        other => other,
    })?;
    Ok(id)
}
