//! Somebody as a form names them.

use latchkey_domain::IdentityId;
use latchkey_store::{AsConn, StoreResult, identities};

/// Somebody by their e-mail address, where it is only theirs, or by their number.
pub(super) async fn find_person(c: &mut impl AsConn, typed: &str) -> StoreResult<Option<IdentityId>> {
    let row = if typed.contains('@') {
        let mut all = identities::by_email(c, typed).await?;
        if all.len() == 1 { all.pop() } else { None }
    } else {
        identities::by_external_id(c, typed).await?
    };
    Ok(row.map(|p| IdentityId(p.id)))
}
