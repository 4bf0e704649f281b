//! A SCIM service whose every answer the test decides, and which remembers what it was asked.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::State,
    http::{HeaderMap, Method, Response, Uri},
};
use latchkey_connectors::{
    ConnectionSettings, Connector, Secret, build,
    scim::{Quirk, ScimSettings},
};
use serde_json::{Value, json};

pub type Page = Response<Body>;

/// What was asked.
#[derive(Debug, Clone)]
pub struct Asked {
    pub method: String,
    /// Below the base address.
    pub path: String,
    pub query: BTreeMap<String, String>,
    pub headers: HeaderMap,
    pub body: Value,
}

impl Asked {
    /// As in "GET Users/u1".
    pub fn line(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// The one operation of a PATCH.
    pub fn operation(&self) -> &Value {
        assert_eq!(self.body["schemas"], json!(["urn:ietf:params:scim:api:messages:2.0:PatchOp"]));
        let [operation] = self.body["Operations"].as_array().unwrap().as_slice() else { panic!("{}", self.body) };
        operation
    }

    pub fn number(&self, name: &str) -> usize {
        self.query[name].parse().unwrap()
    }
}

type Answers = Box<dyn Fn(&Asked) -> Page + Send + Sync>;

struct Scripted {
    /// Its `ServiceProviderConfig`, if it has one.
    offer: Option<Value>,
    answers: Answers,
    log: Mutex<Vec<Asked>>,
}

/// The service, for as long as the test runs.
pub struct Service {
    scripted: Arc<Scripted>,
    pub base_url: String,
}

impl Service {
    pub async fn start(answers: impl Fn(&Asked) -> Page + Send + Sync + 'static) -> Self {
        Self::with(None, Box::new(answers)).await
    }

    /// One that says what it can do.
    pub async fn offering(offer: Value, answers: impl Fn(&Asked) -> Page + Send + Sync + 'static) -> Self {
        Self::with(Some(offer), Box::new(answers)).await
    }

    async fn with(offer: Option<Value>, answers: Answers) -> Self {
        let scripted = Arc::new(Scripted { offer, answers, log: Mutex::default() });
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let base_url = format!("http://127.0.0.1:{}/base", listener.local_addr().unwrap().port());
        let router = Router::new().fallback(serve).with_state(scripted.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { scripted, base_url }
    }

    pub fn settings(&self) -> ScimSettings {
        ScimSettings::new(&self.base_url, Secret::new("t0ken-of-the-test"))
    }

    pub fn connector(&self) -> Box<dyn Connector> {
        build(ConnectionSettings::Scim(self.settings())).unwrap()
    }

    pub fn with_quirk(&self, quirk: Quirk) -> Box<dyn Connector> {
        let settings = ScimSettings { quirks: [quirk].into(), ..self.settings() };
        build(ConnectionSettings::Scim(settings)).unwrap()
    }

    /// Everything that was asked so far; it is forgotten with that.
    pub fn asked(&self) -> Vec<Asked> {
        std::mem::take(&mut *self.scripted.log.lock().unwrap())
    }
}

async fn serve(
    State(scripted): State<Arc<Scripted>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Page {
    let text = String::from_utf8(body.to_vec()).unwrap();
    let asked = Asked {
        method: method.to_string(),
        path: uri.path().trim_start_matches("/base/").to_owned(),
        query: url::form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()).into_owned().collect(),
        headers,
        body: serde_json::from_str(&text).unwrap_or(Value::String(text)),
    };
    if asked.path == "ServiceProviderConfig" {
        return scripted.offer.as_ref().map_or_else(|| error(404, "", "Not here"), |offer| answer(200, offer));
    }
    scripted.log.lock().unwrap().push(asked.clone());
    (scripted.answers)(&asked)
}

pub fn answer(status: u16, body: &Value) -> Page {
    with_headers(status, &[("content-type", "application/scim+json")], &body.to_string())
}

pub fn with_headers(status: u16, headers: &[(&str, &str)], body: &str) -> Page {
    let mut answer = Response::builder().status(status);
    for (name, value) in headers {
        answer = answer.header(*name, *value);
    }
    answer.body(body.to_owned().into()).unwrap()
}

/// A SCIM error (RFC 7644, 3.12).
pub fn error(status: u16, kind: &str, detail: &str) -> Page {
    let body =
        json!({ "schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"], "scimType": kind, "detail": detail });
    answer(status, &body)
}

/// A list, as a whole or part of one.
pub fn list(total: usize, resources: &[Value]) -> Page {
    answer(200, &json!({ "totalResults": total, "Resources": resources }))
}
