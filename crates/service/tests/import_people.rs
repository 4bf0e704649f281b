//! Importing people: whole or not at all, with history, events and what follows from a change.

mod files_support;

use chrono::TimeDelta;
use files_support::{apply, catalog, demo_people, everything, four_people, import, line, mistakes, people, person};
use latchkey_domain::{actor::Actor, event::SubjectKind};
use latchkey_service::{
    ServiceError, expire,
    import_people::{import_people, titles},
    plan::{FilesError, Outcome},
};
use latchkey_store::{catalog::roles, count_queries, events, identities};
use latchkey_testkit::{Role, World, both_databases};

both_databases! {
    async fn people_arrive_in_any_order_with_managers_periods_history_and_events(world: World) {
        let lines = [line("E2", "Bo Lind", "E1"), line("E1", "Zoë Ångström", ""), line("E3", "Cy Moss", "E2")];
        let plan = import(&world, &lines.each_ref().map(String::as_str)).await.unwrap();
        assert!(matches!(plan.outcome, Outcome::Done(_)));
        assert_eq!(plan.count(titles::NEW), 3);
        assert_eq!(plan.lines(titles::NEW)[0], "Bo Lind (E2), Analyst, Finance");

        let mut read = world.db.read().await.unwrap();
        let bo = identities::by_external_id(&mut read, "E2").await.unwrap().unwrap();
        let zoe = identities::by_external_id(&mut read, "E1").await.unwrap().unwrap();
        assert_eq!(bo.manager_id, Some(zoe.id));
        assert_eq!((zoe.display_name.as_str(), zoe.time_zone.as_deref()), ("Zoë Ångström", Some("Europe/London")));
        assert_eq!(world.texts("select search_text from identity order by search_text desc limit 1").await,
            ["zoe angstrom e1@brinewell.test e1 analyst finance"]);
        assert_eq!(world.number("select count(*) from employment_period").await, 3);
        assert_eq!(world.number("select count(*) from identity_history where valid_to is null and applied_set_id is not null").await, 3);
        assert_eq!((world.events("person_added").await, world.events("people_imported").await), (3, 1));
        assert_eq!(world.texts("select hash from applied_set where kind = 'people'").await, [plan.hash]);

        let told = events::of_subject(&mut read, SubjectKind::Identity, zoe.id, 10).await.unwrap();
        let texts = events::texts(&mut read, &[told[0].id]).await.unwrap();
        assert!(texts.iter().all(|t| t.fits(&told[0].envelope().unwrap()) == Some(true)), "salted hashes stand in the event");
        assert!(!told[0].bytes.contains("Zoë"), "names stand beside the event, not in it");
        let names: Vec<_> = texts.iter().map(|t| t.name.as_str()).collect();
        assert!(names.contains(&"name") && names.contains(&"attributes"));
    }

    async fn the_same_people_once_more_are_nothing_to_do(world: World) {
        four_people(&world).await;
        let before = everything(&world).await;
        let lines = [line("E4", "Di Nash", "E1"), line("E1", "Ann Berg", ""), line("E2", "Bo Lind", "E1"), line("E3", "Cy Moss", "E1")];
        let plan = import(&world, &lines.each_ref().map(String::as_str)).await.unwrap();
        assert_eq!(plan.outcome, Outcome::NothingToDo);
        assert!(plan.to_string().starts_with("Nothing to do"));
        assert_eq!(everything(&world).await, before);
    }

    async fn promise_10_a_dry_run_tells_the_same_and_writes_nothing(world: World) {
        four_people(&world).await;
        let changed = line("E2", "Bo Lindqvist", "E3").replace("Analyst", "Buyer");
        let text = people(&[&changed, &line("E9", "New Comer", "E2"), &line("E3", "Cy Moss", "E1").replace(",active,", ",on_leave,")]);
        let before = everything(&world).await;
        let dry = import_people(&world.db, &*world.clock, &Actor::Host, "people.csv", &text, true).await.unwrap();
        assert_eq!(everything(&world).await, before);
        assert_eq!(dry.outcome, Outcome::DryRun);
        assert!(dry.to_string().contains("nothing was written"));
        let done = import_people(&world.db, &*world.clock, &Actor::Host, "people.csv", &text, false).await.unwrap();
        assert_eq!(done.sections, dry.sections);
        assert_eq!(done.lines(titles::CHANGED), ["Bo Lindqvist (E2): family name: Lind -> Lindqvist; title: Analyst -> Buyer; manager: E1 -> E3"]);
        assert_eq!(done.lines(titles::STATUS), ["Cy Moss (E3): active -> on leave"]);
        assert_eq!(done.lines(titles::NOT_IN_FILE), ["Ann Berg (E1)", "Di Nash (E4)"]);
    }

    async fn promise_10_a_file_with_mistakes_writes_nothing_and_names_each(world: World) {
        four_people(&world).await;
        let before = everything(&world).await;
        let new = line("E8", "Fine Person", "");
        let unknown = line("E9", "Lost Soul", "E77");
        let taken = line("E7", "Copy Cat", "").replace("e7@brinewell.test", "E2@Brinewell.test");
        assert_eq!(
            mistakes(import(&world, &[&new, &unknown, &taken]).await),
            [
                "people.csv:3: manager_external_id is \"E77\", whom nobody knows; expected the external_id of somebody in this file or imported before, or nothing",
                "people.csv:4: email is \"E2@Brinewell.test\", which Bo Lind (E2) has, who isn't in this file; expected an address of their own for each person who hasn't left",
            ]
        );
        // E2 reports to E1, who isn't told to be anybody's report until now.
        let circle = mistakes(import(&world, &[&line("E1", "Ann Berg", "E2")]).await);
        assert!(circle[0].starts_with("people.csv:2: managers go round in a circle: E1 reports to E2"), "{circle:?}");
        let bad = line("E1", "Ann Berg", "").replace("employee", "temp");
        assert_eq!(mistakes(import(&world, &[&new, &bad]).await), ["people.csv:3: employment_type is \"temp\"; expected employee or contractor"]);
        assert_eq!(everything(&world).await, before);
    }

    async fn a_change_closes_history_and_names_what_changed(world: World) {
        four_people(&world).await;
        world.advance(TimeDelta::days(1));
        let plan = import(&world, &[&line("E2", "Bo Lind", "E3").replace("Finance", "Sales")]).await.unwrap();
        assert_eq!((plan.count(titles::CHANGED), plan.count(titles::NEW), plan.count(titles::NOT_IN_FILE)), (1, 0, 3));
        let bo = person(&world, "E2").await;
        let mut read = world.db.read().await.unwrap();
        let told = events::of_subject(&mut read, SubjectKind::Identity, bo.0, 10).await.unwrap();
        assert_eq!(told.len(), 2);
        assert!(told[1].bytes.contains("\"changed\":[\"department\",\"manager\"]"), "{}", told[1].bytes);
        assert_eq!(world.number("select count(*) from identity_history where valid_to is not null").await, 1);
        let open = world.texts("select attributes from identity_history where valid_to is null order by valid_from desc limit 1").await;
        assert!(open[0].contains("\"department\":\"Sales\""));
        assert_eq!(world.number("select version from identity where search_text like 'bo lind%'").await, 1);
    }

    async fn promise_07_whoever_leaves_by_the_file_holds_nothing(world: World) {
        four_people(&world).await;
        apply(&world, &catalog(&[])).await.unwrap();
        let mut read = world.db.read().await.unwrap();
        let role = roles::by_key(&mut read, "payroll-reader").await.unwrap().unwrap();
        drop(read);
        let bo = person(&world, "E2").await;
        world.grant(bo, Role { id: role.role_id.into(), version: role.id.into() }, None).await;

        let left = line("E2", "Bo Lind", "E1").replace(",active,2020-01-06,,", ",terminated,2020-01-06,2027-02-28,");
        let version = world.number("select catalog_version from installation").await;
        let plan = import(&world, &[&left]).await.unwrap();
        assert_eq!(plan.lines(titles::LEFT), ["Bo Lind (E2)"]);
        assert_eq!(plan.count(titles::PASSES_ON), 2);
        assert_eq!(world.number("select count(*) from role_grant where state = 'ended' and end_reason = 'terminated'").await, 1);
        assert_eq!((world.events("grant_ended").await, world.events("person_status_changed").await), (1, 1));
        assert_eq!(world.number("select catalog_version from installation").await, version + 1, "an owner's status is shown in the catalog");
        assert_eq!(world.number("select count(*) from employment_period where ends_on is not null").await, 1);
        // Nobody else is touched: they aren't in the file.
        assert_eq!(world.number("select count(*) from identity where status = 'active'").await, 3);
    }

    async fn somebody_who_comes_back_is_employed_anew(world: World) {
        four_people(&world).await;
        import(&world, &[&line("E2", "Bo Lind", "E1").replace(",active,2020-01-06,,", ",terminated,2020-01-06,2026-05-31,")]).await.unwrap();
        import(&world, &[&line("E2", "Bo Lind", "E1").replace("2020-01-06", "2027-02-01")]).await.unwrap();
        let mut read = world.db.read().await.unwrap();
        let bo = identities::by_external_id(&mut read, "E2").await.unwrap().unwrap();
        let periods = identities::write::periods(&mut read, bo.id).await.unwrap();
        let days: Vec<_> = periods.iter().map(|p| (p.starts_on.to_string(), p.ends_on.map(|d| d.to_string()))).collect();
        assert_eq!(days, [("2027-02-01".to_owned(), None), ("2020-01-06".to_owned(), Some("2026-05-31".to_owned()))]);
        assert_eq!(world.number("select count(*) from identity_history").await, 6);
    }

    /// What somebody was given before their first day is held back until then, and not lost.
    async fn promise_06_what_waits_for_the_first_day_is_wanted_then(world: World) {
        four_people(&world).await;
        apply(&world, &catalog(&[])).await.unwrap();
        let new = line("E5", "New Comer", "E1");
        import(&world, &[&new.replace(",active,", ",pre_hire,")]).await.unwrap();
        let who = person(&world, "E5").await;
        let mut read = world.db.read().await.unwrap();
        let reader = roles::by_key(&mut read, "payroll-reader").await.unwrap().unwrap();
        let keeper = roles::by_key(&mut read, "bookkeeper").await.unwrap().unwrap();
        drop(read);
        world.grant(who, Role { id: reader.role_id.into(), version: reader.id.into() }, None).await;
        world.grant(who, Role { id: keeper.role_id.into(), version: keeper.id.into() }, None).await;
        world.run("update role_grant set state = 'scheduled' where reason <> '' and role_id = (select id from role where key = 'bookkeeper')").await;
        assert_eq!(expire::start_due_grants(&world.db, &*world.clock, 10).await.unwrap(), 0);
        assert_eq!(world.number("select count(*) from role_grant where state = 'scheduled'").await, 1, "it isn't ended either");

        world.advance(TimeDelta::days(1));
        let plan = import(&world, &[&new]).await.unwrap();
        assert_eq!(plan.lines(titles::STATUS), ["New Comer (E5): not started yet -> active"]);
        assert_eq!(world.number("select count(*) from fulfilment where desired = 'present' and progress = 'due'").await, 1);
        assert_eq!(world.number("select count(*) from account where due_at is not null").await, 1);
        assert_eq!(expire::start_due_grants(&world.db, &*world.clock, 10).await.unwrap(), 1);
        assert_eq!(world.number("select count(*) from fulfilment where desired = 'present' and progress = 'due'").await, 2);

        // What a worker had refused to give to somebody who hasn't started goes on as well.
        world.run("update fulfilment set progress = 'refused', due_at = null").await;
        world.run("update identity set status = 'pre_hire' where display_name = 'New Comer'").await;
        world.advance(TimeDelta::days(1));
        import(&world, &[&new]).await.unwrap();
        assert_eq!(world.number("select count(*) from fulfilment where progress = 'due' and generation = 2").await, 2);
    }

    async fn two_imports_at_once_come_one_after_the_other(world: World) {
        let mut other = world.clone();
        other.db = world.another_db().await;
        let lines = [line("E1", "Ann Berg", ""), line("E2", "Bo Lind", "E1")];
        let lines = lines.each_ref().map(String::as_str);
        let (one, two) = tokio::join!(import(&world, &lines), import(&other, &lines));
        let outcomes = [one.unwrap().outcome, two.unwrap().outcome];
        assert_eq!(outcomes.iter().filter(|o| **o == Outcome::NothingToDo).count(), 1, "{outcomes:?}");
        assert_eq!((world.events("person_added").await, world.events("people_imported").await), (2, 1));
        other.db.close().await;
    }

    async fn only_the_host_and_administrators_import(world: World) {
        four_people(&world).await;
        let actor = world.actor(person(&world, "E1").await);
        let refused = import_people(&world.db, &*world.clock, &actor, "people.csv", &people(&[&line("E9", "No One", "")]), false).await;
        assert!(matches!(refused, Err(FilesError::Service(ServiceError::Refused(r))) if r.code == "files.not_administrator"));
        assert_eq!(world.events("person_added").await, 4);
    }

    async fn promise_12_a_thousand_people_take_few_statements_of_their_own(world: World) {
        let lines: Vec<String> = (0..1000).map(|n| line(&format!("P{n:05}"), &format!("Person Number{n}"), if n == 0 { "" } else { "P00000" })).collect();
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        let (plan, queries) = count_queries(import(&world, &lines)).await;
        assert_eq!(plan.unwrap().count(titles::NEW), 1000);
        // An event is written with its subject and its two texts; everything else goes in bulk.
        assert!(queries < 4 * 1001 + 60, "{queries} statements");
        let (plan, queries) = count_queries(import(&world, &lines)).await;
        assert_eq!(plan.unwrap().outcome, Outcome::NothingToDo);
        assert!(queries < 10, "{queries} statements to see that nothing changes");
    }

    async fn the_demo_company_imports_clean_twice(world: World) {
        let text = demo_people();
        let plan = import_people(&world.db, &*world.clock, &Actor::Host, "demo/people.csv", &text, false).await.unwrap();
        assert!(plan.count(titles::NEW) > 200 && plan.sections.len() == 1, "{plan}");
        let again = import_people(&world.db, &*world.clock, &Actor::Host, "demo/people.csv", &text, false).await.unwrap();
        assert_eq!(again.outcome, Outcome::NothingToDo);
    }
}
