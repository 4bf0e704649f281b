//! Makes somebody administrator, on the host: the way in on an empty installation, and the way back when nobody is left.

use std::collections::BTreeSet;

use latchkey_domain::{
    EntitlementId, GrantId, IdentityId, PolicyId, PolicyVersionId, RoleId, RoleVersionId, SystemId,
    actor::{Actor, ActorRef},
    clock::Clock,
    event::{EventBody, NewEvent},
    grant::{GrantKind, GrantOrigin, GrantState},
    identity::Status,
    portal_role::PortalRole,
    role::Risk,
    system::BUILT_IN_SYSTEM,
};
use latchkey_store::{
    Db, StoreError, Tx, applied,
    catalog::{
        ownership::{self, Owned},
        policies::{self, PolicyVersionRow},
        roles::{self, RoleVersionRow},
    },
    grants::{self, NewGrant},
    identities::{self, PersonRow},
    installation, sha256_hex, systems,
};
use uuid::Uuid;

use crate::{ServiceError, ServiceResult, apply_catalog::role_hash, built_in, justify, succession};

/// What `admin add` did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdministratorAdded {
    /// Who.
    pub identity: IdentityId,
    /// Their name.
    pub name: String,
    /// The name of the role that they hold now.
    pub role: String,
    /// They held it already; nothing was written.
    pub already: bool,
}

/// Gives a person, named by external id or e-mail address, the role that carries the portal role administrator. Where no
/// role in the catalog does, a built-in one is made, owned by that person.
///
/// # Errors
/// `Refused` when the actor isn't the host, when nobody or more than one person is meant, or when they don't work here.
pub async fn add_administrator(
    db: &Db,
    clock: &dyn Clock,
    actor: &Actor,
    person: &str,
) -> ServiceResult<AdministratorAdded> {
    if !matches!(actor, Actor::Host) {
        return Err(refused(
            "admin.not_the_host",
            "This is a command of the host alone.",
            "Ask for the role in the catalog instead.",
        ));
    }
    let mut tx = db.begin(clock.now()).await?;
    applied::one_at_a_time(&mut tx).await?;
    let person = find(&mut tx, person.trim()).await?;
    let identity = IdentityId(person.id);
    identities::lock(&mut tx, &[identity]).await?;
    tx.now_is(clock.now());

    let mut adding = Adding { tx: &mut tx, actor: actor.reference(), events: Vec::new() };
    let entitlement = adding.system().await?;
    let (role, version, role_name) = adding.role(entitlement, identity).await?;
    let Adding { mut events, actor, .. } = adding;

    let held = grants::live_of(&mut tx, identity).await?;
    let active = held.iter().any(|g| g.role_id == role.0 && g.state == GrantState::Active && g.ends_at.is_none());
    let mut done = AdministratorAdded { identity, name: person.display_name, role: role_name, already: active };
    if active {
        // Somebody may have left while there was nobody to take over what they owned.
        events.extend(succession::hand_over_what_is_left(&mut tx, &actor).await?);
    }
    if active && events.is_empty() {
        tx.rollback().await?;
        return Ok(done);
    }
    done.already = false;
    if !active {
        let grant = GrantId::new(tx.now());
        give(&mut tx, grant, identity, (role, version), person.time_zone, &actor, &mut events).await?;
    }
    events.extend(justify::settle(&mut tx, identity, &actor).await?);
    events.extend(succession::hand_over_what_is_left(&mut tx, &actor).await?);
    tx.commit(events).await?;
    Ok(done)
}

async fn give(
    tx: &mut Tx,
    grant: GrantId,
    identity: IdentityId,
    (role, role_version): (RoleId, RoleVersionId),
    zone: Option<String>,
    actor: &ActorRef,
    events: &mut Vec<NewEvent>,
) -> ServiceResult<()> {
    let starts_at = tx.now();
    let reason = "Made administrator on the host".to_owned();
    let created = grants::insert(
        tx,
        &NewGrant {
            id: grant,
            identity,
            role,
            role_version,
            origin: GrantOrigin::Host,
            item: None,
            reason: reason.clone(),
            state: GrantState::Active,
            starts_at,
            ends_at: None,
            zone: zone.unwrap_or_else(|| "UTC".to_owned()),
            kind: GrantKind::Standing,
            trial: None,
        },
    )
    .await?;
    events.push(NewEvent::new(actor.clone(), created).text("reason", reason));
    events.push(NewEvent::new(actor.clone(), EventBody::AdministratorAdded { identity, grant }));
    Ok(())
}

fn refused(code: &'static str, why: impl Into<String>, help: impl Into<String>) -> ServiceError {
    ServiceError::refused(code, "Nobody was made administrator.", why, help)
}

/// The one person whom the word means, if they work here.
async fn find(tx: &mut Tx, word: &str) -> ServiceResult<PersonRow> {
    let found = match identities::by_external_id(tx, word).await? {
        Some(person) => vec![person],
        None => {
            let all = identities::by_email(tx, word).await?;
            // Somebody who left may have had the address before.
            let here: Vec<PersonRow> = all.iter().filter(|p| p.status != Status::Terminated).cloned().collect();
            if here.is_empty() { all } else { here }
        }
    };
    let person = match <[PersonRow; 1]>::try_from(found) {
        Ok([person]) => person,
        Err(none) if none.is_empty() => {
            return Err(refused(
                "admin.unknown_person",
                format!("Nobody has the external id or e-mail address \"{word}\"."),
                "Import people first, if only this one: `latchkey import people FILE.csv`. Then use the external_id or email from that file.",
            ));
        }
        Err(_) => {
            return Err(refused(
                "admin.several_people",
                format!("More than one person has the e-mail address \"{word}\"."),
                "Name the one you mean by external id.",
            ));
        }
    };
    match person.status {
        Status::Active => Ok(person),
        other => Err(refused(
            "admin.not_active",
            format!(
                "{} ({}) {}.",
                person.display_name,
                person.external_id,
                match other {
                    Status::PreHire => "hasn't started yet",
                    Status::OnLeave => "is on leave",
                    _ => "has left",
                }
            ),
            "Name somebody who is at work, or import people again if that is out of date.",
        )),
    }
}

struct Adding<'a> {
    tx: &'a mut Tx,
    actor: ActorRef,
    events: Vec<NewEvent>,
}

impl Adding<'_> {
    fn push(&mut self, body: EventBody) {
        self.events.push(NewEvent::new(self.actor.clone(), body));
    }

    /// The entitlement `latchkey/administrator`; the built-in system is made where it isn't there yet.
    async fn system(&mut self) -> ServiceResult<EntitlementId> {
        let now = self.tx.now();
        let system = match systems::by_key(self.tx, BUILT_IN_SYSTEM).await? {
            Some(row) => SystemId(row.id),
            None => {
                let row = built_in::system(SystemId::new(now), now);
                systems::put(self.tx, &row).await?;
                let system = SystemId(row.id);
                self.push(EventBody::SystemApplied { system, key: row.key, hash: row.applied_hash, owner: None });
                system
            }
        };
        let known = systems::entitlements_of(self.tx, system).await?;
        let mut administrator = None;
        for role in PortalRole::ALL {
            let id = match known.iter().find(|e| e.key == role.as_str()) {
                Some(row) => EntitlementId(row.id),
                None => {
                    let row = built_in::entitlement(*role, EntitlementId::new(now), system, now);
                    systems::put_entitlement(self.tx, &row).await?;
                    let entitlement = EntitlementId(row.id);
                    self.push(EventBody::EntitlementApplied { entitlement, system, key: row.key, native: row.native });
                    entitlement
                }
            };
            if *role == PortalRole::Administrator {
                administrator = Some(id);
            }
        }
        Ok(administrator.ok_or(StoreError::Missing { what: "the entitlement latchkey/administrator" })?)
    }

    /// The role that carries it: the first by key in the catalog, else the built-in one.
    async fn role(
        &mut self,
        entitlement: EntitlementId,
        owner: IdentityId,
    ) -> ServiceResult<(RoleId, RoleVersionId, String)> {
        let given = roles::entitlements_in_force(self.tx).await?;
        let carrying: BTreeSet<Uuid> = given.into_iter().filter(|(_, e)| *e == entitlement.0).map(|(v, _)| v).collect();
        let all = roles::in_force(self.tx).await?;
        if let Some(role) = all.into_iter().find(|r| r.retired_at.is_none() && carrying.contains(&r.id)) {
            return Ok((RoleId(role.role_id), RoleVersionId(role.id), role.name));
        }
        self.built_in_role(entitlement, owner).await
    }

    async fn built_in_role(
        &mut self,
        entitlement: EntitlementId,
        owner: IdentityId,
    ) -> ServiceResult<(RoleId, RoleVersionId, String)> {
        let (policy, policy_version) = self.built_in_policy().await?;
        let now = self.tx.now();
        let before = roles::by_key(self.tx, built_in::ROLE).await?;
        let role = before.as_ref().map_or_else(|| RoleId::new(now), |r| RoleId(r.role_id));
        let mut row = RoleVersionRow {
            id: RoleVersionId::new(now).0,
            role_id: role.0,
            key: built_in::ROLE.to_owned(),
            version: before.as_ref().map_or(1, |r| r.version + 1),
            hash: String::new(),
            name: "Latchkey administrator".to_owned(),
            description: "Keep the catalog and the connections to systems in order.".to_owned(),
            risk: Risk::Critical,
            tags: "[\"administration\",\"latchkey\"]".to_owned(),
            requestable: true,
            policy_id: policy.0,
            max_seconds: None,
            assurance: None,
            questions: None,
            retired_at: None,
        };
        row.hash = role_hash(&row, &BTreeSet::from([entitlement.0]));
        if before.is_none() {
            roles::insert(self.tx, role, &row.key).await?;
        }
        roles::add_version(self.tx, &row, &[entitlement.0], None).await?;
        let version = RoleVersionId(row.id);
        self.push(EventBody::RoleVersionAdded {
            role,
            role_version: version,
            key: row.key.clone(),
            version: row.version,
            policy_version,
            entitlements: vec![entitlement],
            holders: 0,
        });
        let from = ownership::of(self.tx, Owned::Role(role)).await?.map(|o| IdentityId(o.owner_id));
        if from != Some(owner) {
            ownership::succeed(self.tx, Owned::Role(role), owner).await?;
            self.push(EventBody::OwnerChanged { role: Some(role), system: None, from, to: Some(owner) });
        }
        installation::touch_catalog(self.tx).await?;
        Ok((role, version, row.name))
    }

    async fn built_in_policy(&mut self) -> ServiceResult<(PolicyId, PolicyVersionId)> {
        let now = self.tx.now();
        let before = policies::by_key(self.tx, built_in::POLICY).await?;
        if let Some(row) = before.as_ref().filter(|p| p.retired_at.is_none()) {
            return Ok((PolicyId(row.policy_id), PolicyVersionId(row.id)));
        }
        let body = built_in::policy()
            .snapshot()
            .to_json()
            .map_err(|_| StoreError::Misuse("a policy can't be written as JSON"))?;
        let row = PolicyVersionRow {
            id: PolicyVersionId::new(now).0,
            policy_id: before.as_ref().map_or_else(|| PolicyId::new(now).0, |p| p.policy_id),
            key: built_in::POLICY.to_owned(),
            version: before.as_ref().map_or(1, |p| p.version + 1),
            hash: sha256_hex(body.as_bytes()),
            body,
            retired_at: None,
        };
        let (policy, version) = (PolicyId(row.policy_id), PolicyVersionId(row.id));
        if before.is_none() {
            policies::insert(self.tx, policy, &row.key).await?;
        }
        policies::add_version(self.tx, &row, None).await?;
        self.push(EventBody::PolicyVersionAdded {
            policy_version: version,
            key: row.key,
            version: row.version,
            hash: row.hash,
        });
        Ok((policy, version))
    }
}
