//! Writes what a people file changes, with an event per person.

use std::collections::HashSet;

use latchkey_domain::{
    AppliedSetId, IdentityId,
    actor::ActorRef,
    clock::Clock,
    event::{EventBody, NewEvent},
    id::new_uuid,
};
use latchkey_store::{
    Tx, identities,
    identities::{
        PersonRow as Known,
        write::{
            HistoryWrite, PeriodRow, PersonWrite, insert_people, insert_periods, succeed_history, update_period,
            update_person,
        },
    },
    installation, items,
};
use serde::Serialize;
use uuid::Uuid;

use super::compare::{Changed, Comparison, PeriodStep};
use crate::{ServiceResult, approvers, files::PersonRow as Line, fold::fold, justify, leave, succession};

/// What a person is, as history and the text beside their events keep it: enough to rebuild any past day.
#[derive(Serialize)]
struct Attributes<'a> {
    external_id: &'a str,
    email: &'a str,
    given_name: &'a str,
    family_name: &'a str,
    title: &'a str,
    department: &'a str,
    location: &'a str,
    employment_type: &'a str,
    time_zone: Option<&'a str>,
    start_date: chrono::NaiveDate,
    end_date: Option<chrono::NaiveDate>,
}

fn attributes(person: &Known, line: &Line) -> String {
    let attributes = Attributes {
        external_id: &person.external_id,
        email: &person.email,
        given_name: &person.given_name,
        family_name: &person.family_name,
        title: &person.title,
        department: &person.department,
        location: &person.location,
        employment_type: person.employment_type.as_str(),
        time_zone: person.time_zone.as_deref(),
        start_date: line.start_date,
        end_date: line.end_date,
    };
    // Plain text fields can always be written as JSON.
    serde_json::to_string(&attributes).unwrap_or_default()
}

/// What people are found by: name, address, external id, title, department.
pub(crate) fn search_text(p: &Known) -> String {
    fold(&format!("{} {} {} {} {}", p.display_name, p.email, p.external_id, p.title, p.department))
}

fn written(person: &Known) -> PersonWrite {
    PersonWrite { person: person.clone(), search_text: search_text(person) }
}

fn history(person: &Known, attributes: String) -> HistoryWrite {
    HistoryWrite { identity_id: person.id, status: person.status, manager_id: person.manager_id, attributes }
}

/// Writes everything and returns its events.
pub(super) async fn save(
    tx: &mut Tx,
    clock: &dyn Clock,
    comparison: &Comparison<'_>,
    set: AppliedSetId,
    hash: &str,
    actor: &ActorRef,
) -> ServiceResult<Vec<NewEvent>> {
    // The one lock first, for everybody who changes, for those whom leavers asked something for, and for those who left
    // before and pass something on now; nobody else can know the new ones yet.
    let mut touched: Vec<IdentityId> = comparison.changed.iter().map(|c| IdentityId(c.after.id)).collect();
    for leaver in comparison.changed.iter().filter(|c| c.leaves()) {
        let asked = items::waiting_asked_by(tx, IdentityId(leaver.after.id)).await?;
        touched.extend(asked.into_iter().map(|i| IdentityId(i.beneficiary_id)));
    }
    touched.extend(comparison.left_before());
    identities::lock(tx, &touched).await?;
    tx.now_is(clock.now());

    let mut events = Vec::with_capacity(comparison.new.len() + comparison.changed.len() + 1);
    add(tx, comparison, set, actor, &mut events).await?;
    change(tx, &comparison.changed, set, actor, &mut events).await?;
    follow(tx, &comparison.changed, actor, &mut events).await?;
    for owner in comparison.left_before() {
        events.extend(succession::hand_over(tx, owner, actor).await?);
    }

    let owners: HashSet<Uuid> = comparison.owned.iter().map(|o| o.owner_id).collect();
    if comparison.changed.iter().any(|c| owners.contains(&c.after.id) && !c.leaves()) {
        // Owners' names and statuses are part of the catalog in memory.
        installation::touch_catalog(tx).await?;
    }
    let count = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
    events.push(NewEvent::new(
        actor.clone(),
        EventBody::PeopleImported {
            applied_set: set,
            hash: hash.to_owned(),
            added: count(comparison.new.len()),
            changed: count(comparison.changed.len()),
            ended: count(comparison.changed.iter().filter(|c| c.leaves()).count()),
        },
    ));
    Ok(events)
}

async fn add(
    tx: &mut Tx,
    comparison: &Comparison<'_>,
    set: AppliedSetId,
    actor: &ActorRef,
    events: &mut Vec<NewEvent>,
) -> ServiceResult<()> {
    let now = tx.now();
    let mut people = Vec::with_capacity(comparison.new.len());
    let mut histories = Vec::with_capacity(comparison.new.len());
    let mut periods = Vec::with_capacity(comparison.new.len());
    for (line, person) in &comparison.new {
        let attributes = attributes(person, line);
        people.push(written(person));
        histories.push(history(person, attributes.clone()));
        periods.push(PeriodRow {
            id: new_uuid(now),
            identity_id: person.id,
            starts_on: line.start_date,
            ends_on: line.end_date,
        });
        let body = EventBody::PersonAdded {
            identity: IdentityId(person.id),
            status: person.status,
            manager: person.manager_id.map(IdentityId),
        };
        events
            .push(NewEvent::new(actor.clone(), body).text("name", &person.display_name).text("attributes", attributes));
    }
    insert_people(tx, &people).await?;
    succeed_history(tx, &histories, Some(set)).await?;
    insert_periods(tx, &periods).await?;
    Ok(())
}

async fn change(
    tx: &mut Tx,
    changed: &[Changed<'_>],
    set: AppliedSetId,
    actor: &ActorRef,
    events: &mut Vec<NewEvent>,
) -> ServiceResult<()> {
    let mut histories = Vec::with_capacity(changed.len());
    for change in changed {
        let person = &change.after;
        let identity = IdentityId(person.id);
        let attributes = attributes(person, change.line);
        update_person(tx, &written(person)).await?;
        match &change.period {
            PeriodStep::Same => {}
            PeriodStep::New(period) => insert_periods(tx, std::slice::from_ref(period)).await?,
            PeriodStep::Correct(period) => update_period(tx, period).await?,
        }
        histories.push(history(person, attributes.clone()));
        if !change.fields.is_empty() {
            let body = EventBody::PersonChanged {
                identity,
                changed: change.fields.iter().map(|f| f.name.to_owned()).collect(),
                manager: person.manager_id.map(IdentityId),
            };
            events.push(
                NewEvent::new(actor.clone(), body).text("name", &person.display_name).text("attributes", attributes),
            );
        }
        if change.status_changes() {
            let body = EventBody::PersonStatusChanged { identity, from: change.before.status, to: person.status };
            events.push(NewEvent::new(actor.clone(), body).text("name", &person.display_name));
        }
    }
    succeed_history(tx, &histories, Some(set)).await?;
    Ok(())
}

/// What follows from the changes, once all of them are saved: whoever decides now is worked out from all of them.
async fn follow(
    tx: &mut Tx,
    changed: &[Changed<'_>],
    actor: &ActorRef,
    events: &mut Vec<NewEvent>,
) -> ServiceResult<()> {
    for change in changed {
        let identity = IdentityId(change.after.id);
        if change.leaves() {
            events.extend(leave::person_left(tx, identity, actor).await?);
        } else if change.status_changes() {
            if change.after.status.may_hold() && !change.before.status.may_hold() {
                // What they were given before they could hold anything was held back; now it is wanted.
                events.extend(justify::settle(tx, identity, actor).await?);
            }
            events.extend(approvers::remake_for_identity(tx, identity, actor, "status").await?);
        } else if change.before.manager_id != change.after.manager_id {
            events.extend(approvers::remake_for_identity(tx, identity, actor, "manager").await?);
        }
    }
    Ok(())
}
