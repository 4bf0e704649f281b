//! The groups of actions that a reader filters by.

use latchkey_domain::event::EventBody;

/// A group of kinds of event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Group {
    /// Sign-ins, sessions, changes from elsewhere.
    SigningIn,
    /// Requests from submission to their end without a decision.
    Asking,
    /// Steps, approvers and decisions.
    Deciding,
    /// Grants.
    Access,
    /// Roles that were taken in an emergency, and their reviews.
    Emergencies,
    /// Rules that keep duties apart, and exceptions from them.
    Separation,
    /// Accounts and entitlements on the systems.
    Systems,
    /// The catalog and its owners.
    Files,
    /// People and their status.
    People,
    /// The installation itself.
    Installation,
}

impl Group {
    /// Every group, in the order in which it is offered.
    pub const ALL: &'static [Self] = &[
        Self::SigningIn,
        Self::Asking,
        Self::Deciding,
        Self::Access,
        Self::Emergencies,
        Self::Separation,
        Self::Systems,
        Self::Files,
        Self::People,
        Self::Installation,
    ];

    /// The word in an address.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::SigningIn => "signing-in",
            Self::Asking => "asking",
            Self::Deciding => "deciding",
            Self::Access => "access",
            Self::Emergencies => "emergencies",
            Self::Separation => "separation",
            Self::Systems => "systems",
            Self::Files => "files",
            Self::People => "people",
            Self::Installation => "installation",
        }
    }

    /// The group in plain words.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::SigningIn => "Signing in",
            Self::Asking => "Asking",
            Self::Deciding => "Deciding",
            Self::Access => "Access",
            Self::Emergencies => "Emergencies",
            Self::Separation => "Separation of duties",
            Self::Systems => "Systems",
            Self::Files => "Files",
            Self::People => "People",
            Self::Installation => "Installation",
        }
    }

    /// What belongs to it, in a line.
    #[must_use]
    pub const fn hint(self) -> &'static str {
        match self {
            Self::SigningIn => "Sign-ins, refusals, sessions",
            Self::Asking => "Requests, wishes in words, withdrawals, messages, requests that nobody decided",
            Self::Deciding => "Who can decide, and what they decided",
            Self::Access => "Roles that people hold, from when to when, and what shifts and tickets opened",
            Self::Emergencies => "Roles that were taken at once, and their reviews",
            Self::Separation => "Rules that keep duties apart, and exceptions from them",
            Self::Systems => "Accounts and permissions on the systems",
            Self::Files => "The catalog, its policies, sources and owners",
            Self::People => "People who come, change and go, and how they are told",
            Self::Installation => "Set-up, backup and restore",
        }
    }

    /// Reads [`Group::word`].
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|g| g.word() == word)
    }

    /// The group of an event.
    #[must_use]
    pub const fn of(body: &EventBody) -> Self {
        match body {
            EventBody::InstallationStarted { .. }
            | EventBody::RestoreDetected { .. }
            | EventBody::RestoreConfirmed { .. } => Self::Installation,
            EventBody::WishRuleApplied { .. }
            | EventBody::WishRuleRetired { .. }
            | EventBody::CallSourceApplied { .. }
            | EventBody::CallSourceRetired { .. }
            | EventBody::CatalogApplied { .. }
            | EventBody::PeopleImported { .. }
            | EventBody::SystemApplied { .. }
            | EventBody::SystemRetired { .. }
            | EventBody::EntitlementApplied { .. }
            | EventBody::EntitlementRetired { .. }
            | EventBody::PolicyVersionAdded { .. }
            | EventBody::RoleVersionAdded { .. }
            | EventBody::RoleRetired { .. }
            | EventBody::PolicyRetired { .. }
            | EventBody::GroupApplied { .. }
            | EventBody::GroupRetired { .. }
            | EventBody::OwnerChanged { .. }
            | EventBody::OwnerSucceeded { .. } => Self::Files,
            EventBody::PersonAdded { .. }
            | EventBody::PersonChanged { .. }
            | EventBody::PersonStatusChanged { .. }
            | EventBody::NoticePreferenceChanged { .. } => Self::People,
            EventBody::SignedIn { .. }
            | EventBody::SignInRefused { .. }
            | EventBody::IdentityBound { .. }
            | EventBody::SignedOut { .. }
            | EventBody::SessionEnded { .. }
            | EventBody::ForeignChangeRefused { .. } => Self::SigningIn,
            EventBody::WishMade { .. }
            | EventBody::WishWaits { .. }
            | EventBody::WishAnswered { .. }
            | EventBody::WishRoleProposed { .. }
            | EventBody::WishProposalDecided { .. }
            | EventBody::WishRefused { .. }
            | EventBody::WishWithdrawn { .. }
            | EventBody::WishOverdue { .. }
            | EventBody::RequestSubmitted { .. }
            | EventBody::ItemWithdrawn { .. }
            | EventBody::ItemSuperseded { .. }
            | EventBody::ItemLapsed { .. }
            | EventBody::ItemCancelled { .. }
            | EventBody::MessageWritten { .. } => Self::Asking,
            EventBody::StageOpened { .. }
            | EventBody::ApproversChanged { .. }
            | EventBody::ItemDecided { .. }
            | EventBody::ItemApprovedByRule { .. }
            | EventBody::StageOverdue { .. }
            | EventBody::ConditionFailed { .. }
            | EventBody::DelegationCreated { .. }
            | EventBody::DelegationEnded { .. }
            | EventBody::ItemShortened { .. }
            | EventBody::StageNudged { .. }
            | EventBody::StageMovedOn { .. }
            | EventBody::ItemHandedOver { .. }
            | EventBody::ApproverAdded { .. }
            | EventBody::DecisionRefused { .. } => Self::Deciding,
            EventBody::CallInOpened { .. }
            | EventBody::CallInEnded { .. }
            | EventBody::CallInRefused { .. }
            | EventBody::CallSourceSilent { .. }
            | EventBody::CallSourceBack { .. }
            | EventBody::AdministratorAdded { .. }
            | EventBody::GrantCreated { .. }
            | EventBody::GrantStarted { .. }
            | EventBody::TrialKept { .. }
            | EventBody::GrantEnded { .. }
            | EventBody::GrantMoved { .. } => Self::Access,
            EventBody::BreakGlassTaken { .. }
            | EventBody::BreakGlassRefused { .. }
            | EventBody::BreakGlassReported { .. }
            | EventBody::BreakGlassReviewOverdue { .. }
            | EventBody::BreakGlassReviewed { .. } => Self::Emergencies,
            EventBody::SeparationRuleVersionAdded { .. }
            | EventBody::SeparationRuleRetired { .. }
            | EventBody::SeparationOwnerChanged { .. }
            | EventBody::SeparationExceptionGranted { .. }
            | EventBody::SeparationExceptionEnded { .. }
            | EventBody::SeparationStageAdded { .. } => Self::Separation,
            EventBody::AccountWanted { .. }
            | EventBody::AccountObserved { .. }
            | EventBody::FulfilmentWanted { .. }
            | EventBody::FulfilmentFailed { .. }
            | EventBody::FulfilmentWaits { .. }
            | EventBody::FulfilmentHeldBack { .. }
            | EventBody::FulfilmentConfirmed { .. }
            | EventBody::FulfilmentRetried { .. }
            | EventBody::FulfilmentKept { .. }
            | EventBody::SystemCompared { .. }
            | EventBody::DriftFound { .. }
            | EventBody::DriftDecided { .. }
            | EventBody::DriftEnded { .. }
            | EventBody::BrakePulled { .. }
            | EventBody::BrakeReleased { .. } => Self::Systems,
        }
    }

    /// The fixed words of its kinds. A test holds that each kind is in exactly the group that [`Group::of`] says.
    #[must_use]
    pub const fn kinds(self) -> &'static [&'static str] {
        match self {
            Self::Installation => &["installation_started", "restore_detected", "restore_confirmed"],
            Self::Files => &[
                "wish_rule_applied",
                "wish_rule_retired",
                "call_source_applied",
                "call_source_retired",
                "catalog_applied",
                "people_imported",
                "system_applied",
                "system_retired",
                "entitlement_applied",
                "entitlement_retired",
                "policy_version_added",
                "role_version_added",
                "role_retired",
                "policy_retired",
                "group_applied",
                "group_retired",
                "owner_changed",
                "owner_succeeded",
            ],
            Self::People => &["person_added", "person_changed", "person_status_changed", "notice_preference_changed"],
            Self::SigningIn => &[
                "signed_in",
                "sign_in_refused",
                "identity_bound",
                "signed_out",
                "session_ended",
                "foreign_change_refused",
            ],
            Self::Asking => &[
                "request_submitted",
                "item_withdrawn",
                "item_superseded",
                "item_lapsed",
                "item_cancelled",
                "message_written",
                "wish_made",
                "wish_waits",
                "wish_answered",
                "wish_role_proposed",
                "wish_proposal_decided",
                "wish_refused",
                "wish_withdrawn",
                "wish_overdue",
            ],
            Self::Deciding => &[
                "stage_opened",
                "approvers_changed",
                "item_decided",
                "item_approved_by_rule",
                "stage_overdue",
                "condition_failed",
                "delegation_created",
                "delegation_ended",
                "item_shortened",
                "stage_nudged",
                "stage_moved_on",
                "item_handed_over",
                "approver_added",
                "decision_refused",
            ],
            Self::Access => &[
                "administrator_added",
                "grant_created",
                "grant_started",
                "trial_kept",
                "grant_ended",
                "grant_moved",
                "call_in_opened",
                "call_in_ended",
                "call_in_refused",
                "call_source_silent",
                "call_source_back",
            ],
            Self::Emergencies => &[
                "break_glass_taken",
                "break_glass_refused",
                "break_glass_reported",
                "break_glass_review_overdue",
                "break_glass_reviewed",
            ],
            Self::Separation => &[
                "separation_rule_version_added",
                "separation_rule_retired",
                "separation_owner_changed",
                "separation_exception_granted",
                "separation_exception_ended",
                "separation_stage_added",
            ],
            Self::Systems => &[
                "account_wanted",
                "account_observed",
                "fulfilment_wanted",
                "fulfilment_failed",
                "fulfilment_waits",
                "fulfilment_held_back",
                "fulfilment_confirmed",
                "fulfilment_retried",
                "fulfilment_kept",
                "system_compared",
                "drift_found",
                "drift_decided",
                "drift_ended",
                "brake_pulled",
                "brake_released",
            ],
        }
    }
}
