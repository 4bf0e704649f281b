//! The way to the provider.

use axum::{
    extract::{Query, State},
    http::{HeaderValue, StatusCode, header, request::Parts},
    response::{IntoResponse, Redirect, Response},
};
use latchkey_service::sign_in::{self, Attempt, AttemptStart, Begun, SignInRefusal};
use openidconnect::{PkceCodeChallenge, PkceCodeVerifier};
use serde::Deserialize;
use url::Url;

use super::{
    Auth, From,
    attempt::{BrowserSecret, random_text},
    cookies::Cookies,
    provider::ProviderProblem,
    return_to,
};
use crate::{security::RequestId, settings::StepUp};

/// How long the browser keeps its half; the server's half lives as long.
const MINUTES: i64 = 10;

#[derive(Debug, Deserialize)]
pub struct Wanted {
    #[serde(default)]
    return_to: String,
}

pub async fn login(
    State(auth): State<Auth>,
    Query(wanted): Query<Wanted>,
    request: RequestId,
    parts: Parts,
) -> Response {
    let return_to = return_to::local(&wanted.return_to, &auth.0.public_url);
    auth.start(&parts, &request, return_to, false).await
}

impl Auth {
    /// Remembers a sign-in and sends the browser to the provider; `stepped_up` asks the provider for more than last time.
    pub(super) async fn start(
        &self,
        parts: &Parts,
        request: &RequestId,
        return_to: String,
        stepped_up: bool,
    ) -> Response {
        let from = From::of(self, parts);
        let discovered = match self.0.provider.discovered(self.now()).await {
            Ok(discovered) => discovered,
            Err(problem) => return self.not_started(&problem, request, &return_to),
        };
        let sent = Cookies::read(&parts.headers, self.0.cookies.sign_in_name());
        let secret = sent.and_then(BrowserSecret::from_cookie).unwrap_or_else(BrowserSecret::generate);
        let state = random_text();
        let attempt = Attempt { salt: random_text(), return_to: return_to.clone(), stepped_up };
        let start = AttemptStart { id_hash: &secret.row(&state), attempt: &attempt, issuer: &self.0.oidc.issuer };
        let begun = sign_in::begin(&self.0.db, &*self.0.clock, &self.0.limits, start, from.origin()).await;
        match begun {
            Ok(Begun::Remembered) => {}
            Ok(Begun::Refused(refused)) => return self.refused(refused, request, &return_to),
            Err(error) => return self.broken(&error, request),
        }
        let address = self.question(discovered.authorization_endpoint().clone(), &secret, &state, &attempt);
        let mut response = Redirect::to(address.as_str()).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        self.0.cookies.set(headers, self.0.cookies.sign_in_name(), secret.as_str(), Some(MINUTES));
        response
    }

    /// The question to the provider.
    fn question(&self, mut address: Url, secret: &BrowserSecret, state: &str, attempt: &Attempt) -> Url {
        let oidc = &self.0.oidc;
        let verifier = PkceCodeVerifier::new(secret.verifier(&attempt.salt, state));
        let challenge = PkceCodeChallenge::from_code_verifier_sha256(&verifier);
        let mut query = address.query_pairs_mut();
        query
            .append_pair("response_type", "code")
            .append_pair("client_id", &oidc.client_id)
            .append_pair("redirect_uri", &self.callback_url())
            .append_pair("scope", &oidc.scopes.join(" "))
            .append_pair("state", state)
            .append_pair("nonce", &secret.nonce(&attempt.salt, state))
            .append_pair("code_challenge", challenge.as_str())
            .append_pair("code_challenge_method", challenge.method().as_str());
        if let Some(max_age) = oidc.max_age {
            query.append_pair("max_age", &max_age.num_seconds().to_string());
        }
        if attempt.stepped_up {
            match &oidc.step_up {
                StepUp::AcrValues(values) => {
                    query.append_pair("acr_values", &values.join(" "));
                }
                StepUp::Claims(claims) => {
                    query.append_pair("claims", &claims.to_string());
                }
                StepUp::LoginAgain => {
                    query.append_pair("prompt", "login");
                }
            }
        }
        drop(query);
        address
    }

    /// The provider can't be asked. That is no failed sign-in of anybody, so it stands in the program's log.
    fn not_started(&self, problem: &ProviderProblem, request: &RequestId, return_to: &str) -> Response {
        tracing::error!(%problem, issuer = %self.0.oidc.issuer, "a sign-in could not begin");
        let reason = match problem {
            ProviderProblem::Unfit(_) => SignInRefusal::ProviderUnfit,
            _ => SignInRefusal::ProviderUnreachable,
        };
        let mut response = self.refused(sign_in::Refused::because(reason), request, return_to);
        if response.status() == StatusCode::SERVICE_UNAVAILABLE {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("30"));
        }
        response
    }
}
