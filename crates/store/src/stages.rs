//! Stages of approval, who can decide them, and what was decided.

use latchkey_domain::{
    DecisionId, IdentityId, Instant, ItemId, StageId,
    assurance::Assurance,
    id::new_uuid,
    item::{StageState, Verdict},
};
use sqlx::FromRow;
use uuid::Uuid;

use crate::{AsConn, StoreResult, Tx, grants::one};

/// A stage as stored.
#[derive(Debug, Clone, FromRow)]
pub struct StageRow {
    /// Its id.
    pub id: Uuid,
    /// Of which item.
    pub item_id: Uuid,
    /// Which step, from 0.
    pub position: i64,
    /// Its frozen rule as JSON.
    pub rule: String,
    /// Where it stands.
    #[sqlx(try_from = "String")]
    pub state: StageState,
    /// Since when its approvers can decide.
    pub opened_at: Option<Instant>,
    /// When it decided or was skipped.
    pub closed_at: Option<Instant>,
    /// By when it should be decided.
    pub deadline_at: Option<Instant>,
    /// When that had passed, and what the policy says then was done.
    pub overdue_at: Option<Instant>,
    /// When those who wait nudged those who can decide it, the last time.
    pub nudged_at: Option<Instant>,
    /// When those who wait moved it on, the last time.
    pub moved_at: Option<Instant>,
}

/// Somebody who can decide a stage, or could.
#[derive(Debug, Clone, FromRow)]
pub struct ApproverRow {
    /// Which stage.
    pub stage_id: Uuid,
    /// Who.
    pub identity_id: Uuid,
    /// Why they can.
    pub because: String,
    /// For whom, if by delegation.
    pub on_behalf_of: Option<Uuid>,
    /// Since when.
    pub added_at: Instant,
    /// Until when; absent means still.
    pub removed_at: Option<Instant>,
}

/// What an approver said.
#[derive(Debug, Clone, FromRow)]
pub struct DecisionRow {
    /// Its id.
    pub id: Uuid,
    /// In which stage.
    pub stage_id: Uuid,
    /// About which item.
    pub item_id: Uuid,
    /// Who.
    pub identity_id: Uuid,
    /// For whom, if by delegation.
    pub on_behalf_of: Option<Uuid>,
    /// What.
    #[sqlx(try_from = "String")]
    pub verdict: Verdict,
    /// In their words.
    pub comment: String,
    /// When.
    pub decided_at: Instant,
}

/// A stage to be written.
#[derive(Debug, Clone)]
pub struct NewStage<'a> {
    /// Its id.
    pub id: StageId,
    /// Of which item.
    pub item: ItemId,
    /// Which step, from 0.
    pub position: u16,
    /// Its frozen rule as JSON.
    pub rule: &'a str,
    /// How many have to say yes, as it stands at submission.
    pub quorum: u16,
    /// Which time its deadline counts: `calendar` or `business`.
    pub deadline_counts: &'a str,
}

/// Writes a stage that isn't open yet.
///
/// # Errors
/// When the database fails.
pub async fn insert(tx: &mut Tx, stage: &NewStage<'_>) -> StoreResult<()> {
    exec!(
        tx,
        "insert into stage (id, item_id, position, rule, quorum, state, deadline_counts) values ($1, $2, $3, $4, $5, 'pending', $6)",
        stage.id.0,
        stage.item.0,
        i64::from(stage.position),
        stage.rule,
        i64::from(stage.quorum),
        stage.deadline_counts
    )?;
    Ok(())
}

/// By when an open stage should be decided.
///
/// # Errors
/// When the database fails.
pub async fn set_deadline(tx: &mut Tx, id: StageId, deadline: Instant) -> StoreResult<()> {
    exec!(tx, "update stage set deadline_at = $1 where id = $2", deadline, id.0)?;
    Ok(())
}

/// What the policy says of a passed deadline is being done; `false` when it was already.
///
/// # Errors
/// When the database fails.
pub async fn set_overdue(tx: &mut Tx, id: StageId) -> StoreResult<bool> {
    let now = tx.now();
    Ok(exec!(
        tx,
        "update stage set overdue_at = $1 where id = $2 and state = 'open' and overdue_at is null",
        now,
        id.0
    )? == 1)
}

/// A stage whose deadline has passed.
#[derive(Debug, Clone, Copy, FromRow)]
pub struct OverdueRow {
    /// The stage.
    pub id: Uuid,
    /// Its item.
    pub item_id: Uuid,
    /// Its item's beneficiary.
    pub beneficiary_id: Uuid,
}

/// Open stages whose deadline has passed without anything having been done about it, the oldest first, at most `limit`.
///
/// # Errors
/// When the database fails.
pub async fn overdue(c: &mut impl AsConn, now: Instant, limit: i64) -> StoreResult<Vec<OverdueRow>> {
    rows!(
        c,
        OverdueRow,
        "select s.id, s.item_id, i.beneficiary_id from stage s join item i on i.id = s.item_id
         where s.state = 'open' and s.overdue_at is null and s.deadline_at is not null and s.deadline_at <= $1
         order by s.deadline_at, s.id limit $2",
        now,
        limit
    )
}

/// The stages of some items, in order.
///
/// # Errors
/// When the database fails.
pub async fn of_items(c: &mut impl AsConn, items: &[Uuid]) -> StoreResult<Vec<StageRow>> {
    rows_in!(
        c,
        StageRow,
        "select id, item_id, position, rule, state, opened_at, closed_at, deadline_at, overdue_at, nudged_at, moved_at
         from stage where item_id in ({}) order by item_id, position",
        items
    )
}

/// Moves a stage from one state to the next; opening sets when, everything else closes it.
///
/// # Errors
/// `Conflict` when somebody else was first.
pub async fn save(tx: &mut Tx, id: StageId, from: StageState, to: StageState) -> StoreResult<()> {
    let now = tx.now();
    let n = if to == StageState::Open {
        exec!(
            tx,
            "update stage set state = $1, opened_at = $2 where id = $3 and state = $4",
            to.as_str(),
            now,
            id.0,
            from.as_str()
        )?
    } else {
        exec!(
            tx,
            "update stage set state = $1, closed_at = $2 where id = $3 and state = $4",
            to.as_str(),
            now,
            id.0,
            from.as_str()
        )?
    };
    one(n, "the request")
}

/// The item ended: stages that didn't decide are skipped, and nobody can decide any more.
///
/// # Errors
/// When the database fails.
pub async fn close_item(tx: &mut Tx, item: ItemId) -> StoreResult<()> {
    let now = tx.now();
    exec!(
        tx,
        "update stage_approver set removed_at = $1
         where removed_at is null and stage_id in (select id from stage where item_id = $2)",
        now,
        item.0
    )?;
    exec!(
        tx,
        "update stage set state = 'skipped', closed_at = $1 where item_id = $2 and state in ('pending', 'open')",
        now,
        item.0
    )?;
    Ok(())
}

/// Lets somebody decide a stage.
///
/// # Errors
/// `Duplicate` when they already can.
pub async fn add_approver(
    tx: &mut Tx,
    stage: StageId,
    who: IdentityId,
    because: &str,
    on_behalf_of: Option<IdentityId>,
) -> StoreResult<()> {
    let now = tx.now();
    exec!(
        tx,
        "insert into stage_approver (id, stage_id, identity_id, because, on_behalf_of, added_at) values ($1, $2, $3, $4, $5, $6)",
        new_uuid(now),
        stage.0,
        who.0,
        because,
        on_behalf_of.map(|i| i.0),
        now
    )
    .map_err(|e| e.or_duplicate("the approver"))?;
    Ok(())
}

/// Nobody can decide this stage from now on (it decided, or its approvers are about to be remade).
///
/// # Errors
/// When the database fails.
pub async fn remove_approvers(tx: &mut Tx, stage: StageId) -> StoreResult<()> {
    let now = tx.now();
    exec!(tx, "update stage_approver set removed_at = $1 where stage_id = $2 and removed_at is null", now, stage.0)?;
    Ok(())
}

/// A seat of this stage has said what it says: neither whoever did nor anybody else in that seat is asked any more.
///
/// # Errors
/// When the database fails.
pub async fn remove_seat(tx: &mut Tx, stage: StageId, who: IdentityId, seat: IdentityId) -> StoreResult<()> {
    let now = tx.now();
    exec!(
        tx,
        "update stage_approver set removed_at = $1
         where stage_id = $2 and removed_at is null and (identity_id = $3 or coalesce(on_behalf_of, identity_id) = $4)",
        now,
        stage.0,
        who.0,
        seat.0
    )?;
    Ok(())
}

/// One person can't decide this stage from now on: others decide now.
///
/// # Errors
/// When the database fails.
pub async fn remove_approver(tx: &mut Tx, stage: StageId, who: IdentityId) -> StoreResult<()> {
    let now = tx.now();
    exec!(
        tx,
        "update stage_approver set removed_at = $1 where stage_id = $2 and identity_id = $3 and removed_at is null",
        now,
        stage.0,
        who.0
    )?;
    Ok(())
}

/// Who can decide these stages now.
///
/// # Errors
/// When the database fails.
pub async fn approvers(c: &mut impl AsConn, stages: &[Uuid]) -> StoreResult<Vec<ApproverRow>> {
    rows_in!(
        c,
        ApproverRow,
        "select stage_id, identity_id, because, on_behalf_of, added_at, removed_at from stage_approver
         where removed_at is null and stage_id in ({}) order by stage_id, added_at, identity_id",
        stages
    )
}

/// Whether somebody can decide, or could once decide, an item of this request.
///
/// # Errors
/// When the database fails.
pub async fn was_asked(c: &mut impl AsConn, request: Uuid, who: IdentityId) -> StoreResult<bool> {
    Ok(row!(
        c,
        (i64,),
        "select count(*) from stage_approver a join stage s on s.id = a.stage_id join item i on i.id = s.item_id
         where i.request_id = $1 and a.identity_id = $2",
        request,
        who.0
    )?
    .is_some_and(|(n,)| n > 0))
}

/// How many items wait for somebody.
///
/// # Errors
/// When the database fails.
pub async fn count_for(c: &mut impl AsConn, who: IdentityId) -> StoreResult<i64> {
    Ok(row!(
        c,
        (i64,),
        "select count(*) from stage_approver a join stage s on s.id = a.stage_id
         where a.identity_id = $1 and a.removed_at is null and s.state = 'open'",
        who.0
    )?
    .map_or(0, |(n,)| n))
}

/// A decision to be written.
#[derive(Debug, Clone)]
pub struct NewDecision<'a> {
    /// Its id.
    pub id: DecisionId,
    /// In which stage.
    pub stage: StageId,
    /// About which item.
    pub item: ItemId,
    /// Who.
    pub identity: IdentityId,
    /// For whom, if by delegation.
    pub on_behalf_of: Option<IdentityId>,
    /// What.
    pub verdict: Verdict,
    /// In their words.
    pub comment: &'a str,
    /// What their session proves.
    pub assurance: &'a Assurance,
}

/// Writes a decision.
///
/// # Errors
/// `Duplicate` when this person already decided this stage.
pub async fn insert_decision(tx: &mut Tx, d: &NewDecision<'_>) -> StoreResult<()> {
    let now = tx.now();
    exec!(
        tx,
        "insert into decision (id, stage_id, item_id, identity_id, on_behalf_of, verdict, comment, decided_at, assurance)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        d.id.0,
        d.stage.0,
        d.item.0,
        d.identity.0,
        d.on_behalf_of.map(|i| i.0),
        d.verdict.as_str(),
        d.comment,
        now,
        serde_json::to_string(d.assurance).unwrap_or_default()
    )
    .map_err(|e| e.or_duplicate("the decision"))?;
    Ok(())
}

/// What was decided about some items, oldest first.
///
/// # Errors
/// When the database fails.
pub async fn decisions(c: &mut impl AsConn, items: &[Uuid]) -> StoreResult<Vec<DecisionRow>> {
    rows_in!(
        c,
        DecisionRow,
        "select id, stage_id, item_id, identity_id, on_behalf_of, verdict, comment, decided_at from decision
         where item_id in ({}) order by decided_at, id",
        items
    )
}
