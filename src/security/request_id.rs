//! A number for each request: in every log line about it, in the answer's `x-request-id`, and on every error page, so that
//! what a person saw and what the server did can be brought together.

use std::{convert::Infallible, sync::Arc};

use axum::{
    extract::{FromRequestParts, Request},
    http::{HeaderName, HeaderValue, request::Parts},
    middleware::Next,
    response::Response,
};
use rand::Rng;
use tracing::Instrument;

/// The header that carries it.
pub const HEADER: HeaderName = HeaderName::from_static("x-request-id");

/// The number of a request: ten characters that can be read out over the telephone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestId(Arc<str>);

impl RequestId {
    /// A new one. Crockford's alphabet: nothing that looks like something else.
    #[must_use]
    pub fn generate() -> Self {
        const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
        let mut rng = rand::rng();
        let id: String = (0..10)
            .map(|_| ALPHABET.get(rng.random_range(0..ALPHABET.len())).copied().map_or('0', char::from))
            .collect();
        Self(Arc::from(id))
    }

    /// The number as shown.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<S: Sync> FromRequestParts<S> for RequestId {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(parts.extensions.get::<Self>().cloned().unwrap_or_else(Self::generate))
    }
}

/// Gives each request its number and a log line of its own. What a client sends as a number is ignored: it could be
/// anybody's words in our log.
pub async fn layer(mut request: Request, next: Next) -> Response {
    let id = RequestId::generate();
    request.extensions_mut().insert(id.clone());
    // The path without its query, which may hold codes and what people searched for.
    let span =
        tracing::info_span!("request", id = id.as_str(), method = %request.method(), path = request.uri().path());
    async move {
        let began = std::time::Instant::now();
        let mut response = next.run(request).await;
        let micros = u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX);
        let status = response.status();
        if status.is_server_error() {
            tracing::error!(status = status.as_u16(), micros, "answered");
        } else {
            tracing::info!(status = status.as_u16(), micros, "answered");
        }
        if let Ok(value) = HeaderValue::from_str(id.as_str()) {
            response.headers_mut().insert(HEADER, value);
        }
        response
    }
    .instrument(span)
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_short_readable_and_different() {
        let (a, b) = (RequestId::generate(), RequestId::generate());
        assert_eq!(a.as_str().len(), 10);
        assert_ne!(a, b);
        assert!(a.as_str().chars().all(|c| c.is_ascii_digit() || c.is_ascii_uppercase()));
    }
}
