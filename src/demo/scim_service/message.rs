//! What goes over the wire: answers, errors, lists.

use axum::{
    extract::{FromRequest, Request},
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

/// The media type of SCIM.
pub const SCIM_JSON: &str = "application/scim+json";

/// Why something isn't done (RFC 7644, section 3.12).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The status.
    pub status: StatusCode,
    /// The fixed word, where the RFC has one.
    pub kind: Option<&'static str>,
    /// In words.
    pub detail: String,
    /// When it is worth trying again, in seconds.
    pub retry_after: Option<i64>,
}

impl Problem {
    fn new(status: StatusCode, kind: Option<&'static str>, detail: impl Into<String>) -> Self {
        Self { status, kind, detail: detail.into(), retry_after: None }
    }

    /// It isn't there.
    pub fn not_found(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, None, detail)
    }

    /// The token is missing or wrong.
    pub fn unauthorized() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, None, "This token is not accepted.")
    }

    /// The message isn't what it should be.
    pub fn bad(kind: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, Some(kind), detail)
    }

    /// Another resource has that name.
    pub fn taken(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, Some("uniqueness"), detail)
    }

    /// The resource changed since the client read it.
    pub fn changed() -> Self {
        Self::new(StatusCode::PRECONDITION_FAILED, None, "The resource has changed since this version.")
    }

    /// Not now.
    pub fn later(seconds: i64, detail: impl Into<String>) -> Self {
        Self { retry_after: Some(seconds), ..Self::new(StatusCode::SERVICE_UNAVAILABLE, None, detail) }
    }

    /// What was changed couldn't be kept.
    pub fn not_kept(error: &super::StateError) -> Self {
        tracing::error!(%error, "the demo's SCIM service can't keep what it holds");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, None, "The change could not be kept.")
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut body = json!({
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"],
            "status": self.status.as_u16().to_string(),
            "detail": self.detail,
        });
        if let Some(kind) = self.kind {
            body["scimType"] = kind.into();
        }
        let mut response = answer(self.status, &body);
        if let Some(seconds) = self.retry_after
            && let Ok(seconds) = HeaderValue::from_str(&seconds.to_string())
        {
            response.headers_mut().insert(header::RETRY_AFTER, seconds);
        }
        response
    }
}

/// An answer with a message.
pub fn answer(status: StatusCode, body: &Value) -> Response {
    (status, [(header::CONTENT_TYPE, SCIM_JSON)], body.to_string()).into_response()
}

/// One page of a list (RFC 7644, section 3.4.2).
pub fn list(all: Vec<Value>, start: usize, count: usize) -> Value {
    let total = all.len();
    let page: Vec<Value> = all.into_iter().skip(start.saturating_sub(1)).take(count).collect();
    json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
        "totalResults": total,
        "startIndex": start,
        "itemsPerPage": page.len(),
        "Resources": page,
    })
}

/// A message that came in.
#[derive(Debug)]
pub struct Message(pub Value);

impl<S: Send + Sync> FromRequest<S> for Message {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Self::Rejection> {
        let kind = request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let kind = kind.split(';').next().unwrap_or_default().trim();
        if ![SCIM_JSON, "application/json"].contains(&kind) {
            return Err(Problem::bad("invalidSyntax", format!("Send {SCIM_JSON}.")));
        }
        let text = String::from_request(request, state)
            .await
            .map_err(|_| Problem::bad("invalidSyntax", "The message is too large or isn't text."))?;
        match serde_json::from_str(&text) {
            Ok(value @ Value::Object(_)) => Ok(Self(value)),
            Ok(_) => Err(Problem::bad("invalidSyntax", "The message isn't an object.")),
            Err(error) => Err(Problem::bad("invalidSyntax", format!("The message isn't JSON: {error}."))),
        }
    }
}
