//! What the demo keeps in its data folder: secrets, and settings that the other commands read with `--data`.

use std::{
    fs, io,
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
};

use url::Url;

use super::{
    on_call::{SECRETS, SOURCE},
    ports::Ports,
    systems::Systems,
};
use crate::{
    cli::{
        Failure,
        place::{kept_key, make_private_folder, write_private},
    },
    settings::Secret,
};

/// The demo's data folder.
#[derive(Debug, Clone)]
pub struct Folder(PathBuf);

impl Folder {
    /// Makes the folder, or opens it.
    ///
    /// # Errors
    /// When it can't be made.
    pub fn open(path: &Path) -> Result<Self, Failure> {
        let failed = |error: io::Error| Failure::file("Making the data folder", path, &error);
        let folder = make_private_folder(path).map_err(failed)?;
        // For root, the local servers run as users of their own and have to get through to their folders. Every file in it is
        // its owner's alone all the same.
        if fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0) {
            fs::set_permissions(&folder, fs::Permissions::from_mode(0o711)).map_err(failed)?;
        }
        Ok(Self(folder))
    }

    /// A file or folder in it.
    #[must_use]
    pub fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// A secret that is made once and kept.
    ///
    /// # Errors
    /// When it can't be read or written.
    pub fn secret(&self, name: &str) -> Result<Secret, Failure> {
        let file = self.path(name);
        kept_key(&file)
            .and_then(|()| fs::read_to_string(&file))
            .map(|text| Secret::new(text.trim()))
            .map_err(|error| Failure::file("Keeping the secret", &file, &error))
    }

    /// The database file.
    #[must_use]
    pub fn database(&self) -> PathBuf {
        self.path("latchkey.db")
    }

    /// Where the history is written: in memory where the system has a place for that, since nothing of it has to survive a
    /// power cut before it is whole.
    ///
    /// # Errors
    /// When the folder can't be made.
    pub fn workshop(&self) -> Result<PathBuf, Failure> {
        let memory = Path::new("/dev/shm");
        let name = format!("latchkey-demo-{}", std::process::id());
        let place = if memory.is_dir() { memory.join(name) } else { self.path(&name) };
        make_private_folder(&place).map_err(|error| Failure::file("Making the folder", &place, &error))
    }

    /// Puts the finished database in its place.
    ///
    /// # Errors
    /// When that can't be done.
    pub fn take_database(&self, new: &Path) -> Result<(), Failure> {
        let file = self.database();
        fs::set_permissions(new, fs::Permissions::from_mode(0o600))
            .and_then(|()| fs::rename(new, &file))
            .map_err(|error| Failure::file("Putting in place", &file, &error))
    }

    /// The demo was set up to its end.
    #[must_use]
    pub fn is_set_up(&self) -> bool {
        self.path("set-up").is_file()
    }

    /// Notes that the demo is set up to its end.
    ///
    /// # Errors
    /// When that can't be written.
    pub fn note_set_up(&self) -> Result<(), Failure> {
        let file = self.path("set-up");
        write_private(&file, "The demo company is set up. Remove the whole folder to begin again.\n")
            .map_err(|error| Failure::file("Writing", &file, &error))
    }

    /// Removes what a set-up that was broken off left behind. The local systems stay: their accounts are found again.
    ///
    /// # Errors
    /// When it can't be removed.
    pub fn begin_again(&self) -> Result<(), Failure> {
        for name in ["latchkey.db", "latchkey.db-wal", "latchkey.db-shm", "latchkey.db.new", "applications.json"] {
            let file = self.path(name);
            match fs::remove_file(&file) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(Failure::file("Removing", &file, &error));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Writes `latchkey.toml`: the same settings that a customer writes.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn write_settings(&self, ports: Ports, company: &str, systems: &Systems) -> Result<(), Failure> {
        let mut text = format!(
            "# Written by `latchkey demo` at each start. Other commands read it with --data {}.\n\
             database_url = {}\n\
             event_key_file = \"event.key\"\n\
             public_url = \"http://localhost:{}\"\n\
             listen = \"127.0.0.1:{}\"\n\n\
             [company]\nname = {}\ntime_zone = \"Europe/London\"\n\n\
             [session]\nidle = \"8h\"\nabsolute = \"12h\"\n\n\
             [oidc]\nissuer = \"http://localhost:{}\"\nclient_id = \"{CLIENT_ID}\"\nclient_secret_file = \"client.secret\"\n\
             bind = {{ claim = \"employee_number\", attribute = \"external_id\" }}\n\
             mfa = [{{ claim = \"amr\", values = [\"mfa\"] }}]\nstep_up = {{ acr_values = [\"urn:latchkey:demo:mfa\"] }}\n",
            self.0.display(),
            quoted(&format!("sqlite:{}", self.database().display())),
            ports.portal,
            ports.portal,
            quoted(company),
            ports.identity_provider,
        );
        text.push_str(&format!("\n[call_in.{SOURCE}]\nsecrets_file = \"{SECRETS}\"\n"));
        for (key, table) in systems.tables() {
            text.push_str(&format!("\n[connection.{key}]\n{table}"));
        }
        let file = self.path("latchkey.toml");
        write_private(&file, &text).map_err(|error| Failure::file("Writing the settings", &file, &error))
    }
}

/// The portal's name at the demo's provider.
pub const CLIENT_ID: &str = "latchkey-demo";

/// A string as TOML writes it.
fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

/// An address on this machine.
///
/// # Errors
/// Never for a port; the type wants it.
pub fn localhost(port: u16) -> Result<Url, Failure> {
    Url::parse(&format!("http://localhost:{port}"))
        .map_err(|error| Failure::new(format!("The port {port} makes no address: {error}.")))
}
