//! What handlers know: the installation, who is signed in, and the visit.

use std::{collections::BTreeSet, convert::Infallible, sync::Arc};

use axum::{
    extract::{FromRef, FromRequestParts, OptionalFromRequestParts},
    http::request::Parts,
};
use chrono_tz::Tz;
use latchkey_domain::{
    actor::{Actor, PersonActor},
    clock::Clock,
    identity::EmploymentType,
    portal_role::PortalRole,
};
use latchkey_service::catalog::CatalogCache;
use latchkey_store::Db;

use crate::{
    asset_paths::AssetPaths,
    frame::{Reader, Theme, Viewer},
};

/// The company that runs this installation.
#[derive(Debug, Clone)]
pub struct Company {
    /// Its name, as pages show it.
    pub name: String,
    /// The zone for people who have none of their own.
    pub zone: Tz,
}

/// What every handler may use. Cheap to clone.
#[derive(Clone)]
pub struct AppState {
    /// The database.
    pub db: Db,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// The catalog in memory.
    pub catalog: Arc<CatalogCache>,
    /// The company.
    pub company: Arc<Company>,
    /// Where style sheet, scripts and icons are.
    pub assets: AssetPaths,
    /// The keys of systems that have a connection here.
    pub connected: Arc<BTreeSet<String>>,
    /// The keys of sources whose calls can be signed here.
    pub call_in_secrets: Arc<BTreeSet<String>>,
    /// "A session ends after 8 hours without use, and after 12 hours in any case."
    pub session_limits: Arc<str>,
    /// When this process started.
    pub started: latchkey_domain::Instant,
}

/// Who is signed in. The layer in front of the pages puts it into the request; without it there is no page.
#[derive(Debug, Clone)]
pub struct Signed {
    /// The actor for the service.
    pub person: PersonActor,
    /// Their name.
    pub name: String,
    /// Their e-mail address.
    pub email: String,
    /// Their zone, if it is known.
    pub zone: Option<Tz>,
    /// How they are employed.
    pub employment: Option<EmploymentType>,
    /// How many items wait for them.
    pub approvals: u32,
    /// How many reviews of what was taken in an emergency wait for them, or for their words.
    pub reviews: u32,
    /// How many lines their cart has.
    pub cart: u32,
    /// People report to them.
    pub has_team: bool,
    /// They own a rule that keeps duties apart, or an exception from one.
    pub keeps_apart: bool,
    /// They own a system.
    pub owns_system: bool,
    /// The catalog's version, found along the way.
    pub catalog_version: Option<i64>,
}

impl Signed {
    /// The actor for the service.
    #[must_use]
    pub fn actor(&self) -> Actor {
        Actor::Person(self.person.clone())
    }

    /// The reader that times are told to.
    #[must_use]
    pub fn reader(&self, state: &AppState) -> Reader {
        Reader { now: state.clock.now(), zone: self.zone.unwrap_or(state.company.zone) }
    }

    /// May see the list of systems.
    #[must_use]
    pub fn may_systems(&self) -> bool {
        !self.person.portal_roles.is_empty()
    }

    pub(crate) fn viewer(&self) -> Viewer {
        Viewer {
            name: self.name.clone(),
            email: self.email.clone(),
            href: format!("/people/{}", self.person.identity),
            approvals: self.approvals,
            reviews: self.reviews,
            cart: self.cart,
            has_team: self.has_team,
            may_audit: self.person.portal_roles.iter().any(|r| r.reads_audit()),
            may_systems: self.may_systems() || self.owns_system,
            may_separation: self.keeps_apart
                || [PortalRole::Administrator, PortalRole::Security, PortalRole::Auditor]
                    .into_iter()
                    .any(|r| self.person.has(r)),
            may_break_glass: self.reviews > 0 || self.person.portal_roles.iter().any(|r| r.reads_audit()),
            may_admin: self.person.has(PortalRole::Administrator),
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Signed {
    type Rejection = super::PageError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        // The layer in front sends everybody else to sign in; a route outside it has no page to show.
        parts.extensions.get::<Self>().cloned().ok_or(super::PageError::NotFound)
    }
}

impl<S: Send + Sync> OptionalFromRequestParts<S> for Signed {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>, Self::Rejection> {
        Ok(parts.extensions.get::<Self>().cloned())
    }
}

/// This one visit: its id, its nonce and the colours that the person chose.
#[derive(Debug, Clone)]
pub struct Visit {
    /// The id that logs and pages name.
    pub request_id: String,
    /// The nonce of this answer's scripts.
    pub nonce: Arc<str>,
    /// The colours.
    pub theme: Theme,
}

impl<S: Send + Sync> FromRequestParts<S> for Visit {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        let theme = theme(parts);
        let mut visit = parts.extensions.get::<Self>().cloned().unwrap_or_else(|| Self {
            request_id: String::new(),
            nonce: Arc::from(""),
            theme: Theme::System,
        });
        visit.theme = theme;
        Ok(visit)
    }
}

/// The colours are kept in a cookie that says nothing else: `latchkey_theme=light|dark`.
fn theme(parts: &Parts) -> Theme {
    let cookies = parts.headers.get_all(axum::http::header::COOKIE);
    let chosen = cookies
        .iter()
        .filter_map(|v| v.to_str().ok())
        .flat_map(|v| v.split(';'))
        .find_map(|c| c.trim().strip_prefix("latchkey_theme=").map(str::to_owned));
    match chosen.as_deref() {
        Some("light") => Theme::Light,
        Some("dark") => Theme::Dark,
        _ => Theme::System,
    }
}

impl FromRef<AppState> for Db {
    fn from_ref(state: &AppState) -> Self {
        state.db.clone()
    }
}
