//! A wrong setting stops a command with a message that names it.

use super::place::Place;

fn said(place: &Place, args: &[&str], variables: &[(&str, &str)]) -> super::place::Said {
    place.bare(args).envs(variables.iter().copied()).output().unwrap().into()
}

#[test]
fn what_is_missing_is_named_with_what_is_expected() {
    let place = Place::new();
    said(&place, &["migrate"], &[]).refused(&["database_url", "LATCHKEY_DATABASE_URL", "event_key_file"]);
    let key = ("LATCHKEY_EVENT_KEY", "0123456789abcdef0123456789abcdef");
    said(&place, &["serve"], &[key, ("LATCHKEY_DATABASE_URL", "sqlite:x.db")]).refused(&["public_url", "oidc"]);
    assert!(!place.path("x.db").exists());
}

#[test]
fn what_is_wrong_is_named_with_its_line() {
    let place = Place::new();
    place.write(
        "latchkey.toml",
        "databse_url = \"sqlite:x.db\"\nevent_key_env = \"NOT_THERE\"\nlisten = \"everywhere\"\n",
    );
    said(&place, &["migrate"], &[]).refused(&[
        "databse_url",
        "latchkey.toml:1",
        "database_url",
        "NOT_THERE",
        "listen",
        "latchkey.toml:3",
    ]);
    said(&place, &["--settings", "nowhere.toml", "migrate"], &[]).refused(&["nowhere.toml"]);
    place.write("latchkey.toml", "event_key = \"0123456789abcdef0123456789abcdef\"\n");
    said(&place, &["migrate"], &[]).refused(&["event_key", "does not belong in the settings file"]);
}

#[test]
fn a_connection_that_cannot_work_stops_the_worker_by_name() {
    let place = Place::with_company();
    place.write("data/latchkey.toml", "public_url = \"http://localhost:1\"\n[connection.crm]\nkind = \"scim\"\nbase_url = \"http://elsewhere.example\"\ntoken_env = \"X\"\n");
    place.run(&["work"]).refused(&["connection.crm.base_url"]);
    place.write(
        "data/latchkey.toml",
        "public_url = \"http://localhost:1\"\n[connection.crm]\nkind = \"scim\"\ncolour = \"red\"\n",
    );
    place.run(&["work"]).refused(&["connection.crm", "colour"]);
}

#[test]
fn a_data_folder_and_another_database_are_one_too_many() {
    let place = Place::new();
    let output = place.command(&["migrate"]).env("LATCHKEY_DATABASE_URL", "sqlite:elsewhere.db").output().unwrap();
    super::place::Said::from(output).refused(&["LATCHKEY_DATABASE_URL", "--data"]);
    assert!(!place.path("elsewhere.db").exists() && !place.database().exists());
}

#[test]
fn wrong_usage_is_explained() {
    let place = Place::new();
    for wrong in [&["fly"][..], &["restore"], &["restore", "x.db", "--confirm"], &["admin", "add"], &[]] {
        let output = place.bare(wrong).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{wrong:?}: {output:?}");
    }
    for (args, words) in [
        (&["--help"][..], "latchkey.toml"),
        (&["restore", "--help"], "--database-restored"),
        (&["backup", "--help"], "pg_dump"),
    ] {
        let output = place.bare(args).output().unwrap();
        assert!(output.status.success() && String::from_utf8_lossy(&output.stdout).contains(words), "{output:?}");
    }
}

#[test]
fn commands_of_later_issues_do_not_exist() {
    let place = Place::new();
    for later in ["audit", "token", "drill"] {
        assert_eq!(place.bare(&[later]).output().unwrap().status.code(), Some(2), "{later}");
    }
}
