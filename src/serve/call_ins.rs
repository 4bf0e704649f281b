//! `/api/v1/call-ins/{source}`: signed calls of on-call schedules and ticket systems. A route for machines: it ignores cookies,
//! and what isn't signed by a secret of the source does nothing.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::{Path, Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::post,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use latchkey_domain::clock::Clock;
use latchkey_service::{
    ServiceError,
    call_ins::{self, Answer, Call},
    signing::{SigningKey, signed_at},
};
use latchkey_store::Db;
use serde_json::{Value, json};

use crate::{
    cli::Failure,
    security::ClientAddress,
    settings::{Network, Settings},
};

/// The largest call.
const LARGEST: usize = 16 * 1024;
/// The longest `webhook-id`.
const LONGEST_ID: usize = 128;

/// What takes the calls. Cheap to clone.
#[derive(Clone)]
pub struct CallIns {
    db: Db,
    clock: Arc<dyn Clock>,
    keys: Arc<BTreeMap<String, Vec<SigningKey>>>,
    /// A secret that nobody has, for sources that aren't there.
    nobodys: Arc<[SigningKey]>,
    proxies: Arc<[Network]>,
}

impl std::fmt::Debug for CallIns {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CallIns").field("sources", &self.keys.keys()).finish_non_exhaustive()
    }
}

impl CallIns {
    /// Reads the secrets of the settings.
    ///
    /// # Errors
    /// When one of them is none; it names the source and repeats nothing.
    pub fn new(settings: &Settings, db: Db, clock: Arc<dyn Clock>) -> Result<Self, Failure> {
        let mut keys = BTreeMap::new();
        for (source, secrets) in &settings.call_ins {
            let read: Result<Vec<_>, _> = secrets.expose().split_whitespace().map(SigningKey::parse).collect();
            let read = read.map_err(|words| Failure::new(format!("The setting call_in.{source}.secrets: {words}.")))?;
            keys.insert(source.clone(), read);
        }
        let random = format!("whsec_{}", STANDARD.encode(rand::random::<[u8; 32]>()));
        let nobodys = SigningKey::parse(&random).map_err(Failure::new)?;
        Ok(Self {
            db,
            clock,
            keys: Arc::new(keys),
            nobodys: [nobodys].into(),
            proxies: settings.trusted_proxies.as_slice().into(),
        })
    }

    /// The keys of the sources that have a secret here.
    pub fn sources(&self) -> impl Iterator<Item = &String> {
        self.keys.keys()
    }

    /// The address.
    pub fn routes(self) -> Router {
        Router::new().route("/api/v1/call-ins/{source}", post(take)).with_state(self)
    }
}

async fn take(State(calls): State<CallIns>, Path(source): Path<String>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let address = ClientAddress::of(&parts.headers, &parts.extensions, &calls.proxies).for_limits();
    match calls.answer(&source, &parts.headers, body, &address).await {
        Ok(response) => response,
        Err(error) => {
            tracing::error!(%error, "a call could not be taken");
            let words = "Latchkey could not finish this. Nothing was done.";
            let mut response =
                problem(StatusCode::SERVICE_UNAVAILABLE, "unavailable", words, "Send the same call again.", None);
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("5"));
            response
        }
    }
}

impl CallIns {
    async fn answer(
        &self,
        source: &str,
        headers: &HeaderMap,
        body: Body,
        address: &str,
    ) -> Result<Response, ServiceError> {
        let Ok(body) = to_bytes(body, LARGEST).await else {
            let words = format!("A call has at most {LARGEST} bytes.");
            return Ok(problem(
                StatusCode::PAYLOAD_TOO_LARGE,
                "too_large",
                &words,
                "Send only what a call says.",
                None,
            ));
        };
        let clock = self.clock.as_ref();
        let id = one(headers, "webhook-id").filter(|id| !id.is_empty() && id.len() <= LONGEST_ID);
        let (timestamp, signature) = (one(headers, "webhook-timestamp"), one(headers, "webhook-signature"));
        // A source that isn't known takes as long to refuse as one that is.
        let known = self.keys.get_key_value(source);
        let keys = known.map_or(&*self.nobodys, |(_, keys)| keys);
        let signed = match (id, timestamp, signature) {
            (Some(id), Some(timestamp), Some(signature)) => {
                signed_at(keys, id, timestamp, signature, &body, clock.now()).map(|at| (id, at))
            }
            _ => None,
        };
        let Some((id, signed_at)) = signed else {
            let known = known.map(|(key, _)| key.as_str());
            return self.not_signed(known, address).await;
        };
        if let Err(wait) = call_ins::within_limits(&self.db, clock, Some(source), address).await? {
            return Ok(too_many(wait));
        }
        match call_ins::receive(&self.db, clock, &Call { source, id, signed_at, body: &body }).await {
            Ok(answer) => Ok(told(answer)),
            Err(ServiceError::NotFound) => {
                let words =
                    "The settings have a secret for this source, and the catalog's files don't have the source.";
                Ok(problem(
                    StatusCode::NOT_FOUND,
                    "unknown_source",
                    words,
                    "Put it into sources.toml, and apply it.",
                    None,
                ))
            }
            Err(error) => Err(error),
        }
    }

    /// The same for a wrong signature, an old one, none, and a source that isn't there: strangers learn nothing.
    async fn not_signed(&self, source: Option<&str>, address: &str) -> Result<Response, ServiceError> {
        let clock = self.clock.as_ref();
        if let Err(wait) = call_ins::within_limits(&self.db, clock, None, address).await? {
            return Ok(too_many(wait));
        }
        tracing::warn!(address, "a call was not signed by a secret of its source");
        call_ins::not_signed(&self.db, clock, source, address).await?;
        Ok(problem(
            StatusCode::UNAUTHORIZED,
            "not_signed",
            "The call isn't signed by a secret of this source, or not within the last five minutes.",
            "Sign it as Standard Webhooks says: webhook-id, webhook-timestamp and webhook-signature, with a secret of [call_in] in the settings.",
            None,
        ))
    }
}

/// The one value of a header; several are as bad as none.
fn one<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let mut values = headers.get_all(name).iter();
    let first = values.next()?.to_str().ok()?;
    values.next().is_none().then_some(first)
}

fn told(answer: Answer) -> Response {
    let Some(code) = answer.code else { return as_json(StatusCode::OK, "application/json", &answer.body) };
    let status = match code.as_str() {
        "unreadable" | "person_unknown" | "person_ambiguous" => StatusCode::UNPROCESSABLE_ENTITY,
        _ => StatusCode::CONFLICT,
    };
    let text = |name: &str| answer.body.get(name).and_then(Value::as_str).unwrap_or_default();
    problem(status, &code, text("detail"), text("help"), answer.body.get("refused").cloned())
}

fn too_many(wait: chrono::TimeDelta) -> Response {
    let seconds = wait.num_seconds().max(1);
    let words = "There were too many calls in a short time. This one was not taken.";
    let mut response = problem(
        StatusCode::TOO_MANY_REQUESTS,
        "too_many",
        words,
        &format!("Send the same call again in {seconds} seconds."),
        None,
    );
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds.unsigned_abs()));
    response
}

/// A refusal as RFC 9457 has it.
fn problem(status: StatusCode, code: &str, detail: &str, help: &str, refused: Option<Value>) -> Response {
    let mut body = json!({
        "type": "about:blank",
        "title": status.canonical_reason().unwrap_or_default(),
        "status": status.as_u16(),
        "code": format!("call_in.{code}"),
        "detail": detail,
        "help": help,
    });
    if let (Some(refused), Value::Object(body)) = (refused, &mut body) {
        body.insert("refused".to_owned(), refused);
    }
    as_json(status, "application/problem+json", &body)
}

fn as_json(status: StatusCode, kind: &'static str, body: &Value) -> Response {
    let headers = [(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "no-store")];
    (status, headers, body.to_string()).into_response()
}
