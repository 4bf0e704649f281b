//! Collects what the policy needs to know about an item, as it is today.

use latchkey_domain::{IdentityId, RoleId, RoleVersionId, identity::Status, portal_role::PortalRole, role::Risk};
use latchkey_policy::{
    ApproverFacts, ApproverRule, Candidate, PersonFacts, PolicySnapshot, Resolution, RoleFacts, Span, StageRule,
    resolve_stage,
};
use latchkey_store::{
    AsConn, StoreError,
    routing::{self, BeneficiaryRow, CandidateRow, RoleFactsRow},
};
use uuid::Uuid;

use crate::{ServiceError, ServiceResult};

/// A role as it is today.
#[derive(Debug, Clone)]
pub struct RoleToday {
    /// Which.
    pub id: RoleId,
    /// Its version in force.
    pub version: RoleVersionId,
    /// How much harm it could do.
    pub risk: Risk,
    /// What the policy asks about.
    pub facts: RoleFacts,
    /// The policy in force.
    pub policy: PolicySnapshot,
    /// That policy's version.
    pub policy_version: Uuid,
    /// The assurance that the role asks for itself, as its word; the policy's applies where it names none.
    pub assurance: Option<String>,
    /// Its owner.
    pub owner: Option<Candidate<IdentityId>>,
}

/// A person who may come to hold a role, as they are today.
#[derive(Debug, Clone)]
pub struct Beneficiary {
    /// Who.
    pub id: IdentityId,
    /// What they are called.
    pub name: String,
    /// Where they are in their life at the company.
    pub status: Status,
    /// Their manager.
    pub manager: Option<Candidate<IdentityId>>,
    /// Their time zone, if it is known.
    pub time_zone: Option<String>,
    row: BeneficiaryRow,
}

impl Beneficiary {
    /// What the policy asks about.
    #[must_use]
    pub fn facts(&self, requester: IdentityId) -> PersonFacts {
        PersonFacts {
            name: self.name.clone(),
            is_requester: self.id == requester,
            status: self.status,
            employment_type: self.row.employment(),
        }
    }
}

pub(crate) fn candidate(row: CandidateRow) -> Candidate<IdentityId> {
    Candidate { id: IdentityId(row.id), name: row.display_name, status: row.status }
}

/// The role as it is today.
///
/// # Errors
/// `NotFound` when there is no such role.
pub async fn role_today(c: &mut impl AsConn, role: RoleId) -> ServiceResult<RoleToday> {
    let row = routing::role_facts(c, role).await?.ok_or(ServiceError::NotFound)?;
    let owner = row.owner().map(candidate);
    let RoleFactsRow { name, requestable, retired_at, max_seconds, policy_body, assurance, .. } = row;
    Ok(RoleToday {
        id: role,
        version: RoleVersionId(row.role_version_id),
        risk: row.risk,
        facts: RoleFacts { name, requestable, retired: retired_at.is_some(), max_duration: span(max_seconds) },
        policy: snapshot(&policy_body, row.policy_version_id)?,
        policy_version: row.policy_version_id,
        assurance,
        owner,
    })
}

/// Seconds as stored, as the span that they came from.
#[must_use]
pub fn span(seconds: Option<i64>) -> Option<Span> {
    seconds.and_then(|s| u32::try_from(s / 3600).ok()).and_then(Span::from_hours)
}

/// Reads a stored policy.
///
/// # Errors
/// When a newer version wrote it or it is damaged.
pub fn snapshot(body: &str, version: Uuid) -> ServiceResult<PolicySnapshot> {
    PolicySnapshot::from_json(body).map_err(|e| {
        ServiceError::Store(StoreError::Inconsistent {
            table: "policy_version",
            column: "body",
            row: version.to_string(),
            found: e.to_string(),
        })
    })
}

/// The beneficiary as they are today.
///
/// # Errors
/// `NotFound` when there is no such identity.
pub async fn beneficiary(c: &mut impl AsConn, id: IdentityId) -> ServiceResult<Beneficiary> {
    let row = routing::beneficiary(c, id).await?.ok_or(ServiceError::NotFound)?;
    Ok(Beneficiary {
        id,
        name: row.display_name.clone(),
        status: row.status,
        manager: row.manager().map(candidate),
        time_zone: row.time_zone.clone(),
        row,
    })
}

/// Everything that these rules can point at, for one item, as it is today. What no rule mentions isn't looked up.
///
/// # Errors
/// When the database fails.
pub async fn approver_facts(
    c: &mut impl AsConn,
    requester: IdentityId,
    beneficiary: &Beneficiary,
    owner: Option<Candidate<IdentityId>>,
    version: RoleVersionId,
    rules: &[StageRule],
) -> ServiceResult<ApproverFacts<IdentityId>> {
    let mentioned: Vec<&ApproverRule> =
        rules.iter().flat_map(|r| std::iter::once(&r.approvers).chain(r.fallback.as_ref())).collect();
    let system_owners = if mentioned.contains(&&ApproverRule::SystemOwner) {
        routing::system_owners(c, version).await?.into_iter().map(candidate).collect()
    } else {
        vec![]
    };
    let security =
        if mentioned.contains(&&ApproverRule::Security) { holders(c, PortalRole::Security).await? } else { vec![] };
    let mut people = Vec::new();
    for rule in &mentioned {
        if let ApproverRule::Person(external_id) = rule
            && let Some(row) = routing::person_by_external_id(c, external_id).await?
        {
            people.push((external_id.clone(), candidate(row)));
        }
    }
    Ok(ApproverFacts {
        requester,
        beneficiary: beneficiary.id,
        beneficiary_name: beneficiary.name.clone(),
        manager: beneficiary.manager.clone(),
        role_owner: owner,
        system_owners,
        security,
        people,
    })
}

/// Whoever holds a portal role.
///
/// # Errors
/// When the database fails.
pub async fn holders(c: &mut impl AsConn, role: PortalRole) -> ServiceResult<Vec<Candidate<IdentityId>>> {
    Ok(routing::portal_role_holders(c, role.as_str()).await?.into_iter().map(candidate).collect())
}

/// Who decides a stage that is open or about to open. When its rule and its fallback leave nobody (people left since the
/// request was made), the holders of the portal role `security` decide, then the administrators: a request that was
/// accepted is never stuck (promise 3).
///
/// # Errors
/// When the database fails.
pub async fn resolve_open_stage(
    c: &mut impl AsConn,
    rule: &StageRule,
    facts: &ApproverFacts<IdentityId>,
) -> ServiceResult<Resolution<IdentityId>> {
    let mut resolution = resolve_stage(rule, facts);
    for last_resort in [PortalRole::Security, PortalRole::Administrator] {
        if !resolution.is_stuck() {
            break;
        }
        let security = holders(c, last_resort).await?;
        let facts = ApproverFacts { security, ..facts.clone() };
        let rule = StageRule { approvers: ApproverRule::Security, fallback: None };
        let second = resolve_stage(&rule, &facts);
        if !second.is_stuck() {
            resolution = Resolution { used_fallback: true, ..second };
        }
    }
    Ok(resolution)
}
