//! Through the pages as a browser without scripts goes, and what must be refused.

use std::{path::Path, sync::Arc};

use axum::{
    Router,
    body::{Body, to_bytes},
    http::{HeaderMap, Request, StatusCode, header},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use latchkey_domain::{Instant, clock::ManualClock};
use serde_json::Value;
use sha2::{Digest, Sha256};
use tower::ServiceExt;
use url::Url;

use super::*;

const ISSUER: &str = "http://localhost:7401";
const VERIFIER: &str = "a-verifier-of-at-least-forty-three-characters";

fn person(subject: &str, name: &str, note: Option<&str>) -> DemoPerson {
    DemoPerson {
        subject: subject.to_owned(),
        external_id: subject.to_uppercase(),
        name: name.to_owned(),
        email: format!("{subject}@example.test"),
        title: "Clerk".to_owned(),
        department: "Finance & Law".to_owned(),
        note: note.map(ToOwned::to_owned),
    }
}

fn provider(folder: &Path, clock: &Arc<ManualClock>) -> Router {
    let people: People = Arc::new(|query: String| {
        Box::pin(async move {
            let all = [person("e1", "Ada <Berg>", Some("Manager of six")), person("e2", "Bo Lind", None)];
            all.into_iter().filter(|person| person.name.to_lowercase().contains(&query.to_lowercase())).collect()
        })
    });
    router(DemoProviderOptions {
        issuer: Url::parse(ISSUER).unwrap(),
        portal: Url::parse("http://localhost:7400").unwrap(),
        client_id: "latchkey".to_owned(),
        client_secret: Secret::new("demo-secret"),
        company: "Example".to_owned(),
        key_file: folder.join("keys").join("provider.key"),
        people,
        clock: clock.clone(),
    })
    .unwrap()
}

struct Visitor {
    router: Router,
    cookie: String,
}

struct Seen {
    status: StatusCode,
    headers: HeaderMap,
    body: String,
}

impl Seen {
    fn location(&self) -> &str {
        assert_eq!(self.status, StatusCode::SEE_OTHER, "{}", self.body);
        self.headers[header::LOCATION].to_str().unwrap()
    }

    fn parameter(&self, name: &str) -> Option<String> {
        let address = Url::parse(ISSUER).unwrap().join(self.location()).unwrap();
        address.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
    }
}

impl Visitor {
    async fn go(&mut self, request: Request<Body>) -> Seen {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        if let Some(cookie) = parts.headers.get(header::SET_COOKIE) {
            self.cookie = cookie.to_str().unwrap().split(';').next().unwrap().to_owned();
        }
        let body = String::from_utf8(to_bytes(body, 1_000_000).await.unwrap().to_vec()).unwrap();
        Seen { status: parts.status, headers: parts.headers, body }
    }

    async fn get(&mut self, path: &str) -> Seen {
        let request = Request::get(path).header(header::COOKIE, &self.cookie).body(Body::empty()).unwrap();
        self.go(request).await
    }

    async fn post(&mut self, path: &str, pairs: &[(&str, &str)]) -> Seen {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
        let request = Request::post(path)
            .header(header::COOKIE, &self.cookie)
            .header(header::ORIGIN, ISSUER)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.go(request.body(Body::from(body)).unwrap()).await
    }

    /// Asks as the portal does; gives the sign-in's id.
    async fn asks(&mut self, more: &str) -> String {
        let seen = self.get(&question(more)).await;
        seen.parameter("flow").unwrap()
    }

    /// Exchanges a code; gives the claims.
    async fn exchange(&mut self, code: &str, verifier: &str, secret: &str) -> Result<Value, String> {
        let pairs = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", "http://localhost:7400/auth/callback"),
            ("code_verifier", verifier),
            ("client_id", "latchkey"),
            ("client_secret", secret),
        ];
        let answer: Value = serde_json::from_str(&self.post("/token", &pairs).await.body).unwrap();
        match answer["id_token"].as_str() {
            Some(token) => {
                let claims = URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap();
                Ok(serde_json::from_slice(&claims).unwrap())
            }
            None => Err(answer["error"].as_str().unwrap().to_owned()),
        }
    }
}

fn question(more: &str) -> String {
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(VERIFIER));
    format!(
        "/authorize?response_type=code&client_id=latchkey&redirect_uri=http%3A%2F%2Flocalhost%3A7400%2Fauth%2Fcallback\
         &scope=openid%20email&state=s%26t&nonce=n&code_challenge={challenge}&code_challenge_method=S256{more}"
    )
}

struct Place {
    clock: Arc<ManualClock>,
    folder: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        let clock = Arc::new(ManualClock::new(Instant::from_timestamp(1_800_000_000, 0).unwrap()));
        Self { clock, folder: tempfile::tempdir().unwrap() }
    }

    fn visitor(&self) -> Visitor {
        Visitor { router: provider(self.folder.path(), &self.clock), cookie: String::new() }
    }
}

async fn shown_code(visitor: &mut Visitor, flow: &str) -> String {
    let face = visitor.get(&format!("/authenticator?flow={flow}")).await;
    let (_, rest) = face.body.split_once("data-code=\"").unwrap();
    rest.chars().take(6).collect()
}

#[tokio::test]
async fn with_the_code_both_factors_are_said() {
    let place = Place::new();
    let mut visitor = place.visitor();
    let flow = visitor.asks("").await;
    let list = visitor.get(&format!("/people?flow={flow}")).await;
    assert!(list.body.contains("Demo sign-in.</strong> Not part of a real installation."));
    assert!(list.body.contains("Ada &lt;Berg&gt;") && list.body.contains("Finance &amp; Law"), "{}", list.body);
    assert!(list.body.contains("Good to start with") && list.body.contains("Manager of six"));
    let searched = visitor.get(&format!("/people?flow={flow}&q=BO")).await;
    assert!(searched.body.contains("Bo Lind") && !searched.body.contains("Ada"));
    let chosen = visitor.post("/people", &[("flow", &flow), ("subject", "e1")]).await;
    assert_eq!(chosen.location(), format!("/code?flow={flow}"));
    let wrong = visitor.post("/code", &[("flow", &flow), ("code", "12345")]).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(wrong.body.contains("role=\"alert\""));
    let code = shown_code(&mut visitor, &flow).await;
    let done = visitor.post("/code", &[("flow", &flow), ("code", &code)]).await;
    assert!(done.location().starts_with("http://localhost:7400/auth/callback?"));
    assert_eq!(done.parameter("state").as_deref(), Some("s&t"));
    assert_eq!(done.parameter("iss").as_deref(), Some(ISSUER));
    let claims = visitor.exchange(&done.parameter("code").unwrap(), VERIFIER, "demo-secret").await.unwrap();
    assert_eq!(claims["amr"], serde_json::json!(["pwd", "otp", "mfa"]));
    assert_eq!(claims["acr"], token::ACR_MFA);
    assert_eq!((&claims["sub"], &claims["employee_number"]), (&Value::from("e1"), &Value::from("E1")));
    assert_eq!((&claims["nonce"], &claims["iss"], &claims["aud"]), (&"n".into(), &ISSUER.into(), &"latchkey".into()));
}

#[tokio::test]
async fn without_the_code_only_one_factor_is_said_and_asking_again_keeps_the_person() {
    let place = Place::new();
    let mut visitor = place.visitor();
    let flow = visitor.asks("").await;
    visitor.post("/people", &[("flow", &flow), ("subject", "e2")]).await;
    let done = visitor.post("/without-code", &[("flow", &flow)]).await;
    let claims = visitor.exchange(&done.parameter("code").unwrap(), VERIFIER, "demo-secret").await.unwrap();
    assert_eq!(claims["amr"], serde_json::json!(["pwd"]));
    assert!(claims.get("acr").is_none());
    // The portal asks for more: straight to the second factor.
    let again = visitor.get(&question("&prompt=login")).await;
    assert!(again.location().starts_with("/code?flow="), "{}", again.location());
    let page = visitor.get(again.location()).await;
    assert!(page.body.contains("Latchkey asks for your second factor.") && page.body.contains("Bo Lind"));
    // After signing out nobody is remembered.
    let out = visitor
        .get("/sign-out?client_id=latchkey&post_logout_redirect_uri=http%3A%2F%2Flocalhost%3A7400%2Fauth%2Flogout&state=x")
        .await;
    assert_eq!(out.location(), "http://localhost:7400/auth/logout?state=x");
    let elsewhere =
        visitor.get("/sign-out?client_id=latchkey&post_logout_redirect_uri=https%3A%2F%2Fevil.example").await;
    assert_eq!(elsewhere.status, StatusCode::OK);
    assert!(visitor.get(&question("&prompt=login")).await.location().starts_with("/people?flow="));
}

#[tokio::test]
async fn a_code_counts_once_soon_and_with_its_verifier() {
    let place = Place::new();
    let mut visitor = place.visitor();
    let code = async |visitor: &mut Visitor| {
        let flow = visitor.asks("").await;
        visitor.post("/people", &[("flow", &flow), ("subject", "e1")]).await;
        visitor.post("/without-code", &[("flow", &flow)]).await.parameter("code").unwrap()
    };
    let first = code(&mut visitor).await;
    assert_eq!(visitor.exchange(&first, VERIFIER, "wrong").await, Err("invalid_client".to_owned()));
    assert_eq!(visitor.exchange(&first, "another verifier", "demo-secret").await, Err("invalid_grant".to_owned()));
    assert_eq!(visitor.exchange(&first, VERIFIER, "demo-secret").await, Err("invalid_grant".to_owned()), "spent");
    let second = code(&mut visitor).await;
    assert!(visitor.exchange(&second, VERIFIER, "demo-secret").await.is_ok());
    assert_eq!(visitor.exchange(&second, VERIFIER, "demo-secret").await, Err("invalid_grant".to_owned()));
    let late = code(&mut visitor).await;
    place.clock.advance(chrono::TimeDelta::minutes(2));
    assert_eq!(visitor.exchange(&late, VERIFIER, "demo-secret").await, Err("invalid_grant".to_owned()));
}

#[tokio::test]
async fn unsafe_questions_are_not_answered() {
    let place = Place::new();
    let mut visitor = place.visitor();
    let foreign = question("").replace("localhost%3A7400", "evil.example");
    assert_eq!(visitor.get(&foreign).await.status, StatusCode::BAD_REQUEST, "nobody is sent to a stranger's address");
    let plain = question("").replace("S256", "plain");
    assert_eq!(visitor.get(&plain).await.parameter("error").as_deref(), Some("invalid_request"));
    assert_eq!(visitor.get(&question("&prompt=none")).await.parameter("error").as_deref(), Some("login_required"));
    let flow = visitor.asks("").await;
    let cancelled = visitor.post("/cancel", &[("flow", &flow)]).await;
    assert_eq!(cancelled.parameter("error").as_deref(), Some("access_denied"));
    assert_eq!(visitor.get(&format!("/people?flow={flow}")).await.status, StatusCode::BAD_REQUEST);
    // Forms come from these pages only.
    let request = Request::post("/people").header(header::ORIGIN, "https://evil.example").body(Body::empty()).unwrap();
    assert_eq!(visitor.go(request).await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn the_key_outlives_a_restart_and_is_its_owners_alone() {
    let place = Place::new();
    let first = place.visitor().get("/jwks").await.body;
    assert_eq!(place.visitor().get("/jwks").await.body, first);
    assert!(first.contains("Ed25519") && !first.contains("\"d\""));
    let file = place.folder.path().join("keys").join("provider.key");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    }
    std::fs::write(&file, "nonsense").unwrap();
    let broken = jwt::SigningKey::load_or_make(&file).err().unwrap().to_string();
    assert!(broken.contains("does not hold a key"), "{broken}");
}
