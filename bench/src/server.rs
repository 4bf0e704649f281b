//! The measured program, and people who visit it.

use std::{
    path::Path,
    process::Stdio,
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use latchkey_domain::clock::{Clock, SystemClock};
use latchkey_store::sha256_hex;
use tokio::process::{Child, Command};
use tower_sessions::session::Id;

use crate::cpu::Cpu;

/// The present instant.
pub fn now() -> latchkey_domain::Instant {
    SystemClock.now()
}

/// Somebody with a session.
#[derive(Debug, Clone)]
pub struct Visitor {
    /// What the browser sends.
    pub cookie: String,
    /// What the database finds it by.
    pub hash: String,
}

impl Visitor {
    /// The session of person number `n`.
    #[must_use]
    pub fn new(n: usize) -> Self {
        let id = Id(i128::try_from(n).unwrap_or(0) + 1_000_000_007);
        Self { cookie: format!("latchkey={id}"), hash: sha256_hex(format!("session\0{id}").as_bytes()) }
    }
}

/// An answer, as far as it is measured.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// Where it leads.
    pub location: String,
    /// The size of its body.
    pub bytes: usize,
    /// How many queries it took, as the program counts them.
    pub queries: Option<u32>,
    /// How long it took.
    pub took: Duration,
    /// The body.
    pub text: String,
}

/// What of the program runs.
#[derive(Debug, Clone, Copy)]
pub enum Part {
    /// Pages, and the worker beside them.
    All,
    /// Pages alone: what a change costs without the work that follows from it.
    Pages,
}

/// A running program.
pub struct Server {
    child: Child,
    /// Its address, without a slash at the end.
    pub base: String,
    client: reqwest::Client,
    /// From start to the first answer of `/readyz`.
    pub started_in: Duration,
    _folder: tempfile::TempDir,
}

impl Server {
    /// Starts the program on a database and waits until it answers.
    pub async fn start(bin: &Path, url: &str, key: &str, part: Part, settings: &[(String, String)]) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let port = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let base = format!("http://localhost:{port}");
        let key_file = folder.path().join("event.key");
        std::fs::write(&key_file, key)?;
        let began = Instant::now();
        let child = Command::new(std::fs::canonicalize(bin).with_context(|| format!("{} isn't there", bin.display()))?)
            .arg("serve")
            .args(match part {
                Part::All => None,
                Part::Pages => Some("--no-worker"),
            })
            .current_dir(folder.path())
            // The measurement's own variables are no settings of the program, which refuses what it doesn't know.
            .env_remove("LATCHKEY_BIN")
            .env_remove("LATCHKEY_TEST_POSTGRES_URL")
            .env("LATCHKEY_DATABASE_URL", url)
            .env("LATCHKEY_PUBLIC_URL", &base)
            .env("LATCHKEY_LISTEN", format!("127.0.0.1:{port}"))
            .env("LATCHKEY_EVENT_KEY_FILE", &key_file)
            .env("LATCHKEY_OIDC__ISSUER", "http://localhost:9")
            .env("LATCHKEY_OIDC__CLIENT_ID", "bench")
            .env("LATCHKEY_OIDC__CLIENT_SECRET_ENV", "BENCH_CLIENT_SECRET")
            .env("BENCH_CLIENT_SECRET", "bench")
            .env("LATCHKEY_OIDC__MFA", r#"[{ claim = "amr", values = ["otp"] }]"#)
            .env("LATCHKEY_LOG__FILTER", "error")
            .env("MEASURE_LATCHKEY_QUERIES", "1")
            .envs(settings.iter().map(|(name, value)| (name, value)))
            .stdout(Stdio::null())
            .kill_on_drop(true)
            .spawn()?;
        let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build()?;
        let mut server = Self { child, base, client, started_in: Duration::ZERO, _folder: folder };
        loop {
            if let Ok(answer) = server.client.get(format!("{}/readyz", server.base)).send().await
                && answer.status().is_success()
            {
                server.started_in = began.elapsed();
                return Ok(server);
            }
            if let Some(status) = server.child.try_wait()? {
                anyhow::bail!("the program ended at once: {status}");
            }
            anyhow::ensure!(began.elapsed() < Duration::from_secs(30), "the program doesn't answer");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Gets a page.
    pub async fn get(&self, path: &str, who: &Visitor) -> Result<Answer> {
        self.send(self.client.get(format!("{}{path}", self.base)), who).await
    }

    /// How many bytes a file takes on the wire for a browser that knows brotli.
    pub async fn wire_size(&self, path: &str, who: &Visitor) -> Result<usize> {
        let request = self.client.get(format!("{}{path}", self.base)).header("accept-encoding", "br");
        let answer = request.header("cookie", &who.cookie).send().await?;
        anyhow::ensure!(answer.status() == 200, "{path} answered {}", answer.status());
        Ok(answer.bytes().await?.len())
    }

    /// Posts a form as a browser does.
    pub async fn post(&self, path: &str, form: &str, who: &Visitor) -> Result<Answer> {
        let request = self
            .client
            .post(format!("{}{path}", self.base))
            .header("origin", &self.base)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(form.to_owned());
        self.send(request, who).await
    }

    async fn send(&self, request: reqwest::RequestBuilder, who: &Visitor) -> Result<Answer> {
        let began = Instant::now();
        let answer = request.header("cookie", &who.cookie).send().await?;
        let status = answer.status().as_u16();
        let header = |name: &str| answer.headers().get(name).and_then(|v| v.to_str().ok()).map(str::to_owned);
        let (location, queries) = (header("location").unwrap_or_default(), header("x-latchkey-queries"));
        let text = answer.text().await?;
        let took = began.elapsed();
        Ok(Answer { status, location, bytes: text.len(), queries: queries.and_then(|q| q.parse().ok()), took, text })
    }

    /// How long a page takes when `connections` ask for it at once.
    pub async fn many(&self, path: &str, who: &Visitor, connections: usize, each: usize) -> Result<Vec<Duration>> {
        let one = |_| async move {
            let mut took = Vec::with_capacity(each);
            for _ in 0..each {
                took.push(self.get(path, who).await?.took);
            }
            Ok::<_, anyhow::Error>(took)
        };
        let all = futures::future::try_join_all((0..connections).map(one)).await?;
        Ok(all.into_iter().flatten().collect())
    }

    /// The items that wait for somebody, from the links of their inbox.
    pub async fn items_of_inbox(&self, who: &Visitor) -> Result<Vec<String>> {
        let text = self.get("/approvals", who).await?.text;
        let mut items: Vec<String> = text
            .split("/approvals?item=")
            .skip(1)
            .filter_map(|rest| rest.get(..36))
            .filter(|id| uuid::Uuid::parse_str(id).is_ok())
            .map(str::to_owned)
            .collect();
        items.sort_unstable();
        items.dedup();
        Ok(items)
    }

    /// Its process.
    pub fn pid(&self) -> Result<u32> {
        self.child.id().context("the program has ended")
    }

    /// CPU time so far.
    pub fn cpu(&self) -> Result<Cpu> {
        Cpu::of(self.pid()?)
    }

    /// Resident memory in megabytes.
    pub fn memory(&self) -> Result<f64> {
        let pid = self.pid()?;
        let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
        let line = status.lines().find(|l| l.starts_with("VmRSS")).context("no VmRSS")?;
        let kilobytes: f64 = line.split_whitespace().nth(1).context("no VmRSS")?.parse()?;
        Ok(kilobytes / 1024.0)
    }

    /// Ends it.
    pub async fn stop(mut self) -> Result<()> {
        self.child.kill().await?;
        Ok(())
    }
}
