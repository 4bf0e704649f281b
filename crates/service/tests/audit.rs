//! The log as it is read: by whom, by which filter, at what cost, and as sentences.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::allow_attributes,
    reason = "what goes wrong here, or in the files that the tests share, fails the test"
)]

mod log;
mod scene;

use chrono::TimeDelta;
use latchkey_domain::{
    RequestId, SystemId, TokenId,
    actor::{Actor, ActorRef},
    event::{EventBody, NewEvent},
    portal_role::PortalRole,
    system::SystemKind,
};
use latchkey_service::{
    ServiceError,
    audit::{self, Action, Filter, Group, Line, Part, Typed, csv::Export},
    give_back::give_back,
};
use latchkey_store::{
    audit::{Key, WINDOW},
    count_queries,
};
use latchkey_testkit::{World, both_databases};
use log::{auditor, expected, holding, ids, one, some_history, system_id, walk};
use scene::Scene;

async fn all_filters(s: &Scene, request: RequestId) -> Vec<Filter> {
    let system = SystemId(system_id(&s.world).await);
    let (start, now) = (s.world.now() - TimeDelta::hours(1), s.world.now());
    let mut filters = Vec::new();
    for person in [None, Some(s.ann), Some(s.manager), Some(s.bob)] {
        for role in [None, Some(s.reader.id), Some(s.writer.id)] {
            for system in [None, Some(system)] {
                for request in [None, Some(request)] {
                    for action in [None, Some(Action::Group(Group::Deciding)), Some(Action::Kind("grant_ended"))] {
                        for (from, to) in
                            [(None, None), (Some(start + TimeDelta::minutes(15)), Some(now - TimeDelta::minutes(20)))]
                        {
                            filters.push(Filter { person, role, system, request, action, from, to });
                        }
                    }
                }
            }
        }
    }
    filters
}

fn codes(problems: &[latchkey_service::FieldProblem]) -> Vec<&str> {
    problems.iter().map(|p| p.code.as_str()).collect()
}

both_databases! {
    async fn only_those_who_may_read_the_log_find_it(world: World) {
        let ann = world.person("Ann Berg", None).await;
        let plain = world.actor(ann);
        let owned = Actor::Token { id: TokenId::new(world.now()), owner: ann };
        for actor in [&plain, &holding(plain.clone(), PortalRole::Helpdesk), &owned, &Actor::Worker("seal")] {
            let mut c = world.db.read().await.unwrap();
            let event = one(&world, "person_added").await.id;
            let none = Filter::default();
            assert!(matches!(audit::page(&mut c, actor, &none, None, 10).await, Err(ServiceError::NotFound)));
            assert!(matches!(audit::facets(&mut c, actor).await, Err(ServiceError::NotFound)));
            let typed = Typed::default();
            assert!(matches!(audit::understand(&mut c, actor, &typed, chrono_tz::UTC).await, Err(ServiceError::NotFound)));
            let key = world.db.event_key();
            assert!(matches!(audit::event(&mut c, actor, key, event).await, Err(ServiceError::NotFound)));
            assert!(matches!(Export::new(actor, none), Err(ServiceError::NotFound)));
        }
        for role in [PortalRole::Administrator, PortalRole::Security, PortalRole::Auditor] {
            let mut c = world.db.read().await.unwrap();
            let page = audit::page(&mut c, &holding(plain.clone(), role), &Filter::default(), None, 10).await.unwrap();
            assert_eq!(page.lines.len(), 2);
        }
        assert!(Export::new(&Actor::Host, Filter::default()).is_ok(), "the command on the host exports");
    }

    async fn every_combination_of_filters_finds_exactly_what_fits(world: World) {
        let s = Scene::new(world).await;
        let request = some_history(&s).await;
        let mut found = 0;
        for filter in all_filters(&s, request).await {
            let lines = walk(&s.world, &filter, 4).await;
            assert_eq!(ids(&lines), expected(&s.world, &filter).await, "{filter:?}");
            found += lines.len();
        }
        assert!(found > 200, "the filters found something: {found}");
    }

    async fn pages_are_newest_first_and_hold_each_event_once(world: World) {
        let s = Scene::new(world).await;
        some_history(&s).await;
        let everything = Filter::default();
        let all = expected(&s.world, &everything).await;
        for limit in [1, 3, 50, 200] {
            assert_eq!(ids(&walk(&s.world, &everything, limit).await), all, "by {limit}");
        }
        // What is recorded while somebody turns pages doesn't move the pages.
        let mut c = s.world.db.read().await.unwrap();
        let first = audit::page(&mut c, &auditor(&s.world), &everything, None, 5).await.unwrap();
        s.world.advance(TimeDelta::minutes(1));
        s.world.person("Cy Ek", None).await;
        let second = audit::page(&mut c, &auditor(&s.world), &everything, first.next, 5).await.unwrap();
        assert_eq!(ids(&second.lines), all[5..10]);
        // A page is never longer than its bound, whatever is asked for.
        let page = audit::page(&mut c, &auditor(&s.world), &everything, None, i64::MAX).await.unwrap();
        assert!(page.lines.len() <= usize::try_from(audit::PAGE).unwrap());
        assert!(audit::page(&mut c, &auditor(&s.world), &everything, None, -1).await.unwrap().lines.len() == 1);
    }

    async fn promise_12_a_page_of_the_log_costs_a_fixed_number_of_queries(world: World) {
        let s = Scene::new(world).await;
        let request = some_history(&s).await;
        let mut c = s.world.db.read().await.unwrap();
        for filter in all_filters(&s, request).await {
            let (page, queries) = count_queries(audit::page(&mut c, &auditor(&s.world), &filter, None, 200)).await;
            page.unwrap();
            assert!(queries <= 10, "{queries} queries for {filter:?}");
        }
        let everything = Filter::default();
        let (few, cost_of_few) = count_queries(audit::page(&mut c, &auditor(&s.world), &everything, None, 25)).await;
        drop(c);
        for n in 0..40 {
            s.world.advance(TimeDelta::minutes(1));
            let who = s.world.person(&format!("Person {n}"), Some(s.manager)).await;
            s.gets(s.ann, s.reader).await;
            let held = latchkey_store::grants::live_of(&mut s.world.db.read().await.unwrap(), s.ann).await.unwrap();
            give_back(&s.world.db, s.world.clock.as_ref(), &s.actor(s.ann), held[0].id()).await.unwrap();
            s.ask_for(who, s.reader, who, 7).await.unwrap();
        }
        let mut c = s.world.db.read().await.unwrap();
        let (many, cost_of_many) = count_queries(audit::page(&mut c, &auditor(&s.world), &everything, None, 200)).await;
        assert_eq!((few.unwrap().lines.len(), many.unwrap().lines.len()), (25, 200));
        assert_eq!(cost_of_few, cost_of_many);
    }

    async fn promise_12_a_rare_combination_is_looked_for_piece_by_piece(world: World) {
        let ann = world.person("Ann Berg", None).await;
        world.advance(TimeDelta::seconds(1));
        let old = EventBody::SignedOut { identity: ann, session: latchkey_domain::SessionId::new(world.now()) };
        world.tx().await.commit(vec![NewEvent::new(ActorRef::Host, old)]).await.unwrap();
        let changed = EventBody::PersonChanged { identity: ann, changed: vec!["title".into()], manager: None };
        let many = usize::try_from(WINDOW).unwrap() + 200;
        for _ in 0..many.div_ceil(1_000) {
            world.advance(TimeDelta::seconds(1));
            world.tx().await.commit(vec![NewEvent::new(ActorRef::Host, changed.clone()); many.min(1_000)]).await.unwrap();
        }
        let filter = Filter { person: Some(ann), action: Action::from_word("signing-in"), ..Filter::default() };
        let mut c = world.db.read().await.unwrap();
        let (first, queries) = count_queries(audit::page(&mut c, &auditor(&world), &filter, None, 50)).await;
        let first = first.unwrap();
        assert!(queries <= 10, "{queries}");
        assert!(first.lines.is_empty() && first.next.is_some(), "the first piece holds nothing");
        assert!(first.looked_back_to.is_some_and(|at| at < world.now()), "and says how far it looked");
        let second = audit::page(&mut c, &auditor(&world), &filter, first.next, 50).await.unwrap();
        assert_eq!(second.lines.len(), 1);
        assert_eq!((second.next, second.looked_back_to), (None, None));
        // A single condition isn't bounded: each step down the index is a hit.
        let person = Filter { person: Some(ann), ..Filter::default() };
        let page = audit::page(&mut c, &auditor(&world), &person, None, 50).await.unwrap();
        assert_eq!((page.lines.len(), page.looked_back_to), (50, None));
    }

    async fn sentences_link_to_whom_and_what_they_are_about(world: World) {
        let s = Scene::new(world).await;
        let request = some_history(&s).await;
        let mut c = s.world.db.read().await.unwrap();
        let filter = Filter { request: Some(request), ..Filter::default() };
        let lines = audit::page(&mut c, &auditor(&s.world), &filter, None, 50).await.unwrap().lines;
        let reference = lines
            .iter()
            .flat_map(|l| &l.sentence)
            .find_map(|p| if let Part::Request { reference, .. } = p { Some(reference.clone()) } else { None })
            .unwrap();
        let texts: Vec<String> = lines.iter().map(Line::plain).collect();
        for wanted in [
            format!("Ann Berg asked for Role reader for 30 days, in {reference}. Reason: “To do the quarterly report”"),
            format!("{reference}, Role reader for Ann Berg waits for Max Manager (the manager)"),
            "Ann Berg gave back Role reader".to_owned(),
        ] {
            assert!(texts.contains(&wanted), "missing: {wanted}\nhave: {texts:#?}");
        }
        let approved = lines.iter().find(|l| l.kind == "item_decided").unwrap();
        let text = approved.plain();
        assert!(text.starts_with("Max Manager approved Role reader for Ann Berg, until 1 April 2027"), "{text}");
        assert!(text.ends_with("from a session confirmed by a second factor"), "{text}");
        assert!(approved.sentence.contains(&Part::Person { id: s.manager, name: "Max Manager".into() }));
        assert!(approved.sentence.contains(&Part::Role { id: s.reader.id, name: "Role reader".into() }));
        assert!(approved.sentence.iter().any(|p| matches!(p, Part::Time(_))));
        assert_eq!((approved.actor.as_str(), approved.group), ("Max Manager", Some(Group::Deciding)));
        assert!(approved.people.contains(&s.manager) && approved.people.contains(&s.ann));

        let refused = one(&s.world, "decision_refused").await.plain();
        let why = "and Latchkey refused: nobody decides on what they asked for or would hold themselves";
        assert!(refused.starts_with("Bob Cole tried to decide on Role editor for Bob Cole") && refused.ends_with(why), "{refused}");
        let denied = walk(&s.world, &Filter { person: Some(s.bob), action: Action::from_word("item_decided"), ..Filter::default() }, 9).await;
        assert!(denied[0].plain().ends_with(". Comment: “Not needed”"), "{}", denied[0].plain());

        drop(c);
        s.world.run("update event_text set text = null").await;
        let erased = one(&s.world, "request_submitted").await.plain();
        assert!(erased.ends_with(". Reason: (erased)"), "{erased}");
    }

    async fn typed_words_become_a_filter_or_say_what_is_wrong(world: World) {
        let s = Scene::new(world).await;
        let request = some_history(&s).await;
        s.world.person("Ann Bergman", None).await;
        s.world.system("finance", SystemKind::Postgresql, None).await;
        let reference = s.world.texts("select reference from request order by created_at limit 1").await.remove(0);
        let understand = |typed: Typed| {
            let world = s.world.clone();
            async move {
                let mut c = world.db.read().await.unwrap();
                let (understood, queries) = count_queries(audit::understand(&mut c, &auditor(&world), &typed, chrono_tz::UTC)).await;
                assert!(queries <= 5, "{queries} for {typed:?}");
                understood.unwrap()
            }
        };
        let all = understand(Typed {
            person: " max MANAGER".into(),
            role: "role read".into(),
            system: "files".into(),
            request: reference.to_lowercase(),
            action: "deciding".into(),
            from: "2027-03-01".into(),
            to: "2027-03-01".into(),
        })
        .await;
        assert_eq!(all.problems, vec![]);
        assert_eq!(all.filter.person, Some(s.manager));
        assert_eq!(all.filter.role, Some(s.reader.id));
        assert_eq!(all.filter.request, Some(request));
        assert_eq!(all.filter.action, Some(Action::Group(Group::Deciding)));
        assert_eq!(all.filter.to.unwrap() - all.filter.from.unwrap(), TimeDelta::days(1));
        let names: Vec<_> = [all.person, all.role, all.system, all.request].into_iter().map(|c| c.unwrap().name).collect();
        assert_eq!(names, ["Max Manager", "Role reader", "System files", &reference]);

        let by_id = understand(Typed {
            person: s.ann.to_string(),
            role: s.writer.id.to_string(),
            system: system_id(&s.world).await.to_string(),
            request: request.to_string(),
            ..Typed::default()
        })
        .await;
        assert_eq!((by_id.filter.person, by_id.filter.role, by_id.filter.request), (Some(s.ann), Some(s.writer.id), Some(request)));
        assert!(by_id.filter.system.is_some() && by_id.problems.is_empty());

        let several = understand(Typed { person: "ann berg".into(), role: "role".into(), ..Typed::default() }).await;
        assert_eq!(several.people.iter().map(|c| c.name.as_str()).collect::<Vec<_>>(), ["Ann Berg", "Ann Bergman"]);
        assert_eq!(several.roles.len(), 3);
        assert_eq!(several.filter, Filter::default());
        assert_eq!(codes(&several.problems), ["audit.person_several", "audit.role_several"]);

        let nothing = understand(Typed {
            person: "nobody %".into(),
            role: "%".into(),
            system: "no-such".into(),
            request: "R-000000".into(),
            action: "dancing".into(),
            ..Typed::default()
        })
        .await;
        assert_eq!(
            codes(&nothing.problems),
            ["audit.person_unknown", "audit.role_unknown", "audit.system_unknown", "audit.request_unknown", "audit.action_unknown"]
        );
        assert!(understand(Typed::default()).await.filter.is_empty());

        let mut c = s.world.db.read().await.unwrap();
        let facets = audit::facets(&mut c, &auditor(&s.world)).await.unwrap();
        assert_eq!(facets.systems, [("files".into(), "System files".into()), ("finance".into(), "System finance".into())]);
        assert_eq!(facets.actions.len(), Group::ALL.len());
    }

    async fn a_place_in_the_log_survives_an_address(world: World) {
        world.person("Ann Berg", None).await;
        let mut c = world.db.read().await.unwrap();
        let page = audit::page(&mut c, &auditor(&world), &Filter::default(), None, 1).await.unwrap();
        let next: Key = page.next.unwrap();
        let read = audit::key_from_word(&audit::key_to_word(next)).unwrap();
        assert_eq!(read, next);
        let rest = audit::page(&mut c, &auditor(&world), &Filter::default(), Some(read), 10).await.unwrap();
        assert_eq!((rest.lines.len(), rest.next), (1, None));
    }
}
