//! What people are told about calls and about sources that can't be reached.

use latchkey_domain::{GrantId, IdentityId, Instant, id::new_uuid, portal_role::PortalRole};
use latchkey_store::{Tx, call_ins::SourceRow};

use super::source::{Silence, WhenSilent};
use crate::{ServiceResult, facts, notices::call_ins as words};

/// Everybody who administers the portal is told that a source can't be reached.
pub(super) async fn silent(tx: &mut Tx, source: &SourceRow, silence: &Silence) -> ServiceResult<()> {
    let about = new_uuid(tx.now());
    let ends = silence.then == WhenSilent::End;
    for who in facts::holders(tx, PortalRole::Administrator).await? {
        words::silent(tx, who.id, about, &source.name, &silence.after_in_words(), ends).await?;
    }
    Ok(())
}

/// Everybody who administers the portal is told that a source is heard again.
pub(super) async fn back(tx: &mut Tx, source: &SourceRow) -> ServiceResult<()> {
    let about = new_uuid(tx.now());
    for who in facts::holders(tx, PortalRole::Administrator).await? {
        words::back(tx, who.id, about, &source.name).await?;
    }
    Ok(())
}

/// What a call opened.
pub(super) struct Opened<'a> {
    pub(super) grant: GrantId,
    pub(super) role: &'a str,
    /// "On-call schedule for OPS-214".
    pub(super) by: &'a str,
    pub(super) ends_at: Instant,
    pub(super) zone: &'a str,
}

/// The holder is told, and the role's owner.
pub(super) async fn opened(
    tx: &mut Tx,
    holder: (IdentityId, &str),
    owner: Option<IdentityId>,
    opened: &Opened<'_>,
) -> ServiceResult<()> {
    let Opened { grant, role, by, ends_at, zone } = opened;
    words::opened(tx, holder.0, *grant, role, by, (*ends_at, zone)).await?;
    if let Some(owner) = owner {
        words::opened_for(tx, owner, *grant, (role, holder.1), by, (*ends_at, zone)).await?;
    }
    Ok(())
}
