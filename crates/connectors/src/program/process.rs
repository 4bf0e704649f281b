//! One process of the program: started, asked one thing at a time, and killed with everything that it started.

use std::{io, process::Stdio, time::Duration};

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    process::{Child, ChildStdin, ChildStdout, Command},
    time::sleep,
};

use super::{Call, Secrets, settings::Checked, stderr::Stderr};

/// Where programs are looked for by those that start others (`#!/usr/bin/env python3`), unless `env` passes `PATH` on.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// A process that runs, or did. Dropping it kills its whole group.
pub(crate) struct Process {
    child: Child,
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
    stderr: Stderr,
    last_id: u64,
    longest: usize,
}

/// Why there is no answer.
pub(crate) enum Broken {
    /// The call doesn't fit into a message; nothing was sent.
    TooLarge(usize),
    /// The process ended: how, and its last words.
    Ended(String),
    /// What came is no answer: the end of a sentence that begins "the answer".
    Nonsense(String),
}

impl std::fmt::Display for Broken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::TooLarge(most) => write!(f, "the call doesn't fit into {most} bytes"),
            Self::Ended(how) => write!(f, "the program {how}"),
            Self::Nonsense(what) => write!(f, "the answer {what}"),
        }
    }
}

impl Process {
    /// Starts the program.
    ///
    /// # Errors
    /// When the system can't: there is no such file, or it may not be executed.
    pub(crate) fn start(of: &Checked, secrets: &Secrets) -> io::Result<Self> {
        let mut command = Command::new(&of.program);
        command.args(&of.arguments).env_clear().env("PATH", PATH).env("LANG", "C.UTF-8").current_dir("/");
        for name in &of.env {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        // A group of its own: Ctrl-C at a terminal is for us, and what the program starts ends with it.
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0).kill_on_drop(true);
        let mut child = command.spawn()?;
        let missing = || io::Error::other("its input and output can't be reached");
        let stdin = child.stdin.take().ok_or_else(missing)?;
        let stdout = child.stdout.take().ok_or_else(missing)?;
        let stderr = child.stderr.take().ok_or_else(missing)?;
        let stderr = Stderr::follow(stderr, of.program.display().to_string(), secrets.clone());
        Ok(Self { child, stdin, stdout: BufReader::new(stdout), stderr, last_id: 0, longest: of.max_message_bytes })
    }

    /// Whether it has ended, without collecting it: until then its number, and its group's, is nobody else's.
    pub(crate) fn has_ended(&self) -> bool {
        let Some(pid) = self.pid() else { return true };
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        !matches!(waitid(WaitId::Pid(pid), options), Ok(None))
    }

    /// Sends a call and reads one line. Afterwards, unless it was too large, the answer is there or the process is of no more use.
    pub(crate) async fn ask(&mut self, call: &Call<'_>) -> Result<(u64, Vec<u8>), Broken> {
        let id = self.last_id + 1;
        let line = call.line(id).map_err(|_| Broken::TooLarge(self.longest))?;
        if line.len() > self.longest {
            return Err(Broken::TooLarge(self.longest));
        }
        self.last_id = id;
        // A program that is gone, or about to go, closes its input: what it says last counts more than that.
        let sent = async {
            self.stdin.write_all(&line).await?;
            self.stdin.flush().await
        };
        let sent: io::Result<()> = sent.await;
        let mut answer = Vec::new();
        let most = self.longest as u64 + 1;
        let read = (&mut self.stdout).take(most).read_until(b'\n', &mut answer).await;
        if answer.pop_if(|last| *last == b'\n').is_some() && sent.is_ok() {
            return Ok((id, answer));
        }
        if answer.len() > self.longest {
            return Err(Broken::Nonsense(format!(
                "is longer than {} bytes, the connection's max_message_bytes",
                self.longest
            )));
        }
        let cut = if read.is_ok() && !answer.is_empty() { ", in the middle of its answer" } else { "" };
        Err(Broken::Ended(format!("{}{cut}{}", self.how_it_ended().await, self.last_words().await)))
    }

    /// As in "ended (exit status: 1)".
    async fn how_it_ended(&mut self) -> String {
        // Its output closes a moment before it can be collected.
        for _ in 0..50 {
            if self.has_ended() {
                break;
            }
            sleep(Duration::from_millis(10)).await;
        }
        if !self.has_ended() {
            self.kill();
            return "closed its output".to_owned();
        }
        self.kill();
        match self.child.wait().await {
            Ok(status) => format!("ended ({status})"),
            Err(_) => "ended".to_owned(),
        }
    }

    async fn last_words(&mut self) -> String {
        let last = self.stderr.last_words().await;
        if last.is_empty() { String::new() } else { format!(". Its last words: \"{last}\"") }
    }

    fn pid(&self) -> Option<Pid> {
        // Nothing any more once it was collected.
        self.child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw)
    }

    /// Kills the whole group, the process itself included.
    fn kill(&self) {
        if let Some(pid) = self.pid() {
            let _ = kill_process_group(pid, Signal::KILL);
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // The runtime collects the process afterwards.
        self.kill();
    }
}
