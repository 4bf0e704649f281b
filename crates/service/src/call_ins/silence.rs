//! A duty of the worker: a source that promised to be heard of and isn't.

use latchkey_domain::{
    GrantId, IdentityId, Instant,
    actor::Actor,
    clock::Clock,
    event::{EventBody, NewEvent},
    grant::GrantEnd,
};
use latchkey_store::{
    Db,
    call_ins::{self as store, SourceRow},
    grants as rows, identities,
};

use super::{
    notices,
    source::{Silence, Source, WhenSilent},
};
use crate::{ServiceResult, facts, grants, justify, notices::call_ins as words};

/// Finds out which sources can't be reached, tells it once, and ends what they opened where the files say so. `since` is when
/// this worker started: while nobody listened, nobody could be heard. Returns how much was done.
///
/// # Errors
/// When the database fails.
pub async fn look(db: &Db, clock: &dyn Clock, since: Instant, limit: i64) -> ServiceResult<usize> {
    let mut done = 0;
    let all = store::in_force(&mut db.read().await?).await?;
    for row in all {
        let Some(silence) = Source::of(&row)?.silence else { continue };
        let mut is_silent = row.silent_at.is_some();
        if !is_silent && is_overdue(&row, &silence, since, clock.now()) {
            is_silent = fall_silent(db, clock, &row, &silence).await?;
            done += usize::from(is_silent);
        }
        if is_silent && silence.then == WhenSilent::End {
            done += end_what_it_opened(db, clock, &row, limit).await?;
        }
    }
    Ok(done)
}

/// Whether nothing was heard for too long, since the files say so and somebody listens.
fn is_overdue(row: &SourceRow, silence: &Silence, since: Instant, now: Instant) -> bool {
    let last = [row.heard_at, Some(row.valid_from), Some(since)].into_iter().flatten().max();
    last.is_some_and(|last| now - last > silence.after())
}

async fn fall_silent(db: &Db, clock: &dyn Clock, row: &SourceRow, silence: &Silence) -> ServiceResult<bool> {
    let mut tx = db.begin(clock.now()).await?;
    let seen = row.heard_at.unwrap_or(tx.now());
    // It may have been heard since it was listed, and another worker may have found out.
    if !store::set_silent(&mut tx, row.id(), seen).await? {
        return Ok(false);
    }
    notices::silent(&mut tx, row, silence).await?;
    let body = EventBody::CallSourceSilent { source: row.key.clone(), ends: silence.then == WhenSilent::End };
    tx.commit(vec![NewEvent::new(Actor::Worker("sources").reference(), body)]).await?;
    Ok(true)
}

/// Ends what a silent source opened, one transaction each. A crash in between is made good by the next pass.
async fn end_what_it_opened(db: &Db, clock: &dyn Clock, row: &SourceRow, limit: i64) -> ServiceResult<usize> {
    let actor = Actor::Worker("sources").reference();
    let mut ended = 0;
    for seen in store::due_to_end(&mut db.read().await?, row.id(), limit).await? {
        let mut tx = db.begin(clock.now()).await?;
        identities::lock(&mut tx, &[IdentityId(seen.identity_id)]).await?;
        tx.now_is(clock.now());
        // It may be back by now, the files may say something else, and somebody may have ended the access.
        let Some(now) = store::by_key(&mut tx, &row.key).await?.filter(|s| s.silent_at.is_some()) else { break };
        let Some(silence) = Source::of(&now)?.silence.filter(|s| s.then == WhenSilent::End) else { break };
        let grant = rows::get(&mut tx, GrantId(seen.grant_id)).await?;
        let Some(grant) = grant.filter(|g| g.state.end().is_ok()) else { continue };
        let mut events = grants::end(&mut tx, &grant, GrantEnd::SourceSilent, &actor).await?;
        events.extend(justify::settle(&mut tx, grant.identity(), &actor).await?);
        let role = facts::role_today(&mut tx, grant.role()).await?.facts.name;
        words::ended_silent(&mut tx, grant.identity(), grant.id(), &role, &now.name, &silence.fallback).await?;
        tx.commit(events).await?;
        ended += 1;
    }
    Ok(ended)
}
