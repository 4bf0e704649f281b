//! Writing people: rows in bulk, and their history closed and succeeded.

use chrono::NaiveDate;
use latchkey_domain::{AppliedSetId, id::new_uuid, identity::Status};
use sqlx::FromRow;
use uuid::Uuid;

use super::{CHUNK, PersonRow, bulk::insert_rows};
use crate::{AsConn, StoreError, StoreResult, Tx};

/// Every person, terminated ones too, by external id: for comparing with a file.
///
/// # Errors
/// When the database fails.
pub async fn all_people(c: &mut impl AsConn) -> StoreResult<Vec<PersonRow>> {
    rows!(c, PersonRow, person_columns!("order by p.external_id"))
}

/// A stretch of employment.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct PeriodRow {
    /// Its id.
    pub id: Uuid,
    /// Whose.
    pub identity_id: Uuid,
    /// The first day.
    pub starts_on: NaiveDate,
    /// The last day, where one is known.
    pub ends_on: Option<NaiveDate>,
}

/// Every person's latest stretch of employment.
///
/// # Errors
/// When the database fails.
pub async fn latest_periods(c: &mut impl AsConn) -> StoreResult<Vec<PeriodRow>> {
    rows!(
        c,
        PeriodRow,
        "select id, identity_id, starts_on, ends_on from
           (select id, identity_id, starts_on, ends_on,
                   row_number() over (partition by identity_id order by starts_on desc, id desc) as n from employment_period) as p
         where n = 1"
    )
}

/// A person's stretches of employment, latest first; at most 50.
///
/// # Errors
/// When the database fails.
pub async fn periods(c: &mut impl AsConn, identity: Uuid) -> StoreResult<Vec<PeriodRow>> {
    rows!(
        c,
        PeriodRow,
        "select id, identity_id, starts_on, ends_on from employment_period where identity_id = $1
         order by starts_on desc, id desc limit 50",
        identity
    )
}

/// A person as written, with the text that they are found by.
#[derive(Debug, Clone)]
pub struct PersonWrite {
    /// All attributes; `version` is not written.
    pub person: PersonRow,
    /// Folded text: name, e-mail address, external id, title, department.
    pub search_text: String,
}

/// Adds people. Managers may be among them, in any order.
///
/// # Errors
/// When an external id is taken, or the database fails.
pub async fn insert_people(tx: &mut Tx, people: &[PersonWrite]) -> StoreResult<()> {
    let now = tx.now();
    // All identities first: a person's manager can come later in the file.
    insert_rows!(
        tx,
        "insert into identity (id, kind, version, status, display_name, search_text, created_at)",
        7,
        people,
        |p| [p.person.id, "person", 0_i64, p.person.status.as_str(), &p.person.display_name, &p.search_text, now]
    )?;
    insert_rows!(
        tx,
        "insert into person (identity_id, external_id, email, given_name, family_name, title, department, location,
                             employment_type, manager_id, time_zone)",
        11,
        people,
        |p| [
            p.person.id,
            &p.person.external_id,
            &p.person.email,
            &p.person.given_name,
            &p.person.family_name,
            &p.person.title,
            &p.person.department,
            &p.person.location,
            p.person.employment_type.as_str(),
            p.person.manager_id,
            &p.person.time_zone,
        ]
    )
    .map_err(|e| e.or_duplicate("a person with this external id"))
}

/// Writes a person's attributes and status as they are from now on. The identity must be locked.
///
/// # Errors
/// When the person isn't there, or the database fails.
pub async fn update_person(tx: &mut Tx, write: &PersonWrite) -> StoreResult<()> {
    let p = &write.person;
    let there = exec!(
        tx,
        "update identity set status = $1, display_name = $2, search_text = $3 where id = $4",
        p.status.as_str(),
        &p.display_name,
        &write.search_text,
        p.id
    )?;
    let also = exec!(
        tx,
        "update person set email = $1, given_name = $2, family_name = $3, title = $4, department = $5, location = $6,
                           employment_type = $7, manager_id = $8, time_zone = $9
         where identity_id = $10",
        &p.email,
        &p.given_name,
        &p.family_name,
        &p.title,
        &p.department,
        &p.location,
        p.employment_type.as_str(),
        p.manager_id,
        &p.time_zone,
        p.id
    )?;
    if there == 1 && also == 1 { Ok(()) } else { Err(StoreError::Missing { what: "the person" }) }
}

/// What somebody is from now on, as history keeps it.
#[derive(Debug, Clone)]
pub struct HistoryWrite {
    /// Who.
    pub identity_id: Uuid,
    /// Their status.
    pub status: Status,
    /// Their manager.
    pub manager_id: Option<Uuid>,
    /// All other attributes, as JSON.
    pub attributes: String,
}

/// Closes what each of `rows` was until now, and opens what they are from now on.
///
/// # Errors
/// When the database fails.
pub async fn succeed_history(tx: &mut Tx, rows: &[HistoryWrite], applied_set: Option<AppliedSetId>) -> StoreResult<()> {
    let now = tx.now();
    let ids: Vec<Uuid> = rows.iter().map(|r| r.identity_id).collect();
    for chunk in ids.chunks(CHUNK) {
        close_history(tx, chunk).await?;
    }
    let rows: Vec<(Uuid, &HistoryWrite)> = rows.iter().map(|r| (new_uuid(now), r)).collect();
    insert_rows!(
        tx,
        "insert into identity_history (id, identity_id, valid_from, status, manager_id, attributes, applied_set_id)",
        7,
        rows,
        |r| [r.0, r.1.identity_id, now, r.1.status.as_str(), r.1.manager_id, &r.1.attributes, applied_set.map(|a| a.0)]
    )
}

async fn close_history(tx: &mut Tx, ids: &[Uuid]) -> StoreResult<()> {
    let now = tx.now();
    let mut sql = String::from("update identity_history set valid_to = $1 where valid_to is null and identity_id in (");
    sql.push_str(&crate::query::placeholders(2, ids.len()));
    sql.push(')');
    crate::query::count();
    let sql = sqlx::AssertSqlSafe(sql);
    let keep = ids.len() == CHUNK;
    match tx.conn() {
        crate::ConnRef::Sqlite(c) => {
            let mut q = sqlx::query(sql).persistent(keep).bind(now);
            for id in ids {
                q = q.bind(*id);
            }
            q.execute(c).await.map(|_| ())
        }
        crate::ConnRef::Postgres(c) => {
            let mut q = sqlx::query(sql).persistent(keep).bind(now);
            for id in ids {
                q = q.bind(*id);
            }
            q.execute(c).await.map(|_| ())
        }
    }
    .map_err(StoreError::from)
}

/// Adds stretches of employment.
///
/// # Errors
/// When the database fails.
pub async fn insert_periods(tx: &mut Tx, periods: &[PeriodRow]) -> StoreResult<()> {
    insert_rows!(tx, "insert into employment_period (id, identity_id, starts_on, ends_on)", 4, periods, |p| [
        p.id,
        p.identity_id,
        p.starts_on,
        p.ends_on
    ])
}

/// Corrects a stretch of employment; history keeps what was known before.
///
/// # Errors
/// When it isn't there, or the database fails.
pub async fn update_period(tx: &mut Tx, period: &PeriodRow) -> StoreResult<()> {
    let there = exec!(
        tx,
        "update employment_period set starts_on = $1, ends_on = $2 where id = $3",
        period.starts_on,
        period.ends_on,
        period.id
    )?;
    if there == 1 { Ok(()) } else { Err(StoreError::Missing { what: "the employment period" }) }
}
