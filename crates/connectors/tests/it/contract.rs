//! The contract that every connector keeps, as one suite over the trait, with a probe that looks at the system by other means.

use std::collections::BTreeSet;

use async_trait::async_trait;
use latchkey_connectors::{
    AccountSpec, AccountState, CallError, Change, Connector, EntitlementKind, EntitlementRef, Lookup, Observed,
};

/// The system seen and changed by its own tools, not by the connector.
#[async_trait]
pub trait Probe: Send + Sync {
    /// The native ids of an entitlement's members.
    async fn members(&self, native: &str) -> BTreeSet<String>;
    /// The native ids of all accounts that have this login.
    async fn accounts(&self, name: &str) -> Vec<String>;
    /// Puts an account there that carries no external id.
    async fn add_stranger(&self, name: &str) -> String;
    /// Makes an account a member.
    async fn add_member(&self, native_id: &str, native: &str);
    /// Deletes an account.
    async fn delete(&self, native_id: &str);
    /// Everything that the system stores about an account, as text.
    async fn dump(&self, native_id: &str) -> String;
    /// Puts into an entitlement whatever can be in it without being an account (a group, a device), and answers with what those are
    /// called. Nothing only where an entitlement of this system can hold accounts alone.
    async fn nest(&self, native: &str) -> BTreeSet<String>;
    /// As `dump`, without the external id, and without what the system notes by itself of any change (who, when, which version).
    async fn rest(&self, native_id: &str) -> String;
    /// Whether the system's own rules forbid a login. The connector says so then, in words, instead of making another.
    fn refuses(&self, _name: &str) -> bool {
        false
    }
}

/// A system under test.
pub struct Bench<'a> {
    pub connector: &'a dyn Connector,
    pub probe: &'a dyn Probe,
    /// Two that exist and have no member of ours.
    pub entitlements: [EntitlementRef; 2],
    /// One that does not exist.
    pub missing: EntitlementRef,
    /// A kind that this system doesn't have, if it cares.
    pub foreign: Option<EntitlementKind>,
    /// Makes names unique on a server that others use too.
    pub tag: &'a str,
    /// How many pages the accounts of this suite take at least, by how the connection is set up: one only where there are no pages.
    pub pages: usize,
}

pub fn spec(external_id: &str, name: &str) -> AccountSpec {
    AccountSpec {
        external_id: external_id.to_owned(),
        name: name.to_owned(),
        native_id: None,
        display_name: "Mara Lind".to_owned(),
        given_name: "Mara".to_owned(),
        family_name: "Lind".to_owned(),
        email: Some("mara.lind@example.test".to_owned()),
    }
}

pub fn ours(lookup: Lookup) -> Observed {
    match lookup {
        Lookup::Ours(observed) => observed,
        other => panic!("expected our account, found {other:?}"),
    }
}

pub fn needs_human<T: std::fmt::Debug>(outcome: Result<T, CallError>) -> String {
    match outcome {
        Err(CallError::NeedsHuman { words }) => words,
        other => panic!("expected that it needs a human, got {other:?}"),
    }
}

pub fn retry_later<T: std::fmt::Debug>(outcome: Result<T, CallError>) -> String {
    match outcome {
        Err(CallError::RetryLater { words, .. }) => words,
        other => panic!("expected that it is to be tried later, got {other:?}"),
    }
}

pub fn refused<T: std::fmt::Debug>(outcome: Result<T, CallError>) -> String {
    match outcome {
        Err(CallError::Refused { words }) => words,
        other => panic!("expected a refusal, got {other:?}"),
    }
}

/// Runs every part. Output shows how far it came.
pub async fn keeps_the_contract(bench: &Bench<'_>) {
    println!("check");
    let health = bench.connector.check().await.unwrap();
    assert!(!health.product.is_empty() && !health.words.is_empty());
    println!("an account comes and is recognised");
    account_comes_once(bench).await;
    println!("an entitlement comes and goes");
    entitlement_comes_and_goes(bench).await;
    println!("an account is disabled and enabled");
    state_changes(bench).await;
    println!("strangers");
    strangers_are_left_alone(bench).await;
    println!("what isn't there");
    what_is_not_there(bench).await;
    println!("odd names");
    odd_names(bench).await;
    println!("hostile names");
    hostile_names(bench).await;
    println!("at the same time");
    at_the_same_time(bench).await;
}

async fn account_comes_once(bench: &Bench<'_>) {
    let Bench { connector, probe, tag, .. } = bench;
    let mut wanted = spec(&format!("{tag}E1"), &format!("{tag}mara.lind"));
    assert_eq!(connector.find(&wanted, &[]).await.unwrap(), Lookup::Absent);
    let made = connector.create(&wanted).await.unwrap();
    assert_eq!(made.name, wanted.name);
    assert_eq!(made.state, AccountState::Enabled);
    assert_eq!(made.external_id.as_deref(), Some(wanted.external_id.as_str()));
    assert!(made.held.is_empty());
    assert_eq!(
        probe.accounts(&wanted.name).await,
        std::slice::from_ref(&made.native_id),
        "the system's own tools see it"
    );
    assert_eq!(connector.create(&wanted).await.unwrap(), made, "making it again finds it");
    assert_eq!(ours(connector.find(&wanted, &[]).await.unwrap()), made, "found by external id");
    wanted.native_id = Some(made.native_id.clone());
    assert_eq!(ours(connector.find(&wanted, &[]).await.unwrap()), made, "found by native id");
    wanted.native_id = Some(made.native_id.replace("mara", "nobody"));
    assert_eq!(ours(connector.find(&wanted, &[]).await.unwrap()), made, "a stale native id doesn't hide it");
    wanted.name = format!("{tag}mara.changed");
    assert_eq!(connector.create(&wanted).await.unwrap(), made, "the external id counts, not the proposed name");
    assert!(probe.accounts(&wanted.name).await.is_empty());
    let stored = probe.dump(&made.native_id).await.to_lowercase();
    assert!(!stored.contains("userpassword") && !stored.contains("scram-sha"), "no password is invented: {stored}");
}

async fn entitlement_comes_and_goes(bench: &Bench<'_>) {
    let Bench { connector, probe, tag, .. } = bench;
    let among = &bench.entitlements;
    let [first, second] = among;
    let account = connector.create(&spec(&format!("{tag}E1"), &format!("{tag}mara.lind"))).await.unwrap().native_id;
    let other = connector.create(&spec(&format!("{tag}E2"), &format!("{tag}other"))).await.unwrap().native_id;
    for round in 0..2 {
        assert_eq!(connector.grant(&account, first).await.unwrap(), Change::Made, "round {round}");
        assert!(probe.members(&first.native).await.contains(&account), "the system's own tools see it");
        assert_eq!(connector.grant(&account, first).await.unwrap(), Change::AlreadySo);
        let seen = connector.read(&account, among).await.unwrap().unwrap();
        assert_eq!(seen.held, BTreeSet::from([first.native.clone()]), "held, and only that");
        assert!(connector.read(&account, &[]).await.unwrap().unwrap().held.is_empty(), "only what was asked about");
        // The only member goes, and then comes again in the next round.
        assert_eq!(connector.remove(&account, first).await.unwrap(), Change::Made);
        assert!(!probe.members(&first.native).await.contains(&account), "the system's own tools no longer see it");
        assert_eq!(connector.remove(&account, first).await.unwrap(), Change::AlreadySo);
        assert!(connector.read(&account, among).await.unwrap().unwrap().held.is_empty());
    }
    probe.add_member(&account, &second.native).await;
    assert_eq!(connector.grant(&account, second).await.unwrap(), Change::AlreadySo, "it was there before");
    assert_eq!(connector.grant(&other, second).await.unwrap(), Change::Made);
    assert_eq!(connector.remove(&account, second).await.unwrap(), Change::Made);
    assert_eq!(probe.members(&second.native).await, BTreeSet::from([other.clone()]), "the others stay");
    assert_eq!(connector.remove(&other, second).await.unwrap(), Change::Made);
    assert!(probe.members(&second.native).await.is_empty());
}

async fn state_changes(bench: &Bench<'_>) {
    let Bench { connector, tag, .. } = bench;
    let [first, _] = &bench.entitlements;
    let account = connector.create(&spec(&format!("{tag}E1"), &format!("{tag}mara.lind"))).await.unwrap().native_id;
    connector.grant(&account, first).await.unwrap();
    for state in [AccountState::Enabled, AccountState::Disabled, AccountState::Enabled] {
        let change = connector.set_state(&account, state).await.unwrap();
        let seen = connector.read(&account, std::slice::from_ref(first)).await.unwrap().unwrap();
        assert_eq!(seen.state, state);
        assert!(seen.held.contains(&first.native), "disabling takes no entitlement");
        assert_eq!(connector.set_state(&account, state).await.unwrap(), Change::AlreadySo);
        if state == AccountState::Disabled {
            assert_eq!(change, Change::Made);
        }
    }
    connector.remove(&account, first).await.unwrap();
}

async fn strangers_are_left_alone(bench: &Bench<'_>) {
    let Bench { connector, probe, tag, .. } = bench;
    let name = format!("{tag}stranger");
    let native_id = probe.add_stranger(&name).await;
    let before = probe.dump(&native_id).await;
    let mut wanted = spec(&format!("{tag}E3"), &name);
    for known in [None, Some(native_id.clone())] {
        wanted.native_id = known;
        match connector.find(&wanted, &bench.entitlements).await.unwrap() {
            Lookup::Stranger { name: taken, words } => {
                assert_eq!(taken, name);
                assert!(words.contains(&wanted.external_id) || words.contains("in use"), "{words}");
            }
            other => panic!("took a stranger for {other:?}"),
        }
        assert!(needs_human(connector.create(&wanted).await).contains("in use"));
    }
    assert_eq!(probe.dump(&native_id).await, before, "a stranger isn't touched");
    assert_eq!(probe.accounts(&name).await.len(), 1);
    // Somebody else's account is a stranger too.
    let first = connector.create(&spec(&format!("{tag}E1"), &format!("{tag}mara.lind"))).await.unwrap();
    let mut other = spec(&format!("{tag}E4"), &first.name);
    other.native_id = Some(first.native_id);
    assert!(matches!(connector.find(&other, &[]).await.unwrap(), Lookup::Stranger { .. }));
    assert!(needs_human(connector.create(&other).await).contains("in use"));
}

async fn what_is_not_there(bench: &Bench<'_>) {
    let Bench { connector, probe, tag, missing, .. } = bench;
    let [first, second] = &bench.entitlements;
    let account = connector.create(&spec(&format!("{tag}E5"), &format!("{tag}leaves"))).await.unwrap().native_id;
    let words = needs_human(connector.grant(&account, missing).await);
    assert!(words.contains(&missing.native) && words.contains("does not exist"), "{words}");
    assert_eq!(
        connector.remove(&account, missing).await.unwrap(),
        Change::AlreadySo,
        "nobody is a member of what isn't there"
    );
    let among = [missing.clone(), first.clone()];
    assert!(connector.read(&account, &among).await.unwrap().unwrap().held.is_empty());
    if let Some(kind) = bench.foreign {
        let foreign = EntitlementRef::new(kind, first.native.clone());
        assert!(refused(connector.grant(&account, &foreign).await).contains(kind.as_str()));
    }
    let control = EntitlementRef::new(first.kind, "a\nb");
    if bench.foreign.is_some() {
        refused(connector.grant(&account, &control).await);
    }
    refused(connector.read("", &[]).await);
    connector.grant(&account, second).await.unwrap();
    probe.delete(&account).await;
    assert_eq!(connector.read(&account, &bench.entitlements).await.unwrap(), None);
    assert!(retry_later(connector.grant(&account, first).await).contains("no longer"));
    retry_later(connector.set_state(&account, AccountState::Disabled).await);
    connector.remove(&account, second).await.unwrap();
    assert!(!probe.members(&second.native).await.contains(&account));
    let mut gone = spec(&format!("{tag}E5"), &format!("{tag}leaves"));
    gone.native_id = Some(account);
    assert_eq!(connector.find(&gone, &[]).await.unwrap(), Lookup::Absent);
}

async fn odd_names(bench: &Bench<'_>) {
    let Bench { connector, probe, tag, .. } = bench;
    let [first, _] = &bench.entitlements;
    let odd = [
        ("o'brien", "E'7"),
        ("a\"b\\c", "E\"\\8"),
        ("x); DROP ROLE y; --", "E*)(uid=*"),
        ("#a,b+c=d<e>;", "latchkey:E 9"),
        ("jürgen.größe", "Ü-1"),
        ("$1 %s {0} *", "%27 OR 1=1"),
    ];
    for (name, external_id) in odd {
        let wanted = spec(&format!("{tag}{external_id}"), &format!("{tag}{name}"));
        assert_eq!(connector.find(&wanted, &[]).await.unwrap(), Lookup::Absent, "{name}");
        if probe.refuses(&wanted.name) {
            let words = refused(connector.create(&wanted).await);
            assert!(words.contains(&wanted.name), "{words}");
            assert!(probe.accounts(&wanted.name).await.is_empty(), "{name}");
            continue;
        }
        let made = connector.create(&wanted).await.unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(made.name, wanted.name);
        assert_eq!(ours(connector.find(&wanted, &[]).await.unwrap()), made, "{name}");
        let change = connector.grant(&made.native_id, first).await.unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(change, Change::Made, "{name}");
        assert!(probe.members(&first.native).await.contains(&made.native_id), "{name}");
        assert_eq!(
            connector.read(&made.native_id, std::slice::from_ref(first)).await.unwrap().unwrap().held.len(),
            1,
            "{name}"
        );
        assert_eq!(connector.set_state(&made.native_id, AccountState::Disabled).await.unwrap(), Change::Made, "{name}");
        assert_eq!(connector.remove(&made.native_id, first).await.unwrap(), Change::Made, "{name}");
        probe.delete(&made.native_id).await;
    }
    for (name, external_id) in
        [("", "E1"), ("a\nb", "E1"), ("a\u{202E}b", "E1"), ("ok", ""), ("ok", "a\u{0}b"), (" a", "E1")]
    {
        refused(connector.create(&spec(external_id, name)).await);
    }
}

async fn hostile_names(bench: &Bench<'_>) {
    let Bench { connector, probe, tag, .. } = bench;
    let mut wanted = spec(&format!("{tag}E6"), &format!("{tag}hostile"));
    wanted.display_name = "Mara\r\nuserPassword: x\u{0}\u{202E}<script>alert(1)</script>'; DROP TABLE x; --".to_owned();
    wanted.given_name = "\u{0}\u{200B}".to_owned();
    wanted.family_name = format!("{}\u{7}", "Ä".repeat(5000));
    let made = connector.create(&wanted).await.unwrap();
    let stored = probe.dump(&made.native_id).await;
    assert!(!stored.contains('\u{202E}') && !stored.contains('\u{0}') && !stored.contains('\u{7}'), "{stored}");
    assert!(!stored.lines().any(|line| line.trim_start().starts_with("userPassword")), "{stored}");
    assert_eq!(ours(connector.find(&wanted, &[]).await.unwrap()), made);
    wanted = spec(&format!("{tag}E8"), &format!("{tag}nameless"));
    wanted.display_name.clear();
    wanted.given_name.clear();
    wanted.family_name.clear();
    wanted.email = None;
    connector.create(&wanted).await.unwrap();
}

async fn at_the_same_time(bench: &Bench<'_>) {
    let Bench { connector, probe, tag, .. } = bench;
    let [first, second] = &bench.entitlements;
    let wanted = |number: usize| spec(&format!("{tag}P{number}"), &format!("{tag}parallel{number}"));
    let (a, b, c, d) = (wanted(1), wanted(2), wanted(3), wanted(4));
    let (a, b, c, d) =
        tokio::join!(connector.create(&a), connector.create(&b), connector.create(&c), connector.create(&d));
    let accounts = [a, b, c, d].map(|made| made.unwrap().native_id);
    let [a, b, c, d] = &accounts;
    for entitlement in [first, second] {
        let (a, b, c, d) = tokio::join!(
            again(|| connector.grant(a, entitlement)),
            again(|| connector.grant(b, entitlement)),
            again(|| connector.grant(c, entitlement)),
            again(|| connector.grant(d, entitlement))
        );
        assert_eq!([a, b, c, d], [Change::Made; 4]);
        assert!(accounts.iter().cloned().collect::<BTreeSet<_>>().is_subset(&probe.members(&entitlement.native).await));
    }
    let (a, b, c, d) = tokio::join!(
        again(|| connector.remove(a, first)),
        again(|| connector.remove(b, first)),
        again(|| connector.remove(c, first)),
        again(|| connector.remove(d, first))
    );
    assert_eq!([a, b, c, d], [Change::Made; 4]);
    assert!(probe.members(&first.native).await.is_disjoint(&accounts.iter().cloned().collect()));
}

/// What the reconciler does when it is told to try later.
async fn again<F: Future<Output = Result<Change, CallError>>>(call: impl Fn() -> F) -> Change {
    for _ in 0..20 {
        match call().await {
            Ok(change) => return change,
            Err(CallError::RetryLater { words, .. }) => println!("again: {words}"),
            Err(other) => panic!("{other:?}"),
        }
    }
    panic!("still not done after twenty attempts");
}
