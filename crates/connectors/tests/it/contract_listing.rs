//! The part of the contract about whole systems: every account, everyone who has an entitlement, and whose an account becomes.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Mutex,
};

use latchkey_connectors::{AccountState, Change, EntitlementRef, Holder, Listed, Lookup};

use crate::contract::{Bench, needs_human, ours, refused, retry_later, spec};

/// What the listings and `adopt` keep, for every kind that has them.
pub async fn can_be_listed(bench: &Bench<'_>) {
    println!("every account");
    every_account(bench).await;
    println!("everyone who has an entitlement");
    every_holder(bench).await;
    println!("an account becomes somebody's");
    an_account_becomes_somebodys(bench).await;
}

/// For a kind that hasn't: it says so, and what would help.
pub async fn says_that_it_cannot_be_listed(bench: &Bench<'_>) {
    let [first, _] = &bench.entitlements;
    assert!(refused(bench.connector.accounts(&|_| {}).await).contains("everything"));
    assert!(refused(bench.connector.holders(first, &|_| {}).await).contains("everything"));
    let account = bench.probe.add_stranger(&format!("{}unknown", bench.tag)).await;
    let before = bench.probe.dump(&account).await;
    assert!(needs_human(bench.connector.adopt(&account, "E1").await).contains("by hand"));
    assert_eq!(bench.probe.dump(&account).await, before);
}

/// What a listing told on its way.
#[derive(Default)]
struct Told(Mutex<Vec<usize>>);

impl Told {
    fn hears(&self) -> impl Fn(usize) + Send + Sync + '_ {
        |lines| self.0.lock().unwrap().push(lines)
    }

    /// It told after each page how many lines there were so far.
    fn got_on(&self, pages: usize, lines: usize) {
        let told = self.0.lock().unwrap();
        assert!(told.len() >= pages, "{pages} pages were to be told of: {told:?}");
        assert!(told.is_sorted(), "what was read stays read: {told:?}");
        assert!(told.last().is_some_and(|last| *last >= lines), "{lines} lines were listed: {told:?}");
    }
}

/// The listed accounts that are this suite's, by native id.
async fn listed(bench: &Bench<'_>) -> BTreeMap<String, Listed> {
    let told = Told::default();
    let all = bench.connector.accounts(&told.hears()).await.unwrap();
    told.got_on(bench.pages, all.len());
    let lines = all.len();
    let all: BTreeMap<_, _> = all.into_iter().map(|line| (line.native_id.clone(), line)).collect();
    assert_eq!(all.len(), lines, "each once");
    all.into_iter().filter(|(_, line)| line.name.starts_with(bench.tag)).collect()
}

async fn holders(bench: &Bench<'_>, entitlement: &EntitlementRef) -> BTreeSet<Holder> {
    let told = Told::default();
    let all = bench.connector.holders(entitlement, &told.hears()).await.unwrap();
    told.got_on(1, all.len());
    let lines = all.len();
    let all: BTreeSet<_> = all.into_iter().collect();
    assert_eq!(all.len(), lines, "each once");
    all
}

fn accounts<const N: usize>(native_ids: [&String; N]) -> BTreeSet<Holder> {
    native_ids.into_iter().cloned().map(Holder::Account).collect()
}

async fn every_account(bench: &Bench<'_>) {
    let Bench { connector, probe, tag, .. } = bench;
    let before = listed(bench).await;
    let wanted = spec(&format!("{tag}L1"), &format!("{tag}listed"));
    let ours = connector.create(&wanted).await.unwrap();
    let off = connector.create(&spec(&format!("{tag}L2"), &format!("{tag}switched.off"))).await.unwrap().native_id;
    connector.set_state(&off, AccountState::Disabled).await.unwrap();
    let stranger = probe.add_stranger(&format!("{tag}nobody.knows")).await;
    let gone = connector.create(&spec(&format!("{tag}L3"), &format!("{tag}gone"))).await.unwrap().native_id;
    probe.delete(&gone).await;

    let after = listed(bench).await;
    let new: BTreeSet<_> = after.keys().filter(|id| !before.contains_key(*id)).collect();
    assert_eq!(new, BTreeSet::from([&ours.native_id, &off, &stranger]), "those that came, and no other");
    assert!(before.keys().all(|id| after.contains_key(id)), "and all that were there before");

    let line = &after[&ours.native_id];
    assert_eq!((line.name.as_str(), line.state), (wanted.name.as_str(), AccountState::Enabled));
    assert_eq!(line.external_id.as_ref(), Some(&wanted.external_id));
    assert!(line.display_name == wanted.display_name || line.display_name.is_empty(), "{line:?}");
    assert!(line.email == wanted.email || line.email.is_none(), "{line:?}");
    assert_eq!(line.last_used_at, None, "nobody signed in with it");
    assert_eq!(after[&off].state, AccountState::Disabled);
    assert_eq!(after[&stranger].external_id, None, "who carries no id is listed too");
    // A listing says of each what reading it alone says.
    for line in after.values() {
        let alone = connector.read(&line.native_id, &[]).await.unwrap().unwrap();
        assert_eq!(
            (&alone.native_id, &alone.name, alone.state, &alone.external_id),
            (&line.native_id, &line.name, line.state, &line.external_id)
        );
    }
}

async fn every_holder(bench: &Bench<'_>) {
    let Bench { connector, probe, tag, missing, .. } = bench;
    let [first, second] = &bench.entitlements;
    let ours = connector.create(&spec(&format!("{tag}L1"), &format!("{tag}listed"))).await.unwrap().native_id;
    let off = connector.create(&spec(&format!("{tag}L2"), &format!("{tag}switched.off"))).await.unwrap().native_id;
    let [stranger] = probe.accounts(&format!("{tag}nobody.knows")).await.try_into().unwrap();

    assert_eq!(holders(bench, first).await, BTreeSet::new(), "an entitlement that nobody has");
    connector.grant(&ours, first).await.unwrap();
    connector.grant(&off, first).await.unwrap();
    probe.add_member(&stranger, &first.native).await;
    assert_eq!(holders(bench, first).await, accounts([&ours, &off, &stranger]), "granted, disabled, and not ours");

    let nested = probe.nest(&first.native).await;
    let inner = || nested.iter().cloned().map(Holder::Nested);
    assert_eq!(holders(bench, first).await, accounts([&ours, &off, &stranger]).into_iter().chain(inner()).collect());
    let listed = listed(bench).await;
    assert!(nested.iter().all(|name| !listed.contains_key(name)), "what isn't an account isn't listed as one");

    assert_eq!(connector.remove(&off, first).await.unwrap(), Change::Made);
    assert_eq!(connector.remove(&stranger, first).await.unwrap(), Change::Made);
    assert_eq!(holders(bench, first).await, accounts([&ours]).into_iter().chain(inner()).collect());
    assert!(connector.read(&ours, std::slice::from_ref(first)).await.unwrap().unwrap().held.contains(&first.native));
    let others = probe.members(&second.native).await.into_iter().map(Holder::Account).collect();
    assert_eq!(holders(bench, second).await, others, "as the system's own tools see it");

    let words = needs_human(connector.holders(missing, &|_| {}).await);
    assert!(words.contains(&missing.native) && words.contains("does not exist"), "{words}");
    if let Some(kind) = bench.foreign {
        let foreign = EntitlementRef::new(kind, first.native.clone());
        assert!(refused(connector.holders(&foreign, &|_| {}).await).contains(kind.as_str()));
    }
}

async fn an_account_becomes_somebodys(bench: &Bench<'_>) {
    let Bench { connector, probe, tag, .. } = bench;
    let [first, _] = &bench.entitlements;
    let name = format!("{tag}found.later");
    let account = probe.add_stranger(&name).await;
    probe.add_member(&account, &first.native).await;
    let mut wanted = spec(&format!("{tag}A1"), &name);
    assert!(matches!(connector.find(&wanted, &[]).await.unwrap(), Lookup::Stranger { .. }));

    let (before, state) = (probe.rest(&account).await, connector.read(&account, &[]).await.unwrap().unwrap().state);
    assert_eq!(connector.adopt(&account, &wanted.external_id).await.unwrap(), Change::Made);
    assert_eq!(probe.rest(&account).await, before, "nothing else of it changes");
    let found = ours(connector.find(&wanted, std::slice::from_ref(first)).await.unwrap());
    assert_eq!((&found.native_id, &found.name, found.state), (&account, &name, state));
    assert_eq!(found.external_id.as_ref(), Some(&wanted.external_id));
    assert!(found.held.contains(&first.native), "it keeps what it held");
    assert_eq!(listed(bench).await[&account].external_id.as_ref(), Some(&wanted.external_id));

    let before = probe.dump(&account).await;
    assert_eq!(connector.adopt(&account, &wanted.external_id).await.unwrap(), Change::AlreadySo);
    let words = needs_human(connector.adopt(&account, &format!("{tag}A2")).await);
    assert!(words.contains(&wanted.external_id), "{words}");
    assert_eq!(probe.dump(&account).await, before, "whose it is, it stays");
    wanted.external_id = format!("{tag}A2");
    wanted.native_id = Some(account.clone());
    assert!(matches!(connector.find(&wanted, &[]).await.unwrap(), Lookup::Stranger { .. }));

    connector.remove(&account, first).await.unwrap();
    probe.delete(&account).await;
    retry_later(connector.adopt(&account, &wanted.external_id).await);
    assert!(probe.accounts(&name).await.is_empty(), "a name alone makes no account");
    refused(connector.adopt("", &wanted.external_id).await);
}
