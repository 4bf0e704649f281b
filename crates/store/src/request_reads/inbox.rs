//! What waits for somebody's decision, and what they decided.

use latchkey_domain::{GrantId, IdentityId, Instant, grant::GrantKind, role::Risk};
use sqlx::FromRow;
use uuid::Uuid;

use crate::{AsConn, StoreResult};

/// One line of somebody's inbox.
#[derive(Debug, Clone, FromRow)]
pub struct InboxRow {
    /// The stage that waits for them; lines are paged by its id.
    pub stage_id: Uuid,
    /// Since when.
    pub opened_at: Option<Instant>,
    /// The item.
    pub item_id: Uuid,
    /// The role.
    pub role_id: Uuid,
    /// What it is called.
    pub role_name: String,
    /// How much harm it could do.
    #[sqlx(try_from = "String")]
    pub risk: Risk,
    /// For whom.
    pub beneficiary_id: Uuid,
    /// What they are called.
    pub beneficiary_name: String,
    /// Why.
    pub reason: String,
    /// For how long.
    pub seconds: Option<i64>,
    /// When it lapses.
    pub lapses_at: Option<Instant>,
    /// It asks for the right to activate the role.
    pub eligible: bool,
    /// It asks to activate the role by this eligible grant.
    pub activates_id: Option<Uuid>,
    /// Questions of those who decide that nobody who asked has answered yet.
    pub unanswered: i64,
    /// Messages of those who asked that nobody who decides has answered yet.
    pub answers: i64,
}

impl InboxRow {
    /// What is asked for.
    #[must_use]
    pub fn kind(&self) -> GrantKind {
        GrantKind::of(self.eligible, self.activates_id.map(GrantId))
    }

    /// The key of this line where the first to close comes first.
    #[must_use]
    pub fn closing_key(&self) -> (Instant, Uuid) {
        (self.lapses_at.unwrap_or_else(never), self.stage_id)
    }
}

/// Which lines of an inbox are wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct InboxFilter {
    /// For this person.
    pub person: Option<Uuid>,
    /// For this role.
    pub role: Option<Uuid>,
    /// Reaching the system with this key.
    pub system: Option<String>,
    /// As risky as this.
    pub risk: Option<Risk>,
    /// Waiting since then or before.
    pub since: Option<Instant>,
    /// Closing by then if nobody decides.
    pub closing: Option<Instant>,
}

/// What comes first in an inbox, and where the page before ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InboxOrder {
    /// Longest waiting first, after this stage.
    Oldest(Option<Uuid>),
    /// The first to close if nobody decides, after this instant and stage.
    Closing(Option<(Instant, Uuid)>),
}

/// What waits for somebody, longest waiting first, after the given line.
///
/// # Errors
/// When the database fails.
pub async fn inbox(
    c: &mut impl AsConn,
    who: IdentityId,
    after: Option<Uuid>,
    limit: i64,
) -> StoreResult<Vec<InboxRow>> {
    inbox_of(c, who, &InboxFilter::default(), InboxOrder::Oldest(after), limit).await
}

/// An instant after all that can be asked for: what never closes comes last.
fn never() -> Instant {
    Instant::UNIX_EPOCH + chrono::TimeDelta::days(84_000)
}

/// The query for [`InboxRow`]s with its filter, up to the order.
macro_rules! inbox_lines {
    ($order:literal) => {
        concat!(
            "select s.id as stage_id, s.opened_at, i.id as item_id, i.role_id, v.name as role_name, v.risk, i.beneficiary_id,
                b.display_name as beneficiary_name, i.reason, i.seconds, i.lapses_at,
                coalesce(i.eligible, false) as eligible, i.activates_id,
                (select count(*) from item_message m where m.item_id = i.id and m.side = 'decider'
                   and not exists (select 1 from item_message o where o.item_id = m.item_id and o.side = 'asker' and o.id > m.id)) as unanswered,
                (select count(*) from item_message m where m.item_id = i.id and m.side = 'asker'
                   and not exists (select 1 from item_message o where o.item_id = m.item_id and o.side = 'decider' and o.id > m.id)) as answers
         from stage_approver a
         join stage s on s.id = a.stage_id and s.state = 'open'
         join item i on i.id = s.item_id and i.state = 'waiting'
         join role_version v on v.id = i.role_version_id
         join identity b on b.id = i.beneficiary_id
         where a.identity_id = $1 and a.removed_at is null
           and ($2 is null or i.beneficiary_id = $2)
           and ($3 is null or i.role_id = $3)
           and ($4 = '' or exists (select 1 from role_version_entitlement x join entitlement e on e.id = x.entitlement_id
                                   join system y on y.id = e.system_id
                                   where x.role_version_id = i.role_version_id and y.key = $4))
           and ($5 = '' or v.risk = $5)
           and ($6 is null or s.opened_at <= $6)
           and ($7 is null or i.lapses_at <= $7)
           and ",
            $order
        )
    };
}

/// What waits for somebody and fits, in this order.
///
/// # Errors
/// When the database fails.
pub async fn inbox_of(
    c: &mut impl AsConn,
    who: IdentityId,
    filter: &InboxFilter,
    order: InboxOrder,
    limit: i64,
) -> StoreResult<Vec<InboxRow>> {
    let system = filter.system.as_deref().unwrap_or("");
    let risk = filter.risk.map_or("", Risk::as_str);
    match order {
        InboxOrder::Oldest(after) => rows!(
            c,
            InboxRow,
            inbox_lines!("a.stage_id > $8 order by a.stage_id limit $9"),
            who.0,
            filter.person,
            filter.role,
            system,
            risk,
            filter.since,
            filter.closing,
            after.unwrap_or(Uuid::nil()),
            limit
        ),
        InboxOrder::Closing(after) => {
            let (at, stage) = after.unwrap_or((Instant::UNIX_EPOCH, Uuid::nil()));
            rows!(
                c,
                InboxRow,
                inbox_lines!(
                    "(coalesce(i.lapses_at, $10), a.stage_id) > ($8, $9) order by coalesce(i.lapses_at, $10), a.stage_id limit $11"
                ),
                who.0,
                filter.person,
                filter.role,
                system,
                risk,
                filter.since,
                filter.closing,
                at,
                stage,
                never(),
                limit
            )
        }
    }
}

/// What somebody decided, newest first, before the given decision.
#[derive(Debug, Clone, FromRow)]
pub struct DecidedRow {
    /// The decision; lines are paged by it.
    pub decision_id: Uuid,
    /// When.
    pub decided_at: Instant,
    /// What, as its word.
    pub verdict: String,
    /// The item.
    pub item_id: Uuid,
    /// Its request.
    pub request_id: Uuid,
    /// What the role is called.
    pub role_name: String,
    /// How much harm it could do.
    #[sqlx(try_from = "String")]
    pub risk: Risk,
    /// What the beneficiary is called.
    pub beneficiary_name: String,
    /// For how long.
    pub seconds: Option<i64>,
}

/// What somebody decided, newest first, before the given decision.
///
/// # Errors
/// When the database fails.
pub async fn decided_by(
    c: &mut impl AsConn,
    who: IdentityId,
    before: Option<Uuid>,
    limit: i64,
) -> StoreResult<Vec<DecidedRow>> {
    rows!(
        c,
        DecidedRow,
        "select d.id as decision_id, d.decided_at, d.verdict, i.id as item_id, i.request_id, v.name as role_name, v.risk,
                b.display_name as beneficiary_name, i.seconds
         from decision d join item i on i.id = d.item_id join role_version v on v.id = i.role_version_id
         join identity b on b.id = i.beneficiary_id
         where d.identity_id = $1 and d.id < $2 order by d.id desc limit $3",
        who.0,
        before.unwrap_or(Uuid::max()),
        limit
    )
}
