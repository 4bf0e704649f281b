//! Rules that keep duties apart, their versions, sides and members.

use latchkey_domain::{AppliedSetId, Instant, SeparationRuleId, id::new_uuid, identity::Status};
use sqlx::FromRow;
use uuid::Uuid;

use crate::{AsConn, StoreError, StoreResult, Tx};

/// One version of a rule.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct RuleVersionRow {
    /// The version's id.
    pub id: Uuid,
    /// The rule's id.
    pub rule_id: Uuid,
    /// The rule's stable key.
    pub key: String,
    /// Counts from 1.
    pub version: i64,
    /// The hash of everything that the version says.
    pub hash: String,
    /// What it is called on screen.
    pub name: String,
    /// Why it is there, in an employee's words.
    pub description: String,
    /// `block` or `approval`.
    pub outcome: String,
    /// Who has to agree, by external id; absent where it blocks.
    pub approver: Option<String>,
    /// Since when this version is in force.
    pub valid_from: Instant,
    /// When the rule left the files.
    pub retired_at: Option<Instant>,
}

/// A role or an entitlement on one side of a rule, with what the rule says.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct MemberRow {
    /// The rule's id.
    pub rule_id: Uuid,
    /// The rule's stable key.
    pub key: String,
    /// What the rule is called.
    pub name: String,
    /// `block` or `approval`.
    pub outcome: String,
    /// Who has to agree, by external id.
    pub approver: Option<String>,
    /// What that person is called.
    pub approver_name: Option<String>,
    /// Who owns the rule.
    pub owner_id: Option<Uuid>,
    /// What the owner is called.
    pub owner_name: Option<String>,
    /// Which side, from 0.
    pub position: i64,
    /// What the side is called.
    pub side_name: String,
    /// The role, or
    pub role_id: Option<Uuid>,
    /// the entitlement.
    pub entitlement_id: Option<Uuid>,
    /// What the role or entitlement is called.
    pub member_name: String,
}

/// One side, to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewSide {
    /// What it is called.
    pub name: String,
    /// Its roles.
    pub roles: Vec<Uuid>,
    /// Its entitlements.
    pub entitlements: Vec<Uuid>,
}

/// The columns of [`RuleVersionRow`].
macro_rules! version_columns {
    ($rest:literal) => {
        concat!(
            "select v.id, v.rule_id, r.key, v.version, v.hash, v.name, v.description, v.outcome, v.approver, v.valid_from, ",
            "r.retired_at from separation_rule_version v join separation_rule r on r.id = v.rule_id ",
            $rest
        )
    };
}

/// The columns of [`MemberRow`]; `r.retired_at is null` and the version in force are conditions already.
macro_rules! member_columns {
    ($rest:literal) => {
        concat!(
            "select r.id as rule_id, r.key, v.name, v.outcome, v.approver, ai.display_name as approver_name, o.owner_id, ",
            "oi.display_name as owner_name, s.position, s.name as side_name, m.role_id, m.entitlement_id, ",
            "coalesce(rv.name, e.name) as member_name ",
            "from separation_rule r ",
            "join separation_rule_version v on v.rule_id = r.id and v.valid_to is null ",
            "join separation_side s on s.rule_version_id = v.id ",
            "join separation_member m on m.side_id = s.id ",
            "left join separation_ownership o on o.rule_id = r.id and o.valid_to is null ",
            "left join identity oi on oi.id = o.owner_id ",
            "left join person ap on ap.external_id = v.approver ",
            "left join identity ai on ai.id = ap.identity_id ",
            "left join role_version rv on rv.role_id = m.role_id and rv.valid_to is null ",
            "left join entitlement e on e.id = m.entitlement_id ",
            "where r.retired_at is null and ",
            $rest
        )
    };
}

/// The version in force of every rule, retired ones too, by key.
///
/// # Errors
/// When the database fails.
pub async fn in_force(c: &mut impl AsConn) -> StoreResult<Vec<RuleVersionRow>> {
    rows!(c, RuleVersionRow, version_columns!("where v.valid_to is null order by r.key"))
}

/// The version in force of the rule with this key, retired or not.
///
/// # Errors
/// When the database fails.
pub async fn by_key(c: &mut impl AsConn, key: &str) -> StoreResult<Option<RuleVersionRow>> {
    row!(c, RuleVersionRow, version_columns!("where r.key = $1 and v.valid_to is null"), key)
}

/// The version in force of one rule, retired or not.
///
/// # Errors
/// When the database fails.
pub async fn get(c: &mut impl AsConn, id: SeparationRuleId) -> StoreResult<Option<RuleVersionRow>> {
    row!(c, RuleVersionRow, version_columns!("where r.id = $1 and v.valid_to is null"), id.0)
}

/// Who owns a rule today.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct RuleOwnerRow {
    /// The rule's stable key.
    pub key: String,
    /// What the owner is called.
    pub owner_name: String,
    /// The key of the owner in the company's records.
    pub owner_external_id: Option<String>,
    /// Where the owner is in their working life.
    #[sqlx(try_from = "String")]
    pub owner_status: Status,
}

/// Who owns each rule today, retired ones too, by key.
///
/// # Errors
/// When the database fails.
pub async fn owners_by_key(c: &mut impl AsConn) -> StoreResult<Vec<RuleOwnerRow>> {
    rows!(
        c,
        RuleOwnerRow,
        "select r.key, i.display_name as owner_name, p.external_id as owner_external_id, i.status as owner_status
         from separation_ownership o join separation_rule r on r.id = o.rule_id
         join identity i on i.id = o.owner_id left join person p on p.identity_id = i.id
         where o.valid_to is null order by r.key"
    )
}

/// Everything that the rules in force name, by name of the rule and order of its sides.
///
/// # Errors
/// When the database fails.
pub async fn members(c: &mut impl AsConn) -> StoreResult<Vec<MemberRow>> {
    rows!(c, MemberRow, member_columns!("1 = 1 order by v.name, r.id, s.position, m.id"))
}

/// Everything that these rules name, where they are in force.
///
/// # Errors
/// When the database fails.
pub async fn members_of(c: &mut impl AsConn, rules: &[Uuid]) -> StoreResult<Vec<MemberRow>> {
    rows_in!(c, MemberRow, member_columns!("r.id in ({}) order by v.name, r.id, s.position, m.id"), rules)
}

/// Everything that those rules in force name that name one of these roles, or an entitlement that the version in force of
/// one of them gives.
///
/// # Errors
/// When the database fails.
pub async fn touched_by_roles(c: &mut impl AsConn, roles: &[Uuid]) -> StoreResult<Vec<MemberRow>> {
    rows_in!(
        c,
        MemberRow,
        member_columns!(
            "v.id in (
                 select s2.rule_version_id from separation_side s2 join separation_member m2 on m2.side_id = s2.id
                 where m2.role_id in ({0})
                    or m2.entitlement_id in (
                        select x.entitlement_id from role_version w
                        join role_version_entitlement x on x.role_version_id = w.id
                        where w.valid_to is null and w.role_id in ({0})))
             order by v.name, r.id, s.position, m.id"
        ),
        roles
    )
}

/// A grant that hasn't ended, or a role that is asked for, with one of the entitlements that it gives.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct HoldingRow {
    /// Whose; nobody's for what a role gives to whoever holds it.
    pub identity_id: Option<Uuid>,
    /// The grant, the item or the version that it comes from.
    pub source_id: Uuid,
    /// The role.
    pub role_id: Uuid,
    /// What it is called.
    pub role_name: String,
    /// An entitlement that it gives.
    pub entitlement_id: Uuid,
    /// What that is called.
    pub entitlement_name: String,
}

/// Everything that these people's scheduled and active grants give.
///
/// # Errors
/// When the database fails.
pub async fn held_by(c: &mut impl AsConn, identities: &[Uuid]) -> StoreResult<Vec<HoldingRow>> {
    rows_in!(
        c,
        HoldingRow,
        "select g.identity_id, g.id as source_id, g.role_id, n.name as role_name, x.entitlement_id, e.name as entitlement_name
         from role_grant g
         join role_version n on n.role_id = g.role_id and n.valid_to is null
         join role_version_entitlement x on x.role_version_id = g.role_version_id
         join entitlement e on e.id = x.entitlement_id
         where g.identity_id in ({}) and g.state in ('scheduled', 'active', 'eligible') order by n.name, g.id, e.name",
        identities
    )
}

/// Everything that these people's waiting items would give by the versions in force.
///
/// # Errors
/// When the database fails.
pub async fn asked_for(c: &mut impl AsConn, identities: &[Uuid]) -> StoreResult<Vec<HoldingRow>> {
    rows_in!(
        c,
        HoldingRow,
        "select i.beneficiary_id as identity_id, i.id as source_id, i.role_id, n.name as role_name, x.entitlement_id,
                e.name as entitlement_name
         from item i
         join role_version n on n.role_id = i.role_id and n.valid_to is null
         join role_version_entitlement x on x.role_version_id = n.id
         join entitlement e on e.id = x.entitlement_id
         where i.beneficiary_id in ({}) and i.state = 'waiting' order by n.name, i.id, e.name",
        identities
    )
}

/// Everything that these roles' versions in force give.
///
/// # Errors
/// When the database fails.
pub async fn given_by(c: &mut impl AsConn, roles: &[Uuid]) -> StoreResult<Vec<HoldingRow>> {
    rows_in!(
        c,
        HoldingRow,
        "select cast(null as uuid) as identity_id, n.id as source_id, n.role_id, n.name as role_name, x.entitlement_id, e.name as entitlement_name
         from role_version n
         join role_version_entitlement x on x.role_version_id = n.id
         join entitlement e on e.id = x.entitlement_id
         where n.valid_to is null and n.role_id in ({}) order by n.name, n.id, e.name",
        roles
    )
}

/// Adds a rule; its first version follows.
///
/// # Errors
/// When the key is taken, or the database fails.
pub async fn insert(tx: &mut Tx, id: SeparationRuleId, key: &str) -> StoreResult<()> {
    exec!(tx, "insert into separation_rule (id, key) values ($1, $2)", id.0, key)
        .map_err(|e| e.or_duplicate("a rule with this key"))?;
    Ok(())
}

/// Closes the version in force and opens the given one; a retired rule is in force again. `valid_from` and `retired_at` of
/// the row aren't written.
///
/// # Errors
/// When somebody else added this version, or the database fails.
pub async fn add_version(
    tx: &mut Tx,
    v: &RuleVersionRow,
    sides: &[NewSide],
    applied_set: Option<AppliedSetId>,
) -> StoreResult<()> {
    let now = tx.now();
    exec!(
        tx,
        "update separation_rule_version set valid_to = $1 where rule_id = $2 and valid_to is null",
        now,
        v.rule_id
    )?;
    exec!(
        tx,
        "insert into separation_rule_version
             (id, rule_id, version, hash, name, description, outcome, approver, valid_from, applied_set_id)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        v.id,
        v.rule_id,
        v.version,
        &v.hash,
        &v.name,
        &v.description,
        &v.outcome,
        &v.approver,
        now,
        applied_set.map(|a| a.0)
    )
    .map_err(|e| e.or_duplicate("this version of the rule"))?;
    for (position, side) in (0_i64..).zip(sides) {
        let id = new_uuid(now);
        exec!(
            tx,
            "insert into separation_side (id, rule_version_id, position, name) values ($1, $2, $3, $4)",
            id,
            v.id,
            position,
            &side.name
        )?;
        let roles = side.roles.iter().map(|r| (Some(*r), None));
        for (role, entitlement) in roles.chain(side.entitlements.iter().map(|e| (None::<Uuid>, Some(*e)))) {
            exec!(
                tx,
                "insert into separation_member (id, side_id, role_id, entitlement_id) values ($1, $2, $3, $4)",
                new_uuid(now),
                id,
                role,
                entitlement
            )?;
        }
    }
    exec!(tx, "update separation_rule set retired_at = null where id = $1 and retired_at is not null", v.rule_id)?;
    Ok(())
}

/// Retires a rule: it keeps nothing apart any more. Its versions stay on record.
///
/// # Errors
/// When it is retired already, or the database fails.
pub async fn retire(tx: &mut Tx, id: SeparationRuleId) -> StoreResult<()> {
    let now = tx.now();
    let done = exec!(tx, "update separation_rule set retired_at = $1 where id = $2 and retired_at is null", now, id.0)?;
    if done == 1 { Ok(()) } else { Err(StoreError::Conflict { what: "the rule" }) }
}
