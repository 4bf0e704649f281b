//! Rows without the service's rules, with the events that belong to them.

use latchkey_domain::{
    AccountId, EntitlementId, FulfilmentId, GrantId, IdentityId, Instant, PolicyVersionId, RoleId, RoleVersionId,
    SystemId,
    account::AccountState,
    actor::ActorRef,
    event::{EventBody, NewEvent},
    fulfilment::{Presence, Work},
    grant::{GrantKind, GrantOrigin, GrantState},
    id::new_uuid,
    identity::{EmploymentType, Status},
    role::Risk,
    system::{EntitlementKind, SystemKind},
};

use crate::{StoreResult, Tx, accounts, fulfilments, grants};

/// A person to be added.
#[derive(Debug, Clone)]
pub struct PersonSpec {
    /// HR's key.
    pub external_id: String,
    /// First name.
    pub given_name: String,
    /// Last name.
    pub family_name: String,
    /// Whom they report to.
    pub manager: Option<IdentityId>,
    /// Where they are in their working life.
    pub status: Status,
    /// How they are employed.
    pub employment_type: EmploymentType,
    /// Their time zone.
    pub time_zone: Option<String>,
}

/// Adds a person with an employment period and their first history row.
///
/// # Errors
/// When the database fails.
pub async fn add_person(tx: &mut Tx, spec: &PersonSpec) -> StoreResult<(IdentityId, NewEvent)> {
    let now = tx.now();
    let id = IdentityId::new(now);
    let name = format!("{} {}", spec.given_name, spec.family_name);
    let email = format!("{}@example.test", spec.external_id.to_lowercase());
    let search = format!("{name} {email} {}", spec.external_id).to_lowercase();
    exec!(
        tx,
        "insert into identity (id, kind, version, status, display_name, search_text, created_at)
         values ($1, 'person', 1, $2, $3, $4, $5)",
        id.0,
        spec.status.as_str(),
        &name,
        &search,
        now
    )?;
    exec!(
        tx,
        "insert into person (identity_id, external_id, email, given_name, family_name, title, department, location, employment_type,
                             manager_id, time_zone)
         values ($1, $2, $3, $4, $5, 'Analyst', 'Testing', 'Here', $6, $7, $8)",
        id.0,
        &spec.external_id,
        &email,
        &spec.given_name,
        &spec.family_name,
        spec.employment_type.as_str(),
        spec.manager.map(|m| m.0),
        spec.time_zone.as_deref()
    )?;
    exec!(
        tx,
        "insert into employment_period (id, identity_id, starts_on) values ($1, $2, $3)",
        new_uuid(now),
        id.0,
        now.date_naive()
    )?;
    exec!(
        tx,
        "insert into identity_history (id, identity_id, valid_from, status, manager_id, attributes) values ($1, $2, $3, $4, $5, '{}')",
        new_uuid(now),
        id.0,
        now,
        spec.status.as_str(),
        spec.manager.map(|m| m.0)
    )?;
    let event = NewEvent::new(
        ActorRef::Host,
        EventBody::PersonAdded { identity: id, status: spec.status, manager: spec.manager },
    );
    Ok((id, event.text("name", name)))
}

/// Adds a system whose accounts are named GIVEN.FAMILY.
///
/// # Errors
/// When the database fails.
pub async fn add_system(
    tx: &mut Tx,
    key: &str,
    kind: SystemKind,
    owner: Option<IdentityId>,
) -> StoreResult<(SystemId, NewEvent)> {
    let now = tx.now();
    let id = SystemId::new(now);
    exec!(
        tx,
        "insert into system (id, key, name, kind, description, account_name, recognise, applied_hash, created_at)
         values ($1, $2, $3, $4, 'A system of the tests.', '{given_name}.{family_name}', 'employeeNumber', 'test', $5)",
        id.0,
        key,
        &format!("System {key}"),
        kind.as_str(),
        now
    )?;
    if let Some(owner) = owner {
        set_owner(tx, None, Some(id), owner).await?;
    }
    Ok((
        id,
        NewEvent::new(
            ActorRef::Host,
            EventBody::SystemApplied { system: id, key: key.to_owned(), hash: "test".to_owned(), owner },
        ),
    ))
}

/// Makes somebody the owner of a role or a system from now on.
///
/// # Errors
/// When the database fails.
pub async fn set_owner(
    tx: &mut Tx,
    role: Option<RoleId>,
    system: Option<SystemId>,
    owner: IdentityId,
) -> StoreResult<()> {
    let now = tx.now();
    let (role, system) = (role.map(|r| r.0), system.map(|s| s.0));
    exec!(
        tx,
        "update ownership set valid_to = $1 where valid_to is null and (role_id = $2 or system_id = $3)",
        now,
        role,
        system
    )?;
    exec!(
        tx,
        "insert into ownership (id, role_id, system_id, owner_id, valid_from) values ($1, $2, $3, $4, $5)",
        new_uuid(now),
        role,
        system,
        owner.0,
        now
    )?;
    Ok(())
}

/// Adds an entitlement; its name on the system is `native`.
///
/// # Errors
/// When the database fails.
pub async fn add_entitlement(
    tx: &mut Tx,
    system: SystemId,
    key: &str,
    native: &str,
) -> StoreResult<(EntitlementId, NewEvent)> {
    let now = tx.now();
    let id = EntitlementId::new(now);
    exec!(
        tx,
        "insert into entitlement (id, system_id, key, kind, name, native, description, created_at)
         values ($1, $2, $3, $4, $5, $6, 'An entitlement of the tests.', $7)",
        id.0,
        system.0,
        key,
        EntitlementKind::Group.as_str(),
        &format!("Entitlement {key}"),
        native,
        now
    )?;
    let body =
        EventBody::EntitlementApplied { entitlement: id, system, key: key.to_owned(), native: native.to_owned() };
    Ok((id, NewEvent::new(ActorRef::Host, body)))
}

/// Adds a policy with one version, whose JSON is `body`.
///
/// # Errors
/// When the database fails.
pub async fn add_policy(tx: &mut Tx, key: &str, body: &str) -> StoreResult<(PolicyVersionId, NewEvent)> {
    let now = tx.now();
    let (policy, version) = (new_uuid(now), PolicyVersionId::new(now));
    let hash = crate::sha256_hex(body.as_bytes());
    exec!(tx, "insert into policy (id, key) values ($1, $2)", policy, key)?;
    exec!(
        tx,
        "insert into policy_version (id, policy_id, version, hash, body, valid_from) values ($1, $2, 1, $3, $4, $5)",
        version.0,
        policy,
        &hash,
        body,
        now
    )?;
    let event = EventBody::PolicyVersionAdded { policy_version: version, key: key.to_owned(), version: 1, hash };
    Ok((version, NewEvent::new(ActorRef::Host, event)))
}

/// A role to be added.
#[derive(Debug, Clone)]
pub struct RoleSpec {
    /// Its stable key.
    pub key: String,
    /// What people read.
    pub name: String,
    /// Who owns it.
    pub owner: Option<IdentityId>,
    /// Under which policy it is asked for.
    pub policy: PolicyVersionId,
    /// How much harm it could do.
    pub risk: Risk,
    /// What it gives.
    pub entitlements: Vec<EntitlementId>,
    /// Its own longest duration in seconds.
    pub max_seconds: Option<i64>,
}

/// Adds a role with one version that can be asked for.
///
/// # Errors
/// When the database fails.
pub async fn add_role(tx: &mut Tx, spec: &RoleSpec) -> StoreResult<(RoleId, RoleVersionId, NewEvent)> {
    let now = tx.now();
    let (role, version) = (RoleId::new(now), RoleVersionId::new(now));
    exec!(tx, "insert into role (id, key, created_at) values ($1, $2, $3)", role.0, &spec.key, now)?;
    exec!(
        tx,
        "insert into role_version (id, role_id, version, hash, name, description, risk, tags, requestable, policy_id, max_seconds, valid_from)
         select $1, $2, 1, 'test', $3, 'A role of the tests.', $4, '[]', $5, policy_id, $6, $7 from policy_version where id = $8",
        version.0,
        role.0,
        &spec.name,
        spec.risk.as_str(),
        true,
        spec.max_seconds,
        now,
        spec.policy.0
    )?;
    for entitlement in &spec.entitlements {
        exec!(
            tx,
            "insert into role_version_entitlement (role_version_id, entitlement_id) values ($1, $2)",
            version.0,
            entitlement.0
        )?;
    }
    if let Some(owner) = spec.owner {
        set_owner(tx, Some(role), None, owner).await?;
    }
    let body = EventBody::RoleVersionAdded {
        role,
        role_version: version,
        key: spec.key.clone(),
        version: 1,
        policy_version: spec.policy,
        entitlements: spec.entitlements.clone(),
        holders: 0,
    };
    Ok((role, version, NewEvent::new(ActorRef::Host, body)))
}

/// Adds an active grant by import. It wants no fulfilment: `service::justify::settle` does that.
///
/// # Errors
/// When the database fails.
pub async fn add_grant(
    tx: &mut Tx,
    identity: IdentityId,
    role: RoleId,
    role_version: RoleVersionId,
    ends_at: Option<Instant>,
) -> StoreResult<(GrantId, NewEvent)> {
    add_grant_of(tx, identity, role, role_version, ends_at, GrantKind::Standing).await
}

/// Adds a grant of this kind by import, as [`add_grant`] does.
///
/// # Errors
/// When the database fails.
pub async fn add_grant_of(
    tx: &mut Tx,
    identity: IdentityId,
    role: RoleId,
    role_version: RoleVersionId,
    ends_at: Option<Instant>,
    kind: GrantKind,
) -> StoreResult<(GrantId, NewEvent)> {
    let now = tx.now();
    let id = GrantId::new(now);
    let grant = grants::NewGrant {
        id,
        identity,
        role,
        role_version,
        origin: GrantOrigin::Import,
        item: None,
        reason: "It was there when the tests began.".to_owned(),
        state: GrantState::begun(kind),
        starts_at: now,
        ends_at,
        zone: "UTC".to_owned(),
        kind,
        trial: None,
    };
    let body = grants::insert(tx, &grant).await?;
    Ok((id, NewEvent::new(ActorRef::Host, body)))
}

/// Adds a wanted account, due now.
///
/// # Errors
/// When the database fails.
pub async fn add_account(tx: &mut Tx, identity: IdentityId, system: SystemId) -> StoreResult<(AccountId, NewEvent)> {
    let now = tx.now();
    let id = AccountId::new(now);
    accounts::insert(tx, id, identity, system, AccountState::Enabled, Some(now)).await?;
    let body = EventBody::AccountWanted { account: id, identity, system, desired: AccountState::Enabled };
    Ok((id, NewEvent::new(ActorRef::Host, body)))
}

/// Adds a wanted fulfilment, due now.
///
/// # Errors
/// When the database fails.
pub async fn add_fulfilment(
    tx: &mut Tx,
    account: AccountId,
    (identity, system): (IdentityId, SystemId),
    entitlement: EntitlementId,
    desired: Presence,
) -> StoreResult<(FulfilmentId, NewEvent)> {
    let now = tx.now();
    let id = FulfilmentId::new(now);
    fulfilments::insert(tx, id, account, entitlement, Work::new(desired, now), false).await?;
    let body =
        EventBody::FulfilmentWanted { fulfilment: id, account, identity, system, entitlement, desired, generation: 1 };
    Ok((id, NewEvent::new(ActorRef::Host, body)))
}

/// Changes somebody's status and nothing else, as the middle of an import does.
///
/// # Errors
/// When the database fails.
pub async fn set_status(tx: &mut Tx, who: IdentityId, status: Status) -> StoreResult<()> {
    exec!(tx, "update identity set status = $1 where id = $2", status.as_str(), who.0)?;
    Ok(())
}
