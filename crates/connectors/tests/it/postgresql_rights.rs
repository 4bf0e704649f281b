//! The rights that docs/connectors/postgresql.md names: its own commands are run, and are enough.

use std::path::Path;

use latchkey_connectors::{
    AccountState, Change, ConnectionSettings, EntitlementKind, EntitlementRef, Secret, build,
    postgresql::PostgresSettings,
};

use crate::{
    contract::{needs_human, spec},
    postgresql::Cluster,
    servers::PLANTED,
};

/// The statements below a heading.
fn commands(heading: &str, number: usize) -> String {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/connectors/postgresql.md");
    let page = std::fs::read_to_string(page).unwrap();
    let (_, below) = page.split_once(&format!("### {heading}\n")).unwrap();
    below.split("```").filter_map(|block| block.strip_prefix("sql\n")).nth(number).unwrap().to_owned()
}

#[tokio::test]
async fn the_documented_commands_give_every_right_that_is_needed() {
    let cluster = Cluster::get().await;
    let newer = cluster.major() >= 16;
    let heading = if newer { "PostgreSQL 16 and later" } else { "PostgreSQL 15 and before" };
    let names = ["latchkey", "readers", "writers", "sales_owner", "sales", "mara.lind"]
        .map(|name| (name, cluster.name(&format!("r_{name}"))));
    let [latchkey, readers, writers, owner, sales, mara] = names.clone().map(|(_, name)| name);
    let ours = |sql: String| {
        let mut sql = sql.replace("choose one", PLANTED);
        for (name, tagged) in &names {
            // Whole words: `sales` is part of `sales_owner`.
            let ends = |c: char| !(c.is_alphanumeric() || c == '_' || c == '.');
            let mut out = String::new();
            let mut rest = sql.as_str();
            while let Some(at) = rest.find(name) {
                let (before, behind) = (&rest[..at], &rest[at + name.len()..]);
                let whole = before.chars().last().is_none_or(ends) && behind.chars().next().is_none_or(ends);
                out.push_str(before);
                out.push_str(if whole { tagged } else { name });
                rest = behind;
            }
            out.push_str(rest);
            sql = out;
        }
        sql
    };
    cluster.sql(&format!(
        "CREATE ROLE {readers}; CREATE ROLE {writers}; CREATE ROLE {owner}; CREATE ROLE \"{mara}\" LOGIN;"
    ));
    cluster.sql(&format!("CREATE DATABASE {sales} OWNER {owner}"));
    cluster.sql(&format!("\\connect {sales}\nSET ROLE {owner}; CREATE SCHEMA shop; CREATE TABLE shop.orders (a int)"));
    cluster.sql(&ours(commands(heading, 0)));

    let settings = PostgresSettings { user: latchkey, password: Some(Secret::new(PLANTED)), ..cluster.manager.clone() };
    let connector = build(ConnectionSettings::Postgresql(settings)).unwrap();
    let health = connector.check().await.unwrap();
    assert!(health.words.contains("CREATEROLE") && !health.words.contains("can't"), "{}", health.words);
    let account = connector.create(&spec(&cluster.name("R1"), &cluster.name("r_new"))).await.unwrap().native_id;
    let right = |native: String| EntitlementRef::new(EntitlementKind::DatabaseRole, native);
    let all = [
        right(readers.clone()),
        right(writers),
        right(format!("connect on database {sales}")),
        right(format!("usage on schema {sales}.shop")),
        right(format!("select on table {sales}.shop.orders")),
    ];
    for one in &all {
        assert_eq!(connector.grant(&account, one).await.unwrap(), Change::Made, "{one:?}");
        assert!(!connector.holders(one, &|_| {}).await.unwrap().is_empty());
    }
    assert_eq!(connector.read(&account, &all).await.unwrap().unwrap().held.len(), all.len());
    for one in &all {
        assert_eq!(connector.remove(&account, one).await.unwrap(), Change::Made, "{one:?}");
    }
    assert_eq!(connector.set_state(&account, AccountState::Disabled).await.unwrap(), Change::Made);

    // A role that was there before.
    if newer {
        needs_human(connector.adopt(&mara, &cluster.name("R2")).await);
        needs_human(connector.set_state(&mara, AccountState::Disabled).await);
        cluster.sql(&ours(commands(heading, 1)));
    }
    assert_eq!(connector.adopt(&mara, &cluster.name("R2")).await.unwrap(), Change::Made);
    assert_eq!(connector.grant(&mara, &right(readers)).await.unwrap(), Change::Made);
    assert_eq!(connector.set_state(&mara, AccountState::Disabled).await.unwrap(), Change::Made);
    cluster.sql(&format!("DROP DATABASE {sales} WITH (FORCE)"));
    cluster.clean_up();
}
