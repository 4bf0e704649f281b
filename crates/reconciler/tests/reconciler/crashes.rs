//! Workers that die, freeze, or find that what is wanted has changed.

use chrono::TimeDelta;
use latchkey_connectors::fake::{Fault, Op};
use latchkey_domain::{
    account::AccountOrigin,
    fulfilment::{Presence, Progress},
};
use latchkey_testkit::{World, both_databases};

use crate::scene::{Scene, settings};

both_databases! {
    async fn a_crash_between_any_two_steps_is_repaired_and_nothing_is_doubled(world: World) {
        let scene = Scene::new(world).await;
        let role = scene.simple_role("vpn").await;
        for (n, op) in [Op::Find, Op::Create, Op::Grant, Op::Read].into_iter().enumerate() {
            let ann = scene.world.person(&format!("Ann{n} Berg"), None).await;
            let grant = scene.give(ann, role).await;
            scene.fake.clear_calls();
            scene.fake.fail_next_on(op, 1, Fault::Freeze);
            let dying = scene.worker();
            let task = tokio::spawn(async move { dying.worker.provision().await });
            scene.fake.until_frozen(n + 1).await;
            task.abort();
            assert!(task.await.unwrap_err().is_cancelled());
            assert_eq!(scene.world.number("select count(*) from account where lease_id is not null").await, 1);

            // The dead worker's lease holds for a while; then another one takes over and looks first.
            assert_eq!(scene.work_after(TimeDelta::seconds(30)).await.accounts, 0);
            scene.work_after(TimeDelta::seconds(60)).await;
            assert!(scene.holds(ann, "vpn").await, "{op:?}");
            scene.assert_at_rest().await;
            assert_eq!((scene.fake.changes(Op::Create), scene.fake.changes(Op::Grant)), (1, 1), "{op:?}");
            let row = scene.the_one(ann).await;
            assert!(!row.found, "{op:?}: what the dead worker gave isn't taken for something that was there before");
            assert_eq!(scene.account(ann).await.origin, AccountOrigin::Created);

            scene.end(grant).await;
            scene.work().await;
            assert!(!scene.holds(ann, "vpn").await, "{op:?}");
        }
    }

    async fn a_worker_frozen_in_a_call_and_thawed_after_its_lease_changes_nothing_any_more(world: World) {
        let scene = Scene::new(world).await;
        let ann = scene.world.person("Ann Berg", None).await;
        let (vpn, mail) = (scene.entitlement("vpn").await, scene.entitlement("mail").await);
        let role = scene.role("starter", &[vpn, mail]).await;
        scene.give(ann, role).await;
        scene.fake.fail_next_on(Op::Grant, 1, Fault::Freeze);
        let frozen = scene.worker_on(scene.world.another_db().await, settings("frozen"), None);
        let task = tokio::spawn(async move { frozen.worker.provision().await });
        scene.fake.until_frozen(1).await;

        scene.world.advance(TimeDelta::seconds(61));
        let other = scene.work().await;
        assert_eq!((other.confirmed, other.dropped), (2, 0));
        let (attempts, events) = (
            scene.world.number("select count(*) from attempt").await,
            scene.world.number("select count(*) from event").await,
        );

        scene.fake.thaw();
        let pass = task.await.unwrap().unwrap();
        assert_eq!((pass.confirmed, pass.dropped), (0, 1), "its outcome was dropped");
        assert_eq!((scene.fake.changes(Op::Create), scene.fake.changes(Op::Grant)), (1, 2), "nothing doubled");
        assert_eq!(scene.world.number("select count(*) from attempt").await, attempts);
        // The late call is confessed: somebody looks once more, and finds everything as it should be.
        scene.work().await;
        assert_eq!((scene.fake.changes(Op::Create), scene.fake.changes(Op::Grant)), (1, 2), "nothing doubled");
        assert_eq!(scene.world.number("select count(*) from event").await, events);
        scene.assert_at_rest().await;
    }

    async fn promise_06_access_that_is_taken_back_during_the_call_that_gives_it_goes(world: World) {
        let scene = Scene::new(world).await;
        let ann = scene.world.person("Ann Berg", None).await;
        let role = scene.simple_role("vpn").await;
        let grant = scene.give(ann, role).await;
        scene.fake.fail_next_on(Op::Grant, 1, Fault::Freeze);
        let worker = scene.worker();
        let task = tokio::spawn(async move { worker.worker.provision().await });
        scene.fake.until_frozen(1).await;
        scene.world.advance(TimeDelta::seconds(1));
        scene.end(grant).await;
        scene.fake.thaw();
        task.await.unwrap().unwrap();
        scene.work().await;

        assert!(!scene.holds(ann, "vpn").await);
        let row = scene.the_one(ann).await;
        assert_eq!((row.desired, row.observed, row.progress), (Presence::Absent, Presence::Absent, Progress::Settled));
        assert_eq!(row.generation, 2);
        assert_eq!((scene.fake.changes(Op::Grant), scene.fake.changes(Op::Remove)), (1, 1));
        let confirmed = scene.world.texts("select bytes from event where kind = 'fulfilment_confirmed'").await;
        assert_eq!(confirmed.len(), 1, "nobody was told that it is there");
        assert!(confirmed[0].contains("\"desired\":\"absent\""));
        assert_eq!(scene.notices("confirmed").await, 0);
        scene.assert_at_rest().await;
    }

    async fn a_lease_is_renewed_while_an_account_has_much_work(world: World) {
        let scene = Scene::new(world).await;
        let ann = scene.world.person("Ann Berg", None).await;
        let mut all = vec![];
        for n in 0..6 {
            all.push(scene.entitlement(&format!("group-{n}")).await);
        }
        let role = scene.role("many", &all).await;
        scene.give(ann, role).await;
        scene.fake.fail_next_on(Op::Grant, 6, Fault::Freeze);
        let worker = scene.worker();
        let task = tokio::spawn(async move { worker.worker.provision().await });
        for n in 1..=6 {
            scene.fake.until_frozen(1).await;
            // Each call takes 25 of the lease's 60 seconds.
            scene.world.advance(TimeDelta::seconds(25));
            assert_eq!(scene.work().await.accounts, 0, "call {n}: the account is taken");
            let calls = scene.fake.calls().len();
            scene.fake.thaw();
            while scene.fake.calls().len() == calls {
                tokio::task::yield_now().await;
            }
        }
        let pass = task.await.unwrap().unwrap();
        assert_eq!((pass.confirmed, pass.dropped), (6, 0));
        scene.assert_at_rest().await;
    }

    async fn promise_06_a_late_call_of_a_frozen_worker_does_not_bring_back_what_was_taken(world: World) {
        let scene = Scene::new(world).await;
        let ann = scene.world.person("Ann Berg", None).await;
        let role = scene.simple_role("vpn").await;
        let grant = scene.give(ann, role).await;
        scene.fake.fail_next_on(Op::Grant, 1, Fault::Freeze);
        let frozen = scene.worker_on(scene.world.another_db().await, settings("frozen"), None);
        let task = tokio::spawn(async move { frozen.worker.provision().await });
        scene.fake.until_frozen(1).await;
        scene.world.advance(TimeDelta::seconds(61));
        scene.work().await;
        scene.world.advance(TimeDelta::seconds(1));
        scene.end(grant).await;
        scene.work().await;
        assert!(!scene.holds(ann, "vpn").await);
        scene.assert_at_rest().await;

        scene.world.advance(TimeDelta::seconds(1));
        scene.fake.thaw();
        let pass = task.await.unwrap().unwrap();
        assert_eq!((pass.confirmed, pass.dropped), (0, 1));
        scene.work().await;
        assert!(!scene.holds(ann, "vpn").await, "the late call was undone");
        scene.assert_at_rest().await;
    }

    async fn an_account_that_a_dying_worker_switched_off_is_switched_on_when_it_is_needed_again(world: World) {
        let scene = Scene::new(world).await;
        let ann = scene.world.person("Ann Berg", None).await;
        let role = scene.simple_role("vpn").await;
        let grant = scene.give(ann, role).await;
        scene.work().await;
        let id = scene.on_system(ann).await.remove(0);
        scene.end(grant).await;
        // It dies when it has switched the account off, before it could write that down.
        scene.fake.fail_next_on(Op::Read, 1, Fault::Freeze);
        let dying = scene.worker();
        let task = tokio::spawn(async move { dying.worker.provision().await });
        scene.fake.until_frozen(1).await;
        task.abort();
        assert!(task.await.unwrap_err().is_cancelled());
        assert_eq!(scene.fake.account(&id).unwrap().state, latchkey_connectors::AccountState::Disabled);

        scene.give(ann, role).await;
        scene.work_after(TimeDelta::seconds(61)).await;
        assert!(scene.holds(ann, "vpn").await);
        assert_eq!(scene.fake.account(&id).unwrap().state, latchkey_connectors::AccountState::Enabled);
        scene.assert_at_rest().await;
    }

    async fn an_account_that_two_dying_workers_made_and_switched_off_is_still_latchkeys(world: World) {
        let scene = Scene::new(world).await;
        let ann = scene.world.person("Ann Berg", None).await;
        let role = scene.simple_role("vpn").await;
        let grant = scene.give(ann, role).await;
        // The first dies when it has made the account, the second when it has switched it off: neither wrote that down.
        for (n, op) in [Op::Grant, Op::Read].into_iter().enumerate() {
            scene.fake.fail_next_on(op, 1, Fault::Freeze);
            let dying = scene.worker();
            let task = tokio::spawn(async move { dying.worker.provision().await });
            scene.fake.until_frozen(n + 1).await;
            task.abort();
            assert!(task.await.unwrap_err().is_cancelled());
            if n == 0 {
                scene.end(grant).await;
                scene.world.advance(TimeDelta::seconds(61));
            }
        }
        let id = scene.on_system(ann).await.remove(0);
        assert_eq!(scene.fake.account(&id).unwrap().state, latchkey_connectors::AccountState::Disabled);

        scene.give(ann, role).await;
        scene.work_after(TimeDelta::seconds(61)).await;
        assert!(scene.holds(ann, "vpn").await);
        assert_eq!(scene.account(ann).await.origin, AccountOrigin::Created);
        scene.assert_at_rest().await;
    }

    async fn a_late_call_of_a_frozen_worker_does_not_switch_off_what_is_needed_again(world: World) {
        let scene = Scene::new(world).await;
        let ann = scene.world.person("Ann Berg", None).await;
        let role = scene.simple_role("vpn").await;
        let grant = scene.give(ann, role).await;
        scene.work().await;
        let id = scene.on_system(ann).await.remove(0);
        scene.end(grant).await;
        scene.fake.fail_next_on(Op::SetState, 1, Fault::Freeze);
        let frozen = scene.worker_on(scene.world.another_db().await, settings("frozen"), None);
        let task = tokio::spawn(async move { frozen.worker.provision().await });
        scene.fake.until_frozen(1).await;
        scene.world.advance(TimeDelta::seconds(61));
        scene.give(ann, role).await;
        scene.work().await;
        assert!(scene.holds(ann, "vpn").await);
        scene.assert_at_rest().await;

        scene.world.advance(TimeDelta::seconds(1));
        scene.fake.thaw();
        task.await.unwrap().unwrap();
        scene.work().await;
        assert_eq!(scene.fake.account(&id).unwrap().state, latchkey_connectors::AccountState::Enabled);
        assert!(scene.holds(ann, "vpn").await);
        scene.assert_at_rest().await;
    }
}
