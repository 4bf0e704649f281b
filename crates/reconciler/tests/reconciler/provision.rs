//! What is decided becomes so on the system, and stops being so when nothing justifies it.

use chrono::TimeDelta;
use latchkey_connectors::{AccountState, fake::Op};
use latchkey_domain::{
    account::{AccountOrigin, AccountState as Wanted},
    fulfilment::{Presence, Progress},
    identity::Status,
};
use latchkey_testkit::{World, both_databases};

use crate::scene::Scene;

both_databases! {
    async fn what_is_decided_is_made_and_read_back(world: World) {
        let scene = Scene::new(world).await;
        let ann = scene.world.person("Ann Berg", None).await;
        let (vpn, mail) = (scene.entitlement("vpn").await, scene.entitlement("mail").await);
        let role = scene.role("starter", &[vpn, mail]).await;
        scene.give(ann, role).await;
        scene.world.advance(TimeDelta::seconds(1));

        let pass = scene.work().await;
        assert_eq!((pass.accounts, pass.confirmed, pass.failed), (1, 2, 0));
        assert!(scene.holds(ann, "vpn").await && scene.holds(ann, "mail").await);
        let account = scene.account(ann).await;
        assert_eq!((account.name.as_str(), account.origin), ("ann.berg", AccountOrigin::Created));
        assert_eq!(account.observed, Wanted::Enabled);
        for row in scene.wanted(ann).await {
            assert_eq!((row.progress, row.observed, row.found), (Progress::Settled, Presence::Present, false));
            assert!(row.applied_at.is_some() && row.confirmed_at.is_some());
        }
        scene.assert_at_rest().await;
        // One look, one account, two memberships, one read-back; and not a call more.
        let ops: Vec<Op> = scene.fake.calls().into_iter().map(|c| c.op).collect();
        assert_eq!(ops, [Op::Find, Op::Create, Op::Grant, Op::Grant, Op::Read]);
        assert_eq!(scene.world.events("fulfilment_confirmed").await, 2);
        assert_eq!(scene.world.events("account_observed").await, 1);
        assert_eq!(scene.notices("confirmed").await, 1);
        assert_eq!(scene.work_after(TimeDelta::days(1)).await.accounts, 0);
    }

    async fn promise_06_access_stays_until_the_last_grant_that_needs_it_ends_and_then_it_goes(world: World) {
        let scene = Scene::new(world).await;
        let ann = scene.world.person("Ann Berg", None).await;
        let vpn = scene.entitlement("vpn").await;
        let (first, second) = (scene.role("first", &[vpn]).await, scene.role("second", &[vpn]).await);
        let (one, two) = (scene.give(ann, first).await, scene.give(ann, second).await);
        scene.work().await;
        assert!(scene.holds(ann, "vpn").await);

        scene.world.advance(TimeDelta::hours(1));
        scene.end(one).await;
        scene.work().await;
        assert!(scene.holds(ann, "vpn").await, "another grant still needs it");

        scene.world.advance(TimeDelta::hours(1));
        scene.end(two).await;
        assert_eq!(scene.the_one(ann).await.progress, Progress::Due);
        scene.work().await;
        assert!(!scene.holds(ann, "vpn").await);
        let row = scene.the_one(ann).await;
        assert_eq!((row.desired, row.observed, row.progress), (Presence::Absent, Presence::Absent, Progress::Settled));
        scene.assert_at_rest().await;
        assert!(scene.notices("ended").await >= 1);
    }

    async fn promise_06_a_removal_is_done_only_when_the_system_says_that_it_is_gone(world: World) {
        let scene = Scene::new(world).await;
        let ann = scene.world.person("Ann Berg", None).await;
        let role = scene.simple_role("vpn").await;
        let grant = scene.give(ann, role).await;
        scene.work().await;
        scene.end(grant).await;
        scene.fake.fail_next_on(Op::Read, 1, latchkey_connectors::fake::Fault::RetryLater(None));
        scene.work().await;
        let row = scene.the_one(ann).await;
        assert_eq!((row.progress, row.confirmed_at), (Progress::Due, None), "it was taken, and nobody has seen that yet");
        assert_eq!(scene.notices("ended").await, 0);
        scene.work_after(TimeDelta::seconds(5)).await;
        let row = scene.the_one(ann).await;
        assert_eq!((row.progress, row.observed), (Progress::Settled, Presence::Absent));
        assert_eq!(scene.fake.changes(Op::Remove), 1);
        assert_eq!(scene.notices("ended").await, 1);
    }

    async fn an_account_that_nothing_justifies_is_switched_off_and_on_again_for_a_return(world: World) {
        let scene = Scene::new(world).await;
        let ann = scene.world.person("Ann Berg", None).await;
        let role = scene.simple_role("vpn").await;
        let grant = scene.give(ann, role).await;
        scene.work().await;
        let id = scene.on_system(ann).await.remove(0);
        scene.end(grant).await;
        scene.work().await;
        assert_eq!(scene.fake.account(&id).unwrap().state, AccountState::Disabled);
        assert_eq!(scene.account(ann).await.observed, Wanted::Disabled);
        scene.assert_at_rest().await;

        scene.world.advance(TimeDelta::days(30));
        scene.give(ann, role).await;
        scene.work().await;
        assert_eq!(scene.fake.account(&id).unwrap().state, AccountState::Enabled);
        assert!(scene.holds(ann, "vpn").await);
        assert_eq!(scene.on_system(ann).await, [id], "the same account as before");
        scene.assert_at_rest().await;
    }

    async fn an_account_is_switched_off_later_when_the_system_is_busy(world: World) {
        let scene = Scene::new(world).await;
        let ann = scene.world.person("Ann Berg", None).await;
        let role = scene.simple_role("vpn").await;
        let grant = scene.give(ann, role).await;
        scene.work().await;
        let id = scene.on_system(ann).await.remove(0);
        scene.end(grant).await;
        scene.fake.fail_next_on(Op::SetState, 1, latchkey_connectors::fake::Fault::RetryLater(None));
        scene.work().await;
        assert!(!scene.holds(ann, "vpn").await, "the membership went all the same");
        assert_eq!(scene.fake.account(&id).unwrap().state, AccountState::Enabled);
        assert_eq!(scene.work_after(TimeDelta::seconds(30)).await.accounts, 0, "not yet");
        scene.work_after(TimeDelta::seconds(60)).await;
        assert_eq!(scene.fake.account(&id).unwrap().state, AccountState::Disabled);
        scene.assert_at_rest().await;
    }

    async fn promise_04_what_no_grant_needs_is_not_given(world: World) {
        let scene = Scene::new(world).await;
        let ann = scene.world.person("Ann Berg", None).await;
        let vpn = scene.entitlement("vpn").await;
        scene.world.wanted(ann, scene.system, &[vpn]).await;
        scene.work().await;
        assert!(scene.fake.calls().iter().all(|c| c.op == Op::Find), "{:?}", scene.fake.calls());
        let row = scene.the_one(ann).await;
        assert_eq!((row.desired, row.progress), (Presence::Absent, Progress::Settled));
        scene.assert_at_rest().await;
    }

    async fn promise_04_whoever_may_not_hold_access_is_not_given_it(world: World) {
        let scene = Scene::new(world).await;
        let mut spec = scene.world.person_spec("Nora Newcomer", None);
        spec.status = Status::PreHire;
        let nora = scene.world.person_with(&spec).await;
        let role = scene.simple_role("vpn").await;
        scene.give(nora, role).await;
        scene.work().await;
        assert!(scene.on_system(nora).await.is_empty());
        let row = scene.the_one(nora).await;
        assert_eq!(row.progress, Progress::Refused);
        assert!(row.last_words.contains("may not hold access"), "{}", row.last_words);
        assert_eq!(scene.world.number("select count(*) from account where due_at is not null").await, 0);
    }

    async fn namesakes_get_a_number(world: World) {
        let scene = Scene::new(world).await;
        let role = scene.simple_role("vpn").await;
        let mut names = vec![];
        for _ in 0..3 {
            let ann = scene.world.person("Ann Berg", None).await;
            scene.give(ann, role).await;
            scene.work().await;
            names.push(scene.account(ann).await.name);
        }
        assert_eq!(names, ["ann.berg", "ann.berg2", "ann.berg3"]);
        assert_eq!(scene.fake.members("vpn").len(), 3);
    }

    async fn a_name_that_cannot_be_written_needs_a_human_unless_the_account_is_there(world: World) {
        let scene = Scene::new(world).await;
        let role = scene.simple_role("vpn").await;
        let ming = scene.world.person("明 李", None).await;
        scene.give(ming, role).await;
        scene.work().await;
        let row = scene.the_one(ming).await;
        assert_eq!(row.progress, Progress::NeedsHuman);
        assert!(row.last_words.contains("can't be made by the rule"), "{}", row.last_words);
        assert!(scene.on_system(ming).await.is_empty());

        // Somebody makes it by hand and asks for another attempt.
        scene.fake.add_account("ming.li", Some(&scene.external_id(ming).await));
        let actor = scene.world.actor(ming);
        latchkey_service::retry_fulfilment::retry_fulfilment(&scene.world.db, scene.world.clock.as_ref(), &actor, row.id())
            .await
            .unwrap();
        scene.work().await;
        assert!(scene.holds(ming, "vpn").await);
        let account = scene.account(ming).await;
        assert_eq!((account.name.as_str(), account.origin), ("ming.li", AccountOrigin::Recognised));
        scene.assert_at_rest().await;
    }

    async fn what_somebody_took_away_on_the_system_is_repaired_when_the_account_is_looked_at(world: World) {
        let scene = Scene::new(world).await;
        let ann = scene.world.person("Ann Berg", None).await;
        let (vpn, mail) = (scene.simple_role("vpn").await, scene.simple_role("mail").await);
        scene.give(ann, vpn).await;
        scene.work().await;
        let id = scene.on_system(ann).await.remove(0);
        scene.fake.delete_account(&id);
        scene.world.advance(TimeDelta::hours(1));
        scene.give(ann, mail).await;
        scene.work().await;
        assert!(scene.holds(ann, "vpn").await && scene.holds(ann, "mail").await);
        scene.assert_at_rest().await;
    }
}
