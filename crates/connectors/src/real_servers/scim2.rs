//! PyPI's `scim2-server`: a SCIM 2.0 service in memory, written by others.

use std::{
    env, io,
    path::{Path, PathBuf},
    process::Command,
};

use super::process::{NotStarted, Running, free_port, program};
use crate::{Secret, scim::ScimSettings};

/// How to start the service.
#[derive(Debug, Clone)]
pub struct Scim2Options {
    /// Where its log goes.
    pub dir: PathBuf,
    /// The port on 127.0.0.1; a free one if none is given.
    pub port: Option<u16>,
    /// The bearer token that it accepts.
    pub token: Secret,
}

/// A service that runs until this is dropped; what it holds goes with it.
#[derive(Debug)]
pub struct Scim2 {
    _running: Running,
    /// The port on 127.0.0.1.
    pub port: u16,
    token: Secret,
}

impl Scim2 {
    /// The address that `/Users` and `/Groups` are appended to.
    #[must_use]
    pub fn base_url(&self) -> String {
        format!("http://127.0.0.1:{}/v2", self.port)
    }

    /// A connection to it.
    #[must_use]
    pub fn settings(&self) -> ScimSettings {
        ScimSettings::new(&self.base_url(), self.token.clone())
    }
}

/// `LATCHKEY_SCIM2_SERVER`, else `.tools/venv/bin/scim2-server` in this folder or one above, else the PATH.
fn server() -> Option<PathBuf> {
    if let Some(named) = env::var_os("LATCHKEY_SCIM2_SERVER").map(PathBuf::from) {
        return named.is_file().then_some(named);
    }
    let here = env::current_dir().ok()?;
    let tools: Vec<PathBuf> = here.ancestors().map(|folder| folder.join(".tools/venv/bin")).collect();
    tools
        .iter()
        .map(|folder| folder.join("scim2-server"))
        .find(|file| file.is_file())
        .or_else(|| program("PATH", "scim2-server", &[]))
}

/// Starts the service and waits until it answers.
///
/// # Errors
/// When `scim2-server` isn't installed, or doesn't come up.
pub async fn start_scim2(options: Scim2Options) -> Result<Scim2, NotStarted> {
    let server = server().ok_or_else(|| NotStarted::Missing {
        words: "scim2-server, a SCIM service for tests, is not installed. scripts/setup installs it; by hand: python3 -m venv .tools/venv && \
                .tools/venv/bin/pip install scim2-server. LATCHKEY_SCIM2_SERVER names it elsewhere."
            .to_owned(),
    })?;
    let place = |error: io::Error| NotStarted::failed(format!("scim2-server can't be started: {error}."));
    let port = options.port.map_or_else(free_port, Ok).map_err(place)?;
    let mut command = Command::new(server);
    command.args(["--port", &port.to_string(), "--bearer-token", options.token.expose()]);
    let mut running = Running::start("scim2-server", command, log(&options.dir), "TERM")?;
    running
        .until(|| async move {
            tokio::net::TcpStream::connect(("127.0.0.1", port)).await.map(drop).map_err(|error| format!("{error}."))
        })
        .await?;
    Ok(Scim2 { _running: running, port, token: options.token })
}

fn log(dir: &Path) -> PathBuf {
    dir.join("scim2-server.log")
}
