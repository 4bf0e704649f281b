//! What can be typed.

use std::path::PathBuf;

use clap::{Parser, Subcommand};

/// What `--version` says.
const VERSION: &str =
    if cfg!(feature = "demo") { concat!(env!("CARGO_PKG_VERSION"), " with demo") } else { env!("CARGO_PKG_VERSION") };

/// A self-service access portal that a company hosts itself.
///
/// Settings come from `latchkey.toml` in the current folder, or from the file that `--settings` names, overridden by
/// `LATCHKEY_…` variables: `LATCHKEY_DATABASE_URL`, `LATCHKEY_PUBLIC_URL`, `LATCHKEY_OIDC__ISSUER` and so on.
#[derive(Debug, Parser)]
#[command(name = "latchkey", version = VERSION, verbatim_doc_comment)]
pub struct Args {
    /// Keep everything in one folder: the database, the key of the events, and `latchkey.toml` if there is one.
    /// `latchkey demo` keeps its data this way; the other commands work on it with the same option.
    #[arg(long, global = true, value_name = "DIR", env = "LATCHKEY_DATA")]
    pub data: Option<PathBuf>,
    /// The settings file.
    #[arg(long, global = true, value_name = "FILE", env = "LATCHKEY_SETTINGS")]
    pub settings: Option<PathBuf>,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serve the portal, and work: make the systems match what was decided.
    ///
    /// The database is set up or brought up to date first. On PostgreSQL any number of these may run; on SQLite exactly
    /// one process works, and a second one says so.
    Serve {
        /// Serve only; another process works.
        #[arg(long)]
        no_worker: bool,
    },
    /// Work only: make the systems match what was decided, end what has expired, send mail.
    Work,
    /// Run the demo company: a portal with its own sign-in and its own local systems.
    ///
    /// The first start sets up the company with some months of history; later starts go on from there. Remove the data
    /// folder to begin again. Ctrl-C stops everything that it started.
    #[cfg(feature = "demo")]
    Demo {
        /// The company's files: people.csv and catalog/. Without it, the demo company that this program was built with.
        #[arg(long, value_name = "DIR")]
        company: Option<PathBuf>,
    },
    /// Set up the database, or bring it up to date. Several may run at once: one works, the others wait.
    Migrate,
    /// Administrators.
    Admin {
        /// What to do.
        #[command(subcommand)]
        command: AdminCommand,
    },
    /// Write a copy of the SQLite database to FILE, while everything goes on.
    ///
    /// Keep the event key (`event_key_file`) apart from the copy: whoever has both could write events of their own. On
    /// PostgreSQL, use pg_dump.
    Backup {
        /// The file to write; it must not exist.
        file: PathBuf,
    },
    /// Put a backup in the place of the SQLite database.
    ///
    /// Stop the portal first. The database that is there is kept beside the new one, with `.before-restore` behind its
    /// name. Afterwards the workers only report what they would do, until an administrator confirms in the portal
    /// (Systems), or `latchkey restore --confirm` does on the host: what was decided since the backup is not in it, and
    /// the systems may be ahead of it. The log starts a new part that is linked to the old one.
    ///
    /// On PostgreSQL, restore with pg_restore and then run `latchkey restore --database-restored`.
    #[command(verbatim_doc_comment)]
    Restore(RestoreArgs),
    /// Bring in what others keep.
    Import {
        /// What to bring in.
        #[command(subcommand)]
        command: ImportCommand,
    },
    /// Programs that connect systems of one's own.
    Connector {
        /// What to do.
        #[command(subcommand)]
        command: ConnectorCommand,
    },
    /// Apply a catalog: the systems, policies and roles of DIR, all of it or nothing.
    ///
    /// What is not in the files any more is retired, never deleted. DIR holds policies.toml, systems/*.toml and
    /// roles/*.toml.
    Apply {
        /// The catalog's folder.
        dir: PathBuf,
        /// Say what would change, and write nothing.
        #[arg(long)]
        dry_run: bool,
    },
}

/// About administrators.
#[derive(Debug, Subcommand)]
pub enum AdminCommand {
    /// Make somebody administrator of the portal. This is how the first one comes to be.
    Add {
        /// The person's external id or e-mail address.
        person: String,
    },
}

/// What to bring in.
#[derive(Debug, Subcommand)]
pub enum ImportCommand {
    /// People from a CSV file, all of them or none. Who is not in the file stays as they are.
    People {
        /// The file.
        file: PathBuf,
        /// Say what would change, and write nothing.
        #[arg(long)]
        dry_run: bool,
    },
}

/// About programs that connect systems.
#[derive(Debug, Subcommand)]
pub enum ConnectorCommand {
    /// Test whether a program keeps to Latchkey's protocol (docs/connectors/program.md): each rule passes or fails, with words.
    ///
    /// It makes accounts on the program's target, whose names begin with latchkey-test-, and leaves them disabled: use a
    /// target for tests. The exit status is 0 when every rule is kept. No settings are read.
    Test(ConnectorTestArgs),
}

/// What to test.
#[derive(Debug, clap::Args)]
pub struct ConnectorTestArgs {
    /// The native name of an entitlement that exists on the target. Two are needed: give the option twice.
    #[arg(long, required = true, value_name = "NAME")]
    pub group: Vec<String>,
    /// What the two are: group, app-role or database-role.
    #[arg(long, default_value = "group")]
    pub kind: latchkey_connectors::EntitlementKind,
    /// A secret that the program is told, and the file that holds it. May be given more than once.
    #[arg(long, value_name = "NAME=FILE")]
    pub secret: Vec<String>,
    /// An environment variable that the program gets too. May be given more than once.
    #[arg(long, value_name = "NAME")]
    pub env: Vec<String>,
    /// How long a call may take, in seconds.
    #[arg(long, default_value_t = 10, value_name = "SECONDS")]
    pub timeout: u64,
    /// Test this rule alone.
    #[arg(long, value_name = "NAME")]
    pub rule: Option<String>,
    /// The program and its arguments.
    #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true, value_name = "PROGRAM")]
    pub program: Vec<String>,
}

/// What to restore.
#[derive(Debug, clap::Args)]
#[group(required = true, multiple = true)]
pub struct RestoreArgs {
    /// The backup to put in place.
    #[arg(conflicts_with_all = ["database_restored", "confirm"])]
    pub file: Option<PathBuf>,
    /// Go ahead although there is a database: it is kept with `.before-restore` behind its name.
    #[arg(long, requires = "file")]
    pub replace: bool,
    /// The database was restored by its own tools (pg_restore, a copied file): only report until somebody confirms.
    #[arg(long, conflicts_with = "confirm")]
    pub database_restored: bool,
    /// The restored state was looked at: act again.
    #[arg(long)]
    pub confirm: bool,
}
