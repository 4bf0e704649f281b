//! The guard on origins as a layer: a refused change is explained to whoever sees the page, and is on record.

use axum::{
    extract::{Request, State},
    http::StatusCode,
    middleware::Next,
    response::{IntoResponse, Response},
};
use latchkey_service::sign_in;

use super::{Auth, From};
use crate::security::{Notice, RequestId, origin_guard};

/// Lets changes through that come from the portal's own pages, and refuses the others. For all routes that use the cookie.
pub async fn guard_origin(State(auth): State<Auth>, request: Request, next: Next) -> Response {
    let checked = origin_guard::check(request.method(), request.headers(), &auth.0.public_url);
    let Err(foreign) = checked else { return next.run(request).await };
    let (parts, _) = request.into_parts();
    let id = parts.extensions.get::<RequestId>().cloned().unwrap_or_else(RequestId::generate);
    let from = From::find(&auth, &parts.headers, &parts.extensions);
    let path = parts.uri.path();
    tracing::warn!(path, from = foreign.place(), "a change from another origin was refused");
    let recorded =
        sign_in::record_foreign_change(&auth.0.db, &*auth.0.clock, path, foreign.place(), from.origin()).await;
    if let Err(error) = recorded {
        // It stays refused; only the record is missing, and this line says so.
        tracing::error!(%error, "a refused change could not be put on record");
    }
    let own = auth.0.public_url.origin().ascii_serialization();
    let notice = Notice::new(
        StatusCode::FORBIDDEN,
        "foreign_origin",
        "This change was not made from a page of Latchkey",
        "Nothing was changed.",
        "Latchkey takes changes only from its own pages. Another site may have tried to make one in your name, the page may have been opened under another address, or the browser does not say where changes come from.",
        &format!("Open {own} and try again there."),
    );
    auth.0.notices.answer(&notice.link("To the start page", "/").of(&id)).into_response()
}
