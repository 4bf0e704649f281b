//! The systems that access is given on, and what their own tools say of them.

use std::{
    collections::BTreeMap,
    fs::Permissions,
    io::{Read, Write},
    net::TcpStream,
    os::unix::fs::PermissionsExt,
    process::{Command, Stdio},
    time::Duration,
};

use latchkey_connectors::{
    Secret,
    real_servers::{
        Postgres, PostgresOptions, Scim2, Scim2Options, Slapd, SlapdOptions, seed_directory, seed_roles,
        start_postgres, start_scim2, start_slapd,
    },
};
use serde_json::{Value, json};

use crate::company::natives;

/// Every system's password or token.
const PASSWORD: &str = "systems-of-the-killed";
const BASE: &str = "dc=example,dc=test";

/// An account as its system shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    pub external_id: String,
    pub login: String,
    pub enabled: bool,
}

/// What a system shows: its accounts, and the logins that hold each thing; a login that holds one twice is there twice.
#[derive(Debug)]
pub struct Shown {
    pub accounts: Vec<Account>,
    pub members: BTreeMap<String, Vec<String>>,
}

/// The running systems.
pub struct Systems {
    directory: Slapd,
    warehouse: Postgres,
    crm: Scim2,
    // Last, so that it goes when the servers have stopped.
    _folder: tempfile::TempDir,
}

impl Systems {
    /// Starts them, with what there is to be granted on each.
    pub async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        // As root, servers run as users of their own, who must get through.
        std::fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).unwrap();
        let path = |name: &str| folder.path().join(name);
        let password = || Secret::new(PASSWORD);
        let slapd = SlapdOptions { durable: false, ..SlapdOptions::new(path("directory"), BASE, password()) };
        let cluster = PostgresOptions { durable: false, ..PostgresOptions::new(path("warehouse"), password()) };
        std::fs::create_dir(path("crm")).unwrap();
        let scim = Scim2Options { dir: path("crm"), port: None, token: password() };
        let (directory, warehouse, crm) = tokio::join!(start_slapd(slapd), start_postgres(cluster), start_scim2(scim));
        let systems =
            Self { directory: directory.unwrap(), warehouse: warehouse.unwrap(), crm: crm.unwrap(), _folder: folder };
        let described = |system: &str| natives(system).into_iter().map(|native| (native, "")).collect::<Vec<_>>();
        seed_directory(&systems.directory.settings(), &described("directory")).await.unwrap();
        seed_roles(&systems.warehouse.settings(), &described("warehouse")).await.unwrap();
        for group in natives("crm") {
            let body = json!({ "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "displayName": group });
            systems.scim("POST", "/v2/Groups", &body.to_string());
        }
        systems
    }

    /// How the program reaches them, as a settings file says it. The password stands in the variable `SYSTEMS_PASSWORD`.
    pub fn connections(&self) -> String {
        format!(
            "[connection.directory]\nkind = \"ldap\"\nurl = \"{}\"\nbind_dn = \"cn=latchkey,{BASE}\"\npassword_env = \"SYSTEMS_PASSWORD\"\n\
             base_dn = \"{BASE}\"\npeople_ou = \"ou=people,{BASE}\"\ndisabling = \"password-policy\"\ntimeout_seconds = 2\n\
             [connection.warehouse]\nkind = \"postgresql\"\nhost = \"127.0.0.1\"\nport = {}\nuser = \"latchkey\"\n\
             password_env = \"SYSTEMS_PASSWORD\"\ntimeout_seconds = 2\n\
             [connection.crm]\nkind = \"scim\"\nbase_url = \"{}\"\ntoken_env = \"SYSTEMS_PASSWORD\"\ntimeout_seconds = 2\n",
            self.directory.url(),
            self.warehouse.port,
            self.crm.base_url()
        )
    }

    /// The value of the variable that [`Self::connections`] names.
    pub const fn password() -> &'static str {
        PASSWORD
    }

    /// What a system shows.
    pub fn shown(&self, system: &str) -> Shown {
        let mut shown = match system {
            "directory" => self.shown_by_directory(),
            "warehouse" => self.shown_by_warehouse(),
            _ => self.shown_by_crm(),
        };
        shown.accounts.sort_by(|a, b| a.login.cmp(&b.login));
        shown.members.values_mut().for_each(|members| members.sort());
        shown
    }

    fn shown_by_directory(&self) -> Shown {
        let entries =
            self.ldapsearch("(objectClass=inetOrgPerson)", &["uid", "employeeNumber", "pwdAccountLockedTime"]);
        let only = |entry: &Entry, name: &str| entry.get(name).and_then(|all| all.first()).cloned().unwrap_or_default();
        let accounts = entries.iter().map(|entry| Account {
            external_id: only(entry, "employeeNumber"),
            login: only(entry, "uid"),
            enabled: !entry.contains_key("pwdAccountLockedTime"),
        });
        let login = |dn: &String| dn.strip_prefix("uid=").and_then(|rest| rest.split(',').next()).map(str::to_owned);
        let members = natives("directory").into_iter().map(|dn| {
            let name = dn.split(',').next().unwrap();
            let group = self.ldapsearch(&format!("({name})"), &["member"]).into_iter().next().unwrap();
            (dn.to_owned(), group.get("member").into_iter().flatten().filter_map(login).collect())
        });
        Shown { accounts: accounts.collect(), members: members.collect() }
    }

    fn ldapsearch(&self, filter: &str, attributes: &[&str]) -> Vec<Entry> {
        let mut command = Command::new("ldapsearch");
        command.args(["-x", "-LLL", "-o", "ldif-wrap=no", "-H", &self.directory.url(), "-w", PASSWORD]);
        command.args(["-D", &self.directory.admin_dn(), "-b", BASE, filter]).args(attributes);
        let text = output(command, "");
        let entries = text.split("\n\n").filter(|entry| !entry.trim().is_empty());
        entries
            .map(|entry| {
                let mut found = Entry::new();
                for (name, value) in entry.lines().filter_map(|line| line.split_once(": ")) {
                    found.entry(name.to_owned()).or_default().push(value.to_owned());
                }
                found
            })
            .collect()
    }

    fn shown_by_warehouse(&self) -> Shown {
        let accounts = self.psql(
            "SELECT split_part(shobj_description(oid, 'pg_authid'), 'latchkey:', 2), rolname, rolcanlogin FROM pg_roles \
             WHERE shobj_description(oid, 'pg_authid') LIKE 'latchkey:%' OR rolname LIKE 'worker%'",
        );
        let accounts = accounts.into_iter().map(|row| Account {
            external_id: row[0].clone(),
            login: row[1].clone(),
            enabled: row[2] == "t",
        });
        let members = natives("warehouse").into_iter().map(|native| {
            // Who granted manages the role and may be a member of it; that is no holder.
            let rows = self.psql(&format!(
                "SELECT u.rolname FROM pg_auth_members m JOIN pg_roles g ON g.oid = m.roleid JOIN pg_roles u ON u.oid = m.member \
                 WHERE g.rolname = '{native}' AND u.rolname NOT IN ('latchkey', 'postgres')"
            ));
            (native.to_owned(), rows.into_iter().map(|row| row[0].clone()).collect())
        });
        Shown { accounts: accounts.collect(), members: members.collect() }
    }

    fn psql(&self, sql: &str) -> Vec<Vec<String>> {
        let mut command = Command::new("psql");
        command.args(["-X", "-A", "-t", "-q", "-F", "|", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1"]);
        command.args(["-p", &self.warehouse.port.to_string(), "-U", "postgres", "-d", "postgres", "-f", "-"]);
        command.env("PGPASSWORD", PASSWORD);
        output(command, sql).lines().map(|line| line.split('|').map(str::to_owned).collect()).collect()
    }

    fn shown_by_crm(&self) -> Shown {
        let text = |value: &Value, name: &str| value[name].as_str().unwrap_or_default().to_owned();
        let users = self.list("Users");
        let login = |id: &str| {
            let user = users.iter().find(|user| user["id"] == id);
            user.map_or_else(|| format!("nobody's {id}"), |user| text(user, "userName"))
        };
        let accounts = users.iter().map(|user| Account {
            external_id: text(user, "externalId"),
            login: text(user, "userName"),
            enabled: user["active"] == true,
        });
        let members = self.list("Groups").into_iter().map(|group| {
            let members = group["members"].as_array().cloned().unwrap_or_default();
            (text(&group, "displayName"), members.iter().map(|member| login(&text(member, "value"))).collect())
        });
        Shown { accounts: accounts.collect(), members: members.collect() }
    }

    fn list(&self, resource: &str) -> Vec<Value> {
        let list: Value = serde_json::from_str(&self.scim("GET", &format!("/v2/{resource}?count=1000"), "")).unwrap();
        list["Resources"].as_array().cloned().unwrap_or_default()
    }

    /// One request by hand; HTTP/1.0, so that the answer comes in one piece.
    fn scim(&self, method: &str, path: &str, body: &str) -> String {
        let mut stream = TcpStream::connect(("127.0.0.1", self.crm.port)).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        let length = body.len();
        write!(
            stream,
            "{method} {path} HTTP/1.0\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {PASSWORD}\r\n\
             Content-Type: application/scim+json\r\nContent-Length: {length}\r\n\r\n{body}"
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.split(' ').nth(1).is_some_and(|status| status.starts_with('2')), "{method} {path}: {answer}");
        body.to_owned()
    }
}

type Entry = BTreeMap<String, Vec<String>>;

fn output(mut command: Command, input: &str) -> String {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap_or_else(|error| panic!("{command:?} is needed: {error}"));
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}
