//! CPU time of processes, from `/proc`.

use anyhow::{Context, Result};

/// What the names of all measured databases begin with.
pub const DATABASES: &str = "latchkey_bench_";

/// CPU time so far, in milliseconds.
#[derive(Debug, Clone, Copy, Default)]
pub struct Cpu {
    /// Of the measured program.
    pub program: f64,
    /// Of PostgreSQL's processes that work for the measured databases.
    pub postgres: f64,
}

impl Cpu {
    /// What each of `requests` requests cost since `before`.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "a few hundred requests")]
    pub fn since(self, before: Self, requests: usize) -> Self {
        let n = requests.max(1) as f64;
        Self { program: (self.program - before.program) / n, postgres: (self.postgres - before.postgres) / n }
    }

    /// The CPU time of a process and of of PostgreSQL's processes for [`DATABASES`].
    ///
    /// # Errors
    /// When the process has ended.
    pub fn of(pid: u32) -> Result<Self> {
        let program = schedstat(pid).or_else(|| ticks(pid)).context("the measured process has ended")?;
        let mut postgres = 0.0;
        for entry in std::fs::read_dir("/proc")?.flatten() {
            let Some(pid) = entry.file_name().to_str().and_then(|n| n.parse::<u32>().ok()) else { continue };
            // A process of PostgreSQL says in its title which database it works for; others on this machine are none of ours.
            let title = std::fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap_or_default();
            if title.starts_with("postgres:") && title.contains(DATABASES) {
                postgres += schedstat(pid).or_else(|| ticks(pid)).unwrap_or(0.0);
            }
        }
        Ok(Self { program, postgres })
    }
}

/// Nanoseconds on a CPU of each of the process's threads: finer than the clock ticks of `stat`.
fn schedstat(pid: u32) -> Option<f64> {
    let mut sum = 0.0;
    let mut any = false;
    for task in std::fs::read_dir(format!("/proc/{pid}/task")).ok()?.flatten() {
        let text = std::fs::read_to_string(task.path().join("schedstat")).ok()?;
        sum += text.split_whitespace().next()?.parse::<f64>().ok()?;
        any = true;
    }
    (any && sum > 0.0).then_some(sum / 1e6)
}

fn ticks(pid: u32) -> Option<f64> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, rest) = text.rsplit_once(')')?;
    let fields: Vec<&str> = rest.split_whitespace().collect();
    let ticks: f64 = fields.get(11)?.parse::<f64>().ok()? + fields.get(12)?.parse::<f64>().ok()?;
    Some(ticks * 10.0)
}
