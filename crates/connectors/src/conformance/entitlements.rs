//! Entitlements: given, taken away, and told as they are.

use std::sync::Arc;

use super::{Bench, Kept, done, not_done, same};
use crate::{Change, EntitlementRef, Lookup};

pub(super) async fn grant(bench: Arc<Bench<'_>>) -> Kept {
    let account = bench.account("one").await?.native_id;
    let [first, second] = &bench.subject.entitlements;
    bench.holds(&account, &[]).await?;
    same("grant", &done("grant", bench.connector.grant(&account, first).await)?, &Change::Made)?;
    bench.holds(&account, &[first]).await?;
    same("grant again", &done("grant again", bench.connector.grant(&account, first).await)?, &Change::AlreadySo)?;
    same("grant another", &done("grant another", bench.connector.grant(&account, second).await)?, &Change::Made)?;
    bench.holds(&account, &[first, second]).await
}

pub(super) async fn remove(bench: Arc<Bench<'_>>) -> Kept {
    let account = bench.account("one").await?.native_id;
    let [first, second] = &bench.subject.entitlements;
    // The first member comes and goes twice: some systems have trouble with groups that were empty.
    for _ in 0..2 {
        done("grant", bench.connector.grant(&account, first).await)?;
        done("grant", bench.connector.grant(&account, second).await)?;
        same("remove", &done("remove", bench.connector.remove(&account, first).await)?, &Change::Made)?;
        bench.holds(&account, &[second]).await?;
        same(
            "remove again",
            &done("remove again", bench.connector.remove(&account, first).await)?,
            &Change::AlreadySo,
        )?;
        same(
            "remove another",
            &done("remove another", bench.connector.remove(&account, second).await)?,
            &Change::Made,
        )?;
        bench.holds(&account, &[]).await?;
    }
    Ok(())
}

pub(super) async fn others(bench: Arc<Bench<'_>>) -> Kept {
    let [one, two] = [bench.account("one").await?.native_id, bench.account("two").await?.native_id];
    let [first, second] = &bench.subject.entitlements;
    done("grant", bench.connector.grant(&one, first).await)?;
    bench.holds(&two, &[]).await?;
    same("grant to another", &done("grant", bench.connector.grant(&two, first).await)?, &Change::Made)?;
    done("grant", bench.connector.grant(&two, second).await)?;
    done("remove", bench.connector.remove(&one, first).await)?;
    bench.holds(&one, &[]).await?;
    bench.holds(&two, &[first, second]).await
}

pub(super) async fn asked_about(bench: Arc<Bench<'_>>) -> Kept {
    let account = bench.account("one").await?;
    let [first, second] = &bench.subject.entitlements;
    done("grant", bench.connector.grant(&account.native_id, second).await)?;
    let mut expected = account;
    expected.held.insert(second.native.clone());
    for among in [vec![second.clone()], vec![first.clone(), second.clone()]] {
        let found = done("find", bench.connector.find(&bench.person("one"), &among).await)?;
        same("find", &found, &Lookup::Ours(expected.clone()))?;
        let read = done("read", bench.connector.read(&expected.native_id, &among).await)?;
        same("read", &read, &Some(expected.clone()))?;
    }
    Ok(())
}

pub(super) async fn missing(bench: Arc<Bench<'_>>) -> Kept {
    let account = bench.account("one").await?.native_id;
    let [first, _] = &bench.subject.entitlements;
    let missing = EntitlementRef::new(first.kind, format!("{}-is-not-there", bench.subject.tag));
    not_done("grant", bench.connector.grant(&account, &missing).await, "needs_human")?;
    let removed = done("remove", bench.connector.remove(&account, &missing).await)?;
    same("remove", &removed, &Change::AlreadySo)?;
    let among = [missing, first.clone()];
    let read = done("read", bench.connector.read(&account, &among).await)?;
    same("read: held", &read.map(|read| read.held), &Some([].into()))
}
