//! Grants: who holds which version of which role, from when to when.

use latchkey_domain::{
    EntitlementId, GrantId, IdentityId, Instant, ItemId, RoleId, RoleVersionId,
    event::EventBody,
    grant::{GrantEnd, GrantKind, GrantOrigin, GrantState},
};
use sqlx::FromRow;
use uuid::Uuid;

use crate::{AsConn, StoreError, StoreResult, Tx};

/// The query for [`GrantRow`]s.
macro_rules! grant {
    ($which:literal) => {
        concat!(
            "select id, identity_id, role_id, role_version_id, origin, item_id, reason, state, starts_at, ends_at, zone,
                    ended_at, end_reason, coalesce(eligible, false) as eligible, activates_id,
                    full_ends_at, trial_kept_at, trial_words
             from role_grant ",
            $which
        )
    };
}

/// A grant as stored.
#[derive(Debug, Clone, FromRow)]
pub struct GrantRow {
    /// Its id.
    pub id: Uuid,
    /// Who holds it.
    pub identity_id: Uuid,
    /// The role.
    pub role_id: Uuid,
    /// The role's version that it gives.
    pub role_version_id: Uuid,
    /// Why it exists.
    #[sqlx(try_from = "String")]
    pub origin: GrantOrigin,
    /// The item that it came from.
    pub item_id: Option<Uuid>,
    /// The reason in its asker's words.
    pub reason: String,
    /// Where it stands.
    #[sqlx(try_from = "String")]
    pub state: GrantState,
    /// From when.
    pub starts_at: Instant,
    /// Until when; absent means until given back.
    pub ends_at: Option<Instant>,
    /// The zone that its end was worked out in.
    pub zone: String,
    /// When it ended.
    pub ended_at: Option<Instant>,
    /// Why it ended.
    pub end_reason: Option<String>,
    /// It is the right to activate the role.
    pub eligible: bool,
    /// The eligible grant that it activates.
    pub activates_id: Option<Uuid>,
    /// While it is a trial: until when it lasts if its holder keeps it.
    pub full_ends_at: Option<Instant>,
    /// When its holder kept it after a trial.
    pub trial_kept_at: Option<Instant>,
    /// What they used it for, in their words.
    pub trial_words: Option<String>,
}

impl GrantRow {
    /// Its typed id.
    #[must_use]
    pub const fn id(&self) -> GrantId {
        GrantId(self.id)
    }

    /// Who holds it.
    #[must_use]
    pub const fn identity(&self) -> IdentityId {
        IdentityId(self.identity_id)
    }

    /// The role.
    #[must_use]
    pub const fn role(&self) -> RoleId {
        RoleId(self.role_id)
    }

    /// What it is good for.
    #[must_use]
    pub fn kind(&self) -> GrantKind {
        GrantKind::of(self.eligible, self.activates_id.map(GrantId))
    }
}

/// What a grant is that starts as a trial.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewTrial {
    /// Until when it lasts if its holder keeps it.
    pub full_ends_at: Instant,
    /// From when they are asked.
    pub ask_at: Instant,
}

/// A grant to be written.
#[derive(Debug, Clone)]
pub struct NewGrant {
    /// Its id.
    pub id: GrantId,
    /// Who holds it.
    pub identity: IdentityId,
    /// The role.
    pub role: RoleId,
    /// The role's version that it gives.
    pub role_version: RoleVersionId,
    /// Why it exists.
    pub origin: GrantOrigin,
    /// The item that it came from.
    pub item: Option<ItemId>,
    /// The reason in its asker's words.
    pub reason: String,
    /// Where it stands at first.
    pub state: GrantState,
    /// From when.
    pub starts_at: Instant,
    /// Until when.
    pub ends_at: Option<Instant>,
    /// The zone that its end was worked out in.
    pub zone: String,
    /// What it is good for.
    pub kind: GrantKind,
    /// It is a trial until its end.
    pub trial: Option<NewTrial>,
}

/// Writes a grant; gives back what the log says of it.
///
/// # Errors
/// When the database fails.
#[must_use = "the log has to say it"]
pub async fn insert(tx: &mut Tx, g: &NewGrant) -> StoreResult<EventBody> {
    let now = tx.now();
    exec!(
        tx,
        "insert into role_grant (id, identity_id, role_id, role_version_id, origin, item_id, reason, state, starts_at, ends_at, zone, created_at,
                                 eligible, activates_id, full_ends_at, trial_ask_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)",
        g.id.0,
        g.identity.0,
        g.role.0,
        g.role_version.0,
        g.origin.as_str(),
        g.item.map(|i| i.0),
        &g.reason,
        g.state.as_str(),
        g.starts_at,
        g.ends_at,
        &g.zone,
        now,
        g.kind.is_eligible(),
        g.kind.activates().map(|right| right.0),
        g.trial.map(|t| t.full_ends_at),
        g.trial.map(|t| t.ask_at)
    )?;
    Ok(EventBody::GrantCreated {
        grant: g.id,
        identity: g.identity,
        role: g.role,
        role_version: g.role_version,
        origin: g.origin,
        item: g.item,
        starts_at: g.starts_at,
        ends_at: g.ends_at,
        grant_kind: g.kind,
        full_ends_at: g.trial.map(|t| t.full_ends_at),
    })
}

/// One grant.
///
/// # Errors
/// When the database fails.
pub async fn get(c: &mut impl AsConn, id: GrantId) -> StoreResult<Option<GrantRow>> {
    row!(c, GrantRow, grant!("where id = $1"), id.0)
}

/// An identity's grants that haven't ended, the ones that end first at the top.
///
/// # Errors
/// When the database fails.
pub async fn live_of(c: &mut impl AsConn, identity: IdentityId) -> StoreResult<Vec<GrantRow>> {
    rows!(
        c,
        GrantRow,
        grant!(
            "where identity_id = $1 and state in ('scheduled', 'active', 'eligible') order by ends_at nulls last, id"
        ),
        identity.0
    )
}

/// A role's grants that haven't ended, by id after `after`.
///
/// # Errors
/// When the database fails.
pub async fn live_of_role(
    c: &mut impl AsConn,
    role: RoleId,
    after: Option<GrantId>,
    limit: i64,
) -> StoreResult<Vec<GrantRow>> {
    let after = after.map_or(Uuid::nil(), |g| g.0);
    rows!(
        c,
        GrantRow,
        grant!("where role_id = $1 and state in ('scheduled', 'active', 'eligible') and id > $2 order by id limit $3"),
        role.0,
        after,
        limit
    )
}

/// The grant that came from an item.
///
/// # Errors
/// When the database fails.
pub async fn of_items(c: &mut impl AsConn, items: &[Uuid]) -> StoreResult<Vec<GrantRow>> {
    rows_in!(c, GrantRow, grant!("where item_id in ({})"), items)
}

/// Ends a grant that is in state `from`.
///
/// # Errors
/// `Conflict` when it isn't in that state any more.
pub async fn end(tx: &mut Tx, id: GrantId, from: GrantState, reason: GrantEnd) -> StoreResult<()> {
    let now = tx.now();
    let n = exec!(
        tx,
        "update role_grant set state = 'ended', ended_at = $1, end_reason = $2 where id = $3 and state = $4",
        now,
        reason.as_str(),
        id.0,
        from.as_str()
    )?;
    one(n, "the access")
}

/// Ends a grant before its time, and keeps who did it and why.
///
/// # Errors
/// `Conflict` when it isn't in that state any more.
pub async fn end_early(tx: &mut Tx, id: GrantId, from: GrantState, by: IdentityId, why: &str) -> StoreResult<()> {
    end(tx, id, from, GrantEnd::Revoked).await?;
    exec!(tx, "update role_grant set ended_by_id = $1, end_comment = $2 where id = $3", by.0, why, id.0)?;
    Ok(())
}

/// A grant that somebody ended before its time.
#[derive(Debug, Clone, FromRow)]
pub struct EndedEarlyRow {
    /// The grant.
    pub id: Uuid,
    /// What the role is called.
    pub role_name: String,
    /// The role.
    pub role_id: Uuid,
    /// When it ended.
    pub ended_at: Instant,
    /// Who ended it.
    pub by_id: Uuid,
    /// What they are called.
    pub by_name: String,
    /// Why, in their words.
    pub comment: String,
}

/// Which of these grants somebody ended before their time.
///
/// # Errors
/// When the database fails.
pub async fn ended_early(c: &mut impl AsConn, grants: &[Uuid]) -> StoreResult<Vec<EndedEarlyRow>> {
    rows_in!(
        c,
        EndedEarlyRow,
        "select g.id, v.name as role_name, g.role_id, g.ended_at, g.ended_by_id as by_id, p.display_name as by_name,
                coalesce(g.end_comment, '') as comment
         from role_grant g join role_version v on v.id = g.role_version_id join identity p on p.id = g.ended_by_id
         where g.ended_at is not null and g.id in ({}) order by g.id",
        grants
    )
}

/// What somebody lost since then because somebody ended it, newest first.
///
/// # Errors
/// When the database fails.
pub async fn ended_early_of(
    c: &mut impl AsConn,
    identity: IdentityId,
    since: Instant,
    limit: i64,
) -> StoreResult<Vec<EndedEarlyRow>> {
    rows!(
        c,
        EndedEarlyRow,
        "select g.id, v.name as role_name, g.role_id, g.ended_at, g.ended_by_id as by_id, p.display_name as by_name,
                coalesce(g.end_comment, '') as comment
         from role_grant g join role_version v on v.id = g.role_version_id join identity p on p.id = g.ended_by_id
         where g.identity_id = $1 and g.state = 'ended' and g.ended_at >= $2 order by g.ended_at desc, g.id limit $3",
        identity.0,
        since,
        limit
    )
}

/// A scheduled grant's start has come.
///
/// # Errors
/// `Conflict` when it isn't scheduled any more.
pub async fn start(tx: &mut Tx, id: GrantId) -> StoreResult<()> {
    let n = exec!(
        tx,
        "update role_grant set state = case when eligible then 'eligible' else 'active' end where id = $1 and state = 'scheduled'",
        id.0
    )?;
    one(n, "the access")
}

/// Gives a live grant another end.
///
/// # Errors
/// `Conflict` when it has ended.
pub async fn move_version(tx: &mut Tx, id: GrantId, version: RoleVersionId) -> StoreResult<()> {
    let n = exec!(
        tx,
        "update role_grant set role_version_id = $1 where id = $2 and state in ('scheduled', 'active', 'eligible')",
        version.0,
        id.0
    )?;
    one(n, "the access")
}

/// The grants that are to go on from this one and haven't started.
///
/// # Errors
/// When the database fails.
pub async fn scheduled_after(c: &mut impl AsConn, grant: GrantId) -> StoreResult<Vec<GrantRow>> {
    rows!(
        c,
        GrantRow,
        grant!(
            "where state = 'scheduled' and item_id in (select i.id from item i where i.extends_id = $1) order by id"
        ),
        grant.0
    )
}

/// The living activations of an eligible grant.
///
/// # Errors
/// When the database fails.
pub async fn activations_of(c: &mut impl AsConn, right: GrantId) -> StoreResult<Vec<GrantRow>> {
    rows!(c, GrantRow, grant!("where activates_id = $1 and state in ('scheduled', 'active') order by id"), right.0)
}

/// Grants whose end has come, at most `limit`.
///
/// # Errors
/// When the database fails.
pub async fn due_to_end(c: &mut impl AsConn, now: Instant, limit: i64) -> StoreResult<Vec<GrantRow>> {
    rows!(
        c,
        GrantRow,
        concat!(
            grant!("where state = 'active' and ends_at <= $1"),
            " union all ",
            grant!("where state = 'eligible' and ends_at <= $1"),
            " order by ends_at, id limit $2"
        ),
        now,
        limit
    )
}

/// Grants whose start has come, at most `limit`. Those of people who haven't started wait for their first day.
///
/// # Errors
/// When the database fails.
pub async fn due_to_start(c: &mut impl AsConn, now: Instant, limit: i64) -> StoreResult<Vec<GrantRow>> {
    rows!(
        c,
        GrantRow,
        grant!(
            "where state = 'scheduled' and starts_at <= $1
           and not exists (select 1 from identity i where i.id = identity_id and i.status = 'pre_hire')
         order by starts_at, id limit $2"
        ),
        now,
        limit
    )
}

/// Active grants that end before `until` and whose holder wasn't told yet. Those on trial are asked otherwise.
///
/// # Errors
/// When the database fails.
pub async fn due_to_remind(
    c: &mut impl AsConn,
    now: Instant,
    until: Instant,
    limit: i64,
) -> StoreResult<Vec<GrantRow>> {
    rows!(
        c,
        GrantRow,
        concat!(
            grant!(
                "where state = 'active' and ends_at > $1 and ends_at <= $2 and reminded_at is null and trial_ask_at is null"
            ),
            " union all ",
            grant!(
                "where state = 'eligible' and ends_at > $1 and ends_at <= $2 and reminded_at is null and trial_ask_at is null"
            ),
            " order by ends_at, id limit $3"
        ),
        now,
        until,
        limit
    )
}

/// Trials whose holders are to be asked whether they use what they have, at most `limit`.
///
/// # Errors
/// When the database fails.
pub async fn due_to_ask(c: &mut impl AsConn, now: Instant, limit: i64) -> StoreResult<Vec<GrantRow>> {
    rows!(
        c,
        GrantRow,
        grant!(
            "where trial_ask_at <= $1 and reminded_at is null and state in ('active', 'eligible')
             order by trial_ask_at, id limit $2"
        ),
        now,
        limit
    )
}

/// Notes that the holder was told that it ends soon; tells whether this call was the one.
///
/// # Errors
/// When the database fails.
pub async fn set_reminded(tx: &mut Tx, id: GrantId) -> StoreResult<bool> {
    let now = tx.now();
    Ok(exec!(tx, "update role_grant set reminded_at = $1 where id = $2 and reminded_at is null", now, id.0)? == 1)
}

/// One entitlement that an identity's active grants justify.
#[derive(Debug, Clone, FromRow)]
pub struct Needed {
    /// The entitlement.
    pub entitlement_id: Uuid,
    /// Its system.
    pub system_id: Uuid,
    /// The system's kind, as its word.
    pub system_kind: String,
}

impl Needed {
    /// The typed id.
    #[must_use]
    pub const fn entitlement(&self) -> EntitlementId {
        EntitlementId(self.entitlement_id)
    }
}

/// Every entitlement that the identity's active grants justify, once each.
///
/// # Errors
/// When the database fails.
pub async fn needed(c: &mut impl AsConn, identity: IdentityId) -> StoreResult<Vec<Needed>> {
    rows!(
        c,
        Needed,
        "select distinct e.id as entitlement_id, e.system_id, s.kind as system_kind
         from role_grant g
         join role_version_entitlement v on v.role_version_id = g.role_version_id
         join entitlement e on e.id = v.entitlement_id
         join system s on s.id = e.system_id
         where g.identity_id = $1 and g.state = 'active'
         order by e.system_id, e.id",
        identity.0
    )
}

/// One entitlement that one active grant justifies, with what its role asks for today.
#[derive(Debug, Clone, FromRow)]
pub struct JustifiedRow {
    /// The entitlement.
    pub entitlement_id: Uuid,
    /// The grant.
    pub grant_id: Uuid,
    /// What its role is called.
    pub role_name: String,
    /// The assurance that the role's version in force asks for itself.
    pub assurance: Option<String>,
    /// The role's policy in force as JSON.
    pub policy_body: String,
}

/// Every entitlement that the identity's active grants justify, once for each grant that does, the oldest grant first.
///
/// # Errors
/// When the database fails.
pub async fn justified(c: &mut impl AsConn, identity: IdentityId) -> StoreResult<Vec<JustifiedRow>> {
    rows!(
        c,
        JustifiedRow,
        "select x.entitlement_id, g.id as grant_id, v.name as role_name, v.assurance, p.body as policy_body
         from role_grant g
         join role_version_entitlement x on x.role_version_id = g.role_version_id
         join role_version v on v.role_id = g.role_id and v.valid_to is null
         join policy_version p on p.policy_id = v.policy_id and p.valid_to is null
         where g.identity_id = $1 and g.state = 'active'
         order by g.id, x.entitlement_id",
        identity.0
    )
}

pub(crate) fn one(affected: u64, what: &'static str) -> StoreResult<()> {
    if affected == 1 { Ok(()) } else { Err(StoreError::Conflict { what }) }
}

/// Whether a version of a role gives this entitlement of the built-in system.
///
/// # Errors
/// When the database fails.
pub async fn version_gives(c: &mut impl AsConn, version: Uuid, built_in_key: &str) -> StoreResult<bool> {
    Ok(row!(
        c,
        (i64,),
        "select count(*) from role_version_entitlement v join entitlement e on e.id = v.entitlement_id
         join system s on s.id = e.system_id and s.key = 'latchkey'
         where v.role_version_id = $1 and e.key = $2",
        version,
        built_in_key
    )?
    .is_some_and(|(n,)| n > 0))
}
