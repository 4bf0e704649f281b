//! RP-initiated logout: forget who was chosen, and back to the portal.

use axum::{
    extract::{RawQuery, State},
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};
use tower_sessions::cookie::Cookie;
use url::Url;

use super::{Provider, authorize::COOKIE, pages};

pub async fn sign_out(State(provider): State<Provider>, RawQuery(query): RawQuery) -> Response {
    let mut response = match returns_to(&provider, query.as_deref().unwrap_or_default()) {
        Some(address) => Redirect::to(address.as_str()).into_response(),
        None => pages::notice(
            &provider,
            "You are signed out",
            "The demo provider has forgotten who you were.",
            StatusCode::OK,
        ),
    };
    let mut cookie = Cookie::new(COOKIE, "");
    cookie.set_path("/");
    cookie.make_removal();
    if let Ok(value) = HeaderValue::from_str(&cookie.to_string()) {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
    response
}

/// Only to the portal's own page for it, and only for the portal.
fn returns_to(provider: &Provider, query: &str) -> Option<Url> {
    let find = |wanted: &str| {
        url::form_urlencoded::parse(query.as_bytes())
            .find(|(name, _)| name == wanted)
            .map(|(_, value)| value.into_owned())
    };
    let options = &provider.0.options;
    let wanted = find("post_logout_redirect_uri")?;
    if find("client_id")? != options.client_id || wanted != format!("{}auth/logout", options.portal) {
        return None;
    }
    let mut address = Url::parse(&wanted).ok()?;
    if let Some(state) = find("state") {
        address.query_pairs_mut().append_pair("state", &state);
    }
    Some(address)
}
