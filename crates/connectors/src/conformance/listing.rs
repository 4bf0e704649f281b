//! The calls that a program need not have: lists, and making an account somebody's.

use std::{collections::BTreeSet, sync::Arc};

use super::{Bench, Kept, done, expect, not_done, raw, same, word};
use crate::{
    AccountState, Change, EntitlementRef, Holder, Listed,
    program::{Call, Outcome},
};

/// Nobody needs to hear how a list gets on here.
const fn silent(_: usize) {}

/// Whether the program has the call. One that doesn't say so in its greeting has to refuse it, like every call that it doesn't know.
async fn has(bench: &Bench<'_>, call: Call<'_>) -> Result<bool, String> {
    let Some(name) = call.optional() else { return Ok(true) };
    let hello = raw::hello(bench).await?;
    if hello.offers(name) {
        return Ok(true);
    }
    match raw::ask(bench, &call).await? {
        Outcome::Not(error) if word(&error) == "refused" => Ok(false),
        _ => Err(format!("{name} is not in \"calls\" of the answer to hello: expected refused")),
    }
}

pub(super) async fn adopt(bench: Arc<Bench<'_>>) -> Kept {
    let account = bench.account("one").await?;
    let carried = account.external_id.clone().unwrap_or_default();
    if !has(&bench, Call::Adopt { account: &account.native_id, external_id: &carried }).await? {
        return Ok(());
    }
    let adopted = done("adopt", bench.connector.adopt(&account.native_id, &carried).await)?;
    same("adopt, by whose it is", &adopted, &Change::AlreadySo)?;
    let other = bench.person("two").external_id;
    not_done("adopt, by another", bench.connector.adopt(&account.native_id, &other).await, "needs_human")?;
    same("read", &bench.seen(&account.native_id).await?, &account)?;
    let gone = format!("{}0000", account.native_id);
    not_done("adopt of an account that is not there", bench.connector.adopt(&gone, &other).await, "retry_later")
}

pub(super) async fn accounts(bench: Arc<Bench<'_>>) -> Kept {
    let one = bench.account("one").await?;
    let two = bench.account("two").await?;
    if !has(&bench, Call::Accounts { cursor: None }).await? {
        return Ok(());
    }
    done("set_state", bench.connector.set_state(&two.native_id, AccountState::Disabled).await)?;
    for _ in 0..2 {
        let all = done("accounts", bench.connector.accounts(&silent).await)?;
        for (account, state) in [(&one, AccountState::Enabled), (&two, AccountState::Disabled)] {
            let name = &account.name;
            let mut listed = all.iter().filter(|line| &line.name == name);
            let line = listed.next().ok_or_else(|| format!("accounts: {name} is missing from {} lines", all.len()))?;
            expect(listed.next().is_none(), || format!("accounts: {name} is listed twice"))?;
            same(
                &format!("accounts: {name}"),
                &shown(line),
                &(&account.native_id, state, account.external_id.as_deref()),
            )?;
        }
    }
    Ok(())
}

fn shown(line: &Listed) -> (&String, AccountState, Option<&str>) {
    (&line.native_id, line.state, line.external_id.as_deref())
}

pub(super) async fn holders(bench: Arc<Bench<'_>>) -> Kept {
    let [one, two] = [bench.account("one").await?.native_id, bench.account("two").await?.native_id];
    let [first, second] = &bench.subject.entitlements;
    if !has(&bench, Call::Holders { entitlement: first.into(), cursor: None }).await? {
        return Ok(());
    }
    done("grant", bench.connector.grant(&one, first).await)?;
    done("grant", bench.connector.grant(&two, first).await)?;
    done("grant", bench.connector.grant(&two, second).await)?;
    done("set_state", bench.connector.set_state(&two, AccountState::Disabled).await)?;
    expect_holders(&bench, first, &[&one, &two], &[]).await?;
    expect_holders(&bench, second, &[&two], &[&one]).await?;
    done("remove", bench.connector.remove(&one, first).await)?;
    expect_holders(&bench, first, &[&two], &[&one]).await?;
    let missing = EntitlementRef::new(first.kind, format!("{}-is-not-there", bench.subject.tag));
    not_done("holders of what is not there", bench.connector.holders(&missing, &silent).await, "needs_human")
}

/// Others may have it too: they are nobody of the suite's.
async fn expect_holders(bench: &Bench<'_>, of: &EntitlementRef, has: &[&String], has_not: &[&String]) -> Kept {
    let all = bench.connector.holders(of, &silent).await;
    let all: BTreeSet<String> = done("holders", all)?
        .into_iter()
        .filter_map(|holder| match holder {
            Holder::Account(native_id) => Some(native_id),
            Holder::Nested(_) => None,
        })
        .collect();
    for native_id in has {
        expect(all.contains(*native_id), || format!("holders of {}: the account {native_id} is missing", of.native))?;
    }
    for native_id in has_not {
        expect(!all.contains(*native_id), || {
            format!("holders of {}: the account {native_id} is listed and doesn't have it", of.native)
        })?;
    }
    Ok(())
}
