//! Sessions: new at each sign-in, hashed at rest, limited on the server, seen and ended by their owners.

use axum::http::{Method, StatusCode};
use chrono::TimeDelta;
use latchkey_domain::{SessionId, actor::ActorRef, clock::Clock, identity::Status, system::SystemKind};
use latchkey_service::sessions;
use latchkey_testkit::{World, both_databases};
use serde_json::{Value, json};

use crate::portal::{Portal, Wish};

async fn is_in(browser: &mut crate::browser::Browser) -> bool {
    browser.get("/who").await.status == StatusCode::OK
}

both_databases! {
    async fn a_sign_in_gives_a_number_that_nobody_knew_before(world: World) {
        world.person("Ada Berg", None).await;
        let portal = Portal::new(world).await;
        // Somebody planted a number of their choice in the browser.
        let planted = "AAAAAAAAAAAAAAAAAAAAAA";
        let mut browser = portal.browser();
        browser.cookies.insert("latchkey".to_owned(), planted.to_owned());
        portal.sign_in(&mut browser, "/auth/login").await;
        let first = browser.session_cookie().cloned().unwrap();
        assert_ne!(first, planted);
        let mut thief = portal.browser();
        thief.cookies.insert("latchkey".to_owned(), planted.to_owned());
        assert!(!is_in(&mut thief).await);
        // The next sign-in of the same browser ends the session before.
        portal.sign_in(&mut browser, "/auth/login").await;
        assert_ne!(browser.session_cookie(), Some(&first));
        thief.cookies.insert("latchkey".to_owned(), first);
        assert!(!is_in(&mut thief).await);
        assert!(is_in(&mut browser).await);
        assert_eq!(portal.open_sessions().await, 1);
        assert_eq!(portal.events("session_ended").await[0]["reason"], "replaced");
    }

    async fn a_session_ends_when_it_is_not_used(world: World) {
        world.person("Ada Berg", None).await;
        let portal = Portal::new(world).await;
        let mut browser = portal.signed_in().await;
        // Every use moves the limit.
        for _ in 0..3 {
            portal.world.advance(TimeDelta::minutes(25));
            assert!(is_in(&mut browser).await);
        }
        portal.world.advance(TimeDelta::minutes(30));
        let cookie = browser.session_cookie().cloned().unwrap();
        let away = browser.get("/catalog?q=a&b=c").await;
        assert_eq!(away.location(), "/auth/login?return_to=%2Fcatalog%3Fq%3Da%26b%3Dc");
        assert_eq!(browser.session_cookie(), None, "the browser forgets it too");
        // The server holds the limit, whatever the browser keeps.
        browser.cookies.insert("latchkey".to_owned(), cookie);
        assert!(!is_in(&mut browser).await);
        let swept = sessions::sweep(&portal.world.db, &*portal.world.clock).await.unwrap();
        assert_eq!(swept.sessions, 1);
        assert_eq!(portal.events("session_ended").await[0]["reason"], "idle_limit");
        assert_eq!(sessions::sweep(&portal.world.db, &*portal.world.clock).await.unwrap().sessions, 0);
    }

    async fn a_session_ends_after_its_longest_time_even_in_use(world: World) {
        world.person("Ada Berg", None).await;
        let portal = Portal::new(world).await;
        let mut browser = portal.signed_in().await;
        for _ in 0..31 {
            portal.world.advance(TimeDelta::minutes(15));
            assert!(is_in(&mut browser).await);
        }
        portal.world.advance(TimeDelta::minutes(15));
        assert!(!is_in(&mut browser).await, "eight hours are over");
        sessions::sweep(&portal.world.db, &*portal.world.clock).await.unwrap();
        assert_eq!(portal.events("session_ended").await[0]["reason"], "absolute_limit");
    }

    async fn a_use_is_noted_at_most_once_a_minute(world: World) {
        world.person("Ada Berg", None).await;
        let portal = Portal::new(world).await;
        let mut browser = portal.signed_in().await;
        let seen = "select count(*) from session where identity_id is not null and last_seen_at > created_at";
        portal.world.advance(TimeDelta::seconds(59));
        is_in(&mut browser).await;
        assert_eq!(portal.world.number(seen).await, 0);
        portal.world.advance(TimeDelta::seconds(2));
        is_in(&mut browser).await;
        assert_eq!(portal.world.number(seen).await, 1);
        assert_eq!(portal.world.events("session_ended").await, 0);
    }

    async fn signing_out_ends_it_here_and_leads_to_the_provider(world: World) {
        world.person("Ada Berg", None).await;
        let portal = Portal::new(world).await;
        let mut browser = portal.signed_in().await;
        let cookie = browser.session_cookie().cloned().unwrap();
        let page = browser.get("/auth/logout").await;
        assert_eq!(page.code(), "still_signed_in", "an address that is opened changes nothing");
        assert!(is_in(&mut browser).await);
        let out = browser.post("/auth/logout", "").await;
        let address = url::Url::parse(out.location()).unwrap();
        assert!(out.location().starts_with(&format!("{}/end?", portal.provider.issuer)), "{}", out.location());
        let of = |name| crate::browser::parameter(&address, name);
        assert_eq!(of("client_id").as_deref(), Some("latchkey"));
        assert_eq!(of("post_logout_redirect_uri").as_deref(), Some("http://localhost:7400/auth/logout"));
        assert_eq!(of("id_token_hint"), None, "no ID token is kept");
        let state = of("state").unwrap();
        assert_eq!(browser.session_cookie(), None);
        let back = browser.get(&format!("/auth/logout?state={state}")).await;
        assert_eq!(back.code(), "signed_out");
        assert!(back.body.contains("the provider was asked to end its own"), "{}", back.body);
        let other = browser.get("/auth/logout?state=invented").await;
        assert!(other.body.contains("may still know you"), "{}", other.body);
        browser.cookies.insert("latchkey".to_owned(), cookie);
        assert!(!is_in(&mut browser).await, "the old cookie opens nothing");
        assert_eq!(portal.events("signed_out").await.len(), 1);
    }

    async fn people_see_their_sessions_and_end_them(world: World) {
        world.person("Ada Berg", None).await;
        world.person("Bo Lind", None).await;
        let portal = Portal::new(world).await;
        let mut laptop = portal.signed_in().await;
        portal.world.advance(TimeDelta::minutes(1));
        let mut phone = portal.signed_in().await;
        portal.provider.says(json!({ "sub": "sub-2", "employee_number": "E0002" }));
        let mut bos = portal.signed_in().await;
        let (db, clock) = (&portal.world.db, &*portal.world.clock);
        let ada = actor_of(&portal, &mut laptop).await;
        let bo = actor_of(&portal, &mut bos).await;
        let mine = sessions::my_sessions(db, clock.now(), &ada).await.unwrap();
        assert_eq!(mine.iter().map(|session| session.current).collect::<Vec<_>>(), [false, true], "newest first");
        assert_eq!(mine[0].user_agent, "Test browser/1.0");
        assert_eq!(mine[0].address, "198.51.100.7");
        // Somebody else's session isn't there.
        assert!(!sessions::end_my_session(db, clock, &ada, bo.session).await.unwrap());
        assert!(is_in(&mut bos).await);
        assert!(sessions::end_my_session(db, clock, &ada, mine[0].session).await.unwrap());
        assert!(!sessions::end_my_session(db, clock, &ada, mine[0].session).await.unwrap(), "once");
        assert!(!is_in(&mut phone).await);
        assert!(is_in(&mut laptop).await);
        assert_eq!(portal.events("session_ended").await[0]["reason"], "ended_by_owner");
        portal.provider.says(json!({}));
        portal.signed_in().await;
        assert_eq!(sessions::end_my_other_sessions(db, clock, &ada).await.unwrap(), 1);
        assert_eq!(sessions::end_my_other_sessions(db, clock, &ada).await.unwrap(), 0);
        assert!(is_in(&mut laptop).await);
    }

    async fn whoever_is_deactivated_is_out_at_once(world: World) {
        let ada = world.person("Ada Berg", None).await;
        let portal = Portal::new(world).await;
        let (mut laptop, mut phone) = (portal.signed_in().await, portal.signed_in().await);
        let mut tx = portal.world.tx().await;
        let events = sessions::end_all_sessions(&mut tx, &ActorRef::Host, ada, "terminated").await.unwrap();
        assert_eq!(events.len(), 2);
        tx.commit(events).await.unwrap();
        assert!(!is_in(&mut laptop).await && !is_in(&mut phone).await);
        // And if a session ever escaped that, the person's status closes it.
        let mut escaped = portal.signed_in().await;
        assert!(is_in(&mut escaped).await);
        portal.world.run("update identity set status = 'terminated'").await;
        assert!(!is_in(&mut escaped).await);
    }

    async fn what_pages_remember_is_remembered_until_it_is_read(world: World) {
        world.person("Ada Berg", None).await;
        let portal = Portal::new(world).await;
        let mut browser = portal.signed_in().await;
        let cookie = browser.session_cookie().cloned();
        assert_eq!(browser.post("/do/remember", "It is done.").await.location(), "/remembered");
        assert_eq!(browser.get("/remembered").await.body, "It is done.");
        assert_eq!(browser.get("/remembered").await.body, "");
        assert_eq!(browser.session_cookie(), cookie.as_ref());
        assert_eq!(portal.world.texts("select data from session where identity_id is not null").await, ["{}"]);
    }

    async fn portal_roles_are_those_of_the_moment(world: World) {
        let ada = world.person("Ada Berg", None).await;
        let system = world.system("latchkey", SystemKind::Latchkey, None).await;
        let power = world.entitlement(system, "administrator").await;
        let unknown = world.entitlement(system, "from-a-later-version").await;
        let policy = world.policy("standard", &json!({})).await;
        let role = world.role("administrator", None, policy, &[power, unknown]).await;
        let portal = Portal::new(world).await;
        let mut browser = portal.signed_in().await;
        let roles = |body: String| serde_json::from_str::<Value>(&body).unwrap()["roles"].clone();
        assert_eq!(roles(browser.get("/who").await.body), json!([]));
        let ends = portal.world.now() + TimeDelta::minutes(10);
        portal.world.grant(ada, role, Some(ends)).await;
        assert_eq!(roles(browser.get("/who").await.body), json!(["administrator"]));
        // Its time is over before anybody has cleared it away.
        portal.world.advance(TimeDelta::minutes(10));
        assert_eq!(roles(browser.get("/who").await.body), json!([]));
    }
}

async fn actor_of(portal: &Portal, browser: &mut crate::browser::Browser) -> latchkey_domain::actor::PersonActor {
    let who: Value = serde_json::from_str(&browser.get("/who").await.body).unwrap();
    let session: SessionId = who["session"].as_str().unwrap().parse().unwrap();
    let hash = "select id_hash from session where ended_at is null order by created_at";
    for hash in portal.world.texts(hash).await {
        let found = sessions::find(&portal.world.db, portal.world.now(), &hash).await.unwrap();
        if let Some((facts, _)) = found.filter(|(facts, _)| facts.session == session) {
            return facts.actor();
        }
    }
    panic!("no session {session}");
}

#[test]
fn whoever_is_not_signed_in_is_told_in_the_way_that_suits_them() {
    latchkey_testkit::sqlite("whoever_is_not_signed_in", |world| async move {
        world.person("Ada Berg", None).await;
        let portal = Portal::new(world).await;
        let mut browser = portal.browser();
        assert_eq!(browser.get("/").await.location(), "/auth/login");
        assert_eq!(browser.get("/catalog").await.location(), "/auth/login?return_to=%2Fcatalog");
        for accept in ["application/json", "text/event-stream", "*/*"] {
            let machine = browser.send(Method::GET, "/who", &[("accept", accept)], "").await;
            assert_eq!(machine.status, StatusCode::UNAUTHORIZED);
            assert_eq!(machine.header("content-type"), "application/problem+json");
            let problem: Value = serde_json::from_str(&machine.body).unwrap();
            assert_eq!(problem["code"], "not_signed_in");
            assert_eq!(problem["request_id"], machine.header("x-request-id"));
        }
        // A form keeps what was typed: it can be sent again from the same page.
        let headers = [
            ("accept", "text/html"),
            ("origin", crate::portal::ORIGIN),
            ("referer", "http://localhost:7400/catalog?q=x"),
        ];
        let form = browser.send(Method::POST, "/do/remember", &headers, "typed").await;
        assert_eq!((form.status, form.code()), (StatusCode::UNAUTHORIZED, "session_over"));
        assert!(
            form.body.contains("href=\"/auth/login?return_to=%2Fcatalog%3Fq%3Dx\" target=\"_blank\""),
            "{}",
            form.body
        );
        assert!(browser.cookies.is_empty(), "who is not signed in gets no cookie: {:?}", browser.cookies);
    });
}

#[test]
fn over_tls_the_cookies_are_bound_to_the_host() {
    latchkey_testkit::sqlite("over_tls_the_cookies_are_bound", |world| async move {
        world.person("Ada Berg", None).await;
        let wish = Wish { public_url: "https://latchkey.example.com", ..Wish::default() };
        let portal = Portal::with(world, wish).await;
        let mut browser = portal.browser();
        let start = browser.get("/auth/login").await;
        assert!(start.header("set-cookie").starts_with("__Host-latchkey-sign-in="), "{}", start.header("set-cookie"));
        assert!(start.header("strict-transport-security").starts_with("max-age="));
        let done = portal.come_back(&mut browser, &start).await;
        let set = done.header("set-cookie");
        assert!(
            set.starts_with("__Host-latchkey=") && set.ends_with("; HttpOnly; SameSite=Lax; Secure; Path=/"),
            "{set}"
        );
        // What pages remember sends the cookie again, with the same marks.
        let origin = [("accept", "text/html"), ("origin", "https://latchkey.example.com")];
        let again = browser.send(Method::POST, "/do/remember", &origin, "x").await;
        let set = again.header("set-cookie");
        assert!(
            set.starts_with("__Host-latchkey=") && set.ends_with("; HttpOnly; SameSite=Lax; Secure; Path=/"),
            "{set}"
        );
    });
}

#[test]
fn every_status_but_active_keeps_a_session_closed() {
    latchkey_testkit::sqlite("every_status_but_active", |world| async move {
        world.person("Ada Berg", None).await;
        let portal = Portal::new(world).await;
        let mut browser = portal.signed_in().await;
        for status in Status::ALL {
            portal.world.run(&format!("update identity set status = '{status}'")).await;
            assert_eq!(is_in(&mut browser.clone()).await, *status == Status::Active, "{status}");
        }
        portal.world.run("update identity set status = 'active'").await;
        assert!(is_in(&mut browser).await);
    });
}
