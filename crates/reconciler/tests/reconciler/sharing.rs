//! Several workers on one database.

use chrono::TimeDelta;
use latchkey_connectors::fake::Op;
use latchkey_testkit::{World, both_databases};

use crate::scene::{Scene, settings};

both_databases! {
    async fn two_workers_share_two_hundred_accounts_without_doing_anything_twice(world: World) {
        let scene = Scene::new(world).await;
        let role = scene.simple_role("vpn").await;
        for n in 0..200 {
            let who = scene.world.person(&format!("Person{n:03} Test"), None).await;
            scene.give(who, role).await;
        }
        scene.world.advance(TimeDelta::seconds(1));
        let one = scene.worker_on(scene.world.db.clone(), settings("one"), None);
        let two = scene.worker_on(scene.world.another_db().await, settings("two"), None);
        let (a, b) = tokio::join!(one.worker.provision(), two.worker.provision());
        let (a, b) = (a.unwrap(), b.unwrap());
        // One may have ended its pass while the other still had the last accounts; between them all is done.
        assert_eq!(a.confirmed + b.confirmed, 200, "{a:?} {b:?}");
        assert_eq!((a.dropped, b.dropped), (0, 0));
        assert_eq!((scene.fake.changes(Op::Create), scene.fake.changes(Op::Grant)), (200, 200));
        let calls = scene.fake.calls();
        assert_eq!(calls.iter().filter(|c| c.op == Op::Find).count(), 200, "each account was looked at once");
        assert_eq!(scene.fake.members("vpn").len(), 200);
        assert_eq!(scene.world.number("select count(*) from attempt").await, 200);
        if scene.world.db.is_postgres() {
            assert_eq!(scene.world.number("select count(distinct worker) from attempt").await, 2, "both worked");
        }
        assert_eq!(scene.world.events("fulfilment_confirmed").await, 200);
        scene.assert_at_rest().await;
    }
}
