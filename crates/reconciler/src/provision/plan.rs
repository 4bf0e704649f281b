//! What to do about an account and each of its entitlements, given what the system shows: pure decisions.

use latchkey_connectors::AccountState as Seen;
use latchkey_domain::{
    account::{AccountOrigin, AccountState},
    fulfilment::{Presence, Progress},
};
use latchkey_store::{accounts::AccountRow, fulfilments::FulfilmentRow};

/// What is known about one entitlement right before anything is done about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Facts {
    /// The system shows it.
    pub held: bool,
    /// A worker has looked before and saw it absent. Set down before the first change, so that a change whose outcome was
    /// lost isn't taken for something that was there before.
    pub seen_absent: bool,
    /// An active grant needs it, by the grants of this moment.
    pub justified: bool,
    /// Its holder may hold anything, by their status of this moment.
    pub may_hold: bool,
    /// No grant that needs it has the assurance that its role asks for, or a rule keeps it apart from something else.
    pub waits: bool,
}

/// What to do about one entitlement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// It is as wanted; `found` when it was so before Latchkey asked.
    AsWanted { found: bool },
    /// Give it.
    Grant,
    /// Take it away.
    Remove,
    /// It was there before, and nobody decided that Latchkey may take it.
    LetBe,
    /// Nothing justifies it any more: what is wanted is worked out again.
    Unjustified,
    /// Its holder may not hold anything now.
    MayNotHold,
    /// Its role needs an assurance that its holder's sign-in hasn't shown (promise 8), or a rule keeps it apart from what
    /// they have otherwise (promise 4).
    Waits,
}

/// What to do about one entitlement; nothing when it isn't this pass's business.
pub(crate) fn step(row: &FulfilmentRow, facts: Facts) -> Option<Step> {
    let due = row.progress == Progress::Due;
    match row.desired {
        // Latchkey has no wish about it.
        Presence::Unknown => None,
        Presence::Present if facts.held => {
            let found = row.found || (row.observed == Presence::Unknown && !facts.seen_absent);
            match row.progress {
                Progress::Settled => None,
                Progress::Due if !facts.justified => Some(Step::Unjustified),
                // What a system refused may have been done by hand since.
                Progress::Due | Progress::Refused | Progress::NeedsHuman => Some(Step::AsWanted { found }),
            }
        }
        // Settled and not there: somebody took it away behind our back. It is given again as long as it is justified.
        Presence::Present if due || row.progress == Progress::Settled => {
            if !facts.justified {
                due.then_some(Step::Unjustified)
            } else if !facts.may_hold {
                due.then_some(Step::MayNotHold)
            } else if facts.waits {
                Some(Step::Waits)
            } else {
                Some(Step::Grant)
            }
        }
        Presence::Present => None,
        Presence::Absent if !facts.held => {
            (row.progress != Progress::Settled).then_some(Step::AsWanted { found: false })
        }
        Presence::Absent if due => {
            let was_there = row.found || (row.observed == Presence::Unknown && !facts.seen_absent);
            Some(if was_there && !row.adopted { Step::LetBe } else { Step::Remove })
        }
        // Settled and there again: a call of a worker that was frozen came late, or somebody gave it behind our back. What
        // Latchkey has taken away isn't justified by coming back.
        Presence::Absent if row.progress == Progress::Settled && row.observed == Presence::Absent => Some(Step::Remove),
        Presence::Absent => None,
    }
}

/// What to do about the account itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AccountStep {
    /// Nothing.
    Keep,
    /// Make it.
    Create,
    /// Switch it on: it was Latchkey that switched it off.
    Enable,
    /// Switch it off.
    Disable,
    /// It is switched off, and not by Latchkey: somebody must look.
    SwitchedOffByOthers,
}

/// What the entitlements of an account ask of the account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Needs {
    /// Something is to be given, or confirmed, on it in this pass.
    pub used: bool,
    /// Something stays on it.
    pub rests: bool,
}

/// What to do about the account. `seen` is nothing when it isn't there.
pub(crate) fn account_step(row: &AccountRow, origin: AccountOrigin, seen: Option<Seen>, needs: Needs) -> AccountStep {
    match (seen, row.desired) {
        (None, AccountState::Enabled) if needs.used => AccountStep::Create,
        (Some(Seen::Disabled), AccountState::Enabled) if needs.used || needs.rests => {
            if origin == AccountOrigin::Created && row.observed == AccountState::Disabled {
                AccountStep::Enable
            } else {
                AccountStep::SwitchedOffByOthers
            }
        }
        // An account that was there before Latchkey came isn't Latchkey's to switch off.
        (Some(Seen::Enabled), AccountState::Disabled | AccountState::Absent)
            if origin == AccountOrigin::Created && !needs.used && !needs.rests =>
        {
            AccountStep::Disable
        }
        _ => AccountStep::Keep,
    }
}

/// How Latchkey came to know an account that carries its holder's external id: `begun` says that a worker had looked, found
/// none, and was about to make it.
pub(crate) fn origin(known: AccountOrigin, begun: bool) -> AccountOrigin {
    match known {
        AccountOrigin::Unknown if begun => AccountOrigin::Created,
        AccountOrigin::Unknown => AccountOrigin::Recognised,
        known => known,
    }
}

#[cfg(test)]
mod tests;
