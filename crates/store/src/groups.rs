//! Groups of people whom policies can name together; their members are closed and succeeded, never overwritten.

use latchkey_domain::{GroupId, IdentityId, Instant, id::new_uuid};
use sqlx::FromRow;
use uuid::Uuid;

use crate::{AsConn, StoreResult, Tx, routing::CandidateRow};

/// A group as stored.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct GroupRow {
    /// Its id.
    pub id: Uuid,
    /// Its stable key.
    pub key: String,
    /// What it is called.
    pub name: String,
    /// When it left the files.
    pub retired_at: Option<Instant>,
}

/// Every group, retired ones too, by key.
///
/// # Errors
/// When the database fails.
pub async fn all(c: &mut impl AsConn) -> StoreResult<Vec<GroupRow>> {
    rows!(c, GroupRow, "select id, key, name, retired_at from identity_group order by key")
}

/// Who is in which group, as (group, identity).
///
/// # Errors
/// When the database fails.
pub async fn members(c: &mut impl AsConn) -> StoreResult<Vec<(Uuid, Uuid)>> {
    rows!(
        c,
        (Uuid, Uuid),
        "select group_id, identity_id from identity_group_member where valid_to is null order by group_id, identity_id"
    )
}

/// The members of the group with this key, as somebody whom a rule can point at; nobody when it is retired. At most 200, as
/// files bound it.
///
/// # Errors
/// When the database fails.
pub async fn members_of(c: &mut impl AsConn, key: &str) -> StoreResult<Vec<CandidateRow>> {
    rows!(
        c,
        CandidateRow,
        "select i.id, i.display_name, i.status
         from identity_group g
         join identity_group_member m on m.group_id = g.id and m.valid_to is null
         join identity i on i.id = m.identity_id
         where g.key = $1 and g.retired_at is null order by i.display_name, i.id limit 200",
        key
    )
}

/// The keys of the groups that these people are in, as (identity, key).
///
/// # Errors
/// When the database fails.
pub async fn of_people(c: &mut impl AsConn, people: &[Uuid]) -> StoreResult<Vec<(Uuid, String)>> {
    rows_in!(
        c,
        (Uuid, String),
        "select m.identity_id, g.key from identity_group_member m
         join identity_group g on g.id = m.group_id and g.retired_at is null
         where m.valid_to is null and m.identity_id in ({}) order by g.key",
        people
    )
}

/// Adds a group or changes what it is called; a retired one is in use again.
///
/// # Errors
/// When the database fails.
pub async fn put(tx: &mut Tx, id: GroupId, key: &str, name: &str) -> StoreResult<()> {
    exec!(
        tx,
        "insert into identity_group (id, key, name) values ($1, $2, $3)
         on conflict (id) do update set name = excluded.name, retired_at = null",
        id.0,
        key,
        name
    )
    .map_err(|e| e.or_duplicate("a group with this key"))?;
    Ok(())
}

/// Somebody is in a group from now on.
///
/// # Errors
/// `Duplicate` when they are already.
pub async fn add_member(tx: &mut Tx, group: GroupId, who: IdentityId) -> StoreResult<()> {
    let now = tx.now();
    exec!(
        tx,
        "insert into identity_group_member (id, group_id, identity_id, valid_from) values ($1, $2, $3, $4)",
        new_uuid(now),
        group.0,
        who.0,
        now
    )
    .map_err(|e| e.or_duplicate("the member"))?;
    Ok(())
}

/// Somebody isn't in a group any more.
///
/// # Errors
/// When the database fails.
pub async fn remove_member(tx: &mut Tx, group: GroupId, who: IdentityId) -> StoreResult<()> {
    let now = tx.now();
    exec!(
        tx,
        "update identity_group_member set valid_to = $1 where group_id = $2 and identity_id = $3 and valid_to is null",
        now,
        group.0,
        who.0
    )?;
    Ok(())
}

/// A group left the files: nobody is in it any more.
///
/// # Errors
/// When the database fails.
pub async fn retire(tx: &mut Tx, group: GroupId) -> StoreResult<()> {
    let now = tx.now();
    exec!(tx, "update identity_group_member set valid_to = $1 where group_id = $2 and valid_to is null", now, group.0)?;
    exec!(tx, "update identity_group set retired_at = $1 where id = $2", now, group.0)?;
    Ok(())
}
