//! What goes wrong: accounts that are gone, and a program that is killed.

use std::{sync::Arc, time::Duration};

use tokio::time::timeout;

use super::{Bench, Kept, connector, done, not_done, same};
use crate::{AccountState, Change, Lookup};

pub(super) async fn missing_account(bench: Arc<Bench<'_>>) -> Kept {
    // Looks like one of the target's own, and is none.
    let gone = format!("{}0000", bench.account("one").await?.native_id);
    let [first, _] = &bench.subject.entitlements;
    same("read", &done("read", bench.connector.read(&gone, &bench.subject.entitlements).await)?, &None)?;
    not_done("grant", bench.connector.grant(&gone, first).await, "retry_later")?;
    not_done("set_state", bench.connector.set_state(&gone, AccountState::Disabled).await, "retry_later")?;
    same("remove", &done("remove", bench.connector.remove(&gone, first).await)?, &Change::AlreadySo)
}

pub(super) async fn restart(bench: Arc<Bench<'_>>) -> Kept {
    let [first, _] = &bench.subject.entitlements;
    let account = {
        // Dropped at the end, and its process with it.
        let before = Bench { connector: connector(bench.subject)?, ..*bench };
        let account = before.account("one").await?;
        done("grant", before.connector.grant(&account.native_id, first).await)?;
        done("set_state", before.connector.set_state(&account.native_id, AccountState::Disabled).await)?;
        account
    };
    bench.holds(&account.native_id, &[first]).await?;
    same("state", &bench.seen(&account.native_id).await?.state, &AccountState::Disabled)
}

/// The people whose calls are given up at several moments.
pub(super) const CUT_SHORT: [&str; 5] = ["cut0", "cut1", "cut2", "cut3", "cut4"];
/// Those moments, in milliseconds: the process is killed then, before, while or after it does its work.
const MOMENTS: [u64; 5] = [0, 1, 5, 20, 80];

pub(super) async fn lost_answer(bench: Arc<Bench<'_>>) -> Kept {
    let [first, _] = &bench.subject.entitlements;
    for (who, wait) in CUT_SHORT.into_iter().zip(MOMENTS.map(Duration::from_millis)) {
        let person = bench.person(who);
        // Running already, so that the moment falls into the call and not into the start.
        done("check", bench.connector.check().await)?;
        let _ = timeout(wait, bench.connector.create(&person)).await;
        let made = done("create, after one that was cut short", bench.connector.create(&person).await)?;
        let found = done("find", bench.connector.find(&person, &[]).await)?;
        same("find, after a create that was cut short", &found, &Lookup::Ours(made.clone()))?;
        let _ = timeout(wait, bench.connector.grant(&made.native_id, first)).await;
        done("grant, after one that was cut short", bench.connector.grant(&made.native_id, first).await)?;
        bench.holds(&made.native_id, &[first]).await?;
        let _ = timeout(wait, bench.connector.remove(&made.native_id, first)).await;
        done("remove, after one that was cut short", bench.connector.remove(&made.native_id, first).await)?;
        bench.holds(&made.native_id, &[]).await?;
    }
    Ok(())
}
