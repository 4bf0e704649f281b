//! Sessions: who is signed in through which browser, and sign-ins that are under way.
//!
//! A row is found by the SHA-256 of what the cookie carries, so that a copy of the database opens no session. A row without
//! an identity is a sign-in under way: it is used up by the answer that belongs to it, once.

use latchkey_domain::{IdentityId, Instant, SessionId, identity::Status, portal_role::PortalRole};
use sqlx::FromRow;
use uuid::Uuid;

use crate::{AsConn, StoreResult, Tx};

/// A session that is about to begin.
#[derive(Debug, Clone)]
pub struct NewSessionRow<'a> {
    /// Its id, as events and pages name it.
    pub id: SessionId,
    /// SHA-256 of what the cookie carries, in hexadecimal.
    pub id_hash: &'a str,
    /// Whose it is; nobody's for a sign-in under way.
    pub identity: Option<IdentityId>,
    /// The provider that vouched for the person.
    pub issuer: Option<&'a str>,
    /// The person's name at the provider.
    pub subject: Option<&'a str>,
    /// The provider's name for its own session, for logout that begins there.
    pub sid: Option<&'a str>,
    /// What the sign-in proved, as JSON.
    pub assurance: &'a str,
    /// What the program keeps with the session, as JSON.
    pub data: &'a str,
    /// The browser, as it called itself.
    pub user_agent: &'a str,
    /// Where it came from.
    pub address: &'a str,
    /// When it ends if it isn't used.
    pub idle_expires_at: Instant,
    /// When it ends, used or not.
    pub absolute_expires_at: Instant,
}

/// Begins a session.
///
/// # Errors
/// When the hash is there already, or the database fails.
pub async fn insert(tx: &mut Tx, new: &NewSessionRow<'_>) -> StoreResult<()> {
    let now = tx.now();
    exec!(
        tx,
        "insert into session (id, id_hash, identity_id, issuer, subject, sid, assurance, data, user_agent, address,
             created_at, last_seen_at, idle_expires_at, absolute_expires_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11, $12, $13)",
        new.id.0,
        new.id_hash,
        new.identity.map(|identity| identity.0),
        new.issuer,
        new.subject,
        new.sid,
        new.assurance,
        new.data,
        new.user_agent,
        new.address,
        now,
        new.idle_expires_at,
        new.absolute_expires_at
    )
    .map_err(|error| error.or_duplicate("the session"))?;
    Ok(())
}

/// A session that may be used, with who it belongs to.
#[derive(Debug, Clone, FromRow)]
pub struct OpenSession {
    /// Its id.
    pub id: Uuid,
    /// Whose it is.
    pub identity_id: Uuid,
    /// What the sign-in proved, as JSON.
    pub assurance: String,
    /// What the program keeps with the session, as JSON.
    pub data: String,
    /// When it began.
    pub created_at: Instant,
    /// When it was last used, to the minute.
    pub last_seen_at: Instant,
    /// When it ends if it isn't used.
    pub idle_expires_at: Instant,
    /// When it ends, used or not.
    pub absolute_expires_at: Instant,
    /// Where the person is in their working life.
    #[sqlx(try_from = "String")]
    pub status: Status,
    /// The person's name.
    pub display_name: String,
    /// The person's e-mail address.
    pub email: Option<String>,
    /// The person's time zone, where they have one of their own.
    pub time_zone: Option<String>,
    /// The portal roles that the person holds now: bit `n` stands for `PortalRole::ALL[n]`. A key that this version doesn't
    /// know gives no power.
    pub portal_roles: i64,
    /// How they are employed, as its word; absent for who isn't a person.
    pub employment_type: Option<String>,
    /// How many open stages wait for them.
    pub approvals: i64,
    /// How many lines their cart has.
    pub cart: i64,
    /// At least one person who hasn't left reports to them.
    pub has_team: bool,
    /// They own a rule that keeps duties apart, or an exception from one.
    pub keeps_apart: bool,
    /// They own a system.
    pub owns_system: bool,
    /// Open reviews of what others took in an emergency.
    pub reviews_open: i64,
    /// Of those, the ones of roles that they own.
    pub reviews_owned: i64,
    /// Open reviews of what they took themselves, without saying yet what they did.
    pub reviews_own: i64,
    /// Raised whenever the catalog changes.
    pub catalog_version: i64,
}

impl OpenSession {
    /// The portal roles that the person holds now through grants.
    #[must_use]
    pub fn held_portal_roles(&self) -> Vec<PortalRole> {
        PortalRole::ALL.iter().enumerate().filter(|(n, _)| (self.portal_roles >> n) & 1 == 1).map(|(_, r)| *r).collect()
    }
}

/// The session behind a cookie, if both its limits allow it at `now` and nobody ended it; and, in the same query, what the
/// frame of every page says.
///
/// # Errors
/// When the database fails.
pub async fn open_by_hash(c: &mut impl AsConn, id_hash: &str, now: Instant) -> StoreResult<Option<OpenSession>> {
    row!(
        c,
        OpenSession,
        "select s.id, s.identity_id, s.assurance, s.data, s.created_at, s.last_seen_at, s.idle_expires_at,
                s.absolute_expires_at, i.status, i.display_name, p.email, p.time_zone, p.employment_type,
                (select count(*) from stage_approver a join stage t on t.id = a.stage_id
                 where a.identity_id = s.identity_id and a.removed_at is null and t.state = 'open') as approvals,
                (select count(*) from cart_item k where k.owner_id = s.identity_id) as cart,
                exists (select 1 from person r join identity h on h.id = r.identity_id
                        where r.manager_id = s.identity_id and h.status <> 'terminated') as has_team,
                exists (select 1 from separation_ownership k
                        where k.owner_id = s.identity_id and k.valid_to is null) as keeps_apart,
                exists (select 1 from ownership w
                        where w.owner_id = s.identity_id and w.system_id is not null and w.valid_to is null) as owns_system,
                (select count(*) from break_glass_review b
                 where b.state = 'open' and b.identity_id <> s.identity_id) as reviews_open,
                (select count(*) from break_glass_review b
                 where b.state = 'open' and b.identity_id <> s.identity_id and exists (
                     select 1 from ownership o
                     where o.role_id = b.role_id and o.owner_id = s.identity_id and o.valid_to is null)) as reviews_owned,
                (select count(*) from break_glass_review b
                 where b.state = 'open' and b.identity_id = s.identity_id and b.account = '') as reviews_own,
                coalesce((select catalog_version from installation where id = 1), 0) as catalog_version,
                (select coalesce(sum(distinct case e.key when 'administrator' then 1 when 'security' then 2
                                                         when 'auditor' then 4 when 'helpdesk' then 8 else 0 end), 0)
                 from role_grant g
                 join role_version_entitlement v on v.role_version_id = g.role_version_id
                 join entitlement e on e.id = v.entitlement_id
                 where g.identity_id = s.identity_id and g.state = 'active'
                   and g.role_version_id in (
                       select w.role_version_id from system y join entitlement o on o.system_id = y.id
                       join role_version_entitlement w on w.entitlement_id = o.id where y.key = 'latchkey')
                   and e.system_id = (select id from system where key = 'latchkey')
                   and g.starts_at <= $2 and (g.ends_at is null or g.ends_at > $2)) as portal_roles
         from session s join identity i on i.id = s.identity_id left join person p on p.identity_id = i.id
         where s.id_hash = $1 and s.ended_at is null and s.idle_expires_at > $2 and s.absolute_expires_at > $2",
        id_hash,
        now
    )
}

/// The keys of the portal roles that an identity holds at `now` through grants.
///
/// # Errors
/// When the database fails.
pub async fn portal_roles(c: &mut impl AsConn, identity: IdentityId, now: Instant) -> StoreResult<Vec<String>> {
    let rows = rows!(
        c,
        (String,),
        "select distinct e.key
         from role_grant g
         join role_version_entitlement v on v.role_version_id = g.role_version_id
         join entitlement e on e.id = v.entitlement_id
         join system y on y.id = e.system_id
         where g.identity_id = $1 and g.state = 'active' and g.starts_at <= $2 and (g.ends_at is null or g.ends_at > $2)
           and y.key = 'latchkey'
         order by e.key",
        identity.0,
        now
    )?;
    Ok(rows.into_iter().map(|(key,)| key).collect())
}

/// What an identity's latest sign-in proved, as JSON, whether its session is still open or not.
///
/// # Errors
/// When the database fails.
pub async fn latest_assurance(c: &mut impl AsConn, identity: IdentityId) -> StoreResult<Option<String>> {
    let row = row!(
        c,
        (String,),
        "select assurance from session where identity_id = $1 order by created_at desc, id desc limit 1",
        identity.0
    )?;
    Ok(row.map(|(assurance,)| assurance))
}

/// Notes that a session was used (bookkeeping). Its absolute limit doesn't move.
///
/// # Errors
/// When the database fails.
pub async fn touch(tx: &mut Tx, id: SessionId, idle_expires_at: Instant) -> StoreResult<()> {
    let now = tx.now();
    exec!(
        tx,
        "update session set last_seen_at = $2, idle_expires_at = $3 where id = $1 and ended_at is null and last_seen_at < $2",
        id.0,
        now,
        idle_expires_at
    )?;
    Ok(())
}

/// Keeps what the program remembers with a session (bookkeeping).
///
/// # Errors
/// When the database fails.
pub async fn set_data(tx: &mut Tx, id_hash: &str, data: &str) -> StoreResult<()> {
    exec!(tx, "update session set data = $2 where id_hash = $1 and ended_at is null", id_hash, data)?;
    Ok(())
}

/// A session that was just ended.
#[derive(Debug, Clone, FromRow)]
pub struct EndedSession {
    /// Its id.
    pub id: Uuid,
    /// Whose it was.
    pub identity_id: Uuid,
    /// Why it ended.
    pub end_reason: String,
}

/// Ends the session behind a cookie, if it is open.
///
/// # Errors
/// When the database fails.
pub async fn end_by_hash(tx: &mut Tx, id_hash: &str, reason: &str) -> StoreResult<Option<EndedSession>> {
    let now = tx.now();
    row!(
        tx,
        EndedSession,
        "update session set ended_at = $2, end_reason = $3
         where id_hash = $1 and ended_at is null and identity_id is not null
         returning id, identity_id, end_reason",
        id_hash,
        now,
        reason
    )
}

/// Ends one session of an identity, if it is open.
///
/// # Errors
/// When the database fails.
pub async fn end_one(
    tx: &mut Tx,
    id: SessionId,
    identity: IdentityId,
    reason: &str,
) -> StoreResult<Option<EndedSession>> {
    let now = tx.now();
    row!(
        tx,
        EndedSession,
        "update session set ended_at = $3, end_reason = $4
         where id = $1 and identity_id = $2 and ended_at is null
         returning id, identity_id, end_reason",
        id.0,
        identity.0,
        now,
        reason
    )
}

/// Ends every open session of an identity but `keep`.
///
/// # Errors
/// When the database fails.
pub async fn end_all(
    tx: &mut Tx,
    identity: IdentityId,
    keep: Option<SessionId>,
    reason: &str,
) -> StoreResult<Vec<EndedSession>> {
    let now = tx.now();
    // A nil id belongs to no session, so that one text serves "all" and "all but this".
    let keep = keep.map_or(Uuid::nil(), |id| id.0);
    rows!(
        tx,
        EndedSession,
        "update session set ended_at = $3, end_reason = $4
         where identity_id = $1 and id <> $2 and ended_at is null
         returning id, identity_id, end_reason",
        identity.0,
        keep,
        now,
        reason
    )
}

/// Ends sessions whose time is over, at most `limit`. The idle limit never lies behind the absolute one.
///
/// # Errors
/// When the database fails.
pub async fn end_expired(tx: &mut Tx, limit: i64) -> StoreResult<Vec<EndedSession>> {
    let now = tx.now();
    rows!(
        tx,
        EndedSession,
        "update session
         set ended_at = $1, end_reason = case when absolute_expires_at <= $1 then 'absolute_limit' else 'idle_limit' end
         where id in (select id from session where ended_at is null and identity_id is not null and idle_expires_at <= $1
                      order by idle_expires_at limit $2)
           and ended_at is null
         returning id, identity_id, end_reason",
        now,
        limit
    )
}

/// An open session as its owner sees it.
#[derive(Debug, Clone, FromRow)]
pub struct ListedSession {
    /// Its id.
    pub id: Uuid,
    /// The browser, as it called itself.
    pub user_agent: String,
    /// Where it came from.
    pub address: String,
    /// What the sign-in proved, as JSON.
    pub assurance: String,
    /// When it began.
    pub created_at: Instant,
    /// When it was last used, to the minute.
    pub last_seen_at: Instant,
    /// When it ends if it isn't used.
    pub idle_expires_at: Instant,
    /// When it ends, used or not.
    pub absolute_expires_at: Instant,
}

/// The open sessions of an identity, newest first, at most `limit`.
///
/// # Errors
/// When the database fails.
pub async fn open_of(
    c: &mut impl AsConn,
    identity: IdentityId,
    now: Instant,
    limit: i64,
) -> StoreResult<Vec<ListedSession>> {
    rows!(
        c,
        ListedSession,
        "select id, user_agent, address, assurance, created_at, last_seen_at, idle_expires_at, absolute_expires_at
         from session
         where identity_id = $1 and ended_at is null and idle_expires_at > $2 and absolute_expires_at > $2
         order by created_at desc, id desc limit $3",
        identity.0,
        now,
        limit
    )
}

/// Uses up a sign-in under way: of several answers that belong to it, one gets its data.
///
/// # Errors
/// When the database fails.
pub async fn take_attempt(tx: &mut Tx, id_hash: &str) -> StoreResult<Option<String>> {
    let now = tx.now();
    let row = row!(
        tx,
        (String,),
        "update session set ended_at = $2, end_reason = 'used'
         where id_hash = $1 and identity_id is null and ended_at is null and absolute_expires_at > $2
         returning data",
        id_hash,
        now
    )?;
    Ok(row.map(|(data,)| data))
}

/// Whether a sign-in under way was there and is used up; `None` when there never was one.
///
/// # Errors
/// When the database fails.
pub async fn attempt_is_used(c: &mut impl AsConn, id_hash: &str) -> StoreResult<Option<bool>> {
    let row = row!(
        c,
        (Option<Instant>,),
        "select ended_at from session where id_hash = $1 and identity_id is null",
        id_hash
    )?;
    Ok(row.map(|(ended_at,)| ended_at.is_some()))
}

/// Forgets sign-ins that were under way before `before`: they hold nothing that anybody needs again.
///
/// # Errors
/// When the database fails.
pub async fn forget_attempts(tx: &mut Tx, before: Instant) -> StoreResult<u64> {
    exec!(tx, "delete from session where identity_id is null and absolute_expires_at < $1", before)
}
