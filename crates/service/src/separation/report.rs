//! What keeps duties apart here, and who is in conflict today; as a file too.

use std::collections::{BTreeMap, BTreeSet};

use latchkey_domain::{
    IdentityId, Instant, RoleId, SeparationExceptionId, SeparationRuleId,
    actor::{Actor, PersonActor},
    portal_role::PortalRole,
};
use latchkey_store::{
    AsConn, Db,
    separation::{
        conflicts::{self, ConflictRow, Key, TouchRow},
        exceptions::{self, ExceptionRow},
        ownership,
        rules::{self, MemberRow, RuleVersionRow},
    },
};
use uuid::Uuid;

use crate::{ServiceError, ServiceResult, audit::csv};

/// How many people are read at a time for a file.
const CHUNK: i64 = 500;

/// Sees every rule: whoever administers, looks after security, or reads the record.
pub(super) fn reads_everything(person: &PersonActor) -> bool {
    [PortalRole::Administrator, PortalRole::Security, PortalRole::Auditor].into_iter().any(|r| person.has(r))
}

/// What somebody may see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sight {
    /// Every rule.
    All,
    /// The rules that they own.
    Own(BTreeSet<Uuid>),
}

impl Sight {
    /// Sees this rule.
    #[must_use]
    pub fn covers(&self, rule: SeparationRuleId) -> bool {
        match self {
            Self::All => true,
            Self::Own(rules) => rules.contains(&rule.0),
        }
    }
}

/// What somebody may see. One query for whoever holds no portal role that sees everything.
///
/// # Errors
/// `NotFound` to whoever may see nothing of it.
pub async fn sight(c: &mut impl AsConn, actor: &Actor) -> ServiceResult<Sight> {
    let Actor::Person(person) = actor else { return Err(ServiceError::NotFound) };
    if reads_everything(person) {
        return Ok(Sight::All);
    }
    let own: BTreeSet<Uuid> = ownership::of_owner(c, person.identity).await?.into_iter().map(|o| o.rule_id).collect();
    if own.is_empty() { Err(ServiceError::NotFound) } else { Ok(Sight::Own(own)) }
}

/// A rule as a list shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleLine {
    /// Which.
    pub id: SeparationRuleId,
    /// Its stable key.
    pub key: String,
    /// What it is called.
    pub name: String,
    /// Why it is there.
    pub description: String,
    /// Who has to agree, by name; absent where it blocks.
    pub approver: Option<String>,
    /// Who owns it.
    pub owner: Option<(IdentityId, String)>,
    /// What it keeps apart: the side's name, and its roles and entitlements by name.
    pub sides: Vec<(String, Vec<SideMember>)>,
    /// How many people are in conflict by it today.
    pub people: i64,
    /// How many of them without an exception in force.
    pub without: i64,
    /// Since when this version is in force.
    pub since: Instant,
    /// Its version.
    pub version: i64,
}

/// A role or an entitlement on a side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SideMember {
    /// What it is called.
    pub name: String,
    /// The role, where it is one.
    pub role: Option<RoleId>,
}

/// The rules in force that are in sight, by name. Three queries.
///
/// # Errors
/// When the database fails.
pub async fn rules(c: &mut impl AsConn, sight: &Sight, now: Instant) -> ServiceResult<Vec<RuleLine>> {
    let versions = rules::in_force(c).await?;
    let members = rules::members(c).await?;
    let counts = conflicts::count_by_rule(c, now).await?;
    let mut lines: Vec<RuleLine> = versions
        .into_iter()
        .filter(|v| v.retired_at.is_none() && sight.covers(SeparationRuleId(v.rule_id)))
        .map(|v| line(v, &members, &counts))
        .collect();
    lines.sort_by(|a, b| (&a.name, a.id).cmp(&(&b.name, b.id)));
    Ok(lines)
}

/// One rule in force by its key. Three queries.
///
/// # Errors
/// `NotFound` for one that isn't in sight.
pub async fn rule(c: &mut impl AsConn, sight: &Sight, key: &str, now: Instant) -> ServiceResult<RuleLine> {
    let version = rules::by_key(c, key).await?.filter(|v| v.retired_at.is_none()).ok_or(ServiceError::NotFound)?;
    if !sight.covers(SeparationRuleId(version.rule_id)) {
        return Err(ServiceError::NotFound);
    }
    let members = rules::members_of(c, &[version.rule_id]).await?;
    let counts = conflicts::count_by_rule(c, now).await?;
    Ok(line(version, &members, &counts))
}

fn line(v: RuleVersionRow, members: &[MemberRow], counts: &[(Uuid, i64, i64)]) -> RuleLine {
    let own: Vec<&MemberRow> = members.iter().filter(|m| m.rule_id == v.rule_id).collect();
    let first = own.first();
    let (people, without) =
        counts.iter().find(|(rule, ..)| *rule == v.rule_id).map_or((0, 0), |(_, people, without)| (*people, *without));
    RuleLine {
        id: SeparationRuleId(v.rule_id),
        approver: v.approver.map(|id| first.and_then(|m| m.approver_name.clone()).unwrap_or(id)),
        owner: first.and_then(|m| Some((IdentityId(m.owner_id?), m.owner_name.clone()?))),
        sides: sides(&own),
        key: v.key,
        name: v.name,
        description: v.description,
        people,
        without,
        since: v.valid_from,
        version: v.version,
    }
}

fn sides(members: &[&MemberRow]) -> Vec<(String, Vec<SideMember>)> {
    let mut sides: BTreeMap<i64, (String, Vec<SideMember>)> = BTreeMap::new();
    for m in members {
        let side = sides.entry(m.position).or_insert_with(|| (m.side_name.clone(), Vec::new()));
        side.1.push(SideMember { name: m.member_name.clone(), role: m.role_id.map(RoleId) });
    }
    for (_, members) in sides.values_mut() {
        members.sort_by(|a, b| a.name.cmp(&b.name));
    }
    sides.into_values().collect()
}

/// Somebody who is in conflict, with what makes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Who, by which rule, with which exception.
    pub row: ConflictRow,
    /// The sides, each with the roles that touch it.
    pub sides: Vec<(String, Vec<(RoleId, String)>)>,
    /// Since when they have something of two sides; a day to come for access that begins later.
    pub since: Option<Instant>,
    /// Whoever the rule names has agreed.
    pub agreed: bool,
}

/// A page of who is in conflict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// By name, then by rule.
    pub lines: Vec<Line>,
    /// Where the list goes on.
    pub next: Option<Key>,
}

/// Who is in conflict today, by name of the person; with `rule`, by that one alone. Two queries.
///
/// # Errors
/// `NotFound` for a rule, or for all of them, that this actor may not see.
pub async fn in_conflict(
    c: &mut impl AsConn,
    sight: &Sight,
    rule: Option<SeparationRuleId>,
    now: Instant,
    after: Option<&Key>,
    limit: i64,
) -> ServiceResult<Page> {
    let may = rule.map_or(*sight == Sight::All, |rule| sight.covers(rule));
    if !may {
        return Err(ServiceError::NotFound);
    }
    let mut rows = conflicts::page(c, rule, now, after, limit + 1).await?;
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = rows.len() > limit;
    rows.truncate(limit);
    let next = rows.last().filter(|_| more).map(ConflictRow::key);
    let people: BTreeSet<Uuid> = rows.iter().map(|r| r.identity_id).collect();
    let touches = conflicts::touches_of(c, &people.into_iter().collect::<Vec<_>>()).await?;
    let lines = rows
        .into_iter()
        .map(|row| {
            let own: Vec<&TouchRow> =
                touches.iter().filter(|t| t.identity_id == row.identity_id && t.rule_id == row.rule_id).collect();
            Line {
                sides: touched(&own),
                since: since(&own),
                agreed: own.iter().any(|t| t.agreed && t.outcome == "approval"),
                row,
            }
        })
        .collect();
    Ok(Page { lines, next })
}

fn touched(touches: &[&TouchRow]) -> Vec<(String, Vec<(RoleId, String)>)> {
    let mut sides: BTreeMap<i64, (String, Vec<(RoleId, String)>)> = BTreeMap::new();
    for touch in touches {
        let side = sides.entry(touch.position).or_insert_with(|| (touch.side_name.clone(), Vec::new()));
        let role = (RoleId(touch.role_id), touch.role_name.clone());
        if !side.1.contains(&role) {
            side.1.push(role);
        }
    }
    sides.into_values().collect()
}

/// The moment at which the second of the sides began.
fn since(touches: &[&TouchRow]) -> Option<Instant> {
    let mut begins: BTreeMap<i64, Instant> = BTreeMap::new();
    for touch in touches {
        let begin = begins.entry(touch.position).or_insert(touch.starts_at);
        *begin = touch.starts_at.min(*begin);
    }
    let mut begins: Vec<Instant> = begins.into_values().collect();
    begins.sort_unstable();
    begins.get(1).copied()
}

/// A page of a rule's exceptions in force.
///
/// # Errors
/// `NotFound` for a rule that this actor may not see.
pub async fn exceptions_of(
    c: &mut impl AsConn,
    sight: &Sight,
    rule: SeparationRuleId,
    now: Instant,
    after: Option<SeparationExceptionId>,
    limit: i64,
) -> ServiceResult<Vec<ExceptionRow>> {
    if !sight.covers(rule) {
        return Err(ServiceError::NotFound);
    }
    let mut rows = exceptions::open_of_rule(c, rule, after, limit).await?;
    rows.retain(|x| x.is_in_force(now));
    Ok(rows)
}

/// May grant and end exceptions from this rule: its owner, and security.
#[must_use]
pub fn may_grant(actor: &Actor, owner: Option<IdentityId>) -> bool {
    let Actor::Person(person) = actor else { return false };
    person.has(PortalRole::Security) || (person.assurance.mfa && owner == Some(person.identity))
}

/// The columns of the file, in order.
pub const COLUMNS: [&str; 10] = [
    "person",
    "external_id",
    "rule",
    "rule_key",
    "outcome",
    "what_makes_it",
    "since",
    "agreed",
    "exception_until",
    "exception_owner",
];

/// A file of who is in conflict, under way. Nothing is held between two pieces but the place in the list.
#[derive(Debug)]
pub struct Export {
    sight: Sight,
    rule: Option<SeparationRuleId>,
    place: Place,
}

#[derive(Debug, Clone)]
enum Place {
    Start,
    After(Key),
    End,
}

impl Export {
    /// Begins a file of whoever is in conflict; with `rule`, by that one alone.
    ///
    /// # Errors
    /// `NotFound` for a rule, or for all of them, that this actor may not see.
    pub fn new(sight: Sight, rule: Option<SeparationRuleId>) -> ServiceResult<Self> {
        if rule.map_or(sight == Sight::All, |rule| sight.covers(rule)) {
            Ok(Self { sight, rule, place: Place::Start })
        } else {
            Err(ServiceError::NotFound)
        }
    }

    /// The next piece, in UTF-8 with CRLF; nothing when it is complete. The first begins with the names of the columns.
    ///
    /// # Errors
    /// When the database fails; what was given so far is then incomplete.
    pub async fn next(&mut self, db: &Db, now: Instant) -> ServiceResult<Option<Vec<u8>>> {
        let mut file = Vec::new();
        let after = match std::mem::replace(&mut self.place, Place::End) {
            Place::Start => {
                csv::record(&mut file, COLUMNS.iter().map(|c| (*c).to_owned()));
                None
            }
            Place::After(key) => Some(key),
            Place::End => return Ok(None),
        };
        let mut c = db.read().await?;
        let page = in_conflict(&mut c, &self.sight, self.rule, now, after.as_ref(), CHUNK).await?;
        drop(c);
        for line in &page.lines {
            csv::record(&mut file, cells(line));
        }
        self.place = page.next.map_or(Place::End, Place::After);
        Ok(Some(file))
    }
}

fn cells(line: &Line) -> impl Iterator<Item = String> {
    let time = |at: Instant| at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
    let makes: Vec<String> = line
        .sides
        .iter()
        .map(|(side, roles)| {
            let roles: Vec<&str> = roles.iter().map(|(_, name)| name.as_str()).collect();
            format!("{side}: {}", roles.join(", "))
        })
        .collect();
    let row = &line.row;
    [
        row.display_name.clone(),
        row.external_id.clone().unwrap_or_default(),
        row.rule_name.clone(),
        row.rule_key.clone(),
        row.outcome.clone(),
        makes.join("; "),
        line.since.map(time).unwrap_or_default(),
        if line.agreed { "yes" } else { "no" }.to_owned(),
        row.exception_ends_at.map(time).unwrap_or_default(),
        row.exception_owner.clone().unwrap_or_default(),
    ]
    .into_iter()
}
