//! Keeps one process for a system: starts it when it is needed, asks it one thing after the other, and starts it anew when it failed.

use std::{io, time::Duration};

use tokio::{
    sync::Mutex,
    time::{Instant, timeout},
};

use super::{
    Call, Outcome, PROTOCOL, Process, Secrets,
    answer::{Answer, Hello},
    process::Broken,
    settings::Checked,
};
use crate::CallError;

/// The longest pause before a program that keeps failing is started again.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// The one that talks to the program.
pub(super) struct Keeper {
    pub(super) to: Checked,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    running: Option<Running>,
    /// How often it failed in a row.
    failures: u32,
    /// Not started again before this.
    pause_ends: Option<Instant>,
}

struct Running {
    process: Process,
    hello: Hello,
    secrets: Secrets,
}

impl State {
    /// Counts a failure: before the attempt, so that it counts too when the caller's deadline cuts it short.
    fn attempt(&mut self) {
        self.failures = self.failures.saturating_add(1);
        self.pause_ends = Some(Instant::now() + pause(self.failures));
    }

    fn answered(&mut self, running: Running) {
        *self = Self { running: Some(running), failures: 0, pause_ends: None };
    }
}

/// None after the first failure, then one second, two, four, and so on.
fn pause(failures: u32) -> Duration {
    match failures {
        0 | 1 => Duration::ZERO,
        more => Duration::from_secs(1 << (more - 2).min(6)).min(LONGEST_PAUSE),
    }
}

impl Keeper {
    pub(super) fn new(to: Checked) -> Self {
        Self { to, state: Mutex::default() }
    }

    /// Asks the program, and reads the answer with `read`. When this is dropped before it is done, the process that was asked is
    /// killed: an answer that comes too late must not be taken for another's.
    pub(super) async fn ask<T>(
        &self,
        call: Call<'_>,
        read: impl FnOnce(&Answer, &Hello) -> Result<T, String> + Send,
    ) -> Result<T, CallError> {
        let name = self.to.name();
        // Who waited too long isn't asked at all: cut short, it would take a process with it that does nothing wrong.
        let turn = timeout(self.to.timeout / 2, self.state.lock()).await;
        let mut state = turn.map_err(|_| CallError::retry_later(format!("{name} is busy with other calls.")))?;
        let secrets = Secrets::read(&self.to.secrets).map_err(CallError::needs_human)?;
        let kept = state.running.take().filter(|kept| kept.secrets == secrets && !kept.process.has_ended());
        if kept.is_none() {
            self.pause_is_over(&state)?;
        }
        state.attempt();
        let mut running = match kept {
            Some(running) => running,
            None => self.start(secrets).await?,
        };
        if let Some((kind, native)) = call.foreign(&running.hello.kinds) {
            let offered: Vec<_> = running.hello.kinds.iter().map(|kind| kind.as_str()).collect();
            let words = format!("The catalog calls {native} a {kind}; {name} offers: {}.", offered.join(", "));
            state.answered(running);
            return Err(CallError::refused(words));
        }
        if let Some(missing) = call.optional().filter(|call| !running.hello.offers(call)) {
            state.answered(running);
            return Err(match &call {
                Call::Adopt { account, external_id } => CallError::needs_human(format!(
                    "Write {external_id} by hand to where {account} keeps whose account it is: {name} doesn\u{2019}t offer the call \"{missing}\"."
                )),
                _ => CallError::refused(format!(
                    "{name} doesn\u{2019}t offer the call \"{missing}\", so it can\u{2019}t be asked for everything that it holds."
                )),
            });
        }
        let nonsense = |what: &str| {
            CallError::retry_later(format!(
                "{name} broke the protocol and was ended: the answer {what}. Whether the call had its effect is not known."
            ))
        };
        let (id, line) = match running.process.ask(&call).await {
            Ok(answer) => answer,
            Err(Broken::TooLarge(most)) => {
                state.answered(running);
                return Err(CallError::needs_human(format!(
                    "The call doesn't fit into {most} bytes, the connection's max_message_bytes."
                )));
            }
            Err(Broken::Ended(how)) => {
                return Err(CallError::retry_later(format!("{name} did not answer the call: it {how}.")));
            }
            Err(Broken::Nonsense(what)) => return Err(nonsense(&what)),
        };
        let outcome = match Outcome::read(&line, id, &running.secrets).map_err(|what| nonsense(&what))? {
            Outcome::Done(answer) => Ok(read(&answer, &running.hello).map_err(|what| nonsense(&what))?),
            Outcome::Not(error) => Err(error),
        };
        state.answered(running);
        outcome
    }

    fn pause_is_over(&self, state: &State) -> Result<(), CallError> {
        let Some(left) = state.pause_ends.and_then(|ends| ends.checked_duration_since(Instant::now())) else {
            return Ok(());
        };
        if left.is_zero() {
            return Ok(());
        }
        Err(CallError::RetryLater {
            words: format!(
                "{} failed {} times in a row. It is started again in {} seconds at the earliest.",
                self.to.name(),
                state.failures,
                left.as_secs() + 1
            ),
            after: Some(left),
        })
    }

    async fn start(&self, secrets: Secrets) -> Result<Running, CallError> {
        let name = self.to.name();
        let mut process = Process::start(&self.to, &secrets).map_err(|error| not_started(&name, &error))?;
        let call = self.to.greeting(&secrets);
        // Nothing was done yet, so nonsense is no lost answer: it is not a program of this kind, or a broken one.
        let nonsense = |what: &str| {
            CallError::needs_human(format!("{name} doesn't speak Latchkey's protocol: its answer to \"hello\" {what}."))
        };
        let (id, line) = match process.ask(&call).await {
            Ok(answer) => answer,
            Err(Broken::TooLarge(most)) => {
                return Err(CallError::needs_human(format!(
                    "The secrets don't fit into {most} bytes, max_message_bytes."
                )));
            }
            Err(Broken::Ended(how)) => {
                return Err(CallError::retry_later(format!("{name} did not start: it {how}.")));
            }
            Err(Broken::Nonsense(what)) => return Err(nonsense(&what)),
        };
        let hello = match Outcome::read(&line, id, &secrets).map_err(|what| nonsense(&what))? {
            Outcome::Done(answer) => answer.hello().map_err(|what| nonsense(&what))?,
            Outcome::Not(error) => return Err(error),
        };
        if hello.protocol != PROTOCOL {
            return Err(CallError::needs_human(format!(
                "{name} speaks version {} of the protocol, and this Latchkey speaks {PROTOCOL}.",
                hello.protocol
            )));
        }
        Ok(Running { process, hello, secrets })
    }
}

fn not_started(name: &str, error: &io::Error) -> CallError {
    let why = match error.kind() {
        io::ErrorKind::NotFound => "there is no such file, or the interpreter in its first line is missing".to_owned(),
        io::ErrorKind::PermissionDenied => "Latchkey's user may not execute it".to_owned(),
        _ => error.to_string(),
    };
    // A busy machine has room for another process again later; the rest stays as it is.
    match error.kind() {
        io::ErrorKind::WouldBlock | io::ErrorKind::OutOfMemory | io::ErrorKind::ExecutableFileBusy => {
            CallError::retry_later(format!("{name} can't be started: {why}."))
        }
        _ => CallError::needs_human(format!("{name} can't be started: {why}.")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_end() {
        let pauses: Vec<u64> = [1, 2, 3, 4, 8, 9, u32::MAX].map(|failures| pause(failures).as_secs()).to_vec();
        assert_eq!(pauses, [0, 1, 2, 4, 60, 60, 60]);
    }

    #[test]
    fn what_can_not_be_started_says_why() {
        let words = |kind: io::ErrorKind| not_started("The program /x", &kind.into());
        assert!(
            matches!(words(io::ErrorKind::NotFound), CallError::NeedsHuman { words } if words.contains("no such file"))
        );
        assert!(matches!(words(io::ErrorKind::WouldBlock), CallError::RetryLater { .. }));
    }
}
