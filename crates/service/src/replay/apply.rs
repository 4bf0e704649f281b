//! What each kind of event changes.

use latchkey_domain::{
    AccountId, EntitlementId, FulfilmentId, GrantId, IdentityId, ItemId, RoleId,
    account::AccountState,
    event::{Envelope, EventBody},
    fulfilment::{Outcome, Presence, Progress},
    grant::{GrantEnd, GrantState},
    item::{ItemState, Verdict},
};

use super::{Account, Fulfilment, Grant, Item, Owned, Person, Role, State};

impl State {
    /// The state after one more event.
    pub fn apply(&mut self, event: &Envelope) {
        if let Err(gap) = self.try_apply(event) {
            self.gaps.push(format!("{} {}: {gap}", event.body.kind(), event.id));
        }
    }

    fn try_apply(&mut self, event: &Envelope) -> Result<(), &'static str> {
        match &event.body {
            EventBody::PersonAdded { .. } | EventBody::PersonChanged { .. } | EventBody::PersonStatusChanged { .. } => {
                self.person(&event.body)
            }
            EventBody::SystemApplied { .. }
            | EventBody::RoleVersionAdded { .. }
            | EventBody::RoleRetired { .. }
            | EventBody::OwnerChanged { .. }
            | EventBody::OwnerSucceeded { .. } => self.catalog(&event.body),
            EventBody::SeparationRuleVersionAdded { .. }
            | EventBody::SeparationRuleRetired { .. }
            | EventBody::SeparationOwnerChanged { .. }
            | EventBody::SeparationExceptionGranted { .. }
            | EventBody::SeparationExceptionEnded { .. }
            | EventBody::SeparationStageAdded { .. } => self.separation(&event.body),
            EventBody::RequestSubmitted { .. }
            | EventBody::StageOpened { .. }
            | EventBody::ItemDecided { .. }
            | EventBody::ItemApprovedByRule { .. }
            | EventBody::ItemWithdrawn { .. }
            | EventBody::ItemSuperseded { .. }
            | EventBody::ItemLapsed { .. }
            | EventBody::ItemCancelled { .. } => self.asking(&event.body),
            EventBody::GrantCreated { .. }
            | EventBody::GrantStarted { .. }
            | EventBody::TrialKept { .. }
            | EventBody::GrantEnded { .. }
            | EventBody::GrantMoved { .. } => self.holding(event),
            EventBody::BreakGlassTaken { .. }
            | EventBody::BreakGlassReported { .. }
            | EventBody::BreakGlassReviewOverdue { .. }
            | EventBody::BreakGlassReviewed { .. } => self.break_glass(&event.body),
            EventBody::AccountWanted { .. } | EventBody::AccountObserved { .. } => self.account(&event.body),
            EventBody::FulfilmentWanted { .. }
            | EventBody::FulfilmentFailed { .. }
            | EventBody::FulfilmentWaits { .. }
            | EventBody::FulfilmentHeldBack { .. }
            | EventBody::FulfilmentConfirmed { .. }
            | EventBody::FulfilmentRetried { .. }
            | EventBody::FulfilmentKept { .. } => self.fulfilment(&event.body),
            // These change nothing that is compared: what follows from them has events of its own.
            EventBody::InstallationStarted { .. }
            | EventBody::RestoreDetected { .. }
            | EventBody::RestoreConfirmed { .. }
            | EventBody::AdministratorAdded { .. }
            | EventBody::CatalogApplied { .. }
            | EventBody::PeopleImported { .. }
            | EventBody::SystemRetired { .. }
            | EventBody::EntitlementApplied { .. }
            | EventBody::EntitlementRetired { .. }
            | EventBody::PolicyVersionAdded { .. }
            | EventBody::PolicyRetired { .. }
            | EventBody::ConditionFailed { .. }
            | EventBody::GroupApplied { .. }
            | EventBody::GroupRetired { .. }
            | EventBody::BreakGlassRefused { .. }
            | EventBody::CallSourceApplied { .. }
            | EventBody::CallSourceRetired { .. }
            | EventBody::CallInOpened { .. }
            | EventBody::CallInEnded { .. }
            | EventBody::CallInRefused { .. }
            | EventBody::CallSourceSilent { .. }
            | EventBody::CallSourceBack { .. }
            | EventBody::SystemCompared { .. }
            | EventBody::DriftFound { .. }
            | EventBody::DriftDecided { .. }
            | EventBody::DriftEnded { .. }
            | EventBody::BrakePulled { .. }
            | EventBody::BrakeReleased { .. }
            | EventBody::StageOverdue { .. }
            | EventBody::DelegationCreated { .. }
            | EventBody::DelegationEnded { .. }
            | EventBody::SignedIn { .. }
            | EventBody::SignInRefused { .. }
            | EventBody::IdentityBound { .. }
            | EventBody::SignedOut { .. }
            | EventBody::SessionEnded { .. }
            | EventBody::ForeignChangeRefused { .. }
            | EventBody::ApproversChanged { .. }
            | EventBody::StageNudged { .. }
            | EventBody::StageMovedOn { .. }
            | EventBody::NoticePreferenceChanged { .. }
            | EventBody::MessageWritten { .. }
            | EventBody::WishRuleApplied { .. }
            | EventBody::WishRuleRetired { .. }
            | EventBody::WishMade { .. }
            | EventBody::WishWaits { .. }
            | EventBody::WishAnswered { .. }
            | EventBody::WishRoleProposed { .. }
            | EventBody::WishProposalDecided { .. }
            | EventBody::WishRefused { .. }
            | EventBody::WishWithdrawn { .. }
            | EventBody::WishOverdue { .. }
            | EventBody::ItemShortened { .. }
            | EventBody::ItemHandedOver { .. }
            | EventBody::ApproverAdded { .. }
            | EventBody::DecisionRefused { .. } => Ok(()),
        }
    }

    fn person(&mut self, body: &EventBody) -> Result<(), &'static str> {
        match body {
            EventBody::PersonAdded { identity, status, manager } => {
                let before = self.people.insert(*identity, Person { status: *status, manager: *manager });
                if before.is_some() { Err("the person was known already") } else { Ok(()) }
            }
            EventBody::PersonChanged { identity, manager, .. } => {
                self.known_person(*identity)?.manager = *manager;
                Ok(())
            }
            EventBody::PersonStatusChanged { identity, from, to } => {
                let person = self.known_person(*identity)?;
                let fits = person.status == *from;
                person.status = *to;
                if fits { Ok(()) } else { Err("the person had another status before") }
            }
            _ => Ok(()),
        }
    }

    fn known_person(&mut self, id: IdentityId) -> Result<&mut Person, &'static str> {
        self.people.get_mut(&id).ok_or("no event added this person")
    }

    fn catalog(&mut self, body: &EventBody) -> Result<(), &'static str> {
        match body {
            EventBody::SystemApplied { system, owner, .. } => {
                self.own(Owned::System(*system), *owner);
                Ok(())
            }
            EventBody::RoleVersionAdded { role, role_version, version, entitlements, .. } => {
                let entitlements = entitlements.iter().copied().collect();
                let known = self.roles.get(role).map_or(0, |r| r.version);
                if *version <= known {
                    return Err("a later version of the role was there already");
                }
                self.roles.insert(*role, Role { id: *role_version, version: *version, entitlements, retired: false });
                Ok(())
            }
            EventBody::RoleRetired { role, .. } => {
                self.roles.get_mut(role).ok_or("no event added this role")?.retired = true;
                Ok(())
            }
            EventBody::OwnerChanged { role, system, to, .. } => {
                if let Some(role) = role {
                    self.own(Owned::Role(*role), *to);
                }
                if let Some(system) = system {
                    self.own(Owned::System(*system), *to);
                }
                Ok(())
            }
            EventBody::OwnerSucceeded { role, system, from, to, .. } => {
                let owned = role.map(Owned::Role).or_else(|| system.map(Owned::System));
                let owned = owned.ok_or("neither a role nor a system is named")?;
                let before = self.owners.insert(owned, *to);
                if before.is_none_or(|before| before == *from) { Ok(()) } else { Err("somebody else owned it before") }
            }
            _ => Ok(()),
        }
    }

    fn own(&mut self, owned: Owned, owner: Option<IdentityId>) {
        match owner {
            Some(owner) => self.owners.insert(owned, owner),
            None => self.owners.remove(&owned),
        };
    }

    fn asking(&mut self, body: &EventBody) -> Result<(), &'static str> {
        match body {
            EventBody::RequestSubmitted { request, items, .. } => {
                for item in items {
                    let (role, beneficiary) = (item.role, item.beneficiary);
                    let new = Item { request: *request, role, beneficiary, state: ItemState::Waiting, stage: 0 };
                    if self.items.insert(item.item, new).is_some() {
                        return Err("the item was submitted already");
                    }
                }
                Ok(())
            }
            EventBody::StageOpened { item, position, .. } => {
                let item = self.waiting(*item)?;
                item.stage = item.stage.max(*position);
                Ok(())
            }
            EventBody::ItemDecided { item, verdict, final_stage, .. } => match (verdict, final_stage) {
                (Verdict::Approve, true) => self.end_item(*item, ItemState::Approved),
                (Verdict::Deny, _) => self.end_item(*item, ItemState::Denied),
                // The next stage's own event says where it went.
                (Verdict::Approve, false) => self.waiting(*item).map(|_| ()),
            },
            EventBody::ItemApprovedByRule { item, .. } => self.end_item(*item, ItemState::Approved),
            EventBody::ItemWithdrawn { item, .. } | EventBody::ItemSuperseded { item, .. } => {
                self.end_item(*item, ItemState::Withdrawn)
            }
            EventBody::ItemLapsed { item, .. } => self.end_item(*item, ItemState::Lapsed),
            EventBody::ItemCancelled { item, .. } => self.end_item(*item, ItemState::Cancelled),
            _ => Ok(()),
        }
    }

    fn waiting(&mut self, id: ItemId) -> Result<&mut Item, &'static str> {
        let item = self.items.get_mut(&id).ok_or("no event submitted this item")?;
        if item.state == ItemState::Waiting { Ok(item) } else { Err("the item had ended already") }
    }

    fn end_item(&mut self, id: ItemId, state: ItemState) -> Result<(), &'static str> {
        self.waiting(id)?.state = state;
        Ok(())
    }

    fn holding(&mut self, event: &Envelope) -> Result<(), &'static str> {
        match &event.body {
            EventBody::GrantCreated { grant, identity, role, role_version, starts_at, ends_at, grant_kind, .. } => {
                let new = Grant {
                    role: *role,
                    role_version: *role_version,
                    state: GrantState::at_start(*grant_kind, *starts_at, event.at),
                    starts_at: *starts_at,
                    ends_at: *ends_at,
                    end: None,
                    kind: *grant_kind,
                };
                let before = self.grants.entry(*identity).or_default().insert(*grant, new);
                if before.is_some() { Err("the grant was created already") } else { Ok(()) }
            }
            EventBody::GrantStarted { grant, identity, role } => {
                let grant = self.live_grant(*identity, *grant, *role)?;
                grant.state = grant.state.start(grant.kind).map_err(|_| "the grant had started already")?;
                Ok(())
            }
            EventBody::TrialKept { grant, identity, role, ends_at } => {
                self.live_grant(*identity, *grant, *role)?.ends_at = Some(*ends_at);
                Ok(())
            }
            EventBody::GrantEnded { grant, identity, role, reason } => {
                self.end_grant(*identity, *grant, *role, *reason)
            }
            EventBody::GrantMoved { grant, identity, role, role_version } => {
                self.live_grant(*identity, *grant, *role)?.role_version = *role_version;
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn live_grant(&mut self, who: IdentityId, id: GrantId, role: RoleId) -> Result<&mut Grant, &'static str> {
        let grant =
            self.grants.get_mut(&who).and_then(|g| g.get_mut(&id)).ok_or("no event gave this grant to this person")?;
        if grant.role != role {
            return Err("the grant is of another role");
        }
        if grant.state == GrantState::Ended { Err("the grant had ended already") } else { Ok(grant) }
    }

    fn end_grant(&mut self, who: IdentityId, id: GrantId, role: RoleId, reason: GrantEnd) -> Result<(), &'static str> {
        let grant = self.live_grant(who, id, role)?;
        grant.state = GrantState::Ended;
        grant.end = Some(reason);
        Ok(())
    }

    fn account(&mut self, body: &EventBody) -> Result<(), &'static str> {
        match body {
            EventBody::AccountWanted { account, identity, system, desired } => {
                let new =
                    Account { identity: *identity, system: *system, desired: *desired, observed: AccountState::Absent };
                let known = self.accounts.entry(*account).or_insert(new);
                known.desired = *desired;
                Ok(())
            }
            EventBody::AccountObserved { account, observed, .. } => {
                self.known_account(*account)?.observed = *observed;
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn known_account(&mut self, id: AccountId) -> Result<&mut Account, &'static str> {
        self.accounts.get_mut(&id).ok_or("no event wanted this account")
    }

    fn fulfilment(&mut self, body: &EventBody) -> Result<(), &'static str> {
        match body {
            EventBody::FulfilmentWanted { fulfilment, account, entitlement, desired, generation, .. } => {
                self.wanted(*fulfilment, *account, *entitlement, *desired, *generation)
            }
            EventBody::FulfilmentConfirmed { fulfilment, desired, generation, .. } => {
                let known = self.known_work(*fulfilment)?;
                if *generation < known.generation {
                    return Err("the confirmation is about an earlier wish");
                }
                known.desired = *desired;
                known.observed = *desired;
                known.generation = *generation;
                known.progress = Progress::Settled;
                Ok(())
            }
            EventBody::FulfilmentFailed { fulfilment, generation, outcome, .. } => {
                let known = self.known_work(*fulfilment)?;
                if *generation != known.generation {
                    return Err("the failure is about another wish");
                }
                known.progress = match outcome {
                    Outcome::RetryLater => Progress::Due,
                    Outcome::Refused => Progress::Refused,
                    Outcome::NeedsHuman => Progress::NeedsHuman,
                    Outcome::Done => return Err("a failure can't be done"),
                };
                Ok(())
            }
            EventBody::FulfilmentWaits { fulfilment, generation, .. }
            | EventBody::FulfilmentHeldBack { fulfilment, generation, .. } => {
                let known = self.known_work(*fulfilment)?;
                if *generation != known.generation {
                    return Err("the waiting is about another wish");
                }
                known.progress = Progress::Due;
                Ok(())
            }
            EventBody::FulfilmentRetried { fulfilment, .. } => {
                self.known_work(*fulfilment)?.progress = Progress::Due;
                Ok(())
            }
            EventBody::FulfilmentKept { fulfilment, .. } => {
                let known = self.known_work(*fulfilment)?;
                known.desired = Presence::Unknown;
                known.progress = Progress::Settled;
                known.generation += 1;
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn wanted(
        &mut self,
        id: FulfilmentId,
        account: AccountId,
        entitlement: EntitlementId,
        desired: Presence,
        generation: i64,
    ) -> Result<(), &'static str> {
        let new = Fulfilment {
            account,
            entitlement,
            desired,
            observed: Presence::Unknown,
            progress: Progress::Due,
            generation: 0,
        };
        let known = self.fulfilments.entry(id).or_insert(new);
        if generation <= known.generation {
            return Err("a later wish was there already");
        }
        known.desired = desired;
        known.generation = generation;
        known.progress = Progress::Due;
        Ok(())
    }

    fn known_work(&mut self, id: FulfilmentId) -> Result<&mut Fulfilment, &'static str> {
        self.fulfilments.get_mut(&id).ok_or("no event wanted this")
    }
}
