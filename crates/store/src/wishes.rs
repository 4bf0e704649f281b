//! Wishes in words: who may answer by the files' rule, what was wished for, and what was said about it. Rules are closed and
//! succeeded; replies are only added.

use latchkey_domain::{
    AppliedSetId, IdentityId, Instant, WishId,
    id::new_uuid,
    wish::{WishReply, WishState},
};
use sqlx::FromRow;
use uuid::Uuid;

use crate::{AsConn, StoreResult, Tx, grants::one};

mod answerers;
mod list;

pub use answerers::{AnswererRow, add_answerer, answerers, remove_answerers, was_asked};
pub use list::{ListedRow, of_answerer, of_wisher};

/// The rule in force.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct RuleRow {
    /// Its id.
    pub id: Uuid,
    /// Who answers, by when, as JSON.
    pub body: String,
}

/// A wish as stored.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct WishRow {
    /// Its id.
    pub id: Uuid,
    /// What people quote.
    pub reference: String,
    /// Who wishes.
    pub wisher_id: Uuid,
    /// What they are called.
    pub wisher_name: String,
    /// The rule that it was made under, as JSON.
    pub rule: String,
    /// What is wished for, and why, in their words.
    pub words: String,
    /// Where it stands.
    #[sqlx(try_from = "String")]
    pub state: WishState,
    /// When it was made.
    pub created_at: Instant,
    /// By when it should be answered.
    pub due_at: Instant,
    /// When those who answer were reminded.
    pub overdue_at: Option<Instant>,
    /// When it ended.
    pub closed_at: Option<Instant>,
    /// The role that it was answered with.
    pub role_id: Option<Uuid>,
}

impl WishRow {
    /// Its typed id.
    #[must_use]
    pub const fn id(&self) -> WishId {
        WishId(self.id)
    }

    /// Who wishes.
    #[must_use]
    pub const fn wisher(&self) -> IdentityId {
        IdentityId(self.wisher_id)
    }
}

/// A wish to be written.
#[derive(Debug, Clone)]
pub struct NewWish<'a> {
    /// Its id.
    pub id: WishId,
    /// What people quote.
    pub reference: &'a str,
    /// Made once by the form: sending it twice is one wish.
    pub form_key: Uuid,
    /// Who wishes.
    pub wisher: IdentityId,
    /// The rule in force.
    pub rule: Uuid,
    /// What is wished for.
    pub words: &'a str,
    /// By when it should be answered.
    pub due_at: Instant,
}

/// Something that was said about a wish.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct ReplyRow {
    /// Its id.
    pub id: Uuid,
    /// The wish.
    pub wish_id: Uuid,
    /// Who said it.
    pub author_id: Uuid,
    /// What they are called.
    pub author_name: String,
    /// For whom, by delegation.
    pub on_behalf_of: Option<Uuid>,
    /// What.
    #[sqlx(try_from = "String")]
    pub kind: WishReply,
    /// In their words.
    pub words: String,
    /// The role.
    pub role_id: Option<Uuid>,
    /// What a new role should be called.
    pub draft_name: Option<String>,
    /// What it should give.
    pub draft_gives: Option<String>,
    /// Who should own it.
    pub owner_id: Option<Uuid>,
    /// What they are called.
    pub owner_name: Option<String>,
    /// What HR calls them.
    pub owner_external_id: Option<String>,
    /// When it was said.
    pub created_at: Instant,
}

/// A reply to be written.
#[derive(Debug, Clone, Default)]
pub struct NewReply<'a> {
    /// For whom, by delegation.
    pub on_behalf_of: Option<IdentityId>,
    /// In their words.
    pub words: &'a str,
    /// The role.
    pub role: Option<Uuid>,
    /// A new role's name, what it should give, and who should own it.
    pub draft: Option<(&'a str, &'a str, IdentityId)>,
}

/// The rule in force.
///
/// # Errors
/// When the database fails.
pub async fn rule(c: &mut impl AsConn) -> StoreResult<Option<RuleRow>> {
    row!(c, RuleRow, "select id, body from wish_rule where valid_to is null")
}

/// Puts another rule into force, or none.
///
/// # Errors
/// When the database fails.
pub async fn set_rule(tx: &mut Tx, body: Option<&str>, set: AppliedSetId) -> StoreResult<()> {
    let now = tx.now();
    exec!(tx, "update wish_rule set valid_to = $1 where valid_to is null", now)?;
    if let Some(body) = body {
        exec!(
            tx,
            "insert into wish_rule (id, body, valid_from, applied_set_id) values ($1, $2, $3, $4)",
            new_uuid(now),
            body,
            now,
            set.0
        )?;
    }
    Ok(())
}

/// Writes a wish.
///
/// # Errors
/// `Duplicate` when the same form was sent at the same moment.
pub async fn insert(tx: &mut Tx, w: &NewWish<'_>) -> StoreResult<()> {
    let now = tx.now();
    exec!(
        tx,
        "insert into wish (id, reference, form_key, wisher_id, rule_id, words, state, created_at, due_at, looked_at)
         values ($1, $2, $3, $4, $5, $6, 'open', $7, $8, $7)",
        w.id.0,
        w.reference,
        w.form_key,
        w.wisher.0,
        w.rule,
        w.words,
        now,
        w.due_at
    )
    .map_err(|e| e.or_duplicate("the wish"))?;
    Ok(())
}

/// The query for [`WishRow`]s.
macro_rules! wish {
    ($rest:literal) => {
        concat!(
            "select w.id, w.reference, w.wisher_id, i.display_name as wisher_name, r.body as rule, w.words, w.state, w.created_at, w.due_at,
                    w.overdue_at, w.closed_at, w.role_id
             from wish w join identity i on i.id = w.wisher_id join wish_rule r on r.id = w.rule_id ",
            $rest
        )
    };
}

/// One wish.
///
/// # Errors
/// When the database fails.
pub async fn get(c: &mut impl AsConn, id: WishId) -> StoreResult<Option<WishRow>> {
    row!(c, WishRow, wish!("where w.id = $1"), id.0)
}

/// The wish that a form made, if it was sent before.
///
/// # Errors
/// When the database fails.
pub async fn by_form_key(c: &mut impl AsConn, key: Uuid) -> StoreResult<Option<WishRow>> {
    row!(c, WishRow, wish!("where w.form_key = $1"), key)
}

/// What somebody wishes for and that isn't closed, at most `limit`.
///
/// # Errors
/// When the database fails.
pub async fn live_of(c: &mut impl AsConn, wisher: IdentityId, limit: i64) -> StoreResult<Vec<WishRow>> {
    rows!(c, WishRow, wish!("where w.wisher_id = $1 and w.closed_at is null order by w.id limit $2"), wisher.0, limit)
}

/// Open wishes that should have been answered by now, and whose answerers weren't reminded.
///
/// # Errors
/// When the database fails.
pub async fn overdue(c: &mut impl AsConn, now: Instant, limit: i64) -> StoreResult<Vec<WishRow>> {
    rows!(
        c,
        WishRow,
        wish!(
            "where w.due_at <= $1 and w.overdue_at is null and w.closed_at is null and w.state = 'open' order by w.due_at, w.id limit $2"
        ),
        now,
        limit
    )
}

/// Wishes that aren't closed and weren't looked at since then, the longest first.
///
/// # Errors
/// When the database fails.
pub async fn to_look_at(c: &mut impl AsConn, before: Instant, limit: i64) -> StoreResult<Vec<WishRow>> {
    rows!(
        c,
        WishRow,
        wish!("where w.looked_at < $1 and w.closed_at is null order by w.looked_at, w.id limit $2"),
        before,
        limit
    )
}

/// Saves where a wish stands: only from the state that was read.
///
/// # Errors
/// `Conflict` when somebody else was first.
pub async fn save(tx: &mut Tx, id: WishId, from: WishState, to: WishState, role: Option<Uuid>) -> StoreResult<()> {
    let now = tx.now();
    let closed = to.is_closed().then_some(now);
    let n = exec!(
        tx,
        "update wish set state = $1, closed_at = $2, role_id = coalesce($3, role_id) where id = $4 and state = $5",
        to.as_str(),
        closed,
        role,
        id.0,
        from.as_str()
    )?;
    one(n, "the wish")
}

/// Notes that those who answer were reminded; tells whether this call was the one.
///
/// # Errors
/// When the database fails.
pub async fn set_overdue(tx: &mut Tx, id: WishId) -> StoreResult<bool> {
    let now = tx.now();
    Ok(exec!(tx, "update wish set overdue_at = $1 where id = $2 and overdue_at is null", now, id.0)? == 1)
}

/// Notes that it was worked out again who answers.
///
/// # Errors
/// When the database fails.
pub async fn looked_at(tx: &mut Tx, id: WishId) -> StoreResult<()> {
    let now = tx.now();
    exec!(tx, "update wish set looked_at = $1 where id = $2", now, id.0)?;
    Ok(())
}

/// Adds what was said about a wish.
///
/// # Errors
/// When the database fails.
pub async fn reply(
    tx: &mut Tx,
    id: WishId,
    author: IdentityId,
    kind: WishReply,
    said: &NewReply<'_>,
) -> StoreResult<()> {
    let now = tx.now();
    exec!(
        tx,
        "insert into wish_reply (id, wish_id, author_id, on_behalf_of, kind, words, role_id, draft_name, draft_gives, owner_id, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        new_uuid(now),
        id.0,
        author.0,
        said.on_behalf_of.map(|i| i.0),
        kind.as_str(),
        said.words,
        said.role,
        said.draft.map(|d| d.0),
        said.draft.map(|d| d.1),
        said.draft.map(|d| d.2.0),
        now
    )?;
    Ok(())
}

/// What was said about a wish, oldest first, at most `limit`.
///
/// # Errors
/// When the database fails.
pub async fn replies(c: &mut impl AsConn, id: WishId, limit: i64) -> StoreResult<Vec<ReplyRow>> {
    rows!(
        c,
        ReplyRow,
        "select r.id, r.wish_id, r.author_id, i.display_name as author_name, r.on_behalf_of, r.kind, r.words, r.role_id, r.draft_name,
                r.draft_gives, r.owner_id, o.display_name as owner_name, p.external_id as owner_external_id, r.created_at
         from wish_reply r join identity i on i.id = r.author_id left join identity o on o.id = r.owner_id
         left join person p on p.identity_id = r.owner_id
         where r.wish_id = $1 order by r.created_at, r.id limit $2",
        id.0,
        limit
    )
}
