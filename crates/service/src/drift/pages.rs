//! What people read about drift, and what they may do about each line.

use latchkey_domain::{
    DriftId, IdentityId, SystemId,
    actor::{Actor, PersonActor},
    drift::{DriftKind, DriftState},
    portal_role::PortalRole,
    system::{PassRule, SystemKind},
};
use latchkey_store::{
    AsConn,
    drift::{self as store, DriftCount, DriftFilter, DriftRow},
    passes::{self, PassRow},
    system_reads::OverviewRow,
    systems,
};

use crate::{Refusal, ServiceError, ServiceResult, system_pages};

const WHAT: &str = "Nothing was decided.";

/// Whether the reader decides about what was found on a system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Right {
    /// They do.
    Decides,
    /// They only read; who decides, in words.
    Reads(String),
}

/// What was found on one system.
#[derive(Debug, Clone)]
pub struct DriftPage {
    /// Which system.
    pub system: SystemId,
    /// Its stable key.
    pub key: String,
    /// What it is called.
    pub name: String,
    /// What it speaks.
    pub kind: SystemKind,
    /// How it is compared.
    pub rule: PassRule,
    /// The last passes, newest first.
    pub passes: Vec<PassRow>,
    /// The pass whose brake waits for somebody.
    pub braked: Option<PassRow>,
    /// Somebody wants it compared now, and it hasn't begun.
    pub wanted: bool,
    /// How much there is of each kind, in each state.
    pub counts: Vec<DriftCount>,
    /// The lines, newest first.
    pub rows: Vec<DriftRow>,
    /// The next page begins before this one.
    pub next: Option<DriftId>,
    /// What the reader may do.
    pub right: Right,
}

fn right(actor: &Actor, row: &OverviewRow) -> Right {
    let decides = |person: &PersonActor| {
        row.owner_id == Some(person.identity.0)
            || person.has(PortalRole::Administrator)
            || person.has(PortalRole::Security)
    };
    if matches!(actor, Actor::Person(person) if decides(person)) {
        return Right::Decides;
    }
    Right::Reads(match row.owner_name.as_deref() {
        Some(name) => format!("{name}, who owns this system, an administrator or security can decide about it."),
        None => "An administrator or security can decide about it; this system has no owner.".to_owned(),
    })
}

/// What was found on one system, a page of it. Seven queries.
///
/// # Errors
/// [`ServiceError::NotFound`] when there is no such system, or the actor may not see it.
pub async fn drift_page(
    c: &mut impl AsConn,
    actor: &Actor,
    key: &str,
    filter: DriftFilter,
    before: Option<DriftId>,
    limit: i64,
) -> ServiceResult<DriftPage> {
    let overview = system_pages::visible(c, actor, key).await?;
    if overview.kind == SystemKind::Latchkey {
        return Err(ServiceError::NotFound);
    }
    let system = SystemId(overview.id);
    let rule = systems::get(c, system).await?.ok_or(ServiceError::NotFound)?.pass_rule();
    let mut rows = store::page(c, system, filter, before, limit + 1).await?;
    let more = rows.len() > usize::try_from(limit).unwrap_or(0);
    rows.truncate(usize::try_from(limit).unwrap_or(0));
    Ok(DriftPage {
        system,
        passes: passes::latest_of(c, system, 5).await?,
        braked: passes::braked(c, system).await?,
        wanted: passes::wanted(c).await?.iter().any(|(wanted, _)| *wanted == system),
        counts: store::counts(c, system).await?,
        next: rows.last().filter(|_| more).map(DriftRow::id),
        right: right(actor, &overview),
        rows,
        rule,
        key: overview.key,
        name: overview.name,
        kind: overview.kind,
    })
}

/// Whether somebody may have one line go, or let it stay. Pages ask the same.
///
/// # Errors
/// The rule that says no, and what helps.
pub fn possible(row: &DriftRow, to: DriftState, who: IdentityId) -> Result<(), Refusal> {
    let no = |code: &'static str, why: &str, help: &'static str| Err(Refusal::new(code, WHAT, why.to_owned(), help));
    let moved = if to == DriftState::Removing { row.state.remove() } else { row.state.accept() };
    // A removal that is stuck can be asked for again.
    let stuck = to == DriftState::Removing
        && row.state == DriftState::Removing
        && row.due_at.is_none()
        && row.account_id.is_none();
    if moved.is_err() && !(stuck && row.kind == DriftKind::Access) {
        return no("drift.decided", "It is decided already, or over.", "Reload the page to see how.");
    }
    if to == DriftState::Removing {
        match row.kind {
            DriftKind::Access => {}
            DriftKind::Nested => {
                return no(
                    "drift.nested",
                    "A group inside a group may give more than this, so Latchkey doesn\u{2019}t take it out.",
                    "Take it out on the system. The next pass sees that it is gone.",
                );
            }
            DriftKind::Account => {
                return no(
                    "drift.account",
                    "Latchkey doesn\u{2019}t switch off accounts that aren\u{2019}t its own: what depends on them isn\u{2019}t known here.",
                    "Switch it off on the system, or take away what it may do, line by line.",
                );
            }
            DriftKind::Missing => return no("drift.missing", "It is gone already.", "Latchkey gives it again."),
        }
    } else if row.identity() == Some(who) {
        return no("drift.own", "It is your own.", "Somebody else who looks after the system can let it stay.");
    }
    Ok(())
}
