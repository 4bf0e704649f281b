//! Makes the accounts and fulfilments of an identity fit its active grants.
//!
//! Access is counted by justification (promise 6): an entitlement is wanted while at least one active grant needs it, and
//! not a moment longer. This one function runs in the transaction of every change of a grant, under the identity's lock,
//! so two grants that end at the same time can't both believe that the other still needs the access.

use std::collections::{BTreeMap, BTreeSet};

use chrono::TimeDelta;
use latchkey_domain::{
    AccountId, EntitlementId, FulfilmentId, GrantId, IdentityId, RequestId, SystemId,
    account::{AccountOrigin, AccountState},
    actor::ActorRef,
    event::{EventBody, NewEvent},
    fulfilment::{Presence, Progress, Work},
};
use latchkey_store::{
    Change, Tx,
    accounts::{self, AccountRow},
    fulfilments::{self, FulfilmentRow},
    grants, identities, work,
};
use uuid::Uuid;

use crate::{ServiceResult, notices};

/// How long ago a grant may have ended for its end to be news.
const NEWS: TimeDelta = TimeDelta::days(30);

/// Wants what the identity's active grants need and nothing else. The caller holds the identity's lock. Returns the events
/// of what changed; none when everything already fits.
///
/// # Errors
/// When the database fails.
pub async fn settle(tx: &mut Tx, identity: IdentityId, actor: &ActorRef) -> ServiceResult<Vec<NewEvent>> {
    let needed = grants::needed(tx, identity).await?;
    let built_in = accounts::built_in_system(tx).await?;
    let mut settling =
        Settling { tx, identity, actor, built_in, events: Vec::new(), work_to_do: false, done_here: None };
    settling.run(&needed).await?;
    settling.tell().await?;
    let Settling { events, work_to_do, .. } = settling;
    if work_to_do {
        tx.announce(Change::Work);
    }
    Ok(events)
}

struct Settling<'a> {
    tx: &'a mut Tx,
    identity: IdentityId,
    actor: &'a ActorRef,
    built_in: Option<Uuid>,
    events: Vec<NewEvent>,
    work_to_do: bool,
    /// The account on the built-in system, once something of it changed.
    done_here: Option<AccountId>,
}

impl Settling<'_> {
    async fn run(&mut self, needed: &[grants::Needed]) -> ServiceResult<()> {
        let accounts = accounts::of_identity(self.tx, self.identity).await?;
        let mut accounts: BTreeMap<Uuid, AccountRow> = accounts.into_iter().map(|a| (a.system_id, a)).collect();
        let present = fulfilments::of_identity(self.tx, self.identity).await?;
        let known: BTreeMap<Uuid, &FulfilmentRow> = present.iter().map(|f| (f.entitlement_id, f)).collect();

        for need in needed {
            let account = self.wanted_account(&mut accounts, need.system_id).await?;
            match known.get(&need.entitlement_id) {
                Some(row) => self.wish(row, Presence::Present).await?,
                None => self.new_wish(account, need).await?,
            }
        }

        let needed_ids: BTreeSet<Uuid> = needed.iter().map(|n| n.entitlement_id).collect();
        for row in present.iter().filter(|f| f.desired == Presence::Present && !needed_ids.contains(&f.entitlement_id))
        {
            if row.found && !row.adopted {
                self.let_be(row).await?;
            } else {
                self.wish(row, Presence::Absent).await?;
            }
        }

        let needed_systems: BTreeSet<Uuid> = needed.iter().map(|n| n.system_id).collect();
        let kept: BTreeSet<Uuid> = present.iter().filter(|f| f.found && !f.adopted).map(|f| f.system_id).collect();
        for account in accounts.into_values() {
            let unneeded = !needed_systems.contains(&account.system_id) && !kept.contains(&account.system_id);
            // An account that was there before Latchkey came isn't Latchkey's to switch off.
            if unneeded && account.desired == AccountState::Enabled && account.origin != AccountOrigin::Recognised {
                self.want_account(account.id(), account.system(), AccountState::Disabled).await?;
            }
        }
        Ok(())
    }

    /// What no worker will confirm, because it is done here and now: the holder is told as a worker would tell them.
    async fn tell(&mut self) -> ServiceResult<()> {
        let Some(account) = self.done_here else { return Ok(()) };
        for grant in work::ready(self.tx, self.identity, account).await? {
            let request = grant.request_id.map(RequestId);
            notices::confirmed(self.tx, self.identity, GrantId(grant.grant_id), request, &grant.role_name).await?;
        }
        // Whoever left reads no mail any more.
        let holder = identities::get(self.tx, self.identity).await?;
        if holder.is_some_and(|h| h.status.may_hold()) {
            let since = self.tx.now() - NEWS;
            for grant in work::gone(self.tx, self.identity, account, since).await? {
                let id = GrantId(grant.grant_id);
                notices::ended(self.tx, self.identity, id, grant.role_id, &grant.role_name, grant.trial).await?;
            }
        }
        Ok(())
    }

    /// An account on the built-in system is what it is wanted to be, and is seen to be.
    async fn is_so_here(&mut self, account: AccountId, system: SystemId, state: AccountState) -> ServiceResult<()> {
        accounts::is_as_wanted(self.tx, account, state).await?;
        self.push(EventBody::AccountWanted { account, identity: self.identity, system, desired: state });
        self.push(EventBody::AccountObserved { account, identity: self.identity, system, observed: state });
        Ok(())
    }

    fn is_built_in(&self, system: Uuid) -> bool {
        self.built_in == Some(system)
    }

    fn push(&mut self, body: EventBody) {
        self.events.push(NewEvent::new(self.actor.clone(), body));
    }

    /// The identity's account on the system, made or switched on again where needed.
    async fn wanted_account(
        &mut self,
        accounts: &mut BTreeMap<Uuid, AccountRow>,
        system: Uuid,
    ) -> ServiceResult<AccountId> {
        if let Some(account) = accounts.get_mut(&system) {
            let id = account.id();
            if account.desired != AccountState::Enabled {
                account.desired = AccountState::Enabled;
                self.want_account(id, SystemId(system), AccountState::Enabled).await?;
            }
            return Ok(id);
        }
        let id = AccountId::new(self.tx.now());
        let now = self.tx.now();
        accounts::insert(self.tx, id, self.identity, SystemId(system), AccountState::Enabled, Some(now)).await?;
        if self.is_built_in(system) {
            self.is_so_here(id, SystemId(system), AccountState::Enabled).await?;
        } else {
            self.push(EventBody::AccountWanted {
                account: id,
                identity: self.identity,
                system: SystemId(system),
                desired: AccountState::Enabled,
            });
        }
        let made = accounts::by_ids(self.tx, &[id.0]).await?;
        accounts.extend(made.into_iter().map(|a| (a.system_id, a)));
        Ok(id)
    }

    /// An account that nothing justifies any more is switched off, never deleted: its owner's data stays.
    async fn want_account(&mut self, account: AccountId, system: SystemId, desired: AccountState) -> ServiceResult<()> {
        if self.is_built_in(system.0) {
            return self.is_so_here(account, system, desired).await;
        }
        accounts::want(self.tx, account, desired).await?;
        self.work_to_do = true;
        self.push(EventBody::AccountWanted { account, identity: self.identity, system, desired });
        Ok(())
    }

    async fn new_wish(&mut self, account: AccountId, need: &grants::Needed) -> ServiceResult<()> {
        let now = self.tx.now();
        let here = self.is_built_in(need.system_id);
        let work = Work::new(Presence::Present, now);
        let work = if here { settled_here(work) } else { work };
        let id = FulfilmentId::new(now);
        fulfilments::insert(self.tx, id, account, need.entitlement(), work, here).await?;
        self.wished(id, account, SystemId(need.system_id), need.entitlement(), work).await
    }

    async fn wish(&mut self, row: &FulfilmentRow, desired: Presence) -> ServiceResult<()> {
        let Some(work) = row.work().want(desired, self.tx.now()) else { return Ok(()) };
        let here = self.is_built_in(row.system_id);
        let work = if here { settled_here(work) } else { work };
        fulfilments::save_wish(self.tx, row.id(), row.generation, work, here).await?;
        let (account, system) = (AccountId(row.account_id), SystemId(row.system_id));
        self.wished(row.id(), account, system, EntitlementId(row.entitlement_id), work).await
    }

    async fn wished(
        &mut self,
        fulfilment: FulfilmentId,
        account: AccountId,
        system: SystemId,
        entitlement: EntitlementId,
        work: Work,
    ) -> ServiceResult<()> {
        let (identity, desired, generation) = (self.identity, work.desired, work.generation);
        self.push(EventBody::FulfilmentWanted {
            fulfilment,
            account,
            identity,
            system,
            entitlement,
            desired,
            generation,
        });
        if self.is_built_in(system.0) {
            self.done_here = Some(account);
            let found = false;
            self.push(EventBody::FulfilmentConfirmed {
                fulfilment,
                identity,
                system,
                entitlement,
                desired,
                generation,
                found,
            });
        } else {
            accounts::due(self.tx, account).await?;
            self.work_to_do = true;
        }
        Ok(())
    }

    /// It was there before Latchkey came, and nobody decided that Latchkey may take it.
    async fn let_be(&mut self, row: &FulfilmentRow) -> ServiceResult<()> {
        fulfilments::save_wish(self.tx, row.id(), row.generation, row.work().let_be(), false).await?;
        self.push(EventBody::FulfilmentKept {
            fulfilment: row.id(),
            identity: self.identity,
            system: SystemId(row.system_id),
            entitlement: EntitlementId(row.entitlement_id),
        });
        Ok(())
    }
}

/// On the built-in system, deciding is doing: what is wanted is so at once.
const fn settled_here(work: Work) -> Work {
    Work { observed: work.desired, progress: Progress::Settled, due_at: None, ..work }
}
