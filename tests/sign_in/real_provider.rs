//! The same sign-in at a provider that somebody else wrote: npm's `oidc-provider`, with a password and a TOTP code.

use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
};

use axum::http::StatusCode;
use chrono::TimeDelta;
use latchkey_domain::clock::{Clock, SystemClock};
use latchkey_testkit::{World, both_databases};
use openidconnect::reqwest;
use url::Url;

use crate::{
    browser::{Answer, Browser},
    fake_provider::CLIENT_SECRET,
    portal::{ORIGIN, Wish, router},
};

/// The provider as a process; it ends with the test.
struct Provider {
    process: Child,
    issuer: String,
}

impl Drop for Provider {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Provider {
    fn start(evidence: &str) -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("end2end");
        assert!(
            folder.join("node_modules/oidc-provider").is_dir(),
            "this test needs Node.js and the packages of end2end/: run scripts/setup, or `npm ci` in end2end/"
        );
        let mut process = Command::new("node")
            .arg("providers/oidc-provider.mjs")
            .current_dir(&folder)
            .env("OIDC_PORTAL", ORIGIN)
            .env("OIDC_CLIENT_SECRET", CLIENT_SECRET)
            .env("OIDC_EVIDENCE", evidence)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("node starts");
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let ready: serde_json::Value = serde_json::from_str(&line).expect("the provider says that it is ready");
        Self { process, issuer: ready["issuer"].as_str().unwrap().to_owned() }
    }
}

/// The part of the browser that visits the provider.
struct Visit {
    client: reqwest::Client,
    cookies: BTreeMap<String, String>,
    issuer: String,
}

impl Visit {
    fn new(provider: &Provider) -> Self {
        let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().build().unwrap();
        Self { client, cookies: BTreeMap::new(), issuer: provider.issuer.clone() }
    }

    /// Follows an address through the provider; gives the last address and page, or where it leads in the portal.
    async fn go(&mut self, address: &str, form: Option<&[(&str, &str)]>) -> (String, String) {
        let mut address = Url::parse(&self.issuer).unwrap().join(address).unwrap();
        let mut form = form;
        loop {
            if address.as_str().starts_with(ORIGIN) {
                let path = &address[url::Position::BeforePath..];
                return (path.to_owned(), String::new());
            }
            let mut request = match form.take() {
                Some(form) => {
                    let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
                    let kind = ("content-type", "application/x-www-form-urlencoded");
                    self.client.post(address.clone()).header(kind.0, kind.1).body(body)
                }
                None => self.client.get(address.clone()),
            };
            let all: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            request = request.header("cookie", all.join("; "));
            let answer = request.send().await.unwrap();
            for set in answer.headers().get_all("set-cookie") {
                let pair = set.to_str().unwrap().split(';').next().unwrap();
                let (name, value) = pair.split_once('=').unwrap();
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
            match answer.headers().get("location") {
                Some(next) => address = address.join(next.to_str().unwrap()).unwrap(),
                None => return (address.path().to_owned(), answer.text().await.unwrap()),
            }
        }
    }

    /// Signs in with the password, and with the code or without it. Gives the way back to the portal.
    async fn sign_in(&mut self, question: &str, with_code: bool) -> String {
        let (interaction, page) = self.go(question, None).await;
        assert!(page.contains("Password"), "{interaction}: {page}");
        let typed = [("login", "ada@example.test"), ("password", "correct horse")];
        let (_, page) = self.go(&format!("{interaction}/password"), Some(&typed)).await;
        assert!(page.contains("second factor"), "{page}");
        if !with_code {
            return self.go(&format!("{interaction}/skip"), Some(&[])).await.0;
        }
        let (_, code) = self.go("/test/code?sub=sub-e0001", None).await;
        self.go(&format!("{interaction}/code"), Some(&[("code", &code)])).await.0
    }
}

struct Place {
    world: World,
    provider: Provider,
    browser: Browser,
}

impl Place {
    async fn new(world: World, evidence: &str) -> Self {
        // The provider lives in real time.
        world.clock.set(SystemClock.now());
        world.person("Ada Berg", None).await;
        let provider = Provider::start(evidence);
        let oidc = "step_up = { acr_values = [\"urn:latchkey:test:mfa\"] }";
        let mfa = "mfa = [{ claim = \"acr\", values = [\"urn:latchkey:test:mfa\"] }, { claim = \"amr\", values = [\"mfa\"] }]";
        let router = router(&world, &provider.issuer, &Wish { oidc, mfa, ..Wish::default() });
        let browser = Browser::new(router, ORIGIN, world.clock.clone());
        Self { world, provider, browser }
    }

    async fn back(&mut self, path: &str) -> Answer {
        self.world.clock.set(SystemClock.now());
        self.browser.get(path).await
    }
}

both_databases! {
    async fn with_both_factors_one_comes_in_and_out_again(world: World) {
        let mut place = Place::new(world, "amr,acr").await;
        let mut visit = Visit::new(&place.provider);
        let start = place.browser.get("/auth/login?return_to=%2Fwho").await;
        let back = visit.sign_in(start.location(), true).await;
        assert_eq!(place.back(&back).await.location(), "/who");
        let who = place.browser.get("/who").await.body;
        assert!(who.contains("\"mfa\":true") && who.contains("otp") && who.contains("Ada Berg"), "{who}");
        // The provider knows the way back from signing out.
        let out = place.browser.post("/auth/logout", "").await;
        let (_, page) = visit.go(out.location(), None).await;
        assert!(page.contains("Sign out of the test provider?"), "{page}");
        assert_eq!(place.world.events("signed_out").await, 1);
    }

    async fn without_the_second_factor_there_is_one_more_chance_and_then_no_session(world: World) {
        let mut place = Place::new(world, "amr,acr").await;
        let mut visit = Visit::new(&place.provider);
        let start = place.browser.get("/auth/login").await;
        let back = visit.sign_in(start.location(), false).await;
        let again = place.back(&back).await;
        assert!(again.location().contains("acr_values=urn%3Alatchkey%3Atest%3Amfa"), "{}", again.location());
        let back = visit.sign_in(again.location(), false).await;
        let refused = place.back(&back).await;
        assert_eq!((refused.code(), refused.status), ("mfa_missing", StatusCode::FORBIDDEN));
        assert_eq!(place.browser.session_cookie(), None);
        // The provider remembers the password: straight to the step-up, and with the code one is in.
        let start = place.browser.get("/auth/login").await;
        let (back, _) = visit.go(start.location(), None).await;
        let again = place.back(&back).await;
        let back = visit.sign_in(again.location(), true).await;
        assert_eq!(place.back(&back).await.location(), "/");
    }
}

#[test]
fn a_provider_that_says_only_amr_or_nothing() {
    latchkey_testkit::sqlite("a_provider_that_says_only_amr_or_nothing", |world| async move {
        let mut place = Place::new(world.clone(), "amr").await;
        let start = place.browser.get("/auth/login").await;
        let back = Visit::new(&place.provider).sign_in(start.location(), true).await;
        assert_eq!(place.back(&back).await.location(), "/");
        // Having typed a code proves nothing to us if the provider doesn't say so.
        let mut place = Place::new(world, "nothing").await;
        let start = place.browser.get("/auth/login").await;
        let mut visit = Visit::new(&place.provider);
        let back = visit.sign_in(start.location(), true).await;
        let again = place.back(&back).await;
        let back = visit.sign_in(again.location(), true).await;
        assert_eq!(place.back(&back).await.code(), "mfa_missing");
    });
}

#[test]
fn keys_that_change_keep_nobody_out() {
    latchkey_testkit::sqlite("keys_that_change_keep_nobody_out", |world| async move {
        let mut place = Place::new(world, "amr,acr").await;
        let mut visit = Visit::new(&place.provider);
        let start = place.browser.get("/auth/login").await;
        let back = visit.sign_in(start.location(), true).await;
        place.back(&back).await;
        visit.go("/test/rotate-keys", Some(&[])).await;
        place.world.clock.set(SystemClock.now() + TimeDelta::seconds(31));
        let start = place.browser.get("/auth/login").await;
        let (back, _) = visit.go(start.location(), None).await;
        assert_eq!(place.browser.get(&back).await.location(), "/");
        assert_eq!(place.world.events("signed_in").await, 2);
    });
}
