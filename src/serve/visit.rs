//! What pages know about this visit: who is signed in, what their frame shows, the request's number and nonce.

use axum::{
    extract::{FromRequestParts, Request},
    middleware::Next,
    response::Response,
};
use latchkey_app::{
    frame::Theme,
    web::{Signed, Visit},
};

use crate::{
    auth::CurrentActor,
    security::{CspNonce, RequestId},
};

/// Lets signed-in people through and tells the pages about them; everybody else is sent to sign in.
pub async fn layer(request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let current = match <CurrentActor as FromRequestParts<()>>::from_request_parts(&mut parts, &()).await {
        Ok(current) => current,
        Err(answer) => return answer,
    };
    let Ok(id) = RequestId::from_request_parts(&mut parts, &()).await;
    let Ok(nonce) = CspNonce::from_request_parts(&mut parts, &()).await;
    let signed = signed(current);
    parts.extensions.insert(signed);
    let request_id = id.as_str().to_owned();
    // The colours stand in a cookie, which the extractor of `Visit` reads.
    parts.extensions.insert(Visit { request_id, nonce: nonce.shared(), theme: Theme::System });
    next.run(Request::from_parts(parts, body)).await
}

fn signed(current: CurrentActor) -> Signed {
    let CurrentActor { actor, session } = current;
    Signed {
        person: actor,
        name: session.display_name,
        email: session.email.unwrap_or_default(),
        zone: session.time_zone.and_then(|zone| zone.parse().ok()),
        employment: session.employment_type,
        approvals: session.frame.approvals,
        cart: session.frame.cart,
        has_team: session.frame.has_team,
        keeps_apart: session.frame.keeps_apart,
        owns_system: session.frame.owns_system,
        reviews: session.frame.reviews,
        catalog_version: Some(session.frame.catalog_version),
    }
}
