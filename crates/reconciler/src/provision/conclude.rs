//! What came of the calls about one account: what the system shows counts, whatever the calls answered.

use std::{collections::BTreeSet, time::Duration};

use latchkey_connectors::{CallError, EntitlementRef, Observed};
use latchkey_domain::{
    EntitlementId,
    account::{AccountOrigin, AccountState},
    fulfilment::{Outcome, Presence},
};
use latchkey_store::work::{SeenAccount, WorkRow};

use super::{
    act::{Acting, Done, Planned},
    plan::{AccountStep, Step},
    record::{self, Attempt, Ending, Findings},
};

impl Acting<'_> {
    /// Every due fulfilment ends like this.
    pub fn all_failed(&self, error: &CallError) -> Findings {
        let due = self.job.rows.iter().filter(|r| record::is_due(&r.row));
        Findings {
            endings: due.map(|r| Ending::of(&r.row, Attempt::failed(error))).collect(),
            state_failed: Some(error.clone()),
            ..Findings::default()
        }
    }

    /// What came of it all: what the system shows counts, whatever the calls answered. `shown` is nothing when the system
    /// couldn't be read back.
    pub fn conclude(
        &self,
        planned: &Planned,
        done: &Done,
        shown: Option<Option<Observed>>,
        among: &[EntitlementRef],
    ) -> Findings {
        let held: Option<BTreeSet<&str>> =
            shown.as_ref().map(|account| account.iter().flat_map(|a| a.held.iter().map(String::as_str)).collect());
        let mut endings = Vec::new();
        for (row, step) in &planned.steps {
            let Some(ending) = self.ending(planned, row, *step, done, held.as_ref()) else { continue };
            endings.push(ending);
        }
        let name = |o: &Observed| if o.name.is_empty() { self.job.account.name.clone() } else { o.name.clone() };
        // That others switched it off is told with the failure, and not noted as the account's state: what is noted as
        // switched off is Latchkey's own doing, which it may undo.
        let by_others =
            planned.account == AccountStep::SwitchedOffByOthers && planned.origin_now(true) == AccountOrigin::Created;
        let seen = shown.as_ref().filter(|_| !by_others).map(|account| match account {
            Some(o) => SeenAccount {
                name: name(o),
                native_id: Some(o.native_id.clone()),
                origin: planned.origin_now(true),
                observed: o.state.into(),
            },
            None => SeenAccount {
                name: self.job.account.name.clone(),
                native_id: None,
                origin: self.job.account.origin,
                observed: AccountState::Absent,
            },
        });
        let observed = held.map(|held| {
            let rows = planned.today.rows.iter().filter(|r| among.iter().any(|e| e.native == r.native));
            rows.map(|r| (EntitlementId(r.row.entitlement_id), held.contains(r.native.as_str()))).collect()
        });
        // The system said no to making it: whoever makes it later, it isn't Latchkey.
        let not_made = planned.account == AccountStep::Create
            && matches!(done.blocked, Some(CallError::Refused { .. } | CallError::NeedsHuman { .. }));
        let state_failed = done.state_failed.clone();
        let aimed_at = (!done.stopped).then_some(planned.today.account.desired);
        Findings { endings, seen, observed: observed.unwrap_or_default(), not_made, state_failed, aimed_at }
    }

    fn ending(
        &self,
        planned: &Planned,
        row: &WorkRow,
        step: Step,
        done: &Done,
        held: Option<&BTreeSet<&str>>,
    ) -> Option<Ending> {
        let attempt = match step {
            Step::Waits => {
                return Some(Ending::waits(&row.row, planned.today.justified.waits.get(&row.row.entitlement_id)?));
            }
            Step::LetBe => return Some(Ending::let_be(&row.row)),
            Step::Unjustified => return Some(Ending::unjustified(&row.row)),
            Step::MayNotHold => Attempt::failed(&CallError::refused(format!(
                "{} may not hold access now, because of their status in the company's records.",
                self.job.who.display_name
            ))),
            Step::AsWanted { .. } if done.blocked.is_some() && row.row.desired == Presence::Present => {
                Attempt::failed(done.blocked.as_ref()?)
            }
            // What Latchkey sees done and didn't find was its own doing, in an attempt whose answer was lost.
            Step::AsWanted { found } => {
                let applied = !found && row.row.desired == Presence::Present;
                Attempt { found, applied, ..Attempt::done() }
            }
            Step::Grant | Step::Remove => {
                let answer = done.calls.iter().find(|(id, _)| *id == row.row.id()).map(|(_, answer)| answer);
                let error = match answer {
                    Some(Err(error)) => Some(error),
                    None => done.blocked.as_ref(),
                    Some(Ok(())) => None,
                };
                // Not reached before it was time to stop: it stays due.
                if answer.is_none() && error.is_none() && (done.stopped || held.is_none()) {
                    return None;
                }
                let wanted = step == Step::Grant;
                match held {
                    Some(held) if held.contains(row.native.as_str()) == wanted => {
                        Attempt { applied: true, ..Attempt::done() }
                    }
                    _ => match error {
                        Some(error) => Attempt::failed(error),
                        None => self.not_shown(answer.is_some(), held.is_some()),
                    },
                }
            }
        };
        Some(Ending::of(&row.row, attempt))
    }

    /// The system accepted a change that it doesn't show, or couldn't be read back.
    fn not_shown(&self, accepted: bool, read: bool) -> Attempt {
        let name = &self.job.system.name;
        let words = match (accepted, read) {
            (true, true) => format!("{name} accepted the change, and doesn't show it yet. It is looked at again."),
            (true, false) => format!("{name} accepted the change, and could not be read back. It is looked at again."),
            (false, _) => format!("The account is no longer on {name}. It is looked for again."),
        };
        Attempt { applied: accepted, ..Attempt::failed(&CallError::retry_later(words)) }
    }
}

/// The pause that a failure asks for, if it does.
pub(crate) const fn asked_pause(error: &CallError) -> Option<Duration> {
    match error {
        CallError::RetryLater { after, .. } => *after,
        CallError::Refused { .. } | CallError::NeedsHuman { .. } => None,
    }
}

/// The outcome that a failure is.
pub(crate) const fn outcome_of(error: &CallError) -> Outcome {
    match error {
        CallError::RetryLater { .. } => Outcome::RetryLater,
        CallError::Refused { .. } => Outcome::Refused,
        CallError::NeedsHuman { .. } => Outcome::NeedsHuman,
    }
}
