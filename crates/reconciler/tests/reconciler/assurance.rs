//! Nothing is given before its holder's sign-in has proved what the role asks for (promise 8).

use chrono::TimeDelta;
use latchkey_domain::{IdentityId, assurance::Assurance};
use latchkey_service::{
    replay,
    sign_in::{Origin, SessionStart, SignInLimits, VerifiedStatement, sign_in},
};
use latchkey_testkit::{Role, World, both_databases};

use crate::scene::{Scene, policy};

impl Scene {
    /// A role that asks for a second factor and gives one new entitlement of the same name.
    async fn elevated_role(&self, key: &str) -> Role {
        let entitlement = self.entitlement(key).await;
        let strict = self.world.policy("strict", &policy(Some("mfa"))).await;
        self.world.role(key, None, strict, &[entitlement]).await
    }

    async fn signs_in(&self, who: IdentityId, mfa: bool) {
        let external_id = self.external_id(who).await;
        let statement = VerifiedStatement {
            issuer: "https://id.example.test".to_owned(),
            subject: external_id.clone(),
            sid: None,
            external_id: Some(external_id),
            verified_email: None,
            assurance: Assurance { mfa, auth_time: Some(self.world.now()), ..Assurance::default() },
        };
        let id_hash = format!("{}", uuid::Uuid::new_v4());
        let start = SessionStart {
            id_hash: &id_hash,
            replaces: None,
            idle: TimeDelta::hours(1),
            absolute: TimeDelta::hours(12),
        };
        let origin = Origin { address: "192.0.2.1", user_agent: "A browser" };
        let limits = SignInLimits::default();
        sign_in(&self.world.db, &*self.world.clock, &limits, false, &statement, origin, start).await.unwrap().unwrap();
    }

    async fn words(&self, who: IdentityId) -> String {
        self.the_one(who).await.last_words
    }
}

both_databases! {
    async fn promise_08_elevated_access_waits_for_the_sign_in_and_goes_on_by_itself(world: World) {
        let s = Scene::new(world).await;
        let ann = s.world.person("Ann Berg", None).await;
        let role = s.elevated_role("root").await;
        s.give(ann, role).await;
        s.work().await;
        assert!(!s.holds(ann, "root").await);
        assert_eq!(s.on_system(ann).await.len(), 0, "not even an account is made for it");
        assert_eq!(
            s.words(ann).await,
            "Role root needs a sign-in that a second factor confirmed. Ann Berg has to sign in to Latchkey with that to continue; then it goes on by itself."
        );
        let row = s.the_one(ann).await;
        assert_eq!((row.progress.as_str(), row.attempts, row.last_outcome.as_deref()), ("due", 0, Some("waits_for_sign_in")));
        assert_eq!((s.world.events("fulfilment_waits").await, s.notices("sign_in_needed").await), (1, 1));
        let mut c = s.world.db.read().await.unwrap();
        let shown = latchkey_store::system_reads::stuck(&mut c, s.system, uuid::Uuid::nil(), 10).await.unwrap();
        assert_eq!(shown.len(), 1, "the system's owner sees it");
        drop(c);

        // Time alone changes nothing, and says nothing again.
        s.work_after(TimeDelta::hours(2)).await;
        s.work_after(TimeDelta::hours(2)).await;
        assert_eq!((s.world.events("fulfilment_waits").await, s.notices("sign_in_needed").await), (1, 1));
        // A sign-in that proves less doesn't help.
        s.signs_in(ann, false).await;
        s.work_after(TimeDelta::seconds(1)).await;
        assert!(!s.holds(ann, "root").await);

        s.signs_in(ann, true).await;
        s.work().await;
        assert!(s.holds(ann, "root").await);
        assert_eq!(s.world.events("fulfilment_confirmed").await, 1);
        s.assert_at_rest().await;
        let mut c = s.world.db.read().await.unwrap();
        let told = replay::from_log(&mut c, None).await.unwrap();
        let account = told.fulfilments.values().next().unwrap();
        assert_eq!(account.progress.as_str(), "settled");
    }

    /// Whoever has shown it already waits for nothing, also when that session is over.
    async fn promise_08_what_was_shown_before_counts(world: World) {
        let s = Scene::new(world).await;
        let ann = s.world.person("Ann Berg", None).await;
        let role = s.elevated_role("root").await;
        s.signs_in(ann, true).await;
        s.world.advance(TimeDelta::days(3));
        s.give(ann, role).await;
        s.work().await;
        assert!(s.holds(ann, "root").await);
        assert_eq!(s.world.events("fulfilment_waits").await, 0);
    }

    /// One role that asks for nothing is enough reason for what two roles give; and the rest isn't held up.
    async fn promise_08_only_what_needs_it_waits(world: World) {
        let s = Scene::new(world).await;
        let ann = s.world.person("Ann Berg", None).await;
        let root = s.elevated_role("root").await;
        let plain = s.simple_role("plain").await;
        s.give(ann, root).await;
        s.give(ann, plain).await;
        s.work().await;
        assert!(s.holds(ann, "plain").await && !s.holds(ann, "root").await);

        let entitlement = s.wanted(ann).await.into_iter().find(|f| f.last_outcome.as_deref() == Some("waits_for_sign_in")).unwrap();
        let easy = s.role("easy", &[latchkey_domain::EntitlementId(entitlement.entitlement_id)]).await;
        s.give(ann, easy).await;
        s.work_after(TimeDelta::hours(2)).await;
        assert!(s.holds(ann, "root").await, "a role that asks for nothing gives the same");
    }

    /// Today's rules count: a role that asks for more by now isn't given, and what was given stays.
    async fn promise_04_assurance_is_checked_by_todays_rules(world: World) {
        let s = Scene::new(world).await;
        let ann = s.world.person("Ann Berg", None).await;
        let bob = s.world.person("Bob Cole", None).await;
        let role = s.simple_role("ledger").await;
        s.give(ann, role).await;
        s.work().await;
        assert!(s.holds(ann, "ledger").await);
        s.world.run("update role_version set assurance = 'mfa' where name = 'Role ledger'").await;
        s.give(bob, role).await;
        s.work().await;
        assert!(s.holds(ann, "ledger").await && !s.holds(bob, "ledger").await);
        // Rules that can't be read give nothing either, and say so.
        s.world.run("update role_version set assurance = 'something new' where name = 'Role ledger'").await;
        s.work_after(TimeDelta::hours(2)).await;
        let words = s.words(bob).await;
        assert!(words.contains("can't be read by this version"), "{words}");
        s.world.run("update role_version set assurance = null where name = 'Role ledger'").await;
        s.work_after(TimeDelta::hours(2)).await;
        assert!(s.holds(bob, "ledger").await, "it goes on by itself");
    }
}
