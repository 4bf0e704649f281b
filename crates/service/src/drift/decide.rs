//! Somebody decides about what a pass found: it goes, or it stays for a reason.

use latchkey_domain::{
    AccountId, EntitlementId, FulfilmentId, IdentityId, PassId, SystemId,
    actor::{Actor, ActorRef, PersonActor},
    clock::Clock,
    drift::{DriftEnd, DriftState},
    event::{EventBody, NewEvent},
    fulfilment::{Presence, Progress, Work},
    portal_role::PortalRole,
    system::BUILT_IN_SYSTEM,
};
use latchkey_store::{
    Change, Db, Tx, accounts,
    drift::{self as store, DriftRow},
    fulfilments, identities, passes, routing,
    systems::{self, SystemRow},
};
use uuid::Uuid;

use super::{decided, ended, pages::possible};
use crate::{FieldProblem, ServiceError, ServiceResult, checks};

/// The most that is decided at once.
const MOST: usize = 200;

/// What came of a decision about several.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Decided {
    /// So many go, or stay.
    pub done: usize,
    /// So many were over already, decided otherwise, or can't be decided here.
    pub left: usize,
}

/// Whether somebody looks after a system: its owner, administrators, and security.
pub(super) async fn looks_after(tx: &mut Tx, person: &PersonActor, key: &str) -> ServiceResult<SystemRow> {
    let system = systems::by_key(tx, key).await?.filter(|s| s.key != BUILT_IN_SYSTEM).ok_or(ServiceError::NotFound)?;
    let owner = routing::owner_of_system(tx, SystemId(system.id)).await?;
    let may =
        owner == Some(person.identity) || person.has(PortalRole::Administrator) || person.has(PortalRole::Security);
    if may { Ok(system) } else { Err(ServiceError::NotFound) }
}

/// Wants a system compared at once.
///
/// # Errors
/// `NotFound` for those who don't look after it.
pub async fn compare_now(db: &Db, clock: &dyn Clock, actor: &Actor, key: &str) -> ServiceResult<()> {
    let person = checks::confirmed_person(actor, "It was not compared.")?;
    let mut tx = db.begin(clock.now()).await?;
    let system = looks_after(&mut tx, person, key).await?;
    passes::want(&mut tx, SystemId(system.id), person.identity).await?;
    tx.announce(Change::Work);
    tx.commit_bookkeeping().await?;
    Ok(())
}

/// Takes away what nobody granted, each as far as that is possible.
///
/// # Errors
/// `NotFound` for those who don't look after the system, `BadInput` without a reason or a choice.
pub async fn remove(
    db: &Db,
    clock: &dyn Clock,
    actor: &Actor,
    key: &str,
    ids: &[Uuid],
    comment: &str,
) -> ServiceResult<Decided> {
    decide(db, clock, actor, key, ids, comment, DriftState::Removing).await
}

/// Lets it stay, for a reason. Nobody lets their own stay.
///
/// # Errors
/// As [`remove`].
pub async fn accept(
    db: &Db,
    clock: &dyn Clock,
    actor: &Actor,
    key: &str,
    ids: &[Uuid],
    comment: &str,
) -> ServiceResult<Decided> {
    decide(db, clock, actor, key, ids, comment, DriftState::Accepted).await
}

async fn decide(
    db: &Db,
    clock: &dyn Clock,
    actor: &Actor,
    key: &str,
    ids: &[Uuid],
    comment: &str,
    to: DriftState,
) -> ServiceResult<Decided> {
    let person = checks::confirmed_person(actor, "Nothing was decided.")?;
    let comment = checks::words(
        "comment",
        comment,
        ["drift.comment_missing", "drift.comment_too_long"],
        "Say why, in a sentence. It stays on record.",
    );
    let chosen = match ids.len() {
        0 => Err(FieldProblem::new("drift", "drift.none_chosen", "Choose at least one line.")),
        n if n > MOST => {
            Err(FieldProblem::new("drift", "drift.too_many_chosen", format!("Choose at most {MOST} lines at once.")))
        }
        _ => Ok(()),
    };
    let comment = match (comment, chosen) {
        (Ok(comment), Ok(())) => comment,
        (comment, chosen) => {
            return Err(ServiceError::BadInput([chosen.err(), comment.err()].into_iter().flatten().collect()));
        }
    };
    let mut tx = db.begin(clock.now()).await?;
    let system = looks_after(&mut tx, person, key).await?;
    let seen = store::by_ids(&mut tx, ids).await?;
    let people: Vec<IdentityId> = seen.iter().filter_map(DriftRow::identity).collect();
    identities::lock(&mut tx, &people).await?;
    tx.now_is(clock.now());
    let mut events = Vec::new();
    let mut come_to = Decided { done: 0, left: ids.len() };
    for row in store::by_ids(&mut tx, ids).await?.iter().filter(|row| row.system_id == system.id) {
        if possible(row, to, person.identity).is_err() {
            continue;
        }
        events.extend(match to {
            DriftState::Removing => {
                take_away(&mut tx, row, Some(person.identity), &actor.reference(), &comment).await?
            }
            _ => {
                store::decide(&mut tx, row.id(), row.state, to, Some(person.identity), &comment, false).await?;
                vec![NewEvent::new(actor.reference(), decided(row, to)).text("comment", comment.clone())]
            }
        });
        come_to.done += 1;
    }
    come_to.left -= come_to.done;
    if events.is_empty() {
        tx.rollback().await?;
    } else {
        tx.commit(events).await?;
    }
    Ok(come_to)
}

/// Has one row go. The caller holds its holder's lock and has looked that it isn't decided otherwise.
pub(super) async fn take_away(
    tx: &mut Tx,
    row: &DriftRow,
    by: Option<IdentityId>,
    actor: &ActorRef,
    comment: &str,
) -> ServiceResult<Vec<NewEvent>> {
    let said = NewEvent::new(actor.clone(), decided(row, DriftState::Removing)).text("comment", comment);
    let ours = row.account_id.map(AccountId).zip(row.identity()).zip(row.entitlement());
    let Some(((account, identity), entitlement)) = ours else {
        store::decide(tx, row.id(), row.state, DriftState::Removing, by, comment, true).await?;
        tx.announce(Change::Work);
        return Ok(vec![said]);
    };
    let known = fulfilments::of_account(tx, account, entitlement).await?;
    if known.as_ref().is_some_and(|f| f.desired == Presence::Present) {
        if !store::close(tx, row.id(), DriftEnd::Granted).await? {
            return Ok(Vec::new());
        }
        return Ok(vec![NewEvent::new(actor.clone(), ended(row.system(), &row.clone().into(), DriftEnd::Granted))]);
    }
    store::decide(tx, row.id(), row.state, DriftState::Removing, by, comment, false).await?;
    let wanted = want_absent(tx, row.system(), account, identity, entitlement, known).await?;
    Ok(vec![said, NewEvent::new(actor.clone(), wanted)])
}

/// The entitlement is to be absent from the account, and is Latchkey's to take.
async fn want_absent(
    tx: &mut Tx,
    system: SystemId,
    account: AccountId,
    identity: IdentityId,
    entitlement: EntitlementId,
    known: Option<fulfilments::FulfilmentRow>,
) -> ServiceResult<EventBody> {
    let now = tx.now();
    let (fulfilment, work) = match known {
        None => {
            let id = FulfilmentId::new(now);
            let work = Work::new(Presence::Absent, now);
            fulfilments::insert(tx, id, account, entitlement, work, false).await?;
            (id, work)
        }
        Some(row) => {
            // Also where it was wanted absent, and seen so, before somebody gave it again.
            let work = Work {
                desired: Presence::Absent,
                progress: Progress::Due,
                generation: row.generation + 1,
                attempts: 0,
                due_at: Some(now),
                ..row.work()
            };
            fulfilments::save_wish(tx, row.id(), row.generation, work, false).await?;
            (row.id(), work)
        }
    };
    store::adopt_for_removal(tx, fulfilment).await?;
    accounts::due(tx, account).await?;
    tx.announce(Change::Work);
    Ok(EventBody::FulfilmentWanted {
        fulfilment,
        account,
        identity,
        system,
        entitlement,
        desired: Presence::Absent,
        generation: work.generation,
    })
}

/// Lets a pass go on that its brake stopped, or calls it off: then what it found stays listed.
///
/// # Errors
/// `NotFound` for those who don't look after the system, `Conflict` when somebody was first, `BadInput` without a reason.
pub async fn release_brake(
    db: &Db,
    clock: &dyn Clock,
    actor: &Actor,
    key: &str,
    pass: PassId,
    resume: bool,
    comment: &str,
) -> ServiceResult<()> {
    let person = checks::confirmed_person(actor, "The brake is on as before.")?;
    let code = ["brake.comment_missing", "brake.comment_too_long"];
    let comment = checks::words("comment", comment, code, "Say why, in a sentence. It stays on record.")
        .map_err(|problem| ServiceError::BadInput(vec![problem]))?;
    let mut tx = db.begin(clock.now()).await?;
    let system = looks_after(&mut tx, person, key).await?;
    let id = SystemId(system.id);
    let braked = passes::braked(&mut tx, id).await?.filter(|row| row.id == pass.0).ok_or(ServiceError::NotFound)?;
    passes::release(&mut tx, braked.id(), resume, person.identity, &comment).await?;
    // What it may go on with is a worker's to do.
    tx.announce(Change::Work);
    let body = EventBody::BrakeReleased { system: id, pass, resumed: resume };
    tx.commit(vec![NewEvent::new(actor.reference(), body).text("comment", comment)]).await?;
    Ok(())
}
