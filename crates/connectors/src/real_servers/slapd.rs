//! OpenLDAP's `slapd` with memberOf, referential integrity and password policy, in a folder of its own.

use std::{
    fs, io,
    path::{Path, PathBuf},
    process::Command,
};

use super::{
    process::{
        NotStarted, Running, User, free_port, own_certificate, own_folder, program, stop_left_behind, write_private,
    },
    seed,
};
use crate::{
    CallError, Secret,
    ldap::{Disabling, LdapSettings},
};

/// How to start a directory.
#[derive(Debug, Clone)]
pub struct SlapdOptions {
    /// Where its configuration and data are; made if it isn't there, kept if it is.
    pub dir: PathBuf,
    /// The port on 127.0.0.1; a free one if none is given.
    pub port: Option<u16>,
    /// The suffix: `dc=example,dc=test`.
    pub base_dn: String,
    /// The password of `cn=admin` and of `cn=latchkey`, both below the suffix.
    pub password: Secret,
    /// Whether what was written survives a power cut. Off in tests.
    pub durable: bool,
    /// PEM files of a certificate and its key: the directory then also offers StartTLS, and `ldaps://` on a second port.
    pub tls: Option<(PathBuf, PathBuf)>,
}

impl SlapdOptions {
    /// A durable directory without TLS on a free port.
    pub fn new(dir: impl Into<PathBuf>, base_dn: &str, password: Secret) -> Self {
        Self { dir: dir.into(), port: None, base_dn: base_dn.to_owned(), password, durable: true, tls: None }
    }
}

/// A directory that runs until this is dropped.
#[derive(Debug)]
pub struct Slapd {
    _running: Running,
    /// The port on 127.0.0.1.
    pub port: u16,
    /// The port for `ldaps://`, with TLS.
    pub tls_port: Option<u16>,
    base_dn: String,
    password: Secret,
}

impl Slapd {
    /// `ldap://127.0.0.1:port`
    #[must_use]
    pub fn url(&self) -> String {
        format!("ldap://127.0.0.1:{}", self.port)
    }

    /// A connection as the service account, which may write people and groups and nothing else. Accounts are disabled by the
    /// password policy.
    #[must_use]
    pub fn settings(&self) -> LdapSettings {
        let bind = format!("cn=latchkey,{}", self.base_dn);
        LdapSettings {
            disabling: Disabling::PasswordPolicy,
            ..LdapSettings::new(&self.url(), &bind, self.password.clone(), &self.base_dn)
        }
    }

    /// The DN of the administrator, whose password is the one from the options.
    #[must_use]
    pub fn admin_dn(&self) -> String {
        format!("cn=admin,{}", self.base_dn)
    }
}

/// Starts a directory and waits until it answers. Its suffix, `ou=people`, `ou=groups`, the service account and a password policy are
/// there afterwards.
///
/// # Errors
/// When `slapd` isn't installed, or doesn't come up.
pub async fn start_slapd(options: SlapdOptions) -> Result<Slapd, NotStarted> {
    let slapd =
        program("LATCHKEY_SLAPD_BIN", "slapd", &["/usr/sbin".into(), "/usr/local/sbin".into(), "/usr/libexec".into()]);
    let slapd = slapd.ok_or_else(|| NotStarted::Missing {
        words: "slapd, the OpenLDAP server, is not installed. On Debian and Ubuntu: apt install slapd ldap-utils."
            .to_owned(),
    })?;
    let place = |error: io::Error| {
        NotStarted::failed(format!("The directory's folder {} can't be used: {error}.", options.dir.display()))
    };
    fs::create_dir_all(&options.dir).map_err(place)?;
    let dir = options.dir.canonicalize().map_err(place)?;
    // Root hands slapd over to a user that can do less, if that user can get to the folder at all.
    let user = User::instead_of_root(&["openldap", "ldap", "nobody"]).filter(|user| user.reaches(&dir));
    let config = dir.join("slapd.conf");
    stop_left_behind(&dir.join("slapd.pid"), &config, "TERM");
    own_folder(&dir, user.as_ref()).and_then(|()| own_folder(&dir.join("db"), user.as_ref())).map_err(place)?;
    let tls = options
        .tls
        .as_ref()
        .map(|(certificate, key)| own_certificate(&dir, certificate, key, user.as_ref()))
        .transpose()
        .map_err(place)?;
    write_private(&config, &configuration(&options, &dir, tls.as_ref())?).map_err(place)?;
    if let Some(user) = &user {
        user.own(&config).map_err(place)?;
    }
    let mut attempt = 1;
    let (running, port, tls_port, admin) = loop {
        let port = options.port.map_or_else(free_port, Ok).map_err(place)?;
        let tls_port = options.tls.as_ref().map(|_| free_port()).transpose().map_err(place)?;
        let mut urls = format!("ldap://127.0.0.1:{port}");
        let admin = LdapSettings::new(
            &urls,
            &format!("cn=admin,{}", options.base_dn),
            options.password.clone(),
            &options.base_dn,
        );
        if let Some(port) = tls_port {
            urls.push_str(&format!(" ldaps://127.0.0.1:{port}"));
        }
        let mut command = Command::new(&slapd);
        // "none" keeps it in the foreground and logs what is always logged.
        command.arg("-f").arg(&config).args(["-h", &urls, "-d", "none"]).current_dir(&dir);
        if let Some(user) = &user {
            user.run(&mut command);
        }
        let mut running = Running::start("slapd", command, dir.join("slapd.log"), "TERM")?;
        match running.until(|| answers(&admin)).await {
            Ok(()) => break (running, port, tls_port, admin),
            // A free port may be taken by another program before we use it.
            Err(_) if options.port.is_none() && attempt < 3 => attempt += 1,
            Err(error) => return Err(error),
        }
    };
    seed::directory_frame(&admin)
        .await
        .map_err(|error| NotStarted::failed(format!("The new directory can't be filled. {error}")))?;
    Ok(Slapd { _running: running, port, tls_port, base_dn: options.base_dn, password: options.password })
}

async fn answers(admin: &LdapSettings) -> Result<(), String> {
    let session = crate::ldap::open(admin.clone()).map_err(|error| error.to_string())?;
    session.ldap().await.map(drop).map_err(|error: CallError| error.words().to_owned())
}

fn first_folder(candidates: &[&str]) -> Option<PathBuf> {
    candidates.iter().map(PathBuf::from).find(|folder| folder.is_dir())
}

fn configuration(options: &SlapdOptions, dir: &Path, tls: Option<&(PathBuf, PathBuf)>) -> Result<String, NotStarted> {
    let base = &options.base_dn;
    if base.chars().any(|c| c.is_control() || c == '"')
        || options.password.expose().chars().any(|c| c.is_control() || c == '"')
    {
        return Err(NotStarted::failed("The directory's suffix or password has quotes or control characters."));
    }
    let schema = first_folder(&["/etc/ldap/schema", "/etc/openldap/schema", "/usr/local/etc/openldap/schema"])
        .ok_or_else(|| NotStarted::Missing {
            words: "The OpenLDAP schema files are not installed. On Debian and Ubuntu: apt install slapd.".to_owned(),
        })?;
    let mut text = String::new();
    for name in ["core", "cosine", "inetorgperson", "nis", "ppolicy"] {
        let file = schema.join(format!("{name}.schema"));
        if file.is_file() {
            text.push_str(&format!("include {}\n", file.display()));
        }
    }
    let modules = ["/usr/lib/ldap", "/usr/lib64/openldap", "/usr/lib/openldap", "/usr/local/libexec/openldap"];
    if let Some(folder) = first_folder(&modules) {
        text.push_str(&format!(
            "modulepath {}\nmoduleload back_mdb\nmoduleload memberof\nmoduleload refint\nmoduleload ppolicy\n",
            folder.display()
        ));
    }
    if let Some((certificate, key)) = tls {
        text.push_str(&format!(
            "TLSCertificateFile {}\nTLSCertificateKeyFile {}\n",
            certificate.display(),
            key.display()
        ));
    }
    // Version 2.4 had the password policy's schema in a file, and didn't note when somebody signed in.
    let notes = if schema.join("ppolicy.schema").is_file() { "" } else { "lastbind on\n" };
    let dir = dir.display();
    let sync = if options.durable { "" } else { "dbnosync\n" };
    let password = options.password.expose();
    text.push_str(&format!(
        r#"pidfile {dir}/slapd.pid
argsfile {dir}/slapd.args
sizelimit 500
access to dn.base="" by * read
access to dn.base="cn=Subschema" by * read

database mdb
limits dn.exact="cn=latchkey,{base}" size.soft=500 size.prtotal=unlimited
{notes}suffix "{base}"
rootdn "cn=admin,{base}"
rootpw "{password}"
directory "{dir}/db"
maxsize 268435456
{sync}index objectClass,uid,cn,employeeNumber,member,uniqueMember,memberUid eq
access to attrs=userPassword by self write by anonymous auth by * none
access to dn.subtree="ou=people,{base}" by dn.exact="cn=latchkey,{base}" write by * read
access to dn.subtree="ou=groups,{base}" by dn.exact="cn=latchkey,{base}" write by * read
access to * by * read
overlay memberof
overlay refint
refint_attributes member uniqueMember
refint_nothing "cn=nobody,{base}"
overlay ppolicy
ppolicy_default "cn=default,ou=policies,{base}"
"#
    ));
    Ok(text)
}
