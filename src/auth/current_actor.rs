//! Who is behind a request.

use std::sync::Arc;

use axum::{
    extract::{FromRequestParts, Request, State},
    http::{HeaderMap, Method, StatusCode, header, request::Parts},
    middleware::Next,
    response::{IntoResponse, Redirect, Response},
};
use latchkey_domain::actor::{Actor, PersonActor};
use latchkey_service::sessions::{self, SessionFacts};
use latchkey_store::StoreError;
use tower_sessions::{Session, session_store};
use url::Url;

use super::{Auth, return_to, session_store::FACTS};
use crate::security::{Action, Notice, RequestId, notice::problem};

/// The signed-in person behind a request, with what their session proves and the portal roles that they hold now.
///
/// As an extractor it lets only signed-in people through: a page leads to sign-in and back, a form says that nothing was
/// saved, a machine gets 401.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CurrentActor {
    /// The actor, for the rules.
    pub actor: PersonActor,
    /// The session, for the page's frame: the person's name, their time zone, when the session ends.
    pub session: SessionFacts,
}

impl CurrentActor {
    /// The actor as services take it.
    #[must_use]
    pub fn as_actor(&self) -> Actor {
        Actor::Person(self.actor.clone())
    }
}

/// What [`identify`] found out about a request.
#[derive(Clone)]
struct Identified {
    auth: Auth,
    who: Option<Arc<CurrentActor>>,
}

/// Finds out who is behind a request, once, for the extractor. For all routes that use the cookie, inside
/// [`Auth::session_layer`].
pub async fn identify(State(auth): State<Auth>, mut request: Request, next: Next) -> Response {
    let session = request.extensions().get::<Session>().cloned();
    let who = match session {
        Some(session) => find(&auth, &session).await,
        None => Ok(None),
    };
    match who {
        Ok(who) => {
            request.extensions_mut().insert(Identified { auth, who: who.map(Arc::new) });
            next.run(request).await
        }
        Err(error) => {
            let id = request.extensions().get::<RequestId>().cloned().unwrap_or_else(RequestId::generate);
            auth.broken(&error, &id)
        }
    }
}

/// A route outside `identify`: our own mistake, and closed rather than open.
fn not_identified(path: &str) -> Response {
    tracing::error!(path, "a route asks who is there, and nobody found out");
    StatusCode::INTERNAL_SERVER_ERROR.into_response()
}

async fn find(auth: &Auth, session: &Session) -> Result<Option<CurrentActor>, StoreError> {
    // Without a cookie there is nothing to ask the database.
    if session.id().is_none() {
        return Ok(None);
    }
    let facts = session.get::<SessionFacts>(FACTS).await.map_err(|error| {
        tracing::error!(%error, "a session could not be loaded");
        match error {
            tower_sessions::session::Error::Store(session_store::Error::Backend(_)) => {
                StoreError::Misuse("the session could not be read from the database")
            }
            _ => StoreError::Misuse("the session holds something that this version cannot read"),
        }
    })?;
    let Some(facts) = facts else { return Ok(None) };
    let actor = facts.actor();
    // Not noting a use is no reason to refuse it: at worst the session ends a minute early.
    if let Err(error) = sessions::touch(&auth.0.db, &*auth.0.clock, &facts, auth.0.session.idle).await {
        tracing::warn!(%error, "the use of a session could not be noted");
    }
    Ok(Some(CurrentActor { actor, session: facts }))
}

impl<S: Send + Sync> FromRequestParts<S> for CurrentActor {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        let Some(found) = parts.extensions.get::<Identified>().cloned() else {
            return Err(not_identified(parts.uri.path()));
        };
        match found.who {
            Some(who) => Ok(who.as_ref().clone()),
            None => Err(found.auth.sign_in_first(parts)),
        }
    }
}

impl<S: Send + Sync> axum::extract::OptionalFromRequestParts<S> for CurrentActor {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>, Self::Rejection> {
        let found = parts.extensions.get::<Identified>();
        Ok(found.and_then(|found| found.who.as_ref()).map(|who| who.as_ref().clone()))
    }
}

impl Auth {
    fn sign_in_first(&self, parts: &Parts) -> Response {
        let request = parts.extensions.get::<RequestId>().cloned().unwrap_or_else(RequestId::generate);
        if !wants_a_page(&parts.headers) {
            let detail = "This address needs a session. Sign in with a browser first.";
            return problem(StatusCode::UNAUTHORIZED, "not_signed_in", "Not signed in", detail, &request);
        }
        if matches!(parts.method, Method::GET | Method::HEAD) {
            let wanted = parts.uri.path_and_query().map_or("/", |wanted| wanted.as_str());
            return Redirect::to(&login_address(wanted, &self.0.public_url)).into_response();
        }
        // The browser still holds what was typed: it can be sent again after signing in beside this page.
        let page = referring_page(&parts.headers, &self.0.public_url);
        let mut notice = Notice::new(
            StatusCode::UNAUTHORIZED,
            "session_over",
            "Your session has ended",
            "Nothing was saved.",
            "Sessions end after a while, or when they are ended elsewhere.",
            "Sign in beside this page, then come back to it and reload: that sends what you typed once more.",
        )
        .of(&request);
        notice.action = Some(Action {
            label: "Sign in beside this page".to_owned(),
            href: login_address(&page, &self.0.public_url),
            new_tab: true,
        });
        self.0.notices.answer(&notice)
    }
}

fn login_address(wanted: &str, own: &Url) -> String {
    match return_to::local(wanted, own).as_str() {
        "/" => "/auth/login".to_owned(),
        page => {
            let query = url::form_urlencoded::Serializer::new(String::new()).append_pair("return_to", page).finish();
            format!("/auth/login?{query}")
        }
    }
}

/// The page that a form was sent from.
fn referring_page(headers: &HeaderMap, own: &Url) -> String {
    let page =
        headers.get(header::REFERER).and_then(|value| value.to_str().ok()).and_then(|text| Url::parse(text).ok());
    page.filter(|page| page.origin() == own.origin())
        .map_or_else(|| "/".to_owned(), |page| page[url::Position::BeforePath..url::Position::AfterQuery].to_owned())
}

fn wants_a_page(headers: &HeaderMap) -> bool {
    headers
        .get_all(header::ACCEPT)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .any(|accepts| accepts.contains("text/html") || accepts.contains("application/xhtml+xml"))
}
