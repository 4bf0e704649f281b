//! Where the token comes from: as it is, or from an authorization server by client credentials (RFC 6749, 4.4).

use std::time::{Duration, Instant};

use reqwest::{
    Client, StatusCode,
    header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderValue},
};
use serde::Deserialize;
use serde_json::Value;
use tokio::sync::Mutex;
use url::{Url, form_urlencoded};

use super::{fault, http};
use crate::{CallError, Secret, SecretSource, words};

/// How the client proves who it is (RFC 6749, 2.3.1).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ClientAuth {
    /// In the header `Authorization`.
    #[default]
    Basic,
    /// In the body, for servers that can't otherwise.
    Body,
}

/// An authorization server and who we are there.
#[derive(Debug, Clone)]
pub(super) struct Grant {
    pub(super) token_url: Url,
    pub(super) client_id: String,
    pub(super) client_secret: SecretSource,
    pub(super) scope: Option<String>,
    pub(super) audience: Option<String>,
    pub(super) client_auth: ClientAuth,
}

/// What opens the service.
#[derive(Debug, Clone)]
pub(super) enum Credential {
    /// A bearer token.
    Token(SecretSource),
    /// A grant that brings one.
    Grant(Grant),
}

/// The longest answer of an authorization server.
const LONGEST_ANSWER: usize = 64 * 1024;
/// How long a token is used whose end isn't said.
const UNSAID: u64 = 300;

/// The token in use.
#[derive(Default)]
pub(super) struct Tokens(Mutex<Option<(Secret, Instant)>>);

impl Credential {
    /// The secret that the settings name.
    pub(super) const fn secret(&self) -> &SecretSource {
        match self {
            Self::Token(secret) => secret,
            Self::Grant(grant) => &grant.client_secret,
        }
    }

    /// Whether another token can be had than the one that wasn't accepted.
    pub(super) const fn renews(&self) -> bool {
        matches!(self, Self::Grant(_))
    }

    /// A token to send; another one than `refused`.
    pub(super) async fn token(
        &self,
        client: &Client,
        tokens: &Tokens,
        refused: Option<&Secret>,
    ) -> Result<Secret, CallError> {
        let grant = match self {
            Self::Token(secret) => return secret.read().map_err(CallError::needs_human),
            Self::Grant(grant) => grant,
        };
        // Held while it is fetched: who comes meanwhile takes the new one.
        let mut kept = tokens.0.lock().await;
        if let Some((token, until)) = kept.as_ref()
            && *until > Instant::now()
            && refused != Some(token)
        {
            return Ok(token.clone());
        }
        *kept = None;
        let (token, lasts) = grant.fetch(client).await?;
        *kept = Some((token.clone(), Instant::now() + lasts));
        Ok(token)
    }
}

/// Shortly before its end: a tenth earlier, at most a minute.
fn usable(expires_in: u64) -> Duration {
    Duration::from_secs(expires_in.saturating_sub((expires_in / 10).clamp(1, 60)))
}

fn encoded(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

impl Grant {
    fn form(&self, secret: &Secret) -> String {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("grant_type", "client_credentials");
        for (name, value) in [("scope", &self.scope), ("audience", &self.audience)] {
            if let Some(value) = value {
                form.append_pair(name, value);
            }
        }
        if self.client_auth == ClientAuth::Body {
            form.append_pair("client_id", &self.client_id).append_pair("client_secret", secret.expose());
        }
        form.finish()
    }

    async fn fetch(&self, client: &Client) -> Result<(Secret, Duration), CallError> {
        let doing = format!("Asking {} for a token", self.token_url.host_str().unwrap_or_default());
        let secret = self.client_secret.read().map_err(CallError::needs_human)?;
        let mut request = client
            .post(self.token_url.clone())
            .header(ACCEPT, "application/json")
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(self.form(&secret));
        if self.client_auth == ClientAuth::Basic {
            // Both are form-encoded first (RFC 6749, 2.3.1).
            request = request.basic_auth(encoded(&self.client_id), Some(encoded(secret.expose())));
        }
        let response = request.send().await.map_err(|error| fault::of_transport(error, &doing))?;
        let (status, pause) = (response.status(), http::pause(response.headers()));
        let body = http::body(response, LONGEST_ANSWER, &doing).await?;
        let body = body.ok_or_else(|| CallError::needs_human(format!("{doing} failed: the answer is too large.")))?;
        let json: Option<Value> = serde_json::from_slice(&body).ok();
        let text = |name: &str| json.as_ref().and_then(|json| json.get(name)).and_then(Value::as_str);
        if status != StatusCode::OK {
            let said = [text("error"), text("error_description")].into_iter().flatten().collect::<Vec<_>>().join(": ");
            let said = words::without_secret(&said, secret.expose());
            let why = format!("{doing} failed with status {}. {said}", status.as_u16());
            return Err(match status.as_u16() {
                408 | 425 | 429 | 500.. => CallError::RetryLater { words: words::clean(&why), after: pause },
                _ => CallError::needs_human(format!(
                    "{why} Look at the connection's token_url, client_id, client secret and scope."
                )),
            });
        }
        let token = text("access_token").filter(|token| !token.is_empty());
        let bearer = text("token_type").is_none_or(|kind| kind.eq_ignore_ascii_case("bearer"));
        let Some(token) = token.filter(|_| bearer) else {
            return Err(CallError::needs_human(format!(
                "{doing} failed: the answer holds no bearer token. The connection's token_url may be wrong."
            )));
        };
        let expires = json.as_ref().and_then(|json| json.get("expires_in"));
        // A number, and a text with some.
        let expires = expires.and_then(|expires| expires.as_u64().or_else(|| expires.as_str()?.parse().ok()));
        Ok((Secret::new(token), usable(expires.unwrap_or(UNSAID))))
    }
}

/// The header with a token.
pub(super) fn bearer(token: &Secret) -> Result<(reqwest::header::HeaderName, HeaderValue), CallError> {
    let mut value = HeaderValue::from_str(&format!("Bearer {}", token.expose()))
        .map_err(|_| CallError::needs_human("The connection's token has characters that an HTTP header can't hold."))?;
    value.set_sensitive(true);
    Ok((AUTHORIZATION, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_used_until_shortly_before_its_end() {
        assert_eq!([0, 1, 5, 300, 3600, 86_400].map(|seconds| usable(seconds).as_secs()), [0, 0, 4, 270, 3540, 86_340]);
    }

    #[test]
    fn the_names_are_form_encoded_before_they_are_put_together() {
        assert_eq!(encoded("a:b c%/ü"), "a%3Ab+c%25%2F%C3%BC");
    }
}
