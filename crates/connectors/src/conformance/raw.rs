//! Calls that no connector makes, each to a process of its own.

use tokio::time::timeout;

use super::Bench;
use crate::program::{Call, Hello, Outcome, Process, Secrets};

/// What the program says of itself.
pub(super) async fn hello(bench: &Bench<'_>) -> Result<Hello, String> {
    match Conversation::start(bench)?.greet().await? {
        Outcome::Done(answer) => answer.hello().map_err(|what| format!("the answer to hello {what}")),
        Outcome::Not(error) => Err(format!("hello: {}", error.words())),
    }
}

/// One call, after the greeting.
pub(super) async fn ask(bench: &Bench<'_>, call: &Call<'_>) -> Result<Outcome, String> {
    let mut conversation = Conversation::start(bench)?;
    conversation.greet().await?;
    conversation.ask(call).await
}

struct Conversation {
    settings: crate::program::Checked,
    secrets: Secrets,
    process: Process,
}

impl Conversation {
    fn start(bench: &Bench<'_>) -> Result<Self, String> {
        let settings = bench.subject.settings.clone().checked().map_err(|error| error.to_string())?;
        let secrets = Secrets::read(&settings.secrets)?;
        let process = Process::start(&settings, &secrets).map_err(|error| error.to_string())?;
        Ok(Self { settings, secrets, process })
    }

    async fn greet(&mut self) -> Result<Outcome, String> {
        let secrets = self.secrets.clone();
        let greeting = self.settings.greeting(&secrets);
        self.ask(&greeting).await
    }

    async fn ask(&mut self, call: &Call<'_>) -> Result<Outcome, String> {
        let asked = timeout(self.settings.timeout, self.process.ask(call)).await;
        let (id, line) = asked.map_err(|_| "no answer in time".to_owned())?.map_err(|broken| broken.to_string())?;
        Outcome::read(&line, id, &self.secrets).map_err(|what| format!("the answer {what}"))
    }
}
