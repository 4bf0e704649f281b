//! What a leaver owned has a new owner, at once (promise 7).

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod files_support;
mod scene;

use chrono::TimeDelta;
use files_support::{apply, catalog, four_people, import, line, mistakes, people, person};
use latchkey_domain::{IdentityId, SystemId, actor::Actor, identity::Status, item::ItemState};
use latchkey_service::{
    add_administrator::add_administrator,
    approvers,
    import_people::{import_people, titles},
    leave::person_left,
    plan::Outcome,
    replay,
};
use latchkey_store::{
    catalog::ownership::{self, Owned},
    identities,
};
use latchkey_testkit::{World, both_databases};
use scene::{Scene, policy};
use serde_json::json;

const OWNERS: &str = "select v.name || ': ' || i.display_name from ownership o join identity i on i.id = o.owner_id
    join role_version v on v.role_id = o.role_id and v.valid_to is null where o.valid_to is null
    union all
    select s.name || ': ' || i.display_name from ownership o join identity i on i.id = o.owner_id
    join system s on s.id = o.system_id where o.valid_to is null order by 1";

fn left(external_id: &str, name: &str, manager: &str) -> String {
    line(external_id, name, manager).replace(",active,2020-01-06,,", ",terminated,2020-01-06,2027-02-28,")
}

both_databases! {
    async fn promise_07_what_a_leaver_owned_has_a_new_owner_at_once(world: World) {
        four_people(&world).await;
        apply(&world, &catalog(&[])).await.unwrap();
        world.advance(TimeDelta::hours(1));
        let text = people(&[&left("E2", "Bo Lind", "E3"), &line("E3", "Cy Moss", "E1")]);
        let dry = import_people(&world.db, &*world.clock, &Actor::Host, "people.csv", &text, true).await.unwrap();
        assert_eq!(dry.lines(titles::PASSES_ON), [
            "Bookkeeper: Bo Lind -> Cy Moss, the nearest manager above Bo Lind who is at work",
            "Payroll reader: Bo Lind -> Cy Moss, the nearest manager above Bo Lind who is at work",
        ]);
        assert_eq!(world.texts(OWNERS).await, ["Bookkeeper: Bo Lind", "Finance database: Ann Berg", "Payroll reader: Bo Lind"]);

        let version = world.number("select catalog_version from installation").await;
        let done = import_people(&world.db, &*world.clock, &Actor::Host, "people.csv", &text, false).await.unwrap();
        assert_eq!(done.sections, dry.sections);
        assert_eq!(world.texts(OWNERS).await, ["Bookkeeper: Cy Moss", "Finance database: Ann Berg", "Payroll reader: Cy Moss"]);
        // Closed and succeeded, never overwritten.
        assert_eq!(world.number("select count(*) from ownership where valid_to is not null").await, 2);
        assert_eq!(world.number("select count(*) from ownership a join ownership b on b.role_id = a.role_id and b.valid_from = a.valid_to").await, 2);
        assert_eq!(world.events("owner_succeeded").await, 2);
        assert!(world.number("select catalog_version from installation").await > version, "the catalog in memory shows the new owner");
        assert_eq!(world.texts("select subject from notice where kind = 'now_yours'").await, ["2 roles and systems of Bo Lind are yours now"]);
        let body = world.texts("select body from notice where kind = 'now_yours'").await.remove(0);
        assert!(body.contains("- Bookkeeper: {base}/roles/") && body.contains("nearest manager above them"), "{body}");
        agrees(&world).await;
    }

    /// Whoever leaves by the same file takes nothing over.
    async fn promise_07_the_nearest_manager_who_stays_takes_over(world: World) {
        let lines = [line("E1", "Ann Berg", ""), line("E2", "Bo Lind", "E3"), line("E3", "Cy Moss", "E4"), line("E4", "Di Nash", "E1")];
        import(&world, &lines.each_ref().map(String::as_str)).await.unwrap();
        apply(&world, &catalog(&[])).await.unwrap();
        let away = line("E4", "Di Nash", "E1").replace(",active,", ",on_leave,");
        world.advance(TimeDelta::hours(1));
        let done = import(&world, &[&left("E2", "Bo Lind", "E3"), &left("E3", "Cy Moss", "E4"), &away]).await.unwrap();
        assert_eq!(done.count(titles::PASSES_ON), 2);
        assert_eq!(world.texts(OWNERS).await, ["Bookkeeper: Ann Berg", "Finance database: Ann Berg", "Payroll reader: Ann Berg"]);
        agrees(&world).await;
    }

    /// With nobody above at work, an administrator takes over; with nobody at all, the next one does.
    async fn promise_07_an_administrator_takes_over_where_nobody_is_above(world: World) {
        four_people(&world).await;
        apply(&world, &catalog(&[])).await.unwrap();
        world.advance(TimeDelta::hours(1));
        let alone = import(&world, &[&left("E1", "Ann Berg", "")]).await.unwrap();
        assert_eq!(alone.lines(titles::OWNERLESS), ["Finance database: Ann Berg"]);
        assert_eq!(world.events("owner_succeeded").await, 0);

        world.advance(TimeDelta::hours(1));
        add_administrator(&world.db, &*world.clock, &Actor::Host, "E4").await.unwrap();
        assert_eq!(world.texts(OWNERS).await, [
            "Bookkeeper: Bo Lind", "Finance database: Di Nash", "Latchkey administrator: Di Nash", "Payroll reader: Bo Lind"
        ]);
        assert!(world.texts("select body from notice where kind = 'now_yours'").await[0].contains("you administer this portal"));

        world.advance(TimeDelta::hours(1));
        let done = import(&world, &[&left("E2", "Bo Lind", "E1")]).await.unwrap();
        assert_eq!(done.lines(titles::PASSES_ON)[0],
            "Bookkeeper: Bo Lind -> Di Nash, an administrator of this portal, because nobody above Bo Lind is at work");
        agrees(&world).await;
    }

    /// What nobody could take over passes on with the next import.
    async fn promise_07_an_import_looks_again_at_what_nobody_took_over(world: World) {
        four_people(&world).await;
        apply(&world, &catalog(&[])).await.unwrap();
        world.advance(TimeDelta::hours(1));
        import(&world, &[&left("E1", "Ann Berg", "")]).await.unwrap();
        let again = [left("E1", "Ann Berg", "E9"), line("E9", "New Boss", "")];
        let done = import(&world, &again.each_ref().map(String::as_str)).await.unwrap();
        assert_eq!(done.lines(titles::PASSES_ON), ["Finance database: Ann Berg -> New Boss, the nearest manager above Ann Berg who is at work"]);
        assert_eq!(world.texts(OWNERS).await[1], "Finance database: New Boss");
        let again = import(&world, &again.each_ref().map(String::as_str)).await.unwrap();
        assert_eq!(again.outcome, Outcome::NothingToDo);
    }

    /// Files that still name the leaver are refused by file and line, also when nothing else in them changed.
    async fn promise_07_files_that_name_a_leaver_are_refused_and_the_successor_stays(world: World) {
        four_people(&world).await;
        apply(&world, &catalog(&[])).await.unwrap();
        world.advance(TimeDelta::hours(1));
        import(&world, &[&left("E2", "Bo Lind", "E1")]).await.unwrap();
        assert_eq!(mistakes(apply(&world, &catalog(&[])).await), [
            "roles/finance.toml:5:9: owner names \"E2\", Bo Lind, who has left; Ann Berg (E1) owns it now; expected the external id of somebody who works here",
            "roles/finance.toml:16:9: owner names \"E2\", Bo Lind, who has left; Ann Berg (E1) owns it now; expected the external id of somebody who works here",
        ]);
        assert_eq!(world.texts(OWNERS).await, ["Bookkeeper: Ann Berg", "Finance database: Ann Berg", "Payroll reader: Ann Berg"]);
        world.advance(TimeDelta::hours(1));
        let mended = apply(&world, &catalog(&[("owner = \"E2\"", "owner = \"E1\"")])).await.unwrap();
        assert!(matches!(mended.outcome, Outcome::Done(_)));
        assert_eq!(world.events("owner_succeeded").await, 2);
        // Whoever comes back and is named again owns again: the files say so, and the plan does.
        world.advance(TimeDelta::hours(1));
        import(&world, &[&line("E2", "Bo Lind", "E1").replace("2020-01-06", "2027-03-01")]).await.unwrap();
        apply(&world, &catalog(&[])).await.unwrap();
        assert_eq!(world.texts(OWNERS).await[0], "Bookkeeper: Bo Lind");
        agrees(&world).await;
    }

    /// What the leaver had to decide as owner comes to the new owner.
    async fn promise_07_open_stages_of_a_leaver_who_owned_come_to_the_successor(world: World) {
        let s = Scene::new(world).await;
        let owner_decides = s.world.policy("three", &policy(&json!([{"approvers": "owner", "fallback": "manager"}]))).await;
        let role = s.world.role("owned", Some(s.owner), owner_decides, &[s.read]).await;
        let item = s.ask(s.ann, role).await;
        assert_eq!(s.approvers(item).await, [s.owner]);
        leaves(&s, s.owner).await;
        assert_eq!(s.approvers(item).await, [s.boss]);
        let asked = "select i.display_name from notice n join identity i on i.id = n.recipient_id where n.kind = 'asked_to_decide' order by 1";
        assert_eq!(s.world.texts(asked).await, ["Bea Boss", "Olga Owner"]);
        assert_eq!(s.approve(s.boss, item).await, ItemState::Approved);
    }

    /// Stages that a system's owner decides are found as well, when that owner leaves or changes.
    async fn promise_07_open_stages_of_a_systems_owner_are_remade(world: World) {
        let s = Scene::new(world).await;
        let rule = s.world.policy("three", &policy(&json!([{"approvers": "system-owner", "fallback": "manager"}]))).await;
        let role = s.world.role("reached", None, rule, &[s.read]).await;
        // The owner is on leave: the fallback decides, and no list names the owner.
        set_status(&s, s.owner, Status::OnLeave).await;
        let item = s.ask(s.ann, role).await;
        assert_eq!(s.approvers(item).await, [s.manager]);
        leaves(&s, s.owner).await;
        assert_eq!(s.approvers(item).await, [s.boss], "the system's new owner");
        let mut c = s.world.db.read().await.unwrap();
        let system = SystemId(latchkey_store::systems::by_key(&mut c, "files").await.unwrap().unwrap().id);
        let owner = ownership::of(&mut c, Owned::System(system)).await.unwrap().unwrap();
        assert_eq!(IdentityId(owner.owner_id), s.boss);
        assert_eq!(s.approve(s.boss, item).await, ItemState::Approved);
    }

    /// A stage that opened for somebody in the moment in which they left doesn't stay with them.
    async fn promise_07_a_stage_that_opened_for_a_leaver_is_found(world: World) {
        let s = Scene::new(world).await;
        let item = s.ask(s.ann, s.reader).await;
        assert_eq!(s.approvers(item).await, [s.manager]);
        set_status(&s, s.manager, Status::Terminated).await;
        let (db, clock) = (&s.world.db, s.world.clock.as_ref());
        assert_eq!(approvers::remake_for_the_absent(db, clock, 10).await.unwrap(), 1);
        assert_eq!(s.approvers(item).await, [s.owner]);
        assert_eq!(approvers::remake_for_the_absent(db, clock, 10).await.unwrap(), 0);
    }

    /// Another owner in the files of a system is another approver of what its owner decides.
    async fn another_owner_of_a_system_decides_from_then_on(world: World) {
        four_people(&world).await;
        let by_system = ("approvers = \"manager\", fallback = \"owner\"", "approvers = \"system-owner\", fallback = \"owner\"");
        let away = ("owner = \"E1\"", "owner = \"E3\"");
        apply(&world, &catalog(&[by_system, away])).await.unwrap();
        world.run("update identity set status = 'on_leave' where display_name = 'Cy Moss'").await;
        let who = world.actor(person(&world, "E4").await);
        let role = latchkey_store::catalog::roles::by_key(&mut world.db.read().await.unwrap(), "bookkeeper").await.unwrap().unwrap();
        let wish = latchkey_service::submit_request::ItemWish {
            role: role.role_id.into(),
            beneficiary: person(&world, "E4").await,
            duration: latchkey_policy::Span::from_days(7).unwrap(),
            reason: "The books".to_owned(),
        };
        let form = latchkey_service::submit_request::Submission { form_key: uuid::Uuid::new_v4(), items: vec![wish] };
        latchkey_service::submit_request::submit_request(&world.db, &*world.clock, &who, &form).await.unwrap();
        let approvers = "select i.display_name from stage_approver a join identity i on i.id = a.identity_id where a.removed_at is null";
        assert_eq!(world.texts(approvers).await, ["Bo Lind"]);
        apply(&world, &catalog(&[by_system])).await.unwrap();
        assert_eq!(world.texts(approvers).await, ["Ann Berg"]);
    }
}

/// The log rebuilds who owns what.
async fn agrees(world: &World) {
    let mut c = world.db.read().await.unwrap();
    let told = replay::from_log(&mut c, None).await.unwrap();
    let is = replay::from_tables(&mut c).await.unwrap();
    assert_eq!(told.differences(&is), Vec::<String>::new());
}

async fn set_status(s: &Scene, who: IdentityId, status: Status) {
    let mut tx = s.world.tx().await;
    let from = identities::get(&mut tx, who).await.unwrap().unwrap().status;
    latchkey_testkit::testing::set_status(&mut tx, who, status).await.unwrap();
    let body = latchkey_domain::event::EventBody::PersonStatusChanged { identity: who, from, to: status };
    tx.commit(vec![latchkey_domain::event::NewEvent::new(Actor::Host.reference(), body)]).await.unwrap();
}

/// What the import does when a person has left.
async fn leaves(s: &Scene, who: IdentityId) {
    set_status(s, who, Status::Terminated).await;
    let mut tx = s.world.tx().await;
    latchkey_store::applied::one_at_a_time(&mut tx).await.unwrap();
    identities::lock(&mut tx, &[who]).await.unwrap();
    let events = person_left(&mut tx, who, &Actor::Host.reference()).await.unwrap();
    tx.commit(events).await.unwrap();
}
