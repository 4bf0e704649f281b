//! Which requests somebody may see: those that they asked, that are for them, that they decide or decided, or for roles that
//! they own.

use latchkey_domain::{IdentityId, RequestId};
use uuid::Uuid;

use crate::{AsConn, StoreResult};

/// Which requests a list shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// At least one item waits.
    Open,
    /// Every item has ended.
    Closed,
    /// All.
    All,
}

impl Which {
    const fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Closed => "closed",
            Self::All => "",
        }
    }
}

/// The requests that somebody may see, newest first: that they asked, that are for them, that they decide or decided, or
/// for roles that they own. Found by `pattern` (an escaped `like` pattern) and after the given request.
///
/// # Errors
/// When the database fails.
pub async fn visible_to(
    c: &mut impl AsConn,
    who: IdentityId,
    which: Which,
    pattern: &str,
    before: Option<RequestId>,
    limit: i64,
) -> StoreResult<Vec<(Uuid,)>> {
    let before = before.map_or(Uuid::max(), |r| r.0);
    rows!(
        c,
        (Uuid,),
        "select r.id from request r
         where r.id < $1 and ($2 = '' or r.state = $2)
           and r.id in (
             select id from request where requester_id = $3
             union select request_id from item where beneficiary_id = $3
             union select i.request_id from stage_approver a join stage s on s.id = a.stage_id join item i on i.id = s.item_id where a.identity_id = $3
             union select i.request_id from ownership w join item i on i.role_id = w.role_id where w.owner_id = $3 and w.valid_to is null)
           and ($4 = '' or exists (select 1 from item i where i.request_id = r.id and i.search_text like $4 escape '\\'))
         order by r.id desc limit $5",
        before,
        which.word(),
        who.0,
        pattern,
        limit
    )
}

/// How many requests somebody may see: open ones and closed ones.
///
/// # Errors
/// When the database fails.
pub async fn count_visible_to(c: &mut impl AsConn, who: IdentityId) -> StoreResult<(i64, i64)> {
    Ok(row!(
        c,
        (i64, i64),
        "select count(case when r.state = 'open' then 1 end), count(case when r.state = 'closed' then 1 end) from request r
         where r.id in (
             select id from request where requester_id = $1
             union select request_id from item where beneficiary_id = $1
             union select i.request_id from stage_approver a join stage s on s.id = a.stage_id join item i on i.id = s.item_id where a.identity_id = $1
             union select i.request_id from ownership w join item i on i.role_id = w.role_id where w.owner_id = $1 and w.valid_to is null)",
        who.0
    )?
    .unwrap_or((0, 0)))
}

/// Whether somebody may see a request at all (everybody else is told that it isn't there).
///
/// # Errors
/// When the database fails.
pub async fn may_see(c: &mut impl AsConn, who: IdentityId, request: RequestId) -> StoreResult<bool> {
    Ok(row!(
        c,
        (i64,),
        "select count(*) from request r where r.id = $1 and (
             r.requester_id = $2
             or exists (select 1 from item i where i.request_id = r.id and i.beneficiary_id = $2)
             or exists (select 1 from item i join stage s on s.item_id = i.id join stage_approver a on a.stage_id = s.id
                        where i.request_id = r.id and a.identity_id = $2)
             or exists (select 1 from item i join ownership w on w.role_id = i.role_id and w.valid_to is null
                        where i.request_id = r.id and w.owner_id = $2))",
        request.0,
        who.0
    )?
    .is_some_and(|(n,)| n > 0))
}

/// Which of these requests somebody may see, by the rule of [`may_see`].
///
/// # Errors
/// When the database fails.
pub async fn seen_among(c: &mut impl AsConn, who: IdentityId, requests: &[Uuid]) -> StoreResult<Vec<Uuid>> {
    let who_may = rows_in!(
        c,
        (Uuid, Uuid),
        "with r as (select id, requester_id from request where id in ({}))
         select r.id, r.requester_id from r
         union select r.id, i.beneficiary_id from r join item i on i.request_id = r.id
         union select r.id, a.identity_id from r join item i on i.request_id = r.id join stage s on s.item_id = i.id
                                                 join stage_approver a on a.stage_id = s.id
         union select r.id, w.owner_id from r join item i on i.request_id = r.id
                                              join ownership w on w.role_id = i.role_id and w.valid_to is null",
        requests
    )?;
    Ok(requests.iter().copied().filter(|request| who_may.contains(&(*request, who.0))).collect())
}
