//! `/do/retry-fulfilment`: somebody asks for another attempt at what a system refused.

use axum::{
    extract::State,
    http::{HeaderMap, header},
    response::Response,
};
use latchkey_domain::FulfilmentId;
use latchkey_service::retry_fulfilment::retry_fulfilment;
use tower_sessions::Session;

use crate::web::{
    Flash, PageError,
    answer::see_other,
    form::Fields,
    state::{AppState, Signed},
};

pub(in crate::web) async fn post(
    State(state): State<AppState>,
    signed: Signed,
    session: Session,
    headers: HeaderMap,
    fields: Fields,
) -> Result<Response, PageError> {
    let id: FulfilmentId = fields.id("fulfilment_id")?;
    match retry_fulfilment(&state.db, state.clock.as_ref(), &signed.actor(), id).await {
        Ok(()) => Flash::done("It is tried again now.").keep(&session).await,
        Err(error) => super::told(&session, error).await?,
    }
    Ok(see_other(&came_from(&headers)))
}

/// The page that the form stood on (several pages have it), as a path of this portal; Home where the browser doesn't say.
fn came_from(headers: &HeaderMap) -> String {
    let referer = headers.get(header::REFERER).and_then(|v| v.to_str().ok()).unwrap_or("");
    let path = referer.split_once("://").and_then(|(_, rest)| rest.find('/').map(|at| &rest[at..])).unwrap_or("/");
    let local = path.starts_with('/') && !path.starts_with("//") && !path.contains(['\\', '\n', '\r']);
    if local { path.to_owned() } else { "/".to_owned() }
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderMap, HeaderValue, header};

    #[test]
    fn one_goes_back_to_a_path_of_this_portal_only() {
        for (referer, path) in [
            ("https://access.example.test/requests/1?x=y", "/requests/1?x=y"),
            ("https://access.example.test", "/"),
            ("https://access.example.test//evil.test/", "/"),
            ("nonsense", "/"),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::REFERER, HeaderValue::from_static(referer));
            assert_eq!(super::came_from(&headers), path, "{referer}");
        }
    }
}
