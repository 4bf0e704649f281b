//! Roles that were taken in an emergency, for pages that show them.

use latchkey_domain::{IdentityId, RoleId, system::SystemKind};
use latchkey_service::break_glass::{Taken, Taking, take};
use latchkey_testkit::World;

/// A role of `owner` that everybody may take, for two hours at most.
pub async fn role(world: &World, key: &str, owner: IdentityId) -> RoleId {
    let system = world.system(&format!("{key}-system"), SystemKind::Ldap, None).await;
    let entitlement = world.entitlement(system, key).await;
    let mut policy: serde_json::Value = serde_json::from_str(&crate::queries::policy()).unwrap();
    policy["policy"]["key"] = key.into();
    policy["policy"]["break_glass"] = serde_json::json!({
        "who": "true", "advice": "Call somebody else.", "max": "2h", "offer": ["1h", "2h"], "review_within": "2d"});
    let policy = world.policy(key, &policy).await;
    world.role(key, Some(owner), policy, &[entitlement]).await.id
}

/// Somebody takes it for an hour.
pub async fn taken(world: &World, who: IdentityId, role: RoleId) -> Taken {
    let reason = "Everything is down, looking at the broker".to_owned();
    let wish = Taking { role, duration: "1h".parse().unwrap(), reason };
    take(&world.db, world.clock.as_ref(), &world.actor(who), &wish).await.unwrap()
}
