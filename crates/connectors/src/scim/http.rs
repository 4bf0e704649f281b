//! Requests to the service and their bounded answers.

use std::time::Duration;

use chrono::DateTime;
use reqwest::{
    Client, Method, Response,
    header::{ACCEPT, CONTENT_TYPE, DATE, ETAG, HeaderMap, HeaderName, IF_MATCH, LOCATION, RETRY_AFTER},
    redirect::Policy,
};
use serde_json::Value;
use url::Url;

use super::{
    fault,
    oauth::{self, Tokens},
    offer::Known,
    settings::Checked,
};
use crate::{CallError, Secret, SettingsError, words};

const SCIM_JSON: &str = "application/scim+json";
/// The longest pause that a service's Retry-After is believed.
const LONGEST_PAUSE: Duration = Duration::from_secs(3600);

/// The client for one service.
pub(super) struct Http {
    pub(super) to: Checked,
    client: Client,
    tokens: Tokens,
    pub(super) known: Known,
}

/// One request.
#[derive(Clone)]
pub(super) struct Ask<'a> {
    pub(super) method: Method,
    /// Path segments below the base URL.
    pub(super) path: &'a [&'a str],
    pub(super) query: &'a [(&'a str, &'a str)],
    pub(super) body: Option<&'a Value>,
    /// Only if the resource still has this version.
    pub(super) if_match: Option<&'a str>,
}

impl<'a> Ask<'a> {
    pub(super) const fn get(path: &'a [&'a str], query: &'a [(&'a str, &'a str)]) -> Self {
        Self { method: Method::GET, path, query, body: None, if_match: None }
    }

    pub(super) const fn with_body(method: Method, path: &'a [&'a str], body: &'a Value) -> Self {
        Self { method, path, query: &[], body: Some(body), if_match: None }
    }
}

/// What came back: any status that isn't a redirect, with the body if it was JSON.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) json: Option<Value>,
    pub(super) etag: Option<String>,
    pub(super) retry_after: Option<Duration>,
}

impl Http {
    pub(super) fn new(to: Checked) -> Result<Self, SettingsError> {
        let mut client = Client::builder()
            .redirect(Policy::none())
            .timeout(to.timeout)
            .connect_timeout(to.timeout)
            .user_agent(concat!("latchkey/", env!("CARGO_PKG_VERSION")))
            .referer(false);
        if let Some(tls) = &to.tls {
            client = client.use_preconfigured_tls((**tls).clone());
        }
        if to.local {
            client = client.no_proxy();
        }
        let client = client
            .build()
            .map_err(|error| SettingsError::new("base_url", format!("the HTTP client can't be made: {error}")))?;
        Ok(Self { to, client, tokens: Tokens::default(), known: Known::default() })
    }

    fn url(&self, path: &[&str]) -> Result<Url, CallError> {
        let mut url = self.to.base.clone();
        if path.iter().any(|segment| matches!(*segment, "" | "." | "..")) {
            return Err(CallError::refused("The service's id for this resource can't be part of an address."));
        }
        url.path_segments_mut()
            .map_err(|()| CallError::needs_human("The connection's base_url can't have a path."))?
            .pop_if_empty()
            .extend(path);
        Ok(url)
    }

    /// Sends one request. `doing` reads like "Creating mara.lind". A token that isn't accepted any more is replaced once, where another
    /// can be had.
    pub(super) async fn send(&self, ask: Ask<'_>, doing: &str) -> Result<Answer, CallError> {
        let credential = &self.to.credential;
        let token = credential.token(&self.client, &self.tokens, None).await?;
        let answer = self.send_with(&token, ask.clone(), doing).await?;
        if answer.status != 401 || !credential.renews() {
            return Ok(answer);
        }
        let token = credential.token(&self.client, &self.tokens, Some(&token)).await?;
        self.send_with(&token, ask, doing).await
    }

    async fn send_with(&self, token: &Secret, ask: Ask<'_>, doing: &str) -> Result<Answer, CallError> {
        let (name, bearer) = oauth::bearer(token)?;
        let mut request = self
            .client
            .request(ask.method, self.url(ask.path)?)
            .header(name, bearer)
            .header(ACCEPT, "application/scim+json, application/json;q=0.9");
        if !ask.query.is_empty() {
            request = request.query(ask.query);
        }
        if let Some(etag) = ask.if_match {
            request = request.header(IF_MATCH, etag);
        }
        if let Some(body) = ask.body {
            request = request.header(CONTENT_TYPE, SCIM_JSON).body(body.to_string());
        }
        let response = request.send().await.map_err(|error| fault::of_transport(error, doing))?;
        self.answer(response, token, doing).await
    }

    async fn answer(&self, response: Response, token: &Secret, doing: &str) -> Result<Answer, CallError> {
        let status = response.status();
        let headers = response.headers().clone();
        if status.is_redirection() {
            return Err(CallError::needs_human(format!(
                "{doing} failed: the service sends us elsewhere{}. The connection's base_url has to be the final address.",
                elsewhere(&headers)
            )));
        }
        let limit = self.to.max_answer_bytes;
        let mut body = body(response, limit, doing).await?.ok_or_else(|| {
            CallError::needs_human(format!(
                "{doing} failed: the answer is larger than {limit} bytes, the connection's max_answer_bytes."
            ))
        })?;
        // What is said of a failure is shown, and some repeat what they were sent.
        if !status.is_success() {
            body = words::without_secret(&String::from_utf8_lossy(&body), token.expose()).into_bytes();
        }
        let json = serde_json::from_slice(&body).ok();
        if status.is_success() && !body.is_empty() && json.is_none() {
            let kind = text(&headers, CONTENT_TYPE).unwrap_or_else(|| "something without a type".to_owned());
            return Err(CallError::needs_human(format!(
                "{doing} failed: the service answers with {kind}, not with SCIM. The connection's base_url may be wrong."
            )));
        }
        Ok(Answer {
            status: status.as_u16(),
            etag: text(&headers, ETAG).or_else(|| version(json.as_ref())),
            json,
            retry_after: pause(&headers),
        })
    }
}

/// The body; `None`: it is larger than that.
pub(super) async fn body(mut response: Response, limit: usize, doing: &str) -> Result<Option<Vec<u8>>, CallError> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| fault::of_transport(error, doing))? {
        if body.len() + chunk.len() > limit {
            return Ok(None);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Some(body))
}

fn text(headers: &HeaderMap, name: HeaderName) -> Option<String> {
    headers.get(name)?.to_str().ok().map(str::to_owned)
}

fn version(json: Option<&Value>) -> Option<String> {
    json?.get("meta")?.get("version")?.as_str().map(str::to_owned)
}

/// Where a redirect points, without its query: that may hold what isn't for eyes.
fn elsewhere(headers: &HeaderMap) -> String {
    match text(headers, LOCATION).and_then(|location| Url::parse(&location).ok()) {
        Some(url) => format!(", to {}{}", url.host_str().unwrap_or_default(), url.path()),
        None => String::new(),
    }
}

/// Retry-After in seconds or as a date (RFC 9110, 10.2.3); a date counts from the answer's own date, so that clocks need not agree.
pub(super) fn pause(headers: &HeaderMap) -> Option<Duration> {
    let asked = text(headers, RETRY_AFTER)?;
    let seconds = match asked.trim().parse::<u64>() {
        Ok(seconds) => seconds,
        Err(_) => {
            let until = DateTime::parse_from_rfc2822(asked.trim()).ok()?;
            let now = DateTime::parse_from_rfc2822(&text(headers, DATE)?).ok()?;
            u64::try_from((until - now).num_seconds()).unwrap_or(0)
        }
    };
    Some(Duration::from_secs(seconds).min(LONGEST_PAUSE))
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderValue;

    use super::*;

    fn headers(of: &[(HeaderName, &str)]) -> HeaderMap {
        of.iter().map(|(name, value)| (name.clone(), HeaderValue::from_str(value).unwrap())).collect()
    }

    #[test]
    fn retry_after_is_seconds_or_a_date_and_bounded() {
        assert_eq!(pause(&headers(&[(RETRY_AFTER, "7")])), Some(Duration::from_secs(7)));
        assert_eq!(pause(&headers(&[(RETRY_AFTER, "999999")])), Some(LONGEST_PAUSE));
        let date = (DATE, "Sun, 06 Nov 1994 08:49:37 GMT");
        assert_eq!(
            pause(&headers(&[date.clone(), (RETRY_AFTER, "Sun, 06 Nov 1994 08:50:07 GMT")])),
            Some(Duration::from_secs(30))
        );
        assert_eq!(pause(&headers(&[date, (RETRY_AFTER, "Sun, 06 Nov 1994 08:00:00 GMT")])), Some(Duration::ZERO));
        let alone = headers(&[(RETRY_AFTER, "Sun, 06 Nov 1994 08:50:07 GMT")]);
        assert_eq!(pause(&alone), None, "a date says nothing where it isn't known what time it is there");
        assert_eq!(pause(&headers(&[(RETRY_AFTER, "soon")])), None);
        assert_eq!(pause(&headers(&[])), None);
    }

    #[test]
    fn a_redirect_is_named_without_its_query() {
        assert_eq!(
            elsewhere(&headers(&[(LOCATION, "https://id.example.test/login?state=s3cret")])),
            ", to id.example.test/login"
        );
    }
}
