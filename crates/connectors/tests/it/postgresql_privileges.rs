//! Privileges on databases, schemas and tables of a real cluster, with names that try to get out of their quotes.

use std::{collections::BTreeSet, time::Duration};

use latchkey_connectors::{
    Change, ConnectionSettings, Connector, EntitlementKind, EntitlementRef, Holder, build, postgresql::PostgresSettings,
};

use crate::{
    contract::{needs_human, refused, spec},
    postgresql::Cluster,
};

fn connector(settings: PostgresSettings) -> Box<dyn Connector> {
    build(ConnectionSettings::Postgresql(settings)).unwrap()
}

fn right(native: impl Into<String>) -> EntitlementRef {
    EntitlementRef::new(EntitlementKind::DatabaseRole, native)
}

/// A cluster with a database of its own, whose owner the connection is a member of.
struct World {
    cluster: Cluster,
    connector: Box<dyn Connector>,
    /// Its name holds quotes and a blank.
    database: String,
    owner: String,
}

const SCHEMA: &str = "odd. \"schema\"";
const TABLE: &str = "it's; DROP TABLE \"x\"; --";

impl World {
    async fn new() -> Self {
        let cluster = Cluster::get().await;
        let (database, owner) = (cluster.name("sa\"les 1"), cluster.name("owner"));
        let connector = connector(cluster.manager.clone());
        let world = Self { cluster, connector, database, owner };
        world.sql("CREATE ROLE :\"owner\" NOLOGIN; GRANT :\"owner\" TO :\"manager\";");
        world.sql("CREATE DATABASE :\"db\" OWNER :\"owner\";");
        world.inside(
            "SET ROLE :\"owner\"; CREATE SCHEMA :\"schema\"; CREATE TABLE :\"schema\".:\"table\" (a int); CREATE VIEW :\"schema\".seen AS SELECT 1;",
        );
        world
    }

    fn sql(&self, sql: &str) -> String {
        let manager = &self.cluster.manager.user;
        let variables = [("db", &self.database), ("owner", &self.owner), ("manager", manager)]
            .map(|(name, value)| (name, value.as_str()));
        let variables: Vec<(&str, &str)> =
            variables.into_iter().chain([("schema", SCHEMA), ("table", TABLE)]).collect();
        self.cluster.psql(sql, &variables)
    }

    /// psql in the database.
    fn inside(&self, sql: &str) -> String {
        self.sql(&format!("\\connect :\"db\"\n{sql}"))
    }

    async fn account(&self, name: &str) -> String {
        let spec = spec(&self.cluster.name(name), &self.cluster.name(name));
        self.connector.create(&spec).await.unwrap().native_id
    }

    fn on_database(&self, word: &str) -> EntitlementRef {
        right(format!("{word} on database \"{}\"", self.database.replace('"', "\"\"")))
    }

    fn on_schema(&self, word: &str) -> EntitlementRef {
        let database = self.database.replace('"', "\"\"");
        right(format!("{word} on schema \"{database}\".\"{}\"", SCHEMA.replace('"', "\"\"")))
    }

    fn on_table(&self, word: &str) -> EntitlementRef {
        let (database, schema) = (self.database.replace('"', "\"\""), SCHEMA.replace('"', "\"\""));
        right(format!("{word} on table \"{database}\".\"{schema}\".\"{}\"", TABLE.replace('"', "\"\"")))
    }

    async fn holders(&self, of: &EntitlementRef) -> BTreeSet<Holder> {
        self.connector.holders(of, &|_| {}).await.unwrap().into_iter().collect()
    }

    /// Each on the access list of the table, as psql shows it: "who=rights/grantor".
    fn table_list(&self) -> String {
        self.inside("SELECT coalesce(array_to_string(relacl, E'\\n'), '') FROM pg_class WHERE relname = :'table'")
    }

    fn clean_up(self) {
        self.sql("DROP DATABASE :\"db\" WITH (FORCE);");
        self.cluster.clean_up();
    }
}

fn account(name: &str) -> Holder {
    Holder::Account(name.to_owned())
}

#[tokio::test]
async fn each_privilege_comes_and_goes_by_itself() {
    let world = World::new().await;
    let (mara, other) = (world.account("o'mara \"m\"").await, world.account("other").await);
    let mut all: Vec<EntitlementRef> = ["connect", "create", "temporary"].map(|word| world.on_database(word)).into();
    all.extend(["usage", "create"].map(|word| world.on_schema(word)));
    all.extend(
        ["select", "insert", "update", "delete", "truncate", "references", "trigger"].map(|word| world.on_table(word)),
    );
    if world.cluster.major() >= 17 {
        all.push(world.on_table("maintain"));
    }
    let connector = &world.connector;
    assert!(connector.read(&mara, &all).await.unwrap().unwrap().held.is_empty());
    let mut held = BTreeSet::new();
    for one in &all {
        assert_eq!(connector.grant(&mara, one).await.unwrap(), Change::Made, "{one:?}");
        assert_eq!(connector.grant(&mara, one).await.unwrap(), Change::AlreadySo, "{one:?}");
        held.insert(one.native.clone());
        assert_eq!(connector.read(&mara, &all).await.unwrap().unwrap().held, held, "{one:?}");
        assert!(world.holders(one).await.contains(&account(&mara)), "{one:?}");
    }
    let rights = if world.cluster.major() >= 17 { "arwdDxtm" } else { "arwdDxt" };
    let list = world.table_list();
    assert!(list.lines().any(|line| line.ends_with(&format!("={rights}/{}", world.owner))), "as psql sees it: {list}");
    for one in &all {
        connector.grant(&other, one).await.unwrap();
        assert_eq!(connector.remove(&mara, one).await.unwrap(), Change::Made, "{one:?}");
        assert_eq!(connector.remove(&mara, one).await.unwrap(), Change::AlreadySo, "{one:?}");
        held.remove(&one.native);
        assert_eq!(connector.read(&mara, &all).await.unwrap().unwrap().held, held, "{one:?}");
        let holders = world.holders(one).await;
        assert!(holders.contains(&account(&other)) && !holders.contains(&account(&mara)), "{one:?}");
    }
    let view =
        right(format!("select on table {}.seen", world.on_schema("x").native.trim_start_matches("x on schema ")));
    assert_eq!(connector.grant(&mara, &view).await.unwrap(), Change::Made, "a view is a table too");
    world.clean_up();
}

#[tokio::test]
async fn who_has_it_is_an_account_a_role_or_everybody() {
    let world = World::new().await;
    let mara = world.account("mara").await;
    let (select, team) = (world.on_table("select"), world.cluster.name("team"));
    world.connector.grant(&mara, &select).await.unwrap();
    world.cluster.psql("CREATE ROLE :\"team\"", &[("team", &team)]);
    world.inside(&format!("GRANT SELECT ON :\"schema\".:\"table\" TO {team}, PUBLIC"));
    let nested = |name: &str| Holder::Nested(name.to_owned());
    assert_eq!(
        world.holders(&select).await,
        BTreeSet::from([account(&mara), nested(&team), nested("PUBLIC"), nested(&world.owner)])
    );
    // What nobody ever touched has PostgreSQL's own defaults: the owner, and for some everybody.
    assert_eq!(world.holders(&world.on_table("insert")).await, BTreeSet::from([nested(&world.owner)]));
    assert!(world.holders(&world.on_database("connect")).await.contains(&nested("PUBLIC")));
    // What everybody has, the account doesn't have by itself.
    let other = world.account("other").await;
    assert!(world.connector.read(&other, std::slice::from_ref(&select)).await.unwrap().unwrap().held.is_empty());
    assert_eq!(world.connector.remove(&other, &select).await.unwrap(), Change::AlreadySo);
    world.clean_up();
}

#[tokio::test]
async fn what_several_gave_is_taken_back_from_each() {
    let world = World::new().await;
    let (mara, select) = (world.account("mara").await, world.on_table("select"));
    let lead = world.cluster.name("lead \"1\"");
    world.cluster.psql("CREATE ROLE :\"lead\"", &[("lead", &lead)]);
    let hand_on = |to: &str| {
        let sql = "\\connect :\"db\"\nSET ROLE :\"owner\"; GRANT USAGE ON SCHEMA :\"schema\" TO :\"lead\"; \
            GRANT SELECT ON :\"schema\".:\"table\" TO :\"lead\" WITH GRANT OPTION; RESET ROLE; \
            SET ROLE :\"lead\"; GRANT SELECT ON :\"schema\".:\"table\" TO :\"to\"";
        let variables =
            [("db", world.database.as_str()), ("owner", &world.owner), ("schema", SCHEMA), ("table", TABLE)];
        let variables: Vec<_> = variables.into_iter().chain([("lead", lead.as_str()), ("to", to)]).collect();
        world.cluster.psql(sql, &variables);
    };
    world.connector.grant(&mara, &select).await.unwrap();
    hand_on(&mara);
    let words = needs_human(world.connector.remove(&mara, &select).await);
    assert!(words.contains(&lead) && words.contains("REVOKE SELECT"), "{words}");
    let held = world.connector.read(&mara, std::slice::from_ref(&select)).await.unwrap().unwrap().held;
    assert!(held.contains(&select.native), "not done yet");
    assert_eq!(world.table_list().matches("mara").count(), 1, "what the owner gave went");
    world.cluster.psql(&format!("GRANT :\"lead\" TO {}", world.cluster.manager.user), &[("lead", &lead)]);
    assert_eq!(world.connector.remove(&mara, &select).await.unwrap(), Change::Made);
    assert!(!world.table_list().contains("mara"), "{}", world.table_list());

    // Who handed it on keeps it until the others have lost it: nothing is taken from anybody by the way.
    world.inside(&format!(
        "SET ROLE :\"owner\"; GRANT USAGE ON SCHEMA :\"schema\" TO {mara}; GRANT SELECT ON :\"schema\".:\"table\" TO {mara} WITH GRANT OPTION; \
         RESET ROLE; SET ROLE {mara}; GRANT SELECT ON :\"schema\".:\"table\" TO PUBLIC"
    ));
    let words = needs_human(world.connector.remove(&mara, &select).await);
    assert!(words.contains("2BP01") && words.contains("lose it first"), "{words}");
    world.clean_up();
}

#[tokio::test]
async fn what_is_not_there_or_not_allowed_is_said() {
    let world = World::new().await;
    let mara = world.account("mara").await;
    let connector = &world.connector;
    let database = world.database.replace('"', "\"\"");
    for missing in [
        "connect on database no_such_database".to_owned(),
        "usage on schema no_such_database.public".to_owned(),
        format!("usage on schema \"{database}\".no_such_schema"),
        format!("select on table \"{database}\".public.no_such_table"),
        // A type of that name is no table.
        format!("select on table \"{database}\".public.int4"),
    ] {
        let missing = right(missing);
        let words = needs_human(connector.grant(&mara, &missing).await);
        assert!(words.contains("does not exist") && words.contains(&missing.native), "{words}");
        assert!(needs_human(connector.holders(&missing, &|_| {}).await).contains("does not exist"));
        assert_eq!(connector.remove(&mara, &missing).await.unwrap(), Change::AlreadySo);
        assert!(connector.read(&mara, &[missing]).await.unwrap().unwrap().held.is_empty());
    }
    let odd = right("select on table orders");
    assert!(refused(connector.grant(&mara, &odd).await).contains("Expected one like"));
    assert!(connector.read(&mara, &[odd]).await.unwrap().unwrap().held.is_empty());

    // The owner may do everything, which is said and not pretended to be taken away.
    let owner = world.account("owning").await;
    world.inside(&format!("CREATE TABLE public.own (a int); ALTER TABLE public.own OWNER TO {owner}"));
    let own = right(format!("select on table \"{database}\".public.own"));
    assert!(connector.read(&owner, std::slice::from_ref(&own)).await.unwrap().unwrap().held.contains(&own.native));
    assert!(needs_human(connector.remove(&owner, &own).await).contains("owns the table"));
    // Another's table: first without any right to it, then with one that can't be handed on.
    assert!(needs_human(connector.grant(&mara, &own).await).contains("WITH GRANT OPTION"));
    world.inside(&format!("GRANT SELECT ON public.own TO {}", world.cluster.manager.user));
    assert!(needs_human(connector.grant(&mara, &own).await).contains("had no effect"));
    world.inside(&format!("GRANT SELECT ON public.own TO {} WITH GRANT OPTION", world.cluster.manager.user));
    assert_eq!(connector.grant(&mara, &own).await.unwrap(), Change::Made);
    assert_eq!(connector.remove(&mara, &own).await.unwrap(), Change::Made);
    world.clean_up();
}

#[tokio::test]
async fn losing_the_right_to_connect_ends_the_sessions_in_that_database_alone() {
    let world = World::new().await;
    let mara = world.account("mara").await;
    world.cluster.psql("ALTER ROLE :\"name\" PASSWORD 'theirs'", &[("name", &mara)]);
    world.sql("REVOKE CONNECT ON DATABASE :\"db\" FROM PUBLIC;");
    assert!(world.cluster.session_in(&world.database, &mara).await.is_err());
    let connect = world.on_database("connect");
    world.connector.grant(&mara, &connect).await.unwrap();
    let inside = world.cluster.session_in(&world.database, &mara).await.unwrap();
    let elsewhere = world.cluster.session(&mara).await.unwrap();
    assert_eq!(world.connector.remove(&mara, &connect).await.unwrap(), Change::Made);
    assert!(inside.batch_execute("SELECT 1").await.is_err());
    elsewhere.batch_execute("SELECT 1").await.unwrap();
    assert!(world.cluster.session_in(&world.database, &mara).await.is_err());
    world.clean_up();
}

#[tokio::test]
async fn a_database_is_let_go_so_that_it_can_be_dropped() {
    let world = World::new().await;
    let mara = world.account("mara").await;
    let usage = world.on_schema("usage");
    world.connector.grant(&mara, &usage).await.unwrap();
    let ours = || {
        world
            .sql("SELECT count(*) FROM pg_stat_activity WHERE datname = :'db' AND usename = :'manager'")
            .parse::<u32>()
            .unwrap()
    };
    assert_eq!(ours(), 1, "one connection, however many calls");
    world.connector.read(&mara, &[usage.clone(), world.on_table("select")]).await.unwrap();
    assert_eq!(ours(), 1);
    for _ in 0..150 {
        if ours() == 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    world.sql("DROP DATABASE :\"db\";");
    assert!(world.connector.read(&mara, &[usage]).await.unwrap().unwrap().held.is_empty());
    world.cluster.clean_up();
}

#[tokio::test]
async fn privileges_change_at_the_same_time() {
    let world = World::new().await;
    let mut accounts = Vec::new();
    for number in 0..4 {
        accounts.push(world.account(&format!("p{number}")).await);
    }
    let select = world.on_table("select");
    let all: Vec<_> = accounts.iter().map(|account| again(|| world.connector.grant(account, &select))).collect();
    let [a, b, c, d] = <[_; 4]>::try_from(all).ok().unwrap();
    tokio::join!(a, b, c, d);
    let holders = world.holders(&select).await;
    assert!(accounts.iter().all(|name| holders.contains(&account(name))), "{holders:?}");
    world.clean_up();
}

/// What the reconciler does when it is told to try later.
async fn again<F: Future<Output = Result<Change, latchkey_connectors::CallError>>>(call: impl Fn() -> F) {
    for _ in 0..20 {
        match call().await {
            Ok(_) => return,
            Err(latchkey_connectors::CallError::RetryLater { words, .. }) => println!("again: {words}"),
            Err(other) => panic!("{other:?}"),
        }
    }
    panic!("still not done after twenty attempts");
}
