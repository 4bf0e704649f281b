//! One event of every kind, for tests.

mod call_ins;
mod drift;
mod wishes;

use latchkey_domain::{
    AccountId, AppliedSetId, BreakGlassReviewId, DelegationId, EntitlementId, FulfilmentId, GrantId, GroupId,
    IdentityId, Instant, ItemId, MessageId, PolicyId, PolicyVersionId, RequestId, RoleId, RoleVersionId,
    SeparationExceptionId, SeparationRuleId, SeparationRuleVersionId, SessionId, StageId, SystemId,
    account::AccountState,
    break_glass::Needed,
    event::{EventBody, SeparationSide, StageApprover, SubmittedItem},
    fulfilment::{Outcome, Presence},
    grant::{GrantEnd, GrantKind, GrantOrigin},
    identity::Status,
    item::{MessageSide, Verdict},
};
use uuid::Uuid;

const fn n(n: u128) -> Uuid {
    Uuid::from_u128(n)
}

pub(crate) const ANN: IdentityId = IdentityId(n(1));
pub(crate) const BO: IdentityId = IdentityId(n(2));
pub(crate) const ROLE: RoleId = RoleId(n(3));
pub(crate) const SYSTEM: SystemId = SystemId(n(4));
pub(crate) const ENTITLEMENT: EntitlementId = EntitlementId(n(5));
pub(crate) const REQUEST: RequestId = RequestId(n(6));
pub(crate) const ITEM: ItemId = ItemId(n(7));
pub(crate) const GRANT: GrantId = GrantId(n(8));
pub(crate) const RULE: SeparationRuleId = SeparationRuleId(n(17));
const EXCEPTION: SeparationExceptionId = SeparationExceptionId(n(18));
const REVIEW: BreakGlassReviewId = BreakGlassReviewId(n(20));
const STAGE: StageId = StageId(n(9));
const VERSION: RoleVersionId = RoleVersionId(n(10));
const POLICY: PolicyVersionId = PolicyVersionId(n(11));
const SET: AppliedSetId = AppliedSetId(n(12));
const ACCOUNT: AccountId = AccountId(n(13));
const WORK: FulfilmentId = FulfilmentId(n(14));
const SESSION: SessionId = SessionId(n(15));

fn at(text: &str) -> Instant {
    text.parse().unwrap()
}

/// Every kind once or more, in the order of their definition. A test holds that none is missing.
pub(crate) fn bodies() -> Vec<EventBody> {
    let mut all = files();
    all.extend(separation());
    all.extend(people());
    all.extend(asking());
    all.extend(wishes::bodies());
    all.extend(holding());
    all.extend(emergencies());
    all.extend(call_ins::bodies());
    all.extend(systems());
    all.extend(drift::bodies());
    all
}

fn files() -> Vec<EventBody> {
    let hash = || "aa".to_owned();
    vec![
        EventBody::InstallationStarted { epoch: 1 },
        EventBody::InstallationStarted { epoch: 2 },
        EventBody::RestoreDetected { epoch: 2 },
        EventBody::RestoreConfirmed { epoch: 2 },
        EventBody::AdministratorAdded { identity: ANN, grant: GRANT },
        EventBody::CatalogApplied { applied_set: SET, hash: hash(), added: 3, changed: 2, retired: 1 },
        EventBody::PeopleImported { applied_set: SET, hash: hash(), added: 3, changed: 2, ended: 1 },
        EventBody::SystemApplied { system: SYSTEM, key: "directory".into(), hash: hash(), owner: Some(ANN) },
        EventBody::SystemApplied { system: SYSTEM, key: "directory".into(), hash: hash(), owner: None },
        EventBody::SystemRetired { system: SYSTEM, key: "directory".into() },
        EventBody::EntitlementApplied {
            entitlement: ENTITLEMENT,
            system: SYSTEM,
            key: "vpn".into(),
            native: "cn=vpn".into(),
        },
        EventBody::EntitlementRetired { entitlement: ENTITLEMENT, system: SYSTEM, key: "vpn".into() },
        EventBody::PolicyVersionAdded { policy_version: POLICY, key: "standard".into(), version: 2, hash: hash() },
        EventBody::RoleVersionAdded {
            role: ROLE,
            role_version: VERSION,
            key: "payroll-reader".into(),
            version: 3,
            policy_version: POLICY,
            entitlements: vec![ENTITLEMENT],
            holders: 12,
        },
        EventBody::RoleRetired { role: ROLE, key: "payroll-reader".into() },
        EventBody::OwnerChanged { role: Some(ROLE), system: None, from: Some(ANN), to: Some(BO) },
        EventBody::PolicyRetired { policy: PolicyId(n(16)), key: "standard".into() },
        EventBody::GroupApplied { group: GroupId(n(16)), key: "controllers".into(), members: vec![ANN, BO] },
        EventBody::GroupRetired { group: GroupId(n(16)), key: "controllers".into() },
        EventBody::OwnerChanged { role: None, system: Some(SYSTEM), from: Some(ANN), to: None },
        EventBody::OwnerSucceeded { role: Some(ROLE), system: None, from: ANN, to: BO, because: "manager".into() },
    ]
}

fn separation() -> Vec<EventBody> {
    let owner = |exception, from, because: Option<&str>| EventBody::SeparationOwnerChanged {
        rule: RULE,
        exception,
        from,
        to: ANN,
        because: because.map(str::to_owned),
    };
    let ended = |reason: &str| EventBody::SeparationExceptionEnded {
        exception: EXCEPTION,
        rule: RULE,
        identity: BO,
        reason: reason.to_owned(),
    };
    let version = |people| EventBody::SeparationRuleVersionAdded {
        rule: RULE,
        rule_version: SeparationRuleVersionId(n(19)),
        key: "invoices-and-payments".into(),
        version: 2,
        sides: vec![
            SeparationSide { roles: vec![ROLE], entitlements: vec![] },
            SeparationSide { roles: vec![], entitlements: vec![ENTITLEMENT] },
        ],
        approver: Some("E0031".into()),
        people,
    };
    vec![
        version(0),
        version(1),
        version(12),
        EventBody::SeparationRuleRetired { rule: RULE, key: "invoices-and-payments".into() },
        owner(None, None, None),
        owner(None, Some(BO), None),
        owner(None, Some(BO), Some("manager")),
        owner(Some(EXCEPTION), Some(BO), Some("administrator")),
        EventBody::SeparationExceptionGranted {
            exception: EXCEPTION,
            rule: RULE,
            identity: BO,
            owner: ANN,
            ends_at: at("2027-06-01T22:00:00Z"),
        },
        ended("ended"),
        ended("expired"),
        ended("left"),
        EventBody::SeparationStageAdded { item: ITEM, stage: STAGE, position: 2, rules: vec![RULE] },
    ]
}

fn people() -> Vec<EventBody> {
    let issuer = || "https://id.example.test".to_owned();
    vec![
        EventBody::PersonAdded { identity: BO, status: Status::Active, manager: Some(ANN) },
        EventBody::PersonChanged {
            identity: BO,
            changed: vec!["title".into(), "department".into()],
            manager: Some(ANN),
        },
        EventBody::PersonChanged { identity: BO, changed: vec!["manager_id".into()], manager: None },
        EventBody::NoticePreferenceChanged { identity: ANN, group: "decisions".into(), choice: "digest".into() },
        EventBody::PersonStatusChanged { identity: BO, from: Status::Active, to: Status::OnLeave },
        EventBody::SignedIn {
            identity: BO,
            session: SESSION,
            issuer: issuer(),
            amr: vec!["pwd".into(), "otp".into()],
            acr: None,
        },
        EventBody::SignInRefused { identity: Some(BO), issuer: issuer(), code: "mfa_missing".into() },
        EventBody::SignInRefused { identity: None, issuer: issuer(), code: "person_unknown".into() },
        EventBody::IdentityBound { identity: BO, issuer: issuer(), by: "claim".into() },
        EventBody::SignedOut { identity: BO, session: SESSION },
        EventBody::SessionEnded { identity: BO, session: SESSION, reason: "idle_limit".into() },
        EventBody::ForeignChangeRefused { path: "/do/decide".into(), origin: "https://evil.example".into() },
        EventBody::ForeignChangeRefused { path: "/do/decide".into(), origin: String::new() },
    ]
}

fn asking() -> Vec<EventBody> {
    let item = |beneficiary, seconds| SubmittedItem {
        item: ITEM,
        role: ROLE,
        role_version: VERSION,
        policy_version: POLICY,
        beneficiary,
        seconds,
        starts_at: None,
        extends: None,
        kind: GrantKind::Standing,
    };
    let eligible = SubmittedItem { kind: GrantKind::Eligible, ..item(BO, Some(7_776_000)) };
    let activates = SubmittedItem { kind: GrantKind::Activates(GRANT), ..item(BO, Some(7_200)) };
    let later = SubmittedItem {
        starts_at: Some(at("2027-03-02T09:00:00Z")),
        extends: Some(GRANT),
        ..item(BO, Some(7_776_000))
    };
    let approvers = || {
        vec![
            StageApprover { identity: ANN, because: "manager".into(), on_behalf_of: None },
            StageApprover { identity: BO, because: "fallback".into(), on_behalf_of: None },
        ]
    };
    let decided = |verdict, final_stage, on_behalf_of| EventBody::ItemDecided {
        request: REQUEST,
        item: ITEM,
        stage: STAGE,
        role: ROLE,
        beneficiary: BO,
        verdict,
        on_behalf_of,
        final_stage,
        stage_goes_on: false,
    };
    let message = |side| EventBody::MessageWritten {
        request: REQUEST,
        item: ITEM,
        role: ROLE,
        beneficiary: BO,
        message: MessageId(n(17)),
        side,
    };
    let moved = |instead_of| EventBody::StageMovedOn {
        request: REQUEST,
        item: ITEM,
        stage: STAGE,
        role: ROLE,
        beneficiary: BO,
        to: vec![ANN, BO],
        instead_of,
    };
    let added =
        |instead_of| EventBody::ApproverAdded { request: REQUEST, item: ITEM, stage: STAGE, approver: BO, instead_of };
    vec![
        EventBody::RequestSubmitted {
            request: REQUEST,
            reference: "R-7K3MQ2".into(),
            requester: BO,
            items: vec![item(BO, Some(90 * 86_400))],
        },
        EventBody::RequestSubmitted {
            request: REQUEST,
            reference: "R-7K3MQ2".into(),
            requester: ANN,
            items: vec![item(BO, Some(28_800)), item(ANN, None)],
        },
        EventBody::RequestSubmitted {
            request: REQUEST,
            reference: "R-7K3MQ2".into(),
            requester: BO,
            items: vec![later],
        },
        EventBody::RequestSubmitted {
            request: REQUEST,
            reference: "R-7K3MQ2".into(),
            requester: BO,
            items: vec![eligible, activates],
        },
        EventBody::StageOpened { request: REQUEST, item: ITEM, stage: STAGE, position: 0, approvers: approvers() },
        EventBody::StageOpened { request: REQUEST, item: ITEM, stage: STAGE, position: 1, approvers: vec![] },
        EventBody::ApproversChanged { item: ITEM, stage: STAGE, approvers: approvers(), why: "left".into() },
        decided(Verdict::Approve, true, None),
        decided(Verdict::Approve, false, Some(BO)),
        decided(Verdict::Deny, false, None),
        EventBody::ItemApprovedByRule {
            request: REQUEST,
            item: ITEM,
            role: ROLE,
            beneficiary: BO,
            policy_version: POLICY,
            rule: "For a day".into(),
        },
        EventBody::StageOverdue {
            request: REQUEST,
            item: ITEM,
            stage: STAGE,
            role: ROLE,
            beneficiary: BO,
            outcome: "escalate".into(),
        },
        EventBody::StageNudged { request: REQUEST, item: ITEM, stage: STAGE, role: ROLE, beneficiary: BO },
        moved(vec![]),
        moved(vec![BO]),
        EventBody::DelegationCreated {
            delegation: DelegationId(n(17)),
            from: ANN,
            to: BO,
            starts_at: at("2027-03-01T00:00:00Z"),
            ends_at: at("2027-03-08T00:00:00Z"),
            limits: "{}".into(),
        },
        EventBody::ConditionFailed { role: ROLE, beneficiary: BO },
        EventBody::DelegationEnded { delegation: DelegationId(n(17)), from: ANN, to: BO },
        EventBody::DecisionRefused { item: ITEM, role: ROLE, beneficiary: BO, code: "own_item".into() },
        EventBody::ItemWithdrawn { request: REQUEST, item: ITEM, role: ROLE, beneficiary: BO },
        EventBody::ItemSuperseded { request: REQUEST, item: ITEM, role: ROLE, beneficiary: BO, by: RequestId(n(17)) },
        EventBody::ItemLapsed { request: REQUEST, item: ITEM, role: ROLE, beneficiary: BO },
        EventBody::ItemCancelled { request: REQUEST, item: ITEM, role: ROLE, beneficiary: BO, why: "left".into() },
        message(MessageSide::Asker),
        message(MessageSide::Decider),
        EventBody::ItemShortened {
            request: REQUEST,
            item: ITEM,
            role: ROLE,
            beneficiary: BO,
            from: 30 * 86_400,
            to: 7 * 86_400,
        },
        EventBody::ItemHandedOver { request: REQUEST, item: ITEM, stage: STAGE, from: ANN, to: BO },
        added(None),
        added(Some(ANN)),
    ]
}

fn holding() -> Vec<EventBody> {
    let created = |origin, ends_at| EventBody::GrantCreated {
        grant: GRANT,
        identity: BO,
        role: ROLE,
        role_version: VERSION,
        origin,
        item: Some(ITEM),
        starts_at: at("2027-03-01T09:00:00Z"),
        ends_at,
        grant_kind: GrantKind::Standing,
        full_ends_at: None,
    };
    let of_kind = |kind| EventBody::GrantCreated {
        grant: GRANT,
        identity: BO,
        role: ROLE,
        role_version: VERSION,
        origin: GrantOrigin::Request,
        item: Some(ITEM),
        starts_at: at("2027-03-01T09:00:00Z"),
        ends_at: Some(at("2027-03-01T11:00:00Z")),
        grant_kind: kind,
        full_ends_at: kind.is_eligible().then(|| at("2027-06-01T22:00:00Z")),
    };
    let ended = |reason| EventBody::GrantEnded { grant: GRANT, identity: BO, role: ROLE, reason };
    let mut all = vec![created(GrantOrigin::Request, Some(at("2027-06-01T22:00:00Z")))];
    all.extend(GrantOrigin::ALL.iter().filter(|o| **o != GrantOrigin::Request).map(|o| created(*o, None)));
    all.extend([GrantKind::Eligible, GrantKind::Activates(GRANT)].map(of_kind));
    all.push(EventBody::TrialKept { grant: GRANT, identity: BO, role: ROLE, ends_at: at("2027-06-01T22:00:00Z") });
    all.push(EventBody::GrantStarted { grant: GRANT, identity: BO, role: ROLE });
    all.extend(GrantEnd::ALL.iter().map(|r| ended(*r)));
    all.push(EventBody::GrantMoved { grant: GRANT, identity: BO, role: ROLE, role_version: VERSION });
    all
}

fn emergencies() -> Vec<EventBody> {
    let taken = |item, told| EventBody::BreakGlassTaken {
        review: REVIEW,
        grant: GRANT,
        identity: BO,
        role: ROLE,
        item,
        due_at: at("2027-06-01T22:00:00Z"),
        told,
    };
    let refused = |code: &str| EventBody::BreakGlassRefused { identity: BO, role: ROLE, code: code.to_owned() };
    let mut all = vec![
        taken(None, vec![ANN]),
        taken(Some(ITEM), vec![ANN, BO]),
        EventBody::BreakGlassReported { review: REVIEW, grant: GRANT, identity: BO, role: ROLE },
        EventBody::BreakGlassReviewOverdue { review: REVIEW, grant: GRANT, identity: BO, role: ROLE },
    ];
    let codes = ["not_at_work", "held", "review_overdue", "separation", "nobody_could_review", "assurance_missing"];
    all.extend(codes.into_iter().chain(["assurance_unknown"]).map(refused));
    let reviewed = |needed: &Needed| EventBody::BreakGlassReviewed {
        review: REVIEW,
        grant: GRANT,
        identity: BO,
        role: ROLE,
        needed: *needed,
    };
    all.extend(Needed::ALL.iter().map(reviewed));
    all
}

fn systems() -> Vec<EventBody> {
    let mut all: Vec<EventBody> = AccountState::ALL
        .iter()
        .map(|desired| EventBody::AccountWanted { account: ACCOUNT, identity: BO, system: SYSTEM, desired: *desired })
        .collect();
    all.extend(AccountState::ALL.iter().map(|observed| EventBody::AccountObserved {
        account: ACCOUNT,
        identity: BO,
        system: SYSTEM,
        observed: *observed,
    }));
    for desired in [Presence::Present, Presence::Absent] {
        all.push(EventBody::FulfilmentWanted {
            fulfilment: WORK,
            account: ACCOUNT,
            identity: BO,
            system: SYSTEM,
            entitlement: ENTITLEMENT,
            desired,
            generation: 1,
        });
        for outcome in [Outcome::RetryLater, Outcome::Refused, Outcome::NeedsHuman] {
            all.push(EventBody::FulfilmentFailed {
                fulfilment: WORK,
                identity: BO,
                system: SYSTEM,
                entitlement: ENTITLEMENT,
                desired,
                generation: 1,
                attempt: 2,
                outcome,
            });
        }
        for found in [false, true] {
            all.push(EventBody::FulfilmentConfirmed {
                fulfilment: WORK,
                identity: BO,
                system: SYSTEM,
                entitlement: ENTITLEMENT,
                desired,
                generation: 1,
                found,
            });
        }
    }
    all.push(EventBody::FulfilmentWaits {
        fulfilment: WORK,
        identity: BO,
        system: SYSTEM,
        entitlement: ENTITLEMENT,
        grant: GRANT,
        generation: 1,
    });
    all.push(EventBody::FulfilmentHeldBack {
        fulfilment: WORK,
        identity: BO,
        system: SYSTEM,
        entitlement: ENTITLEMENT,
        grant: GRANT,
        rule: RULE,
        generation: 1,
    });
    all.push(EventBody::FulfilmentRetried { fulfilment: WORK, identity: BO, system: SYSTEM, entitlement: ENTITLEMENT });
    all.push(EventBody::FulfilmentKept { fulfilment: WORK, identity: BO, system: SYSTEM, entitlement: ENTITLEMENT });
    all
}
