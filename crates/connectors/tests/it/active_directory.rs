//! The LDAP connector against Samba's Active Directory domain controller, seen by ldapsearch.

use std::{collections::BTreeSet, fmt::Write as _, process::Command};

use async_trait::async_trait;
use latchkey_connectors::{
    AccountState, Change, EntitlementKind, EntitlementRef, Holder, Lookup, Secret, SystemKind,
    ldap::{FirstSignIn, GroupStyle, LdapSettings},
    real_servers::{Samba, SambaOptions, seed_directory, start_samba},
};

use crate::{
    contract::{Bench, Probe, keeps_the_contract, needs_human, ours, refused, spec},
    contract_listing::can_be_listed,
    ldap_tools::{Tools, connector, line},
    servers::{PLANTED, a_moment_ago, folder},
};

const DOMAIN: &str = "ad.example.test";

fn options(dir: &std::path::Path) -> SambaOptions {
    SambaOptions { dir: dir.join("samba"), domain: DOMAIN.to_owned(), password: Secret::new(PLANTED) }
}

/// OpenLDAP's tools, signed in as the domain's administrator.
struct Domain {
    tools: Tools,
    base: String,
}

impl Domain {
    fn of(samba: &Samba) -> Self {
        let admin = samba.admin_settings().bind_dn;
        Self { tools: Tools { url: samba.url(), admin, style: GroupStyle::Group }, base: samba.base_dn().to_owned() }
    }

    fn group(&self, name: &str) -> EntitlementRef {
        EntitlementRef::new(EntitlementKind::Group, format!("CN={name},OU=groups,{}", self.base))
    }

    fn person(&self, name: &str) -> String {
        format!("CN={name},OU=people,{}", self.base)
    }

    fn value(&self, dn: &str, attribute: &str) -> String {
        self.tools.values(dn, "base", "(objectClass=*)", attribute).join(" ")
    }

    fn replace(&self, dn: &str, attribute: &str, value: &str) {
        self.tools.modify(&format!("dn: {dn}\nchangetype: modify\nreplace: {attribute}\n{}", line(attribute, value)));
    }

    /// Whether somebody can sign in with the password, by a simple bind.
    fn signs_in(&self, dn: &str, password: &str) -> bool {
        let mut search = Command::new("ldapsearch");
        search.args(["-x", "-H", &self.tools.url, "-D", dn, "-w", password, "-b", dn, "-s", "base"]);
        search.output().unwrap().status.success()
    }

    /// Gives a password, as an administrator does; the directory takes it in quotes and UTF-16.
    fn set_password(&self, dn: &str, password: &str) {
        let bytes: Vec<u8> = format!("\"{password}\"").encode_utf16().flat_map(u16::to_le_bytes).collect();
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), bytes).unwrap();
        let path = file.path().display();
        self.tools.modify(&format!("dn: {dn}\nchangetype: modify\nreplace: unicodePwd\nunicodePwd:< file://{path}\n"));
    }
}

#[async_trait]
impl Probe for Domain {
    async fn members(&self, native: &str) -> BTreeSet<String> {
        self.tools.values(native, "base", "(objectClass=*)", "member").into_iter().collect()
    }
    async fn accounts(&self, name: &str) -> Vec<String> {
        let escaped: String = name.bytes().map(|byte| format!("\\{byte:02x}")).collect();
        self.tools.values(&self.base, "sub", &format!("(sAMAccountName={escaped})"), "dn")
    }
    async fn add_stranger(&self, name: &str) -> String {
        let dn = self.person(name);
        let account = format!("dn: {dn}\nobjectClass: user\nsAMAccountName: {name}\nuserAccountControl: 512\n");
        self.tools.run("ldapadd", &[], &account);
        dn
    }
    async fn add_member(&self, native_id: &str, native: &str) {
        let change = format!("changetype: modify\nadd: member\n{}", line("member", native_id));
        self.tools.modify(&format!("{}{change}", line("dn", native)));
    }
    async fn delete(&self, native_id: &str) {
        self.tools.modify(&format!("{}changetype: delete\n", line("dn", native_id)));
    }
    async fn dump(&self, native_id: &str) -> String {
        let base = ["-LLL", "-o", "ldif-wrap=no", "-b", native_id, "-s", "base", "(objectClass=*)"];
        self.tools.run("ldapsearch", &base, "")
    }
    async fn nest(&self, native: &str) -> BTreeSet<String> {
        let (group, contact) = (self.group("inner").native, self.group("A supplier").native);
        self.tools.run("ldapadd", &[], &format!("dn: {group}\nobjectClass: group\nsAMAccountName: inner\n"));
        self.tools.run("ldapadd", &[], &format!("dn: {contact}\nobjectClass: contact\n"));
        self.add_member(&group, native).await;
        self.add_member(&contact, native).await;
        BTreeSet::from([group, contact])
    }
    async fn rest(&self, native_id: &str) -> String {
        let own = ["employeeNumber", "uSNChanged", "whenChanged"];
        let all = self.dump(native_id).await;
        let kept = |line: &&str| !own.contains(&line.split(':').next().unwrap_or_default());
        all.lines().filter(kept).collect::<Vec<_>>().join("\n")
    }
    fn refuses(&self, name: &str) -> bool {
        name.chars().any(|c| "\"/\\[]:;|=,+*?<>@".contains(c))
    }
}

/// One domain for all of it: making one takes some ten seconds.
#[tokio::test]
async fn promise_09_a_real_domain_keeps_the_contract_and_its_own_rules() {
    let dir = folder();
    let samba = start_samba(options(dir.path())).await.unwrap();
    let domain = Domain::of(&samba);
    seed_directory(&samba.admin_settings(), &[(&domain.group("vpn").native, "VPN")]).await.unwrap();
    assert!(connector(samba.settings()).check().await.unwrap().product.contains("Samba"));
    passwords(&samba, &domain).await;
    bits(&samba, &domain).await;
    names(&samba, &domain).await;
    what_the_domain_needs(&samba, &domain).await;
    long_groups(&samba, &domain).await;
    adopting(&samba, &domain).await;
    contract(&samba, &domain).await;
}

async fn contract(samba: &Samba, domain: &Domain) {
    let (one, two) = (domain.group("one"), domain.group("two\\, \\\"and\\\" *(\\#3)"));
    let groups = [(one.native.as_str(), "One"), (two.native.as_str(), "")];
    seed_directory(&samba.admin_settings(), &groups).await.unwrap();
    let connector = connector(LdapSettings { page_size: 3, ..samba.settings() });
    assert_eq!(connector.kind(), SystemKind::Ldap);
    let bench = Bench {
        connector: connector.as_ref(),
        probe: domain,
        entitlements: [one, two],
        missing: domain.group("no-such-group"),
        foreign: Some(EntitlementKind::DatabaseRole),
        tag: "c.",
        pages: 3,
    };
    keeps_the_contract(&bench).await;
    can_be_listed(&bench).await;
}

/// Nobody gets in without a password, and none is invented.
async fn passwords(samba: &Samba, domain: &Domain) {
    let by_hand = connector(LdapSettings { first_sign_in: FirstSignIn::Password, ..samba.settings() });
    let wanted = spec("E1", "mara.lind");
    let words = needs_human(by_hand.create(&wanted).await);
    assert!(words.contains("disabled") && words.contains("first password"), "{words}");
    let made = by_hand.create(&wanted).await.unwrap();
    assert_eq!((made.state, made.native_id.as_str()), (AccountState::Disabled, domain.person("mara.lind").as_str()));
    let mara = made.native_id;
    assert_eq!(domain.value(&mara, "userAccountControl"), "514");
    assert_eq!(domain.value(&mara, "userPrincipalName"), format!("mara.lind@{DOMAIN}"));
    by_hand.grant(&mara, &domain.group("vpn")).await.unwrap();
    assert_eq!(
        domain.value(&mara, "memberOf"),
        domain.group("vpn").native,
        "what it holds is there before its first day"
    );

    domain.set_password(&mara, "M4ra-knows-it");
    assert!(!domain.signs_in(&mara, "M4ra-knows-it"), "still disabled");
    let line = || async {
        by_hand.accounts(&|_| {}).await.unwrap().into_iter().find(|line| line.name == "mara.lind").unwrap()
    };
    assert_eq!(line().await.last_used_at, None);
    assert_eq!(by_hand.set_state(&mara, AccountState::Enabled).await.unwrap(), Change::Made);
    assert!(domain.signs_in(&mara, "M4ra-knows-it"));
    assert!(a_moment_ago(line().await.last_used_at.unwrap()));
    by_hand.set_state(&mara, AccountState::Disabled).await.unwrap();
    assert!(!domain.signs_in(&mara, "M4ra-knows-it"), "a disabled account can't sign in");

    // With a smart card alone: enabled at once, and no password opens it.
    let by_card = connector(samba.settings());
    let card = by_card.create(&spec("E2", "card")).await.unwrap();
    assert_eq!(card.state, AccountState::Enabled);
    assert_eq!(domain.value(&card.native_id, "userAccountControl"), "262656");
}

/// Enabling and disabling change one bit, and never open an account that needs no password.
async fn bits(samba: &Samba, domain: &Domain) {
    let directory = connector(samba.settings());
    let account = domain.person("mara.lind");
    // Its password doesn't expire, and it isn't delegated.
    domain.replace(&account, "userAccountControl", &(0x200 | 0x1_0000 | 0x10_0000).to_string());
    for state in [AccountState::Disabled, AccountState::Enabled, AccountState::Disabled] {
        assert_eq!(directory.set_state(&account, state).await.unwrap(), Change::Made);
        let bit = if state == AccountState::Disabled { 2 } else { 0 };
        assert_eq!(domain.value(&account, "userAccountControl"), (0x200 | 0x1_0000 | 0x10_0000 | bit).to_string());
        assert_eq!(directory.set_state(&account, state).await.unwrap(), Change::AlreadySo);
    }
    let open = domain.add_stranger("open").await;
    domain.replace(&open, "userAccountControl", "546");
    let words = needs_human(directory.set_state(&open, AccountState::Enabled).await);
    assert!(words.contains("PASSWD_NOTREQD"), "{words}");
    assert_eq!(domain.value(&open, "userAccountControl"), "546");
}

/// Names that change, and names that are taken.
async fn names(samba: &Samba, domain: &Domain) {
    let directory = connector(samba.settings());
    let account = directory.create(&spec("E3", "old.name")).await.unwrap().native_id;
    directory.grant(&account, &domain.group("vpn")).await.unwrap();
    domain.tools.run("ldapmodrdn", &["-r", &account, "CN=new.name"], "");
    let renamed = domain.person("new.name");
    domain.replace(&renamed, "sAMAccountName", "new.name");
    domain.replace(&renamed, "userPrincipalName", &format!("new.name@{DOMAIN}"));
    domain.add_stranger("old.name").await;
    let mut known = spec("E3", "old.name");
    known.native_id = Some(account);
    let found = ours(directory.find(&known, &[domain.group("vpn")]).await.unwrap());
    assert_eq!((found.native_id, found.name.as_str(), found.held.len()), (renamed.clone(), "new.name", 1));
    let holders = directory.holders(&domain.group("vpn"), &|_| {}).await.unwrap();
    assert!(holders.contains(&Holder::Account(renamed)), "{holders:?}");

    // Somebody signs in by that name already, though not by that login.
    let other = domain.add_stranger("other").await;
    domain.replace(&other, "userPrincipalName", &format!("taken@{DOMAIN}"));
    assert!(matches!(directory.find(&spec("E4", "taken"), &[]).await.unwrap(), Lookup::Stranger { .. }));
    assert!(needs_human(directory.create(&spec("E4", "taken")).await).contains("in use"));
    assert!(refused(directory.create(&spec("E4", "twenty.one.characters")).await).contains("20 characters"));
    // A group's login is taken as well.
    domain.tools.run(
        "ldapadd",
        &[],
        &format!("dn: {}\nobjectClass: group\nsAMAccountName: crew\n", domain.group("crew").native),
    );
    assert!(needs_human(directory.create(&spec("E5", "crew")).await).contains("in use"));
}

/// The accounts that came with the domain are nobody's to manage.
async fn what_the_domain_needs(samba: &Samba, domain: &Domain) {
    let directory = connector(samba.settings());
    let listed = directory.accounts(&|_| {}).await.unwrap();
    let known = ["card", "mara.lind", "new.name", "old.name", "open", "other"];
    assert_eq!(listed.iter().map(|line| line.name.as_str()).collect::<BTreeSet<_>>(), BTreeSet::from(known));
    for name in ["Administrator", "Guest", "krbtgt"] {
        let account = format!("CN={name},CN=Users,{}", domain.base);
        assert!(
            refused(directory.set_state(&account, AccountState::Disabled).await).contains("the directory itself needs")
        );
        refused(directory.grant(&account, &domain.group("vpn")).await);
        refused(directory.adopt(&account, "E9").await);
    }
    let elsewhere = LdapSettings { people_ou: format!("OU=groups,{}", domain.base), ..samba.settings() };
    assert!(needs_human(connector(elsewhere).create(&spec("E9", "nine")).await).contains("lacks this right"));
}

/// A group is read piece by piece, and from its beginning when it changes meanwhile.
async fn long_groups(samba: &Samba, domain: &Domain) {
    let long = domain.group("long").native;
    let mut ldif = String::new();
    for number in 0..40 {
        let dn = domain.person(&format!("long{number:02}"));
        writeln!(ldif, "dn: {dn}\nobjectClass: user\nsAMAccountName: long{number:02}\n").unwrap();
    }
    writeln!(ldif, "dn: {long}\nobjectClass: group\nsAMAccountName: long").unwrap();
    for number in 0..40 {
        writeln!(ldif, "member: {}", domain.person(&format!("long{number:02}"))).unwrap();
    }
    domain.tools.run("ldapadd", &[], &ldif);
    let all: BTreeSet<_> = (0..40).map(|number| Holder::Account(domain.person(&format!("long{number:02}")))).collect();
    let group = EntitlementRef::new(EntitlementKind::Group, long.clone());
    for size in [1, 7, 40, 500] {
        let directory = connector(LdapSettings { page_size: size, ..samba.settings() });
        let holders = directory.holders(&group, &|_| {}).await.unwrap();
        assert_eq!(holders.into_iter().collect::<BTreeSet<_>>(), all, "{size} at a time");
    }
    // One goes after the first piece was read: those behind it move up, and none of them is missed.
    let members = domain.members(&long).await;
    let gone = std::sync::Mutex::new(members.into_iter().collect::<Vec<_>>());
    let directory = connector(LdapSettings { page_size: 10, ..samba.settings() });
    let pieces = std::sync::atomic::AtomicUsize::new(0);
    let meanwhile = |_| {
        if pieces.fetch_add(1, std::sync::atomic::Ordering::Relaxed) == 0 {
            let mut gone = gone.lock().unwrap();
            for dn in gone.drain(..10) {
                domain.tools.modify(&format!("dn: {long}\nchangetype: modify\ndelete: member\nmember: {dn}\n"));
            }
        }
    };
    let holders: BTreeSet<_> = directory.holders(&group, &meanwhile).await.unwrap().into_iter().collect();
    assert_eq!(holders, gone.into_inner().unwrap().into_iter().map(Holder::Account).collect());
}

/// Of two at the same time one gets the account.
async fn adopting(samba: &Samba, domain: &Domain) {
    let (one, two) = (connector(samba.settings()), connector(samba.settings()));
    for number in 0..5 {
        let account = domain.add_stranger(&format!("wanted{number}")).await;
        let (a, b) = (format!("A{number}"), format!("B{number}"));
        let (first, second) = tokio::join!(one.adopt(&account, &a), two.adopt(&account, &b));
        let (kept, lost) = match (first, second) {
            (Ok(Change::Made), lost) => (a, lost),
            (lost, Ok(Change::Made)) => (b, lost),
            neither => panic!("{neither:?}"),
        };
        assert!(needs_human(lost).contains(&kept));
        assert_eq!(domain.value(&account, "employeeNumber"), kept);
    }
}
