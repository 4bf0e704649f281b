//! Nothing new is given that a rule keeps apart from what its holder has, by the rules of that moment (promise 4).

use chrono::TimeDelta;
use latchkey_domain::{IdentityId, SeparationRuleId};
use latchkey_service::{
    replay,
    separation::exceptions::{self, ExceptionWish},
};
use latchkey_testkit::{Role, World, both_databases};

use crate::scene::Scene;

impl Scene {
    /// Somebody asked for it, and it was approved.
    async fn asked(&self, who: IdentityId, role: Role) -> latchkey_domain::GrantId {
        let grant = self.give(who, role).await;
        self.world.run("update role_grant set origin = 'request'").await;
        grant
    }

    async fn except(&self, by: IdentityId, who: IdentityId, rule: SeparationRuleId) {
        let until = self.world.now().date_naive() + chrono::Days::new(30);
        let wish = ExceptionWish { rule, person: who, reason: "Covers for somebody".to_owned(), until };
        exceptions::grant(&self.world.db, &*self.world.clock, &self.world.actor(by), &wish, "UTC").await.unwrap();
    }
}

both_databases! {
    async fn promise_04_a_rule_that_came_later_holds_back_what_is_not_given_yet(world: World) {
        let s = Scene::new(world).await;
        let (ann, owner) = (s.world.person("Ann Berg", None).await, s.world.person("Olga Owner", None).await);
        let (enter, release) = (s.simple_role("enter").await, s.simple_role("release").await);
        s.asked(ann, enter).await;
        s.work().await;
        assert!(s.holds(ann, "enter").await);
        s.asked(ann, release).await;
        let rule = s.world.separation_rule("apart", owner, &[(&[enter.id], &[]), (&[release.id], &[])], None).await;
        s.work().await;
        assert!(s.holds(ann, "enter").await, "what was given before stays");
        assert!(!s.holds(ann, "release").await);
        let held = s.wanted(ann).await.into_iter().find(|f| f.last_outcome.as_deref() == Some("held_back")).unwrap();
        assert_eq!((held.progress.as_str(), held.attempts), ("due", 0));
        assert_eq!(
            held.last_words,
            "\"Rule apart\" keeps these apart: Side 1 (Role enter) and Side 2 (Role release). Ann Berg can give back one side, or ask Olga Owner, who owns the rule, for an exception; then it goes on by itself."
        );
        assert_eq!((s.world.events("fulfilment_held_back").await, s.notices("held_back").await), (1, 1));
        let mut c = s.world.db.read().await.unwrap();
        let shown = latchkey_store::system_reads::stuck(&mut c, s.system, uuid::Uuid::nil(), 10).await.unwrap();
        assert_eq!(shown.len(), 1, "the system's owner sees it");
        drop(c);
        // Time alone changes nothing, and says nothing again.
        s.work_after(TimeDelta::hours(2)).await;
        assert_eq!((s.world.events("fulfilment_held_back").await, s.notices("held_back").await), (1, 1));

        // An exception sets it going at once.
        s.except(owner, ann, rule).await;
        s.work().await;
        assert!(s.holds(ann, "release").await);
        let mut c = s.world.db.read().await.unwrap();
        let told = replay::from_log(&mut c, None).await.unwrap();
        assert!(told.fulfilments.values().all(|f| f.progress.as_str() == "settled"));
    }

    /// Giving back the other side sets it going, too.
    async fn promise_04_what_was_held_back_goes_on_when_the_other_side_ends(world: World) {
        let s = Scene::new(world).await;
        let (ann, owner) = (s.world.person("Ann Berg", None).await, s.world.person("Olga Owner", None).await);
        let (enter, release) = (s.simple_role("enter").await, s.simple_role("release").await);
        let first = s.asked(ann, enter).await;
        s.work().await;
        s.asked(ann, release).await;
        s.world.separation_rule("apart", owner, &[(&[enter.id], &[]), (&[release.id], &[])], None).await;
        s.work().await;
        assert!(!s.holds(ann, "release").await);
        s.end(first).await;
        s.work().await;
        assert!(s.holds(ann, "release").await && !s.holds(ann, "enter").await);
        s.assert_at_rest().await;
    }

    /// What nobody asked for is in the report, and isn't held back.
    async fn promise_04_what_came_by_itself_is_only_reported(world: World) {
        let s = Scene::new(world).await;
        let (ann, owner) = (s.world.person("Ann Berg", None).await, s.world.person("Olga Owner", None).await);
        let (enter, release) = (s.simple_role("enter").await, s.simple_role("release").await);
        s.world.separation_rule("apart", owner, &[(&[enter.id], &[]), (&[release.id], &[])], None).await;
        for origin in ["import", "birthright", "host"] {
            for role in [enter, release] {
                s.give(ann, role).await;
            }
            s.world.run(&format!("update role_grant set origin = '{origin}'")).await;
        }
        s.work().await;
        assert!(s.holds(ann, "enter").await && s.holds(ann, "release").await);
        assert_eq!(s.world.events("fulfilment_held_back").await, 0);
    }

    /// Another role that gives the same and is in no conflict is reason enough.
    async fn promise_04_only_what_needs_it_is_held_back(world: World) {
        let s = Scene::new(world).await;
        let (ann, owner) = (s.world.person("Ann Berg", None).await, s.world.person("Olga Owner", None).await);
        let thing = s.entitlement("thing").await;
        let (one, other) = (s.role("one", &[thing]).await, s.role("other", &[thing]).await);
        let enter = s.simple_role("enter").await;
        s.asked(ann, enter).await;
        s.work().await;
        s.asked(ann, one).await;
        s.world.separation_rule("apart", owner, &[(&[enter.id], &[]), (&[one.id], &[])], None).await;
        s.work().await;
        assert!(!s.holds(ann, "thing").await);
        s.asked(ann, other).await;
        s.work_after(TimeDelta::hours(2)).await;
        assert!(s.holds(ann, "thing").await);
    }
}
