//! Secrets come from the environment or files, and stay there.

use std::{fs, time::Duration};

use latchkey_store::{
    Db, EventKey, Url,
    testing::{run, texts},
};

use super::place::{Place, Running, ask, free_port, get, holds};

const EVENT_KEY: &str = "planted-event-key-6b1f0c52d9e84a7793";
const CLIENT_SECRET: &str = "planted-client-secret-51d0a7e2";
const SCIM_TOKEN: &str = "planted-scim-token-93ab61f4";
const CALL_IN_SECRET: &str = "whsec_cGxhbnRlZC1jYWxsLWluLXNlY3JldC0wOTMxZjJhYQ==";
const SMTP_PASSWORD: &str = "planted-smtp-password-77c1";
const DATABASE_PASSWORD: &str = "planted-database-password-0f3e";

/// Settings with a secret in every place that takes one. None of the servers is there, so that every one of them fails.
fn settings(place: &Place, port: u16, database: &str) {
    place.write("event.key", EVENT_KEY);
    place.write("client.secret", CLIENT_SECRET);
    place.write(
        "latchkey.toml",
        &format!(
            "{database}event_key_file = \"event.key\"\npublic_url = \"http://localhost:{port}\"\nlisten = \"127.0.0.1:{port}\"\n\
             [log]\nformat = \"json\"\nfilter = \"trace\"\n\
             [oidc]\nissuer = \"http://127.0.0.1:9\"\nclient_id = \"latchkey\"\nclient_secret_file = \"client.secret\"\n\
             mfa = [{{ claim = \"amr\", values = [\"mfa\"] }}]\n\
             [smtp]\nhost = \"127.0.0.1\"\nport = 9\nsecurity = \"none\"\nusername = \"latchkey\"\npassword_env = \"PLANTED_SMTP\"\nfrom = \"Latchkey <latchkey@example.test>\"\n\
             [connection.crm]\nkind = \"scim\"\nbase_url = \"http://127.0.0.1:9/scim/v2\"\ntoken_env = \"PLANTED_SCIM\"\n\
             [call_in.on-call]\nsecrets_env = \"PLANTED_CALL_IN\"\n"
        ),
    );
}

fn command(place: &Place, args: &[&str]) -> std::process::Command {
    let mut command = place.bare(args);
    command.env("PLANTED_SCIM", SCIM_TOKEN).env("PLANTED_SMTP", SMTP_PASSWORD).env("PLANTED_CALL_IN", CALL_IN_SECRET);
    command
}

/// Runs the whole portal through its failures, and gives its log.
fn through_its_failures(place: &Place, port: u16) -> String {
    place.company();
    for args in [&["import", "people", "people.csv"][..], &["apply", "catalog"], &["admin", "add", "E1"]] {
        super::place::Said::from(command(place, args).output().unwrap()).ok();
    }
    let mut portal = Running::start(command(place, &["serve"]));
    portal.until("the portal is at");
    get(port, "/");
    get(port, "/auth/login");
    get(port, "/auth/callback?code=x&state=y");
    get(port, "/metrics");
    get(port, "/readyz");
    ask(port, "POST /do/decide HTTP/1.1\r\nContent-Length: 0\r\nOrigin: http://evil.example");
    ask(port, "POST /api/v1/call-ins/on-call HTTP/1.1\r\nContent-Length: 0\r\nwebhook-signature: v1,AAAA");
    portal.until("answer as it should");
    std::thread::sleep(Duration::from_millis(300));
    assert!(portal.end().0, "{}", portal.log());
    portal.log()
}

fn is_in_none(secrets: &[&str], log: &str) {
    for secret in secrets {
        assert!(!log.contains(secret), "{secret} is in the log");
    }
    assert!(log.len() > 2_000, "the log says too little to prove anything: {log}");
}

#[test]
fn promise_11_no_secret_reaches_the_log_or_the_database_file() {
    let place = Place::new();
    let port = free_port();
    settings(&place, port, "database_url = \"sqlite:latchkey.db\"\n");
    let log = through_its_failures(&place, port);
    let planted = [EVENT_KEY, CLIENT_SECRET, SCIM_TOKEN, SMTP_PASSWORD, CALL_IN_SECRET];
    is_in_none(&planted, &log);
    super::place::Said::from(command(&place, &["backup", "copy.db"]).output().unwrap()).ok();
    let files: Vec<_> = fs::read_dir(place.folder.path()).unwrap().flatten().map(|entry| entry.path()).collect();
    assert!(files.iter().any(|file| holds(file, EVENT_KEY)), "the search finds what is there");
    for file in files.iter().filter(|file| file.to_string_lossy().contains(".db")) {
        for secret in planted {
            assert!(!holds(file, secret), "{secret} is in {}", file.display());
        }
    }
}

/// A fresh database with a user of its own, whose password is planted.
async fn planted_database(server: &str) -> (String, Db) {
    let admin = Db::open_sized(&server.parse::<Url>().unwrap(), EventKey::new(&[1; 32]).unwrap(), 1).await.unwrap();
    let seconds = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    let name = format!("latchkey_test_{seconds}_cli_{}", std::process::id());
    run(&admin, &format!("create role {name} login password '{DATABASE_PASSWORD}'")).await.unwrap();
    run(&admin, &format!("create database {name} owner {name}")).await.unwrap();
    (name, admin)
}

fn with_user(server: &str, name: &str) -> String {
    let (_, rest) = server.split_once("://").unwrap();
    let host = rest.rsplit_once('@').map_or(rest, |(_, host)| host).split(['/', '?']).next().unwrap();
    format!("postgres://{name}:{DATABASE_PASSWORD}@{host}/{name}")
}

#[tokio::test]
async fn promise_11_no_secret_reaches_the_log_or_a_table_on_postgresql() {
    let Ok(server) = std::env::var("LATCHKEY_TEST_POSTGRES_URL") else {
        assert_eq!(
            std::env::var("LATCHKEY_TEST_SQLITE_ONLY").as_deref(),
            Ok("1"),
            "this test needs a PostgreSQL server: set LATCHKEY_TEST_POSTGRES_URL, or LATCHKEY_TEST_SQLITE_ONLY=1 to leave it out"
        );
        return;
    };
    let (name, admin) = planted_database(&server).await;
    let place = Place::new();
    let port = free_port();
    let url = with_user(&server, &name);
    place.write("database.url", &url);
    settings(&place, port, "database_url_file = \"database.url\"\n");

    let many: Vec<_> = (0..4)
        .map(|_| {
            command(&place, &["migrate"])
                .stdout(std::process::Stdio::piped())
                .stderr(std::process::Stdio::piped())
                .spawn()
                .unwrap()
        })
        .collect();
    for one in many {
        super::place::Said::from(one.wait_with_output().unwrap()).ok();
    }
    let planted = [EVENT_KEY, CLIENT_SECRET, SCIM_TOKEN, SMTP_PASSWORD, CALL_IN_SECRET, DATABASE_PASSWORD];
    is_in_none(&planted, &through_its_failures(&place, port));

    let db =
        Db::open_sized(&url.parse::<Url>().unwrap(), EventKey::new(EVENT_KEY.as_bytes()).unwrap(), 1).await.unwrap();
    let tables = texts(&db, "select table_name::text from information_schema.tables where table_schema = 'public'")
        .await
        .unwrap();
    assert!(tables.len() > 20, "{tables:?}");
    for table in tables {
        let rows = texts(&db, &format!("select t::text from {table} t")).await.unwrap().join("\n");
        for secret in planted {
            assert!(!rows.contains(secret), "{secret} is in {table}");
        }
    }
    db.close().await;

    // Its own tools copy a PostgreSQL database; ours say so, and mark what they brought back.
    super::place::Said::from(command(&place, &["backup", "copy.db"]).output().unwrap())
        .refused(&["pg_dump", "--database-restored"]);
    super::place::Said::from(command(&place, &["restore", "copy.db"]).output().unwrap())
        .refused(&["pg_restore", "--database-restored"]);
    let marked = super::place::Said::from(command(&place, &["restore", "--database-restored"]).output().unwrap());
    assert!(marked.done && marked.out.contains("part 2"), "{marked:?}");

    run(&admin, &format!("drop database {name} with (force)")).await.unwrap();
    run(&admin, &format!("drop role {name}")).await.unwrap();
    admin.close().await;
}

/// A wrong password is told without repeating it.
#[test]
fn promise_11_a_failing_database_is_told_without_its_password() {
    let place = Place::new();
    place.write("event.key", EVENT_KEY);
    let url = format!("postgres://nobody:{DATABASE_PASSWORD}@127.0.0.1:9/none");
    let said: super::place::Said = place
        .bare(&["migrate"])
        .env("LATCHKEY_DATABASE_URL", &url)
        .env("LATCHKEY_EVENT_KEY_FILE", "event.key")
        .output()
        .unwrap()
        .into();
    assert!(!said.done && !said.err.contains(DATABASE_PASSWORD) && said.err.contains("database"), "{said:?}");
    let wrong: super::place::Said = place
        .bare(&["migrate"])
        .env("LATCHKEY_DATABASE_URL", url.replace("postgres:", "mysql:"))
        .env("LATCHKEY_EVENT_KEY_FILE", "event.key")
        .output()
        .unwrap()
        .into();
    assert!(!wrong.done && !wrong.err.contains(DATABASE_PASSWORD) && wrong.err.contains("database_url"), "{wrong:?}");
}
