//! `backup` and `restore`.

use std::os::unix::fs::PermissionsExt;

use latchkey_store::{installation, testing::number};

use super::place::{Place, Running, free_port};

const HELD: &str = "select count(*) from role_grant where state = 'active'";

/// Between the backup and the restore somebody got access. The restored database doesn't know; the systems may. So nothing is
/// done until somebody looked.
#[tokio::test]
async fn after_a_restore_workers_only_report_until_somebody_confirms() {
    let place = Place::with_company();
    place.run(&["admin", "add", "E1"]).ok();
    let said = place.run(&["backup", "copy.db"]).ok();
    assert!(said.contains("copy.db") && said.contains("event_key"), "{said}");
    assert_eq!(place.path("copy.db").metadata().unwrap().permissions().mode() & 0o777, 0o600);
    place.run(&["admin", "add", "E2"]).ok();

    place.run(&["restore", "copy.db"]).refused(&["--replace", "before-restore", "Nothing was changed"]);
    let said = place.run(&["restore", "copy.db", "--replace"]).ok();
    assert!(said.contains("part 2") && said.contains("before-restore") && said.contains("--confirm"), "{said}");

    let db = place.db().await;
    assert_eq!(number(&db, HELD).await.unwrap(), 1);
    assert_eq!(number(&db, "select count(*) from event where kind = 'restore_detected'").await.unwrap(), 1);
    let row = installation::get(&mut db.read().await.unwrap()).await.unwrap().unwrap();
    assert_eq!((row.epoch, row.mode.as_str()), (2, "reporting"));
    db.close().await;
    assert!(place.path("data/latchkey.db.before-restore").is_file());

    place.run(&["restore", "--confirm"]).ok();
    let db = place.db().await;
    let row = installation::get(&mut db.read().await.unwrap()).await.unwrap().unwrap();
    assert_eq!((row.epoch, row.mode.as_str()), (2, "acting"));
    assert_eq!(number(&db, "select count(*) from event where kind = 'restore_confirmed'").await.unwrap(), 1);
    db.close().await;
    place.run(&["restore", "--confirm"]).refused(&["nothing to confirm"]);
}

#[tokio::test]
async fn a_restore_keeps_each_database_that_it_replaces() {
    let place = Place::with_company();
    place.run(&["backup", "copy.db"]).ok();
    place.run(&["restore", "copy.db", "--replace"]).ok();
    place.run(&["admin", "add", "E2"]).ok();
    place.run(&["restore", "copy.db", "--replace"]).ok();
    assert!(
        place.path("data/latchkey.db.before-restore").is_file()
            && place.path("data/latchkey.db.before-restore-2").is_file()
    );
    // What was set aside is whole: it can be put back.
    place.run(&["restore", "data/latchkey.db.before-restore-2", "--replace"]).ok();
    let db = place.db().await;
    assert_eq!(number(&db, HELD).await.unwrap(), 1);
    db.close().await;
}

#[test]
fn a_backup_overwrites_nothing_and_needs_a_database() {
    let place = Place::new();
    place.run(&["backup", "copy.db"]).refused(&["isn't set up"]);
    place.run(&["migrate"]).ok();
    place.write("copy.db", "mine");
    place.run(&["backup", "copy.db"]).refused(&["copy.db", "is there already"]);
    place.run(&["backup", "nowhere/copy.db"]).refused(&["nowhere/copy.db"]);
    assert_eq!(std::fs::read_to_string(place.path("copy.db")).unwrap(), "mine");
    let left: Vec<_> = std::fs::read_dir(place.folder.path())
        .unwrap()
        .flatten()
        .filter(|entry| entry.file_name().to_string_lossy().contains("writing"))
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

#[tokio::test]
async fn what_is_no_backup_is_not_restored() {
    let place = Place::with_company();
    place.write("text.db", "not a database at all, and long enough to be looked at");
    place.run(&["restore", "text.db", "--replace"]).refused(&["text.db", "not a backup"]);
    let other = latchkey_store::Url::Sqlite(place.path("other.db"));
    let db = latchkey_store::Db::open(&other, latchkey_store::EventKey::new(&[1; 32]).unwrap()).await.unwrap();
    latchkey_store::testing::run(&db, "create table t (a integer)").await.unwrap();
    db.close().await;
    place.run(&["restore", "other.db", "--replace"]).refused(&["other.db", "not a backup"]);
    place.run(&["restore", "nowhere.db", "--replace"]).refused(&["nowhere.db"]);
    place.run(&["restore", "data/latchkey.db", "--replace"]).refused(&["the same file"]);
    let db = place.db().await;
    assert_eq!(number(&db, "select count(*) from person").await.unwrap(), 3);
    db.close().await;
    assert!(!place.path("data/latchkey.db.restoring").exists());
}

#[test]
fn a_running_portal_is_not_replaced() {
    let place = Place::with_company();
    place.run(&["backup", "copy.db"]).ok();
    place.serving(free_port());
    let mut portal = Running::start(place.command(&["serve", "--no-worker"]));
    portal.until("the portal is at");
    place.run(&["restore", "copy.db", "--replace"]).refused(&["is in use", "latchkey serve"]);
    place.run(&["restore", "--database-restored"]).refused(&["is in use"]);
    // A copy can be made while everything goes on.
    place.run(&["backup", "second.db"]).ok();
    assert!(portal.end().0);
    place.run(&["restore", "copy.db", "--replace"]).ok();
}

/// Somebody copied the file by hand: the mark is what counts.
#[test]
fn a_database_that_others_put_back_is_marked() {
    let place = Place::with_company();
    let said = place.run(&["restore", "--database-restored"]).ok();
    assert!(said.contains("part 2"), "{said}");
    place.run(&["restore", "--confirm"]).ok();
}

#[test]
fn another_key_is_noticed() {
    let place = Place::with_company();
    place.run(&["backup", "copy.db"]).ok();
    place.write("data/event.key", "another key of more than thirty-two characters");
    let said = place.run(&["restore", "copy.db", "--replace"]);
    assert!(said.done && said.err.contains("signed with the key"), "{said:?}");
}
