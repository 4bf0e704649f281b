//! Who is in conflict today: whoever's scheduled and active grants have something of two different sides of one rule.

use latchkey_domain::{Instant, SeparationRuleId, grant::GrantOrigin};
use sqlx::FromRow;
use uuid::Uuid;

use super::rules::NewSide;
use crate::{
    AsConn, ConnRef, StoreResult,
    query::{padded, padded_len, placeholders},
};

/// Each rule that somebody is in conflict by, as (identity, rule), after the first half of a query that may narrow the
/// rules.
macro_rules! in_conflict {
    ($before:literal, $rules:literal, $after:literal) => {
        concat!(
            $before,
            "(select t.identity_id, t.rule_id from (
                select g.identity_id, r.id as rule_id, s.position
                from separation_rule r
                join separation_rule_version v on v.rule_id = r.id and v.valid_to is null
                join separation_side s on s.rule_version_id = v.id
                join separation_member m on m.side_id = s.id
                join role_grant g on g.role_id = m.role_id and g.state in ('scheduled', 'active', 'eligible')
                where r.retired_at is null and ",
            $rules,
            " union all
                select g.identity_id, r.id, s.position
                from separation_rule r
                join separation_rule_version v on v.rule_id = r.id and v.valid_to is null
                join separation_side s on s.rule_version_id = v.id
                join separation_member m on m.side_id = s.id
                join role_version_entitlement x on x.entitlement_id = m.entitlement_id
                join role_grant g on g.role_version_id = x.role_version_id and g.state in ('scheduled', 'active', 'eligible')
                where r.retired_at is null and ",
            $rules,
            ") t group by t.identity_id, t.rule_id having count(distinct t.position) > 1) p ",
            $after
        )
    };
}

/// A place in the list of who is in conflict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// The person's name.
    pub name: String,
    /// The person.
    pub identity: Uuid,
    /// The rule.
    pub rule: Uuid,
}

/// Somebody who is in conflict by a rule.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct ConflictRow {
    /// Who.
    pub identity_id: Uuid,
    /// What they are called.
    pub display_name: String,
    /// What HR calls them; absent for a service identity.
    pub external_id: Option<String>,
    /// By which rule.
    pub rule_id: Uuid,
    /// The rule's stable key.
    pub rule_key: String,
    /// What the rule is called.
    pub rule_name: String,
    /// `block` or `approval`.
    pub outcome: String,
    /// Their exception in force, if they have one.
    pub exception_id: Option<Uuid>,
    /// Until when that is.
    pub exception_ends_at: Option<Instant>,
    /// Who answers for it.
    pub exception_owner: Option<String>,
}

impl ConflictRow {
    /// Its place in the list.
    #[must_use]
    pub fn key(&self) -> Key {
        Key { name: self.display_name.clone(), identity: self.identity_id, rule: self.rule_id }
    }
}

/// Who is in conflict, by name of the person and then by rule; at most `limit`. With `rule`, by that one alone.
///
/// # Errors
/// When the database fails.
pub async fn page(
    c: &mut impl AsConn,
    rule: Option<SeparationRuleId>,
    now: Instant,
    after: Option<&Key>,
    limit: i64,
) -> StoreResult<Vec<ConflictRow>> {
    let name = after.map_or("", |k| k.name.as_str());
    let (identity, last) = after.map_or((Uuid::nil(), Uuid::nil()), |k| (k.identity, k.rule));
    let all = rule.is_none();
    let one = rule.map_or(Uuid::nil(), |r| r.0);
    rows!(
        c,
        ConflictRow,
        in_conflict!(
            "select p.identity_id, i.display_name, pe.external_id, p.rule_id, r.key as rule_key, v.name as rule_name, v.outcome,
                    x.id as exception_id, x.ends_at as exception_ends_at, oi.display_name as exception_owner
             from ",
            "($1 or r.id = $2)",
            "join identity i on i.id = p.identity_id
             left join person pe on pe.identity_id = p.identity_id
             join separation_rule r on r.id = p.rule_id
             join separation_rule_version v on v.rule_id = p.rule_id and v.valid_to is null
             left join separation_exception x on x.rule_id = p.rule_id and x.identity_id = p.identity_id
                  and x.closed_at is null and x.starts_at <= $3 and x.ends_at > $3
             left join separation_ownership o on o.exception_id = x.id and o.valid_to is null
             left join identity oi on oi.id = o.owner_id
             where (i.display_name, p.identity_id, p.rule_id) > ($4, $5, $6)
             order by i.display_name, p.identity_id, p.rule_id limit $7"
        ),
        all,
        one,
        now,
        name,
        identity,
        last,
        limit
    )
}

/// How many people are in conflict by each rule, and how many of them without an exception in force, as
/// (rule, people, without).
///
/// # Errors
/// When the database fails.
pub async fn count_by_rule(c: &mut impl AsConn, now: Instant) -> StoreResult<Vec<(Uuid, i64, i64)>> {
    rows!(
        c,
        (Uuid, i64, i64),
        in_conflict!(
            "select p.rule_id, count(*), count(*) - count(x.id) from ",
            "1 = 1",
            "left join separation_exception x on x.rule_id = p.rule_id and x.identity_id = p.identity_id
                  and x.closed_at is null and x.starts_at <= $1 and x.ends_at > $1
             group by p.rule_id"
        ),
        now
    )
}

/// How many people would be in conflict by a rule with these sides, whether it is in force or not.
///
/// # Errors
/// When the database fails.
pub async fn count_of(c: &mut impl AsConn, sides: &[NewSide]) -> StoreResult<i64> {
    let mut ids: Vec<Uuid> = Vec::new();
    let mut parts: Vec<String> = Vec::new();
    let mut list = |more: &[Uuid]| {
        let text = placeholders(ids.len() + 1, padded_len(more.len()));
        ids.extend(padded(more));
        text
    };
    for (position, side) in sides.iter().enumerate() {
        if !side.roles.is_empty() {
            let roles = list(&side.roles);
            parts.push(format!(
                "select g.identity_id, {position} as position from role_grant g
                 where g.role_id in ({roles}) and g.state in ('scheduled', 'active', 'eligible')"
            ));
        }
        if !side.entitlements.is_empty() {
            let entitlements = list(&side.entitlements);
            parts.push(format!(
                "select g.identity_id, {position} as position from role_version_entitlement x
                 join role_grant g on g.role_version_id = x.role_version_id and g.state in ('scheduled', 'active', 'eligible')
                 where x.entitlement_id in ({entitlements})"
            ));
        }
    }
    if parts.is_empty() {
        return Ok(0);
    }
    let sql = format!(
        "select count(*) from (select t.identity_id from ({}) t group by t.identity_id having count(distinct t.position) > 1) p",
        parts.join(" union all ")
    );
    crate::query::count();
    let (n,): (i64,) = match c.conn() {
        ConnRef::Sqlite(c) => {
            let mut q = sqlx::query_as(sqlx::AssertSqlSafe(sql));
            for id in &ids {
                q = q.bind(*id);
            }
            q.fetch_one(c).await?
        }
        ConnRef::Postgres(c) => {
            let mut q = sqlx::query_as(sqlx::AssertSqlSafe(sql));
            for id in &ids {
                q = q.bind(*id);
            }
            q.fetch_one(c).await?
        }
    };
    Ok(n)
}

/// One of somebody's grants that has something of one side of a rule.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct TouchRow {
    /// Who.
    pub identity_id: Uuid,
    /// Which rule.
    pub rule_id: Uuid,
    /// What the rule is called.
    pub rule_name: String,
    /// `block` or `approval`.
    pub outcome: String,
    /// Who owns the rule.
    pub owner_name: Option<String>,
    /// Which side, from 0.
    pub position: i64,
    /// What the side is called.
    pub side_name: String,
    /// The grant.
    pub grant_id: Uuid,
    /// Its role.
    pub role_id: Uuid,
    /// What the role is called.
    pub role_name: String,
    /// The entitlement that the rule names; absent where it names the role.
    pub entitlement_name: Option<String>,
    /// Why the grant exists.
    #[sqlx(try_from = "String")]
    pub origin: GrantOrigin,
    /// The item that it came from.
    pub item_id: Option<Uuid>,
    /// From when.
    pub starts_at: Instant,
    /// A step of that item was there for this rule, and said yes.
    pub agreed: bool,
}

/// Everything that these people have of any side of any rule in force: those with two sides of one rule are in conflict.
///
/// # Errors
/// When the database fails.
pub async fn touches_of(c: &mut impl AsConn, identities: &[Uuid]) -> StoreResult<Vec<TouchRow>> {
    rows_in!(
        c,
        TouchRow,
        "select g.identity_id, r.id as rule_id, v.name as rule_name, v.outcome, oi.display_name as owner_name, s.position,
                s.name as side_name, g.id as grant_id, g.role_id, n.name as role_name, e.name as entitlement_name, g.origin,
                g.item_id, g.starts_at,
                exists (select 1 from stage a join separation_stage b on b.stage_id = a.id
                        where a.item_id = g.item_id and a.state = 'approved' and b.rule_id = r.id) as agreed
         from (select h.id as grant_id, m.side_id, m.entitlement_id
               from role_grant h join separation_member m on m.role_id = h.role_id
               where h.identity_id in ({0}) and h.state in ('scheduled', 'active', 'eligible')
               union all
               select h.id, m.side_id, m.entitlement_id
               from role_grant h join role_version_entitlement x on x.role_version_id = h.role_version_id
               join separation_member m on m.entitlement_id = x.entitlement_id
               where h.identity_id in ({0}) and h.state in ('scheduled', 'active', 'eligible')) t
         join role_grant g on g.id = t.grant_id
         join role_version n on n.role_id = g.role_id and n.valid_to is null
         left join entitlement e on e.id = t.entitlement_id
         join separation_side s on s.id = t.side_id
         join separation_rule_version v on v.id = s.rule_version_id and v.valid_to is null
         join separation_rule r on r.id = v.rule_id and r.retired_at is null
         left join separation_ownership o on o.rule_id = r.id and o.valid_to is null
         left join identity oi on oi.id = o.owner_id
         order by g.identity_id, v.name, r.id, s.position, n.name, g.id, e.name",
        identities
    )
}
