//! What a pass found is written down; by the system's rule its owner is asked, or it is taken away, as long as that isn't more
//! than a pass may take by itself.

use latchkey_domain::{
    DriftId, IdentityId, Instant, LeaseId, PassId, SystemId,
    actor::{Actor, ActorRef},
    clock::Clock,
    drift::{DriftEnd, DriftKind, DriftState},
    event::{EventBody, NewEvent},
    fulfilment::Presence,
    system::OnDrift,
};
use latchkey_store::{
    Change, Db,
    drift::{self as store, DriftFilter, DriftRow, KnownDrift, NewDrift},
    fulfilments, identities,
    passes::{self, PassTotals},
    routing,
    systems::SystemRow,
};
use uuid::Uuid;

use super::{decide::take_away, ended};
use crate::{ServiceResult, notices};

/// How much is written in one transaction.
const BATCH: usize = 200;

/// What a pass found.
#[derive(Debug, Clone, Default)]
pub struct Findings {
    /// Accounts within what is managed.
    pub accounts: u64,
    /// Times that one of them has an entitlement.
    pub holdings: u64,
    /// What wasn't known before.
    pub new: Vec<NewDrift>,
    /// What isn't there any more, and how that came.
    pub over: Vec<(KnownDrift, DriftEnd)>,
    /// Accounts of ours that a worker should look at: something about them is otherwise than it was last seen.
    pub look_at: Vec<Uuid>,
}

/// A pass, and who makes it.
#[derive(Debug, Clone, Copy)]
pub struct Making {
    /// The pass.
    pub pass: PassId,
    /// The worker's hold on it.
    pub lease: LeaseId,
}

fn worker() -> ActorRef {
    Actor::Worker("compare").reference()
}

/// Writes down what a pass found and what follows from it, and ends the pass. May be called again after a failure: what was
/// written is known then.
///
/// # Errors
/// `Conflict` when another worker has the pass; when the database fails.
pub async fn write(
    db: &Db,
    clock: &dyn Clock,
    making: Making,
    system: &SystemRow,
    findings: &Findings,
) -> ServiceResult<PassTotals> {
    let id = SystemId(system.id);
    let mut totals = PassTotals { accounts: findings.accounts, holdings: findings.holdings, ..PassTotals::default() };
    for batch in findings.over.chunks(BATCH) {
        let mut tx = db.begin(clock.now()).await?;
        let mut events = Vec::new();
        for (row, how) in batch {
            // Whoever took it away may have had the system's word for it since it was read.
            if store::close(&mut tx, DriftId(row.id), *how).await? {
                events.push(NewEvent::new(worker(), ended(id, row, *how)));
            }
        }
        totals.gone += events.len() as u64;
        if events.is_empty() {
            tx.rollback().await?;
        } else {
            tx.commit(events).await?;
        }
    }
    for batch in findings.new.chunks(BATCH) {
        totals.found += add(db, clock, id, batch).await?;
    }
    for batch in findings.look_at.chunks(BATCH) {
        let mut tx = db.begin(clock.now()).await?;
        passes::look_at(&mut tx, batch).await?;
        tx.announce(Change::Work);
        tx.commit_bookkeeping().await?;
    }
    let rule = system.pass_rule();
    if rule.drift == OnDrift::Remove {
        let called_off = passes::called_off(&mut db.read().await?, id).await?;
        let open = open_access(db, id, Found { after: called_off, until: None }).await?;
        let removals = open.len() as u64;
        if rule.brakes(removals, findings.holdings) {
            totals.braked = Some(removals);
        } else {
            remove_by_rule(db, clock, &open).await?;
        }
    }
    end(db, clock, making, system, totals).await?;
    Ok(totals)
}

/// Writes down what is new; what was granted in the meantime is left out. Tells how much was written.
async fn add(db: &Db, clock: &dyn Clock, system: SystemId, batch: &[NewDrift]) -> ServiceResult<u64> {
    let mut tx = db.begin(clock.now()).await?;
    let mut events = Vec::new();
    for new in batch {
        if let (DriftKind::Access, Some(account), Some(entitlement)) = (new.kind, new.account, new.entitlement) {
            let now = fulfilments::of_account(&mut tx, account, entitlement).await?;
            if now.is_some_and(|f| f.desired == Presence::Present) {
                continue;
            }
        }
        let drift = store::insert(&mut tx, system, new).await?;
        let body = EventBody::DriftFound {
            drift,
            system,
            drift_kind: new.kind,
            identity: new.identity,
            entitlement: new.entitlement,
        };
        events.push(NewEvent::new(worker(), body).text("name", new.login.clone()));
    }
    let found = events.len() as u64;
    if events.is_empty() {
        tx.rollback().await?;
    } else {
        tx.commit(events).await?;
    }
    Ok(found)
}

/// When something was first found.
#[derive(Debug, Clone, Copy)]
struct Found {
    /// After this instant.
    after: Option<Instant>,
    /// By this instant.
    until: Option<Instant>,
}

impl Found {
    fn fits(self, at: Instant) -> bool {
        self.after.is_none_or(|after| at > after) && self.until.is_none_or(|until| at <= until)
    }
}

/// Open access that nobody granted: what a rule takes away. What somebody called off stays as it is.
async fn open_access(db: &Db, system: SystemId, found: Found) -> ServiceResult<Vec<DriftId>> {
    let mut all = Vec::new();
    let filter = DriftFilter { kind: Some(DriftKind::Access), state: Some(DriftState::Open) };
    let mut c = db.read().await?;
    let mut before = None;
    loop {
        let rows = store::page(&mut c, system, filter, before, 1000).await?;
        let Some(last) = rows.last() else { return Ok(all) };
        before = Some(last.id());
        all.extend(rows.iter().filter(|row| found.fits(row.first_seen_at)).map(DriftRow::id));
    }
}

async fn remove_by_rule(db: &Db, clock: &dyn Clock, open: &[DriftId]) -> ServiceResult<()> {
    for batch in open.chunks(BATCH) {
        let ids: Vec<Uuid> = batch.iter().map(|d| d.0).collect();
        let mut tx = db.begin(clock.now()).await?;
        let seen = store::by_ids(&mut tx, &ids).await?;
        let people: Vec<IdentityId> = seen.iter().filter_map(DriftRow::identity).collect();
        identities::lock(&mut tx, &people).await?;
        tx.now_is(clock.now());
        let mut events = Vec::new();
        for row in store::by_ids(&mut tx, &ids).await? {
            if row.state == DriftState::Open {
                events.extend(take_away(&mut tx, &row, None, &worker(), "").await?);
            }
        }
        if events.is_empty() {
            tx.rollback().await?;
        } else {
            tx.commit(events).await?;
        }
    }
    Ok(())
}

/// Goes on where somebody said that a stopped pass may: takes away what it had found, and nothing that was found since. Tells
/// how many passes went on.
///
/// # Errors
/// When the database fails.
pub async fn carry_on(db: &Db, clock: &dyn Clock) -> ServiceResult<usize> {
    let resumed = passes::resumed(&mut db.read().await?).await?;
    for pass in &resumed {
        let system = SystemId(pass.system_id);
        let called_off = passes::called_off(&mut db.read().await?, system).await?;
        let open = open_access(db, system, Found { after: called_off, until: pass.ended_at }).await?;
        remove_by_rule(db, clock, &open).await?;
        let mut tx = db.begin(clock.now()).await?;
        passes::carried_out(&mut tx, pass.id()).await?;
        tx.commit_bookkeeping().await?;
    }
    Ok(resumed.len())
}

/// The pass has ended: with its event, and with a notice where somebody has to look.
async fn end(db: &Db, clock: &dyn Clock, making: Making, system: &SystemRow, totals: PassTotals) -> ServiceResult<()> {
    let id = SystemId(system.id);
    let mut tx = db.begin(clock.now()).await?;
    let waits_already = passes::braked(&mut tx, id).await?.is_some();
    passes::done(&mut tx, making.pass, making.lease, totals).await?;
    latchkey_store::systems::passed(&mut tx, id).await?;
    let mut events = vec![NewEvent::new(
        worker(),
        EventBody::SystemCompared {
            system: id,
            pass: making.pass,
            accounts: totals.accounts,
            holdings: totals.holdings,
            found: totals.found,
            gone: totals.gone,
        },
    )];
    if let Some(removals) = totals.braked {
        let body = EventBody::BrakePulled { system: id, pass: making.pass, removals, of: totals.holdings };
        events.push(NewEvent::new(worker(), body));
    }
    // Whoever was asked once isn't asked each hour about the same.
    let news = totals.found > 0 || (totals.braked.is_some() && !waits_already);
    let asks = system.pass_rule().drift != OnDrift::Report && news;
    if asks && let Some(owner) = routing::owner_of_system(&mut tx, id).await? {
        notices::drift::found(&mut tx, owner, system, making.pass, totals).await?;
    }
    tx.commit(events).await?;
    Ok(())
}
