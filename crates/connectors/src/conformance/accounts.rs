//! Accounts: made once, recognised, left alone when they are somebody else's.

use std::sync::Arc;

use super::{Bench, Kept, done, expect, not_done, said, same, word};
use crate::{AccountState, CallError, Change, Lookup};

pub(super) async fn absent(bench: Arc<Bench<'_>>) -> Kept {
    let found = done("find", bench.connector.find(&bench.person("one"), &bench.subject.entitlements).await)?;
    same("find", &found, &Lookup::Absent)
}

pub(super) async fn create(bench: Arc<Bench<'_>>) -> Kept {
    let wanted = bench.person("one");
    let made = bench.account("one").await?;
    same("create: name", &made.name, &wanted.name)?;
    same("create: state", &made.state, &AccountState::Enabled)?;
    same("create: external_id", &made.external_id, &Some(wanted.external_id))?;
    same("read after create", &bench.seen(&made.native_id).await?, &made)
}

pub(super) async fn create_again(bench: Arc<Bench<'_>>) -> Kept {
    let made = bench.account("one").await?;
    same("create again", &bench.account("one").await?, &made)?;
    let mut renamed = bench.person("one");
    renamed.name = bench.person("two").name;
    let again = done("create with another name", bench.connector.create(&renamed).await)?;
    same("create with another name", &again, &made)
}

pub(super) async fn find(bench: Arc<Bench<'_>>) -> Kept {
    let made = bench.account("one").await?;
    let ours = Lookup::Ours(made.clone());
    let mut wanted = bench.person("one");
    same("find by external id", &done("find", bench.connector.find(&wanted, &[]).await)?, &ours)?;
    wanted.native_id = Some(made.native_id.clone());
    same("find by native id", &done("find", bench.connector.find(&wanted, &[]).await)?, &ours)?;
    wanted.native_id = Some(format!("{}0", made.native_id));
    same(
        "find with a native id that is no longer right",
        &done("find", bench.connector.find(&wanted, &[]).await)?,
        &ours,
    )?;
    wanted.native_id = None;
    wanted.name = bench.person("two").name;
    same("find with another name", &done("find", bench.connector.find(&wanted, &[]).await)?, &ours)
}

pub(super) async fn stranger(bench: Arc<Bench<'_>>) -> Kept {
    let made = bench.account("one").await?;
    let mut other = bench.person("two");
    other.name.clone_from(&made.name);
    for native_id in [None, Some(made.native_id.clone())] {
        other.native_id = native_id;
        match done("find", bench.connector.find(&other, &[]).await)? {
            Lookup::Stranger { name, .. } => same("find: the stranger's name", &name, &made.name)?,
            found => {
                return Err(format!("find: expected a stranger, since the name is another's; the answer is {found:?}"));
            }
        }
        not_done("create", bench.connector.create(&other).await, "needs_human")?;
    }
    same("read the stranger", &bench.seen(&made.native_id).await?, &made)
}

pub(super) async fn state(bench: Arc<Bench<'_>>) -> Kept {
    let account = bench.account("one").await?.native_id;
    let [first, _] = &bench.subject.entitlements;
    done("grant", bench.connector.grant(&account, first).await)?;
    for (state, expected) in [
        (AccountState::Enabled, Change::AlreadySo),
        (AccountState::Disabled, Change::Made),
        (AccountState::Disabled, Change::AlreadySo),
        (AccountState::Enabled, Change::Made),
    ] {
        let call = format!("set_state to {state:?}");
        same(&call, &done(&call, bench.connector.set_state(&account, state).await)?, &expected)?;
        same(&format!("state after {call}"), &bench.seen(&account).await?.state, &state)?;
        bench.holds(&account, &[first]).await?;
    }
    Ok(())
}

pub(super) async fn odd_names(bench: Arc<Bench<'_>>) -> Kept {
    for odd in ["o'brien", "a\"b\\c", "x); DROP TABLE y; --", "#a,b+c=d<e>;", "jürgen.größe", "$1 %s {0} *"] {
        let mut wanted = bench.person("odd");
        wanted.name = format!("{}-{odd}", wanted.name);
        wanted.external_id = format!("{}-{odd}", wanted.external_id);
        let made = match bench.connector.create(&wanted).await {
            Ok(made) => made,
            Err(CallError::Refused { .. } | CallError::NeedsHuman { .. }) => continue,
            Err(error) => return Err(format!("create {odd}: expected ok, refused or needs_human; {}", said(&error))),
        };
        same(&format!("create {odd}: name"), &made.name, &wanted.name)?;
        match bench.connector.find(&wanted, &[]).await {
            Ok(found) => same(&format!("find {odd}"), &found, &Lookup::Ours(made.clone()))?,
            Err(error) => return Err(format!("find {odd}: the outcome is {}", word(&error))),
        }
        let left = bench.connector.set_state(&made.native_id, AccountState::Disabled).await;
        expect(left.is_ok(), || format!("set_state of {odd}: expected ok"))?;
    }
    Ok(())
}
