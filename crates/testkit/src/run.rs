//! Running one test on one database.

use std::{panic::AssertUnwindSafe, sync::Arc};

use futures::FutureExt;
use latchkey_domain::clock::ManualClock;
use latchkey_store::{Db, EventKey, Url, testing::TestPostgres};

use crate::{START, World};

fn runtime() -> tokio::runtime::Runtime {
    // What was logged is shown with a test that fails; `RUST_LOG` widens it.
    let filter = tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| "warn".into());
    let _ = tracing_subscriber::fmt().with_env_filter(filter).with_test_writer().without_time().try_init();
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime for the test")
}

/// The key that every test world signs its events with.
pub(crate) fn event_key() -> EventKey {
    EventKey::new(&[42; 32]).expect("a key of 32 bytes")
}

async fn world(url: Url, folder: tempfile::TempDir, name: &str) -> World {
    let db =
        Db::open_sized(&url, event_key(), 8).await.unwrap_or_else(|e| panic!("{name}: the database doesn't open: {e}"));
    let start = chrono::DateTime::parse_from_rfc3339(START).expect("the start of the test world").to_utc();
    World::set_up(db, url, Arc::new(ManualClock::new(start)), Arc::new(folder)).await
}

/// Runs `body` on a fresh SQLite database.
pub fn sqlite<F: Future<Output = ()>>(name: &str, body: impl FnOnce(World) -> F) {
    runtime().block_on(async {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let url = Url::Sqlite(folder.path().join("latchkey.db"));
        let db = Db::open_sized(&url, event_key(), 1).await.expect("a fresh SQLite database");
        db.migrate().await.expect("the migrations of SQLite");
        db.close().await;
        let world = world(url, folder, name).await;
        let db = world.db.clone();
        let outcome = AssertUnwindSafe(body(world)).catch_unwind().await;
        db.close().await;
        if let Err(panic) = outcome {
            std::panic::resume_unwind(panic);
        }
    });
}

/// Runs `body` on a fresh PostgreSQL database.
pub fn postgres<F: Future<Output = ()>>(name: &str, body: impl FnOnce(World) -> F) {
    let Ok(server) = std::env::var("LATCHKEY_TEST_POSTGRES_URL") else {
        if std::env::var("LATCHKEY_TEST_SQLITE_ONLY").as_deref() == Ok("1") {
            eprintln!("{name}: left out on PostgreSQL, because LATCHKEY_TEST_SQLITE_ONLY=1");
            return;
        }
        panic!(
            "{name} needs a PostgreSQL server: set LATCHKEY_TEST_POSTGRES_URL (postgres://USER@HOST:PORT/postgres, a user that may create databases), or set LATCHKEY_TEST_SQLITE_ONLY=1 to leave these tests out"
        );
    };
    runtime().block_on(async {
        let database = TestPostgres::create(&server)
            .await
            .unwrap_or_else(|e| panic!("{name}: no database at LATCHKEY_TEST_POSTGRES_URL: {e}"));
        let folder = tempfile::tempdir().expect("a temporary folder");
        let world = world(database.url.clone(), folder, name).await;
        let db = world.db.clone();
        let outcome = AssertUnwindSafe(body(world)).catch_unwind().await;
        // A pool that a detached task still uses would wait for ever; dropping the database by force ends it.
        let _ = tokio::time::timeout(std::time::Duration::from_secs(5), db.close()).await;
        let dropped = database.drop_database().await;
        if let Err(panic) = outcome {
            std::panic::resume_unwind(panic);
        }
        dropped.expect("the test's database is dropped");
    });
}

/// Runs `body` on a fresh database of each kind, one after the other, for tests that aren't written with the macro.
pub fn both<F: Future<Output = ()>>(name: &str, body: impl Fn(World) -> F) {
    sqlite(name, &body);
    postgres(name, &body);
}
