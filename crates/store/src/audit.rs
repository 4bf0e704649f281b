//! Finding events: pages of the log by any filter, newest first, and the names that its sentences need.
//!
//! Whatever the filter, a page is a walk down one index ("leg") or a few of them: an event's subject, its actor, its kind
//! or its time. Further conditions are looked up for each event on the way. Where they could be rare, the walk is bounded:
//! after [`WINDOW`] events the page ends, tells how far it looked, and the next page goes on from there. So no filter can
//! make the database read the whole log for one page (promise 12).

use std::fmt::Write;

use latchkey_domain::{IdentityId, Instant, RequestId, RoleId, SystemId, event::SubjectKind};
use sqlx::FromRow;
use uuid::Uuid;

use crate::{AsConn, StoreResult, events::EventRow};

pub mod names;

/// How many events one page looks at, at most, when conditions have to be looked up for each of them.
pub const WINDOW: i64 = 2_000;

/// An event's place in the order of pages: by time, then by id. It is no order of commits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, FromRow)]
pub struct Key {
    /// When it was recorded.
    pub recorded_at: Instant,
    /// Its id.
    pub id: Uuid,
}

/// What is looked for; an empty search is everything. Conditions are joined by "and".
#[derive(Debug, Clone, Default)]
pub struct Search<'a> {
    /// Who did it, or whom it is about.
    pub person: Option<IdentityId>,
    /// The role that it is about.
    pub role: Option<RoleId>,
    /// The system that it is about.
    pub system: Option<SystemId>,
    /// The request that it belongs to, with its items and the grants that came of them.
    pub request: Option<RequestId>,
    /// Only these kinds of event, by their fixed words; none given means all.
    pub kinds: &'a [&'static str],
    /// From this instant on.
    pub from: Option<Instant>,
    /// Before this instant.
    pub to: Option<Instant>,
}

/// A page of events, newest first.
#[derive(Debug, Clone)]
pub struct Found {
    /// The events.
    pub rows: Vec<EventRow>,
    /// Where the next page begins (after this key); absent when there is no more.
    pub next: Option<Key>,
    /// The page ended before it was full, because enough was looked at: older events may match still.
    pub cut_short: bool,
}

/// The events that match, newest first, after the given key (that is: older), at most `limit`. At most three queries.
///
/// # Errors
/// When the database fails.
pub async fn page(c: &mut impl AsConn, search: &Search<'_>, after: Option<Key>, limit: i64) -> StoreResult<Found> {
    let legs = legs(c, search).await?;
    let conditions = Conditions::of(search);
    let mut range = Range { from: search.from, to: search.to, after, floor: None };
    if conditions.any() {
        range.floor = floor(c, &legs, &range).await?;
    }
    let mut sql = Sql::default();
    let legs: Vec<String> = legs.iter().map(|leg| leg.select(&mut sql, &range, Some(&conditions), limit + 1)).collect();
    let keys = union(&legs);
    let limit_at = sql.int(limit + 1);
    let text = format!(
        "select e.id, e.recorded_at, e.kind, e.bytes, e.mac, e.mac_key from ({keys}) k join event e on e.id = k.id
         order by e.recorded_at desc, e.id desc limit {limit_at}"
    );
    let mut rows: Vec<EventRow> = sql.fetch(c, text).await?;
    let more = i64::try_from(rows.len()).unwrap_or(i64::MAX) > limit;
    rows.truncate(usize::try_from(limit).unwrap_or(0));
    let next = if more { rows.last().map(|r| Key { recorded_at: r.recorded_at, id: r.id }) } else { range.floor };
    Ok(Found { rows, next, cut_short: !more && range.floor.is_some() })
}

/// One event.
///
/// # Errors
/// When the database fails.
pub async fn get(c: &mut impl AsConn, id: Uuid) -> StoreResult<Option<EventRow>> {
    row!(c, EventRow, "select id, recorded_at, kind, bytes, mac, mac_key from event where id = $1", id)
}

/// One index that a page walks down.
#[derive(Debug, Clone, Copy)]
enum Leg {
    Subject(SubjectKind, Uuid),
    Actor(Uuid),
    Kind(&'static str),
    Time,
}

/// The legs of a search: the narrowest condition that it has. What the other conditions are is [`Conditions`].
async fn legs(c: &mut impl AsConn, search: &Search<'_>) -> StoreResult<Vec<Leg>> {
    Ok(if let Some(request) = search.request {
        let mut legs = vec![Leg::Subject(SubjectKind::Request, request.0)];
        for (item, grant) in parts_of_request(c, request).await? {
            legs.push(Leg::Subject(SubjectKind::Item, item));
            legs.extend(grant.map(|g| Leg::Subject(SubjectKind::Grant, g)));
        }
        legs
    } else if let Some(person) = search.person {
        vec![Leg::Subject(SubjectKind::Identity, person.0), Leg::Actor(person.0)]
    } else if let Some(role) = search.role {
        vec![Leg::Subject(SubjectKind::Role, role.0)]
    } else if let Some(system) = search.system {
        vec![Leg::Subject(SubjectKind::System, system.0)]
    } else if search.kinds.is_empty() {
        vec![Leg::Time]
    } else {
        search.kinds.iter().map(|k| Leg::Kind(k)).collect()
    })
}

async fn parts_of_request(c: &mut impl AsConn, request: RequestId) -> StoreResult<Vec<(Uuid, Option<Uuid>)>> {
    rows!(
        c,
        (Uuid, Option<Uuid>),
        "select i.id, g.id from item i left join role_grant g on g.item_id = i.id where i.request_id = $1 order by i.id, g.id limit 200",
        request.0
    )
}

/// Which keys a page may show.
struct Range {
    from: Option<Instant>,
    to: Option<Instant>,
    after: Option<Key>,
    /// Not older than this: how far one page looks.
    floor: Option<Key>,
}

/// How far down a bounded walk may go: the newest of the legs' ends, so that no leg misses what another one shows.
async fn floor(c: &mut impl AsConn, legs: &[Leg], range: &Range) -> StoreResult<Option<Key>> {
    let mut sql = Sql::default();
    let ends: Vec<String> = legs
        .iter()
        .map(|leg| {
            let select = leg.select(&mut sql, range, None, 1);
            let skip = sql.int(WINDOW - 1);
            format!("{select} offset {skip}")
        })
        .collect();
    let text =
        format!("select k.recorded_at, k.id from ({}) k order by k.recorded_at desc, k.id desc limit 1", union(&ends));
    let mut found: Vec<Key> = sql.fetch(c, text).await?;
    Ok(found.pop())
}

/// The legs' keys together, each once.
fn union(legs: &[String]) -> String {
    let wrapped: Vec<String> = legs.iter().enumerate().map(|(n, leg)| format!("select * from ({leg}) l{n}")).collect();
    wrapped.join("\n union ")
}

impl Leg {
    /// The leg's keys in the range that meet the conditions, newest first.
    fn select(self, sql: &mut Sql, range: &Range, conditions: Option<&Conditions<'_>>, limit: i64) -> String {
        let (id, mut text) = match self {
            Self::Subject(kind, id) => {
                let subject = sql.uuid(id);
                (
                    "d.event_id",
                    format!("event_subject d where d.subject_kind = '{}' and d.subject_id = {subject}", kind.as_str()),
                )
            }
            Self::Actor(id) => ("d.id", format!("event d where d.actor_id = {}", sql.uuid(id))),
            Self::Kind(kind) => ("d.id", format!("event d where d.kind = '{kind}'")),
            Self::Time => ("d.id", "event d where 1 = 1".to_owned()),
        };
        range.write(sql, id, &mut text);
        if let Some(conditions) = conditions {
            conditions.write(sql, id, &mut text);
        }
        let limit = sql.int(limit);
        format!(
            "select d.recorded_at as recorded_at, {id} as id from {text} order by d.recorded_at desc, {id} desc limit {limit}"
        )
    }
}

impl Range {
    fn write(&self, sql: &mut Sql, id: &str, text: &mut String) {
        if let Some(from) = self.from {
            push(text, format_args!(" and d.recorded_at >= {}", sql.at(from)));
        }
        if let Some(to) = self.to {
            push(text, format_args!(" and d.recorded_at < {}", sql.at(to)));
        }
        if let Some(key) = self.after {
            push(
                text,
                format_args!(" and (d.recorded_at, {id}) < ({}, {})", sql.at(key.recorded_at), sql.uuid(key.id)),
            );
        }
        if let Some(key) = self.floor {
            push(
                text,
                format_args!(" and (d.recorded_at, {id}) >= ({}, {})", sql.at(key.recorded_at), sql.uuid(key.id)),
            );
        }
    }
}

/// What is looked up for each event of a leg.
#[derive(Default)]
struct Conditions<'a> {
    person: Option<Uuid>,
    subjects: Vec<(SubjectKind, Uuid)>,
    kinds: &'a [&'static str],
}

impl<'a> Conditions<'a> {
    /// Everything that the legs don't say themselves; the order is that of [`legs`].
    fn of(search: &Search<'a>) -> Self {
        let person = search.person.map(|p| p.0);
        let role = search.role.map(|r| (SubjectKind::Role, r.0));
        let system = search.system.map(|s| (SubjectKind::System, s.0));
        let kinds = search.kinds;
        if search.request.is_some() {
            Self { person, subjects: role.into_iter().chain(system).collect(), kinds }
        } else if search.person.is_some() {
            Self { person: None, subjects: role.into_iter().chain(system).collect(), kinds }
        } else if search.role.is_some() {
            Self { person: None, subjects: system.into_iter().collect(), kinds }
        } else if search.system.is_some() {
            Self { person: None, subjects: vec![], kinds }
        } else {
            Self::default()
        }
    }

    fn any(&self) -> bool {
        self.person.is_some() || !self.subjects.is_empty() || !self.kinds.is_empty()
    }

    fn write(&self, sql: &mut Sql, id: &str, text: &mut String) {
        if let Some(person) = self.person {
            let subject = is_subject(sql, id, SubjectKind::Identity, person);
            let actor = sql.uuid(person);
            push(
                text,
                format_args!(" and ({subject} or (select a.actor_id from event a where a.id = {id}) = {actor})"),
            );
        }
        for (kind, subject) in &self.subjects {
            let subject = is_subject(sql, id, *kind, *subject);
            push(text, format_args!(" and {subject}"));
        }
        if !self.kinds.is_empty() {
            let kinds = self.kinds.join("', '");
            push(text, format_args!(" and (select w.kind from event w where w.id = {id}) in ('{kinds}')"));
        }
    }
}

/// A look-up of one row by its whole key. Written as a value and not as `exists`, which PostgreSQL may turn into a join and
/// then walk the other subject's events instead of these few.
fn is_subject(sql: &mut Sql, id: &str, kind: SubjectKind, subject: Uuid) -> String {
    let at = sql.uuid(subject);
    format!(
        "(select 1 from event_subject x where x.subject_kind = '{}' and x.subject_id = {at}
           and x.recorded_at = d.recorded_at and x.event_id = {id}) = 1",
        kind.as_str()
    )
}

fn push(text: &mut String, more: std::fmt::Arguments<'_>) {
    // Writing into a String can't fail.
    let _ = text.write_fmt(more);
}

/// A value of a statement that is put together.
#[derive(Debug, Clone, Copy)]
enum Value {
    Uuid(Uuid),
    At(Instant),
    Int(i64),
}

/// The values of a statement, in the order of their placeholders. Only fixed words go into the text itself.
#[derive(Default)]
pub(crate) struct Sql {
    values: Vec<Value>,
}

impl Sql {
    fn add(&mut self, value: Value) -> String {
        self.values.push(value);
        format!("${}", self.values.len())
    }

    pub(crate) fn uuid(&mut self, id: Uuid) -> String {
        self.add(Value::Uuid(id))
    }

    pub(crate) fn at(&mut self, at: Instant) -> String {
        self.add(Value::At(at))
    }

    pub(crate) fn int(&mut self, n: i64) -> String {
        self.add(Value::Int(n))
    }

    pub(crate) async fn fetch<R>(&self, c: &mut impl AsConn, text: String) -> StoreResult<Vec<R>>
    where
        R: for<'r> FromRow<'r, sqlx::sqlite::SqliteRow> + for<'r> FromRow<'r, sqlx::postgres::PgRow> + Send + Unpin,
    {
        macro_rules! run {
            ($conn:expr) => {{
                let mut query = sqlx::query_as::<_, R>(sqlx::AssertSqlSafe(text));
                for value in &self.values {
                    query = match *value {
                        Value::Uuid(v) => query.bind(v),
                        Value::At(v) => query.bind(v),
                        Value::Int(v) => query.bind(v),
                    };
                }
                query.fetch_all($conn).await
            }};
        }
        crate::query::count();
        Ok(match c.conn() {
            crate::ConnRef::Sqlite(conn) => run!(conn)?,
            crate::ConnRef::Postgres(conn) => run!(conn)?,
        })
    }
}
