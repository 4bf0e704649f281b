//! Counts of requests.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{
        Arc, Mutex, PoisonError, RwLock,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
    time::Duration,
};

use super::text::Text;

/// The upper ends of the histogram's buckets, in seconds.
const BUCKETS: [f64; 12] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0];

/// All counts of a process. Routes are those of the program, so there is a bounded number of them.
#[derive(Debug, Default)]
pub struct Counters {
    routes: RwLock<HashMap<Box<str>, Arc<Route>>>,
    under_way: AtomicI64,
    shed: AtomicU64,
}

#[derive(Debug, Default)]
struct Route {
    answered: Mutex<BTreeMap<(&'static str, u16), u64>>,
    buckets: [AtomicU64; BUCKETS.len()],
    number: AtomicU64,
    micros: AtomicU64,
}

/// A request under way; it ends when this is dropped, also when whoever asked went away.
#[derive(Debug)]
pub struct UnderWay<'a>(&'a AtomicI64);

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Counters {
    /// A request begins.
    pub fn begin(&self) -> UnderWay<'_> {
        self.under_way.fetch_add(1, Ordering::Relaxed);
        UnderWay(&self.under_way)
    }

    /// A request was turned away.
    pub fn shed(&self) {
        self.shed.fetch_add(1, Ordering::Relaxed);
    }

    /// A request was answered.
    pub fn note(&self, route: &str, method: &'static str, status: u16, took: Duration) {
        let counts = self.route(route);
        *counts.answered.lock().unwrap_or_else(PoisonError::into_inner).entry((method, status)).or_insert(0) += 1;
        let seconds = took.as_secs_f64();
        if let Some(bucket) = BUCKETS.iter().position(|end| seconds <= *end).and_then(|at| counts.buckets.get(at)) {
            bucket.fetch_add(1, Ordering::Relaxed);
        }
        counts.micros.fetch_add(u64::try_from(took.as_micros()).unwrap_or(u64::MAX), Ordering::Relaxed);
        counts.number.fetch_add(1, Ordering::Relaxed);
    }

    fn route(&self, route: &str) -> Arc<Route> {
        if let Some(known) = self.routes.read().unwrap_or_else(PoisonError::into_inner).get(route) {
            return Arc::clone(known);
        }
        Arc::clone(self.routes.write().unwrap_or_else(PoisonError::into_inner).entry(route.into()).or_default())
    }

    /// Writes all of them.
    pub fn write(&self, text: &mut Text) {
        let routes = self.routes.read().unwrap_or_else(PoisonError::into_inner);
        let mut routes: Vec<(&str, &Arc<Route>)> = routes.iter().map(|(name, counts)| (&**name, counts)).collect();
        routes.sort_by_key(|(name, _)| *name);
        text.family("latchkey_requests_total", "counter", "Requests by route, method and status.");
        for (name, counts) in &routes {
            for ((method, status), number) in counts.answered.lock().unwrap_or_else(PoisonError::into_inner).iter() {
                let labels = [("route", *name), ("method", *method), ("status", &status.to_string())];
                text.line("latchkey_requests_total", &labels, *number as f64);
            }
        }
        let name = "latchkey_request_seconds";
        text.family(name, "histogram", "Time from a request's head to its answer's head, by route.");
        for (route, counts) in &routes {
            counts.write(name, route, text);
        }
        text.family("latchkey_requests_under_way", "gauge", "Requests that are being answered.");
        text.line("latchkey_requests_under_way", &[], self.under_way.load(Ordering::Relaxed) as f64);
        text.family("latchkey_requests_shed_total", "counter", "Requests turned away because too many were under way.");
        text.line("latchkey_requests_shed_total", &[], self.shed.load(Ordering::Relaxed) as f64);
    }
}

impl Route {
    fn write(&self, name: &str, route: &str, text: &mut Text) {
        let mut below = 0;
        for (end, bucket) in BUCKETS.iter().zip(&self.buckets) {
            below += bucket.load(Ordering::Relaxed);
            text.line(&format!("{name}_bucket"), &[("route", route), ("le", &end.to_string())], below as f64);
        }
        let number = self.number.load(Ordering::Relaxed).max(below) as f64;
        text.line(&format!("{name}_bucket"), &[("route", route), ("le", "+Inf")], number);
        text.line(&format!("{name}_sum"), &[("route", route)], self.micros.load(Ordering::Relaxed) as f64 / 1e6);
        text.line(&format!("{name}_count"), &[("route", route)], number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_counted_once_in_each_bucket_that_holds_it() {
        let counters = Counters::default();
        counters.note("/", "GET", 200, Duration::from_micros(700));
        counters.note("/", "GET", 200, Duration::from_secs(60));
        counters.note("/roles/{id}", "GET", 404, Duration::from_millis(3));
        let mut text = Text::default();
        counters.write(&mut text);
        for line in [
            "latchkey_requests_total{route=\"/\",method=\"GET\",status=\"200\"} 2",
            "latchkey_requests_total{route=\"/roles/{id}\",method=\"GET\",status=\"404\"} 1",
            "latchkey_request_seconds_bucket{route=\"/\",le=\"0.0005\"} 0",
            "latchkey_request_seconds_bucket{route=\"/\",le=\"0.001\"} 1",
            "latchkey_request_seconds_bucket{route=\"/\",le=\"5\"} 1",
            "latchkey_request_seconds_bucket{route=\"/\",le=\"+Inf\"} 2",
            "latchkey_request_seconds_count{route=\"/\"} 2",
            "latchkey_requests_under_way 0",
        ] {
            assert!(text.0.lines().any(|found| found == line), "{line} is missing in\n{}", text.0);
        }
    }

    #[test]
    fn a_request_that_goes_away_is_not_under_way_for_ever() {
        let counters = Counters::default();
        let one = counters.begin();
        drop(counters.begin());
        assert_eq!(counters.under_way.load(Ordering::Relaxed), 1);
        drop(one);
        assert_eq!(counters.under_way.load(Ordering::Relaxed), 0);
    }
}
