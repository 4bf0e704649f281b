//! The protocol itself.

use std::sync::Arc;

use tokio::time::timeout;

use super::{Bench, Kept, done, said, word};
use crate::program::{Call, Outcome, Process, Secrets};

pub(super) async fn check(bench: Arc<Bench<'_>>) -> Kept {
    done("check", bench.connector.check().await).map(drop)
}

pub(super) async fn later_versions(bench: Arc<Bench<'_>>) -> Kept {
    match raw(&bench, &Call::CheckOfALaterVersion { from_a_later_version: true }).await? {
        Outcome::Done(_) => {}
        Outcome::Not(error) => {
            return Err(format!("check with a field that is not known: expected ok; {}", said(&error)));
        }
    }
    match raw(&bench, &Call::FromALaterVersion).await? {
        Outcome::Not(error) if word(&error) == "refused" => Ok(()),
        Outcome::Not(error) => Err(format!("a call that is not known: expected refused; {}", said(&error))),
        Outcome::Done(_) => Err("a call that is not known: expected refused; the outcome is ok".to_owned()),
    }
}

/// One call that no connector makes, to a process of its own.
async fn raw(bench: &Bench<'_>, call: &Call<'_>) -> Result<Outcome, String> {
    let settings = bench.subject.settings.clone().checked().map_err(|error| error.to_string())?;
    let secrets = Secrets::read(&settings.secrets)?;
    let mut process = Process::start(&settings, &secrets).map_err(|error| error.to_string())?;
    for call in [&settings.greeting(&secrets), call] {
        let asked = timeout(settings.timeout, process.ask(call)).await;
        let (id, line) = asked.map_err(|_| "no answer in time".to_owned())?.map_err(|broken| broken.to_string())?;
        let outcome = Outcome::read(&line, id, &secrets).map_err(|what| format!("the answer {what}"))?;
        if id > 1 {
            return Ok(outcome);
        }
    }
    Err("no answer".to_owned())
}
