//! What the fake system holds.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use latchkey_domain::Instant;

use super::{Call, Fault, Op};
use crate::{AccountSpec, AccountState, CallError, EntitlementRef, Listed, Lookup, Observed};

/// An account on the fake system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FakeAccount {
    /// The login.
    pub name: String,
    /// The external id that it carries.
    pub external_id: Option<String>,
    /// Whether it can be used.
    pub state: AccountState,
    /// What it was made from, if it was made by a call.
    pub made_from: Option<AccountSpec>,
}

#[derive(Default)]
pub(super) struct State {
    pub(super) accounts: BTreeMap<String, FakeAccount>,
    /// Entitlement to the native ids of its members.
    pub(super) entitlements: BTreeMap<String, BTreeSet<String>>,
    /// Entitlement to the groups inside it.
    pub(super) nested: BTreeMap<String, BTreeSet<String>>,
    /// When accounts were last signed in to, where it is known.
    pub(super) used: BTreeMap<String, Instant>,
    pub(super) made: u32,
    pub(super) faults: VecDeque<(Option<Op>, Fault)>,
    pub(super) always: Option<Fault>,
    pub(super) calls: Vec<Call>,
}

impl State {
    pub(super) fn next_fault(&mut self, op: Op) -> Option<Fault> {
        let at = self.faults.iter().position(|(on, _)| on.is_none_or(|on| on == op));
        at.and_then(|at| self.faults.remove(at)).map(|(_, fault)| fault).or_else(|| self.always.clone())
    }

    pub(super) fn add(&mut self, account: FakeAccount) -> String {
        self.made += 1;
        let native_id = format!("fake-{:04}", self.made);
        self.accounts.insert(native_id.clone(), account);
        native_id
    }

    pub(super) fn listed(&self) -> Vec<Listed> {
        let line = |(native_id, account): (&String, &FakeAccount)| Listed {
            native_id: native_id.clone(),
            name: account.name.clone(),
            state: account.state,
            external_id: account.external_id.clone(),
            display_name: account.made_from.as_ref().map(|spec| spec.display_name.clone()).unwrap_or_default(),
            email: account.made_from.as_ref().and_then(|spec| spec.email.clone()),
            last_used_at: self.used.get(native_id).copied(),
        };
        self.accounts.iter().map(line).collect()
    }

    pub(super) fn observed(&self, native_id: &str, among: &[EntitlementRef]) -> Option<Observed> {
        let account = self.accounts.get(native_id)?;
        let holds = |native: &String| self.entitlements.get(native).is_some_and(|members| members.contains(native_id));
        Some(Observed {
            native_id: native_id.to_owned(),
            name: account.name.clone(),
            state: account.state,
            external_id: account.external_id.clone(),
            held: among.iter().map(|entitlement| &entitlement.native).filter(|native| holds(native)).cloned().collect(),
        })
    }

    pub(super) fn look(&self, spec: &AccountSpec, among: &[EntitlementRef]) -> Result<Lookup, CallError> {
        let ours =
            |id: &&String| self.accounts.get(*id).is_some_and(|a| a.external_id.as_deref() == Some(&spec.external_id));
        let remembered = spec.native_id.as_ref().filter(|id| self.accounts.contains_key(*id));
        let carriers: Vec<&String> = self.accounts.keys().filter(|id| ours(id)).collect();
        let found = match (remembered.filter(|id| ours(id)), carriers.as_slice()) {
            (Some(id), _) => Some(id),
            (None, []) => None,
            (None, [id]) => Some(*id),
            (None, _) => return Err(CallError::needs_human(format!("Several accounts carry {}.", spec.external_id))),
        };
        if let Some(observed) = found.and_then(|id| self.observed(id, among)) {
            return Ok(Lookup::Ours(observed));
        }
        let same_name = || self.accounts.iter().find(|(_, account)| account.name == spec.name).map(|(id, _)| id);
        Ok(match remembered.or_else(same_name).and_then(|id| self.accounts.get(id)) {
            None => Lookup::Absent,
            Some(stranger) => Lookup::Stranger {
                name: stranger.name.clone(),
                words: format!("The account {} is in use and does not carry {}.", stranger.name, spec.external_id),
            },
        })
    }
}
