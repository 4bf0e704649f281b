//! What the tests of programs share: the example's file in a folder of its own, and ways to run the example, sound or not.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::{Arc, Mutex, OnceLock},
    time::Duration,
};

use latchkey_connectors::{EntitlementKind, EntitlementRef, program::ProgramSettings};
use tempfile::TempDir;
use tracing::{
    Event, Metadata, Subscriber,
    field::{Field, Visit},
    span,
};

use crate::servers::PLANTED;

/// A group of the file.
pub fn group(native: &str) -> EntitlementRef {
    EntitlementRef::new(EntitlementKind::Group, native)
}

/// The real interpreter: what is called python3 may be a script that needs an environment.
pub fn python() -> &'static Path {
    static PYTHON: OnceLock<PathBuf> = OnceLock::new();
    PYTHON.get_or_init(|| {
        let asked = Command::new("python3").args(["-c", "import sys; print(sys.executable)"]).output();
        let asked = asked.expect("python3 is missing: install the package python3");
        PathBuf::from(String::from_utf8(asked.stdout).unwrap().trim())
    })
}

fn repository(path: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap();
    let file = root.join(path);
    assert!(file.is_file(), "{} is missing", file.display());
    file.display().to_string()
}

/// A file with two groups.
pub struct Target {
    dir: TempDir,
    pub file: PathBuf,
}

impl Target {
    pub fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("target.json");
        fs::write(&file, r#"{"groups": {"one": [], "two": [], "two, \"and\" it's \\ (#3)": []}}"#).unwrap();
        Self { dir, file }
    }

    /// Another file there.
    pub fn beside(&self, name: &str) -> PathBuf {
        match name {
            "token" | "plain" => self.dir.path().join(name),
            _ => PathBuf::from(format!("{}.{name}", self.file.display())),
        }
    }

    fn run(&self, script: &[String]) -> ProgramSettings {
        let mut command = vec![python().display().to_string(), "-B".to_owned()];
        command.extend_from_slice(script);
        command.push(self.file.display().to_string());
        ProgramSettings::new(command)
    }

    /// The example.
    pub fn example(&self) -> ProgramSettings {
        self.run(&[repository("examples/connectors/json_file.py")])
    }

    /// The example with a fault.
    pub fn faulty(&self, fault: &str) -> ProgramSettings {
        let example = repository("examples/connectors/json_file.py");
        self.run(&[repository("crates/connectors/tests/programs/faulty.py"), example, fault.to_owned()])
    }

    /// With the planted secret.
    pub fn with_secret(&self, mut settings: ProgramSettings) -> ProgramSettings {
        fs::write(self.beside("token"), format!("{PLANTED}\n")).unwrap();
        settings.secrets.insert("token_file".into(), self.beside("token").display().to_string());
        settings
    }

    /// The process that has this target's file on its command line.
    pub fn running(&self) -> Option<String> {
        let mark = self.file.display().to_string();
        fs::read_dir("/proc").unwrap().flatten().find_map(|entry| {
            let line = fs::read(entry.path().join("cmdline")).ok()?;
            String::from_utf8_lossy(&line).contains(&mark).then(|| entry.file_name().to_string_lossy().into_owned())
        })
    }

    /// Waits until a process has ended; a zombie has.
    pub async fn until_gone(&self, pid: &str) {
        for _ in 0..500 {
            let state = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
            let state = state.rsplit(')').next().unwrap_or_default().trim_start().to_owned();
            if state.is_empty() || state.starts_with(['Z', 'X']) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("the process {pid} is still there");
    }
}

/// Keeps what is logged on this thread.
pub fn log() -> (Arc<Mutex<Vec<String>>>, tracing::subscriber::DefaultGuard) {
    let lines = Arc::new(Mutex::new(Vec::new()));
    let guard = tracing::subscriber::set_default(Log(Arc::clone(&lines)));
    (lines, guard)
}

struct Log(Arc<Mutex<Vec<String>>>);

impl Subscriber for Log {
    fn enabled(&self, about: &Metadata<'_>) -> bool {
        about.target().starts_with("latchkey")
    }
    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }
    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}
    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
    fn event(&self, event: &Event<'_>) {
        let mut line = Line(String::new());
        event.record(&mut line);
        self.0.lock().unwrap().push(line.0);
    }
    fn enter(&self, _: &span::Id) {}
    fn exit(&self, _: &span::Id) {}
}

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        self.0.push_str(&format!("{field}={value:?} "));
    }
}
