//! `serve` and `work`: one worker on SQLite, health, numbers, ending in order.

use std::{io::Write, net::TcpStream, time::Duration};

use super::place::{Place, Running, ask, free_port, get};

fn served(place: &Place, args: &[&str]) -> (u16, Running) {
    let port = free_port();
    place.serving(port);
    let mut portal = Running::start(place.command(args));
    portal.until("the portal is at");
    (port, portal)
}

#[test]
fn a_second_worker_on_sqlite_is_refused_in_words() {
    let place = Place::with_company();
    let (_, mut portal) = served(&place, &["serve"]);
    place.run(&["work"]).refused(&["already works on", "latchkey.db", "--no-worker"]);
    let port = free_port();
    place.serving(port);
    place.run(&["serve"]).refused(&["already works on"]);
    let mut second = Running::start(place.command(&["serve", "--no-worker"]));
    second.until("the portal is at");
    assert_eq!(get(port, "/healthz").0, 200);
    assert!(portal.end().0 && second.end().0);
    // Whoever ended has let go.
    let mut third = Running::start(place.command(&["work"]));
    third.until("agrees with the database");
    assert!(third.end().0);
}

#[test]
fn a_taken_address_is_named() {
    let place = Place::with_company();
    let (_, _portal) = served(&place, &["serve", "--no-worker"]);
    place.run(&["serve", "--no-worker"]).refused(&["is taken", "listen"]);
}

#[test]
fn it_lives_and_is_ready_when_its_worker_is() {
    let place = Place::with_company();
    let (port, mut portal) = served(&place, &["serve"]);
    assert_eq!(get(port, "/healthz"), (200, get(port, "/healthz").1, "ok\n".to_owned()));
    portal.until("agrees with the database");
    let began = std::time::Instant::now();
    while get(port, "/readyz").0 != 200 {
        assert!(began.elapsed() < Duration::from_secs(20), "{:?}", get(port, "/readyz"));
        std::thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(get(port, "/readyz").2, "ready\n");
    assert!(portal.end().0);
}

#[test]
fn a_visitor_is_sent_to_sign_in_with_every_defence_in_place() {
    let place = Place::with_company();
    let (port, mut portal) = served(&place, &["serve", "--no-worker"]);
    for path in ["/", "/catalog", "/admin", "/nowhere"] {
        let (status, head, _) = get(port, path);
        assert!(status == 303 && head.contains("location: /auth/login"), "{path}: {status} {head}");
        for header in
            ["x-request-id: ", "content-security-policy: ", "x-content-type-options: nosniff", "x-frame-options: deny"]
        {
            assert!(head.contains(header), "{header} is missing in {head}");
        }
    }
    // A change from nowhere is refused before anybody asks who it is.
    let (status, _, body) = ask(
        port,
        "POST /do/decide HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 0\r\nAccept: text/html",
    );
    assert_eq!(status, 403, "{body}");
    assert!(body.contains("foreign_origin"), "{body}");
    // A form that is too large isn't read to its end.
    let (status, ..) = ask(
        port,
        "POST /do/decide HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 99999999\r\nAccept: text/html",
    );
    assert_eq!(status, 413);
    assert!(portal.log().lines().all(|line| line.starts_with('{') && line.ends_with('}')), "{}", portal.log());
    assert!(portal.log().contains("\"path\":\"/nowhere\""), "{}", portal.log());
    assert!(portal.end().0);
}

#[test]
fn numbers_are_for_this_machine_alone() {
    let place = Place::with_company();
    let (port, mut portal) = served(&place, &["serve", "--no-worker"]);
    get(port, "/catalog");
    get(port, "/roles/00000000-0000-0000-0000-000000000000");
    let (status, head, body) = get(port, "/metrics");
    assert!(status == 200 && head.contains("version=0.0.4"), "{head}");
    for line in [
        "latchkey_requests_total{route=\"/catalog\",method=\"GET\",status=\"303\"} 1",
        "latchkey_requests_total{route=\"/roles/{id}\",method=\"GET\",status=\"303\"} 1",
        "latchkey_request_seconds_count{route=\"/catalog\"} 1",
        "latchkey_database_up 1",
        "latchkey_sessions 0",
        "latchkey_queue_accounts 0",
    ] {
        assert!(body.lines().any(|found| found == line), "{line} is missing in\n{body}");
    }
    assert!(
        body.contains("latchkey_build_info{version=") && body.contains("latchkey_database_connections{pool=\"write\""),
        "{body}"
    );
    // A proxy on this machine brings others.
    let (status, ..) = ask(port, "GET /metrics HTTP/1.1\r\nX-Forwarded-For: 203.0.113.9");
    assert_eq!(status, 404);
    assert!(portal.end().0);
}

#[test]
fn what_is_under_way_is_finished_and_an_idle_connection_holds_nothing_up() {
    let place = Place::with_company();
    let (port, mut portal) = served(&place, &["serve"]);
    let idle = TcpStream::connect(("127.0.0.1", port)).unwrap();
    let mut half = TcpStream::connect(("127.0.0.1", port)).unwrap();
    half.write_all(b"GET / HTTP/1.1\r\n").unwrap();
    std::thread::sleep(Duration::from_millis(100));
    let (well, took) = portal.end();
    assert!(well, "{}", portal.log());
    assert!(took < Duration::from_secs(20), "{took:?}");
    assert!(portal.log().contains("has stopped"), "{}", portal.log());
    drop((idle, half));
}
