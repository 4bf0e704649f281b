//! "Ask for what a teammate has": what one person holds that another doesn't, and which of it can be asked for.
//!
//! Whoever looks sees roles only, without reasons and times, and only of people who report to them or to the same manager.

use latchkey_domain::{IdentityId, RoleId, identity::Status};
use latchkey_policy::{Span, Wish, check_request};
use latchkey_store::{AsConn, identities, request_reads};

use crate::{ServiceError, ServiceResult, catalog::Catalog, facts};

/// What a teammate has and the other one doesn't.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// For whom it could be asked.
    pub subject: (IdentityId, String),
    /// With whom they are compared.
    pub mate: (IdentityId, String),
    /// What can be asked for, by name.
    pub can: Vec<RoleId>,
    /// What can't be asked for, and why.
    pub cannot: Vec<(RoleId, String)>,
    /// How many roles both have.
    pub both: usize,
}

/// Compares `subject` (the viewer or one of their reports) with `mate`. A fixed number of queries.
///
/// # Errors
/// `Refused` for people whom the viewer may not look at in this way; `NotFound` for people who aren't there or have left.
pub async fn compare(
    c: &mut impl AsConn,
    catalog: &Catalog,
    viewer: IdentityId,
    subject: IdentityId,
    mate: IdentityId,
) -> ServiceResult<Difference> {
    let people = identities::people(c, &[viewer.0, subject.0, mate.0]).await?;
    let find = |id: IdentityId| people.iter().find(|p| p.id == id.0 && p.status != Status::Terminated);
    let (Some(me), Some(whose), Some(with)) = (find(viewer), find(subject), find(mate)) else {
        return Err(ServiceError::NotFound);
    };
    if subject != viewer && whose.manager_id != Some(viewer.0) {
        return Err(ServiceError::refused(
            "compare.not_your_report",
            "Nothing was compared.",
            format!(
                "You can ask for yourself and for the people who report to you, and {} doesn't.",
                whose.display_name
            ),
            format!("{} can compare for themselves, or their manager can.", whose.display_name),
        ));
    }
    let mine = with.manager_id == Some(viewer.0);
    let same = me.manager_id.is_some() && with.manager_id == me.manager_id;
    if !mine && !same {
        return Err(ServiceError::refused(
            "compare.not_your_team",
            "Nothing was compared.",
            format!(
                "What people have is shown to their manager and to those who have the same manager. {} is in another team.",
                with.display_name
            ),
            "Find the role in the catalog, or ask them which one it is.",
        ));
    }
    let (held, waiting) = request_reads::roles_of(c, subject).await?;
    let (theirs, _) = request_reads::roles_of(c, mate).await?;
    let person = facts::beneficiary(c, subject).await?;
    let mut difference = Difference {
        subject: (subject, whose.display_name.clone()),
        mate: (mate, with.display_name.clone()),
        can: Vec::new(),
        cannot: Vec::new(),
        both: theirs.keys().filter(|role| held.contains_key(role)).count(),
    };
    // The catalog stands by name.
    for role in catalog.roles.iter().filter(|r| theirs.contains_key(&r.id.0) && !held.contains_key(&r.id.0)) {
        let wish = Wish { duration: Span::MIN, reason: "a".to_owned() };
        let refused = check_request(&role.policy.snapshot, &role.facts(), &person.facts(viewer), &wish);
        match refused.err().and_then(|all| all.into_iter().find(|r| r.code.field().is_none())) {
            _ if waiting.contains_key(&role.id.0) => {
                difference.cannot.push((role.id, "It was asked for already.".to_owned()));
            }
            Some(no) => difference.cannot.push((role.id, no.message)),
            None => difference.can.push(role.id),
        }
    }
    Ok(difference)
}
