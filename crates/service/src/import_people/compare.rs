//! What a people file changes, compared with the people that are known.

use std::collections::{BTreeSet, HashMap, HashSet};

use latchkey_domain::{IdentityId, Instant, id::new_uuid, identity::Status, portal_role::PortalRole};
use latchkey_policy::Candidate;
use latchkey_store::{
    AsConn,
    catalog::{
        ownership::{self, OwnershipRow},
        roles,
    },
    identities::{
        PersonRow as Known,
        write::{PeriodRow, all_people, latest_periods},
    },
    systems,
};
use uuid::Uuid;

use super::titles;
use crate::{
    ServiceResult, facts,
    files::{FileError, Outside, PersonRow as Line, Place, check_managers},
    plan::{FilesResult, Plan},
    succession::{Because, Successor, choose},
};

/// An attribute that changes.
#[derive(Debug)]
pub(super) struct Field {
    pub(super) name: &'static str,
    pub(super) from: String,
    pub(super) to: String,
}

/// What becomes of somebody's latest employment period.
#[derive(Debug)]
pub(super) enum PeriodStep {
    Same,
    /// They are employed anew.
    New(PeriodRow),
    /// The days of the one that is known change.
    Correct(PeriodRow),
}

/// Somebody who is known and changes.
#[derive(Debug)]
pub(super) struct Changed<'a> {
    pub(super) line: &'a Line,
    pub(super) before: Known,
    pub(super) after: Known,
    pub(super) fields: Vec<Field>,
    pub(super) period: PeriodStep,
}

impl Changed<'_> {
    pub(super) fn status_changes(&self) -> bool {
        self.before.status != self.after.status
    }

    pub(super) fn leaves(&self) -> bool {
        self.status_changes() && self.after.status == Status::Terminated
    }
}

/// Everything that a file changes.
#[derive(Debug)]
pub(super) struct Comparison<'a> {
    pub(super) new: Vec<(&'a Line, Known)>,
    pub(super) changed: Vec<Changed<'a>>,
    /// Who isn't in the file and hasn't left, by name and external id.
    not_in_file: Vec<String>,
    /// Who owns what today.
    pub(super) owned: Vec<OwnershipRow>,
    /// What passes on, because its owner leaves or had left before, with a successor where there is one.
    passes_on: Vec<PassesOn>,
}

/// A role or system whose owner has left once this file is imported.
#[derive(Debug)]
struct PassesOn {
    /// What it is called.
    name: String,
    owner: IdentityId,
    owner_name: String,
    successor: Option<Successor>,
}

impl<'a> Comparison<'a> {
    /// Compares the lines of a file with the people that are known.
    pub(super) async fn make(c: &mut impl AsConn, now: Instant, file: &str, lines: &'a [Line]) -> FilesResult<Self> {
        let known = all_people(c).await?;
        let periods: HashMap<Uuid, PeriodRow> =
            latest_periods(c).await?.into_iter().map(|p| (p.identity_id, p)).collect();
        let owned = ownership::all(c).await?;

        check(file, lines, &known)?;

        let mut ids: HashMap<&str, Uuid> = known.iter().map(|k| (k.external_id.as_str(), k.id)).collect();
        for line in lines {
            ids.entry(&line.external_id).or_insert_with(|| IdentityId::new(now).0);
        }
        let ids: HashMap<String, Uuid> = ids.into_iter().map(|(k, v)| (k.to_owned(), v)).collect();
        let manager = |line: &Line| line.manager_external_id.as_ref().and_then(|m| ids.get(m).copied());
        let names: HashMap<Uuid, &str> = known.iter().map(|k| (k.id, k.external_id.as_str())).collect();

        let in_file: HashSet<&str> = lines.iter().map(|l| l.external_id.as_str()).collect();
        let not_in_file = known
            .iter()
            .filter(|k| k.status != Status::Terminated && !in_file.contains(k.external_id.as_str()))
            .map(|k| format!("{} ({})", k.display_name, k.external_id))
            .collect();

        let by_external_id: HashMap<&str, &Known> = known.iter().map(|k| (k.external_id.as_str(), k)).collect();
        let mut new = Vec::new();
        let mut changed = Vec::new();
        for line in lines {
            let Some(before) = by_external_id.get(line.external_id.as_str()) else {
                let id = ids.get(&line.external_id).copied().unwrap_or_else(|| new_uuid(now));
                new.push((line, as_known(line, id, manager(line))));
                continue;
            };
            let after = as_known(line, before.id, manager(line));
            let manager_before = before.manager_id.and_then(|m| names.get(&m)).map_or("", |m| m);
            let mut fields = fields(before, &after, manager_before, line);
            let period = period_step(line, before, periods.get(&before.id), now, &mut fields);
            if !fields.is_empty() || before.status != after.status {
                changed.push(Changed { line, before: (*before).clone(), after, fields, period });
            }
        }
        let passes_on = passes_on(c, &known, &new, &changed, &owned).await?;
        Ok(Self { new, changed, not_in_file, owned, passes_on })
    }

    pub(super) fn is_empty(&self) -> bool {
        self.new.is_empty() && self.changed.is_empty() && self.passes_on.iter().all(|p| p.successor.is_none())
    }

    /// Who had left before and still owns something that somebody can take over now.
    pub(super) fn left_before(&self) -> BTreeSet<IdentityId> {
        let leaving: HashSet<Uuid> = self.changed.iter().filter(|c| c.leaves()).map(|c| c.after.id).collect();
        let passes_on = self.passes_on.iter().filter(|p| p.successor.is_some() && !leaving.contains(&p.owner.0));
        passes_on.map(|p| p.owner).collect()
    }

    /// Says in words what would happen.
    pub(super) fn describe(&self, plan: &mut Plan) {
        for (line, person) in &self.new {
            plan.add(titles::NEW, || {
                let place = [line.title.as_str(), &line.department].into_iter().filter(|t| !t.is_empty());
                let place: Vec<&str> = place.collect();
                let place = if place.is_empty() { String::new() } else { format!(", {}", place.join(", ")) };
                let status = match person.status {
                    Status::Active => String::new(),
                    other => format!(" ({})", words(other)),
                };
                format!("{} ({}){place}{status}", person.display_name, person.external_id)
            });
        }
        for change in self.changed.iter().filter(|c| !c.fields.is_empty()) {
            plan.add(titles::CHANGED, || {
                let fields: Vec<String> = change
                    .fields
                    .iter()
                    .map(|f| format!("{}: {} -> {}", f.name, shown(&f.from), shown(&f.to)))
                    .collect();
                format!("{} ({}): {}", change.after.display_name, change.after.external_id, fields.join("; "))
            });
        }
        for change in self.changed.iter().filter(|c| c.status_changes() && !c.leaves()) {
            plan.add(titles::STATUS, || {
                let (from, to) = (words(change.before.status), words(change.after.status));
                format!("{} ({}): {from} -> {to}", change.after.display_name, change.after.external_id)
            });
        }
        for change in self.changed.iter().filter(|c| c.leaves()) {
            plan.add(titles::LEFT, || format!("{} ({})", change.after.display_name, change.after.external_id));
        }
        for one in &self.passes_on {
            match &one.successor {
                Some(to) => plan.add(titles::PASSES_ON, || {
                    let owner = &one.owner_name;
                    let why = match to.because {
                        Because::Backup => "who is its backup owner".to_owned(),
                        Because::Manager => format!("the nearest manager above {owner} who is at work"),
                        Because::Administrator => {
                            format!("an administrator of this portal, because nobody above {owner} is at work")
                        }
                    };
                    format!("{}: {owner} -> {}, {why}", one.name, to.name)
                }),
                None => plan.add(titles::OWNERLESS, || format!("{}: {}", one.name, one.owner_name)),
            }
        }
        for name in &self.not_in_file {
            plan.add(titles::NOT_IN_FILE, || name.clone());
        }
    }
}

/// What passes on by this file, by name: the same rule as [`crate::succession::hand_over`] follows once it is saved, on
/// people as they will be then.
async fn passes_on(
    c: &mut impl AsConn,
    known: &[Known],
    new: &[(&Line, Known)],
    changed: &[Changed<'_>],
    owned: &[OwnershipRow],
) -> ServiceResult<Vec<PassesOn>> {
    let mut after: HashMap<Uuid, &Known> = known.iter().map(|k| (k.id, k)).collect();
    after.extend(new.iter().map(|(_, k)| (k.id, k)));
    after.extend(changed.iter().map(|c| (c.after.id, &c.after)));
    let left = |owner: &Uuid| after.get(owner).is_some_and(|k| k.status == Status::Terminated);
    let owned: Vec<&OwnershipRow> = owned.iter().filter(|o| left(&o.owner_id)).collect();
    if owned.is_empty() {
        return Ok(Vec::new());
    }
    let mut names: HashMap<Uuid, String> = HashMap::new();
    names.extend(roles::in_force(c).await?.into_iter().map(|r| (r.role_id, r.name)));
    names.extend(systems::all(c).await?.into_iter().map(|s| (s.id, s.name)));

    let candidate = |k: &Known| Candidate { id: IdentityId(k.id), name: k.display_name.clone(), status: k.status };
    let mut administrators = facts::holders(c, PortalRole::Administrator).await?;
    for one in &mut administrators {
        if let Some(known) = after.get(&one.id.0) {
            *one = candidate(known);
        }
    }
    let mut all = Vec::with_capacity(owned.len());
    for row in owned {
        let above = above(&after, row.owner_id).map(candidate).collect::<Vec<_>>();
        let owner_name = after.get(&row.owner_id).map_or(&row.owner_name, |k| &k.display_name).clone();
        let name = row.role_id.or(row.system_id).and_then(|id| names.get(&id)).cloned().unwrap_or_default();
        let successor = choose(None, &above, &administrators);
        all.push(PassesOn { name, owner: IdentityId(row.owner_id), owner_name, successor });
    }
    all.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(all)
}

/// Everybody above somebody, the nearest first.
fn above<'a>(people: &HashMap<Uuid, &'a Known>, who: Uuid) -> impl Iterator<Item = &'a Known> {
    let next = move |id: Uuid| people.get(&id)?.manager_id.and_then(|m| people.get(&m)).copied();
    // Circles are refused before this is asked; the way up is bounded all the same.
    std::iter::successors(next(who), move |k| next(k.id)).take(100)
}

/// What only the database knows: managers and addresses of people who aren't in the file.
fn check(file: &str, lines: &[Line], known: &[Known]) -> Result<(), Vec<FileError>> {
    let by_id: HashMap<Uuid, &str> = known.iter().map(|k| (k.id, k.external_id.as_str())).collect();
    let managers: HashMap<&str, Option<Uuid>> = known.iter().map(|k| (k.external_id.as_str(), k.manager_id)).collect();
    let mut errors = check_managers(file, lines, |id| {
        managers.get(id).map_or(Outside::Unknown, |manager| Outside::Known {
            manager: manager.and_then(|m| by_id.get(&m)).map(|m| (*m).to_owned()),
        })
    })
    .err()
    .unwrap_or_default();

    let in_file: HashSet<&str> = lines.iter().map(|l| l.external_id.as_str()).collect();
    let taken: HashMap<&str, &Known> = known
        .iter()
        .filter(|k| k.status != Status::Terminated && !in_file.contains(k.external_id.as_str()))
        .map(|k| (k.email.as_str(), k))
        .collect();
    for line in lines.iter().filter(|l| l.status != Status::Terminated) {
        if let Some(other) = taken.get(line.email.to_lowercase().as_str()) {
            errors.push(FileError::at(
                &Place { file: file.to_owned(), line: line.line, column: None },
                format!(
                    "email is \"{}\", which {} ({}) has, who isn't in this file",
                    line.email, other.display_name, other.external_id
                ),
                "an address of their own for each person who hasn't left",
            ));
        }
    }
    errors.sort_by_key(|e| e.line);
    errors.truncate(crate::files::MAX_ERRORS);
    if errors.is_empty() { Ok(()) } else { Err(errors) }
}

fn as_known(line: &Line, id: Uuid, manager_id: Option<Uuid>) -> Known {
    Known {
        id,
        version: 0,
        status: line.status,
        display_name: line.display_name(),
        external_id: line.external_id.clone(),
        // Addresses are compared without case; one form of each keeps the index useful.
        email: line.email.to_lowercase(),
        given_name: line.given_name.clone(),
        family_name: line.family_name.clone(),
        title: line.title.clone(),
        department: line.department.clone(),
        location: line.location.clone(),
        employment_type: line.employment_type,
        manager_id,
        time_zone: line.time_zone.map(|z| z.name().to_owned()),
    }
}

fn fields(before: &Known, after: &Known, manager_before: &str, line: &Line) -> Vec<Field> {
    let zone = |p: &Known| p.time_zone.clone().unwrap_or_default();
    let mut fields = Vec::new();
    let mut differ = |name, from: &str, to: &str| {
        if from != to {
            fields.push(Field { name, from: from.to_owned(), to: to.to_owned() });
        }
    };
    differ("given name", &before.given_name, &after.given_name);
    differ("family name", &before.family_name, &after.family_name);
    differ("email", &before.email, &after.email);
    differ("title", &before.title, &after.title);
    differ("department", &before.department, &after.department);
    differ("location", &before.location, &after.location);
    differ("employment type", before.employment_type.as_str(), after.employment_type.as_str());
    differ("manager", manager_before, line.manager_external_id.as_deref().unwrap_or_default());
    differ("time zone", &zone(before), &zone(after));
    fields
}

fn period_step(
    line: &Line,
    before: &Known,
    latest: Option<&PeriodRow>,
    now: Instant,
    fields: &mut Vec<Field>,
) -> PeriodStep {
    let new =
        || PeriodRow { id: new_uuid(now), identity_id: before.id, starts_on: line.start_date, ends_on: line.end_date };
    let day = |d: Option<chrono::NaiveDate>| d.map(|d| d.to_string()).unwrap_or_default();
    let Some(latest) = latest else { return PeriodStep::New(new()) };
    if latest.starts_on == line.start_date && latest.ends_on == line.end_date {
        return PeriodStep::Same;
    }
    if latest.starts_on != line.start_date {
        fields.push(Field { name: "start date", from: latest.starts_on.to_string(), to: line.start_date.to_string() });
    }
    if latest.ends_on != line.end_date {
        fields.push(Field { name: "end date", from: day(latest.ends_on), to: day(line.end_date) });
    }
    // Somebody who had left and starts on a later day is employed anew; anything else puts a known period right.
    let ended = before.status == Status::Terminated || latest.ends_on.is_some_and(|end| end < line.start_date);
    if ended && line.start_date > latest.starts_on {
        PeriodStep::New(new())
    } else {
        PeriodStep::Correct(PeriodRow { id: latest.id, ..new() })
    }
}

fn shown(text: &str) -> &str {
    if text.is_empty() { "(nothing)" } else { text }
}

/// A status as people say it.
pub(super) const fn words(status: Status) -> &'static str {
    match status {
        Status::PreHire => "not started yet",
        Status::Active => "active",
        Status::OnLeave => "on leave",
        Status::Terminated => "left",
    }
}
