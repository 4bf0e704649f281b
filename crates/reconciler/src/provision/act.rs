//! Looking, changing, reading back: the calls about one account, in order, as long as the lease allows.

use latchkey_connectors::{AccountState as SystemState, CallError, Connector, EntitlementRef, Lookup, Observed};
use latchkey_domain::{
    EntitlementId, FulfilmentId,
    account::{AccountOrigin, AccountState},
    fulfilment::Presence,
};
use latchkey_store::{
    fulfilments::FulfilmentRow,
    observations,
    work::{self, WorkRow},
};

use super::{
    job::{self, Job, Today},
    plan::{self, AccountStep, Facts, Needs, Step},
    record::{self, Attempt, Ending, Findings, Recorded},
};
use crate::{
    Connection, Result,
    health::{bounded, not_connected},
    shared::Shared,
};

/// Works on a claimed account and saves what came of it. The second answer says that the system itself may be in trouble.
pub(crate) async fn work(shared: &Shared, job: Job, connection: &Connection) -> Result<(Recorded, bool)> {
    let findings = match connection {
        Connection::Missing(why) => without_call(&job, &not_connected(why)),
        Connection::Ready(connector) => match shared.health.failing(job.account.system()) {
            Some(words) => without_call(&job, &words),
            None => {
                let acting =
                    Acting { shared, connector: connector.as_ref(), job, suspicious: false, asked: Asked::Nothing };
                return acting.run().await;
            }
        },
    };
    Ok((record::save(shared, &job, &findings).await?, false))
}

/// Nobody can be asked: what is due waits, with the reason.
fn without_call(job: &Job, words: &str) -> Findings {
    let error = CallError::retry_later(words);
    let due = job.rows.iter().filter(|r| record::is_due(&r.row));
    let endings = due.map(|r| Ending::of(&r.row, Attempt { no_call: true, ..Attempt::failed(&error) })).collect();
    Findings { endings, state_failed: Some(error), ..Findings::default() }
}

/// Why no further call is made.
enum Halt {
    /// It is time to stop: what was done is saved.
    Stop,
    /// The account isn't ours any more.
    Lost,
}

/// The most that was asked of the system so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Asked {
    /// Nothing but to look.
    Nothing,
    /// A change.
    Change,
    /// To switch the account off.
    SwitchOff,
}

pub(super) struct Acting<'a> {
    shared: &'a Shared,
    connector: &'a dyn Connector,
    pub job: Job,
    suspicious: bool,
    asked: Asked,
}

/// What is to be done, decided by what the system shows and what is wanted now.
pub(super) struct Planned {
    pub today: Today,
    pub steps: Vec<(WorkRow, Step)>,
    pub account: AccountStep,
    origin: AccountOrigin,
}

/// What the calls did.
#[derive(Default)]
pub(super) struct Done {
    native_id: Option<String>,
    /// How each call about an entitlement ended.
    pub calls: Vec<(FulfilmentId, std::result::Result<(), CallError>)>,
    /// The account itself couldn't be made or switched on.
    pub blocked: Option<CallError>,
    pub state_failed: Option<CallError>,
    pub stopped: bool,
}

impl Acting<'_> {
    async fn run(mut self) -> Result<(Recorded, bool)> {
        let recorded = match self.findings().await? {
            Ok(findings) => record::save(self.shared, &self.job, &findings).await?,
            Err(Halt::Stop) => record::save(self.shared, &self.job, &Findings::default()).await?,
            Err(Halt::Lost) => Recorded::Dropped,
        };
        if recorded == Recorded::Dropped {
            self.confess().await?;
        }
        Ok((recorded, self.suspicious))
    }

    /// The lease ran out during a call, and that call may have undone what the next worker did: whoever has the account is
    /// told to look once more.
    async fn confess(&self) -> Result<()> {
        if self.asked == Asked::Nothing {
            return Ok(());
        }
        let switched_off = (self.asked == Asked::SwitchOff).then_some(AccountState::Disabled);
        let mut tx = self.shared.db.begin(self.shared.now()).await?;
        work::look_again(&mut tx, self.job.id(), switched_off).await?;
        tx.announce(latchkey_store::Change::Work);
        tx.commit_bookkeeping().await?;
        Ok(())
    }

    async fn findings(&mut self) -> Result<std::result::Result<Findings, Halt>> {
        if let Err(halt) = self.may_call().await? {
            return Ok(Err(halt));
        }
        let spec = self.job.who.spec(self.name(), self.job.account.native_id.as_deref());
        let among = self.job.among();
        let seen = match self.call(self.connector.find(&spec, &among)).await {
            Ok(Lookup::Ours(observed)) => Some(observed),
            Ok(Lookup::Absent) => None,
            Ok(Lookup::Stranger { words, .. }) => return Ok(Ok(self.all_failed(&CallError::needs_human(words)))),
            Err(error) => return Ok(Ok(self.all_failed(&error))),
        };
        let planned = self.plan(seen.as_ref(), &among).await?;
        let mut done = Done {
            native_id: seen.as_ref().map(|s| s.native_id.clone()),
            blocked: self.blocked(planned.account),
            ..Done::default()
        };
        if !planned.changes_anything() {
            return Ok(Ok(self.conclude(&planned, &done, Some(seen), &among)));
        }
        if !self.set_down(&planned).await? {
            return Ok(Err(Halt::Lost));
        }
        if let Err(Halt::Lost) = self.change(&planned, &mut done).await? {
            return Ok(Err(Halt::Lost));
        }
        let shown = if self.asked > Asked::Nothing { self.read_back(&done, &among).await } else { Some(seen) };
        Ok(Ok(self.conclude(&planned, &done, shown, &among)))
    }

    /// Decides by what is wanted and justified at this moment (promise 4), not by what was when the account was taken.
    async fn plan(&self, seen: Option<&Observed>, among: &[EntitlementRef]) -> Result<Planned> {
        let today = job::today(&mut self.shared.db.read().await?, self.shared.now(), &self.job).await?;
        let may_hold = today.status.may_hold();
        let mut steps = Vec::new();
        for row in &today.rows {
            // What was wanted only since the look has its turn in the next pass.
            if !among.iter().any(|e| e.native == row.native) {
                continue;
            }
            let facts = Facts {
                held: seen.is_some_and(|s| s.held.contains(&row.native)),
                seen_absent: today.ever_absent.contains(&row.row.entitlement_id),
                justified: today.justified.needed.contains(&row.row.entitlement_id),
                may_hold,
                waits: today.justified.waits.contains_key(&row.row.entitlement_id),
            };
            if let Some(step) = plan::step(&row.row, facts) {
                steps.push((row.clone(), step));
            }
        }
        let given = |(r, s): &(WorkRow, Step)| match s {
            Step::Grant => true,
            Step::AsWanted { .. } => r.row.desired == Presence::Present,
            _ => false,
        };
        // What waits isn't on the account yet, and doesn't ask for one.
        let waits = |row: &FulfilmentRow| steps.iter().any(|(r, s)| *s == Step::Waits && r.row.id == row.id);
        let needs = Needs {
            used: steps.iter().any(given),
            rests: today.rows.iter().any(|r| rests(&r.row) && !waits(&r.row))
                || steps.iter().any(|(_, s)| *s == Step::LetBe),
        };
        let origin = plan::origin(self.job.account.origin, today.begun());
        let account = plan::account_step(&today.account_then(), origin, seen.map(|s| s.state), needs);
        Ok(Planned { today, steps, account, origin })
    }

    /// Sets down, before the first change, what isn't there: so that a change whose outcome gets lost is known to be
    /// Latchkey's. Also renews the lease; tells whether it still is ours.
    async fn set_down(&mut self, planned: &Planned) -> Result<bool> {
        let mut tx = self.shared.db.begin(self.shared.now()).await?;
        let until = tx.now() + self.job.length;
        if !work::keep(&mut tx, self.job.id(), self.job.lease, until).await? {
            return Ok(false);
        }
        let open = &planned.today.open;
        if planned.account == AccountStep::Create && self.blocked(planned.account).is_none() {
            observations::note(&mut tx, open, self.job.id(), None, AccountState::Absent.as_str()).await?;
        }
        if planned.account == AccountStep::Disable {
            observations::note(&mut tx, open, self.job.id(), None, AccountState::Disabled.as_str()).await?;
        }
        for row in planned.rows(Step::Grant) {
            let entitlement = Some(EntitlementId(row.row.entitlement_id));
            observations::note(&mut tx, open, self.job.id(), entitlement, Presence::Absent.as_str()).await?;
        }
        tx.commit_bookkeeping().await?;
        self.job.until = until;
        Ok(true)
    }

    /// Makes what differs so. A system that isn't there for one call isn't asked for the next ones.
    async fn change(&mut self, planned: &Planned, done: &mut Done) -> Result<std::result::Result<(), Halt>> {
        let connector = self.connector;
        let mut down: Option<CallError> = None;
        match planned.account {
            AccountStep::Create if done.blocked.is_none() => {
                if let Err(halt) = self.next(done).await? {
                    return Ok(Err(halt));
                }
                let spec = self.job.who.spec(&self.job.account.name, None);
                match self.call(connector.create(&spec)).await {
                    Ok(made) => done.native_id = Some(made.native_id),
                    Err(error) => done.blocked = Some(error),
                }
            }
            AccountStep::Enable => {
                if let Err(halt) = self.next(done).await? {
                    return Ok(Err(halt));
                }
                let id = done.native_id.clone().unwrap_or_default();
                if let Err(error) = self.call(connector.set_state(&id, SystemState::Enabled)).await {
                    done.blocked = Some(error);
                }
            }
            AccountStep::Create | AccountStep::SwitchedOffByOthers | AccountStep::Keep | AccountStep::Disable => {}
        }
        if let Some(error @ CallError::RetryLater { .. }) = &done.blocked {
            down = Some(error.clone());
        }
        for (row, step) in &planned.steps {
            let Some(id) = done.native_id.clone() else { break };
            let entitlement = EntitlementRef::new(row.kind, row.native.clone());
            let outcome = match (step, &down, &done.blocked) {
                (Step::Grant | Step::Remove, Some(error), _) | (Step::Grant, None, Some(error)) => Err(error.clone()),
                (Step::Grant, None, None) => {
                    if let Err(halt) = self.next(done).await? {
                        return Ok(Err(halt));
                    }
                    self.call(connector.grant(&id, &entitlement)).await.map(drop)
                }
                (Step::Remove, None, _) => {
                    if let Err(halt) = self.next(done).await? {
                        return Ok(Err(halt));
                    }
                    self.call(connector.remove(&id, &entitlement)).await.map(drop)
                }
                _ => continue,
            };
            if let Err(error @ CallError::RetryLater { .. }) = &outcome {
                down = Some(error.clone());
            }
            done.calls.push((row.row.id(), outcome));
        }
        if planned.account == AccountStep::Disable
            && let Some(id) = done.native_id.clone()
        {
            done.state_failed = down.clone();
            if down.is_none() {
                if let Err(halt) = self.next(done).await? {
                    return Ok(Err(halt));
                }
                self.asked = Asked::SwitchOff;
                done.state_failed = self.call(connector.set_state(&id, SystemState::Disabled)).await.err();
            }
        }
        Ok(Ok(()))
    }

    /// The login; the external id where no login can be made, so that an account that carries it is still found.
    fn name(&self) -> &str {
        let name = &self.job.account.name;
        if name.is_empty() { &self.job.who.external_id } else { name }
    }

    /// Why the account can't be used, or made, without a human.
    fn blocked(&self, step: AccountStep) -> Option<CallError> {
        let (job, system) = (&self.job, &self.job.system);
        match step {
            AccountStep::SwitchedOffByOthers => Some(CallError::needs_human(format!(
                "The account {} is switched off on {}, and not by Latchkey. Whoever looks after {} has to switch it on; then try again.",
                job.account.name, system.name, system.name
            ))),
            AccountStep::Create if job.account.name.is_empty() => Some(CallError::needs_human(format!(
                "A login for {} can't be made by the rule \"{}\". Make the account by hand with {} as its {}; then try again.",
                job.who.display_name, system.account_name, job.who.external_id, system.recognise
            ))),
            _ => None,
        }
    }

    /// Before a call that changes something.
    async fn next(&mut self, done: &mut Done) -> Result<std::result::Result<(), Halt>> {
        let may = self.may_call().await?;
        match may {
            Ok(()) => self.asked = self.asked.max(Asked::Change),
            Err(Halt::Stop) => done.stopped = true,
            Err(Halt::Lost) => {}
        }
        Ok(may)
    }

    /// A call may only begin when it would end well within the lease. Renews it where it gets short.
    async fn may_call(&mut self) -> Result<std::result::Result<(), Halt>> {
        if self.shared.stop.is_set() {
            return Ok(Err(Halt::Stop));
        }
        let now = self.shared.now();
        if self.job.until - now > self.job.length / 2 {
            return Ok(Ok(()));
        }
        let mut tx = self.shared.db.begin(now).await?;
        let until = now + self.job.length;
        if !work::keep(&mut tx, self.job.id(), self.job.lease, until).await? {
            return Ok(Err(Halt::Lost));
        }
        tx.commit_bookkeeping().await?;
        self.job.until = until;
        Ok(Ok(()))
    }

    async fn call<T>(
        &mut self,
        call: impl Future<Output = std::result::Result<T, CallError>>,
    ) -> std::result::Result<T, CallError> {
        let outcome = bounded(self.connector, call).await;
        self.suspicious |= matches!(outcome, Err(CallError::RetryLater { .. }));
        outcome
    }

    /// Reads the account back once; nothing when the system can't say.
    async fn read_back(&mut self, done: &Done, among: &[EntitlementRef]) -> Option<Option<Observed>> {
        let connector = self.connector;
        // Making the account may have worked although its answer was lost: then only a search finds it.
        let shown = match &done.native_id {
            Some(id) => self.call(connector.read(id, among)).await,
            None => {
                let spec = self.job.who.spec(self.name(), None);
                self.call(connector.find(&spec, among)).await.map(|lookup| match lookup {
                    Lookup::Ours(observed) => Some(observed),
                    Lookup::Absent | Lookup::Stranger { .. } => None,
                })
            }
        };
        shown.ok()
    }
}

impl Planned {
    fn rows(&self, wanted: Step) -> impl Iterator<Item = &WorkRow> {
        self.steps.iter().filter(move |(_, s)| *s == wanted).map(|(r, _)| r)
    }

    fn changes_anything(&self) -> bool {
        !matches!(self.account, AccountStep::Keep | AccountStep::SwitchedOffByOthers)
            || self.steps.iter().any(|(_, s)| matches!(s, Step::Grant | Step::Remove))
    }

    /// How Latchkey came to know the account, now that it is there.
    pub const fn origin_now(&self, there: bool) -> AccountOrigin {
        match self.account {
            AccountStep::Create if there => AccountOrigin::Created,
            _ => self.origin,
        }
    }
}

/// Wanted on the account, or there before Latchkey came and not its to take.
fn rests(row: &FulfilmentRow) -> bool {
    let kept = row.found && !row.adopted && row.observed == Presence::Present;
    row.desired == Presence::Present || kept
}
