//! The demo's own OpenID provider: choose a person, give the code that the authenticator on the page shows, or go on without
//! it and be refused.
//!
//! It speaks the real protocol (authorization code, PKCE, `iss` in the answer, RP-initiated logout) and proves a factor with
//! a real RFC 6238 code, so that the portal needs no exception for it. It knows no passwords: it is for looking around on
//! one's own machine, listens on loopback, and says on every page what it is.

mod authorize;
mod flow;
mod jwt;
mod pages;
mod sign_out;
mod token;
mod totp;

use std::{path::PathBuf, pin::Pin, sync::Arc};

use axum::{
    Json, Router,
    extract::{Request, State},
    http::{HeaderValue, StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use latchkey_domain::{Instant, clock::Clock};
use url::Url;

use crate::{
    security::{notice::escape, origin_guard},
    settings::Secret,
};

use flow::Flows;
use jwt::SigningKey;

/// Somebody who can be chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DemoPerson {
    /// Their name at this provider.
    pub subject: String,
    /// The number that HR knows them by; the claim `employee_number`.
    pub external_id: String,
    /// Their name.
    pub name: String,
    /// Their e-mail address.
    pub email: String,
    /// What they do.
    pub title: String,
    /// Where they do it.
    pub department: String,
    /// What makes them worth choosing, such as "Manager of six"; people with a note come first.
    pub note: Option<String>,
}

/// A list of people that is on its way.
pub type FoundPeople = Pin<Box<dyn Future<Output = Vec<DemoPerson>> + Send>>;

/// Finds people: all whose name, title or department holds the text, in the order in which they are offered.
pub type People = Arc<dyn Fn(String) -> FoundPeople + Send + Sync>;

/// What the provider is made from.
#[derive(Clone)]
pub struct DemoProviderOptions {
    /// Its own address, such as `http://localhost:7401`.
    pub issuer: Url,
    /// The portal's address.
    pub portal: Url,
    /// The portal's name here.
    pub client_id: String,
    /// The portal's password here.
    pub client_secret: Secret,
    /// The company's name, for the pages.
    pub company: String,
    /// Where its signing key is kept; made when it isn't there.
    pub key_file: PathBuf,
    /// Finds people.
    pub people: People,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
}

/// Why the provider can't be made.
#[derive(Debug, thiserror::Error)]
pub enum DemoProviderError {
    /// The key can't be read or written.
    #[error("the demo provider's key {path} cannot be used: {source}")]
    Key {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The key's file holds something else.
    #[error("the file {0} does not hold a key; remove it and a new one is made")]
    NoKey(PathBuf),
}

#[derive(Clone)]
struct Provider(Arc<Inner>);

struct Inner {
    options: DemoProviderOptions,
    key: SigningKey,
    flows: Flows,
    policy: HeaderValue,
}

/// The provider's pages and endpoints, to be served on the port of its issuer.
///
/// # Errors
/// When its key can't be read or made.
pub fn router(options: DemoProviderOptions) -> Result<Router, DemoProviderError> {
    let key = SigningKey::load_or_make(&options.key_file)?;
    // A form here ends in the portal, which sends the browser on to its own pages.
    let policy = format!(
        "default-src 'none'; style-src 'self'; img-src 'self' data:; frame-src 'self'; base-uri 'none'; \
         frame-ancestors 'self'; form-action 'self' {}",
        options.portal.origin().ascii_serialization()
    );
    let policy = HeaderValue::try_from(policy).unwrap_or(HeaderValue::from_static("default-src 'none'"));
    let provider = Provider(Arc::new(Inner { options, key, flows: Flows::default(), policy }));
    Ok(Router::new()
        .route("/.well-known/openid-configuration", get(discovery))
        .route("/jwks", get(keys))
        .route("/authorize", get(authorize::authorize))
        .route("/people", get(authorize::people).post(authorize::choose))
        .route("/code", get(authorize::code_page).post(authorize::give_code))
        .route("/authenticator", get(authorize::authenticator))
        .route("/without-code", post(authorize::without_code))
        .route("/cancel", post(authorize::cancel))
        .route("/token", post(token::token))
        .route("/sign-out", get(sign_out::sign_out).post(sign_out::sign_out))
        .route("/style.css", get(style))
        .route("/", get(front))
        .layer(middleware::from_fn_with_state(provider.clone(), protect))
        .with_state(provider))
}

impl Provider {
    fn issuer(&self) -> String {
        self.0.options.issuer.as_str().trim_end_matches('/').to_owned()
    }

    fn now(&self) -> Instant {
        self.0.options.clock.now()
    }

    fn callback(&self) -> String {
        format!("{}auth/callback", self.0.options.portal)
    }

    async fn person(&self, subject: &str) -> Option<DemoPerson> {
        let people = (self.0.options.people)(String::new()).await;
        people.into_iter().find(|person| person.subject == subject)
    }
}

async fn discovery(State(provider): State<Provider>) -> Json<serde_json::Value> {
    let issuer = provider.issuer();
    Json(serde_json::json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{issuer}/authorize"),
        "token_endpoint": format!("{issuer}/token"),
        "jwks_uri": format!("{issuer}/jwks"),
        "end_session_endpoint": format!("{issuer}/sign-out"),
        "scopes_supported": ["openid", "profile", "email"],
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["EdDSA"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        "code_challenge_methods_supported": ["S256"],
        "acr_values_supported": [token::ACR_MFA],
        "claims_supported": ["sub", "name", "email", "email_verified", "employee_number", "amr", "acr", "auth_time", "sid"],
        "authorization_response_iss_parameter_supported": true,
    }))
}

async fn keys(State(provider): State<Provider>) -> Json<serde_json::Value> {
    Json(serde_json::json!({ "keys": [provider.0.key.public()] }))
}

async fn style() -> Response {
    let kind = HeaderValue::from_static("text/css; charset=utf-8");
    ([(header::CONTENT_TYPE, kind)], include_str!("identity_provider/style.css")).into_response()
}

async fn front(State(provider): State<Provider>) -> Response {
    let portal = escape(provider.0.options.portal.as_str());
    let body = format!(
        "<p>This page signs people in for the demo portal.</p><p><a class=\"button\" href=\"{portal}\">Open the portal</a></p>"
    );
    pages::page(&provider, "Demo sign-in", &body, StatusCode::OK)
}

/// Strict headers, and forms from these pages only.
async fn protect(State(provider): State<Provider>, request: Request, next: Next) -> Response {
    let is_form = !matches!(request.uri().path(), "/token" | "/sign-out");
    let own = &provider.0.options.issuer;
    if is_form && origin_guard::check(request.method(), request.headers(), own).is_err() {
        return pages::notice(
            &provider,
            "That did not come from this page",
            "Start again in the portal.",
            StatusCode::FORBIDDEN,
        );
    }
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, provider.0.policy.clone());
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

#[cfg(test)]
mod tests;
