//! `latchkey serve`: the portal's web server, with a worker beside it.

pub mod call_ins;
pub mod count_queries;
pub mod limits;
pub mod listen;
pub mod notices;
pub mod signals;
mod visit;

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use axum::{Router, middleware::from_fn, middleware::from_fn_with_state};
use latchkey_app::web::{AppState, Company};
use latchkey_domain::clock::{Clock, SystemClock};
use latchkey_reconciler::Stop;
use latchkey_service::sign_in::SignInLimits;
use tower_http::limit::RequestBodyLimitLayer;

use crate::{
    assets,
    auth::{self, Auth, AuthParts, guard_origin, identify},
    cli::{
        Failure,
        open::{Opened, Schema, open},
    },
    observe::{Health, Metrics, metrics},
    security::{SecurityHeaders, headers, request_id},
    settings::{SessionSettings, Settings},
    worker,
};
use call_ins::CallIns;
use limits::Limits;

/// The largest form: fifty items with long reasons fit.
const LARGEST_BODY: usize = 512 * 1024;

/// What the web server is made from.
#[derive(Debug)]
pub struct Parts<'a> {
    /// The settings, with sign-in.
    pub settings: &'a Settings,
    /// The database.
    pub opened: &'a Opened,
    /// The clock.
    pub connected: BTreeSet<String>,
    /// The name of this process's worker, if it has one.
    pub worker: Option<String>,
    /// Fires when the process is about to end.
    pub stop: Stop,
}

/// `latchkey serve`
///
/// # Errors
/// When the settings or the database can't be used, the address is taken, or another process works on the same SQLite
/// database.
pub async fn run(settings: Settings, with_worker: bool) -> Result<(), Failure> {
    let stop = signals::stop()?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let opened = open(&settings, &*clock, Schema::Migrate).await?;
    let ended = serve_opened(&settings, &opened, clock, with_worker, stop).await;
    opened.db.close().await;
    ended
}

async fn serve_opened(
    settings: &Settings,
    opened: &Opened,
    clock: Arc<dyn Clock>,
    with_worker: bool,
    stop: Stop,
) -> Result<(), Failure> {
    let listener = listen::bind(settings.listen, "listen").await?;
    let working = match with_worker {
        true => {
            Some(worker::start(settings, opened, clock.clone(), worker::Connected::BySettings, stop.clone()).await?)
        }
        false => None,
    };
    let worker = working.as_ref().map(|working| working.name.clone());
    let connected = settings.connections.keys().cloned().collect();
    let app = router(Parts { settings, opened, connected, worker, stop: stop.clone() }, clock)?;
    let listening = tokio::spawn(worker::listen(opened.db.clone(), stop.clone()));
    tracing::info!(listen = %settings.listen, "the portal is at {}", settings.public_url);
    listen::serve(listener, app, stop).await;
    if let Some(working) = working {
        working.ended().await;
    }
    listening.abort();
    tracing::info!("ended");
    Ok(())
}

/// All of the portal's addresses with everything around them.
///
/// # Errors
/// When sign-in can't be set up.
pub fn router(parts: Parts<'_>, clock: Arc<dyn Clock>) -> Result<Router, Failure> {
    let Parts { settings, opened, connected, worker, stop } = parts;
    let Some(oidc) = settings.oidc.clone() else {
        return Err(Failure::new("The settings have no [oidc], so nobody could sign in."));
    };
    let db = opened.db.clone();
    let security = SecurityHeaders::new(settings.https());
    let notices = notices::framed(&settings.company.name, assets::paths());
    let auth = Auth::new(
        db.clone(),
        clock.clone(),
        AuthParts {
            settings,
            oidc,
            limits: SignInLimits::default(),
            notices: notices.clone(),
            headers: security.clone(),
        },
    )
    .map_err(|error| Failure::new(format!("Sign-in can't be set up: {error}.")))?;
    ask_provider_early(&auth, clock.clone());

    let calls = CallIns::new(settings, db.clone(), clock.clone())?;
    let state = AppState {
        db: db.clone(),
        clock: clock.clone(),
        catalog: Arc::default(),
        company: Arc::new(Company { name: settings.company.name.clone(), zone: settings.company.time_zone }),
        assets: assets::paths(),
        connected: Arc::new(connected),
        call_in_secrets: Arc::new(calls.sources().cloned().collect()),
        session_limits: Arc::from(session_words(settings.session)),
        started: clock.now(),
    };
    let pages = latchkey_app::web::router(state)
        .layer(from_fn(visit::layer))
        .layer(from_fn_with_state(auth.clone(), identify))
        .layer(auth.session_layer())
        .layer(from_fn_with_state(auth.clone(), guard_origin));

    let pages = match std::env::var_os(count_queries::VARIABLE) {
        Some(_) => pages.layer(from_fn(count_queries::layer)),
        None => pages,
    };

    let numbers = Metrics::new(db.clone(), clock.clone(), &[], &settings.trusted_proxies);
    let limits = Limits::new(notices, numbers.clone(), stop.clone());
    let portal = Router::new()
        .merge(pages)
        .merge(auth.routes())
        .merge(calls.routes())
        .merge(assets::router())
        .layer(RequestBodyLimitLayer::new(LARGEST_BODY))
        .layer(from_fn_with_state(limits, limits::layer))
        .layer(from_fn_with_state(security, headers::layer))
        .layer(from_fn_with_state(numbers.clone(), metrics::layer))
        .layer(from_fn(request_id::layer));
    // Asked every few seconds by machines: without a line in the log each time, and also when the portal is busy.
    let health = Health { db, clock, worker, stop };
    Ok(portal.merge(health.routes()).merge(numbers.routes()))
}

/// The provider's addresses and keys, before the first person waits for them. It may be away: the first sign-in asks again.
fn ask_provider_early(auth: &auth::Auth, clock: Arc<dyn Clock>) {
    let auth = auth.clone();
    tokio::spawn(async move {
        if let Err(error) = auth.provider().discovered(clock.now()).await {
            tracing::warn!(%error, "the provider does not answer yet; it is asked again at the first sign-in");
        }
    });
}

fn session_words(session: SessionSettings) -> String {
    let words = |time: chrono::TimeDelta| {
        let minutes = time.num_minutes();
        match (minutes / 60, minutes % 60) {
            (1, 0) => "1 hour".to_owned(),
            (hours, 0) if hours > 0 => format!("{hours} hours"),
            (_, _) if minutes == 1 => "1 minute".to_owned(),
            _ => format!("{minutes} minutes"),
        }
    };
    format!(
        "A session ends after {} without use, and after {} in any case.",
        words(session.idle),
        words(session.absolute)
    )
}

/// How long requests that are under way may take to finish when the process ends.
pub const GRACE: Duration = Duration::from_secs(15);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limits_of_a_session_are_told_in_words() {
        let session = SessionSettings { idle: chrono::TimeDelta::minutes(90), absolute: chrono::TimeDelta::hours(12) };
        assert_eq!(
            session_words(session),
            "A session ends after 90 minutes without use, and after 12 hours in any case."
        );
        let session = SessionSettings { idle: chrono::TimeDelta::hours(1), absolute: chrono::TimeDelta::hours(24) };
        assert_eq!(session_words(session), "A session ends after 1 hour without use, and after 24 hours in any case.");
    }
}
