//! A condition of a policy couldn't be worked out: whoever asked is refused, and the administrators are told.

use latchkey_domain::{
    IdentityId, RoleId,
    actor::Actor,
    clock::Clock,
    event::{EventBody, NewEvent},
    portal_role::PortalRole,
};
use latchkey_store::Db;

use super::Submission;
use crate::{ServiceError, ServiceResult, facts, notices};

/// The code under which such a refusal comes.
const CODE: &str = "request.condition_failed";

/// Keeps that a condition failed, and tells the administrators, once for each role. Anything else is let be.
///
/// # Errors
/// When the database fails.
pub(super) async fn tell(
    db: &Db,
    clock: &dyn Clock,
    actor: &Actor,
    submission: &Submission,
    error: &ServiceError,
) -> ServiceResult<()> {
    let failed: Vec<(RoleId, IdentityId, String)> = match error {
        ServiceError::Refused(no) if no.code == CODE => {
            submission.items.first().map(|w| (w.role, w.beneficiary, no.why.clone())).into_iter().collect()
        }
        ServiceError::BadInput(problems) => problems
            .iter()
            .filter(|p| p.code == CODE)
            .filter_map(|p| {
                let wish = submission.items.get(p.field.parse::<usize>().ok()?)?;
                Some((wish.role, wish.beneficiary, p.message.clone()))
            })
            .collect(),
        _ => Vec::new(),
    };
    if failed.is_empty() {
        return Ok(());
    }
    let mut tx = db.begin(clock.now()).await?;
    let administrators = facts::holders(&mut tx, PortalRole::Administrator).await?;
    let mut events = Vec::new();
    for (role, beneficiary, words) in failed {
        let name = facts::role_today(&mut tx, role).await?.facts.name;
        for administrator in &administrators {
            notices::condition_failed(&mut tx, administrator.id, role, &name, &words).await?;
        }
        let body = EventBody::ConditionFailed { role, beneficiary };
        events.push(NewEvent::new(actor.reference(), body).text("words", words));
    }
    tx.commit(events).await?;
    Ok(())
}
