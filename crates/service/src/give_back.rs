//! Somebody gives access back before it ends.

use latchkey_domain::{GrantId, actor::Actor, clock::Clock, grant::GrantEnd};
use latchkey_store::{Db, grants as store, identities};

use crate::{ServiceError, ServiceResult, grants, justify};

/// Gives a grant back. Access that another grant still justifies stays (promise 6).
///
/// # Errors
/// `NotFound` for others, `Refused` when it has ended or would leave nobody to administer.
pub async fn give_back(db: &Db, clock: &dyn Clock, actor: &Actor, grant: GrantId) -> ServiceResult<()> {
    let who = actor.identity().ok_or(ServiceError::NotFound)?;
    let mut tx = db.begin(clock.now()).await?;
    identities::lock(&mut tx, &[who]).await?;
    tx.now_is(clock.now());
    let row = store::get(&mut tx, grant).await?.filter(|g| g.identity_id == who.0).ok_or(ServiceError::NotFound)?;
    if row.state.end().is_err() {
        return Err(ServiceError::refused(
            "grant.ended",
            "There is nothing to give back.",
            "This access has ended already.",
            "Your home page shows what you have.",
        ));
    }
    let reference = actor.reference();
    let mut events = grants::end(&mut tx, &row, GrantEnd::GivenBack, &reference).await?;
    grants::still_administered(&mut tx, &row).await?;
    events.extend(justify::settle(&mut tx, who, &reference).await?);
    tx.commit(events).await?;
    Ok(())
}
