//! `latchkey demo`, from nothing to a portal that somebody can look at, and a second start.
#![cfg(feature = "demo")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    fs,
    io::{Read, Write},
    net::TcpStream,
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

struct Demo {
    child: Child,
    said: std::path::PathBuf,
}

fn command(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_latchkey"));
    command.args(["demo", "--data"]).arg(folder.join("demo")).current_dir(folder).stdin(Stdio::null());
    for (name, _) in std::env::vars_os() {
        // The programs of the real servers may be named by variables; settings may not.
        let name = name.to_string_lossy().into_owned();
        if name.starts_with("LATCHKEY_") && !name.ends_with("_BIN") {
            command.env_remove(name);
        }
    }
    command
}

impl Demo {
    fn start(folder: &Path, name: &str) -> Self {
        let said = folder.join(name);
        let out = fs::File::create(&said).unwrap();
        let child = command(folder).stderr(out.try_clone().unwrap()).stdout(out).spawn().unwrap();
        Self { child, said }
    }

    fn said(&self) -> String {
        fs::read_to_string(&self.said).unwrap()
    }

    /// Waits until it is ready; gives what it said.
    #[track_caller]
    fn ready(&mut self, within: Duration) -> String {
        let began = Instant::now();
        while !self.said().contains("Ctrl-C stops everything") {
            assert!(matches!(self.child.try_wait(), Ok(None)), "it ended: {}", self.said());
            assert!(began.elapsed() < within, "it is not ready: {}", self.said());
            std::thread::sleep(Duration::from_millis(50));
        }
        self.said()
    }

    fn end(&mut self) -> bool {
        assert!(Command::new("kill").args(["-INT", &self.child.id().to_string()]).status().unwrap().success());
        self.child.wait().unwrap().success()
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        // In order, so that the servers it started are stopped too.
        if matches!(self.child.try_wait(), Ok(None)) {
            let _ = Command::new("kill").args(["-INT", &self.child.id().to_string()]).status();
            let _ = self.child.wait();
        }
    }
}

fn get(port: u64, path: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(("127.0.0.1", u16::try_from(port).unwrap())).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost:{port}\r\nAccept: text/html\r\nConnection: close\r\n\r\n")
        .unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let answer = String::from_utf8_lossy(&answer).into_owned();
    (answer.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0), answer)
}

#[test]
fn the_demo_company_starts_from_nothing_and_goes_on_where_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let mut demo = Demo::start(folder.path(), "first.txt");
    let said = demo.ready(Duration::from_secs(240));
    assert!(said.contains("done once"), "{said}");
    for part in ["Employee", "Manager", "Owner", "Security", "Administrator", "(15 wait)", "http://localhost:"] {
        assert!(said.contains(part), "{part} is missing in {said}");
    }
    let ports: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(folder.path().join("demo/ports.json")).unwrap()).unwrap();
    let port = |name: &str| ports[name].as_u64().unwrap();

    let (status, answer) = get(port("portal"), "/");
    assert!(status == 303 && answer.contains("/auth/login"), "{answer}");
    let (status, answer) = get(port("identity_provider"), "/.well-known/openid-configuration");
    assert!(status == 200 && answer.contains("authorization_endpoint"), "{answer}");
    let (status, answer) = get(port("scim"), "/crm");
    assert!(status == 200 && answer.contains("CRM Readers"), "{answer}");
    let (status, answer) = get(port("scim"), "/mail");
    assert!(status == 200 && answer.contains("and you can decide"), "{answer}");
    let (status, _) = get(port("scim"), "/crm/scim/v2/Users");
    assert_eq!(status, 401);

    // Two on one folder would stop each other's servers.
    let second = command(folder.path()).output().unwrap();
    let words = String::from_utf8_lossy(&second.stderr);
    assert!(!second.status.success() && words.contains("already works on"), "{words}");

    let log = fs::read_to_string(folder.path().join("demo/latchkey.log")).unwrap();
    let written = log.lines().find(|line| line.contains("the demo's history is written")).unwrap();
    assert!(written.contains("refused: 0"), "the plan asks for what is refused: {written}");
    assert!(demo.end(), "{}", demo.said());

    // Nothing is set up twice, and everything is at its place.
    let mut again = Demo::start(folder.path(), "second.txt");
    let said = again.ready(Duration::from_secs(60));
    assert!(!said.contains("done once"), "{said}");
    assert_eq!(get(port("portal"), "/healthz").0, 200);
    assert!(again.end(), "{}", again.said());
}
