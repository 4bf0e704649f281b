//! Headers that tell the browser what a page may do: as little as it needs.

use std::{
    collections::BTreeSet,
    convert::Infallible,
    sync::{Arc, PoisonError, RwLock},
};

use axum::{
    extract::{FromRequestParts, Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, header, request::Parts},
    middleware::Next,
    response::Response,
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use url::Url;

/// The nonce of one response: the only scripts that run are those that carry it, and what they load.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CspNonce(Arc<str>);

impl CspNonce {
    /// 128 random bits.
    #[must_use]
    pub fn generate() -> Self {
        Self(Arc::from(URL_SAFE_NO_PAD.encode(rand::random::<[u8; 16]>())))
    }

    /// The nonce as it stands in the header and in `nonce="…"`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The nonce for frameworks that keep it.
    #[must_use]
    pub fn shared(&self) -> Arc<str> {
        self.0.clone()
    }
}

impl<S: Sync> FromRequestParts<S> for CspNonce {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        // Outside the layer there is no policy that a nonce could satisfy; any value will do.
        Ok(parts.extensions.get::<Self>().cloned().unwrap_or_else(Self::generate))
    }
}

/// The headers of this installation. Cheap to clone; all clones are one.
#[derive(Debug, Clone)]
pub struct SecurityHeaders(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    https: bool,
    // Where forms may lead besides this server: an answer to a form may send the browser on to the provider.
    form_targets: RwLock<BTreeSet<String>>,
}

impl SecurityHeaders {
    /// Headers for a portal that is reached over TLS, or not (on localhost).
    #[must_use]
    pub fn new(https: bool) -> Self {
        Self(Arc::new(Inner { https, form_targets: RwLock::default() }))
    }

    /// Lets forms lead to the origin of `url` too.
    pub fn allow_form_target(&self, url: &Url) {
        let origin = url.origin().ascii_serialization();
        let targets = &self.0.form_targets;
        if !targets.read().unwrap_or_else(PoisonError::into_inner).contains(&origin) {
            targets.write().unwrap_or_else(PoisonError::into_inner).insert(origin);
        }
    }

    fn policy(&self, nonce: &CspNonce) -> String {
        let mut policy = format!(
            "default-src 'none'; script-src 'nonce-{}' 'strict-dynamic' 'wasm-unsafe-eval'; style-src 'self'; \
             img-src 'self' data:; font-src 'self'; connect-src 'self'; manifest-src 'self'; base-uri 'none'; \
             object-src 'none'; frame-ancestors 'none'; form-action 'self'",
            nonce.as_str()
        );
        for target in self.0.form_targets.read().unwrap_or_else(PoisonError::into_inner).iter() {
            policy.push(' ');
            policy.push_str(target);
        }
        if self.0.https {
            policy.push_str("; upgrade-insecure-requests");
        }
        policy
    }

    fn put(&self, headers: &mut HeaderMap, nonce: &CspNonce) {
        let is_page = headers
            .get(header::CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .is_some_and(|kind| kind.starts_with("text/html"));
        if !headers.contains_key(header::CONTENT_SECURITY_POLICY) {
            let policy = if is_page { HeaderValue::try_from(self.policy(nonce)).ok() } else { None };
            let policy = policy.unwrap_or(HeaderValue::from_static(NO_PAGE));
            headers.insert(header::CONTENT_SECURITY_POLICY, policy);
        }
        // Pages hold what is somebody's own; nobody else's browser history or cache should.
        if is_page && !headers.contains_key(header::CACHE_CONTROL) {
            headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        }
        for (name, value) in ALWAYS {
            headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        if self.0.https {
            headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=63072000"));
        }
    }
}

/// For whatever isn't a page: should a browser show it as one, it can do nothing.
const NO_PAGE: &str = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const ALWAYS: &[(&str, &str)] = &[
    ("x-content-type-options", "nosniff"),
    // Not `no-referrer`: a form that comes back with its errors finds its page by the referrer.
    ("referrer-policy", "same-origin"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("x-frame-options", "DENY"),
    (
        "permissions-policy",
        "accelerometer=(), autoplay=(), camera=(), display-capture=(), fullscreen=(self), geolocation=(), gyroscope=(), \
         magnetometer=(), microphone=(), midi=(), payment=(), publickey-credentials-create=(self), \
         publickey-credentials-get=(self), screen-wake-lock=(), usb=(), xr-spatial-tracking=()",
    ),
];

/// Gives each request a nonce ([`CspNonce`] as an extractor) and each response its headers.
pub async fn layer(State(headers): State<SecurityHeaders>, mut request: Request, next: Next) -> Response {
    let nonce = CspNonce::generate();
    request.extensions_mut().insert(nonce.clone());
    let mut response = next.run(request).await;
    headers.put(response.headers_mut(), &nonce);
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(https: bool, kind: &'static str) -> HeaderMap {
        let security = SecurityHeaders::new(https);
        security.allow_form_target(&Url::parse("https://login.example.com/realms/a").unwrap());
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
        security.put(&mut headers, &CspNonce::generate());
        headers
    }

    #[test]
    fn a_page_runs_only_scripts_that_carry_its_nonce() {
        let security = SecurityHeaders::new(true);
        let nonce = CspNonce::generate();
        let policy = security.policy(&nonce);
        assert!(
            policy.contains(&format!("script-src 'nonce-{}' 'strict-dynamic' 'wasm-unsafe-eval';", nonce.as_str()))
        );
        assert!(!policy.contains("unsafe-inline") && !policy.contains(" 'unsafe-eval'"));
        assert_ne!(nonce, CspNonce::generate());
    }

    #[test]
    fn forms_may_lead_to_the_provider_and_nowhere_else() {
        let found = headers(true, "text/html; charset=utf-8");
        let policy = found[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
        assert!(policy.contains("form-action 'self' https://login.example.com;"), "{policy}");
    }

    #[test]
    fn tls_is_remembered_only_where_there_is_tls() {
        assert!(headers(true, "text/html").contains_key(header::STRICT_TRANSPORT_SECURITY));
        assert!(!headers(false, "text/html").contains_key(header::STRICT_TRANSPORT_SECURITY));
    }

    #[test]
    fn what_is_no_page_can_do_nothing_if_it_is_shown_as_one() {
        let found = headers(true, "image/svg+xml");
        assert_eq!(found[header::CONTENT_SECURITY_POLICY], NO_PAGE);
        assert_eq!(found["x-content-type-options"], "nosniff");
        assert!(!found.contains_key(header::CACHE_CONTROL));
    }
}
