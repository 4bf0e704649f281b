//! `/metrics`: numbers as Prometheus reads them (its text format 0.0.4). Labels come from fixed sets: the routes of the
//! program, methods, statuses, states.

mod counters;
mod text;

use std::sync::Arc;

use axum::{
    Router,
    extract::{ConnectInfo, MatchedPath, Request, State},
    http::{Extensions, HeaderMap, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
    routing::get,
};
use latchkey_domain::{Instant, clock::Clock};
use latchkey_store::{Db, gauges};

use crate::{security::ClientAddress, settings::Network};
use counters::Counters;
use text::Text;

/// Who may read the numbers, and where they come from.
#[derive(Clone)]
pub struct Metrics {
    db: Db,
    clock: Arc<dyn Clock>,
    started: Instant,
    counters: Arc<Counters>,
    readers: Arc<[Network]>,
    proxies: Arc<[Network]>,
}

impl std::fmt::Debug for Metrics {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Metrics").field("readers", &self.readers).finish_non_exhaustive()
    }
}

impl Metrics {
    /// Numbers that this machine may read, and `readers`. `proxies` are believed about where a request comes from.
    #[must_use]
    pub fn new(db: Db, clock: Arc<dyn Clock>, readers: &[Network], proxies: &[Network]) -> Self {
        let started = clock.now();
        Self { db, clock, started, counters: Arc::default(), readers: readers.into(), proxies: proxies.into() }
    }

    /// The address `/metrics`.
    pub fn routes(self) -> Router {
        Router::new().route("/metrics", get(page)).with_state(self)
    }

    /// A request that was turned away because too many are under way.
    pub fn note_shed(&self) {
        self.counters.shed();
    }

    fn may_read(&self, headers: &HeaderMap, extensions: &Extensions) -> bool {
        let address = ClientAddress::of(headers, extensions, &self.proxies).0;
        if self.readers.iter().any(|network| network.contains(address)) {
            return true;
        }
        // A proxy on this machine brings strangers from loopback. One that isn't trusted gives itself away by its headers.
        let forwarded =
            ["forwarded", "x-forwarded-for", "x-real-ip", "via"].iter().any(|name| headers.contains_key(*name));
        let peer_is_named = extensions.get::<ConnectInfo<std::net::SocketAddr>>().is_some();
        let trusted = self.proxies.iter().any(|network| network.contains(address));
        address.is_loopback() && peer_is_named && (!forwarded || trusted)
    }

    async fn write(&self) -> String {
        let mut text = Text::default();
        self.counters.write(&mut text);
        text.family("latchkey_build_info", "gauge", "The version of this program.");
        text.line("latchkey_build_info", &[("version", env!("CARGO_PKG_VERSION"))], 1.0);
        self.process(&mut text);
        text.family("latchkey_database_connections", "gauge", "Connections to the database, by pool and state.");
        for pool in self.db.pool_gauges() {
            let busy = pool.open.saturating_sub(pool.idle);
            for (state, number) in [("busy", busy), ("idle", pool.idle), ("most", pool.most)] {
                text.line("latchkey_database_connections", &[("pool", pool.name), ("state", state)], f64::from(number));
            }
        }
        let counted = self.count().await;
        text.family("latchkey_database_up", "gauge", "1 when the database answered.");
        text.line("latchkey_database_up", &[], f64::from(u8::from(counted.is_some())));
        write_gauges(&mut text, &counted.unwrap_or_default());
        text.0
    }

    fn process(&self, text: &mut Text) {
        text.family("process_start_time_seconds", "gauge", "When the process started, in seconds since 1970.");
        text.line("process_start_time_seconds", &[], self.started.timestamp_millis() as f64 / 1000.0);
        if let Some(usage) = super::process::usage() {
            text.family("process_resident_memory_bytes", "gauge", "Memory that the process uses.");
            text.line("process_resident_memory_bytes", &[], usage.resident_bytes as f64);
            text.family("process_cpu_seconds_total", "counter", "Time that the process used on all cores.");
            text.line("process_cpu_seconds_total", &[], usage.cpu_seconds);
        }
    }

    async fn count(&self) -> Option<Vec<gauges::Gauge>> {
        let counting = async { gauges::all(&mut self.db.read().await?, self.clock.now()).await };
        match tokio::time::timeout(std::time::Duration::from_secs(3), counting).await {
            Ok(Ok(all)) => Some(all),
            Ok(Err(error)) => {
                tracing::warn!(%error, "the numbers of the database can't be counted");
                None
            }
            Err(_) => None,
        }
    }
}

/// What the store counts, under the names that it has for those who watch.
const GAUGES: &[(&str, &str, &str, &str)] = &[
    ("sessions", "latchkey_sessions", "", "Sessions that are open."),
    ("requests_waiting", "latchkey_requests_waiting", "", "Items that wait for a decision."),
    ("accounts_due", "latchkey_queue_accounts", "", "Accounts that wait for a worker now."),
    (
        "fulfilments",
        "latchkey_queue_fulfilments",
        "progress",
        "Entitlements that are not as wanted yet, by what remains to be done.",
    ),
    ("notices", "latchkey_queue_notices", "state", "Notices that are not sent yet."),
    ("deliveries", "latchkey_queue_deliveries", "target", "Deliveries to other programs that are not made yet."),
    ("attempts", "latchkey_attempts_last_hour", "outcome", "Calls to systems in the last hour, by outcome."),
];

fn write_gauges(text: &mut Text, all: &[gauges::Gauge]) {
    for (what, name, label, help) in GAUGES {
        let mut found = all.iter().filter(|gauge| gauge.what == *what).peekable();
        if found.peek().is_some() {
            text.family(name, "gauge", help);
        }
        for gauge in found {
            let labels: &[(&str, &str)] = if label.is_empty() { &[] } else { &[(label, &gauge.state)] };
            text.line(name, labels, gauge.number as f64);
        }
    }
}

async fn page(State(metrics): State<Metrics>, request: Request) -> Response {
    if !metrics.may_read(request.headers(), request.extensions()) {
        // Whoever may not read them need not know that they are there.
        return StatusCode::NOT_FOUND.into_response();
    }
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], metrics.write().await).into_response()
}

/// Counts each request by its route.
pub async fn layer(State(metrics): State<Metrics>, request: Request, next: Next) -> Response {
    let method = known_method(request.method().as_str());
    let route = request.extensions().get::<MatchedPath>().cloned();
    let began = std::time::Instant::now();
    let under_way = metrics.counters.begin();
    let response = next.run(request).await;
    drop(under_way);
    let route = route.as_ref().map_or("none", MatchedPath::as_str);
    metrics.counters.note(route, method, response.status().as_u16(), began.elapsed());
    response
}

/// Anybody can make up methods; labels are ours.
fn known_method(method: &str) -> &'static str {
    ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
        .iter()
        .find(|known| **known == method)
        .copied()
        .unwrap_or("other")
}
