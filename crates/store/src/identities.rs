//! Identities: the one lock, and reading who somebody is.
//!
//! Writing people is in [`write`]; lists of people for pages are in [`list`].

use std::collections::HashMap;

use latchkey_domain::{
    IdentityId, Instant,
    identity::{EmploymentType, IdentityKind, Status},
};
use sqlx::FromRow;
use uuid::Uuid;

use crate::{AsConn, StoreError, StoreResult, Tx};

/// How many ids go into one `in (…)` list.
const CHUNK: usize = 500;

/// Whoever can hold access.
#[derive(Debug, Clone, FromRow)]
pub struct IdentityRow {
    /// Its id.
    pub id: Uuid,
    /// A person or a service identity.
    #[sqlx(try_from = "String")]
    pub kind: IdentityKind,
    /// Raised by every change of what it holds, may hold or is.
    pub version: i64,
    /// Where it is in its life.
    #[sqlx(try_from = "String")]
    pub status: Status,
    /// Its name on pages.
    pub display_name: String,
    /// When it became known.
    pub created_at: Instant,
}

/// A person with all attributes of today.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct PersonRow {
    /// The identity's id.
    pub id: Uuid,
    /// Raised by every change of what they hold, may hold or are.
    pub version: i64,
    /// Where they are in their working life.
    #[sqlx(try_from = "String")]
    pub status: Status,
    /// Their name on pages.
    pub display_name: String,
    /// The key of the person in the company's records.
    pub external_id: String,
    /// Their e-mail address.
    pub email: String,
    /// Given name.
    pub given_name: String,
    /// Family name.
    pub family_name: String,
    /// Job title.
    pub title: String,
    /// Department.
    pub department: String,
    /// Location.
    pub location: String,
    /// How they are employed.
    #[sqlx(try_from = "String")]
    pub employment_type: EmploymentType,
    /// Their manager's identity.
    pub manager_id: Option<Uuid>,
    /// Their IANA time zone, where it isn't the company's.
    pub time_zone: Option<String>,
}

/// The columns of [`PersonRow`], from `identity i join person p`.
macro_rules! person_columns {
    ($rest:literal) => {
        concat!(
            "select i.id, i.version, i.status, i.display_name, p.external_id, p.email, p.given_name, p.family_name, p.title, ",
            "p.department, p.location, p.employment_type, p.manager_id, p.time_zone ",
            "from identity i join person p on p.identity_id = i.id ",
            $rest
        )
    };
}

pub(crate) mod bulk;
pub mod list;
pub mod write;

/// The one lock: raises `version` of each identity, in the order of their ids, so that two transactions that change what
/// the same people hold, may hold or are come one after the other on both databases. Call it before reading what is
/// about to be changed.
///
/// # Errors
/// [`StoreError::Missing`] when one of them isn't there, or when the database fails.
pub async fn lock(tx: &mut Tx, ids: &[IdentityId]) -> StoreResult<()> {
    let mut ids = ids.to_vec();
    ids.sort_unstable();
    ids.dedup();
    for id in ids {
        if exec!(tx, "update identity set version = version + 1 where id = $1", id.0)? != 1 {
            return Err(StoreError::Missing { what: "the identity" });
        }
    }
    Ok(())
}

/// An identity, person or service.
///
/// # Errors
/// When the database fails.
pub async fn get(c: &mut impl AsConn, id: IdentityId) -> StoreResult<Option<IdentityRow>> {
    row!(c, IdentityRow, "select id, kind, version, status, display_name, created_at from identity where id = $1", id.0)
}

/// The display names of these identities; one that isn't there is left out.
///
/// # Errors
/// When the database fails.
pub async fn names(c: &mut impl AsConn, ids: &[Uuid]) -> StoreResult<HashMap<Uuid, String>> {
    let mut ids = ids.to_vec();
    ids.sort_unstable();
    ids.dedup();
    let mut names = HashMap::with_capacity(ids.len());
    for chunk in ids.chunks(CHUNK) {
        let found: Vec<(Uuid, String)> =
            rows_in!(c, (Uuid, String), "select id, display_name from identity where id in ({})", chunk)?;
        names.extend(found);
    }
    Ok(names)
}

/// A person by id.
///
/// # Errors
/// When the database fails.
pub async fn person(c: &mut impl AsConn, id: IdentityId) -> StoreResult<Option<PersonRow>> {
    row!(c, PersonRow, person_columns!("where i.id = $1"), id.0)
}

/// These people, in no particular order; one that isn't there is left out.
///
/// # Errors
/// When the database fails.
pub async fn people(c: &mut impl AsConn, ids: &[Uuid]) -> StoreResult<Vec<PersonRow>> {
    let mut ids = ids.to_vec();
    ids.sort_unstable();
    ids.dedup();
    let mut people = Vec::with_capacity(ids.len());
    for chunk in ids.chunks(CHUNK) {
        people.extend(rows_in!(
            c,
            PersonRow,
            "select i.id, i.version, i.status, i.display_name, p.external_id, p.email, p.given_name, p.family_name, p.title,
                    p.department, p.location, p.employment_type, p.manager_id, p.time_zone
             from identity i join person p on p.identity_id = i.id where i.id in ({})",
            chunk
        )?);
    }
    Ok(people)
}

/// A person by the key in the company's records.
///
/// # Errors
/// When the database fails.
pub async fn by_external_id(c: &mut impl AsConn, external_id: &str) -> StoreResult<Option<PersonRow>> {
    row!(c, PersonRow, person_columns!("where p.external_id = $1"), external_id)
}

/// The people with this e-mail address, whatever its case; more than two are cut off, since two are already too many to be sure.
///
/// # Errors
/// When the database fails.
pub async fn by_email(c: &mut impl AsConn, email: &str) -> StoreResult<Vec<PersonRow>> {
    // Addresses are stored in lower case, so that the index serves.
    rows!(c, PersonRow, person_columns!("where p.email = $1 order by i.id limit 2"), email.to_lowercase())
}

/// Who reports to this person and hasn't left, by name; at most `limit`.
///
/// # Errors
/// When the database fails.
pub async fn direct_reports(c: &mut impl AsConn, manager: IdentityId, limit: i64) -> StoreResult<Vec<PersonRow>> {
    rows!(
        c,
        PersonRow,
        person_columns!("where p.manager_id = $1 and i.status <> 'terminated' order by i.display_name, i.id limit $2"),
        manager.0,
        limit
    )
}

/// How many levels above somebody a person stands in the reporting line: 1 for their manager; nothing when not within
/// `levels`.
///
/// # Errors
/// When the database fails.
pub async fn levels_above(
    c: &mut impl AsConn,
    somebody: IdentityId,
    above: IdentityId,
    levels: i64,
) -> StoreResult<Option<i64>> {
    let found = row!(
        c,
        (i64,),
        "with recursive line (identity_id, level) as (
             select manager_id, cast(1 as bigint) from person where identity_id = $1
             union all
             select p.manager_id, l.level + 1 from line l join person p on p.identity_id = l.identity_id where l.level < $3
         )
         select level from line where identity_id = $2 order by level limit 1",
        somebody.0,
        above.0,
        levels
    )?;
    Ok(found.map(|(level,)| level))
}
