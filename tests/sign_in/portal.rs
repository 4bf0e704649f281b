//! A portal with sign-in and two pages, on a test world.

use std::{collections::BTreeMap, path::PathBuf};

use axum::{
    Json, Router, middleware,
    response::Redirect,
    routing::{get, post},
};
use latchkey::{
    auth::{Auth, AuthParts, CurrentActor, guard_origin, identify},
    security::{Notices, SecurityHeaders, headers, request_id},
    settings::{Purpose, Settings},
};
use latchkey_service::sign_in::SignInLimits;
use latchkey_testkit::World;
use serde_json::{Value, json};
use tower_sessions::Session;

use crate::{
    browser::{Answer, Browser},
    fake_provider::{CLIENT_ID, CLIENT_SECRET, FakeProvider},
};

pub const ORIGIN: &str = "http://localhost:7400";

pub struct Portal {
    pub world: World,
    pub provider: FakeProvider,
    pub router: Router,
}

/// How a portal differs from the usual one.
pub struct Wish {
    pub public_url: &'static str,
    /// Further lines for `[oidc]`.
    pub oidc: &'static str,
    pub mfa: &'static str,
    pub limits: SignInLimits,
}

impl Default for Wish {
    fn default() -> Self {
        let mfa = "mfa = [{ claim = \"amr\", values = [\"mfa\"] }, { claim = \"acr\", values = [\"urn:mfa\"] }]";
        Self { public_url: ORIGIN, oidc: "", mfa, limits: SignInLimits::default() }
    }
}

impl Portal {
    pub async fn new(world: World) -> Self {
        Self::with(world, Wish::default()).await
    }

    pub async fn with(world: World, wish: Wish) -> Self {
        let provider = FakeProvider::start(world.clock.clone()).await;
        Self::at(world, provider, wish)
    }

    /// Another process of the same installation.
    pub fn at(world: World, provider: FakeProvider, wish: Wish) -> Self {
        let router = router(&world, &provider.issuer, &wish);
        Self { world, provider, router }
    }

    pub fn browser(&self) -> Browser {
        Browser::new(self.router.clone(), ORIGIN, self.world.clock.clone())
    }

    /// Goes through a sign-in to the portal's last answer, with one step-up if the portal asks for it.
    pub async fn sign_in(&self, browser: &mut Browser, path: &str) -> Answer {
        let start = browser.get(path).await;
        let answer = self.come_back(browser, &start).await;
        if answer.status.is_redirection() && answer.location().starts_with(&self.provider.issuer) {
            return self.come_back(browser, &answer).await;
        }
        answer
    }

    /// The provider answers the question that `start` leads to.
    pub async fn come_back(&self, browser: &mut Browser, start: &Answer) -> Answer {
        let answer = self.provider.answer(start.location());
        browser.get(&format!("/auth/callback?{answer}")).await
    }

    /// A browser that is signed in.
    pub async fn signed_in(&self) -> Browser {
        let mut browser = self.browser();
        let answer = self.sign_in(&mut browser, "/auth/login").await;
        assert_eq!(answer.location(), "/", "{}", answer.body);
        browser
    }

    /// The bodies of all events of a kind, in order.
    pub async fn events(&self, kind: &str) -> Vec<Value> {
        let sql = format!("select bytes from event where kind = '{kind}' order by recorded_at, id");
        let all = self.world.texts(&sql).await;
        all.iter().map(|bytes| serde_json::from_str::<Value>(bytes).unwrap()["body"].clone()).collect()
    }

    /// The codes of the sign-ins that were refused.
    pub async fn refused(&self) -> Vec<String> {
        let events = self.events("sign_in_refused").await;
        events.iter().map(|body| body["code"].as_str().unwrap().to_owned()).collect()
    }

    pub async fn open_sessions(&self) -> i64 {
        self.world.number("select count(*) from session where identity_id is not null and ended_at is null").await
    }
}

/// The portal's addresses, with sign-in at the provider of this name.
pub fn router(world: &World, issuer: &str, wish: &Wish) -> Router {
    let text = format!(
        "database_url = \"sqlite:unused\"\npublic_url = \"{}\"\n[company]\nname = \"Example\"\ntime_zone = \"Europe/Berlin\"\n\
         [session]\nidle = \"30m\"\nabsolute = \"8h\"\n\
         [oidc]\nissuer = \"{issuer}\"\nclient_id = \"{CLIENT_ID}\"\n\
         bind = {{ claim = \"employee_number\", attribute = \"external_id\" }}\n{}\n{}\n",
        wish.public_url, wish.mfa, wish.oidc
    );
    let variables = BTreeMap::from([
        ("LATCHKEY_EVENT_KEY".to_owned(), "0123456789abcdef0123456789abcdef".to_owned()),
        ("LATCHKEY_OIDC__CLIENT_SECRET".to_owned(), CLIENT_SECRET.to_owned()),
    ]);
    let source = Some((PathBuf::from("latchkey.toml"), text.as_str()));
    let settings = Settings::parse(Purpose::Serve, source, variables).unwrap_or_else(|error| panic!("{error}"));
    let security = SecurityHeaders::new(settings.https());
    let parts = AuthParts {
        oidc: settings.oidc.clone().unwrap(),
        settings: &settings,
        limits: wish.limits,
        notices: Notices::plain("/style.css"),
        headers: security.clone(),
    };
    let auth = Auth::new(world.db.clone(), world.clock.clone(), parts).unwrap();
    Router::new()
        .route("/", get(|_: CurrentActor| async { "home" }))
        .route("/who", get(who))
        .route("/catalog", get(|_: CurrentActor| async { "catalog" }))
        .route("/do/remember", post(remember))
        .route("/remembered", get(remembered))
        .layer(middleware::from_fn_with_state(auth.clone(), identify))
        .layer(auth.session_layer())
        .layer(middleware::from_fn_with_state(auth.clone(), guard_origin))
        .merge(auth.routes())
        .layer(middleware::from_fn_with_state(security, headers::layer))
        .layer(middleware::from_fn(request_id::layer))
}

async fn who(actor: CurrentActor) -> Json<Value> {
    Json(json!({
        "name": actor.session.display_name,
        "mfa": actor.actor.assurance.mfa,
        "amr": actor.actor.assurance.amr,
        "exception": actor.actor.assurance.exception,
        "roles": actor.actor.portal_roles,
        "session": actor.session.session,
    }))
}

async fn remember(_: CurrentActor, session: Session, body: String) -> Redirect {
    session.insert("flash", body).await.unwrap();
    Redirect::to("/remembered")
}

async fn remembered(_: CurrentActor, session: Session) -> String {
    session.remove::<String>("flash").await.unwrap().unwrap_or_default()
}

/// Everything that is not a secret is somewhere; this must be nowhere in what the database keeps of sign-ins.
pub async fn everything_kept(world: &World) -> String {
    let mut all = String::new();
    for (table, columns) in [
        (
            "session",
            "id_hash || '|' || assurance || '|' || data || '|' || coalesce(subject, '') || '|' || coalesce(sid, '') || '|' || user_agent",
        ),
        ("event", "bytes"),
        ("event_text", "coalesce(text, '')"),
        ("rate_limit", "key"),
        ("sign_in_binding", "issuer || subject"),
    ] {
        all.push_str(&world.texts(&format!("select {columns} from {table}")).await.join("\n"));
    }
    all
}
