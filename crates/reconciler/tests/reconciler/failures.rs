//! What happens when a system says no, says nothing, or says something uncertain.

use std::time::Duration;

use chrono::TimeDelta;
use latchkey_connectors::fake::{Fault, Op};
use latchkey_domain::{
    account::AccountOrigin,
    fulfilment::{Presence, Progress},
};
use latchkey_service::retry_fulfilment::retry_fulfilment;
use latchkey_testkit::{World, both_databases};

use crate::scene::Scene;

both_databases! {
    async fn promise_09_a_busy_system_is_tried_again_with_growing_pauses(world: World) {
        let scene = Scene::new(world).await;
        let ann = scene.world.person("Ann Berg", None).await;
        let role = scene.simple_role("vpn").await;
        scene.give(ann, role).await;
        scene.fake.fail_next_on(Op::Grant, 3, Fault::RetryLater(None));

        let mut pauses = vec![];
        for attempt in 1..=3 {
            let pass = scene.work().await;
            assert_eq!((pass.accounts, pass.failed), (1, 1), "attempt {attempt}");
            let row = scene.the_one(ann).await;
            assert_eq!((row.progress, row.attempts), (Progress::Due, attempt));
            assert_eq!(row.last_words, "The fake system is busy.");
            let pause = row.due_at.unwrap() - scene.world.now();
            assert_eq!(scene.work().await.accounts, 0, "not before its time");
            pauses.push(pause);
            scene.world.advance(pause);
        }
        assert!(pauses[0] >= TimeDelta::seconds(2) && pauses[1] >= TimeDelta::seconds(4) && pauses[2] >= TimeDelta::seconds(8));
        assert_eq!(scene.work().await.confirmed, 1);
        assert_eq!(scene.fake.changes(Op::Grant), 1);
        assert_eq!(scene.world.events("fulfilment_failed").await, 3);
        assert_eq!(scene.world.number("select count(*) from attempt").await, 4);
        scene.assert_at_rest().await;
    }

    async fn promise_09_a_system_that_asks_for_time_gets_it(world: World) {
        let scene = Scene::new(world).await;
        let ann = scene.world.person("Ann Berg", None).await;
        let role = scene.simple_role("vpn").await;
        scene.give(ann, role).await;
        scene.fake.fail_next_on(Op::Grant, 1, Fault::RetryLater(Some(Duration::from_secs(90))));
        scene.work().await;
        assert_eq!(scene.work_after(TimeDelta::seconds(60)).await.accounts, 0);
        assert_eq!(scene.work_after(TimeDelta::seconds(31)).await.confirmed, 1);
    }

    async fn promise_09_a_refusal_stays_until_somebody_asks_again_without_a_new_request(world: World) {
        let scene = Scene::new(world).await;
        let ann = scene.world.person("Ann Berg", None).await;
        let role = scene.simple_role("vpn").await;
        scene.give(ann, role).await;
        scene.fake.fail_next_on(Op::Grant, 1, Fault::Refused);
        scene.work().await;
        let row = scene.the_one(ann).await;
        assert_eq!((row.progress, row.last_words.as_str()), (Progress::Refused, "The fake system says no."));
        assert_eq!(scene.work_after(TimeDelta::days(1)).await.accounts, 0, "asking again by itself would not help");

        let actor = scene.world.actor(ann);
        retry_fulfilment(&scene.world.db, scene.world.clock.as_ref(), &actor, row.id()).await.unwrap();
        assert_eq!(scene.work().await.confirmed, 1);
        scene.assert_at_rest().await;
    }

    async fn promise_09_what_is_uncertain_waits_for_a_human(world: World) {
        let scene = Scene::new(world).await;
        let ann = scene.world.person("Ann Berg", None).await;
        let (vpn, mail) = (scene.entitlement("vpn").await, scene.entitlement("mail").await);
        let role = scene.role("starter", &[vpn, mail]).await;
        scene.fake.delete_entitlement("vpn");
        scene.give(ann, role).await;
        scene.work().await;
        let rows = scene.wanted(ann).await;
        let progress = |e: latchkey_domain::EntitlementId| rows.iter().find(|r| r.entitlement_id == e.0).unwrap().progress;
        assert_eq!((progress(vpn), progress(mail)), (Progress::NeedsHuman, Progress::Settled), "one problem doesn't hold up the rest");
        assert_eq!(scene.notices("confirmed").await, 0, "not everything is there");

        // A human does it by hand; the next look at the account sees that it is as wanted.
        let id = scene.on_system(ann).await.remove(0);
        scene.fake.add_member(&id, "vpn");
        scene.world.run("update account set due_at = '2027-03-01T09:00:00+00:00'").await;
        scene.work().await;
        scene.assert_at_rest().await;
        assert_eq!(scene.notices("confirmed").await, 1);
    }

    async fn a_name_that_a_stranger_has_needs_a_human_and_the_stranger_is_left_alone(world: World) {
        let scene = Scene::new(world).await;
        let ann = scene.world.person("Ann Berg", None).await;
        let role = scene.simple_role("vpn").await;
        let stranger = scene.fake.add_account("ann.berg", None);
        scene.give(ann, role).await;
        scene.work().await;
        let row = scene.the_one(ann).await;
        assert_eq!(row.progress, Progress::NeedsHuman);
        assert!(row.last_words.contains("ann.berg is in use"), "{}", row.last_words);
        assert!(scene.fake.members("vpn").is_empty());
        assert!(scene.fake.calls().iter().all(|c| !c.changed));

        // A human finds out that it is hers after all, and marks it.
        scene.fake.delete_account(&stranger);
        scene.fake.add_account("ann.berg", Some(&scene.external_id(ann).await));
        let actor = scene.world.actor(ann);
        retry_fulfilment(&scene.world.db, scene.world.clock.as_ref(), &actor, row.id()).await.unwrap();
        scene.work().await;
        assert!(scene.holds(ann, "vpn").await);
        assert_eq!(scene.account(ann).await.origin, AccountOrigin::Recognised);
        scene.assert_at_rest().await;
    }

    async fn an_account_that_the_system_refused_to_make_is_not_taken_for_latchkeys_later(world: World) {
        let scene = Scene::new(world).await;
        let ann = scene.world.person("Ann Berg", None).await;
        let role = scene.simple_role("vpn").await;
        scene.give(ann, role).await;
        scene.fake.fail_next_on(Op::Create, 1, Fault::Refused);
        scene.work().await;
        let row = scene.the_one(ann).await;
        assert_eq!(row.progress, Progress::Refused);
        scene.fake.add_account("ann.berg", Some(&scene.external_id(ann).await));
        let actor = scene.world.actor(ann);
        retry_fulfilment(&scene.world.db, scene.world.clock.as_ref(), &actor, row.id()).await.unwrap();
        scene.work().await;
        assert_eq!(scene.account(ann).await.origin, AccountOrigin::Recognised);
        scene.assert_at_rest().await;
    }

    async fn promise_09_a_change_whose_answer_was_lost_is_found_and_not_made_twice(world: World) {
        let scene = Scene::new(world).await;
        let role = scene.simple_role("vpn").await;
        for (n, op) in [Op::Create, Op::Grant, Op::Read].into_iter().enumerate() {
            let ann = scene.world.person(&format!("Ann{n} Berg"), None).await;
            let grant = scene.give(ann, role).await;
            scene.fake.clear_calls();
            scene.fake.fail_next_on(op, 1, Fault::LoseAfterWrite);
            scene.work().await;
            scene.work_after(TimeDelta::seconds(10)).await;
            scene.assert_at_rest().await;
            assert_eq!((scene.fake.changes(Op::Create), scene.fake.changes(Op::Grant)), (1, 1), "{op:?}");
            assert_eq!(scene.on_system(ann).await.len(), 1);
            let row = scene.the_one(ann).await;
            assert_eq!((row.observed, row.found), (Presence::Present, false), "{op:?}: it is Latchkey's doing");
            assert_eq!(scene.account(ann).await.origin, AccountOrigin::Created, "{op:?}");

            // So it goes when the grant ends, also when that answer is lost.
            scene.end(grant).await;
            scene.fake.fail_next_on(Op::Remove, 1, Fault::LoseAfterWrite);
            scene.work().await;
            scene.work_after(TimeDelta::minutes(2)).await;
            assert!(!scene.holds(ann, "vpn").await, "{op:?}");
            assert_eq!(scene.fake.changes(Op::Remove), 1);
            scene.assert_at_rest().await;
        }
    }

    async fn a_change_that_took_effect_counts_although_its_call_failed(world: World) {
        let scene = Scene::new(world).await;
        let ann = scene.world.person("Ann Berg", None).await;
        let role = scene.simple_role("vpn").await;
        scene.give(ann, role).await;
        scene.fake.fail_next_on(Op::Grant, 1, Fault::LoseAfterWrite);
        let pass = scene.work().await;
        assert_eq!((pass.confirmed, pass.failed), (1, 0), "the read-back of the same pass saw it");
    }

    async fn a_long_silence_does_not_fill_the_record(world: World) {
        let scene = Scene::new(world).await;
        let ann = scene.world.person("Ann Berg", None).await;
        let role = scene.simple_role("vpn").await;
        scene.give(ann, role).await;
        // The system answers its check and fails this account all day.
        scene.fake.fail_next_on(Op::Grant, 10_000, Fault::RetryLater(None));
        for _ in 0..300 {
            scene.work_after(TimeDelta::minutes(5)).await;
        }
        let tried = scene.fake.calls().iter().filter(|c| c.op == Op::Grant).count();
        let told = scene.world.events("fulfilment_failed").await;
        assert!(tried >= 100, "tried {tried} times");
        assert!((20..60).contains(&told), "told {told} times in 25 hours");
        assert_eq!(scene.the_one(ann).await.progress, Progress::Due);
    }
}
