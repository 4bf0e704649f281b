//! Whole directories: several thousand entries on a real slapd, its limits, and who comes out as what.

use std::{
    collections::BTreeSet,
    fmt::Write as _,
    sync::atomic::{AtomicUsize, Ordering},
};

use latchkey_connectors::{
    AccountState, Change, Holder, Secret,
    ldap::{GroupStyle, LdapSettings},
    real_servers::{seed_directory, start_slapd},
};

use tokio::{
    io::AsyncReadExt,
    net::{TcpListener, TcpStream},
};

use crate::{
    contract::{Probe as _, needs_human, ours, refused, retry_later, spec},
    ldap_tools::{BASE, Tools, connector, dn, group, options},
    servers::{PLANTED, a_moment_ago, folder},
};

const MANY: usize = 3000;

fn person(number: usize) -> String {
    format!("uid=p{number:05},ou=people,{BASE}")
}

/// Many people, and groups that list them all: made first, so that the directory needn't write `memberOf` for each.
fn fill(tools: &Tools) {
    let mut ldif = String::new();
    writeln!(ldif, "dn: {}\nobjectClass: groupOfNames\ncn: everyone\nmember: cn=nobody,{BASE}", dn("everyone"))
        .unwrap();
    // As somebody typed it, one that is gone, and one of another directory.
    writeln!(ldif, "member: UID=P00000, OU=People, {}", BASE.to_uppercase()).unwrap();
    writeln!(ldif, "member: uid=gone,ou=people,{BASE}\nmember: uid=far,dc=elsewhere").unwrap();
    writeln!(ldif, "member: ou=groups,{BASE}").unwrap();
    for number in 1..MANY {
        writeln!(ldif, "member: {}", person(number)).unwrap();
    }
    writeln!(ldif, "\ndn: {}\nobjectClass: posixGroup\ncn: unix\ngidNumber: 100\nmemberUid: gone", dn("unix")).unwrap();
    for number in 0..MANY {
        writeln!(ldif, "memberUid: p{number:05}").unwrap();
    }
    for number in 0..MANY {
        writeln!(ldif, "\ndn: {}\nobjectClass: inetOrgPerson\nuid: p{number:05}", person(number)).unwrap();
        writeln!(ldif, "cn: Person {number}\nsn: {number}\nuserPassword: {PLANTED}").unwrap();
    }
    tools.run("ldapadd", &[], &ldif);
}

#[tokio::test]
async fn thousands_are_listed_in_pages_while_other_calls_go_on() {
    let dir = folder();
    let slapd = start_slapd(options(dir.path())).await.unwrap();
    let tools = Tools::of(&slapd);
    fill(&tools);
    let directory = connector(LdapSettings { page_size: 400, ..slapd.settings() });

    let pages = AtomicUsize::new(0);
    let told = |lines| {
        let page = pages.fetch_add(1, Ordering::Relaxed) + 1;
        assert!(lines <= MANY && lines == (400 * page).min(MANY), "page {page}: {lines} lines");
    };
    let one = person(17);
    let listing = directory.accounts(&told);
    let others = async {
        let mut answers = 0;
        while pages.load(Ordering::Relaxed) < 7 {
            assert_eq!(directory.read(&one, &[group("everyone")]).await.unwrap().unwrap().held.len(), 1);
            answers += 1;
        }
        answers
    };
    let (all, answers) = tokio::join!(listing, others);
    let all = all.unwrap();
    assert!(answers > 0, "others were answered before the listing was done");
    assert_eq!(pages.load(Ordering::Relaxed), MANY.div_ceil(400));
    let ids: BTreeSet<_> = all.iter().map(|line| line.native_id.clone()).collect();
    assert_eq!(ids, (0..MANY).map(person).collect());
    assert!(all.iter().all(|line| line.display_name.starts_with("Person ") && line.email.is_none()));

    let mut expected: BTreeSet<_> = (0..MANY).map(|number| Holder::Account(person(number))).collect();
    let unix = connector(LdapSettings { group_style: GroupStyle::PosixGroup, page_size: 10, ..slapd.settings() });
    let told = AtomicUsize::new(0);
    let hears = |_| {
        told.fetch_add(1, Ordering::Relaxed);
    };
    let holders: BTreeSet<_> = unix.holders(&group("unix"), &hears).await.unwrap().into_iter().collect();
    assert!(told.load(Ordering::Relaxed) >= MANY / 50);
    expected.insert(Holder::Account(format!("uid=gone,ou=people,{BASE}")));
    assert_eq!(holders, expected);
    // The one whom nobody is can be taken out by the name that it was listed under.
    let gone = format!("uid=gone,ou=people,{BASE}");
    assert_eq!(unix.remove(&gone, &group("unix")).await.unwrap(), Change::Made);

    expected.insert(Holder::Account("uid=far,dc=elsewhere".to_owned()));
    expected.insert(Holder::Nested(format!("ou=groups,{BASE}")));
    let holders: BTreeSet<_> = directory.holders(&group("everyone"), &|_| {}).await.unwrap().into_iter().collect();
    assert_eq!(holders, expected, "by the names that the entries themselves have");

    // Somebody whom the directory shows five hundred entries at most: half a list is none.
    let limited =
        connector(LdapSettings { bind_dn: person(1), password: Some(Secret::new(PLANTED)), ..slapd.settings() });
    let words = needs_human(limited.accounts(&|_| {}).await);
    assert!(
        words.contains("sizeLimitExceeded") && words.contains("size.prtotal") && words.contains(&person(1)),
        "{words}"
    );
    // A base that isn't there has no accounts, and that is no empty list.
    let nowhere = LdapSettings {
        base_dn: format!("ou=nowhere,{BASE}"),
        people_ou: format!("ou=people,ou=nowhere,{BASE}"),
        ..slapd.settings()
    };
    assert!(needs_human(connector(nowhere).accounts(&|_| {}).await).contains("doesn't exist"));
}

#[tokio::test]
async fn only_accounts_that_are_managed_are_listed() {
    let dir = folder();
    let slapd = start_slapd(options(dir.path())).await.unwrap();
    let tools = Tools::of(&slapd);
    let settings = LdapSettings { bind_dn: format!("cn=latchkey,{BASE}"), ..slapd.settings() };
    seed_directory(&settings, &[(&dn("staff"), "Staff")]).await.unwrap();
    let directory = connector(settings.clone());
    let mara = directory.create(&spec("E1", "mara")).await.unwrap().native_id;
    tools.add_stranger("nightly").await;
    tools.modify(&format!(
        "dn: uid=nightly,ou=people,{BASE}\nchangetype: modify\nadd: employeeType\nemployeeType: robot\n"
    ));
    let listed = async |settings: LdapSettings| -> Vec<String> {
        connector(settings).accounts(&|_| {}).await.unwrap().into_iter().map(|line| line.name).collect()
    };
    assert_eq!(listed(settings.clone()).await, ["mara", "nightly"]);
    let people = LdapSettings { account_filter: Some("(!(employeeType=robot))".into()), ..settings.clone() };
    assert_eq!(listed(people).await, ["mara"]);
    // Groups, the connection's own account and the placeholder have a cn too.
    tools.run("ldapadd", &[], &format!("dn: cn=nobody,{BASE}\nobjectClass: organizationalRole\ncn: nobody\n"));
    let by_cn = LdapSettings { naming_attribute: Some("cn".into()), ..settings.clone() };
    assert_eq!(listed(by_cn).await, ["default", "Mara Lind", "Somebody"], "the policy has a name like any other entry");

    // When somebody signed in is told where the directory says it, and nothing is made of its silence.
    let line =
        || async { directory.accounts(&|_| {}).await.unwrap().into_iter().find(|line| line.name == "mara").unwrap() };
    assert_eq!(line().await.last_used_at, None);
    tools.run("ldappasswd", &["-s", "mara-knows-it", &mara], "");
    let signed_in = std::process::Command::new("ldapwhoami")
        .args(["-x", "-H", &slapd.url(), "-D", &mara, "-w", "mara-knows-it"])
        .output()
        .unwrap();
    assert!(signed_in.status.success());
    assert!(a_moment_ago(line().await.last_used_at.unwrap()));
    directory.set_state(&mara, AccountState::Disabled).await.unwrap();
    assert_eq!(line().await.state, AccountState::Disabled);
}

#[tokio::test]
async fn an_account_becomes_one_persons_only() {
    let dir = folder();
    let slapd = start_slapd(options(dir.path())).await.unwrap();
    let tools = Tools::of(&slapd);
    let settings = slapd.settings();
    seed_directory(&settings, &[(&dn("staff"), "Staff")]).await.unwrap();
    let directory = connector(settings.clone());
    let mara = directory.create(&spec("E1", "mara")).await.unwrap().native_id;
    let other = tools.add_stranger("mara2").await;
    let words = needs_human(directory.adopt(&other, "E1").await);
    assert!(words.contains(&mara) && words.contains("E1"), "{words}");
    for foreign in [&settings.bind_dn, &format!("cn=nobody,{BASE}"), "uid=x,dc=other", &dn("staff")] {
        refused(directory.adopt(foreign, "E2").await);
    }
    // An attribute that could hold several ids: of two at the same time, one is written.
    let several = LdapSettings { recognise: "carLicense".into(), ..settings };
    let (one, two) = (connector(several.clone()), connector(several.clone()));
    for number in 0..20 {
        let account = tools.add_stranger(&format!("wanted{number}")).await;
        let (a, b) = (format!("A{number}"), format!("B{number}"));
        let (first, second) = tokio::join!(one.adopt(&account, &a), two.adopt(&account, &b));
        let (kept, lost) = match (first, second) {
            (Ok(Change::Made), lost) => (a, lost),
            (lost, Ok(Change::Made)) => (b, lost),
            neither => panic!("{neither:?}"),
        };
        assert!(needs_human(lost).contains(&kept));
        assert_eq!(tools.values(&account, "base", "(objectClass=*)", "carLicense"), std::slice::from_ref(&kept));
        assert_eq!(ours(one.find(&spec(&kept, "nobody"), &[]).await.unwrap()).native_id, account);
    }
}

/// A way to the directory that lets so many bytes of its answers through, and then hangs up or says nothing more.
async fn half_a_way(to: u16, bytes: u64, hangs_up: bool) -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        let mut silent = Vec::new();
        while let Ok((near, _)) = listener.accept().await {
            let (mut questions, mut answers) = near.into_split();
            let (far_answers, mut far_questions) = TcpStream::connect(("127.0.0.1", to)).await.unwrap().into_split();
            let asking = tokio::spawn(async move { tokio::io::copy(&mut questions, &mut far_questions).await });
            let _ = tokio::io::copy(&mut far_answers.take(bytes), &mut answers).await;
            if hangs_up {
                asking.abort();
            } else {
                silent.push(answers);
            }
        }
    });
    port
}

#[tokio::test]
async fn half_an_answer_is_no_answer() {
    let dir = folder();
    let slapd = start_slapd(options(dir.path())).await.unwrap();
    fill(&Tools::of(&slapd));
    let connect = |port| {
        let url = format!("ldap://127.0.0.1:{port}");
        connector(LdapSettings { url, page_size: 400, timeout_seconds: 1, ..slapd.settings() })
    };
    // Past the first pages, and within the answer about the group.
    for (bytes, hangs_up) in [(200_000, true), (200_000, false), (1, true), (1, false)] {
        let directory = connect(half_a_way(slapd.port, bytes, hangs_up).await);
        let pages = AtomicUsize::new(0);
        let told = |_| {
            pages.fetch_add(1, Ordering::Relaxed);
        };
        let words = retry_later(directory.accounts(&told).await);
        assert!(words.contains("lost") || words.contains("in time") || words.contains("within 1 second"), "{words}");
        assert_eq!(pages.load(Ordering::Relaxed) > 0, bytes > 1, "{bytes} bytes");
        retry_later(directory.holders(&group("everyone"), &|_| {}).await);
    }
    // What the group says, and half of what its members are.
    let directory = connect(half_a_way(slapd.port, 350_000, true).await);
    retry_later(directory.holders(&group("everyone"), &|_| {}).await);
    assert_eq!(connect(slapd.port).accounts(&|_| {}).await.unwrap().len(), MANY);
}
