//! What a policy needs to know to say who decides.

use latchkey_domain::{
    IdentityId, Instant, RoleId, RoleVersionId,
    identity::{EmploymentType, Status},
    role::Risk,
};
use sqlx::FromRow;
use uuid::Uuid;

use crate::{AsConn, StoreResult};

/// Somebody whom a rule can point at.
#[derive(Debug, Clone, FromRow)]
pub struct CandidateRow {
    /// Who.
    pub id: Uuid,
    /// What they are called.
    pub display_name: String,
    /// Where they are in their life at the company.
    #[sqlx(try_from = "String")]
    pub status: Status,
}

/// A beneficiary with their manager.
#[derive(Debug, Clone, FromRow)]
pub struct BeneficiaryRow {
    /// Who.
    pub id: Uuid,
    /// What they are called.
    pub display_name: String,
    /// Where they are in their life at the company.
    #[sqlx(try_from = "String")]
    pub status: Status,
    /// `employee` or `contractor`; absent for a service identity.
    pub employment_type: Option<String>,
    /// Their zone, if it is known.
    pub time_zone: Option<String>,
    /// What HR calls them; absent for a service identity. Likewise below.
    pub external_id: Option<String>,
    /// Their e-mail address.
    pub email: Option<String>,
    /// Their title.
    pub title: Option<String>,
    /// Their department.
    pub department: Option<String>,
    /// Where they work.
    pub location: Option<String>,
    /// What HR calls their manager.
    pub manager_external_id: Option<String>,
    /// Their manager.
    pub manager_id: Option<Uuid>,
    /// What the manager is called.
    pub manager_name: Option<String>,
    /// The manager's status, as its word.
    pub manager_status: Option<String>,
}

impl BeneficiaryRow {
    /// Their employment type; `None` for a service identity.
    #[must_use]
    pub fn employment(&self) -> Option<EmploymentType> {
        self.employment_type.as_deref().and_then(|t| t.parse().ok())
    }

    /// Their manager, if they have one.
    #[must_use]
    pub fn manager(&self) -> Option<CandidateRow> {
        Some(CandidateRow {
            id: self.manager_id?,
            display_name: self.manager_name.clone()?,
            status: self.manager_status.as_deref()?.parse().ok()?,
        })
    }
}

/// A beneficiary with their manager.
///
/// # Errors
/// When the database fails.
pub async fn beneficiary(c: &mut impl AsConn, id: IdentityId) -> StoreResult<Option<BeneficiaryRow>> {
    row!(
        c,
        BeneficiaryRow,
        "select i.id, i.display_name, i.status, p.employment_type, p.time_zone,
                p.external_id, p.email, p.title, p.department, p.location, mp.external_id as manager_external_id,
                m.id as manager_id, m.display_name as manager_name, m.status as manager_status
         from identity i left join person p on p.identity_id = i.id
         left join identity m on m.id = p.manager_id left join person mp on mp.identity_id = m.id
         where i.id = $1",
        id.0
    )
}

/// A role as it is today, with its policy in force and its owner.
#[derive(Debug, Clone, FromRow)]
pub struct RoleFactsRow {
    /// The role.
    pub role_id: Uuid,
    /// Its stable key.
    pub key: String,
    /// When it was retired.
    pub retired_at: Option<Instant>,
    /// Its version in force.
    pub role_version_id: Uuid,
    /// What it is called.
    pub name: String,
    /// How much harm it could do.
    #[sqlx(try_from = "String")]
    pub risk: Risk,
    /// Its tags, as a JSON list.
    pub tags: String,
    /// People may ask for it.
    pub requestable: bool,
    /// Its own longest duration in seconds, where it is narrower than the policy's.
    pub max_seconds: Option<i64>,
    /// The assurance that it asks for itself.
    pub assurance: Option<String>,
    /// The policy's version in force.
    pub policy_version_id: Uuid,
    /// That version as JSON.
    pub policy_body: String,
    /// Its owner.
    pub owner_id: Option<Uuid>,
    /// What HR calls the owner.
    pub owner_external_id: Option<String>,
    /// What the owner is called.
    pub owner_name: Option<String>,
    /// The owner's status, as its word.
    pub owner_status: Option<String>,
}

impl RoleFactsRow {
    /// Its owner, if it has one.
    #[must_use]
    pub fn owner(&self) -> Option<CandidateRow> {
        Some(CandidateRow {
            id: self.owner_id?,
            display_name: self.owner_name.clone()?,
            status: self.owner_status.as_deref()?.parse().ok()?,
        })
    }
}

/// A role as it is today. A retired role has its last version and says when it was retired.
///
/// # Errors
/// When the database fails.
pub async fn role_facts(c: &mut impl AsConn, role: RoleId) -> StoreResult<Option<RoleFactsRow>> {
    row!(
        c,
        RoleFactsRow,
        "select r.id as role_id, r.key, r.retired_at, v.id as role_version_id, v.name, v.risk, v.tags, v.requestable, v.max_seconds, v.assurance,
                pv.id as policy_version_id, pv.body as policy_body,
                o.id as owner_id, o.display_name as owner_name, o.status as owner_status, op.external_id as owner_external_id
         from role r
         join role_version v on v.role_id = r.id and v.valid_to is null
         join policy_version pv on pv.policy_id = v.policy_id and pv.valid_to is null
         left join ownership w on w.role_id = r.id and w.valid_to is null
         left join identity o on o.id = w.owner_id
         left join person op on op.identity_id = w.owner_id
         where r.id = $1",
        role.0
    )
}

/// The keys of the systems that a version of a role reaches.
///
/// # Errors
/// When the database fails.
pub async fn system_keys(c: &mut impl AsConn, version: RoleVersionId) -> StoreResult<Vec<String>> {
    Ok(rows!(
        c,
        (String,),
        "select distinct s.key from role_version_entitlement x
         join entitlement e on e.id = x.entitlement_id join system s on s.id = e.system_id
         where x.role_version_id = $1 order by s.key",
        version.0
    )?
    .into_iter()
    .map(|(key,)| key)
    .collect())
}

/// The keys of the roles that somebody holds now or ever held, and whether they hold them now.
///
/// # Errors
/// When the database fails.
pub async fn roles_held(c: &mut impl AsConn, who: IdentityId) -> StoreResult<Vec<(String, bool)>> {
    rows!(
        c,
        (String, bool),
        "select r.key, max(case when g.state = 'active' then 1 else 0 end) = 1
         from role_grant g join role r on r.id = g.role_id where g.identity_id = $1 group by r.key order by r.key limit 1000",
        who.0
    )
}

/// The owners of the systems that a version of a role reaches.
///
/// # Errors
/// When the database fails.
pub async fn system_owners(c: &mut impl AsConn, version: RoleVersionId) -> StoreResult<Vec<CandidateRow>> {
    rows!(
        c,
        CandidateRow,
        "select distinct i.id, i.display_name, i.status
         from role_version_entitlement x
         join entitlement e on e.id = x.entitlement_id
         join ownership w on w.system_id = e.system_id and w.valid_to is null
         join identity i on i.id = w.owner_id
         where x.role_version_id = $1 order by i.display_name, i.id",
        version.0
    )
}

/// Whoever holds this portal role through an active grant, at most fifty.
///
/// # Errors
/// When the database fails.
pub async fn portal_role_holders(c: &mut impl AsConn, key: &str) -> StoreResult<Vec<CandidateRow>> {
    rows!(
        c,
        CandidateRow,
        "select distinct i.id, i.display_name, i.status
         from entitlement e
         join system s on s.id = e.system_id and s.key = 'latchkey'
         join role_version_entitlement x on x.entitlement_id = e.id
         join role_grant g on g.role_version_id = x.role_version_id and g.state = 'active'
         join identity i on i.id = g.identity_id
         where e.key = $1 order by i.display_name, i.id limit 50",
        key
    )
}

/// Everybody above somebody, the nearest first: their manager, their manager's manager and so on.
///
/// # Errors
/// When the database fails.
pub async fn managers_above(c: &mut impl AsConn, who: IdentityId) -> StoreResult<Vec<CandidateRow>> {
    rows!(
        c,
        CandidateRow,
        // Imports refuse circles; the depth is bounded all the same.
        "with recursive above (id, depth) as (
             select p.manager_id, 1 from person p where p.identity_id = $1 and p.manager_id is not null
             union all
             select p.manager_id, a.depth + 1 from above a join person p on p.identity_id = a.id
             where p.manager_id is not null and a.depth < 100)
         select i.id, i.display_name, i.status from above a join identity i on i.id = a.id order by a.depth",
        who.0
    )
}

/// The manager of somebody.
///
/// # Errors
/// When the database fails.
pub async fn manager_of(c: &mut impl AsConn, who: IdentityId) -> StoreResult<Option<CandidateRow>> {
    row!(
        c,
        CandidateRow,
        "select m.id, m.display_name, m.status from person p join identity m on m.id = p.manager_id where p.identity_id = $1",
        who.0
    )
}

/// A person whom a rule names.
///
/// # Errors
/// When the database fails.
pub async fn person_by_external_id(c: &mut impl AsConn, external_id: &str) -> StoreResult<Option<CandidateRow>> {
    row!(
        c,
        CandidateRow,
        "select i.id, i.display_name, i.status from person p join identity i on i.id = p.identity_id where p.external_id = $1",
        external_id
    )
}

/// An open stage whose approvers may have to be remade.
#[derive(Debug, Clone, FromRow)]
pub struct OpenStageRow {
    /// The stage.
    pub stage_id: Uuid,
    /// Its item.
    pub item_id: Uuid,
    /// Its item's beneficiary.
    pub beneficiary_id: Uuid,
}

/// The open stages that depend on who somebody is: theirs to decide, for them or their reports, for roles that they own,
/// or for roles that reach systems that they own. At most `limit`, after the given stage.
///
/// # Errors
/// When the database fails.
pub async fn open_stages_touching(
    c: &mut impl AsConn,
    who: IdentityId,
    after: Uuid,
    limit: i64,
) -> StoreResult<Vec<OpenStageRow>> {
    rows!(
        c,
        OpenStageRow,
        "select s.id as stage_id, s.item_id, i.beneficiary_id
         from stage s join item i on i.id = s.item_id
         where s.state = 'open' and i.state = 'waiting' and s.id > $2 and (
             i.beneficiary_id = $1
             or exists (select 1 from stage_approver a where a.stage_id = s.id and a.identity_id = $1 and a.removed_at is null)
             or exists (select 1 from person p where p.identity_id = i.beneficiary_id and p.manager_id = $1)
             or exists (select 1 from person p join person m on m.identity_id = p.manager_id
                        where p.identity_id = i.beneficiary_id and (m.manager_id = $1 or m.identity_id = $1))
             or exists (select 1 from ownership w where w.role_id = i.role_id and w.owner_id = $1 and w.valid_to is null)
             or exists (select 1 from role_version_entitlement x
                        join entitlement e on e.id = x.entitlement_id
                        join ownership w on w.system_id = e.system_id and w.owner_id = $1 and w.valid_to is null
                        where x.role_version_id = i.role_version_id))
         order by s.id limit $3",
        who.0,
        after,
        limit
    )
}

/// The open stages whose rule names a group, by its key; at most `limit`, after the given stage.
///
/// # Errors
/// When the database fails.
pub async fn open_stages_naming(
    c: &mut impl AsConn,
    group: &str,
    after: Uuid,
    limit: i64,
) -> StoreResult<Vec<OpenStageRow>> {
    // Keys are plain (a-z, 0-9, -), so the quotes around make it exact.
    let named = format!("%\"group:{group}\"%");
    rows!(
        c,
        OpenStageRow,
        "select s.id as stage_id, s.item_id, i.beneficiary_id from stage s join item i on i.id = s.item_id
         where s.state = 'open' and i.state = 'waiting' and s.id > $2 and s.rule like $1 order by s.id limit $3",
        named,
        after,
        limit
    )
}

/// Open stages that somebody is listed for who isn't at work, at most `limit`.
///
/// # Errors
/// When the database fails.
pub async fn open_stages_of_the_absent(c: &mut impl AsConn, limit: i64) -> StoreResult<Vec<OpenStageRow>> {
    rows!(
        c,
        OpenStageRow,
        "select distinct s.id as stage_id, s.item_id, i.beneficiary_id
         from stage_approver a
         join identity p on p.id = a.identity_id and p.status <> 'active'
         join stage s on s.id = a.stage_id and s.state = 'open'
         join item i on i.id = s.item_id and i.state = 'waiting'
         where a.removed_at is null order by s.id limit $1",
        limit
    )
}

/// Who owns a system.
///
/// # Errors
/// When the database fails.
pub async fn owner_of_system(
    c: &mut impl AsConn,
    system: latchkey_domain::SystemId,
) -> StoreResult<Option<IdentityId>> {
    Ok(row!(c, (Uuid,), "select owner_id from ownership where system_id = $1 and valid_to is null", system.0)?
        .map(|(id,)| IdentityId(id)))
}
