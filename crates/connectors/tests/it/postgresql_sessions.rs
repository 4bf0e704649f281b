//! Open connections when something is taken away: a real session that was there before.

use latchkey_connectors::{
    Change, ConnectionSettings, Connector, EntitlementKind, EntitlementRef, build, postgresql::PostgresSettings,
    real_servers::seed_roles,
};

use crate::{
    contract::{needs_human, spec},
    postgresql::Cluster,
};

fn connector(settings: PostgresSettings) -> Box<dyn Connector> {
    build(ConnectionSettings::Postgresql(settings)).unwrap()
}

fn role(native: &str) -> EntitlementRef {
    EntitlementRef::new(EntitlementKind::DatabaseRole, native)
}

/// An account that is in the role, with a session that has switched to it.
async fn in_the_role(
    cluster: &Cluster,
    connector: &dyn Connector,
    role: &EntitlementRef,
) -> (String, tokio_postgres::Client) {
    let account = connector.create(&spec(&cluster.name("S1"), &cluster.name("o'mara"))).await.unwrap().native_id;
    cluster.psql("ALTER ROLE :\"name\" PASSWORD 'theirs'", &[("name", &account)]);
    connector.grant(&account, role).await.unwrap();
    let session = cluster.session(&account).await.unwrap();
    let native = role.native.replace('"', "\"\"");
    session.batch_execute(&format!("SET ROLE \"{native}\"")).await.unwrap();
    (account, session)
}

#[tokio::test]
async fn promise_06_taking_a_role_away_ends_the_session_that_would_keep_it() {
    let cluster = Cluster::get().await;
    let (keys, bystander) = (cluster.name("keys \"1\""), cluster.name("bystander"));
    seed_roles(&cluster.manager, &[(&keys, "Keys")]).await.unwrap();
    let keys = role(&keys);
    let connector = connector(cluster.manager.clone());
    let (account, session) = in_the_role(&cluster, connector.as_ref(), &keys).await;
    let second = cluster.session(&account).await.unwrap();
    cluster.psql("CREATE ROLE :\"name\" LOGIN PASSWORD 'theirs'", &[("name", &bystander)]);
    let other = cluster.session(&bystander).await.unwrap();

    assert_eq!(connector.remove(&account, &keys).await.unwrap(), Change::Made);
    assert!(session.batch_execute("SELECT 1").await.is_err(), "who had switched to the role is out");
    assert!(second.batch_execute("SELECT 1").await.is_err(), "and whoever could have");
    other.batch_execute("SELECT 1").await.unwrap();
    let again = cluster.session(&account).await.unwrap();
    let native = keys.native.replace('"', "\"\"");
    assert!(again.batch_execute(&format!("SET ROLE \"{native}\"")).await.is_err(), "a new one can't switch");
    // Nothing is taken away: nothing ends.
    assert_eq!(connector.remove(&account, &keys).await.unwrap(), Change::AlreadySo);
    again.batch_execute("SELECT 1").await.unwrap();
    cluster.clean_up();
}

#[tokio::test]
async fn a_connection_may_be_told_to_leave_sessions_alone() {
    let cluster = Cluster::get().await;
    let keys = cluster.name("keys");
    seed_roles(&cluster.manager, &[(&keys, "Keys")]).await.unwrap();
    let connector = connector(PostgresSettings { end_sessions: false, ..cluster.manager.clone() });
    let (account, session) = in_the_role(&cluster, connector.as_ref(), &role(&keys)).await;
    assert_eq!(connector.remove(&account, &role(&keys)).await.unwrap(), Change::Made);
    let row = session.query_one("SELECT current_user::text", &[]).await.unwrap();
    assert_eq!(row.get::<_, String>(0), keys, "this is what the default prevents");
    cluster.clean_up();
}

#[tokio::test]
async fn a_connection_that_may_not_end_sessions_takes_away_and_says_so() {
    let cluster = Cluster::get().await;
    let keys = cluster.name("keys");
    seed_roles(&cluster.manager, &[(&keys, "Keys")]).await.unwrap();
    let connector = connector(cluster.manager.clone());
    assert!(!connector.check().await.unwrap().words.contains("pg_signal_backend"));
    let (account, _session) = in_the_role(&cluster, connector.as_ref(), &role(&keys)).await;
    cluster.sql(&format!("REVOKE pg_signal_backend FROM {}", cluster.manager.user));
    let words = needs_human(connector.remove(&account, &role(&keys)).await);
    assert!(words.contains("no member") && words.contains("GRANT pg_signal_backend"), "{words}");
    assert!(connector.read(&account, &[role(&keys)]).await.unwrap().unwrap().held.is_empty());
    assert!(connector.check().await.unwrap().words.contains("GRANT pg_signal_backend"));
    cluster.clean_up();
}
