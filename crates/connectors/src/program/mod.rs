//! Any program: one that the company writes itself, which reads calls from its standard input and answers on its standard output,
//! one JSON object a line. `docs/connectors/program.md` is the protocol; `examples/connectors/json_file.py` a whole program.
//!
//! - **One process** for each system, started when it is first needed and kept. Calls go to it one after the other.
//! - **No shell**, a clean environment, a process group of its own. Secrets go in the first message, never on the command line or into
//!   the environment.
//! - **A call whose process ends, hangs or talks nonsense** is a lost answer: the whole group is killed, the caller is told to try
//!   later, and the next call starts the program anew, after a pause that grows while it keeps failing.
//! - What the program writes to its standard error goes to the log, bounded and without its secrets.

mod answer;
mod connector;
mod keeper;
mod listing;
mod message;
mod process;
mod secrets;
mod settings;
mod stderr;

pub use connector::ProgramConnector;
pub use settings::ProgramSettings;

pub(crate) use {
    answer::{Hello, Outcome},
    message::{Call, PROTOCOL},
    process::Process,
    secrets::Secrets,
    settings::Checked,
};
