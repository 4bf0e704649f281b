//! The LDAP connector against a real slapd, seen by ldapsearch.

use std::{path::Path, process::Command, time::Duration};

use latchkey_connectors::{
    AccountState, Change, EntitlementKind, EntitlementRef, Secret, SystemKind,
    ldap::{Disabling, GroupStyle, LdapSettings},
    real_servers::{Slapd, SlapdOptions, seed_directory, start_slapd},
};

use crate::{
    certificates::{certificates, certificates_for},
    contract::{Bench, Probe as _, keeps_the_contract, needs_human, ours, refused, retry_later, spec},
    contract_listing::can_be_listed,
    ldap_tools::{BASE, Tools, connector, dn, group, options},
    servers::{PLANTED, folder, silent_port},
};

async fn contract(slapd: &Slapd, settings: LdapSettings, tools: &Tools, tag: &str) {
    let (one, two) = (format!("{tag}one"), format!("{tag}two\\, \\\"and\\\" *(#3)"));
    seed_directory(&settings, &[(&dn(&one), "One"), (&dn(&two), "")]).await.unwrap();
    seed_directory(&settings, &[(&dn(&one), "One")]).await.unwrap();
    let connector = connector(LdapSettings { page_size: 3, ..settings });
    assert_eq!(connector.kind(), SystemKind::Ldap);
    let bench = Bench {
        connector: connector.as_ref(),
        probe: tools,
        entitlements: [group(&one), group(&two)],
        missing: group("no-such-group"),
        foreign: Some(EntitlementKind::DatabaseRole),
        tag,
        pages: 3,
    };
    keeps_the_contract(&bench).await;
    can_be_listed(&bench).await;
    assert!(slapd.port > 0);
}

#[tokio::test]
async fn promise_09_a_real_directory_keeps_the_contract_with_every_kind_of_group() {
    let dir = folder();
    let slapd = start_slapd(options(dir.path())).await.unwrap();
    let mut tools = Tools::of(&slapd);
    contract(&slapd, slapd.settings(), &tools, "").await;
    let settings =
        LdapSettings { group_style: GroupStyle::GroupOfUniqueNames, disabling: Disabling::Marker, ..slapd.settings() };
    tools.style = GroupStyle::GroupOfUniqueNames;
    contract(&slapd, settings, &tools, "unique-").await;
}

#[tokio::test]
async fn posix_groups_hold_logins() {
    let dir = folder();
    let slapd = start_slapd(options(dir.path())).await.unwrap();
    let settings = LdapSettings { group_style: GroupStyle::PosixGroup, ..slapd.settings() };
    seed_directory(&settings, &[(&dn("unix"), "Unix")]).await.unwrap();
    let connector = connector(settings);
    let tools = Tools { style: GroupStyle::PosixGroup, ..Tools::of(&slapd) };
    let account = connector.create(&spec("E1", "mara")).await.unwrap().native_id;
    let unix = group("unix");
    assert_eq!(connector.grant(&account, &unix).await.unwrap(), Change::Made);
    assert_eq!(tools.values(&dn("unix"), "base", "(objectClass=*)", "memberUid"), ["mara"]);
    assert!(connector.read(&account, std::slice::from_ref(&unix)).await.unwrap().unwrap().held.contains(&unix.native));
    // The entry goes; its login would be inherited by the next one of that name.
    tools.delete(&account).await;
    assert_eq!(connector.remove(&account, &unix).await.unwrap(), Change::Made);
    assert!(tools.members(&dn("unix")).await.is_empty());
}

#[tokio::test]
async fn what_a_directory_does_by_itself() {
    let dir = folder();
    let slapd = start_slapd(options(dir.path())).await.unwrap();
    let settings = slapd.settings();
    seed_directory(&settings, &[(&dn("vpn"), "VPN")]).await.unwrap();
    let connector = connector(settings.clone());
    let tools = Tools::of(&slapd);
    let vpn = group("vpn");
    let account = connector.create(&spec("E1", "mara.lind")).await.unwrap().native_id;

    // memberOf is the server's: it follows what was written to the group.
    connector.grant(&account, &vpn).await.unwrap();
    assert_eq!(tools.values(&account, "base", "(objectClass=*)", "memberOf"), [dn("vpn")]);
    // The last member goes: the placeholder keeps the place, and is neither shown as held nor usable as an account.
    let members = || tools.values(&dn("vpn"), "base", "(objectClass=*)", "member");
    tools.modify(&format!("dn: {}\nchangetype: modify\ndelete: member\nmember: cn=nobody,{BASE}\n", dn("vpn")));
    assert_eq!(members(), std::slice::from_ref(&account), "the only member");
    assert_eq!(connector.remove(&account, &vpn).await.unwrap(), Change::Made);
    assert_eq!(members(), [format!("cn=nobody,{BASE}")]);
    assert!(tools.values(&account, "base", "(objectClass=*)", "memberOf").is_empty());
    refused(connector.grant(&format!("cn=nobody,{BASE}"), &vpn).await);

    // The password policy makes a disabled account unusable, in the directory itself.
    tools.run("ldappasswd", &["-s", "mara-knows-it", &account], "");
    let signs_in = || {
        let output =
            Command::new("ldapwhoami").args(["-x", "-H", &slapd.url(), "-D", &account, "-w", "mara-knows-it"]).output();
        output.unwrap().status.success()
    };
    assert!(signs_in());
    assert_eq!(connector.set_state(&account, AccountState::Disabled).await.unwrap(), Change::Made);
    assert!(!signs_in(), "a disabled account can't sign in");
    assert_eq!(connector.set_state(&account, AccountState::Enabled).await.unwrap(), Change::Made);
    assert!(signs_in());
    // A lock after wrong passwords passes by itself and isn't ours.
    tools.modify(&format!(
        "dn: {account}\nchangetype: modify\nreplace: pwdAccountLockedTime\npwdAccountLockedTime: 20200101000000Z\n"
    ));
    assert_eq!(connector.read(&account, &[]).await.unwrap().unwrap().state, AccountState::Enabled);
    assert_eq!(connector.set_state(&account, AccountState::Disabled).await.unwrap(), Change::Made);

    // An entry that was renamed is found again, also when somebody else has its old name by now.
    tools.run("ldapmodrdn", &["-r", &account, "uid=mara.berg"], "");
    tools.add_stranger("mara.lind").await;
    let mut known = spec("E1", "mara.lind");
    known.native_id = Some(account.clone());
    assert_eq!(ours(connector.find(&known, &[]).await.unwrap()).native_id, format!("uid=mara.berg,ou=people,{BASE}"));
    // Two entries that carry one id are for a person to sort out.
    tools.modify(&format!("dn: {account}\nchangetype: modify\nadd: employeeNumber\nemployeeNumber: E1\n"));
    known.native_id = None;
    assert!(needs_human(connector.find(&known, &[]).await).contains("mara.berg"));

    // Nothing outside the connection's part of the tree, and not its own account.
    for foreign in ["uid=x,dc=other", &settings.bind_dn, "not a dn"] {
        refused(connector.grant(foreign, &vpn).await);
        refused(connector.set_state(foreign, AccountState::Disabled).await);
        refused(connector.read(foreign, &[]).await);
    }
    let outside = EntitlementRef::new(EntitlementKind::Group, "cn=admins,dc=other");
    assert!(refused(connector.grant(&account, &outside).await).contains(BASE));
    // An entry that is no group.
    let no_group = EntitlementRef::new(EntitlementKind::Group, format!("ou=groups,{BASE}"));
    assert!(needs_human(connector.grant(&account, &no_group).await).contains("not a group"));
}

#[tokio::test]
async fn promise_09_and_11_failures_are_told_apart_and_hold_no_secret() {
    let dir = folder();
    let slapd = start_slapd(options(dir.path())).await.unwrap();
    let good = slapd.settings();
    let wrong = connector(LdapSettings { password: Some(Secret::new("wr0ng-s3cret-1")), ..good.clone() });
    let words = needs_human(wrong.check().await);
    assert!(words.contains("bind_dn") && words.contains("invalidCredentials") && !words.contains("wr0ng"), "{words}");
    // The secret hides even where a setting repeats it.
    let echo = connector(LdapSettings {
        bind_dn: format!("cn={PLANTED},{BASE}"),
        password: Some(Secret::new(PLANTED)),
        ..good.clone()
    });
    assert!(!needs_human(echo.check().await).contains(PLANTED));
    let nowhere = connector(LdapSettings { people_ou: format!("ou=nowhere,{BASE}"), ..good.clone() });
    assert!(needs_human(nowhere.check().await).contains("people_ou"));
    assert!(needs_human(nowhere.create(&spec("E1", "a")).await).contains("people_ou"));
    // The account may write people and groups and nothing else: what the directory says comes through.
    let elsewhere = connector(LdapSettings { people_ou: format!("ou=policies,{BASE}"), ..good.clone() });
    let words = needs_human(elsewhere.create(&spec("E1", "a")).await);
    assert!(words.contains("insufficientAccessRights") && words.contains("no write access"), "{words}");
    let schema = connector(LdapSettings {
        object_classes: Some(["inetOrgPerson".into(), "posixAccount".into()].into()),
        ..good.clone()
    });
    assert!(refused(schema.create(&spec("E1", "a")).await).contains("posixAccount"));

    let (port, silent) = silent_port().await;
    let hung = connector(LdapSettings { url: format!("ldap://127.0.0.1:{port}"), timeout_seconds: 1, ..good.clone() });
    assert!(retry_later(hung.check().await).contains("1 second"));
    silent.abort();

    // Back on the same port before anybody asks: the kept connection is replaced, and the folder keeps what was in it.
    let lasting = connector(good.clone());
    seed_directory(&good, &[(&dn("vpn"), "VPN")]).await.unwrap();
    let account = lasting.create(&spec("E1", "mara.lind")).await.unwrap();
    lasting.grant(&account.native_id, &group("vpn")).await.unwrap();
    let port = slapd.port;
    drop(slapd);
    let on_that_port = || SlapdOptions { port: Some(port), ..options(dir.path()) };
    let again = start_slapd(on_that_port()).await.unwrap();
    let seen = lasting.read(&account.native_id, &[group("vpn")]).await.unwrap().unwrap();
    assert_eq!(seen.held.len(), 1);
    drop(again);
    retry_later(lasting.read(&account.native_id, &[]).await);
    let words = retry_later(lasting.read(&account.native_id, &[]).await);
    assert!(words.contains("refused"), "{words}");
    let again = start_slapd(on_that_port()).await.unwrap();
    assert!(lasting.read(&account.native_id, &[]).await.unwrap().is_some());
    // A run that was killed leaves its server behind; the next one takes the folder over.
    std::mem::forget(again);
    let third = start_slapd(options(dir.path())).await.unwrap();
    let connector = connector(third.settings());
    assert!(connector.read(&account.native_id, &[]).await.unwrap().is_some());
    tokio::time::sleep(Duration::from_millis(50)).await;
    retry_later(lasting.check().await);
}

/// By `ldaps://`, and by StartTLS.
fn both_ways(slapd: &Slapd, authority: Option<&Path>) -> [LdapSettings; 2] {
    let good = LdapSettings { ca_file: authority.map(Path::to_owned), ..slapd.settings() };
    let ldaps = format!("ldaps://127.0.0.1:{}", slapd.tls_port.unwrap());
    [LdapSettings { url: ldaps, ..good.clone() }, LdapSettings { starttls: true, ..good }]
}

#[tokio::test]
async fn tls_is_verified() {
    let dir = folder();
    let (authority, certificate, key) = certificates(dir.path());
    let slapd = start_slapd(SlapdOptions { tls: Some((certificate, key)), ..options(dir.path()) }).await.unwrap();
    for trusting in both_ways(&slapd, Some(&authority)) {
        let connector = connector(trusting);
        connector.check().await.unwrap();
        // Listings connect by themselves, as safely.
        assert_eq!(connector.accounts(&|_| {}).await.unwrap(), []);
    }
    // The certificate of an authority that isn't ours; nothing is said to the server, the password least of all.
    for distrusting in both_ways(&slapd, None) {
        let connector = connector(distrusting);
        assert!(needs_human(connector.check().await).contains("not trusted"));
        assert!(needs_human(connector.accounts(&|_| {}).await).contains("not trusted"));
    }
    let by_name = slapd.url().replace("127.0.0.1", "localhost");
    let [_, starttls] = both_ways(&slapd, Some(&authority));
    let by_name = connector(LdapSettings { url: by_name, ..starttls });
    assert!(needs_human(by_name.check().await).contains("localhost"), "the certificate is for 127.0.0.1 alone");
    // A directory without TLS is not spoken to in clear instead.
    let plain = folder();
    let plain = start_slapd(options(plain.path())).await.unwrap();
    let asking = connector(LdapSettings { starttls: true, ca_file: Some(authority), ..plain.settings() });
    assert!(needs_human(asking.check().await).contains("does not start TLS"));
}

#[tokio::test]
async fn a_certificate_that_has_ended_or_is_for_another_name_is_not_trusted() {
    for (name, days, said) in [("IP:127.0.0.1", -1, "has expired"), ("DNS:other.example.test", 2, "not for the host")] {
        let dir = folder();
        let (authority, certificate, key) = certificates_for(dir.path(), name, days);
        let slapd = start_slapd(SlapdOptions { tls: Some((certificate, key)), ..options(dir.path()) }).await.unwrap();
        for settings in both_ways(&slapd, Some(&authority)) {
            let starttls = settings.starttls;
            let words = needs_human(connector(settings).check().await);
            assert!(words.contains("not trusted") && words.contains(said), "{name}, starttls {starttls}: {words}");
        }
    }
}
