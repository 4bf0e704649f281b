//! Lists of a real cluster: which roles are accounts, who is a member of a role, and whose an account becomes.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Mutex,
};

use latchkey_connectors::{
    AccountState, Change, ConnectionSettings, Connector, EntitlementKind, EntitlementRef, Holder, Listed, build,
    postgresql::PostgresSettings, real_servers::seed_roles,
};

use crate::{
    contract::{needs_human, refused, retry_later, spec},
    postgresql::Cluster,
};

fn connector(settings: PostgresSettings) -> Box<dyn Connector> {
    build(ConnectionSettings::Postgresql(settings)).unwrap()
}

fn role(native: &str) -> EntitlementRef {
    EntitlementRef::new(EntitlementKind::DatabaseRole, native)
}

async fn listed(cluster: &Cluster, connector: &dyn Connector) -> BTreeMap<String, Listed> {
    let all = connector.accounts(&|_| {}).await.unwrap();
    all.into_iter()
        .filter(|line| line.name.starts_with(&cluster.tag))
        .map(|line| (line.name.trim_start_matches(&cluster.tag).to_owned(), line))
        .collect()
}

#[tokio::test]
async fn login_roles_and_those_that_were_disabled_are_accounts_and_others_are_not() {
    let cluster = Cluster::get().await;
    let connector = connector(cluster.manager.clone());
    let ours = connector.create(&spec(&cluster.name("E1"), &cluster.name("ours"))).await.unwrap().native_id;
    let off = connector.create(&spec(&cluster.name("E2"), &cluster.name("off"))).await.unwrap().native_id;
    connector.set_state(&off, AccountState::Disabled).await.unwrap();
    for (name, options) in [
        ("stranger", "LOGIN"),
        ("group", "NOLOGIN"),
        ("boss", "LOGIN SUPERUSER"),
        ("maker", "LOGIN CREATEROLE"),
        ("copier", "LOGIN REPLICATION"),
        ("seer", "NOLOGIN BYPASSRLS"),
    ] {
        cluster.sql(&format!("CREATE ROLE {} {options}", cluster.name(name)));
    }
    cluster.sql(&format!("COMMENT ON ROLE {0} IS 'latchkey:{0}'", cluster.name("seer")));
    let all = listed(&cluster, connector.as_ref()).await;
    assert_eq!(all.keys().map(String::as_str).collect::<Vec<_>>(), ["off", "ours", "stranger"]);
    let seen = |name: &str| (all[name].state, all[name].external_id.clone());
    assert_eq!(seen("ours"), (AccountState::Enabled, Some(cluster.name("E1"))));
    assert_eq!(seen("off"), (AccountState::Disabled, Some(cluster.name("E2"))));
    assert_eq!(seen("stranger"), (AccountState::Enabled, None));
    assert!(all.values().all(|line| line.last_used_at.is_none() && line.native_id == line.name));
    let own = all.values().any(|line| line.name == cluster.manager.user || line.name.starts_with("pg_"));
    assert!(!own, "neither the connection's own nor a predefined one");
    // What is managed although it is privileged is listed too.
    let allowed = BTreeSet::from([cluster.name("maker")]);
    let connector = self::connector(PostgresSettings { allow_privileged: allowed, ..cluster.manager.clone() });
    assert!(listed(&cluster, connector.as_ref()).await.contains_key("maker"));
    assert!(connector.read(&ours, &[]).await.unwrap().is_some());
    cluster.clean_up();
}

#[tokio::test]
async fn a_list_of_many_pages_is_whole() {
    let cluster = Cluster::get().await;
    let everyone = cluster.name("everyone");
    seed_roles(&cluster.manager, &[(&everyone, "Everyone")]).await.unwrap();
    cluster.sql(&format!(
        "DO $$ BEGIN FOR n IN 1..230 LOOP EXECUTE format('CREATE ROLE %I LOGIN IN ROLE {everyone}', '{}m' || n); END LOOP; END $$",
        cluster.tag
    ));
    let connector = connector(PostgresSettings { page_size: 50, ..cluster.manager.clone() });
    let told = Mutex::new(Vec::new());
    let all = connector.accounts(&|lines| told.lock().unwrap().push(lines)).await.unwrap();
    assert_eq!(all.iter().filter(|line| line.name.starts_with(&cluster.tag)).count(), 230);
    let told = told.into_inner().unwrap();
    assert!(told.len() >= 5 && told.is_sorted() && told.last() >= Some(&230), "{told:?}");
    let told = Mutex::new(Vec::new());
    let members = connector.holders(&role(&everyone), &|lines| told.lock().unwrap().push(lines)).await.unwrap();
    assert_eq!(members.len(), 230);
    assert_eq!(told.into_inner().unwrap(), [50, 100, 150, 200, 230]);
    cluster.clean_up();
}

#[tokio::test]
async fn a_list_whose_connection_breaks_between_two_pages_is_no_list() {
    let cluster = Cluster::get().await;
    cluster.sql(&format!(
        "DO $$ BEGIN FOR n IN 1..30 LOOP EXECUTE format('CREATE ROLE %I LOGIN', '{}m' || n); END LOOP; END $$",
        cluster.tag
    ));
    let connector = connector(PostgresSettings { page_size: 10, ..cluster.manager.clone() });
    let end =
        format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{}'", cluster.manager.user);
    let pages = Mutex::new(0);
    let breaks = |_| {
        let mut pages = pages.lock().unwrap();
        *pages += 1;
        if *pages == 2 {
            cluster.sql(&end);
        }
    };
    retry_later(connector.accounts(&breaks).await);
    assert_eq!(*pages.lock().unwrap(), 2);
    assert!(listed(&cluster, connector.as_ref()).await.len() >= 30, "the next attempt is whole");
    cluster.clean_up();
}

#[tokio::test]
async fn members_are_accounts_or_roles_that_others_have_it_through() {
    let cluster = Cluster::get().await;
    let (one, team) = (cluster.name("one \"1\""), cluster.name("team"));
    seed_roles(&cluster.manager, &[(&one, "One"), (&team, "A team")]).await.unwrap();
    let connector = connector(cluster.manager.clone());
    let ours = connector.create(&spec(&cluster.name("E1"), &cluster.name("ours"))).await.unwrap().native_id;
    let off = connector.create(&spec(&cluster.name("E2"), &cluster.name("off"))).await.unwrap().native_id;
    connector.set_state(&off, AccountState::Disabled).await.unwrap();
    for member in [&ours, &off] {
        connector.grant(member, &role(&one)).await.unwrap();
    }
    let stranger = cluster.name("stranger");
    cluster.psql(
        "CREATE ROLE :\"stranger\" LOGIN; GRANT :\"one\" TO :\"stranger\"; GRANT :\"one\" TO :\"team\"; GRANT :\"team\" TO :\"ours\"",
        &[("stranger", &stranger), ("one", &one), ("team", &team), ("ours", &ours)],
    );
    let expected: BTreeSet<Holder> = [&ours, &off, &stranger]
        .map(|name| Holder::Account(name.clone()))
        .into_iter()
        .chain([Holder::Nested(team.clone())])
        .collect();
    let members = async || connector.holders(&role(&one), &|_| {}).await.unwrap();
    assert_eq!(members().await.into_iter().collect::<BTreeSet<_>>(), expected);
    if cluster.major() >= 16 {
        // Two grantors make one holder, and what gives nothing makes none.
        cluster.psql(
            "GRANT :\"one\" TO :\"ours\" GRANTED BY CURRENT_USER; CREATE ROLE :\"none\" LOGIN; \
             GRANT :\"one\" TO :\"none\" WITH INHERIT FALSE, SET FALSE",
            &[("one", &one), ("ours", &ours), ("none", &cluster.name("none"))],
        );
        assert_eq!(members().await.len(), expected.len());
    }
    let nobody = cluster.name("nobody");
    assert!(needs_human(connector.holders(&role(&nobody), &|_| {}).await).contains("does not exist"));
    assert!(needs_human(connector.holders(&role(&"x".repeat(64)), &|_| {}).await).contains("does not exist"));
    let group = EntitlementRef::new(EntitlementKind::Group, one.clone());
    refused(connector.holders(&group, &|_| {}).await);
    cluster.clean_up();
}

#[tokio::test]
async fn adopting_writes_the_comments_first_line_and_keeps_what_was_there() {
    let cluster = Cluster::get().await;
    let connector = connector(cluster.manager.clone());
    let name = cluster.name("night \"job\"");
    let make = |options: &str| {
        cluster.psql(&format!("CREATE ROLE :\"name\" {options}{}", cluster.admin_of("name")), &[("name", &name)]);
    };
    make("LOGIN CONNECTION LIMIT 3 VALID UNTIL '2031-01-01'");
    cluster.psql("COMMENT ON ROLE :\"name\" IS E'The nightly job\\nAsk ''operations'''", &[("name", &name)]);
    let comment = || {
        cluster.psql(
            "SELECT shobj_description(oid, 'pg_authid') FROM pg_roles WHERE rolname = :'name'",
            &[("name", &name)],
        )
    };
    let rest = || cluster.psql("SELECT * FROM pg_authid WHERE rolname = :'name'", &[("name", &name)]);
    let before = rest();
    let [e1, e2, e3] = ["E1", "E2", "E3"].map(|id| cluster.name(id));
    let expected = format!("latchkey:{e1}\nThe nightly job\nAsk 'operations'");
    assert_eq!(connector.adopt(&name, &e1).await.unwrap(), Change::Made);
    assert_eq!(comment(), expected);
    assert_eq!(rest(), before);
    assert_eq!(connector.adopt(&name, &e1).await.unwrap(), Change::AlreadySo);
    assert!(needs_human(connector.adopt(&name, &e2).await).contains(&format!("latchkey:{e1}")));
    assert_eq!(comment(), expected);

    // An id belongs to one role; a role that is granted to others isn't an account; a privileged one is left alone.
    let other = cluster.name("other");
    cluster.psql("CREATE ROLE :\"other\" LOGIN", &[("other", &other)]);
    assert!(needs_human(connector.adopt(&other, &e1).await).contains("carries"));
    cluster.psql("ALTER ROLE :\"other\" NOLOGIN", &[("other", &other)]);
    assert!(needs_human(connector.adopt(&other, &e3).await).contains("can't log in"));
    cluster.psql("ALTER ROLE :\"other\" LOGIN SUPERUSER", &[("other", &other)]);
    assert!(needs_human(connector.adopt(&other, &e3).await).contains("privileged"));
    refused(connector.adopt(&cluster.manager.user, &e3).await);
    cluster.clean_up();
}
