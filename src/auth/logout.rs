//! Signing out, here and at the provider (OpenID Connect RP-Initiated Logout).

use axum::{
    extract::{Query, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};
use latchkey_service::sessions;
use serde::Deserialize;
use tower_sessions::session;

use super::{Auth, attempt::random_text, cookies::Cookies, session_store::hash_of};
use crate::security::{Notice, RequestId};

/// Ends the session and sends the browser on to the provider, which ends its own. No ID token is kept for a hint: the
/// provider knows its session by its own cookie, and may ask the person whether they mean it.
pub async fn logout(State(auth): State<Auth>, request: RequestId, headers: HeaderMap) -> Response {
    let cookies = auth.0.cookies;
    if let Some(hash) = session_hash(&auth, &headers)
        && let Err(error) = sessions::sign_out(&auth.0.db, &*auth.0.clock, &hash).await
    {
        return auth.broken(&error, &request);
    }
    let state = random_text();
    let end_session =
        auth.0.provider.discovered(auth.now()).await.ok().and_then(|found| found.end_session_endpoint().cloned());
    let leads_to_provider = end_session.is_some();
    let address = end_session.map_or_else(
        || "/auth/logout".to_owned(),
        |mut address| {
            address
                .query_pairs_mut()
                .append_pair("client_id", &auth.0.oidc.client_id)
                .append_pair("post_logout_redirect_uri", &format!("{}auth/logout", auth.0.public_url))
                .append_pair("state", &state);
            address.into()
        },
    );
    let mut response = Redirect::to(&address).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // What this browser still has of us in its caches goes too.
    headers.insert("clear-site-data", HeaderValue::from_static("\"cache\""));
    cookies.remove(headers, cookies.session_name());
    if leads_to_provider {
        cookies.set(headers, cookies.sign_out_name(), &state, Some(10));
    }
    response
}

#[derive(Debug, Deserialize)]
pub struct Returned {
    #[serde(default)]
    state: String,
}

/// The page after signing out; for somebody who is still signed in, the way to sign out.
pub async fn signed_out(
    State(auth): State<Auth>,
    Query(returned): Query<Returned>,
    request: RequestId,
    headers: HeaderMap,
) -> Response {
    let cookies = auth.0.cookies;
    let open = match session_hash(&auth, &headers) {
        Some(hash) => sessions::find(&auth.0.db, auth.now(), &hash).await,
        None => Ok(None),
    };
    let open = match open {
        Ok(open) => open.is_some(),
        Err(error) => return auth.broken(&error, &request),
    };
    if open {
        let mut notice = Notice::new(
            StatusCode::OK,
            "still_signed_in",
            "You are still signed in",
            "Signing out ends this session of Latchkey, and then the one at the provider.",
            "",
            "",
        );
        notice.form = Some(("Sign out".to_owned(), "/auth/logout".to_owned()));
        return auth.0.notices.answer(&notice);
    }
    let expected = Cookies::read(&headers, cookies.sign_out_name());
    // Only the state that we gave away says that the provider really was asked.
    let also_there = expected.is_some_and(|expected| !returned.state.is_empty() && expected == returned.state);
    let what = if also_there {
        "Your session here has ended, and the provider was asked to end its own."
    } else {
        "You have no session here. The provider may still know you in this browser."
    };
    let notice =
        Notice::new(StatusCode::OK, "signed_out", "You are signed out", what, "", "").link("Sign in", "/auth/login");
    let mut response = auth.0.notices.answer(&notice);
    cookies.remove(response.headers_mut(), cookies.sign_out_name());
    response
}

fn session_hash(auth: &Auth, headers: &HeaderMap) -> Option<String> {
    let value = Cookies::read(headers, auth.0.cookies.session_name())?;
    value.parse::<session::Id>().ok().map(|id| hash_of(&id))
}
