//! Samba as an Active Directory domain controller, in a folder of its own: LDAP alone, reached through a Unix socket.
//!
//! It insists on port 389, so it gets a network of its own where that is allowed, and an address of its own on loopback elsewhere.

use std::{
    fs, io,
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use super::{
    bridge::Bridge,
    process::{NotStarted, Running, User, own_folder, program, write_private},
};
use crate::{
    CallError, Secret,
    ldap::{Directory, FirstSignIn, LdapSettings},
};

const SCRIPT: &str = include_str!("samba_dc.py");

/// How to start a domain controller.
#[derive(Debug, Clone)]
pub struct SambaOptions {
    /// Where its configuration and data are; made if it isn't there, kept if it is. Making it takes some ten seconds.
    pub dir: PathBuf,
    /// The domain: `ad.example.test`.
    pub domain: String,
    /// The password of `Administrator` and of `latchkey`. It has to have letters, digits and signs.
    pub password: Secret,
}

/// A domain controller that runs until this is dropped.
#[derive(Debug)]
pub struct Samba {
    _running: Running,
    bridge: Bridge,
    base_dn: String,
    password: Secret,
}

impl Samba {
    /// `ldap://127.0.0.1:port`
    #[must_use]
    pub fn url(&self) -> String {
        format!("ldap://127.0.0.1:{}", self.bridge.port)
    }

    /// The DN of the whole domain.
    #[must_use]
    pub fn base_dn(&self) -> &str {
        &self.base_dn
    }

    /// A connection as the service account, which may make and change people and change groups' members, and nothing else.
    #[must_use]
    pub fn settings(&self) -> LdapSettings {
        self.signed_in_as(&format!("CN=latchkey,OU=services,{}", self.base_dn))
    }

    /// A connection as the domain's administrator.
    #[must_use]
    pub fn admin_settings(&self) -> LdapSettings {
        self.signed_in_as(&format!("CN=Administrator,CN=Users,{}", self.base_dn))
    }

    fn signed_in_as(&self, bind_dn: &str) -> LdapSettings {
        LdapSettings {
            directory: Directory::ActiveDirectory,
            first_sign_in: FirstSignIn::SmartCard,
            people_ou: format!("OU=people,{}", self.base_dn),
            ..LdapSettings::new(&self.url(), bind_dn, self.password.clone(), &self.base_dn)
        }
    }
}

/// Who runs it, and where.
struct Place {
    user: Option<User>,
    python: PathBuf,
    /// Whether it gets a network and a root of its own, which are worth nothing outside.
    own_network: bool,
}

impl Place {
    fn find(dir: &Path) -> Result<Self, NotStarted> {
        let missing = || {
            NotStarted::Missing {
            words: "samba, the Active Directory domain controller, is not installed. On Debian and Ubuntu: apt install samba-ad-dc \
                    samba-ad-provision."
                .to_owned(),
        }
        };
        program("PATH", "samba", &["/usr/sbin".into()]).ok_or_else(missing)?;
        // Samba's modules belong to the system's Python.
        let python = PathBuf::from("/usr/bin/python3");
        let modules = Command::new(&python).args(["-c", "import samba.provision"]).output();
        modules.ok().filter(|done| done.status.success()).ok_or_else(missing)?;
        let root = User::instead_of_root(&["root"]).is_some();
        let user = User::instead_of_root(&["nobody"]).filter(|user| user.reaches(dir));
        let mut place = Self { user, python, own_network: true };
        let mut trial = Command::new("unshare");
        trial.args(["--map-root-user", "--net", "true"]).stderr(Stdio::null());
        place.as_user(&mut trial);
        if !trial.status().is_ok_and(|status| status.success()) {
            if !root {
                return Err(NotStarted::failed(
                    "Samba needs port 389, and so root, or a network of its own (unshare --map-root-user --net), which this system doesn't \
                     allow.",
                ));
            }
            place = Self { user: None, own_network: false, ..place };
        }
        Ok(place)
    }

    fn as_user(&self, command: &mut Command) {
        if let Some(user) = &self.user {
            user.run(command);
        }
    }

    fn command(&self, what: &str, dir: &Path, realm: &str) -> Command {
        let mut command = if self.own_network {
            let mut command = Command::new("unshare");
            command.args(["--map-root-user", "--net"]).arg(&self.python).env("LATCHKEY_OWN_NETWORK", "1");
            command
        } else {
            Command::new(&self.python)
        };
        command.args(["-c", SCRIPT, what]).arg(dir).arg(realm).current_dir(dir);
        command.env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
        // What it holds need not survive a power cut.
        command.env("TDB_NO_FSYNC", "1");
        self.as_user(&mut command);
        command
    }

    fn interface(&self) -> String {
        if self.own_network {
            return "lo".to_owned();
        }
        let [_, b, c, d] = std::process::id().to_be_bytes();
        format!("127.{}.{c}.{}/8", b | 0x80, d | 0x40)
    }
}

/// Starts a domain controller and waits until it answers. `OU=people`, `OU=groups` and the service account are there afterwards.
///
/// # Errors
/// When Samba isn't installed, or doesn't come up.
pub async fn start_samba(options: SambaOptions) -> Result<Samba, NotStarted> {
    let unusable = |error: io::Error| {
        NotStarted::failed(format!("The domain controller's folder {} can't be used: {error}.", options.dir.display()))
    };
    fs::create_dir_all(&options.dir).map_err(unusable)?;
    let dir = options.dir.canonicalize().map_err(unusable)?;
    let place = Place::find(&dir)?;
    own_folder(&dir, place.user.as_ref()).map_err(unusable)?;
    let realm = options.domain.to_uppercase();
    let complete = dir.join("complete");
    if !complete.exists() {
        make(&place, &dir, &realm, &options.password)?;
        write_private(&complete, "").map_err(unusable)?;
    }
    let config = dir.join("run.conf");
    write_private(&config, &configuration(&dir, &realm, &place.interface())).map_err(unusable)?;
    if let Some(user) = &place.user {
        user.own(&config).map_err(unusable)?;
    }
    let bridge = Bridge::to(dir.join("private/ldapi")).map_err(unusable)?;
    let command = place.command("run", &dir, &realm);
    let mut running = Running::start("samba", command, dir.join("samba.log"), "TERM")?;
    let labels: Vec<_> = options.domain.split('.').map(|label| format!("DC={label}")).collect();
    let base_dn = labels.join(",");
    let ready = LdapSettings {
        directory: Directory::ActiveDirectory,
        ..LdapSettings::new(
            &format!("ldap://127.0.0.1:{}", bridge.port),
            &format!("CN=latchkey,OU=services,{base_dn}"),
            options.password.clone(),
            &base_dn,
        )
    };
    running.until(|| answers(&ready)).await?;
    Ok(Samba { _running: running, bridge, base_dn, password: options.password })
}

async fn answers(settings: &LdapSettings) -> Result<(), String> {
    let session = crate::ldap::open(settings.clone()).map_err(|error| error.to_string())?;
    session.ldap().await.map(drop).map_err(|error: CallError| error.words().to_owned())
}

fn make(place: &Place, dir: &Path, realm: &str, password: &Secret) -> Result<(), NotStarted> {
    let failed = |words: String| NotStarted::failed(format!("The domain {realm} can't be made. {words}"));
    let mut child = place
        .command("make", dir, realm)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| failed(error.to_string()))?;
    if let Some(mut stdin) = child.stdin.take() {
        writeln!(stdin, "{}", password.expose()).map_err(|error| failed(error.to_string()))?;
    }
    let output = child.wait_with_output().map_err(|error| failed(error.to_string()))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let lines: Vec<_> = said.lines().collect();
    Err(failed(lines.get(lines.len().saturating_sub(3)..).unwrap_or_default().join(" / ")))
}

fn configuration(dir: &Path, realm: &str, interface: &str) -> String {
    let workgroup = realm.split('.').next().unwrap_or_default();
    let dir = dir.display();
    format!(
        "[global]
server role = active directory domain controller
server services = ldap
realm = {realm}
workgroup = {workgroup}
netbios name = DC1
interfaces = {interface}
bind interfaces only = yes
private dir = {dir}/private
state directory = {dir}/state
cache directory = {dir}/cache
lock directory = {dir}
pid directory = {dir}
ncalrpc dir = {dir}/ncalrpc
log file = {dir}/samba.log
tls enabled = no
ldap server require strong auth = no
"
    )
}
