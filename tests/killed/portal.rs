//! The built program, started and killed.

use std::{
    fs,
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use latchkey_store::{Db, EventKey, Url};

use crate::{company, systems::Systems};

/// An installation, and its worker while there is one.
pub struct Portal {
    folder: tempfile::TempDir,
    url: Url,
    worker: Option<Child>,
    starts: usize,
}

impl Portal {
    /// With its database in a file.
    pub fn on_sqlite(systems: &Systems) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = Url::Sqlite(folder.path().join("data/latchkey.db"));
        Self::at(folder, url, systems, "")
    }

    /// With its database on a server.
    pub fn on_postgres(systems: &Systems, server: &str, url: &Url) -> Self {
        let Url::Postgres(options) = url else { panic!("a database on the server") };
        let (base, _) = server.rsplit_once('/').unwrap();
        let setting = format!("database_url = \"{base}/{}\"\n", options.get_database().unwrap());
        Self::at(tempfile::tempdir().unwrap(), url.clone(), systems, &setting)
    }

    fn at(folder: tempfile::TempDir, url: Url, systems: &Systems, database: &str) -> Self {
        fs::create_dir(folder.path().join("data")).unwrap();
        // Calls may take 2 seconds here, so an account needs to be taken for 10 only.
        let settings = format!(
            "public_url = \"http://localhost:7400\"\n{database}[worker]\nlease = \"10s\"\n{}",
            systems.connections()
        );
        fs::write(folder.path().join("data/latchkey.toml"), settings).unwrap();
        Self { folder, url, worker: None, starts: 0 }
    }

    /// Brings in the company's files by the commands that a company uses.
    pub fn set_up_company(&self) {
        for (name, text) in company::files() {
            let path = self.folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        for args in [["import", "people", "people.csv"].as_slice(), &["apply", "catalog"]] {
            let output = self.command(args).output().unwrap();
            assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
        }
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_latchkey"));
        command.args(args).args(["--data", "data"]).current_dir(self.folder.path()).stdin(Stdio::null());
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("LATCHKEY_")) {
            command.env_remove(name);
        }
        command.env("SYSTEMS_PASSWORD", Systems::password());
        command
    }

    /// The key of the events.
    pub fn key(&self) -> EventKey {
        let key = fs::read_to_string(self.folder.path().join("data/event.key")).unwrap();
        EventKey::new(key.trim().as_bytes()).unwrap()
    }

    /// The installation's database, as another process of it opens it.
    pub async fn db(&self) -> Db {
        Db::open_sized(&self.url, self.key(), 4).await.unwrap()
    }

    fn log(&self) -> PathBuf {
        self.folder.path().join(format!("worker-{}.log", self.starts))
    }

    /// Starts the worker.
    pub fn start(&mut self) {
        self.starts += 1;
        let log = fs::File::create(self.log()).unwrap();
        let mut command = self.command(&["work"]);
        self.worker = Some(command.stdout(Stdio::null()).stderr(log).spawn().unwrap());
    }

    /// Kills it without a word.
    pub fn kill(&mut self) {
        let mut worker = self.worker.take().unwrap();
        worker.kill().unwrap();
        let status = worker.wait().unwrap();
        assert_eq!(status.code(), None, "it ended by itself ({status}): {}", fs::read_to_string(self.log()).unwrap());
    }

    /// Asks it to end, and waits until it has.
    pub fn end(&mut self) {
        let mut worker = self.worker.take().unwrap();
        assert!(Command::new("kill").arg(worker.id().to_string()).status().unwrap().success());
        assert!(worker.wait().unwrap().success(), "{}", fs::read_to_string(self.log()).unwrap());
    }

    /// Waits until nothing misses any more, while the worker works.
    pub async fn until_nothing_misses(&mut self, within: Duration, missing: impl AsyncFn() -> Vec<String>) {
        let began = Instant::now();
        loop {
            let missing = missing().await;
            if missing.is_empty() {
                return;
            }
            let ended = self.worker.as_mut().unwrap().try_wait().unwrap();
            let late = ended.is_some() || began.elapsed() > within;
            assert!(!late, "{ended:?}, and {missing:#?}; {}", fs::read_to_string(self.log()).unwrap());
            tokio::time::sleep(Duration::from_millis(3)).await;
        }
    }
}

impl Drop for Portal {
    fn drop(&mut self) {
        if let Some(mut worker) = self.worker.take() {
            let _ = worker.kill();
            let _ = worker.wait();
        }
    }
}
