//! An OpenID provider inside the test that speaks the protocol and can be told to lie.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard},
};

use axum::{
    Form, Json, Router,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use hmac::{Hmac, Mac};
use latchkey_domain::clock::{Clock, ManualClock};
use openidconnect::{
    JsonWebKeyId, PrivateSigningKey,
    core::{CoreEdDsaPrivateSigningKey, CoreJwsSigningAlgorithm},
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use url::Url;

use crate::browser::parameter;

/// Signs a token's first two parts.
type Signer = Box<dyn Fn(&[u8]) -> Vec<u8>>;

pub const CLIENT_ID: &str = "latchkey";
pub const CLIENT_SECRET: &str = "planted-client-secret-9481";

/// A key and its name.
#[derive(Clone)]
pub struct Key {
    pub id: String,
    seed: [u8; 32],
}

impl Key {
    pub fn new(id: &str) -> Self {
        Self { id: id.to_owned(), seed: rand::random() }
    }

    /// Another key that goes by the same name.
    pub fn impostor(&self) -> Self {
        Self::new(&self.id)
    }

    fn private(&self) -> CoreEdDsaPrivateSigningKey {
        let der = [STANDARD.decode("MC4CAQAwBQYDK2VwBCIEIA==").unwrap(), self.seed.to_vec()].concat();
        let label = "PRIVATE KEY";
        let pem = format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", STANDARD.encode(der));
        CoreEdDsaPrivateSigningKey::from_ed25519_pem(&pem, Some(JsonWebKeyId::new(self.id.clone()))).unwrap()
    }

    fn public(&self) -> Value {
        serde_json::to_value(self.private().as_verification_key()).unwrap()
    }
}

/// How ID tokens are signed.
#[derive(Clone)]
pub enum Signing {
    With(Key),
    /// `alg` is `none`, and there is no signature.
    Not,
    /// With a MAC by the client's secret.
    ByClientSecret,
}

type Tweak = Arc<dyn Fn(&mut Value) + Send + Sync>;

/// What the provider does; tests change it as they like.
pub struct Behaviour {
    pub published: Vec<Key>,
    pub signing: Signing,
    /// Changes the claims of the next tokens.
    pub tweak: Tweak,
    /// Changes the discovery document.
    pub about: Tweak,
    /// Answers nothing but errors.
    pub down: bool,
    /// Only the token endpoint is down.
    pub token_down: bool,
    /// Leaves the ID token out, or sends this instead.
    pub id_token: Option<Value>,
    /// How often the keys were fetched.
    pub keys_fetched: u32,
    /// Verifiers that the portal sent.
    pub verifiers: Vec<String>,
    pub nonces: Vec<String>,
    codes: HashMap<String, (String, String)>,
}

#[derive(Clone)]
pub struct FakeProvider {
    pub issuer: String,
    behaviour: Arc<Mutex<Behaviour>>,
    clock: Arc<ManualClock>,
}

impl FakeProvider {
    /// Starts it on a free port of loopback; it ends with the test's runtime.
    pub async fn start(clock: Arc<ManualClock>) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let issuer = format!("http://127.0.0.1:{}", listener.local_addr().unwrap().port());
        let key = Key::new("first");
        let behaviour = Behaviour {
            published: vec![key.clone()],
            signing: Signing::With(key),
            tweak: Arc::new(|_| {}),
            about: Arc::new(|_| {}),
            down: false,
            token_down: false,
            id_token: None,
            keys_fetched: 0,
            verifiers: vec![],
            nonces: vec![],
            codes: HashMap::new(),
        };
        let provider = Self { issuer, behaviour: Arc::new(Mutex::new(behaviour)), clock };
        let router = Router::new()
            .route("/.well-known/openid-configuration", get(discovery))
            .route("/jwks", get(jwks))
            .route("/token", post(token))
            .with_state(provider.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        provider
    }

    pub fn behaviour(&self) -> MutexGuard<'_, Behaviour> {
        self.behaviour.lock().unwrap()
    }

    /// From now on tokens say this too, or instead; `null` takes a claim away.
    pub fn says(&self, claims: Value) {
        self.behaviour().tweak = Arc::new(move |token| {
            for (name, value) in claims.as_object().unwrap() {
                if value.is_null() {
                    token.as_object_mut().unwrap().remove(name);
                } else {
                    token[name] = value.clone();
                }
            }
        });
    }

    /// From now on the discovery document says this too.
    pub fn says_of_itself(&self, claims: Value) {
        self.behaviour().about = Arc::new(move |about| {
            for (name, value) in claims.as_object().unwrap() {
                about[name] = value.clone();
            }
        });
    }

    /// The person signs in here: the answer to the portal's question, as the query of its callback.
    pub fn answer(&self, question: &str) -> String {
        let code = self.code_for(question);
        let state = parameter(&Url::parse(question).unwrap(), "state").unwrap();
        query(&[("code", &code), ("state", &state), ("iss", &self.issuer)])
    }

    /// A code for the portal's question, which must be a safe one.
    pub fn code_for(&self, question: &str) -> String {
        let question = Url::parse(question).unwrap();
        let of = |name| parameter(&question, name).unwrap_or_else(|| panic!("no {name} in {question}"));
        assert!(question.as_str().starts_with(&format!("{}/authorize?", self.issuer)));
        assert_eq!(of("response_type"), "code");
        assert_eq!(of("client_id"), CLIENT_ID);
        assert_eq!(of("code_challenge_method"), "S256");
        assert_eq!(of("code_challenge").len(), 43);
        assert!(of("state").len() >= 43 && of("nonce").len() >= 43);
        assert!(of("scope").split(' ').any(|scope| scope == "openid"));
        assert!(parameter(&question, "client_secret").is_none());
        let code = URL_SAFE_NO_PAD.encode(rand::random::<[u8; 16]>());
        self.behaviour().nonces.push(of("nonce"));
        self.behaviour().codes.insert(code.clone(), (of("nonce"), of("code_challenge")));
        code
    }

    fn id_token(&self, nonce: &str) -> String {
        let now = self.clock.now().timestamp();
        let mut claims = json!({
            "iss": self.issuer,
            "sub": "sub-1",
            "aud": CLIENT_ID,
            "iat": now,
            "exp": now + 300,
            "auth_time": now as f64 - 1.5,
            "nonce": nonce,
            "sid": "provider-session-1",
            "amr": ["pwd", "otp", "mfa"],
            "acr": "urn:mfa",
            "employee_number": "E0001",
            "email": "e0001@example.test",
            "email_verified": true,
        });
        let behaviour = self.behaviour();
        (behaviour.tweak)(&mut claims);
        let (header, sign): (Value, Signer) = match behaviour.signing.clone() {
            Signing::With(key) => (
                json!({ "alg": "EdDSA", "typ": "JWT", "kid": key.id }),
                Box::new(move |bytes| key.private().sign(&CoreJwsSigningAlgorithm::EdDsa, bytes).unwrap()),
            ),
            Signing::Not => (json!({ "alg": "none" }), Box::new(|_| vec![])),
            Signing::ByClientSecret => (
                json!({ "alg": "HS256" }),
                Box::new(|bytes| {
                    let mut mac = Hmac::<Sha256>::new_from_slice(CLIENT_SECRET.as_bytes()).unwrap();
                    mac.update(bytes);
                    mac.finalize().into_bytes().to_vec()
                }),
            ),
        };
        let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", encode(&header), encode(&claims));
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(sign(signed.as_bytes())))
    }
}

/// Pairs as a query.
pub fn query(pairs: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

async fn discovery(State(provider): State<FakeProvider>) -> Response {
    let issuer = &provider.issuer;
    let mut about = json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{issuer}/authorize"),
        "token_endpoint": format!("{issuer}/token"),
        "jwks_uri": format!("{issuer}/jwks"),
        "end_session_endpoint": format!("{issuer}/end"),
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["EdDSA", "HS256"],
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": true,
    });
    let behaviour = provider.behaviour();
    if behaviour.down {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    }
    (behaviour.about)(&mut about);
    Json(about).into_response()
}

async fn jwks(State(provider): State<FakeProvider>) -> Response {
    let mut behaviour = provider.behaviour();
    if behaviour.down {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    }
    behaviour.keys_fetched += 1;
    let keys: Vec<Value> = behaviour.published.iter().map(Key::public).collect();
    Json(json!({ "keys": keys })).into_response()
}

async fn token(
    State(provider): State<FakeProvider>,
    headers: HeaderMap,
    Form(form): Form<HashMap<String, String>>,
) -> Response {
    if provider.behaviour().down || provider.behaviour().token_down {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    let refuse = |error: &str| (StatusCode::BAD_REQUEST, Json(json!({ "error": error }))).into_response();
    let basic = format!("Basic {}", STANDARD.encode(format!("{CLIENT_ID}:{CLIENT_SECRET}")));
    if headers.get("authorization").is_none_or(|value| value != basic.as_str()) {
        return refuse("invalid_client");
    }
    let verifier = form.get("code_verifier").cloned().unwrap_or_default();
    provider.behaviour().verifiers.push(verifier.clone());
    let found = provider.behaviour().codes.remove(form.get("code").map_or("", String::as_str));
    let Some((nonce, challenge)) = found else { return refuse("invalid_grant") };
    if URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes())) != challenge {
        return refuse("invalid_grant");
    }
    let mut answer = json!({ "access_token": "unused", "token_type": "Bearer", "expires_in": 300 });
    let instead = provider.behaviour().id_token.clone();
    answer["id_token"] = instead.unwrap_or_else(|| Value::from(provider.id_token(&nonce)));
    if answer["id_token"].is_null() {
        answer.as_object_mut().unwrap().remove("id_token");
    }
    Json(answer).into_response()
}
