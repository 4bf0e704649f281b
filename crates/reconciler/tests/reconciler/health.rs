//! Connections that are missing or down, a database that was restored, a clock that is wrong.

use std::sync::Arc;

use chrono::TimeDelta;
use latchkey_connectors::fake::{Fault, Op};
use latchkey_domain::{actor::Actor, clock::SystemClock, fulfilment::Progress};
use latchkey_reconciler::{Settings, Worker, stop};
use latchkey_testkit::{World, both_databases};

use crate::scene::{Scene, settings};

both_databases! {
    async fn without_a_connection_work_waits_in_words_and_goes_on_once_there_is_one(world: World) {
        let scene = Scene::new(world).await;
        scene.connections.missing("directory", "slapd isn't installed on this machine.");
        let ann = scene.world.person("Ann Berg", None).await;
        let role = scene.simple_role("vpn").await;
        scene.give(ann, role).await;
        let one = scene.worker();
        let worker = &one.worker;
        worker.check_systems().await.unwrap();
        assert_eq!(scene.world.texts("select state from system_health").await, ["not_connected"]);
        for _ in 0..12 {
            worker.provision().await.unwrap();
            scene.world.advance(TimeDelta::minutes(5));
        }
        let row = scene.the_one(ann).await;
        assert_eq!(row.progress, Progress::Due);
        assert_eq!(row.last_words, "Not connected: slapd isn't installed on this machine.");
        assert_eq!(scene.world.number("select count(*) from attempt").await, 1, "said once");
        assert!(scene.fake.calls().is_empty());

        worker.provision().await.unwrap();
        scene.connections.connect("directory", Arc::new(scene.fake.clone()));
        // As a process would that was started again with better settings.
        let again = scene.worker();
        again.worker.check_systems().await.unwrap();
        assert_eq!(scene.world.texts("select state from system_health").await, ["healthy"]);
        assert_eq!(again.worker.provision().await.unwrap().confirmed, 1, "at once, not after the pause");
        scene.assert_at_rest().await;
    }

    async fn a_system_that_nobody_set_up_says_so(world: World) {
        let scene = Scene::new(world).await;
        let other = scene.world.system("crm", latchkey_domain::system::SystemKind::Scim, None).await;
        let sales = scene.world.entitlement(other, "sales").await;
        let role = scene.role("sales", &[sales]).await;
        let ann = scene.world.person("Ann Berg", None).await;
        scene.give(ann, role).await;
        scene.work().await;
        assert_eq!(scene.the_one(ann).await.last_words, "Not connected: The settings have no [connection.crm].");
    }

    async fn a_system_that_is_down_is_not_run_into_by_every_account(world: World) {
        let scene = Scene::new(world).await;
        let role = scene.simple_role("vpn").await;
        for n in 0..30 {
            let who = scene.world.person(&format!("Person{n:02} Test"), None).await;
            scene.give(who, role).await;
        }
        scene.fake.fail_always(Some(Fault::RetryLater(None)));
        let one = scene.worker();
        let worker = &one.worker;
        worker.provision().await.unwrap();
        let looks = scene.fake.calls().iter().filter(|c| c.op == Op::Find).count();
        assert!(looks <= 8, "{looks} accounts were called");
        assert_eq!(scene.world.texts("select state from system_health").await, ["failing"]);
        assert_eq!(
            scene.world.number("select count(*) from fulfilment where last_words = 'The fake system is busy.'").await,
            30,
            "everybody is told"
        );
        scene.world.advance(TimeDelta::seconds(30));
        scene.fake.fail_always(None);
        worker.check_systems().await.unwrap();
        assert_eq!(scene.world.texts("select state from system_health").await, ["healthy"]);
        let pass = worker.provision().await.unwrap();
        assert_eq!(pass.confirmed, 30, "all are due as soon as it answers");
        scene.assert_at_rest().await;
    }

    async fn after_a_restore_nothing_is_changed_until_somebody_confirms(world: World) {
        let scene = Scene::new(world).await;
        let role = scene.simple_role("vpn").await;
        let ann = scene.world.person("Ann Berg", None).await;
        let bo = scene.world.person("Bo Dahl", None).await;
        scene.give(ann, role).await;
        let grant = scene.give(bo, role).await;
        scene.work().await;
        // The system knows better than the restored database: somebody's access was taken away on it.
        let id = scene.on_system(ann).await.remove(0);
        scene.fake.drop_member(&id, "vpn");
        scene.end(grant).await;
        scene.world.run("update installation set mode = 'reporting', epoch = 2").await;
        scene.fake.clear_calls();

        let one = scene.worker();
        let worker = &one.worker;
        assert_eq!(worker.provision().await.unwrap().accounts, 0);
        let changing = |op: Op| !matches!(op, Op::Find | Op::Check);
        assert!(!scene.fake.calls().iter().any(|c| changing(c.op)), "{:?}", scene.fake.calls());
        assert!(scene.holds(bo, "vpn").await, "left as it is");
        let words = scene.world.texts("select words from system_health").await.remove(0);
        assert!(words.contains("2 of 2 accounts differ"), "{words}");
        assert!(words.contains("Ann Berg: Entitlement vpn is missing."), "{words}");
        assert!(words.contains("Bo Dahl: Entitlement vpn is there, and nothing justifies it."), "{words}");
        let events = scene.world.number("select count(*) from event").await;
        worker.check_systems().await.unwrap();
        worker.provision().await.unwrap();
        assert_eq!(scene.world.number("select count(*) from event").await, events);
        assert_eq!(scene.world.texts("select words from system_health").await, [words]);

        latchkey_service::confirm_restore::confirm_restore(&scene.world.db, scene.world.clock.as_ref(), &Actor::Host).await.unwrap();
        worker.provision().await.unwrap();
        assert!(!scene.holds(bo, "vpn").await);
        scene.assert_at_rest().await;
    }

    async fn a_worker_whose_clock_is_wrong_does_not_work(world: World) {
        let scene = Scene::new(world).await;
        let role = scene.simple_role("vpn").await;
        let ann = scene.world.person("Ann Berg", None).await;
        scene.give(ann, role).await;
        let strict = Settings { compare_clocks: true, ..settings("wrong") };
        let wrong = scene.worker_on(scene.world.db.clone(), strict.clone(), None);
        assert!(!wrong.worker.compare_clocks().await.unwrap());
        let running = tokio::spawn(async move {
            let work = wrong.worker.clone();
            tokio::join!(work.run(), async {
                tokio::time::sleep(std::time::Duration::from_millis(400)).await;
                wrong.stopper.stop();
            });
        });
        running.await.unwrap();
        assert!(scene.fake.calls().is_empty());
        assert!(!scene.holds(ann, "vpn").await);

        let (_stopper, heard) = stop();
        let right = Worker::new(scene.world.db.clone(), Arc::new(SystemClock), scene.connections.clone(), strict, None, heard);
        assert!(right.compare_clocks().await.unwrap());
        assert_eq!(scene.world.number("select count(*) from worker").await, 1);
        let offset = scene.world.number("select clock_offset_ms from worker").await;
        assert!(offset.abs() < 1000, "{offset}");
    }
}
