//! The pages about systems: who sees which, what a row counts, and what is stuck.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::allow_attributes,
    reason = "what goes wrong here, or in the files that the tests share, fails the test"
)]

mod scene;

use chrono::TimeDelta;
use latchkey_domain::{
    FulfilmentId, IdentityId, SystemId,
    actor::Actor,
    event::{EventBody, NewEvent},
    fulfilment::{Outcome, Presence, Progress},
    portal_role::PortalRole,
    system::SystemKind,
};
use latchkey_service::{
    ServiceError,
    system_pages::{self, Health, SystemLine},
};
use latchkey_store::{count_queries, systems as store};
use latchkey_testkit::{World, both_databases};
use scene::Scene;

fn holding(actor: Actor, role: PortalRole) -> Actor {
    match actor {
        Actor::Person(mut person) => {
            person.portal_roles.push(role);
            Actor::Person(person)
        }
        other => other,
    }
}

async fn files(world: &World) -> SystemId {
    SystemId(store::by_key(&mut world.db.read().await.unwrap(), "files").await.unwrap().unwrap().id)
}

async fn line(s: &Scene) -> SystemLine {
    let mut c = s.world.db.read().await.unwrap();
    let page = system_pages::systems(&mut c, &s.actor(s.owner), None, 10, s.world.now()).await.unwrap();
    page.systems.into_iter().find(|l| l.key == "files").unwrap()
}

/// Work for many people, as it was left by attempts.
async fn work_for(s: &Scene, people: usize) -> Vec<(IdentityId, FulfilmentId)> {
    let system = files(&s.world).await;
    let mut all = Vec::new();
    for n in 0..people {
        s.world.advance(TimeDelta::milliseconds(5));
        let who = s.world.person(&format!("Person {n}"), Some(s.manager)).await;
        let (_, work) = s.world.wanted(who, system, &[s.read]).await;
        all.push((who, work[0]));
    }
    all
}

async fn left(world: &World, progress: Progress, attempts: i64, how_many: i64, offset: i64) {
    let due = if progress == Progress::Due { "due_at" } else { "null" };
    world
        .run(&format!(
            "update fulfilment set progress = '{progress}', attempts = {attempts}, due_at = {due}, last_words = 'No such group.',
                    last_attempt_at = wanted_at
             where id in (select id from fulfilment order by id limit {how_many} offset {offset})"
        ))
        .await;
}

both_databases! {
    async fn owners_see_their_systems_and_portal_roles_see_all(world: World) {
        let s = Scene::new(world).await;
        s.world.system("chat", SystemKind::Scim, None).await;
        let now = s.world.now();
        let mut c = s.world.db.read().await.unwrap();
        let ann = s.actor(s.ann);
        assert!(matches!(system_pages::systems(&mut c, &ann, None, 10, now).await, Err(ServiceError::NotFound)));
        assert!(matches!(system_pages::system(&mut c, &ann, "files", 10, now).await, Err(ServiceError::NotFound)));
        assert!(matches!(system_pages::stuck(&mut c, &ann, "files", None, 10).await, Err(ServiceError::NotFound)));
        assert!(!system_pages::may_see_any(&mut c, &ann).await.unwrap());

        let owner = s.actor(s.owner);
        let page = system_pages::systems(&mut c, &owner, None, 10, now).await.unwrap();
        assert_eq!(page.systems.iter().map(|l| l.key.as_str()).collect::<Vec<_>>(), ["files"]);
        assert!(system_pages::system(&mut c, &owner, "files", 10, now).await.is_ok());
        assert!(matches!(system_pages::system(&mut c, &owner, "chat", 10, now).await, Err(ServiceError::NotFound)));
        assert!(system_pages::may_see_any(&mut c, &owner).await.unwrap());

        for role in PortalRole::ALL {
            let actor = holding(ann.clone(), *role);
            assert!(system_pages::may_see_any(&mut c, &actor).await.unwrap());
            let page = system_pages::systems(&mut c, &actor, None, 10, now).await.unwrap();
            assert_eq!(page.systems.iter().map(|l| l.key.as_str()).collect::<Vec<_>>(), ["chat", "files"]);
            let system = system_pages::system(&mut c, &actor, "chat", 10, now).await.unwrap();
            let may = matches!(role, PortalRole::Administrator | PortalRole::Helpdesk);
            assert_eq!(system.stuck.may_retry, may, "{role}");
            assert!(system.stuck.who_may_retry.contains("has no owner"), "{}", system.stuck.who_may_retry);
        }
        let missing = system_pages::system(&mut c, &holding(ann, PortalRole::Auditor), "no-such", 10, now).await;
        assert!(matches!(missing, Err(ServiceError::NotFound)));
        // By pages.
        let host = Actor::Host;
        let first = system_pages::systems(&mut c, &host, None, 1, now).await.unwrap();
        assert_eq!((first.systems[0].key.as_str(), first.next.as_deref()), ("chat", Some("chat")));
        let second = system_pages::systems(&mut c, &host, first.next.as_deref(), 1, now).await.unwrap();
        assert_eq!((second.systems[0].key.as_str(), second.next), ("files", None));
    }

    async fn a_row_says_how_a_system_is_and_what_waits_on_it(world: World) {
        let s = Scene::new(world).await;
        let system = files(&s.world).await;
        let before = line(&s).await;
        assert_eq!((before.health, before.words.as_str(), before.accounts, before.checked_at), (Health::Unknown, "", 0, None));
        assert_eq!(before.owner, Some((s.owner, "Olga Owner".to_owned())));

        work_for(&s, 6).await;
        s.world.run("update account set observed = 'enabled' where id in (select id from account order by id limit 2)").await;
        left(&s.world, Progress::Refused, 1, 2, 0).await;
        left(&s.world, Progress::NeedsHuman, 1, 1, 2).await;
        left(&s.world, Progress::Settled, 1, 1, 3).await;
        let mut tx = s.world.tx().await;
        store::record_health(&mut tx, system, "failing", "It doesn't answer.", false).await.unwrap();
        tx.commit_bookkeeping().await.unwrap();

        let after = line(&s).await;
        assert_eq!((after.waiting, after.refused, after.needs_human), (2, 2, 1));
        assert_eq!((after.accounts, after.more_accounts), (2, false));
        assert_eq!((after.health, after.words.as_str()), (Health::Failing, "It doesn't answer."));
        assert_eq!((after.checked_at, after.failing_since), (Some(s.world.now()), Some(s.world.now())));
        assert_eq!(after.confirmed_at, None);
    }

    async fn the_last_day_is_counted_by_the_hour(world: World) {
        let s = Scene::new(world).await;
        let system = files(&s.world).await;
        let other = s.world.system("chat", SystemKind::Scim, None).await;
        let work = work_for(&s, 1).await[0];
        let start = s.world.now();
        let confirmed = |system| EventBody::FulfilmentConfirmed {
            fulfilment: work.1,
            identity: work.0,
            system,
            entitlement: s.read,
            desired: Presence::Present,
            generation: 1,
            found: false,
        };
        let failed = EventBody::FulfilmentFailed {
            fulfilment: work.1,
            identity: work.0,
            system,
            entitlement: s.read,
            desired: Presence::Present,
            generation: 1,
            attempt: 1,
            outcome: Outcome::Refused,
        };
        let worker = Actor::Worker("provision").reference();
        let log = |bodies: Vec<EventBody>| {
            let (world, worker) = (s.world.clone(), worker.clone());
            async move {
                let events = bodies.into_iter().map(|b| NewEvent::new(worker.clone(), b)).collect();
                world.tx().await.commit(events).await.unwrap();
            }
        };
        // Just outside the day, in its first hour, and in its last one.
        log(vec![confirmed(system)]).await;
        s.world.advance(TimeDelta::minutes(30));
        log(vec![confirmed(system), confirmed(system), failed.clone()]).await;
        s.world.clock.set(start + TimeDelta::hours(24));
        log(vec![failed.clone(), failed, confirmed(other)]).await;
        s.world.clock.set(start + TimeDelta::hours(24) + TimeDelta::minutes(20));

        let line = line(&s).await;
        assert_eq!(line.hours.len(), 24);
        assert_eq!(line.hours[0].starts, start + TimeDelta::minutes(20));
        let counted: Vec<_> = line.hours.iter().map(|h| (h.done, h.failed)).collect();
        let mut expected = vec![(0, 0); 24];
        expected[0] = (2, 1);
        expected[23] = (0, 2);
        assert_eq!(counted, expected);
        assert_eq!(line.confirmed_at, Some(start + TimeDelta::minutes(30)));

        let mut c = s.world.db.read().await.unwrap();
        let page = system_pages::system(&mut c, &s.actor(s.owner), "files", 10, s.world.now()).await.unwrap();
        assert_eq!(page.confirmations.len(), 3);
        assert_eq!(page.confirmations[0].plain(), "System files confirms that Person 0 has “Entitlement read”");
        assert!(page.confirmations.is_sorted_by(|a, b| a.at >= b.at));
    }

    async fn promise_09_what_is_stuck_is_listed_with_words_and_who_can_help(world: World) {
        let s = Scene::new(world).await;
        let work = work_for(&s, 7).await;
        left(&s.world, Progress::Refused, 1, 2, 0).await;
        left(&s.world, Progress::NeedsHuman, 3, 2, 2).await;
        left(&s.world, Progress::Due, 2, 1, 4).await;
        left(&s.world, Progress::Settled, 1, 1, 5).await;
        // The last one is due and was never tried: it waits, it isn't stuck.
        let mut c = s.world.db.read().await.unwrap();
        let (mut after, mut rows) = (None, vec![]);
        loop {
            let page = system_pages::stuck(&mut c, &s.actor(s.owner), "files", after, 2).await.unwrap();
            assert!(page.may_retry && page.rows.len() <= 2);
            assert_eq!(page.who_may_retry, "An administrator, the helpdesk, or Olga Owner, who owns this system");
            rows.extend(page.rows);
            after = page.next;
            if after.is_none() { break }
        }
        assert_eq!(rows.iter().map(|r| r.id).collect::<Vec<_>>(), work[..5].iter().map(|w| w.1).collect::<Vec<_>>());
        let states: Vec<_> = rows.iter().map(|r| r.progress).collect();
        use Progress::{Due, NeedsHuman, Refused};
        assert_eq!(states, [Refused, Refused, NeedsHuman, NeedsHuman, Due]);
        let first = &rows[0];
        assert_eq!(first.person, (work[0].0, "Person 0".to_owned()));
        assert_eq!((first.entitlement.as_str(), first.words.as_str(), first.giving), ("Entitlement read", "No such group.", true));
        assert!(first.last_attempt_at.is_some() && first.again_at.is_none() && first.since <= s.world.now());
        assert!(rows[4].again_at.is_some(), "what is tried again says when");
        let words: std::collections::BTreeSet<_> = rows.iter().map(|r| r.state).collect();
        assert_eq!(words.len(), 3, "each state has words of its own");
    }

    async fn promise_12_the_pages_of_systems_cost_a_fixed_number_of_queries(world: World) {
        let s = Scene::new(world).await;
        let cost = |s: Scene| async move {
            let mut c = s.world.db.read().await.unwrap();
            let actor = holding(s.actor(s.boss), PortalRole::Administrator);
            let now = s.world.now();
            let (list, a) = count_queries(system_pages::systems(&mut c, &actor, None, 100, now)).await;
            let (one, b) = count_queries(system_pages::system(&mut c, &actor, "files", 50, now)).await;
            let (more, c) = count_queries(system_pages::stuck(&mut c, &actor, "files", None, 50)).await;
            assert!(list.is_ok() && one.is_ok() && more.is_ok());
            (a, b, c)
        };
        work_for(&s, 1).await;
        left(&s.world, Progress::Refused, 1, 1, 0).await;
        let few = cost(s.clone()).await;
        for n in 0..5 {
            s.world.system(&format!("more-{n}"), SystemKind::Ldap, Some(s.owner)).await;
        }
        work_for(&s, 30).await;
        left(&s.world, Progress::Refused, 1, 31, 0).await;
        let many = cost(s.clone()).await;
        assert_eq!(few, many);
        assert!(many.0 <= 3 && many.1 <= 14 && many.2 <= 2, "{many:?}");
    }
}
