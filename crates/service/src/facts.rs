//! Collects what the policy needs to know about an item, as it is today.

use latchkey_domain::{
    IdentityId, Instant, RoleId, RoleVersionId, identity::Status, portal_role::PortalRole, role::Risk,
};
use latchkey_policy::{
    ApproverFacts, ApproverRule, Candidate, Delegate, PersonFacts, PolicySnapshot, Resolution, RoleFacts, Span,
    StageRule, resolve_stage,
};
use latchkey_store::{
    AsConn, StoreError, delegations, groups,
    routing::{self, BeneficiaryRow, CandidateRow, RoleFactsRow},
};
use uuid::Uuid;

use crate::{ServiceError, ServiceResult, delegate::Limits};

/// A role as it is today.
#[derive(Debug, Clone)]
pub struct RoleToday {
    /// Which.
    pub id: RoleId,
    /// Its stable key.
    pub key: String,
    /// Its version in force.
    pub version: RoleVersionId,
    /// Its tags.
    pub tags: Vec<String>,
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
    /// What HR calls its owner.
    pub owner_external_id: Option<String>,
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
    pub(crate) row: BeneficiaryRow,
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
    let RoleFactsRow { name, requestable, retired_at, max_seconds, policy_body, assurance, tags, .. } = row;
    Ok(RoleToday {
        id: role,
        key: row.key,
        // A tag that can't be read is no tag: conditions then don't find it, and nothing opens by it.
        tags: serde_json::from_str(&tags).unwrap_or_default(),
        version: RoleVersionId(row.role_version_id),
        risk: row.risk,
        facts: RoleFacts { name, requestable, retired: retired_at.is_some(), max_duration: span(max_seconds) },
        policy: snapshot(&policy_body, row.policy_version_id)?,
        policy_version: row.policy_version_id,
        assurance,
        owner,
        owner_external_id: row.owner_external_id,
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

/// The item that approvers are worked out for.
#[derive(Debug, Clone)]
pub struct Asked<'a> {
    /// Who asked.
    pub requester: IdentityId,
    /// Whom it is for.
    pub beneficiary: &'a Beneficiary,
    /// The role's owner.
    pub owner: Option<Candidate<IdentityId>>,
    /// Which role.
    pub role: RoleId,
    /// The version that was asked for.
    pub version: RoleVersionId,
    /// How much harm it could do.
    pub risk: Risk,
    /// Those who decided an earlier stage.
    pub decided_before: Vec<IdentityId>,
    /// The stage's deadline has passed.
    pub overdue: bool,
}

/// Everything that these rules can point at, for one item, as it is today. What no rule mentions isn't looked up.
///
/// # Errors
/// When the database fails.
pub async fn approver_facts(
    c: &mut impl AsConn,
    now: Instant,
    asked: &Asked<'_>,
    rules: &[StageRule],
) -> ServiceResult<ApproverFacts<IdentityId>> {
    let mut mentioned: Vec<&ApproverRule> = Vec::new();
    for rule in rules.iter().flat_map(StageRule::mentioned) {
        if !mentioned.contains(&rule) {
            mentioned.push(rule);
        }
    }
    let beneficiary = asked.beneficiary;
    let mut facts = ApproverFacts::of(asked.requester, beneficiary.id, beneficiary.name.clone());
    facts.manager.clone_from(&beneficiary.manager);
    facts.role_owner.clone_from(&asked.owner);
    facts.decided_before.clone_from(&asked.decided_before);
    facts.overdue = asked.overdue;
    for rule in mentioned {
        match rule {
            ApproverRule::Manager | ApproverRule::RoleOwner => {}
            ApproverRule::ManagersManager => {
                if let Some(manager) = &facts.manager {
                    facts.managers_manager = routing::manager_of(c, manager.id).await?.map(candidate);
                }
            }
            ApproverRule::SystemOwner => {
                facts.system_owners =
                    routing::system_owners(c, asked.version).await?.into_iter().map(candidate).collect();
            }
            ApproverRule::Security => facts.security = holders(c, PortalRole::Security).await?,
            ApproverRule::Group(key) => {
                let members = groups::members_of(c, key).await?;
                facts.groups.extend(members.into_iter().map(|row| (key.clone(), candidate(row))));
            }
            ApproverRule::Person(external_id) => {
                if let Some(row) = routing::person_by_external_id(c, external_id).await? {
                    facts.people.push((external_id.clone(), candidate(row)));
                }
            }
        }
    }
    if rules.iter().any(|rule| rule.delegation) {
        facts.delegates = delegates(c, now, asked, &facts).await?;
    }
    Ok(facts)
}

/// Who decides for those whom the rules point at, as far as the delegations' limits reach.
async fn delegates(
    c: &mut impl AsConn,
    now: Instant,
    asked: &Asked<'_>,
    facts: &ApproverFacts<IdentityId>,
) -> ServiceResult<Vec<Delegate<IdentityId>>> {
    let single = [&facts.manager, &facts.managers_manager, &facts.role_owner];
    let many = (facts.system_owners.iter()).chain(&facts.security);
    let named = facts.people.iter().chain(&facts.groups).map(|(_, who)| who);
    let mut from: Vec<Uuid> = single.into_iter().flatten().chain(many).chain(named).map(|who| who.id.0).collect();
    from.sort_unstable();
    from.dedup();
    let active = delegations::active_for(c, &from, now).await?;
    Ok(active
        .into_iter()
        .filter(|d| Limits::read(&d.limits).is_some_and(|limits| limits.cover(asked.role, asked.risk)))
        .filter_map(|d| {
            let to = Candidate { id: IdentityId(d.to_id), name: d.to_name, status: d.to_status.parse().ok()? };
            Some(Delegate { from: IdentityId(d.from_id), to })
        })
        .collect())
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
        let rule = StageRule::any(ApproverRule::Security, None);
        let second = resolve_stage(&rule, &facts);
        if !second.is_stuck() {
            resolution = Resolution { used_fallback: true, last_resort: true, ..second };
        }
    }
    Ok(resolution)
}
