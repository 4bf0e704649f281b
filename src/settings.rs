//! What the company decides about its installation: `latchkey.toml`, overridden by `LATCHKEY_…` variables.
//!
//! A name that does not exist, a value of the wrong kind and a value that is missing stop the start. The message names
//! every such setting at once, with the line or the variable where it was written and with what is expected there.

mod call_in;
mod node;
mod oidc;
mod problem;
mod secret;
mod section;
mod smtp;
mod telling;
mod value;

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    path::{Path, PathBuf},
    rc::Rc,
};

use chrono::TimeDelta;
use url::Url;

pub use oidc::{BindAttribute, BindRule, EvidenceRule, MfaException, OidcSettings, StepUp};
pub use problem::{Origin, Problem, SettingsError};
pub use secret::Secret;
pub use smtp::{SmtpSecurity, SmtpSettings};
pub use telling::{ChatFormat, ChatSettings, WebhookSettings};
pub use value::{Network, is_loopback};

use section::{Reading, SecretKey, Section};

/// The settings file that is read when none is named.
pub const DEFAULT_FILE: &str = "latchkey.toml";

/// What the settings are read for: it decides which of them may be missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Commands on the data: `migrate`, `import`, `apply`, `backup`, `admin`, `token`.
    Data,
    /// The worker without the web: `work`.
    Work,
    /// Everything: `serve`.
    Serve,
}

/// All settings of an installation.
#[derive(Debug, Clone)]
pub struct Settings {
    /// `sqlite:…` or `postgres://…`; it may hold a password.
    pub database_url: Secret,
    /// The portal's own origin, as people type it.
    pub public_url: Url,
    /// Where the server listens.
    pub listen: SocketAddr,
    /// The company.
    pub company: Company,
    /// Sign-in; present when read for [`Purpose::Serve`].
    pub oidc: Option<OidcSettings>,
    /// How long a session lives.
    pub session: SessionSettings,
    /// The key of the events' MAC.
    pub event_key: Secret,
    /// Outgoing mail; without it notices are kept and shown, and not sent.
    pub smtp: Option<SmtpSettings>,
    /// A program that is told of events.
    pub webhook: Option<WebhookSettings>,
    /// A chat's channel that is told of events.
    pub chat: Option<ChatSettings>,
    /// What the calls of sources are signed with, by the source's key.
    pub call_ins: BTreeMap<String, Secret>,
    /// The log.
    pub log: LogSettings,
    /// How the worker works.
    pub worker: WorkerSettings,
    /// Connections to systems by the key of the system, as written; `latchkey-connectors` reads them.
    pub connections: BTreeMap<String, toml::Table>,
    /// Whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<Network>,
}

/// The company that the portal belongs to.
#[derive(Debug, Clone)]
pub struct Company {
    /// Its name, as the pages say it.
    pub name: String,
    /// The time zone of whoever has none of their own.
    pub time_zone: chrono_tz::Tz,
}

/// How long a session lives.
#[derive(Debug, Clone, Copy)]
pub struct SessionSettings {
    /// It ends when it is not used for this long.
    pub idle: TimeDelta,
    /// It ends this long after sign-in, used or not.
    pub absolute: TimeDelta,
}

/// How the worker works.
#[derive(Debug, Clone, Copy)]
pub struct WorkerSettings {
    /// How long an account is taken for: so long after a worker died, another one takes over what it was at.
    pub lease: TimeDelta,
}

/// The log.
#[derive(Debug, Clone)]
pub struct LogSettings {
    /// How lines look.
    pub format: LogFormat,
    /// What is logged, as a `tracing` filter.
    pub filter: String,
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

const DATABASE_URL: SecretKey =
    SecretKey { name: "database_url", file: "database_url_file", env: "database_url_env", inline: true };
const EVENT_KEY: SecretKey =
    SecretKey { name: "event_key", file: "event_key_file", env: "event_key_env", inline: false };

/// Variables that begin like settings and belong to the command line, the tests and the benches.
const NOT_SETTINGS: &[&str] = &["LATCHKEY_SETTINGS", "LATCHKEY_DATA"];
const NOT_SETTINGS_PREFIX: &[&str] = &["LATCHKEY_TEST_", "LATCHKEY_BENCH_", "LATCHKEY_DEMO_"];

impl Settings {
    /// Reads the settings from a file and the environment.
    ///
    /// Without `file`, [`DEFAULT_FILE`] is read if it exists.
    ///
    /// # Errors
    /// Everything that is wrong with them, at once.
    pub fn load(
        purpose: Purpose,
        file: Option<&Path>,
        variables: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, SettingsError> {
        let (path, must_exist) = file.map_or((Path::new(DEFAULT_FILE), false), |path| (path, true));
        let text = match std::fs::read_to_string(path) {
            Ok(text) => Some(text),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && !must_exist => None,
            Err(error) => {
                let words = format!("the settings file {} cannot be read: {error}", path.display());
                let problem = Problem { setting: String::new(), origin: None, words };
                return Err(SettingsError { problems: vec![problem] });
            }
        };
        let source = text.as_deref().map(|text| (path.to_owned(), text));
        Self::parse(purpose, source, variables.into_iter().collect())
    }

    /// Reads the settings from text and variables: [`Settings::load`] without the file system (but for `…_file`).
    ///
    /// # Errors
    /// Everything that is wrong with them, at once.
    pub fn parse(
        purpose: Purpose,
        source: Option<(PathBuf, &str)>,
        variables: BTreeMap<String, String>,
    ) -> Result<Self, SettingsError> {
        let mut tree = match source {
            Some((path, text)) => {
                node::from_file(&path, text).map_err(|problem| SettingsError { problems: vec![problem] })?
            }
            None => BTreeMap::new(),
        };
        let mut problems = Vec::new();
        let named = variables_named_by(&tree, &variables);
        let ours = variables
            .iter()
            .filter(|(name, _)| is_setting(name) && !named.contains(name))
            .map(|(name, text)| (name.clone(), text.clone()))
            .collect();
        node::overlay(&mut tree, &ours, &mut problems);
        let reading = Rc::new(Reading { problems: problems.into(), variables });
        let settings = read(purpose, Section::root(Rc::clone(&reading), tree));
        let problems = reading.problems.take();
        match settings {
            Some(settings) if problems.is_empty() => Ok(settings),
            _ => Err(SettingsError { problems }),
        }
    }

    /// People reach the portal over TLS: cookies are `Secure` and HSTS is sent.
    #[must_use]
    pub fn https(&self) -> bool {
        self.public_url.scheme() == "https"
    }
}

fn is_setting(variable: &str) -> bool {
    variable.starts_with("LATCHKEY_")
        && !NOT_SETTINGS.contains(&variable)
        && !NOT_SETTINGS_PREFIX.iter().any(|prefix| variable.starts_with(prefix))
}

/// Variables that hold a secret because a setting `…_env` says so: they are no settings, whatever they are called.
fn variables_named_by(tree: &BTreeMap<String, node::Node>, variables: &BTreeMap<String, String>) -> Vec<String> {
    fn collect(tree: &BTreeMap<String, node::Node>, names: &mut Vec<String>) {
        for (key, node) in tree {
            match &node.value {
                node::Value::Table(inner) => collect(inner, names),
                node::Value::Text(name) if key.ends_with("_env") => names.push(name.clone()),
                _ => {}
            }
        }
    }
    let mut names = Vec::new();
    collect(tree, &mut names);
    names.extend(
        variables.iter().filter(|(name, _)| is_setting(name) && name.ends_with("_ENV")).map(|(_, held)| held.clone()),
    );
    names
}

fn read(purpose: Purpose, mut root: Section) -> Option<Settings> {
    let database_url = database_url(&mut root);
    let expected = "the portal's own address, such as \"https://latchkey.example.com\" (plain http only on localhost)";
    let public_url = if purpose == Purpose::Data {
        root.parsed("public_url", expected, value::public_url).or_else(|| Url::parse("http://localhost").ok())
    } else {
        root.required("public_url", expected, value::public_url)
    };
    let listen = root
        .parsed("listen", "an address and a port, such as \"127.0.0.1:7400\"", |text| text.parse().ok())
        .unwrap_or(SocketAddr::from(([127, 0, 0, 1], 7400)));
    let company = root.section("company", "a table, such as { name = \"Example\", time_zone = \"Europe/Berlin\" }");
    let company =
        company.map_or_else(|| Some(Company { name: "Latchkey".to_owned(), time_zone: chrono_tz::UTC }), company_of);
    let has_oidc = root.has("oidc");
    let oidc = root.section("oidc", "a table").and_then(oidc::read);
    if purpose == Purpose::Serve && !has_oidc {
        root.missing("oidc", "how people sign in: a table [oidc] with at least issuer, client_id and mfa");
    }
    let session = root.section("session", "a table, such as { idle = \"1h\", absolute = \"12h\" }");
    let session = session_of(session);
    let event_key = event_key(&mut root);
    let smtp = root.section("smtp", "a table, such as { host = \"mail.example.com\" }").and_then(smtp::read);
    let webhook =
        root.section("webhook", "a table, such as { url = \"https://hooks.example.com\" }").and_then(telling::webhook);
    let chat = root.section("chat", "a table, such as { format = \"slack\" }").and_then(telling::chat);
    let call_ins = call_in::read(root.named("call_in", "one table for each source, such as [call_in.on-call]"));
    let log = log_of(root.section("log", "a table, such as { format = \"json\" }"));
    let worker = worker_of(root.section("worker", "a table, such as { lease = \"60s\" }"));
    let connections = root.raw_tables("connection", "one table for each system, such as [connection.directory]");
    let trusted_proxies = trusted_proxies(&mut root);
    root.finish();
    Some(Settings {
        database_url: database_url?,
        public_url: public_url?,
        listen,
        company: company?,
        oidc,
        session,
        event_key: event_key?,
        smtp,
        webhook,
        chat,
        call_ins,
        log,
        worker,
        connections,
        trusted_proxies,
    })
}

fn database_url(root: &mut Section) -> Option<Secret> {
    let expected =
        "an address that begins with sqlite: or postgres://, such as \"sqlite:/var/lib/latchkey/latchkey.db\"";
    if !["database_url", "database_url_file", "database_url_env"].iter().any(|key| root.has(key)) {
        root.missing("database_url", expected);
        return None;
    }
    let (url, origin) = root.secret(DATABASE_URL)?;
    if ["sqlite:", "postgres://", "postgresql://"].iter().any(|start| url.expose().starts_with(start)) {
        return Some(url);
    }
    // What was written is not shown: an address may hold a password.
    root.problem("database_url", Some(origin), format!("expected {expected}"));
    None
}

/// Fewer characters than this are too easy to guess.
const SHORTEST_KEY: usize = 32;

fn event_key(root: &mut Section) -> Option<Secret> {
    let expected =
        "a random text of at least 32 characters that never changes, such as the output of: openssl rand -hex 32";
    if !["event_key", "event_key_file", "event_key_env"].iter().any(|key| root.has(key)) {
        root.missing("event_key_file", &format!("the path of a file that holds {expected}"));
        return None;
    }
    let (key, origin) = root.secret(EVENT_KEY)?;
    if key.expose().chars().count() >= SHORTEST_KEY {
        return Some(key);
    }
    root.problem("event_key", Some(origin), format!("this key is too short. Expected {expected}"));
    None
}

fn company_of(mut section: Section) -> Option<Company> {
    let name = section.required("name", "the company's name", |text| Some(text.to_owned()));
    let time_zone = section
        .parsed("time_zone", "a time zone, such as \"Europe/Berlin\"", |text| text.parse().ok())
        .unwrap_or(chrono_tz::UTC);
    section.finish();
    Some(Company { name: name?, time_zone })
}

fn session_of(section: Option<Section>) -> SessionSettings {
    let mut session = SessionSettings { idle: TimeDelta::hours(1), absolute: TimeDelta::hours(12) };
    let Some(mut section) = section else { return session };
    if let Some(idle) = section.parsed("idle", value::DURATION, value::duration) {
        session.idle = idle;
    }
    if let Some(absolute) = section.parsed("absolute", value::DURATION, value::duration) {
        session.absolute = absolute;
    }
    if session.idle > session.absolute {
        let words = "this is longer than session.absolute, so it would never matter. Expected a shorter time";
        section.problem("idle", section.origin(), words);
    }
    section.finish();
    session
}

fn log_of(section: Option<Section>) -> LogSettings {
    let mut log = LogSettings { format: LogFormat::Text, filter: "info".to_owned() };
    let Some(mut section) = section else { return log };
    let format = section.parsed("format", "\"text\" or \"json\"", |text| match text {
        "text" => Some(LogFormat::Text),
        "json" => Some(LogFormat::Json),
        _ => None,
    });
    let filter = section.parsed("filter", "what to log, such as \"info\" or \"info,latchkey=debug\"", |text| {
        text.parse::<tracing_subscriber::EnvFilter>().ok().map(|_| text.to_owned())
    });
    log.format = format.unwrap_or(log.format);
    log.filter = filter.unwrap_or(log.filter);
    section.finish();
    log
}

fn worker_of(section: Option<Section>) -> WorkerSettings {
    let mut worker = WorkerSettings { lease: TimeDelta::seconds(60) };
    let Some(mut section) = section else { return worker };
    // Shorter ones would run out under a busy system's feet; longer ones leave somebody waiting after a crash.
    let expected = "a time from \"10s\" to \"10m\"";
    let lease = section.parsed("lease", expected, |text| {
        value::duration(text).filter(|lease| (TimeDelta::seconds(10)..=TimeDelta::minutes(10)).contains(lease))
    });
    worker.lease = lease.unwrap_or(worker.lease);
    section.finish();
    worker
}

fn trusted_proxies(root: &mut Section) -> Vec<Network> {
    let expected = "a list of addresses or networks, such as [\"10.0.0.0/8\"]";
    let written = root.texts("trusted_proxies", expected).unwrap_or_default();
    let mut networks = Vec::with_capacity(written.len());
    for text in written {
        match Network::parse(&text) {
            Some(network) => networks.push(network),
            None => root.problem("trusted_proxies", None, format!("found {text:?}, expected {expected}")),
        }
    }
    networks
}

#[cfg(test)]
mod tests;
