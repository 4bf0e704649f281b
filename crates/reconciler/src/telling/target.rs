//! Whom to tell: one address, what it wants to hear, and how it is asked.

use std::{sync::Arc, time::Duration};

use latchkey_connectors::words;
use latchkey_domain::{Instant, event::Envelope};
use latchkey_service::signing::{SigningKey, signatures};
use latchkey_store::deliveries::KINDS;
use reqwest::{
    Client, StatusCode, Url,
    header::{CONTENT_TYPE, USER_AGENT},
    redirect::Policy,
};

use super::{
    guard::{Guard, NOT_PUBLIC, is_public},
    message::{self, ChatFormat},
};

/// The longest that one request may take; the lease is longer.
const TIMEOUT: Duration = Duration::from_secs(20);

/// Another program that is told of events.
#[derive(Clone)]
pub struct Target {
    name: &'static str,
    kinds: Vec<&'static str>,
    url: Url,
    how: How,
    client: Client,
    allow_private: bool,
}

#[derive(Clone)]
enum How {
    Webhook(Arc<[SigningKey]>),
    Chat(ChatFormat),
}

impl std::fmt::Debug for Target {
    // A chat's address is a secret, and so are the keys (promise 11).
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Target").field("name", &self.name).field("kinds", &self.kinds).finish_non_exhaustive()
    }
}

/// Why a target wasn't told.
pub(super) enum Refusal {
    /// It may work later.
    Later(String),
    /// It never will.
    Never(String),
}

impl Target {
    /// A program that takes signed webhooks. `secrets` are one or more `whsec_…`; no `kinds` are all.
    ///
    /// # Errors
    /// In words, when a setting can't work; it names the setting and repeats no secret.
    pub fn webhook(url: &str, secrets: &[&str], kinds: Option<&[String]>, allow_private: bool) -> Result<Self, String> {
        let keys = secrets.iter().map(|s| SigningKey::parse(s)).collect::<Result<Vec<_>, _>>();
        let keys = keys.map_err(|words| format!("secrets: {words}"))?;
        if keys.is_empty() {
            return Err("secrets: a webhook is always signed; name at least one secret".to_owned());
        }
        Self::new("webhook", url, How::Webhook(keys.into()), kinds, allow_private)
    }

    /// A chat's channel.
    ///
    /// # Errors
    /// In words, when a setting can't work; it names the setting and doesn't repeat the address, which is a secret.
    pub fn chat(url: &str, format: ChatFormat, kinds: Option<&[String]>, allow_private: bool) -> Result<Self, String> {
        Self::new("chat", url, How::Chat(format), kinds, allow_private)
    }

    fn new(
        name: &'static str,
        url: &str,
        how: How,
        kinds: Option<&[String]>,
        allow_private: bool,
    ) -> Result<Self, String> {
        let expected =
            "url: expected an address that begins with https:// (plain http only to this machine, with allow_private)";
        let url: Url = url.trim().parse().map_err(|_| expected.to_owned())?;
        let address = match url.host() {
            None => return Err(expected.to_owned()),
            Some(url::Host::Domain(_)) => None,
            Some(url::Host::Ipv4(v4)) => Some(v4.into()),
            Some(url::Host::Ipv6(v6)) => Some(v6.into()),
        };
        let here = url.host_str() == Some("localhost") || address.is_some_and(|a: std::net::IpAddr| a.is_loopback());
        if url.scheme() != "https" && !(url.scheme() == "http" && here) {
            return Err(expected.to_owned());
        }
        if address.is_some_and(|a| !allow_private && !is_public(a)) {
            return Err(format!("url: {NOT_PUBLIC}"));
        }
        let kinds = match kinds {
            None => KINDS.to_vec(),
            Some(named) => named
                .iter()
                .map(|n| {
                    let known = KINDS.iter().find(|k| *k == n).copied();
                    known
                        .ok_or_else(|| format!("kinds: \"{}\" is none of {}", words::one_line(n, 60), KINDS.join(", ")))
                })
                .collect::<Result<_, _>>()?,
        };
        let client = Client::builder()
            // Neither a redirect nor a proxy of the environment leads elsewhere than to what was checked.
            .redirect(Policy::none())
            .no_proxy()
            .dns_resolver(Arc::new(Guard { allow_private }))
            .timeout(TIMEOUT)
            .connect_timeout(TIMEOUT)
            .referer(false)
            .use_preconfigured_tls((*latchkey_connectors::tls_client().map_err(|e| e.to_string())?).clone())
            .build()
            .map_err(|e| format!("url: the HTTP client can't be made: {}", e.without_url()))?;
        Ok(Self { name, kinds, url, how, client, allow_private })
    }

    /// What it is called in the database.
    pub(crate) const fn name(&self) -> &'static str {
        self.name
    }

    /// What it wants to hear.
    pub(crate) fn kinds(&self) -> Vec<&'static str> {
        self.kinds.clone()
    }

    /// Tells it once. The id is the same for every try, and the time is that of the try.
    pub(super) async fn tell(
        &self,
        id: &str,
        now: Instant,
        envelope: &Envelope,
        sentence: &str,
        portal: &str,
    ) -> Result<(), Refusal> {
        let body = match &self.how {
            How::Webhook(_) => message::webhook(envelope, sentence, portal),
            How::Chat(format) => message::chat(*format, envelope, sentence, portal),
        }
        .to_string();
        let mut request = self
            .client
            .post(self.url.clone())
            .header(CONTENT_TYPE, "application/json")
            .header(USER_AGENT, concat!("latchkey/", env!("CARGO_PKG_VERSION")));
        if let How::Webhook(keys) = &self.how {
            let at = now.timestamp();
            request = request
                .header("webhook-id", id)
                .header("webhook-timestamp", at.to_string())
                .header("webhook-signature", signatures(keys, id, at, &body));
        }
        let status = match request.body(body).send().await {
            Ok(answer) => answer.status(),
            // Without the address: a chat's is a secret.
            Err(error) => return Err(Refusal::Later(self.words(error.without_url()))),
        };
        if status.is_success() {
            return Ok(());
        }
        let words = format!("The {} answered {status}.", self.name);
        // "Gone" is how a receiver says that it wants no more (Standard Webhooks); anything else may be mended.
        Err(if status == StatusCode::GONE { Refusal::Never(words) } else { Refusal::Later(words) })
    }

    fn words(&self, error: reqwest::Error) -> String {
        if error.is_timeout() {
            return format!("The {} did not answer within {} seconds.", self.name, TIMEOUT.as_secs());
        }
        let mut cause: &dyn std::error::Error = &error;
        while let Some(next) = cause.source() {
            cause = next;
        }
        let hint = if self.allow_private { "" } else { " (allow_private is off)" };
        words::clean(&format!("The {} can't be reached{hint}: {cause}.", self.name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    #[test]
    fn an_address_inside_is_refused_unless_allowed() {
        for url in ["https://127.0.0.1/x", "https://[::1]/x", "https://169.254.169.254/latest", "https://10.0.0.1/"] {
            let words = Target::webhook(url, &[SECRET], None, false).err().unwrap();
            assert!(words.contains("allow_private"), "{words}");
            Target::webhook(url, &[SECRET], None, true).unwrap();
        }
        for url in ["http://example.test/", "ftp://example.test/", "example.test", "http://10.0.0.1/"] {
            Target::webhook(url, &[SECRET], None, true).unwrap_err();
        }
        Target::webhook("http://127.0.0.1:9/", &[SECRET], None, true).unwrap();
    }

    #[test]
    fn kinds_are_known_ones_and_a_webhook_is_signed() {
        let kinds = |names: &[&str]| names.iter().map(|n| (*n).to_owned()).collect::<Vec<_>>();
        let url = "https://example.test/";
        Target::webhook(url, &[SECRET], Some(&kinds(&["item_decided"])), false).unwrap();
        let words = Target::webhook(url, &[SECRET], Some(&kinds(&["signed_in"])), false).unwrap_err();
        assert!(words.starts_with("kinds: \"signed_in\" is none of request_submitted"), "{words}");
        assert!(Target::webhook(url, &[], None, false).unwrap_err().starts_with("secrets:"));
    }

    #[test]
    fn a_target_shows_no_secret() {
        let target = Target::chat("https://hooks.example.test/T000/SECRET", ChatFormat::Slack, None, false).unwrap();
        assert!(!format!("{target:?}").contains("SECRET"));
    }
}
