//! The OpenID Connect provider: what it says about itself, its keys, and the exchange of a code for an ID token.

mod http;

use std::{collections::HashSet, sync::Arc};

use chrono::TimeDelta;
use latchkey_domain::Instant;
use openidconnect::{
    AdditionalProviderMetadata, AuthType, AuthorizationCode, ClientId, ClientSecret, IssuerUrl, JsonWebKeySet,
    PkceCodeVerifier, ProviderMetadata, RedirectUrl, RequestTokenError, TokenResponse,
    core::{
        CoreAuthDisplay, CoreClaimName, CoreClaimType, CoreClient, CoreClientAuthMethod, CoreGrantType, CoreIdToken,
        CoreJsonWebKey, CoreJsonWebKeySet, CoreJweContentEncryptionAlgorithm, CoreJweKeyManagementAlgorithm,
        CoreJwsSigningAlgorithm, CoreResponseMode, CoreResponseType, CoreSubjectIdentifierType,
    },
};
use serde::{Deserialize, Serialize};
use tokio::sync::{Mutex, RwLock};
use url::Url;

use crate::{
    security::SecurityHeaders,
    settings::{OidcSettings, Secret},
};

use self::http::Http;

/// What the provider says about itself is asked for again after this long.
const FRESH: TimeDelta = TimeDelta::hours(1);
/// If it doesn't answer then, what it said before serves for this long.
const STALE: TimeDelta = TimeDelta::hours(24);
/// A provider that is down is not asked again before this.
const RETRY: TimeDelta = TimeDelta::seconds(5);
/// An unknown key makes us fetch the keys again, but not more often than this: anybody can write an unknown key into a token.
const KEYS_AT_MOST_EVERY: TimeDelta = TimeDelta::seconds(30);

/// What we read beyond the basic document.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Extra {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    end_session_endpoint: Option<Url>,
    #[serde(default)]
    authorization_response_iss_parameter_supported: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    code_challenge_methods_supported: Option<Vec<String>>,
}
impl AdditionalProviderMetadata for Extra {}

type Metadata = ProviderMetadata<
    Extra,
    CoreAuthDisplay,
    CoreClientAuthMethod,
    CoreClaimName,
    CoreClaimType,
    CoreGrantType,
    CoreJweContentEncryptionAlgorithm,
    CoreJweKeyManagementAlgorithm,
    CoreJsonWebKey,
    CoreResponseMode,
    CoreResponseType,
    CoreSubjectIdentifierType,
>;

/// Why the provider can't be used.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ProviderProblem {
    /// It doesn't answer, or what it says can't be read.
    #[error("the provider cannot be reached: {0}")]
    Unreachable(String),
    /// It can't do what a safe sign-in needs.
    #[error("the provider does not fit: {0}")]
    Unfit(String),
    /// It didn't take the code.
    #[error("the provider did not take the code: {0}")]
    CodeRefused(String),
    /// There is no ID token in its answer, or it can't be read.
    #[error("the provider's answer cannot be read: {0}")]
    Malformed(String),
}

/// What a provider said about itself, and its keys.
#[derive(Debug)]
pub struct Discovered {
    metadata: Metadata,
    keys: CoreJsonWebKeySet,
    algorithms: HashSet<CoreJwsSigningAlgorithm>,
    read_at: Instant,
    keys_read_at: Instant,
}

impl Discovered {
    /// Where people sign in.
    #[must_use]
    pub fn authorization_endpoint(&self) -> &Url {
        self.metadata.authorization_endpoint().url()
    }

    /// Where the provider's own session is ended, if it offers that.
    #[must_use]
    pub fn end_session_endpoint(&self) -> Option<&Url> {
        self.metadata.additional_metadata().end_session_endpoint.as_ref()
    }

    /// It names itself in every answer (RFC 9207), so that an answer without its name isn't from it.
    #[must_use]
    pub fn always_names_itself(&self) -> bool {
        self.metadata.additional_metadata().authorization_response_iss_parameter_supported
    }

    /// The keys that it signs with.
    #[must_use]
    pub fn keys(&self) -> &CoreJsonWebKeySet {
        &self.keys
    }

    /// The algorithms that it signs with and that use a public key.
    #[must_use]
    pub fn algorithms(&self) -> &HashSet<CoreJwsSigningAlgorithm> {
        &self.algorithms
    }
}

#[derive(Default)]
struct Cache {
    found: Option<Arc<Discovered>>,
    failed: Option<(Instant, ProviderProblem)>,
}

/// The configured provider.
pub struct Provider {
    http: Http,
    issuer: IssuerUrl,
    client_id: String,
    client_secret: Option<Secret>,
    headers: SecurityHeaders,
    cache: RwLock<Cache>,
    // One question at a time, however many people wait for its answer.
    asking: Mutex<()>,
}

impl std::fmt::Debug for Provider {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Provider({})", self.issuer.as_str())
    }
}

impl Provider {
    /// A provider that nothing was asked of yet.
    ///
    /// # Errors
    /// When its address or the client for it can't be used.
    pub fn new(oidc: &OidcSettings, headers: SecurityHeaders) -> Result<Self, ProviderProblem> {
        let unfit = |error: &dyn std::fmt::Display| ProviderProblem::Unfit(error.to_string());
        let issuer = IssuerUrl::new(oidc.issuer.clone()).map_err(|error| unfit(&error))?;
        headers.allow_form_target(issuer.url());
        Ok(Self {
            http: Http::new(issuer.url()).map_err(|error| unfit(&error))?,
            issuer,
            client_id: oidc.client_id.clone(),
            client_secret: oidc.client_secret.clone(),
            headers,
            cache: RwLock::default(),
            asking: Mutex::default(),
        })
    }

    /// What the provider says about itself: from memory, or by asking it.
    ///
    /// # Errors
    /// When it can't be used. The same answer is given for a few seconds without asking again.
    pub async fn discovered(&self, now: Instant) -> Result<Arc<Discovered>, ProviderProblem> {
        if let Some(known) = self.known(now).await {
            return known;
        }
        let _asking = self.asking.lock().await;
        // Whoever held the question before may have brought the answer.
        if let Some(known) = self.known(now).await {
            return known;
        }
        let asked = self.ask(now).await;
        let mut cache = self.cache.write().await;
        match asked {
            Ok(found) => {
                let found = Arc::new(found);
                *cache = Cache { found: Some(found.clone()), failed: None };
                Ok(found)
            }
            Err(problem) => {
                tracing::warn!(%problem, issuer = self.issuer.as_str(), "the provider could not be asked about itself");
                cache.failed = Some((now, problem.clone()));
                cache.found.clone().filter(|found| now - found.read_at < STALE).ok_or(problem)
            }
        }
    }

    async fn known(&self, now: Instant) -> Option<Result<Arc<Discovered>, ProviderProblem>> {
        let cache = self.cache.read().await;
        let found = cache.found.clone();
        if let Some(found) = found.clone().filter(|found| now - found.read_at < FRESH) {
            return Some(Ok(found));
        }
        let (failed_at, problem) = cache.failed.as_ref()?;
        if now - *failed_at >= RETRY {
            return None;
        }
        Some(found.filter(|found| now - found.read_at < STALE).ok_or_else(|| problem.clone()))
    }

    async fn ask(&self, now: Instant) -> Result<Discovered, ProviderProblem> {
        let metadata = Metadata::discover_async(self.issuer.clone(), &self.http)
            .await
            .map_err(|error| ProviderProblem::Unreachable(chain(&error)))?;
        let extra = metadata.additional_metadata();
        // A provider that says nothing of PKCE may do it all the same; one that names other methods doesn't do S256.
        if extra.code_challenge_methods_supported.as_ref().is_some_and(|all| !all.iter().any(|method| method == "S256"))
        {
            return Err(ProviderProblem::Unfit("it does not offer PKCE with S256".to_owned()));
        }
        let algorithms: HashSet<_> =
            metadata.id_token_signing_alg_values_supported().iter().filter(|alg| is_public_key(alg)).cloned().collect();
        if algorithms.is_empty() {
            return Err(ProviderProblem::Unfit("it signs with no algorithm that uses a public key".to_owned()));
        }
        if metadata.token_endpoint().is_none() {
            return Err(ProviderProblem::Unfit("it has no token endpoint".to_owned()));
        }
        self.headers.allow_form_target(metadata.authorization_endpoint().url());
        if let Some(end_session) = &extra.end_session_endpoint {
            self.headers.allow_form_target(end_session);
        }
        let keys = metadata.jwks().clone();
        Ok(Discovered { metadata, keys, algorithms, read_at: now, keys_read_at: now })
    }

    /// The keys again, after a token named one that `seen` doesn't have. Not more often than every half minute.
    ///
    /// # Errors
    /// When they can't be fetched.
    pub async fn newer_keys(&self, now: Instant, seen: &Arc<Discovered>) -> Result<Arc<Discovered>, ProviderProblem> {
        let _asking = self.asking.lock().await;
        let current = self.cache.read().await.found.clone().unwrap_or_else(|| seen.clone());
        if !Arc::ptr_eq(&current, seen) || now - current.keys_read_at < KEYS_AT_MOST_EVERY {
            return Ok(current);
        }
        let keys = JsonWebKeySet::fetch_async(current.metadata.jwks_uri(), &self.http)
            .await
            .map_err(|error| ProviderProblem::Unreachable(chain(&error)))?;
        tracing::info!(issuer = self.issuer.as_str(), keys = keys.keys().len(), "fetched the provider's keys again");
        let newer = Arc::new(Discovered {
            metadata: current.metadata.clone(),
            keys,
            algorithms: current.algorithms.clone(),
            read_at: current.read_at,
            keys_read_at: now,
        });
        self.cache.write().await.found = Some(newer.clone());
        Ok(newer)
    }

    /// Exchanges a code for the ID token. Nothing in it is checked yet.
    ///
    /// # Errors
    /// When the provider doesn't take the code, can't be reached, or sends no ID token.
    pub async fn exchange(
        &self,
        discovered: &Discovered,
        code: String,
        verifier: String,
        callback: String,
    ) -> Result<CoreIdToken, ProviderProblem> {
        let secret = self.client_secret.as_ref().map(|secret| ClientSecret::new(secret.expose().to_owned()));
        let redirect = RedirectUrl::new(callback).map_err(|error| ProviderProblem::Unfit(error.to_string()))?;
        let client = CoreClient::from_provider_metadata(
            discovered.metadata.clone(),
            ClientId::new(self.client_id.clone()),
            secret,
        )
        .set_redirect_uri(redirect)
        .set_auth_type(self.auth_type(discovered));
        let answer = client
            .exchange_code(AuthorizationCode::new(code))
            .map_err(|error| ProviderProblem::Unfit(error.to_string()))?
            .set_pkce_verifier(PkceCodeVerifier::new(verifier))
            .request_async(&self.http)
            .await
            .map_err(|error| match error {
                RequestTokenError::ServerResponse(said) => {
                    ProviderProblem::CodeRefused(said.error().as_ref().to_owned())
                }
                RequestTokenError::Request(error) => ProviderProblem::Unreachable(chain(&error)),
                // The body may hold tokens: it is never put into words.
                RequestTokenError::Parse(error, _) => ProviderProblem::Malformed(error.to_string()),
                RequestTokenError::Other(words) => ProviderProblem::Malformed(words),
            })?;
        answer.id_token().cloned().ok_or_else(|| ProviderProblem::Malformed("there is no ID token in it".to_owned()))
    }

    fn auth_type(&self, discovered: &Discovered) -> AuthType {
        let methods = discovered.metadata.token_endpoint_auth_methods_supported();
        let offers = |method| methods.is_some_and(|methods| methods.contains(method));
        let only_in_body =
            offers(&CoreClientAuthMethod::ClientSecretPost) && !offers(&CoreClientAuthMethod::ClientSecretBasic);
        if only_in_body { AuthType::RequestBody } else { AuthType::BasicAuth }
    }
}

/// Only these prove that the provider wrote something. With a MAC whoever knows the client's secret could have, and `none`
/// proves nothing.
fn is_public_key(algorithm: &CoreJwsSigningAlgorithm) -> bool {
    use CoreJwsSigningAlgorithm as A;
    matches!(
        algorithm,
        A::RsaSsaPkcs1V15Sha256
            | A::RsaSsaPkcs1V15Sha384
            | A::RsaSsaPkcs1V15Sha512
            | A::RsaSsaPssSha256
            | A::RsaSsaPssSha384
            | A::RsaSsaPssSha512
            | A::EcdsaP256Sha256
            | A::EcdsaP384Sha384
            | A::EdDsa
    )
}

/// An error with what caused it, for the log.
fn chain(error: &dyn std::error::Error) -> String {
    let mut words = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        words.push_str(": ");
        words.push_str(&inner.to_string());
        cause = inner.source();
    }
    words
}
