//! The token endpoint: a code, the portal's password and the PKCE verifier for an ID token.

use axum::{
    Form, Json,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::{Provider, flow::random};

/// The level that a sign-in with a code reaches.
pub const ACR_MFA: &str = "urn:latchkey:demo:mfa";

const SECONDS: i64 = 300;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    grant_type: String,
    code: String,
    redirect_uri: String,
    code_verifier: String,
    client_id: String,
    client_secret: String,
}

pub async fn token(State(provider): State<Provider>, headers: HeaderMap, Form(asked): Form<Asked>) -> Response {
    if !is_the_portal(&provider, &headers, &asked) {
        return refused(StatusCode::UNAUTHORIZED, "invalid_client");
    }
    if asked.grant_type != "authorization_code" {
        return refused(StatusCode::BAD_REQUEST, "unsupported_grant_type");
    }
    let now = provider.now();
    let Some(granted) = provider.0.flows.redeem(&asked.code, now) else {
        return refused(StatusCode::BAD_REQUEST, "invalid_grant");
    };
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(asked.code_verifier.as_bytes()));
    if challenge != granted.challenge || asked.redirect_uri != provider.callback() {
        return refused(StatusCode::BAD_REQUEST, "invalid_grant");
    }
    let Some(person) = provider.person(&granted.subject).await else {
        return refused(StatusCode::BAD_REQUEST, "invalid_grant");
    };
    let mut claims = serde_json::json!({
        "iss": provider.issuer(),
        "sub": person.subject,
        "aud": provider.0.options.client_id,
        "iat": now.timestamp(),
        "exp": now.timestamp() + SECONDS,
        "auth_time": granted.at.timestamp(),
        "nonce": granted.nonce,
        "sid": random(),
        "amr": ["pwd"],
        "name": person.name,
        "email": person.email,
        "email_verified": true,
        "employee_number": person.external_id,
    });
    if granted.with_code {
        claims["amr"] = serde_json::json!(["pwd", "otp", "mfa"]);
        claims["acr"] = ACR_MFA.into();
    }
    let Some(id_token) = provider.0.key.sign(&claims) else {
        return refused(StatusCode::INTERNAL_SERVER_ERROR, "server_error");
    };
    Json(serde_json::json!({
        "access_token": random(),
        "token_type": "Bearer",
        "expires_in": SECONDS,
        "scope": "openid profile email",
        "id_token": id_token,
    }))
    .into_response()
}

/// The portal says who it is in the header (RFC 6749, section 2.3.1) or in the form.
fn is_the_portal(provider: &Provider, headers: &HeaderMap, asked: &Asked) -> bool {
    let options = &provider.0.options;
    let in_header = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Basic "))
        .and_then(|text| STANDARD.decode(text).ok())
        .and_then(|bytes| String::from_utf8(bytes).ok());
    let (id, secret) = match in_header.as_deref().and_then(|pair| pair.split_once(':')) {
        Some((id, secret)) => (decoded(id), decoded(secret)),
        None => (asked.client_id.clone(), asked.client_secret.clone()),
    };
    let same = |a: &str, b: &str| Sha256::digest(a.as_bytes()) == Sha256::digest(b.as_bytes());
    same(&id, &options.client_id) && same(&secret, options.client_secret.expose())
}

fn decoded(text: &str) -> String {
    url::form_urlencoded::parse(format!("x={text}").as_bytes())
        .next()
        .map(|(_, value)| value.into_owned())
        .unwrap_or_default()
}

fn refused(status: StatusCode, error: &str) -> Response {
    (status, Json(serde_json::json!({ "error": error }))).into_response()
}
