//! Signing in with the company's OpenID Connect provider, sessions, and who is behind a request.
//!
//! ```text
//! GET  /auth/login      remember the sign-in on the server, go to the provider (PKCE, state, nonce)
//! GET  /auth/callback   use it up, fetch the ID token, check it, weigh the evidence of MFA, find the person, begin a session
//! POST /auth/logout     end the session, go to the provider to end that one too
//! GET  /auth/logout     where the provider sends people back to
//! ```
//!
//! A sign-in under way stands in a row of the database, not in an encrypted cookie: the row is used up by one answer, on
//! whichever replica it arrives, so that a replayed answer is refused and on record; and there is no further key to keep.
//! It costs no more than the counters of the limits, which are written anyway. What the row holds is no secret: see
//! [`attempt`].

pub mod attempt;
mod callback;
mod cookies;
pub mod current_actor;
pub mod evidence;
mod guard;
mod login;
mod logout;
pub mod provider;
mod refused;
pub mod return_to;
pub mod session_store;
pub mod token;

use std::sync::Arc;

use axum::{
    Router,
    extract::FromRef,
    http::{Extensions, HeaderMap, header, request::Parts},
    middleware,
    routing::get,
};
use latchkey_domain::{Instant, clock::Clock};
use latchkey_service::sign_in::{Origin, SignInLimits};
use latchkey_store::Db;
use tower_sessions::{SessionManagerLayer, cookie::SameSite};
use url::Url;

use crate::{
    security::{ClientAddress, Notices, SecurityHeaders},
    settings::{Network, OidcSettings, SessionSettings, Settings},
};

pub use current_actor::{CurrentActor, identify};
pub use guard::guard_origin;
pub use provider::{Provider, ProviderProblem};
pub use session_store::DbSessionStore;

use cookies::Cookies;

/// Everything that sign-in needs. Cheap to clone; all clones are one.
#[derive(Debug, Clone)]
pub struct Auth(Arc<Inner>);

struct Inner {
    db: Db,
    clock: Arc<dyn Clock>,
    provider: Provider,
    oidc: OidcSettings,
    public_url: Url,
    cookies: Cookies,
    session: SessionSettings,
    time_zone: chrono_tz::Tz,
    trusted_proxies: Vec<Network>,
    limits: SignInLimits,
    notices: Notices,
    headers: SecurityHeaders,
}

impl std::fmt::Debug for Inner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Auth").field("issuer", &self.oidc.issuer).finish_non_exhaustive()
    }
}

/// What [`Auth::new`] is made from.
#[derive(Debug)]
pub struct AuthParts<'a> {
    /// The installation's settings.
    pub settings: &'a Settings,
    /// How people sign in.
    pub oidc: OidcSettings,
    /// The limits on tries; [`SignInLimits::default`] but in tests.
    pub limits: SignInLimits,
    /// How pages look that say no.
    pub notices: Notices,
    /// The headers, which learn the provider's addresses.
    pub headers: SecurityHeaders,
}

impl Auth {
    /// Sign-in for an installation. The provider is asked for nothing yet: it may be down when the portal starts.
    ///
    /// # Errors
    /// When the client for the provider can't be made.
    pub fn new(db: Db, clock: Arc<dyn Clock>, parts: AuthParts<'_>) -> Result<Self, ProviderProblem> {
        let AuthParts { settings, oidc, limits, notices, headers } = parts;
        let provider = Provider::new(&oidc, headers.clone())?;
        Ok(Self(Arc::new(Inner {
            db,
            clock,
            provider,
            public_url: settings.public_url.clone(),
            cookies: Cookies::new(settings.https()),
            session: settings.session,
            time_zone: settings.company.time_zone,
            trusted_proxies: settings.trusted_proxies.clone(),
            oidc,
            limits,
            notices,
            headers,
        })))
    }

    /// The pages `/auth/…`. They handle their cookies themselves: keep them outside [`Auth::session_layer`].
    pub fn routes(&self) -> Router {
        Router::new()
            .route("/auth/login", get(login::login))
            .route("/auth/callback", get(callback::callback))
            .route("/auth/logout", get(logout::signed_out).post(logout::logout))
            .layer(middleware::from_fn_with_state(self.clone(), guard_origin))
            .with_state(self.clone())
    }

    /// The layer that gives handlers their [`tower_sessions::Session`], for what the program remembers between two pages.
    #[must_use]
    pub fn session_layer(&self) -> SessionManagerLayer<DbSessionStore> {
        let store = DbSessionStore::new(self.0.db.clone(), self.0.clock.clone());
        SessionManagerLayer::new(store)
            .with_name(self.0.cookies.session_name())
            .with_http_only(true)
            .with_same_site(SameSite::Lax)
            .with_secure(self.0.cookies.secure())
            .with_path("/")
    }

    /// The provider, to ask it ahead of the first sign-in.
    #[must_use]
    pub fn provider(&self) -> &Provider {
        &self.0.provider
    }

    /// How pages look that say no.
    #[must_use]
    pub fn notices(&self) -> &Notices {
        &self.0.notices
    }

    /// The headers of every response.
    #[must_use]
    pub fn headers(&self) -> &SecurityHeaders {
        &self.0.headers
    }

    fn now(&self) -> Instant {
        self.0.clock.now()
    }

    fn callback_url(&self) -> String {
        format!("{}auth/callback", self.0.public_url)
    }
}

impl FromRef<Auth> for SecurityHeaders {
    fn from_ref(auth: &Auth) -> Self {
        auth.0.headers.clone()
    }
}

/// Where a request comes from, kept for limits, the log and "my sessions".
struct From {
    address: String,
    user_agent: String,
}

impl From {
    fn of(auth: &Auth, parts: &Parts) -> Self {
        Self::find(auth, &parts.headers, &parts.extensions)
    }

    fn find(auth: &Auth, headers: &HeaderMap, extensions: &Extensions) -> Self {
        let address = ClientAddress::of(headers, extensions, &auth.0.trusted_proxies);
        let user_agent = headers
            .get(header::USER_AGENT)
            .map_or(String::new(), |value| String::from_utf8_lossy(value.as_bytes()).into_owned());
        Self { address: address.for_limits(), user_agent }
    }

    fn origin(&self) -> Origin<'_> {
        Origin { address: &self.address, user_agent: &self.user_agent }
    }
}
