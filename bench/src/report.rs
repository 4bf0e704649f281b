//! The figures as a table.

use std::time::Duration;

use crate::cpu::Cpu;

/// One line: a page or a change.
#[derive(Debug)]
pub struct Line {
    name: &'static str,
    /// Queries for one request.
    pub queries: Option<u32>,
    /// The size of one answer, before compression.
    pub bytes: usize,
    /// CPU milliseconds for one request.
    pub cpu: Cpu,
    /// How long answers took at one connection.
    pub one: Vec<Duration>,
    /// How long answers took at sixteen.
    pub sixteen: Vec<Duration>,
}

impl Line {
    /// Nothing measured yet.
    pub fn new(name: &'static str) -> Self {
        Self { name, queries: None, bytes: 0, cpu: Cpu::default(), one: Vec::new(), sixteen: Vec::new() }
    }
}

/// What was measured on one database.
#[derive(Debug)]
pub struct Report {
    title: String,
    starts: Vec<Duration>,
    memory_at_rest: f64,
    /// Megabytes after everything.
    pub memory_under_load: f64,
    /// What a browser loads first: files and their bytes on the wire.
    pub first_visit: Vec<(String, usize)>,
    /// From decisions to read-backs.
    pub confirmed: Vec<Duration>,
    /// The lines.
    pub lines: Vec<Line>,
}

impl Report {
    /// Nothing measured yet but the start.
    pub fn new(title: &str, starts: Vec<Duration>, memory_at_rest: f64) -> Self {
        Self {
            title: title.to_owned(),
            starts,
            memory_at_rest,
            memory_under_load: 0.0,
            first_visit: Vec::new(),
            confirmed: Vec::new(),
            lines: Vec::new(),
        }
    }
}

fn percentile(all: &[Duration], of_hundred: usize) -> String {
    let mut sorted = all.to_vec();
    sorted.sort_unstable();
    let at = (sorted.len() * of_hundred / 100).min(sorted.len().saturating_sub(1));
    sorted.get(at).map_or_else(|| "-".to_owned(), |d| format!("{:.2}", d.as_secs_f64() * 1e3))
}

/// Prints every report, and how the last compares with the first.
pub fn print(reports: &[Report]) {
    if let Some(report) = reports.first().filter(|report| !report.first_visit.is_empty()) {
        println!("\nA first visit, bytes on the wire with brotli:");
        for (path, size) in &report.first_visit {
            println!("{path:<48}{size:>9}");
        }
        println!("{:<48}{:>9}", "together", report.first_visit.iter().map(|file| file.1).sum::<usize>());
    }
    for report in reports {
        println!("\n{}", report.title);
        println!(
            "start {} ms (median of {}), memory {:.1} MB at rest, {:.1} MB after load",
            percentile(&report.starts, 50),
            report.starts.len(),
            report.memory_at_rest,
            report.memory_under_load
        );
        if !report.confirmed.is_empty() {
            println!(
                "decision to confirmed in a real directory, account included: p50 {} ms, p99 {} ms of {}",
                percentile(&report.confirmed, 50),
                percentile(&report.confirmed, 99),
                report.confirmed.len()
            );
        }
        println!(
            "{:<16}{:>8}{:>9}{:>11}{:>11}{:>9}{:>9}{:>9}{:>9}",
            "", "queries", "bytes", "CPU ms", "PG CPU ms", "p50 ms", "p99 ms", "p50 x16", "p99 x16"
        );
        for line in &report.lines {
            println!(
                "{:<16}{:>8}{:>9}{:>11.3}{:>11.3}{:>9}{:>9}{:>9}{:>9}",
                line.name,
                line.queries.map_or_else(|| "-".to_owned(), |q| q.to_string()),
                line.bytes,
                line.cpu.program,
                line.cpu.postgres,
                percentile(&line.one, 50),
                percentile(&line.one, 99),
                percentile(&line.sixteen, 50),
                percentile(&line.sixteen, 99)
            );
        }
    }
    if let [.., small, large] = reports
        && reports.len() > 2
    {
        println!("\n{} against {}: CPU of program and PostgreSQL together", large.title, small.title);
        for (a, b) in small.lines.iter().zip(&large.lines) {
            let sum = |l: &Line| l.cpu.program + l.cpu.postgres;
            println!("{:<16}{:>8.2}x", a.name, sum(b) / sum(a).max(0.001));
        }
    }
}
