//! Powers inside the portal need a second factor, session by session (promise 8).

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use chrono::TimeDelta;
use latchkey_domain::{assurance::Assurance, portal_role::PortalRole, system::SystemKind};
use latchkey_service::{
    sessions,
    sign_in::{Origin, SessionStart, SignInLimits, VerifiedStatement, sign_in},
};
use latchkey_testkit::{World, both_databases};

both_databases! {
    async fn promise_08_a_portal_role_has_no_effect_without_a_second_factor(world: World) {
        let ann = world.person("Ann Berg", None).await;
        let system = world.system("latchkey", SystemKind::Latchkey, None).await;
        let power = world.entitlement(system, "administrator").await;
        let policy = world.policy("portal", &serde_json::json!({})).await;
        let role = world.role("admin", None, policy, &[power]).await;
        world.grant(ann, role, None).await;

        assert!(!has_power(&world, false).await);
        assert!(has_power(&world, true).await);
    }
}

/// Signs the first person in, and tells whether that session makes them administrator.
async fn has_power(world: &World, mfa: bool) -> bool {
    let (db, clock) = (&world.db, world.clock.as_ref());
    let statement = VerifiedStatement {
        issuer: "https://id.example.test".to_owned(),
        subject: "ann".to_owned(),
        sid: None,
        external_id: Some("E0001".to_owned()),
        verified_email: None,
        assurance: Assurance { mfa, ..Assurance::default() },
    };
    let id_hash = format!("hash of {mfa}");
    let start =
        SessionStart { id_hash: &id_hash, replaces: None, idle: TimeDelta::hours(1), absolute: TimeDelta::hours(12) };
    let origin = Origin { address: "192.0.2.1", user_agent: "A browser" };
    sign_in(db, clock, &SignInLimits::default(), false, &statement, origin, start).await.unwrap().unwrap();
    let (facts, _) = sessions::find(db, world.now(), &id_hash).await.unwrap().unwrap();
    facts.actor().has(PortalRole::Administrator)
}
