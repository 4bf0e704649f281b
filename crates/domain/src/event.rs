//! Lines of the audit log.
//!
//! An event is written once, in the transaction of the change that it records (promise 1), and never changed. Its exact
//! bytes are kept. Personal text (names, reasons, comments) doesn't stand in it but beside it: the event holds a salted
//! hash, so that erasing the text later leaves the proof whole. The bodies hold enough to rebuild the state of any day.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    AccountId, AppliedSetId, BreakGlassReviewId, DelegationId, DriftId, EntitlementId, EventId, FulfilmentId, GrantId,
    GroupId, IdentityId, Instant, ItemId, MessageId, PassId, PolicyId, PolicyVersionId, RequestId, RoleId,
    RoleVersionId, SeparationExceptionId, SeparationRuleId, SeparationRuleVersionId, SessionId, StageId, SystemId,
    WishId,
    account::AccountState,
    actor::ActorRef,
    break_glass::Needed,
    drift::{DriftEnd, DriftKind, DriftState},
    fulfilment::{Outcome, Presence},
    grant::{GrantEnd, GrantKind, GrantOrigin},
    identity::Status,
    item::{MessageSide, Verdict},
    text_enum::text_enum,
};

/// The version of the form that events are written in.
pub const SCHEMA: u32 = 1;

text_enum! {
    /// What an event can be about; events are found by these.
    SubjectKind ("kind of subject") {
        /// A person or service identity.
        Identity = "identity",
        /// A role.
        Role = "role",
        /// A system.
        System = "system",
        /// A request.
        Request = "request",
        /// An item.
        Item = "item",
        /// A grant.
        Grant = "grant",
    }
}

/// One item of a submission, as its event tells it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubmittedItem {
    /// The item.
    pub item: ItemId,
    /// The role that was asked for.
    pub role: RoleId,
    /// Its version at that time.
    pub role_version: RoleVersionId,
    /// The policy version that the item is decided under.
    pub policy_version: PolicyVersionId,
    /// Who should hold it.
    pub beneficiary: IdentityId,
    /// For how long, in seconds from approval; absent means until given back.
    pub seconds: Option<i64>,
    /// From when, where that is later than the approval.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub starts_at: Option<Instant>,
    /// The grant that it goes on from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extends: Option<GrantId>,
    /// What is asked for: access, the right to activate it, or an activation.
    #[serde(default, skip_serializing_if = "GrantKind::is_standing")]
    pub kind: GrantKind,
}

/// Why somebody can decide.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StageApprover {
    /// Who.
    pub identity: IdentityId,
    /// Why: `manager`, `owner`, `fallback: …`.
    pub because: String,
    /// For whom, by delegation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_behalf_of: Option<IdentityId>,
}

/// One side of a rule that keeps duties apart, as its event tells it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeparationSide {
    /// The roles that make this side.
    pub roles: Vec<RoleId>,
    /// The entitlements that make this side, through whatever role.
    pub entitlements: Vec<EntitlementId>,
}

/// What happened. The word in `kind` is fixed for ever; fields are only added.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[expect(missing_docs, reason = "fields are named by the domain's words; each variant says what happened")]
pub enum EventBody {
    // --- the installation ---
    /// The database was set up; `epoch` counts restores.
    InstallationStarted { epoch: i64 },
    /// A backup was restored: the reconciler only reports until somebody confirms.
    RestoreDetected { epoch: i64 },
    /// Somebody confirmed that the reconciler may act again.
    RestoreConfirmed { epoch: i64 },
    /// Somebody was made administrator on the host.
    AdministratorAdded { identity: IdentityId, grant: GrantId },

    // --- files ---
    /// A catalog was applied.
    CatalogApplied { applied_set: AppliedSetId, hash: String, added: i64, changed: i64, retired: i64 },
    /// A people file was imported.
    PeopleImported { applied_set: AppliedSetId, hash: String, added: i64, changed: i64, ended: i64 },
    /// A system appeared or changed.
    SystemApplied { system: SystemId, key: String, hash: String, owner: Option<IdentityId> },
    /// A system is not in the files any more.
    SystemRetired { system: SystemId, key: String },
    /// An entitlement appeared or changed.
    EntitlementApplied { entitlement: EntitlementId, system: SystemId, key: String, native: String },
    /// An entitlement is not in the files any more.
    EntitlementRetired { entitlement: EntitlementId, system: SystemId, key: String },
    /// A policy has a new version.
    PolicyVersionAdded { policy_version: PolicyVersionId, key: String, version: i64, hash: String },
    /// A condition of a role's policy couldn't be worked out for somebody, who is refused then.
    ConditionFailed { role: RoleId, beneficiary: IdentityId },
    /// A policy is not in the files any more.
    PolicyRetired { policy: PolicyId, key: String },
    /// A group that policies can name appeared or has other members.
    GroupApplied { group: GroupId, key: String, members: Vec<IdentityId> },
    /// A group is not in the files any more.
    GroupRetired { group: GroupId, key: String },
    /// A role has a new version.
    RoleVersionAdded {
        role: RoleId,
        role_version: RoleVersionId,
        key: String,
        version: i64,
        policy_version: PolicyVersionId,
        entitlements: Vec<EntitlementId>,
        holders: i64,
    },
    /// A role is not in the files any more.
    RoleRetired { role: RoleId, key: String },
    /// A role or a system has another owner.
    OwnerChanged { role: Option<RoleId>, system: Option<SystemId>, from: Option<IdentityId>, to: Option<IdentityId> },
    /// A role's or system's owner left, and somebody else owns it from now on: `because` is `backup`, `manager` or
    /// `administrator`.
    OwnerSucceeded { role: Option<RoleId>, system: Option<SystemId>, from: IdentityId, to: IdentityId, because: String },

    // --- separation of duties ---
    /// A rule that keeps duties apart has a new version; `people` are in conflict by it at that moment. Without `approver`
    /// it blocks, else the person with that external id has to agree.
    SeparationRuleVersionAdded {
        rule: SeparationRuleId,
        rule_version: SeparationRuleVersionId,
        key: String,
        version: i64,
        sides: Vec<SeparationSide>,
        approver: Option<String>,
        people: i64,
    },
    /// A rule that keeps duties apart is not in the files any more.
    SeparationRuleRetired { rule: SeparationRuleId, key: String },
    /// A rule, or an exception from one, has another owner; `because` is set when the owner before has left.
    SeparationOwnerChanged {
        rule: SeparationRuleId,
        exception: Option<SeparationExceptionId>,
        from: Option<IdentityId>,
        to: IdentityId,
        because: Option<String>,
    },
    /// Somebody may have both sides of a rule until a time.
    SeparationExceptionGranted {
        exception: SeparationExceptionId,
        rule: SeparationRuleId,
        identity: IdentityId,
        owner: IdentityId,
        ends_at: Instant,
    },
    /// An exception is over: `reason` is `ended`, `expired` or `left`.
    SeparationExceptionEnded {
        exception: SeparationExceptionId,
        rule: SeparationRuleId,
        identity: IdentityId,
        reason: String,
    },
    /// An item got one more step, because of these rules.
    SeparationStageAdded { item: ItemId, stage: StageId, position: i64, rules: Vec<SeparationRuleId> },

    // --- people ---
    /// A person is known from now on.
    PersonAdded { identity: IdentityId, status: Status, manager: Option<IdentityId> },
    /// Attributes changed; `changed` names them.
    PersonChanged { identity: IdentityId, changed: Vec<String>, manager: Option<IdentityId> },
    /// Somebody wants to be told otherwise of one group of kinds of notices: `choice` is `at_once`, `digest` or `off`.
    NoticePreferenceChanged { identity: IdentityId, group: String, choice: String },
    /// A person's place in their working life changed.
    PersonStatusChanged { identity: IdentityId, from: Status, to: Status },

    // --- sign-in ---
    /// Somebody signed in.
    SignedIn { identity: IdentityId, session: SessionId, issuer: String, amr: Vec<String>, acr: Option<String> },
    /// A sign-in was refused, for the reason that `code` names.
    SignInRefused { identity: Option<IdentityId>, issuer: String, code: String },
    /// An identity at the provider was bound to a person.
    IdentityBound { identity: IdentityId, issuer: String, by: String },
    /// Somebody signed out.
    SignedOut { identity: IdentityId, session: SessionId },
    /// A session was ended by somebody or by a rule.
    SessionEnded { identity: IdentityId, session: SessionId, reason: String },
    /// A change was refused because it came from another origin or from nowhere.
    ForeignChangeRefused { path: String, origin: String },

    // --- asking and deciding ---
    /// Somebody asked.
    RequestSubmitted { request: RequestId, reference: String, requester: IdentityId, items: Vec<SubmittedItem> },
    /// A stage is open for these people.
    StageOpened { request: RequestId, item: ItemId, stage: StageId, position: i64, approvers: Vec<StageApprover> },
    /// Who can decide a stage changed.
    ApproversChanged { item: ItemId, stage: StageId, approvers: Vec<StageApprover>, why: String },
    /// An approver decided.
    ItemDecided {
        request: RequestId,
        item: ItemId,
        stage: StageId,
        role: RoleId,
        beneficiary: IdentityId,
        verdict: Verdict,
        on_behalf_of: Option<IdentityId>,
        final_stage: bool,
        /// More people have to agree before the stage has decided.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        stage_goes_on: bool,
    },
    /// A rule of the policy approved it; nobody had to decide.
    ItemApprovedByRule {
        request: RequestId,
        item: ItemId,
        role: RoleId,
        beneficiary: IdentityId,
        policy_version: PolicyVersionId,
        rule: String,
    },
    /// A stage's deadline passed; `outcome` is what the policy says then: `remind`, `escalate`, `reassign` or `expire`.
    StageOverdue {
        request: RequestId,
        item: ItemId,
        stage: StageId,
        role: RoleId,
        beneficiary: IdentityId,
        outcome: String,
    },
    /// Those who wait reminded those who can decide a stage.
    StageNudged { request: RequestId, item: ItemId, stage: StageId, role: RoleId, beneficiary: IdentityId },
    /// Those who wait moved a stage on to others who can decide it, beside those who could before or in somebody's place.
    StageMovedOn {
        request: RequestId,
        item: ItemId,
        stage: StageId,
        role: RoleId,
        beneficiary: IdentityId,
        to: Vec<IdentityId>,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        instead_of: Vec<IdentityId>,
    },
    /// Somebody lets somebody else decide for them, for a while.
    DelegationCreated {
        delegation: DelegationId,
        from: IdentityId,
        to: IdentityId,
        starts_at: Instant,
        ends_at: Instant,
        limits: String,
    },
    /// A delegation was ended before its time, by whoever made it or by an administrator.
    DelegationEnded { delegation: DelegationId, from: IdentityId, to: IdentityId },
    /// Somebody tried to decide and was refused, for the reason that `code` names.
    DecisionRefused { item: ItemId, role: RoleId, beneficiary: IdentityId, code: String },
    /// The requester took it back.
    ItemWithdrawn { request: RequestId, item: ItemId, role: RoleId, beneficiary: IdentityId },
    /// The requester asked again, with `by`, which replaces it.
    ItemSuperseded { request: RequestId, item: ItemId, role: RoleId, beneficiary: IdentityId, by: RequestId },
    /// Nobody decided in time.
    ItemLapsed { request: RequestId, item: ItemId, role: RoleId, beneficiary: IdentityId },
    /// It can't happen any more.
    ItemCancelled { request: RequestId, item: ItemId, role: RoleId, beneficiary: IdentityId, why: String },
    /// Somebody wrote about an item, from the side that asks or from the side that decides.
    MessageWritten {
        request: RequestId,
        item: ItemId,
        role: RoleId,
        beneficiary: IdentityId,
        message: MessageId,
        side: MessageSide,
    },
    /// An approver approves for less time than was asked for; seconds.
    ItemShortened { request: RequestId, item: ItemId, role: RoleId, beneficiary: IdentityId, from: i64, to: i64 },
    /// An approver gave their seat in an open stage to somebody else.
    ItemHandedOver { request: RequestId, item: ItemId, stage: StageId, from: IdentityId, to: IdentityId },
    /// The role's owner or an administrator put somebody among those who decide an open stage, perhaps in somebody's place.
    ApproverAdded {
        request: RequestId,
        item: ItemId,
        stage: StageId,
        approver: IdentityId,
        instead_of: Option<IdentityId>,
    },

    // --- wishes in words ---
    /// The files say who answers wishes in words, as rules such as `group:it-desk`, and within which time.
    WishRuleApplied { approvers: Vec<String>, fallback: Option<String>, within: String },
    /// The files say no longer who answers wishes in words.
    WishRuleRetired {},
    /// Somebody wished for something that isn't in the catalog.
    WishMade { wish: WishId, reference: String, wisher: IdentityId },
    /// For whom a wish waits changed: those who answer, or whoever should own the new role; nobody once it is closed.
    WishWaits { wish: WishId, wisher: IdentityId, approvers: Vec<StageApprover> },
    /// A wish was answered with a role that is there.
    WishAnswered { wish: WishId, wisher: IdentityId, role: RoleId, on_behalf_of: Option<IdentityId> },
    /// A wish was answered with a new role, which `owner` has to agree to.
    WishRoleProposed { wish: WishId, wisher: IdentityId, owner: IdentityId, on_behalf_of: Option<IdentityId> },
    /// Whoever should own the new role agreed, or didn't; then the wish waits for another answer.
    WishProposalDecided { wish: WishId, wisher: IdentityId, owner: IdentityId, accepted: bool },
    /// A wish was refused.
    WishRefused { wish: WishId, wisher: IdentityId, on_behalf_of: Option<IdentityId> },
    /// A wish was taken back, or its wisher left: `because` is `withdrawn` or `left`.
    WishWithdrawn { wish: WishId, wisher: IdentityId, because: String },
    /// A wish wasn't answered in time; those who answer were reminded.
    WishOverdue { wish: WishId, wisher: IdentityId },

    // --- holding ---
    /// An identity holds a role, from a time on and until a time.
    GrantCreated {
        grant: GrantId,
        identity: IdentityId,
        role: RoleId,
        role_version: RoleVersionId,
        origin: GrantOrigin,
        item: Option<ItemId>,
        starts_at: Instant,
        ends_at: Option<Instant>,
        #[serde(default, skip_serializing_if = "GrantKind::is_standing")]
        grant_kind: GrantKind,
        /// It is a trial: until when it lasts if its holder keeps it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        full_ends_at: Option<Instant>,
    },
    /// Its holder keeps what they had on trial.
    TrialKept { grant: GrantId, identity: IdentityId, role: RoleId, ends_at: Instant },
    /// A grant's start has come.
    GrantStarted { grant: GrantId, identity: IdentityId, role: RoleId },
    /// A grant ended.
    GrantEnded { grant: GrantId, identity: IdentityId, role: RoleId, reason: GrantEnd },
    /// A grant follows a new version of its role.
    GrantMoved { grant: GrantId, identity: IdentityId, role: RoleId, role_version: RoleVersionId },

    // --- emergencies ---
    /// Somebody took a role in an emergency, and a review of it falls due.
    BreakGlassTaken {
        review: BreakGlassReviewId,
        grant: GrantId,
        identity: IdentityId,
        role: RoleId,
        item: Option<ItemId>,
        due_at: Instant,
        told: Vec<IdentityId>,
    },
    /// Somebody wanted to take a role in an emergency and may not.
    BreakGlassRefused { identity: IdentityId, role: RoleId, code: String },
    /// Whoever took it says what they did with it.
    BreakGlassReported { review: BreakGlassReviewId, grant: GrantId, identity: IdentityId, role: RoleId },
    /// Nobody has reviewed it in time.
    BreakGlassReviewOverdue { review: BreakGlassReviewId, grant: GrantId, identity: IdentityId, role: RoleId },
    /// Somebody else reviewed it.
    BreakGlassReviewed {
        review: BreakGlassReviewId,
        grant: GrantId,
        identity: IdentityId,
        role: RoleId,
        needed: Needed,
    },

    // --- sources and their calls ---
    /// The files say anew what a source may open.
    CallSourceApplied { source: String, version: i64, hash: String },
    /// A source is not in the files any more: its calls are refused.
    CallSourceRetired { source: String },
    /// A source said that a shift or the work on a ticket began; these grants came of it, none where all were there already.
    CallInOpened { source: String, identity: IdentityId, roles: Vec<RoleId>, grants: Vec<GrantId> },
    /// A source said that it is over; these grants ended, none where nothing was open any more.
    CallInEnded { source: String, people: Vec<IdentityId>, roles: Vec<RoleId>, grants: Vec<GrantId> },
    /// A call was refused, for the reason that `code` names. The source is empty where it isn't known.
    CallInRefused { source: String, identity: Option<IdentityId>, role: Option<RoleId>, code: String },
    /// Nothing was heard from a source for too long; `ends` says whether what it opened ends now.
    CallSourceSilent { source: String, ends: bool },
    /// A silent source was heard again.
    CallSourceBack { source: String },

    // --- making it so ---
    /// An account is wanted on a system.
    AccountWanted { account: AccountId, identity: IdentityId, system: SystemId, desired: AccountState },
    /// What a system said about an account changed.
    AccountObserved { account: AccountId, identity: IdentityId, system: SystemId, observed: AccountState },
    /// What is wanted of an entitlement of an account changed.
    FulfilmentWanted {
        fulfilment: FulfilmentId,
        account: AccountId,
        identity: IdentityId,
        system: SystemId,
        entitlement: EntitlementId,
        desired: Presence,
        generation: i64,
    },
    /// The system was asked and it isn't so yet.
    FulfilmentFailed {
        fulfilment: FulfilmentId,
        identity: IdentityId,
        system: SystemId,
        entitlement: EntitlementId,
        desired: Presence,
        generation: i64,
        attempt: i64,
        outcome: Outcome,
    },
    /// Latchkey doesn't ask the system yet: the role needs an assurance that its holder's sign-in hasn't shown.
    FulfilmentWaits {
        fulfilment: FulfilmentId,
        identity: IdentityId,
        system: SystemId,
        entitlement: EntitlementId,
        grant: GrantId,
        generation: i64,
    },
    /// Latchkey doesn't ask the system: a rule keeps this apart from what its holder has otherwise.
    FulfilmentHeldBack {
        fulfilment: FulfilmentId,
        identity: IdentityId,
        system: SystemId,
        entitlement: EntitlementId,
        grant: GrantId,
        rule: SeparationRuleId,
        generation: i64,
    },
    /// The system said on read-back that it is so. `found` means that it was so before Latchkey asked.
    FulfilmentConfirmed {
        fulfilment: FulfilmentId,
        identity: IdentityId,
        system: SystemId,
        entitlement: EntitlementId,
        desired: Presence,
        generation: i64,
        found: bool,
    },
    /// Somebody asked for another attempt.
    FulfilmentRetried { fulfilment: FulfilmentId, identity: IdentityId, system: SystemId, entitlement: EntitlementId },
    /// Access that nobody here decided on was left in place: it was there before.
    FulfilmentKept { fulfilment: FulfilmentId, identity: IdentityId, system: SystemId, entitlement: EntitlementId },
    /// A whole system was compared with what was granted.
    SystemCompared { system: SystemId, pass: PassId, accounts: u64, holdings: u64, found: u64, gone: u64 },
    /// Something on a system that nobody here granted, or that was granted and is gone.
    DriftFound {
        drift: DriftId,
        system: SystemId,
        drift_kind: DriftKind,
        identity: Option<IdentityId>,
        entitlement: Option<EntitlementId>,
    },
    /// Somebody, or the system's rule, decided about it: it is to go, or it stays for a reason.
    DriftDecided {
        drift: DriftId,
        system: SystemId,
        drift_kind: DriftKind,
        identity: Option<IdentityId>,
        entitlement: Option<EntitlementId>,
        to: DriftState,
    },
    /// It is over.
    DriftEnded {
        drift: DriftId,
        system: SystemId,
        drift_kind: DriftKind,
        identity: Option<IdentityId>,
        entitlement: Option<EntitlementId>,
        how: DriftEnd,
    },
    /// A pass would have taken away more than it may by itself, and took nothing.
    BrakePulled { system: SystemId, pass: PassId, removals: u64, of: u64 },
    /// Somebody looked at it: it goes on, or it is called off.
    BrakeReleased { system: SystemId, pass: PassId, resumed: bool },
}

impl EventBody {
    /// The fixed word of what happened.
    #[must_use]
    pub fn kind(&self) -> String {
        serde_json::to_value(self)
            .ok()
            .and_then(|v| v.get("kind").and_then(|k| k.as_str().map(str::to_owned)))
            .unwrap_or_default()
    }

    /// What it is about: the keys that the log is searched by.
    #[must_use]
    pub fn subjects(&self) -> Vec<(SubjectKind, Uuid)> {
        use SubjectKind::{Grant, Identity, Item, Request, Role, System};
        match self {
            Self::InstallationStarted { .. }
            | Self::RestoreDetected { .. }
            | Self::RestoreConfirmed { .. }
            | Self::CatalogApplied { .. }
            | Self::PeopleImported { .. }
            | Self::PolicyVersionAdded { .. }
            | Self::PolicyRetired { .. }
            | Self::GroupRetired { .. }
            | Self::SeparationRuleVersionAdded { .. }
            | Self::SeparationRuleRetired { .. }
            | Self::ForeignChangeRefused { .. } => vec![],
            Self::ConditionFailed { role, beneficiary } => vec![(Role, role.0), (Identity, beneficiary.0)],
            Self::GroupApplied { members, .. } => members.iter().map(|m| (Identity, m.0)).collect(),
            Self::DelegationCreated { from, to, .. } | Self::DelegationEnded { from, to, .. } => {
                vec![(Identity, from.0), (Identity, to.0)]
            }
            Self::SeparationOwnerChanged { from, to, .. } => from.iter().chain([to]).map(|i| (Identity, i.0)).collect(),
            Self::SeparationExceptionGranted { identity, owner, .. } => {
                let mut all = vec![(Identity, identity.0), (Identity, owner.0)];
                all.dedup();
                all
            }
            Self::SeparationExceptionEnded { identity, .. } => vec![(Identity, identity.0)],
            Self::SeparationStageAdded { item, .. } => vec![(Item, item.0)],
            Self::AdministratorAdded { identity, grant } => vec![(Identity, identity.0), (Grant, grant.0)],
            Self::SystemApplied { system, owner, .. } => {
                let mut all = vec![(System, system.0)];
                all.extend(owner.map(|o| (Identity, o.0)));
                all
            }
            Self::SystemRetired { system, .. }
            | Self::EntitlementApplied { system, .. }
            | Self::EntitlementRetired { system, .. } => vec![(System, system.0)],
            Self::RoleVersionAdded { role, .. } | Self::RoleRetired { role, .. } => vec![(Role, role.0)],
            Self::OwnerChanged { role, system, from, to } => {
                let mut all: Vec<_> = role.iter().map(|r| (Role, r.0)).collect();
                all.extend(system.iter().map(|s| (System, s.0)));
                all.extend([from, to].into_iter().flatten().map(|i| (Identity, i.0)));
                all
            }
            Self::OwnerSucceeded { role, system, from, to, .. } => {
                let mut all: Vec<_> = role.iter().map(|r| (Role, r.0)).collect();
                all.extend(system.iter().map(|s| (System, s.0)));
                all.extend([from, to].map(|i| (Identity, i.0)));
                all
            }
            Self::PersonAdded { identity, .. }
            | Self::PersonChanged { identity, .. }
            | Self::PersonStatusChanged { identity, .. }
            | Self::NoticePreferenceChanged { identity, .. }
            | Self::SignedIn { identity, .. }
            | Self::IdentityBound { identity, .. }
            | Self::SignedOut { identity, .. }
            | Self::SessionEnded { identity, .. } => vec![(Identity, identity.0)],
            Self::SignInRefused { identity, .. } => identity.iter().map(|i| (Identity, i.0)).collect(),
            Self::RequestSubmitted { request, requester, items, .. } => {
                let mut all = vec![(Request, request.0), (Identity, requester.0)];
                for item in items {
                    all.extend([(Item, item.item.0), (Role, item.role.0), (Identity, item.beneficiary.0)]);
                }
                all
            }
            Self::StageOpened { request, item, approvers, .. } => {
                let mut all = vec![(Request, request.0), (Item, item.0)];
                all.extend(approvers.iter().map(|a| (Identity, a.identity.0)));
                all
            }
            Self::ApproversChanged { item, approvers, .. } => {
                let mut all = vec![(Item, item.0)];
                all.extend(approvers.iter().map(|a| (Identity, a.identity.0)));
                all
            }
            Self::ItemDecided { request, item, role, beneficiary, on_behalf_of, .. } => {
                let mut all = vec![(Request, request.0), (Item, item.0), (Role, role.0), (Identity, beneficiary.0)];
                all.extend(on_behalf_of.map(|o| (Identity, o.0)));
                all
            }
            Self::DecisionRefused { item, role, beneficiary, .. } => {
                vec![(Item, item.0), (Role, role.0), (Identity, beneficiary.0)]
            }
            Self::ItemWithdrawn { request, item, role, beneficiary }
            | Self::ItemLapsed { request, item, role, beneficiary }
            | Self::ItemApprovedByRule { request, item, role, beneficiary, .. }
            | Self::StageOverdue { request, item, role, beneficiary, .. }
            | Self::StageNudged { request, item, role, beneficiary, .. }
            | Self::ItemCancelled { request, item, role, beneficiary, .. } => {
                vec![(Request, request.0), (Item, item.0), (Role, role.0), (Identity, beneficiary.0)]
            }
            Self::MessageWritten { request, item, role, beneficiary, .. }
            | Self::ItemShortened { request, item, role, beneficiary, .. } => {
                vec![(Request, request.0), (Item, item.0), (Role, role.0), (Identity, beneficiary.0)]
            }
            Self::StageMovedOn { request, item, role, beneficiary, to, instead_of, .. } => {
                let mut all = vec![(Request, request.0), (Item, item.0), (Role, role.0), (Identity, beneficiary.0)];
                all.extend(to.iter().chain(instead_of).map(|i| (Identity, i.0)));
                all
            }
            Self::ItemHandedOver { request, item, from, to, .. } => {
                vec![(Request, request.0), (Item, item.0), (Identity, from.0), (Identity, to.0)]
            }
            Self::ItemSuperseded { request, item, role, beneficiary, by } => {
                vec![(Request, request.0), (Request, by.0), (Item, item.0), (Role, role.0), (Identity, beneficiary.0)]
            }
            Self::ApproverAdded { request, item, approver, instead_of, .. } => {
                let mut all = vec![(Request, request.0), (Item, item.0), (Identity, approver.0)];
                all.extend(instead_of.map(|i| (Identity, i.0)));
                all
            }
            Self::GrantCreated { grant, identity, role, item, grant_kind, .. } => {
                let mut all = vec![(Grant, grant.0), (Identity, identity.0), (Role, role.0)];
                all.extend(item.map(|i| (Item, i.0)));
                all.extend(grant_kind.activates().map(|right| (Grant, right.0)));
                all
            }
            Self::BreakGlassTaken { grant, identity, role, item, .. } => {
                let mut all = vec![(Grant, grant.0), (Identity, identity.0), (Role, role.0)];
                all.extend(item.map(|i| (Item, i.0)));
                all
            }
            Self::BreakGlassRefused { identity, role, .. } => vec![(Identity, identity.0), (Role, role.0)],
            Self::BreakGlassReported { grant, identity, role, .. }
            | Self::BreakGlassReviewOverdue { grant, identity, role, .. }
            | Self::BreakGlassReviewed { grant, identity, role, .. } => {
                vec![(Grant, grant.0), (Identity, identity.0), (Role, role.0)]
            }
            Self::WishRuleApplied { .. }
            | Self::WishRuleRetired {}
            | Self::CallSourceApplied { .. }
            | Self::CallSourceRetired { .. }
            | Self::CallSourceSilent { .. }
            | Self::CallSourceBack { .. } => vec![],
            Self::CallInOpened { identity, roles, grants, .. } => {
                let mut all = vec![(Identity, identity.0)];
                all.extend(roles.iter().map(|r| (Role, r.0)));
                all.extend(grants.iter().map(|g| (Grant, g.0)));
                all
            }
            Self::CallInEnded { people, roles, grants, .. } => {
                let mut all: Vec<_> = people.iter().map(|p| (Identity, p.0)).collect();
                all.extend(roles.iter().map(|r| (Role, r.0)));
                all.extend(grants.iter().map(|g| (Grant, g.0)));
                all
            }
            Self::CallInRefused { identity, role, .. } => {
                let mut all: Vec<_> = identity.iter().map(|i| (Identity, i.0)).collect();
                all.extend(role.iter().map(|r| (Role, r.0)));
                all
            }
            Self::WishMade { wisher, .. } | Self::WishWithdrawn { wisher, .. } | Self::WishOverdue { wisher, .. } => {
                vec![(Identity, wisher.0)]
            }
            Self::WishWaits { wisher, approvers, .. } => {
                let mut all = vec![(Identity, wisher.0)];
                all.extend(approvers.iter().map(|a| (Identity, a.identity.0)));
                all
            }
            Self::WishAnswered { wisher, role, .. } => vec![(Identity, wisher.0), (Role, role.0)],
            Self::WishRefused { wisher, .. } => vec![(Identity, wisher.0)],
            Self::WishRoleProposed { wisher, owner, .. } | Self::WishProposalDecided { wisher, owner, .. } => {
                vec![(Identity, wisher.0), (Identity, owner.0)]
            }
            Self::GrantStarted { grant, identity, role }
            | Self::GrantEnded { grant, identity, role, .. }
            | Self::TrialKept { grant, identity, role, .. }
            | Self::GrantMoved { grant, identity, role, .. } => {
                vec![(Grant, grant.0), (Identity, identity.0), (Role, role.0)]
            }
            Self::FulfilmentWaits { identity, system, grant, .. }
            | Self::FulfilmentHeldBack { identity, system, grant, .. } => {
                vec![(Identity, identity.0), (System, system.0), (Grant, grant.0)]
            }
            Self::AccountWanted { identity, system, .. }
            | Self::AccountObserved { identity, system, .. }
            | Self::FulfilmentWanted { identity, system, .. }
            | Self::FulfilmentFailed { identity, system, .. }
            | Self::FulfilmentConfirmed { identity, system, .. }
            | Self::FulfilmentRetried { identity, system, .. }
            | Self::FulfilmentKept { identity, system, .. } => {
                vec![(Identity, identity.0), (System, system.0)]
            }
            Self::SystemCompared { system, .. }
            | Self::BrakePulled { system, .. }
            | Self::BrakeReleased { system, .. } => vec![(System, system.0)],
            Self::DriftFound { system, identity, .. }
            | Self::DriftDecided { system, identity, .. }
            | Self::DriftEnded { system, identity, .. } => {
                identity.iter().map(|i| (Identity, i.0)).chain([(System, system.0)]).collect()
            }
        }
    }
}

/// An event that is about to be written, with the personal text that stands beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEvent {
    /// Who did it.
    pub actor: ActorRef,
    /// What happened.
    pub body: EventBody,
    /// Personal text by name: `reason`, `comment`, `name`, `words`.
    pub texts: Vec<(&'static str, String)>,
}

impl NewEvent {
    /// An event without personal text.
    #[must_use]
    pub const fn new(actor: ActorRef, body: EventBody) -> Self {
        Self { actor, body, texts: Vec::new() }
    }

    /// Adds personal text; an empty one is left out.
    #[must_use]
    pub fn text(mut self, name: &'static str, text: impl Into<String>) -> Self {
        let text = text.into();
        if !text.is_empty() {
            self.texts.push((name, text));
        }
        self
    }
}

/// The form in which an event's bytes are written and read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Envelope {
    /// The version of this form.
    pub v: u32,
    /// The event's id.
    pub id: EventId,
    /// When it was recorded.
    pub at: Instant,
    /// Who did it.
    pub actor: ActorRef,
    /// What happened.
    pub body: EventBody,
    /// Salted SHA-256 of each personal text beside the event, in hexadecimal.
    #[serde(default, skip_serializing_if = "std::collections::BTreeMap::is_empty")]
    pub texts: std::collections::BTreeMap<String, String>,
    /// The hash of the catalog that was in force, where one was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub catalog: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_keeps_its_word_and_survives_a_round_trip() {
        let at = Instant::from_timestamp(1_700_000_000, 0).unwrap();
        let body = EventBody::GrantEnded {
            grant: GrantId::new(at),
            identity: IdentityId::new(at),
            role: RoleId::new(at),
            reason: GrantEnd::Expired,
        };
        assert_eq!(body.kind(), "grant_ended");
        let text = serde_json::to_string(&body).unwrap();
        assert_eq!(serde_json::from_str::<EventBody>(&text).unwrap(), body);
        assert_eq!(body.subjects().len(), 3);
    }
}
