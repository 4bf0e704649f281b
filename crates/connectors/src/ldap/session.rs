//! One signed-in connection, kept between calls and replaced when it has gone bad.

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use ldap3::{
    Ldap, LdapConnAsync, LdapConnSettings, LdapError, Scope, SearchEntry, SearchOptions, SearchResult, StdStream,
};
use tokio::{net::TcpStream, time::timeout};

use super::{
    checks::Checked,
    fault::{self, code},
};
use crate::CallError;

/// A connection that rested longer than this is asked something small before it is trusted: firewalls forget silently.
const RESTED: Duration = Duration::from_secs(30);
/// How long that question may take.
const PROBE: Duration = Duration::from_secs(2);

/// The directory, with at most one kept connection. Several calls may share it: LDAP answers carry the number of their question.
pub(crate) struct Session {
    pub(super) to: Checked,
    kept: Mutex<Option<Kept>>,
}

struct Kept {
    ldap: Ldap,
    used: Instant,
}

impl Session {
    /// A session that connects when it is first used.
    pub(crate) const fn new(to: Checked) -> Self {
        Self { to, kept: Mutex::new(None) }
    }

    /// A signed-in connection.
    pub(crate) async fn ldap(&self) -> Result<Ldap, CallError> {
        if let Some(ldap) = self.still_good().await {
            return Ok(ldap);
        }
        let ldap = self.connect().await?;
        self.keep(Some(Kept { ldap: ldap.clone(), used: Instant::now() }));
        Ok(ldap)
    }

    /// Forgets the kept connection; calls that still use it end by themselves.
    pub(crate) fn reset(&self) {
        self.keep(None);
    }

    fn keep(&self, kept: Option<Kept>) {
        *self.kept.lock().unwrap_or_else(PoisonError::into_inner) = kept;
    }

    async fn still_good(&self) -> Option<Ldap> {
        let (mut ldap, rested) = {
            let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
            let kept = kept.as_mut()?;
            let rested = kept.used.elapsed();
            kept.used = Instant::now();
            (kept.ldap.clone(), rested)
        };
        if ldap.is_closed() {
            return None;
        }
        if rested > RESTED {
            ldap.with_timeout(PROBE).search("", Scope::Base, "(objectClass=*)", ["1.1"]).await.ok()?;
        }
        Some(ldap)
    }

    pub(super) async fn connect(&self) -> Result<Ldap, CallError> {
        let to = &self.to;
        let doing = format!("Connecting to the directory at {}", self.place());
        let password = to.secret.read().map_err(CallError::needs_human)?;
        let stream = self.stream().await.map_err(|error| fault::of_error(&error, &doing))?;
        let mut settings = LdapConnSettings::new()
            .set_conn_timeout(to.timeout)
            .set_starttls(to.settings.starttls)
            .set_std_stream(StdStream::Tcp(stream));
        if let Some(tls) = &to.tls {
            settings = settings.set_config(tls.clone());
        }
        let (connection, mut ldap) =
            LdapConnAsync::from_url_with_settings(settings, &to.url).await.map_err(|error| match &error {
                // Before the sign-in a directory answers only to StartTLS (RFC 4511, section 4.14.2).
                LdapError::LdapResult { result } => fault::no_tls(result, &doing),
                error => fault::of_error(error, &doing),
            })?;
        tokio::spawn(async move {
            if let Err(error) = connection.drive().await {
                tracing::debug!("an LDAP connection ended: {error}");
            }
        });
        let doing = format!("Signing in to the directory at {} as {}", self.place(), to.settings.bind_dn);
        let answer = ldap.simple_bind(&to.settings.bind_dn, password.expose()).await;
        let answer = answer.map_err(|error| fault::of_error(&error, &doing))?;
        if answer.rc == code::SUCCESS { Ok(ldap) } else { Err(fault::of_result(&answer, &doing)) }
    }

    /// A connection that sends each question at once: by itself TCP holds back a small one until the one before is acknowledged, and a
    /// listing asks many small ones.
    async fn stream(&self) -> Result<std::net::TcpStream, LdapError> {
        let usual = if self.to.url.scheme() == "ldaps" { 636 } else { 389 };
        let address = format!("{}:{}", self.to.host, self.to.url.port().unwrap_or(usual));
        let stream = timeout(self.to.timeout, TcpStream::connect(address)).await??;
        stream.set_nodelay(true)?;
        Ok(stream.into_std()?)
    }

    /// Host and port, for words.
    pub(crate) fn place(&self) -> String {
        match self.to.url.port() {
            Some(port) => format!("{}:{port}", self.to.host),
            None => self.to.host.clone(),
        }
    }

    /// Searches, at most `limit` entries; a base that doesn't exist has none.
    pub(super) async fn search(
        &self,
        base: &str,
        scope: Scope,
        filter: &str,
        attributes: &[&str],
        limit: i32,
    ) -> Result<Vec<SearchEntry>, CallError> {
        let doing = format!("Looking in {base}");
        let mut ldap = self.ldap().await?;
        ldap.with_search_options(SearchOptions::new().sizelimit(limit));
        let SearchResult(entries, result) =
            ldap.search(base, scope, filter, attributes).await.map_err(|error| self.lost(&error, &doing))?;
        match result.rc {
            code::SUCCESS | code::SIZE_LIMIT_EXCEEDED => Ok(entries.into_iter().map(SearchEntry::construct).collect()),
            code::NO_SUCH_OBJECT => Ok(Vec::new()),
            _ => Err(fault::of_result(&result, &doing)),
        }
    }

    /// A failure below the protocol: the connection isn't kept.
    pub(super) fn lost(&self, error: &ldap3::LdapError, doing: &str) -> CallError {
        self.reset();
        fault::of_error(error, doing)
    }
}
