//! Whole tables, for comparing them with what the events say. Not for pages: these lists aren't bounded.

use latchkey_domain::{
    Instant,
    account::AccountState,
    break_glass::Needed,
    fulfilment::{Presence, Progress},
    grant::{GrantEnd, GrantState},
    identity::Status,
    item::ItemState,
};
use sqlx::FromRow;
use uuid::Uuid;

use crate::{AsConn, StoreError, StoreResult};

/// A person's status and manager.
#[derive(Debug, Clone, FromRow)]
pub struct PersonState {
    /// Who.
    pub id: Uuid,
    /// Where they are in their working life.
    #[sqlx(try_from = "String")]
    pub status: Status,
    /// Whom they report to.
    pub manager_id: Option<Uuid>,
}

/// Every person.
///
/// # Errors
/// When the database fails.
pub async fn people(c: &mut impl AsConn) -> StoreResult<Vec<PersonState>> {
    rows!(
        c,
        PersonState,
        "select i.id, i.status, p.manager_id from identity i join person p on p.identity_id = i.id order by i.id"
    )
}

/// A role's version in force.
#[derive(Debug, Clone, FromRow)]
pub struct RoleState {
    /// The role.
    pub id: Uuid,
    /// Its version in force.
    pub version_id: Uuid,
    /// That version's number.
    pub version: i64,
    /// When it left the files.
    pub retired_at: Option<Instant>,
}

/// Every role with its version in force.
///
/// # Errors
/// When the database fails.
pub async fn roles(c: &mut impl AsConn) -> StoreResult<Vec<RoleState>> {
    rows!(
        c,
        RoleState,
        "select r.id, v.id as version_id, v.version, r.retired_at from role r join role_version v on v.role_id = r.id
         where v.valid_to is null order by r.id"
    )
}

/// Every pair of a role and an entitlement of its version in force.
///
/// # Errors
/// When the database fails.
pub async fn role_entitlements(c: &mut impl AsConn) -> StoreResult<Vec<(Uuid, Uuid)>> {
    rows!(
        c,
        (Uuid, Uuid),
        "select v.role_id, x.entitlement_id from role_version v join role_version_entitlement x on x.role_version_id = v.id
         where v.valid_to is null order by v.role_id, x.entitlement_id"
    )
}

/// Who owns a role or a system today.
#[derive(Debug, Clone, FromRow)]
pub struct OwnerState {
    /// The role, or
    pub role_id: Option<Uuid>,
    /// the system.
    pub system_id: Option<Uuid>,
    /// Its owner.
    pub owner_id: Uuid,
}

/// Every ownership of today.
///
/// # Errors
/// When the database fails.
pub async fn owners(c: &mut impl AsConn) -> StoreResult<Vec<OwnerState>> {
    rows!(c, OwnerState, "select role_id, system_id, owner_id from ownership where valid_to is null order by id")
}

/// An item's state.
#[derive(Debug, Clone, FromRow)]
pub struct ItemNow {
    /// The item.
    pub id: Uuid,
    /// Its request.
    pub request_id: Uuid,
    /// The role.
    pub role_id: Uuid,
    /// Who should hold it.
    pub beneficiary_id: Uuid,
    /// Where it stands.
    #[sqlx(try_from = "String")]
    pub state: ItemState,
    /// In which stage, from 0.
    pub stage: i64,
}

/// Every item.
///
/// # Errors
/// When the database fails.
pub async fn items(c: &mut impl AsConn) -> StoreResult<Vec<ItemNow>> {
    rows!(c, ItemNow, "select id, request_id, role_id, beneficiary_id, state, stage from item order by id")
}

/// A grant's state.
#[derive(Debug, Clone, FromRow)]
pub struct GrantNow {
    /// The grant.
    pub id: Uuid,
    /// Whose.
    pub identity_id: Uuid,
    /// Of which role.
    pub role_id: Uuid,
    /// In which version.
    pub role_version_id: Uuid,
    /// Where it stands.
    #[sqlx(try_from = "String")]
    pub state: GrantState,
    /// From when.
    pub starts_at: Instant,
    /// Until when.
    pub ends_at: Option<Instant>,
    end_reason: Option<String>,
    /// It is the right to activate the role.
    pub eligible: bool,
    /// The eligible grant that it activates.
    pub activates_id: Option<Uuid>,
}

impl GrantNow {
    /// Why it ended, once it did.
    ///
    /// # Errors
    /// When the word is none that this version knows.
    pub fn end_reason(&self) -> StoreResult<Option<GrantEnd>> {
        self.end_reason.as_deref().map(str::parse).transpose().map_err(|_| StoreError::Inconsistent {
            table: "role_grant",
            column: "end_reason",
            row: self.id.to_string(),
            found: self.end_reason.clone().unwrap_or_default(),
        })
    }
}

/// Every grant, ended ones too.
///
/// # Errors
/// When the database fails.
pub async fn grants(c: &mut impl AsConn) -> StoreResult<Vec<GrantNow>> {
    rows!(
        c,
        GrantNow,
        "select id, identity_id, role_id, role_version_id, state, starts_at, ends_at, end_reason, coalesce(eligible, false) as eligible,
                activates_id from role_grant order by id"
    )
}

/// An account's state.
#[derive(Debug, Clone, FromRow)]
pub struct AccountNow {
    /// The account.
    pub id: Uuid,
    /// Whose.
    pub identity_id: Uuid,
    /// Where.
    pub system_id: Uuid,
    /// What is wanted.
    #[sqlx(try_from = "String")]
    pub desired: AccountState,
    /// What was last seen.
    #[sqlx(try_from = "String")]
    pub observed: AccountState,
}

/// Every account.
///
/// # Errors
/// When the database fails.
pub async fn accounts(c: &mut impl AsConn) -> StoreResult<Vec<AccountNow>> {
    rows!(c, AccountNow, "select id, identity_id, system_id, desired, observed from account order by id")
}

/// A fulfilment's state.
#[derive(Debug, Clone, FromRow)]
pub struct FulfilmentNow {
    /// The fulfilment.
    pub id: Uuid,
    /// Of which account.
    pub account_id: Uuid,
    /// Of which entitlement.
    pub entitlement_id: Uuid,
    /// What is wanted.
    #[sqlx(try_from = "String")]
    pub desired: Presence,
    /// What was last seen.
    #[sqlx(try_from = "String")]
    pub observed: Presence,
    /// What remains to be done.
    #[sqlx(try_from = "String")]
    pub progress: Progress,
    /// Raised with each change of what is wanted.
    pub generation: i64,
}

/// Every fulfilment.
///
/// # Errors
/// When the database fails.
pub async fn fulfilments(c: &mut impl AsConn) -> StoreResult<Vec<FulfilmentNow>> {
    rows!(
        c,
        FulfilmentNow,
        "select id, account_id, entitlement_id, desired, observed, progress, generation from fulfilment order by id"
    )
}

/// A rule that keeps duties apart, with its version in force.
#[derive(Debug, Clone, FromRow)]
pub struct SeparationRuleState {
    /// The rule.
    pub id: Uuid,
    /// Its version in force.
    pub version_id: Uuid,
    /// That version's number.
    pub version: i64,
    /// Who has to agree.
    pub approver: Option<String>,
    /// When it left the files.
    pub retired_at: Option<Instant>,
}

/// Every rule that keeps duties apart, with its version in force.
///
/// # Errors
/// When the database fails.
pub async fn separation_rules(c: &mut impl AsConn) -> StoreResult<Vec<SeparationRuleState>> {
    rows!(
        c,
        SeparationRuleState,
        "select r.id, v.id as version_id, v.version, v.approver, r.retired_at
         from separation_rule r join separation_rule_version v on v.rule_id = r.id and v.valid_to is null order by r.id"
    )
}

/// What the sides of the versions in force name, as (rule, side, role, entitlement).
///
/// # Errors
/// When the database fails.
pub async fn separation_members(c: &mut impl AsConn) -> StoreResult<Vec<(Uuid, i64, Option<Uuid>, Option<Uuid>)>> {
    rows!(
        c,
        (Uuid, i64, Option<Uuid>, Option<Uuid>),
        "select v.rule_id, s.position, m.role_id, m.entitlement_id
         from separation_rule_version v join separation_side s on s.rule_version_id = v.id
         join separation_member m on m.side_id = s.id where v.valid_to is null order by v.rule_id, s.position, m.id"
    )
}

/// An exception from a rule that keeps duties apart.
#[derive(Debug, Clone, FromRow)]
pub struct SeparationExceptionState {
    /// The exception.
    pub id: Uuid,
    /// From which rule.
    pub rule_id: Uuid,
    /// Whose.
    pub identity_id: Uuid,
    /// Until when it was granted.
    pub ends_at: Instant,
    /// When it was over.
    pub closed_at: Option<Instant>,
}

/// Every exception, those that are over too.
///
/// # Errors
/// When the database fails.
pub async fn separation_exceptions(c: &mut impl AsConn) -> StoreResult<Vec<SeparationExceptionState>> {
    rows!(
        c,
        SeparationExceptionState,
        "select id, rule_id, identity_id, ends_at, closed_at from separation_exception order by id"
    )
}

/// Who owns rules and exceptions today, as (rule, exception, owner).
///
/// # Errors
/// When the database fails.
pub async fn separation_owners(c: &mut impl AsConn) -> StoreResult<Vec<(Option<Uuid>, Option<Uuid>, Uuid)>> {
    rows!(
        c,
        (Option<Uuid>, Option<Uuid>, Uuid),
        "select rule_id, exception_id, owner_id from separation_ownership where valid_to is null order by id"
    )
}

/// Which rules the steps of items are there for, as (step, rule).
///
/// # Errors
/// When the database fails.
pub async fn separation_stages(c: &mut impl AsConn) -> StoreResult<Vec<(Uuid, Uuid)>> {
    rows!(c, (Uuid, Uuid), "select stage_id, rule_id from separation_stage order by stage_id, rule_id")
}

/// A review of what somebody took in an emergency.
#[derive(Debug, Clone, FromRow)]
pub struct ReviewNow {
    /// Its id.
    pub id: Uuid,
    /// Of which grant.
    pub grant_id: Uuid,
    /// Who took it.
    pub identity_id: Uuid,
    /// Which role.
    pub role_id: Uuid,
    /// Their own request's item that waited then.
    pub item_id: Option<Uuid>,
    /// By when it was due.
    pub due_at: Instant,
    /// When they said what they did.
    pub account_at: Option<Instant>,
    /// When it was told that it is overdue.
    pub overdue_at: Option<Instant>,
    /// Whether it was needed, as its word.
    pub needed: Option<String>,
}

impl ReviewNow {
    /// Whether it was needed, once somebody said so.
    ///
    /// # Errors
    /// When the word is none that this version knows.
    pub fn needed(&self) -> StoreResult<Option<Needed>> {
        self.needed.as_deref().map(str::parse).transpose().map_err(|_| StoreError::Inconsistent {
            table: "break_glass_review",
            column: "needed",
            row: self.id.to_string(),
            found: self.needed.clone().unwrap_or_default(),
        })
    }
}

/// Every review, closed ones too.
///
/// # Errors
/// When the database fails.
pub async fn reviews(c: &mut impl AsConn) -> StoreResult<Vec<ReviewNow>> {
    rows!(
        c,
        ReviewNow,
        "select id, grant_id, identity_id, role_id, item_id, due_at, account_at, overdue_at, needed
         from break_glass_review order by id"
    )
}

/// Who was told of what was taken, as (review, identity).
///
/// # Errors
/// When the database fails.
pub async fn reviews_told(c: &mut impl AsConn) -> StoreResult<Vec<(Uuid, Uuid)>> {
    rows!(c, (Uuid, Uuid), "select review_id, identity_id from break_glass_told order by review_id, identity_id")
}
