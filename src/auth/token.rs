//! The checks of an ID token (OpenID Connect Core, section 3.1.3.7).

use std::sync::Arc;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::TimeDelta;
use latchkey_domain::Instant;
use latchkey_service::sign_in::SignInRefusal;
use openidconnect::{
    ClaimsVerificationError, ClientId, IssuerUrl, Nonce, SignatureVerificationError,
    core::{CoreIdToken, CoreIdTokenVerifier},
};
use serde_json::{Map, Value};

use super::provider::{Discovered, Provider};

/// Clocks may differ by this much.
const LEEWAY: TimeDelta = TimeDelta::seconds(60);
/// A token that was written longer ago was not written for this sign-in.
const OLDEST: TimeDelta = TimeDelta::minutes(10);

/// What must be true of a token.
#[derive(Debug, Clone)]
pub struct Expected {
    /// Who wrote it.
    pub issuer: IssuerUrl,
    /// Whom it was written for.
    pub client_id: ClientId,
    /// Which sign-in it was written for.
    pub nonce: Nonce,
    /// What time it is.
    pub now: Instant,
}

/// Checks a token and gives its claims. If it is signed with a key that we don't know, the keys are fetched again, once.
///
/// # Errors
/// The first thing that is wrong with it.
pub async fn verified(
    provider: &Provider,
    discovered: Arc<Discovered>,
    token: &CoreIdToken,
    expected: &Expected,
) -> Result<Map<String, Value>, SignInRefusal> {
    match check(&discovered, token, expected) {
        Err(SignInRefusal::TokenUnknownKey) => {
            let newer = provider.newer_keys(expected.now, &discovered).await.map_err(|problem| {
                tracing::warn!(%problem, "the provider's keys could not be fetched again");
                SignInRefusal::TokenUnknownKey
            })?;
            check(&newer, token, expected)
        }
        checked => checked,
    }
}

fn check(
    discovered: &Discovered,
    token: &CoreIdToken,
    expected: &Expected,
) -> Result<Map<String, Value>, SignInRefusal> {
    let now = expected.now;
    let verifier = CoreIdTokenVerifier::new_public_client(
        expected.client_id.clone(),
        expected.issuer.clone(),
        discovered.keys().clone(),
    )
    .set_allowed_algs(discovered.algorithms().iter().cloned())
    .set_time_fn(move || now - LEEWAY);
    let claims = token.claims(&verifier, &expected.nonce).map_err(|error| {
        tracing::warn!(%error, "an ID token was refused");
        reason(&error)
    })?;
    // The library leaves the authorized party and the time of issue to us.
    if claims.authorized_party().is_some_and(|party| *party != expected.client_id) {
        return Err(SignInRefusal::TokenWrongParty);
    }
    let issued = claims.issue_time();
    if issued - now > LEEWAY || now - issued > OLDEST {
        return Err(SignInRefusal::TokenWrongTime);
    }
    if claims.subject().as_str().is_empty() {
        return Err(SignInRefusal::TokenMalformed);
    }
    let claims = payload(token).ok_or(SignInRefusal::TokenMalformed)?;
    let not_yet = claims.get("nbf").and_then(Value::as_i64).is_some_and(|from| from > (now + LEEWAY).timestamp());
    if not_yet { Err(SignInRefusal::TokenWrongTime) } else { Ok(claims) }
}

fn reason(error: &ClaimsVerificationError) -> SignInRefusal {
    use SignatureVerificationError as Signature;
    match error {
        ClaimsVerificationError::Expired(_) => SignInRefusal::TokenExpired,
        ClaimsVerificationError::InvalidAudience(_) => SignInRefusal::TokenWrongAudience,
        ClaimsVerificationError::InvalidIssuer(_) => SignInRefusal::TokenWrongIssuer,
        ClaimsVerificationError::InvalidNonce(_) => SignInRefusal::TokenWrongNonce,
        ClaimsVerificationError::SignatureVerification(signature) => match signature {
            Signature::NoMatchingKey | Signature::AmbiguousKeyId(_) => SignInRefusal::TokenUnknownKey,
            Signature::NoSignature => SignInRefusal::TokenUnsigned,
            Signature::DisallowedAlg(_) | Signature::UnsupportedAlg(_) => SignInRefusal::TokenWrongAlgorithm,
            _ => SignInRefusal::TokenWrongSignature,
        },
        _ => SignInRefusal::TokenMalformed,
    }
}

/// All claims of a token whose signature was checked: settings name claims that no library knows.
fn payload(token: &CoreIdToken) -> Option<Map<String, Value>> {
    let text = token.to_string();
    let middle = text.split('.').nth(1)?;
    let bytes = URL_SAFE_NO_PAD.decode(middle.trim_end_matches('=')).ok()?;
    serde_json::from_slice(&bytes).ok()
}
