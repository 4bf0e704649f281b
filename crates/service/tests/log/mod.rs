//! What the tests of the log share: a history, a walk through all pages, and what a filter must find.
#![allow(dead_code, clippy::allow_attributes, reason = "each test file uses a part of it")]

use std::collections::BTreeSet;

use chrono::TimeDelta;
use latchkey_domain::{
    EventId, IdentityId, Instant, RequestId,
    actor::{Actor, ActorRef},
    event::{EventBody, SubjectKind},
    item::Verdict,
    portal_role::PortalRole,
};
use latchkey_service::{
    audit::{self, Action, Filter, Group, Line, csv::Export},
    give_back::give_back,
};
use latchkey_store::events;
use latchkey_testkit::World;
use uuid::Uuid;

use crate::scene::Scene;

pub fn holding(actor: Actor, role: PortalRole) -> Actor {
    match actor {
        Actor::Person(mut person) => {
            person.portal_roles.push(role);
            Actor::Person(person)
        }
        other => other,
    }
}

/// Somebody who may read the log and did nothing in it.
pub fn auditor(world: &World) -> Actor {
    holding(world.actor(IdentityId(Uuid::nil())), PortalRole::Auditor)
}

/// A few requests that ended in different ways, at different times.
pub async fn some_history(s: &Scene) -> RequestId {
    let step = || s.world.advance(TimeDelta::minutes(7));
    step();
    let asked = s.ask_for(s.ann, s.reader, s.ann, 30).await.unwrap();
    let item = s.item_of(asked.request).await;
    step();
    s.approve(s.manager, item).await;
    step();
    let other = s.ask(s.bob, s.writer).await;
    step();
    s.decide(s.manager, other, Verdict::Deny).await.unwrap();
    step();
    let grant = s.grant_of(item).await;
    give_back(&s.world.db, s.world.clock.as_ref(), &s.actor(s.ann), grant).await.unwrap();
    step();
    let third = s.ask(s.bob, s.editor).await;
    step();
    assert!(s.decide(s.bob, third, Verdict::Approve).await.is_err(), "nobody decides for themselves");
    step();
    asked.request
}

/// Every line that a filter lets through, by pages of `limit`.
pub async fn walk(world: &World, filter: &Filter, limit: i64) -> Vec<Line> {
    let mut c = world.db.read().await.unwrap();
    let (mut lines, mut after) = (Vec::new(), None);
    for _ in 0..10_000 {
        let page = audit::page(&mut c, &auditor(world), filter, after, limit).await.unwrap();
        assert!(page.lines.len() <= usize::try_from(limit).unwrap());
        lines.extend(page.lines);
        after = page.next;
        if after.is_none() {
            return lines;
        }
    }
    panic!("pages without an end");
}

pub async fn rows(world: &World) -> Vec<events::EventRow> {
    events::all_after(&mut world.db.read().await.unwrap(), None, 100_000).await.unwrap()
}

/// The ids that a filter must let through, worked out from the events themselves, newest first.
pub async fn expected(world: &World, filter: &Filter) -> Vec<EventId> {
    let mut of_request = BTreeSet::new();
    let all = rows(world).await;
    for row in &all {
        let subjects = row.envelope().unwrap().body.subjects();
        match row.envelope().unwrap().body {
            EventBody::RequestSubmitted { request, .. } if Some(request) == filter.request => {
                of_request.extend(subjects)
            }
            EventBody::GrantCreated { grant, item: Some(item), .. }
                if of_request.contains(&(SubjectKind::Item, item.0)) =>
            {
                of_request.insert((SubjectKind::Grant, grant.0));
            }
            _ => {}
        }
    }
    of_request.retain(|(kind, _)| matches!(kind, SubjectKind::Request | SubjectKind::Item | SubjectKind::Grant));
    let mut ids: Vec<(Instant, EventId)> = all
        .iter()
        .filter(|row| {
            let e = row.envelope().unwrap();
            let subjects = e.body.subjects();
            let about = |kind, id: Uuid| subjects.contains(&(kind, id));
            let acted = |who: IdentityId| matches!(e.actor, ActorRef::Person { identity, .. } if identity == who);
            filter.person.is_none_or(|p| about(SubjectKind::Identity, p.0) || acted(p))
                && filter.role.is_none_or(|r| about(SubjectKind::Role, r.0))
                && filter.system.is_none_or(|s| about(SubjectKind::System, s.0))
                && filter.request.is_none_or(|_| subjects.iter().any(|s| of_request.contains(s)))
                && filter.from.is_none_or(|from| e.at >= from)
                && filter.to.is_none_or(|to| e.at < to)
                && match filter.action {
                    None => true,
                    Some(Action::Group(group)) => Group::of(&e.body) == group,
                    Some(Action::Kind(kind)) => row.kind == kind,
                }
        })
        .map(|row| (row.recorded_at, EventId(row.id)))
        .collect();
    ids.sort_by(|a, b| b.cmp(a));
    ids.into_iter().map(|(_, id)| id).collect()
}

pub fn ids(lines: &[Line]) -> Vec<EventId> {
    lines.iter().map(|l| l.id).collect()
}

pub async fn system_id(world: &World) -> Uuid {
    let mut c = world.db.read().await.unwrap();
    latchkey_store::systems::all(&mut c).await.unwrap()[0].id
}

pub async fn one(world: &World, kind: &str) -> Line {
    let kind = Action::from_word(kind).unwrap();
    walk(world, &Filter { action: Some(kind), ..Filter::default() }, 200).await.pop().expect("an event of this kind")
}

/// The bytes of one event as `kind`, with an id of its own, as a newer version could have written them.
pub async fn forge(world: &World, from: EventId, kind: &str, bytes: &str) -> EventId {
    let id = EventId::new(world.now());
    let literal = |id: EventId| {
        if world.db.is_postgres() { format!("'{id}'") } else { format!("X'{}'", id.0.simple()) }
    };
    world
        .run(&format!(
            "insert into event (id, recorded_at, kind, actor_id, schema_version, bytes, mac, mac_key)
             select {}, recorded_at, '{kind}', actor_id, 99, {bytes}, mac, mac_key from event where id = {}",
            literal(id),
            literal(from)
        ))
        .await;
    id
}

/// The pieces of an export.
pub async fn export(world: &World, filter: Filter) -> Vec<Vec<u8>> {
    let mut export = Export::new(&auditor(world), filter).unwrap();
    let mut pieces = Vec::new();
    while let Some(piece) = export.next(&world.db).await.unwrap() {
        assert!(!piece.is_empty());
        pieces.push(piece);
    }
    assert!(export.next(&world.db).await.unwrap().is_none(), "what is complete stays complete");
    pieces
}
