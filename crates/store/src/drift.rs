//! Drift: what systems hold and nobody here granted, and what was granted and is gone.

use latchkey_domain::{
    AccountId, DriftId, EntitlementId, FulfilmentId, IdentityId, Instant, SystemId,
    drift::{DriftEnd, DriftKind, DriftState},
    system::EntitlementKind,
};
use sqlx::FromRow;
use uuid::Uuid;

use crate::{AsConn, StoreResult, Tx, grants::one};

/// The query for [`DriftRow`]s.
macro_rules! drift {
    ($rest:literal) => {
        concat!(
            "select d.id, d.system_id, d.kind, d.native_id, d.login, d.entitlement_id, e.name as entitlement_name, e.native as entitlement_native,
                    e.kind as entitlement_kind, d.account_id, d.identity_id, i.display_name as identity_name, d.display_name, d.email, d.enabled,
                    d.last_used_at, d.first_seen_at, d.state, d.decided_by_id, b.display_name as decided_by_name, d.decided_at, d.comment,
                    d.due_at, d.attempts, d.last_words, d.closed_at, d.closed_as
             from drift d
             left join entitlement e on e.id = d.entitlement_id
             left join identity i on i.id = d.identity_id
             left join identity b on b.id = d.decided_by_id ",
            $rest
        )
    };
}

/// Something that was found.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct DriftRow {
    /// Its id.
    pub id: Uuid,
    /// On which system.
    pub system_id: Uuid,
    /// What it is.
    #[sqlx(try_from = "String")]
    pub kind: DriftKind,
    /// How the system names the account, or the group inside the group.
    pub native_id: String,
    /// The login, or the group's name.
    pub login: String,
    /// Which entitlement, where it is about one.
    pub entitlement_id: Option<Uuid>,
    /// What that is called.
    pub entitlement_name: Option<String>,
    /// How the system names it.
    pub entitlement_native: Option<String>,
    /// What it is there, as its word.
    pub entitlement_kind: Option<String>,
    /// The account, where it is one of ours.
    pub account_id: Option<Uuid>,
    /// Whose that is, or whose id an account of nobody carries.
    pub identity_id: Option<Uuid>,
    /// What they are called.
    pub identity_name: Option<String>,
    /// What the system calls an account of nobody.
    pub display_name: String,
    /// The address that the system has of it.
    pub email: Option<String>,
    /// Whether it can be used.
    pub enabled: Option<bool>,
    /// When it was last used; nothing where the system doesn't say.
    pub last_used_at: Option<Instant>,
    /// When a pass first found it.
    pub first_seen_at: Instant,
    /// Where it stands.
    #[sqlx(try_from = "String")]
    pub state: DriftState,
    /// Who decided about it.
    pub decided_by_id: Option<Uuid>,
    /// What they are called.
    pub decided_by_name: Option<String>,
    /// When.
    pub decided_at: Option<Instant>,
    /// Why, in their words.
    pub comment: Option<String>,
    /// When its removal is tried (again).
    pub due_at: Option<Instant>,
    /// How often that failed.
    pub attempts: i64,
    /// The system's words then.
    pub last_words: String,
    /// When it was over.
    pub closed_at: Option<Instant>,
    /// How, as its word.
    pub closed_as: Option<String>,
}

impl DriftRow {
    /// Its typed id.
    #[must_use]
    pub const fn id(&self) -> DriftId {
        DriftId(self.id)
    }

    /// Where.
    #[must_use]
    pub const fn system(&self) -> SystemId {
        SystemId(self.system_id)
    }

    /// Whose, where that is known.
    #[must_use]
    pub fn identity(&self) -> Option<IdentityId> {
        self.identity_id.map(IdentityId)
    }

    /// Which entitlement.
    #[must_use]
    pub fn entitlement(&self) -> Option<EntitlementId> {
        self.entitlement_id.map(EntitlementId)
    }

    /// What the entitlement is on its system.
    #[must_use]
    pub fn entitlement_kind(&self) -> Option<EntitlementKind> {
        self.entitlement_kind.as_deref().and_then(|word| word.parse().ok())
    }
}

/// Which rows are wanted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DriftFilter {
    /// Of this kind.
    pub kind: Option<DriftKind>,
    /// In this state; without one, all that aren't closed.
    pub state: Option<DriftState>,
}

/// A system's drift, newest first, before the given row.
///
/// # Errors
/// When the database fails.
pub async fn page(
    c: &mut impl AsConn,
    system: SystemId,
    filter: DriftFilter,
    before: Option<DriftId>,
    limit: i64,
) -> StoreResult<Vec<DriftRow>> {
    let kind = filter.kind.map_or("", DriftKind::as_str);
    let before = before.map_or(Uuid::max(), |d| d.0);
    match filter.state {
        None => rows!(
            c,
            DriftRow,
            drift!(
                "where d.system_id = $1 and d.state <> 'closed' and ($2 = '' or d.kind = $2) and d.id < $3 order by d.id desc limit $4"
            ),
            system.0,
            kind,
            before,
            limit
        ),
        Some(state) => rows!(
            c,
            DriftRow,
            drift!(
                "where d.system_id = $1 and d.state = $5 and ($2 = '' or d.kind = $2) and d.id < $3 order by d.id desc limit $4"
            ),
            system.0,
            kind,
            before,
            limit,
            state.as_str()
        ),
    }
}

/// These rows.
///
/// # Errors
/// When the database fails.
pub async fn by_ids(c: &mut impl AsConn, ids: &[Uuid]) -> StoreResult<Vec<DriftRow>> {
    rows_in!(c, DriftRow, drift!("where d.id in ({}) order by d.id"), ids)
}

/// How much of one kind and state there is on a system, closed rows left out.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct DriftCount {
    /// Which kind.
    #[sqlx(try_from = "String")]
    pub kind: DriftKind,
    /// Where it stands.
    #[sqlx(try_from = "String")]
    pub state: DriftState,
    /// How many.
    pub number: i64,
}

/// The most drift of a system that is counted.
const COUNTED: i64 = 10_000;

/// How much drift there is on a system, as far as ten thousand.
///
/// # Errors
/// When the database fails.
pub async fn counts(c: &mut impl AsConn, system: SystemId) -> StoreResult<Vec<DriftCount>> {
    rows!(
        c,
        DriftCount,
        "select kind, state, count(*) as number from (
             select kind, state from drift where system_id = $1 and state <> 'closed' limit $2) open_ones
         group by kind, state",
        system.0,
        COUNTED
    )
}

/// What a pass knows of earlier drift: as little as can be, because there may be much.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct KnownDrift {
    /// Its id.
    pub id: Uuid,
    /// What it is.
    #[sqlx(try_from = "String")]
    pub kind: DriftKind,
    /// How the system names the account or the group.
    pub native_id: String,
    /// Which entitlement.
    pub entitlement_id: Option<Uuid>,
    /// Whose.
    pub identity_id: Option<Uuid>,
    /// Where it stands.
    #[sqlx(try_from = "String")]
    pub state: DriftState,
}

impl From<DriftRow> for KnownDrift {
    fn from(row: DriftRow) -> Self {
        Self {
            id: row.id,
            kind: row.kind,
            native_id: row.native_id,
            entitlement_id: row.entitlement_id,
            identity_id: row.identity_id,
            state: row.state,
        }
    }
}

/// A system's drift that isn't over, by id after `after`, at most `limit`.
///
/// # Errors
/// When the database fails.
pub async fn known(
    c: &mut impl AsConn,
    system: SystemId,
    after: Option<DriftId>,
    limit: i64,
) -> StoreResult<Vec<KnownDrift>> {
    rows!(
        c,
        KnownDrift,
        "select id, kind, native_id, entitlement_id, identity_id, state from drift
         where system_id = $1 and state <> 'closed' and id > $2 order by id limit $3",
        system.0,
        after.map_or(Uuid::nil(), |d| d.0),
        limit
    )
}

/// Something to be written down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewDrift {
    /// What it is.
    pub kind: DriftKind,
    /// How the system names the account or the group.
    pub native_id: String,
    /// The login, or the group's name.
    pub login: String,
    /// Which entitlement.
    pub entitlement: Option<EntitlementId>,
    /// The account, where it is one of ours.
    pub account: Option<AccountId>,
    /// Whose, where that is known.
    pub identity: Option<IdentityId>,
    /// What the system calls an account of nobody.
    pub display_name: String,
    /// The address that the system has of it.
    pub email: Option<String>,
    /// Whether it can be used.
    pub enabled: Option<bool>,
    /// When it was last used, where the system says so.
    pub last_used_at: Option<Instant>,
}

/// Writes down something that was found. What is missing comes back by itself, so nobody needs to decide about it.
///
/// # Errors
/// When the database fails.
pub async fn insert(tx: &mut Tx, system: SystemId, new: &NewDrift) -> StoreResult<DriftId> {
    let now = tx.now();
    let id = DriftId::new(now);
    let state = if new.kind == DriftKind::Missing { DriftState::Removing } else { DriftState::Open };
    exec!(
        tx,
        "insert into drift (id, system_id, kind, native_id, login, entitlement_id, account_id, identity_id, display_name, email, enabled,
                            last_used_at, first_seen_at, state, attempts, last_words)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, 0, '')",
        id.0,
        system.0,
        new.kind.as_str(),
        &new.native_id,
        &new.login,
        new.entitlement.map(|e| e.0),
        new.account.map(|a| a.0),
        new.identity.map(|i| i.0),
        &new.display_name,
        &new.email,
        new.enabled,
        new.last_used_at,
        now,
        state.as_str()
    )?;
    Ok(id)
}

/// It is over; tells whether it wasn't before.
///
/// # Errors
/// When the database fails.
pub async fn close(tx: &mut Tx, id: DriftId, how: DriftEnd) -> StoreResult<bool> {
    let now = tx.now();
    let n = exec!(
        tx,
        "update drift set state = 'closed', closed_at = $1, closed_as = $2, due_at = null where id = $3 and state <> 'closed'",
        now,
        how.as_str(),
        id.0
    )?;
    Ok(n == 1)
}

/// Somebody decided, or the system's rule did (then `by` is nobody). `due` says that a worker has to remove it by itself, since
/// it isn't on an account of ours.
///
/// # Errors
/// `Conflict` when it isn't in that state any more.
pub async fn decide(
    tx: &mut Tx,
    id: DriftId,
    from: DriftState,
    to: DriftState,
    by: Option<IdentityId>,
    comment: &str,
    due: bool,
) -> StoreResult<()> {
    let now = tx.now();
    let n = exec!(
        tx,
        "update drift set state = $1, decided_by_id = $2, decided_at = $3, comment = $4, due_at = $5, attempts = 0, last_words = ''
         where id = $6 and state = $7",
        to.as_str(),
        by.map(|i| i.0),
        now,
        comment,
        due.then_some(now),
        id.0,
        from.as_str()
    )?;
    one(n, "what was found")
}

/// What is to be removed now and isn't on an account of ours, of one system, at most `limit`.
///
/// # Errors
/// When the database fails.
pub async fn due_of_system(
    c: &mut impl AsConn,
    system: SystemId,
    now: Instant,
    limit: i64,
) -> StoreResult<Vec<DriftRow>> {
    rows!(
        c,
        DriftRow,
        drift!("where d.system_id = $1 and d.due_at <= $2 and d.state = 'removing' order by d.due_at, d.id limit $3"),
        system.0,
        now,
        limit
    )
}

/// The systems on which something is to be removed now that isn't on an account of ours.
///
/// # Errors
/// When the database fails.
pub async fn due_systems(c: &mut impl AsConn, now: Instant) -> StoreResult<Vec<SystemId>> {
    let all = rows!(c, (Uuid,), "select distinct system_id from drift where due_at <= $1", now)?;
    Ok(all.into_iter().map(|(id,)| SystemId(id)).collect())
}

/// A removal failed: it is tried again at `due_at`, or waits for somebody (bookkeeping).
///
/// # Errors
/// When the database fails.
pub async fn put_off(tx: &mut Tx, id: DriftId, due_at: Option<Instant>, words: &str) -> StoreResult<()> {
    exec!(
        tx,
        "update drift set due_at = $1, attempts = attempts + 1, last_words = $2 where id = $3 and state = 'removing'",
        due_at,
        words,
        id.0
    )?;
    Ok(())
}

/// The drift that waits for this change of an account of ours, until the system has confirmed it.
///
/// # Errors
/// When the database fails.
pub async fn waiting_for(
    c: &mut impl AsConn,
    account: AccountId,
    entitlement: EntitlementId,
    kind: DriftKind,
) -> StoreResult<Option<DriftRow>> {
    row!(
        c,
        DriftRow,
        drift!(
            "where d.account_id = $1 and d.entitlement_id = $2 and d.kind = $3 and d.state = 'removing' and d.state <> 'closed'"
        ),
        account.0,
        entitlement.0,
        kind.as_str()
    )
}

/// An entitlement of an account is to be removed although nobody here granted it: from now on it is Latchkey's to take.
///
/// # Errors
/// `Conflict` when somebody else changed what is wanted first.
pub async fn adopt_for_removal(tx: &mut Tx, fulfilment: FulfilmentId) -> StoreResult<()> {
    one(exec!(tx, "update fulfilment set adopted = true where id = $1", fulfilment.0)?, "the fulfilment")
}
