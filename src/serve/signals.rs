//! The system asks the process to end.

use latchkey_reconciler::Stop;
use tokio::signal::unix::{SignalKind, signal};

use crate::cli::Failure;

/// Fires at the first SIGTERM or SIGINT (Ctrl-C). A second one ends the process at once.
///
/// # Errors
/// When the system doesn't let us hear signals.
pub fn stop() -> Result<Stop, Failure> {
    let failed = |error: std::io::Error| Failure::new(format!("The program can't listen for signals: {error}."));
    let mut terminate = signal(SignalKind::terminate()).map_err(failed)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(failed)?;
    let (stopper, stop) = latchkey_reconciler::stop();
    tokio::spawn(async move {
        tokio::select! { _ = terminate.recv() => {}, _ = interrupt.recv() => {} }
        tracing::info!("asked to end: what is under way is finished first");
        stopper.stop();
        tokio::select! { _ = terminate.recv() => {}, _ = interrupt.recv() => {} }
        tracing::warn!("asked to end a second time: ending at once");
        std::process::exit(130);
    });
    Ok(stop)
}
