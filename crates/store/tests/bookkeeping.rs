//! Which tables a transaction without events may touch.

use latchkey_domain::{SystemId, system::SystemKind};
use latchkey_store::{BOOKKEEPING_TABLES, StoreError, bookkeeping, identities, installation, systems};
use latchkey_testkit::{World, both_databases, testing};

/// The list is part of promise 1: whoever lengthens it changes this test, and says why.
#[test]
fn promise_01_the_list_of_bookkeeping_tables_is_closed() {
    let mut list = BOOKKEEPING_TABLES.to_vec();
    list.sort_unstable();
    assert_eq!(
        list,
        [
            // Leases and when to look again; what is wanted and seen of an account has events.
            "account",
            // When a token was last used.
            "api_token",
            // What somebody put together and hasn't asked for: nothing is promised by it.
            "cart_item",
            // Seals.
            "checkpoint",
            // What other programs are told, and which there are; what they are told of are events.
            "delivery",
            "delivery_target",
            "event_leaf",
            // The outbox and its delivery attempts.
            "notice",
            // Counters.
            "rate_limit",
            // When a session was last used, and sign-ins under way.
            "session",
            // What the workers last found.
            "system_health",
            // How far a pass is, and that somebody wants one; what it found, and that it ended, have events.
            "system_pass",
            "system_pass_wanted",
            "tree_head",
            // Signs of life.
            "worker",
        ]
    );
    let columns: Vec<_> = bookkeeping::PROGRESS_COLUMNS.to_vec();
    assert_eq!(
        columns,
        [
            ("identity", "version"),
            ("fulfilment", "due_at"),
            ("role_grant", "reminded_at"),
            ("observation", "valid_to"),
            ("delegation", "begun_at"),
            ("delegation", "over_at"),
            ("wish", "looked_at"),
            ("drift", "due_at"),
            ("call_source", "heard_at"),
        ]
    );
}

async fn has_column(world: &World, table: &str, column: &str) -> bool {
    let sql = if world.db.is_postgres() {
        format!(
            "select count(*) from information_schema.columns where table_name = '{table}' and column_name like '{column}'"
        )
    } else {
        format!("select count(*) from pragma_table_info('{table}') where name like '{column}'")
    };
    world.number(&sql).await > 0
}

both_databases! {
    async fn what_the_list_names_is_there(world: World) {
        for table in BOOKKEEPING_TABLES {
            assert!(has_column(&world, table, "%").await, "{table}");
        }
        for (table, column) in bookkeeping::PROGRESS_COLUMNS {
            assert!(has_column(&world, table, column).await, "{table}.{column}");
        }
    }

    async fn progress_is_saved_without_events(world: World) {
        let ann = world.person("Ann Berg", None).await;
        let system = world.system("directory", SystemKind::Ldap, None).await;
        let events = world.number("select count(*) from event").await;
        let mut tx = world.tx().await;
        systems::record_health(&mut tx, system, "healthy", "It answers.", true).await.unwrap();
        identities::lock(&mut tx, &[ann]).await.unwrap();
        assert_eq!(bookkeeping::beyond(&mut tx).await.unwrap(), Vec::<String>::new());
        tx.commit_bookkeeping().await.unwrap();
        assert_eq!(world.texts("select state from system_health").await, ["healthy"]);
        assert_eq!(world.number("select count(*) from event").await, events);
    }

    async fn promise_01_a_real_change_is_noticed_when_it_calls_itself_bookkeeping(world: World) {
        let mut tx = world.tx().await;
        testing::add_person(&mut tx, &world.person_spec("Ann Berg", None)).await.unwrap();
        installation::touch_catalog(&mut tx).await.unwrap();
        systems::retire(&mut tx, SystemId::new(world.now())).await.unwrap_err();
        if world.db.is_postgres() {
            let beyond = bookkeeping::beyond(&mut tx).await.unwrap();
            assert_eq!(beyond, ["employment_period", "identity_history", "installation", "person", "system"]);
            let refused = tx.commit_bookkeeping().await;
            assert!(matches!(refused, Err(StoreError::Misuse(_))), "{refused:?}");
            assert_eq!(world.number("select count(*) from person").await, 0);
        } else {
            // SQLite doesn't tell what was touched; the same code is caught on PostgreSQL.
            assert_eq!(bookkeeping::beyond(&mut tx).await.unwrap(), Vec::<String>::new());
        }
    }

    async fn promise_01_what_may_be_lost_in_a_power_cut_is_no_change(world: World) {
        let mut tx = world.db.begin_note(world.now()).await.unwrap();
        let (_, event) = testing::add_person(&mut tx, &world.person_spec("Ann Berg", None)).await.unwrap();
        let refused = tx.commit(vec![event]).await.unwrap_err();
        assert!(matches!(refused, StoreError::Misuse(_)), "{refused}");
        assert_eq!(world.number("select count(*) from identity").await, 0);
    }

    async fn notes_and_changes_take_turns(world: World) {
        let system = world.system("directory", SystemKind::Ldap, None).await;
        let note = async |n: usize| {
            for _ in 0..10 {
                let mut tx = world.db.begin_note(world.now()).await.unwrap();
                systems::record_health(&mut tx, system, "healthy", &format!("Note {n}."), true).await.unwrap();
                tx.commit_bookkeeping().await.unwrap();
            }
        };
        let change = async |n: usize| {
            for m in 0..10 {
                let mut tx = world.tx().await;
                let spec = world.person_spec(&format!("Ann Berg{n}x{m}"), None);
                let (_, event) = testing::add_person(&mut tx, &spec).await.unwrap();
                // Half of them are given up in the middle, as a request is whose browser went away.
                if m % 2 == 0 {
                    tx.commit(vec![event]).await.unwrap();
                }
            }
        };
        tokio::join!(note(1), change(1), note(2), change(2), note(3), change(3));
        assert_eq!(world.number("select count(*) from identity").await, 15);
    }
}
