//! The router that `serve` serves, on a test world, and people who are signed in.

use std::{collections::BTreeMap, path::PathBuf};

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::ConnectInfo,
    http::{HeaderMap, Method, Request, StatusCode},
    response::Response,
};
use latchkey::{
    cli::open::{Opened, Schema, open},
    serve,
    settings::{Purpose, Settings},
};
use latchkey_domain::IdentityId;
use latchkey_reconciler::Stopper;
use latchkey_store::{Url, count_queries, sha256_hex, testing::bulk};
use latchkey_testkit::World;
use tower::ServiceExt;
use tower_sessions::session::Id;

/// What calls of the source on-call are signed with.
pub const CALL_IN_SECRETS: [&str; 2] =
    ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="];

const ORIGIN: &str = "http://localhost:7400";

/// The portal.
pub struct Portal {
    pub world: World,
    pub router: Router,
    opened: Opened,
    _stopper: Stopper,
}

/// Somebody who is signed in.
#[derive(Debug, Clone)]
pub struct Visitor {
    cookie: String,
    /// What the database finds the session by.
    pub hash: String,
}

/// An answer, read to its end.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: String,
    /// How many queries it took.
    pub queries: u32,
}

impl Answer {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

impl Portal {
    pub async fn new(world: World) -> Self {
        let settings = settings(&world);
        let clock = world.clock.clone();
        let opened = open(&settings, clock.as_ref(), Schema::Migrate).await.unwrap();
        let (stopper, stop) = latchkey_reconciler::stop();
        let parts = serve::Parts {
            settings: &settings,
            opened: &opened,
            connected: ["system-0".to_owned()].into(),
            worker: None,
            stop,
        };
        let router = serve::router(parts, clock).unwrap();
        Self { world, router, opened, _stopper: stopper }
    }

    /// Gives up the portal's own connections.
    pub async fn close(self) {
        self.opened.db.close().await;
    }

    /// Opens a session. `n` tells one session from another.
    pub async fn signed_in(&self, who: IdentityId, n: i128) -> Visitor {
        let id = Id(n + 1_000_000_007);
        let hash = sha256_hex(format!("session\0{id}").as_bytes());
        bulk::sessions(&self.world.db, self.world.now(), &[(who, hash.clone())]).await.unwrap();
        Visitor { cookie: format!("latchkey={id}"), hash }
    }

    /// A page.
    pub async fn get(&self, who: &Visitor, path: &str) -> Answer {
        read(count_queries(self.open(who, path, "text/html")).await).await
    }

    /// A form of the portal's own page at `from`.
    pub async fn post(&self, who: &Visitor, path: &str, from: &str, form: &str) -> Answer {
        let request = request(who, Method::POST, path)
            .header("accept", "text/html")
            .header("origin", ORIGIN)
            .header("referer", format!("{ORIGIN}{from}"))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(Body::from(form.to_owned()));
        read(count_queries(self.send(request.unwrap())).await).await
    }

    /// What a program sends: without a cookie, and without saying where it comes from.
    pub async fn call(&self, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let mut request = Request::builder().method(Method::POST).uri(path).header("content-type", "application/json");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        read(count_queries(self.send(request.body(Body::from(body.to_owned())).unwrap())).await).await
    }

    /// The beginning of an answer that may go on for long.
    pub async fn open(&self, who: &Visitor, path: &str, accept: &str) -> Response {
        self.send(request(who, Method::GET, path).header("accept", accept).body(Body::empty()).unwrap()).await
    }

    async fn send(&self, mut request: Request<Body>) -> Response {
        request.extensions_mut().insert(ConnectInfo("198.51.100.7:4711".parse::<std::net::SocketAddr>().unwrap()));
        self.router.clone().oneshot(request).await.unwrap()
    }
}

fn request(who: &Visitor, method: Method, path: &str) -> axum::http::request::Builder {
    Request::builder().method(method).uri(path).header("user-agent", "Test browser/1.0").header("cookie", &who.cookie)
}

async fn read((response, queries): (Response, u32)) -> Answer {
    let (parts, body) = response.into_parts();
    let body = to_bytes(body, 4_000_000).await.unwrap();
    Answer { status: parts.status, headers: parts.headers, body: String::from_utf8(body.to_vec()).unwrap(), queries }
}

fn settings(world: &World) -> Settings {
    let database = match &world.url {
        Url::Sqlite(path) => format!("sqlite:{}", path.display()),
        Url::Postgres(options) => {
            let server = std::env::var("LATCHKEY_TEST_POSTGRES_URL").unwrap();
            let (base, _) = server.rsplit_once('/').unwrap();
            format!("{base}/{}", options.get_database().unwrap())
        }
    };
    let text = format!(
        "public_url = \"{ORIGIN}\"\n[company]\nname = \"Example\"\ntime_zone = \"Europe/Berlin\"\n\
         [oidc]\nissuer = \"http://127.0.0.1:9\"\nclient_id = \"latchkey\"\nmfa = [{{ claim = \"amr\", values = [\"mfa\"] }}]\n"
    );
    // The key that the world writes its events with.
    let key = String::from_utf8(vec![42; 32]).unwrap();
    let variables = BTreeMap::from([
        ("LATCHKEY_EVENT_KEY".to_owned(), key),
        ("LATCHKEY_DATABASE_URL".to_owned(), database),
        ("LATCHKEY_CALL_IN__ON_CALL__SECRETS".to_owned(), CALL_IN_SECRETS.join("\n")),
    ]);
    let source = Some((PathBuf::from("latchkey.toml"), text.as_str()));
    Settings::parse(Purpose::Serve, source, variables).unwrap_or_else(|error| panic!("{error}"))
}
