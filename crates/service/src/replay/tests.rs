//! The fold on hand-made logs. The comparison with the tables is in `tests/audit.rs`, and on generated histories elsewhere.

use latchkey_domain::{
    EventId, PolicyVersionId, StageId,
    actor::ActorRef,
    event::{EventBody, SubmittedItem},
    fulfilment::Outcome,
    grant::GrantOrigin,
    item::Verdict,
};
use uuid::Uuid;

use super::*;

fn id<T: From<Uuid>>(n: u128) -> T {
    Uuid::from_u128(n).into()
}

fn at(second: i64) -> Instant {
    Instant::from_timestamp(1_800_000_000 + second, 0).unwrap()
}

fn log(bodies: Vec<EventBody>) -> Vec<Envelope> {
    bodies
        .into_iter()
        .zip(0_i64..)
        .map(|(body, n)| Envelope {
            v: 1,
            id: EventId::new(at(n)),
            at: at(n),
            actor: ActorRef::Host,
            body,
            texts: BTreeMap::new(),
            catalog: None,
        })
        .collect()
}

const BO: u128 = 2;

fn submitted(items: &[u128]) -> EventBody {
    EventBody::RequestSubmitted {
        request: id(50),
        reference: "R-AAAAAA".into(),
        requester: id(BO),
        items: items
            .iter()
            .map(|n| SubmittedItem {
                item: id(*n),
                role: id(30),
                role_version: id(31),
                policy_version: PolicyVersionId(Uuid::nil()),
                beneficiary: id(BO),
                seconds: None,
                starts_at: None,
                extends: None,
                kind: GrantKind::Standing,
            })
            .collect(),
    }
}

fn opened(item: u128, position: i64) -> EventBody {
    EventBody::StageOpened { request: id(50), item: id(item), stage: StageId(Uuid::nil()), position, approvers: vec![] }
}

fn decided(item: u128, verdict: Verdict, final_stage: bool) -> EventBody {
    EventBody::ItemDecided {
        request: id(50),
        item: id(item),
        stage: StageId(Uuid::nil()),
        role: id(30),
        beneficiary: id(BO),
        verdict,
        on_behalf_of: None,
        final_stage,
        stage_goes_on: false,
    }
}

fn granted(grant: u128, starts_at: Instant) -> EventBody {
    EventBody::GrantCreated {
        grant: id(grant),
        identity: id(BO),
        role: id(30),
        role_version: id(31),
        origin: GrantOrigin::Request,
        item: None,
        starts_at,
        ends_at: None,
        grant_kind: GrantKind::Standing,
        full_ends_at: None,
    }
}

fn ended(grant: u128) -> EventBody {
    EventBody::GrantEnded { grant: id(grant), identity: id(BO), role: id(30), reason: GrantEnd::GivenBack }
}

fn wanted(desired: Presence, generation: i64) -> EventBody {
    EventBody::FulfilmentWanted {
        fulfilment: id(70),
        account: id(60),
        identity: id(BO),
        system: id(40),
        entitlement: id(41),
        desired,
        generation,
    }
}

fn confirmed(desired: Presence, generation: i64) -> EventBody {
    EventBody::FulfilmentConfirmed {
        fulfilment: id(70),
        identity: id(BO),
        system: id(40),
        entitlement: id(41),
        desired,
        generation,
        found: false,
    }
}

fn failed(generation: i64, outcome: Outcome) -> EventBody {
    EventBody::FulfilmentFailed {
        fulfilment: id(70),
        identity: id(BO),
        system: id(40),
        entitlement: id(41),
        desired: Presence::Present,
        generation,
        attempt: 1,
        outcome,
    }
}

#[test]
fn items_go_through_their_stages_and_end_once() {
    let state = fold(&log(vec![
        submitted(&[1, 2, 3]),
        opened(1, 0),
        opened(2, 0),
        opened(3, 0),
        decided(1, Verdict::Approve, false),
        opened(1, 1),
        decided(1, Verdict::Approve, true),
        decided(2, Verdict::Deny, false),
    ]));
    assert_eq!(state.gaps, Vec::<String>::new());
    let seen: Vec<_> = state.items.values().map(|i| (i.state, i.stage)).collect();
    assert_eq!(seen, [(ItemState::Approved, 1), (ItemState::Denied, 0), (ItemState::Waiting, 0)]);

    let twice = fold(&log(vec![submitted(&[1]), decided(1, Verdict::Deny, false), decided(1, Verdict::Approve, true)]));
    assert_eq!(twice.items[&id::<ItemId>(1)].state, ItemState::Denied, "an end is never taken back");
    assert_eq!(twice.gaps.len(), 1);
}

#[test]
fn grants_start_move_and_end() {
    let later = at(1_000);
    let moved = EventBody::GrantMoved { grant: id(2), identity: id(BO), role: id(30), role_version: id(32) };
    let started = EventBody::GrantStarted { grant: id(2), identity: id(BO), role: id(30) };
    let state = fold(&log(vec![granted(1, at(0)), granted(2, later), ended(1), started, moved]));
    assert_eq!(state.gaps, Vec::<String>::new());
    let grants = &state.grants[&id::<IdentityId>(BO)];
    assert_eq!(grants[&id::<GrantId>(1)].end, Some(GrantEnd::GivenBack));
    assert_eq!(grants[&id::<GrantId>(1)].state, GrantState::Ended);
    assert_eq!(grants[&id::<GrantId>(2)].state, GrantState::Active);
    assert_eq!(grants[&id::<GrantId>(2)].role_version, id(32));
    assert_eq!(state.active_roles(id(BO)), BTreeSet::from([id(30)]));

    let scheduled = fold(&log(vec![granted(2, later)]));
    assert_eq!(scheduled.grants[&id::<IdentityId>(BO)][&id::<GrantId>(2)].state, GrantState::Scheduled);
    assert!(scheduled.active_roles(id(BO)).is_empty());

    assert_eq!(fold(&log(vec![ended(9)])).gaps.len(), 1, "an end without a beginning is a gap");
}

#[test]
fn fulfilments_follow_their_generations() {
    let kept = EventBody::FulfilmentKept { fulfilment: id(70), identity: id(BO), system: id(40), entitlement: id(41) };
    let retried =
        EventBody::FulfilmentRetried { fulfilment: id(70), identity: id(BO), system: id(40), entitlement: id(41) };
    let mut bodies = vec![wanted(Presence::Present, 1), failed(1, Outcome::RetryLater), failed(1, Outcome::Refused)];
    let work = |bodies: &[EventBody]| {
        let state = fold(&log(bodies.to_vec()));
        assert_eq!(state.gaps, Vec::<String>::new());
        state.fulfilments[&id::<FulfilmentId>(70)]
    };
    assert_eq!(work(&bodies).progress, Progress::Refused);
    bodies.push(retried);
    assert_eq!(work(&bodies).progress, Progress::Due);
    bodies.push(confirmed(Presence::Present, 1));
    let seen = work(&bodies);
    assert_eq!((seen.desired, seen.observed, seen.progress), (Presence::Present, Presence::Present, Progress::Settled));
    bodies.push(wanted(Presence::Absent, 2));
    let seen = work(&bodies);
    assert_eq!((seen.desired, seen.observed, seen.progress), (Presence::Absent, Presence::Present, Progress::Due));
    bodies.push(confirmed(Presence::Absent, 2));
    assert_eq!(work(&bodies).observed, Presence::Absent);
    bodies.push(kept);
    let seen = work(&bodies);
    assert_eq!((seen.desired, seen.progress, seen.generation), (Presence::Unknown, Progress::Settled, 3));

    bodies.push(confirmed(Presence::Present, 1));
    assert_eq!(fold(&log(bodies)).gaps.len(), 1, "an outcome of an earlier wish says nothing about this one");
}

#[test]
fn accounts_are_what_was_last_seen_of_them_on_every_system() {
    let system = |key: &str| EventBody::SystemApplied {
        system: id(40),
        key: key.into(),
        hash: String::new(),
        owner: Some(id(1)),
    };
    let account =
        EventBody::AccountWanted { account: id(60), identity: id(BO), system: id(40), desired: AccountState::Enabled };
    let observed = EventBody::AccountObserved {
        account: id(60),
        identity: id(BO),
        system: id(40),
        observed: AccountState::Enabled,
    };
    let seen = |bodies: Vec<EventBody>| fold(&log(bodies)).accounts[&id::<AccountId>(60)].observed;
    // The built-in system is no exception: what is done there is observed as well.
    for key in ["latchkey", "directory"] {
        assert_eq!(seen(vec![system(key), account.clone()]), AccountState::Absent);
        assert_eq!(seen(vec![system(key), account.clone(), observed.clone()]), AccountState::Enabled);
    }
}

#[test]
fn people_roles_and_owners_are_those_of_the_last_event() {
    let version = |version: i64, n: u128| EventBody::RoleVersionAdded {
        role: id(30),
        role_version: id(n),
        key: "r".into(),
        version,
        policy_version: PolicyVersionId(Uuid::nil()),
        entitlements: vec![id(41)],
        holders: 0,
    };
    let owner =
        |to: Option<u128>| EventBody::OwnerChanged { role: Some(id(30)), system: None, from: None, to: to.map(id) };
    let state = fold(&log(vec![
        EventBody::PersonAdded { identity: id(1), status: Status::PreHire, manager: None },
        EventBody::PersonAdded { identity: id(BO), status: Status::Active, manager: Some(id(1)) },
        EventBody::PersonStatusChanged { identity: id(1), from: Status::PreHire, to: Status::Active },
        EventBody::PersonChanged { identity: id(BO), changed: vec!["manager".into()], manager: None },
        version(1, 31),
        version(2, 32),
        owner(Some(1)),
        owner(Some(BO)),
        EventBody::RoleRetired { role: id(30), key: "r".into() },
    ]));
    assert_eq!(state.gaps, Vec::<String>::new());
    assert_eq!(state.people[&id::<IdentityId>(1)].status, Status::Active);
    assert_eq!(state.people[&id::<IdentityId>(BO)].manager, None);
    let role = &state.roles[&id::<RoleId>(30)];
    assert_eq!((role.version, role.retired, role.id), (2, true, id(32)));
    assert_eq!(state.owners, BTreeMap::from([(Owned::Role(id(30)), id(BO))]));

    let back =
        fold(&log(vec![version(1, 31), EventBody::RoleRetired { role: id(30), key: "r".into() }, version(2, 32)]));
    assert!(!back.roles[&id::<RoleId>(30)].retired, "a new version brings a retired role back");
    assert!(fold(&log(vec![owner(Some(1)), owner(None)])).owners.is_empty());
    assert_eq!(fold(&log(vec![version(2, 32), version(1, 31)])).gaps.len(), 1);
}

#[test]
fn differences_name_both_sides() {
    let a = fold(&log(vec![granted(1, at(0)), granted(2, at(0))]));
    let b = fold(&log(vec![granted(1, at(0)), granted(2, at(0)), ended(2)]));
    assert_eq!(a.differences(&a), Vec::<String>::new());
    let lines = a.differences(&b);
    assert_eq!(lines.len(), 1);
    assert!(lines[0].contains("grants of") && lines[0].contains("GivenBack"), "{lines:?}");
}
