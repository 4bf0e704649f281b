//! What the events say that everything is: a pure fold of the log into a state, to be compared with the tables.
//!
//! Events suffice to rebuild the state of any past day. [`fold`] does that, [`from_tables`] reads the same state from the
//! tables, and [`State::differences`] tells where the two disagree: there either a change was saved without saying so, or
//! an event says what didn't happen.
//!
//! Until events are sealed they have no order of commits, only times. The fold therefore goes by generations and versions
//! where events carry them, and never takes back an end.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Debug,
};

use latchkey_domain::{
    AccountId, BreakGlassReviewId, EntitlementId, FulfilmentId, GrantId, IdentityId, Instant, ItemId, RequestId,
    RoleId, RoleVersionId, SeparationExceptionId, SeparationRuleId, SeparationRuleVersionId, StageId, SystemId,
    account::AccountState,
    break_glass::Needed,
    event::Envelope,
    fulfilment::{Presence, Progress},
    grant::{GrantEnd, GrantKind, GrantState},
    identity::Status,
    item::ItemState,
};

mod apply;
mod break_glass;
mod separation;
mod tables;

pub use tables::{from_log, from_tables};

/// A person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Person {
    /// Where they are in their working life.
    pub status: Status,
    /// Whom they report to.
    pub manager: Option<IdentityId>,
}

/// A role's version in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Role {
    /// The version's id.
    pub id: RoleVersionId,
    /// Its number.
    pub version: i64,
    /// What it gives.
    pub entitlements: BTreeSet<EntitlementId>,
    /// The role isn't in the files any more.
    pub retired: bool,
}

/// What somebody can own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Owned {
    /// A role.
    Role(RoleId),
    /// A system.
    System(SystemId),
    /// A rule that keeps duties apart.
    Rule(SeparationRuleId),
    /// An exception from such a rule.
    Exception(SeparationExceptionId),
}

/// An item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Item {
    /// Of which request.
    pub request: RequestId,
    /// The role that was asked for.
    pub role: RoleId,
    /// Who should hold it.
    pub beneficiary: IdentityId,
    /// Where it stands.
    pub state: ItemState,
    /// In which stage, from 0.
    pub stage: i64,
}

/// A grant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grant {
    /// Of which role.
    pub role: RoleId,
    /// In which version.
    pub role_version: RoleVersionId,
    /// Where it stands.
    pub state: GrantState,
    /// From when.
    pub starts_at: Instant,
    /// Until when.
    pub ends_at: Option<Instant>,
    /// Why it ended, once it did.
    pub end: Option<GrantEnd>,
    /// What it is good for.
    pub kind: GrantKind,
}

/// An account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Account {
    /// Whose.
    pub identity: IdentityId,
    /// Where.
    pub system: SystemId,
    /// What is wanted.
    pub desired: AccountState,
    /// What was last seen.
    pub observed: AccountState,
}

/// A fulfilment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fulfilment {
    /// Of which account.
    pub account: AccountId,
    /// Of which entitlement.
    pub entitlement: EntitlementId,
    /// What is wanted.
    pub desired: Presence,
    /// What was last seen.
    pub observed: Presence,
    /// What remains to be done.
    pub progress: Progress,
    /// Raised with each change of what is wanted.
    pub generation: i64,
}

/// The roles and the entitlements that one side of a rule names.
pub type Sides = (BTreeSet<RoleId>, BTreeSet<EntitlementId>);

/// A rule that keeps duties apart, in the version in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeparationRule {
    /// The version's id.
    pub id: SeparationRuleVersionId,
    /// Its number.
    pub version: i64,
    /// What each side names.
    pub sides: Vec<Sides>,
    /// Who has to agree, by external id; absent where it blocks.
    pub approver: Option<String>,
    /// The rule isn't in the files any more.
    pub retired: bool,
}

/// An exception from a rule that keeps duties apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SeparationException {
    /// From which rule.
    pub rule: SeparationRuleId,
    /// Whose.
    pub identity: IdentityId,
    /// Until when it was granted.
    pub ends_at: Instant,
    /// It is over.
    pub closed: bool,
}

/// A review of what somebody took in an emergency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Review {
    /// Of which grant.
    pub grant: GrantId,
    /// Who took it.
    pub identity: IdentityId,
    /// Which role.
    pub role: RoleId,
    /// Their own request's item that waited then.
    pub item: Option<ItemId>,
    /// By when it was due.
    pub due_at: Instant,
    /// Who was told at once.
    pub told: BTreeSet<IdentityId>,
    /// They said what they did.
    pub reported: bool,
    /// It was told that it is overdue.
    pub overdue: bool,
    /// Whether it was needed, once somebody said so.
    pub needed: Option<Needed>,
}

/// Everything that the log can say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct State {
    /// People by id.
    pub people: BTreeMap<IdentityId, Person>,
    /// Roles with their version in force.
    pub roles: BTreeMap<RoleId, Role>,
    /// Who owns what.
    pub owners: BTreeMap<Owned, IdentityId>,
    /// Rules that keep duties apart, with their version in force.
    pub separation: BTreeMap<SeparationRuleId, SeparationRule>,
    /// Exceptions from them, those that are over too.
    pub exceptions: BTreeMap<SeparationExceptionId, SeparationException>,
    /// Which rules the steps of items are there for.
    pub separation_stages: BTreeMap<StageId, BTreeSet<SeparationRuleId>>,
    /// Items.
    pub items: BTreeMap<ItemId, Item>,
    /// Grants by holder, ended ones too.
    pub grants: BTreeMap<IdentityId, BTreeMap<GrantId, Grant>>,
    /// Reviews of what was taken in emergencies.
    pub reviews: BTreeMap<BreakGlassReviewId, Review>,
    /// Accounts.
    pub accounts: BTreeMap<AccountId, Account>,
    /// Fulfilments.
    pub fulfilments: BTreeMap<FulfilmentId, Fulfilment>,
    /// Events that don't fit those before them; empty in a sound log.
    pub gaps: Vec<String>,
}

/// The state after these events, in this order.
#[must_use]
pub fn fold<'e>(events: impl IntoIterator<Item = &'e Envelope>) -> State {
    let mut state = State::default();
    events.into_iter().for_each(|event| state.apply(event));
    state
}

impl State {
    /// Where this state, which the log gives, and another one, which the tables hold, disagree: one line each. Empty when
    /// they agree and no event was out of place.
    #[must_use]
    pub fn differences(&self, tables: &Self) -> Vec<String> {
        let mut lines: Vec<String> = self.gaps.iter().map(|gap| format!("log: {gap}")).collect();
        compare("person", &self.people, &tables.people, &mut lines);
        compare("role", &self.roles, &tables.roles, &mut lines);
        compare("owner of", &self.owners, &tables.owners, &mut lines);
        compare("rule", &self.separation, &tables.separation, &mut lines);
        compare("exception", &self.exceptions, &tables.exceptions, &mut lines);
        compare("step for rules", &self.separation_stages, &tables.separation_stages, &mut lines);
        compare("item", &self.items, &tables.items, &mut lines);
        compare("grants of", &self.grants, &tables.grants, &mut lines);
        compare("review", &self.reviews, &tables.reviews, &mut lines);
        compare("account", &self.accounts, &tables.accounts, &mut lines);
        compare("fulfilment", &self.fulfilments, &tables.fulfilments, &mut lines);
        lines
    }

    /// The roles that somebody holds.
    #[must_use]
    pub fn active_roles(&self, who: IdentityId) -> BTreeSet<RoleId> {
        self.grants
            .get(&who)
            .into_iter()
            .flat_map(|grants| grants.values())
            .filter(|g| g.state == GrantState::Active)
            .map(|g| g.role)
            .collect()
    }
}

fn compare<K: Ord + Debug, V: PartialEq + Debug>(
    what: &str,
    log: &BTreeMap<K, V>,
    tables: &BTreeMap<K, V>,
    lines: &mut Vec<String>,
) {
    let keys: BTreeSet<&K> = log.keys().chain(tables.keys()).collect();
    for key in keys {
        match (log.get(key), tables.get(key)) {
            (Some(a), Some(b)) if a == b => {}
            (Some(a), Some(b)) => lines.push(format!("{what} {key:?}: the log says {a:?}, the tables say {b:?}")),
            (Some(a), None) => lines.push(format!("{what} {key:?}: the log says {a:?}, the tables don't have it")),
            (None, Some(b)) => lines.push(format!("{what} {key:?}: the log doesn't have it, the tables say {b:?}")),
            (None, None) => {}
        }
    }
}

#[cfg(test)]
mod tests;
