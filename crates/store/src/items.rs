//! Requests and their items.

use latchkey_domain::{
    GrantId, IdentityId, Instant, ItemId, PolicyVersionId, RequestId, RoleId, RoleVersionId,
    grant::GrantKind,
    item::{ItemState, Progress, RequestState},
};
use sqlx::FromRow;
use uuid::Uuid;

use crate::{AsConn, StoreError, StoreResult, Tx, grants::one};

/// The query for [`ItemRow`]s of items `i` and their requests `r`.
macro_rules! item {
    ($from:literal) => {
        concat!(
            "select i.id, i.request_id, i.role_id, i.role_version_id, i.policy_version_id, i.beneficiary_id, r.requester_id, i.reason,
                    i.seconds, i.starts_at, i.ends_at, i.zone, i.state, i.stage, i.stages, i.lapses_at, i.created_at, i.closed_at,
                    coalesce(i.eligible, false) as eligible, i.activates_id, i.trial_seconds
             from ",
            $from
        )
    };
}

/// A request as stored.
#[derive(Debug, Clone, FromRow)]
pub struct RequestRow {
    /// Its id.
    pub id: Uuid,
    /// What people quote.
    pub reference: String,
    /// Who asked.
    pub requester_id: Uuid,
    /// Where it stands; follows from its items.
    #[sqlx(try_from = "String")]
    pub state: RequestState,
    /// When it was submitted.
    pub created_at: Instant,
    /// When its last item ended.
    pub closed_at: Option<Instant>,
}

/// An item as stored.
#[derive(Debug, Clone, FromRow)]
pub struct ItemRow {
    /// Its id.
    pub id: Uuid,
    /// In which request.
    pub request_id: Uuid,
    /// Which role.
    pub role_id: Uuid,
    /// Which version of it.
    pub role_version_id: Uuid,
    /// The policy version that it is decided under (promise 5).
    pub policy_version_id: Uuid,
    /// For whom.
    pub beneficiary_id: Uuid,
    /// Who asked.
    pub requester_id: Uuid,
    /// Why, in the asker's words.
    pub reason: String,
    /// For how long from the start.
    pub seconds: Option<i64>,
    /// From when, if later than the approval.
    pub starts_at: Option<Instant>,
    /// Until when, if a day was named.
    pub ends_at: Option<Instant>,
    /// The zone that days are meant in.
    pub zone: String,
    /// Where it stands.
    #[sqlx(try_from = "String")]
    pub state: ItemState,
    /// The open stage's position.
    pub stage: i64,
    /// How many stages there are.
    pub stages: i64,
    /// When it lapses if nobody decides.
    pub lapses_at: Option<Instant>,
    /// When it was submitted.
    pub created_at: Instant,
    /// When it ended.
    pub closed_at: Option<Instant>,
    /// It asks for the right to activate the role.
    pub eligible: bool,
    /// It asks to activate the role by this eligible grant.
    pub activates_id: Option<Uuid>,
    /// For how many seconds the access lasts at first; absent when it isn't a trial.
    pub trial_seconds: Option<i64>,
}

impl ItemRow {
    /// Its typed id.
    #[must_use]
    pub const fn id(&self) -> ItemId {
        ItemId(self.id)
    }

    /// What is asked for.
    #[must_use]
    pub fn kind(&self) -> GrantKind {
        GrantKind::of(self.eligible, self.activates_id.map(GrantId))
    }

    /// The part that the rules are about.
    #[must_use]
    pub fn progress(&self) -> Progress {
        Progress {
            state: self.state,
            stage: u16::try_from(self.stage).unwrap_or(0),
            stages: u16::try_from(self.stages).unwrap_or(1),
        }
    }
}

/// A request to be written.
#[derive(Debug, Clone)]
pub struct NewRequest {
    /// Its id.
    pub id: RequestId,
    /// What people quote.
    pub reference: String,
    /// Who asks.
    pub requester: IdentityId,
    /// Made once by the form, so that a form sent twice is one request.
    pub form_key: Uuid,
}

/// An item to be written.
#[derive(Debug, Clone)]
pub struct NewItem {
    /// Its id.
    pub id: ItemId,
    /// In which request.
    pub request: RequestId,
    /// Which role.
    pub role: RoleId,
    /// Which version of it.
    pub role_version: RoleVersionId,
    /// The policy version that it is decided under.
    pub policy_version: PolicyVersionId,
    /// For whom.
    pub beneficiary: IdentityId,
    /// Why.
    pub reason: String,
    /// For how long from the start; `None` with no `ends_at` means until given back.
    pub seconds: Option<i64>,
    /// From when, if later than the approval.
    pub starts_at: Option<Instant>,
    /// Until when, if a day was named.
    pub ends_at: Option<Instant>,
    /// The zone that days are meant in.
    pub zone: String,
    /// How many stages it has.
    pub stages: u16,
    /// When it lapses if nobody decides.
    pub lapses_at: Option<Instant>,
    /// Lower-case text that it is found by.
    pub search_text: String,
    /// What is asked for.
    pub kind: GrantKind,
}

/// Writes a request.
///
/// # Errors
/// `Duplicate` when the form was sent before or the reference is taken.
pub async fn insert_request(tx: &mut Tx, r: &NewRequest) -> StoreResult<()> {
    let now = tx.now();
    exec!(
        tx,
        "insert into request (id, reference, requester_id, state, created_at, form_key) values ($1, $2, $3, 'open', $4, $5)",
        r.id.0,
        &r.reference,
        r.requester.0,
        now,
        r.form_key
    )
    .map_err(|e| e.or_duplicate("the request"))?;
    Ok(())
}

/// The request that a form made, if it was sent before.
///
/// # Errors
/// When the database fails.
pub async fn by_form_key(c: &mut impl AsConn, key: Uuid) -> StoreResult<Option<RequestRow>> {
    row!(
        c,
        RequestRow,
        "select id, reference, requester_id, state, created_at, closed_at from request where form_key = $1",
        key
    )
}

/// One request.
///
/// # Errors
/// When the database fails.
pub async fn request(c: &mut impl AsConn, id: RequestId) -> StoreResult<Option<RequestRow>> {
    row!(
        c,
        RequestRow,
        "select id, reference, requester_id, state, created_at, closed_at from request where id = $1",
        id.0
    )
}

/// Writes an item.
///
/// # Errors
/// `Duplicate` when the beneficiary already waits for this role.
pub async fn insert_item(tx: &mut Tx, i: &NewItem) -> StoreResult<()> {
    let now = tx.now();
    exec!(
        tx,
        "insert into item (id, request_id, role_id, role_version_id, policy_version_id, beneficiary_id, reason, seconds, starts_at, ends_at,
                           zone, state, stage, stages, lapses_at, created_at, search_text, eligible, activates_id)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 'waiting', 0, $12, $13, $14, $15, $16, $17)",
        i.id.0,
        i.request.0,
        i.role.0,
        i.role_version.0,
        i.policy_version.0,
        i.beneficiary.0,
        &i.reason,
        i.seconds,
        i.starts_at,
        i.ends_at,
        &i.zone,
        i64::from(i.stages),
        i.lapses_at,
        now,
        &i.search_text,
        i.kind.is_eligible(),
        i.kind.activates().map(|right| right.0)
    )
    .map_err(|e| e.or_duplicate("a request for this role"))?;
    Ok(())
}

/// One item.
///
/// # Errors
/// When the database fails.
pub async fn get(c: &mut impl AsConn, id: ItemId) -> StoreResult<Option<ItemRow>> {
    row!(c, ItemRow, item!("item i join request r on r.id = i.request_id where i.id = $1"), id.0)
}

/// The items of a request.
///
/// # Errors
/// When the database fails.
pub async fn of_request(c: &mut impl AsConn, id: RequestId) -> StoreResult<Vec<ItemRow>> {
    rows!(c, ItemRow, item!("item i join request r on r.id = i.request_id where i.request_id = $1 order by i.id"), id.0)
}

/// The beneficiary's items that are still waiting.
///
/// # Errors
/// When the database fails.
pub async fn waiting_of(c: &mut impl AsConn, beneficiary: IdentityId) -> StoreResult<Vec<ItemRow>> {
    rows!(
        c,
        ItemRow,
        item!(
            "item i join request r on r.id = i.request_id where i.beneficiary_id = $1 and i.state = 'waiting' order by i.id"
        ),
        beneficiary.0
    )
}

/// The items that wait for a role, whoever they are for.
///
/// # Errors
/// When the database fails.
pub async fn waiting_for_role(c: &mut impl AsConn, role: RoleId) -> StoreResult<Vec<ItemRow>> {
    rows!(
        c,
        ItemRow,
        item!(
            "item i join request r on r.id = i.request_id where i.role_id = $1 and i.state = 'waiting' order by i.id"
        ),
        role.0
    )
}

/// The waiting items that somebody asked for, whoever they are for.
///
/// # Errors
/// When the database fails.
pub async fn waiting_asked_by(c: &mut impl AsConn, requester: IdentityId) -> StoreResult<Vec<ItemRow>> {
    rows!(
        c,
        ItemRow,
        item!(
            "request r join item i on r.id = i.request_id where r.requester_id = $1 and i.state = 'waiting' order by i.id"
        ),
        requester.0
    )
}

/// Waiting items whose time to be decided is over.
///
/// # Errors
/// When the database fails.
pub async fn due_to_lapse(c: &mut impl AsConn, now: Instant, limit: i64) -> StoreResult<Vec<ItemRow>> {
    rows!(
        c,
        ItemRow,
        item!(
            "item i join request r on r.id = i.request_id where i.state = 'waiting' and i.lapses_at <= $1 order by i.lapses_at, i.id limit $2"
        ),
        now,
        limit
    )
}

/// Saves a step of an item: only from the state and stage that were read.
///
/// # Errors
/// `Conflict` when somebody else was first.
pub async fn save(tx: &mut Tx, id: ItemId, from: Progress, to: Progress) -> StoreResult<()> {
    let now = tx.now();
    let closed = (to.state != ItemState::Waiting).then_some(now);
    let n = exec!(
        tx,
        "update item set state = $1, stage = $2, closed_at = $3 where id = $4 and state = $5 and stage = $6",
        to.state.as_str(),
        i64::from(to.stage),
        closed,
        id.0,
        from.state.as_str(),
        i64::from(from.stage)
    )?;
    one(n, "the request")
}

/// Lets the request's state follow from its items.
///
/// # Errors
/// When the database fails.
pub async fn follow(tx: &mut Tx, id: RequestId) -> StoreResult<()> {
    let now = tx.now();
    exec!(
        tx,
        "update request set state = 'closed', closed_at = $1
         where id = $2 and state = 'open' and not exists (select 1 from item where request_id = $2 and state = 'waiting')",
        now,
        id.0
    )?;
    Ok(())
}

/// The frozen policy of an item, as JSON.
///
/// # Errors
/// `Missing` when the version isn't there.
pub async fn policy_body(c: &mut impl AsConn, version: Uuid) -> StoreResult<String> {
    row!(c, (String,), "select body from policy_version where id = $1", version)?
        .map(|(b,)| b)
        .ok_or(StoreError::Missing { what: "the policy version" })
}
