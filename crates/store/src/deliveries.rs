//! What other programs are told: one delivery for each event and each target, written with the event itself.
//!
//! A delivery is `due` until it is `sent`, or `failed` with the reason. Which targets there are, and which kinds of events
//! they want, stands in the database, written by the worker from its settings: whoever makes a change doesn't know them.

use latchkey_domain::{Instant, LeaseId, id::new_uuid};
use sqlx::FromRow;
use uuid::Uuid;

use crate::{AsConn, StoreResult, Tx, grants::one, identities::bulk::insert_rows};

/// The kinds of events that other programs can be told of: asking, deciding and holding.
pub const KINDS: &[&str] = &[
    "request_submitted",
    "stage_overdue",
    "stage_nudged",
    "stage_moved_on",
    "item_decided",
    "item_approved_by_rule",
    "item_withdrawn",
    "item_superseded",
    "item_lapsed",
    "item_cancelled",
    "item_shortened",
    "item_handed_over",
    "delegation_created",
    "delegation_ended",
    "grant_created",
    "grant_started",
    "grant_ended",
];

/// A delivery that was taken.
#[derive(Debug, Clone, FromRow)]
pub struct DeliveryRow {
    /// Its id, the same for every try.
    pub id: Uuid,
    /// Which event it tells of.
    pub event_id: Uuid,
    /// When it was written.
    pub created_at: Instant,
    /// How often it was tried.
    pub attempts: i64,
}

/// Writes a delivery for every target that wants to be told, due now. One query for a commit that nobody wants to hear of.
pub(crate) async fn queue(tx: &mut Tx, events: &[(Uuid, &str)]) -> StoreResult<()> {
    let told: Vec<_> = events.iter().filter(|(_, kind)| KINDS.contains(kind)).collect();
    if told.is_empty() {
        return Ok(());
    }
    let targets = rows!(tx, (String, String), "select name, kinds from delivery_target order by name")?;
    let now = tx.now();
    let mut due = Vec::new();
    for (name, kinds) in &targets {
        let wanted = |kind: &str| kinds.split(' ').any(|k| k == kind);
        due.extend(told.iter().filter(|(_, kind)| wanted(kind)).map(|(event, _)| (new_uuid(now), name, *event)));
    }
    if due.is_empty() {
        return Ok(());
    }
    insert_rows!(
        tx,
        "insert into delivery (id, target, event_id, created_at, state, due_at, attempts, last_error)",
        8,
        due,
        |d| [d.0, d.1, d.2, now, "due", now, 0_i64, ""]
    )
}

/// Says which targets there are and which kinds each wants (bookkeeping). What still was to be delivered to another one is
/// closed.
///
/// # Errors
/// When the database fails.
pub async fn set_targets(tx: &mut Tx, targets: &[(&str, Vec<&str>)]) -> StoreResult<()> {
    let before = rows!(tx, (String, String), "select name, kinds from delivery_target order by name")?;
    for (name, _) in &before {
        if !targets.iter().any(|(n, _)| n == name) {
            exec!(tx, "delete from delivery_target where name = $1", name)?;
            exec!(
                tx,
                "update delivery set state = 'failed', due_at = null, last_error = 'This target is not set any more.'
                 where target = $1 and due_at is not null",
                name
            )?;
        }
    }
    for (name, kinds) in targets {
        let kinds = kinds.join(" ");
        if before.iter().any(|(n, k)| n == name && *k == kinds) {
            continue;
        }
        exec!(
            tx,
            "insert into delivery_target (name, kinds) values ($1, $2) on conflict (name) do update set kinds = excluded.kinds",
            *name,
            &kinds
        )?;
    }
    Ok(())
}

/// Due deliveries to a target that nobody is delivering, the longest due first, at most `limit`.
///
/// # Errors
/// When the database fails.
pub async fn due(c: &mut impl AsConn, target: &str, now: Instant, limit: i64) -> StoreResult<Vec<Uuid>> {
    let all = rows!(
        c,
        (Uuid,),
        "select id from delivery where target = $1 and due_at <= $2 and (lease_until is null or lease_until < $2)
         order by due_at, id limit $3",
        target,
        now,
        limit
    )?;
    Ok(all.into_iter().map(|(id,)| id).collect())
}

/// Takes a delivery until `until`, if it is due and nobody else has it (bookkeeping).
///
/// # Errors
/// When the database fails.
pub async fn claim(tx: &mut Tx, id: Uuid, lease: LeaseId, until: Instant) -> StoreResult<Option<DeliveryRow>> {
    let now = tx.now();
    row!(
        tx,
        DeliveryRow,
        "update delivery set lease_id = $1, lease_until = $2
         where id = $3 and due_at <= $4 and (lease_until is null or lease_until < $4)
         returning id, event_id, created_at, attempts",
        lease.0,
        until,
        id,
        now
    )
}

/// How a try ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The target took it.
    Sent,
    /// Not now: tried again at this instant, for this reason.
    Later(Instant, String),
    /// Given up, for this reason.
    Failed(String),
}

/// Saves how a try ended, and gives the delivery back (bookkeeping).
///
/// # Errors
/// `Conflict` when the lease isn't the one any more.
pub async fn save(tx: &mut Tx, id: Uuid, lease: LeaseId, outcome: &Outcome) -> StoreResult<()> {
    let now = tx.now();
    let (state, due_at, sent_at, why) = match outcome {
        Outcome::Sent => ("sent", None, Some(now), ""),
        Outcome::Later(at, why) => ("due", Some(*at), None, why.as_str()),
        Outcome::Failed(why) => ("failed", None, None, why.as_str()),
    };
    let n = exec!(
        tx,
        "update delivery set state = $1, due_at = $2, sent_at = $3, last_error = $4, attempts = attempts + 1, lease_id = null, lease_until = null
         where id = $5 and lease_id = $6",
        state,
        due_at,
        sent_at,
        why,
        id,
        lease.0
    )?;
    one(n, "the delivery")
}
