//! The log: lines for people or one JSON object each, on the standard error output.

use std::sync::Arc;

use tracing_subscriber::{EnvFilter, fmt, layer::SubscriberExt, util::SubscriberInitExt};

use crate::{
    cli::Failure,
    settings::{LogFormat, LogSettings},
};

/// Starts the log as the settings say.
///
/// # Errors
/// When there is one already.
pub fn start(settings: &LogSettings) -> Result<(), Failure> {
    // The settings' reader has tried the filter.
    let registry = tracing_subscriber::registry().with(EnvFilter::new(&settings.filter));
    let started = match settings.format {
        LogFormat::Text => {
            registry.with(fmt::layer().with_writer(std::io::stderr).with_ansi(false).with_target(false)).try_init()
        }
        LogFormat::Json => registry
            .with(fmt::layer().json().flatten_event(true).with_span_list(false).with_writer(std::io::stderr))
            .try_init(),
    };
    started.map_err(|error| Failure::new(format!("The log can't be started: {error}.")))
}

/// For commands that answer on the standard output: only what is wrong.
pub fn start_quiet() {
    let warnings = tracing_subscriber::registry()
        .with(EnvFilter::new("warn"))
        .with(fmt::layer().with_writer(std::io::stderr).without_time().with_ansi(false).with_target(false));
    // A second start would come from a test; the first one stays.
    let _ = warnings.try_init();
}

/// Writes the log to a file, and nothing to the terminal.
///
/// # Errors
/// When the file can't be opened, or there is a log already.
pub fn start_in_file(file: &std::path::Path, filter: &str) -> Result<(), Failure> {
    let opened = std::fs::OpenOptions::new().create(true).append(true).open(file);
    let opened = opened.map_err(|error| Failure::file("Opening the log", file, &error))?;
    tracing_subscriber::registry()
        .with(EnvFilter::new(filter))
        .with(fmt::layer().with_writer(Arc::new(opened)).with_ansi(false).with_target(false))
        .try_init()
        .map_err(|error| Failure::new(format!("The log can't be started: {error}.")))
}
