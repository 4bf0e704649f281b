//! One account's work: what is known when it is taken, and again right before anything is done.

use std::{collections::BTreeSet, sync::Arc};

use chrono::TimeDelta;
use latchkey_connectors::EntitlementRef;
use latchkey_domain::{AccountId, IdentityId, Instant, LeaseId, SystemId, account::AccountState, identity::Status};
use latchkey_service::assurance::{self, Justified};
use latchkey_store::{
    AsConn,
    accounts::{self, AccountRow},
    identities,
    observations::{self, ObservationRow},
    systems::SystemRow,
    work::{self, WorkRow},
};
use uuid::Uuid;

use super::naming::{self, Who};
use crate::{Result, shared::Shared};

/// An account that this worker has, until its lease runs out.
pub(crate) struct Job {
    pub account: AccountRow,
    pub system: Arc<SystemRow>,
    pub who: Who,
    pub rows: Vec<WorkRow>,
    pub lease: LeaseId,
    /// How long a lease is.
    pub length: TimeDelta,
    /// When this one runs out.
    pub until: Instant,
    pub started_at: Instant,
}

impl Job {
    pub const fn id(&self) -> AccountId {
        self.account.id()
    }

    pub const fn identity(&self) -> IdentityId {
        IdentityId(self.account.identity_id)
    }

    /// Every entitlement that this account's work is about, as the system names it.
    pub fn among(&self) -> Vec<EntitlementRef> {
        wanted_of(&self.rows)
    }
}

/// Entitlements as their system names them.
pub(crate) fn wanted_of(rows: &[WorkRow]) -> Vec<EntitlementRef> {
    rows.iter().map(|r| EntitlementRef::new(r.kind, r.native.clone())).collect()
}

/// The longest that work is put off because of its system.
pub(crate) const HORIZON: TimeDelta = TimeDelta::hours(2);

/// Takes an account that is due (or put off, where its system answers again), and names it where it has no name yet. Nothing when somebody else was quicker.
pub(crate) async fn claim(
    shared: &Shared,
    system: &Arc<SystemRow>,
    account: AccountId,
    length: TimeDelta,
    put_off_too: bool,
) -> Result<Option<Job>> {
    let mut tx = shared.db.begin(shared.now()).await?;
    let lease = LeaseId::new(tx.now());
    let until = tx.now() + length;
    let horizon = if put_off_too { tx.now() + HORIZON } else { tx.now() };
    let Some(mut row) = work::claim(&mut tx, account, lease, until, horizon).await? else { return Ok(None) };
    let who = Who::load(&mut tx, IdentityId(row.identity_id)).await?;
    let rows = work::of_account(&mut tx, account).await?;
    if row.name.is_empty()
        && let Some(name) = naming::propose(&system.account_name, &who)
    {
        let id = SystemId(system.id);
        work::lock_names(&mut tx, id).await?;
        let taken = work::names_like(&mut tx, id, &name, account).await?;
        if let Some(name) = naming::free(&name, &taken) {
            work::name_account(&mut tx, account, lease, &name).await?;
            row.name = name;
        }
    }
    let started_at = tx.now();
    tx.commit_bookkeeping().await?;
    Ok(Some(Job { account: row, system: system.clone(), who, rows, lease, length, until, started_at }))
}

/// What is wanted, and what justifies it, at this moment.
pub(crate) struct Today {
    pub account: AccountRow,
    pub status: Status,
    pub rows: Vec<WorkRow>,
    /// The entitlements that active grants need, and those among them that must wait.
    pub justified: Justified,
    /// What was last observed.
    pub open: Vec<ObservationRow>,
    /// The entitlements that were ever seen absent.
    pub ever_absent: BTreeSet<Uuid>,
}

impl Today {
    /// Latchkey has begun to make the account: a worker saw it absent right before. Of an account that isn't known yet, only
    /// what Latchkey was about to do is set down: one that it was about to switch off was made by it, too.
    pub fn begun(&self) -> bool {
        matches!(self.last_seen(), Some("absent" | "disabled"))
    }

    /// The account as it was left: a worker that was about to switch it off, and died, is taken to have done so.
    pub fn account_then(&self) -> AccountRow {
        let mut account = self.account.clone();
        if self.last_seen() == Some(AccountState::Disabled.as_str()) {
            account.observed = AccountState::Disabled;
        }
        account
    }

    fn last_seen(&self) -> Option<&str> {
        self.open.iter().find(|o| o.entitlement_id.is_none()).map(|o| o.value.as_str())
    }
}

/// Reads what is wanted and what justifies it at this moment.
pub(crate) async fn today(c: &mut impl AsConn, now: Instant, job: &Job) -> Result<Today> {
    let identity = identities::get(c, job.identity()).await?;
    let identity = identity.ok_or(latchkey_store::StoreError::Missing { what: "the identity" })?;
    let rows = work::of_account(c, job.id()).await?;
    let justified = assurance::justified(c, now, job.identity(), &job.who.display_name).await?;
    let open = observations::open_of(c, job.id()).await?;
    let ever_absent = observations::ever_absent(c, job.id()).await?.into_iter().collect();
    let account = accounts::by_ids(c, &[job.account.id]).await?.into_iter().next();
    let account = account.ok_or(latchkey_store::StoreError::Missing { what: "the account" })?;
    Ok(Today { account, status: identity.status, rows, justified, open, ever_absent })
}
