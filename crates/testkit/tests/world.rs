//! The test world itself works on both databases.

use latchkey_domain::system::SystemKind;
use latchkey_testkit::{World, both_databases};

both_databases! {
    async fn a_world_holds_what_was_put_in(world: World) {
        let boss = world.person("Ann Berg", None).await;
        let someone = world.person("Bo Dahl", Some(boss)).await;
        let system = world.system("directory", SystemKind::Ldap, Some(boss)).await;
        let vpn = world.entitlement(system, "vpn").await;
        let policy = world.policy("standard", &serde_json::json!({})).await;
        let role = world.role("vpn-user", Some(boss), policy, &[vpn]).await;
        world.grant(someone, role, None).await;
        let (_, wanted) = world.wanted(someone, system, &[vpn]).await;
        assert_eq!(wanted.len(), 1);
        assert_eq!(world.number("select count(*) from person").await, 2);
        assert_eq!(world.number("select count(*) from role_version_entitlement").await, 1);
        assert_eq!(world.events("person_added").await, 2);
        assert_eq!(world.texts("select key from role").await, ["vpn-user"]);
    }

    async fn a_second_view_sees_the_same_database(world: World) {
        let other = world.another_db().await;
        world.person("Ann Berg", None).await;
        assert_eq!(latchkey_testkit::testing::number(&other, "select count(*) from person").await.unwrap(), 1);
        other.close().await;
    }
}
