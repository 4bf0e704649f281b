//! The command line. Each command reads the same settings; a wrong one stops it with a message that names it.

mod admin;
pub mod apply;
mod args;
mod backup;
mod connector;
mod failure;
mod import;
pub mod lock;
mod migrate;
pub mod open;
pub mod place;
mod restore;

use std::process::ExitCode;

use clap::Parser;
use tokio::runtime::{Builder, Runtime};

pub use failure::Failure;

use crate::{observe::logs, serve, settings::Purpose, worker};
use args::{AdminCommand, Args, Command, ConnectorCommand, ImportCommand};
use place::Place;

/// Runs the command that the process was started with.
#[must_use]
pub fn run() -> ExitCode {
    // Clap answers wrong usage itself, with exit status 2.
    let args = Args::parse();
    match dispatch(args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("{failure}");
            ExitCode::FAILURE
        }
    }
}

fn dispatch(args: Args) -> Result<(), Failure> {
    let place = Place { data: args.data, file: args.settings };
    match args.command {
        Command::Serve { no_worker } => {
            let settings = place.settings(Purpose::Serve)?;
            logs::start(&settings.log)?;
            runtime()?.block_on(serve::run(settings, !no_worker))
        }
        Command::Work => {
            let settings = place.settings(Purpose::Work)?;
            logs::start(&settings.log)?;
            runtime()?.block_on(worker::run(settings))
        }
        #[cfg(feature = "demo")]
        Command::Demo { company } => runtime()?.block_on(crate::demo::run(&place, company)),
        Command::Migrate => on_data(&place, migrate::migrate),
        Command::Admin { command: AdminCommand::Add { person } } => {
            on_data(&place, async |settings| admin::add(settings, &person).await)
        }
        Command::Backup { file } => on_data(&place, async |settings| backup::backup(settings, &file).await),
        Command::Restore(what) => on_data(&place, async |settings| restore::restore(settings, &what).await),
        Command::Import { command: ImportCommand::People { file, dry_run } } => {
            on_data(&place, async |settings| import::people(settings, &file, dry_run).await)
        }
        Command::Connector { command: ConnectorCommand::Test(args) } => {
            logs::start_quiet();
            runtime()?.block_on(connector::test(args))
        }
        Command::Apply { dir, dry_run } => {
            on_data(&place, async |settings| apply::apply(settings, &dir, dry_run).await)
        }
    }
}

/// A command that works on the data and then ends.
fn on_data(
    place: &Place,
    command: impl AsyncFnOnce(crate::settings::Settings) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let settings = place.settings(Purpose::Data)?;
    logs::start_quiet();
    runtime()?.block_on(command(settings))
}

/// As many threads as the machine has cores.
fn runtime() -> Result<Runtime, Failure> {
    Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::new(format!("The program can't start its threads: {error}.")))
}
