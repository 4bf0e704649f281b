//! What the system says about this process (Linux; elsewhere nothing).

use std::fs;

/// What the process uses.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Usage {
    /// Memory in bytes.
    pub resident_bytes: u64,
    /// Time of all cores in seconds.
    pub cpu_seconds: f64,
}

/// What the process uses now, where the system tells.
#[must_use]
pub fn usage() -> Option<Usage> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kilobytes: u64 = line.trim().trim_end_matches("kB").trim().parse().ok()?;
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    // The second field is the program's name in brackets and may hold anything.
    let fields: Vec<&str> = stat.rsplit_once(") ")?.1.split(' ').collect();
    let ticks = fields.get(11)?.parse::<f64>().ok()? + fields.get(12)?.parse::<f64>().ok()?;
    // Linux tells programs a hundred ticks a second, whatever it counts in itself.
    Some(Usage { resident_bytes: kilobytes * 1024, cpu_seconds: ticks / 100.0 })
}

#[cfg(test)]
mod tests {
    #[test]
    #[cfg(target_os = "linux")]
    fn a_process_uses_something() {
        let usage = super::usage().unwrap();
        assert!(usage.resident_bytes > 1_000_000 && usage.cpu_seconds >= 0.0, "{usage:?}");
    }
}
