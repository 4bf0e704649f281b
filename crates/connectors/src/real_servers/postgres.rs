//! A PostgreSQL cluster in a folder of its own.

use std::{
    fs, io,
    path::{Path, PathBuf},
    process::Command,
};

use super::{
    process::{
        NotStarted, Running, User, free_port, own_certificate, own_folder, program, random_hex, stop_left_behind,
        write_private,
    },
    seed,
};
use crate::{CallError, Secret, postgresql::PostgresSettings};

/// How to start a cluster.
#[derive(Debug, Clone)]
pub struct PostgresOptions {
    /// Where its data is; made if it isn't there, kept if it is.
    pub dir: PathBuf,
    /// The port on 127.0.0.1; a free one if none is given.
    pub port: Option<u16>,
    /// The password of the superuser `postgres` and of `latchkey`. It must stay the same as long as the folder is kept.
    pub password: Secret,
    /// Whether what was written survives a power cut. Off in tests.
    pub durable: bool,
    /// PEM files of a certificate and its key: the server then offers TLS.
    pub tls: Option<(PathBuf, PathBuf)>,
}

impl PostgresOptions {
    /// A durable cluster without TLS on a free port.
    pub fn new(dir: impl Into<PathBuf>, password: Secret) -> Self {
        Self { dir: dir.into(), port: None, password, durable: true, tls: None }
    }
}

/// A cluster that runs until this is dropped.
#[derive(Debug)]
pub struct Postgres {
    _running: Running,
    /// The port on 127.0.0.1.
    pub port: u16,
    password: Secret,
}

impl Postgres {
    /// A connection as `latchkey`, which may manage roles and end their sessions, and is no superuser.
    #[must_use]
    pub fn settings(&self) -> PostgresSettings {
        PostgresSettings::new("127.0.0.1", self.port, "latchkey", Some(self.password.clone()))
    }

    /// A connection as the superuser.
    #[must_use]
    pub fn admin_settings(&self) -> PostgresSettings {
        PostgresSettings::new("127.0.0.1", self.port, "postgres", Some(self.password.clone()))
    }
}

/// Where the programs are; `LATCHKEY_POSTGRES_BIN` names another folder. Debian keeps each version in one: the newest is taken.
fn programs() -> Option<(PathBuf, PathBuf)> {
    let mut folders: Vec<PathBuf> = ["/usr/lib/postgresql", "/usr"]
        .iter()
        .filter_map(|folder| fs::read_dir(folder).ok())
        .flat_map(|folder| folder.flatten().map(|entry| entry.path().join("bin")))
        .filter(|folder| folder.join("initdb").is_file())
        .collect();
    let version = |folder: &PathBuf| {
        let name = folder
            .parent()
            .and_then(Path::file_name)
            .map(|name| name.to_string_lossy().into_owned())
            .unwrap_or_default();
        name.trim_start_matches(|c: char| !c.is_ascii_digit()).parse::<f32>().unwrap_or(0.0)
    };
    folders.sort_by(|one, other| version(other).total_cmp(&version(one)));
    let find = |name| program("LATCHKEY_POSTGRES_BIN", name, &folders);
    Some((find("initdb")?, find("postgres")?))
}

/// Starts a cluster and waits until it answers. The role `latchkey` is there afterwards, with the right to manage roles.
///
/// As root, PostgreSQL refuses to run: the server then belongs to the user `postgres`. Where that user can't get to the folder
/// (one below `/root`, say), the data is kept in the user's home, in a folder that the file `data-folder` names.
///
/// # Errors
/// When PostgreSQL isn't installed, or doesn't come up.
pub async fn start_postgres(options: PostgresOptions) -> Result<Postgres, NotStarted> {
    let (initdb, postgres) = programs().ok_or_else(|| NotStarted::Missing {
        words: "The PostgreSQL server is not installed. On Debian and Ubuntu: apt install postgresql.".to_owned(),
    })?;
    let place = |error: io::Error| {
        NotStarted::failed(format!("The cluster's folder {} can't be used: {error}.", options.dir.display()))
    };
    let user = User::instead_of_root(&["postgres", "nobody"]);
    let dir = folder(&options.dir, user.as_ref()).map_err(place)?;
    let data = dir.join("data");
    stop_left_behind(&data.join("postmaster.pid"), &data, "INT");
    own_folder(&dir, user.as_ref()).map_err(place)?;
    if !data.join("PG_VERSION").is_file() {
        initialise(&initdb, &options, &dir, &data, user.as_ref()).await?;
    }
    let tls = options
        .tls
        .as_ref()
        .map(|(certificate, key)| own_certificate(&dir, certificate, key, user.as_ref()))
        .transpose()
        .map_err(place)?;
    let mut attempt = 1;
    let (running, port, admin) = loop {
        let port = options.port.map_or_else(free_port, Ok).map_err(place)?;
        let mut command = Command::new(&postgres);
        command.arg("-D").arg(&data).args(["-p", &port.to_string()]).current_dir(&dir);
        let mut set = |setting: &str| {
            command.args(["-c", setting]);
        };
        set("listen_addresses=127.0.0.1");
        set("unix_socket_directories=");
        set("shared_buffers=16MB");
        set("max_connections=50");
        if !options.durable {
            set("fsync=off");
            set("full_page_writes=off");
        }
        if let Some((certificate, key)) = &tls {
            set("ssl=on");
            set(&format!("ssl_cert_file={}", certificate.display()));
            set(&format!("ssl_key_file={}", key.display()));
        }
        if let Some(user) = &user {
            user.run(&mut command);
        }
        let mut running = Running::start("PostgreSQL", command, dir.join("postgres.log"), "INT")?;
        let admin = PostgresSettings::new("127.0.0.1", port, "postgres", Some(options.password.clone()));
        match running.until(|| answers(&admin)).await {
            Ok(()) => break (running, port, admin),
            // A free port may be taken by another program before we use it.
            Err(_) if options.port.is_none() && attempt < 3 => attempt += 1,
            Err(error) => return Err(error),
        }
    };
    seed::manager(&admin, &options.password)
        .await
        .map_err(|error| NotStarted::failed(format!("The role latchkey can't be made. {error}")))?;
    Ok(Postgres { _running: running, port, password: options.password })
}

/// The folder itself, or the one in the user's home that stands for it.
fn folder(asked: &Path, user: Option<&User>) -> io::Result<PathBuf> {
    fs::create_dir_all(asked)?;
    let asked = asked.canonicalize()?;
    let Some(user) = user.filter(|user| !user.reaches(&asked)) else { return Ok(asked) };
    let pointer = asked.join("data-folder");
    let name = match fs::read_to_string(&pointer) {
        Ok(name) if !name.trim().is_empty() => name.trim().to_owned(),
        _ => {
            let name = user.home.join(format!("latchkey-{}", random_hex()?)).to_string_lossy().into_owned();
            fs::write(&pointer, format!("{name}\n"))?;
            name
        }
    };
    let folder = PathBuf::from(name);
    own_folder(&folder, Some(user))?;
    folder.canonicalize()
}

async fn initialise(
    initdb: &Path,
    options: &PostgresOptions,
    dir: &Path,
    data: &Path,
    user: Option<&User>,
) -> Result<(), NotStarted> {
    let failed = |words: String| NotStarted::failed(format!("initdb failed: {words}"));
    // A half-made cluster has no PG_VERSION at its top; initdb wants an empty folder.
    if data.exists() {
        fs::remove_dir_all(data).map_err(|error| failed(error.to_string()))?;
    }
    let password = dir.join("initial-password");
    write_private(&password, options.password.expose()).map_err(|error| failed(error.to_string()))?;
    let mut command = Command::new(initdb);
    command
        .arg("-D")
        .arg(data)
        .args(["-U", "postgres", "-A", "scram-sha-256", "-E", "UTF8", "--locale=C"])
        .current_dir(dir);
    command.arg("--pwfile").arg(&password);
    if !options.durable {
        command.arg("--no-sync");
    }
    if let Some(user) = user {
        user.own(&password).map_err(|error| failed(error.to_string()))?;
        user.run(&mut command);
    }
    let output = tokio::process::Command::from(command).output().await;
    let _ = fs::remove_file(&password);
    let output = output.map_err(|error| failed(error.to_string()))?;
    if output.status.success() {
        Ok(())
    } else {
        Err(failed(String::from_utf8_lossy(&output.stderr).trim().to_owned()))
    }
}

async fn answers(admin: &PostgresSettings) -> Result<(), String> {
    let session = crate::postgresql::open(admin.clone()).map_err(|error| error.to_string())?;
    session.run("SELECT 1", "Asking").await.map_err(|(_, error): (_, CallError)| error.words().to_owned())
}
