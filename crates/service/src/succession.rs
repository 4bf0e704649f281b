//! What somebody owned has a new owner when they leave (promise 7).
//!
//! The rule, for roles and systems alike: the backup owner, where the thing has one who is at work; else the nearest
//! manager above the leaver who is at work; else an administrator of this portal. Retired roles and systems pass on as
//! well: people may still hold something of them. Where nobody is left at all, the leaver stays on the books; the next
//! import and the next `admin add` look again.
//!
//! Service identities have owners in the schema, and nothing makes any yet; when something does, what they are passes on
//! here too, to their backup owner first.
//!
//! Files stay the source of truth for owners: `apply` refuses files that still name somebody who has left, by file and
//! line, and says who owns it now.

use std::collections::BTreeMap;

use latchkey_domain::{
    IdentityId,
    actor::ActorRef,
    event::{EventBody, NewEvent},
    portal_role::PortalRole,
};
use latchkey_policy::Candidate;
use latchkey_store::{
    Tx,
    catalog::ownership::{self, Owned},
    identities, installation, routing,
};
use uuid::Uuid;

use crate::{ServiceResult, approvers, facts, notices, separation};

/// Why somebody becomes the owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Because {
    /// They are the thing's backup owner.
    Backup,
    /// They are the nearest manager above the leaver who is at work.
    Manager,
    /// Nobody above the leaver is at work; they administer this portal.
    Administrator,
}

impl Because {
    /// The stable word, as events keep it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Backup => "backup",
            Self::Manager => "manager",
            Self::Administrator => "administrator",
        }
    }
}

/// Whoever takes over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Successor {
    /// Who.
    pub id: IdentityId,
    /// What they are called.
    pub name: String,
    /// Why they.
    pub because: Because,
}

/// The rule: the first of these who is at work. `above` is the chain of managers, the nearest first.
#[must_use]
pub fn choose(
    backup: Option<&Candidate<IdentityId>>,
    above: &[Candidate<IdentityId>],
    administrators: &[Candidate<IdentityId>],
) -> Option<Successor> {
    let backup = backup.into_iter().map(|c| (c, Because::Backup));
    let above = above.iter().map(|c| (c, Because::Manager));
    // The first by name, in an order that is the same on both databases.
    let administrator = administrators.iter().filter(|c| c.status.may_act()).min_by_key(|c| (&c.name, c.id));
    backup
        .chain(above)
        .chain(administrator.map(|c| (c, Because::Administrator)))
        .find(|(candidate, _)| candidate.status.may_act())
        .map(|(candidate, because)| Successor { id: candidate.id, name: candidate.name.clone(), because })
}

/// Passes everything that somebody owns to their successor, with its events, a notice to the new owner, and the open
/// stages of the new owner remade. The caller holds the installation's row (as imports, applies and `admin add` do) and
/// the leaver's lock, and has saved everybody's new status. Nothing happens where nobody can take over.
///
/// # Errors
/// When the database fails.
pub async fn hand_over(tx: &mut Tx, from: IdentityId, actor: &ActorRef) -> ServiceResult<Vec<NewEvent>> {
    let owned = ownership::named_of(tx, from).await?;
    if owned.is_empty() {
        return Ok(Vec::new());
    }
    let above: Vec<Candidate<IdentityId>> =
        routing::managers_above(tx, from).await?.into_iter().map(facts::candidate).collect();
    let administrators = facts::holders(tx, PortalRole::Administrator).await?;
    let mut events = Vec::new();
    let mut given: BTreeMap<(IdentityId, Because), Given> = BTreeMap::new();
    for row in owned {
        // Neither roles nor systems have a backup owner yet.
        let (Some(owned), Some(to)) = (row.owned(), choose(None, &above, &administrators)) else { continue };
        let id = ownership::succeed(tx, owned, to.id).await?;
        let (role, system) = match owned {
            Owned::Role(id) => (Some(id), None),
            Owned::System(id) => (None, Some(id)),
        };
        let because = to.because.as_str().to_owned();
        events.push(NewEvent::new(actor.clone(), EventBody::OwnerSucceeded { role, system, from, to: to.id, because }));
        let given = given.entry((to.id, to.because)).or_insert_with(|| Given { first: id, things: Vec::new() });
        given.things.push((owned, row.name));
    }
    if events.is_empty() {
        return Ok(events);
    }
    // Owners are part of the catalog in memory.
    installation::touch_catalog(tx).await?;
    let leaver = identities::names(tx, &[from.0]).await?.remove(&from.0).unwrap_or_default();
    for ((to, because), given) in given {
        notices::now_yours(tx, to, given.first, &leaver, because, &given.things).await?;
        events.extend(approvers::remake_for_identity(tx, to, actor, "owner").await?);
    }
    Ok(events)
}

/// What one new owner gets.
struct Given {
    /// The first of the new ownerships: what the notice is about.
    first: Uuid,
    things: Vec<(Owned, String)>,
}

/// Passes on what people own who had left when nobody could take over.
///
/// # Errors
/// When the database fails.
pub async fn hand_over_what_is_left(tx: &mut Tx, actor: &ActorRef) -> ServiceResult<Vec<NewEvent>> {
    let mut events = Vec::new();
    for from in ownership::owners_who_left(tx).await? {
        events.extend(hand_over(tx, from, actor).await?);
    }
    events.extend(separation::hand_over_what_is_left(tx, actor).await?);
    Ok(events)
}

#[cfg(test)]
mod tests {
    use latchkey_domain::identity::Status;

    use super::*;

    fn one(id: u128, status: Status) -> Candidate<IdentityId> {
        Candidate { id: IdentityId(Uuid::from_u128(id)), name: format!("Person {id}"), status }
    }

    fn chosen(successor: Option<Successor>) -> Option<(u128, Because)> {
        successor.map(|s| (s.id.0.as_u128(), s.because))
    }

    #[test]
    fn the_first_who_is_at_work_takes_over() {
        let away = [one(1, Status::OnLeave), one(2, Status::Terminated), one(3, Status::PreHire)];
        let above = [one(1, Status::OnLeave), one(4, Status::Active), one(5, Status::Active)];
        let administrators = [one(6, Status::Terminated), one(7, Status::Active)];
        let backup = one(8, Status::Active);
        assert_eq!(chosen(choose(Some(&backup), &above, &administrators)), Some((8, Because::Backup)));
        assert_eq!(chosen(choose(Some(&away[0]), &above, &administrators)), Some((4, Because::Manager)));
        assert_eq!(chosen(choose(None, &away, &administrators)), Some((7, Because::Administrator)));
        assert_eq!(chosen(choose(None, &away, &[])), None);
    }
}
