//! The provider's answer.

use axum::{
    extract::{RawQuery, State},
    http::{HeaderValue, header, request::Parts},
    response::{IntoResponse, Redirect, Response},
};
use latchkey_domain::assurance::Assurance;
use latchkey_service::sign_in::{self, Attempt, Problem, SessionStart, SignInRefusal, Taken, VerifiedStatement};
use latchkey_store::StoreError;
use openidconnect::{ClientId, IssuerUrl, Nonce};
use serde_json::{Map, Value};
use tower_sessions::session;

use super::{
    Auth, From,
    attempt::BrowserSecret,
    cookies::Cookies,
    evidence,
    provider::ProviderProblem,
    session_store::hash_of,
    token::{self, Expected},
};
use crate::{security::RequestId, settings::BindAttribute};

/// The parameters of an answer.
#[derive(Debug, Default, PartialEq, Eq)]
struct Answer {
    state: Option<String>,
    code: Option<String>,
    issuer: Option<String>,
    error: Option<String>,
}

impl Answer {
    /// Reads them; one that comes twice makes the whole answer unreadable (RFC 6749, section 3.1).
    fn parse(query: &str) -> Option<Self> {
        let mut answer = Self::default();
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
            let field = match &*name {
                "state" => &mut answer.state,
                "code" => &mut answer.code,
                "iss" => &mut answer.issuer,
                "error" => &mut answer.error,
                _ => continue,
            };
            if field.replace(value.into_owned()).is_some() {
                return None;
            }
        }
        Some(answer)
    }
}

/// What went wrong on the way, and whom it is about if that is known by then.
struct Failed {
    reason: SignInRefusal,
    subject: Option<String>,
}

impl core::convert::From<SignInRefusal> for Failed {
    fn from(reason: SignInRefusal) -> Self {
        Self { reason, subject: None }
    }
}

/// What a checked answer leads to.
enum Checked {
    /// The statement proves enough.
    Enough(Box<VerifiedStatement>),
    /// It doesn't, and nobody asked for more yet.
    TooLittle,
}

pub async fn callback(
    State(auth): State<Auth>,
    RawQuery(query): RawQuery,
    request: RequestId,
    parts: Parts,
) -> Response {
    let from = From::of(&auth, &parts);
    let (answer, secret, attempt) = match auth.belongs_to(query.as_deref().unwrap_or_default(), &parts, &from).await {
        Ok(Ok(found)) => found,
        Ok(Err(Missed::Refused(refused))) => return auth.refused(refused, &request, "/"),
        Ok(Err(Missed::Failed(reason))) => return auth.fail(reason.into(), &from, &request, "/").await,
        Err(error) => return auth.broken(&error, &request),
    };
    let return_to = attempt.return_to.clone();
    match auth.check(answer, &secret, &attempt).await {
        Ok(Checked::Enough(statement)) => auth.admit(&statement, &parts, &from, &request, &return_to).await,
        Ok(Checked::TooLittle) => auth.start(&parts, &request, return_to, true).await,
        Err(failed) => auth.fail(failed, &from, &request, &return_to).await,
    }
}

enum Missed {
    Refused(sign_in::Refused),
    Failed(SignInRefusal),
}

impl Auth {
    /// Finds the sign-in that an answer belongs to, and uses it up.
    async fn belongs_to(
        &self,
        query: &str,
        parts: &Parts,
        from: &From,
    ) -> Result<Result<(Answer, BrowserSecret, Attempt), Missed>, StoreError> {
        let Some(answer) = Answer::parse(query) else {
            return Ok(Err(Missed::Failed(SignInRefusal::AnswerIncomplete)));
        };
        let sent = Cookies::read(&parts.headers, self.0.cookies.sign_in_name());
        let (Some(secret), Some(state)) = (sent.and_then(BrowserSecret::from_cookie), answer.state.as_deref()) else {
            return Ok(Err(Missed::Failed(SignInRefusal::AttemptUnknown)));
        };
        let (db, clock, limits) = (&self.0.db, &*self.0.clock, &self.0.limits);
        let taken = sign_in::take(db, clock, limits, &secret.row(state), &self.0.oidc.issuer, from.origin()).await?;
        Ok(match taken {
            Taken::Attempt(attempt) => Ok((answer, secret, attempt)),
            Taken::Used => Err(Missed::Failed(SignInRefusal::AttemptUsed)),
            Taken::Unknown => Err(Missed::Failed(SignInRefusal::AttemptUnknown)),
            Taken::Refused(refused) => Err(Missed::Refused(refused)),
        })
    }

    /// Every check between the answer and the person.
    async fn check(&self, answer: Answer, secret: &BrowserSecret, attempt: &Attempt) -> Result<Checked, Failed> {
        let now = self.now();
        let discovered = self.0.provider.discovered(now).await.map_err(|problem| provider_failed(&problem))?;
        // First of all, and for errors too: is it from the provider that was asked? (RFC 9207)
        match &answer.issuer {
            Some(issuer) if *issuer != self.0.oidc.issuer => return Err(SignInRefusal::AnswerWrongIssuer.into()),
            None if discovered.always_names_itself() => return Err(SignInRefusal::AnswerMissingIssuer.into()),
            _ => {}
        }
        if let Some(error) = &answer.error {
            tracing::warn!(error = %error.chars().take(60).collect::<String>(), "the provider answered with an error");
            let denied = error == "access_denied";
            return Err(if denied { SignInRefusal::ProviderDenied } else { SignInRefusal::ProviderError }.into());
        }
        let (Some(code), Some(state)) = (answer.code, answer.state) else {
            return Err(SignInRefusal::AnswerIncomplete.into());
        };
        let verifier = secret.verifier(&attempt.salt, &state);
        let token = self
            .0
            .provider
            .exchange(&discovered, code, verifier, self.callback_url())
            .await
            .map_err(|problem| provider_failed(&problem))?;
        let issuer = IssuerUrl::new(self.0.oidc.issuer.clone()).map_err(|_| SignInRefusal::ProviderUnfit)?;
        let nonce = Nonce::new(secret.nonce(&attempt.salt, &state));
        let expected = Expected { issuer, client_id: ClientId::new(self.0.oidc.client_id.clone()), nonce, now };
        let claims = token::verified(&self.0.provider, discovered, &token, &expected).await?;
        let (assurance, missing) = evidence::weigh(&self.0.oidc, &claims, now, self.0.time_zone);
        match missing {
            None => Ok(Checked::Enough(Box::new(self.statement(&claims, assurance)))),
            Some(_) if !attempt.stepped_up => Ok(Checked::TooLittle),
            Some(reason) => Err(Failed { reason, subject: text(&claims, "sub") }),
        }
    }

    fn statement(&self, claims: &Map<String, Value>, assurance: Assurance) -> VerifiedStatement {
        let bind = &self.0.oidc.bind;
        let external_id = match bind.attribute {
            BindAttribute::ExternalId => text(claims, &bind.claim),
        };
        let verified = claims.get("email_verified").is_some_and(|yes| *yes == Value::Bool(true) || *yes == "true");
        VerifiedStatement {
            issuer: self.0.oidc.issuer.clone(),
            subject: text(claims, "sub").unwrap_or_default(),
            sid: text(claims, "sid"),
            external_id,
            verified_email: text(claims, "email").filter(|_| verified),
            assurance,
        }
    }

    /// Begins the session. Its number is new, whatever the browser sent before.
    async fn admit(
        &self,
        statement: &VerifiedStatement,
        parts: &Parts,
        from: &From,
        request: &RequestId,
        return_to: &str,
    ) -> Response {
        let cookies = self.0.cookies;
        let old = Cookies::read(&parts.headers, cookies.session_name())
            .and_then(|value| value.parse::<session::Id>().ok())
            .map(|id| hash_of(&id));
        let id = session::Id::default();
        let start = SessionStart {
            id_hash: &hash_of(&id),
            replaces: old.as_deref(),
            idle: self.0.session.idle,
            absolute: self.0.session.absolute,
        };
        let (db, clock, limits) = (&self.0.db, &*self.0.clock, &self.0.limits);
        let email_binding = self.0.oidc.email_binding;
        match sign_in::sign_in(db, clock, limits, email_binding, statement, from.origin(), start).await {
            Ok(Ok(signed_in)) => {
                tracing::info!(identity = %signed_in.identity, session = %signed_in.session, "signed in");
                let mut response = Redirect::to(return_to).into_response();
                let headers = response.headers_mut();
                headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
                cookies.set(headers, cookies.session_name(), &id.to_string(), None);
                response
            }
            Ok(Err(refused)) => self.refused(refused, request, return_to),
            Err(error) => self.broken(&error, request),
        }
    }

    /// Puts a failure on record, and says so.
    async fn fail(&self, failed: Failed, from: &From, request: &RequestId, return_to: &str) -> Response {
        tracing::warn!(code = failed.reason.code(), "a sign-in was refused");
        let problem = Problem {
            reason: failed.reason,
            identity: None,
            issuer: &self.0.oidc.issuer,
            subject: failed.subject.as_deref(),
        };
        let (db, clock, limits) = (&self.0.db, &*self.0.clock, &self.0.limits);
        match sign_in::refuse(db, clock, limits, problem, from.origin()).await {
            Ok(refused) => self.refused(refused, request, return_to),
            Err(error) => self.broken(&error, request),
        }
    }
}

fn provider_failed(problem: &ProviderProblem) -> Failed {
    tracing::warn!(%problem, "a sign-in failed at the provider");
    match problem {
        ProviderProblem::Unreachable(_) => SignInRefusal::ProviderUnreachable,
        ProviderProblem::Unfit(_) => SignInRefusal::ProviderUnfit,
        ProviderProblem::CodeRefused(_) => SignInRefusal::CodeRefused,
        ProviderProblem::Malformed(_) => SignInRefusal::TokenMalformed,
    }
    .into()
}

/// A claim as text: numbers are how some directories write an employee's number.
fn text(claims: &Map<String, Value>, name: &str) -> Option<String> {
    match claims.get(name)? {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_that_comes_twice_makes_an_answer_unreadable() {
        let answer = Answer::parse("code=a%20b&state=c&iss=https%3A%2F%2Fx&session_state=y").unwrap();
        assert_eq!(answer.code.as_deref(), Some("a b"));
        assert_eq!(answer.issuer.as_deref(), Some("https://x"));
        assert_eq!(Answer::parse("state=a&state=b"), None);
        assert_eq!(Answer::parse("iss=a&iss=a"), None);
    }
}
