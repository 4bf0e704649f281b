//! What was there before Latchkey came.

use chrono::TimeDelta;
use latchkey_connectors::{AccountState, fake::Op};
use latchkey_domain::{
    account::AccountOrigin,
    fulfilment::{Presence, Progress},
};
use latchkey_testkit::{World, both_databases};

use crate::scene::Scene;

both_databases! {
    async fn a_membership_that_was_there_is_noted_and_stays(world: World) {
        let scene = Scene::new(world).await;
        let ann = scene.world.person("Ann Berg", None).await;
        let (vpn, mail) = (scene.entitlement("vpn").await, scene.entitlement("mail").await);
        let role = scene.role("starter", &[vpn, mail]).await;
        let id = scene.fake.add_account("aberg", Some(&scene.external_id(ann).await));
        scene.fake.add_member(&id, "vpn");
        let grant = scene.give(ann, role).await;
        scene.work().await;

        let account = scene.account(ann).await;
        assert_eq!((account.name.as_str(), account.origin), ("aberg", AccountOrigin::Recognised));
        let found = |rows: &[latchkey_store::fulfilments::FulfilmentRow], e: latchkey_domain::EntitlementId| {
            rows.iter().find(|r| r.entitlement_id == e.0).map(|r| r.found)
        };
        let rows = scene.wanted(ann).await;
        assert_eq!((found(&rows, vpn), found(&rows, mail)), (Some(true), Some(false)));
        assert_eq!(scene.fake.changes(Op::Grant), 1, "only what was missing was given");

        scene.world.advance(TimeDelta::hours(1));
        scene.end(grant).await;
        scene.work().await;
        assert!(scene.holds(ann, "vpn").await, "it was there before");
        assert!(!scene.holds(ann, "mail").await, "Latchkey gave it");
        assert_eq!(scene.world.events("fulfilment_kept").await, 1);
        assert_eq!(scene.fake.account(&id).unwrap().state, AccountState::Enabled, "not Latchkey's to switch off");
        scene.assert_at_rest().await;
    }

    async fn a_membership_that_was_adopted_goes(world: World) {
        let scene = Scene::new(world).await;
        let ann = scene.world.person("Ann Berg", None).await;
        let role = scene.simple_role("vpn").await;
        let id = scene.fake.add_account("aberg", Some(&scene.external_id(ann).await));
        scene.fake.add_member(&id, "vpn");
        let grant = scene.give(ann, role).await;
        scene.work().await;
        scene.world.run("update fulfilment set adopted = (1 = 1)").await;
        scene.end(grant).await;
        scene.work().await;
        assert!(!scene.holds(ann, "vpn").await);
        scene.assert_at_rest().await;
    }

    async fn what_is_unwanted_before_anybody_looked_is_let_be_if_it_was_there(world: World) {
        let scene = Scene::new(world).await;
        let ann = scene.world.person("Ann Berg", None).await;
        let role = scene.simple_role("vpn").await;
        let id = scene.fake.add_account("aberg", Some(&scene.external_id(ann).await));
        scene.fake.add_member(&id, "vpn");
        let grant = scene.give(ann, role).await;
        scene.end(grant).await;
        scene.work().await;
        assert!(scene.holds(ann, "vpn").await);
        let row = scene.the_one(ann).await;
        assert_eq!((row.desired, row.progress, row.found), (Presence::Unknown, Progress::Settled, true));
        assert_eq!(scene.world.events("fulfilment_kept").await, 1);
        scene.assert_at_rest().await;
    }

    async fn what_was_found_and_lost_and_given_again_is_latchkeys(world: World) {
        let scene = Scene::new(world).await;
        let ann = scene.world.person("Ann Berg", None).await;
        let (vpn, mail) = (scene.simple_role("vpn").await, scene.simple_role("mail").await);
        let id = scene.fake.add_account("aberg", Some(&scene.external_id(ann).await));
        scene.fake.add_member(&id, "vpn");
        let grant = scene.give(ann, vpn).await;
        scene.work().await;
        scene.fake.drop_member(&id, "vpn");
        scene.give(ann, mail).await;
        scene.work().await;
        assert!(scene.holds(ann, "vpn").await);
        scene.end(grant).await;
        scene.work().await;
        assert!(!scene.holds(ann, "vpn").await);
        scene.assert_at_rest().await;
    }

    async fn an_account_that_somebody_else_switched_off_needs_a_human(world: World) {
        let scene = Scene::new(world).await;
        let ann = scene.world.person("Ann Berg", None).await;
        let (vpn, mail) = (scene.simple_role("vpn").await, scene.simple_role("mail").await);
        scene.give(ann, vpn).await;
        scene.work().await;
        let id = scene.on_system(ann).await.remove(0);
        latchkey_connectors::Connector::set_state(&scene.fake, &id, AccountState::Disabled).await.unwrap();
        scene.give(ann, mail).await;
        scene.work().await;
        assert_eq!(scene.fake.account(&id).unwrap().state, AccountState::Disabled);
        let rows = scene.wanted(ann).await;
        let stuck = rows.iter().find(|r| r.progress == Progress::NeedsHuman).unwrap();
        assert!(stuck.last_words.contains("is switched off on System directory, and not by Latchkey"), "{}", stuck.last_words);
        // Asking for more, or once more, doesn't make it Latchkey's to switch on.
        let more = scene.simple_role("more").await;
        scene.give(ann, more).await;
        scene.work().await;
        assert_eq!(scene.fake.account(&id).unwrap().state, AccountState::Disabled);
        assert_eq!(scene.wanted(ann).await.iter().filter(|r| r.progress == Progress::NeedsHuman).count(), 2);
    }
}
