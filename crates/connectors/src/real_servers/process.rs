//! Finding, starting and stopping programs, and the folders that they own.

use std::{
    env, fs,
    io::{self, Read, Write},
    net::TcpListener,
    os::unix::{
        fs::{MetadataExt, OpenOptionsExt, PermissionsExt, chown},
        process::CommandExt,
    },
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use crate::Secret;

/// Why a server is not there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotStarted {
    /// Its program is not installed.
    #[error("{words}")]
    Missing {
        /// What is missing, and what installs it.
        words: String,
    },
    /// It is installed and did not come up.
    #[error("{words}")]
    Failed {
        /// What happened, with the end of the server's own log.
        words: String,
    },
}

impl NotStarted {
    pub(super) fn failed(words: impl Into<String>) -> Self {
        Self::Failed { words: words.into() }
    }
}

/// A port on loopback that was free a moment ago.
///
/// # Errors
/// When the machine has none.
pub fn free_port() -> io::Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}

/// A random secret that is made once and kept in a file that only its owner can read.
///
/// # Errors
/// When the file can't be read or written.
pub fn kept_secret(path: &Path) -> io::Result<Secret> {
    match fs::read_to_string(path) {
        Ok(secret) if !secret.trim().is_empty() => return Ok(Secret::new(secret.trim())),
        Ok(_) => fs::remove_file(path)?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let secret = random_hex()?;
    write_private(path, &secret)?;
    Ok(Secret::new(secret))
}

/// 128 random bits in hexadecimal.
pub(super) fn random_hex() -> io::Result<String> {
    let mut bytes = [0; 16];
    fs::File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Writes a file that only its owner can read.
pub(super) fn write_private(path: &Path, text: &str) -> io::Result<()> {
    let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes())
}

/// Looks for a program: in the folder that an environment variable names, on the PATH, then in `folders`.
pub(super) fn program(variable: &str, name: &str, folders: &[PathBuf]) -> Option<PathBuf> {
    let named = env::var_os(variable).map(PathBuf::from);
    let path = env::var_os("PATH").unwrap_or_default();
    let path = env::split_paths(&path).chain(folders.iter().cloned());
    named.into_iter().chain(path).map(|folder| folder.join(name)).find(|candidate| candidate.is_file())
}

/// The user that a server runs as when we are root: servers don't need that much, and PostgreSQL refuses it.
#[derive(Debug, Clone)]
pub(super) struct User {
    uid: u32,
    gid: u32,
    pub(super) home: PathBuf,
}

impl User {
    /// The first of these that exists; `None` when we aren't root and run servers as ourselves.
    pub(super) fn instead_of_root(names: &[&str]) -> Option<Self> {
        let us = Command::new("id").arg("-u").output().ok()?;
        if String::from_utf8_lossy(&us.stdout).trim() != "0" {
            return None;
        }
        let users = fs::read_to_string("/etc/passwd").ok()?;
        names.iter().find_map(|name| {
            let line = users.lines().find(|line| line.split(':').next() == Some(name))?;
            let fields: Vec<&str> = line.split(':').collect();
            let [_, _, uid, gid, _, home, ..] = fields.as_slice() else { return None };
            Some(Self { uid: uid.parse().ok()?, gid: gid.parse().ok()?, home: PathBuf::from(home) })
        })
    }

    /// Whether the user can get to a folder: every folder above lets it pass.
    pub(super) fn reaches(&self, folder: &Path) -> bool {
        let Ok(folder) = folder.canonicalize() else { return false };
        folder.ancestors().skip(1).all(|above| {
            above.metadata().is_ok_and(|meta| {
                let mode = meta.mode();
                (meta.uid() == self.uid && mode & 0o100 != 0)
                    || (meta.gid() == self.gid && mode & 0o010 != 0)
                    || mode & 0o001 != 0
            })
        })
    }

    pub(super) fn own(&self, path: &Path) -> io::Result<()> {
        chown(path, Some(self.uid), Some(self.gid))
    }

    pub(super) fn run(&self, command: &mut Command) {
        command.uid(self.uid).gid(self.gid);
    }
}

/// Makes a folder that belongs to the user and to nobody else.
pub(super) fn own_folder(path: &Path, user: Option<&User>) -> io::Result<()> {
    fs::create_dir_all(path)?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o700))?;
    user.map_or(Ok(()), |user| user.own(path))
}

/// Copies a certificate and its key into the server's folder: servers want a key that is theirs and nobody else's to read.
pub(super) fn own_certificate(
    dir: &Path,
    certificate: &Path,
    key: &Path,
    user: Option<&User>,
) -> io::Result<(PathBuf, PathBuf)> {
    let copies = (dir.join("server.crt"), dir.join("server.key"));
    for (from, to) in [(certificate, &copies.0), (key, &copies.1)] {
        write_private(to, &fs::read_to_string(from)?)?;
        user.map_or(Ok(()), |user| user.own(to))?;
    }
    Ok(copies)
}

/// A server that runs; it stops when this is dropped.
#[derive(Debug)]
pub(super) struct Running {
    name: &'static str,
    child: Child,
    log: PathBuf,
    /// How the server wants to be told to stop at once and in order.
    signal: &'static str,
}

impl Running {
    /// Starts the program with its output in a log file.
    pub(super) fn start(
        name: &'static str,
        mut command: Command,
        log: PathBuf,
        signal: &'static str,
    ) -> Result<Self, NotStarted> {
        let failed = |error: io::Error| NotStarted::failed(format!("{name} can't be started: {error}."));
        let output = fs::OpenOptions::new().create(true).append(true).open(&log).map_err(failed)?;
        let errors = output.try_clone().map_err(failed)?;
        // A group of its own: Ctrl-C at the terminal is for us, and we stop our servers in order.
        command.process_group(0);
        let child = command.stdin(Stdio::null()).stdout(output).stderr(errors).spawn().map_err(failed)?;
        Ok(Self { name, child, log, signal })
    }

    /// Waits until `ready` says so; fails when the program ends or the time is over.
    pub(super) async fn until<F: Future<Output = Result<(), String>>>(
        &mut self,
        ready: impl Fn() -> F,
    ) -> Result<(), NotStarted> {
        let start = Instant::now();
        let mut pause = Duration::from_millis(20);
        loop {
            let last = match ready().await {
                Ok(()) => return Ok(()),
                Err(words) => words,
            };
            if let Ok(Some(status)) = self.child.try_wait() {
                return Err(NotStarted::failed(format!("{} ended at once ({status}). {}", self.name, self.log_end())));
            }
            if start.elapsed() > Duration::from_secs(30) {
                return Err(NotStarted::failed(format!(
                    "{} is not ready after 30 seconds: {last} {}",
                    self.name,
                    self.log_end()
                )));
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(Duration::from_millis(250));
        }
    }

    fn log_end(&self) -> String {
        let log = fs::read(&self.log).unwrap_or_default();
        let log = String::from_utf8_lossy(&log);
        let lines: Vec<&str> = log.lines().collect();
        let end = lines.get(lines.len().saturating_sub(5)..).unwrap_or_default().join(" / ");
        if end.is_empty() {
            format!("Its log, {}, is empty.", self.log.display())
        } else {
            format!("Its log ends: {end}")
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(Some(_))) {
            return;
        }
        signal(self.child.id(), self.signal);
        let start = Instant::now();
        while start.elapsed() < Duration::from_secs(8) {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return;
            }
            thread::sleep(Duration::from_millis(10));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn signal(pid: u32, name: &str) {
    // The shell's own `kill`: small machines don't have the program.
    let _ = Command::new("sh").args(["-c", &format!("kill -s {name} {pid}")]).stderr(Stdio::null()).status();
}

/// Stops a server that an earlier run left behind. `mark` must be on its command line: a number in a file may be another's by now.
pub(super) fn stop_left_behind(pid_file: &Path, mark: &Path, name: &str) {
    let pid = fs::read_to_string(pid_file).ok().and_then(|text| text.lines().next()?.trim().parse::<u32>().ok());
    let Some(pid) = pid else { return };
    let mark = mark.to_string_lossy().into_owned();
    let ours =
        || fs::read(format!("/proc/{pid}/cmdline")).is_ok_and(|line| String::from_utf8_lossy(&line).contains(&mark));
    if !ours() {
        return;
    }
    signal(pid, name);
    let start = Instant::now();
    while ours() && start.elapsed() < Duration::from_secs(10) {
        thread::sleep(Duration::from_millis(20));
    }
    if ours() {
        signal(pid, "KILL");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_made_once_and_kept_private() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("demo/password");
        let made = kept_secret(&path).unwrap();
        assert_eq!(made.expose().len(), 32);
        assert_eq!(kept_secret(&path).unwrap(), made);
        assert_eq!(path.metadata().unwrap().mode() & 0o777, 0o600);
    }

    #[test]
    fn a_program_that_is_not_there_is_not_found() {
        assert_eq!(program("LATCHKEY_NO_SUCH_VARIABLE", "no-such-program-here", &["/usr/sbin".into()]), None);
        assert!(program("LATCHKEY_NO_SUCH_VARIABLE", "sh", &[]).is_some());
    }

    #[tokio::test]
    async fn a_server_that_ends_at_once_is_reported_with_its_log() {
        let dir = tempfile::tempdir().unwrap();
        let mut command = Command::new("sh");
        command.args(["-c", "echo no disk left >&2; exit 3"]);
        let mut running = Running::start("sh", command, dir.path().join("log"), "TERM").unwrap();
        let error = running.until(|| async { Err("not yet".to_owned()) }).await.unwrap_err();
        assert!(error.to_string().contains("no disk left"), "{error}");
    }
}
