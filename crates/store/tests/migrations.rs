//! Both databases have the same schema, it only ever goes forward, and several replicas may bring it there at once.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    collections::BTreeSet,
    path::Path,
    sync::{Arc, Mutex},
};

use latchkey_store::{AsConn, ConnRef, Db, EventKey, SchemaState, StoreError, Url};
use latchkey_testkit::{World, both_databases, testing};

/// A schema as lines that can be compared, in SQLite's words for types.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Schema {
    columns: BTreeSet<String>,
    keys: BTreeSet<String>,
    indexes: BTreeSet<String>,
    references: BTreeSet<String>,
    guarded: BTreeSet<String>,
}

const SQLITE_TABLES: &str = "(select name from sqlite_master where type = 'table' and name not like 'sqlite_%' and name <> '_sqlx_migrations') t";

async fn of_sqlite(world: &World) -> Schema {
    let lines = |sql: String| async move { world.texts(&sql).await.into_iter().collect::<BTreeSet<_>>() };
    let mut keys = lines(format!(
        "select t.name || ' (' || (select group_concat(k.name, ', ') from (select name from pragma_table_info(t.name)
           where pk > 0 order by pk) k) || ')' from {SQLITE_TABLES}"
    ))
    .await;
    keys.extend(
        lines(format!(
            "select t.name || ' (' || (select group_concat(k.name, ', ') from (select name from pragma_index_info(i.name)
               order by seqno) k) || ')' from {SQLITE_TABLES} join pragma_index_list(t.name) i where i.origin = 'u'"
        ))
        .await,
    );
    Schema {
        columns: lines(format!(
            "select t.name || '.' || c.name || ' ' || c.cid || ' ' || lower(c.type) ||
               case when c.\"notnull\" = 1 or c.pk > 0 then ' not null' else '' end || coalesce(' default ' || c.dflt_value, '')
             from {SQLITE_TABLES} join pragma_table_info(t.name) c"
        ))
        .await,
        keys,
        indexes: lines(format!(
            "select i.name || case i.\"unique\" when 1 then ' unique' else '' end || ' (' ||
               (select group_concat(k.name, ', ') from (select name from pragma_index_info(i.name) order by seqno) k) || ') ' ||
               case i.partial when 1 then substr(m.sql, instr(m.sql, ' where ')) else '' end
             from {SQLITE_TABLES} join pragma_index_list(t.name) i join sqlite_master m on m.name = i.name where i.origin = 'c'"
        ))
        .await
        .into_iter()
        .map(|l| condition(&l))
        .collect(),
        references: lines(format!(
            "select t.name || '.' || f.\"from\" || ' -> ' || f.\"table\" || '.' || f.\"to\"
             from {SQLITE_TABLES} join pragma_foreign_key_list(t.name) f"
        ))
        .await,
        guarded: lines("select distinct tbl_name from sqlite_master where type = 'trigger'".to_owned()).await,
    }
}

async fn of_postgres(world: &World) -> Schema {
    let lines = |sql: String| async move { world.texts(&sql).await.into_iter().collect::<BTreeSet<_>>() };
    let named = |column: &str, keys: &str| {
        format!(
            "(select string_agg(a.attname::text, ', ' order by k.n) from unnest({keys}) with ordinality k (num, n)
              join pg_attribute a on a.attrelid = {column} and a.attnum = k.num)"
        )
    };
    let here = "n.nspname = 'public' and t.relname <> '_sqlx_migrations'";
    Schema {
        columns: lines(
            "select table_name || '.' || column_name || ' ' || (ordinal_position - 1) || ' ' ||
               case data_type when 'uuid' then 'blob' when 'bigint' then 'integer' when 'timestamp with time zone' then 'text'
                              when 'date' then 'text' else data_type end ||
               case is_nullable when 'NO' then ' not null' else '' end || coalesce(' default ' || column_default, '')
             from information_schema.columns where table_schema = 'public' and table_name <> '_sqlx_migrations'"
                .to_owned(),
        )
        .await,
        keys: lines(format!(
            "select t.relname || ' (' || {} || ')' from pg_constraint c join pg_class t on t.oid = c.conrelid
             join pg_namespace n on n.oid = t.relnamespace where c.contype in ('p', 'u') and {here}",
            named("c.conrelid", "c.conkey")
        ))
        .await,
        indexes: lines(format!(
            "select i.relname || case when x.indisunique then ' unique' else '' end || ' (' || {} || ') ' ||
               coalesce(' where ' || pg_get_expr(x.indpred, x.indrelid), '')
             from pg_index x join pg_class i on i.oid = x.indexrelid join pg_class t on t.oid = x.indrelid
             join pg_namespace n on n.oid = t.relnamespace
             where {here} and not exists (select 1 from pg_constraint c where c.conindid = x.indexrelid and c.contype in ('p', 'u'))",
            named("x.indrelid", "x.indkey::int2[]")
        ))
        .await
        .into_iter()
        .map(|l| condition(&l))
        .collect(),
        references: lines(format!(
            "select t.relname || '.' || {} || ' -> ' || c.confrelid::regclass::text || '.' || {}
             from pg_constraint c join pg_class t on t.oid = c.conrelid join pg_namespace n on n.oid = t.relnamespace
             where c.contype = 'f' and {here}",
            named("c.conrelid", "c.conkey"),
            named("c.confrelid", "c.confkey")
        ))
        .await,
        guarded: lines("select distinct tgrelid::regclass::text from pg_trigger where not tgisinternal".to_owned()).await,
    }
}

/// An index's condition in one spelling: PostgreSQL adds parentheses, casts and quotes, and writes `<> ALL (ARRAY[…])`.
fn condition(line: &str) -> String {
    let mut line = line.to_lowercase().replace("::text", "").replace('"', "");
    if let Some(at) = line.find(" where ") {
        let tail = line.split_off(at).replace(['(', ')'], "");
        line.push_str(&tail);
    }
    line.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn both_databases_have_the_same_schema() {
    let schemas: Arc<Mutex<Vec<Schema>>> = Arc::default();
    let keep = |schema| schemas.lock().unwrap().push(schema);
    latchkey_testkit::sqlite("schema", |world| async move { keep(of_sqlite(&world).await) });
    latchkey_testkit::postgres("schema", |world| async move { keep(of_postgres(&world).await) });
    let schemas = schemas.lock().unwrap();
    let sqlite = &schemas[0];
    assert!(sqlite.columns.len() > 200 && sqlite.keys.len() > 40 && sqlite.indexes.len() > 40, "{sqlite:#?}");
    assert_eq!(sqlite.guarded, BTreeSet::from(["event".to_owned(), "event_subject".to_owned()]));
    for column in &sqlite.columns {
        assert!(!column.contains(" default "), "times and defaults come from the program: {column}");
    }
    // Left out by choice: then there is nothing to compare with.
    let Some(postgres) = schemas.get(1) else { return };
    let differ = |what: &str, a: &BTreeSet<String>, b: &BTreeSet<String>| {
        let only =
            |x: &BTreeSet<String>, y: &BTreeSet<String>| x.difference(y).cloned().collect::<Vec<_>>().join("\n  ");
        assert_eq!(a, b, "{what}\nonly on SQLite:\n  {}\nonly on PostgreSQL:\n  {}\n", only(a, b), only(b, a));
    };
    differ("columns", &sqlite.columns, &postgres.columns);
    differ("keys", &sqlite.keys, &postgres.keys);
    differ("indexes", &sqlite.indexes, &postgres.indexes);
    differ("references", &sqlite.references, &postgres.references);
    differ("append-only tables", &sqlite.guarded, &postgres.guarded);
}

#[test]
fn migrations_have_the_same_numbers_and_names() {
    let list = |database: &str| {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../migrations").join(database);
        let mut names: Vec<_> =
            std::fs::read_dir(folder).unwrap().map(|f| f.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    };
    assert_eq!(list("sqlite"), list("postgres"));
    assert!(!list("sqlite").is_empty());
}

fn key() -> EventKey {
    EventKey::new(&[42; 32]).unwrap()
}

async fn empty(world: &World) {
    world.run("drop schema public cascade").await;
    world.run("create schema public").await;
}

both_databases! {
    async fn a_schema_from_a_newer_release_is_refused_and_left_alone(world: World) {
        assert_eq!(world.db.schema_state().await.unwrap(), SchemaState::Current);
        world.run(
            "insert into _sqlx_migrations (version, description, installed_on, success, checksum, execution_time)
             select 9999, 'from the future', installed_on, success, checksum, execution_time from _sqlx_migrations limit 1",
        )
        .await;
        assert_eq!(world.db.schema_state().await.unwrap(), SchemaState::Ahead(vec![9999]));
        let refused = world.db.migrate().await.unwrap_err();
        assert!(matches!(refused, StoreError::Schema(_)), "{refused:?}");
        let words = refused.to_string();
        assert!(words.contains("9999") && words.contains("newer release") && words.contains("restore a backup"), "{words}");
        assert_eq!(world.db.schema_state().await.unwrap(), SchemaState::Ahead(vec![9999]));
    }

    async fn migrating_again_changes_nothing(world: World) {
        let person = world.person("Ann Berg", None).await;
        world.db.migrate().await.unwrap();
        world.db.migrate().await.unwrap();
        assert_eq!(world.db.schema_state().await.unwrap(), SchemaState::Current);
        let name = latchkey_store::identities::names(&mut world.db.read().await.unwrap(), &[person.0]).await.unwrap();
        assert_eq!(name[&person.0], "Ann Berg");
    }

    async fn a_migration_that_was_changed_after_it_ran_is_refused(world: World) {
        let other = if world.db.is_postgres() { "'\\x00'" } else { "X'00'" };
        world.run(&format!("update _sqlx_migrations set checksum = {other}")).await;
        let refused = world.db.migrate().await.unwrap_err();
        assert!(matches!(refused, StoreError::Schema(_)), "{refused:?}");
    }

    async fn what_must_be_there_can_not_be_left_out_or_pointed_nowhere(world: World) {
        world.person("Ann Berg", None).await;
        let nobody = if world.db.is_postgres() { "'00000000-0000-7000-8000-000000000000'" } else { "X'00000000000070008000000000000000'" };
        for sql in [
            format!("update person set manager_id = {nobody}"),
            format!("update person set identity_id = {nobody}"),
            "update identity set display_name = null".to_owned(),
            "delete from identity".to_owned(),
        ] {
            let refused = testing::run(&world.db, &sql).await;
            assert!(refused.is_err(), "{sql}");
        }
        assert_eq!(world.number("select count(*) from person where manager_id is null").await, 1);
    }
}

#[test]
fn a_fresh_database_is_behind_until_it_is_migrated() {
    latchkey_testkit::sqlite("fresh", |world| async move {
        let url = Url::Sqlite(world.folder().join("fresh.db"));
        let db = Db::open(&url, key()).await.unwrap();
        assert!(matches!(db.schema_state().await.unwrap(), SchemaState::Behind(missing) if missing.contains(&1)));
        db.migrate().await.unwrap();
        assert_eq!(db.schema_state().await.unwrap(), SchemaState::Current);
        db.close().await;
    });
    latchkey_testkit::postgres("fresh", |world| async move {
        empty(&world).await;
        assert!(matches!(world.db.schema_state().await.unwrap(), SchemaState::Behind(missing) if missing.contains(&1)));
        world.db.migrate().await.unwrap();
        assert_eq!(world.db.schema_state().await.unwrap(), SchemaState::Current);
    });
}

#[test]
fn replicas_that_start_together_migrate_once() {
    latchkey_testkit::postgres("replicas", |world| async move {
        for round in 0..3 {
            empty(&world).await;
            let (a, b, c) = (world.another_db().await, world.another_db().await, world.another_db().await);
            let (x, y, z) = tokio::join!(a.migrate(), b.migrate(), c.migrate());
            for outcome in [x, y, z] {
                outcome.unwrap_or_else(|e| panic!("round {round}: {e}"));
            }
            assert_eq!(a.schema_state().await.unwrap(), SchemaState::Current);
            let applied = testing::number(&b, "select count(*) from _sqlx_migrations").await.unwrap();
            let distinct = testing::number(&b, "select count(distinct version) from _sqlx_migrations").await.unwrap();
            assert_eq!(applied, distinct, "each migration ran once");
            for db in [a, b, c] {
                db.close().await;
            }
        }
    });
}

#[test]
fn sqlite_is_as_durable_and_strict_as_was_promised() {
    latchkey_testkit::sqlite("pragmas", |world| async move {
        for (pragma, value) in [("foreign_keys", 1), ("synchronous", 2)] {
            assert_eq!(world.number(&format!("pragma {pragma}")).await, value, "{pragma} where it is written");
        }
        assert_eq!(world.texts("pragma journal_mode").await, ["wal"]);

        let mut read = world.db.read().await.unwrap();
        let ConnRef::Sqlite(c) = read.conn() else { panic!("a SQLite connection") };
        let refused = sqlx::query("update installation set epoch = 9").execute(&mut *c).await;
        assert!(refused.unwrap_err().to_string().contains("readonly"), "a connection for reading can't write");
        let (foreign_keys,): (i64,) = sqlx::query_as("pragma foreign_keys").fetch_one(&mut *c).await.unwrap();
        assert_eq!(foreign_keys, 1);
    });
}
