//! An installation in a temporary folder, and the program run on it.

use std::{
    fs,
    io::{BufRead, BufReader},
    net::{SocketAddr, TcpListener},
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use latchkey_store::{Db, EventKey, Url};

/// An installation.
pub struct Place {
    /// Everything of it.
    pub folder: tempfile::TempDir,
}

/// What a command said.
#[derive(Debug)]
pub struct Said {
    /// It did what it was told.
    pub done: bool,
    /// Its standard output.
    pub out: String,
    /// Its standard error output.
    pub err: String,
}

impl From<Output> for Said {
    fn from(output: Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Self { done: output.status.success(), out: text(&output.stdout), err: text(&output.stderr) }
    }
}

impl Said {
    /// It did what it was told; gives what it said.
    #[track_caller]
    pub fn ok(self) -> String {
        assert!(self.done, "it failed: {self:?}");
        self.out
    }

    /// It refused, with these words among others.
    #[track_caller]
    pub fn refused(self, words: &[&str]) {
        assert!(!self.done, "it should have refused: {self:?}");
        for word in words {
            assert!(self.err.contains(word), "{word:?} is missing in: {}", self.err);
        }
    }
}

pub const PEOPLE: &str = "\
external_id,email,given_name,family_name,title,department,location,employment_type,manager_external_id,status,start_date,end_date,time_zone
E1,ann.berg@example.test,Ann,Berg,Head of IT,IT,Bristol,employee,,active,2020-01-01,,Europe/London
E2,bo.lind@example.test,Bo,Lind,Engineer,IT,Bristol,employee,E1,active,2021-01-01,,
E3,cy.marsh@example.test,Cy,Marsh,Engineer,IT,Bristol,employee,E1,active,2021-01-01,,
";

const POLICIES: &str = "\
[[policy]]
key = \"standard\"
name = \"Manager decides\"
description = \"Everyday access.\"
stages = [{ approvers = \"manager\", fallback = \"owner\" }]
max_duration = \"365d\"
default_duration = \"90d\"
offer = [\"30d\", \"90d\"]
who = [\"employee\"]
reason = \"required\"
undecided_after = \"14d\"
";

const SYSTEM: &str = "\
[system]
key = \"crm\"
name = \"Customer book\"
kind = \"scim\"
description = \"Customers.\"
owner = \"E1\"
account_name = \"{email_local}\"
recognise = \"externalId\"

[[entitlement]]
key = \"readers\"
kind = \"app-role\"
name = \"Readers\"
native = \"CRM Readers\"
description = \"May look.\"
";

pub const ROLE: &str = "\
[[role]]
key = \"customer-reader\"
name = \"Customer reader\"
description = \"Look up customers.\"
owner = \"E1\"
risk = \"low\"
tags = [\"sales\"]
policy = \"standard\"
entitlements = [\"crm/readers\"]
";

impl Place {
    pub fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    /// With its people and its catalog.
    pub fn with_company() -> Self {
        let place = Self::new();
        place.company();
        place.run(&["import", "people", "people.csv"]).ok();
        place.run(&["apply", "catalog"]).ok();
        place
    }

    /// Writes the company's files.
    pub fn company(&self) {
        self.write("people.csv", PEOPLE);
        self.write("catalog/policies.toml", POLICIES);
        self.write("catalog/systems/crm.toml", SYSTEM);
        self.write("catalog/roles/sales.toml", ROLE);
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path
    }

    /// The program in this folder, with nothing of our own surroundings.
    pub fn bare(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_latchkey"));
        command.args(args).current_dir(self.folder.path()).stdin(Stdio::null());
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("LATCHKEY_") {
                command.env_remove(name);
            }
        }
        command
    }

    /// The program on this installation's data folder.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = self.bare(args);
        command.args(["--data", "data"]);
        command
    }

    pub fn run(&self, args: &[&str]) -> Said {
        self.command(args).output().unwrap().into()
    }

    pub fn database(&self) -> PathBuf {
        self.path("data/latchkey.db")
    }

    /// Looks into the database.
    pub async fn db(&self) -> Db {
        let key = fs::read_to_string(self.path("data/event.key")).unwrap();
        Db::open_sized(&Url::Sqlite(self.database()), EventKey::new(key.trim().as_bytes()).unwrap(), 1).await.unwrap()
    }

    /// Settings with which `serve` starts. The provider isn't there; nobody signs in here.
    pub fn serving(&self, port: u16) {
        self.write(
            "data/latchkey.toml",
            &format!(
                "public_url = \"http://localhost:{port}\"\nlisten = \"127.0.0.1:{port}\"\n[log]\nformat = \"json\"\n[oidc]\nissuer = \"http://127.0.0.1:9\"\n\
                 client_id = \"latchkey\"\nmfa = [{{ claim = \"amr\", values = [\"mfa\"] }}]\n"
            ),
        );
    }
}

/// A port that was free a moment ago.
pub fn free_port() -> u16 {
    TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port()
}

/// The program under way; it is told to end when this is dropped.
pub struct Running {
    child: Child,
    log: Arc<Mutex<String>>,
}

impl Running {
    pub fn start(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let log = Arc::new(Mutex::new(String::new()));
        let (lines, kept) = (BufReader::new(child.stderr.take().unwrap()), log.clone());
        std::thread::spawn(move || {
            for line in lines.lines().map_while(Result::ok) {
                let mut kept = kept.lock().unwrap();
                kept.push_str(&line);
                kept.push('\n');
            }
        });
        Self { child, log }
    }

    /// What it logged so far.
    pub fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    /// Waits until it logs these words.
    #[track_caller]
    pub fn until(&mut self, words: &str) {
        self.until_it(words, |log| log.contains(words));
    }

    #[track_caller]
    pub fn until_it(&mut self, what: &str, is: impl Fn(&str) -> bool) {
        let began = Instant::now();
        while !is(&self.log()) {
            let ended = self.child.try_wait().unwrap();
            assert!(ended.is_none() || is(&self.log()), "it ended before {what}: {}", self.log());
            assert!(began.elapsed() < Duration::from_secs(60), "{what} did not come: {}", self.log());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    pub fn signal(&self, name: &str) {
        assert!(Command::new("kill").args([name, &self.child.id().to_string()]).status().unwrap().success());
    }

    /// Asks it to end; tells whether it did so well, and how long that took.
    pub fn end(&mut self) -> (bool, Duration) {
        let began = Instant::now();
        self.signal("-TERM");
        let status = self.child.wait().unwrap();
        (status.success(), began.elapsed())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

/// One request by hand: status, head and body.
pub fn ask(port: u16, request: &str) -> (u16, String, String) {
    use std::io::{Read, Write};
    let address = SocketAddr::from(([127, 0, 0, 1], port));
    let mut stream = std::net::TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    write!(stream, "{request}\r\nHost: localhost:{port}\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
    (status, head.to_lowercase(), body.to_owned())
}

pub fn get(port: u16, path: &str) -> (u16, String, String) {
    ask(port, &format!("GET {path} HTTP/1.1\r\nAccept: text/html"))
}

/// A file's bytes hold this text.
pub fn holds(file: &Path, text: &str) -> bool {
    fs::read(file).is_ok_and(|bytes| bytes.windows(text.len()).any(|window| window == text.as_bytes()))
}
