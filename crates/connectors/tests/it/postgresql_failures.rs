//! What goes wrong between the PostgreSQL connector and a real cluster, and servers that come back.

use latchkey_connectors::{
    AccountState, Secret,
    postgresql::{PostgresSettings, Tls},
    real_servers::{PostgresOptions, seed_roles, start_postgres},
};

use crate::{
    certificates::certificates,
    contract::{needs_human, retry_later, spec},
    postgresql::{connector, options},
    servers::{PLANTED, folder, silent_port},
};

#[tokio::test]
async fn promise_09_and_11_failures_are_told_apart_and_hold_no_secret() {
    let dir = folder();
    let (authority, certificate, key) = certificates(dir.path());
    let with_tls =
        |port| PostgresOptions { port, tls: Some((certificate.clone(), key.clone())), ..options(dir.path()) };
    let server = start_postgres(with_tls(None)).await.unwrap();
    let good = server.settings();

    let wrong = connector(PostgresSettings { password: Some(Secret::new("wr0ng-s3cret-1")), ..good.clone() });
    let words = needs_human(wrong.check().await);
    assert!(words.contains("28P01") && words.contains("password") && !words.contains("wr0ng"), "{words}");
    let none = connector(PostgresSettings { password: None, ..good.clone() });
    assert!(needs_human(none.check().await).contains("password_file"));
    let elsewhere = connector(PostgresSettings { dbname: "nowhere".into(), ..good.clone() });
    assert!(needs_human(elsewhere.check().await).contains("dbname"));
    // The secret hides even where a setting repeats it.
    let echo = connector(PostgresSettings { dbname: PLANTED.into(), ..good.clone() });
    let words = needs_human(echo.check().await);
    assert!(!words.contains(PLANTED) && words.contains("(hidden)"), "{words}");

    let admin = connector(server.admin_settings());
    assert!(admin.check().await.unwrap().words.contains("superuser"));
    let mara = admin.create(&spec("E1", "mara")).await.unwrap().native_id;
    assert!(admin.check().await.unwrap().product.contains("PostgreSQL 1"));
    let weak = connector(PostgresSettings { user: "weak".into(), ..good.clone() });
    assert!(needs_human(weak.check().await).contains("28P01"), "a role that isn't there looks like a wrong password");
    seed_roles(&server.admin_settings(), &[("weak", "May nothing")]).await.unwrap();
    let (client, connection) = tokio_postgres::Config::new()
        .host("127.0.0.1")
        .port(server.port)
        .user("postgres")
        .password(PLANTED)
        .dbname("postgres")
        .connect(tokio_postgres::NoTls)
        .await
        .unwrap();
    tokio::spawn(connection);
    client.batch_execute(&format!("ALTER ROLE weak LOGIN PASSWORD '{PLANTED}'")).await.unwrap();
    assert!(needs_human(weak.check().await).contains("CREATEROLE"));
    assert!(needs_human(weak.create(&spec("E9", "nine")).await).contains("42501"));
    assert!(needs_human(weak.set_state(&mara, AccountState::Disabled).await).contains("CREATEROLE"));

    connector(PostgresSettings { tls: Some(Tls::Required), ca_file: Some(authority), ..good.clone() })
        .check()
        .await
        .unwrap();
    let distrusting = connector(PostgresSettings { tls: Some(Tls::Required), ..good.clone() });
    let words = needs_human(distrusting.check().await);
    assert!(words.contains("not trusted"), "{words}");

    let (port, silent) = silent_port().await;
    let hung = connector(PostgresSettings { port, timeout_seconds: 1, ..good.clone() });
    retry_later(hung.check().await);
    silent.abort();
    // A lock that somebody else holds is waited for, and then left for later.
    client.batch_execute("BEGIN; LOCK TABLE pg_authid").await.unwrap();
    let waiting = connector(PostgresSettings { timeout_seconds: 1, ..good.clone() });
    retry_later(waiting.create(&spec("E8", "eight")).await);
    client.batch_execute("COMMIT").await.unwrap();
    waiting.create(&spec("E8", "eight")).await.unwrap();

    // Back on the same port before anybody asks: the kept connection is replaced, and the folder keeps what was in it.
    let lasting = connector(good.clone());
    lasting.check().await.unwrap();
    let port = server.port;
    drop(server);
    let again = start_postgres(with_tls(Some(port))).await.unwrap();
    assert_eq!(lasting.read(&mara, &[]).await.unwrap().unwrap().external_id.as_deref(), Some("E1"));
    drop(again);
    retry_later(lasting.read(&mara, &[]).await);
    let words = retry_later(lasting.read(&mara, &[]).await);
    assert!(words.contains("refused"), "{words}");
    let again = start_postgres(with_tls(Some(port))).await.unwrap();
    assert!(lasting.read(&mara, &[]).await.unwrap().is_some());
    // A run that was killed leaves its server behind; the next one takes the folder over.
    std::mem::forget(again);
    let third = start_postgres(with_tls(None)).await.unwrap();
    let connector = connector(third.settings());
    assert!(connector.read(&mara, &[]).await.unwrap().is_some());
    retry_later(lasting.check().await);
}

#[tokio::test]
async fn a_folder_that_the_server_cannot_get_to_is_stood_in_for() {
    let dir = tempfile::tempdir().unwrap();
    let server = start_postgres(options(dir.path())).await.unwrap();
    connector(server.settings()).create(&spec("E1", "mara")).await.unwrap();
    drop(server);
    let server = start_postgres(options(dir.path())).await.unwrap();
    assert!(connector(server.settings()).read("mara", &[]).await.unwrap().is_some(), "what was there is there again");
    drop(server);
    // As root the data is in the home of the user that the server runs as; else it stayed here.
    match std::fs::read_to_string(dir.path().join("postgres/data-folder")) {
        Ok(folder) => std::fs::remove_dir_all(folder.trim()).unwrap(),
        Err(_) => assert!(dir.path().join("postgres/data/PG_VERSION").is_file()),
    }
}
