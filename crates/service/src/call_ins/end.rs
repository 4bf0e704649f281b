//! A shift or a ticket is over: what was opened for it ends, and where a rule says so what was asked for with it.

use std::collections::BTreeSet;

use latchkey_domain::{
    CallInId, GrantId, IdentityId, RoleId,
    clock::Clock,
    event::{EventBody, NewEvent},
    grant::GrantEnd,
};
use latchkey_store::{
    Db, Tx,
    call_ins::{self as store, OpenedRow, SourceRow},
    catalog::roles,
    grants as rows, identities,
};
use serde_json::json;

use super::{
    receive::{Answer, Outcome, Taken, again, heard, keep},
    source::Source,
};
use crate::{ServiceResult, facts, grants, justify, notices::call_ins as words};

/// How many end in one transaction; the last one keeps the call.
const AT_ONCE: i64 = 100;

/// Ends what was opened for a reference, of one person or of everybody.
pub(super) async fn end(
    db: &Db,
    clock: &dyn Clock,
    taken: &Taken<'_>,
    seen: &SourceRow,
    who: Option<IdentityId>,
) -> ServiceResult<Answer> {
    let mut ended = 0;
    loop {
        let source = Source::of(seen)?;
        let found = due(&mut db.read().await?, taken, seen, &source, who).await?;
        let mut tx = db.begin(clock.now()).await?;
        let people: Vec<IdentityId> = found.iter().map(|one| IdentityId(one.identity_id)).collect();
        identities::lock(&mut tx, &people).await?;
        tx.now_is(clock.now());
        let now = tx.now();
        let (row, source) = again(&mut tx, taken).await?;
        let mut events = heard(&mut tx, taken, &row).await?;
        // Once more, under the locks: what came since is found in the next round.
        let locked: BTreeSet<IdentityId> = people.into_iter().collect();
        let all = due(&mut tx, taken, &row, &source, who).await?;
        let (here, later): (Vec<_>, Vec<_>) = all.iter().partition(|one| locked.contains(&IdentityId(one.identity_id)));
        let is_last = later.is_empty() && all.len() < usize::try_from(AT_ONCE).unwrap_or(usize::MAX);
        let (body, count, of_grants) = end_these(&mut tx, taken, &row, &here).await?;
        ended += count;
        // That there was nothing to end is on record, too.
        if count > 0 || is_last {
            events.push(NewEvent::new(taken.actor.clone(), body).text("piece", taken.body.reference.clone()));
        }
        events.extend(of_grants);
        if !is_last {
            if events.is_empty() {
                tx.rollback().await?;
            } else {
                tx.commit(events).await?;
            }
            continue;
        }
        let answer = Answer::done(json!({"outcome": "ended", "reference": taken.body.reference, "ended": ended}));
        let word = if ended == 0 { "nothing" } else { "ended" };
        let outcome = Outcome { identity: who, word, grants: ended, answer };
        keep(&mut tx, CallInId::new(now), taken, &row, &outcome).await?;
        tx.commit(events).await?;
        return Ok(outcome.answer);
    }
}

/// The live grants that a call ends, at most so many.
async fn due(
    c: &mut impl latchkey_store::AsConn,
    taken: &Taken<'_>,
    row: &SourceRow,
    source: &Source,
    who: Option<IdentityId>,
) -> ServiceResult<Vec<OpenedRow>> {
    let reference = taken.body.reference_kept();
    let mut found = store::opened_by(c, row.id(), &reference, who, AT_ONCE).await?;
    let rules = source.rules.iter().filter(|rule| rule.ends_requested && rule.fits(&taken.body.reference));
    let keys: BTreeSet<&str> = rules.flat_map(|rule| &rule.roles).map(String::as_str).collect();
    for key in keys {
        let Some(role) = roles::by_key(c, key).await? else { continue };
        found.extend(store::requested_for(c, RoleId(role.role_id), &reference, who, AT_ONCE).await?);
    }
    found.truncate(usize::try_from(AT_ONCE).unwrap_or(usize::MAX));
    Ok(found)
}

/// Ends these grants, whose holders are locked. Gives back what the log says of all, how many they were, and what it says of
/// each.
async fn end_these(
    tx: &mut Tx,
    taken: &Taken<'_>,
    source: &SourceRow,
    these: &[&OpenedRow],
) -> ServiceResult<(EventBody, usize, Vec<NewEvent>)> {
    let mut events = Vec::new();
    let (mut people, mut roles, mut ended) = (BTreeSet::new(), BTreeSet::new(), Vec::new());
    for one in these {
        let Some(grant) = rows::get(tx, GrantId(one.grant_id)).await? else { continue };
        // What went on from one that ended before it in this list has ended with it.
        if grant.state.end().is_err() {
            continue;
        }
        events.extend(grants::end(tx, &grant, GrantEnd::SourceEnded, &taken.actor).await?);
        let role = facts::role_today(tx, grant.role()).await?.facts.name;
        words::ended(tx, grant.identity(), grant.id(), &role, (&source.name, &taken.body.reference)).await?;
        people.insert(grant.identity());
        roles.insert(grant.role());
        ended.push(grant.id());
    }
    for who in &people {
        events.extend(justify::settle(tx, *who, &taken.actor).await?);
    }
    let count = ended.len();
    let body = EventBody::CallInEnded {
        source: source.key.clone(),
        people: people.into_iter().collect(),
        roles: roles.into_iter().collect(),
        grants: ended,
    };
    Ok((body, count, events))
}
