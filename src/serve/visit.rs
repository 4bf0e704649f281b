//! What pages know about this visit: who is signed in, what their frame shows, the request's number and nonce.

use axum::{
    extract::{FromRequestParts, Request, State},
    http::StatusCode,
    middleware::Next,
    response::Response,
};
use latchkey_app::{
    frame::Theme,
    web::{Signed, Visit},
};
use latchkey_store::{Db, visit};

use crate::{
    auth::CurrentActor,
    security::{CspNonce, Notice, Notices, RequestId},
};

/// What the layer needs.
#[derive(Debug, Clone)]
pub struct Visits {
    /// The database.
    pub db: Db,
    /// How pages look that say no.
    pub notices: Notices,
}

/// Lets signed-in people through and tells the pages about them; everybody else is sent to sign in.
pub async fn layer(State(visits): State<Visits>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let current = match <CurrentActor as FromRequestParts<()>>::from_request_parts(&mut parts, &()).await {
        Ok(current) => current,
        Err(answer) => return answer,
    };
    let Ok(id) = RequestId::from_request_parts(&mut parts, &()).await;
    let Ok(nonce) = CspNonce::from_request_parts(&mut parts, &()).await;
    let signed = match signed(&visits.db, current).await {
        Ok(signed) => signed,
        Err(error) => {
            tracing::error!(%error, "what the frame of a page shows can't be read");
            return visits.notices.answer(&database_failed().of(&id));
        }
    };
    parts.extensions.insert(signed);
    let request_id = id.as_str().to_owned();
    // The colours stand in a cookie, which the extractor of `Visit` reads.
    parts.extensions.insert(Visit { request_id, nonce: nonce.shared(), theme: Theme::System });
    next.run(Request::from_parts(parts, body)).await
}

async fn signed(db: &Db, current: CurrentActor) -> latchkey_store::StoreResult<Signed> {
    let frame = visit::frame(&mut db.read().await?, current.actor.identity).await?;
    let CurrentActor { actor, session } = current;
    Ok(Signed {
        person: actor,
        name: session.display_name,
        email: session.email.unwrap_or_default(),
        zone: session.time_zone.and_then(|zone| zone.parse().ok()),
        approvals: u32::try_from(frame.approvals).unwrap_or(u32::MAX),
        has_team: frame.has_team,
        catalog_version: Some(frame.catalog_version),
    })
}

fn database_failed() -> Notice {
    Notice::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "database_failed",
        "Latchkey cannot work at the moment",
        "The database did not answer, so nothing was changed.",
        "",
        "Try again in a minute. If this page comes back, give the request number to your IT support.",
    )
}
