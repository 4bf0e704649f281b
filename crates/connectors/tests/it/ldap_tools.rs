//! A directory seen by OpenLDAP's own command line tools, and what the tests of directories share.

use std::{collections::BTreeSet, path::Path, process::Command};

use async_trait::async_trait;
use latchkey_connectors::{
    ConnectionSettings, Connector, EntitlementKind, EntitlementRef, Secret, build,
    ldap::{GroupStyle, LdapSettings},
    real_servers::{Slapd, SlapdOptions},
};

use crate::{contract::Probe, servers::PLANTED};

pub const BASE: &str = "dc=example,dc=test";

pub fn dn(name: &str) -> String {
    format!("cn={name},ou=groups,{BASE}")
}

pub fn group(name: &str) -> EntitlementRef {
    EntitlementRef::new(EntitlementKind::Group, dn(name))
}

pub fn connector(settings: LdapSettings) -> Box<dyn Connector> {
    build(ConnectionSettings::Ldap(settings)).unwrap()
}

pub fn options(dir: &Path) -> SlapdOptions {
    SlapdOptions { durable: false, ..SlapdOptions::new(dir.join("slapd"), BASE, Secret::new(PLANTED)) }
}

/// OpenLDAP's own command line tools, signed in as the directory's administrator.
pub struct Tools {
    pub url: String,
    pub admin: String,
    pub style: GroupStyle,
}

impl Tools {
    pub fn of(slapd: &Slapd) -> Self {
        Self { url: slapd.url(), admin: slapd.admin_dn(), style: GroupStyle::GroupOfNames }
    }

    pub fn run(&self, tool: &str, arguments: &[&str], input: &str) -> String {
        use std::{io::Write, process::Stdio};
        let mut child = Command::new(tool)
            .args(["-x", "-H", &self.url, "-D", &self.admin, "-w", PLANTED])
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{tool} is needed ({error}): apt install ldap-utils"));
        // Much input makes much output, which has to be read meanwhile.
        let (mut stdin, input) = (child.stdin.take().unwrap(), input.to_owned());
        let writing = std::thread::spawn(move || stdin.write_all(input.as_bytes()));
        let output = child.wait_with_output().unwrap();
        writing.join().unwrap().unwrap();
        assert!(output.status.success(), "{tool} {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// Values of one attribute, as ldapsearch prints them, one a line and base64 undone.
    pub fn values(&self, base: &str, scope: &str, filter: &str, attribute: &str) -> Vec<String> {
        let asked = if attribute == "dn" { "1.1" } else { attribute };
        let text = self.run("ldapsearch", &["-LLL", "-o", "ldif-wrap=no", "-b", base, "-s", scope, filter, asked], "");
        let value = |line: &str| {
            let (name, value) = line.split_once(':')?;
            if !name.eq_ignore_ascii_case(attribute) {
                return None;
            }
            Some(match value.strip_prefix(": ") {
                Some(encoded) => base64(encoded),
                None => value.trim_start().to_owned(),
            })
        };
        text.lines().filter_map(value).collect()
    }

    pub fn modify(&self, ldif: &str) {
        self.run("ldapmodify", &[], ldif);
    }
}

/// Undoes base64 with the coreutils program, to stay independent of what is tested.
pub fn base64(encoded: &str) -> String {
    use std::{io::Write, process::Stdio};
    let mut child = Command::new("base64").arg("-d").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(encoded.as_bytes()).unwrap();
    String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap()
}

/// An LDIF line, in base64 whatever the value is.
pub fn line(name: &str, value: &str) -> String {
    use std::{io::Write, process::Stdio};
    let mut child =
        Command::new("base64").args(["-w", "0"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(value.as_bytes()).unwrap();
    format!("{name}:: {}\n", String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap())
}

#[async_trait]
impl Probe for Tools {
    async fn members(&self, native: &str) -> BTreeSet<String> {
        let members = self.values(native, "base", "(objectClass=*)", self.style.member_attribute()).into_iter();
        let members = members.filter(|member| !member.starts_with("cn=nobody,"));
        match self.style {
            GroupStyle::PosixGroup => members.map(|uid| format!("uid={uid},ou=people,{BASE}")).collect(),
            _ => members.collect(),
        }
    }
    async fn accounts(&self, name: &str) -> Vec<String> {
        let escaped: String = name.bytes().map(|byte| format!("\\{byte:02x}")).collect();
        self.values(BASE, "sub", &format!("(uid={escaped})"), "dn")
    }
    async fn add_stranger(&self, name: &str) -> String {
        let dn = format!("uid={name},ou=people,{BASE}");
        self.run(
            "ldapadd",
            &[],
            &format!("dn: {dn}\nobjectClass: inetOrgPerson\nuid: {name}\ncn: Somebody\nsn: Else\n"),
        );
        dn
    }
    async fn add_member(&self, native_id: &str, native: &str) {
        let member = match self.style {
            GroupStyle::PosixGroup => native_id.split(['=', ',']).nth(1).unwrap(),
            _ => native_id,
        };
        let attribute = self.style.member_attribute();
        self.modify(&format!("dn: {native}\nchangetype: modify\nadd: {attribute}\n{}", line(attribute, member)));
    }
    async fn delete(&self, native_id: &str) {
        self.modify(&format!("{}changetype: delete\n", line("dn", native_id)));
    }
    async fn dump(&self, native_id: &str) -> String {
        self.run(
            "ldapsearch",
            &["-LLL", "-o", "ldif-wrap=no", "-b", native_id, "-s", "base", "(objectClass=*)", "*", "+"],
            "",
        )
    }
    async fn nest(&self, native: &str) -> BTreeSet<String> {
        // A posixGroup holds logins, and whatever has none can't be in it.
        if self.style == GroupStyle::PosixGroup {
            return BTreeSet::new();
        }
        let named = |what: &str| format!("{what}-of-{:?}", self.style).to_lowercase();
        let (inner, device) = (dn(&named("inner")), dn(&named("printer")));
        let group =
            format!("dn: {inner}\nobjectClass: groupOfNames\ncn: {}\nmember: cn=nobody,{BASE}\n\n", named("inner"));
        let printer = format!("dn: {device}\nobjectClass: device\ncn: {}\n\n", named("printer"));
        self.run("ldapadd", &[], &format!("{group}{printer}"));
        self.add_member(&inner, native).await;
        self.add_member(&device, native).await;
        BTreeSet::from([inner, device])
    }
    async fn rest(&self, native_id: &str) -> String {
        let own = ["employeeNumber", "entryCSN", "modifiersName", "modifyTimestamp"];
        let all = self.dump(native_id).await;
        let kept = |line: &&str| !own.contains(&line.split(':').next().unwrap_or_default());
        all.lines().filter(kept).collect::<Vec<_>>().join("\n")
    }
}
