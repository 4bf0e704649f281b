//! After a restore the systems may know more than the database: until somebody confirms, nothing is changed on them, and
//! what differs is reported.

use std::collections::BTreeSet;

use futures::{FutureExt, StreamExt};
use latchkey_connectors::{Connector, Lookup, Observed};
use latchkey_domain::{
    AccountId, IdentityId, SystemId, account::AccountState, fulfilment::Presence, system::SystemKind,
};
use latchkey_store::{
    accounts::AccountRow,
    systems::{self, SystemRow},
    work::{self, WorkRow},
};

use crate::{
    Connection, Result,
    health::{self, bounded},
    provision::{Who, wanted_of},
    shared::Shared,
};

/// How many accounts are listed at once.
const BATCH: i64 = 200;
/// How many differences are told one by one.
const TOLD: usize = 20;

/// Something that is otherwise on a system than the database wants it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Of which account.
    pub account: AccountId,
    /// What differs, in words.
    pub words: String,
}

/// What comparing one system gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Which system.
    pub system: SystemId,
    /// How many accounts were looked at.
    pub accounts: usize,
    /// How many of them differ.
    pub differing: usize,
    /// The first of them.
    pub differences: Vec<Difference>,
    /// How many could not be looked at.
    pub failed: usize,
}

impl Report {
    /// The report for the systems page.
    #[must_use]
    pub fn words(&self) -> String {
        let mut words = format!(
            "A backup was restored: nothing is changed here until an administrator confirms. {} of {} accounts differ from what is wanted.",
            self.differing, self.accounts
        );
        if self.failed > 0 {
            words += &format!(" {} could not be looked at.", self.failed);
        }
        for difference in &self.differences {
            words += "\n";
            words += &difference.words;
        }
        if self.differing > self.differences.len() {
            words += &format!("\nAnd {} more.", self.differing - self.differences.len());
        }
        words
    }
}

/// Compares every connected system with the database.
pub(crate) async fn pass(shared: &Shared) -> Result<Vec<Report>> {
    health::pass(shared).await?;
    let mut all = systems::all(&mut shared.db.read().await?).await?;
    all.retain(|s| s.kind != SystemKind::Latchkey);
    let mut reports = Vec::new();
    for system in &all {
        let Connection::Ready(connector) = shared.connections.get(&system.key) else { continue };
        if shared.health.failing(SystemId(system.id)).is_some() || shared.stop.is_set() {
            continue;
        }
        let report = one_system(shared, system, connector.as_ref()).await?;
        tracing::info!(
            system = %system.key,
            accounts = report.accounts,
            differing = report.differing,
            "compared {} with what is wanted: {} of {} accounts differ; nothing was changed",
            system.name,
            report.differing,
            report.accounts
        );
        let mut tx = shared.db.begin(shared.now()).await?;
        systems::record_health(&mut tx, report.system, "healthy", &report.words(), true).await?;
        tx.commit_bookkeeping().await?;
        reports.push(report);
    }
    Ok(reports)
}

async fn one_system(shared: &Shared, system: &SystemRow, connector: &dyn Connector) -> Result<Report> {
    let id = SystemId(system.id);
    let mut report = Report { system: id, accounts: 0, differing: 0, differences: vec![], failed: 0 };
    let mut after = None;
    loop {
        let accounts = work::accounts_of_system(&mut shared.db.read().await?, id, after, BATCH).await?;
        let Some(last) = accounts.last() else { return Ok(report) };
        after = Some(last.id());
        let looks = accounts.into_iter().map(|account| one_account(shared, connector, account).boxed());
        let looked: Vec<Result<Option<Vec<Difference>>>> =
            futures::stream::iter(looks).buffered(shared.settings.per_system.max(1)).collect().await;
        for differences in looked {
            match differences? {
                None => report.failed += 1,
                Some(differences) => {
                    report.accounts += 1;
                    report.differing += usize::from(!differences.is_empty());
                    let room = TOLD.saturating_sub(report.differences.len());
                    report.differences.extend(differences.into_iter().take(room));
                }
            }
        }
        if shared.stop.is_set() {
            return Ok(report);
        }
    }
}

/// What differs about one account; nothing when the system couldn't say.
async fn one_account(
    shared: &Shared,
    connector: &dyn Connector,
    account: AccountRow,
) -> Result<Option<Vec<Difference>>> {
    let mut read = shared.db.read().await?;
    let who = Who::load(&mut read, IdentityId(account.identity_id)).await?;
    let rows = work::of_account(&mut read, account.id()).await?;
    drop(read);
    let name = if account.name.is_empty() { &who.external_id } else { &account.name };
    let spec = who.spec(name, account.native_id.as_deref());
    Ok(match bounded(connector, connector.find(&spec, &wanted_of(&rows))).await {
        Ok(Lookup::Ours(observed)) => Some(compare(&account, &who, &rows, Some(&observed))),
        Ok(Lookup::Absent) => Some(compare(&account, &who, &rows, None)),
        Ok(Lookup::Stranger { words, .. }) => Some(vec![Difference { account: account.id(), words }]),
        Err(_) => None,
    })
}

fn compare(account: &AccountRow, who: &Who, rows: &[WorkRow], seen: Option<&Observed>) -> Vec<Difference> {
    let held: BTreeSet<&str> = seen.iter().flat_map(|s| s.held.iter().map(String::as_str)).collect();
    let mut lines = Vec::new();
    let name = &who.display_name;
    let state = seen.map_or(AccountState::Absent, |s| s.state.into());
    let wanted = rows.iter().any(|r| r.row.desired == Presence::Present);
    match (account.desired, state) {
        (AccountState::Enabled, AccountState::Absent) if wanted => lines.push(format!("{name}: there is no account.")),
        (AccountState::Enabled, AccountState::Disabled) if wanted => {
            lines.push(format!("{name}: the account is switched off."));
        }
        (AccountState::Disabled, AccountState::Enabled) => {
            lines.push(format!("{name}: the account is on, and nothing justifies it."));
        }
        _ => {}
    }
    for row in rows {
        let what = &row.entitlement_name;
        match (row.row.desired, held.contains(row.native.as_str())) {
            (Presence::Present, false) => lines.push(format!("{name}: {what} is missing.")),
            (Presence::Absent, true) => lines.push(format!("{name}: {what} is there, and nothing justifies it.")),
            _ => {}
        }
    }
    lines.into_iter().map(|words| Difference { account: account.id(), words }).collect()
}
