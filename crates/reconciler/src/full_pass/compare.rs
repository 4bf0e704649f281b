//! What a system shows against what is known of it: pure.

use std::collections::{HashMap, HashSet};

use latchkey_connectors::{Holder, Listed};
use latchkey_domain::{
    AccountId, EntitlementId, IdentityId, Instant,
    account::AccountState,
    drift::{DriftEnd, DriftKind, DriftState},
    fulfilment::{Presence, Progress},
    system::PassRule,
};
use latchkey_service::drift::found::Findings;
use latchkey_store::{
    drift::{KnownDrift, NewDrift},
    passes::{KnownAccount, KnownHolding},
};
use uuid::Uuid;

use super::read::is_newer;

/// What is known here of a system's accounts.
pub(super) struct Known {
    /// Ours.
    pub(super) accounts: Vec<KnownAccount>,
    /// Whose external ids there are.
    pub(super) carriers: HashMap<String, Uuid>,
}

/// What something is known by from pass to pass.
type Key = (DriftKind, String, Option<Uuid>);

/// A comparison under way.
pub(super) struct Comparison {
    rule: PassRule,
    began: Instant,
    listed: Vec<Listed>,
    ours: Vec<KnownAccount>,
    carriers: HashMap<String, Uuid>,
    /// Native id to the place in `ours`.
    by_native: HashMap<String, usize>,
    /// Identity to the place in `ours`.
    by_identity: HashMap<Uuid, usize>,
    /// Native id to the place in `listed`, of those that aren't ours and are managed.
    strange: HashMap<String, usize>,
    /// Native ids of those that aren't managed.
    excluded: HashSet<String>,
    holdings: u64,
    found: HashMap<Key, NewDrift>,
    /// What is there and was wanted since it was last found.
    granted: HashSet<Key>,
    /// What a worker is about to change: it is neither new nor over.
    under_way: HashSet<Key>,
    unread: HashSet<Uuid>,
    look_at: HashSet<Uuid>,
}

impl Comparison {
    pub(super) fn new(rule: PassRule, began: Instant, listed: Vec<Listed>, known: Known) -> Self {
        let Known { accounts: ours, carriers } = known;
        let by_native =
            ours.iter().enumerate().filter_map(|(at, a)| Some((a.native_id.clone()?, at))).collect::<HashMap<_, _>>();
        let by_identity = ours.iter().enumerate().map(|(at, a)| (a.identity_id, at)).collect();
        Self {
            rule,
            began,
            listed,
            ours,
            carriers,
            by_native,
            by_identity,
            strange: HashMap::new(),
            excluded: HashSet::new(),
            holdings: 0,
            found: HashMap::new(),
            granted: HashSet::new(),
            under_way: HashSet::new(),
            unread: HashSet::new(),
            look_at: HashSet::new(),
        }
    }

    /// Something that isn't known by its native id carries an external id: it has to be known whose.
    pub(super) fn has_strange_carriers(&self) -> bool {
        self.listed.iter().any(|l| l.external_id.is_some() && !self.by_native.contains_key(&l.native_id))
    }

    pub(super) fn carriers(&mut self, carriers: HashMap<String, Uuid>) {
        self.carriers = carriers;
    }

    /// Compares the accounts.
    pub(super) fn accounts(&mut self) {
        let mut seen = HashSet::new();
        for (at, line) in self.listed.iter().enumerate() {
            let carrier = line.external_id.as_ref().and_then(|id| self.carriers.get(id)).copied();
            let renamed = carrier.and_then(|who| self.by_identity.get(&who)).copied();
            match self.by_native.get(&line.native_id).copied().or(renamed) {
                Some(ours) => {
                    seen.insert(ours);
                    if let Some(account) = self.ours.get(ours)
                        && !is_newer(account.observed_at, self.began)
                        && (account.observed != AccountState::from(line.state)
                            || account.native_id.as_ref() != Some(&line.native_id))
                    {
                        self.look_at.insert(account.id);
                    }
                }
                None if self.rule.excludes(&line.name) => {
                    self.excluded.insert(line.native_id.clone());
                }
                None => {
                    self.strange.insert(line.native_id.clone(), at);
                    let new = NewDrift {
                        kind: DriftKind::Account,
                        native_id: line.native_id.clone(),
                        login: line.name.clone(),
                        entitlement: None,
                        account: None,
                        identity: carrier.map(IdentityId),
                        display_name: line.display_name.clone(),
                        email: line.email.clone(),
                        enabled: Some(line.state == latchkey_connectors::AccountState::Enabled),
                        last_used_at: line.last_used_at,
                    };
                    self.found.insert((DriftKind::Account, line.native_id.clone(), None), new);
                }
            }
            // A renamed account has its access under its new native id.
            if let Some(ours) = renamed {
                self.by_native.insert(line.native_id.clone(), ours);
            }
        }
        let gone = self.ours.iter().enumerate().filter(|(at, account)| {
            !seen.contains(at)
                && account.native_id.is_some()
                && account.observed != AccountState::Absent
                && !is_newer(account.observed_at, self.began)
        });
        self.look_at.extend(gone.map(|(_, account)| account.id));
    }

    /// Compares who has an entitlement: `began` is when that was read.
    pub(super) fn entitlement(
        &mut self,
        id: EntitlementId,
        began: Instant,
        holders: Vec<Holder>,
        known: Vec<KnownHolding>,
    ) {
        let known: HashMap<Uuid, KnownHolding> = known.into_iter().map(|k| (k.account_id, k)).collect();
        let mut held = HashSet::new();
        for holder in holders {
            match holder {
                Holder::Nested(name) => {
                    self.add(nested(id, name));
                }
                Holder::Account(native_id) => {
                    if self.excluded.contains(&native_id) || self.rule.excludes(&native_id) {
                        continue;
                    }
                    self.holdings += 1;
                    match self.by_native.get(&native_id).and_then(|at| self.ours.get(*at)).cloned() {
                        Some(account) => {
                            held.insert(account.id);
                            self.held_by_ours(id, began, native_id, &account, known.get(&account.id));
                        }
                        None => self.held_by_others(id, native_id),
                    }
                }
            }
        }
        let accounts: HashMap<Uuid, &KnownAccount> = self.ours.iter().map(|a| (a.id, a)).collect();
        let not_there = |k: &&KnownHolding| k.desired == Presence::Present && !held.contains(&k.account_id);
        let mut missing = Vec::new();
        for holding in known.values().filter(not_there) {
            let Some(account) = accounts.get(&holding.account_id).copied().cloned() else { continue };
            let is_settled = holding.observed == Presence::Present && holding.progress == Progress::Settled;
            missing.push((account, is_settled && !is_newer(Some(holding.touched_at), began)));
        }
        for (account, is_news) in missing {
            let native_id = account.native_id.clone().unwrap_or_default();
            if is_news {
                self.look_at.insert(account.id);
                self.add(NewDrift { kind: DriftKind::Missing, ..of_ours(id, native_id, &account) });
            } else {
                self.under_way.insert((DriftKind::Missing, native_id, Some(id.0)));
            }
        }
    }

    fn held_by_ours(
        &mut self,
        id: EntitlementId,
        began: Instant,
        native_id: String,
        account: &KnownAccount,
        known: Option<&KnownHolding>,
    ) {
        match known {
            Some(k) if k.desired == Presence::Present => {
                self.granted.insert((DriftKind::Access, native_id, Some(id.0)));
            }
            // It is being taken away, or was a moment ago, or waits for somebody.
            Some(k)
                if k.desired == Presence::Absent
                    && (k.progress != Progress::Settled || is_newer(Some(k.touched_at), began)) =>
            {
                self.under_way.insert((DriftKind::Access, native_id, Some(id.0)));
            }
            Some(k) if k.desired == Presence::Absent => {
                // What Latchkey has taken away isn't justified by coming back: the next look takes it again.
                self.look_at.insert(account.id);
                self.add(of_ours(id, native_id, account));
            }
            _ => self.add(of_ours(id, native_id, account)),
        }
    }

    fn held_by_others(&mut self, id: EntitlementId, native_id: String) {
        let line = self.strange.get(&native_id).and_then(|at| self.listed.get(*at));
        let new = NewDrift {
            kind: DriftKind::Access,
            login: line.map_or_else(|| native_id.clone(), |l| l.name.clone()),
            entitlement: Some(id),
            account: None,
            identity: None,
            display_name: line.map(|l| l.display_name.clone()).unwrap_or_default(),
            email: line.and_then(|l| l.email.clone()),
            enabled: line.map(|l| l.state == latchkey_connectors::AccountState::Enabled),
            last_used_at: line.and_then(|l| l.last_used_at),
            native_id,
        };
        self.add(new);
    }

    fn add(&mut self, new: NewDrift) {
        self.found.insert((new.kind, new.native_id.clone(), new.entitlement.map(|e| e.0)), new);
    }

    /// An entitlement couldn't be read: what is known of it stays as it is.
    pub(super) fn unread(&mut self, id: EntitlementId) {
        self.unread.insert(id.0);
    }

    /// What is new, and what is over, against what was found earlier. `compared` are the entitlements that are managed.
    pub(super) fn finish(mut self, earlier: Vec<KnownDrift>, compared: &HashSet<Uuid>) -> Findings {
        let mut over = Vec::new();
        for row in earlier {
            if row.entitlement_id.is_some_and(|e| self.unread.contains(&e)) {
                continue;
            }
            let key = (row.kind, row.native_id.clone(), row.entitlement_id);
            if self.found.remove(&key).is_some() || self.under_way.contains(&key) {
                continue;
            }
            let how = if row.entitlement_id.is_some_and(|e| !compared.contains(&e))
                || self.excluded.contains(&row.native_id)
            {
                DriftEnd::OutOfReach
            } else if self.granted.contains(&key) {
                DriftEnd::Granted
            } else {
                match (row.kind, row.state) {
                    (DriftKind::Missing, _) => DriftEnd::Restored,
                    (_, DriftState::Removing) => DriftEnd::Removed,
                    _ => DriftEnd::Gone,
                }
            };
            over.push((row, how));
        }
        let mut new: Vec<NewDrift> = self.found.into_values().collect();
        new.sort_by(|a, b| (a.kind, &a.login, a.entitlement).cmp(&(b.kind, &b.login, b.entitlement)));
        let strange = self.listed.len() - self.excluded.len();
        Findings {
            accounts: strange as u64,
            holdings: self.holdings,
            new,
            over,
            look_at: self.look_at.into_iter().collect(),
        }
    }
}

fn of_ours(entitlement: EntitlementId, native_id: String, account: &KnownAccount) -> NewDrift {
    NewDrift {
        kind: DriftKind::Access,
        native_id,
        login: account.name.clone(),
        entitlement: Some(entitlement),
        account: Some(AccountId(account.id)),
        identity: Some(IdentityId(account.identity_id)),
        display_name: String::new(),
        email: None,
        enabled: None,
        last_used_at: None,
    }
}

fn nested(entitlement: EntitlementId, name: String) -> NewDrift {
    NewDrift {
        kind: DriftKind::Nested,
        native_id: name.clone(),
        login: name,
        entitlement: Some(entitlement),
        account: None,
        identity: None,
        display_name: String::new(),
        email: None,
        enabled: None,
        last_used_at: None,
    }
}
