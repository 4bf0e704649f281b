//! A large company in few statements, for measurements: it looks like one that grew, but nobody decided anything in it.

use chrono::TimeDelta;
use latchkey_domain::{
    EntitlementId, GrantId, IdentityId, Instant, ItemId, PolicyVersionId, RequestId, RoleId, RoleVersionId, SessionId,
    StageId, SystemId,
    actor::ActorRef,
    event::{EventBody, NewEvent, StageApprover, SubmittedItem},
    id::new_uuid,
    identity::{EmploymentType, Status},
    item::Verdict,
};
use uuid::Uuid;

use crate::{
    Db, StoreResult, Tx,
    identities::{PersonRow, bulk::insert_rows, write::PersonWrite},
    installation, session,
};

/// How large.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    /// People.
    pub people: usize,
    /// Roles.
    pub roles: usize,
    /// Active grants, each with its confirmed fulfilment.
    pub grants: usize,
    /// Requests, closed ones and open ones.
    pub requests: usize,
    /// Of them, how many wait for a manager.
    pub pending: usize,
}

/// What a measurement needs to know of it.
#[derive(Debug, Clone)]
pub struct Company {
    /// Everybody; the first is the boss, who administers, and number `i` reports to number `(i - 1) / 8`.
    pub people: Vec<IdentityId>,
    /// All roles.
    pub roles: Vec<RoleId>,
    /// The one policy.
    pub policy: PolicyVersionId,
    /// The manager with the fullest inbox.
    pub manager: usize,
}

const SYSTEMS: usize = 6;

/// Fills an empty, migrated database. `policy` is the JSON of the one policy: the manager decides.
///
/// # Errors
/// When the database fails.
pub async fn fill(db: &Db, now: Instant, policy: &str, size: Size) -> StoreResult<Company> {
    let began = now - TimeDelta::days(200);
    let mut tx = db.begin(began).await?;
    installation::ensure(&mut tx).await?;
    let people = people(&mut tx, size.people).await?;
    let catalog = catalog(&mut tx, policy, size.roles, &people).await?;
    installation::touch_catalog(&mut tx).await?;
    tx.commit(vec![NewEvent::new(ActorRef::Host, EventBody::InstallationStarted { epoch: 1 })]).await?;
    grants(db, began, &people, &catalog, size.grants).await?;
    requests(db, now, &people, &catalog, size).await?;
    let roles = catalog.roles.iter().map(|r| r.0).collect();
    Ok(Company { people, roles, policy: catalog.policy, manager: 1 })
}

/// Says that the catalog has changed, so that it is read anew.
///
/// # Errors
/// When the database fails.
pub async fn touch_catalog(tx: &mut Tx) -> StoreResult<()> {
    installation::touch_catalog(tx).await.map(drop)
}

/// Opens sessions for some people; `hash` gives what the session's cookie is found by.
///
/// # Errors
/// When the database fails.
pub async fn sessions(db: &Db, now: Instant, who: &[(IdentityId, String)]) -> StoreResult<()> {
    let mut tx = db.begin(now).await?;
    for (identity, hash) in who {
        session::insert(
            &mut tx,
            &session::NewSessionRow {
                id: SessionId::new(now),
                id_hash: hash,
                identity: Some(*identity),
                issuer: Some("https://login.example.test"),
                subject: Some(hash),
                sid: None,
                assurance: r#"{"amr":["pwd","otp"],"mfa":true}"#,
                data: "{}",
                user_agent: "bench",
                address: "127.0.0.1",
                idle_expires_at: now + TimeDelta::hours(8),
                absolute_expires_at: now + TimeDelta::hours(12),
            },
        )
        .await?;
    }
    tx.commit_bookkeeping().await
}

async fn people(tx: &mut Tx, count: usize) -> StoreResult<Vec<IdentityId>> {
    const GIVEN: [&str; 12] =
        ["Ada", "Bela", "Chloé", "Diego", "Esi", "Farid", "Greta", "Hiro", "Ines", "Jonas", "Kofi", "Lena"];
    const FAMILY: [&str; 11] =
        ["Abara", "Berg", "Castillo", "Dvořák", "Eriksen", "Fontaine", "García", "Haddad", "Ito", "Jansen", "Kowalski"];
    let now = tx.now();
    let ids: Vec<IdentityId> = (0..count).map(|_| IdentityId::new(now)).collect();
    let rows: Vec<PersonWrite> = ids
        .iter()
        .enumerate()
        .map(|(i, id)| {
            let (given, family) = (GIVEN[i % 12], FAMILY[(i / 12) % 11]);
            let display_name = format!("{given} {family} {i}");
            PersonWrite {
                search_text: format!("{} e{i:06}", display_name.to_lowercase()),
                person: PersonRow {
                    id: id.0,
                    version: 0,
                    status: Status::Active,
                    display_name,
                    external_id: format!("E{i:06}"),
                    email: format!("person{i}@example.test"),
                    given_name: given.to_owned(),
                    family_name: format!("{family} {i}"),
                    title: "Analyst".to_owned(),
                    department: format!("Department {}", i % 40),
                    location: "Berlin".to_owned(),
                    employment_type: EmploymentType::Employee,
                    manager_id: (i > 0).then(|| ids[(i - 1) / 8].0),
                    time_zone: None,
                },
            }
        })
        .collect();
    crate::identities::write::insert_people(tx, &rows).await?;
    Ok(ids)
}

struct Catalog {
    policy: PolicyVersionId,
    roles: Vec<(RoleId, RoleVersionId, EntitlementId, usize)>,
    systems: Vec<SystemId>,
}

async fn catalog(tx: &mut Tx, policy: &str, roles: usize, people: &[IdentityId]) -> StoreResult<Catalog> {
    const VERBS: [&str; 6] = ["Read", "Edit", "Approve", "Export", "Administer", "Publish"];
    const THINGS: [&str; 9] = [
        "invoices",
        "payroll",
        "customer records",
        "builds",
        "reports",
        "contracts",
        "tickets",
        "shipments",
        "designs",
    ];
    let (version, _) = super::add_policy(tx, "standard", policy).await?;
    let mut systems = Vec::new();
    for i in 0..SYSTEMS {
        let kind = latchkey_domain::system::SystemKind::Ldap;
        systems.push(super::add_system(tx, &format!("system-{i}"), kind, Some(people[i % people.len()])).await?.0);
    }
    let portal = super::add_system(tx, "latchkey", latchkey_domain::system::SystemKind::Latchkey, None).await?.0;
    let power = super::add_entitlement(tx, portal, "administrator", "administrator").await?.0;
    let spec = super::RoleSpec {
        key: "administrator".to_owned(),
        name: "Latchkey administrator".to_owned(),
        owner: people.first().copied(),
        policy: version,
        risk: latchkey_domain::role::Risk::Critical,
        entitlements: vec![power],
        max_seconds: None,
    };
    let (admin, admin_version, _) = super::add_role(tx, &spec).await?;
    super::add_grant(tx, people[0], admin, admin_version, None).await?;
    let mut made = Vec::with_capacity(roles);
    for i in 0..roles {
        let key = format!("role-{i}");
        let entitlement = super::add_entitlement(tx, systems[i % SYSTEMS], &key, &format!("cn={key}")).await?.0;
        let spec = super::RoleSpec {
            name: format!("{} {} {i}", VERBS[i % 6], THINGS[(i / 6) % 9]),
            key,
            owner: Some(people[i % people.len()]),
            policy: version,
            risk: latchkey_domain::role::Risk::ALL[i % 4],
            entitlements: vec![entitlement],
            max_seconds: None,
        };
        let (role, role_version, _) = super::add_role(tx, &spec).await?;
        made.push((role, role_version, entitlement, i % SYSTEMS));
    }
    Ok(Catalog { policy: version, roles: made, systems })
}

/// Grant `n` is that of person `n % people` for the role at `(person + 37 * (n / people)) % roles`: about as many for each.
async fn grants(db: &Db, now: Instant, people: &[IdentityId], catalog: &Catalog, count: usize) -> StoreResult<()> {
    let rounds = count.div_ceil(people.len().max(1));
    for chunk in (0..people.len()).collect::<Vec<_>>().chunks(2_000) {
        let mut tx = db.begin(now).await?;
        let mut accounts: Vec<(Uuid, Uuid, Uuid, String)> = Vec::new();
        let mut held: Vec<(Uuid, Uuid, Uuid, Uuid, Option<Instant>)> = Vec::new();
        let mut done: Vec<(Uuid, Uuid, Uuid)> = Vec::new();
        for &p in chunk {
            let mut of_person: [Option<Uuid>; SYSTEMS] = [None; SYSTEMS];
            for round in 0..rounds {
                if round * people.len() + p >= count {
                    continue;
                }
                let (role, version, entitlement, system) = catalog.roles[(p + 37 * round) % catalog.roles.len()];
                let account = *of_person[system].get_or_insert_with(|| {
                    let id = new_uuid(now);
                    accounts.push((id, people[p].0, catalog.systems[system].0, format!("person{p}")));
                    id
                });
                let ends = (round % 3 == 0).then(|| now + TimeDelta::days(210 + (p % 90) as i64));
                held.push((GrantId::new(now).0, people[p].0, role.0, version.0, ends));
                done.push((new_uuid(now), account, entitlement.0));
            }
        }
        insert_rows!(
            &mut tx,
            "insert into account (id, identity_id, system_id, purpose, name, native_id, origin, desired, observed, observed_at, created_at)",
            11,
            accounts,
            |a| [a.0, a.1, a.2, "daily", &a.3, &a.3, "created", "enabled", "enabled", now, now]
        )?;
        insert_rows!(
            &mut tx,
            "insert into role_grant (id, identity_id, role_id, role_version_id, origin, reason, state, starts_at, ends_at, zone, created_at)",
            11,
            held,
            |g| [g.0, g.1, g.2, g.3, "import", "It was there.", "active", now, g.4, "UTC", now]
        )?;
        insert_rows!(
            &mut tx,
            "insert into fulfilment (id, account_id, entitlement_id, desired, observed, progress, generation, attempts, found, adopted,
                                     wanted_at, applied_at, confirmed_at, last_words)",
            14,
            done,
            |f| [f.0, f.1, f.2, "present", "present", "settled", 1_i64, 1_i64, false, false, now, now, now, ""]
        )?;
        // The rows of a measurement are no change that anybody decided on.
        tx.commit(vec![NewEvent::new(ActorRef::Host, EventBody::InstallationStarted { epoch: 1 })]).await?;
    }
    Ok(())
}

/// Closed requests are spread over 190 days; of the open ones, every tenth waits for the same manager, and of very many about
/// two hundred.
async fn requests(db: &Db, now: Instant, people: &[IdentityId], catalog: &Catalog, size: Size) -> StoreResult<()> {
    let with_manager = people.len().saturating_sub(9).max(1);
    let every = (size.pending / 200).max(10);
    for n in 0..size.requests {
        let open = n >= size.requests - size.pending;
        let back = TimeDelta::minutes(((size.requests - n) * 190 * 24 * 60 / size.requests) as i64);
        let at = now - back;
        // Reports of number 1 are numbers 9 to 16.
        let p = if open && n.is_multiple_of(every) { 9 + (n / every) % 8 } else { 9 + (n * 31) % with_manager };
        let p = p.min(people.len() - 1);
        let manager = people[(p - 1) / 8];
        let (role, role_version, ..) = catalog.roles[(n * 7 + 11) % catalog.roles.len()];
        let mut tx = db.begin(at).await?;
        let (request, item, stage) = (RequestId::new(at), ItemId::new(at), StageId::new(at));
        let reference = format!("R-{n:07}");
        let (state, item_state, stage_state) =
            if open { ("open", "waiting", "open") } else { ("closed", "approved", "approved") };
        let closed = (!open).then_some(at + TimeDelta::hours(3));
        exec!(
            &mut tx,
            "insert into request (id, reference, requester_id, state, created_at, closed_at, form_key) values ($1, $2, $3, $4, $5, $6, $7)",
            request.0,
            &reference,
            people[p].0,
            state,
            at,
            closed,
            new_uuid(at)
        )?;
        let inserted = exec!(
            &mut tx,
            "insert into item (id, request_id, role_id, role_version_id, policy_version_id, beneficiary_id, reason, seconds, zone, state, stage,
                               stages, created_at, closed_at, search_text)
             values ($1, $2, $3, $4, $5, $6, 'To finish the quarterly report', 2592000, 'UTC', $7, 0, 1, $8, $9, $10)
             on conflict do nothing",
            item.0, request.0, role.0, role_version.0, catalog.policy.0, people[p].0, item_state, at, closed, reference.to_lowercase()
        )?;
        if inserted == 0 {
            tx.rollback().await?;
            continue;
        }
        exec!(
            &mut tx,
            "insert into stage (id, item_id, position, rule, quorum, state, opened_at, deadline_counts) values ($1, $2, 0, $3, 1, $4, $5, 'calendar')",
            stage.0,
            item.0,
            r#"{"approvers":"manager"}"#,
            stage_state,
            at
        )?;
        exec!(
            &mut tx,
            "insert into stage_approver (id, stage_id, identity_id, because, added_at, removed_at) values ($1, $2, $3, 'manager', $4, $5)",
            new_uuid(at),
            stage.0,
            manager.0,
            at,
            closed
        )?;
        let by = |identity| ActorRef::Person { identity, session: None, mfa: true };
        let items = vec![SubmittedItem {
            item,
            role,
            role_version,
            policy_version: catalog.policy,
            beneficiary: people[p],
            seconds: Some(2_592_000),
            starts_at: None,
            extends: None,
            kind: latchkey_domain::grant::GrantKind::Standing,
        }];
        let approvers = vec![StageApprover { identity: manager, because: "manager".to_owned(), on_behalf_of: None }];
        let mut events = vec![
            NewEvent::new(
                by(people[p]),
                EventBody::RequestSubmitted { request, reference, requester: people[p], items },
            )
            .text("reason", "To finish the quarterly report"),
            NewEvent::new(by(people[p]), EventBody::StageOpened { request, item, stage, position: 0, approvers }),
        ];
        if !open {
            exec!(
                &mut tx,
                "insert into decision (id, stage_id, item_id, identity_id, verdict, comment, decided_at, assurance) values ($1, $2, $3, $4, 'approve', '', $5, '{}')",
                new_uuid(at),
                stage.0,
                item.0,
                manager.0,
                at
            )?;
            events.push(NewEvent::new(
                by(manager),
                EventBody::ItemDecided {
                    request,
                    item,
                    stage,
                    role,
                    beneficiary: people[p],
                    verdict: Verdict::Approve,
                    on_behalf_of: None,
                    final_stage: true,
                    stage_goes_on: false,
                },
            ));
        }
        tx.commit(events).await?;
    }
    Ok(())
}

/// Brings the planner's statistics up to date, as the database does by itself after a while.
///
/// # Errors
/// When the database fails.
pub async fn analyze(db: &Db) -> StoreResult<()> {
    super::run(db, "analyze").await.map(|_| ())
}
