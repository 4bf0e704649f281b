//! `import people`, `apply`, `admin add`, `migrate`.

use latchkey_store::testing::{number, run};

use super::place::{PEOPLE, Place, ROLE};

#[tokio::test]
async fn a_dry_run_says_what_would_change_and_writes_nothing() {
    let place = Place::new();
    place.company();
    place.run(&["import", "people", "people.csv", "--dry-run"]).refused(&["latchkey migrate"]);
    place.run(&["migrate"]).ok();
    let before = std::fs::read(place.database()).unwrap();
    let said = place.run(&["import", "people", "people.csv", "--dry-run"]).ok();
    assert!(
        said.contains("nothing was written") && said.contains("New people (3)") && said.contains("Ann Berg"),
        "{said}"
    );
    assert_eq!(std::fs::read(place.database()).unwrap(), before);

    place.run(&["import", "people", "people.csv"]).ok();
    let said = place.run(&["apply", "catalog", "--dry-run"]).ok();
    assert!(said.contains("nothing was written") && said.contains("Customer reader"), "{said}");
    let db = place.db().await;
    assert_eq!(number(&db, "select count(*) from role").await.unwrap(), 0);
    assert_eq!(number(&db, "select count(*) from person").await.unwrap(), 3);
    db.close().await;
}

#[tokio::test]
async fn mistakes_name_file_line_and_reason_and_nothing_is_written() {
    let place = Place::new();
    place.company();
    place.write("wrong.csv", &PEOPLE.replace("E1,active,2021-01-01,,\nE3", "E1,asleep,2021-01-01,,\nE3"));
    place.run(&["import", "people", "wrong.csv"]).refused(&["Nothing was written", "wrong.csv:3", "asleep", "active"]);
    place.write("wrong.csv", &PEOPLE.replace("E1,active,2021-01-01,,\nE3", "E9,active,2021-01-01,,\nE3"));
    place.run(&["import", "people", "wrong.csv"]).refused(&["Nothing was written", "wrong.csv:3", "E9"]);
    place.run(&["import", "people", "nowhere.csv"]).refused(&["nowhere.csv"]);
    place.run(&["import", "people", "people.csv"]).ok();
    place.write("catalog/roles/sales.toml", &ROLE.replace("\"low\"", "\"lowish\""));
    place.run(&["apply", "catalog"]).refused(&["catalog/roles/sales.toml:6", "lowish"]);
    place.write("catalog/roles/sales.toml", &ROLE.replace("policy = \"standard\"", "policy = \"none\""));
    place.run(&["apply", "catalog"]).refused(&["catalog/roles/sales.toml:", "none"]);
    place.run(&["apply", "nowhere"]).refused(&["nowhere"]);
    let db = place.db().await;
    assert_eq!(number(&db, "select count(*) from role").await.unwrap(), 0);
    assert_eq!(number(&db, "select count(*) from system").await.unwrap(), 0);
    db.close().await;
}

#[test]
fn what_is_there_already_is_nothing_to_do() {
    let place = Place::with_company();
    assert!(place.run(&["import", "people", "people.csv"]).ok().contains("Nothing to do"));
    assert!(place.run(&["apply", "catalog"]).ok().contains("Nothing to do"));
}

/// On an empty installation there is nobody who could approve anything: the host makes the first administrator.
#[tokio::test]
async fn the_first_administrator_comes_from_the_host() {
    let place = Place::new();
    place.company();
    place.run(&["admin", "add", "E1"]).refused(&["E1", "import people"]);
    place.run(&["import", "people", "people.csv"]).ok();
    let said = place.run(&["admin", "add", "ann.berg@example.test"]).ok();
    assert!(said.contains("Ann Berg") && said.contains("on record"), "{said}");
    assert!(place.run(&["admin", "add", "E1"]).ok().contains("already"));
    let db = place.db().await;
    let held = "select count(*) from role_grant g join person p on p.identity_id = g.identity_id where p.external_id = 'E1' and g.state = 'active'";
    assert_eq!(number(&db, held).await.unwrap(), 1);
    assert_eq!(number(&db, "select count(*) from event where kind = 'administrator_added'").await.unwrap(), 1);
    assert_eq!(number(&db, "select count(*) from event where kind = 'installation_started'").await.unwrap(), 1);
    db.close().await;
}

#[test]
fn several_may_migrate_at_the_same_moment() {
    let place = Place::new();
    let all: Vec<_> = (0..4)
        .map(|_| {
            place
                .command(&["migrate"])
                .stdout(std::process::Stdio::piped())
                .stderr(std::process::Stdio::piped())
                .spawn()
                .unwrap()
        })
        .collect();
    for one in all {
        super::place::Said::from(one.wait_with_output().unwrap()).ok();
    }
}

#[tokio::test]
async fn a_database_of_a_newer_release_is_refused() {
    let place = Place::with_company();
    let db = place.db().await;
    let newer = "insert into _sqlx_migrations (version, description, success, checksum, execution_time) values (9999, 'later', true, x'00', 0)";
    run(&db, newer).await.unwrap();
    db.close().await;
    place.serving(super::place::free_port());
    for command in [
        &["serve"][..],
        &["work"],
        &["migrate"],
        &["import", "people", "people.csv"],
        &["apply", "catalog", "--dry-run"],
    ] {
        place.run(command).refused(&["9999", "newer release"]);
    }
}

#[tokio::test]
async fn a_database_of_an_older_release_waits_for_migrate() {
    let place = Place::with_company();
    let db = place.db().await;
    // As if this release had brought the last migration.
    let last = number(&db, "select max(version) from _sqlx_migrations").await.unwrap();
    if last == 1 {
        // The first schema has no older one.
        db.close().await;
        return;
    }
    run(&db, &format!("delete from _sqlx_migrations where version = {last}")).await.unwrap();
    db.close().await;
    place.run(&["apply", "catalog"]).refused(&["older release", "latchkey migrate"]);
}
