//! A small SCIM 2.0 service (RFC 7643, RFC 7644) that stands in for the company's applications in the demo.
//!
//! It speaks the real protocol and keeps what it is told in a file: users, groups, filters, PATCH, PUT, versions, bearer
//! tokens. Each application is a tenant with its own token below `/<tenant>/scim/v2`; `/<tenant>` is a page that shows its
//! users and groups. It listens on loopback.

mod discovery;
mod filter;
mod groups;
mod message;
mod pages;
mod patch;
mod resource;
mod state;
#[cfg(test)]
mod tests;
mod users;

use std::{collections::BTreeMap, path::PathBuf, sync::Arc};

use axum::{
    Router,
    extract::{DefaultBodyLimit, FromRequestParts, Path, Request},
    http::{HeaderMap, HeaderValue, header, request::Parts},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::get,
};
use latchkey_domain::clock::Clock;
use sha2::{Digest, Sha256};
use url::Url;

use crate::{assets, settings::Secret};
use message::Problem;
use state::State;

pub use state::{Busy, StateError};

/// One application.
#[derive(Debug, Clone)]
pub struct Tenant {
    /// Its key: a part of its address.
    pub key: String,
    /// Its name, for the page.
    pub name: String,
    /// What its clients have to show.
    pub token: Secret,
    /// The groups that it has from the start, by `displayName`.
    pub groups: Vec<String>,
}

/// What the service is made from.
#[derive(Clone)]
pub struct ScimOptions {
    /// Its own address, such as `http://localhost:7402`.
    pub address: Url,
    /// The company, for the pages.
    pub company: String,
    /// The applications.
    pub tenants: Vec<Tenant>,
    /// The file that keeps what they hold.
    pub file: PathBuf,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
}

/// The service. Cheap to clone; all clones are one.
#[derive(Clone)]
pub struct Scim(Arc<Inner>);

struct Inner {
    address: Url,
    company: String,
    tenants: BTreeMap<String, Tenant>,
    state: State,
}

impl std::fmt::Debug for Scim {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Scim").field("address", &self.0.address.as_str()).finish_non_exhaustive()
    }
}

impl Scim {
    /// The service with what its file holds; groups that are missing are made.
    ///
    /// # Errors
    /// When the file can't be read or written, or holds something else.
    pub fn open(options: ScimOptions) -> Result<Self, StateError> {
        let ScimOptions { address, company, tenants, file, clock } = options;
        let state = State::open(file, clock)?;
        for tenant in &tenants {
            state
                .change(&tenant.key, |held, now| tenant.groups.iter().for_each(|name| held.ensure_group(name, now)))?;
        }
        let tenants = tenants.into_iter().map(|tenant| (tenant.key.clone(), tenant)).collect();
        Ok(Self(Arc::new(Inner { address, company, tenants, state })))
    }

    /// Says that a group can't be changed for a while, as a real application does during maintenance.
    ///
    /// # Errors
    /// When the file can't be written.
    pub fn busy(&self, tenant: &str, busy: Busy) -> Result<(), StateError> {
        self.0.state.change(tenant, |held, _| held.busy.push(busy))
    }

    /// Its addresses, to be served on its port, with others beside them under the same protection.
    pub fn router(&self, beside: Router) -> Router {
        let protocol = Router::new()
            .route("/Users", get(users::list).post(users::create))
            .route("/Users/{id}", get(users::read).put(users::replace).patch(users::patch).delete(users::delete))
            .route("/Groups", get(groups::list).post(groups::create))
            .route("/Groups/{id}", get(groups::read).put(groups::replace).patch(groups::patch).delete(groups::delete))
            .route("/ServiceProviderConfig", get(discovery::config))
            .route("/ResourceTypes", get(discovery::resource_types))
            .route("/Schemas", get(discovery::schemas));
        Router::new()
            .nest("/{tenant}/scim/v2", protocol)
            .route("/", get(pages::front))
            .route("/{tenant}", get(pages::tenant))
            .fallback(|| async { Problem::not_found("There is nothing at this address.") })
            .layer(DefaultBodyLimit::max(256 * 1024))
            .with_state(self.clone())
            .merge(assets::router())
            .merge(beside)
            .layer(middleware::from_fn(protect))
    }

    fn base(&self, tenant: &str) -> String {
        format!("{}{tenant}/scim/v2", self.0.address)
    }
}

/// A client that showed the token of the tenant in the address.
#[derive(Debug)]
struct Client {
    tenant: String,
}

impl FromRequestParts<Scim> for Client {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, scim: &Scim) -> Result<Self, Self::Rejection> {
        let of_path = Path::<BTreeMap<String, String>>::from_request_parts(parts, scim).await;
        let key = of_path.ok().and_then(|Path(mut of_path)| of_path.remove("tenant")).unwrap_or_default();
        let tenant = scim
            .0
            .tenants
            .get(&key)
            .ok_or_else(|| Problem::not_found("There is no such application.").into_response())?;
        if shown(&parts.headers).is_some_and(|token| same(token, tenant.token.expose())) {
            return Ok(Self { tenant: key });
        }
        let mut refused = Problem::unauthorized().into_response();
        refused.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        Err(refused)
    }
}

fn shown(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ")
}

/// Hashes first: comparing them tells nothing about the token.
fn same(a: &str, b: &str) -> bool {
    Sha256::digest(a.as_bytes()) == Sha256::digest(b.as_bytes())
}

/// Pages may load our style sheet and nothing else; and only browsers that mean this service get any. (A page of another site
/// could give its own name our address; it would then send its own name as `Host`.)
async fn protect(request: Request, next: Next) -> Response {
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    if !matches!(name, "localhost" | "127.0.0.1" | "[::1]") {
        return Problem::not_found("This service answers on localhost alone.").into_response();
    }
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    let policy = "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}
