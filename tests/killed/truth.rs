//! What must be so: by the database while the program works, and by everybody's own account in the end.

use std::collections::BTreeMap;

use latchkey_service::replay;
use latchkey_store::{Db, EventKey, events, testing};

use crate::{
    company::{Company, PEOPLE, external_id, login},
    systems::{Account, Systems},
};

async fn number(db: &Db, sql: &str) -> i64 {
    testing::number(db, sql).await.unwrap_or_else(|error| panic!("{sql}: {error}"))
}

/// How many entitlements are wanted or unwanted and not yet so.
pub async fn waiting(db: &Db) -> i64 {
    number(db, "select count(*) from fulfilment where progress <> 'settled'").await
}

/// How often a system confirmed something.
pub async fn confirmations(db: &Db) -> i64 {
    number(db, "select count(*) from event where kind = 'fulfilment_confirmed'").await
}

/// The leases on accounts: a dead worker's are there until they run out.
pub async fn leases(db: &Db) -> Vec<String> {
    let lease = if db.is_postgres() { "lease_id::text" } else { "lower(hex(lease_id))" };
    testing::texts(db, &format!("select {lease} from account where lease_id is not null")).await.unwrap()
}

/// What was tried and not done, for whoever looks at a test that failed: it is tried again.
pub async fn tried_again(db: &Db) -> Vec<String> {
    let sql = "select outcome || ': ' || words || ' (' || count(*) || ')' from attempt where outcome <> 'done' group by outcome, words";
    testing::texts(db, sql).await.unwrap()
}

/// What is left to be done and who is at it, in words; nothing when everything is at rest.
pub async fn left(db: &Db) -> Vec<String> {
    let mut left = Vec::new();
    for sql in [
        "select s.key || ' ' || e.native || ' of ' || a.name || ' is ' || f.observed || ', wanted ' || f.desired || ', ' || f.progress
                || ', ' || f.attempts || ' attempts: ' || f.last_words
         from fulfilment f join account a on a.id = f.account_id join system s on s.id = a.system_id join entitlement e on e.id = f.entitlement_id
         where f.progress <> 'settled'",
        "select s.key || ' account ' || a.name || ' is ' || a.observed || ', wanted ' || a.desired
                || case when a.due_at is null then '' else ', due' end || case when a.lease_id is null then '' else ', taken' end
         from account a join system s on s.id = a.system_id where a.due_at is not null or a.lease_id is not null",
        // A notice that a dead worker had taken waits for two minutes before it is sent: its own lease, and no setting.
        "select 'notice ' || kind || ' is not sent' from notice where state = 'due' and lease_id is null",
    ] {
        left.extend(testing::texts(db, sql).await.unwrap_or_else(|error| panic!("{sql}: {error}")));
    }
    left
}

/// The systems themselves show exactly what was granted: every membership, none besides, one account for each person.
pub async fn nothing_is_lost(systems: &Systems, company: &Company) {
    for system in ["directory", "warehouse", "crm"] {
        let shown = systems.shown(system);
        assert_eq!(shown.members, company.members(system), "{system}");
        assert!(shown.members.values().any(|members| !members.is_empty()), "{system}: there is something to compare");
        for person in 0..PEOPLE {
            let theirs: Vec<&Account> = shown
                .accounts
                .iter()
                .filter(|a| a.external_id == external_id(person) || a.login == login(person))
                .collect();
            let enabled = company.needs_account(person, system);
            let one = Account { external_id: external_id(person), login: login(person), enabled };
            // Who holds nothing here may never have had an account.
            assert!(theirs == [&one] || (theirs.is_empty() && !enabled), "{system}, person {person}: {theirs:?}");
        }
        let strangers: Vec<_> = shown.accounts.iter().filter(|a| !a.login.starts_with("worker")).collect();
        assert!(strangers.is_empty() && shown.accounts.len() <= PEOPLE, "{system}: {strangers:?}");
    }
}

/// Each wish that still stands was confirmed exactly once, and no wish twice; one account row for one person and system.
pub async fn nothing_is_doubled(db: &Db) {
    let mut read = db.read().await.unwrap();
    let mut confirmed: BTreeMap<(uuid::Uuid, i64), usize> = BTreeMap::new();
    for row in events::all_after(&mut read, None, 100_000).await.unwrap() {
        let envelope = row.envelope().unwrap();
        if let latchkey_domain::event::EventBody::FulfilmentConfirmed { fulfilment, generation, .. } = envelope.body {
            *confirmed.entry((fulfilment.0, generation)).or_default() += 1;
        }
    }
    drop(read);
    let twice: Vec<_> = confirmed.iter().filter(|(_, times)| **times > 1).collect();
    assert!(twice.is_empty(), "confirmed more than once: {twice:?}");
    let read = replay::from_tables(&mut db.read().await.unwrap()).await.unwrap();
    for (id, work) in &read.fulfilments {
        assert_eq!(confirmed.get(&(id.0, work.generation)), Some(&1), "{id} in generation {}", work.generation);
    }
    assert!(read.fulfilments.len() > PEOPLE, "there is something to compare");
    for (what, sql) in [
        (
            "attempts that ended well",
            "select count(*) from (select 1 from attempt where outcome = 'done' group by fulfilment_id, generation having count(*) > 1) x",
        ),
        ("attempts that need somebody", "select count(*) from attempt where outcome in ('refused', 'needs_human')"),
        (
            "accounts of one person on one system",
            "select count(*) from (select 1 from account group by identity_id, system_id having count(*) > 1) x",
        ),
        (
            "accounts of one name on one system",
            "select count(*) from (select 1 from account group by system_id, name having count(*) > 1) x",
        ),
        ("memberships that Latchkey gave and takes for somebody else's", "select count(*) from fulfilment where found"),
    ] {
        assert_eq!(number(db, sql).await, 0, "{what}");
    }
}

/// Whoever holds a role was told so once.
pub async fn everybody_is_told_once(db: &Db, company: &Company) {
    let about = if db.is_postgres() { "about_id::text" } else { "lower(hex(about_id))" };
    let told = testing::texts(db, &format!("select {about} from notice where kind = 'confirmed'")).await.unwrap();
    let mut times: BTreeMap<uuid::Uuid, usize> = BTreeMap::new();
    told.iter().for_each(|id| *times.entry(id.parse().unwrap()).or_default() += 1);
    for grant in company.grants() {
        assert_eq!(times.get(&grant.0), Some(&1), "notices that {grant} is there");
    }
    assert!(times.values().all(|n| *n == 1), "{times:?}");
    assert_eq!(number(db, "select count(*) from notice where state not in ('kept', 'due')").await, 0);
}

/// Every event is as it was written, and all of them together give the state that the tables hold.
pub async fn the_log_holds(db: &Db, key: &EventKey) {
    let mut read = db.read().await.unwrap();
    let rows = events::all_after(&mut read, None, 100_000).await.unwrap();
    assert!(rows.len() > 200, "{} events", rows.len());
    for row in &rows {
        assert_eq!(row.verify(key), Some(true), "the MAC of {}", row.bytes);
    }
    let told = replay::from_log(&mut read, None).await.unwrap();
    let is = replay::from_tables(&mut read).await.unwrap();
    assert_eq!(told.differences(&is), Vec::<String>::new());
}
