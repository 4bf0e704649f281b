//! What a browser does for a person: follow an address, send a form, keep cookies.

use std::{collections::BTreeMap, net::SocketAddr, sync::Arc};

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::ConnectInfo,
    http::{HeaderMap, Method, Request, StatusCode, header},
};
use chrono::TimeDelta;
use latchkey_domain::clock::ManualClock;
use tower::ServiceExt;
use url::Url;

/// An answer, read to its end.
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: String,
}

impl Answer {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// Where it leads.
    pub fn location(&self) -> &str {
        assert!(self.status.is_redirection(), "{} {}", self.status, self.body);
        self.header("location")
    }

    /// The fixed code of a notice.
    pub fn code(&self) -> &str {
        self.header("x-latchkey-code")
    }
}

#[derive(Clone)]
pub struct Browser {
    router: Router,
    pub cookies: BTreeMap<String, String>,
    pub address: SocketAddr,
    origin: String,
    clock: Arc<ManualClock>,
}

impl Browser {
    pub fn new(router: Router, origin: &str, clock: Arc<ManualClock>) -> Self {
        let address = "198.51.100.7:4711".parse().unwrap();
        Self { router, cookies: BTreeMap::new(), address, origin: origin.to_owned(), clock }
    }

    pub async fn get(&mut self, path: &str) -> Answer {
        self.send(Method::GET, path, &[("accept", "text/html")], "").await
    }

    /// A form of the portal's own page.
    pub async fn post(&mut self, path: &str, body: &str) -> Answer {
        let origin = self.origin.clone();
        let headers = [
            ("accept", "text/html"),
            ("origin", origin.as_str()),
            ("sec-fetch-site", "same-origin"),
            ("content-type", "application/x-www-form-urlencoded"),
        ];
        self.send(Method::POST, path, &headers, body).await
    }

    pub async fn send(&mut self, method: Method, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        // A little time passes between two clicks, so that events have an order.
        self.clock.advance(TimeDelta::milliseconds(1));
        let mut request = Request::builder().method(method).uri(path).header("user-agent", "Test browser/1.0");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if !self.cookies.is_empty() {
            let all: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            request = request.header(header::COOKIE, all.join("; "));
        }
        let mut request = request.body(Body::from(body.to_owned())).unwrap();
        request.extensions_mut().insert(ConnectInfo(self.address));
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        self.keep(&parts.headers);
        let body = to_bytes(body, 1_000_000).await.unwrap();
        Answer { status: parts.status, headers: parts.headers, body: String::from_utf8(body.to_vec()).unwrap() }
    }

    fn keep(&mut self, headers: &HeaderMap) {
        for set in headers.get_all(header::SET_COOKIE) {
            let set = set.to_str().unwrap();
            let (pair, attributes) = set.split_once(';').unwrap_or((set, ""));
            let (name, value) = pair.split_once('=').unwrap();
            if attributes.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
    }

    pub fn session_cookie(&self) -> Option<&String> {
        self.cookies.iter().find(|(name, _)| name.as_str() == "latchkey" || *name == "__Host-latchkey").map(|(_, v)| v)
    }
}

/// One parameter of an address.
pub fn parameter(address: &Url, name: &str) -> Option<String> {
    address.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}
