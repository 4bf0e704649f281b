//! What a program writes to its standard error: into the log, so many lines a minute, without secrets.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, BufReader},
    process::ChildStderr,
    task::JoinHandle,
    time::{Instant, timeout},
};

use super::Secrets;
use crate::words;

/// The longest line that is shown, in bytes. Of a longer one nothing is shown: a secret could be cut in two.
const LONGEST_LINE: u64 = 4096;
/// The most lines in [`WINDOW`].
const MOST_LINES: u32 = 100;
const WINDOW: Duration = Duration::from_secs(60);
/// How long the end of it is waited for when the program has ended.
const LAST_WORDS: Duration = Duration::from_millis(300);

/// Reads on for as long as the process lives; stops when this is dropped.
pub(super) struct Stderr {
    last: Arc<Mutex<String>>,
    reading: JoinHandle<()>,
}

impl Stderr {
    pub(super) fn follow(stderr: ChildStderr, program: String, secrets: Secrets) -> Self {
        let last = Arc::new(Mutex::new(String::new()));
        let reading = tokio::spawn(follow(stderr, program, secrets, Arc::clone(&last)));
        Self { last, reading }
    }

    /// The last line, for the words of an error, after everything is read that there is.
    pub(super) async fn last_words(&mut self) -> String {
        let _ = timeout(LAST_WORDS, &mut self.reading).await;
        self.last.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Stderr {
    fn drop(&mut self) {
        self.reading.abort();
    }
}

async fn follow(stderr: ChildStderr, program: String, secrets: Secrets, last: Arc<Mutex<String>>) {
    let mut stderr = BufReader::new(stderr);
    let mut window = Window { since: Instant::now(), lines: 0 };
    let mut line = Vec::new();
    loop {
        line.clear();
        // A read error is an end like any other.
        let Ok(read @ 1..) = (&mut stderr).take(LONGEST_LINE).read_until(b'\n', &mut line).await else { return };
        let whole = line.ends_with(b"\n") || (read as u64) < LONGEST_LINE;
        let shown = if whole {
            words::clean(&secrets.hide(&String::from_utf8_lossy(&line)))
        } else {
            if skip_line(&mut stderr).await.is_none() {
                return;
            }
            format!("(a line of more than {LONGEST_LINE} bytes)")
        };
        if shown.is_empty() {
            continue;
        }
        match window.another(Instant::now()) {
            Shown::Yes => tracing::info!(program = %program, "says: {shown}"),
            Shown::Last => {
                tracing::warn!(program = %program, "says more than {MOST_LINES} lines a minute; the rest is left out")
            }
            Shown::No => {}
        }
        *last.lock().unwrap_or_else(PoisonError::into_inner) = shown;
    }
}

/// Reads over the rest of a line; `None` at the end of everything.
async fn skip_line(stderr: &mut BufReader<ChildStderr>) -> Option<()> {
    loop {
        let buffer = stderr.fill_buf().await.ok()?;
        if buffer.is_empty() {
            return None;
        }
        let (used, ended) =
            buffer.iter().position(|byte| *byte == b'\n').map_or((buffer.len(), false), |at| (at + 1, true));
        stderr.consume(used);
        if ended {
            return Some(());
        }
    }
}

struct Window {
    since: Instant,
    lines: u32,
}

#[derive(Debug, PartialEq, Eq)]
enum Shown {
    Yes,
    Last,
    No,
}

impl Window {
    fn another(&mut self, now: Instant) -> Shown {
        if now.duration_since(self.since) > WINDOW {
            *self = Self { since: now, lines: 0 };
        }
        self.lines = self.lines.saturating_add(1);
        match self.lines.cmp(&(MOST_LINES + 1)) {
            std::cmp::Ordering::Less => Shown::Yes,
            std::cmp::Ordering::Equal => Shown::Last,
            std::cmp::Ordering::Greater => Shown::No,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_lines_a_minute_are_shown() {
        let now = Instant::now();
        let mut window = Window { since: now, lines: 0 };
        let shown: Vec<Shown> = (0..200).map(|_| window.another(now)).collect();
        assert_eq!(shown.iter().filter(|shown| **shown == Shown::Yes).count(), 100);
        assert_eq!(shown.iter().filter(|shown| **shown == Shown::Last).count(), 1);
        assert_eq!(window.another(now + WINDOW * 2), Shown::Yes);
    }
}
